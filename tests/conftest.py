"""A small made-up city, and the real files where they are at hand."""

from __future__ import annotations

import gc
import io
import logging
import os
import shutil
import sys
import tempfile
import tomllib
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import ModuleType

import geopandas as gpd
import pytest
import typer.main
from shapely.geometry import box
from streamlit import config as streamlit_config

import csa_app
from csa.areas.analysis import save_place_names
from csa.city.dataset import open_city, save_dataset
from csa.city.loading import load_city
from csa.cli import main
from csa.ingest.intake import ingest_city
from csa.ingest.job import in_this_process
from csa.ingest.sources import Inputs, add_layers, find_inputs
from csa.program.plan.loading import load_plan
from tests import postgres, stores
from tests.changed import reached_since
from tests.properties import register_profiles
from tests.workers import (
    leave_all_but_first,
    longest_first,
    made_once,
    mark_browser,
    mark_campaigns,
    share_of_today,
    shared_once,
    try_browser_twice,
)

# What is set where the tests run is not what they test.
for _name in [name for name in os.environ if name.startswith("CSA_") and name != "CSA_KEEP_LOOKS"]:
    del os.environ[_name]
for _name in ("FORCE_COLOR", "TTY_COMPATIBLE"):
    os.environ.pop(_name, None)
os.environ["CSA_HOME"] = "."  # a test's folder, not the user's own

register_profiles()

ROOT = Path(__file__).parent.parent
SHARED_DATA = ROOT.parent / "shared" / "data"

CITY_TOML = """
format_version = 1
[city]
id = "testville"
name = "Testville"
time_zone = "America/Chicago"
metric_crs = "EPSG:32615"
[places]
file = "neighborhoods.geojson"
name_column = "name"
[areas]
eps_m = 200
min_samples = 5
at_incidents = 100
[[sources]]
name = "list"
incident_from = ["incident_id"]
row_id_from = ["row_id"]
homicide = [{ fatal = ["1"] }]
nonfatal = [{ fatal = ["0"] }]
gun = { yes = [{}] }
date_formats = ["%Y-%m-%d %H:%M", "%Y-%m-%d"]
[sources.columns]
row_id = "row"
incident_id = "number"
date = "date"
fatal = "fatal"
lon = "lon"
lat = "lat"
address = "address"
city = "city"
"""
HEADER = "row,number,date,fatal,lon,lat,address,city"


def pytest_addoption(parser):
    parser.addoption(
        "--share", type=int, metavar="DAYS", help="run the long tests of one day in DAYS"
    )
    parser.addoption("--changed", metavar="COMMIT", help="run what a change since then reaches")


def pytest_ignore_collect(collection_path, config):
    """Leave, of a change, the files that it does not reach."""
    if config.option.changed and collection_path.name.startswith("test_"):
        return collection_path not in reached_since(config.option.changed) or None
    return None


def pytest_collection(session):
    """Collect without the garbage collector: what is collected stays, and to look at it takes a sixth."""
    gc.disable()


def pytest_collection_finish(session):
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)  # memory is plenty, and the looking took a sixteenth
    gc.enable()


@pytest.hookimpl(tryfirst=True)  # before -m chooses
def pytest_collection_modifyitems(config, items):
    mark_browser(items)
    mark_campaigns(items)
    leave_all_but_first(items)
    if config.option.share:
        share_of_today(config, items, datetime.now(UTC).date())
    longest_first(items)
    if config.option.changed:
        steps = reached_since(config.option.changed)
        items.sort(key=lambda item: steps[item.path])
    if os.environ.get("CI"):
        try_browser_twice(items)


@pytest.fixture(scope="session", autouse=True)
def _readers_are_looked_at():
    """Read files in the test's own process; tests/ingest/test_job.py reads them as users do."""
    with in_this_process():
        yield


@pytest.fixture(scope="session", autouse=True)
def _commands_are_built_once():
    """Build the command's fifty commands with their options once: that takes longer than most do."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(typer.main, "get_command", cache(typer.main.get_command))
        patch.setattr(main, "require_one_owner", cache(main.require_one_owner))
        yield


@dataclass(frozen=True)
class Town:
    """A folder with a city's file, its neighborhoods and a way to run the command."""

    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "testville.toml"

    @property
    def places(self) -> Path:
        return self.folder / "neighborhoods.geojson"

    def write(self, name: str, *lines: str, header: str = HEADER) -> Path:
        path = self.folder / name
        path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
        return path

    def edit_config(self, old: str, new: str) -> None:
        text = self.config.read_text()
        assert old in text
        self.config.write_text(text.replace(old, new))


