"""One city's task: the single commands, one after another, then the finished folder in its place.

A worker gets names and paths and returns a row. What is finished stays in the work folder: where a
worker is killed, the next one goes on after the last finished step.
"""

from __future__ import annotations

import hashlib
import io
import os
import shlex
import shutil
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import shapely

from csa.areas.file_format import list_versions
from csa.base.errors import CsaError, OutputError, SourceError
from csa.base.io import (
    Move,
    carry_out,
    csv_bytes,
    finish,
    json_bytes,
    locked_folder,
    made_in_file,
    write_file,
)
from csa.base.safe_parsing import parse_json
from csa.base.text import natural_sort_key, render
from csa.city.dataset import open_dataset
from csa.city.deployment import PLACES, SETTINGS, data_dir, deployment_path
from csa.city.loading import load_city
from csa.fleet.manifest import FleetCity, is_url
from csa.ingest.sources import add_layers, find_inputs
from csa.reports.public.window import last_month
from csa.workflow.companion_files import list_companions

# ---- The table of a fleet: one row a city, what was found or why it failed.


DONE, FAILED, WAITING = "done", "failed", "not run"
TEXTS = ("city", "folder", "state", "why", "first_date", "data_through", "backtest", "displacement")
COUNTS = ("incidents", "homicides", "areas")
NUMBERS = ("longitude", "latitude", "share_of_incidents", "share_of_study_area",
           "hit_share", "area_share", "best_other_hit_share")  # fmt: skip
TYPES = {
    **dict.fromkeys(TEXTS, "str"),
    **dict.fromkeys(COUNTS, "Int64"),
    **dict.fromkeys(NUMBERS, "float64"),
}
TABLE = "fleet.parquet"
FLEET_COLUMNS = (
    "city", "folder", "state", "why", "longitude", "latitude", "first_date", "data_through",
    "incidents", "homicides", "areas", "share_of_incidents", "share_of_study_area",
    "hit_share", "area_share", "best_other_hit_share", "backtest", "displacement",
)  # fmt: skip


def describe(
    city: FleetCity, state: str, why: str = "", results: Path | None = None
) -> dict[str, Any]:
    """Return a city's row, read from what the commands wrote; without results, its state alone."""
    row: dict[str, Any] = dict.fromkeys(FLEET_COLUMNS)
    row |= {"city": city.name, "folder": city.id, "state": state, "why": why}
    if results is None:
        return row
    dataset = open_dataset(results / "dataset")
    report, middle = dataset.report, shapely.centroid(dataset.study_area)
    proposal = _json(results / "proposal" / "proposal.json")
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
        "areas": proposal["totals"]["areas"],
        "share_of_incidents": proposal["share_of_incidents"],
        "share_of_study_area": proposal["share_of_study_area"],
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
    """Read what a command wrote; nothing where it had nothing to write."""
    found: dict[str, Any] = parse_json(path.read_text(encoding="utf-8")) if path.exists() else {}
    return found


MARKER = "fleet.json"
OWN = ".fleet"
"""Folder of a fleet for locks, journals and what is being made."""
SAID = "said.txt"
FORMAT_VERSION = 1
STORE = "CSA_STORE"
ONE_AT_A_TIME = threading.Lock()
"""What a command prints is caught for the whole process, and maps are drawn by one thread."""


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


TOO_SHORT_TO_FOLLOW = frozenset(
    f"displacement.{why}" for why in ("before", "short", "after", "no_areas")
)
"""What the command of displacement refuses where a city's data, and nothing else, are at fault."""


def work_city(city: FleetCity, out: str, version: str) -> dict[str, Any]:
    """Make a city's folder, unless nothing changed; return its row, with `is_new`.

    A mistake in the city's files is the row's `why`; only our own faults are raised.
    """
    folder = CityFolder(Path(out), city.id)
    own = list_versions()["csa"]
    if own != version:
        why = OutputError("fleet.other_version", own=own, asked=version).message
        return {**describe(city, FAILED, render(why)), "is_new": False}
    busy = OutputError("fleet.city_busy", city=city.name)
    try:
        with ONE_AT_A_TIME, locked_folder(folder.lock, busy), TemporaryDirectory() as fetched:
            return _make(city, folder, Path(fetched))
    except CsaError as error:
        return {**describe(city, FAILED, render(error.message)), "is_new": True}


