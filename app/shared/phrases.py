"""Phrases that several pages share: what is counted, over which period, what victims are."""

from __future__ import annotations

from datetime import date

import pandas as pd

from app.shared.city_session import Opened
from csa.areas.choices import Choices
from csa.areas.proposal import Proposal
from csa.areas.window import name_kinds
from csa.backtest.caught import say_areas_hold
from csa.backtest.record import Record
from csa.base.text import day, month, percent, render, speak

DAYS_PER_MONTH = 30.44
MONTHS_TO_SAY_DAYS = 2


def what_is_counted(proposal: Proposal) -> str:
    """Name what is counted: shootings, homicides, or the city's nonfatal kind."""
    kinds, is_proxy = proposal.summary["params"]["kinds"], proposal.summary["nonfatal_is_proxy"]
    return render(name_kinds(kinds, is_proxy=is_proxy))


def kinds_words(opened: Opened, choices: Choices) -> str:
    """Name what the choices count, as `what_is_counted` does for a proposal."""
    return render(name_kinds(choices.kinds, is_proxy=opened.config.city.nonfatal_is_proxy))


def period_words(proposal: Proposal) -> str:
    """Return the period that the data cover, in words."""
    params = proposal.summary["params"]
    first = day(date.fromisoformat(params["covered_from"]))
    return speak(
        "find.period", first=first, last=day(date.fromisoformat(params["covered_through"]))
    )


def through_words(proposal: Proposal) -> str:
    """Return the last month counted, or the last day where it is not over in the data."""
    last = proposal.summary["params"]["covered_through"]
    is_over = (pd.Timestamp(last) + pd.Timedelta(days=1)).day == 1
    return month(last[:7]) if is_over else day(date.fromisoformat(last))


def months_covered(proposal: Proposal) -> int:
    """Return how many of the requested months the data cover."""
    return int(proposal.summary["params"]["months_covered"])


def victims_words(opened: Opened) -> str:
    """Describe what the number of victims counts; with a proxy kind, nobody knows who was hit."""
    is_proxy = opened.config.city.nonfatal_is_proxy
    return speak("sheet.victims_proxy" if is_proxy else "sheet.victims")


def why_no_area(proposal: Proposal) -> str:
    """Return why there is no candidate area, and what to do; empty if there are some."""
    totals, params = proposal.summary["totals"], proposal.summary["params"]
    period = period_words(proposal)
    if not totals["located"]:
        return speak("find.empty", period=period)
    if not proposal.is_empty:
        return ""
    if proposal.is_all_suspect:
        n_suspect = totals["located_suspect"]
        return speak("find.all_suspect", n=totals["located"], period=period, suspect=n_suspect)
    chosen = {"eps_m": params["eps_m"], "min_samples": params["min_samples"]}
    key = "find.none_fits" if proposal.summary["left_out_fringe"]["incidents"] else "find.none"
    return speak(key, n=totals["located"], period=period, **chosen)


def found_words(proposal: Proposal, record: Record | None) -> str:
    """Return how much of what is counted lies in the areas, with what such areas caught next."""
    return render(say_areas_hold(proposal.summary, record))


def cautions(proposal: Proposal) -> tuple[str, ...]:
    """List what the count leaves out: unlocated incidents, months not covered or without any."""
    totals, params = proposal.summary["totals"], proposal.summary["params"]
    n_unplaced = totals["unlocated"] + totals["outside_study_area"]
    n_months, asked = params["months_covered"], params["months"]
    # Does a month without incidents, in a city that always has some, mean a missing file?
    n_silent = totals["silent_months"]
    said = (
        speak("find.unplaced", n=n_unplaced) if n_unplaced else "",
        speak("find.covered", n=n_months, months=asked) if n_months < asked else "",
        speak("find.silent", n=n_silent) if n_silent else "",
        speak("find.other_city", share=percent(proposal.summary["share_of_study_area"] or 0.0))
        if proposal.covers_little and params["suggested_by"] == "city file"
        else "",
    )
    return tuple(sentence for sentence in said if sentence)


def age_words(through: date, today: date) -> str:
    """Return the age of the data in words."""
    days = max(0, (today - through).days)
    if days < MONTHS_TO_SAY_DAYS * DAYS_PER_MONTH:
        return speak("data.days", n=days)
    months = round(days / DAYS_PER_MONTH)
    if months < 24:
        return speak("data.months_old", n=months)
    return speak("data.years_old", years=months / 12)