@cache
def _places_of_a_town():
    """Write the file once: that is what took longest in making a town."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "neighborhoods.geojson"
        gpd.GeoDataFrame(
            {"name": ["West End", "East End"]},
            geometry=[box(-94.60, 39.00, -94.55, 39.05), box(-94.55, 39.00, -94.50, 39.05)],
            crs="EPSG:4326",
        ).to_file(path)
        return path.read_bytes()


def make_town(folder):
    """Testville: two neighborhoods of about 4 by 5 km side by side, west and east."""
    made = Town(folder)
    made.config.write_text(CITY_TOML)
    made.places.write_bytes(_places_of_a_town())
    return made


@pytest.fixture(autouse=True)
def _log_as_it_was():
    """Take away what a command run here set up: its stream is closed with its test."""
    logger = logging.getLogger("csa")
    handlers, level = logger.handlers, logger.level
    yield
    logger.handlers, logger.level = handlers, level


@pytest.fixture
def town(tmp_path):
    return make_town(tmp_path)


@pytest.fixture(scope="session")
def new_town(tmp_path_factory):
    """Make a town for each example of a property."""
    return lambda: make_town(tmp_path_factory.mktemp("town"))


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def run(town, monkeypatch):
    """Run the command in the town's folder, in this process: its imports are paid once."""
    for name in [name for name in os.environ if name.startswith("CSA_")]:
        if name != "CSA_KEEP_LOOKS":
            monkeypatch.delenv(name)
    monkeypatch.setenv("CSA_HOME", ".")

    def call(*words, check=True, cwd=None):
        # After a test of a page it is that page's script, and new processes run it again.
        monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))
        monkeypatch.setattr(sys, "argv", ["csa", *map(str, words)])
        monkeypatch.chdir(cwd or town.folder)
        out, err = io.StringIO(), io.StringIO()
        code = 0
        with redirect_stdout(out), redirect_stderr(err):
            try:
                main.main()
            except SystemExit as stop:
                code = stop.code or 0
        done = Done(code, out.getvalue(), err.getvalue())
        assert not check or done.returncode == 0, done.stderr
        return done

    return call


@pytest.fixture(scope="session")
def shared_data():
    """The real files of Kansas City and Philadelphia, which are not part of the project."""
    if not SHARED_DATA.exists():
        pytest.skip("the real data are not at ../shared/data")
    return SHARED_DATA


@pytest.fixture(scope="session")
def philadelphia(shared_data, root, tmp_path_factory):
    """Philadelphia's dataset and its city's file, read once for all workers; not to be changed."""

    def read():
        folder, config = (
            shared_data / "philadelphia",
            load_city(root / "config" / "philadelphia.toml"),
        )
        path = folder / "philly_shooting_victims_2015_2025.csv"
        return ingest_city(
            config, Inputs((path,), folder / "neighborhoods.geojson")
        ).dataset, config

    return shared_once(tmp_path_factory, "philadelphia", read)


@pytest.fixture(scope="session")
def root():
    return ROOT


@pytest.fixture(scope="session")
def kansas_plan(root):
    """Kansas City's plan, which the sample city follows too."""
    return load_plan(root / "config" / "plans" / "kansas-city-psp.toml")


@pytest.fixture(scope="session")
def sample_folder(root, tmp_path_factory):
    """The folder of the sample city's dataset, made once for all workers; not to be changed."""

    def make(out):
        config, folder = load_city(root / "config" / "sample.toml"), root / "data" / "sample"
        intake = ingest_city(config, add_layers(find_inputs(config, folder, ()), config, folder))
        save_dataset(intake.dataset, intake.rejected, out)

    return made_once(tmp_path_factory, "sample", make)


@pytest.fixture(scope="session")
def story_folder(root, sample_folder, tmp_path_factory):
    """The sample's dataset with its places' names, and a store with two years of its program.

    Made once for all workers, in about ten seconds; not to be changed.
    """

    def make(out):
        from csa.workflow.story import fill_store  # noqa: PLC0415 - few tests need all it imports

        shutil.copytree(sample_folder, out / "dataset", symlinks=True)
        city = open_city(load_city(root / "config" / "sample.toml"), out / "dataset")
        save_place_names(city)
        named = load_plan(
            root / "config" / "plans" / "kansas-city-psp.toml", city.config.city.plan_names
        )
        fill_store(city, named, str(out / "store.sqlite3"))

    return made_once(tmp_path_factory, "story", make)


@pytest.fixture(scope="session")
def server():
    """Serve PostgreSQL on loopback, one server a worker, with an ordinary role for the program."""
    if postgres.tools() is None:
        pytest.skip("PostgreSQL's programs (initdb, pg_ctl) are not installed")
    folder = Path(tempfile.mkdtemp(prefix="csa-postgres-"))  # its server is another user than ours
    try:
        with postgres.serving(folder) as served:
            yield served
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def databases(request, tmp_path_factory):
    """Give a function that gives fresh databases of a kind."""
    given = []

    def of(kind):
        server = request.getfixturevalue("server") if kind == "postgresql" else None
        given.append(stores.Databases(kind, tmp_path_factory.mktemp("stores"), server))
        return given[-1]

    yield of
    for one in given:
        one.close()


@pytest.fixture(params=stores.KINDS)
def database(request, databases):
    """Fresh databases of SQLite, then of PostgreSQL."""
    return databases(request.param)


@pytest.fixture
def address(database):
    """Where a store may be made: on SQLite, then on PostgreSQL."""
    return database.new()


@pytest.fixture
def store(database):
    """A store without an entry: on SQLite, then on PostgreSQL."""
    return database.open()


@pytest.fixture
def lite(databases):
    """A store without an entry, in a file: for what no database changes."""
    return databases("sqlite").open()


@pytest.fixture(scope="session", autouse=True)
def app_options():
    """Set what .streamlit/config.toml sets: a server reads it beside its script, AppTest does not."""
    text = Path(csa_app.__file__).with_name(".streamlit").joinpath("config.toml").read_text("utf-8")
    for section, values in tomllib.loads(text).items():
        for name, value in values.items():
            if not isinstance(value, dict):
                streamlit_config.set_option(f"{section}.{name}", value)
