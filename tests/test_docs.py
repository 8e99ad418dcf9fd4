"""The docs fall behind nothing: each setting, column, reason, flag, key and option is named."""

import importlib.util
import itertools
import json
import re
import shlex
import shutil
import subprocess
import tomllib
from typing import get_args

import pytest
import typer
from benchmarks import tables

from csa.areas.backtest.scoring import BACKTEST_COLUMNS, METHODS
from csa.areas.priority.files import PRIORITY_COLUMNS, TESTED_COLUMNS
from csa.areas.proposal import AREA_COLUMNS, CELL_COLUMNS, LABEL_COLUMNS
from csa.areas.risk_score import RISK_COLUMNS
from csa.base.schema import FLAGS, INCIDENT_COLUMNS
from csa.change.files import REVISED
from csa.change.lineage_windows import TRACE_COLUMNS
from csa.city.deployment import SETTINGS
from csa.city.loading import setting_descriptions
from csa.city.types import FieldName
from csa.cli.main import app
from csa.extras.research.emerging import EMERGING_COLUMNS
from csa.extras.research.panel import PANEL_COLUMNS
from csa.extras.risk.files import CELL_COLUMNS as SCORED_COLUMNS
from csa.extras.risk.near_repeat import KNOX_COLUMNS
from csa.extras.risk.terrain import TRIED
from csa.extras.trial.draw_files import POWER_COLUMNS
from csa.geo.services import SERVICE_COLUMNS
from csa.ingest.layers import LAYER_REASONS
from csa.ingest.measures import MEASURE_COLUMNS
from csa.ingest.validate import REASONS
from csa.reports.public.bundle import COLUMNS, TABLES
from csa.reports.public.facts import PublicFacts
from tests.towns import history

OPEN = ("versions", "same_months", "by_block_months")
"""Their keys are libraries, years and numbers of months."""


@pytest.fixture(scope="session")
def data_page(root):
    return (root / "docs" / "DATA.md").read_text(encoding="utf-8")


def make_docs(root):
    place = importlib.util.spec_from_file_location("make_docs", root / "docs" / "make.py")
    module = importlib.util.module_from_spec(place)
    place.loader.exec_module(module)
    return module


def lacking(page, names):
    return [name for name in names if f"`{name}`" not in page]


NAMES = {
    "settings of a city": list(setting_descriptions()),
    "settings": [setting.name for setting in SETTINGS],
    "environment": [setting.variable for setting in SETTINGS],
    "reasons": list(REASONS),
    "flags": list(FLAGS),
    "incidents": list(INCIDENT_COLUMNS),
    "areas": list(AREA_COLUMNS),
    "cells": list(CELL_COLUMNS),
    "labels": list(LABEL_COLUMNS),
    "reasons of layers": list(LAYER_REASONS),
    "services": list(SERVICE_COLUMNS),
    "risk": list(RISK_COLUMNS),
    "backtest": list(BACKTEST_COLUMNS),
    "ways of choosing": list(METHODS),
    "priorities": list(PRIORITY_COLUMNS),
    "tested cells": list(TESTED_COLUMNS),
    "power": list(POWER_COLUMNS),
    "panel": list(PANEL_COLUMNS),
    "lineage": list(TRACE_COLUMNS),
    "emerging cells": list(EMERGING_COLUMNS),
    "measures": list(MEASURE_COLUMNS),
    "bundle's tables": list(TABLES),
    "columns of its tables": [column for columns in COLUMNS.values() for column in columns],
    "public facts": list(PublicFacts.model_fields),
    "fields": list(get_args(FieldName)),
    "factors": [*TRIED, *SCORED_COLUMNS],
    "near repeats": list(KNOX_COLUMNS),
}


@pytest.mark.parametrize("names", NAMES.values(), ids=NAMES)
def test_the_data_page_names_every(data_page, names):
    assert names
    assert lacking(data_page, names) == []


def test_the_table_of_settings_is_the_one_that_make_docs_writes(data_page, root):
    assert make_docs(root).settings_table() in data_page


