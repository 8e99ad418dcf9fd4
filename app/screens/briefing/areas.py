"""Briefing's core service areas and pending decisions; without a store the page still works."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from app.shared import cache_change, cache_store, panels
from app.shared.city_session import Opened
from app.shared.following import is_early
from app.shared.person import PUBLIC, access
from app.shared.plan_cards import status_html
from csa.areas.choices import Choices
from csa.areas.places import called
from csa.base.errors import CsaError
from csa.base.text import day, render, speak
from csa.decisions.registry import CoreArea, core_areas, followed
from csa.decisions.store.records import Records
from csa.displacement.sentences import name_verdict
from csa.displacement.telling import each
from csa.reports.briefing import ActionLine, plan_lines
from csa.reports.briefing.meeting import PENDING
from csa.reports.briefing.places import LIVE
from csa.reports.briefing.working import here

WORST = ("blocked", "at-risk", "no-update", "on-track")


def show(opened: Opened, choices: Choices) -> None:
    """List the areas in service and the pending decisions; nothing without a plan and a store."""
    if access(opened) == PUBLIC:
        return
    try:
        plan, records = cache_store.plan(opened), cache_store.records(opened)
    except CsaError as error:
        st.caption(panels.plain(render(error.message)))
        return
    lines = () if plan is None else plan_lines(plan, records, cache_store.today(opened))
    areas = core_areas(records)
    waiting = decisions(records, lines)
    if not areas and not waiting:
        return
    with st.container(key="briefing_areas"):
        if areas:
            items = "".join(_item(opened, choices, areas, area, lines) for area in areas)
            head = html.escape(speak("briefing.core_areas"))
            st.html(f'<h2>{head}</h2><ul class="csa-due">{items}</ul>')
        if waiting:
            head = html.escape(speak("briefing.needs_decision"))
            st.html(f"<p><b>{head}</b> {html.escape(' '.join(waiting))}</p>")
        if areas:  # otherwise the first screen has room for the sentence only
            _links()


def _links() -> None:
    with st.container(horizontal=True):
        for page in ("measures", "displacement", "plan"):
            icon = ":material/arrow_forward:"
            st.page_link(f"screens/{page}/page.py", width="content", icon=icon)


def decisions(records: Records, lines: Sequence[ActionLine]) -> list[str]:
    """List what needs a decision: slots for trust, proposals, blocked actions."""
    n_slots = sum(line.is_open and line.is_trust for line in lines)
    n_proposals = sum(row.state in PENDING for row in records.changes)
    blocked = [line.number for line in lines if line.state.status == "blocked"]
    said = (
        speak("plan_page.answer_trust", n=n_slots) if n_slots else "",
        speak("meeting.pending", n=n_proposals) if n_proposals else "",
        speak("briefing.blocked", n=len(blocked), numbers=", ".join(blocked)) if blocked else "",
    )
    return [sentence for sentence in said if sentence]


def _item(
    opened: Opened,
    choices: Choices,
    areas: tuple[CoreArea, ...],
    area: CoreArea,
    lines: Sequence[ActionLine],
) -> str:
    state = "here.maintenance_since" if area.state == "maintenance" else "here.served_since"
    name = html.escape(called(area.place_name, area.key))
    since = html.escape(speak(state, day=day(area.state_since)))
    verdict = html.escape(_verdict(opened, choices, areas, area))
    return f"<li><b>{name}</b> {since}<br>{verdict} · {_worst(lines, area.key)}</li>"


def _verdict(opened: Opened, choices: Choices, areas: tuple[CoreArea, ...], area: CoreArea) -> str:
    """Return the Displacement page's verdict if it is cached; this page computes no new one."""
    recent, known = cache_change.recent(opened, replace(choices, until=None)), followed(areas)
    if known is None or recent is None or area.versions[0].since >= recent.period.until:
        return speak("change_page.too_early_word")
    found = cache_change.core_before(opened, choices, known)
    if found is None:
        return speak("briefing.verdict_elsewhere")
    verdicts = each(found)[area.key][0].verdicts
    if is_early(len(verdicts) - 1):
        return speak("change_page.too_early_word")
    return name_verdict(verdicts[-1])


def _worst(lines: Sequence[ActionLine], key: str) -> str:
    live = [line for line in here(lines, key) if line.state.status in LIVE]
    if not live:
        return f'<span class="csa-faint">{html.escape(speak("briefing.no_live"))}</span>'
    worst = min(live, key=_badness)
    said = html.escape(speak("briefing.worst", n=len(live), number=worst.number))
    return f"{said} {status_html(worst)}"


def _badness(line: ActionLine) -> int:
    stuck = line.state.status in {"blocked", "at-risk"}
    return WORST.index(line.state.status if stuck else line.colour)
