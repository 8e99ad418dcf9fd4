"""What is kept of finding areas: the same areas again, and never those of other data."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from tests.conftest import HEADER, make_town
from tests.towns import history

from csa.areas.analysis import FittedModel, load_learned, propose_areas, save_learned
from csa.areas.choices import AreaSettings
from csa.areas.locating import cached_cells, locate_incidents, study_cells
from csa.areas.mixture import MapMixture, map_names
from csa.areas.proposal import proposal_files
from csa.base.errors import TableError
from csa.base.io import KEPT
from csa.base.params import DocumentedDbscan, Month, Period
from csa.city.dataset import City, open_city, save_dataset
from csa.city.loading import load_city
from csa.ingest.intake import ingest_city
from csa.ingest.sources import Inputs

UNTIL = Month(2019, 7)
SHARES = np.full(len(map_names()), 1 / len(map_names()))
LEARNED = FittedModel(
    DocumentedDbscan(250.0, 7, 100, 3, 81.25), MapMixture(SHARES, ("2016-01", "2017-01"))
)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A dataset in a folder."""
    folder = tmp_path_factory.mktemp("learned")
    town = make_town(folder)
    config = load_city(town.config)
    path = town.write("a.csv", *history(4), header=HEADER)
    intake = ingest_city(config, Inputs((path,), town.places))
    save_dataset(intake.dataset, intake.rejected, folder / "dataset")
    return config, folder / "dataset"


@pytest.fixture
def city(made, tmp_path):
    config, folder = made
    shutil.copytree(folder, tmp_path / "dataset", symlinks=True)
    return open_city(config, tmp_path / "dataset")


def kept_of(city):
    return sorted((city.folder / KEPT).glob("*.json"))


def asked(city, **choices):
    chosen = AreaSettings(until=UNTIL, **choices)
    located = locate_incidents(city, chosen)
    return city, located, Period.before(UNTIL, 36), chosen


def test_a_second_run_reads_what_the_first_kept_and_writes_the_same_files(city, monkeypatch):
    choices = AreaSettings(until=UNTIL)
    first = proposal_files(propose_areas(city, choices, keep=True))
    cells, learned = sorted(path.name.rsplit("-", 2)[0] for path in kept_of(city))[::-1]
    assert (cells, learned) == ("study-cells", "learned")
    refused = pytest.fail
    monkeypatch.setattr("csa.areas.finding.find_density", lambda *_: refused("searched again"))
    monkeypatch.setattr("csa.areas.locating.study_cells", lambda *_: refused("covered again"))
    again = propose_areas(city, choices)
    assert proposal_files(again) == first
    assert json.loads(first["stack.json"])["shares"][0]["share"] > 0


def test_without_being_asked_or_without_a_folder_nothing_is_kept(city):
    propose_areas(city, AreaSettings(until=UNTIL))
    assert kept_of(city) == []
    in_memory = City(city.config, city.dataset)
    propose_areas(in_memory, AreaSettings(until=UNTIL), keep=True)
    assert load_learned(*asked(in_memory)) is None


@pytest.mark.parametrize("n_rows", [7, 100_000])
def test_what_was_learned_is_read_back_exactly(city, monkeypatch, n_rows):
    save_learned(LEARNED, *asked(city))
    monkeypatch.setattr("csa.base.compact.BLOCK", n_rows)
    found = load_learned(*asked(city))
    assert found.documented == LEARNED.documented
    assert (found.stack.shares == SHARES).all()
    assert found.stack.januaries == LEARNED.stack.januaries


