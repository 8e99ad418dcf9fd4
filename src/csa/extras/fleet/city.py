"""One city's task: what the single commands make, one after another, then its folder in its place.

A worker gets names and paths and returns a row. What is finished stays in the work folder: where a
worker is killed, the next one goes on after the last finished step.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

import pandas as pd
import shapely

from csa.analysis.analysis import Analysis
from csa.areas import proposal
from csa.areas.backtest.recording import past_years
from csa.areas.choices import AreaSettings, resolve_settings
from csa.areas.file_format import list_versions
from csa.areas.priority import files as priorities
from csa.base.errors import CsaError, OutputError, SourceError
from csa.base.io import (
    Move,
    carry_out,
    csv_bytes,
    finish,
    json_bytes,
    locked_folder,
    made_in_file,
    replace_folder,
    write_file,
)
from csa.base.params import Month
from csa.base.safe_parsing import parse_json
from csa.base.text import natural_sort_key, render, tr
from csa.change import files as displacement
from csa.city.config import CityConfig
from csa.city.dataset import City, open_city, open_dataset
from csa.city.deployment import PLACES, SETTINGS, data_dir, deployment_path
from csa.city.loading import load_city, load_evidence
from csa.city.selection import read_areas
from csa.extras.fleet.manifest import FleetCity, is_url
from csa.extras.fleet.object_store import ObjectStore
from csa.ingest.intake import Intake
from csa.ingest.sources import add_layers, find_inputs
from csa.program.plan.loading import load_city_plan
from csa.reports.briefing.areas import proposal_folder
from csa.reports.making import make_report
from csa.reports.month.facts import Facts
from csa.reports.month.month_end import ReportInputs
from csa.reports.public.window import last_month
from csa.workflow.companion_files import list_companions
from csa.workflow.past_years import BacktestRequest, BacktestResult, make_backtest, make_spec
from csa.workflow.products import (
    ChangeMade,
    PrioritiesMade,
    gather_facts,
    make_change,
    make_dataset,
    make_priorities,
)
from csa.workflow.setting_up import set_up_files

# ---- The table of a fleet: one row a city, what was found or why it failed.


DONE, FAILED, WAITING = "done", "failed", "not run"
TEXTS = ("city", "folder", "state", "why", "first_date", "data_through", "backtest", "displacement")
COUNTS = ("incidents", "homicides", "areas")
NUMBERS = ("longitude", "latitude", "share_of_incidents", "share_of_study_area",
           "hit_share", "area_share", "best_other_hit_share")  # fmt: skip
YES_OR_NO = ("land_is_estimated",)
TYPES = {
    **dict.fromkeys(TEXTS, "str"),
    **dict.fromkeys(COUNTS, "Int64"),
    **dict.fromkeys(NUMBERS, "float64"),
    **dict.fromkeys(YES_OR_NO, "boolean"),
}
TABLE = "fleet.parquet"
FLEET_COLUMNS = (
    "city", "folder", "state", "why", "longitude", "latitude", "first_date", "data_through",
    "incidents", "homicides", "areas", "share_of_incidents", "share_of_study_area",
    "land_is_estimated", "hit_share", "area_share",
    "best_other_hit_share", "backtest", "displacement",
)  # fmt: skip


def describe_city(
    city: FleetCity, state: str, why: str = "", results: Path | None = None
) -> dict[str, Any]:
    """Return a city's row, read from what was written; without results, its state alone."""
    row: dict[str, Any] = dict.fromkeys(FLEET_COLUMNS)
    row |= {"city": city.name, "folder": city.id, "state": state, "why": why}
    if results is None:
        return row
    dataset = open_dataset(results / "dataset")
    report, middle = dataset.report, shapely.centroid(dataset.study_area)
    proposed = _json(results / "proposal" / "proposal.json")
    past = _json(results / "backtest" / "backtest.json")
    followed = _json(results / "displacement" / "displacement.json")
    ours = past.get("methods", {}).get("areas", {})
    compared = past.get("comparison") or {}
    return row | {
        "longitude": round(middle.x, 2),
        "latitude": round(middle.y, 2),
        "first_date": report["first_date"],
        "data_through": report["data_through"],
        "incidents": report["incidents"],
        "homicides": report["homicides"],
        "areas": proposed["totals"]["areas"],
        "share_of_incidents": proposed["share_of_incidents"],
        "share_of_study_area": proposed["share_of_study_area"],
        "land_is_estimated": proposed["land_is_estimated"],
        "hit_share": ours.get("hit_share"),
        "area_share": ours.get("area_share"),
        "best_other_hit_share": compared.get("baseline_hit_share"),
        "backtest": past.get("verdict"),
        "displacement": followed.get("pooled", {}).get("verdict"),
    }


