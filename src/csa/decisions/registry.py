"""The registry of core service areas: their letters, names and cells by version, for ever.

Every page, report, file and command reads the areas in service here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from csa.base.params import Month, Period
from csa.dataset.chosen import Chosen, GroundVersion, first_month, in_service
from csa.decisions.areas import ACTIVE, MAINTENANCE
from csa.decisions.store.records import Records
from csa.decisions.store.tables import AreaRow, StepRow
from csa.geo.cells import CellSet


@dataclass(frozen=True)
class CoreArea:
    """An area in service: what it is called, and which cells were its own since when."""

    key: str  # its letter
    place_name: str
    state: str  # designated or maintenance
    since: date  # the day its service began; neither maintenance nor a redraw resets it
    state_since: date  # the day of its state: the same, or that of maintenance
    drawn: tuple[tuple[date, CellSet], ...]  # its cells from each day on, the first day first
    evidence: Mapping[str, Any]  # what its designation rested on

    @property
    def cells(self) -> CellSet:
        """Its cells now."""
        return self.drawn[-1][1]

    @property
    def chosen_from(self) -> Period | None:
        """The months whose counts chose it, where its designation says so."""
        params = self.evidence.get("params", {})
        if not (params.get("start") and params.get("until")):
            return None
        return Period(Month.parse(params["start"]), Month.parse(params["until"]))

    @property
    def versions(self) -> tuple[GroundVersion, ...]:
        """Its cells by month: each version counts from the first whole month after its day."""
        by_month = {first_month(max(day, self.since)): cells for day, cells in self.drawn}
        return tuple(GroundVersion(cells, month) for month, cells in sorted(by_month.items()))


def core_areas(records: Records) -> tuple[CoreArea, ...]:
    """List the areas in service now, A before AA."""
    found = [
        area
        for row in records.areas
        if row.state in ACTIVE and (area := _in_service(row, records.steps_of(row.key)))
    ]
    return tuple(sorted(found, key=lambda area: (len(area.key), area.key)))


def core_area(records: Records, key: str) -> CoreArea | None:
    """Return an area in service by its letter; None where none has it."""
    return next((area for area in core_areas(records) if area.key == key), None)


def _in_service(row: AreaRow, steps: tuple[StepRow, ...]) -> CoreArea | None:
    """Read an area's last service from its steps: since it was last put into service."""
    first: StepRow | None = None
    drawn: list[tuple[date, CellSet]] = []
    for step in steps:
        if step.state not in ACTIVE:
            first, drawn = None, []
            continue
        first = first or step
        cells = frozenset(int(cell, 16) for cell in step.cells)
        if not drawn or drawn[-1][1] != cells:
            drawn.append((step.on_date, cells))
    if first is None:
        return None
    return CoreArea(
        row.key,
        row.place_name,
        row.state,
        first.on_date,
        row.since if row.state == MAINTENANCE else first.on_date,
        tuple(drawn),
        dict(first.evidence),
    )


def followed(areas: Sequence[CoreArea]) -> Chosen | None:
    """Return areas as displacement follows them, each since its own day; None where none is."""
    if not areas:
        return None
    return in_service(
        [area.key for area in areas],
        [area.place_name for area in areas],
        [area.versions for area in areas],
        [area.chosen_from for area in areas],
    )
