"""Extras: found, taken away without a trace, and added by another distribution."""

import ast
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from datetime import date
from importlib.metadata import EntryPoint
from pathlib import Path
from pkgutil import resolve_name

import pytest
from typer import Typer

from csa.base.clock import now_utc
from csa.base.errors import ConfigError
from csa.base.extra import GROUP, Extra, extras_of, installed_extra, shipped_extras
from csa.base.message import load_catalog
from csa.city.loading import load_city
from csa.program.store.audit import verify
from csa.program.store.engine import make_store
from csa.program.store.tables import WatchRow
from tests.stores import SAMPLE_CLOCK, act

NAMES = [extra.name for extra in shipped_extras()]
OF_THE_DAY = NAMES[now_utc().toordinal() % len(NAMES)]
APP = "app/csa_app"


def in_tree(tree, *words, cwd=".", **environment):
    """Run Python in a copy of the tree."""
    paths = os.pathsep.join(str(tree / top) for top in ("src", "app", "."))
    own = {"PYTHONPATH": paths, "CSA_HOME": tree, "COLUMNS": 200} | environment
    known = os.environ | {name: str(value) for name, value in own.items()}
    command = [sys.executable, *map(str, words)]
    return subprocess.run(
        command, cwd=tree / cwd, env=known, capture_output=True, text=True, check=False
    )


def tree_without(gone, root, out, *more):
    """Copy the program, and more, without some extras' three folders."""
    kept = {"src/csa/extras", "app/csa_app/extras", "tests/extras"}

    def ignore(folder, names):
        is_home = str(Path(folder).relative_to(root)) in kept
        return {"__pycache__", "geometry", "vendor", *(gone if is_home else ())}.intersection(names)

    for top in ("src", "app", "config", "data/sample", *more):
        shutil.copytree(root / top, out / top, ignore=ignore)
    shutil.copy(root / "pyproject.toml", out)
    return out


@pytest.fixture(scope="module", params=[NAMES, [OF_THE_DAY]], ids=["none", f"no {OF_THE_DAY}"])
def bare(request, root, tmp_path_factory):
    """The tree without any extra, and without the one of the day; with what is gone."""
    gone = [extra for extra in shipped_extras() if extra.name in request.param]
    return tree_without(request.param, root, tmp_path_factory.mktemp("bare")), gone


def csa(tree, *words):
    done = in_tree(tree, "-m", "csa.cli.main", *words)
    assert done.returncode == 0, done.stderr
    return done.stdout


def commands(tree):
    return set(re.findall(r"(?m)^│ ([a-z-]+) ", csa(tree, "--help")))


def test_what_is_gone_is_named_nowhere(bare, root):
    tree, gone = bare
    asked = "from csa.base.message import load_catalog; print(*load_catalog())"
    keys = in_tree(tree, "-c", asked).stdout.split()
    assert len(keys) > 1000
    added = [resolve_name(command) for extra in gone for command in extra.commands]
    names = {
        one.info.name if isinstance(one, Typer) else one.__name__.replace("_", "-") for one in added
    }
    assert commands(root) - commands(tree) == names
    rooms = tuple(f"{room}." for extra in gone for room in extra.texts)
    assert rooms
    assert not [key for key in keys if key.startswith(rooms)]


@pytest.mark.long
def test_without_any_extra_a_month_its_editions_and_the_public_page_are_made(bare):
    tree, gone = bare
    city = ("--city", "config/sample.toml")
    csa(tree, "ingest", *city, "--out", "var/sample/dataset")
    home = (*city, "--dataset", "var/sample/dataset")
    csa(tree, "propose", *home, "--out", "areas")
    csa(tree, "report", *home, "--month", "2020-07", "--all", "--out", "editions")
    csa(tree, "publish", *home, "--out", "bundle", "--by", "Prevention team")
    assert any((tree / "editions").rglob("*.html"))
    page = (tree / "bundle" / "index.html").read_text(encoding="utf-8")
    for extra in gone:
        assert extra.page is None or load_catalog()[extra.page.title] not in page


BRIEFING = """
import os
from streamlit.testing.v1 import AppTest
from csa_app.shared import cache, extras
made = AppTest.from_file(os.path.abspath("main.py"), default_timeout=300).run()
assert not made.exception, made.exception
print(*[one.value for one in made.caption], sep="\\n")
print(*[one.proto.label for one in made.get("page_link")], sep="\\n")
print("layers:", *extras.layers_of(cache.open_city()))
"""


@pytest.mark.long
def test_without_any_extra_the_app_opens(bare, sample_folder):
    tree, gone = bare
    done = in_tree(
        tree, "-c", BRIEFING, cwd=APP, CSA_CITY=sample_folder, CSA_STORE=tree / "s.sqlite3"
    )
    assert done.returncode == 0, done.stderr
    assert "Plan" in done.stdout
    for extra in gone:
        assert extra.page is None or load_catalog()[extra.page.title] not in done.stdout