def test_every_command_and_option_is_named(data_page):
    command = typer.main.get_command(app)

    def walk(group, name):
        for word, inner in group.commands.items():
            if hasattr(inner, "commands"):
                yield from walk(inner, f"{name} {word}")
            else:
                yield f"{name} {word}", inner

    commands = dict(walk(command, "csa"))
    assert set(commands) == {
        "csa demo",
        "csa home",
        "csa serve",
        "csa start",
        "csa month",
        "csa ingest",
        "csa export",
        "csa propose",
        "csa backtest",
        "csa priorities",
        "csa draw",
        "csa trial",
        "csa evaluate",
        "csa displace",
        "csa risk",
        "csa near-repeat",
        "csa report",
        "csa mail",
        "csa publish",
        "csa check",
        "csa config show",
        "csa basemap",
        "csa fetch",
        "csa fleet",
        "csa sample",
        "csa plan list",
        "csa plan set",
        "csa plan propose",
        "csa plan answer",
        "csa plan calendar",
        "csa plan export-work",
        "csa plan import-work",
        "csa area list",
        "csa point list",
        "csa point mark",
        "csa area designate",
        "csa area begin",
        "csa area maintain",
        "csa area redraw",
        "csa area split",
        "csa area merge",
        "csa area retire",
        "csa area export",
        "csa zone add",
        "csa zone redraw",
        "csa zone end",
        "csa zone designate",
        "csa zone list",
        "csa zone export",
        "csa watch",
        "csa word name",
        "csa word stop",
        "csa word done",
        "csa word list",
        "csa measure list",
        "csa measure import",
        "csa activity import",
        "csa activity add",
        "csa activity list",
        "csa activity plan",
        "csa activity total",
        "csa activity phones",
        "csa activity revoke",
        "csa counts add",
        "csa counts peers",
        "csa counts list",
        "csa grant list",
        "csa grant report",
        "csa grant questions",
        "csa measure approve",
        "csa audit verify",
        "csa audit list",
        "csa correct",
        "csa backup",
        "csa restore",
    }
    for name, inner in commands.items():
        (row,) = (line for line in data_page.splitlines() if line.startswith(f"| `{name}` |"))
        options = [
            option for parameter in inner.params for option in parameter.opts if "--" in option
        ]
        assert lacking(row, options) == []


def test_every_key_of_ingest_json_and_proposal_json_is_named(data_page, town, run):
    lines = [f"{n},{n},2020-05-0{n % 9 + 1},0,{-94.57 + n / 9000},39.02,," for n in range(30)]
    words = ("--city", town.config, "--places", town.places, "--out", "ds", "--json")
    report = json.loads(run("ingest", *words, town.write("a.csv", *lines)).stdout)
    words = ("--city", town.config, "--dataset", "ds", "--out", "pr", "--json")
    summary = json.loads(run("propose", *words).stdout)
    keys = [*report, *report["inputs"][0], *summary, *summary["params"], *summary["totals"]]
    keys += summary["left_out_fringe"]
    assert lacking(data_page, [*keys, "population_source"]) == []


@pytest.mark.long
def test_every_key_of_displacement_json_is_named(data_page, town, run):
    shootings = town.write("a.csv", *history())
    words = ("--city", town.config, "--places", town.places, "--out", "ds")
    run("ingest", *words, shootings)
    run("backtest", "--city", town.config, "--dataset", "ds", "--no-variants")
    run("propose", "--city", town.config, "--dataset", "ds", "--until", "2019-02", "--out", "pr")
    words = ("--city", town.config, "--dataset", "ds", "--areas", "pr", "--out", "di", "--json")
    account = json.loads(run("displace", *words, "--since", "2019-02").stdout)

    def keys_in(value):
        if isinstance(value, list):
            yield from (key for one in value for key in keys_in(one))
        elif isinstance(value, dict):
            yield from value
            named = (one for name, one in value.items() if name not in OPEN)
            yield from (key for one in named for key in keys_in(one))

    keys = {*keys_in(account), *REVISED}
    assert {"core_ratio", "estimate", "is_told", "weight", "area_years"} <= keys
    assert lacking(data_page, sorted(keys)) == []


def test_methods_names_every_choice_and_every_threshold(root):
    page = " ".join((root / "docs" / "METHODS.md").read_text(encoding="utf-8").split())
    for word in ("eps_m", "min_samples", "max_area_km2", "min_samples_floor", "also_on_homicides"):
        assert f"`{word}" in page
    for fact in (
        "0.015 km2",
        "within 500 m",
        "at least 5 incidents",
        "At most 3 rows after a gap of over 30 days",
    ):
        assert fact in page


