"""Each command that a page, a document or a command prints is typed in any folder, and runs there."""

import re
import shlex
from pathlib import Path
from types import SimpleNamespace

import geopandas as gpd
import pytest
import typer
from tests.conftest import HEADER
from tests.towns import history

from csa.city.dataset import open_city
from csa.city.loading import load_city
from csa.cli.main import app
from csa_app.screens.services import parts as services
from csa_app.screens.why_here import parts as why_here
from csa_app.shared import settings, track_record
from csa_app.shared.city_session import CitySession
from csa_app.shared.screen_state import first_choices

AT_HOME = re.compile(r"(?:^|=)(?:var|config|data)/")

OF_A_LIST = " --services services.csv"
"""It needs a list, and a city's file that describes it."""
BARS = """
[[risk.layers]]
file = "bars.geojson"
name = "bars"
what = "all"
source = "made up"
as_of = 2019-01-01
"""


@pytest.fixture
def made(town, run, tmp_path, monkeypatch):
    """Testville as `csa start` makes it at home; the folder we are in has one of the city's name."""
    home, elsewhere = tmp_path / "home", tmp_path / "elsewhere"
    (elsewhere / "testville").mkdir(parents=True)
    town.write("shootings.csv", *history(), header=HEADER)
    monkeypatch.setenv("CSA_HOME", str(home))
    words = ("shootings.csv", "--yes", "--name", "Testville", "--places", town.places)
    said = run("start", *words).stdout
    monkeypatch.setattr(settings, "ROOT", home)
    monkeypatch.setattr(settings, "VAR", home / "var")
    monkeypatch.setenv("CSA_CITY", "testville")
    return SimpleNamespace(home=home, said=said, elsewhere=elsewhere)


def session_of(made, dataset):
    opened = open_city(load_city(made.home / "config" / "testville.toml"), dataset)
    return CitySession(opened.config, opened.dataset, dataset, incidents_key="k")


def shown_by(monkeypatch, module, show, *given):
    """Give the command that a part of a page shows."""
    shown = []
    monkeypatch.setattr(module.st, "code", lambda text, **_: shown.append(text))
    show(*given)
    return shown[0]


def require_readable(command):
    """Refuse a command whose words the program would refuse, without running it."""
    words, inner = shlex.split(command)[1:], typer.main.get_command(app)
    while hasattr(inner, "commands"):
        inner = inner.commands[words.pop(0)]
    inner.make_context(inner.name, words)


@pytest.mark.long
def test_what_start_and_the_pages_print_runs_in_another_folder(made, run, monkeypatch):
    session = session_of(made, made.home / "var" / "testville" / "dataset")
    (look, judge) = re.findall(r"csa (?:serve|backtest) --city [\w-]+", made.said)
    assert look == "csa serve --city testville"
    places = gpd.points_from_xy([-94.575 + n / 500 for n in range(40)], [39.02] * 40, crs=4326)
    gpd.GeoSeries(places).to_file(made.home / "data" / "testville" / "bars.geojson")
    with (made.home / "config" / "testville.toml").open("a", encoding="utf-8") as file:
        file.write(BARS)
    printed = (
        judge,
        track_record.command(session, first_choices(session)),
        why_here.command(session),
        shown_by(monkeypatch, services, services.how_to, session).removesuffix(OF_A_LIST),
    )
    for command in printed:
        assert "--dataset" not in command
        assert run(*shlex.split(command)[1:], cwd=made.elsewhere).returncode == 0, command


def test_a_dataset_that_is_not_the_citys_own_is_named_in_full(made, run, tmp_path, monkeypatch):
    other = tmp_path / "other place"
    run("ingest", "--city", "testville", "--out", other)
    monkeypatch.chdir(tmp_path)
    session = session_of(made, Path("other place"))
    command = track_record.command(session, first_choices(session))
    assert shlex.split(command)[-2:] == ["--dataset", str(other)]


@pytest.mark.parametrize("name", ["docs/HOWTO.md", "docs/DEPLOY.md", "docs/TUTORIAL.md"])
def test_a_documents_commands_are_read_and_name_no_path_of_one_folder(root, name):
    page = (root / name).read_text(encoding="utf-8")
    lines = re.findall(r"(?m)^ {4,}(?:\.venv/bin/)?(csa [^#&|>$\n\[]+)", page)
    assert len(lines) >= 6
    for line in lines:
        assert not [word for word in shlex.split(line) if AT_HOME.search(word)], line
        require_readable(line)
