"""Bring translations up to date with what they translate: `make words`.

The public sentences of `src/csa/base/locale/en.toml` go to each language's `csa.po`, the titles of each
plan's actions to `config/plans/<plan>.<language>.po`. A translation stays as long as its English
does; where that changed it is kept but marked fuzzy, and nobody is shown it until a translator has
looked and taken the mark away. The same input gives the same bytes: no file holds a date.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping
from pathlib import Path

from babel.messages import Catalog, Message
from babel.messages.pofile import write_po

from csa.base.io import write_file
from csa.base.message import Template
from csa.base.text import ENGLISH, LANGUAGES, public_sentences, read_catalog
from csa.program.plan.loading import load_plan

ROOT = Path(__file__).parent.parent
WIDTH = 96


def refreshed(old: Catalog, sources: Mapping[str, Template]) -> Catalog:
    """Return a catalog of just these sentences, with what the old one says of them.

    Parameters
    ----------
    old
        The catalog so far.
    sources
        Context (a key, an action's number) to English, in the order wanted.

    Returns
    -------
    Catalog
        A sentence under a new context takes the translation of the same English elsewhere.
    """
    known = {entry.context: entry for entry in old if entry.context}
    same = {_ids(entry): entry for entry in known.values() if entry.string and not entry.fuzzy}
    made = Catalog(locale=old.locale, fuzzy=False)
    for context, template in sources.items():
        ids = template if isinstance(template, str) else (template["one"], template["other"])
        entry = known.get(context) or same.get(ids)
        if entry is None:
            made.add(ids, context=context)
            continue
        is_changed = bool(any(_strings(entry))) and _ids(entry) != ids
        made.add(
            ids,
            entry.string if isinstance(entry.string, str) == isinstance(ids, str) else None,
            context=context,
            flags={"fuzzy"} if entry.fuzzy or is_changed else (),
            # Babel reads the previous English, `#| msgid`, as a comment of the translator's.
            user_comments=[line for line in entry.user_comments if not line.startswith("|")],
            previous_id=_ids(entry) if is_changed else (entry.previous_id if entry.fuzzy else ()),
        )
    return made


def _ids(entry: Message) -> str | tuple[str, ...]:
    return entry.id if isinstance(entry.id, str) else tuple(entry.id)


def _strings(entry: Message) -> tuple[str, ...]:
    return (entry.string,) if isinstance(entry.string, str) else tuple(entry.string or ())


def po_bytes(catalog: Catalog) -> bytes:
    """Write a catalog, with a header of our own: Babel's holds the clock's time."""
    header = {
        "Language": str(catalog.locale),
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": catalog.plural_forms,
    }
    lines = "".join(f'"{name}: {value}\\n"\n' for name, value in header.items())
    body = io.BytesIO()
    write_po(body, catalog, WIDTH, omit_header=True, no_location=True, include_previous=True)
    about = (
        "# `make words` keeps the English up to date; docs/SPANISH.md says which words we use.\n"
    )
    return f'{about}msgid ""\nmsgstr ""\n{lines}\n'.encode() + body.getvalue().strip() + b"\n"


def refresh(path: Path, language: str, sources: Mapping[str, Template]) -> None:
    """Bring one file up to date; it is made where it is absent."""
    old = read_catalog(path, language) if path.is_file() else Catalog(locale=language)
    path.parent.mkdir(parents=True, exist_ok=True)
    made = refreshed(old, sources)
    write_file(path, po_bytes(made))
    for entry in made:
        if entry.id and (entry.fuzzy or not any(_strings(entry))):
            sys.stdout.write(f"{path.name}: to translate: {entry.context}\n")


def main() -> None:
    """Bring all files of all languages up to date."""
    for language in LANGUAGES:
        if language == ENGLISH:
            continue
        path = ROOT / "src" / "csa" / "base" / "locale" / language / "LC_MESSAGES" / "csa.po"
        refresh(path, language, public_sentences())
        for file in sorted((ROOT / "config" / "plans").glob("*.toml")):
            titles = {action.number: action.title for action in load_plan(file).actions}
            titles = {number: title for number, title in titles.items() if title}
            refresh(file.with_suffix(f".{language}.po"), language, titles)


if __name__ == "__main__":
    main()
