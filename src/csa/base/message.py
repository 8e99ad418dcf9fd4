"""A message: a key and values, before it becomes a sentence in somebody's language.

Everything below the screens returns messages. `csa.base.text` renders them in the reader's
language; `str(message)` gives the English sentence, so that an error is readable in a
notebook too.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import TypeAlias

from csa.base.extra import shipped_extras

Template: TypeAlias = str | Mapping[str, str]
"""A sentence, or its forms by number: `one` and `other`, chosen by the value `n`."""


@cache
def load_catalog() -> Mapping[str, Template]:
    """Return the English catalog: key to sentence, of `locale/en.toml` and of what ships beside."""
    text = files("csa.base").joinpath("locale", "en.toml").read_text(encoding="utf-8")
    catalogs = (tomllib.loads(text), *(extra.texts for extra in shipped_extras()))
    return MappingProxyType(
        {
            f"{room}.{key}": template
            for catalog in catalogs
            for room, sentences in catalog.items()
            for key, template in sentences.items()
        }
    )


@dataclass(frozen=True)
class Message:
    """What is to be said, as a key of the catalog and the values that the sentence names.

    Fields: `key`, `values`.
    """

    key: str  # a key of `locale/en.toml`, such as `"source.empty"`
    values: Mapping[str, object]  # what the sentence names

    def with_values(self, **values: object) -> Message:
        """Return the same sentence with other values."""
        return Message(self.key, {**self.values, **values})

    def __str__(self) -> str:
        """Return the English sentence."""
        return fill(load_catalog()[self.key], self.values)

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle it, so that other processes can say what was wrong."""
        return Message, (self.key, dict(self.values))


def msg(key: str, /, **values: object) -> Message:
    """Make a message; a shorthand for `Message(key, values)`."""
    if key not in load_catalog():
        raise KeyError(key)
    return Message(key, MappingProxyType(values))


def fill(template: Template, values: Mapping[str, object]) -> str:
    """Put values into a template, choosing the form for the number `n` where it has forms."""
    if not isinstance(template, str):
        template = template["one" if values.get("n") == 1 else "other"]
    return template.format_map(values)
