"""Plan's summary: the status of its actions, what is not written yet, and what is due soon."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

import streamlit as st

from csa.base.errors import ParamError
from csa.base.text import day, tr
from csa.city.config import CityConfig
from csa.program.actions import set_link
from csa.program.plan.calendar import waits_for
from csa.program.plan.items import Link, Plan, by_number
from csa.program.roles import Act, may, require_chair
from csa.program.store.engine import Store
from csa.program.store.records import Records, item_links
from csa.reports.briefing.calendar_file import calendar_entries, calendar_file
from csa.reports.briefing.lines import ActionLine, status_word
from csa_app.screens.plan.filters import open_action
from csa_app.screens.plan.one_action import ActionScene, is_waiting
from csa_app.shared import panels, signing
from csa_app.shared.plan_cards import status_html
from csa_app.shared.plan_words import MARKS, NO_UPDATE
from csa_app.shared.signing import Decision, FormField, Typed

MOST_DUE = 5
BAR = ("done", "on-track", "not-started", "at-risk", "blocked", NO_UPDATE)


@dataclass(frozen=True)
class StatusCounts:
    """Counts of a plan's written actions by status; an action may be in several."""

    written: int  # all of them
    blocked: int
    late: int
    stale: int  # last reported on more than 90 days ago
    never: int  # never reported on
    done: int
    trust_slots: int  # slots for trust without an action
    other_slots: int  # other slots without an action


def count_by_status(lines: Sequence[ActionLine]) -> StatusCounts:
    """Count a plan's actions by status."""
    written = [line for line in lines if not line.is_open]
    slots = [line for line in lines if line.is_open]
    return StatusCounts(
        written=len(written),
        blocked=sum(line.state.status == "blocked" for line in written),
        late=sum(line.is_late for line in written),
        stale=sum(line.freshness == "stale" for line in written),
        never=sum(line.freshness == "none" for line in written),
        done=sum(line.state.status == "done" for line in written),
        trust_slots=sum(line.is_trust for line in slots),
        other_slots=sum(not line.is_trust for line in slots),
    )


def answer(found: StatusCounts) -> None:
    """Show the status of the plan."""
    sentences = [
        tr("plan_page.answer_none", n=found.written)
        if found.never == found.written
        else tr(
            "plan_page.answer",
            n=found.written,
            done=found.done,
            late=found.late,
            blocked=found.blocked,
            stale=found.stale + found.never,
        )
    ]
    if found.trust_slots:
        sentences.append(tr("plan_page.answer_trust", n=found.trust_slots))
    if found.other_slots:
        sentences.append(tr("plan_page.answer_slots", n=found.other_slots))
    panels.answer(*sentences)


def status_bar(lines: Sequence[ActionLine]) -> None:
    """Show the written actions as one bar, a part for each status; each is in one part."""
    written = [line for line in lines if not line.is_open]
    counts = Counter(line.color for line in written)
    parts = [(color, counts[color]) for color in BAR if counts[color]]
    bar, words = "", ""
    for color, n in parts:
        word = tr("plan_page.n_stale") if color == NO_UPDATE else status_word(color)
        bar += f'<i class="csa-bar-{color}" style="flex:{n}"></i>'
        mark = f'<b class="csa-status csa-{color}">{MARKS[color]} {n}</b>'
        words += f"<li>{mark} {html.escape(word)}</li>"
    st.html(
        f'<div class="csa-bar" aria-hidden="true">{bar}</div><ul class="csa-bar-words">{words}</ul>'
    )


def slots(plan: Plan, records: Records, lines: Mapping[str, ActionLine]) -> None:
    """List what has no action yet for the Committee, trust first."""
    still = [slot.number for slot in plan.open_slots if lines[slot.number].is_open]
    waiting = {number for number in still if any(is_waiting(r, number) for r in records.changes)}
    if not still:
        return
    with st.expander(tr("plan_page.slots", n=len(still))), st.container(key="plan_slots"):
        for strategy, group in groupby(still, key=lambda number: lines[number].strategy):
            numbers = list(group)
            free = [number for number in numbers if number not in waiting]
            with st.container(horizontal=True, vertical_alignment="center"):
                st.html(_slot_html(plan, strategy, numbers, waiting))
                st.button(
                    tr("plan_page.propose_one"),
                    key=f"plan slot {strategy}",
                    on_click=open_action,
                    args=((free or numbers)[0],),
                    help=tr("plan_page.propose_one_help", number=(free or numbers)[0]),
                )


def _slot_html(plan: Plan, number: str, numbers: Sequence[str], waiting: set[str]) -> str:
    strategy = plan.strategy_of(number)
    said = tr("plan_page.slot", n=len(numbers), numbers=", ".join(numbers))
    pending = [slot for slot in numbers if slot in waiting]
    note = f" {tr('plan_page.slot_waiting', numbers=', '.join(pending))}" if pending else ""
    mark = f"<b>{html.escape(tr('plan_page.trust'))}</b> · " if strategy.is_trust else ""
    title = html.escape(f"{strategy.number} {strategy.title}")
    return f'<p class="csa-slot">{mark}{title}<br><span>{html.escape(said + note)}</span></p>'


