"""Phrases that several pages say: what is counted, over which period, what victims are."""

from __future__ import annotations

from datetime import date

from app.cache import Opened
from csa.hotspots.proposal import Proposal
from csa.words import day, speak


def what_is_counted(proposal: Proposal) -> str:
    """Name what is counted: shootings, homicides, or the city's nonfatal kind.

    Parameters
    ----------
    proposal
        The proposal on screen.

    Returns
    -------
    str
        In words, many of them.
    """
    kinds = proposal.summary["params"]["kinds"]
    if kinds == ["homicide"]:
        return speak("find.homicides")
    if kinds == ["nonfatal"]:
        return speak("find.nonfatal")
    is_proxy = proposal.summary["nonfatal_is_proxy"]
    return speak("find.reports" if is_proxy else "find.shootings")


def period_words(proposal: Proposal) -> str:
    """Write the period that the data cover.

    Parameters
    ----------
    proposal
        The proposal on screen.

    Returns
    -------
    str
        Such as `September 1, 2017 through August 21, 2020`.
    """
    params = proposal.summary["params"]
    first = day(date.fromisoformat(params["covered_from"]))
    return speak(
        "find.period", first=first, last=day(date.fromisoformat(params["covered_through"]))
    )


def months_covered(proposal: Proposal) -> int:
    """Tell how many months the data cover of those asked for.

    Parameters
    ----------
    proposal
        The proposal on screen.

    Returns
    -------
    int
        Months.
    """
    return int(proposal.summary["params"]["months_covered"])


def victims_words(opened: Opened) -> str:
    """Name what the number of victims counts: where the kind is a proxy, nobody knows who was hit.

    Parameters
    ----------
    opened
        The city.

    Returns
    -------
    str
        In words.
    """
    is_proxy = opened.config.city.nonfatal_is_proxy
    return speak("sheet.victims_proxy" if is_proxy else "sheet.victims")
