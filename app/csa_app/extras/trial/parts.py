"""What starts drawn by lot show, at the end of Track record."""

from __future__ import annotations

import streamlit as st

from csa.areas.places import called
from csa.base.text import month, tr
from csa.extras.trial.trial import list_trials
from csa_app.shared import panels
from csa_app.shared.city_session import CitySession


def show(session: CitySession) -> None:
    """Show what starts drawn by lot show, where `csa trial` has read any."""
    found = list_trials(session)
    if not found:
        return
    st.header(tr("trial.title"), anchor=False)
    st.caption(tr("trial.note"))
    for one in found:
        st.markdown(panels.plain(" ".join(one["sentences"])))
        rows = one["areas"]
        names = [called(row["place_name"], row["area_id"]) for row in rows]
        begun, waiting = (
            [
                tr(
                    "how_well.counted_of",
                    counted=row[f"incidents_{when}"],
                    expected=row[f"expected_{when}"],
                )
                for row in rows
            ]
            for when in ("with_work", "waiting")
        )
        columns = {
            tr("term.area"): names,
            tr("trial.col_start"): [month(row["start"]) for row in rows],
            tr("trial.begun"): begun,
            tr("trial.waiting"): waiting,
        }
        panels.table(columns, tr("trial.title"))
