"""Plan on a narrow screen: actions as cards to read, and one action in a form to edit."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

import streamlit as st

from csa.base.text import tr
from csa.program.actions import CHAIR_APPROVED, answer_change
from csa.program.plan.calendar import STATUSES, TEXT_LIMIT
from csa.program.plan.items import Plan
from csa.program.roles import (
    Act,
    Person,
    may,
    require_action,
    require_committee,
    require_team_chair,
)
from csa.program.store.engine import Store
from csa.program.store.tables import ChangeRow
from csa.reports.briefing.lines import ActionLine, status_word
from csa_app.shared import plan_edits, signing
from csa_app.shared.city_session import CitySession
from csa_app.shared.plan_words import (
    MARKS,
    NO_UPDATE,
    Edit,
    edited_values,
    field_word,
    held_words,
    marked,
    proposal_state,
    updated_words,
    value_words,
)
from csa_app.shared.signing import Decision, FormScene, Typed


def cards(lines: Sequence[ActionLine], open_numbers: frozenset[str]) -> None:
    """Show actions as cards, one below the other."""
    edits = plan_edits.edits()
    items = "".join(_card(line, edits.get(line.number), open_numbers) for line in lines)
    st.html(f'<ul class="csa-cards">{items}</ul>')


ON_COURSE = frozenset({"on-track", "not-started"})
"""Statuses that a day gone by contradicts."""


def _card(line: ActionLine, edit: Edit | None, open_numbers: frozenset[str]) -> str:
    values = edited_values(line, edit)
    pairs = [
        (field_word(name), value_words(name, values[name]))
        for name in ("reason", "office", "coordinator", "start", "due", "percent", "comment")
        if values[name] not in {"", None}
    ]
    if values["areas"]:
        pairs.append((field_word("areas"), value_words("areas", values["areas"])))
    said = "".join(f"<dt>{html.escape(a)}</dt><dd>{html.escape(b)}</dd>" for a, b in pairs)
    notes = [held_words(line, open_numbers), tr("plan_page.unsaved") if edit else ""]
    note = "".join(f"<p><b>{html.escape(text)}</b></p>" for text in notes if text)
    return (
        f"<li><h3>{html.escape(line.number)} {html.escape(line.title)}</h3>"
        f"<p>{dated_status_html(line)}</p>{note}<dl>{said}</dl></li>"
    )


def status_html(line: ActionLine) -> str:
    """Return an action's status as HTML: shape, word and color; gray without a recent report."""
    more = updated_words(line) if line.color == NO_UPDATE else ""
    return status_mark(line.state.status, line.color, more, is_late=line.is_late)


def status_mark(status: str, color: str, more: str = "", *, is_late: bool) -> str:
    """Return a status as HTML; what is late and said to be on track is not shown in its color.

    It stays late when nobody reports any more.
    """
    if is_late and (status in ON_COURSE or color == NO_UPDATE):
        color = "at-risk"
        word = tr("plan_page.but_late", status=status_word(status))
    else:
        word = status_word(status)
    text = ", ".join(part for part in (f"{MARKS[color]} {word}", more) if part)
    return f'<b class="csa-status csa-{color}">{html.escape(text)}</b>'


def dated_status_html(line: ActionLine) -> str:
    """Return an action's status and the time since its last report, as HTML."""
    ago = "" if line.color == NO_UPDATE else f" · {html.escape(updated_words(line))}"
    return f"{status_html(line)}{ago}"


def form(session: CitySession, who: Person, line: ActionLine, areas: Sequence[str]) -> None:
    """Show a form for one action, for screens too narrow for the table."""
    now = edited_values(line, plan_edits.edits().get(line.number))

    def common(name: str) -> dict[str, Any]:
        key = f"plan form {line.number} {name} {plan_edits.turn()}"
        args = (session, who, line, name, key)
        return {"key": key, "label": field_word(name), "on_change": _typed, "args": args}

    st.selectbox(
        options=[marked(status) for status in STATUSES],
        index=STATUSES.index(now["status"]) if now["status"] in STATUSES else 0,
        **common("status"),
    )
    st.text_area(value=now["reason"], max_chars=TEXT_LIMIT, height=90, **common("reason"))
    for name in ("office", "coordinator"):
        st.text_input(value=now[name], max_chars=TEXT_LIMIT, **common(name))
    cells = st.grid(3, min_column_width=150)
    cells.date_input(value=now["start"], **common("start"))
    cells.date_input(value=now["due"], **common("due"))
    cells.number_input(
        value=now["percent"], min_value=0, max_value=100, step=1, **common("percent")
    )
    st.multiselect(options=list(areas), default=list(now["areas"]), **common("areas"))
    st.text_input(value=now["evidence"], max_chars=TEXT_LIMIT, **common("evidence"))
    st.text_area(value=now["comment"], max_chars=TEXT_LIMIT, height=90, **common("comment"))


def may_edit(plan: Plan, who: Person, line: ActionLine) -> bool:
    """Return whether a person may report on an action."""
    return not line.is_open and may(require_action, who, plan, line.number)


def _typed(session: CitySession, who: Person, line: ActionLine, name: str, key: str) -> None:
    plan_edits.take(line, {name: st.session_state[key]})
    plan_edits.keep(session, who)


def may_answer(scene: FormScene, row: ChangeRow) -> bool:
    """Return whether it is for the reader to answer a proposal."""
    if row.state == CHAIR_APPROVED:
        return may(require_committee, scene.who)
    return may(require_team_chair, scene.who, scene.plan, row.action)


def ask_answer(scene: FormScene, row: ChangeRow) -> None:
    """Ask whether a proposal is approved or refused."""

    def write(store: Store, act: Act, typed: Typed) -> str:
        is_yes = not typed.is_second
        state = answer_change(store, scene.plan, act, row.key, is_approved=is_yes, seen=typed.seen)
        plan_edits.next_turn()  # what stands in the action's own forms has changed
        signing.forget(f"plan propose {row.action}")
        return proposal_state(row.key, state)

    yes, no = tr("plan_page.approve"), (tr("plan_page.refuse"), None)
    key = f"plan answer {row.key}"
    signing.form(scene, Decision(key, yes, write, seen=row.revision, second=no))
