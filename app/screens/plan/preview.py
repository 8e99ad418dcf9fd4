"""What a save would change in Plan, action by action; what was refused, and why."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import streamlit as st

from app.screens.plan.history import TrailEntry, told
from app.shared import panels, plan_edits
from app.shared.city_session import Opened
from app.shared.person import THIS_MACHINE
from app.shared.plan_words import FIELDS, Edit, changes_words, values_of
from csa.base.errors import ParamError, RoleError
from csa.base.text import render, speak
from csa.decisions.actions import changed
from csa.decisions.roles import Person, require_action
from csa.decisions.store import Store
from csa.decisions.store.trail import entries
from csa.plan import Plan
from csa.reports.briefing import ActionLine

CHANGES = "changes-to-save"
"""The heading that the bar leads to."""


def draft_note(opened: Opened, who: Person) -> None:
    """Show that a draft was found, or that none can be kept."""
    state = st.session_state
    if plan_edits.NO_DRAFT in state:
        st.warning(panels.plain(speak("plan_page.no_draft", why=state[plan_edits.NO_DRAFT])))
    if plan_edits.DRAFT_AT in state and plan_edits.edits():
        with st.container(horizontal=True, vertical_alignment="center"):
            at = state[plan_edits.DRAFT_AT]
            st.info(speak("plan_page.draft", at=at), icon=":material/edit_note:")
            st.button(
                speak("plan_page.discard"),
                key="plan discard draft",
                on_click=plan_edits.drop,
                args=(opened, who),
            )


def preview(
    opened: Opened,
    plan: Plan,
    who: Person,
    lines: Mapping[str, ActionLine],
    today: date,
    store: Store | None,
) -> None:
    """Show what would change, ask on whose behalf and why, and save."""
    said = st.session_state.pop(plan_edits.SAID, None)
    if said:
        st.success(said, icon=":material/check:")
    edits = plan_edits.edits()
    if not edits:
        return
    with st.container(key="plan_preview", border=True):
        st.header(speak("plan_page.preview", n=len(edits)), anchor=CHANGES)
        for number, edit in edits.items():
            with st.container(horizontal=True, vertical_alignment="top"):
                _one(opened, plan, who, lines[number], edit, today)
            _conflict(opened, who, lines[number], edit, store)
        _ask(opened, plan, who)


def bar() -> None:
    """Keep at the bottom of the window how many changes are not saved, and the way to them."""
    n = len(plan_edits.edits())
    if n:
        panels.bar(speak("plan_page.bar", n=n), CHANGES, speak("plan_page.bar_save"))


def _one(
    opened: Opened, plan: Plan, who: Person, line: ActionLine, edit: Edit, today: date
) -> None:
    failed = st.session_state.get(plan_edits.FAILED, {}).get(line.number)
    said, refused = foresee(plan, who, line, edit, today)
    fault = failed or refused
    body = "".join(f"<li>{html.escape(text)}</li>" for text in said)
    title = f"{line.number} {line.title}"
    with st.container():
        st.html(f'<div class="csa-preview"><b>{html.escape(title)}</b><ul>{body}</ul></div>')
        if fault:
            st.error(panels.plain(fault), icon=":material/error:")
    st.button(
        speak("plan_page.undo"),
        key=f"plan undo {line.number}",
        on_click=plan_edits.drop,
        args=(opened, who, line.number),
        help=speak("plan_page.undo_help", number=line.number),
    )


def foresee(
    plan: Plan, who: Person, line: ActionLine, edit: Edit, today: date
) -> tuple[Sequence[str], str]:
    """Return what an edit would change, and why it would be refused, if so."""
    before = vars(line.state)
    plain = changes_words(before, values_of(line, edit))
    try:
        require_action(who, plan, line.number)
        why = st.session_state.get(plan_edits.WHY) or speak("plan_page.why_below")
        after = changed(line.state, edit.changes, why, today)
    except (ParamError, RoleError) as error:
        return plain, render(error.message)
    said = changes_words(before, {name: getattr(after, name) for name in FIELDS})
    return said or [speak("plan_page.confirmed")], ""


def _conflict(
    opened: Opened, who: Person, line: ActionLine, edit: Edit, store: Store | None
) -> None:
    """Show who changed an action since this edit began, and let the writer decide."""
    if edit.seen == line.revision or store is None:
        return
    with store.reading() as session:
        trail = told(entries(session.connection(), line.number), opened.config.city.time_zone)
    newer = trail[: max(1, line.revision - edit.seen)]
    with st.container(border=True):
        st.warning(_conflict_words(line.number, newer), icon=":material/group:")
        st.button(
            speak("plan_page.write_over"),
            key=f"plan over {line.number}",
            on_click=plan_edits.write_over,
            args=(opened, who, line),
        )


def _conflict_words(number: str, newer: Sequence[TrailEntry]) -> str:
    parts = [
        speak(
            "plan_page.conflict",
            by=one.office,
            number=number,
            when=one.when,
            changes="; ".join(one.changes),
            why=one.why,
        )
        for one in newer
    ]
    return panels.plain(" ".join([*parts, speak("plan_page.conflict_kept")]))


def _ask(opened: Opened, plan: Plan, who: Person) -> None:
    state = st.session_state
    for widget, kept in (
        (plan_edits.OFFICE, plan_edits.KEPT_OFFICE),
        (plan_edits.WHY, plan_edits.KEPT_WHY),
    ):
        state.setdefault(widget, state.get(kept, ""))
    asked: dict[str, Any] = {"on_change": plan_edits.keep, "args": (opened, who)}
    asked["persist_state"] = "session"
    left, right = st.columns([0.35, 0.65])
    with left:
        if who.office == THIS_MACHINE:
            help_text = speak("plan_page.on_behalf_help")
            label = speak("plan_page.on_behalf")
            st.text_input(label, key=plan_edits.OFFICE, max_chars=120, help=help_text, **asked)
        else:
            st.text_input(speak("plan_page.on_behalf"), value=who.office, disabled=True)
    with right:
        st.text_input(speak("plan_page.why"), key=plan_edits.WHY, max_chars=2000, **asked)
    fault = state.get(plan_edits.FAILED, {}).get("")
    if fault:
        st.error(panels.plain(fault), icon=":material/error:")
    with st.container(horizontal=True):
        st.button(
            speak("plan_page.save", n=len(plan_edits.edits())),
            type="primary",
            key="plan save",
            on_click=plan_edits.save,
            args=(opened, plan, who),
        )
        st.button(
            speak("plan_page.discard"),
            key="plan discard",
            on_click=plan_edits.drop,
            args=(opened, who),
        )
