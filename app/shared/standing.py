"""How a proposal's areas stand: in service since when, in maintenance, or candidates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from app.shared import cache, cache_store
from app.shared.cache_once import once
from app.shared.city_session import Opened
from csa.areas.choices import Choices
from csa.areas.places import areas_of, called, cells_of
from csa.areas.proposal import Proposal
from csa.base.errors import StoreError
from csa.base.text import month, name_list, speak
from csa.dataset.chosen import Chosen
from csa.decisions.areas import CANDIDATE, MAINTENANCE
from csa.decisions.registry import (
    AreaStanding,
    CoreArea,
    all_services,
    core_areas,
    followed,
    standings,
)
from csa.decisions.registry import served_as as with_letters
from csa.decisions.store.records import Records
from csa.geo.cells import CellSet
from csa.priority.area_counts import AreaCounts


def areas_in_service(opened: Opened) -> tuple[CoreArea, ...]:
    """List the core service areas; none while the store cannot be read, which other pages say."""
    try:
        return once(core_areas)(cache_store.records(opened))
    except StoreError:
        return ()


def areas_designated(opened: Opened) -> Chosen | None:
    """Return all areas that were ever designated, to be followed; None where there is none."""
    try:
        return once(_designated)(cache_store.records(opened))
    except StoreError:
        return None


def _designated(records: Records) -> Chosen | None:
    return followed(all_services(records))


def has_ever_served(opened: Opened) -> bool:
    """Return whether an area is, was or, while the store cannot be read, may be in service."""
    try:
        return bool(cache_store.records(opened).areas)
    except StoreError:
        return True


def standing_of(opened: Opened, proposal: Proposal) -> Mapping[str, AreaStanding]:
    """Return how each area of a proposal stands, by its id."""
    return once(_standings)(proposal, areas_in_service(opened))


def _standings(proposal: Proposal, areas: tuple[CoreArea, ...]) -> dict[str, AreaStanding]:
    return standings(proposal.areas, areas)


def served_as(opened: Opened, proposal: Proposal) -> Proposal:
    """Fill in which core service area each area is, as its files say it."""
    return replace(proposal, areas=with_letters(proposal.areas, standing_of(opened, proposal)))


def state_words(standing: AreaStanding) -> str:
    """Return how an area stands, in words."""
    if standing.part_of:
        return speak("standing.in_core")
    if standing.since is None or standing.state == CANDIDATE:
        return speak("standing.candidate")
    key = "standing.maintenance" if standing.state == MAINTENANCE else "standing.core"
    return speak(key, since=month(f"{standing.since:%Y-%m}"))


def in_service(area: CoreArea) -> AreaStanding:
    """Return how a core service area stands, known by its letter."""
    return AreaStanding(area.key, area.key, area.place_name, area.state, area.state_since)


def not_proposed(
    areas: Iterable[CoreArea], standing: Mapping[str, AreaStanding]
) -> tuple[CoreArea, ...]:
    """List the core service areas that no candidate of a proposal is."""
    found = {one.letter for one in standing.values()}
    return tuple(area for area in areas if area.key not in found)


def core_counts(opened: Opened, choices: Choices) -> Mapping[str, AreaCounts]:
    """Return what areas in service hold on their own ground, by letter."""
    areas = [(area.key, area.place_name, area.cells) for area in areas_in_service(opened)]
    return cache.area_counts(opened, choices, areas)


def other_outlines(
    proposal: Proposal, standing: Mapping[str, AreaStanding], counts: Mapping[str, AreaCounts]
) -> dict[str, int]:
    """Return what outlines found now hold, by letter, where they are not the area's own cells."""
    areas = proposal.areas
    return {
        standing[area_id].letter: int(n)
        for area_id, n, cells in zip(
            areas["area_id"], areas["incidents"], cells_of(areas), strict=True
        )
        if standing[area_id].letter in counts and cells != counts[standing[area_id].letter].cells
    }


def say_outlines(
    proposal: Proposal, standing: Mapping[str, AreaStanding], counts: Mapping[str, AreaCounts]
) -> str:
    """Return that areas in service are counted on their own ground, and what outlines hold."""
    if not counts:
        return ""
    found = other_outlines(proposal, standing, counts)
    listed = [
        speak("standing.outline", area=one.called, n=found[letter])
        for letter, one in counts.items()
        if letter in found
    ]
    said = speak("standing.own_ground")
    return f"{said} {speak('standing.outlines', areas=name_list(listed))}" if listed else said


@dataclass(frozen=True)
class AskedArea:
    """An area to ask about: a core service area, or a candidate."""

    id: str  # in the proposal; a core service area's letter where it is no candidate
    called: str  # with its letter, if it has one
    cells: CellSet


def every_area(opened: Opened, proposal: Proposal) -> list[AskedArea]:
    """List the areas in service as the registry has them, then the other candidates."""
    standing = standing_of(opened, proposal)
    served = {one.letter: area_id for area_id, one in standing.items() if one.letter}
    found = [
        AskedArea(served.get(area.key, area.key), called(area.place_name, area.key), area.cells)
        for area in areas_in_service(opened)
    ]
    known = set(served.values())
    return found + [
        AskedArea(area_id, standing[area_id].called, cells)
        for area_id, _, cells in areas_of(proposal.areas)
        if area_id not in known
    ]


def distinct_areas(opened: Opened, proposal: Proposal) -> list[AskedArea]:
    """List every area once: a candidate that is part of an area in service is that area."""
    parts = {key for key, one in standing_of(opened, proposal).items() if one.part_of}
    return [area for area in every_area(opened, proposal) if area.id not in parts]


def short_state(standing: AreaStanding) -> str:
    """Return how an area stands, in one or two words."""
    if standing.part_of:
        return speak("standing.short_part")
    if standing.since is None or standing.state == CANDIDATE:
        return speak("standing.candidate")
    return speak(
        "standing.short_maintenance" if standing.state == MAINTENANCE else "standing.short"
    )


def step_word(state: str) -> str:
    """Return a step of an area in words."""
    return speak(
        {
            "candidate": "here.candidate",
            "designated": "here.designated",
            "maintenance": "here.maintenance",
            "retired": "here.retired",
        }[state]
    )


def say_served(standing: Mapping[str, AreaStanding]) -> str:
    """Name the areas in service that are among a proposal's, or hold one; "" for none."""
    served = [one for one in standing.values() if one.letter]
    served.sort(key=lambda one: (len(one.letter), one.letter))
    names = name_list(one.called for one in served)
    parts = Counter(one.part_of for one in standing.values() if one.part_of)
    said = [
        speak("standing.of_them", n=len(served), areas=names) if served else "",
        *(speak("standing.lies_in", n=n, area=area) for area, n in sorted(parts.items())),
    ]
    return " ".join(sentence for sentence in said if sentence)


def id_of(standing: Mapping[str, AreaStanding], given: str) -> str:
    """Return the id of the area that a link means; "" for none.

    It names an id or the letter of an area in service.
    """
    if given in standing or not given:
        return given
    served = {one.letter: area_id for area_id, one in standing.items() if one.letter}
    return served.get(given, "")
