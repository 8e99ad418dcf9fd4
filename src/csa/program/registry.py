"""The registry of core service areas and zones: names and cells by version, for ever.

Every page, report, file and command reads the areas in service, and programs' own zones, here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from csa.areas.places import called, candidate_rows
from csa.base.errors import ParamError
from csa.base.params import Month, Period
from csa.base.text import tr
from csa.city.selection import AreaSelection, AreaVersion, ServedSpan, first_month, follow_services
from csa.geo.cells import CellSet, best_match, n_shared_cells
from csa.program.store.records import Records
from csa.program.store.tables import ACTIVE, CANDIDATE, MAINTENANCE, RETIRED, AreaRow, StepRow

if TYPE_CHECKING:
    import pandas as pd
    import shapely


LAST_MONTH = Month(9999, 1)
"""The end of what goes on."""


@dataclass(frozen=True)
class CoreArea:
    """A service of an area: what it is called, and which cells were its own since when."""

    key: str  # its letter
    place_name: str
    state: str  # designated or maintenance; retired where this service has ended
    since: date  # the day its service began; neither maintenance nor a redraw resets it
    state_since: date  # the day of its state: the same, or that of maintenance
    cell_history: tuple[
        tuple[date, CellSet], ...
    ]  # its cells from each day on, the first day first
    evidence: Mapping[str, Any]  # what its designation rested on
    ended: date | None = None  # the day its service ended
    is_day_corrected: bool = False  # whether a day of its steps was corrected later

    @property
    def cells(self) -> CellSet:
        """Its cells now."""
        return self.cell_history[-1][1]

    @property
    def redrawn_on(self) -> date | None:
        """The day it was last given other cells; None where it has those of its designation."""
        return self.cell_history[-1][0] if len(self.cell_history) > 1 else None

    @property
    def chosen_from(self) -> Period | None:
        """The months whose counts chose it, where its designation says so."""
        params = self.evidence.get("params", {})
        if not (params.get("start") and params.get("until")):
            return None
        return Period(Month.parse(params["start"]), Month.parse(params["until"]))

    @property
    def versions(self) -> tuple[AreaVersion, ...]:
        """Its cells by month: each version counts from the first whole month after its day."""
        by_month = {first_month(max(day, self.since)): cells for day, cells in self.cell_history}
        return tuple(AreaVersion(cells, month) for month, cells in sorted(by_month.items()))


@dataclass(frozen=True)
class Zone:
    """A program's own zone: its polygons as drawn, and the cells that stand for them."""

    key: str  # z-1, z-2: the order in which zones were entered
    place_name: str
    kind: str  # grant, site, beat or other
    since: date  # the day from which it counts
    ended: date | None  # its last day; None while it goes on
    by_counts: bool  # whether shootings played a part in drawing it
    cell_history: tuple[tuple[date, CellSet], ...]  # its cells from each day on
    entered: tuple[date, ...]  # of each of them, the day on which it was entered
    drawn: tuple[Mapping[str, Any], ...]  # of each of them, its polygons: GeoJSON, WGS 84
    evidence: Mapping[str, Any]  # what was known when it was entered, and what was agreed
    is_day_corrected: bool = False
    chosen_from: Period | None = None  # the months whose counts are taken to have chosen it

    @property
    def cells(self) -> CellSet:
        """Its cells now."""
        return self.cell_history[-1][1]

    @property
    def shape(self) -> shapely.Geometry:
        """Its polygons now, as drawn, WGS 84."""
        return self.boundaries[-1][1]

    @property
    def boundaries(self) -> tuple[tuple[Month, shapely.Geometry], ...]:
        """Its polygons by month, as `versions` has its cells."""
        from shapely.geometry import shape  # noqa: PLC0415 - loads late

        days = zip(self.cell_history, self.drawn, strict=True)
        by_month = {first_month(day): shape(dict(drawn)) for (day, _), drawn in days}
        return tuple(sorted(by_month.items()))

    @property
    def versions(self) -> tuple[AreaVersion, ...]:
        """Its cells by month: each version counts from the first whole month after its day."""
        by_month = {first_month(day): cells for day, cells in self.cell_history}
        return tuple(AreaVersion(cells, month) for month, cells in sorted(by_month.items()))

    @property
    def is_sealed(self) -> bool:
        """Whether each version was entered before the first month that counts with it."""
        days = zip(self.entered, self.cell_history, strict=True)
        return all(is_before(entered, day) for entered, (day, _) in days)

    def is_on(self, day: date) -> bool:
        """Check whether it is a zone on a day."""
        return self.since <= day and (self.ended is None or day <= self.ended)


