"""Find a run's files: those that a flag names, else those in the city's data folder."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from csa.base.errors import SourceError
from csa.base.message import Message
from csa.city.config import CityConfig, PlaceLists


@dataclass(frozen=True)
class Inputs:
    """The files of one run.

    Fields: `incidents`, `places`, `study_area`, `population`, `as_of`, `services`,
    `vacant_land`, `risk_terrain`.
    """

    incidents: tuple[Path, ...]  # shooting files, at least one
    places: Path  # neighborhoods
    study_area: Path | None = None  # polygons of the study area
    population: Path | None = None  # people by neighborhood; None where unknown
    as_of: date | None = None  # the last day of the data, where the user knows it
    services: tuple[tuple[Path, PlaceLists], ...] = ()  # files of service places, as described
    vacant_land: tuple[tuple[Path, PlaceLists], ...] = ()  # of vacant lots and buildings
    risk_terrain: Path | None = None  # an external score of places


@dataclass(frozen=True)
class FileTrial:
    """How a run of ingest would read one file."""

    found: tuple[str, ...]  # the fields of its layout that its header has
    lacking: tuple[str, ...]  # the others
    account: dict[str, Any]  # the file, its layout and fields, and its rows
    messages: tuple[Message, ...]  # what cannot be read, or what no rule names, and how to fix it


def find_inputs(
    config: CityConfig,
    folder: Path,
    files: Sequence[Path],
    places: Path | None = None,
    population: Path | None = None,
    as_of: date | None = None,
) -> Inputs:
    """Return the files that a run reads."""
    incidents = tuple(files) or incident_files(config, folder)
    folder = data_folder(config, folder)
    if not incidents:
        wanted = ", ".join(config.city.files) or "no pattern"
        raise SourceError("source.none_given", folder=folder, city=config.city.name, wanted=wanted)
    found = places or find_places(config, folder)
    if population is not None and config.population is None:
        raise SourceError("places.population_undescribed", path=population, city=config.city.name)
    people = population or _in(folder, config.population.file if config.population else "")
    area = config.places.study_area_file
    for path in (*incidents, found, *([people] if people else [])):
        if not path.exists():
            raise SourceError("source.absent", path=path)
    return Inputs(incidents, found, folder / area if area else None, people, as_of)


def incident_files(config: CityConfig, folder: Path) -> tuple[Path, ...]:
    """Return the files of incidents that are in place: those whose names the city's file lists."""
    folder = data_folder(config, folder)
    return tuple(sorted(path for pattern in config.city.files for path in folder.glob(pattern)))


def absent_files(
    config: CityConfig, folder: Path, *, has_incidents: bool, has_places: bool
) -> list[str]:
    """List the files that a city's file names and that are not in place, each with its section.

    A pattern may fit none, such as that of another year; a name must be there.
    """
    folder, basemap, risk = data_folder(config, folder), config.basemap, config.risk
    described = ("population", "services", "vacant_land", "risk_terrain")
    named = [
        *(("city", name) for name in config.city.files if not has_incidents),
        ("places", "" if has_places else config.places.file),
        ("places", config.places.study_area_file or ""),
        *((key, one.file) for key in described for one in _each(getattr(config, key))),
        *(("risk", one.file) for one in (risk.layers if risk else ())),
        ("risk", risk.streets_file if risk else ""),
        *(("basemap", name) for name in (basemap.water_file, basemap.parks_file)),
        ("basemap", basemap.streets_file),
    ]
    is_name = re.compile(r"[^*?[]+").fullmatch
    lost = [(key, name) for key, name in named if is_name(name) and not (folder / name).exists()]
    return [f"{name} [{key}]" for key, name in dict.fromkeys(lost)]


def _each(described: Any) -> Sequence[Any]:
    """Return the files that a section describes, one or several."""
    return () if described is None else getattr(described, "each", (described,))


def data_folder(config: CityConfig, folder: Path) -> Path:
    """Return the folder with the city's files."""
    own = folder / config.city.id
    return own if own.is_dir() else folder


def find_places(config: CityConfig, folder: Path) -> Path:
    """Find the neighborhoods' file that a city's file names."""
    found = _in(folder, config.places.file)
    if found is None:
        name = config.places.file or "a file of neighborhoods"
        raise SourceError("places.none_given", city=config.city.name, file=name, folder=folder)
    return found


def places_file(config: CityConfig, folder: Path) -> Path | None:
    """Return the neighborhoods' file that a city's file names, where it is there."""
    return _in(data_folder(config, folder), config.places.file)


def add_layers(
    inputs: Inputs,
    config: CityConfig,
    folder: Path,
    services: Path | None = None,
    risk_terrain: Path | None = None,
) -> Inputs:
    """Return the inputs with the layers that a run reads."""
    folder = data_folder(config, folder)
    lists: tuple[PlaceLists, ...] = config.services.each if config.services else ()
    vacant: tuple[PlaceLists, ...] = config.vacant_land.each if config.vacant_land else ()
    score = config.risk_terrain
    for key, named, is_described in (
        ("services", services, len(lists) == 1),
        ("risk_terrain", risk_terrain, score is not None),
    ):
        if named is not None and not is_described:
            raise SourceError("layers.undescribed", path=named, city=config.city.name, section=key)
        if named is not None and not named.exists():
            raise SourceError("source.absent", path=named)
    terrain = risk_terrain or (_in(folder, score.file) if score else None)
    return replace(
        inputs,
        services=_there((services or folder / one.file, one) for one in lists),
        vacant_land=_there((folder / one.file, one) for one in vacant),
        risk_terrain=terrain,
    )


def _there(files: Iterable[tuple[Path, PlaceLists]]) -> tuple[tuple[Path, PlaceLists], ...]:
    return tuple((path, one) for path, one in files if path.exists())


def _in(folder: Path, name: str) -> Path | None:
    path = folder / name
    return path if name and path.exists() else None
