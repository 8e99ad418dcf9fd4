"""Set a new city up: its file, its data, a dataset and a proposal, or nothing of them."""

from __future__ import annotations

import filecmp
import glob
import itertools
import os
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from csa.analysis.analysis import Analysis
from csa.areas.analysis import save_place_names
from csa.areas.choices import city_choices
from csa.areas.proposal import MARKER, proposal_files
from csa.base.errors import OutputError, ParamError, SourceError
from csa.base.io import (
    copy_file,
    create_file,
    locked_folder,
    replace_folder,
    sync_folder,
)
from csa.base.logging import ProgressCallback, no_progress
from csa.base.message import Message, msg
from csa.city.config import CityConfig
from csa.city.dataset import City, save_dataset
from csa.city.loading import load_city
from csa.ingest.basemap import build_basemap
from csa.ingest.basemap_files import save_basemap
from csa.ingest.intake import Intake, ingest_city
from csa.ingest.job import shared_process
from csa.ingest.sources import add_layers, find_inputs
from csa.workflow.city_file import city_file
from csa.workflow.companion_files import (
    CityFiles,
    list_companions,
    name_column_of,
    read_city,
)
from csa.workflow.new_city import FEW, NewCity, refuse_unsure, understand_tables

LAND = "land.geojson"
PARTS = frozenset({".shx", ".dbf", ".prj", ".cpg", ".sbn", ".sbx"})
MADE = ("dataset", "basemap", "proposal")
STARTING = ".starting"
"""Locked while a city is set up; what a killed run left is beside it, and is made again."""
BACKGROUND = frozenset({"water", "parks", "streets"})


@dataclass(frozen=True)
class MadeCity:
    """What setting a city up has made."""

    understood: NewCity  # what its files were understood to be
    beside: CityFiles  # what lies beside them
    config: CityConfig
    intake: Intake
    version: str  # of the dataset
    analysis: Analysis  # of its dataset, with the proposal
    folder: Path  # with the dataset and the proposal
    dataset: Path
    notes: tuple[Message, ...]


def set_up_files(
    files: Sequence[Path], places: Path | None, name: str, path: Path, root: Path
) -> MadeCity:
    """Set a city up from its files, each read in its likeliest way."""
    with shared_process("csa.workflow.companion_files"):
        tables, beside, area = read_city(files, list_companions(files), None, places)
        city = understand_tables(tables, area, name=name, lines=beside.lines)
        refuse_unsure(city)
        return set_up(city, beside, path, root=root)


def set_up(
    city: NewCity,
    beside: CityFiles,
    path: Path,
    progress: ProgressCallback = no_progress,
    root: Path = Path(),
    crs: str | None = None,
) -> MadeCity:
    """Write a new city's file at a path; under a root its data, a dataset and a proposal.

    Everything is tried in a folder of its own first, and what was made is taken back if a later
    step fails, so that a city that cannot be set up leaves nothing behind.
    """
    kept, folder = root / "data" / city.id, root / "var" / path.stem
    files = _all_files(city, beside)
    with (
        shared_process(),
        tempfile.TemporaryDirectory() as trial,
        ExitStack() as undo,
        ExitStack() as held,
    ):
        tried, data = Path(trial) / path.name, Path(trial) / city.id
        data.mkdir()
        land = data / _land_name(files)
        if city.places is not None:
            city.places.to_file(land, driver="GeoJSON")
        polygons = beside.places or land
        column = "name" if beside.places is None else name_column_of(beside.places, crs)
        for file in files:
            for one in [file, *_parts_of(file)]:
                (data / one.name).symlink_to(one.resolve())
        text = city_file(city, polygons.name, column, beside.layers, crs)
        tried.write_text(text, encoding="utf-8")
        config = load_city(tried)
        inputs = add_layers(find_inputs(config, data, ()), config, data)
        intake = ingest_city(config, inputs, progress)
        if not intake.dataset.report["incidents"]:
            lost = intake.dataset.report["rows_rejected"].items()
            why = ", ".join(f"{name.replace('_', ' ')} {n}" for name, n in lost if n)
            raise SourceError("start.none_left", path=city.files[0].name, why=why)
        progress("write")
        drawn = None
        if any(one.role in BACKGROUND for one in beside.layers):
            drawn, _ = build_basemap(config, data, data / polygons.name, progress)
        _require_own(data, kept)
        _claim(path, folder, held, undo)
        _claim_folder(kept, undo)
        for one in data.iterdir():
            _keep(one, kept, undo)
        dataset = folder / "dataset"
        version = save_dataset(intake.dataset, intake.rejected, dataset)
        if drawn is not None:
            save_basemap(drawn, folder / "basemap")
        opened = City(config, intake.dataset, dataset)
        notes = list(save_place_names(opened, progress))
        analysis = Analysis(opened, city_choices(config), progress=progress, keep=True)
        replace_folder(folder / "proposal", MARKER, proposal_files(analysis.proposal))
        create_file(path, text.encode())  # last: where it stands, all that it names does
        undo.pop_all()
    if intake.dataset.report["incidents"] < FEW:
        notes.append(msg("start.few", n=intake.dataset.report["incidents"]))
    made = city, beside, config, intake, version, analysis, folder, dataset
    return MadeCity(*made, tuple(notes))


