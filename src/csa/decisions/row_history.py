"""A row's history, from its entries in the trail: what set which value when."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from sqlalchemy import select
from sqlalchemy.orm import Session

from csa.decisions.store.audit import as_text
from csa.decisions.store.replay import corrected
from csa.decisions.store.rows import Audited
from csa.decisions.store.tables import CorrectionRow
from csa.decisions.store.trail import entries
from csa.plan import NEED_REASON

ByEntry: TypeAlias = Mapping[int, Mapping[str, Any]]
"""Values, by the trail's entry that they are right for."""


@dataclass(frozen=True)
class RowHistory:
    """A row with its entries in the trail, as corrected so far."""

    row: Audited
    entries: Sequence[Mapping[str, Any]]

    @classmethod
    def of(cls, session: Session, row: Audited) -> RowHistory:
        """Read a row's history."""
        session.flush()
        rows = session.scalars(select(CorrectionRow).where(CorrectionRow.subject == row.item))
        in_order = sorted(rows, key=lambda one: int(one.key.rpartition("/")[2]))
        return cls(row, corrected(entries(session.connection(), row.item), in_order))

    def entry_of(self, name: str) -> int:
        """Return the last entry that set a value."""
        return max(int(one["id"]) for one in self.entries if name in json.loads(one["new"]))

    def at(self, entry: int) -> dict[str, Any]:
        """Return the row's values after an entry."""
        values = dict[str, Any]()
        for one in self.entries:
            if one["id"] <= entry:
                values |= json.loads(one["new"])
        return values

    def righted(self, by_entry: ByEntry) -> RowHistory:
        """Return the same with some entries as they should have been."""
        told = [
            {**one, "new": as_text({**json.loads(one["new"]), **by_entry.get(one["id"], {})})}
            for one in self.entries
        ]
        return replace(self, entries=told)

    def with_held(self, by_entry: ByEntry) -> ByEntry:
        """Add the entries at which a value was the same anew: there it stays as it was."""
        kept = {entry: dict(values) for entry, values in by_entry.items()}
        for entry, values in by_entry.items():
            for name in values:
                later = self._held_by(name, entry)
                if later is not None:
                    kept.setdefault(later, {}).setdefault(name, self.at(later)[name])
        return kept

    def _held_by(self, name: str, entry: int) -> int | None:
        """Return a later entry that had this value anew, and wrote nothing as it was the same."""
        for one in self.entries:
            new = json.loads(one["new"])
            if one["id"] > entry and (name in new or _is_anew(name, new)):
                return None if name in new else int(one["id"])
        return None

    def is_last(self, name: str, entry: int) -> bool:
        """Check whether no later entry set a value again."""
        return all(one["id"] <= entry for one in self.entries if name in json.loads(one["new"]))


def _is_anew(name: str, new: Mapping[str, Any]) -> bool:
    """Check whether an entry settles a value by another: a step its day, a status its reason."""
    if name == "since":
        return "state" in new
    status = new.get("status")
    is_settled = status is not None and status not in NEED_REASON
    return (name == "reason" and is_settled) or (name == "percent" and status == "done")
