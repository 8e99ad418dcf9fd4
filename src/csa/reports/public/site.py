"""The public page, and the site of all pages, as files for any web server."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from csa.base.text import ENGLISH, LANGUAGES, Speaker
from csa.reports.maps.palette import class_colours
from csa.reports.public.downloads import data_note, link_names
from csa.reports.public.facts import PublicFacts
from csa.reports.public.fairness_sections import fairness_sections
from csa.reports.public.neighborhoods import city_card, place_cards
from csa.reports.public.pages import inlined, language_name, render_page
from csa.reports.public.section import Section
from csa.reports.public.sections import public_sections, public_title
from csa.reports.public.wall import wall_page
from csa.reports.public.words import (
    class_words,
    marks_of,
    noun,
    outlines_words,
    period,
    subtitle,
    unit_sentence,
)

PAGE, FAIRNESS, WALL = PAGES = ("index.html", "fairness.html", "wall.html")


def public_page(
    facts: PublicFacts,
    language: str,
    svg: str | None,
    files: Iterable[str] = (),
    *,
    is_alone: bool = False,
) -> str:
    """Write the public report as one page: a neighborhood on the map, and all else folded.

    With links to the pages and files beside it, unless it stands alone, as in the app.
    """
    tell = Speaker(language)
    sections = [one for one in public_sections(facts, language) if one.key != "where"]
    if is_alone:
        sections += fairness_sections(facts, language)
    return _page(
        facts,
        language,
        public_title(facts, language),
        sections,
        ways=[] if is_alone else _ways(language, PAGE),
        downloads=link_names(files, tell),
        svg=inlined(svg),
        cards=place_cards(facts, tell),
        city=city_card(facts, tell),
    )


def fairness_page(facts: PublicFacts, language: str) -> str:
    """Write the page on fairness."""
    title, sections = Speaker(language)("public.fair_title"), fairness_sections(facts, language)
    beside = {"downloads": (), "svg": None, "cards": (), "city": None}
    return _page(facts, language, title, sections, ways=_ways(language, FAIRNESS), **beside)


def _page(
    facts: PublicFacts, language: str, title: str, sections: Sequence[Section], **own: object
) -> str:
    tell = Speaker(language)
    year, quarter = facts.quarter.split("-")
    words = class_words(facts, language)
    return render_page(
        "public",
        tell=tell,
        say={
            "classes": tell("public.where_title", what=noun(facts, tell)),
            "count": tell("public.card_count", what=noun(facts, tell), when=period(facts, tell)),
            "outlines": outlines_words(facts, tell),
            "changed": tell("public.changed"),
        },
        source=facts.source,
        title=title,
        subtitle=subtitle(facts, tell),
        unit=f"{unit_sentence(facts, tell)} {tell('public.behind')}",
        marks=marks_of(facts, language),
        legend=list(zip(class_colours(len(words)), words, strict=True)),
        sections=sections,
        data_note=data_note(facts, tell),
        up="" if language == ENGLISH else "../",
        description=tell("public.where", what=noun(facts, tell)),
        version=tell(
            "public.version", quarter=f"{quarter} {year}", snapshot=facts.snapshot_id[:12]
        ),
        **own,
    )


def _ways(language: str, name: str) -> list[tuple[str, str, str]]:
    """List the links to the same page in other languages, the page beside it, and the wall."""
    tell, up = Speaker(language), "" if language == ENGLISH else "../"
    if name == FAIRNESS:
        there = (PAGE, tell("public.fair_back"), "")
    else:
        there = (FAIRNESS, tell("public.fair_link"), "")
    return [
        *(
            (f"{up}{_folder(other)}{name}", language_name(other), other)
            for other in LANGUAGES
            if other != language
        ),
        there,
        (WALL, tell("public.to_wall"), ""),
    ]


def site_files(
    facts: PublicFacts, maps: Mapping[str, str], files: Iterable[str] = ()
) -> dict[str, bytes]:
    """Write the site: the page and the wall in each language."""
    named = tuple(files)
    written: dict[str, bytes] = {}
    for language in LANGUAGES:
        folder, svg = _folder(language), maps.get(language)
        written[f"{folder}{PAGE}"] = public_page(facts, language, svg, named).encode()
        written[f"{folder}{FAIRNESS}"] = fairness_page(facts, language).encode()
        written[f"{folder}{WALL}"] = wall_page(facts, language, svg, PAGE).encode()
    return written


def _folder(language: str) -> str:
    return "" if language == ENGLISH else f"{language}/"
