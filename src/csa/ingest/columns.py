"""Match a file's header to the layouts in a city's file."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from csa.base.errors import SourceError
from csa.city.config import CityConfig
from csa.city.layouts import Rule, Source
from csa.city.types import FieldName
from csa.ingest.parse import plain_id

if TYPE_CHECKING:
    import pandas as pd

JOINED = " + "
"""Between the columns of a field that is told in several, as in `YEAR + MONTH + DAY`."""


@dataclass(frozen=True)
class FileLayout:
    """A source and the columns of its fields in one file."""

    source: Source  # the layout that the city's file describes
    positions: dict[str, tuple[int, ...]]
    """Field name to its column's number, from 0, or several's; absent fields are left out."""

    def spelled(self, header: Sequence[str]) -> dict[str, str]:
        """Return the names of the fields' columns as a header spells them."""
        return {
            field: JOINED.join(header[at] for at in places)
            for field, places in self.positions.items()
        }

    def fields(self, columns: Sequence[pd.Series]) -> dict[str, pd.Series]:
        """Return the texts of the fields, of a block's columns."""
        return {
            field: join_texts([columns[at] for at in places])
            for field, places in self.positions.items()
        }


def join_texts(columns: Sequence[pd.Series]) -> pd.Series:
    """Join columns row by row with a hyphen; blank where any of them is."""
    joined, *others = columns
    for column in others:
        left, right = (plain_id(one) for one in (joined, column))
        joined = left.str.cat(right, sep="-").where((left != "") & (right != ""), "")
    return joined


def normalise_header(name: str) -> str:
    """Reduce a column's name to what all years agree on: lowercase letters and digits."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return "".join(character for character in plain if character.isalnum())


def match_layout(header: Sequence[str], config: CityConfig, path: Path) -> FileLayout:
    """Find the layout of the city's file that a header satisfies best.

    A layout is satisfied when all its essential columns are there: those that identify an incident,
    a date, and what marks a homicide. Of several, the one with the most columns found is taken; of
    equals, the first.
    """
    spelled = [normalise_header(name) for name in header]
    layouts = [FileLayout(source, _positions(spelled, source)) for source in config.sources]
    satisfied = [layout for layout in layouts if not _missing(layout)]
    named = [layout for layout in satisfied if _is_named(layout.source, path)]
    if named:
        return max(named, key=lambda one: (bool(one.source.files_named), _share_found(one)))
    if satisfied:
        parts = ", ".join(part for layout in satisfied for part in layout.source.files_named)
        raise SourceError("source.no_name", path=path, city=config.city.name, parts=parts)
    nearest = max(layouts, key=_share_found)
    raise SourceError(
        "source.no_layout",
        path=path,
        city=config.city.name,
        nearest=nearest.source.name,
        missing=", ".join(_missing(nearest)),
        found=", ".join(name.strip() for name in header if name.strip())[:200],
    )


def _positions(spelled: list[str], source: Source) -> dict[str, tuple[int, ...]]:
    positions: dict[str, tuple[int, ...]] = {}
    for field, spellings in source.columns.items():
        # Portals append _1 to a name that occurs twice.
        tries = (_places(spelled, name, copy) for copy in ("", "1") for name in spellings)
        if places := next(filter(None, tries), ()):
            positions[field] = places
    return positions


def _places(spelled: list[str], name: str, copy: str) -> tuple[int, ...]:
    """Find a column by its name, or those that are joined to one; () if any is missing."""
    for parts in ([name], name.split(JOINED)):
        wanted = [normalise_header(part) + copy for part in parts]
        if set(wanted) <= set(spelled):
            return tuple(map(spelled.index, wanted))
    return ()


def _is_named(source: Source, path: Path) -> bool:
    name = path.name.casefold()
    return not source.files_named or any(part.casefold() in name for part in source.files_named)


def _share_found(layout: FileLayout) -> float:
    return len(layout.positions) / len(layout.source.columns)


def _missing(layout: FileLayout) -> list[str]:
    positions, source = layout.positions, layout.source
    missing = [str(n) for n in source.incident_from if n not in positions and n != "day"]
    if not {"date", "reported_date"} & set(positions):
        missing.append("date")
    if not has_rule_fields(source.homicide, positions):
        missing.extend(name for name in rule_fields(source.homicide) if name not in positions)
    spelled = {str(field): texts[0].strip() for field, texts in source.columns.items() if texts}
    return [spelled.get(name, name) for name in dict.fromkeys(missing)]


def has_rule_fields(rules: Iterable[Rule], fields: Collection[str]) -> bool:
    """Check whether a file has all the fields of one of the rules."""
    return any(set(rule) <= set(fields) for rule in rules)


def rule_fields(rules: Iterable[Rule]) -> list[FieldName]:
    """List the fields that rules use, each once."""
    return list(dict.fromkeys(field for rule in rules for field in rule))
