"""Text in the reader's language: sentences, numbers, days and places.

The sentences stand in `locale/en.toml`, and for each other language in a catalog of gettext.
"""

from __future__ import annotations

import calendar
import gettext
import io
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING

from csa.base.message import Message, Template, fill, load_catalog, msg

if TYPE_CHECKING:
    from babel.messages import Catalog

ENGLISH = "en"
LANGUAGES = ("en", "es")
"""What public pages and reports are written in."""

LOCALES = {"es": "es_US"}
"""The locale for a language's numbers and days: Spanish of the United States has the thousands'
comma and the decimal point that residents know from everything else they read."""

UNSEEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e"
    r"\u2060-\u2064\u2066-\u206f\ufeff\U000e0000-\U000e007f]"
)
"""What moves a cursor, changes colors, turns the direction of letters or has no width; no name
needs it."""

PUBLIC = (
    "compass.",
    *("map.acres", "map.cell", "map.city", "map.filter", "map.home", "map.label"),
    *("map.north", "map.period", "map.published"),
    "map_sheet.",
    "number.",
    "public.",
    *("report.footer", "report.proxy", "report.public", "report.subtitle", "report.walk"),
    *("report_file.page", "report_file.trail"),
    "term.",
    "wall.",
    "ways.in_ten",
    "ways.over_nine_in_ten",
    "ways.under_one_in_ten",
    "why_line.",
)
"""Prefixes of the keys of sentences that the public reads: each language has all of them."""


def public_sentences() -> dict[str, Template]:
    """Return the sentences that the public reads."""
    return {key: text for key, text in load_catalog().items() if key.startswith(PUBLIC)}


def catalog_path(language: str) -> Traversable:
    """Return where the sentences of a language are stored."""
    name = language.partition("_")[0]
    return files("csa.base").joinpath("locale", name, "LC_MESSAGES", "csa.po")


def read_catalog(path: Traversable | Path, language: str) -> Catalog:
    """Read a catalog, fuzzy sentences too."""
    from babel.messages.pofile import PoFileError, read_po  # noqa: PLC0415 - see translations

    try:
        with path.open("rb") as source:
            return read_po(source, locale=language, abort_invalid=True)
    except (PoFileError, LookupError) as error:  # an encoding that nobody knows
        raise ValueError(str(error)) from error


@cache
def translations(language: str) -> gettext.NullTranslations:
    """Return a language's sentences, as gettext holds them."""
    path = catalog_path(language)
    if not language.isidentifier() or language == ENGLISH or not path.is_file():
        return gettext.NullTranslations()
    from babel.messages.mofile import write_mo  # noqa: PLC0415 - English alone needs no Babel

    compiled = io.BytesIO()
    write_mo(compiled, read_catalog(path, language.partition("_")[0]))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def translated(key: str, language: str, n: object = None) -> Template:
    """Find a sentence in a language."""
    template = load_catalog()[key]
    if language == ENGLISH:
        return template
    catalog = translations(language)
    if isinstance(template, str):
        return catalog.pgettext(key, template)
    number = int(n) if isinstance(n, Integral) else 1 if n == 1 else 2
    return catalog.npgettext(key, template["one"], template["other"], number)


def locale_of(language: str) -> str:
    """Return the locale whose numbers and dates go with a language's sentences."""
    if type(translations(language)) is gettext.NullTranslations:
        return ENGLISH
    name = language.partition("_")[0]
    return LOCALES.get(name, name)


def render(message: Message, language: str = ENGLISH) -> str:
    """Render a message in a reader's language."""
    template = translated(message.key, language, message.values.get("n"))
    return fill(template, message.values)


KM2_PER_SQUARE_MILE = 2.589988110336


def day(when: date, language: str = ENGLISH) -> str:
    """Write a day, such as `July 31, 2020`."""
    locale = locale_of(language)
    if locale != ENGLISH:
        from babel.dates import format_date  # noqa: PLC0415 - English alone needs no Babel

        return format_date(when, "long", locale=locale)
    return f"{calendar.month_name[when.month]} {when.day}, {when.year}"


def month(text: str, *, is_short: bool = False, language: str = ENGLISH) -> str:
    """Write a month, such as `July 2020`."""
    year, number = text.split("-")
    locale = locale_of(language)
    if locale != ENGLISH:
        from babel.dates import format_skeleton  # noqa: PLC0415 - English alone needs no Babel

        skeleton = "yMMM" if is_short else "yMMMM"
        return format_skeleton(skeleton, date(int(year), int(number), 1), locale=locale)
    names = calendar.month_abbr if is_short else calendar.month_name
    return f"{names[int(number)]} {year}"


def percent(share: float | None, language: str = ENGLISH) -> str:
    """Write a share in percent, with no more digits than it carries."""
    if share is None:
        return render(msg("term.unknown"), language)
    hundredths, sign = 100 * share, "%" if language == ENGLISH else " %"
    if 0 < hundredths < 0.1:
        return render(msg("number.under", share=f"0.1{sign}"), language)
    if 99 < hundredths < 100:
        return render(msg("number.over", share=f"99{sign}"), language)
    digits = 1 if 0 < hundredths < 0.95 else 0
    return f"{hundredths:.{digits}f}{sign}"


