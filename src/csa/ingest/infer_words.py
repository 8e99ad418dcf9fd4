"""What the words of a police file mean, as words.toml lists them: the rules of guessing read it.

Values are of kinds (homicide, shooting, assault, gun), headers too (killed, address, neighborhood).
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

TABLE: dict[str, Any] = tomllib.loads(
    files("csa.ingest").joinpath("words.toml").read_text(encoding="utf-8")
)
MOST_TEXTS = 200_000
"""So many answers are kept: the same values are asked about under several rules."""


@dataclass(frozen=True)
class HeaderWords:
    """Words of headers of one kind."""

    holds: tuple[str, ...]  # parts of a name in lowercase letters and digits, the best first
    words: tuple[str, ...]  # whole words

    def fits(self, name: str, words: list[str]) -> bool:
        """Check for a column's name, or the words of its header."""
        return any(part in name for part in self.holds) or any(one in words for one in self.words)


def _pattern(words: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(words) or r"(?!)", re.IGNORECASE)


def _holds(kind: str) -> list[str]:
    holds: list[str] = TABLE["headers"][kind]["holds"]
    return holds


VALUES = {
    kind: (_pattern(row["says"]), _pattern(row.get("unless", [])))
    for kind, row in TABLE["values"].items()
}
HEADERS = {
    kind: HeaderWords(
        (*row.get("holds", ()), *(part for other in row.get("with", ()) for part in _holds(other))),
        tuple(row.get("words", ())),
    )
    for kind, row in TABLE["headers"].items()
}
FILE_KINDS: dict[str, str] = TABLE["files"]


def mentions(kind: str, text: str) -> bool:
    """Check for a kind's words, whatever else a text says."""
    return bool(VALUES[kind][0].search(text))


def rules_out(kind: str, text: str) -> bool:
    """Check for words with which a text is not of a kind."""
    return bool(VALUES[kind][1].search(text))


@lru_cache(maxsize=MOST_TEXTS)
def is_kind(kind: str, text: str) -> bool:
    """Check whether a text is of a kind, by the table alone."""
    return mentions(kind, text) and not rules_out(kind, text)


# ---- What a value is, of what it says: the only place where kinds are weighed against each other.


def is_homicide(value: str) -> bool:
    """Check for a homicide, no attempt and no accident."""
    return is_kind("homicide", value)


def is_fatal_shooting(value: str) -> bool:
    """Check for somebody shot and killed, where nothing better says that it was a homicide."""
    return (
        is_kind("fatal", value) and is_kind("shooting", value) and not rules_out("homicide", value)
    )


def is_shooting(value: str, header: str = "") -> bool:
    """Check for somebody shot and not killed; under a header of shootings, for somebody hurt."""
    if is_homicide(value) or (is_kind("fatal", value) and mentions("shooting", value)):
        return False
    if mentions("shooting", header) and is_kind("hit", value):
        return True
    return is_kind("shooting", value) and not is_kind("aimed", value)


def is_assault(value: str) -> bool:
    """Check for an aggravated assault."""
    return is_kind("assault", value) and not is_kind("armed", value)


def is_gun(value: str) -> bool:
    """Check for a firearm."""
    return is_kind("gun", value)


def is_gun_assault(value: str) -> bool:
    """Check for an assault with a firearm, said in one text."""
    return is_assault(value) and is_gun(value)


def is_killed(value: str) -> bool:
    """Check for somebody killed."""
    return is_kind("killed", value)


def kind_in_name(name: str) -> tuple[str, str]:
    """Return the kind of shootings that a file's name says, and the part that says it."""
    for kind, words in (("nonfatal", "wounded_in_name"), ("homicide", "homicide")):
        if found := VALUES[words][0].search(name):
            return kind, found[0].casefold()
    return "", ""
