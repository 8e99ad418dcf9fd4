"""Set a new city up: its file, its data, a dataset and a proposal, or nothing of them."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from csa.areas.analysis import propose_areas
from csa.areas.choices import city_choices
from csa.areas.proposal import MARKER, Proposal, proposal_files
from csa.base.io import replace_folder, write_file
from csa.base.logging import Tell, silent
from csa.base.message import Message, say
from csa.config.city import CityConfig
from csa.config.loading import load_city
from csa.dataset.versioned import City, save_dataset
from csa.ingest.intake import Intake, ingest_city
from csa.ingest.sources import Inputs
from csa.workflow.city_file import city_file
from csa.workflow.naming import keep_place_names
from csa.workflow.new_city import FEW, NewCity
from csa.workflow.starting import name_column_of

LAND = "land.geojson"


@dataclass(frozen=True)
class MadeCity:
    """What setting a city up has made."""

    config: CityConfig
    intake: Intake
    version: str  # of the dataset
    proposal: Proposal
    folder: Path  # with the dataset and the proposal
    dataset: Path
    notes: tuple[Message, ...]


def set_up(
    city: NewCity,
    files: Sequence[Path],
    places: Path | None,
    path: Path,
    tell: Tell = silent,
    root: Path = Path(),
) -> MadeCity:
    """Write a new city's file at a path; under a root its data, a dataset and a proposal.

    Everything is tried in a folder of its own first, so that a city that cannot be read leaves
    nothing behind.
    """
    kept = root / "data" / city.id
    with tempfile.TemporaryDirectory() as trial:
        tried = Path(trial) / path.name
        land = Path(trial) / LAND
        if city.places is not None:
            city.places.to_file(land, driver="GeoJSON")
        polygons = places or land
        column = "name" if places is None else name_column_of(places)
        text = city_file(city, [file.name for file in files], polygons.name, column)
        tried.write_text(text, encoding="utf-8")
        config = load_city(tried)
        intake = ingest_city(config, Inputs(tuple(files), polygons), tell)
        tell("write")
        for file in (*files, polygons):
            _keep(file, kept)
    write_file(path, text.encode())
    folder = root / "var" / path.stem
    dataset = folder / "dataset"
    version = save_dataset(intake.dataset, intake.rejected, dataset)
    opened = City(config, intake.dataset, dataset)
    notes = list(keep_place_names(opened, tell))
    proposal = propose_areas(opened, city_choices(config), tell, keep=True)
    replace_folder(folder / "proposal", MARKER, proposal_files(proposal))
    if intake.dataset.report["incidents"] < FEW:
        notes.append(say("start.few", n=intake.dataset.report["incidents"]))
    return MadeCity(config, intake, version, proposal, folder, dataset, tuple(notes))


def _keep(file: Path, folder: Path) -> None:
    """Copy a file into the city's folder, with those that belong to it."""
    for one in [file, *_parts_of(file)]:
        target = folder / one.name
        if target.exists() and target.samefile(one):
            continue
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(one, target)


def _parts_of(file: Path) -> list[Path]:
    """List the other files of a Shapefile."""
    if file.suffix.casefold() != ".shp":
        return []
    return [one for one in file.parent.glob(f"{file.stem}.*") if one != file]
