"""What can be done about a kind of place, and what studies found: a list that a city may edit."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from csa.config.loading import read_toml, validate
from csa.config.types import Frozen, Name, Texts


class EvidenceStudy(Frozen):
    """What was tried, and what came of it."""

    what: Name = Field(description="what was done, as one would ask for it")
    places: Texts = Field((), description="kinds of vacant land or of layers that it is about")
    effect: Name = Field(description="what the authors found, in words")
    interval: str = Field("", description="its interval, where they published one")
    design: Name = Field(description="where, how many, and who was compared with whom")
    limit: Name = Field(description="what it does not show")
    source: Name = Field(description="authors, journal and year")


class EvidenceList(Frozen):
    """The file config/evidence/studies.toml."""

    format_version: Literal[1] = Field(description="of this file's layout; 1")
    studies: tuple[EvidenceStudy, ...] = Field((), description="one each")


def load_evidence(path: Path) -> tuple[EvidenceStudy, ...]:
    """Read the list of studies; none where there is no such file."""
    return validate(read_toml(path), EvidenceList, path, []).studies if path.is_file() else ()
