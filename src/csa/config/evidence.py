"""What can be done about a kind of place, and what studies found: a list that a city may edit."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from pydantic import Field

from csa.config.loading import read_toml, validate
from csa.config.types import Frozen, Name, Texts


class EvidenceWords(Frozen):
    """What was tried and what came of it, in a language."""

    what: Name = Field(description="what was done, as one would ask for it")
    effect: Name = Field(description="what the authors found, in words")
    interval: str = Field("", description="its interval, where they published one")
    design: Name = Field(description="where, how many, and who was compared with whom")

    @property
    def found(self) -> str:
        """The effect with its interval, where there is one."""
        return f"{self.effect} ({self.interval})" if self.interval else self.effect


class EvidenceStudy(EvidenceWords):
    """What was tried, and what came of it."""

    places: Texts = Field((), description="kinds of vacant land or of layers that it is about")
    limit: Name = Field(description="what it does not show")
    source: Name = Field(description="authors, journal and year")
    es: EvidenceWords | None = Field(None, description="the same words in Spanish, for residents")

    def told(self, language: str) -> EvidenceWords:
        """Return its words in a language; in English where it has none."""
        return self.es if language == "es" and self.es is not None else self

    def is_about(self, names: Iterable[str]) -> bool:
        """Whether it is about a kind of place among these, such as `vacant lots`."""
        said = [name.casefold() for name in names]
        return any(place.casefold() in name for place in self.places for name in said)


class EvidenceList(Frozen):
    """The file config/evidence/studies.toml."""

    format_version: Literal[1] = Field(description="of this file's layout; 1")
    studies: tuple[EvidenceStudy, ...] = Field((), description="one each")


def load_evidence(*city_files: Path) -> tuple[EvidenceStudy, ...]:
    """Read the list of studies beside the first of these city files that has one; else none."""
    for city in city_files:
        path = city.parent / "evidence" / "studies.toml"
        if path.is_file():
            return validate(read_toml(path), EvidenceList, path, []).studies
    return ()