def fleet_files(rows: Iterable[Mapping[str, Any]]) -> dict[str, bytes]:
    """Write the table as CSV and Parquet, the same bytes for the same cities."""
    listed = [[row[name] for name in FLEET_COLUMNS] for row in rows]
    table = pd.DataFrame(listed, columns=list(FLEET_COLUMNS)).astype(TYPES)
    return {
        "fleet.csv": csv_bytes(FLEET_COLUMNS, listed),
        TABLE: made_in_file(lambda path: table.to_parquet(path, index=False), ".parquet"),
    }


def read_fleet(out: Path) -> pd.DataFrame | None:
    """Read the table of a fleet's folder, by name; None where no fleet has been run.

    Raises
    ------
    SourceError
        If what is there is no table of this version's.
    """
    path = out / TABLE
    if not path.exists():
        return None
    try:
        table = pd.read_parquet(path)
        table = table.astype({name: kind for name, kind in TYPES.items() if name in table})
    except (OSError, ValueError, TypeError) as error:  # pyarrow's own errors are these
        raise SourceError("fleet.unreadable", path=path) from error
    if list(table) != list(FLEET_COLUMNS):
        raise SourceError("fleet.unreadable", path=path)
    return table.iloc[
        sorted(range(len(table)), key=lambda at: natural_sort_key(table["city"].iloc[at]))
    ]


def _json(path: Path) -> dict[str, Any]:
    """Read what a step wrote; nothing where it had nothing to write."""
    found: dict[str, Any] = parse_json(path.read_text(encoding="utf-8")) if path.exists() else {}
    return found


MARKER = "fleet.json"
OWN = ".fleet"
"""Folder of a fleet for locks, journals and what is being made."""
SAID = "said.txt"
FORMAT_VERSION = 1
ONE_AT_A_TIME = threading.Lock()
"""What is printed is caught for the whole process, and maps are drawn by one thread."""


@dataclass(frozen=True)
class CityFolder:
    """Where a city's result is, and where it is made."""

    out: Path  # the fleet's folder
    id: str

    @property
    def home(self) -> Path:
        """The city's result."""
        return self.out / self.id

    @property
    def work(self) -> Path:
        """Where the result is made; nobody reads it."""
        return self.out / OWN / "work" / self.id

    @property
    def lock(self) -> Path:
        """The folder by which one worker at a time is let in."""
        return self.out / OWN / "locks" / self.id

    @property
    def journal(self) -> Path:
        """What a worker that was killed had begun to put in place."""
        return self.out / OWN / f"{self.id}.journal"


@dataclass(frozen=True)
class CityStep:
    """One of a city's results, and the command that gives the same."""

    words: list[str]  # of the command, whose name is the first
    out: Path  # the file or folder that is written
    make: Callable[[Path], Any]  # writes it; returns what it is, or why there is nothing, as text


Describe: TypeAlias = Callable[[CityStep, Any], str]
"""Puts what a step made into the words that its command prints."""

TOO_SHORT_TO_FOLLOW = frozenset(
    f"displacement.{why}" for why in ("before", "short", "after", "no_areas")
)
"""What displacement refuses where a city's data, and nothing else, are at fault."""


def work_city(city: FleetCity, out: str, version: str, describe: Describe) -> dict[str, Any]:
    """Make a city's folder, unless nothing changed; return its row, with `is_new`.

    A mistake in the city's files is the row's `why`; only our own faults are raised.
    """
    if is_url(out):
        return _work_in_store(city, ObjectStore(out), version, describe)
    folder = CityFolder(Path(out), city.id)
    own = list_versions()["csa"]
    if own != version:
        why = OutputError("fleet.other_version", own=own, asked=version).message
        return {**describe_city(city, FAILED, render(why)), "is_new": False}
    busy = OutputError("fleet.city_busy", city=city.name)
    try:
        with ONE_AT_A_TIME, locked_folder(folder.lock, busy), TemporaryDirectory() as fetched:
            return _make(city, folder, Path(fetched), describe)
    except CsaError as error:
        return {**describe_city(city, FAILED, render(error.message)), "is_new": True}


def _work_in_store(
    city: FleetCity, store: ObjectStore, version: str, describe: Describe
) -> dict[str, Any]:
    """Make a city's folder here, and upload it whole."""
    busy = OutputError("fleet.city_busy", city=city.name)
    try:
        with store.lease(f"{OWN}/leases/{city.id}", busy), TemporaryDirectory() as local:
            store.pull(f"{city.id}/{MARKER}", Path(local))
            row = work_city(city, local, version, describe)
            if row["is_new"] and row["state"] == DONE:
                store.replace(city.id, Path(local) / city.id, MARKER)
            return row
    except OutputError as error:
        return {**describe_city(city, FAILED, render(error.message)), "is_new": True}


