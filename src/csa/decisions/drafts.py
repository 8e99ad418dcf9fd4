"""Drafts, which survive a reload: they decide nothing and are not in the trail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from csa.base.clock import now_utc
from csa.decisions.roles import Person, require
from csa.decisions.store import Signed, Store
from csa.decisions.store.audit import AT_UTC
from csa.decisions.store.tables import DraftRow

DRAFT = "draft"


def keep_draft(store: Store, owner: Person, page: str, values: Mapping[str, Any]) -> None:
    """Store a draft; delete an empty one."""
    require(owner, "member")
    key, now = _key(owner, page), now_utc()
    with store.writing(Signed(owner.office, DRAFT, now)) as session:
        row = session.get(DraftRow, key)
        if not values:
            if row is not None:
                session.delete(row)
            return
        session.merge(DraftRow(key=key, values=dict(values), at_utc=now.strftime(AT_UTC)))


def draft_of(store: Store | None, owner: Person, page: str) -> dict[str, Any]:
    """Return a stored draft."""
    if store is None:
        return {}
    with store.reading() as session:
        row = session.get(DraftRow, _key(owner, page))
        return {} if row is None else dict(row.values)


def _key(owner: Person, page: str) -> str:
    return f"{page}/{owner.desk}"
