"""The public page, and the site of all pages, as files for any web server."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from csa.base.text import ENGLISH, LANGUAGES, Speaker
from csa.reports.maps.palette import class_colours
from csa.reports.public.downloads import data_note, link_names
from csa.reports.public.facts import PublicFacts
from csa.reports.public.fairness_sections import fairness_sections
from csa.reports.public.pages import Pictures, language_name, render_page
from csa.reports.public.section import Section
from csa.reports.public.sections import public_sections, public_title
from csa.reports.public.wall import wall_page
from csa.reports.public.words import marks_of, noun, period

PAGE, FAIRNESS, WALL = PAGES = ("index.html", "fairness.html", "wall.html")
__all__ = ["PAGES", "Pictures", "public_page", "site_files"]


def public_page(
    facts: PublicFacts, language: str, pictures: Pictures, files: Iterable[str] = ()
) -> str:
    """Write the public report as one page, with links to the files beside it."""
    tell = Speaker(language)
    sections = public_sections(facts, language, pictures.map_screen, pictures.map_phone)
    downloads = link_names(files, tell)
    return _page(facts, language, PAGE, public_title(facts, language), sections, downloads)


def fairness_page(facts: PublicFacts, language: str) -> str:
    """Write the page on fairness."""
    title = Speaker(language)("public.fair_title")
    return _page(facts, language, FAIRNESS, title, fairness_sections(facts, language))


def _page(
    facts: PublicFacts,
    language: str,
    name: str,
    title: str,
    sections: Sequence[Section],
    downloads: Sequence[tuple[str, str]] = (),
) -> str:
    tell = Speaker(language)
    year, quarter = facts.quarter.split("-")
    there = (PAGE, tell("public.fair_back"))
    beside = there if name == FAIRNESS else (FAIRNESS, tell("public.fair_link"))
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
        title=title,
        beside=beside,
        subtitle=tell("public.subtitle", when=period(facts, tell)),
        marks=marks_of(facts, language),
        colours=class_colours(max(len(facts.classes), 1)),
        sections=sections,
        downloads=downloads,
        data_title=tell("public.data_title"),
        data_note=data_note(facts, tell),
        up="" if language == ENGLISH else "../",
        feed_title=tell("public.file_feed"),
        others=[(other, language_name(other), _way(language, other, name)) for other in others],
        description=tell("public.where", what=noun(facts, tell)),
        version=tell(
            "public.version", quarter=f"{quarter} {year}", snapshot=facts.snapshot_id[:12]
        ),
    )


def site_files(
    facts: PublicFacts, pictures: Mapping[str, Pictures], files: Iterable[str] = ()
) -> dict[str, bytes]:
    """Write the site: the page and the wall in each language."""
    named = tuple(files)
    written: dict[str, bytes] = {}
    for language in LANGUAGES:
        folder = _folder(language)
        shown = pictures.get(language, Pictures())
        written[f"{folder}{PAGE}"] = public_page(facts, language, shown, named).encode()
        written[f"{folder}{FAIRNESS}"] = fairness_page(facts, language).encode()
        written[f"{folder}{WALL}"] = wall_page(facts, language, shown, PAGE).encode()
    return written


def _folder(language: str) -> str:
    return "" if language == ENGLISH else f"{language}/"


def _way(language: str, other: str, name: str) -> str:
    return f"{'' if language == ENGLISH else '../'}{_folder(other)}{name}"
