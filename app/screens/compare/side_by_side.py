"""Candidates side by side: one table, by tier, then by name."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import pandas as pd
import streamlit as st

from app.shared import cache, cache_around, panels
from app.shared.area_sheet import FEW_PEOPLE
from app.shared.cache_once import once
from app.shared.city_session import Opened
from app.shared.phrases import months_covered
from app.shared.ranges import Drawn, expected_words, range_bar
from app.shared.standing import (
    areas_in_service,
    core_counts,
    in_service,
    not_proposed,
    say_outlines,
    short_state,
)
from csa.areas.choices import Choices
from csa.base.crs import LONLAT
from csa.base.text import in_ten, name_list, natural, speak, times
from csa.decisions.registry import AreaStanding
from csa.geo.cells import outline
from csa.geo.services import gaps, services_of
from csa.priority.area_counts import AreaCounts
from csa.priority.assess import AreaAssessment
from csa.priority.next12 import COLUMNS

OF_GROUND = (
    *("incidents", "homicides", "suspect", "months_active", "months_covered"),
    *("recent_12", "earlier_yearly"),
)
"""Columns of an assessment that are counted on the ground of an area in service."""


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


@dataclass(frozen=True)
class OpenPlaces:
    """Who comes first for the places that no area in service takes."""

    room: int  # how many places are left
    sure: set[str]  # candidates of whole tiers that fit
    even: set[str]  # candidates of the tier that no longer fits: a tie

    @classmethod
    def of(
        cls, chosen: pd.DataFrame, standing: Mapping[str, AreaStanding], room: int
    ) -> OpenPlaces:
        """Fill the places tier by tier; an area in service, or part of one, takes none of them."""
        sure: set[str] = set()
        for _, tier in chosen.groupby("tier"):  # areas without a tier are in no group
            new = {
                str(area_id)
                for area_id in tier.index
                if not (standing[str(area_id)].letter or standing[str(area_id)].part_of)
            }
            if len(sure) + len(new) > room:
                return cls(room, sure, new if len(sure) < room else set())
            sure |= new
        return cls(room, sure, set())

    @property
    def named(self) -> set[str]:
        """Those that come first, and those that tie for the last places."""
        return self.sure | self.even

    def word(self, area_id: str) -> str:
        """Return how an area stands, for a table."""
        if area_id in self.even:
            return speak("compare.tie")
        return speak("compare.yes") if area_id in self.sure else ""


def show(
    opened: Opened,
    choices: Choices,
    judgement: AreaAssessment,
    chosen: pd.DataFrame,
    standing: Mapping[str, AreaStanding],
    places: OpenPlaces,
) -> None:
    """Show the areas side by side, by tier, then by name: what decides, or how sure it is."""
    table = by_tier(judgement.table.join(chosen.drop(columns="tier"), on="area_id"), standing)
    is_sure = st.toggle(
        speak("compare.how_sure"), key="how sure", help=speak("compare.how_sure_help")
    )
    others, counts = not_proposed(areas_in_service(opened), standing), core_counts(opened, choices)
    known = {**standing, **{area.key: in_service(area) for area in others}}
    lacking = lacking_services(opened, choices, known, counts)
    unknown = dict.fromkeys(table.columns, math.nan) | {
        "was_candidate": "unknown",
        "is_doubtful": False,
    }
    listed: list[Mapping[Any, Any]] = [
        *table.to_dict("records"),
        *({**unknown, "area_id": area.key} for area in others),
    ]
    shown = [
        on_own_ground(row, counts.get(known[row["area_id"]].letter), judgement.city_per_km2)
        for row in listed
    ]
    top = max((row["next12_high"] for row in shown if not pd.isna(row["next12_high"])), default=0)
    has_people = any(not pd.isna(row["people"]) for row in shown)
    rows = [
        {
            speak("compare.col_area"): _named(known[row["area_id"]]),
            **(
                _sureness(row, has_people=has_people)
                if is_sure
                else _decides(row, top, lacking, places)
            ),
        }
        for row in shown
    ]
    panels.table(pd.DataFrame(rows, dtype=object), speak("compare.table_alt"), "csa-wide")
    if others:
        names = name_list(in_service(area).called for area in others)
        st.caption(panels.plain(speak("compare.others", areas=names)))
    proposal = cache.proposal(opened, choices)
    if said := say_outlines(proposal, standing, counts):
        st.caption(panels.plain(f"{said} {speak('compare.of_outline')}"))
    months = months_covered(proposal)
    is_drawn = any(not pd.isna(row["next12_expected"]) for row in shown)
    note = f"{speak('compare.range_note') * is_drawn} {speak('compare.of_months', months=months)}"
    st.caption(speak("compare.sure_note") if is_sure else note.strip())


def lacking_services(
    opened: Opened,
    choices: Choices,
    known: Mapping[str, AreaStanding],
    counts: Mapping[str, AreaCounts],
) -> dict[str, Sequence[str]] | None:
    """List the kinds of service that each area lacks, those in service on their own ground."""
    near = cache_around.services(opened, choices)
    services, config = opened.dataset.services, opened.config.services
    if near is None or services is None or config is None:
        return None
    found: dict[str, Sequence[str]] = dict(once(gaps)(near))
    shapes = [outline(one.cells) for one in counts.values()]
    grounds = gpd.GeoDataFrame({"area_id": [*counts]}, geometry=shapes, crs=LONLAT)
    metric_crs = opened.config.city.metric_crs
    own = gaps(services_of(grounds, services, config.near_m, metric_crs))
    return found | {key: own[one.letter] for key, one in known.items() if one.letter in own}


def on_own_ground(
    row: Mapping[Any, Any], own: AreaCounts | None, city_per_km2: float
) -> dict[str, Any]:
    """Fill in what the own ground of an area in service holds; a candidate's row stays.

    Tier, and how sure a place in the order is, stay those of the outline found now.
    """
    if own is None:
        return dict(row)
    counted = {name: getattr(own, name) for name in OF_GROUND}
    ahead = own.next12 or (math.nan,) * len(COLUMNS)
    per_km2 = math.nan if own.expected is None else own.expected / own.area_km2
    return {
        **row,
        **counted,
        **dict(zip(COLUMNS, ahead, strict=True)),
        "people": own.population,
        "times_city": per_km2 / (city_per_km2 or math.nan),
    }


def _named(stands: AreaStanding) -> Drawn:
    name, state = html.escape(stands.called), html.escape(short_state(stands))
    return Drawn(f"{name} <small>{state}</small>")


def _decides(
    row: Mapping[Any, Any],
    top: float,
    lacking: Mapping[str, Sequence[str]] | None,
    open_places: OpenPlaces,
) -> dict[str, object]:
    """Return what an area is chosen by."""
    places = {} if lacking is None else {speak("compare.col_lacking"): len(lacking[row["area_id"]])}
    return {
        speak("compare.col_tier"): _short_tier(row["tier"], is_doubtful=row["is_doubtful"]),
        speak("compare.col_expected"): _next12(row, top),
        speak("compare.col_homicides"): int(row["homicides"]),
        **places,
        speak("compare.col_first"): open_places.word(row["area_id"]),
    }


def _next12(row: Mapping[Any, Any], top: float) -> str:
    mean, low, high = (row[f"next12_{name}"] for name in ("expected", "low", "high"))
    words = expected(mean, low, high)
    return words if math.isnan(mean) else Drawn(f"{range_bar(low, high, mean, top)} {words}")


def _sureness(row: Mapping[Any, Any], *, has_people: bool) -> dict[str, object]:
    """Return how sure an area's place in the order is, and the rest that is known of it."""
    months = speak("compare.months", n=row["months_active"], of=row["months_covered"])
    return {
        speak("compare.col_incidents"): int(row["incidents"]),
        speak("compare.col_times"): times(row["times_city"]),
        speak("compare.col_months"): months,
        speak("compare.col_again"): in_ten(row["stability_share"]),
        speak("compare.col_before"): _before(row["was_candidate"]),
        speak("compare.col_top"): in_ten(row["in_top_probability"]),
        speak("compare.col_weights"): in_ten(row["top_share"]),
        **({speak("compare.col_people"): _people(row["people"])} if has_people else {}),
    }


def _short_tier(tier: Any, *, is_doubtful: bool) -> str:
    if is_doubtful:
        return speak("compare.look_first")
    return speak("compare.none") if pd.isna(tier) else str(int(tier))


def expected(mean: float, low: float, high: float) -> str:
    """Format what to expect in the next 12 months, in whole incidents."""
    if math.isnan(mean):
        return speak("compare.unknown")
    return expected_words(mean, low, high)


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