def test_rows_of_an_extra_stay_in_a_store_whose_extra_is_gone(bare, tmp_path):
    """The store has all tables that ship: the trail is intact, a backup whole."""
    tree, _ = bare
    address = tmp_path / "store.sqlite3"
    store = make_store(str(address), "sample")
    with store.writing(act(on=date(2020, 8, 1), at=SAMPLE_CLOCK.now()).signed) as session:
        session.add(WatchRow(key="Library", is_on=True, areas=[], quiet_from=21, quiet_until=8))
    with store.reading() as session:
        assert verify(session).is_intact
    store.engine.dispose()
    place = ("--city", "config/sample.toml", "--store", address)
    assert "intact" in csa(tree, "audit", "verify", *place)
    csa(tree, "backup", tmp_path / "b.gz", *place)
    other = tmp_path / "other.sqlite3"
    csa(tree, "restore", tmp_path / "b.gz", "--city", "config/sample.toml", "--store", other,
        "--by", "Crime Analysis Unit", "--why", "The old server was replaced.")  # fmt: skip
    for path in (address, other):
        with sqlite3.connect(path) as read:
            assert read.execute("SELECT key FROM watch").fetchall() == [("Library",)]


@pytest.mark.slow
@pytest.mark.parametrize("gone", [NAMES, *([name] for name in NAMES)], ids=", ".join)
def test_the_tests_of_all_else_pass_without(gone, root, tmp_path):
    tree = tree_without(gone, root, tmp_path, "tests", "docs", "benchmarks")
    for path in root.iterdir():
        if path.is_file() and not (tree / path.name).exists():
            shutil.copy(path, tree)
    of_the_whole = ("docs", "methods", "house", "joining", "api", "extras", "changed")  # of all
    left_out = [f"--ignore=tests/test_{name}.py" for name in of_the_whole]
    left_out += [f"--ignore=tests/{name}" for name in ("browser", "campaigns")]
    of_all = ("app/test_main", "cli/test_main", "reports/test_making")  # words of the whole
    left_out += [f"--ignore=tests/{name}_words.py" for name in of_all]
    marks = "not slow and not long and not browser and not system and not wheel"
    done = in_tree(tree, "-m", "pytest", "-q", "-m", marks, *left_out, "tests")
    assert done.returncode == 0, done.stdout[-4000:]


# ---- Another distribution's -----------------------------------------------------------------


def test_an_extra_that_is_absent_or_broken_is_refused_with_a_sentence(new_town, monkeypatch):
    town = new_town()
    town.edit_config("format_version = 1", 'format_version = 1\nextras = ["bus_stops"]')
    with pytest.raises(ConfigError, match="extras: bus_stops is not installed"):
        load_city(town.config)
    installed_extra.cache_clear()
    broken = EntryPoint("bus_stops", "no_such_module:EXTRA", GROUP)
    monkeypatch.setattr("csa.base.extra.entry_points", lambda **_: (broken,))
    with pytest.raises(ConfigError, match=r"code can't be loaded \(No module named 'no_such_m"):
        load_city(town.config)


def test_the_page_on_extras_names_all_of_them_and_all_that_they_may_add(root):
    page = (root / "docs" / "EXTRAS.md").read_text(encoding="utf-8")
    assert re.findall(r"\| `(\w+)` \|", page.partition("## To take")[0]) == NAMES
    fields = set(Extra.__dataclass_fields__) - {"package"}
    assert {field for field in fields if f"| `{field}` |" in page} == fields
    for name in NAMES:
        assert (root / "src/csa/extras" / name / "README.md").is_file()
    assert extras_of(load_city(root / "config" / "sample.toml")) == shipped_extras()
    assert {*NAMES} - {extra.name for extra in extras_of(None)} == {"activities"}


def test_nobody_imports_an_extra(root):
    """For the app, as import-linter does for the library."""
    own = [path for path in (root / "app").rglob("*.py") if "extras" not in path.parts[:-1]]
    assert len(own) > 80
    for path in own:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                assert not (node.module or "").startswith(("csa.extras.", "csa_app.extras."))


@pytest.mark.long
def test_the_extra_of_the_page_is_built_installed_and_on_where_a_city_names_it(
    root, sample_folder, tmp_path
):
    page = (root / "docs" / "EXTRAS.md").read_text(encoding="utf-8")
    files = re.findall(r"```(?:toml|python)\n# (\S+)\n(.*?)```", page, re.DOTALL)
    assert len(files) == 3
    assert sum(content.count("\n") for _, content in files) <= 60
    for name, content in files:
        path = tmp_path / "bus" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    build = (sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", ".", "bus")
    subprocess.run(build, cwd=tmp_path, check=True, capture_output=True)
    [wheel] = tmp_path.glob("*.whl")
    shutil.unpack_archive(wheel, tmp_path / "installed", "zip")
    stops = '{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {},'
    stops += ' "geometry": {"type": "Point", "coordinates": [-101.4, 41.78]}}]}'
    (tmp_path / "stops.geojson").write_text(stops, encoding="utf-8")
    own = (root / "config" / "sample.toml").read_text(encoding="utf-8")
    city = tmp_path / "config" / "sample.toml"
    city.parent.mkdir()
    named = own.replace("format_version = 1", 'format_version = 1\nextras = ["bus_stops"]', 1)
    city.write_text(named, encoding="utf-8")
    paths = os.pathsep.join(map(str, (tmp_path / "installed", root / "src", root / "app", root)))
    for file, says in ((city, True), (root / "config" / "sample.toml", False)):
        done = in_tree(
            root, "-c", BRIEFING, cwd=APP, PYTHONPATH=paths, CSA_CITY=file, CSA_DATASET=sample_folder,
            CSA_STORE=tmp_path / "store.sqlite3", BUS_STOPS=tmp_path / "stops.geojson",
            CSA_BASEMAP=tmp_path / "none",
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert ("1 bus stops are in Orrinvale" in done.stdout) is says
        assert ("layers: bus_stops" in done.stdout) is says