def is_before(entered: date, starts_on: date) -> bool:
    """Check whether a zone was entered before the first month that counts."""
    month = first_month(starts_on)
    return entered < date(month.year, month.number, 1)


def all_zones(records: Records) -> tuple[Zone, ...]:
    """List every zone that there ever was, in the order in which they were entered."""
    versions: dict[str, list[Any]] = {}
    for row in records.zone_versions:
        versions.setdefault(row.zone, []).append(row)
    return tuple(
        Zone(
            row.key,
            row.name,
            row.kind,
            row.starts_on,
            row.ends_on,
            row.by_counts,
            tuple((one.starts_on, frozenset(int(c, 16) for c in one.cells)) for one in drawn),
            tuple(one.entered_on for one in drawn),
            tuple(one.polygons for one in drawn),
            drawn[0].evidence,
        )
        for row in records.zones
        if (drawn := versions.get(row.key))
    )


def find_zone(zones: Sequence[Zone], given: str) -> Zone:
    """Return a zone by its id or its name."""
    wanted = given.strip().casefold()
    found = [zone for zone in zones if wanted in {zone.key, zone.place_name.casefold()}]
    if not found:
        known = ", ".join(f"{zone.key} {zone.place_name}" for zone in zones) or tr("label.none")
        raise ParamError("zone.unknown", given=given, known=known)
    return found[0]


def core_areas(records: Records) -> tuple[CoreArea, ...]:
    """List the areas in service now, A before AA."""
    return tuple(area for area in all_services(records) if area.ended is None)


def all_services(records: Records) -> tuple[CoreArea, ...]:
    """List every service there ever was, A before AA; an area that served twice has two."""
    corrected = {row.subject for row in records.corrections}
    found = [
        area
        for row in records.areas
        for area in _services(row, records.steps_of(row.key), corrected)
    ]
    return tuple(sorted(found, key=lambda area: (len(area.key), area.key, area.since)))


def served_months(records: Records) -> dict[str, list[Period]]:
    """Return the whole months in which each area, by letter, and zone, by name, was on the list.

    An area from its first step on, a candidate's too, until it is retired.
    """
    days: list[tuple[str, date, date | None]] = []
    for area in records.areas:
        since: date | None = None
        for step in records.steps_of(area.key):
            if step.state != RETIRED:
                since = since or step.on_date
            elif since is not None:
                days.append((area.key, since, step.on_date))
                since = None
        if since is not None:
            days.append((area.key, since, None))
    for zone in all_zones(records):
        after = None if zone.ended is None else zone.ended + timedelta(days=1)
        days.append((zone.place_name, zone.since, after))
    served: dict[str, list[Period]] = {}
    for place, since, after in days:
        start = first_month(since)
        until = LAST_MONTH if after is None else Month(after.year, after.month)
        if start < until:
            served.setdefault(place, []).append(Period(start, until))
    return served


def ended_areas(records: Records) -> tuple[CoreArea, ...]:
    """List the areas that are no longer in service, each by its last service, A before AA."""
    newest = {area.key: area for area in all_services(records)}
    return tuple(area for area in newest.values() if area.ended is not None)


def core_area(records: Records, key: str) -> CoreArea | None:
    """Return an area's newest service by its letter, ended or not; None where it has none."""
    return next((area for area in all_services(records)[::-1] if area.key == key), None)


