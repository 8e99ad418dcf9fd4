"""Find a run's files: those that a flag names, else those in the city's data folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from csa.base.errors import SourceError
from csa.config.city import CityConfig


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
    services
        Places that help; None where the city has no list, or no file of it.
    risk_terrain
        An external score of places; None likewise.
    """

    incidents: tuple[Path, ...]
    places: Path
    study_area: Path | None = None
    population: Path | None = None
    as_of: date | None = None
    services: Path | None = None
    risk_terrain: Path | None = None


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
    folder = data_folder(config, folder)
    incidents = tuple(files) or tuple(
        sorted(path for pattern in config.city.files for path in folder.glob(pattern))
    )
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


def data_folder(config: CityConfig, folder: Path) -> Path:
    """Return the folder with the city's files.

    Parameters
    ----------
    config
        The city.
    folder
        Its data folder, or one that holds a folder with the city's id.

    Returns
    -------
    pathlib.Path
        The inner folder where there is one.
    """
    own = folder / config.city.id
    return own if own.is_dir() else folder


def find_places(config: CityConfig, folder: Path) -> Path:
    """Find the neighborhoods' file that a city's file names.

    Parameters
    ----------
    config
        The city.
    folder
        Its data folder, as `data_folder` gives it.

    Returns
    -------
    pathlib.Path
        The file, which is there.

    Raises
    ------
    SourceError
        If it is not there, or the city's file names none.
    """
    found = _in(folder, config.places.file)
    if found is None:
        name = config.places.file or "a file of neighborhoods"
        raise SourceError("places.none_given", city=config.city.name, file=name, folder=folder)
    return found


def places_file(config: CityConfig, folder: Path) -> Path | None:
    """Return the neighborhoods' file that a city's file names, where it is there.

    Parameters
    ----------
    config
        The city.
    folder
        Its data folder, or one that holds a folder with the city's id.

    Returns
    -------
    pathlib.Path or None
        The file; None where it is not there, or none is named.
    """
    return _in(data_folder(config, folder), config.places.file)


def add_layers(
    inputs: Inputs,
    config: CityConfig,
    folder: Path,
    services: Path | None = None,
    risk_terrain: Path | None = None,
) -> Inputs:
    """Settle which layers a run reads.

    Parameters
    ----------
    inputs
        The run's other files.
    config
        The city.
    folder
        Its data folder, or one that holds a folder with the city's id.
    services
        Places that help, named on the command line.
    risk_terrain
        An external score of places, named on the command line.

    Returns
    -------
    Inputs
        The same files and the layers; one that the folder does not hold is left out.

    Raises
    ------
    SourceError
        If a named file is absent, or the city's file does not describe it.
    """
    folder = data_folder(config, folder)
    described = {"services": config.services, "risk_terrain": config.risk_terrain}
    found: dict[str, Path | None] = {}
    for key, named in (("services", services), ("risk_terrain", risk_terrain)):
        layer = described[key]
        if named is not None and layer is None:
            raise SourceError("layers.undescribed", path=named, city=config.city.name, section=key)
        if named is not None and not named.exists():
            raise SourceError("source.absent", path=named)
        found[key] = named or (_in(folder, layer.file) if layer else None)
    return replace(inputs, services=found["services"], risk_terrain=found["risk_terrain"])


def _in(folder: Path, name: str) -> Path | None:
    path = folder / name
    return path if name and path.exists() else None
