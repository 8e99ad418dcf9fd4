"""How a proposal's areas stand: in service since when, in maintenance, or candidates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from csa.areas.choices import AreaSettings
from csa.areas.places import called, candidate_rows, list_cells
from csa.areas.priority.area_counts import AreaCounts
from csa.areas.proposal import Proposal
from csa.base.errors import StoreError
from csa.base.text import month, name_list, tr
from csa.city.selection import AreaSelection
from csa.geo.cells import CellSet
from csa.program.registry import (
    AreaStatus,
    CoreArea,
    Zone,
    all_services,
    all_zones,
    core_areas,
    followed,
    match_statuses,
    served_as as with_letters,
)
from csa.program.store.records import Records
from csa.program.store.tables import CANDIDATE, MAINTENANCE
from csa.program.zones import ZoneCounts
from csa_app.shared import cache, cache_store
from csa_app.shared.cache import once
from csa_app.shared.city_session import CitySession
from csa_app.shared.person import PUBLIC, access


def areas_in_service(session: CitySession) -> tuple[CoreArea, ...]:
    """List the core service areas; none while the store cannot be read, which other pages say."""
    try:
        return once(core_areas)(cache_store.records(session))
    except StoreError:
        return ()


def zones_of(session: CitySession) -> tuple[Zone, ...]:
    """List the programs' own zones; none where the public reads."""
    if access(session) == PUBLIC:
        return ()
    try:
        return once(all_zones)(cache_store.records(session))
    except StoreError:
        return ()


def areas_designated(session: CitySession) -> AreaSelection | None:
    """Return all areas that were ever designated, to be followed; None where there is none."""
    try:
        return once(_designated)(cache_store.records(session))
    except StoreError:
        return None


def _designated(records: Records) -> AreaSelection | None:
    return followed(all_services(records))


def has_ever_served(session: CitySession) -> bool:
    """Return whether an area is, was or, while the store cannot be read, may be in service."""
    try:
        return bool(cache_store.records(session).areas)
    except StoreError:
        return True


def area_statuses(session: CitySession, proposal: Proposal) -> Mapping[str, AreaStatus]:
    """Return how each area of a proposal stands, by its id."""
    return once(_standings)(proposal, areas_in_service(session))


def _standings(proposal: Proposal, areas: tuple[CoreArea, ...]) -> dict[str, AreaStatus]:
    return match_statuses(proposal.areas, areas)


def served_as(session: CitySession, proposal: Proposal) -> Proposal:
    """Fill in which core service area each area is, as its files say it."""
    return replace(proposal, areas=with_letters(proposal.areas, area_statuses(session, proposal)))


def state_words(standing: AreaStatus) -> str:
    """Return how an area stands, in words."""
    if standing.part_of:
        return tr("standing.in_core")
    if standing.since is None or standing.state == CANDIDATE:
        return tr("label.candidate")
    key = "standing.maintenance" if standing.state == MAINTENANCE else "standing.core"
    return tr(key, day=month(f"{standing.since:%Y-%m}"))


def in_service(area: CoreArea) -> AreaStatus:
    """Return how a core service area stands, known by its letter."""
    return AreaStatus(area.key, area.key, area.place_name, area.state, area.state_since)


