"""What starts drawn by lot show, at the end of Track record."""

from __future__ import annotations

from typing import Any

import streamlit as st

from csa.areas.places import called
from csa.base.text import month, tr
from csa.extras.trial.trial import list_trials
from csa_app.shared import panels
from csa_app.shared.cache import of_city
from csa_app.shared.city_session import CitySession


def show(session: CitySession) -> None:
    """Show what starts drawn by lot show, where `csa trial` has read any."""
    trials = _trials(session)
    if not trials:
        return
    st.header(tr("trial.title"), anchor=False)
    st.caption(tr("trial.note"))
    for trial in trials:
        st.markdown(panels.plain(" ".join(trial["sentences"])))
        rows = trial["areas"]
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


@of_city(max_entries=2)
def _trials(session: CitySession) -> list[dict[str, Any]]:
    return list_trials(session)
