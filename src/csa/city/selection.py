"""Areas that somebody chose, from a file: sets of cells with a letter and a name."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from csa.base.errors import ParamError, SourceError
from csa.base.params import Month, Period
from csa.base.safe_parsing import parse_json, read_text
from csa.base.schema import KINDS
from csa.geo.cells import cell_resolution, finest, refine, to_finest_resolution

PROPOSED = "areas.geojson"
PROPOSAL = "proposal.json"
CELL_PATTERN = re.compile("8[0-9a-f]{14}")


@dataclass(frozen=True)
class AreaVersion:
    """The cells of an area from a month on.

    Fields: `cells`, `since`.
    """

    cells: frozenset[int]  # its H3 cells
    since: Month  # the first whole month with these cells


@dataclass(frozen=True)
class AreaSelection:
    """Areas to be followed.

    Fields: `area_ids`, `place_names`, `cells`, `resolution`, `period`, `kinds`, `n_undated`,
    `is_suggested`, `max_area_km2`, `versions`, `periods`, `retired`, `ended`,
    `corrected`, `services`, `designated`, `is_drawn`, `is_exploratory`.
    """

    area_ids: tuple[str, ...]  # the letter of each of n areas
    place_names: tuple[str, ...]  # the name of each
    cells: tuple[frozenset[int], ...]  # the H3 cells of each
    resolution: int  # H3 resolution of the cells; the finest, where areas differ
    period: Period | None = None  # the months whose counts chose them, where known
    kinds: tuple[str, ...] = ()  # the kinds of incident that chose them
    n_undated: int = 0  # how many areas do not say which months chose them
    is_suggested: bool | None = None
    max_area_km2: float | None = None  # the size limit they were found with; None where unknown
    versions: tuple[tuple[AreaVersion, ...], ...] = ()  # in service: their cells by month
    periods: tuple[Period | None, ...] = ()  # the months that chose each, where they differ
    retired: tuple[str, ...] = ()  # letters of areas whose service has ended
    ended: tuple[Month, ...] = ()  # of each of `retired`, the month of its last day of service
    corrected: tuple[str, ...] = ()  # letters of areas whose day was corrected later
    services: tuple[ServedSpan, ...] = ()  # every service that there was, also earlier ones
    designated: tuple[ServedSpan, ...] = ()  # all ground ever, each cell once: with whom it came
    is_drawn: bool = False  # drawn by people, and shootings played no part in it
    is_exploratory: bool = False  # drawn by people after the first month that is counted

    @property
    def all_cells(self) -> tuple[frozenset[int], ...]:
        """The cells of each area, in all its versions."""
        lives = [service.versions for service in self.services] or self.versions
        return tuple(version.cells for life in lives for version in life) or self.cells

    @property
    def has_former_cells(self) -> bool:
        """Whether ground that no area has any more, or another area has, counts for all."""
        kept = tuple(ground.versions for ground in self.designated)
        return kept != refined(self.versions, self.resolution)

    def undated(self) -> AreaSelection:
        """Return the same areas without the months that chose them: other signals did not."""
        n_areas = len(self.cells)
        return replace(
            self,
            period=None,
            periods=(None,) * n_areas,
            n_undated=n_areas,
            services=tuple(replace(service, period=None) for service in self.services),
            designated=tuple(replace(ground, period=None) for ground in self.designated),
        )

    def started_before(self, until: Month) -> AreaSelection | None:
        """Return the areas as they were before a month; None where none had begun."""
        if not self.versions:
            return self
        known = [
            replace(
                service,
                versions=_known_by(service.versions, until),
                ended=None if service.ended is None or service.ended >= until else service.ended,
            )
            for service in self.services
            if service.versions[0].since < until
        ]
        found = follow_services(known)
        drawn, late = self.is_drawn, self.is_exploratory
        return None if found is None else replace(found, is_drawn=drawn, is_exploratory=late)


@dataclass(frozen=True)
class ServedSpan:
    """An area from a designation to its end.

    Fields: `area_id`, `place_name`, `versions`, `period`, `ended`, `is_corrected`.
    """

    area_id: str  # its letter
    place_name: str
    versions: tuple[AreaVersion, ...]  # the first first
    period: Period | None  # the months whose counts chose it, where known
    ended: Month | None = None  # the month of its last day of service; None while it serves
    is_corrected: bool = False  # whether a day of it was corrected later


def designated_ground(services: Sequence[ServedSpan], resolution: int) -> tuple[ServedSpan, ...]:
    """Give each cell to the service that had it first, from then on and for ever.

    No redraw, retirement, split or merger takes a cell out, so that an area which failed still
    counts in the verdict of all.
    """
    first: dict[int, tuple[int, int]] = {}
    for number, service in enumerate(services):
        for version in service.versions:
            for cell in refine(version.cells, resolution):
                now = (version.since.index, number)
                first[cell] = min(first.get(cell, now), now)
    by_ground: dict[int, dict[int, set[int]]] = {}
    for cell, (month, number) in first.items():
        by_ground.setdefault(number, {}).setdefault(month, set()).add(cell)
    found = []
    for number, added in sorted(by_ground.items()):
        months = {version.since.index: version.since for version in services[number].versions}
        cells: frozenset[int] = frozenset()
        versions = []
        for month in sorted(added):
            cells = cells | added[month]
            versions.append(AreaVersion(cells, months[month]))
        found.append(replace(services[number], versions=tuple(versions)))
    return tuple(found)


def _known_by(life: tuple[AreaVersion, ...], until: Month) -> tuple[AreaVersion, ...]:
    """Leave out what an area is redrawn to from a later month on."""
    return tuple(version for version in life if version.since < until)


def read_areas(path: Path | str) -> AreaSelection:
    r"""Read areas: `areas.csv`, `areas.geojson`, or the folder of a proposal.

    Each area needs `area_id` and `cells`; `place_name`, and `kinds`, `first_day` and `last_day`
    of the counts that chose it, are read where they are there, and so is the proposal.json beside
    a proposal's file.

    Parameters
    ----------
    path
        A file or a folder.

    Returns
    -------
    Chosen
        The areas, in the file's order; a file without areas gives none.

    Raises
    ------
    SourceError
        If the file is absent or unreadable, or an area is not a set of H3 cells of its own.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "areas.csv")
    ...     _ = file.write_text("area_id,cells\nA,892658a80c3ffff 892658a80cbffff\n")
    ...     areas = csa.read_areas(file)
    >>> areas.area_ids, len(areas.cells[0]), areas.resolution
    (('A',), 2, 9)
    """
    path = Path(path)
    file = path / PROPOSED if path.is_dir() else path
    rows = _rows(file)
    ids = [str(row["area_id"] or "").strip() for row in rows]
    names = [str(row.get("place_name") or area_id) for row, area_id in zip(rows, ids, strict=True)]
    cells = [_cells(row["cells"], file, area_id) for row, area_id in zip(rows, ids, strict=True)]
    for area_id, area in zip(ids, cells, strict=True):
        found = sorted({cell_resolution(cell) for cell in area})
        if len(found) > 1:
            listed = ", ".join(map(str, found))
            raise SourceError("chosen.resolutions", path=file, area_id=area_id, found=listed)
    refuse_twice(ids, cells, file)
    resolution = max((cell_resolution(min(area)) for area in cells), default=9)
    if rows and all(row.get("since") for row in rows):
        return in_service(ids, names, *_lives(rows, cells, file))
    dated = [row for row in rows if row.get("first_day") and row.get("last_day")]
    return AreaSelection(
        tuple(ids),
        tuple(names),
        tuple(cells),
        resolution,
        _period(dated, file),
        _kinds(rows, file),
        len(rows) - len(dated),
        *_way(file),
    )


def in_service(
    area_ids: Sequence[str],
    place_names: Sequence[str],
    lives: Sequence[tuple[AreaVersion, ...]],
    periods: Sequence[Period | None],
) -> AreaSelection:
    """Return areas in service, to be followed each since its own first month."""
    rows = zip(area_ids, place_names, lives, periods, strict=True)
    chosen = follow_services([ServedSpan(*row) for row in rows])
    return chosen or AreaSelection((), (), (), 9)


def follow_services(services: Sequence[ServedSpan]) -> AreaSelection | None:
    """Return areas as they are followed, by their newest services; None without a service.

    An area that ended is followed on, on the ground that no other area serves by now; where
    others serve all of it, and of earlier services, the ground counts for all areas together
    alone (`Chosen.designated`).
    """
    newest = {service.area_id: service for service in services}
    if not newest:
        return None
    resolution = finest(version.cells for one in services for version in one.versions)
    present = {one.area_id: one.versions[-1].cells for one in newest.values() if one.ended is None}
    taken = frozenset[int]().union(*(refine(cells, resolution) for cells in present.values()))
    for one in newest.values():
        own = one.versions[-1].cells
        if one.ended is not None and (left := refine(own, resolution) - taken):
            present[one.area_id] = own if len(left) == len(refine(own, resolution)) else left
            taken |= left
    rows = [one for one in newest.values() if one.area_id in present]
    retired = {one.area_id: one.ended for one in newest.values() if one.ended is not None}
    dated = [one.period for one in rows if one.period is not None]
    overall = Period(min(p.start for p in dated), max(p.until for p in dated)) if dated else None
    corrected = dict.fromkeys(one.area_id for one in services if one.is_corrected)
    return AreaSelection(
        tuple(one.area_id for one in rows),
        tuple(one.place_name for one in rows),
        tuple(present[one.area_id] for one in rows),
        resolution,
        overall,
        n_undated=len(rows) - len(dated),
        versions=tuple(one.versions for one in rows),
        periods=tuple(one.period for one in rows),
        retired=tuple(retired),
        ended=tuple(retired.values()),
        corrected=tuple(corrected),
        services=tuple(services),
        designated=designated_ground(services, resolution),
    )


def refined(
    lives: Sequence[tuple[AreaVersion, ...]], resolution: int
) -> tuple[tuple[AreaVersion, ...], ...]:
    """Return each version of each area on cells of one resolution."""
    return tuple(
        tuple(AreaVersion(refine(one.cells, resolution), one.since) for one in life)
        for life in lives
    )


def first_month(day: date) -> Month:
    """Return the first whole month that starts on or after a day."""
    own = Month(day.year, day.month)
    return own if day.day == 1 else own.plus(1)


def _lives(
    rows: Sequence[Mapping[str, Any]], cells: Sequence[frozenset[int]], file: Path
) -> tuple[list[tuple[AreaVersion, ...]], list[Period | None]]:
    """Read what `csa area export` says of areas in service: their days, and how they were drawn."""
    try:
        lives = [
            _versions(str(row.get("drawn") or ""), file, str(row["area_id"]))
            or (AreaVersion(own, first_month(date.fromisoformat(str(row["since"])))),)
            for row, own in zip(rows, cells, strict=True)
        ]
        periods = [
            Period(Month.parse(str(row["chosen_from"])), Month.parse(str(row["chosen_until"])))
            if row.get("chosen_from") and row.get("chosen_until")
            else None
            for row in rows
        ]
    except (ValueError, ParamError) as error:
        raise SourceError("chosen.service", path=file) from error
    for row, own, life in zip(rows, cells, lives, strict=True):
        if life[-1].cells != own:
            raise SourceError("chosen.drawn", path=file, area_id=row["area_id"])
    return lives, periods


def _versions(drawn: str, file: Path, area_id: str) -> tuple[AreaVersion, ...]:
    parts = [part.strip().partition(":") for part in drawn.split(";") if part.strip()]
    return tuple(
        AreaVersion(_cells(cells.strip(), file, area_id), Month.parse(since))
        for since, _, cells in parts
    )


def _rows(file: Path) -> list[Mapping[str, Any]]:
    try:
        text = read_text(file)
        rows = _of_json(text) if file.suffix.lower() in {".geojson", ".json"} else _of_csv(text)
    except FileNotFoundError as error:
        raise SourceError("chosen.absent", path=file) from error
    except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
        raise SourceError("chosen.unreadable", path=file) from error
    lacking = sorted({name for row in rows for name in ("area_id", "cells") if name not in row})
    if lacking:
        raise SourceError(
            "chosen.columns", path=file, lacking=", ".join(f"`{name}`" for name in lacking)
        )
    return rows


def _of_csv(text: str) -> list[Mapping[str, Any]]:
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    rows: list[Mapping[str, Any]] = list(reader)
    if reader.fieldnames and not rows:
        # A header alone: having no areas is a result, but only in a file of areas.
        return [] if {"area_id", "cells"} <= set(reader.fieldnames) else [dict.fromkeys(["_"])]
    if not reader.fieldnames:
        raise ValueError(text)
    return rows


def _of_json(text: str) -> list[Mapping[str, Any]]:
    features = parse_json(text)["features"]
    return [dict(feature["properties"]) for feature in features]


def _cells(given: Any, file: Path, area_id: str) -> frozenset[int]:
    listed = given.split() if isinstance(given, str) else given
    texts = listed if isinstance(listed, list) else [listed]
    if not texts or listed is None:
        raise SourceError("chosen.no_cells", path=file, area_id=area_id)
    for text in texts:
        if not (isinstance(text, str) and CELL_PATTERN.fullmatch(text)):
            raise SourceError("chosen.cell", path=file, area_id=area_id, given=text)
    return frozenset(int(text, 16) for text in texts)


def refuse_twice(ids: Sequence[str], cells: Sequence[frozenset[int]], file: Path) -> None:
    """Refuse two areas of a file with one id, or with a cell in common."""
    seen: dict[int, str] = {}
    for number, (area_id, area) in enumerate(zip(ids, to_finest_resolution(cells), strict=True)):
        if not area_id or area_id in ids[:number]:
            raise SourceError("chosen.area_id", path=file, area_id=area_id)
        shared = sorted(cell for cell in area if cell in seen)
        if shared:
            other, cell = seen[shared[0]], f"{shared[0]:015x}"
            raise SourceError("chosen.shared", path=file, area_id=area_id, other=other, cell=cell)
        seen |= dict.fromkeys(area, area_id)


def _period(rows: Sequence[Mapping[str, Any]], file: Path) -> Period | None:
    """Return the whole months that chose the areas, from the first to the last day counted."""
    if not rows:
        return None
    try:
        read = [
            (date.fromisoformat(str(row["first_day"])), date.fromisoformat(str(row["last_day"])))
            for row in rows
        ]
    except ValueError as error:
        raise SourceError("chosen.days", path=file) from error
    if any(last < first for first, last in read):
        raise SourceError("chosen.days", path=file)
    first, last = min(pair[0] for pair in read), max(pair[1] for pair in read)
    return Period(Month(first.year, first.month), Month(last.year, last.month).plus(1))


def _way(file: Path) -> tuple[bool | None, float | None]:
    """Read from the proposal beside the file, if there is one, how its areas were found."""
    try:
        params = parse_json(read_text(file.parent / PROPOSAL))["params"]
        suggested = params["suggested"]
        own = {name: params[name] for name in suggested}
        return own == suggested, float(params["max_area_km2"])
    except (OSError, ValueError, KeyError, TypeError):
        return None, None


def _kinds(rows: Sequence[Mapping[str, Any]], file: Path) -> tuple[str, ...]:
    """Return the kinds of incident that chose the areas: they are followed on the same kinds."""
    given = {str(row.get("kinds") or "") for row in rows}
    words = set(" ".join(given).split())
    if not words:
        return ()
    if len(given) > 1 or not words <= set(KINDS):
        raise SourceError("chosen.kinds", path=file, known=" ".join(KINDS))
    return tuple(kind for kind in KINDS if kind in words)