def test_it_is_never_read_for_other_incidents_periods_or_choices(city):
    save_learned(LEARNED, *asked(city))
    _, located, period, choices = asked(city)
    some = replace(city, dataset=replace(city.dataset, incidents=city.dataset.incidents[5:]))
    assert load_learned(*asked(some)) is None
    moved = replace(located, month=located.month - (located.month == located.month.min()))
    assert load_learned(city, moved, period, choices) is None
    assert load_learned(city, replace(located, xy=located.xy[::-1]), period, choices) is None
    elsewhere = replace(located, positions=located.positions[::-1])
    assert load_learned(city, elsewhere, period, choices) is None
    doubted = replace(city.dataset, incidents=city.dataset.incidents.assign(flags="suspect_point"))
    assert load_learned(city, replace(located, dataset=doubted), period, choices) is None
    assert load_learned(city, located, Period.before(UNTIL, 24), choices) is None
    for other in ({"max_area_km2": 1.0}, {"kinds": ("homicide",)}, {"resolution": 9}):
        assert load_learned(*asked(city, **other)) is None
    # What came after the period's end changes nothing in it.
    early = city.dataset.incidents["occurred_at"] < "2019-07-05"
    past = replace(city, dataset=replace(city.dataset, incidents=city.dataset.incidents[early]))
    assert load_learned(*asked(past)) is not None


@pytest.mark.parametrize(
    "damage",
    [
        "",
        "{",
        "[]",
        '{"shares": [1]}',
        '{"cells": ["8a"]}',
        '{"cells": ["ffffffffffffffffffff"], "area_km2": [1]}',
    ],
)
def test_what_is_damaged_is_learned_again(city, damage):
    choices = AreaSettings(until=UNTIL)
    first = proposal_files(propose_areas(city, choices, keep=True))
    for path in kept_of(city):
        path.write_text(damage)
    assert proposal_files(propose_areas(city, choices, keep=True)) == first
    assert load_learned(*asked(city)) is not None


def test_only_the_newest_versions_cells_are_kept_and_they_are_those_of_the_study_area(city):
    older = city.folder / KEPT / "study-cells-0123456789abcdef-000000000000.json"
    cached_cells(city, 10, keep=True)
    (path,) = kept_of(city)
    older = path.with_name(path.name.replace(city.dataset.fingerprint[:16], "0" * 16))
    older.write_text("{}")
    path.unlink()
    cached_cells(city, 10, keep=True)
    assert kept_of(city) == [path]
    pd.testing.assert_frame_equal(cached_cells(city, 10), study_cells(city.dataset, 10))


def test_cells_kept_of_another_ground_or_size_are_not_taken(city):
    for resolution in (9, 10):
        cached_cells(city, resolution, keep=True)
        of_own = cached_cells(city, resolution)
        pd.testing.assert_frame_equal(of_own, study_cells(city.dataset, resolution))
    half = city.dataset.study_area.buffer(-0.01)
    smaller = replace(city, dataset=replace(city.dataset, study_area=half))
    pd.testing.assert_frame_equal(cached_cells(smaller, 10), study_cells(smaller.dataset, 10))
    fine, coarse = sorted(kept_of(city), key=lambda path: -path.stat().st_size)
    for damage in (coarse.read_text(), fine.read_text().replace('"8a', '"ff')):
        fine.write_text(damage)
        assert len(cached_cells(city, 10)) == len(of_own)


def test_a_kept_cell_that_stands_twice_is_damage(city):
    cached_cells(city, 10, keep=True)
    (path,) = kept_of(city)
    first, second, *_ = cached_cells(city, 10).index.tolist()
    whole = path.read_text()
    path.write_text(whole.replace(f'"{second:015x}"', f'"{first:015x}"'))
    assert path.read_text() != whole
    pd.testing.assert_frame_equal(cached_cells(city, 10), study_cells(city.dataset, 10))


def test_a_folder_that_cannot_be_written_is_left_as_it_is(city, monkeypatch):
    def refuse(*_):
        raise PermissionError

    for module in ("analysis", "locating"):
        monkeypatch.setattr(f"csa.areas.{module}.save_result", refuse)
    assert len(propose_areas(city, AreaSettings(until=UNTIL), keep=True).areas)
    assert kept_of(city) == []


@pytest.mark.parametrize(
    "change",
    [
        {"shares": [0.5]},
        {"shares": None},
        {"documented": {"eps": 1}},
        {"documented": {"eps_m": "x", "min_samples": None, "at_incidents": 0}},
        {"januaries": "x"},
    ],
)
def test_what_is_no_such_thing_is_refused(change):
    with pytest.raises(TableError):
        FittedModel.from_dict({**LEARNED.to_dict(), **change})