def _make(city: FleetCity, folder: CityFolder, fetched: Path) -> dict[str, Any]:
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
    with _without_decisions(results.with_suffix(".sqlite3")):
        for name, words in _commands(city, config, results, (files, places)):
            steps.run(name, words)
    row = describe(city, DONE, "", results)
    account = {"kind": "fleet city", "format_version": FORMAT_VERSION, "fingerprints": prints}
    write_file(folder.work / MARKER, json_bytes({**account, "row": row}))
    steps.close()
    carry_out(folder.journal, [Move(str(folder.home), str(folder.work))])
    return {**row, "is_new": True}


def _commands(
    city: FleetCity, config: Path, results: Path, given: tuple[list[Path], Path | None]
) -> Iterator[tuple[str, list[str]]]:
    """Yield the single commands in the order of `csa month`: past years first, then areas."""
    files, places = given
    named = [*map(str, files), *(["--places", str(places)] if places else [])]
    dataset, home = results / "dataset", results.parent.parent
    if city.config:
        yield "ingest", ["ingest", *named, "--city", str(config), "--out", str(dataset)]
    else:
        own = ["--name", city.name, "--yes", "--out", str(config), "--root", str(home)]
        yield "start", ["start", *named, *own]
    of = ["--city", str(config), "--dataset", str(dataset)]
    yield "backtest", ["backtest", *of, "--out", str(results / "backtest")]
    yield "propose", ["propose", *of, "--out", str(results / "proposal")]
    yield "priorities", ["priorities", *of, "--out", str(results / "priorities")]
    areas = ["--areas", str(results / "proposal" / "areas.geojson")]
    yield "displace", ["displace", *of, *areas, "--out", str(results / "displacement")]
    month = ["--month", str(last_month(open_dataset(dataset))), "--audience", "executive"]
    yield "report", ["report", *of, *month, "--out", str(results / "report.html")]


@contextmanager
def _without_decisions(store: Path) -> Iterator[None]:
    """Have the commands of this process read a store that nobody has made."""
    before = os.environ.get(STORE)
    os.environ[STORE] = str(store)
    try:
        yield
    finally:
        if before is None:
            del os.environ[STORE]
        else:
            os.environ[STORE] = before


class _StepsDone:
    """Which commands have run in a work folder, on the same data."""

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

    def run(self, name: str, words: list[str]) -> None:
        """Run a command, unless it has run; keep what it printed."""
        if name in self._done:
            return
        try:
            told = _run_command(words)
        except CsaError as error:
            # Areas and their order stand all the same.
            if name != "displace" or error.message.key not in TOO_SHORT_TO_FOLLOW:
                raise
            told = f"{render(error.message)}\n"
        said = f"$ csa {shlex.join(words)}\n{told}"
        self._done[name] = said.replace(str(self._folder.work), str(self._folder.home))
        write_file(self._file, json_bytes({"fingerprints": self._prints, "said": self._done}))

    def close(self) -> None:
        """Write what was printed for readers; the folder is finished."""
        write_file(self._folder.work / SAID, "\n".join(self._done.values()).encode())
        self._file.unlink()


def _run_command(words: list[str]) -> str:
    """Run a `csa` command in this process; return what it printed."""
    from csa.cli.main import app  # noqa: PLC0415 - the command of a fleet is in it

    said = io.StringIO()
    with redirect_stdout(said), redirect_stderr(said):
        app(words, standalone_mode=False)
    return said.getvalue()


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
        data = data_dir(config)
        inputs = find_inputs(config, data, tuple(files), places)
        found = vars(add_layers(inputs, config, data)).values()
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
