"""Every row is used or rejected for one reason; what only all files together tell."""

import datetime as dt

import pandas as pd
import pytest
from hypothesis import given, strategies as st

from csa.base.errors import SourceError
from csa.city.loading import load_city
from csa.ingest.columns import match_layout, normalise_header
from csa.ingest.incidents import FOLDED_COLUMNS, find_data_end, fold_incidents, reconcile_files
from csa.ingest.records import open_records
from csa.ingest.validate import validate_file

KCPD = (
    "Report_No,Reported_Date,From_Date,From_Time,IBRS,City,DVFlag,Invl_No,Involvement,"
    "Firearm Used Flag,Location"
)


def judge(town, *paths, as_of=None, config=None):
    config = config or load_city(town.config)
    files = []
    for path in paths:
        reading = open_records(path)
        files.append(validate_file(reading, match_layout(reading.header, config, path), config))
    rows, end = reconcile_files(files, as_of)
    aside = [file.aside.assign(file=number) for number, file in enumerate(files)]
    every = pd.concat([rows, *(one.astype({"reason": "str"}) for one in aside if len(one))])
    return every.sort_values(["file", "line"], ignore_index=True), end


def kcpd(town, root, *lines):
    path = town.write("kc.csv", *lines, header=KCPD)
    return judge(town, path, config=load_city(root / "config" / "kansas-city.toml"))[0]


@pytest.fixture
def reasons(town, root):
    """Judge one row of a Kansas City file."""
    return lambda line: kcpd(town, root, line)["reason"].tolist()


HIT = "190001,03/19/2019,03/18/2019,23:10,13A,KANSAS CITY,N,1,VIC,Y,POINT (-94.5 39.0)"


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("", "", ""),
        ("13A", "09A", ""),
        ("13A", "09C", "excluded_by_rule"),
        ("13A", "09B", "excluded_by_rule"),
        ("13A", "13B", "not_a_shooting"),
        (",Y,", ",N,", "not_a_shooting"),
        (",VIC,", ",SUS,", "not_a_victim"),
        (",VIC,", ",VIC RPT,", ""),
        ("KANSAS CITY", "RAYTOWN", "other_city"),
        ("KANSAS CITY", "64151", ""),
        ("KANSAS CITY", "", ""),
        ("03/18/2019", "03/18/1900", ""),  # the day of the report stands in
        ("03/19/2019,03/18/2019", "03/19/1900,03/18/1900", "bad_date"),
        ("03/19/2019,03/18/2019", ",", "bad_date"),
    ],
)
def test_each_row_has_the_reason_that_an_analyst_would_give(reasons, old, new, reason):
    assert reasons(HIT.replace(old, new)) == [reason]


def test_the_day_of_the_report_stands_in_for_a_missing_day_and_is_flagged(town, root):
    rows = kcpd(town, root, HIT.replace("03/18/2019,23:10", ","), HIT)
    assert rows["occurred_at"].dt.day.tolist() == [19, 18]
    assert rows["is_reported"].tolist() == [True, False]
    assert rows["has_time"].tolist() == [False, True]


def test_flags_are_yes_no_or_unknown(town, root):
    lines = [HIT.replace(",N,1,", f",{flag},{n},") for n, flag in enumerate(["Y", "N", "U", ""])]
    assert kcpd(town, root, *lines)["domestic"].tolist() == ["yes", "no", "unknown", "unknown"]


def test_a_person_listed_twice_is_one_and_stays_a_homicide(town, root):
    rows = kcpd(town, root, HIT, HIT.replace("13A", "09A"), HIT.replace(",1,VIC", ",2,VIC"))
    assert rows["reason"].tolist() == ["duplicate_row", "", ""]
    assert rows["kind"].tolist() == ["nonfatal", "homicide", "nonfatal"]


def test_rows_without_a_row_number_are_kept_as_persons(town):
    path = town.write("a.csv", ",7,2020-01-01,0,,,,", ",7,2020-01-01,0,,,,")
    rows, _ = judge(town, path)
    assert rows["reason"].tolist() == ["", ""]
    assert rows["is_identical"].tolist() == [False, True]
    assert fold_incidents(rows)["victims"].tolist() == [2]


