"""The answer cards of Briefing: the city, our areas, and what needs a decision."""

from __future__ import annotations

from collections.abc import Iterator

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from csa.areas.places import called
from csa.areas.priority.assessment import AreaAssessment
from csa.areas.year_to_date import city_year, describe_year, month_range_text
from csa.base.errors import CsaError
from csa.base.message import Message
from csa.base.text import month, name_list, render, tr
from csa.change.analyze import Displacement
from csa.change.sentences import each, name_verdict, state_change
from csa.reports.briefing.lines import plan_lines
from csa.reports.briefing.meeting import PENDING
from csa_app.screens.briefing.parts import highest_areas
from csa_app.shared import cache_store, panels, screen_state
from csa_app.shared.area_status import AreaView
from csa_app.shared.city_session import CitySession
from csa_app.shared.key_figure import card, change_figure, figure, listed, text
from csa_app.shared.person import PUBLIC, access

MAX_NAMED = 4
"""Most areas of a verdict, or actions, that a card names; more are counted."""


def show(session: CitySession) -> DeltaGenerator:
    """Show the city's year and what needs a decision, and return the spot of our areas."""
    decisions = _decisions(session)
    city, areas, *decide = st.columns(3 if decisions else 2, gap="small", border=True)
    with city:
        _city(session)
    if decisions:
        with decide[0]:
            st.html(card(tr("briefing.needs_decision"), listed(decisions)))
            panels.link("plan", width="content")
    with areas:
        return st.empty()


def _city(session: CitySession) -> None:
    found = city_year(session, screen_state.screen(session).choices)
    if isinstance(found, Message):
        st.html(card(tr("label.citywide"), text(render(found))))
        return
    low, high = found.change.low, found.change.high
    bar = panels.range_bar(low, high, found.n_before, 1.1 * max(high, found.n_now), found.n_now)
    unit = f"{render(found.what)} {render(month_range_text(found.period))}"
    said = tr(
        "briefing.card_year",
        before=found.n_before,
        year=found.before.start.year,
        verdict=describe_year(found).values["verdict"],
    )
    small = tr("briefing.card_no_change", low=low, high=high)
    inside = figure(f"{found.n_now:,}", unit) + bar + text(said, small=small)
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
        said = tr("briefing.judging") if judgement is None else _highest(view, judgement)
        unit = tr("briefing.card_candidates", n=n)
        inside = figure(f"{n:,}", unit) + text(said)
        spot.html(card(tr("briefing.candidate_areas"), inside, is_tall=bool(view.core)))
        return
    statement = state_change(displaced)
    head = tr("briefing.card_areas", n=len({*displaced.chosen.area_ids, *displaced.chosen.retired}))
    unit = tr("briefing.card_since", since=month(str(statement.period.start)))
    inside = change_figure(statement, unit) + listed(_by_verdict(displaced))
    spot.html(card(head, inside, is_tall=True))


def _highest(view: AreaView, judgement: AreaAssessment) -> str:
    if not judgement.answers["locate"].can:
        return tr("briefing.no_tiers")
    return highest_areas(judgement, view.statuses)


def _by_verdict(displaced: Displacement) -> Iterator[str]:
    """Yield each verdict with the areas that have it."""
    by_verdict: dict[str, list[str]] = {}
    chosen = displaced.chosen
    followed = zip(each(displaced).items(), chosen.place_names, strict=True)
    for (area_id, (judged, _)), place_name in followed:
        name = called(place_name, area_id)
        if area_id in chosen.retired:
            name = tr("change_page.ended", name=name)
        by_verdict.setdefault(str(judged.verdicts[-1]), []).append(name)
    for verdict, names in by_verdict.items():
        areas = name_list(names) if len(names) <= MAX_NAMED else f"{len(names)}"
        yield f"{name_verdict(verdict)}: {areas}"


def _decisions(session: CitySession) -> list[str]:
    """List what needs a decision: blocked actions by name, proposals, unwritten trust actions."""
    if access(session) == PUBLIC:
        return []
    try:
        plan, records = cache_store.plan(session), cache_store.records(session)
    except CsaError as error:
        return [render(error.message)]
    lines = () if plan is None else plan_lines(plan, records, cache_store.today(session))
    blocked = [line for line in lines if line.state.status == "blocked"]
    n_slots = sum(line.is_open and line.is_trust for line in lines)
    n_proposals = sum(row.state in PENDING for row in records.changes)
    n_more = len(blocked) - MAX_NAMED
    said = [tr("briefing.blocked", action=f"{b.number} {b.title}") for b in blocked[:MAX_NAMED]]
    said += [tr("briefing.more_blocked", n=n_more)] if n_more > 0 else []
    said += [tr("briefing.proposals", n=n_proposals)] if n_proposals else []
    return said + ([tr("briefing.trust_open", n=n_slots)] if n_slots else [])
