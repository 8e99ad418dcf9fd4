"""The made-up city's files: the same bytes, the published totals, and every fault counted."""

import csv
import io
import json
from collections import Counter
from datetime import datetime

import pytest
import shapely
from tests.workers import slowly

from csa.base.errors import ParamError
from csa.synthetic.names import INSTITUTION
from csa.synthetic.sample import make_sample
from csa.synthetic.shootings import Incident, end_on_last_day

# As the plan publishes them; typed here again, so that no constant of the generator is asked.
PUBLISHED = {
    ("2015", "homicide"): 110,
    ("2019", "homicide"): 150,
    ("2019", "nonfatal"): 491,
    ("2020", "homicide"): 125,
    ("2020", "nonfatal"): 412,
}
# Longitude and latitude of what lies nearest: Hyannis, Whitman, Mullen, Arthur, Tryon.
REAL_PLACES = (
    (-101.7616, 42.0003),
    (-101.5163, 42.0386),
    (-101.0424, 42.0428),
    (-101.6916, 41.5708),
    (-100.9561, 41.5536),
)


def table(content):
    return list(csv.DictReader(io.StringIO(content.decode())))


def shapes(content):
    return [
        (feature["properties"], shapely.geometry.shape(feature["geometry"]))
        for feature in json.loads(content)["features"]
    ]


def by_year(dataset):
    counted = Counter()
    for month, kinds in dataset.report["months"].items():
        for kind, count in kinds.items():
            counted[month[:4], kind] += count
    return counted


# ---- By hand -------------------------------------------------------------------------------


def test_the_years_with_a_published_total_hold_it_exactly(dataset):
    counted = by_year(dataset)
    assert {when: counted[when] for when in PUBLISHED} == PUBLISHED


def test_every_year_holds_what_truth_says_but_for_those_outside(dataset, truth):
    counted = by_year(dataset)
    outside = dataset.incidents[dataset.incidents["flags"].str.contains("outside_study_area")]
    beyond = Counter(str(when.year) for when in outside["occurred_at"])
    for year in truth["homicides_by_year"]:
        assert counted[year, "homicide"] == truth["homicides_by_year"][year]
        assert counted[year, "nonfatal"] - beyond[year] == truth["nonfatal_by_year"][year]
    assert sum(beyond.values()) == truth["outside_study_area"] == 5


def test_every_row_lost_is_one_that_truth_names(dataset, truth, files):
    report = dataset.report
    rejected = {reason: n for reason, n in report["rows_rejected"].items() if n}
    assert rejected == truth["rows_rejected"]
    assert report["rows_read"] == truth["rows_read"] == len(table(files["shootings.csv"]))
    assert report["rows_used"] + sum(rejected.values()) == report["rows_read"]
    assert min(rejected.values()) >= 3


def test_incidents_victims_days_and_flags_are_those_of_truth(dataset, truth):
    for name in ("incidents", "victims", "unlocated", "outside_study_area", "domestic"):
        assert dataset.report[name] == truth[name]
    assert 0.018 < truth["unlocated"] / truth["incidents"] < 0.022
    assert 0.06 < truth["domestic"]["yes"] / truth["incidents"] < 0.10
    assert truth["domestic"]["unknown"] > 0
    assert dataset.report["data_through"] == "2020-08-21"
    assert dataset.report["first_date"].startswith("2015-01")


def test_the_latest_incident_is_moved_to_the_last_day():
    days = [datetime(2020, 8, day, 22, 5) for day in (3, 19, 7)]  # noqa: DTZ001 - local time
    drawn = [Incident(day, False, "background", None, None, "", 1, "N") for day in days]
    assert [one.when.day for one in end_on_last_day(drawn)] == [3, 21, 7]


def test_the_institution_and_no_other_point_is_suspect(dataset, city, truth):
    (point,) = dataset.report["suspect_points"]
    (planted,) = (one for one in truth["features"] if one["kind"] == "institution")
    assert point["address"] == INSTITUTION == truth["institution"]["block"]
    wanted = {name: planted[name] for name in ("lon", "lat", "incidents")}
    wanted["why"] = "more incidents than chance would put there"
    assert wanted.items() <= point.items()
    # The city's file leaves it to be found.
    assert (city.points, truth["institution"]["is_in_city_file"]) == ((), False)


