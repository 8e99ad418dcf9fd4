"""Steps of a core service area: candidate, designated, maintenance, retired; its work begins."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from itertools import count
from re import compile as pattern
from types import MappingProxyType
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from csa.areas.places import letter
from csa.base.errors import ParamError
from csa.city.preregistration import SEALED, Verdict, preregister
from csa.geo.cells import (
    HALF,
    CellSet,
    as_text,
    covered_share,
    n_shared_cells,
    to_finest_resolution,
)
from csa.ingest.designation import Candidate
from csa.program.roles import Act, require_area_chair
from csa.program.store.engine import Store
from csa.program.store.tables import (
    ACTIVE,
    CANDIDATE,
    DESIGNATED,
    MAINTENANCE,
    REDRAWN,
    RETIRED,
    AreaRow,
    BaselineRow,
    StepRow,
)
from csa.program.writing import clean_text, find, next_key, refuse_stale

ALLOWED: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "": frozenset({CANDIDATE, DESIGNATED}),
        CANDIDATE: frozenset({CANDIDATE, DESIGNATED, RETIRED}),
        DESIGNATED: frozenset({MAINTENANCE, RETIRED}),
        MAINTENANCE: frozenset({DESIGNATED, RETIRED}),
        RETIRED: frozenset({CANDIDATE, DESIGNATED}),
    }
)
LETTERS = pattern("[A-Z]{1,3}")
"""An area's key. A file's own is taken while no area has it, so that an export comes back whole."""
FEWER_NEAR = frozenset({Verdict.FEWER, Verdict.FEWER_WIDE, Verdict.FEWER_FEWER_NEXT})
"""Verdicts that exclude that all of a fall moved within 750 m."""
MOVED = frozenset({Verdict.FEWER_MOVED, Verdict.FEWER_MOVED_ON, Verdict.FEWER_MOVED_FAR})
"""Verdicts of more at some distance: on none of them an area goes to maintenance."""


@contextmanager
def _deciding(store: Store, act: Act) -> Iterator[tuple[Session, str]]:
    """Open the store to a decision of the areas' chair; yield its reasons too."""
    require_area_chair(act.person)
    reasons = clean_text("--why", act.signed.why, least=10)
    with store.writing(act.signed) as session:
        yield session, reasons


def designate(
    store: Store,
    act: Act,
    candidate: Candidate,
    state: str = DESIGNATED,
    *,
    seen: int | None = None,
) -> str:
    """Make a candidate a core service area, or note it as a candidate.

    One that holds at least half of the ground of an area decided on before is that place: it keeps
    its letter, and the new cells are recorded beside the old. If that is designated already, it can
    be redrawn, and is never designated again.
    """
    with _deciding(store, act) as (session, reasons):
        now = _cells_now(session)
        _refuse_again(session, now, candidate)
        same = _same_place(now, _ground(candidate))
        _refuse_shared(session, now, candidate, same)
        row = None if same is None else session.get(AreaRow, same)
        refuse_stale(session, row, seen)
        wanted = candidate.area_id
        is_free = LETTERS.fullmatch(wanted) is not None and wanted not in now
        key: str = same or (wanted if is_free else next_letter(now))
        before = "" if row is None else row.state
        _refuse_step(key, before, state)
        _refuse_earlier(row, act)
        if row is None:
            name = _free_name(session, candidate.place_name)
            row = AreaRow(key=key, place_name=name, state=state, since=act.on)
            session.add(row)
        if before == RETIRED:
            row.execution_on = None  # a new service: its work begins anew, with a new baseline
        row.state, row.since = state, act.on
        session.flush()
        evidence = dict(candidate.evidence)
        if state == DESIGNATED:
            evidence[SEALED] = _seal(candidate, act)
        _add_step(session, row, act, reasons, evidence, list(candidate.cells))
    return key


def add_evidence(store: Store, act: Act, key: str, candidate: Candidate) -> None:
    """Add what was worked out after a decision to the step that gave an area these cells."""
    require_area_chair(act.person)
    with store.writing(act.signed) as session:
        rows = session.scalars(select(StepRow).where(StepRow.area == key))
        steps = [row for row in rows if row.cells == list(candidate.cells)]
        if not steps:
            raise ParamError("decide.other_cells", area=key)
        step = max(steps, key=lambda row: int(row.key.rpartition("/")[2]))
        step.evidence = {**candidate.evidence, **step.evidence}


def _seal(candidate: Candidate, act: Act) -> dict[str, Any]:
    """Close how the area will be judged: by the kinds that chose it, from this day on."""
    kinds = candidate.evidence.get("params", {}).get("kinds", ())
    return preregister(candidate.cells, act.on, kinds)