def test_a_row_without_an_incident_number_is_an_incident_of_its_own(town):
    path = town.write(
        "a.csv",
        "1,,2020-01-01,0,-94.5,39.0,,",
        "2,,2020-01-01,0,-94.6,39.0,,",
        "3,5.0,2020-01-01,0,,,,",
    )
    rows, _ = judge(town, path)
    numbers = rows["incident_id"].tolist()
    assert numbers[2] == "5"
    assert len(set(numbers)) == 3
    assert all(len(number) == 16 and number.startswith("x") for number in numbers[:2])


def test_zero_zero_and_impossible_degrees_are_unlocated(town):
    path = town.write(
        "a.csv",
        "1,1,2020-01-01,0,0,0,,",
        "2,2,2020-01-01,0,-194,39,,",
        "3,3,2020-01-01,0,-94.5,,,",
        "4,4,2020-01-01,0,-94.5,39,,",
    )
    assert judge(town, path)[0]["lon"].isna().tolist() == [True, True, True, False]


def test_projected_feet_become_degrees(town):
    town.edit_config('lon = "lon"\nlat = "lat"', 'x = "lon"\ny = "lat"')
    town.edit_config('name = "list"', 'name = "list"\ncrs = "EPSG:26998"')  # Missouri West
    path = town.write("a.csv", "1,1,2020-01-01,0,850000.0,320000.0,,")
    meters = judge(town, path)[0]
    town.edit_config(
        "EPSG:26998",
        "+proj=tmerc +lat_0=36.1666666666667 +lon_0=-94.5 "
        "+k=0.999941177 +x_0=850000 +y_0=0 +ellps=GRS80 +units=us-ft",
    )
    feet = 3937 / 1200
    path = town.write("b.csv", f"1,1,2020-01-01,0,{850000 * feet},{320000 * feet},,")
    in_feet = judge(town, path)[0]
    assert meters["lon"][0] == pytest.approx(-94.5, abs=1e-9)
    assert in_feet["lon"][0] == pytest.approx(meters["lon"][0], abs=1e-7)
    assert in_feet["lat"][0] == pytest.approx(meters["lat"][0], abs=1e-6)


@pytest.mark.parametrize("is_reported", [False, True])
def test_times_of_another_zone_become_the_citys_and_bare_dates_keep_their_day(town, is_reported):
    town.edit_config('name = "list"', 'name = "list"\ntime_zone = "UTC"')
    line = "{n},{n},{at},0,,,,"
    if is_reported:
        town.edit_config('date = "date"', 'date = "date"\nreported_date = "city"')
        line = "{n},{n},,0,,,,{at}"
    days = ("2020-07-01 03:00", "2020-07-01")
    path = town.write("a.csv", *(line.format(n=n, at=at) for n, at in enumerate(days)))
    rows = judge(town, path)[0]
    times = [pd.Timestamp("2020-06-30 22:00"), pd.Timestamp("2020-07-01")]
    assert rows["occurred_at"].tolist() == times
    assert rows["is_reported"].tolist() == [is_reported] * 2


def test_a_person_listed_twice_keeps_a_yes_and_the_better_time_whatever_the_order(town, root):
    yes = HIT.replace(",N,1,", ",Y,1,")
    no_time = HIT.replace(",23:10,", ",,")
    for lines in ((HIT, yes, no_time), (no_time, yes, HIT)):
        rows = kcpd(town, root, *lines)
        kept = rows[rows["reason"] == ""]
        assert kept["domestic"].tolist() == ["yes"]
        assert kept["has_time"].tolist() == [True]
        assert rows["reason"].tolist().count("duplicate_row") == 2


def test_a_file_without_address_and_city_has_them_in_its_location(town, root):
    header = KCPD.replace(",City", "")
    place = '"7100 A ST\n{city}, MO 64112\n(39.0, -94.5)"'
    lines = [
        HIT.replace(",KANSAS CITY", "").replace("POINT (-94.5 39.0)", place.format(city=city))
        for city in ("KANSAS CITY", "GRANDVIEW")
    ]
    path = town.write("kc.csv", *lines, header=header)
    rows, _ = judge(town, path, config=load_city(root / "config" / "kansas-city.toml"))
    assert rows["reason"].tolist() == ["", "other_city"]
    assert rows["address"][0] == "7100 A ST"
    # Of a row that is set aside no address is kept, nor anything else but these.
    assert set(rows.columns[rows.iloc[1].notna()]) == {"line", "reason", "occurred_at", "file"}