def test_architecture_names_every_room(root):
    page = (root / "docs" / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rooms = [path.parent.name for path in (root / "src" / "csa").glob("*/__init__.py")]
    assert rooms
    assert [room for room in rooms if f"| `{room}` |" not in page] == []


def test_architecture_names_every_module_of_the_screens(root):
    page = (root / "docs" / "ARCHITECTURE.md").read_text(encoding="utf-8")
    _, _, rooms = page.partition("\n    app/csa_app/ ")
    rooms = rooms.partition("\n    config/")[0]
    named = set(re.findall(r"\b([a-z_]+(?:\.py|/))(?= |$)", rooms))
    held = {
        path.name + "/" * path.is_dir()
        for path in (root / "app" / "csa_app").iterdir()
        if not path.name.startswith((".", "__init__", "__pycache__"))
    }
    assert named == held


EXTRAS = ("app", "pdf", "excel")


def test_every_dependency_has_its_line(root):
    page = (root / "docs" / "DEPENDENCIES.md").read_text(encoding="utf-8")
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = [
        *project["project"]["dependencies"],
        *itertools.chain(*(project["project"]["optional-dependencies"][name] for name in EXTRAS)),
        *project["dependency-groups"]["dev"],
    ]
    for requirement in wanted:
        name = re.split(r"[\[<>=~!]", requirement)[0]
        assert re.search(rf"^\| {re.escape(name)}\b", page, re.MULTILINE), name
        assert re.search(r">=.*<", requirement), f"{requirement} is no range"


def test_the_readme_says_what_the_tool_must_not_be_used_for(root):
    readme = (root / "README.md").read_text(encoding="utf-8")
    first_screen = "\n".join(readme.splitlines()[:32])
    assert "**Not for**" in first_screen
    assert "docs/find-areas.png" in first_screen
    assert "csa demo" in first_screen
    assert "make run" in first_screen


def test_the_readme_begins_with_what_works_in_a_fresh_clone(root, tmp_path):
    pages = [root / "README.md", *root.glob("docs/*.md"), *root.glob("docs/site/*.md")]
    shutil.copy(root / "Makefile", tmp_path)  # what a clone has: no dist/, and no .venv
    blocks = re.findall(r"```\n(.*?)```", pages[0].read_text(encoding="utf-8"), re.DOTALL)
    commands = [line.partition("#")[0].split() for line in blocks[0].splitlines()]
    assert commands == [["make", "run"], ["make", "test"]]
    for command in commands:
        subprocess.run([*command, "-n"], cwd=tmp_path, capture_output=True, check=True)
    for page in pages:  # a file in dist/ is named after the command that writes it
        before, named, _ = page.read_text(encoding="utf-8").partition("install dist/")
        assert not named or "make wheel" in before, page


def test_the_readme_names_the_command_that_tests(root):
    assert "`make test`" in (root / "README.md").read_text(encoding="utf-8")
    assert " make test\n" in (root / ".ci" / "run").read_text(encoding="utf-8")


def test_the_readme_has_four_pictures_and_a_snippet_that_runs(root, monkeypatch):
    readme = (root / "README.md").read_text(encoding="utf-8")
    pictures = re.findall(r"!\[[^\]]+\]\((docs/[\w-]+\.png)\)", readme)
    assert set(pictures) == {f"docs/{name}" for name in make_docs(root).PICTURES}
    assert len(pictures) == 4
    (snippet,) = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    names = {}
    monkeypatch.chdir(root)
    exec(snippet, names)  # noqa: S102 - ours
    assert len(names["proposal"].areas) == 8
    assert len(names["moved"].by_area) == len(names["before"].areas) == 7
    assert not names["moved"].is_selected_on_outcome  # never the months that chose the areas


def test_the_index_of_the_docs_names_every_page(root):
    index = (root / "docs" / "README.md").read_text(encoding="utf-8")
    pages = [path.name for path in (root / "docs").glob("*.md") if path.name != "README.md"]
    assert [name for name in pages if f"]({name})" not in index] == []


def anchors(text):
    """Return what links to headings may name, as GitHub makes it of them."""
    heads = re.findall(r"(?m)^#+ (.+)$", text)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def pages(root):
    folders = (root, root / "docs", root / "benchmarks", root / "benchmarks" / "results")
    return [path for folder in folders for path in sorted(folder.glob("*.md"))]


def test_every_link_of_the_docs_leads_somewhere(root):
    lost = []
    for path in pages(root):
        text = re.sub(r"(?s)```.*?```|`[^`\n]*`", "", path.read_text(encoding="utf-8"))
        for link in re.findall(r"\]\(([^)\s]+)\)", text):
            place, _, anchor = link.partition("#")
            goal = path.parent / place if place else path
            if "://" in link:
                continue
            if not goal.exists() or (
                anchor and anchor not in anchors(goal.read_text(encoding="utf-8"))
            ):
                lost.append(f"{path.relative_to(root)}: {link}")
    assert lost == []


def test_every_file_of_the_project_that_the_docs_name_exists(root):
    named = {
        (path.name, name)
        for path in pages(root)
        if path.name != "CHANGELOG.md"  # says what was
        for name in re.findall(
            r"`((?:src|app|tests|benchmarks)/[\w./-]+)`", path.read_text("utf-8")
        )
    }
    recipes = (root / "CONTRIBUTING.md").read_text("utf-8")
    files = {path.name for top in ("src", "app", "tests") for path in (root / top).rglob("*.*")}
    assert set(re.findall(r"`(\w+\.(?:py|js|css|html|svg))`", recipes)) <= files
    allowed = {
        "app/pages/",
        "app/csa_app/screens/NAME/",
        "tests/app/screens/NAME/",
        *(f"{top}/extras/NAME" for top in ("src/csa", "app/csa_app", "tests")),
    }
    lost = {(page, name) for page, name in named if not (root / name).exists()}
    assert {(page, name) for page, name in lost if name not in allowed} == set()


@pytest.mark.parametrize("name", ["PERFORMANCE", "RELIABILITY"])
def test_a_table_of_results_is_the_one_that_its_commands_wrote(root, name):
    page = (root / "docs" / f"{name}.md").read_text(encoding="utf-8")
    assert tables.table(name) in page
    assert page.count("\n|---") == 1


def test_a_run_that_is_kept_takes_the_place_of_the_one_before(root, tmp_path, monkeypatch):
    (tmp_path / "docs").mkdir()
    page = tmp_path / "docs" / "RELIABILITY.md"
    page.write_text(f"# R\n{tables.BEGIN}\nold\n{tables.END}\nEnd.\n", encoding="utf-8")
    monkeypatch.setattr(tables, "ROOT", tmp_path)
    monkeypatch.setattr(tables, "RESULTS", tmp_path)
    tables.keep("faults", "RELIABILITY", "make faults", [("300 kills", '1 "failed"', "0")])
    tables.keep(
        "faults", "RELIABILITY", "make faults", [("300 kills", "0 failed", "0", "a kill by fire")]
    )
    text = page.read_text(encoding="utf-8")
    assert "| 300 kills | 0 failed | 0 | a kill by fire | `make faults` | " in text
    assert ("old" in text, 'failed"' in text, text.endswith("End.\n")) == (False, False, True)


@pytest.mark.slow
def test_the_commands_of_the_tutorial_run_as_they_stand_there(root, run, tmp_path):
    page = (root / "docs" / "TUTORIAL.md").read_text(encoding="utf-8")
    (tmp_path / "config").symlink_to(root / "config")
    (tmp_path / "data").symlink_to(root / "data")
    lines = re.findall(r"(?m)^    \.venv/bin/csa (.+)$", page)
    assert len(lines) == 7
    said = "".join(run(*shlex.split(line), cwd=tmp_path).stdout for line in lines)
    for number in (
        "3,524 incidents",
        "4,121 rows read, 4,089 used",
        "had 235 shootings; about 336",
    ):
        assert number in said
    assert (tmp_path / "tutorial" / "july.html").is_file()


def test_nothing_says_to_install_the_other_project_of_this_name(root):
    """The name csa on the package index is another project's, so it is had from a checkout."""
    asks = re.compile(
        r"\bcsa\[[a-z]|\b(pip|pipx|uv|poetry|conda) (?!.*--no-index)[^\n`]*[ '\"]csa\b"
    )
    folders = [root.glob("*"), *((root / name).rglob("*") for name in ("src", "app", "docs"))]
    for path in itertools.chain(*folders):
        if path.suffix in {".md", ".toml", ".po", ".py", ".yaml"} or path.name == "Dockerfile":
            assert not asks.search(path.read_text(encoding="utf-8")), path
    assert asks.search("run pip install 'csa'")


def test_no_index_address_and_every_pin_has_its_hash(root):
    lock = (root / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in lock.replace("https://github.com/", "")
    assert "index" not in lock
    pins = re.findall(r"^[a-z0-9][^\n]*==[^\n]*", lock, re.MULTILINE)
    assert len(pins) > 50
    for pin in re.split(r"\n(?=[a-z0-9])", lock)[1:]:
        assert "--hash=sha256:" in pin
