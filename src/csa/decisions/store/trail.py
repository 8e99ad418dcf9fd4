"""Reading the trail: its entries, and whether it is intact.

`verify` walks the chain, then replays it: a row that was changed without the trail, or a trail cut
short, shows as a row that differs from its last entry.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from csa.decisions.store.audit import GENESIS, STORE_ITEM, Head, as_text, chained, values_of
from csa.decisions.store.guard import is_guarded
from csa.decisions.store.rows import Audit, Audited
from csa.decisions.store.tables import AUDITED

LEAST_SIGNS = 12
"""Characters of a hash: fewer are not enough to compare."""


@dataclass(frozen=True)
class Verified:
    """What a walk along the trail found."""

    head: Head  # its end
    broken_at: int | None  # number of the first entry that does not follow from the one before
    strange: tuple[str, ...]  # items whose rows differ from their entries
    is_guarded: bool = True  # whether the database still refuses any change of the trail

    @property
    def is_whole(self) -> bool:
        """Whether nothing was changed outside the trail."""
        return self.broken_at is None and not self.strange and self.is_guarded


def entries(connection: Connection, item: str | None = None) -> list[dict[str, Any]]:
    """List the trail."""
    wanted = select(Audit.__table__).order_by(Audit.id)
    if item is not None:
        wanted = wanted.where(Audit.item == item)
    return [dict(entry) for entry in connection.execute(wanted).mappings()]


def entries_of(connection: Connection, items: Collection[str]) -> list[dict[str, Any]]:
    """List the trail's entries about some items, in one query: the trail may be long."""
    wanted = select(Audit.__table__).where(Audit.item.in_(sorted(items))).order_by(Audit.id)
    return [dict(entry) for entry in connection.execute(wanted).mappings()]


def find_head(connection: Connection, given: str) -> int | None:
    """Return the entry that has a hash, so that a printed head can be checked later."""
    wanted = given.strip().lower()
    if len(wanted) < LEAST_SIGNS:
        return None
    if GENESIS.startswith(wanted):
        return 0
    starts = Audit.hash.startswith(wanted, autoescape=True)
    found: int | None = connection.execute(select(Audit.id).where(starts)).scalar()
    return found


def verify(session: Session) -> Verified:
    """Walk the chain from its beginning, then compare each row with its last entry."""
    before, n, told = GENESIS, 0, dict[str, dict[str, Any]]()
    for values in entries(session.connection()):
        n += 1
        if values["id"] != n or values["hash"] != chained(before, values):
            return Verified(Head(n - 1, before), n, ())
        before = values["hash"]
        if values["item"] != STORE_ITEM:
            told.setdefault(values["item"], {}).update(json.loads(values["new"]))
    strange = tuple(sorted(_strange(session, told)))
    return Verified(Head(n, before), None, strange, is_guarded(session.connection()))


def _strange(session: Session, told: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    kept, unreadable = dict[str, dict[str, Any]](), list[str]()
    for table in AUDITED:
        try:
            kept |= {row.item: json.loads(as_text(values_of(row))) for row in _rows(session, table)}
        except (TypeError, ValueError):  # not a date or JSON: it was not written by this program
            unreadable.append(f"table {table.__tablename__}")
    yield from unreadable
    for item in told.keys() | kept.keys():
        said, is_now = told.get(item), kept.get(item)
        if said is None or is_now is None or any(is_now.get(name) != said[name] for name in said):
            yield item


def _rows(session: Session, table: type[Audited]) -> Iterable[Audited]:
    return session.scalars(select(table))
