"""The work in a place: the plan's actions there, and the work plan of an area."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from datetime import date

import streamlit as st

from csa.base.text import day, tr
from csa.program.plan.calendar import CLOCK_DAYS, ResponseClock
from csa.program.store.tables import (
    Audited,
    LessonRow,
    MeetingRow,
    QuestionRow,
    StakeholderRow,
    TaskRow,
)
from csa.reports.briefing.lines import ActionLine, WorkPlan, actions_for_area, city_wide
from csa.reports.briefing.places import AREA, LIVE, Place
from csa_app.shared import correcting, panels
from csa_app.shared.key_figure import MAX_NAMED, card, figure, listed, text
from csa_app.shared.plan_cards import status_html, status_mark
from csa_app.shared.plan_words import meeting_word, updated_words
from csa_app.shared.signing import FormScene


def summary(place: Place, lines: Sequence[ActionLine], work: WorkPlan | None, today: date) -> str:
    """Return a card of what is being done: first by name what is blocked or past due."""
    is_own = work is not None or place.kind == AREA
    some = actions_for_area(lines, place.key) if is_own else city_wide(lines)
    live = [line for line in some if line.state.status in LIVE]
    unit = tr("here.card_live" if is_own else "here.card_wide", n=len(live))
    n, head = figure(f"{len(live):,}", unit), tr("screen.work")
    if work is None:
        return card(head, n)
    stuck = [
        tr("briefing.blocked", action=f"{line.number} {line.title}")
        for line in live
        if line.state.status == "blocked"
    ]
    stuck += [tr("here.card_late", what=row.what) for row in work.tasks if _is_late(row, today)]
    said = stuck[:MAX_NAMED]
    if len(stuck) > MAX_NAMED:
        said.append(tr("here.and_more", n=len(stuck) - MAX_NAMED))
    if work.tasks:
        said.append(tr("here.tasks_done", n=work.n_done, of=len(work.tasks)))
    said.append(clock_words(work.clock))
    last = tr("here.last", day=day(work.last)) if work.last else tr("here.last_none")
    return card(head, n, listed(said), text(small=last))


def clock_words(clock: ResponseClock) -> str:
    """Return the state of the 60-day clock of action 1.3.6 in words."""
    if clock.state == "begun":
        if clock.day is None:
            return tr("here.clock_begun")
        key = "here.clock_begun_at" if clock.day <= CLOCK_DAYS else "here.clock_begun_late"
        return tr(key, day=clock.day, days=CLOCK_DAYS)
    if clock.state == "not-started" or clock.day is None:
        return tr("here.clock_none", days=CLOCK_DAYS)
    key = "here.clock" if clock.state == "running" else "here.clock_over"
    return tr(key, day=clock.day, days=CLOCK_DAYS)


def actions(place: Place, lines: Sequence[ActionLine], work: WorkPlan | None) -> None:
    """List the plan's actions that apply: those of the area, then the citywide ones, folded."""
    st.header(tr("here.actions"), anchor=False)
    own, wide = actions_for_area(lines, place.key) if work else (), city_wide(lines)
    if own:
        st.html(f'<ul class="csa-due">{"".join(_action(line) for line in own)}</ul>')
    elif work is not None:
        st.caption(tr("here.actions_none"))
    told = [line for line in wide if line.freshness != "none"]
    never = [line for line in wide if line.freshness == "none"]
    with st.expander(tr("here.city_wide", n=len(wide)), expanded=work is None):
        if told:
            st.html(f'<ul class="csa-due">{"".join(_action(line) for line in told)}</ul>')
        if never:
            more = tr("here.never", n=len(never)) if told else tr("here.never_any")
            st.caption(more)
    panels.link("plan", tr("here.to_plan"))


def _action(line: ActionLine) -> str:
    parts = [line.state.office, "" if line.color == "no-update" else updated_words(line)]
    if line.is_late and line.state.due:
        parts.append(tr("meeting.was_due", day=day(line.state.due)))
    said = "".join(f" · {html.escape(part)}" for part in parts if part)
    return (
        f"<li><b>{html.escape(line.number)}</b> {html.escape(line.title)}"
        f"<br>{status_html(line)}{said}</li>"
    )


