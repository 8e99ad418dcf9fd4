"""An area's sheet: its own incidents, month by month, and no single one."""

import math
from dataclasses import replace

import pytest
from tests.sentences import refuses

from csa.areas.analysis import propose_areas
from csa.areas.choices import AreaSettings
from csa.areas.sheets import build_sheet, expected_range
from csa.base.errors import CsaError
from csa.base.params import Month
from csa.city.dataset import City
from csa.city.loading import load_city
from csa.ingest.intake import ingest_city
from csa.ingest.sources import Inputs

WEST, EAST = (-94.5752, 39.0201), (-94.5202, 39.0302)
CHOICES = AreaSettings(until=Month(2020, 7), months=3, min_samples=5)


def rows(first, n, place, when="2020-05-04", fatal=0):
    lon, lat = place
    return [
        f"{k},{k},{when},{fatal},{round(lon + 0.00023 * (k % 9), 6)},{lat},,"
        for k in range(first, first + n)
    ]


@pytest.fixture
def made(town):
    def build(*lines, choices=CHOICES):
        config = load_city(town.config)
        path = town.write("a.csv", *lines)
        dataset = ingest_city(config, Inputs((path,), town.places)).dataset
        return dataset, propose_areas(City(config, dataset), choices)

    return build


# ---- By hand --------------------------------------------------------------------------------


def test_a_sheet_counts_its_own_area_and_no_other(made):
    dataset, proposal = made(
        *rows(100, 6, WEST, fatal=1),
        *rows(200, 7, EAST),
        *rows(300, 2, EAST, when="2020-06-02", fatal=1),
        *rows(400, 1, (-94.55, 39.045)),
    )
    west, east = (build_sheet(dataset, proposal, area_id) for area_id in ("c-1", "c-2"))
    assert (west.area["area_id"], west.area["incidents"]) == ("c-1", 6)
    assert west.by_month["month"].tolist() == ["2020-04", "2020-05", "2020-06"]
    assert west.by_month["incidents"].tolist() == [0, 6, 0]
    assert east.by_month["incidents"].tolist() == [0, 7, 2]
    assert east.by_month["homicides"].tolist() == [0, 0, 2]
    for sheet in (west, east):
        low, high = sheet.area["expected_low"], sheet.area["expected_high"]
        assert sheet.usual == (math.floor(low), math.ceil(high))
        assert sheet.usual[0] < sheet.area["incidents"]
    assert "geometry" not in west.area


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (12.9, 25.1, (12, 26)),
        (0.2, 3.0, (0, 3)),
        (4, 4, (4, 4)),
        (None, None, None),
        (math.nan, math.nan, None),
    ],
)
def test_a_usual_number_is_whole_and_never_narrower_or_not_told(low, high, said):
    assert expected_range(low, high) == said


def test_where_counts_differ_only_by_chance_no_usual_number_is_told(made):
    dataset, proposal = made(*rows(100, 6, WEST))
    flat = proposal.areas.assign(expected=None, expected_low=None, expected_high=None)
    sheet = build_sheet(dataset, replace(proposal, areas=flat), "c-1")
    assert sheet.usual is None
    assert sheet.area["incidents"] == 6


def test_times_that_are_unknown_are_counted_beside_the_parts_of_the_day(made):
    times = rows(100, 30, WEST, when="2020-05-04 23:10")  # a Monday night
    dataset, proposal = made(*times, *rows(200, 4, WEST))
    sheet = build_sheet(dataset, proposal, "c-1")
    assert sheet.without_time == 4
    assert sheet.reported_time == 0
    assert sheet.by_part["22-06"].tolist() == [30, 0, 0, 0, 0, 0, 0]
    assert sheet.by_part.to_numpy().sum() == 30


# ---- At the edge ----------------------------------------------------------------------------


def test_too_few_times_tell_no_part_of_the_day(made):
    dataset, proposal = made(*rows(100, 29, WEST, when="2020-05-04 23:10"))
    assert build_sheet(dataset, proposal, "c-1").by_part is None


def test_an_incident_before_or_after_the_period_is_not_on_the_sheet(made):
    dataset, proposal = made(
        *rows(100, 6, WEST),
        *rows(200, 3, WEST, when="2020-03-31"),
        *rows(300, 3, WEST, when="2020-07-01"),
    )
    sheet = build_sheet(dataset, proposal, "c-1")
    assert sheet.area["incidents"] == sheet.by_month["incidents"].sum() == 6
    assert sheet.by_month["is_covered"].tolist() == [True, True, True]


# ---- Refused --------------------------------------------------------------------------------


@pytest.mark.parametrize("area_id", ["c-2", "", "A", "c-1 "])
def test_an_area_that_the_proposal_lacks_is_refused(made, area_id):
    dataset, proposal = made(*rows(100, 6, WEST))
    with refuses("sheet.no_area", CsaError):
        build_sheet(dataset, proposal, area_id)


def test_a_proposal_from_other_data_is_refused(made):
    dataset, proposal = made(*rows(100, 6, WEST))
    other = replace(dataset, report={**dataset.report, "fingerprint": "0" * 64})
    with refuses("sheet.other_data", CsaError):
        build_sheet(other, proposal, "c-1")


# ---- True in general ------------------------------------------------------------------------


def test_sheets_add_up_to_the_proposal_and_hold_no_incident(made):
    dataset, proposal = made(
        *rows(100, 12, WEST, when="2020-05-04 10:00"), *rows(200, 33, EAST, when="2020-06-04 03:00")
    )
    ids = set(dataset.incidents["incident_id"])
    for area in proposal.areas.to_dict("records"):
        sheet = build_sheet(dataset, proposal, area["area_id"])
        assert sheet.by_month["incidents"].sum() == area["incidents"]
        assert sheet.by_month["homicides"].sum() == area["homicides"]
        assert sheet.usual[0] < area["expected"] < sheet.usual[1]
        assert not ids & set(repr(sheet).split("'"))