def land_percent(share: float, *, is_estimated: bool) -> str:
    """Write a share of a city's land, which is estimated where no polygons were given."""
    return tr("number.estimated", share=percent(share)) if is_estimated else percent(share)


def in_ten(share: float | None, language: str = ENGLISH) -> str:
    """Write a share as so many in ten, never as all or nothing."""
    if share is None or math.isnan(share):
        return render(msg("term.unknown"), language)
    if share < 0.05:
        return render(msg("ways.under_one_in_ten"), language)
    if share >= 0.95:
        return render(msg("ways.over_nine_in_ten"), language)
    return render(msg("ways.in_ten", n=math.floor(10 * share + 0.5)), language)


def times(ratio: float | None, language: str = ENGLISH) -> str:
    """Write how many times one number is another, with no more digits than it carries."""
    if ratio is None or math.isnan(ratio):
        return render(msg("term.unknown"), language)
    digits = 1 if ratio < 9.95 else 0
    return f"{ratio:,.{digits}f}"


def land(km2: float, units: str, language: str = ENGLISH) -> str:
    """Write an area of land in the city's units."""
    is_us = units == "us"
    size = km2 / KM2_PER_SQUARE_MILE if is_us else km2
    written = f"{size:,.{1 if size >= 0.5 else 2}f}"
    key = "number.square_miles" if is_us else "number.km2"
    return render(msg(key, size=written), language)


def listed(counts: Mapping[str, int]) -> str:
    """List counts by name, zeros left out, largest first."""
    order = sorted(counts.items(), key=lambda row: (-row[1], row[0]))
    parts = [f"{count:,} {name.replace('_', ' ')}" for name, count in order if count]
    return ", ".join(parts) or "none"


def name_list(names: Iterable[str]) -> str:
    """List names; with semicolons where one holds a comma, such as "Nicetown, southwest"."""
    listed_names = list(names)
    return ("; " if any(", " in name for name in listed_names) else ", ").join(listed_names)


def first_names(names: Sequence[str], most: int = 20) -> str:
    """List the first of some names, none too long for a sentence, and how many others there are."""
    shown = ", ".join(f"{one[:60]}..." if len(one) > 60 else one for one in names[:most])
    left = len(names) - most
    return shown if left <= 0 else tr("label.and_more", names=shown, n=left)


def natural_sort_key(text: str) -> tuple[object, ...]:
    """Return a key to sort names by as readers do: "2.5 km" before "10 km", small as large."""
    parts = re.split(r"(\d+)", text.casefold())
    return tuple(int(part) if part.isdigit() else part for part in parts)


def spelling(text: str) -> str:
    """Return a word's plain spelling: `Clean_up ` and `clean-up` are one kind."""
    return re.sub(r"[\s_-]+", " ", text).strip().casefold()


def tr(key: str, /, **values: object) -> str:
    """Render a sentence in English; a shorthand for `render(msg(key, ...))`."""
    return render(msg(key, **values))


AWAY = re.compile(r"(?P<n>[\d.]+) (?P<unit>km|mi) (?P<word>[a-z]+) of its center")


@dataclass(frozen=True)
class Translator:
    """Renders in one language: `Translator("es")("public.title", city="Orrinvale")`."""

    language: str = ENGLISH  # such as `en` or `es`

    def __call__(self, key: str, /, **values: object) -> str:
        """Render a sentence of the catalog in this language."""
        return render(msg(key, **values), self.language)

    def each(self, *keys: str) -> tuple[str, ...]:
        """Render several sentences, such as a table's columns."""
        return tuple(self(key) for key in keys)

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
        return render(msg(key, earlier=", ".join(earlier), last=last), self.language)

    def place(self, place_name: str) -> str:
        """Write an area's place name, translating the compass word and distance at its end."""
        name, _, word = place_name.rpartition(", ")
        away = AWAY.fullmatch(word)
        if away is not None:
            told = self.place(f"{name}, {away['word']}").removeprefix(f"{name}, ")
            said = msg("compass.away", distance=away["n"], unit=away["unit"], word=told)
            return f"{name}, {render(said, self.language)}"
        key = {
            "center": "compass.center",
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
        return f"{name}, {render(msg(key), self.language)}"


in_words = Translator().listed
"""Lists one or more names as an English sentence does: A, B and C."""


def method_phrase(method: str) -> str:
    """Name a method of choosing in plain words, inside a sentence or in a table."""
    if method.startswith("kde_"):
        meters, _, memory = method.removeprefix("kde_").partition("_")
        if meters == "mix":
            return tr("ways.heat_mix")
        return tr("ways.heat_all" if memory == "all" else "ways.heat_recent", meters=meters)
    return tr(
        {
            "areas": "ways.areas",
            "blocks": "ways.blocks",
            "count_36": "ways.count_recent",
            "count_all": "ways.count_all",
            "count_areas": "ways.count_areas",
            "neighborhoods": "ways.neighborhoods",
            "random": "ways.random",
            "ceiling": "ways.ceiling",
        }[method]
    )