# ---- At the edge ---------------------------------------------------------------------------


def test_the_committed_files_are_those_that_the_command_writes_today(files, root):
    folder = root / "data" / "sample"
    assert {path.name for path in folder.iterdir()} == set(files)
    for name, content in files.items():
        assert (folder / name).read_bytes() == content, name


def test_all_files_together_are_under_3_mb(files):
    assert sum(map(len, files.values())) < 3_000_000


def test_nobody_can_read_its_18_by_15_km_as_a_real_place(files, meters_between):
    edge = shapely.union_all([shape for _, shape in shapes(files["neighborhoods.geojson"])])
    west, south, east, north = edge.bounds
    assert -101.53 < west < east < -101.26
    assert 41.69 < south < north < 41.87
    assert 16_000 < meters_between(west, south, east, south) < 20_000
    assert 13_500 < meters_between(west, south, west, north) < 17_000
    for lon, lat in REAL_PLACES:
        corner = min(edge.exterior.coords, key=lambda at: meters_between(*at, lon, lat))
        assert meters_between(*corner, lon, lat) > 18_000


def made_by(run, town, *words):
    """What the command says, and the files that it writes."""
    done = run("sample", "--out", "made", *words)
    return done.stdout, {path.name: path.read_bytes() for path in (town.folder / "made").iterdir()}


def test_the_command_writes_it_and_says_so(run, town, files):
    said, made = made_by(run, town)
    assert "Wrote Orrinvale, a made" in said
    assert made == files  # the same seed gives the same bytes


def test_ingest_needs_no_file_named(run, root, truth, tmp_path):
    done = run("ingest", "--city", "sample", "--out", tmp_path / "ds", "--json", cwd=root)
    assert json.loads(done.stdout)["incidents"] == truth["incidents"]


# ---- Refused -------------------------------------------------------------------------------


def test_a_seed_below_zero_is_refused(run):
    with pytest.raises(ParamError, match=r"--seed must be 0 or more, not -1\."):
        make_sample(-1)
    done = run("sample", "--out", "made", "--seed", "-1", check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "csa: --seed must be 0 or more, not -1.\n"


def test_a_folder_that_holds_something_else_is_left_alone(run, town, files, monkeypatch):
    monkeypatch.setattr("csa.synthetic.sample.make_sample", lambda _: files)
    place = town.folder / "mine"
    place.mkdir()
    (place / "notes.txt").write_text("mine")
    done = run("sample", "--out", "mine", check=False)
    assert (done.returncode, "notes.txt" in done.stderr) == (2, True)
    assert [path.name for path in place.iterdir()] == ["notes.txt"]


# ---- True in general -----------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.parametrize("seed", [15, *slowly(7)])  # 15: nothing is drawn on the last day itself
def test_another_seed_gives_another_city_with_the_same_totals(seed, run, town, files, take_in):
    said, other = made_by(run, town, "--seed", seed, "--json")
    assert json.loads(said)["seed"] == seed
    for name in ("shootings.csv", "neighborhoods.geojson", "services.csv", "streets.geojson"):
        assert other[name] != files[name]
    assert other["water.geojson"] == files["water.geojson"]
    read = take_in(other)
    counted = by_year(read)
    assert {when: counted[when] for when in PUBLISHED} == PUBLISHED
    assert read.report["data_through"] == "2020-08-21"


def test_no_row_gives_a_house_or_a_place_off_a_street(files):
    lines = [shape for _, shape in shapes(files["streets.geojson"])]
    tree = shapely.STRtree(lines)
    for row in table(files["shootings.csv"]):
        if row["block"] in (INSTITUTION, "County Road 9") or not float(row["lon"] or 0):
            continue
        number, _, street = row["block"].partition(" block of ")
        assert number.endswith("00")
        point = shapely.Point(float(row["lon"]), float(row["lat"]))
        where = tree.query_nearest(point, max_distance=4e-5)  # 3 to 4 m
        assert len(where), row["block"]
        assert street