def _make(city: FleetCity, folder: CityFolder, fetched: Path, describe: Describe) -> dict[str, Any]:
    finish(folder.journal)
    files = [_at_hand(one, fetched) for one in city.files]
    places = _at_hand(city.places, fetched) if city.places else None
    prints = take_fingerprints(city, files, places)
    before = read_marker(folder.home)
    if before is not None and before["fingerprints"] == prints:
        shutil.rmtree(folder.work, ignore_errors=True)
        return {**before["row"], "is_new": False}
    steps = _StepsDone(folder, prints)
    config = Path(city.config) if city.config else folder.work / "config" / f"{city.id}.toml"
    results = folder.work / "var" / config.stem
    for step in _steps(city, config, results, (files, places)):
        steps.take(step, describe)
    row = describe_city(city, DONE, "", results)
    account = {"kind": "fleet city", "format_version": FORMAT_VERSION, "fingerprints": prints}
    write_file(folder.work / MARKER, json_bytes({**account, "row": row}))
    steps.close()
    carry_out(folder.journal, [Move(str(folder.home), str(folder.work))])
    return {**row, "is_new": True}


def _steps(
    city: FleetCity, path: Path, results: Path, given: tuple[list[Path], Path | None]
) -> Iterator[CityStep]:
    """Yield the steps in the order of `csa month`, past years before areas; nothing is decided."""
    files, places = given
    named = [*map(str, files), *(["--places", str(places)] if places else [])]
    dataset = results / "dataset"
    if city.config:
        words = ["ingest", *named, "--city", str(path), "--out", str(dataset)]
        yield CityStep(words, dataset, lambda out: _ingest(load_city(path), files, places, out))
    else:
        root = results.parent.parent
        own = ["--name", city.name, "--yes", "--out", str(path), "--root", str(root)]
        words = ["start", *named, *own]
        yield CityStep(words, path, lambda out: set_up_files(files, places, city.name, out, root))
    opened = open_city(load_city(path), dataset)
    choices, of = resolve_settings(opened.config), ["--city", str(path), "--dataset", str(dataset)]

    def step(name: str, folder: str, make: Callable[[Path], Any], *more: str) -> CityStep:
        out = results / folder
        return CityStep([name, *of, *more, "--out", str(out)], out, make)

    yield step("backtest", "backtest", lambda out: _score(opened, choices, out))
    yield step("propose", "proposal", lambda out: _propose(opened, choices, out))
    yield step("priorities", "priorities", lambda out: _assess(opened, choices, out))
    areas = results / "proposal" / "areas.geojson"
    followed = ("--areas", str(areas))
    yield step("displace", "displacement", lambda out: _follow(opened, areas, out), *followed)
    month = last_month(opened.dataset)
    edition = ("--month", str(month), "--audience", "executive")
    yield step("report", "report.html", lambda out: _report(opened, path, month, out), *edition)


def _ingest(
    config: CityConfig, files: list[Path], places: Path | None, out: Path
) -> tuple[Intake, str]:
    inputs = find_inputs(config, data_dir(config), tuple(files), places)
    return make_dataset(config, add_layers(inputs, config, data_dir(config)), out)


def _score(city: City, choices: AreaSettings, out: Path) -> tuple[BacktestResult, dict[str, Any]]:
    choices = replace(choices, eps_m=None, min_samples=None)  # each past day has its own
    spec = make_spec(past_years(city.dataset, choices), None, None)
    request = BacktestRequest(city, choices, spec, with_variants=True)
    return make_backtest(request, out, is_named=False)


def _propose(city: City, choices: AreaSettings, out: Path) -> Analysis:
    analysis = Analysis(city, choices, keep=True)
    replace_folder(out, proposal.MARKER, proposal_folder(analysis))
    return analysis


def _assess(city: City, choices: AreaSettings, out: Path) -> PrioritiesMade:
    made = make_priorities(Analysis(city, choices))
    replace_folder(out, priorities.MARKER, made.files, optional=("cells.csv",))
    return made


def _follow(city: City, areas: Path, out: Path) -> ChangeMade | str:
    """Follow the candidates; areas and their order stand where that cannot be done."""
    chosen = read_areas(areas)
    if not chosen.cells:
        return tr("follow.no_area", path=areas)
    choices = resolve_settings(city.config, None, chosen.kinds)
    try:
        made = make_change(Analysis(city, choices), chosen)
    except CsaError as error:
        if error.message.key not in TOO_SHORT_TO_FOLLOW:
            raise
        return render(error.message)
    replace_folder(out, displacement.MARKER, made.files)
    return made


