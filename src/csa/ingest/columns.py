"""Match a file's header to the layouts in a city's file."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from csa.base.errors import SourceError
from csa.config.city import CityConfig
from csa.config.layouts import Rule, Source
from csa.config.types import FieldName


@dataclass(frozen=True)
class FileLayout:
    """A source and the columns of its fields in one file."""

    source: Source  # the layout that the city's file describes
    positions: dict[str, int]  # field name to column number, from 0; absent fields are left out


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
    if satisfied:
        return max(satisfied, key=_share_found)
    nearest = max(layouts, key=_share_found)
    raise SourceError(
        "source.no_layout",
        path=path,
        city=config.city.name,
        nearest=nearest.source.name,
        missing=", ".join(_missing(nearest)),
        found=", ".join(name.strip() for name in header if name.strip())[:200],
    )


def _positions(spelled: list[str], source: Source) -> dict[str, int]:
    positions: dict[str, int] = {}
    for field, spellings in source.columns.items():
        wanted = [normalise_header(name) for name in spellings]
        # Portals append _1 to a name that occurs twice.
        for name in (*wanted, *(f"{name}1" for name in wanted)):
            if name in spelled:
                positions[field] = spelled.index(name)
                break
    return positions


def _share_found(layout: FileLayout) -> float:
    return len(layout.positions) / len(layout.source.columns)


def _missing(layout: FileLayout) -> list[str]:
    positions, source = layout.positions, layout.source
    missing = [str(n) for n in source.incident_from if n not in positions and n != "day"]
    if not {"date", "reported_date"} & set(positions):
        missing.append("date")
    if not can_ask(source.homicide, positions):
        missing.extend(name for name in fields_of(source.homicide) if name not in positions)
    return [_spell(name, source) for name in dict.fromkeys(missing)]


def _spell(name: str, source: Source) -> str:
    spellings = next((texts for field, texts in source.columns.items() if field == name), ())
    return spellings[0].strip() if spellings else name


def can_ask(rules: Iterable[Rule], fields: Collection[str]) -> bool:
    """Check whether a file has all the fields of one of the rules."""
    return any(set(rule) <= set(fields) for rule in rules)


def fields_of(rules: Iterable[Rule]) -> list[FieldName]:
    """List the fields that rules use, each once."""
    return list(dict.fromkeys(field for rule in rules for field in rule))
