"""The last screen of a review, where decisions are recorded and proposals answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date
from typing import Any

import streamlit as st

from app.screens.meeting.lists import head, item, listed, quiet
from app.shared import answering, cache_store, panels, person, plan_edits, signing
from app.shared.city_session import Opened
from app.shared.signing import FormScene
from app.shared.standing import step_word
from csa.areas.places import called
from csa.base.errors import CsaError
from csa.base.text import day, speak
from csa.decisions.drafts import draft_of, keep_draft
from csa.decisions.minutes import add_minute
from csa.decisions.roles import Person, may, require
from csa.decisions.store.records import Records, titles_of
from csa.decisions.store.tables import ChangeRow, MinuteRow
from csa.plan import Plan
from csa.reports.briefing.meeting import Review

TEXT, ABOUT, OFFICE, WHY = FIELDS = (
    "meeting text",
    "meeting about",
    "meeting office",
    "meeting why",
)
FAULT = "meeting fault"
DRAFT = "meeting"
MOST = 5
MAX_CHARS, MAX_OFFICE = 2000, 120


def keep_fields() -> None:
    """Keep what was typed while another screen is shown, since hidden widgets forget their text."""
    state = st.session_state
    for name in FIELDS:
        if name in state:
            state[name] = state[name]


def show(scene: FormScene, review: Review) -> None:
    """Show today's and the last meeting's decisions, the pending proposals, and the form."""
    opened, n = scene.opened, len(review.decided)
    signing.announce("plan answer")
    panels.answer(
        speak("meeting.decided", n=n) if n else speak("meeting.decided_none"),
        speak("meeting.pending", n=len(review.pending)) if review.pending else "",
    )
    signatures = _signatures(opened, (*review.decided, *review.decided_before))
    about = {"": speak("meeting.whole_plan"), **_abouts(scene.plan, scene.records)}
    left, right = st.columns([1, 1], gap="large")
    with left:
        _form(opened, scene.who, about)
    with right:
        listed([_minute(row, about, signatures) for row in review.decided], MOST)
        for row in review.pending:
            st.html(_proposal(scene.plan, row))
            if answering.may_answer(scene, row):
                with st.popover(speak("meeting.answer", number=row.action)):
                    answering.ask(scene, row)
        _last_time(review, about, signatures)


# ---- The form --------------------------------------------------------------------------------


def _form(opened: Opened, who: Person, about: Mapping[str, str]) -> None:
    """Ask for a decision. Not an st.form: its text would be lost when switching screens."""
    if not may(require, who, "chair"):
        panels.empty(speak("meeting.read_only"))
        return
    _take_up(opened, who)
    state = st.session_state
    if state[ABOUT] not in about:  # a draft on an item that the plan no longer has
        state[ABOUT] = ""
    kept: dict[str, Any] = {"on_change": _keep, "args": (opened, who), "persist_state": "session"}
    with st.container(key="meeting_form"):
        st.text_area(speak("meeting.text"), key=TEXT, max_chars=MAX_CHARS, height=110, **kept)
        st.selectbox(
            speak("meeting.about"), list(about), key=ABOUT, format_func=about.__getitem__, **kept
        )
        with st.container(horizontal=True):
            st.text_input(speak("plan_page.why"), key=WHY, max_chars=MAX_CHARS, **kept)
            if who.office == person.THIS_MACHINE:  # where nobody signs in
                st.text_input(
                    speak("plan_page.on_behalf"), key=OFFICE, max_chars=MAX_OFFICE, **kept
                )
        st.button(
            speak("meeting.record"),
            key="meeting record",
            type="primary",
            on_click=_record,
            args=(opened, who),
        )
        if state.get(FAULT):
            st.error(panels.plain(state[FAULT]), icon=":material/error:")


def _record(opened: Opened, who: Person) -> None:
    """Record what the form holds; if that is refused, the text stays, with the reason."""
    state = st.session_state
    state.pop(FAULT, None)
    try:
        act = person.sign(opened, state.get(OFFICE, ""), state.get(WHY, ""))
        add_minute(cache_store.writing(opened), act, state[TEXT], state[ABOUT])
    except CsaError as error:
        state[FAULT] = plan_edits.refusal(error)
        return
    state[TEXT], state[WHY], state[ABOUT] = "", "", ""
    _keep(opened, who)


def _keep(opened: Opened, who: Person) -> None:
    """Store what is typed to survive a reload; a store that fails here refuses the record too."""
    state = st.session_state
    typed = {name: state[name] for name in FIELDS if state.get(name)}
    if OFFICE in typed:  # a meeting has one for all
        state[plan_edits.KEPT_OFFICE] = typed[OFFICE]
    draft = typed if typed.keys() - {OFFICE} else {}
    with suppress(CsaError):
        keep_draft(cache_store.writing(opened), who, DRAFT, draft)


def _take_up(opened: Opened, who: Person) -> None:
    """Restore what was typed before the page was reloaded."""
    if TEXT not in st.session_state:
        draft = draft_of(cache_store.reading(opened), who, DRAFT)
        for name in FIELDS:
            st.session_state[name] = draft.get(name, "")


def _abouts(plan: Plan, records: Records) -> dict[str, str]:
    """Name everything that a decision may be about."""
    titles = titles_of(records.changes)
    named = {
        area.key: f"{called(area.place_name, area.key)}, {step_word(area.state)}"
        for area in records.areas
    }
    for action in plan.actions:
        title = titles.get(action.number, action.title) or speak("plan.open_slot")
        named[action.number] = f"{action.number} {title}"
    return named | {measure.id: measure.name for measure in plan.measures}


# ---- What was decided ------------------------------------------------------------------------


def _signatures(opened: Opened, minutes: Sequence[MinuteRow]) -> dict[str, Mapping[str, Any]]:
    """Return who recorded each decision and why, from the trail."""
    items = frozenset(row.item for row in minutes)
    return {entry["item"]: entry for entry in cache_store.trail_of(opened, items)}


def _minute(
    row: MinuteRow, about: Mapping[str, str], signatures: Mapping[str, Mapping[str, Any]]
) -> str:
    signed = signatures.get(row.item, {"by_office": "", "why": ""})
    told = (about.get(row.about, row.about), signed["by_office"], signed["why"])
    return item(head("", row.text), quiet(*told))


def _last_time(
    review: Review, about: Mapping[str, str], signatures: Mapping[str, Mapping[str, Any]]
) -> None:
    if not review.decided_before:
        return
    label = speak("meeting.last_time", n=len(review.decided_before), day=day(review.since))
    # Open until today's decisions need the room.
    with st.expander(label, expanded=not review.decided):
        items = [_minute(row, about, signatures) for row in review.decided_before]
        st.html(f'<ul class="csa-review">{"".join(items)}</ul>')


# ---- Proposals -------------------------------------------------------------------------------


def _proposal(plan: Plan, row: ChangeRow) -> str:
    names = {
        "title": speak("meeting.field_title"),
        "office": speak("meeting.field_office"),
        "coordinator": speak("meeting.field_coordinator"),
        "start": speak("meeting.field_start"),
        "due": speak("meeting.field_due"),
    }
    wanted = "; ".join(
        speak("meeting.wanted", field=names[name], value=_wanted(name, row.values[name]))
        for name in names
        if name in row.values
    )
    by = speak("meeting.proposed_by", office=row.by_office, day=day(row.proposed_on))
    is_first = row.state == "proposed"
    key = "meeting.waits_for_chair" if is_first else "meeting.waits_for_committee"
    team = next((team.name for team in plan.teams if team.id == row.team), row.team)
    waits = speak(key, team=team)
    lines = head(row.action, wanted) + quiet(f"{by} {waits}")
    return f'<div class="csa-proposal">{lines}</div>'


def _wanted(name: str, value: str) -> str:
    return day(date.fromisoformat(value)) if name in {"start", "due"} else value
