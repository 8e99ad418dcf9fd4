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
from csa.base.text import day, speak
from csa.config.city import CityConfig
from csa.decisions.store.records import Records
from csa.plan import Plan
from csa.reports.briefing import ActionLine
from csa.reports.briefing.calendar_file import calendar_entries, calendar_file

MOST_DUE = 5


@dataclass(frozen=True)
class Standing:
    """Counts of a plan's written actions by status; an action may be in several."""

    written: int  # all of them
    blocked: int
    at_risk: int
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
        at_risk=sum(line.state.status == "at-risk" for line in written),
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
        speak(
            "plan_page.answer",
            n=found.written,
            blocked=found.blocked,
            at_risk=found.at_risk,
            late=found.late,
            done=found.done,
        )
    ]
    if found.never == found.written:
        sentences = [speak("plan_page.answer_none", n=found.written)]
    elif found.never or found.stale:
        sentences.append(speak("plan_page.answer_stale", stale=found.stale, never=found.never))
    if found.trust_slots:
        sentences.append(speak("plan_page.answer_trust", n=found.trust_slots))
    if found.other_slots:
        sentences.append(speak("plan_page.answer_slots", n=found.other_slots))
    panels.answer(*sentences)
    panels.numbers(
        [
            (str(found.blocked), speak("plan_page.n_blocked", of=found.written)),
            (str(found.at_risk), speak("plan_page.n_at_risk", of=found.written)),
            (str(found.late), speak("plan_page.n_late")),
            (str(found.stale + found.never), speak("plan_page.n_stale")),
        ]
    )


def slots(plan: Plan, records: Records, lines: Mapping[str, ActionLine]) -> None:
    """List what has no action yet for the Committee, trust first."""
    still = [slot.number for slot in plan.open_slots if lines[slot.number].is_open]
    waiting = {number for number in still if any(is_waiting(r, number) for r in records.changes)}
    _waiting_list(records, lines)
    if not still:
        return
    st.subheader(speak("plan_page.slots"), anchor=False)
    with st.container(key="plan_slots"):
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


def _waiting_list(records: Records, lines: Mapping[str, ActionLine]) -> None:
    """Name the pending proposals; each opens its action."""
    waiting = sorted({row.action for row in records.changes if is_waiting(row, row.action)})
    waiting = [number for number in waiting if number in lines]
    if not waiting:
        return
    with st.container(key="plan_waiting", horizontal=True, vertical_alignment="center"):
        st.markdown(speak("plan_page.waiting", n=len(waiting)))
        for number in waiting:
            st.button(number, key=f"plan waiting {number}", on_click=open_action, args=(number,))


def due_soon(lines: Sequence[ActionLine]) -> None:
    """List what is due in the next 90 days, soonest first."""
    soon = sorted(
        (line for line in lines if line.is_due_soon and not line.is_open),
        key=lambda line: str(line.state.due),
    )
    st.subheader(speak("plan_page.due_soon", n=len(soon)), anchor=False)
    items = "".join(_due_html(line) for line in soon[:MOST_DUE])
    if items:
        st.html(f'<ul class="csa-due">{items}</ul>')
    if len(soon) > MOST_DUE:
        st.caption(speak("plan_page.more_due", n=len(soon) - MOST_DUE))


def calendar(config: CityConfig, plan: Plan, records: Records, today: date) -> None:
    """Offer due dates and public meetings as a file that calendars read."""

    def made() -> bytes:
        entries = calendar_entries(config, plan, records, today)
        return calendar_file(config, entries, config.city.clock.now())

    st.download_button(
        speak("calendar.download"),
        made,
        file_name=f"{config.city.id}.ics",
        mime="text/calendar",
        key="calendar file",
        icon=":material/calendar_month:",
        on_click="ignore",
    )


def _due_html(line: ActionLine) -> str:
    when = day(line.state.due) if line.state.due else ""
    office = f" · {html.escape(line.state.office)}" if line.state.office else ""
    return (
        f"<li><b>{html.escape(when)}</b> {html.escape(line.number)} {html.escape(line.title)}"
        f"<br>{status_html(line)}{office}</li>"
    )
