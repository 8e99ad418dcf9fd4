"""Phrases that several pages share: what is counted, over which period, what victims are."""

from __future__ import annotations

from datetime import date, timedelta

import streamlit as st

from csa.areas.backtest.record import BacktestRecord, describe_areas_hold
from csa.areas.choices import AreaSettings
from csa.areas.proposal import Proposal
from csa.areas.window import describe_period, name_kinds
from csa.base.message import msg
from csa.base.text import ENGLISH, LANGUAGES, day, month, render, tr
from csa.city.dataset import Dataset
from csa_app.shared.city_session import CitySession

DAYS_PER_MONTH = 30.44
MONTHS_TO_SAY_DAYS = 2


def what_is_counted(proposal: Proposal) -> str:
    """Name what is counted: shootings, homicides, or the city's nonfatal kind."""
    kinds, is_proxy = proposal.summary["params"]["kinds"], proposal.summary["nonfatal_is_proxy"]
    return render(name_kinds(kinds, is_proxy=is_proxy))


def kinds_words(session: CitySession, choices: AreaSettings) -> str:
    """Name what the choices count, as `what_is_counted` does for a proposal."""
    return render(name_kinds(choices.kinds, is_proxy=session.config.city.nonfatal_is_proxy))


def period_words(proposal: Proposal) -> str:
    """Return the period that the data cover, in words."""
    return render(describe_period(proposal.summary["params"]))


def through_words(proposal: Proposal) -> str:
    """Return the last month counted, or the last day where it is not over in the data."""
    last = proposal.summary["params"]["covered_through"]
    return month(last[:7]) if is_month_over(proposal) else day(date.fromisoformat(last))


def is_month_over(proposal: Proposal) -> bool:
    """Return whether the last month counted is over in the data."""
    last = date.fromisoformat(proposal.summary["params"]["covered_through"])
    return (last + timedelta(days=1)).day == 1


def months_covered(proposal: Proposal) -> int:
    """Return how many of the requested months the data cover."""
    return int(proposal.summary["params"]["months_covered"])


def victims_words(session: CitySession) -> str:
    """Describe what the number of victims counts; with a proxy kind, nobody knows who was hit."""
    is_proxy = session.config.city.nonfatal_is_proxy
    return tr("sheet.victims_proxy" if is_proxy else "label.people_shot")


def share_words(
    proposal: Proposal, record: BacktestRecord | None, *, is_brief: bool = False
) -> str:
    """Return how much of what is counted is in the areas, with what such areas caught next."""
    held = describe_areas_hold(proposal.summary, record)
    return render(
        msg("find.answer", **held.values) if is_brief and "share" in held.values else held
    )


def age_words(through: date, today: date) -> str:
    """Return the age of the data in words."""
    days = max(0, (today - through).days)
    if days < MONTHS_TO_SAY_DAYS * DAYS_PER_MONTH:
        return tr("data.days", n=days)
    months = round(days / DAYS_PER_MONTH)
    if months < 24:
        return tr("find.n_months", n=months)
    return tr("data.years_old", years=months / 12)


# ---- The public's language, from the address.


LANGUAGE = "lang"
"""Name of the address parameter."""


def language() -> str:
    """Return the reader's language, from the address."""
    asked = str(st.query_params.get(LANGUAGE, ENGLISH))
    return asked if asked in LANGUAGES else ENGLISH


# ---- Names of audiences, languages and file formats in Reports.


def form_name(form: str) -> str:
    """Return the name of a file format."""
    names = {"pdf": "PDF", "html": tr("reports_page.web_page"), "docx": "Word"}
    return names.get(form, form)


def reportable_months(dataset: Dataset) -> list[str]:
    """List the months that can be reported: those completed in the data."""
    covered = dataset.complete_months
    if covered is None:
        return []
    return [str(covered.until.plus(-step)) for step in range(1, covered.months + 1)]
