"""One of the plan's actions in detail: its links, its proposals and its trail."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

import streamlit as st

from csa.base.text import day, tr
from csa.program.actions import CHAIR_APPROVED, MAX_TITLE, PROPOSED, propose_change
from csa.program.plan.items import Plan
from csa.program.roles import Act, may, require_action
from csa.program.store.engine import Store
from csa.program.store.tables import ChangeRow
from csa.reports.briefing.lines import ActionLine
from csa_app.screens.plan.filters import open_action
from csa_app.shared import panels, plan_cards, signing
from csa_app.shared.plan_cards import dated_status_html
from csa_app.shared.plan_words import field_word, proposal_state, value_words
from csa_app.shared.signing import Decision, FormField, FormScene, Typed


@dataclass(frozen=True)
class ActionScene(FormScene):
    """What all parts of an opened action need."""

    lines: Mapping[str, ActionLine]  # number to action
    store: Store | None  # None if nothing was written yet


def head(line: ActionLine, plan: Plan) -> None:
    """Show an action's title and status."""
    strategy, goal = plan.strategy_of(line.number), plan.goal_of(line.number)
    title = line.title or tr("plan.open_slot")
    with st.container(key="plan_head", horizontal=True, vertical_alignment="center"):
        st.header(panels.plain(f"{line.number} {title}"), anchor=False)
        st.button(tr("label.close"), key="plan close", on_click=open_action, args=("",))
    where = tr(
        "plan_page.belongs",
        strategy=f"{strategy.number} {strategy.title}",
        goal=f"{goal.number} {goal.title}",
        team=plan.team_of(line.number).name,
    )
    stands = "" if line.is_open else dated_status_html(line)
    office = html.escape(line.state.office)
    stands += f" · {office}" if office else ""
    st.html(f'<p>{stands}</p><p class="csa-faint">{html.escape(where)}</p>')
    if line.state.comment:
        st.markdown(panels.plain(line.state.comment))
    signing.announce("plan ")


def proposals(scene: ActionScene, line: ActionLine) -> None:
    """Show the open proposals, and ask those who may answer them."""
    waiting = [row for row in scene.records.changes if is_waiting(row, line.number)]
    for row in waiting:
        with st.container(border=True):
            _proposal(row)
            if plan_cards.may_answer(scene, row):
                plan_cards.ask_answer(scene, row)
    if may(require_action, scene.who, scene.plan, line.number):
        label = "plan_page.propose_action" if line.is_open else "plan_page.propose_revision"
        with st.expander(tr(label), expanded=line.is_open and not waiting):
            signing.form(scene, _proposing(scene, line))


def is_waiting(row: ChangeRow, number: str) -> bool:
    """Return whether a proposal is about an action and still needs an answer."""
    return row.action == number and row.state in {PROPOSED, CHAIR_APPROVED}


def _proposal(row: ChangeRow) -> None:
    said = "".join(
        f"<li>{html.escape(field_word(name))}: {html.escape(value_words(name, value))}</li>"
        for name, value in row.values.items()
    )
    who = tr("meeting.proposed_by", office=row.by_office, day=day(row.proposed_on))
    state = proposal_state(row.key, row.state)
    st.html(f"<p><b>{html.escape(state)}</b> {html.escape(who)}</p><ul>{said}</ul>")


def _proposing(scene: ActionScene, line: ActionLine) -> Decision:
    def write(store: Store, act: Act, typed: Typed) -> str:
        kept = {"title": typed.now["title"]} if line.is_open else {}
        values = kept | {
            name: value.isoformat() if isinstance(value, date) else str(value or "")
            for name, value in typed.changed.items()
        }
        made = propose_change(store, scene.plan, act, line.number, values)
        return tr("plan_page.proposed", key=made)

    before = {**vars(line.state), "title": line.title}
    title = FormField("title", field_word("title"), "text", line.title)
    fields = [replace(title, more={"max_chars": MAX_TITLE})]
    for name in ("office", "coordinator", "start", "due"):
        kind: Literal["text", "day"] = "day" if name in {"start", "due"} else "text"
        fields.append(FormField(name, field_word(name), kind, before[name], row=1))
    about, label = tr("plan_page.propose_about"), tr("plan_page.propose")
    return Decision(f"plan propose {line.number}", label, write, fields, about=about)