def _claim(path: Path, folder: Path, held: ExitStack, undo: ExitStack) -> None:
    """Claim a city's folder for one run, and clear what a run that was killed left there."""
    _claim_folder(path.parent, undo)
    _claim_folder(folder, undo)
    is_left = (folder / STARTING).exists()
    busy = ParamError("start.other_data", path=folder / "dataset")
    held.enter_context(locked_folder(folder, busy, name=STARTING))
    held.callback(_remove, folder / STARTING)
    if os.path.lexists(path):
        raise ParamError("start.exists", path=path)
    for made in (folder / name for name in MADE):
        if not is_left and os.path.lexists(made):
            raise ParamError("start.other_data", path=made)
        _remove(made)
        undo.callback(_remove, made)


def _claim_folder(folder: Path, undo: ExitStack) -> None:
    """Make a folder and those above it that are not there; each is removed again if it is empty."""
    for one in [*reversed(folder.parents), folder]:
        if one.is_dir():
            continue
        try:
            one.mkdir()
            sync_folder(one.parent)
        except FileExistsError as error:  # a file, or a link to a place that is not there
            if not one.is_dir():
                raise OutputError("files.not_a_folder", path=one) from error
        else:
            undo.callback(_remove_empty, one)


def _remove(made: Path) -> None:
    if made.is_dir() and not made.is_symlink():
        shutil.rmtree(made, ignore_errors=True)
    else:
        with suppress(OSError):
            made.unlink(missing_ok=True)


def _remove_empty(folder: Path) -> None:
    with suppress(OSError):
        folder.rmdir()


def _land_name(files: Sequence[Path]) -> str:
    """Return a name for the land that is made, which no file has."""
    names = {file.name.casefold() for file in files}
    tries = itertools.chain([LAND], (f"land-{number}.geojson" for number in itertools.count(2)))
    return next(name for name in tries if name not in names)


def _require_own(data: Path, kept: Path) -> None:
    """Refuse a folder that holds another file of the same name."""
    for file in data.iterdir():
        there = kept / file.name
        if os.path.lexists(there) and not (
            there.is_file() and filecmp.cmp(there, file, shallow=False)
        ):
            raise ParamError("start.other_data", path=there)


def _all_files(city: NewCity, beside: CityFiles) -> list[Path]:
    """List a city's files, each once; two of one name are refused."""
    places = [beside.places] if beside.places else []
    files = [*city.files, *places, *(one.path for one in beside.layers)]
    found: dict[str, Path] = {}
    for file in files:
        if found.setdefault(file.name, file).resolve() != file.resolve():
            raise ParamError("start.same_name", name=file.name)
    return list(found.values())


def _keep(file: Path, folder: Path, undo: ExitStack) -> None:
    """Copy a file into the city's folder, unless it is there already."""
    if copy_file(file, folder / file.name):
        undo.callback(_remove, folder / file.name)


def _parts_of(file: Path) -> list[Path]:
    """List the other files of a Shapefile."""
    if file.suffix.casefold() != ".shp":
        return []
    beside = file.parent.glob(f"{glob.escape(file.stem)}.*")
    return [one for one in beside if one.suffix.casefold() in PARTS]
