"""Edits of the plan in progress: kept in the session, and as a draft, until they are saved.

An edit remembers the revision that was on screen when it began. If someone else has written
since, the later writer sees what changed, and keeps their own text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from csa.base.errors import ConflictError, CsaError, StoreError
from csa.base.text import render, tr
from csa.program.actions import set_action
from csa.program.plan.calendar import STATUSES
from csa.program.plan.items import Plan
from csa.program.roles import Person
from csa.program.work import load_draft, save_draft
from csa.reports.briefing.lines import ActionLine
from csa_app.shared import cache_store
from csa_app.shared.city_session import CitySession
from csa_app.shared.person import THIS_MACHINE, sign
from csa_app.shared.plan_words import FIELDS, Edit, parse_status

PAGE = "plan"
EDITS = "plan edits not saved"
FAILED = "plan edits refused"
SAID = "what saving the plan said"
DRAFT_AT = "draft of the plan that was found"
NO_DRAFT = "draft of the plan could not be kept"
TURN = "turn of the plan's editor"
OFFICE, WHY = "plan on behalf of", "plan why"
KEPT_OFFICE, KEPT_WHY = "plan office as written", "plan why as written"


def edits() -> dict[str, Edit]:
    """Return the unsaved edits."""
    found: dict[str, Edit] = st.session_state.setdefault(EDITS, {})
    return found


def turn() -> int:
    """Return a number that changes when widgets must drop what was typed."""
    return int(st.session_state.setdefault(TURN, 0))


def next_turn() -> None:
    """Reset the widgets to what is stored and edited."""
    st.session_state[TURN] = turn() + 1


def refusal(error: CsaError) -> str:
    """Return why something was refused, without naming the command's options."""
    if error.message.key == "store.no_by":
        return tr("plan_page.no_office")
    if error.message.key == "store.no_why":
        return tr("plan_page.no_why")
    return render(error.message)


def as_typed(name: str, value: Any) -> Any:
    """Normalize a value from a widget, a table's cell or a draft."""
    if name in {"start", "due"}:
        if value is None or isinstance(value, date):
            return value
        return date.fromisoformat(str(value)[:10]) if value else None
    if name == "percent":
        return None if value is None else int(value)
    if name == "areas":
        return tuple(sorted(map(str, value or ())))
    text = "" if value is None else str(value).strip()
    return parse_status(text) if name == "status" else text


def merged(edit: Edit | None, line: ActionLine, typed: Mapping[str, Any]) -> Edit | None:
    """Merge new input into an edit, dropping values equal to what is stored."""
    before = edit or Edit({}, line.revision)
    changes = {**before.changes, **typed}
    differing = {name: v for name, v in changes.items() if v != getattr(line.state, name)}
    return replace(before, changes=differing) if differing else None


def take(line: ActionLine, typed: Mapping[str, Any]) -> None:
    """Store what was typed for an action."""
    known = edits()
    clean = {name: as_typed(name, value) for name, value in typed.items() if name in FIELDS}
    if clean.get("status") == "":  # a cleared menu sets no status
        del clean["status"]
    edit = merged(known.pop(line.number, None), line, clean)
    st.session_state.setdefault(FAILED, {}).pop(line.number, None)
    if edit is not None:
        known[line.number] = edit


def begin(session: CitySession, who: Person) -> None:
    """Restore a person's draft, once per session."""
    state = st.session_state
    plan = cache_store.plan(session)
    known = set() if plan is None else {action.number for action in plan.actions}
    if EDITS in state:
        state[EDITS] = {n: edit for n, edit in state[EDITS].items() if n in known}
        return
    state[EDITS] = {}
    found = load_draft(cache_store.open_read_only(session), who, PAGE) if who.desk else {}
    try:
        edited = {number: _edit(given) for number, given in found["edits"].items()}
        # The plan's file may have lost an action since.
        state[EDITS] = {number: edit for number, edit in edited.items() if number in known}
        state[KEPT_OFFICE], state[KEPT_WHY] = str(found["office"]), str(found["why"])
        state[DRAFT_AT] = str(found["at"])
    except (KeyError, TypeError, ValueError, AttributeError):
        return  # no draft, or one of another version


def _edit(given: Mapping[str, Any]) -> Edit:
    changes = given["changes"].items()
    typed = {name: as_typed(name, value) for name, value in changes if name in FIELDS}
    if typed.get("status", STATUSES[0]) not in STATUSES:
        raise ValueError(typed["status"])
    return Edit(typed, int(given["seen"]))


def keep(session: CitySession, who: Person) -> None:
    """Store unsaved edits as a draft that survives a reload; with none left, delete it."""
    state = st.session_state
    for widget, kept in ((OFFICE, KEPT_OFFICE), (WHY, KEPT_WHY)):
        if widget in state:
            state[kept] = state[widget]
    state.pop(NO_DRAFT, None)
    try:
        store = (
            cache_store.open_writable(session) if edits() else cache_store.open_read_only(session)
        )
        if store is not None and who.desk:
            save_draft(store, who, PAGE, _draft(session) if edits() else {})
    except StoreError as error:
        state[NO_DRAFT] = render(error.message)


def _draft(session: CitySession) -> dict[str, Any]:
    state = st.session_state
    now = session.config.city.clock.now().astimezone(ZoneInfo(session.config.city.time_zone))
    return {
        "at": f"{now:%H:%M}",
        "office": state.get(KEPT_OFFICE, ""),
        "why": state.get(KEPT_WHY, ""),
        "edits": {
            number: {"seen": edit.seen, "changes": {n: _plain(v) for n, v in edit.changes.items()}}
            for number, edit in edits().items()
        },
    }


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


def drop(session: CitySession, who: Person, number: str | None = None) -> None:
    """Discard unsaved edits."""
    known, failed = edits(), st.session_state.setdefault(FAILED, {})
    for name in [number] if number else list(known):
        known.pop(name, None)
        failed.pop(name, None)
    if not known:
        st.session_state.pop(DRAFT_AT, None)
    keep(session, who)
    next_turn()


def write_over(session: CitySession, who: Person, line: ActionLine) -> None:
    """Keep one's own text over what someone else wrote meanwhile, after reading it."""
    # All of it, even where the other wrote the same: one's own reason is recorded beside theirs.
    edits()[line.number] = replace(edits()[line.number], seen=line.revision)
    st.session_state.setdefault(FAILED, {}).pop(line.number, None)
    keep(session, who)
    next_turn()


def save(session: CitySession, plan: Plan, who: Person) -> None:
    """Save all edits; a refused one stays, with the reason."""
    state = st.session_state
    office = state.get(OFFICE, "") if who.office == THIS_MACHINE else who.office
    state[FAILED], saved = {}, []
    try:
        act = sign(session, office, state.get(WHY, ""))
        store = cache_store.open_writable(session)
        for number, edit in list(edits().items()):
            try:
                set_action(store, plan, act, number, edit.changes, edit.seen)
            except StoreError:
                raise  # the others would fail the same way
            except ConflictError:
                continue  # the page shows what changed since the revision seen
            except CsaError as error:
                state[FAILED][number] = refusal(error)
            else:
                saved.append(number)
                del edits()[number]
    except CsaError as error:
        state[FAILED][""] = refusal(error)
    if saved:
        state[SAID] = tr("plan_page.saved", n=len(saved), numbers=", ".join(saved))
    if not edits():
        state[WHY] = ""
        state.pop(DRAFT_AT, None)
    keep(session, who)
    next_turn()
