"""The parts of Briefing: what stands out, what changed, what cannot be said, and the areas."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping
from datetime import date

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.screens.briefing.area_list import are_many, by_name
from app.shared import (
    cache,
    panels,
    session,
    track_record,
)
from app.shared.city_session import Opened
from app.shared.phrases import (
    age_words,
    cautions,
    found_words,
    why_no_area,
)
from app.shared.standing import say_served
from csa.areas.choices import Choices, period_of
from csa.areas.ordering import say_order
from csa.areas.proposal import Proposal
from csa.areas.year_to_date import city_year, say_year
from csa.backtest.record import Record
from csa.base.errors import CsaError
from csa.base.message import Message
from csa.base.text import month, name_list, render, speak
from csa.decisions.registry import AreaStanding
from csa.priority.assess import AreaAssessment

MAX_NAMED = 6
"""Most areas named in a sentence; the list has the rest."""


def title(opened: Opened) -> str:
    """Return the page title with the month of the briefing."""
    choices = session.screen(opened).choices
    try:
        last = period_of(opened.dataset, choices).until.plus(-1)
    except CsaError:
        return speak("briefing.short")  # the page says why
    return speak("briefing.title", month=month(str(last)))


def sentences(
    spot: DeltaGenerator,
    opened: Opened,
    choices: Choices,
    found: tuple[Proposal, AreaAssessment | None],
    standing: Mapping[str, AreaStanding],
) -> None:
    """Show what stands out, what changed and what cannot be said."""
    record, (_, judgement) = cache.suggesting(opened, choices), found
    parts = (
        (speak("briefing.stands_out"), *_stands_out(found, record, standing)),
        (speak("briefing.changed"), *_changed(opened, choices)),
        (speak("briefing.cannot"), *_cannot(judgement)),
    )
    said = "".join(
        f"<p><b>{html.escape(head)}.</b> {html.escape(firm)}"
        f'{" " * bool(firm and faint)}<span class="csa-faint">{html.escape(faint)}</span></p>'
        for head, firm, faint in parts
    )
    spot.html(f'<div class="csa-briefing">{said}</div>')


def _stands_out(
    made: tuple[Proposal, AreaAssessment | None],
    record: Record | None,
    standing: Mapping[str, AreaStanding],
) -> tuple[str, str]:
    """Return what is certain, and a fainter sentence on what is not."""
    proposal, judgement = made
    nothing = why_no_area(proposal)
    if nothing:
        return "", nothing
    found = found_words(proposal, record)
    if served := say_served(standing):
        found = f"{found} {served}"
    if judgement is None:
        return found, speak("briefing.judging")
    where = judgement.answers["locate"]
    if not where.can:
        return found, speak("briefing.no_tiers")
    return f"{found} {highest_areas(judgement, standing)}", ""


def highest_areas(judgement: AreaAssessment, standing: Mapping[str, AreaStanding]) -> str:
    """Name the areas of the highest tier."""
    table = judgement.table
    if judgement.n_without_tier == len(table):
        n_doubtful = int(table["is_doubtful"].astype(bool).sum())
        if n_doubtful == len(table):
            return speak("briefing.all_doubtful")
        if n_doubtful:
            return speak("briefing.none_and_doubtful", n=n_doubtful)
        return speak("briefing.none_told_apart")
    highest = by_name(table[table["tier"] == table["tier"].min()], standing)
    if len(highest) > MAX_NAMED:
        return speak("briefing.many_highest", n=len(highest))
    names = name_list(standing[area_id].called for area_id in highest["area_id"])
    return speak("briefing.highest", n=len(highest), areas=names)


def _changed(opened: Opened, choices: Choices) -> tuple[str, str]:
    found = city_year(opened, choices)
    said = render(say_year(found))
    return ("", said) if isinstance(found, Message) else (said, "")


def _cannot(judgement: AreaAssessment | None) -> tuple[str, str]:
    if judgement is None:
        return "", speak("briefing.judging")
    said = [
        _about(name, render(answer.message))
        for name, answer in judgement.answers.items()
        if not (answer.can and answer.is_firm)
    ]
    return (" ".join(said), "") if said else (speak("briefing.all_can"), "")


def _about(name: str, sentence: str) -> str:
    """Name the comparison in a sentence about changes; the other sentences name their own."""
    if name == "compare_one":
        return speak("briefing.cannot_one", sentence=sentence)
    if name == "compare_all":
        return speak("briefing.cannot_all", sentence=sentence)
    return sentence


def places(proposal: Proposal) -> tuple[DeltaGenerator, DeltaGenerator]:
    """Put the list beside the map, or below it if there are many areas."""
    if are_many(proposal):
        return st.container(), st.empty()
    left, right = st.columns([0.58, 0.42], gap="medium")
    return left, right.empty()


def not_ranked(spot: DeltaGenerator, judgement: AreaAssessment) -> None:
    """Note that neither tiers nor lists rank areas within themselves."""
    if not judgement.answers["locate"].can:
        spot.markdown(speak("briefing.not_ranked_at_all"))
        return
    spot.markdown(speak("briefing.not_ranked", order=render(say_order(judgement.weights))))


def links() -> None:
    """Link to the other pages."""
    with st.container(horizontal=True):
        for page in ("compare", "displacement", "measures", "plan", "track_record"):
            icon = ":material/arrow_forward:"
            st.page_link(f"screens/{page}/page.py", width="content", icon=icon)


def notes(opened: Opened, choices: Choices, proposal: Proposal) -> None:
    """Show how old the data are, what they lack, and what past years show."""
    report, city = opened.dataset.report, opened.config.city
    through = date.fromisoformat(report["data_through"])
    said: Iterable[str] = (
        speak("briefing.age", age=age_words(through, opened.config.city.clock.today())),
        _partial(proposal),
        *cautions(proposal),
        speak("briefing.proxy", name=city.nonfatal_name) if city.nonfatal_is_proxy else "",
        past_years(opened, choices),
    )
    st.caption(" ".join(panels.plain(sentence) for sentence in said if sentence))


def _partial(proposal: Proposal) -> str:
    last = proposal.summary["params"]["covered_through"]
    is_over = (pd.Timestamp(last) + pd.Timedelta(days=1)).day == 1
    return "" if is_over else speak("briefing.partial", month=month(last[:7]))


def past_years(opened: Opened, choices: Choices) -> str:
    """Summarize in one sentence whether a record of past years exists, and what it shows."""
    record = cache.record(opened, choices)
    if record is None:
        return speak("briefing.no_record")
    if record.comparison is None:
        return speak("briefing.record_short")
    return track_record.caught(opened, record, choices)
