"""What a save would change in Plan, action by action; what was refused, and why."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from csa.base.errors import ParamError, RoleError
from csa.base.text import day, render, tr
from csa.program.actions import changed
from csa.program.corrections import CORRECTABLE
from csa.program.plan.items import Plan
from csa.program.roles import Person, may, require_action, require_chair
from csa.program.store.audit import AT_UTC, entries
from csa.program.store.engine import Store
from csa.program.store.records import approvals, corrected
from csa.program.store.tables import ActionRow, CorrectionRow
from csa.reports.briefing.lines import ActionLine
from csa_app.screens.plan.one_action import ActionScene
from csa_app.shared import cache_store, correcting, panels, plan_edits
from csa_app.shared.city_session import CitySession
from csa_app.shared.correcting import OnRecord
from csa_app.shared.person import THIS_MACHINE
from csa_app.shared.plan_words import (
    FIELDS,
    Edit,
    changes_words,
    edited_values,
    field_word,
    proposal_state,
    value_words,
)

# ---- The trail of the plan in words: who changed what, when and why.


@dataclass(frozen=True)
class TrailEntry:
    """One entry of the trail, in words."""

    when: str  # day and time in the city
    office: str  # who made the change
    changes: tuple[str, ...]  # what changed, each in words
    why: str  # in the office's own words
    n: int  # its number


def local_time(at_utc: str, time_zone: str) -> str:
    """Return the time of a change, in the city's own time zone."""
    when = datetime.strptime(at_utc, AT_UTC).replace(tzinfo=UTC).astimezone(ZoneInfo(time_zone))
    return f"{day(when.date())}, {when:%H:%M}"


def trail_text(entries: Sequence[Mapping[str, Any]], time_zone: str) -> list[TrailEntry]:
    """Return entries of the trail in words, newest first."""
    lines = []
    for entry in sorted(entries, key=lambda entry: int(entry["id"]), reverse=True):
        when, changes = local_time(entry["at_utc"], time_zone), tuple(_entry_changes(entry))
        lines.append(TrailEntry(when, entry["by_office"], changes, entry["why"], int(entry["id"])))
    return lines


def _entry_changes(entry: Mapping[str, Any]) -> Iterator[str]:
    old = json.loads(entry["old"]) if entry["old"] else {}
    new = json.loads(entry["new"])
    if entry["item"].startswith("change-"):
        yield proposal_state(entry["item"], new["state"])
        for name, value in new.get("values", {}).items():
            yield f"{field_word(name)}: {value_words(name, value)}"
    elif entry["item"].startswith("link "):
        key = "plan_page.link_removed" if new.get("is_removed") else "plan_page.link_added"
        yield tr(key, number=entry["item"].rpartition("<-")[2])
    else:
        yield from changes_words(old, new) or [tr("plan_page.confirmed")]


def trail(scene: ActionScene, line: ActionLine) -> None:
    """Show who changed an action, when, what and why, newest first."""
    with st.expander(tr("plan_page.trail")):
        found = _entries(scene, line)
        if not found:
            st.caption(tr("plan_page.no_trail"))
            return
        corrections = dict[int, list[CorrectionRow]]()
        for row in scene.records.corrections_of(line.number):
            corrections.setdefault(row.entry, []).append(row)
        told_of = trail_text(found, scene.session.config.city.time_zone)
        body = "".join(
            f"<li><b>{html.escape(one.when)} · {html.escape(one.office)}</b><br>"
            f"{html.escape('; '.join(one.changes))}<br>"
            f'<span class="csa-faint">{html.escape(tr("plan_page.because", why=one.why))}</span>'
            f"{correcting.notes(corrections.get(one.n, ()), beside_wrong=True)}</li>"
            for one in told_of
        )
        st.html(f'<ul class="csa-trail">{body}</ul>')


def _entries(scene: ActionScene, line: ActionLine) -> Sequence[Mapping[str, Any]]:
    """Return the trail's entries on an action, its proposals and its links."""
    own = [row.item for row in scene.records.changes if row.action == line.number]
    own += [row.item for row in scene.records.links if row.action == line.number]
    return cache_store.trail_entries(scene.session, frozenset({line.number, *own}))


def correct(scene: ActionScene, line: ActionLine) -> None:
    """Offer to correct any report on an action, but what was approved."""
    row = next((one for one in scene.records.actions if one.key == line.number), None)
    if row is None or not may(require_chair, scene.who, scene.plan, line.number):
        return
    found = _entries(scene, line)
    right = corrected(found, scene.records.corrections_of(line.number))
    names = {one.n: one for one in trail_text(right, scene.session.config.city.time_zone)}
    approved = approvals(found)
    fields = list(CORRECTABLE[ActionRow])
    things = [
        OnRecord(row, _label(names[n]), {name: values[name] for name in fields}, n)
        for n, values in correcting.reports_of(row, right)
        if n not in approved
    ]
    correcting.show(scene, line.number, things)


def _label(one: TrailEntry) -> str:
    return f"{one.when} · {one.office} · {'; '.join(one.changes)}"