def _report(city: City, path: Path, month: Month, out: Path) -> tuple[Facts, bytes, str]:
    choices = resolve_settings(city.config, str(month.plus(1)))
    inputs = ReportInputs(studies=load_evidence(path))
    analysis, plan = Analysis(city, choices), load_city_plan(path)
    facts = gather_facts(analysis, plan, None, month, "executive", inputs)
    language = city.config.public.language
    content = make_report(facts, "executive", language, "html")[1]
    write_file(out, content)
    return facts, content, language


class _StepsDone:
    """Which steps were taken in a work folder, on the same data."""

    def __init__(self, folder: CityFolder, prints: Mapping[str, Any]) -> None:
        self._folder, self._prints = folder, prints
        self._file = folder.work / "steps.json"
        found = _read(self._file) or {}
        is_same = found.get("fingerprints") == prints and isinstance(found.get("said"), dict)
        self._done: dict[str, str] = found["said"] if is_same else {}
        if not self._done:
            shutil.rmtree(folder.work, ignore_errors=True)
        for half_written in folder.work.rglob(".csa-tmp-*"):  # by a worker that was killed
            shutil.rmtree(half_written, ignore_errors=True)

    def take(self, step: CityStep, describe: Describe) -> None:
        """Take a step, unless it was taken; keep what its command prints."""
        name = step.words[0]
        if name in self._done:
            return
        made = step.make(step.out)
        printed = f"{made}\n" if isinstance(made, str) else describe(step, made)
        said = f"$ csa {shlex.join(step.words)}\n{printed}"
        self._done[name] = said.replace(str(self._folder.work), str(self._folder.home))
        write_file(self._file, json_bytes({"fingerprints": self._prints, "said": self._done}))

    def close(self) -> None:
        """Write what commands print for readers; the folder is finished."""
        write_file(self._folder.work / SAID, "\n".join(self._done.values()).encode())
        self._file.unlink()


def _at_hand(address: str, fetched: Path) -> Path:
    """Return a file's path; one that is named by a URL is fetched first."""
    if not is_url(address):
        return Path(address)
    import fsspec  # noqa: PLC0415 - with the extra `fleet` alone

    target = fetched / address.rstrip("/").rpartition("/")[2]
    if target.exists():
        raise SourceError("start.same_name", name=target.name)
    try:
        with fsspec.open(address, "rb") as source, target.open("wb") as copy:
            shutil.copyfileobj(source, copy)
    except Exception as error:  # each store's library has errors of its own
        raise SourceError("fleet.not_fetched", address=address, why=error) from error
    return target


def take_fingerprints(
    city: FleetCity, files: Iterable[Path], places: Path | None
) -> dict[str, Any]:
    """Take the fingerprints of a city's data, parameters and versions: a change makes it anew."""
    names = [one.variable for one in SETTINGS if one.name not in PLACES]
    settings = {name: os.environ.get(name, "") for name in names}
    deployed = deployment_path()
    params = [path for path in (deployed, *_config_files(city)) if path is not None]
    return {
        "data": sorted([path.name, _sha256(path)] for path in {*_inputs(city, files, places)}),
        "params": {
            "name": city.name,
            "settings": settings,
            "files": [[path.name, _sha256(path)] for path in params],
        },
        "versions": list_versions(),
    }


def _config_files(city: FleetCity) -> Iterator[Path]:
    """Yield a city's file and its plan's."""
    if city.config:
        yield Path(city.config)
        plan = load_city(city.config).city.plan
        if plan:
            yield Path(city.config).parent / "plans" / plan


def _inputs(city: FleetCity, files: Iterable[Path], places: Path | None) -> Iterator[Path]:
    """Yield every file that the city's result depends on."""
    given = [*files, *([places] if places else [])]
    if city.config:
        config = load_city(city.config)
        inputs = find_inputs(config, data_dir(config), tuple(files), places)
        found = vars(add_layers(inputs, config, data_dir(config))).values()
        given = [*given, *_paths_in(found)]
    else:
        given = [*given, *list_companions(given)]
    for path in given:
        parts = path.parent.glob(f"{path.stem}.*") if path.suffix == ".shp" else ()
        yield from (path, *parts)


def _paths_in(values: Iterable[Any]) -> Iterator[Path]:
    for value in values:
        if isinstance(value, Path):
            yield value
        elif isinstance(value, tuple):
            yield from _paths_in(value)


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()
    except OSError as error:
        raise SourceError("source.absent", path=path) from error


def read_marker(home: Path) -> dict[str, Any] | None:
    """Read a city's marker; None where there is none that this version wrote."""
    found = _read(home / MARKER) or {}
    is_whole = isinstance(found.get("row"), dict) and "fingerprints" in found
    return found if is_whole and found.get("format_version") == FORMAT_VERSION else None


def _read(path: Path) -> dict[str, Any] | None:
    try:
        found = parse_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
