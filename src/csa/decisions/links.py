"""What waits for what: links added to the plan's own, or removed from them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from csa.base.errors import ParamError
from csa.decisions.roles import Act, require_chair
from csa.decisions.store import Store
from csa.decisions.store.records import links_of
from csa.decisions.store.tables import LinkRow
from csa.decisions.writing import refuse_stale
from csa.plan import Plan, waits_for


def set_link(
    store: Store,
    plan: Plan,
    act: Act,
    link: tuple[str, str, str],
    *,
    is_removed: bool = False,
    seen: int | None = None,
) -> None:
    """Record that one action waits for another, or remove such a link."""
    action, needs, source = link
    plan.action(action)
    plan.strategy_of(needs)  # a goal cannot be waited for
    for number in (needs, source):
        plan.goal_of(number)
        if number.count(".") >= 2:
            plan.action(number)
        elif number.count(".") == 1:
            plan.strategy_of(number)
    if action == needs:
        raise ParamError("decide.self_link", number=action)
    require_chair(act.person, plan, action)
    key = f"{action}<-{needs}"
    with store.writing(act.signed) as session:
        row = session.get(LinkRow, key)
        refuse_stale(session, row, seen)
        if row is None:
            row = LinkRow(key=key, action=action, needs=needs, source=source)
            session.add(row)
        row.source, row.is_removed = source, is_removed
        session.flush()
        _refuse_circle(plan, session.scalars(select(LinkRow)).all(), action)


def _refuse_circle(plan: Plan, rows: Sequence[LinkRow], action: str) -> None:
    """Refuse a link by which an action would wait for itself, directly or through others."""
    waits = waits_for(plan, links_of(plan, rows))
    behind, newest = set[str](), waits[action]
    while newest - behind:
        behind |= newest
        newest = {further for number in newest for further in waits.get(number, ())}
    if action in behind:
        raise ParamError("decide.circle", number=action)
