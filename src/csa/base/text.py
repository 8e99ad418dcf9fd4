"""Text in the reader's language: sentences, numbers, days and places.

Sentences come from `csa.base.catalogs`, numbers and days from `csa.base.formatting`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from csa.base.catalogs import ENGLISH, LANGUAGES, locale_of, render
from csa.base.formatting import (
    KM2_PER_SQUARE_MILE,
    day,
    in_ten,
    land,
    listed,
    month,
    percent,
    times,
)
from csa.base.message import say

__all__ = [
    "ENGLISH",
    "KM2_PER_SQUARE_MILE",
    "LANGUAGES",
    "Speaker",
    "day",
    "in_ten",
    "land",
    "listed",
    "month",
    "percent",
    "render",
    "speak",
    "times",
    "way_name",
]


def speak(key: str, /, **values: object) -> str:
    """Render a sentence in English; a shorthand for `render(say(key, ...))`."""
    return render(say(key, **values))


@dataclass(frozen=True)
class Speaker:
    """Renders in one language: `Speaker("es")("public.title", city="Orrinvale")`."""

    language: str = ENGLISH  # such as `en` or `es`

    def __call__(self, key: str, /, **values: object) -> str:
        """Render a sentence of the catalog in this language."""
        return render(say(key, **values), self.language)

    def day(self, when: date) -> str:
        """Write a day."""
        return day(when, self.language)

    def month(self, text: str, *, is_short: bool = False) -> str:
        """Write a month."""
        return month(text, is_short=is_short, language=self.language)

    def number(self, value: int) -> str:
        """Write a whole number."""
        from babel.numbers import format_decimal  # noqa: PLC0415 - English alone needs no Babel

        locale = locale_of(self.language)
        return f"{value:,}" if locale == ENGLISH else format_decimal(value, locale=locale)

    def percent(self, share: float | None) -> str:
        """Write a share in percent."""
        return percent(share, self.language)

    def listed(self, names: Sequence[str]) -> str:
        """List names in a sentence."""
        *earlier, last = names
        if not earlier:
            return last
        # Spanish says `e` for `y` before the sound of i; English says `and` in both.
        key = "number.and_i" if re.match(r"h?[ií](?![aeou])", last.lower()) else "number.and"
        return render(say(key, earlier=", ".join(earlier), last=last), self.language)

    def place(self, place_name: str) -> str:
        """Write an area's place name, translating the compass word at its end."""
        name, _, word = place_name.rpartition(", ")
        key = {
            "east": "compass.east",
            "northeast": "compass.northeast",
            "north": "compass.north",
            "northwest": "compass.northwest",
            "west": "compass.west",
            "southwest": "compass.southwest",
            "south": "compass.south",
            "southeast": "compass.southeast",
        }.get(word)
        if not name or key is None:
            return place_name
        return f"{name}, {render(say(key), self.language)}"


def way_name(method: str) -> str:
    """Name a method of choosing in plain words, inside a sentence or in a table."""
    if method.startswith("kde_"):
        return speak("ways.heat", metres=method.removeprefix("kde_"))
    return speak(
        {
            "areas": "ways.areas",
            "count": "ways.count",
            "neighborhoods": "ways.neighborhoods",
            "random": "ways.random",
            "ceiling": "ways.ceiling",
        }[method]
    )