def test_two_incidents_without_a_number_a_street_apart_stay_two(town):
    path = town.write(
        "a.csv", "1,,2020-01-01,0,-94.5701,39.02,,", "2,,2020-01-01,0,-94.5702,39.02,,"
    )
    assert judge(town, path)[0]["incident_id"].nunique() == 2


def test_json_pages_whose_keys_differ_are_pages_of_one_list(town):
    first = town.folder / "1.json"
    first.write_text('[{"row": "1", "number": "10", "date": "2020-01-01", "fatal": "0"}]')
    second = town.folder / "2.json"
    second.write_text(first.read_text().replace('"1"', '"2"').replace("}", ', "city": ""}'))
    rows, _ = judge(town, first, second)
    assert fold_incidents(rows)["victims"].tolist() == [2]


# ---- the end of the data -------------------------------------------------------------------


def days(*offsets):
    listed = [pd.Timestamp("2024-12-01") + pd.Timedelta(days=n) for n in offsets]
    return pd.Series(listed, dtype="datetime64[us]")


def test_a_row_far_after_the_rest_does_not_move_the_end_of_the_data():
    daily = list(range(500))
    assert find_data_end(days(*daily)) == days(499)[0]
    assert find_data_end(days(*daily, 800)) == days(499)[0]
    assert find_data_end(days(*daily, 800, 1200, 1600)) == days(499)[0]
    assert find_data_end(days(*daily, 800, 801, 802, 803)) == days(803)[0]


def test_a_gap_of_thirty_days_or_in_a_sparse_file_is_no_end():
    busy = [n for n in range(200) for _ in range(10)]  # ten rows a day
    assert find_data_end(days(*busy, 229)) == days(229)[0]  # 30 days exactly
    assert find_data_end(days(*busy, 230)) == days(199)[0]
    assert find_data_end(days(0, 20, 40, 400)) == days(400)[0]
    assert find_data_end(days(5)) == days(5)[0]
    assert find_data_end(days()) is None


def test_what_is_after_the_end_is_rejected_and_as_of_overrides(town):
    lines = [f"{n},{n},{dt.date(2020, 1, 1) + dt.timedelta(days=n)},0,,,," for n in range(100)]
    path = town.write("a.csv", *lines, "900,900,2021-11-26,0,,,,")
    rows, end = judge(town, path)
    assert end == dt.date(2020, 4, 9)
    assert rows["reason"].value_counts()["after_data_end"] == 1
    rows, end = judge(town, path, as_of=dt.date(2020, 1, 10))
    assert end == dt.date(2020, 1, 10)
    assert rows["reason"].value_counts()["after_data_end"] == 91


# ---- two files of one city -----------------------------------------------------------------

SECOND = """
[[sources]]
name = "marked"
homicide = [{ fatal = ["dead"] }]
nonfatal = [{ fatal = ["alive"] }]
date_formats = ["%Y-%m-%d"]
[sources.columns]
incident_id = "case"
date = "day"
fatal = "outcome"
officer_involved = "officer"
[[sources.exclude]]
name = "officer"
why = "reviewed elsewhere"
when = { officer_involved = ["Y"] }
"""


def test_an_incident_that_one_file_leaves_out_is_left_out_of_the_file_that_cannot_tell(town):
    town.config.write_text(town.config.read_text() + SECOND)
    first = town.write("a.csv", "1,10,2020-01-01,0,,,,", "2,11,2020-01-01,0,,,,")
    second = town.write(
        "b.csv", "10,2020-01-01,alive,Y", "11,2020-01-01,alive,N", header="case,day,outcome,officer"
    )
    for order in ((first, second), (second, first)):
        rows, _ = judge(town, *order)
        left_out = rows[rows["reason"] == "excluded_by_rule"]
        assert left_out["incident_id"].tolist() == ["10", "10"]
        assert left_out["rule"].tolist() == ["officer", "officer"]


