"""Names of editions and languages, as pages and mail say them."""

from __future__ import annotations

from csa.base.text import speak


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
