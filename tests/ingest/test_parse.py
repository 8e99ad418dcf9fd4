"""Dates and places, in every way that cities write them."""

import numpy as np
import pandas as pd
import pytest

from csa.ingest.parse import (
    NEXT_TO_ZERO,
    is_nowhere,
    parse_clock,
    parse_dates,
    parse_hours,
    parse_locations,
    parse_numbers,
    shift_zone,
)

FORMATS = ["%m/%d/%Y", "%Y-%m-%dT%H:%M:%S.%f", "%m/%d/%Y %I:%M:%S %p", "%Y-%m-%d"]


def text(*values):
    return pd.Series(values, dtype="str")


def test_each_format_is_tried_in_turn():
    read, _ = parse_dates(
        text("03/19/2019", "2018-09-02T00:00:00.000", "01/16/2014 12:00:00 AM", " 2020-02-29 "),
        FORMATS,
        "America/Chicago",
    )
    days = ["2019-03-19", "2018-09-02", "2014-01-16", "2020-02-29"]
    assert read.tolist() == [pd.Timestamp(day) for day in days]


@pytest.mark.parametrize("said", ["", "  ", "13/45/2019", "yesterday", "02/30/2020", "0"])
def test_what_is_no_date_is_none(said):
    times, has_time = parse_dates(text(said), FORMATS, "UTC")
    assert times.isna().all()
    assert not has_time.any()


def test_an_instant_becomes_local_time():
    read, _ = parse_dates(
        text("2020-01-01 03:00:00+00:00"), ["%Y-%m-%d %H:%M:%S%z"], "America/Chicago"
    )
    assert read[0] == pd.Timestamp("2019-12-31 21:00")


def test_times_of_another_zone_are_shifted_and_no_hour_of_the_clock_change_fails():
    times = pd.Series(pd.to_datetime(["2020-07-01 12:00", "2020-03-08 02:30", "2020-11-01 01:30"]))
    shifted = shift_zone(times.astype("datetime64[us]"), "America/New_York", "America/Chicago")
    # June: an hour earlier. 2:30 does not exist in March: 3:00 there, an hour after the change.
    assert shifted.tolist() == [
        pd.Timestamp("2020-07-01 11:00"),
        pd.Timestamp("2020-03-08 01:00"),
        pd.Timestamp("2020-11-01 01:30"),
    ]


def test_times_of_day_and_hours():
    clock = parse_clock(text("07:50", "23:59:59", "", "25:00", "noon"), ["%H:%M", "%H:%M:%S"])
    assert clock.dt.total_seconds().tolist()[:2] == [28200, 86399]
    assert clock.isna().tolist() == [False, False, True, True, True]
    hours = parse_hours(text("0", "23", "24", "-1", "", "3.0"))
    assert hours.dt.total_seconds().tolist()[:2] == [0, 82800]
    assert hours.isna().tolist() == [False, False, True, True, True, False]


@pytest.mark.parametrize(
    "said",
    [
        "POINT (-94.557504996 39.183924016)",
        "(39.183924016, -94.557504996)",
        "4600  S WORNALL RD\nKANSAS CITY, 64112\n(39.183924016, -94.557504996)",
        "{'type': 'Point', 'coordinates': [-94.557504996, 39.183924016]}",
        '{"type": "Point", "coordinates": [-94.557504996, 39.183924016]}',
        "{'latitude': '39.183924016', 'longitude': '-94.557504996', 'needs_recoding': False}",
        "{'needs_recoding': False, 'longitude': '-94.557504996', 'latitude': '39.183924016'}",
    ],
)
def test_every_way_to_write_a_location_is_read(said):
    lon, lat = parse_locations(text(said))
    assert (lon[0], lat[0]) == (-94.557504996, 39.183924016)


@pytest.mark.parametrize("said", ["", "4600 WORNALL RD", "POINT EMPTY", "(unknown)", "{}"])
def test_a_location_without_coordinates_is_nowhere(said):
    lon, lat = parse_locations(text(said))
    assert np.isnan(lon[0])
    assert np.isnan(lat[0])


@pytest.mark.parametrize(
    ("x", "y", "expected"),
    [
        (0, 0, True),
        (-NEXT_TO_ZERO / 2, NEXT_TO_ZERO / 2, True),
        (NEXT_TO_ZERO, 0, False),
        (0, -NEXT_TO_ZERO, False),
        (-1, -1, True),
        (-1, 39.1, False),
        (-94.6, -1, False),
    ],
)
def test_pairs_that_stand_for_no_place(x, y, expected):
    assert is_nowhere(np.array([x]), np.array([y])).tolist() == [expected]


def test_one_file_may_switch_between_ways():
    lon, lat = parse_locations(text("POINT (-94.5 39.1)", "(39.2, -94.6)", ""))
    assert lon.tolist()[:2] == [-94.5, -94.6]
    assert lat.tolist()[:2] == [39.1, 39.2]


def test_numbers_that_are_none_are_nan():
    numbers = parse_numbers(text("1.5", " 2 ", "", "x", "inf", "1e3"))
    np.testing.assert_array_equal(numbers, [1.5, 2, np.nan, np.nan, np.nan, 1000])


def test_a_comma_marks_decimals_but_before_three_digits_only_among_degrees():
    given = text("39,74812", "-104,9", "39,748", "179,123", "743,210", "1,234,567", "", "a,b")
    nan = np.nan
    decimals = [39.74812, -104.9, nan, nan, nan, 1_234_567, nan, nan]
    np.testing.assert_array_equal(parse_numbers(given), decimals)
    degrees = [39.74812, -104.9, 39.748, 179.123, nan, 1_234_567, nan, nan]
    np.testing.assert_array_equal(parse_numbers(given, are_degrees=True), degrees)
    one_by_one = [parse_numbers(given[[at]], are_degrees=True)[0] for at in given.index]
    np.testing.assert_array_equal(one_by_one, degrees)
