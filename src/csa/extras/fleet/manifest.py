"""The manifest of a fleet: which cities, from which files; CSV or TOML."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from csa.base.errors import ParamError, SourceError
from csa.base.text import first_names
from csa.city.loading import find_city_file, read_toml
from csa.ingest.records import read_records
from csa.workflow.new_city import slugify

COLUMNS = ("city", "files", "config", "places")
BETWEEN = ";"
"""What stands between files of one city."""
MOST_LETTERS = 100
"""Of a city's name: a folder's may be 255 bytes."""


@dataclass(frozen=True)
class FleetCity:
    """A city of a manifest: names and paths, all that a scheduler is given."""

    name: str
    id: str  # the name in small letters: its folder
    files: tuple[
        str, ...
    ]  # of shootings: absolute paths or URLs; empty where the config finds them
    config: str = ""  # the city's file; empty where `csa start` writes one
    places: str = ""  # polygons of neighborhoods


def read_manifest(path: Path) -> tuple[FleetCity, ...]:
    """Read a manifest; paths in it begin at its own folder.

    Raises
    ------
    SourceError
        If it cannot be read, lacks a column or a value, or lists no city or one twice.
    """
    rows = list(_toml_rows(path) if path.suffix.casefold() == ".toml" else _csv_rows(path))
    if not rows:
        raise SourceError("fleet.no_city", path=path)
    cities = tuple(_city(path, number, row) for number, row in enumerate(rows, start=1))
    seen: dict[str, str] = {}
    for city in cities:
        if city.id in seen:
            raise SourceError("fleet.twice", path=path, city=city.name, other=seen[city.id])
        seen[city.id] = city.name
    return cities


def pick_cities(cities: Iterable[FleetCity], names: str | None) -> tuple[FleetCity, ...]:
    """Pick the cities that a list of names asks for, in the manifest's order; all without one."""
    known = {city.id: city for city in cities}
    if names is None:
        return tuple(known.values())
    asked = [name.strip() for name in names.split(",") if name.strip()]
    for name in asked:
        if slugify(name) not in known:
            listed = ", ".join(city.name for city in known.values())
            raise ParamError("fleet.unknown", given=name, known=listed)
    return tuple(city for city in known.values() if city.id in map(slugify, asked))


def _csv_rows(path: Path) -> Iterator[Mapping[str, Any]]:
    if not path.is_file():
        raise SourceError("source.absent", path=path)
    records = read_records(path, only_text=True)
    header = [name.strip().casefold() for name in records.header]
    _refuse_unknown(path, header)
    if len(set(header)) < len(header):
        raise SourceError("fleet.column_twice", path=path)
    if records.unreadable:
        raise SourceError("fleet.row", path=path, line=records.unreadable[0], n=len(header))
    for row in records.rows:
        yield dict(zip(header, row, strict=True))


def _toml_rows(path: Path) -> Iterator[Mapping[str, Any]]:
    table = read_toml(path)
    rows = table.get("cities")
    are_tables = isinstance(rows, list) and all(isinstance(row, dict) for row in rows)
    if set(table) != {"cities"} or not are_tables:
        raise SourceError("fleet.no_city", path=path)
    for row in rows or ():
        _refuse_unknown(path, row)
        yield row


def _refuse_unknown(path: Path, names: Iterable[str]) -> None:
    unknown = [name for name in names if name not in COLUMNS]
    if unknown:
        known = ", ".join(COLUMNS)
        raise SourceError("fleet.column", path=path, given=first_names(unknown), known=known)


def _city(path: Path, number: int, row: Mapping[str, Any]) -> FleetCity:
    listed = row.get("files", "")
    given = [row.get(key, "") for key in ("city", "config", "places")]
    files = listed.split(BETWEEN) if isinstance(listed, str) else listed
    if not isinstance(files, list) or not all(map(_is_text, [*given, *files])):
        raise SourceError("fleet.not_text", path=path, number=number)
    name, config, places = " ".join(given[0].split()), given[1].strip(), given[2].strip()
    files = [one.strip() for one in files if one.strip()]
    if len(name) > MOST_LETTERS:
        raise SourceError("fleet.long_name", path=path, number=number, most=MOST_LETTERS)
    if not any(letter.isascii() and letter.isalnum() for letter in name):
        raise SourceError("fleet.no_name", path=path, number=number)
    if not files and not config:
        raise SourceError("fleet.no_files", path=path, city=name)
    folder = path.resolve().parent
    return FleetCity(
        name,
        slugify(name),
        tuple(_address(one, folder) for one in files),
        _config(config, folder) if config else "",
        _address(places, folder) if places else "",
    )


def _is_text(value: Any) -> bool:
    """Return whether a value is text that may name a city or a file."""
    return isinstance(value, str) and "\0" not in value


def is_url(text: str) -> bool:
    """Return whether a file is named by a URL, which fsspec opens."""
    return "://" in text


def _address(text: str, folder: Path) -> str:
    return text if is_url(text) else str(folder / text)


def _config(text: str, folder: Path) -> str:
    """Find a city's file beside the manifest, or as `--city` does: by its path or name."""
    beside = folder / text
    return str(beside if beside.is_file() else find_city_file(text).resolve())
