"""The screens of a quarterly review, one idea each, moved by arrow keys."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from csa.areas.year_to_date import city_year
from csa.base.schema import KINDS
from csa.base.text import day, render, tr
from csa.program.plan.items import Plan
from csa.program.store.records import Records, corrected
from csa.reports.briefing.lines import ActionLine
from csa.reports.briefing.measuring import COUNTED, MeasureStatus, measure_lines, measure_statuses
from csa.reports.briefing.meeting import (
    OpenStrategy,
    Review,
    Stuck,
    done_days,
    prepare_review as put_together,
)
from csa.reports.briefing.news import list_arrivals, list_news
from csa_app.screens.meeting.minutes import MOST, cell, head, head_of, item, listed, quiet
from csa_app.shared import (
    cache_change,
    cache_store,
    core_list,
    maps_change,
    panels,
    screen_state,
    theme,
)
from csa_app.shared.area_status import AreaView, areas_designated
from csa_app.shared.city_session import CitySession
from csa_app.shared.legend import show_legend
from csa_app.shared.map_component import published_map
from csa_app.shared.maps_change import ChangeScene

STEP, WRITTEN, MOVED = "meeting step", "meeting step in the address", "meeting step was moved"
COMPLETED, PLACES, MEASURES, STUCK, OPEN, NEXT, DECISIONS = STEPS = (1, 2, 3, 4, 5, 6, 7)
MAP_HEIGHT_PX = 480
MOST_LONG = 4
"""Items of three lines that a room reads in two minutes."""


def titled(step: int) -> str:
    """Return a screen's title."""
    return tr(
        {
            COMPLETED: "meeting.completed_title",
            PLACES: "meeting.places_title",
            MEASURES: "meeting.measures_title",
            STUCK: "meeting.stuck_title",
            OPEN: "label.not_written",
            NEXT: "meeting.next_title",
            DECISIONS: "meeting.decisions_title",
        }[step]
    )


def current_step() -> int:
    """Return the screen to show: the one a key or button moved to, else the address's."""
    state, text = st.session_state, st.query_params.get("step", "")
    # After two quick key presses the browser's address may be one behind, and is ignored.
    if STEP not in state or (text != state.get(WRITTEN) and not state.pop(MOVED, False)):
        state[STEP] = int(text) if text in map(str, STEPS) else COMPLETED
    state.pop(MOVED, None)
    step: int = state[STEP]
    # The first screen needs no address of its own, which would add a page to go back to.
    if text != str(step) and (text or step != COMPLETED):
        st.query_params["step"] = str(step)
    state[WRITTEN] = st.query_params.get("step", "")
    return step


def move(by: int) -> None:
    """Go forward or back, within the first and last screen."""
    state = st.session_state
    state[STEP] = min(max(state.get(STEP, COMPLETED) + by, STEPS[0]), STEPS[-1])
    state[MOVED] = True


def show_step_buttons(step: int) -> None:
    """Show the two buttons, which the arrow keys press, and which screen this is."""
    is_first, is_last = step == STEPS[0], step == STEPS[-1]
    with st.container(horizontal=True, vertical_alignment="center", key="meeting_ways"):
        st.button(
            tr("wall.back" if is_first else "meeting.back", title=_next_to(step, -1)),
            key="meeting back",
            shortcut="Left",
            disabled=is_first,
            on_click=move,
            args=(-1,),
        )
        said = html.escape(tr("label.of", n=step, of=len(STEPS)))
        st.html(f'<p class="csa-at">{said}</p>')
        st.button(
            tr("wall.next" if is_last else "meeting.next", title=_next_to(step, 1)),
            key="meeting next",
            shortcut="Right",
            disabled=is_last,
            type="secondary" if is_last else "primary",
            on_click=move,
            args=(1,),
        )


def _next_to(step: int, by: int) -> str:
    return titled(step + by) if step + by in STEPS else ""


def prepare(session: CitySession, plan: Plan, records: Records) -> Review:
    """Assemble today's review."""
    lines = cache_store.lines(session)
    done = frozenset(line.number for line in lines if line.state.status == "done")
    done_on = done_days(corrected(cache_store.trail_entries(session, done), records.corrections))
    return put_together(plan, lines, records, cache_store.today(session), done_on)


def show(session: CitySession, plan: Plan, records: Records, review: Review, step: int) -> None:
    """Show a read-only screen."""
    if step == COMPLETED:
        _completed(review)
    elif step == PLACES:
        _places(session)
    elif step == MEASURES:
        year = city_year(session, replace(screen_state.screen(session).choices, kinds=KINDS))
        lines = measure_lines(plan, records, city=year)
        _measures(measure_statuses(lines, cache_store.today(session)))
    elif step == STUCK:
        _stuck(review)
    elif step == OPEN:
        _open(review)
    else:
        _next(review)


def _completed(review: Review) -> None:
    n = len(review.completed)
    panels.answer(tr("meeting.completed", n=n) if n else "", looks_back(review, n))
    items = [
        item(head_of(one.line), quiet(one.line.state.office, day(one.on)))
        for one in review.completed
    ]
    listed(items)


