"""How do we know? The numbers behind Displacement, with their technical names."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from app.shared import cache_change, panels
from app.shared.city_session import Opened
from app.shared.following import Following
from app.shared.track_record import command
from csa.areas.choices import Choices
from csa.base.text import month, percent, render, speak, times
from csa.displacement.sentences import ERROR_SHARE, MONTHS, POWER, row_for
from csa.displacement.verdict import planned_looks
from csa.displacement.wdd import Wdd


def how(opened: Opened, choices: Choices, following: Following) -> None:
    """Show what the sentences rest on, folded."""
    with st.expander(speak("change_page.how")):
        st.markdown(panels.plain(speak("change_page.how_expected")))
        _boundary(following)
        _dispersion(following)
        _past(opened, choices, following)
        _alike(following)
        _classic(following)
        _power(following)


def _boundary(following: Following) -> None:
    chance = following.displaced.alarm_chance
    st.markdown(
        panels.plain(
            speak(
                "change_page.how_boundary",
                z=following.displaced.pooled.boundary_z,
                single=following.displaced.single[0].boundary_z,
                months=planned_looks(len(following.months)),
                chance=speak("change_page.in_hundred", n=100 * chance),
            )
        )
    )


def _dispersion(following: Following) -> None:
    found = following.displaced.dispersion
    st.markdown(
        panels.plain(
            speak(
                "change_page.how_dispersion",
                value=found.value,
                units=found.n_units,
                months=found.n_months,
            )
        )
    )


def _past(opened: Opened, choices: Choices, following: Following) -> None:
    """List what areas chosen in past years did, chance included; or show how to measure it."""
    past = following.displaced.past
    if not past:
        st.markdown(panels.plain(speak("change_page.how_no_past")))
        if cache_change.past(opened, choices) is None:
            st.markdown(panels.plain(speak("change_page.how_measure")))
            st.code(command(opened, choices), language=None, wrap_lines=True)
        return
    usual = following.displaced.usual_core
    n_months = len(usual.ratio)
    st.markdown(
        panels.plain(
            speak("change_page.how_past", n=len(past), ratio=float(usual.ratio[n_months - 1]))
        )
    )
    known = [min(n_months, len(one.core.monthly)) for one in past]
    ratios = usual.past[:, n_months - 1]
    panels.table(
        pd.DataFrame(
            {
                speak("change_page.col_year"): [month(one.core.origin) for one in past],
                speak("change_page.col_areas"): [one.n_areas for one in past],
                speak("change_page.col_months"): known,
                speak("change_page.col_change"): [
                    _change(one.change(n)) for one, n in zip(past, known, strict=True)
                ],
                speak("change_page.col_ratio"): [
                    speak("change_page.unknown") if not ratio else f"{ratio:.2f}"
                    for ratio in ratios
                ],
            }
        ),
        speak("change_page.past_alt"),
    )


def _change(share: float | None) -> str:
    if share is None:
        return speak("change_page.unknown")
    key = "change_page.less" if share < 0 else "change_page.greater"
    return speak(key, share=percent(abs(share)))


def _alike(following: Following) -> None:
    """Show how closely the comparison places of the classic methods match the areas."""
    controls = following.controls
    if not controls.is_known:
        st.markdown(panels.plain(speak("change_page.how_no_earlier")))
        return
    st.markdown(panels.plain(speak("change_page.how_alike")))
    listed = [("", controls.pooled)]
    listed += [(area_id, following.control(area_id)) for area_id in following.by_letter]
    panels.table(
        pd.DataFrame(
            {
                speak("change_page.col_area"): [
                    following.place_name(area_id) for area_id, _ in listed
                ],
                speak("change_page.col_cells"): [len(one.cells) for _, one in listed],
                speak("change_page.col_alike"): [times(one.rate_ratio) for _, one in listed],
                speak("change_page.col_used"): [
                    speak("change_page.is_close") if one.is_close else speak("change_page.is_rest")
                    for _, one in listed
                ],
            }
        ),
        speak("change_page.alike_alt"),
    )


def _classic(following: Following) -> None:
    """Show the weighted displacement difference in parts, and the older quotient."""
    found = following.evidence
    if found.wdd is None:
        return
    told = speak("change_page.how_wdd", before=found.before.months, after=found.after.months)
    st.markdown(panels.plain(told))
    parts = [
        (speak("change_page.wdd_local"), found.wdd.local),
        (speak("change_page.wdd_displacement"), found.wdd.displacement),
        (speak("change_page.wdd_total"), found.wdd.total),
    ]
    rows = [(name, part) for name, part in parts if part is not None]
    panels.table(
        pd.DataFrame(
            {
                speak("change_page.col_part"): [name for name, _ in rows],
                speak("change_page.col_estimate"): [f"{part.estimate:+.1f}" for _, part in rows],
                speak("change_page.col_se"): [f"{part.se:.1f}" for _, part in rows],
                speak("change_page.col_interval"): [
                    speak("change_page.interval", low=part.low, high=part.high) for _, part in rows
                ],
            }
        ),
        speak("change_page.wdd_alt"),
    )
    if found.wdq is None:
        return
    value = float(found.wdq.value or 0.0)
    where = _by_chance(found.wdd)
    if found.wdq.reason is not None:
        said = speak("change_page.wdq_none", why=render(found.wdq.reason))
    elif where:
        said = speak("change_page.wdq_chance", value=value, where=where)
    else:
        said = speak("change_page.wdq", value=value)
    st.markdown(panels.plain(said))


def _by_chance(wdd: Wdd) -> str:
    """Return a note if the interval of a part includes 0, so that the quotient may be chance."""
    around = wdd.displacement
    if around is not None and around.low <= 0 <= around.high:
        return speak("change_page.wdq_around")
    return speak("change_page.wdq_here") if wdd.local.low <= 0 <= wdd.local.high else ""


def _power(following: Following) -> None:
    """Show which changes can be detected at all in areas with as many incidents."""
    # By the count expected since, not the count that chose the areas, which luck raised.
    expected = float(following.displaced.pooled.core.expectation.mean[-1])
    yearly = 12 * expected / len(following.months) / len(following.area_ids)
    near = row_for(yearly)
    st.markdown(panels.plain(speak("change_page.how_power", yearly=yearly, near=near)))
    points = [one for one in POWER if one.incidents_yearly == near]
    kinds = sorted({(one.moved, one.drop_share) for one in points})
    found = {(one.moved, one.drop_share, one.months): one for one in points}
    columns: dict[str, list[str]] = {
        speak("change_page.col_change_kind"): [
            speak("change_page.moved" if moved else "change_page.fell", share=percent(drop))
            for moved, drop in kinds
        ]
    }
    for months in MONTHS:
        rows = [found[moved, drop, months] for moved, drop in kinds]
        columns[speak("change_page.col_single", months=months)] = [
            percent(row.single_share) for row in rows
        ]
        columns[speak("change_page.col_pooled", months=months)] = [
            percent(row.pooled_share) for row in rows
        ]
    panels.table(pd.DataFrame(columns), speak("change_page.power_alt"))
    error = float(following.displaced.usual_core.relative_error[-1])
    if error > ERROR_SHARE:
        st.markdown(panels.plain(speak("change_page.how_power_doubt", error=percent(error))))
