"""The last screen of a review, where decisions are recorded and proposals answered."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date
from typing import Any

import streamlit as st

from csa.areas.places import called
from csa.base.errors import CsaError
from csa.base.text import day, tr
from csa.program.plan.items import Plan
from csa.program.roles import Person, may, require
from csa.program.store.records import Records, latest_titles
from csa.program.store.tables import ChangeRow, MinuteRow
from csa.program.work import add_minute, load_draft, save_draft
from csa.reports.briefing.lines import ActionLine
from csa.reports.briefing.meeting import Review
from csa_app.shared import cache_store, panels, person, plan_cards, plan_edits, signing
from csa_app.shared.area_status import step_word
from csa_app.shared.city_session import CitySession
from csa_app.shared.plan_cards import status_html
from csa_app.shared.signing import FormScene

# Lists of a review: a few items are open, the rest is folded; every text is escaped here.

MOST = 5
"""Items that a room reads in two minutes; the rest is folded."""
QUIET = ' class="csa-quiet"'


def listed(items: Sequence[str], most: int = MOST) -> None:
    """List items, and fold those that exceed what a room can read at once."""
    if items[:most]:
        st.html(f'<ul class="csa-review">{"".join(items[:most])}</ul>')
    if items[most:]:
        label = tr("label.n_more", n=len(items) - most) if most else tr("meeting.which")
        with st.expander(label):
            st.html(f'<ul class="csa-review">{"".join(items[most:])}</ul>')


def item(*parts: str) -> str:
    """Return an item made of its lines, as HTML."""
    return f"<li>{''.join(parts)}</li>"


def head(bold: str, text: str, mark: str = "") -> str:
    """Return an item's first line, as HTML."""
    number = f"<b>{html.escape(bold)}</b> " if bold else ""
    return f'<p class="csa-head">{number}{html.escape(text)} {mark}</p>'


def head_of(line: ActionLine) -> str:
    """Return the first line of an action: number, title and status."""
    return head(line.number, line.title or tr("plan.open_slot"), status_html(line))


def quiet(*texts: str) -> str:
    """Return a fainter line, as HTML."""
    said = " · ".join(html.escape(text) for text in texts if text)
    return f"<p{QUIET}>{said}</p>" if said else ""


def cell(text: str, *, is_told: bool) -> str:
    """Return a cell: known values in bold, unknown or old ones fainter."""
    said = html.escape(text)
    return f"<b>{said}</b>" if is_told else f"<span{QUIET}>{said}</span>"


TEXT, ABOUT, OFFICE, WHY = FIELDS = (
    "meeting text",
    "meeting about",
    "meeting office",
    "meeting why",
)
FAULT = "meeting fault"
DRAFT = "meeting"
MAX_CHARS, MAX_OFFICE = 2000, 120


def keep_fields() -> None:
    """Keep what was typed while another screen is shown, since hidden widgets forget their text."""
    state = st.session_state
    for name in FIELDS:
        if name in state:
            state[name] = state[name]


def show(scene: FormScene, review: Review) -> None:
    """Show today's and the last meeting's decisions, the pending proposals, and the form."""
    session, n = scene.session, len(review.decided)
    signing.announce("plan answer")
    panels.answer(
        tr("meeting.decided", n=n) if n else tr("meeting.decided_none"),
        tr("meeting.pending", n=len(review.pending)) if review.pending else "",
    )
    signatures = _signatures(session, (*review.decided, *review.decided_before))
    about = {"": tr("meeting.whole_plan"), **_abouts(scene.plan, scene.records)}
    left, right = st.columns([1, 1], gap="large")
    with left:
        _form(session, scene.who, about)
    with right:
        listed([_minute(row, about, signatures) for row in review.decided], MOST)
        for row in review.pending:
            st.html(_proposal(scene.plan, row))
            if plan_cards.may_answer(scene, row):
                with st.popover(tr("meeting.answer", number=row.action)):
                    plan_cards.ask_answer(scene, row)
        _last_time(review, about, signatures)


def offer(scene: FormScene) -> None:
    """Offer to record a decision where its item is shown."""
    if may(require, scene.who, "chair"):
        with st.popover(tr("meeting.record")):
            about = {"": tr("meeting.whole_plan"), **_abouts(scene.plan, scene.records)}
            _form(scene.session, scene.who, about)


# ---- The form --------------------------------------------------------------------------------