def waiting_list(records: Records, lines: Mapping[str, ActionLine]) -> None:
    """Name the pending proposals; each opens its action."""
    waiting = sorted({row.action for row in records.changes if is_waiting(row, row.action)})
    waiting = [number for number in waiting if number in lines]
    if not waiting:
        return
    with st.container(key="plan_waiting", horizontal=True, vertical_alignment="center"):
        st.markdown(tr("plan_page.waiting", n=len(waiting)))
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
        _due_list(tr("plan_page.late_now", n=len(late)), late)
    with cells.cell():
        _due_list(tr("plan_page.due_soon", n=len(soon)), soon)


def _due_list(head: str, lines: Sequence[ActionLine]) -> None:
    st.header(head, anchor=False)
    items = [_due_html(line) for line in lines]
    if items:
        st.html(f'<ul class="csa-due">{"".join(items[:MOST_DUE])}</ul>')
    if items[MOST_DUE:]:
        with st.expander(tr("plan_page.more_due", n=len(items) - MOST_DUE)):
            st.html(f'<ul class="csa-due">{"".join(items[MOST_DUE:])}</ul>')


def calendar(config: CityConfig, plan: Plan, records: Records, today: date) -> None:
    """Offer due dates and public meetings as a file that calendars read."""

    def made() -> bytes:
        entries = calendar_entries(config, plan, records, today)
        return calendar_file(config, entries, config.city.clock.now())

    label, name = tr("calendar.download"), f"{config.city.id}.ics"
    panels.download(label, made, name, "calendar file", ":material/calendar_month:")


def _due_html(line: ActionLine) -> str:
    when = day(line.state.due) if line.state.due else ""
    office = f" · {html.escape(line.state.office)}" if line.state.office else ""
    return (
        f"<li><b>{html.escape(when)}</b> {html.escape(line.number)} {html.escape(line.title)}"
        f"<br>{status_html(line)}{office}</li>"
    )


# ---- What an action waits for, with its source, and what waits for it.


def links(scene: ActionScene, line: ActionLine) -> None:
    """Show what an action needs, with the item that says so, and what waits for it."""
    st.markdown(f"**{tr('plan_page.links')}**")
    said = [_link_words(scene, link) for link in line.needs]
    waiting = waits_for(scene.plan, item_links(scene.plan, scene.records.links))
    behind = sorted((n for n, on in waiting.items() if line.number in on), key=by_number)
    if behind:
        said.append(tr("plan_page.waited_for", numbers=", ".join(behind)))
    if said:
        st.html("<ul>" + "".join(f"<li>{html.escape(text)}</li>" for text in said) + "</ul>")
    else:
        st.caption(tr("plan_page.no_links"))
    if may(require_chair, scene.who, scene.plan, line.number):
        with st.expander(tr("plan_page.change_links")):
            signing.form(scene, _linking(scene, line))


def _link_words(scene: ActionScene, link: Link) -> str:
    is_added = "<-" in link.why  # added by a chair, not in the plan's file
    name = _item_name(scene.plan, scene.lines, link.on)
    if is_added:
        return tr("plan_page.need_added", item=name, source=link.source)
    sentence = {"waits": "plan_page.need", "linked": "plan_page.linked"}[link.kind]
    return tr(sentence, item=name, source=link.source, why=link.why)


def _item_name(plan: Plan, lines: Mapping[str, ActionLine], number: str) -> str:
    if number in lines:
        return f"{number} {lines[number].title or tr('plan.open_slot')}"
    titles = {s.number: s.title for s in plan.strategies} | {g.number: g.title for g in plan.goals}
    return f"{number} {titles.get(number, '')}".strip()


def _linking(scene: ActionScene, line: ActionLine) -> Decision:
    plan = scene.plan
    items = [*(s.number for s in plan.strategies), *(a.number for a in plan.actions)]
    items.sort(key=by_number)
    own = {link.on for link in item_links(plan, scene.records.links)[line.number]}

    def named(number: str) -> str:
        return _item_name(plan, scene.lines, number) if number else tr("plan_page.choose")

    def write(store: Store, act: Act, typed: Typed) -> str:
        on, is_removed = typed.now["on"], typed.is_second
        if not on or (is_removed and on not in own):
            raise ParamError("plan_page.link_not_own" if is_removed else "plan_page.link_which")
        link = (line.number, on, typed.now["source"])
        set_link(store, plan, act, link, is_removed=is_removed)
        return tr("plan_page.link_removed" if is_removed else "plan_page.link_added", number=on)

    others = ["", *(number for number in items if number != line.number)]
    fields = (
        FormField("on", tr("plan_page.link_on"), "choice", options=others, words=named),
        FormField(
            "source",
            tr("plan_page.link_source"),
            "choice",
            line.number,
            items,
            named,
            more={"help": tr("plan_page.link_source_help")},
        ),
    )
    remove = tr("plan_page.link_remove") if own else "", tr("plan_page.link_remove_help")
    key, label = f"plan link {line.number}", tr("plan_page.link_add")
    return Decision(key, label, write, fields, second=remove)
