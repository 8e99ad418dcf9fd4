"""Find a run's files: those that a flag names, else those in the city's data folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from csa.city import CityConfig
from csa.errors import SourceError


@dataclass(frozen=True)
class Inputs:
    """The files of one run.

    Parameters
    ----------
    incidents
        Shooting files, at least one.
    places
        Neighborhoods.
    study_area
        Polygons of the study area; None for the union of the neighborhoods.
    population
        People by neighborhood; None where unknown.
    as_of
        The last day of the data, where the user knows it.
    """

    incidents: tuple[Path, ...]
    places: Path
    study_area: Path | None = None
    population: Path | None = None
    as_of: date | None = None


def find_inputs(
    config: CityConfig,
    folder: Path,
    files: Sequence[Path],
    places: Path | None = None,
    population: Path | None = None,
    as_of: date | None = None,
) -> Inputs:
    """Settle which files a run reads.

    Parameters
    ----------
    config
        The city.
    folder
        Its data folder, or one that holds a folder with the city's id.
    files
        Shooting files named on the command line; none for those that the city's file names.
    places
        Neighborhoods named on the command line.
    population
        People by neighborhood named on the command line.
    as_of
        The last day of the data, where the user knows it.

    Returns
    -------
    Inputs
        Files to read; the population is left out where the folder has none.

    Raises
    ------
    SourceError
        If there is no shooting file, no neighborhoods, or a named file is absent.
    """
    own = folder / config.city.id
    folder = own if own.is_dir() else folder
    incidents = tuple(files) or tuple(
        sorted(path for pattern in config.city.files for path in folder.glob(pattern))
    )
    if not incidents:
        raise SourceError("source.none_given", folder=folder, city=config.city.name)
    found = places or _in(folder, config.places.file)
    if found is None:
        name = config.places.file or "a file of neighborhoods"
        raise SourceError("places.none_given", city=config.city.name, file=name, folder=folder)
    if population is not None and config.population is None:
        raise SourceError("places.population_undescribed", path=population, city=config.city.name)
    people = population or _in(folder, config.population.file if config.population else "")
    area = config.places.study_area_file
    for path in (*incidents, found, *([people] if people else [])):
        if not path.exists():
            raise SourceError("source.absent", path=path)
    return Inputs(incidents, found, folder / area if area else None, people, as_of)


def _in(folder: Path, name: str) -> Path | None:
    path = folder / name
    return path if name and path.exists() else None
