"""A town with a record of past years, whose areas are judged once."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from tests.cli.asked import CHOSEN, city_lines, csa_command

from csa.analysis.analysis import Analysis


@pytest.fixture(scope="session")
def judged():
    """What was judged before, by question."""
    return {}


@pytest.fixture
def judge_once(judged, monkeypatch):
    """Judge the areas of one question once for all tests: most of the time goes there."""

    find = Analysis.priorities.fget

    def find_once(analysis):
        record, suggested = analysis.backtest, analysis.suggestion
        question = (analysis.city.dataset.fingerprint, analysis.settings, suggested)
        if question not in judged:
            judged[question] = find(analysis)
        analysis._once(("proposal", analysis.settings.until), lambda: judged[question].proposal)
        return replace(judged[question], record=record)

    monkeypatch.setattr(Analysis, "priorities", property(find_once))


@pytest.fixture(scope="session")
def made(new_town):
    """A town with five years of shootings, read once, and its record of past years."""
    town = new_town()
    city = ("--city", town.config)
    bare, full = town.folder / "bare", town.folder / "full"
    shootings = town.write("a.csv", *city_lines())
    csa_command("ingest", *city, "--places", town.places, shootings, "--out", bare)
    shutil.copytree(bare, full, symlinks=True)
    words = ("backtest", *city, "--dataset", full, *CHOSEN, "--out", town.folder / "record")
    (town.folder / "record.txt").write_text(csa_command(*words), encoding="utf-8")
    return town


@pytest.fixture
def ask(made, run, judge_once):
    """Call one of the commands about the town, with or without a record of past years."""

    def call(command, *words, check=True, dataset="full"):
        about = ("--city", made.config, "--dataset", made.folder / dataset)
        return run(command, *about, *words, check=check)

    return call


@pytest.fixture
def own(made, tmp_path):
    """A dataset of the town that a test may keep things beside."""
    return Path(shutil.copytree(made.folder / "bare", tmp_path / "own", symlinks=True))