def redraw(
    store: Store,
    act: Act,
    key: str,
    drawn: Sequence[Candidate],
    *,
    seen: CellSet | None = None,
) -> None:
    """Give an area in service other cells from a day on; its letter, name and day are kept.

    Of several drawn areas, it becomes the one that shares most of its ground. `seen` is its ground
    as the person saw it: of two who redraw at once, the second is refused.
    """
    with _deciding(store, act) as (session, reasons):
        find(session, AreaRow, key)
        now = _cells_now(session)[key]
        best = max(drawn, key=lambda one: n_shared_cells(now, _ground(one)), default=None)
        if best is None:
            raise ParamError("decide.no_shared", area=key)
        _redraw(session, act, key, best, reasons, seen)


def split(store: Store, act: Act, key: str, parts: Sequence[Candidate]) -> tuple[str, ...]:
    """Split an area in service: the largest part keeps its letter, the others get new ones."""
    with _deciding(store, act) as (session, reasons):
        find(session, AreaRow, key)
        now = _cells_now(session)
        if len(parts) < 2:
            raise ParamError("decide.one_part", area=key, n=len(parts))
        for part in parts:
            if not n_shared_cells(now[key], _ground(part)):
                raise ParamError("decide.not_a_part", area=key, place=part.place_name)
        largest = max(parts, key=lambda part: n_shared_cells(now[key], _ground(part)))
        row = _redraw(session, act, key, largest, reasons, None)
        letters = [key]
        for part in parts:
            if part is largest:
                continue
            now = _cells_now(session)
            _refuse_shared(session, now, part, None)
            letters.append(next_letter(now))
            new = AreaRow(
                key=letters[-1],
                place_name=_free_name(session, part.place_name),
                state=row.state,
                since=act.on,
            )
            session.add(new)
            session.flush()
            evidence = {**part.evidence, "split_from": key, SEALED: _seal(part, act)}
            _add_step(session, new, act, reasons, evidence, list(part.cells))
    return tuple(letters)


def merge(store: Store, act: Act, key: str, other: str) -> None:
    """Merge an area in service into another: one keeps its letter, the other's service ends."""
    with _deciding(store, act) as (session, reasons):
        find(session, AreaRow, key)
        row = find(session, AreaRow, other)
        if key == other:
            raise ParamError("decide.merge_self", area=key)
        _refuse_unserved(row)
        _refuse_earlier(row, act)
        now = _cells_now(session)
        row.state, row.since = RETIRED, act.on
        cells = as_text(sorted(now[other]))
        _add_step(session, row, act, reasons, {"merged_into": key}, cells)
        session.flush()
        whole = frozenset().union(*to_finest_resolution((now[key], now[other])))
        both = Candidate(key, "", tuple(as_text(sorted(whole))), {"merged_from": other})
        _redraw(session, act, key, both, reasons, None)


def _redraw(
    session: Session,
    act: Act,
    key: str,
    candidate: Candidate,
    reasons: str,
    seen: CellSet | None,
) -> AreaRow:
    row = find(session, AreaRow, key)
    _refuse_unserved(row)
    now, wanted = _cells_now(session), _ground(candidate)
    if seen is not None and seen != now[key]:
        raise ParamError("decide.redrawn_since", area=key)
    if wanted == now[key]:
        raise ParamError("decide.same_cells", area=key)
    if not n_shared_cells(now[key], wanted):
        raise ParamError("decide.no_shared", area=key)
    _refuse_shared(session, now, candidate, key)
    _refuse_earlier(row, act)
    evidence = {**candidate.evidence, REDRAWN: True, SEALED: _seal(candidate, act)}
    _add_step(session, row, act, reasons, evidence, list(candidate.cells))
    session.flush()
    return row


def _refuse_unserved(row: AreaRow) -> None:
    if row.state not in ACTIVE:
        raise ParamError("decide.not_served", area=row.key, state=row.state)


def _refuse_again(session: Session, now: Mapping[str, CellSet], candidate: Candidate) -> None:
    """Refuse to designate what is a designated area already: its day and years would be lost."""
    keys = session.scalars(select(AreaRow.key).where(AreaRow.state == DESIGNATED))
    same = _same_place({key: now[key] for key in keys}, _ground(candidate))
    if same is not None:
        raise ParamError("decide.is_area", place=candidate.place_name, area=same)


def _cells_now(session: Session) -> dict[str, CellSet]:
    """Return each area's cells as they are now: those of its last step."""
    steps = session.scalars(select(StepRow))
    in_order = sorted(steps, key=lambda row: int(row.key.rpartition("/")[2]))
    return {row.area: frozenset(int(cell, 16) for cell in row.cells) for row in in_order}


def _same_place(now: Mapping[str, CellSet], wanted: CellSet) -> str | None:
    """Return the area whose ground a candidate holds at least half of, and most of."""
    held = {key: covered_share(wanted, kept) for key, kept in now.items()}
    best = max(held, key=lambda key: (held[key], key), default=None)
    return best if best is not None and held[best] >= HALF else None


