"""The kinds of measure, and what a value of each holds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias

from csa.base.errors import ParamError

Shape: TypeAlias = Literal["count", "share", "number"]

MIN_ANSWERS = 100
"""Below so many answers a survey finds only differences above 20 points: a place shows its
district's figure, or the city's."""

CLEARANCE_BASIS = re.compile(
    r"(cohort|same-year)[ ,]+([0-9]{1,3})(?: ?m(?:onths?)?)?", re.IGNORECASE
)
"""How cases were followed, and how many months later they were looked up."""


@dataclass(frozen=True)
class Kind:
    """What a value of one kind of measure holds."""

    name: str  # as the plan's file writes it
    shape: Shape
    is_survey: bool = False  # whether it rests on answers of a sample
    is_yes_no: bool = False  # whether only 1 (yes) and 0 (no) fit
    needs_basis: bool = False
    bases: tuple[str, ...] = ()  # the allowed bases; empty: any text
    default_basis: str = ""  # the basis where none is given

    def settled_basis(self, given: str) -> str | None:
        """Normalize a basis, so that equal ones compare equal."""
        basis = " ".join(given.split()) or self.default_basis
        if not basis:
            return None if self.needs_basis else ""
        if self.name == "clearance":
            match = CLEARANCE_BASIS.fullmatch(basis)
            return f"{match[1].lower()} {int(match[2])} months" if match else None
        if self.bases:
            return basis.lower() if basis.lower() in self.bases else None
        return basis


_INCIDENTS = ("incidents", "victims")
_ALL = (
    Kind("gun-violence", "count", bases=_INCIDENTS, default_basis="incidents"),
    Kind("violent-crime", "count", bases=_INCIDENTS, default_basis="incidents"),
    Kind("feeling-safe", "share", is_survey=True),
    Kind("working-with-police", "count"),
    Kind("services-ratio", "share", bases=("in need", "eligible")),
    Kind("services-list", "number", is_yes_no=True),
    Kind("recidivism", "share", needs_basis=True),
    Kind("clearance", "share", needs_basis=True),
    Kind("charges", "share"),
    Kind("convictions", "share"),
    Kind("collaboration", "number"),
    Kind("offenders-list", "share"),
    Kind("trust", "share", is_survey=True),
    Kind("citizen-survey", "share", is_survey=True),
    Kind("cooperation", "share"),
)
KINDS: Mapping[str, Kind] = MappingProxyType({kind.name: kind for kind in _ALL})
"""Every kind, by name: a closed list."""


def find_kind(name: str) -> Kind:
    """Find a kind by its name."""
    if name not in KINDS:
        raise ParamError("measures.kind", given=name, known=", ".join(KINDS))
    return KINDS[name]


def cohort_months(basis: str) -> int | None:
    """Return how many months cases are followed from their own day; None where that is not said."""
    match = CLEARANCE_BASIS.fullmatch(basis)
    return int(match[2]) if match and match[1].lower() == "cohort" else None