CHANGES = "changes-to-save"
"""The heading that the bar leads to."""


def draft_note(session: CitySession, who: Person) -> None:
    """Show that a draft was found, or that none can be kept."""
    state = st.session_state
    if plan_edits.NO_DRAFT in state:
        st.warning(panels.plain(tr("plan_page.no_draft", why=state[plan_edits.NO_DRAFT])))
    if plan_edits.DRAFT_AT in state and plan_edits.edits():
        with st.container(horizontal=True, vertical_alignment="center"):
            at = state[plan_edits.DRAFT_AT]
            st.info(tr("plan_page.draft", at=at), icon=":material/edit_note:")
            st.button(
                tr("plan_page.discard"),
                key="plan discard draft",
                on_click=plan_edits.drop,
                args=(session, who),
            )


def preview(
    session: CitySession,
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
        st.header(tr("plan_page.preview", n=len(edits)), anchor=CHANGES)
        for number, edit in edits.items():
            with st.container(horizontal=True, vertical_alignment="top"):
                _one(session, plan, who, lines[number], edit, today)
            _conflict(session, who, lines[number], edit, store)
        _ask(session, plan, who)


def bar() -> None:
    """Keep at the bottom of the window how many changes are not saved, and the way to them."""
    n = len(plan_edits.edits())
    if n:
        panels.bar(tr("plan_page.bar", n=n), CHANGES, tr("plan_page.bar_save"))


def _one(
    session: CitySession, plan: Plan, who: Person, line: ActionLine, edit: Edit, today: date
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
        tr("plan_page.undo"),
        key=f"plan undo {line.number}",
        on_click=plan_edits.drop,
        args=(session, who, line.number),
        help=tr("plan_page.undo_help", number=line.number),
    )


def foresee(
    plan: Plan, who: Person, line: ActionLine, edit: Edit, today: date
) -> tuple[Sequence[str], str]:
    """Return what an edit would change, and why it would be refused, if so."""
    before = vars(line.state)
    plain = changes_words(before, edited_values(line, edit))
    try:
        require_action(who, plan, line.number)
        why = st.session_state.get(plan_edits.WHY) or tr("plan_page.why_below")
        after = changed(line.state, edit.changes, why, today)
    except (ParamError, RoleError) as error:
        return plain, render(error.message)
    said = changes_words(before, {name: getattr(after, name) for name in FIELDS})
    return said or [tr("plan_page.confirmed")], ""


def _conflict(
    opened: CitySession, who: Person, line: ActionLine, edit: Edit, store: Store | None
) -> None:
    """Show who changed an action since this edit began, and let the writer decide."""
    if edit.seen == line.revision or store is None:
        return
    with store.reading() as session:
        trail = trail_text(entries(session.connection(), line.number), opened.config.city.time_zone)
    newer = trail[: max(1, line.revision - edit.seen)]
    with st.container(border=True):
        st.warning(_conflict_words(line.number, newer), icon=":material/group:")
        st.button(
            tr("plan_page.write_over"),
            key=f"plan over {line.number}",
            on_click=plan_edits.write_over,
            args=(opened, who, line),
        )


def _conflict_words(number: str, newer: Sequence[TrailEntry]) -> str:
    parts = []
    for one in newer:
        values = {"by": one.office, "when": one.when, "changes": "; ".join(one.changes)}
        parts.append(tr("plan_page.conflict", number=number, why=one.why, **values))
    return panels.plain(" ".join([*parts, tr("plan_page.conflict_kept")]))


def _ask(session: CitySession, plan: Plan, who: Person) -> None:
    state = st.session_state
    for widget, kept in (
        (plan_edits.OFFICE, plan_edits.KEPT_OFFICE),
        (plan_edits.WHY, plan_edits.KEPT_WHY),
    ):
        state.setdefault(widget, state.get(kept, ""))
    asked: dict[str, Any] = {"on_change": plan_edits.keep, "args": (session, who)}
    asked["persist_state"] = "session"
    left, right = st.columns([0.35, 0.65])
    with left:
        if who.office == THIS_MACHINE:
            help_text = tr("choose.office_help")
            label = tr("plan_page.on_behalf")
            st.text_input(label, key=plan_edits.OFFICE, max_chars=120, help=help_text, **asked)
        else:
            st.text_input(tr("plan_page.on_behalf"), value=who.office, disabled=True)
    with right:
        st.text_input(tr("term.why"), key=plan_edits.WHY, max_chars=2000, **asked)
    fault = state.get(plan_edits.FAILED, {}).get("")
    if fault:
        st.error(panels.plain(fault), icon=":material/error:")
    with st.container(horizontal=True):
        st.button(
            tr("plan_page.save", n=len(plan_edits.edits())),
            type="primary",
            key="plan save",
            on_click=plan_edits.save,
            args=(session, plan, who),
        )
        st.button(
            tr("plan_page.discard"),
            key="plan discard",
            on_click=plan_edits.drop,
            args=(session, who),
        )
