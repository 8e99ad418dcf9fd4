"""A file of activities with the words of a city and its store."""

from datetime import date

import pytest
from tests.sentences import refuses
from tests.stores import act

from csa.base.errors import SourceError
from csa.city.config import Activities
from csa.city.loading import find_city_file, load_city
from csa.extras.activities.files import read_activity_file
from csa.extras.activities.recording import add_activities, read_totals
from csa.ingest.designation import Candidate
from csa.program import areas

SETTINGS = Activities(kinds={"clean-up": "Clean-up"}, organizations=("Street Team",))


@pytest.fixture
def city(root):
    config = load_city(find_city_file(str(root / "config" / "sample.toml")))
    return config.model_copy(update={"activities": SETTINGS, "grants": {}})


@pytest.fixture
def store(databases):
    found = databases("sqlite").open()
    about = {"data_fingerprint": "f", "area": {"incidents": "133"}}
    candidate = Candidate("B", "Hadderley", ("8926ad9010bffff", "8926ad9020bffff"), about)
    areas.designate(found, act(on=date(2020, 1, 1)), candidate, "candidate")
    return found


def test_a_file_names_kinds_and_areas_in_the_citys_words(city, store, tmp_path):
    path = tmp_path / "march.csv"
    path.write_text("day,type,area\n2020-03-01,Clean-Up,hadderley\n2020-03-02,clean up,B\n")
    found, rows = read_activity_file(city, store, path)
    assert [(row.kind, row.place) for row in rows] == [("clean-up", "B")] * 2
    signed = act("member", office="Street Team", on=date(2020, 3, 5))
    add_activities(store, signed, SETTINGS, rows, found.sha256, has_ids=found.has_ids)
    assert [(total.month, total.n) for total in read_totals(store)] == [("2020-03", 2)]


def test_every_fault_is_named_by_its_row(city, store, tmp_path):
    path = tmp_path / "march.csv"
    path.write_text(
        "day,type,area,hours\n2021-03-01,clean-up,B,\n2020-03-02,gang,B,\n2019-03-02,clean-up,B,\n"
        "2020-03-02,clean-up,B,1000\n"
    )
    with pytest.raises(SourceError) as refused:
        read_activity_file(city, store, path)
    faults = [(fault.values["row"], fault.values["why"].key) for fault in refused.value.faults]
    assert faults == [
        (2, "decide.ahead"),
        (3, "activity.kind"),
        (4, "activity.before"),
        (5, "activity.hours"),
    ]


def test_a_city_that_counts_nothing_says_so(city, store, tmp_path):
    with refuses("activity.none"):
        read_activity_file(city.model_copy(update={"activities": None}), store, tmp_path / "x.csv")
