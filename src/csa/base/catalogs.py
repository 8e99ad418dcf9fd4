"""Catalogs of other languages, read by Babel as translators write them: nothing is compiled.

English is the source text, in `locale/en.toml`. Another language's sentences are in
`locale/<language>/LC_MESSAGES/csa.po`, each sentence under its key (`msgctxt`), so that the same
English may read differently in two places. What a catalog lacks, or marks as fuzzy because the
English changed since, stays English.
"""

from __future__ import annotations

import gettext
import io
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING

from csa.base.message import Message, Template, english, fill

if TYPE_CHECKING:
    from babel.messages import Catalog

ENGLISH = "en"
LANGUAGES = ("en", "es")
"""What public pages and reports are written in."""

LOCALES = {"es": "es_US"}
"""The locale for a language's numbers and days: Spanish of the United States has the thousands'
comma and the decimal point that residents know from everything else they read."""

PUBLIC = (
    "briefing.place",
    "compass.",
    "map_sheet.",
    "number.",
    "public.",
    "report.footer",
    "report.made_up",
    "report.proxy",
    "report.public",
    "report.subtitle",
    "report.walk",
    "report_file.page",
    "report_file.trail",
    "wall.",
    "ways.in_ten",
    "ways.over_nine_in_ten",
    "ways.under_one_in_ten",
    "ways.unknown",
)
"""Prefixes of the keys of sentences that the public reads: each language has all of them."""


def public_sentences() -> dict[str, Template]:
    """Return the sentences that the public reads."""
    return {key: text for key, text in english().items() if key.startswith(PUBLIC)}


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
    except PoFileError as error:
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
    template = english()[key]
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
