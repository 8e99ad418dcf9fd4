"""The wall display: a file that a hall can show without a network or a mouse."""

from __future__ import annotations

from csa.base.text import Speaker
from csa.reports.public.facts import PublicFacts
from csa.reports.public.pages import Pictures, render_page
from csa.reports.public.screens import wall_marks, wall_screens

__all__ = ["Pictures", "wall_page"]


def wall_page(
    facts: PublicFacts, language: str, pictures: Pictures, page: str | None = None
) -> str:
    """Write the wall display."""
    tell = Speaker(language)
    screens = wall_screens(facts, language)
    counted = [tell("wall.screen", at=at, of=len(screens)) for at in range(1, len(screens) + 1)]
    return render_page(
        "wall",
        language=language,
        say={
            "turn": tell("wall.turn"),
            "back": tell("wall.back"),
            "next": tell("wall.next"),
            "full": tell("wall.full"),
            "larger": tell("wall.larger"),
            "page": tell("wall.page"),
            "map_missing": tell("wall.map_missing"),
        },
        title=tell("wall.title", city=facts.city_name),
        marks=wall_marks(facts, language),
        screens=list(zip(screens, counted, strict=True)),
        png=pictures.map_wall,
        page=page,
    )
