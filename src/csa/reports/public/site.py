"""The public page, and the site of all pages, as files for any web server."""

from __future__ import annotations

from collections.abc import Mapping

from csa.base.text import ENGLISH, LANGUAGES, Speaker
from csa.reports.maps.palette import class_colours
from csa.reports.public.facts import PublicFacts
from csa.reports.public.pages import Pictures, language_name, render_page
from csa.reports.public.sections import public_sections, public_title
from csa.reports.public.wall import wall_page
from csa.reports.public.words import marks_of, noun, period

__all__ = ["Pictures", "public_page", "site_files"]


def public_page(facts: PublicFacts, language: str, pictures: Pictures) -> str:
    """Write the public report as one page."""
    tell = Speaker(language)
    year, quarter = facts.quarter.split("-")
    others = [other for other in LANGUAGES if other != language]
    return render_page(
        "public",
        language=language,
        say={
            "skip": tell("public.skip"),
            "contents": tell("public.contents"),
            "to_wall": tell("public.to_wall"),
            "find": tell("public.find"),
            "shown": tell("public.shown"),
        },
        title=public_title(facts, language),
        subtitle=tell("public.subtitle", when=period(facts, tell)),
        marks=marks_of(facts, language),
        colours=class_colours(max(len(facts.classes), 1)),
        sections=public_sections(facts, language, pictures.map_screen, pictures.map_phone),
        others=[(other, language_name(other), _way(language, other)) for other in others],
        description=tell("public.where", what=noun(facts, tell)),
        version=tell(
            "public.version", quarter=f"{quarter} {year}", snapshot=facts.snapshot_id[:12]
        ),
    )


def site_files(facts: PublicFacts, pictures: Mapping[str, Pictures]) -> dict[str, bytes]:
    """Write the site: the page and the wall in each language."""
    written: dict[str, bytes] = {}
    for language in LANGUAGES:
        folder = _folder(language)
        shown = pictures.get(language, Pictures())
        written[f"{folder}index.html"] = public_page(facts, language, shown).encode()
        written[f"{folder}wall.html"] = wall_page(facts, language, shown, "index.html").encode()
    return written


def _folder(language: str) -> str:
    return "" if language == ENGLISH else f"{language}/"


def _way(language: str, other: str) -> str:
    return f"{'' if language == ENGLISH else '../'}{_folder(other)}index.html"
