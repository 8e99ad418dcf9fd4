"""A town whose areas are followed by `csa displace`."""

import json

import pytest
from tests.change.followed import EMPTY_MONTH, other_rows
from tests.cli.asked import csa_command
from tests.towns import history

LETTERS = "ABCDEFGHIJKLMNOPQRST"


@pytest.fixture(scope="module")
def made(new_town):
    """A town to follow areas in: to the middle of a leap year's February, one month empty."""
    town = new_town()
    town.edit_config("min_samples = 5", "min_samples = 3")
    kept = [row for row in history() if not row.split(",")[2].startswith(EMPTY_MONTH)]
    path = town.write("a.csv", *kept, *other_rows())
    ingest = ("ingest", "--city", town.config, "--places", town.places, path)
    csa_command(*ingest, "--out", town.folder / "ds")
    return town


@pytest.fixture
def ask(made, run, tmp_path):
    """Follow areas of the town, given as sets of cells or as a path."""

    def call(areas, *words, check=True, dataset=made.folder / "ds", out="di", **days):
        path = areas if not isinstance(areas, tuple) else listed(tmp_path / "a.csv", areas, **days)
        about = ("--city", made.config, "--dataset", dataset, "--areas", path)
        return run("displace", *about, "--out", tmp_path / out, *words, check=check)

    return call


@pytest.fixture
def read(tmp_path):
    """Read what was written."""

    def call(out="di"):
        folder = tmp_path / out
        return json.loads((folder / "displacement.json").read_text(), parse_constant=refuse)

    return call


def refuse(constant):
    raise AssertionError(constant)


def listed(path, areas, first="", last=""):
    """Write a table of areas."""
    lines = [
        f"{letter},{' '.join(f'{cell:x}' for cell in sorted(cells))},{first},{last}"
        for letter, cells in zip(LETTERS, areas, strict=False)
    ]
    path.write_text("\n".join(["area_id,cells,first_day,last_day", *lines]) + "\n")
    return path