def _form(session: CitySession, who: Person, about: Mapping[str, str]) -> None:
    """Ask for a decision. Not an st.form: its text would be lost when switching screens."""
    if not may(require, who, "chair"):
        panels.empty(tr("meeting.read_only"))
        return
    _take_up(session, who)
    state = st.session_state
    if state[ABOUT] not in about:  # a draft on an item that the plan no longer has
        state[ABOUT] = ""
    kept: dict[str, Any] = {"on_change": _keep, "args": (session, who), "persist_state": "session"}
    with st.container(key="meeting_form"):
        st.text_area(tr("meeting.text"), key=TEXT, max_chars=MAX_CHARS, height=110, **kept)
        st.selectbox(
            tr("meeting.about"), list(about), key=ABOUT, format_func=about.__getitem__, **kept
        )
        with st.container(horizontal=True):
            st.text_input(tr("term.why"), key=WHY, max_chars=MAX_CHARS, **kept)
            if who.office == person.THIS_MACHINE:  # where nobody signs in
                st.text_input(tr("plan_page.on_behalf"), key=OFFICE, max_chars=MAX_OFFICE, **kept)
        st.button(
            tr("meeting.record"),
            key="meeting record",
            type="primary",
            on_click=_record,
            args=(session, who),
        )
        if state.get(FAULT):
            st.error(panels.plain(state[FAULT]), icon=":material/error:")


def _record(session: CitySession, who: Person) -> None:
    """Record what the form holds; if that is refused, the text stays, with the reason."""
    state = st.session_state
    state.pop(FAULT, None)
    try:
        act = person.sign(session, state.get(OFFICE, ""), state.get(WHY, ""))
        add_minute(cache_store.open_writable(session), act, state[TEXT], state[ABOUT])
    except CsaError as error:
        state[FAULT] = plan_edits.refusal(error)
        return
    state[TEXT], state[WHY], state[ABOUT] = "", "", ""
    _keep(session, who)


def _keep(session: CitySession, who: Person) -> None:
    """Store what is typed to survive a reload; a store that fails here refuses the record too."""
    state = st.session_state
    typed = {name: state[name] for name in FIELDS if state.get(name)}
    if OFFICE in typed:  # a meeting has one for all
        state[plan_edits.KEPT_OFFICE] = typed[OFFICE]
    draft = typed if typed.keys() - {OFFICE} else {}
    with suppress(CsaError):
        save_draft(cache_store.open_writable(session), who, DRAFT, draft)


def _take_up(session: CitySession, who: Person) -> None:
    """Restore what was typed before the page was reloaded."""
    if TEXT not in st.session_state:
        draft = load_draft(cache_store.open_read_only(session), who, DRAFT)
        for name in FIELDS:
            st.session_state[name] = draft.get(name, "")


def _abouts(plan: Plan, records: Records) -> dict[str, str]:
    """Name everything that a decision may be about."""
    titles = latest_titles(records.changes)
    named = {
        area.key: f"{called(area.place_name, area.key)}, {step_word(area.state)}"
        for area in records.areas
    }
    for action in plan.actions:
        title = titles.get(action.number, action.title) or tr("plan.open_slot")
        named[action.number] = f"{action.number} {title}"
    return named | {measure.id: measure.name for measure in plan.measures}


# ---- What was decided ------------------------------------------------------------------------


def _signatures(session: CitySession, minutes: Sequence[MinuteRow]) -> dict[str, Mapping[str, Any]]:
    """Return who recorded each decision and why, from the trail."""
    items = frozenset(row.item for row in minutes)
    return {entry["item"]: entry for entry in cache_store.trail_entries(session, items)}


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
    label = tr("meeting.last_time", n=len(review.decided_before), day=day(review.since))
    # Open until today's decisions need the room.
    with st.expander(label, expanded=not review.decided):
        items = [_minute(row, about, signatures) for row in review.decided_before]
        st.html(f'<ul class="csa-review">{"".join(items)}</ul>')


# ---- Proposals -------------------------------------------------------------------------------


def _proposal(plan: Plan, row: ChangeRow) -> str:
    names = {
        "title": tr("term.action"),
        "office": tr("label.office"),
        "coordinator": tr("plan_page.field_coordinator"),
        "start": tr("plan_page.field_start"),
        "due": tr("term.due"),
    }
    wanted = "; ".join(
        tr("term.pair", name=names[name], text=_wanted(name, row.values[name]))
        for name in names
        if name in row.values
    )
    by = tr("meeting.proposed_by", office=row.by_office, day=day(row.proposed_on))
    is_first = row.state == "proposed"
    key = "meeting.waits_for_chair" if is_first else "meeting.waits_for_committee"
    team = next((team.name for team in plan.teams if team.id == row.team), row.team)
    waits = tr(key, team=team)
    lines = head(row.action, wanted) + quiet(f"{by} {waits}")
    return f'<div class="csa-proposal">{lines}</div>'


def _wanted(name: str, value: str) -> str:
    return day(date.fromisoformat(value)) if name in {"start", "due"} else value
