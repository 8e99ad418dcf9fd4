"""One of the plan's actions in detail: its links, its proposals and its trail."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import streamlit as st

from app.screens.plan.filters import open_action
from app.shared import cache_store, panels, plan_edits, signing
from app.shared.city_session import Opened
from app.shared.person import THIS_MACHINE, sign
from app.shared.plan_cards import standing_html
from app.shared.plan_words import field_word, proposal_state, value_words
from csa.base.errors import CsaError
from csa.base.text import day, speak
from csa.decisions.actions import (
    CHAIR_APPROVED,
    MAX_TITLE,
    PROPOSED,
    answer_change,
    propose_change,
)
from csa.decisions.roles import (
    Act,
    Person,
    may,
    require_action,
    require_committee,
    require_team_chair,
)
from csa.decisions.store import Store
from csa.decisions.store.records import Records
from csa.decisions.store.tables import ChangeRow
from csa.plan import Plan
from csa.reports.briefing import ActionLine

DONE = "what the last form of an action said"


@dataclass(frozen=True)
class ActionScene:
    """What all parts of an opened action need."""

    opened: Opened  # the city
    plan: Plan  # the plan
    records: Records  # what was decided
    who: Person  # at the screen
    lines: Mapping[str, ActionLine]  # number to action
    store: Store | None  # None if nothing was written yet


def head(line: ActionLine, plan: Plan) -> None:
    """Show an action's title and status."""
    strategy, goal = plan.strategy_of(line.number), plan.goal_of(line.number)
    title = line.title or speak("plan.open_slot")
    with st.container(key="plan_head", horizontal=True, vertical_alignment="center"):
        st.header(panels.plain(f"{line.number} {title}"), anchor=False)
        st.button(speak("plan_page.close"), key="plan close", on_click=open_action, args=("",))
    where = speak(
        "plan_page.belongs",
        strategy=f"{strategy.number} {strategy.title}",
        goal=f"{goal.number} {goal.title}",
        team=plan.team_of(line.number).name,
    )
    stands = "" if line.is_open else standing_html(line)
    office = html.escape(line.state.office)
    stands += f" · {office}" if office else ""
    st.html(f'<p>{stands}</p><p class="csa-faint">{html.escape(where)}</p>')
    if line.state.comment:
        st.markdown(panels.plain(line.state.comment))
    said = st.session_state.pop(DONE, None)
    if said:
        st.success(said, icon=":material/check:")


def proposals(scene: ActionScene, line: ActionLine) -> None:
    """Show the open proposals, and ask those who may answer them."""
    waiting = [row for row in scene.records.changes if is_waiting(row, line.number)]
    for row in waiting:
        with st.container(border=True):
            _proposal(row)
            if _may_answer(scene, row):
                _answer_form(scene, row)
    if may(require_action, scene.who, scene.plan, line.number):
        label = "plan_page.propose_action" if line.is_open else "plan_page.propose_revision"
        with st.expander(speak(label), expanded=line.is_open and not waiting):
            _propose_form(scene, line)


def is_waiting(row: ChangeRow, number: str) -> bool:
    """Return whether a proposal is about an action and still needs an answer."""
    return row.action == number and row.state in {PROPOSED, CHAIR_APPROVED}


def _may_answer(scene: ActionScene, row: ChangeRow) -> bool:
    if row.state == CHAIR_APPROVED:
        return may(require_committee, scene.who)
    return may(require_team_chair, scene.who, scene.plan, row.action)


def _proposal(row: ChangeRow) -> None:
    said = "".join(
        f"<li>{html.escape(field_word(name))}: {html.escape(value_words(name, value))}</li>"
        for name, value in row.values.items()
    )
    who = speak("plan_page.proposed_by", office=row.by_office, day=day(row.proposed_on))
    state = proposal_state(row.key, row.state)
    st.html(f"<p><b>{html.escape(state)}</b> {html.escape(who)}</p><ul>{said}</ul>")


def who_and_why(scene: ActionScene, key: str) -> tuple[str, str]:
    """Ask on whose behalf something is changed, and why."""
    office = scene.who.office
    if office == THIS_MACHINE:
        kept = st.session_state.get(plan_edits.KEPT_OFFICE, "")
        label = speak("plan_page.on_behalf")
        office = st.text_input(label, value=kept, key=f"{key} office", max_chars=120)
    return office, st.text_input(speak("plan_page.why"), key=f"{key} why", max_chars=2000)


def _answer_form(scene: ActionScene, row: ChangeRow) -> None:
    key = f"plan answer {row.key} {row.state}"
    with st.form(key, border=False):
        office, why = who_and_why(scene, key)
        with st.container(horizontal=True):
            is_yes = st.form_submit_button(speak("plan_page.approve"), type="primary")
            is_no = st.form_submit_button(speak("plan_page.refuse"))
    if is_yes or is_no:

        def write(store: Store, act: Act) -> str:
            state = answer_change(
                store, scene.plan, act, row.key, is_approved=is_yes, seen=row.revision
            )
            return proposal_state(row.key, state)

        carry_out(scene, office, why, write)


def carry_out(
    scene: ActionScene, office: str, why: str, write: Callable[[Store, Act], str]
) -> None:
    """Write, and rerun the page; a refusal appears beside the form, which keeps its text."""
    try:
        act = sign(scene.opened, office, why)
        st.session_state[DONE] = write(cache_store.writing(scene.opened), act)
    except CsaError as error:
        st.error(panels.plain(plan_edits.refusal(error)), icon=":material/error:")
        return
    st.session_state[plan_edits.KEPT_OFFICE] = office
    plan_edits.next_turn()
    st.rerun()


def _propose_form(scene: ActionScene, line: ActionLine) -> None:
    key = f"plan propose {line.number} {plan_edits.turn()}"
    st.caption(speak("plan_page.propose_about"))
    state = line.state
    with st.form(key, border=False):
        signing.keep_typed(scene, f"plan propose {line.number}", plan_edits.turn())
        title = st.text_input(
            field_word("title"), value=line.title, max_chars=MAX_TITLE, key=f"{key} title"
        )
        cells = st.grid(2)
        office = cells.text_input(field_word("office"), value=state.office, key=f"{key} by")
        coordinator = cells.text_input(
            field_word("coordinator"), value=state.coordinator, key=f"{key} coordinator"
        )
        start = cells.date_input(field_word("start"), value=state.start, key=f"{key} start")
        due = cells.date_input(field_word("due"), value=state.due, key=f"{key} due")
        by, why = who_and_why(scene, key)
        is_sent = st.form_submit_button(speak("plan_page.propose"), type="primary")
    if not is_sent:
        return
    wanted = {
        "title": title,
        "office": office,
        "coordinator": coordinator,
        "start": start,
        "due": due,
    }
    values = proposed(line, wanted)

    def write(store: Store, act: Act) -> str:
        made = propose_change(store, scene.plan, act, line.number, values)
        return speak("plan_page.proposed", key=made)

    carry_out(scene, by, why, write)


def proposed(line: ActionLine, wanted: Mapping[str, Any]) -> dict[str, str]:
    """Return what a form would change in an action."""
    before = {**vars(line.state), "title": line.title}
    values = {
        name: value.isoformat() if isinstance(value, date) else str(value or "")
        for name, value in wanted.items()
        if value != before[name]
    }
    return {"title": str(wanted["title"]), **values} if line.is_open else values
