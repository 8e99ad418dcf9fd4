"""A city of a table of points or a file, in memory, read as `csa start` reads it."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from tests.sentences import refuses

import csa
from csa.workflow import frames

N = 300
MIDDLE = (-94.58, 39.10)


@pytest.fixture(scope="module")
def table():
    """Three years of incidents around a middle, one in five fatal."""
    rng = np.random.default_rng(52)
    minutes = rng.integers(0, 1095 * 24 * 60, N)
    points = gpd.points_from_xy(*(at + rng.normal(0, 0.02, N) for at in MIDDLE), crs="EPSG:4326")
    days = pd.Timestamp("2020-01-01") + pd.to_timedelta(minutes, "min")
    return gpd.GeoDataFrame({"date": days, "fatal": rng.random(N) < 0.2}, geometry=points)


def incidents_of(city):
    found = city.dataset.incidents
    return sorted(zip(found["occurred_at"], found["kind"].astype("str"), strict=True))


def test_each_row_is_an_incident_on_its_day_of_its_kind_at_its_point(table):
    city = csa.City.from_frame(table, killed="fatal", city="Elm Town")
    kinds = np.where(table["fatal"], "homicide", "nonfatal")
    assert incidents_of(city) == sorted(zip(table["date"], kinds, strict=True))
    assert (city.config.city.id, city.config.city.name) == ("elm-town", "Elm Town")
    assert city.folder is None
    xy = np.sort(city.dataset.incidents[["lon", "lat"]].to_numpy(), axis=0)
    assert xy == pytest.approx(np.sort(shapely.get_coordinates(table.geometry), axis=0))


@pytest.mark.long_but_first
@pytest.mark.parametrize(
    ("change", "options"),
    [
        (lambda t: t.to_crs("EPSG:2817"), {"killed": "fatal"}),
        (lambda t: t.to_crs("EPSG:26798"), {"killed": "fatal"}),
        (lambda t: t.assign(fatal=t["fatal"].astype(int)), {"killed": "fatal"}),
        (
            lambda t: t.rename_geometry("where").rename(columns={"date": "on"}),
            {"killed": "fatal", "date": "on"},
        ),
        (lambda t: t.assign(what=np.where(t["fatal"], "homicide", "nonfatal")), {"kind": "what"}),
        (lambda t: t.assign(fatal=np.where(t["fatal"], " Yes", "no")), {"killed": "fatal"}),
        (lambda t: t, {}),  # a column that says so is found
    ],
    ids=["meters", "feet", "numbers", "names", "words", "yes or no", "found"],
)
def test_the_same_incidents_in_another_form_are_the_same(change, options, table):
    one = csa.City.from_frame(table, killed="fatal")
    assert incidents_of(csa.City.from_frame(change(table), **options)) == incidents_of(one)


@pytest.mark.long
def test_rows_that_are_not_used_are_counted_in_a_warning(table):
    crimes = table.assign(what=np.where(table["fatal"], "homicide", "burglary"))
    n = int((~table["fatal"]).sum())
    with pytest.warns(UserWarning, match=f"{n} of {N} rows are not used: not a shooting {n}"):
        city = csa.City.from_frame(crimes, kind="what")
    assert city.dataset.report["incidents"] == N - n


@pytest.mark.parametrize("killed", [True, False])
def test_of_one_kind_alone_all_are_counted(killed, table):
    city = csa.City.from_frame(table.assign(fatal=killed), killed="fatal")
    report = city.dataset.report
    assert (report["incidents"], report["homicides"]) == (N, N * killed)


def without_point(table, shape):
    shapes = table.geometry.to_numpy().copy()
    shapes[7] = shape
    return table.set_geometry(gpd.GeoSeries(shapes, index=table.index, crs=table.crs))


@pytest.mark.parametrize(
    ("change", "key", "values"),
    [
        (pd.DataFrame, "frame.no_table", {}),
        (lambda t: t.iloc[:0], "frame.no_rows", {}),
        (lambda t: t.set_crs(None, allow_override=True), "frame.no_crs", {}),
        (lambda t: without_point(t, None), "frame.no_place", {"n": 1, "first": 7}),
        (lambda t: without_point(t, shapely.Point()), "frame.no_place", {"n": 1, "first": 7}),
        (lambda t: without_point(t, shapely.box(0, 0, 1, 1)), "frame.no_points", {"n": 1, "kind": "Polygon"}),
        (lambda t: t.set_crs("EPSG:32615", allow_override=True), "frame.not_here", {}),
        (lambda t: t.to_crs("EPSG:32615").set_crs("EPSG:4326", allow_override=True), "frame.not_here", {}),
        (lambda t: t.drop(columns="date"), "frame.no_column", {"name": "date"}),
        (lambda t: t.assign(date=t["date"].where(t.index > 2)), "frame.no_day", {"n": 3, "first": 0}),
        (lambda t: t.assign(fatal=t["fatal"].astype(float).where(t.index != 5)), "frame.not_killed", {"n": 1, "first": 5}),
        (lambda t: t.assign(fatal="perhaps"), "frame.not_killed", {"n": N}),
    ],
)  # fmt: skip
def test_a_table_that_cannot_be_read_is_refused_with_how_many_rows_and_the_first(
    change, key, values, table
):
    with pytest.raises(csa.CsaError) as error:
        csa.City.from_frame(change(table), killed="fatal")
    assert error.value.message.key == key
    given = vars(error.value.message)["values"]
    assert {name: given[name] for name in values} == values


def test_a_table_that_does_not_say_who_was_killed_is_asked_for_the_column(table):
    with refuses("frame.no_kind", csa.TableError):
        csa.propose_areas(table[["date", "geometry"]])


@pytest.mark.long
def test_areas_of_a_table_are_those_of_its_city(table):
    direct = csa.propose_areas(table, csa.AreaSettings(max_area_km2=0))
    by_city = csa.propose_areas(csa.City.from_frame(table), csa.AreaSettings(max_area_km2=0))
    assert len(direct.areas)
    assert direct.areas.geometry.equals(by_city.areas.geometry)


@pytest.mark.parametrize("name", ["City", "propose_areas"])
def test_either_name_of_the_library_brings_what_reads_a_table(name, monkeypatch):
    monkeypatch.setattr(csa.City, "reader", None)
    monkeypatch.delitem(vars(csa), name, raising=False)
    getattr(csa, name)
    assert csa.City.reader() is frames


def test_a_file_and_the_same_rows_as_a_table_are_the_same_city(table, tmp_path):
    path = tmp_path / "homicides.csv"
    rows = table.assign(latitude=table.geometry.y, longitude=table.geometry.x)
    rows.drop(columns="geometry").to_csv(path, index=False)
    city = csa.City.from_file(path, city="Elm Town")
    assert incidents_of(city) == incidents_of(csa.City.from_frame(table, killed="fatal"))
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(("n", "spread"), [(600, (0.18, 0.0)), (60, (0.06, 0.06))])
def test_a_city_along_one_road_and_one_of_sixty_incidents_get_what_they_can_support(n, spread):
    rng = np.random.default_rng(3)
    points = gpd.points_from_xy(
        *(at + wide * rng.random(n) for at, wide in zip(MIDDLE, spread, strict=True)),
        crs="EPSG:4326",
    )
    days = pd.Timestamp("2019-01-01") + pd.to_timedelta(rng.integers(0, 1460, n), "D")
    rows = gpd.GeoDataFrame({"date": days, "fatal": rng.random(n) < 0.3}, geometry=points)
    city = csa.City.from_frame(rows, killed="fatal", city="Elm Town")
    proposal = csa.propose_areas(city)
    params = proposal.summary["params"]
    a_year = proposal.areas["expected"].dropna() * 12 / params["months_covered"]
    assert 1 <= params["least_a_year"] <= 3
    assert (a_year >= params["least_a_year"] - 0.01).all()
    assert proposal.summary["share_of_study_area"] <= 0.02
    assert len(proposal.areas) <= n / 12  # four years: none holds under one a year


# ---- The other columns stay, and what was named is what is read -----------------------------------


@pytest.fixture
def pairs(table):
    """Each row twice, as two shootings in one minute at one place, each with its own number."""
    both = pd.concat([table, table.assign(fatal=~table["fatal"])], ignore_index=True)
    return both.assign(case=[f"C{at:04d}" for at in range(2 * N)])


@pytest.mark.long_but_first
@pytest.mark.parametrize("options", [{"killed": "fatal"}, {"kind": "what"}, {}])
def test_two_shootings_in_one_minute_at_one_place_are_two_by_their_numbers(options, pairs):
    rows = pairs.assign(what=np.where(pairs["fatal"], "homicide", "nonfatal"))
    for named in ({}, {"id": "case"}):
        assert csa.City.from_frame(rows, **options, **named).dataset.report["incidents"] == 2 * N
    other = rows.rename(columns={"case": "unlike any name"})
    report = csa.City.from_frame(other, **options, id="unlike any name").dataset.report
    assert (report["incidents"], report["merged_rows"], report["no_number"]) == (2 * N, 0, 0)


def test_rows_that_are_one_incident_by_minute_and_place_are_counted_and_told(pairs):
    with pytest.warns(UserWarning, match=f"{N} rows without an incident number"):
        report = csa.City.from_frame(pairs.drop(columns="case"), killed="fatal").dataset.report
    assert (report["rows_used"], report["incidents"], report["merged_rows"]) == (2 * N, N, N)
    assert [note["key"] for note in report["notes"]] == ["source.note_merged"]


def test_another_day_place_and_kind_beside_those_named_are_not_read(table):
    others = table.assign(
        occurred_date=table["date"] + pd.Timedelta(days=400),
        latitude=table.geometry.y + 1.0,
        x_coord=0.0,
        kind="homicide",
        Offense=np.where(table["fatal"], "INVESTIGATE PROPERTY", "MURDER"),
        weapon="handgun",
    )
    city = csa.City.from_frame(others, killed="fatal")
    assert incidents_of(city) == incidents_of(csa.City.from_frame(table, killed="fatal"))
    assert city.dataset.incidents["lat"].max() < MIDDLE[1] + 0.5
    assert (city.dataset.incidents["gun"] == "yes").all()  # what was not named is understood


def test_a_number_that_is_no_column_is_refused(table):
    with pytest.raises(csa.TableError) as error:
        csa.City.from_frame(table, killed="fatal", id="case")
    assert (error.value.message.key, vars(error.value.message)["values"]["name"]) == (
        "frame.no_column",
        "case",
    )


@pytest.mark.long
def test_philadelphias_incidents_are_as_many_as_its_numbers(shared_data):
    rows = pd.read_csv(shared_data / "philadelphia/philly_shooting_victims_2015_2025.csv")
    rows = rows[rows["lat"].notna() & (rows["date"] < "2025-02")]
    points = gpd.points_from_xy(rows["lon"], rows["lat"], crs="EPSG:4326")
    city = csa.City.from_frame(gpd.GeoDataFrame(rows, geometry=points), killed="fatal")
    assert city.dataset.report["incidents"] == rows["dc_key"].nunique() == 14_755
