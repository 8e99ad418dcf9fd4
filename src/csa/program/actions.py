"""Changes of the plan's actions: their state, what is proposed, what waits for what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from csa.base.errors import ParamError
from csa.base.params import parse_day
from csa.program.plan.calendar import NEED_REASON, ActionState, waits_for
from csa.program.plan.items import Plan
from csa.program.roles import (
    Act,
    require_action,
    require_chair,
    require_committee,
    require_team_chair,
)
from csa.program.store.engine import Store
from csa.program.store.records import APPROVED, item_links, latest_titles, to_action_state
from csa.program.store.tables import ActionRow, AreaRow, ChangeRow, LinkRow
from csa.program.writing import clean_text, find, next_key, refuse_stale

PROPOSED, CHAIR_APPROVED, REFUSED = "proposed", "chair-approved", "refused"
CHANGEABLE = ("title", "office", "coordinator", "start", "due")
"""What a proposed revision of the plan may change; an action's state is reported directly."""
MAX_TITLE = 160


def set_action(
    store: Store,
    plan: Plan,
    act: Act,
    number: str,
    changes: Mapping[str, Any],
    seen: int | None = None,
) -> ActionState:
    """Set the state of an action; values that are not given stay as they are."""
    plan.action(number)
    require_action(act.person, plan, number)
    with store.writing(act.signed) as session:
        row = session.get(ActionRow, number)
        refuse_stale(session, row, seen)
        before = ActionState(number) if row is None else to_action_state(row)
        now = changed(before, changes, act.signed.why, act.on)
        if _is_unwritten(session, plan, number):
            raise ParamError("decide.open_slot", number=number)
        require_areas(session, now)
        values = {name: value for name, value in asdict(now).items() if name != "number"}
        values["areas"] = list(now.areas)
        if row is None:
            session.add(ActionRow(key=number, **values))
        else:
            row.updated_on = now.updated_on  # even where nothing else changes: it was confirmed
            for name, value in values.items():
                if getattr(row, name) != value:
                    setattr(row, name, value)
    return now


def changed(before: ActionState, changes: Mapping[str, Any], why: str, today: date) -> ActionState:
    """Return a state after a change: what `set_action` would write."""
    wanted = dict(changes)
    status = wanted.get("status", before.status)
    if status in NEED_REASON and not wanted.get("reason", ""):
        # The reason of the change is the reason of the state, unless another is given.
        wanted["reason"] = why.strip() if {"status", "reason"} & set(changes) else before.reason
    if status not in NEED_REASON:
        if wanted.get("reason"):
            raise ParamError("decide.no_reason", number=before.number, status=status)
        wanted["reason"] = ""
    if status == "done" and wanted.get("percent") is None:
        wanted["percent"] = 100
    # A report on an earlier day does not make the state older.
    return replace(before, **wanted, updated_on=max(today, before.updated_on or today))


def _is_unwritten(session: Session, plan: Plan, number: str) -> bool:
    titles = latest_titles(session.scalars(select(ChangeRow)))
    return plan.action(number).is_open and number not in titles


def require_areas(session: Session, state: ActionState) -> None:
    """Refuse areas that nobody decided on."""
    known = set(session.scalars(select(AreaRow.key)))
    strange = sorted(set(state.areas) - known)
    if strange:
        raise ParamError(
            "decide.no_area", areas=", ".join(strange), known=", ".join(sorted(known)) or "none"
        )


def propose_change(
    store: Store, plan: Plan, act: Act, number: str, values: Mapping[str, str]
) -> str:
    """Propose an action for an open slot, or a revision of one."""
    plan.action(number)
    require_action(act.person, plan, number)
    strange = sorted(set(values) - set(CHANGEABLE))
    if strange or not values:
        raise ParamError("decide.changeable", given=", ".join(strange), known=", ".join(CHANGEABLE))
    wanted = {name: clean_text(name, text) for name, text in values.items()}
    if len(wanted.get("title", "")) > MAX_TITLE:
        raise ParamError("decide.title", most=MAX_TITLE)
    _as_state(number, wanted)
    with store.writing(act.signed) as session:
        # An office or a date of an action that is not written yet could become late.
        if _is_unwritten(session, plan, number) and "title" not in wanted:
            raise ParamError("decide.slot_title", number=number)
        key = next_key(session, ChangeRow, "change-")
        row = ChangeRow(key=key, action=number, values=wanted, state=PROPOSED)
        row.by_office, row.team = act.person.office, plan.team_of(number).id
        row.proposed_on = act.on
        session.add(row)
    return key


def _as_state(number: str, values: Mapping[str, str]) -> dict[str, Any]:
    """Return what a proposal changes of an action's state; refuse invalid dates."""
    found: dict[str, Any] = {}
    for name, text in values.items():
        if name in {"start", "due"}:
            found[name] = parse_day(text, name)
        elif name != "title":
            found[name] = text
    ActionState(number, **found)
    return found


def answer_change(
    store: Store, plan: Plan, act: Act, key: str, *, is_approved: bool, seen: int | None = None
) -> str:
    """Approve or refuse a proposal: the team's chair first, then the Committee."""
    with store.writing(act.signed) as session:
        row = find(session, ChangeRow, key, seen)
        if row.state not in (PROPOSED, CHAIR_APPROVED):
            raise ParamError("decide.answered", key=key, state=row.state)
        if row.state == CHAIR_APPROVED:
            require_committee(act.person)
        else:
            require_team_chair(act.person, plan, row.action)
        next_state = APPROVED if row.state == CHAIR_APPROVED else CHAIR_APPROVED
        row.state = next_state if is_approved else REFUSED
        if row.state == APPROVED:
            _carry_out(session, row)
        return row.state


def _carry_out(session: Session, change: ChangeRow) -> None:
    """Write the office and dates of an approved proposal into the action."""
    found = _as_state(change.action, change.values)
    if not found:
        return
    row = session.get(ActionRow, change.action)
    before = ActionState(change.action) if row is None else to_action_state(row)
    # Approving a plan does not report progress: a stale action stays stale.
    now = replace(before, **found)
    if row is None:
        values = {name: value for name, value in asdict(now).items() if name != "number"}
        session.add(ActionRow(key=change.action, **values | {"areas": list(now.areas)}))
        return
    for name in found:
        setattr(row, name, getattr(now, name))


# ---- What waits for what: links added to the plan's own, or removed from them.


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
    waits = waits_for(plan, item_links(plan, rows))
    behind, newest = set[str](), waits[action]
    while newest - behind:
        behind |= newest
        newest = {further for number in newest for further in waits.get(number, ())}
    if action in behind:
        raise ParamError("decide.circle", number=action)
