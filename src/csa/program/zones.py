"""A program's own zones: entered, redrawn, ended; what they are followed by."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from csa.areas.window import is_in_period, month_index
from csa.base.arrays import Bools
from csa.base.errors import ParamError
from csa.base.message import Message, msg
from csa.base.params import Month, Period
from csa.city.dataset import Dataset
from csa.city.preregistration import SEALED, preregister
from csa.city.selection import AreaSelection
from csa.geo.cells import CellSet, as_text, bin_points, covered_share, finest, refine
from csa.geo.neighborhoods import is_inside
from csa.ingest.designation import Candidate
from csa.program.registry import Zone, followed, is_before
from csa.program.roles import Act, require
from csa.program.store.engine import Store
from csa.program.store.tables import ZONE_KINDS, ZoneRow, ZoneVersionRow
from csa.program.writing import clean_text, find, next_key, refuse_stale, require_choice

if TYPE_CHECKING:
    import pandas as pd

    from csa.base.statement import Statement
    from csa.geo.cells import ZoneCells

OVERLAP = 1 / 3
"""A zone that shares this much of its cells with candidates is judged as if counts chose it."""
MAX_NAME = 80
YEAR, HOMICIDE = 12, "homicide"
STEM = "z-"


def add_zone(  # noqa: PLR0913 - a zone's name, kind and days
    store: Store,
    act: Act,
    name: str,
    drawn: ZoneCells,
    *,
    kind: str = "other",
    starts_on: date | None = None,
    ends_on: date | None = None,
    by_counts: bool = True,
) -> str:
    """Enter a zone; return its id.

    An editor or a chair may. How it will be judged is locked where it is entered before the first
    month that counts; where it is not, it stays exploratory for ever.
    """
    require(act.person, "editor")
    reasons = clean_text("--why", act.signed.why, least=10)
    name = clean_text("name", name)
    if len(name) > MAX_NAME:
        raise ParamError("decide.text", name="name", least=1, most=MAX_NAME, given=len(name))
    require_choice("kind", kind, ZONE_KINDS)
    since = starts_on or act.on
    _refuse_days(since, ends_on)
    with store.writing(act.signed) as session:
        _refuse_same_name(session, name)
        key = next_key(session, ZoneRow, STEM)
        row = ZoneRow(key=key, name=name, kind=kind, starts_on=since, ends_on=ends_on)
        row.by_counts = by_counts
        session.add(row)
        session.flush()
        _add_version(session, key, act, reasons, drawn, since)
    return key


def redraw_zone(store: Store, act: Act, key: str, drawn: ZoneCells, starts_on: date) -> None:
    """Give a zone other polygons from a day on; those before stay for the months before."""
    require(act.person, "editor")
    reasons = clean_text("--why", act.signed.why, least=10)
    with store.writing(act.signed) as session:
        row = find(session, ZoneRow, key)
        rows = session.scalars(select(ZoneVersionRow).where(ZoneVersionRow.zone == key))
        last = max(version.starts_on for version in rows)
        if starts_on <= last:
            raise ParamError("zone.earlier", zone=row.name, day=starts_on, last=last)
        _refuse_days(starts_on, row.ends_on)
        _add_version(session, key, act, reasons, drawn, starts_on)


def end_zone(store: Store, act: Act, key: str, ends_on: date, *, seen: int | None = None) -> None:
    """Record a zone's last day; nothing of it is removed."""
    require(act.person, "editor")
    clean_text("--why", act.signed.why, least=10)
    with store.writing(act.signed) as session:
        row = find(session, ZoneRow, key)
        refuse_stale(session, row, seen)
        _refuse_days(row.starts_on, ends_on)
        row.ends_on = ends_on


def _refuse_days(starts_on: date, ends_on: date | None) -> None:
    if ends_on is not None and ends_on < starts_on:
        raise ParamError("zone.days", first=starts_on, last=ends_on)


def _refuse_same_name(session: Session, name: str) -> None:
    for row in session.scalars(select(ZoneRow)):
        if name.casefold() in {row.name.casefold(), row.key}:
            raise ParamError("zone.same_name", name=name, zone=row.key)


def _add_version(
    session: Session, key: str, act: Act, reasons: str, drawn: ZoneCells, starts_on: date
) -> None:
    import shapely  # noqa: PLC0415 - loads late

    cells = as_text(sorted(drawn.cells))
    evidence: dict[str, Any] = dict(drawn.evidence)
    if is_before(act.on, starts_on):
        evidence[SEALED] = preregister(cells, starts_on)
    version = ZoneVersionRow(
        key=next_key(session, ZoneVersionRow, f"{key}/"), zone=key, starts_on=starts_on
    )
    version.entered_on, version.by_office, version.reasons = act.on, act.person.office, reasons
    version.polygons, version.cells = json.loads(shapely.to_geojson(drawn.shape)), cells
    version.evidence = evidence
    session.add(version)


# ---- How a zone is followed.


def follow_zone(zone: Zone, candidates: CellSet, months: int) -> AreaSelection:
    """Return a zone as it is followed, and whether counts are taken to have chosen it.

    They are not where its form says that shootings played no part in drawing it, and less than a
    third of its cells lie in the candidates of its first month.

    Parameters
    ----------
    zone
        The zone.
    candidates
        The cells of all candidate areas found from the months before its first.
    months
        How many months those candidates were found from.

    Returns
    -------
    AreaSelection
        The one zone, since its own first month.
    """
    is_drawn = not zone.by_counts and covered_share(candidates, zone.cell_history[0][1]) < OVERLAP
    period = None if is_drawn else Period.before(zone.versions[0].since, months)
    chosen = followed([replace(zone, chosen_from=period)])
    assert chosen is not None  # noqa: S101 - of one zone
    return replace(chosen, is_drawn=is_drawn, is_exploratory=not zone.is_sealed)