def show(scene: FormScene, work: WorkPlan) -> None:
    """Show an area's work plan."""
    late = scene.today
    parts: tuple[tuple[str, list[str]], ...] = (
        (tr("here.tasks"), [_task(row, is_late=_is_late(row, late)) for row in work.tasks]),
        (tr("public.answers_title"), _each(scene, work.questions, _asked)),
        (tr("here.meetings"), _each(scene, work.meetings, _meeting)),
        (tr("here.lessons"), _each(scene, work.lessons, _lesson)),
        (tr("here.takers"), _each(scene, work.stakeholders, _taker)),
    )
    said = "".join(
        f'<h3>{html.escape(head)}</h3><ul class="csa-due">{"".join(items)}</ul>'
        for head, items in parts
        if items
    )
    missing = [head for head, items in parts if not items]
    if missing:
        none = tr("here.work_none", what=", ".join(missing).lower())
        said += f'<p class="csa-faint">{html.escape(none)}</p>'
    st.html(f'<div class="csa-work">{said}</div>')


def _each(scene: FormScene, rows: Sequence[Audited], write: Callable[..., str]) -> list[str]:
    """Write each row, with what was corrected of it."""
    corrections = scene.records.corrections_of
    return [f"<li>{write(row)}{correcting.notes(corrections(row.item))}</li>" for row in rows]


def entries_words(work: WorkPlan) -> list[tuple[Audited, str]]:
    """Name what people wrote in a work plan, tasks aside: those can be changed anyway."""
    return [
        *((row, f"{day(row.on_date)}: {meeting_word(row.kind)}") for row in work.meetings),
        *(
            (row, tr("here.you_said", text=row.asked, day=day(row.asked_on)))
            for row in work.questions
        ),
        *((row, tr("correct_form.lesson", text=row.text)) for row in work.lessons),
        *((row, row.organisation) for row in work.stakeholders),
    ]


def _is_late(row: TaskRow, today: object) -> bool:
    return row.status != "done" and row.due is not None and str(row.due) < str(today)


def _task(row: TaskRow, *, is_late: bool) -> str:
    mark = status_mark(row.status, row.status, is_late=is_late)
    due = ""
    if row.due is not None:
        due = tr("meeting.was_due" if is_late else "label.due_on", day=day(row.due))
    told = "" if row.told_on is None else tr("here.told", day=day(row.told_on))
    parts = (row.agency, due, told, row.reason, source_word(row.source))
    said = "".join(f" · {html.escape(part)}" for part in parts if part)
    return f"<li>{html.escape(row.what)}<br>{mark}{said}</li>"


def source_word(source: str) -> str:
    """Return the source of a task in words."""
    return tr(
        {
            "walk": "here.from_walk",
            "listening": "here.from_listening",
            "meeting": "here.from_meeting",
            "other": "here.from_other",
        }[source]
    )


def _meeting(row: MeetingRow) -> str:
    head = f"<b>{html.escape(day(row.on_date))}</b> {html.escape(meeting_word(row.kind))}"
    said = " · ".join(html.escape(part) for part in (row.organisations, row.note) if part)
    return f"{head}<br>{said}" if said else head


def _asked(row: QuestionRow) -> str:
    asked = tr("here.you_said", text=row.asked, day=day(row.asked_on))
    if not row.answered or row.answered_on is None:
        wait = html.escape(tr("public.not_answered"))
        return f'{html.escape(asked)}<br><span class="csa-faint">{wait}</span>'
    answered = tr("here.we_did", text=row.answered, day=day(row.answered_on))
    return f"{html.escape(asked)}<br><b>{html.escape(answered)}</b>"


def _lesson(row: LessonRow) -> str:
    return html.escape(row.text)


def _taker(row: StakeholderRow) -> str:
    part = f": {row.part}" if row.part else ""
    return html.escape(row.organisation + part)