def _services(
    row: AreaRow, steps: tuple[StepRow, ...], corrected: Collection[str]
) -> Iterator[CoreArea]:
    """Read an area's services from its steps: each from a designation to its end."""
    served: list[StepRow] = []
    for step in steps:
        if step.state in ACTIVE:
            served.append(step)
        elif served:
            yield _service(row, served, step.on_date, corrected)
            served = []
    if served:
        yield _service(row, served, None, corrected)


def _service(
    row: AreaRow, steps: Sequence[StepRow], ended: date | None, corrected: Collection[str]
) -> CoreArea:
    first = steps[0]
    drawn: list[tuple[date, CellSet]] = []
    for step in steps:
        cells = frozenset(int(cell, 16) for cell in step.cells)
        if not drawn or drawn[-1][1] != cells:
            drawn.append((step.on_date, cells))
    state = row.state if ended is None else RETIRED
    state_since = ended or (row.since if state == MAINTENANCE else first.on_date)
    return CoreArea(
        row.key,
        row.place_name,
        state,
        first.on_date,
        state_since,
        tuple(drawn),
        dict(first.evidence),
        ended,
        any(step.item in corrected for step in steps),
    )


@dataclass(frozen=True)
class AreaStatus:
    """How an area of a proposal stands."""

    area_id: str  # its id in the proposal
    letter: str  # of the core service area that it is; "" for another candidate
    place_name: str  # that area's name, else its own
    state: str  # designated, maintenance or candidate
    since: date | None  # the day of its state; None for a candidate
    part_of: str = ""  # of a core service area that most of it lies in, what it is called
    part_of_letter: str = ""

    @property
    def display_name(self) -> str:
        """What readers call it, with its letter if it has one."""
        if self.part_of:
            return tr("standing.part", name=self.place_name, letter=self.part_of_letter)
        return called(self.place_name, self.letter)


def match_statuses(proposed: pd.DataFrame, areas: Sequence[CoreArea]) -> dict[str, AreaStatus]:
    """Return for each area of a proposal, by id, which area in service it is, if any.

    It is the one of whose ground it holds at least half; of several, the one with which it shares
    the most.
    """
    listed = candidate_rows(proposed)
    shapes = [cells for _, _, cells in listed]
    is_one: dict[int, tuple[int, CoreArea]] = {}
    for area in areas:
        at = best_match(area.cells, shapes)
        if at is None:
            continue
        shared = n_shared_cells(shapes[at], area.cells)
        if at not in is_one or shared > is_one[at][0]:
            is_one[at] = shared, area
    found, names = {}, {area.place_name for area in areas}
    grounds = [area.cells for area in areas]
    for at, (area_id, name, _) in enumerate(listed):
        if at in is_one:
            area = is_one[at][1]
            told = AreaStatus(area_id, area.key, area.place_name, area.state, area.state_since)
        else:
            whole = best_match(shapes[at], grounds)  # the area in service that most of it lies in
            inside = ("", "")
            if whole is not None:
                inside = called(areas[whole].place_name, areas[whole].key), areas[whole].key
            is_other = name in names and whole is None
            own = tr("standing.other_part", name=name) if is_other else name
            told = AreaStatus(area_id, "", own, CANDIDATE, None, *inside)
        found[area_id] = told
    return found


Areas = TypeVar("Areas", bound="pd.DataFrame")


def served_as(table: Areas, standing: Mapping[str, AreaStatus]) -> Areas:
    """Fill in which area in service each area of a table is, as files say it."""
    letters = [standing[str(area_id)].letter for area_id in table["area_id"]]
    return table.assign(served_as=letters)


def followed(services: Sequence[CoreArea | Zone]) -> AreaSelection | None:
    """Return areas as displacement follows them, each since its own day; None where none is."""
    return follow_services(
        [
            ServedSpan(
                area.key,
                area.place_name,
                area.versions,
                area.chosen_from,
                None if area.ended is None else Month(area.ended.year, area.ended.month),
                area.is_day_corrected,
            )
            for area in services
        ]
    )
