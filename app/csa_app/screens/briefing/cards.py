"""The answer cards of Briefing: what needs a decision, the city, and our areas."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from csa.areas.places import called
from csa.areas.priority.assessment import AreaAssessment
from csa.areas.year_to_date import city_year, describe_empty, describe_year, month_range_text
from csa.base.errors import CsaError
from csa.base.message import Message
from csa.base.text import day, month, name_list, render, tr
from csa.change.analyze import Displacement
from csa.change.sentences import each, name_verdict, state_change
from csa.program.registry import core_areas
from csa.program.roles import may, require
from csa.reports.briefing.lines import ActionLine
from csa.reports.briefing.meeting import prepare_review
from csa.reports.briefing.news import (
    agreed_answers,
    describe_new,
    list_news,
    list_unanswered,
    note_visit,
    see,
)
from csa.reports.briefing.places import areas_without_action
from csa_app.screens.briefing.parts import highest_areas
from csa_app.shared import cache_store, panels, screen_state
from csa_app.shared.area_status import AreaView
from csa_app.shared.city_session import CitySession
from csa_app.shared.key_figure import MAX_NAMED, card, change_figure, figure, listed, text
from csa_app.shared.person import PUBLIC, access, person


def show(session: CitySession) -> DeltaGenerator:
    """Show what needs a decision, the city's year and what is new; return the spot of our areas."""
    decisions, lines = _decisions(session)
    *decide, city, areas = st.columns(3 if decisions else 2, gap="small", border=True)
    if decisions:
        with decide[0]:
            st.html(card(tr("briefing.needs_decision"), listed(decisions)))
            panels.link("plan", width="content")
    with city:
        _city(session)
        _show_news(session, lines)
    return areas.empty()


def _city(session: CitySession) -> None:
    found = city_year(session, screen_state.screen(session).choices)
    if isinstance(found, Message):
        st.html(card(tr("label.citywide"), text(render(found))))
        return
    low, high = found.change.low, found.change.high
    bar = panels.range_bar(low, high, found.n_before, 1.1 * max(high, found.n_now), found.n_now)
    unit = f"{render(found.what)} {render(month_range_text(found.period))}"
    course = (found.n_now > found.n_before) - (found.n_now < found.n_before)
    said = tr(
        ("briefing.card_year_same", "briefing.card_year_up", "briefing.card_year_down")[course],
        before=found.n_before,
        verdict=describe_year(found).values["verdict"],
    )
    small = tr("briefing.card_no_change", low=low, high=high)
    gap = describe_empty(found)
    more = [] if gap is None else [render(gap)]
    inside = figure(f"{found.n_now:,}", unit) + bar + text(said, *more, small=small)
    st.html(card(tr("label.citywide"), inside))


def show_areas(
    spot: DeltaGenerator,
    view: AreaView,
    judgement: AreaAssessment | None,
    displaced: Displacement | None,
) -> None:
    """Show what all areas in service did together and each verdict; else the candidates."""
    if displaced is None:
        n = len(view.proposal.areas)
        unit = tr("briefing.card_candidates", n=n)
        inside = figure(f"{n:,}", unit) + text(highest_areas(view, judgement))
        spot.html(card(tr("briefing.candidate_areas"), inside, is_tall=bool(view.core)))
        return
    statement = state_change(displaced)
    head = tr("briefing.card_areas", n=len({*displaced.chosen.area_ids, *displaced.chosen.retired}))
    key = "briefing.card_since_each" if displaced.is_staggered else "briefing.card_since"
    unit = tr(key, since=month(str(statement.period.start)))
    records, today = cache_store.records(view.session), cache_store.today(view.session)
    verdicts = list_verdicts(displaced, agreed_answers(view.core, displaced))
    unanswered = list_unanswered(view.core, displaced, displaced.until)
    said = map(render, (*unanswered, *list_news(view.session.config, records, today)))
    items = listed([*verdicts, *said])
    spot.html(card(head, change_figure(statement, unit), items, is_tall=True))


def list_verdicts(displaced: Displacement, agreed: Mapping[str, tuple[int, str]]) -> Iterator[str]:
    """Yield each verdict with the areas that have it, and the agreed ones that are due."""
    by_verdict: dict[str, list[str]] = {}
    chosen = displaced.chosen
    followed = zip(each(displaced).items(), chosen.place_names, strict=True)
    for (area_id, (judged, _)), place_name in followed:
        name = called(place_name, area_id)
        if area_id in chosen.retired:
            name = tr("change_page.ended", name=name)
        now = str(judged.verdicts[-1])
        if name in agreed:
            months, verdict = agreed[name]
            by_verdict.setdefault(verdict, []).append(
                tr("news.as_agreed", area=name, months=months)
            )
        if name not in agreed or agreed[name][1] != now:
            by_verdict.setdefault(now, []).append(name)
    is_plain = not agreed and not chosen.retired  # what was agreed, and what ended, is named
    is_alike = is_plain and [*by_verdict] == [str(displaced.pooled.verdicts[-1])]
    if is_alike and len(chosen.area_ids) > 1:
        yield tr("briefing.each_alike")
        return
    for verdict, names in by_verdict.items():
        areas = name_list(names) if len(names) <= MAX_NAMED else f"{len(names)}"
        yield f"{name_verdict(verdict)}: {areas}"


def _decisions(session: CitySession) -> tuple[list[str], Sequence[ActionLine]]:
    """List what needs a decision, as the executive edition does; and the plan."""
    if access(session) == PUBLIC:
        return [], ()
    try:
        plan, records = cache_store.plan(session), cache_store.records(session)
    except CsaError as error:
        return [render(error.message)], ()
    if plan is None:
        return [], ()
    today = cache_store.today(session)
    lines = cache_store.lines(session)
    review = prepare_review(plan, lines, records, today)
    blocked = [stuck.line for stuck in review.stuck[: min(MAX_NAMED, review.n_blocked)]]
    said = [tr("briefing.blocked", action=f"{line.number} {line.title}") for line in blocked]
    counts = (
        ("briefing.more_blocked", review.n_blocked - MAX_NAMED),
        ("briefing.n_undone", len(areas_without_action(core_areas(records), lines))),
        ("briefing.n_late", len(review.late)),
        ("briefing.pending", len(review.pending)),
        ("briefing.trust_open", review.n_trust),
    )
    return said + [tr(key, n=n) for key, n in counts if n > 0], lines


def _show_news(session: CitySession, lines: Sequence[ActionLine]) -> None:
    """Show what is new since the last day on which whoever has signed in was here."""
    who = person(session)
    if not who.name or not may(require, who, "member"):
        return
    try:
        store, records = cache_store.open_read_only(session), cache_store.records(session)
    except CsaError:  # the cards say so
        return
    today, now = cache_store.today(session), see(session.dataset, core_areas(records), lines)
    on, before = ("", None) if store is None else note_visit(store, who, today, now)
    if before is not None:
        said = [render(new) for new in describe_new(before, now)] or [tr("news.none")]
        since = tr("news.since", day=day(date.fromisoformat(on)))
        st.html(card(since, listed(said)))
