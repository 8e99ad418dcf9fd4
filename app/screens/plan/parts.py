"""Plan's summary: the status of its actions, what is not written yet, and what is due soon."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

import streamlit as st

from app.screens.plan.filters import open_action
from app.screens.plan.one_action import is_waiting
from app.shared import panels
from app.shared.plan_cards import status_html
from app.shared.plan_words import MARKS, NO_UPDATE
from csa.base.text import day, speak
from csa.config.city import CityConfig
from csa.decisions.store.records import Records
from csa.plan import Plan
from csa.reports.briefing import ActionLine, status_word
from csa.reports.briefing.calendar_file import calendar_entries, calendar_file

MOST_DUE = 5
BAR = ("done", "on-track", "not-started", "at-risk", "blocked", NO_UPDATE)


@dataclass(frozen=True)
class Standing:
    """Counts of a plan's written actions by status; an action may be in several."""

    written: int  # all of them
    blocked: int
    late: int
    stale: int  # last reported on more than 90 days ago
    never: int  # never reported on
    done: int
    trust_slots: int  # slots for trust without an action
    other_slots: int  # other slots without an action


def standing(lines: Sequence[ActionLine]) -> Standing:
    """Count a plan's actions by status."""
    written = [line for line in lines if not line.is_open]
    slots = [line for line in lines if line.is_open]
    return Standing(
        written=len(written),
        blocked=sum(line.state.status == "blocked" for line in written),
        late=sum(line.is_late for line in written),
        stale=sum(line.freshness == "stale" for line in written),
        never=sum(line.freshness == "none" for line in written),
        done=sum(line.state.status == "done" for line in written),
        trust_slots=sum(line.is_trust for line in slots),
        other_slots=sum(not line.is_trust for line in slots),
    )


def answer(found: Standing) -> None:
    """Show the status of the plan."""
    sentences = [
        speak("plan_page.answer_none", n=found.written)
        if found.never == found.written
        else speak(
            "plan_page.answer",
            n=found.written,
            done=found.done,
            late=found.late,
            blocked=found.blocked,
            stale=found.stale + found.never,
        )
    ]
    if found.trust_slots:
        sentences.append(speak("plan_page.answer_trust", n=found.trust_slots))
    if found.other_slots:
        sentences.append(speak("plan_page.answer_slots", n=found.other_slots))
    panels.answer(*sentences)


def status_bar(lines: Sequence[ActionLine]) -> None:
    """Show the written actions as one bar, a part for each status; each is in one part."""
    written = [line for line in lines if not line.is_open]
    counts = {colour: sum(line.colour == colour for line in written) for colour in MARKS}
    parts = [(colour, n) for colour in BAR for n in (counts[colour],) if n]
    bar = "".join(f'<i class="csa-bar-{colour}" style="flex:{n}"></i>' for colour, n in parts)
    words = "".join(
        f'<li><b class="csa-status csa-{colour}">{MARKS[colour]} {n}</b> '
        f"{html.escape(_bar_word(colour))}</li>"
        for colour, n in parts
    )
    st.html(
        f'<div class="csa-bar" aria-hidden="true">{bar}</div><ul class="csa-bar-words">{words}</ul>'
    )


def _bar_word(colour: str) -> str:
    return speak("plan_page.n_stale") if colour == NO_UPDATE else status_word(colour)


def slots(plan: Plan, records: Records, lines: Mapping[str, ActionLine]) -> None:
    """List what has no action yet for the Committee, trust first."""
    still = [slot.number for slot in plan.open_slots if lines[slot.number].is_open]
    waiting = {number for number in still if any(is_waiting(r, number) for r in records.changes)}
    if not still:
        return
    with st.expander(speak("plan_page.slots", n=len(still))), st.container(key="plan_slots"):
        for strategy, group in groupby(still, key=lambda number: lines[number].strategy):
            numbers = list(group)
            free = [number for number in numbers if number not in waiting]
            with st.container(horizontal=True, vertical_alignment="center"):
                st.html(_slot_html(plan, strategy, numbers, waiting))
                st.button(
                    speak("plan_page.propose_one"),
                    key=f"plan slot {strategy}",
                    on_click=open_action,
                    args=((free or numbers)[0],),
                    help=speak("plan_page.propose_one_help", number=(free or numbers)[0]),
                )


def _slot_html(plan: Plan, number: str, numbers: Sequence[str], waiting: set[str]) -> str:
    strategy = plan.strategy_of(number)
    said = speak("plan_page.slot", n=len(numbers), numbers=", ".join(numbers))
    pending = [slot for slot in numbers if slot in waiting]
    note = f" {speak('plan_page.slot_waiting', numbers=', '.join(pending))}" if pending else ""
    mark = f"<b>{html.escape(speak('plan_page.trust'))}</b> · " if strategy.is_trust else ""
    title = html.escape(f"{strategy.number} {strategy.title}")
    return f'<p class="csa-slot">{mark}{title}<br><span>{html.escape(said + note)}</span></p>'


def waiting_list(records: Records, lines: Mapping[str, ActionLine]) -> None:
    """Name the pending proposals; each opens its action."""
    waiting = sorted({row.action for row in records.changes if is_waiting(row, row.action)})
    waiting = [number for number in waiting if number in lines]
    if not waiting:
        return
    with st.container(key="plan_waiting", horizontal=True, vertical_alignment="center"):
        st.markdown(speak("plan_page.waiting", n=len(waiting)))
        for number in waiting:
            st.button(number, key=f"plan waiting {number}", on_click=open_action, args=(number,))


def due(lines: Sequence[ActionLine]) -> None:
    """List what is late, longest first, beside what is due in the next 90 days, soonest first."""
    written = [line for line in lines if not line.is_open]
    written.sort(key=lambda line: str(line.state.due))
    late = [line for line in written if line.is_late]
    soon = [line for line in written if line.is_due_soon and not line.is_late]
    cells = st.grid(2, min_column_width=416, gap="large")
    with cells.cell():
        _due_list(speak("plan_page.late_now", n=len(late)), late)
    with cells.cell():
        _due_list(speak("plan_page.due_soon", n=len(soon)), soon)


def _due_list(head: str, lines: Sequence[ActionLine]) -> None:
    st.header(head, anchor=False)
    items = [_due_html(line) for line in lines]
    if items:
        st.html(f'<ul class="csa-due">{"".join(items[:MOST_DUE])}</ul>')
    if items[MOST_DUE:]:
        with st.expander(speak("plan_page.more_due", n=len(items) - MOST_DUE)):
            st.html(f'<ul class="csa-due">{"".join(items[MOST_DUE:])}</ul>')


def calendar(config: CityConfig, plan: Plan, records: Records, today: date) -> None:
    """Offer due dates and public meetings as a file that calendars read."""

    def made() -> bytes:
        entries = calendar_entries(config, plan, records, today)
        return calendar_file(config, entries, config.city.clock.now())

    label, name = speak("calendar.download"), f"{config.city.id}.ics"
    panels.download(label, made, name, "calendar file", ":material/calendar_month:")


def _due_html(line: ActionLine) -> str:
    when = day(line.state.due) if line.state.due else ""
    office = f" · {html.escape(line.state.office)}" if line.state.office else ""
    return (
        f"<li><b>{html.escape(when)}</b> {html.escape(line.number)} {html.escape(line.title)}"
        f"<br>{status_html(line)}{office}</li>"
    )