def test_the_same_people_in_two_layouts_are_counted_once(town):
    town.config.write_text(town.config.read_text() + SECOND)
    first = town.write("a.csv", "1,10,2020-01-01,0,,,,", "2,10,2020-01-01,1,,,,")
    second = town.write(
        "b.csv",
        "10,2020-01-01,alive,N",
        "10,2020-01-01,dead,N",
        "10,2020-01-01,alive,N",
        header="case,day,outcome,officer",
    )
    rows, _ = judge(town, first, second)
    (incident,) = fold_incidents(rows).to_dict("records")
    assert incident["victims"] == 3
    assert incident["kind"] == "homicide"
    assert incident["source"] == "list; marked"


def test_pages_of_one_layout_add_up(town):
    first = town.write("a.csv", "1,10,2020-01-01,0,,,,")
    second = town.write("b.csv", "2,10,2020-01-01,0,,,,", "1,10,2020-01-01,0,,,,")
    rows, _ = judge(town, first, second)
    assert rows["reason"].tolist() == ["", "", "duplicate_row"]
    assert fold_incidents(rows[rows["reason"] == ""])["victims"].tolist() == [2]


# ---- rows into incidents -------------------------------------------------------------------


def test_an_incident_takes_its_earliest_time_and_the_first_place_at_that_time(town):
    path = town.write(
        "a.csv",
        "1,7,2020-01-02 10:00,0,-94.9,39.0,late,",
        "2,7,2020-01-01 10:00,0,-94.5,39.2,north,",
        "3,7,2020-01-01 10:00,1,-94.5,39.1,south,",
        "4,7,2020-01-01 10:00,0,,,nowhere,",
    )
    (incident,) = fold_incidents(judge(town, path)[0]).to_dict("records")
    assert (incident["lon"], incident["lat"], incident["address"]) == (-94.5, 39.1, "south")
    assert incident["occurred_at"] == pd.Timestamp("2020-01-01 10:00")
    assert (incident["kind"], incident["victims"]) == ("homicide", 4)


def test_no_rows_give_an_empty_table_with_the_same_columns(town):
    rows, _ = judge(town, town.write("a.csv", "1,1,2020-01-01,9,,,,"))
    folded = fold_incidents(rows[rows["reason"] == ""])
    assert folded.empty
    assert list(folded.columns) == list(FOLDED_COLUMNS)


LINES = st.lists(
    st.tuples(
        st.integers(1, 4),
        st.sampled_from(["2020-01-01 10:00", "2020-01-01 11:00", "2020-01-02"]),
        st.sampled_from(["0", "1"]),
        st.sampled_from(["-94.5,39.0", "-94.5,39.1", "-94.6,39.0", ","]),
    ),
    min_size=1,
    max_size=12,
)


@pytest.mark.long
@given(lines=LINES, seed=st.randoms(use_true_random=False))
def test_incidents_do_not_depend_on_the_order_of_rows(new_town, lines, seed):
    town = new_town()
    rows = [
        f"{n},{who},{when},{fatal},{where},," for n, (who, when, fatal, where) in enumerate(lines)
    ]
    shuffled = rows.copy()
    seed.shuffle(shuffled)
    one = fold_incidents(judge(town, town.write("a.csv", *rows))[0])
    other = fold_incidents(judge(town, town.write("b.csv", *shuffled))[0])
    pd.testing.assert_frame_equal(one, other)


# ---- headers -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spelled", "same"),
    [
        ("Дата", "дата"),
        ("Año", "año"),
        ("Firearm Used Flag  ", "firearmusedflag"),
        ("location_1", "location1"),
        (":@x", "x"),
        ("", ""),
    ],
)
def test_headers_are_compared_by_letters_and_digits(spelled, same):
    assert normalise_header(spelled) == same


def test_the_layout_with_most_of_its_columns_is_taken(town):
    town.config.write_text(
        town.config.read_text()
        + SECOND.replace('"case"', '"number"')
        .replace('"day"', '"date"')
        .replace('"outcome"', '"fatal"')
    )
    config = load_city(town.config)
    for more, name in ((["officer"], "marked"), (["lon", "lat", "row"], "list")):
        found = match_layout(["number", "date", "fatal", *more], config, town.config)
        assert found.source.name == name


def test_another_citys_header_is_refused_with_what_it_lacks(town):
    with pytest.raises(SourceError, match=r"is missing date, fatal.*Columns found: number, color"):
        match_layout(["number", "color"], load_city(town.config), town.config)