@dataclass(frozen=True)
class AreaView:
    """The areas that a page shows: each answer is asked for once in a run of the page."""

    session: CitySession  # the city
    choices: AreaSettings  # what is counted, and how areas are found

    @cached_property
    def proposal(self) -> Proposal:
        """The candidates."""
        return cache.analysis(self.session, self.choices).proposal

    @cached_property
    def core(self) -> tuple[CoreArea, ...]:
        """The areas in service."""
        return areas_in_service(self.session)

    @cached_property
    def statuses(self) -> Mapping[str, AreaStatus]:
        """How each candidate stands, by its id."""
        return area_statuses(self.session, self.proposal)

    @cached_property
    def others(self) -> tuple[CoreArea, ...]:
        """The areas in service that no candidate is."""
        found = {one.letter for one in self.statuses.values()}
        return tuple(area for area in self.core if area.key not in found)

    @cached_property
    def zones(self) -> tuple[Zone, ...]:
        """The programs' own zones; none where the public reads."""
        return zones_of(self.session)

    @cached_property
    def zone_counts(self) -> Mapping[str, ZoneCounts]:
        """What the zones' boundaries hold, by id."""
        return cache.analysis(self.session, self.choices).count_zones(self.zones)

    @cached_property
    def counts(self) -> Mapping[str, AreaCounts]:
        """What areas in service hold on their own ground, by letter."""
        areas = [(area.key, area.place_name, area.cells) for area in self.core]
        return cache.area_counts(self.session, self.choices, areas)

    @cached_property
    def outlines(self) -> dict[str, int]:
        """What outlines found now hold, by letter, where they are not the area's own cells."""
        areas, own = self.proposal.areas, {key: one.cells for key, one in self.counts.items()}
        letters = [self.statuses[area_id].letter for area_id in areas["area_id"]]
        rows = zip(letters, areas["incidents"], list_cells(areas), strict=True)
        return {at: int(n) for at, n, cells in rows if at in own and cells != own[at]}


@dataclass(frozen=True)
class AreaOption:
    """An area to ask about: a core service area, or a candidate."""

    id: str  # in the proposal; a core service area's letter where it is no candidate
    label: str  # with its letter, if it has one
    cells: CellSet


def every_area(session: CitySession, proposal: Proposal) -> list[AreaOption]:
    """List the areas in service as the registry has them, then the other candidates."""
    standing = area_statuses(session, proposal)
    served = {one.letter: area_id for area_id, one in standing.items() if one.letter}
    found = [
        AreaOption(served.get(area.key, area.key), called(area.place_name, area.key), area.cells)
        for area in areas_in_service(session)
    ]
    known = set(served.values())
    return found + [
        AreaOption(area_id, standing[area_id].display_name, cells)
        for area_id, _, cells in candidate_rows(proposal.areas)
        if area_id not in known
    ]


def distinct_areas(session: CitySession, proposal: Proposal) -> list[AreaOption]:
    """List every area once: a candidate that is part of an area in service is that area."""
    parts = {key for key, one in area_statuses(session, proposal).items() if one.part_of}
    return [area for area in every_area(session, proposal) if area.id not in parts]


def short_state(standing: AreaStatus) -> str:
    """Return how an area stands, in one or two words."""
    if standing.part_of:
        return tr("standing.in_core")
    if standing.since is None or standing.state == CANDIDATE:
        return tr("label.candidate")
    return tr("standing.short_maintenance" if standing.state == MAINTENANCE else "here.designated")


def step_word(state: str) -> str:
    """Return a step of an area in words."""
    return tr(
        {
            "candidate": "label.candidate",
            "designated": "here.designated",
            "maintenance": "here.maintenance",
            "retired": "here.retired",
        }[state]
    )


def describe_served(standing: Mapping[str, AreaStatus]) -> str:
    """Name the areas in service that are among a proposal's, or hold one; "" for none."""
    served = [one for one in standing.values() if one.letter]
    served.sort(key=lambda one: (len(one.letter), one.letter))
    names = name_list(one.display_name for one in served)
    parts = Counter(one.part_of for one in standing.values() if one.part_of)
    said = [
        tr("standing.of_them", n=len(served), areas=names) if served else "",
        *(tr("standing.lies_in", n=n, area=area) for area, n in sorted(parts.items())),
    ]
    return " ".join(sentence for sentence in said if sentence)


def resolve_area_id(standing: Mapping[str, AreaStatus], given: str) -> str:
    """Return the id of the area that a link means; "" for none.

    It names an id or the letter of an area in service.
    """
    if given in standing or not given:
        return given
    served = {one.letter: area_id for area_id, one in standing.items() if one.letter}
    return served.get(given, "")
