"""How do we know? The numbers behind Displacement, with their technical names."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from csa.areas.choices import AreaSettings
from csa.areas.places import called
from csa.base.text import month, percent, render, tr
from csa.change.expectation import planned_looks
from csa.change.follow import STEP_MONTHS
from csa.change.sentences import STUDIED, describe_net_change
from csa.city.preregistration import SEALED, is_intact
from csa_app.shared import extras, panels
from csa_app.shared.area_status import areas_in_service
from csa_app.shared.cache import analysis, once
from csa_app.shared.city_session import CitySession
from csa_app.shared.following import Following
from csa_app.shared.track_record import command

YEAR = 12
"""Months from one row to the next of the table of past starts."""


def show_evidence(session: CitySession, choices: AreaSettings, following: Following) -> None:
    """Show what the sentences rest on, folded."""
    with st.expander(tr("change_page.how")):
        st.markdown(panels.plain(tr("change_page.how_expected")))
        _boundary(following)
        _net(following)
        _dispersion(following)
        _past(session, choices, following)
        _power(following)
        if following.is_core:
            _sealed(session)
        extras.draw_sections("evidence", session, choices, following)


def _boundary(following: Following) -> None:
    chance = following.displaced.alarm_chance
    st.markdown(
        panels.plain(
            tr(
                "change_page.how_boundary",
                z=following.displaced.pooled.boundary_z,
                single=following.displaced.by_area[0].boundary_z,
                months=planned_looks(len(following.months)),
                chance=tr("change_page.in_hundred", n=100 * chance),
            )
        )
    )


def _net(following: Following) -> None:
    """Give the net change of all areas together and of each, by the last month."""
    at, through = len(following.months) - 1, month(following.months[-1])
    lines = []
    for area_id in ("", *following.by_letter):
        told = describe_net_change(following.results(area_id), at)
        if told is not None:
            who = following.place_name(area_id)
            lines.append(tr("change_page.how_net", who=who, month=through, said=render(told)))
    if lines and not following.is_early(at):
        st.markdown(panels.plain(" ".join(dict.fromkeys(lines))))


def _dispersion(following: Following) -> None:
    found = following.displaced.dispersion
    st.markdown(
        panels.plain(
            tr(
                "change_page.how_dispersion",
                value=found.value,
                units=found.n_units,
                months=found.n_months,
            )
        )
    )


def _past(session: CitySession, choices: AreaSettings, following: Following) -> None:
    """List what areas chosen in past years did, chance included; or show how to measure it."""
    past = following.displaced.past
    if not past:
        st.markdown(panels.plain(tr("change_page.how_no_past")))
        if analysis(session, choices).past(following.displaced.chosen) is None:
            st.markdown(panels.plain(tr("change_page.how_measure")))
            st.text(command(session, choices))  # what `st.code` loads is half a megabyte
        return
    usual, n_months = following.displaced.usual_core, len(following.displaced.usual_core.ratio)
    told = tr(
        "change_page.how_past",
        n=len(past),
        ratio=float(usual.ratio[-1]),
        error=percent(float(usual.relative_error[-1])),
        spans=usual.n_spans,
        months=n_months,
    )
    st.markdown(panels.plain(told))
    shown = past[:: max(1, YEAR // STEP_MONTHS)]
    known = [min(n_months, len(one.core.monthly)) for one in shown]
    ratios = [
        one.core.ratio(n, following.displaced.dispersion.value)[0]
        for one, n in zip(shown, known, strict=True)
    ]
    changes = [_change(one.change(n)) for one, n in zip(shown, known, strict=True)]
    unknown = tr("term.unknown")
    columns = {
        tr("change_page.col_year"): [month(one.core.origin) for one in shown],
        tr("label.areas"): [one.n_areas for one in shown],
        tr("change_page.col_months"): known,
        tr("change_page.col_change"): changes,
        tr("change_page.col_ratio"): [f"{one:.2f}" if one else unknown for one in ratios],
    }
    panels.table(columns, tr("how_well.after_title"))


def _change(share: float | None) -> str:
    if share is None:
        return tr("term.unknown")
    key = "change_page.less" if share < 0 else "change_page.greater"
    return tr(key, share=percent(abs(share)))


FALLS = (0.1, 0.2, 0.3, 0.4, 0.6)


def _power(following: Following) -> None:
    """Show how often falls of several sizes would have been shown by now."""
    least, most = map(percent, STUDIED)
    st.markdown(panels.plain(tr("change_page.how_power", least=least, most=most)))
    panels.table(_shown_by_now(following), tr("change_page.power_alt"))


@once
def _shown_by_now(following: Following) -> pd.DataFrame:
    """Tabulate the share of falls of each size that would have been shown, by area."""
    at = len(following.months) - 1
    listed = ["", *(following.by_letter if len(following.area_ids) > 1 else [])]
    columns = {
        tr("change_page.less", share=percent(fall)): [
            percent(following.results(area_id).core.power(at, fall)) for area_id in listed
        ]
        for fall in FALLS
    }
    names = [following.place_name(area_id) for area_id in listed]
    return pd.DataFrame({tr("term.area"): names, **columns})


def _sealed(session: CitySession) -> None:
    """Show what was agreed of each area in service when it was designated."""
    listed = []
    for area in areas_in_service(session):
        sealed, who = area.evidence.get(SEALED, {}), called(area.place_name, area.key)
        if not is_intact(sealed):
            listed.append(tr("change_page.seal_broken", who=who))
        else:
            since, seal = month(sealed["since"]), sealed["sha256"][:12]
            listed.append(tr("change_page.seal_of", who=who, since=since, seal=seal))
    st.markdown(panels.plain(tr("change_page.sealed", listed="; ".join(listed))))
