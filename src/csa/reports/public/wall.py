"""The wall display: a file that a hall can show without a network or a mouse."""

from __future__ import annotations

from csa.base.text import Speaker
from csa.reports.maps.palette import class_colours
from csa.reports.public.facts import DensityClass, PublicFacts
from csa.reports.public.pages import inlined, render_page
from csa.reports.public.screens import wall_marks, wall_screens
from csa.reports.public.words import areas_title


def wall_page(
    facts: PublicFacts,
    language: str,
    svg: str | None,
    page: str | None = None,
    *,
    is_draft: bool = False,
) -> str:
    """Write the wall display; a draft, whose figures are not published, says so."""
    tell = Speaker(language)
    screens = wall_screens(facts, language)
    classes = [_short(bounds, tell) for bounds in facts.classes]
    return render_page(
        "wall",
        tell=tell,
        outlines=areas_title(facts, tell) if facts.areas else "",
        city=facts.city_name,
        marks=(*[tell("report.public_draft")] * is_draft, *wall_marks(facts, language)),
        screens=screens,
        legend=list(zip(class_colours(len(classes)), classes, strict=True)),
        svg=inlined(svg),
        page=page,
    )


def _short(bounds: DensityClass, tell: Speaker) -> str:
    """Write a class in one word, as the map's title takes the room."""
    if not bounds.low:
        return tell("public.few_short")
    return f"{bounds.low:,}+" if bounds.high is None else f"{bounds.low:,}–{bounds.high:,}"
