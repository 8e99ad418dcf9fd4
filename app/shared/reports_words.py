"""Names of audiences, languages and file formats in Reports."""

from __future__ import annotations

from datetime import date

from csa.base.params import whole_months
from csa.base.text import speak
from csa.dataset.versioned import Dataset


def audience_name(audience: str) -> str:
    """Return the name of an edition's audience."""
    names = {
        "executive": speak("reports_page.executive"),
        "prevention": speak("reports_page.prevention"),
        "prevention-walks": speak("reports_page.prevention_walks"),
        "prevention-leaders": speak("reports_page.prevention_leaders"),
        "intervention": speak("reports_page.intervention"),
        "enforcement": speak("reports_page.enforcement"),
        "public": speak("reports_page.public"),
    }
    return names.get(audience, audience)


def language_name(language: str) -> str:
    """Return a language's name in that language."""
    names = {"en": speak("reports_page.english"), "es": speak("reports_page.spanish")}
    return names.get(language, language)


def form_name(form: str) -> str:
    """Return the name of a file format."""
    names = {"pdf": "PDF", "html": speak("reports_page.web_page"), "docx": "Word"}
    return names.get(form, form)


def reportable_months(dataset: Dataset) -> list[str]:
    """List the months that can be reported: those completed in the data."""
    first, last = (date.fromisoformat(dataset.report[n]) for n in ("data_from", "data_through"))
    covered = whole_months(first, last)
    n = 0 if covered is None else covered.months
    return [] if covered is None else [str(covered.until.plus(-step)) for step in range(1, n + 1)]
