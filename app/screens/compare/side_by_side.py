"""Candidates side by side: one table, by tier, then by name."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from app.shared import cache_around, panels
from app.shared.area_sheet import FEW_PEOPLE
from app.shared.city_session import Opened
from app.shared.standing import short_state
from csa.areas.choices import Choices
from csa.base.text import in_ten, natural, speak, times
from csa.decisions.registry import AreaStanding
from csa.geo.services import gaps
from csa.priority.assess import AreaAssessment


def tier_words(tier: Any, *, is_doubtful: bool) -> str:
    """Return a tier in words."""
    if is_doubtful:
        return speak("compare.look_first")
    return speak("compare.no_tier") if pd.isna(tier) else speak("compare.tier", tier=int(tier))


def by_tier(table: pd.DataFrame, standing: Mapping[str, AreaStanding]) -> pd.DataFrame:
    """Sort areas by tier, then by name."""
    names = {area_id: natural(one.place_name) for area_id, one in standing.items()}
    order = sorted(
        range(len(table)),
        key=lambda at: (
            float(table["tier"].iloc[at]) if pd.notna(table["tier"].iloc[at]) else math.inf,
            names[table["area_id"].iloc[at]],
        ),
    )
    return table.iloc[order]


def show(
    opened: Opened,
    choices: Choices,
    judgement: AreaAssessment,
    chosen: pd.DataFrame,
    standing: Mapping[str, AreaStanding],
) -> None:
    """Show the areas side by side, by tier, then by name."""
    services = cache_around.services(opened, choices)
    lacking = {} if services is None else gaps(services)
    table = judgement.table.join(chosen.drop(columns="tier"), on="area_id")
    table = by_tier(table, standing)
    has_people = table["people"].notna().any()
    rows = []
    for row in table.to_dict("records"):
        area = str(row["area_id"])
        shown = {
            "compare.col_area": standing[area].called,
            "compare.col_state": short_state(standing[area]),
            "compare.col_tier": _short_tier(row["tier"], is_doubtful=row["is_doubtful"]),
            "compare.col_first": speak("compare.yes") if row["is_first"] else "",
            "compare.col_incidents": int(row["incidents"]),
            "compare.col_expected": expected(
                row["next12_expected"], row["next12_low"], row["next12_high"]
            ),
            "compare.col_times": times(row["times_city"]),
            "compare.col_again": in_ten(row["stability_share"]),
            "compare.col_before": _before(row["was_candidate"]),
            "compare.col_homicides": int(row["homicides"]),
            "compare.col_months": speak(
                "compare.months", n=row["months_active"], of=row["months_covered"]
            ),
        }
        if has_people:
            shown["compare.col_people"] = _people(row["people"])
        if services is not None:
            shown["compare.col_lacking"] = len(lacking.get(area, ()))
        shown["compare.col_top"] = in_ten(row["in_top_probability"])
        shown["compare.col_weights"] = in_ten(row["top_share"])
        rows.append(shown)
    titled = pd.DataFrame(rows).rename(columns=_title)
    with st.container(key="side"):
        panels.table(titled, speak("compare.table_alt"))
    st.caption(speak("compare.table_note", n=len(chosen.index)))


def _short_tier(tier: Any, *, is_doubtful: bool) -> str:
    if is_doubtful:
        return speak("compare.look_first")
    return speak("compare.none") if pd.isna(tier) else str(int(tier))


def _title(key: str) -> str:
    return speak(
        {
            "compare.col_area": "compare.col_area",
            "compare.col_state": "compare.col_state",
            "compare.col_tier": "compare.col_tier",
            "compare.col_incidents": "compare.col_incidents",
            "compare.col_expected": "compare.col_expected",
            "compare.col_times": "compare.col_times",
            "compare.col_again": "compare.col_again",
            "compare.col_before": "compare.col_before",
            "compare.col_homicides": "compare.col_homicides",
            "compare.col_months": "compare.col_months",
            "compare.col_people": "compare.col_people",
            "compare.col_lacking": "compare.col_lacking",
            "compare.col_top": "compare.col_top",
            "compare.col_first": "compare.col_first",
            "compare.col_weights": "compare.col_weights",
        }[key]
    )


def expected(mean: float, low: float, high: float) -> str:
    """Format what to expect in the next 12 months, in whole incidents."""
    if math.isnan(mean):
        return speak("compare.unknown")
    return speak("compare.expected", n=mean, low=int(low), high=int(high))


def _before(answered: str) -> str:
    return speak(
        {"yes": "compare.before_yes", "no": "compare.before_no", "unknown": "compare.unknown"}[
            answered
        ]
    )


def _people(people: Any) -> str:
    if pd.isna(people):
        return speak("compare.unknown")
    n = round(int(people), -2)
    return speak("sheet.about", n=n) if n >= FEW_PEOPLE else speak("sheet.few_people")
