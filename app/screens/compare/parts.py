"""Parts of Compare and choose: the answer, the map, and why; `side_by_side` draws the table."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from app.screens.compare.side_by_side import (
    OpenPlaces,
    by_tier,
    lacking_services,
    on_own_ground,
    tier_words,
)
from app.screens.compare.weighing import Weighing, own_weighing
from app.shared import cache_around, map_component, maps, panels, session
from app.shared.cache_once import once
from app.shared.city_session import Opened
from app.shared.legend import classify_counts, outlines_of, show_counts_legend
from app.shared.phrases import months_covered, through_words
from app.shared.standing import areas_in_service, core_counts, other_outlines, state_words
from csa.areas.choices import Choices
from csa.areas.criterion import ONLY_CHOSEN, list_unknown
from csa.areas.places import called
from csa.areas.proposal import Proposal
from csa.backtest.by_risk import say_risk_order
from csa.base.text import name_list, natural, percent, render, speak
from csa.decisions.areas import DESIGNATED
from csa.decisions.registry import AreaStanding, CoreArea
from csa.priority.assess import AreaAssessment, prioritize
from csa.priority.next12 import YEAR

RECORD = "record-the-choice"
"""Where on the page a choice is recorded."""

MAX_NAMED = 6
"""Most areas named in a sentence; the list below has the rest."""


def stands_out(judgement: AreaAssessment, standing: Mapping[str, AreaStanding]) -> list[str]:
    """Return how many areas stand out, and that tiers do not rank within themselves."""
    table = judgement.table
    if not judgement.answers["locate"].can:
        return [speak("compare.no_tiers_yet", n=len(table))]
    tiered = table["tier"].dropna()
    if tiered.empty:
        return [*_none_stands_out(table)]
    highest = table.loc[table["tier"] == 1, "area_id"]
    first = sorted((standing[str(area_id)].called for area_id in highest), key=natural)
    is_short = len(first) <= MAX_NAMED
    return [
        speak("compare.answer", n=len(table), standing=len(tiered), tiers=int(tiered.max())),
        speak("compare.first_tier", n=len(first), places=", ".join(first))
        if is_short
        else speak("compare.many_first", n=len(first)),
        speak("compare.no_ranks"),
    ]


def _none_stands_out(table: pd.DataFrame) -> tuple[str, str]:
    """Count the areas that chance may explain and those that rest on a suspect point."""
    n_doubtful = int(table["is_doubtful"].astype(bool).sum())
    n_firm = len(table) - n_doubtful
    if not n_firm:
        return speak("compare.all_doubtful", n=n_doubtful), ""
    if not n_doubtful:
        return speak("compare.none_stands_out", n=n_firm), ""
    return speak("compare.some_doubtful", n=n_doubtful), speak("compare.none_other", n=n_firm)


def cannot(judgement: AreaAssessment, question: str) -> None:
    """Show that the data cannot answer a question, in the place of the answer."""
    found = judgement.answers[question]
    if not found.can:
        panels.empty(panels.plain(render(found.message)))


def what_enters(
    judgement: AreaAssessment,
    weighing: Weighing,
    opened: Opened,
    standing: Mapping[str, AreaStanding],
) -> tuple[pd.DataFrame, OpenPlaces]:
    """Show what stands out, who comes first for the open places, and what this order changes.

    Returns the order, and the open places.
    """
    chosen = once(prioritize)(judgement, weighing.weights, weighing.capacity)
    own = once(prioritize)(judgement, own_weighing(opened.config).weights, weighing.capacity)
    served = areas_in_service(opened)
    places = open_places(chosen, served, standing, weighing.capacity)
    first, before = places.named, open_places(own, served, standing, weighing.capacity).named
    names = {area_id: one.called for area_id, one in standing.items()}

    said = [*say_room(served, weighing.capacity), *say_open(places, names)]
    if places.room and not first:
        said.append(speak("compare.none_enters"))
    if first != before:
        said.append(
            speak(
                "compare.changed",
                enter=_listed(first - before, names) or speak("compare.none"),
                leave=_listed(before - first, names) or speak("compare.none"),
            )
        )
    if moved := _moved(own["tier"], chosen["tier"], names):
        said.append(speak("compare.tiers_changed", n=len(moved), moves=", ".join(moved)))
    panels.answers(stands_out(judgement, standing), said)
    if weighing.weights.by_component.get("people", 0) > 0:
        _unknown_people(judgement, names)
    if weighing.weights.by_component.get(ONLY_CHOSEN, 0) > 0:
        gain = cache_around.risk_order(opened)
        told = speak("compare.risk_unscored") if gain is None else render(say_risk_order(gain))
        st.caption(f"{speak('why_line.no_cause')} {told}")
    return chosen, places


def open_places(
    chosen: pd.DataFrame,
    areas: Sequence[CoreArea],
    standing: Mapping[str, AreaStanding],
    capacity: int,
) -> OpenPlaces:
    """Return who comes first for the places that areas in service leave."""
    taken = sum(area.state == DESIGNATED for area in areas)
    return OpenPlaces.of(chosen, standing, max(0, capacity - taken))


def say_open(found: OpenPlaces, names: Mapping[str, str]) -> list[str]:
    """Name who comes first for the places left, and who ties for the last of them."""
    said, n_left = list[str](), found.room - len(found.sure)
    if found.sure and found.even:
        told = {"room": found.room, "areas": _listed(found.sure, names)}
        said.append(speak("compare.open_some", n=len(found.sure), **told))
    elif found.sure:
        said.append(speak("compare.open", n=found.room, areas=_listed(found.sure, names)))
    if found.even:
        key = "compare.open_left" if found.sure else "compare.open_tie"
        said.append(speak(key, n=n_left, areas=_listed(found.even, names)))
    return said


def _listed(areas: set[str], names: Mapping[str, str]) -> str:
    return name_list(sorted((names[area] for area in areas), key=natural))


def say_room(areas: Sequence[CoreArea], capacity: int) -> list[str]:
    """Count the places that areas in service take, and those left.

    An area in maintenance takes none: its work goes on without a team of its own.
    """
    taken = [area for area in areas if area.state == DESIGNATED]
    if not taken:
        return []
    room = max(0, capacity - len(taken))
    names = name_list(called(area.place_name, area.key) for area in taken)
    key = "compare.over" if len(taken) > capacity else "compare.taken"
    said = speak(key, n=len(taken), capacity=capacity, areas=names)
    return [f"{said} {speak('compare.room', n=room) if room else speak('compare.full')}"]


def _moved(before: pd.Series, now: pd.Series, names: Mapping[str, str]) -> list[str]:
    """List the areas that another order puts into another tier."""
    return [
        speak("compare.moved", area=names[area], before=before[area], now=now[area])
        for area in sorted(before.dropna().index, key=lambda one: natural(names[one]))
        if before[area] != now[area]
    ]


def _unknown_people(judgement: AreaAssessment, names: Mapping[str, str]) -> None:
    """Name the areas of unknown population, if population has a weight."""
    ordered = judgement.table["tier"].notna().to_numpy(dtype=bool)
    parts = judgement.components.table[ordered]
    lacking = [str(area) for area, part in list_unknown(parts) if part == "people"]
    if not lacking:
        return
    if len(lacking) == len(parts):
        st.caption(speak("compare.people_all_unknown"))
        return
    areas = [panels.plain(names[area]) for area in lacking]
    st.caption(speak("compare.people_unknown", areas=name_list(areas)))


def show_map(
    opened: Opened,
    choices: Choices,
    proposal: Proposal,
    judgement: AreaAssessment,
    places: OpenPlaces,
    standing: Mapping[str, AreaStanding],
) -> None:
    """Show the areas on the map, those that come first for an open place in the accent color."""
    classes = classify_counts(proposal.counted.incidents)
    months = speak("find.n_months", n=months_covered(proposal))
    core = areas_in_service(opened)
    afar = cache_around.geometry_afar(opened, choices.resolution)
    first = tuple(sorted(places.named))
    outlines = outlines_of(core, has_first=bool(first))
    show_counts_legend(proposal, classes, afar, outlines=outlines)
    scene = maps.MapScene(
        proposal,
        classes,
        months,
        "shootings",
        ("background", "neighborhoods"),
        first,
        standing=standing,
        core=core,
        counts=core_counts(opened, choices),
        notes={
            str(row.area_id): (tier_words(row.tier, is_doubtful=bool(row.is_doubtful)),)
            for row in judgement.table.itertuples()
        },
        afar=afar,
        is_whole=True,
        units=opened.config.city.units,
    )
    map_component.draw(
        opened,
        choices.resolution,
        "compare",
        lambda cells: maps.painting(scene, cells),
        lambda _: None,
    )


def bar(
    opened: Opened, capacity: int, chosen: Sequence[str], standing: Mapping[str, AreaStanding]
) -> None:
    """Keep at the bottom of the window how many are chosen, and the way to record the choice."""
    served = [area for area in areas_in_service(opened) if area.state == DESIGNATED]
    new = [area_id for area_id in chosen if not standing[area_id].letter]
    room = capacity - len(served) - len(new)
    said = [speak("compare.bar_served", n=len(served))] * bool(served)
    said += [speak("compare.bar_chosen", n=len(new))]
    said += [speak("compare.bar_room", n=room) if room > 0 else speak("compare.bar_full")]
    panels.bar(", ".join(said), RECORD, speak("compare.bar_record"))


def reasons(
    opened: Opened,
    choices: Choices,
    judgement: AreaAssessment,
    proposal: Proposal,
    standing: Mapping[str, AreaStanding],
) -> None:
    """Show two sentences per area on why it has its tier, or none."""
    areas, through = proposal.areas, through_words(proposal)
    shares = dict(zip(areas["area_id"], areas["neighborhoods"], strict=True))
    st.header(speak("compare.why"), anchor=False)
    counts = core_counts(opened, choices)
    lacking = lacking_services(opened, choices, standing, counts) or {}
    outlines = other_outlines(proposal, standing, counts)
    table = by_tier(judgement.table, standing)
    knows_year = session.months_known(opened.dataset) >= YEAR
    for tier, rows in table.groupby(table["tier"].fillna(0).astype(int), sort=False):
        title = speak("compare.tier", tier=tier) if tier else speak("compare.without_tier")
        with st.expander(speak("compare.tier_group", title=title, n=len(rows))):
            for found in rows.to_dict("records"):
                stands = standing[found["area_id"]]
                own = counts.get(stands.letter)
                row = on_own_ground(found, own, judgement.city_per_km2)
                first, second = (
                    one.naming(name=stands.called) for one in judgement.why[row["area_id"]]
                )
                name, state = panels.plain(stands.called), panels.plain(state_words(stands))
                why = f"{panels.plain(render(first))} {panels.plain(render(second))}"
                if stands.letter in outlines:
                    why = speak("compare.why_outline", why=why)
                st.markdown(f"**{name}**, {state}. {why}")
                where = shares[row["area_id"]] if own is None else own.neighborhoods
                places = ", ".join(f"{k} {percent(v)}" for k, v in where.items())
                st.caption(
                    _details(row, through, panels.plain(places), knows_year=knows_year)
                    + _lacking(lacking.get(row["area_id"], ()))
                    + _suspect(int(row["suspect"]), int(row["incidents"]))
                )


def _details(row: Mapping[str, Any], through: str, places: str, *, knows_year: bool) -> str:
    """Return an area's newest year, the two before it, and its neighborhoods."""
    if not knows_year:
        return speak("compare.details_short", places=places)
    earlier, recent = _earlier(row["earlier_yearly"]), row["recent_12"]
    return speak("compare.details", recent=recent, through=through, earlier=earlier, places=places)


def _earlier(yearly: float | None) -> str:
    if yearly is None or math.isnan(yearly):
        return ""
    return " " + speak("compare.earlier", yearly=yearly)


def _suspect(n_suspect: int, n: int) -> str:
    """Mention any suspect points, even if they make up less than a third of the count."""
    return " " + speak("compare.suspect", n=n_suspect, of=n) if n_suspect else ""


def _lacking(kinds: Sequence[str]) -> str:
    return " " + speak("compare.lacking", kinds=panels.plain(", ".join(kinds))) if kinds else ""