def _refuse_shared(
    session: Session, now: Mapping[str, CellSet], candidate: Candidate, same: str | None
) -> None:
    """Refuse a cell that two served areas would have: an incident would count twice."""
    served = session.scalars(select(AreaRow.key).where(AreaRow.state.in_(sorted(ACTIVE))))
    for key in served:
        one, other = to_finest_resolution((now[key], _ground(candidate)))
        n = len(one & other)
        if key != same and n:
            raise ParamError("decide.shared", area_id=candidate.area_id, other=key, n=n)


def _ground(candidate: Candidate) -> CellSet:
    return frozenset(int(cell, 16) for cell in candidate.cells)


def _free_name(session: Session, name: str) -> str:
    """Return a name that no other area in service has: one name is never two places."""
    taken = set(session.scalars(select(AreaRow.place_name).where(AreaRow.state.in_(ACTIVE))))
    names = (name if number == 1 else f"{name} {number}" for number in count(1))
    return next(one for one in names if one not in taken)


def next_letter(used: Collection[str]) -> str:
    """Return the first letter that no area ever had."""
    return next(name for name in map(letter, count()) if name not in used)


def _refuse_step(key: str, before: str, state: str) -> None:
    if state not in ALLOWED[before]:
        raise ParamError("decide.step", area=key, before=before, state=state)


def _refuse_earlier(row: AreaRow | None, act: Act) -> None:
    """Refuse a step dated before the last one: the steps show what was served when."""
    if row is not None and act.on < row.since:
        raise ParamError("decide.earlier", area=row.key, day=act.on, since=row.since)


def _add_step(
    session: Session,
    row: AreaRow,
    act: Act,
    reasons: str,
    evidence: dict[str, Any],
    cells: list[str],
) -> None:
    key = next_key(session, StepRow, f"{row.key}/")
    step = StepRow(key=key, area=row.key, state=row.state, on_date=act.on, reasons=reasons)
    step.by_office, step.evidence, step.cells = act.person.office, evidence, cells
    session.add(step)


def may_leave(verdict: str, together: str) -> bool:
    """Return whether an area may go to maintenance, by its verdict and that of all areas.

    It has fewer, it or all areas together have fewer within 750 m, and no more elsewhere is told.
    A single area alone seldom has enough shootings to show the second.
    """
    is_fewer = verdict in {*FEWER_NEAR, Verdict.FEWER_UNKNOWN}
    return is_fewer and not FEWER_NEAR.isdisjoint({verdict, together}) and together not in MOVED


def maintain(
    store: Store, act: Act, key: str, told: Mapping[str, Any], *, seen: int | None = None
) -> None:
    """Move an area to maintenance, if its shootings fell by more than chance explains."""
    require_area_chair(act.person)
    verdict, together = (str(told.get(name, "")) for name in ("verdict", "together"))
    if not may_leave(verdict, together):
        raise ParamError("decide.not_fewer", area=key, verdict=verdict, together=together)
    _step(store, act, key, MAINTENANCE, told, seen)


def _refuse_other_evidence(row: AreaRow, cells: Sequence[str], told: Mapping[str, Any]) -> None:
    """Refuse a verdict on other cells, or on a drop before the area was served."""
    if sorted(told.get("cells", ())) != sorted(cells):
        raise ParamError("decide.other_cells", area=row.key)
    if str(told.get("since", "")) < row.since.isoformat()[:7]:
        since = told.get("since", "no month")
        raise ParamError("decide.before", area=row.key, since=since, day=row.since)


def retire(store: Store, act: Act, key: str, *, seen: int | None = None) -> None:
    """End the service in an area, or drop a candidate."""
    _step(store, act, key, RETIRED, {}, seen)


def _step(
    store: Store, act: Act, key: str, state: str, evidence: Mapping[str, Any], seen: int | None
) -> None:
    with _deciding(store, act) as (session, reasons):
        row = find(session, AreaRow, key, seen)
        _refuse_step(key, row.state, state)
        _refuse_earlier(row, act)
        cells = as_text(sorted(_cells_now(session)[key]))
        if state == MAINTENANCE:
            _refuse_other_evidence(row, cells, evidence)
        row.state, row.since = state, act.on
        _add_step(session, row, act, reasons, dict(evidence), cells)


def begin_work(store: Store, act: Act, key: str, on: date, values: Mapping[str, Any]) -> None:
    """Record the day on which work in an area begins, and its measures on that day."""
    require_area_chair(act.person)
    if on > act.on:
        raise ParamError("decide.ahead", day=on, today=act.on)
    with store.writing(act.signed) as session:
        row = find(session, AreaRow, key)
        if row.state != DESIGNATED:
            raise ParamError("decide.step", area=key, before=row.state, state="begun")
        if on < row.since:
            raise ParamError("decide.begins_before", area=key, day=on, since=row.since)
        if row.execution_on is not None:
            raise ParamError("decide.begun", area=key, day=row.execution_on)
        row.execution_on = on
        number = next_key(session, BaselineRow, f"{key}/")
        session.add(BaselineRow(key=number, area=key, on_date=on, values=dict(values)))