def _places(session: CitySession) -> None:
    """Show what changed in each area in service, on the map and in words, and what to check."""
    view = AreaView(session, screen_state.screen(session).choices)
    left, right = st.columns([0.55, 0.45], gap="medium")
    with right:
        shown = core_list.show(session)
        if shown is None:
            panels.empty(tr("meeting.places_none"), "compare")
        displaced = core_list.fill(shown, session, view.choices)
    known, same = areas_designated(session), replace(view.choices, until=None)
    following = known and displaced and cache_change.following_core(session, same, known)
    with left, st.container(key="small_map"):
        if following:
            colors = theme.current().diverging
            show_legend(tr("change_page.legend"), maps_change.classes(), colors)
            scene = ChangeScene(following, len(following.months) - 1, "", has_alike=False)
            maps_change.draw_change(session, scene, MAP_HEIGHT_PX)
        else:
            published_map(view, MAP_HEIGHT_PX)  # residents look on
    records, today = cache_store.records(session), cache_store.today(session)
    news = list_arrivals(view.core, displaced, list_news(session.config, records, today))
    listed([item(head("", render(message))) for message in news])


def looks_back(review: Review, n: int) -> str:
    """Return the day a review looks back to, and a note if nothing was completed since."""
    since = day(review.since)
    said = tr("meeting.since" if review.is_meeting else "meeting.since_days", day=since)
    return said if n else f"{tr('meeting.completed_none')} {said}"


def _measures(measures: Sequence[MeasureStatus]) -> None:
    told = [one for one in measures if one.now]
    without = [one.line.measure.name for one in measures if not one.now]
    if not told:
        panels.answer(tr("meeting.measures_none", n=len(measures)))
        listed([item(html.escape(name)) for name in without], 0)
        return
    newest = max(one.line.last for one in told if one.line.last)
    n_old = sum(not one.is_current for one in told)
    panels.answer(
        tr("meeting.measures", n=len(told), of=len(measures), quarter=newest),
        tr("meeting.measures_old", n=n_old) if n_old else "",
    )
    listed([_measure(one) for one in told], MOST + 1)
    st.html(
        quiet(
            *[render(one.line.change.message) for one in told if one.line.measure.kind == COUNTED],
            tr("meeting.compared"),
            tr("meeting.measures_without", n=len(without)) if without else "",
        )
    )


def _measure(one: MeasureStatus) -> str:
    target = one.target and tr("meeting.met" if one.is_met else "label.at_target", at=one.target)
    baseline = one.baseline and tr("label.at_baseline", at=one.baseline)
    cells = (
        f"<span>{html.escape(one.line.measure.name)}</span>",
        cell(one.now, is_told=one.is_current),
        cell(baseline or tr("label.no_baseline"), is_told=bool(baseline)),
        cell(target or tr("label.no_target"), is_told=bool(target)),
        cell(_word(one), is_told=one.is_significant),
    )
    return f'<li class="csa-measured">{"".join(cells)}</li>'


def _word(one: MeasureStatus) -> str:
    word = render(one.word)
    return word if one.what is None else tr("term.pair", name=word, text=one.what)


def _stuck(review: Review) -> None:
    n, n_silent = len(review.stuck), review.n_silent
    n_old = review.n_stuck_silent
    blocked = tr("meeting.blocked", n=review.n_blocked)
    panels.answer(
        tr("meeting.stuck", blocked=blocked, n_risk=n - review.n_blocked)
        if n
        else tr("meeting.stuck_none"),
        tr("meeting.stuck_old", n=n_old) if n_old else "",
        tr("meeting.silent", n=n_silent) if n_silent else "",
    )
    listed([_stuck_item(one) for one in review.stuck], MOST_LONG)


def _stuck_item(one: Stuck) -> str:
    line, state = one.line, one.line.state
    named = ", ".join(one.waiting)
    key = "plan_page.late_holds" if line.holds_up else "meeting.waiting"
    helpers = tr("meeting.helpers", offices=_or(one.helpers)) if one.helpers else ""
    return item(
        head_of(line),
        f'<p class="csa-why">{html.escape(state.reason)}</p>',
        quiet(helpers, tr(key, numbers=named) if named else ""),
    )


def _or(offices: Sequence[str]) -> str:
    return tr("meeting.either", one=offices[0], other=offices[1]) if offices[1:] else offices[0]


def _open(review: Review) -> None:
    if not review.n_open:
        panels.answer(tr("meeting.open_none"))
        return
    panels.answer(
        tr("report.team_open", n=review.n_open),
        tr("meeting.open_trust", n=review.n_trust) if review.n_trust else "",
    )
    listed([_open_item(of) for of in review.open_strategies])


def _open_item(of: OpenStrategy) -> str:
    numbers = ", ".join(slot.number for slot in of.slots)
    proposed = ", ".join(of.proposed)
    return item(
        head(of.strategy.number, of.strategy.title),
        quiet(
            of.team,
            tr("meeting.slots", n=len(of.slots), numbers=numbers),
            tr("meeting.proposed", numbers=proposed) if proposed else "",
        ),
    )


def _next(review: Review) -> None:
    n, n_late = len(review.due), len(review.late)
    panels.answer(
        tr("meeting.late", n=n_late) if n_late else "",
        tr("meeting.due", n=n) if n else tr("report.due_none"),
    )
    listed([_due_item(line) for line in (*review.late, *review.due)])


def _due_item(line: ActionLine) -> str:
    due = day(line.state.due) if line.state.due else ""
    when = tr("meeting.was_due" if line.is_late else "label.due_on", day=due)
    return item(head_of(line), quiet(when, line.state.office))