@dataclass(frozen=True)
class ZoneCounts:
    """What a zone's own polygons hold, whatever cells stand for them."""

    period: Period  # the last 12 months, or as many of them as the data cover
    incidents: int  # in the period
    homicides: int  # of them
    since: int  # incidents since its first counted month
    by_cells: int  # in the period, in the cells that stand for it


def count_zone(dataset: Dataset, zone: Zone, until: Month, kinds: Sequence[str]) -> ZoneCounts:
    """Count a zone by its polygons, each month by those of then; points on a border are inside."""
    covered = dataset.require_months()
    until = min(until, covered.until)
    period = Period(max(covered.start, until.plus(-YEAR)), until)
    every = dataset.incidents
    now, inside = is_in_period(every, period, tuple(kinds)), is_inside_zone(every, zone)
    first = max(covered.start, zone.versions[0].since)
    served = Period(first, until) if first < until else None
    size = finest([cells for _, cells in zone.cell_history])
    recent = every[now]
    binned = bin_points(recent["lon"], recent["lat"], size)
    cells = ((one.since, sorted(refine(one.cells, size))) for one in zone.versions)
    in_cells = _by_month(recent, [(since, np.isin(binned, own)) for since, own in cells])
    return ZoneCounts(
        period,
        int((now & inside).sum()),
        int((now & inside & (every["kind"] == HOMICIDE)).sum()),
        0 if served is None else int((is_in_period(every, served, tuple(kinds)) & inside).sum()),
        int(in_cells.sum()),
    )


def is_inside_zone(incidents: pd.DataFrame, zone: Zone) -> Bools:
    """Return which incidents are inside the boundary that a zone had in their month: (n,)."""
    return _by_month(
        incidents,
        [
            (since, is_inside(incidents["lon"], incidents["lat"], shape).to_numpy())
            for since, shape in zone.boundaries
        ],
    )


def _by_month(incidents: pd.DataFrame, versions: Sequence[tuple[Month, Bools]]) -> Bools:
    """Take each incident by the version of its month; before the first, by the first."""
    month, found = month_index(incidents["occurred_at"]), versions[0][1]
    for since, is_there in versions[1:]:
        found = np.where(month >= since.index, is_there, found)
    return found


def describe_boundary(
    dataset: Dataset, zone: Zone, findings: Sequence[Statement], kinds: Sequence[str]
) -> list[Message]:
    """Return how many its exact boundary had, where findings on its blocks have other numbers."""
    incidents, said = dataset.incidents, []
    inside = is_inside_zone(incidents, zone)
    for one in findings:
        n = int((inside & is_in_period(incidents, one.period, tuple(kinds))).sum())
        if n != one.value:
            said.append(msg("zone.by_boundary", n=n, blocks=int(one.value or 0)))
    return said


def zone_candidate(zone: Zone, on: date, months: int) -> Candidate:
    """Return a zone as what can be designated on a day: its cells, and which zone it was.

    It is taken to have been chosen by the months before that day, whatever its form said: who
    designates it knows them.
    """
    evidence = {name: value for name, value in zone.evidence.items() if name != SEALED}
    known = Period.before(Month(on.year, on.month), months)
    params = {"start": str(known.start), "until": str(known.until)}
    cells = tuple(as_text(sorted(zone.cells)))
    return Candidate(
        zone.key, zone.place_name, cells, {"zone": zone.key, "params": params, **evidence}
    )


def zone_rows(zones: Sequence[Zone]) -> list[dict[str, Any]]:
    """Return zones as machine-readable rows."""
    return [
        {
            "area_id": zone.key,
            "place_name": zone.place_name,
            "kind": zone.kind,
            "since": zone.since.isoformat(),
            "ended": None if zone.ended is None else zone.ended.isoformat(),
            "by_counts": zone.by_counts,
            "is_sealed": zone.is_sealed,
            "versions": len(zone.cell_history),
            "cells": as_text(sorted(zone.cells)),
            **{name: value for name, value in zone.evidence.items() if name != SEALED},
        }
        for zone in zones
    ]


def zones_geojson(zones: Sequence[Zone], months: int) -> dict[str, Any]:
    """Return zones as drawn, with their cells, as `csa.city.selection.read_areas` reads them.

    Each is taken to have been chosen by the months before its first, or before it was entered:
    only `follow_zone`, which knows the candidates, can leave that out.
    """
    features = [
        {
            "type": "Feature",
            "properties": row
            | {
                "cells": " ".join(row["cells"]),
                "chosen_from": str(_known_until(zone).plus(-months)),
                "chosen_until": str(_known_until(zone)),
                "drawn": "; ".join(
                    f"{version.since}: {' '.join(as_text(sorted(version.cells)))}"
                    for version in zone.versions
                ),
            },
            "geometry": dict(zone.drawn[-1]),
        }
        for zone, row in zip(zones, zone_rows(zones), strict=True)
    ]
    return {"type": "FeatureCollection", "features": features}


def _known_until(zone: Zone) -> Month:
    """Return the first month that cannot have helped to draw a zone."""
    since, entered = zone.versions[0].since, zone.entered[0]
    return since if zone.is_sealed else max(since, Month(entered.year, entered.month)).plus(1)
