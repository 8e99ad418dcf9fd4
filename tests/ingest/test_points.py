"""Points that may stand for unknown places: looked at, and marked by a person in the city's file."""

from datetime import date
from types import SimpleNamespace

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from tests.sentences import refuses

from csa.base.errors import ConfigError
from csa.city.loading import load_city
from csa.ingest.points import SuspectPoint, list_points, mark_point
from csa.ingest.positions import find_suspect_points

HALL = SuspectPoint(1, -94.578, 39.1, '1100 "LOCUST" ST', 40, 1.2, "many", "Downtown", ())
DAY = date(2020, 9, 1)


@pytest.fixture
def city_file(tmp_path, root):
    path = tmp_path / "city.toml"
    path.write_text((root / "config/sample.toml").read_text(encoding="utf-8"), encoding="utf-8")
    return path


def incidents(n_here=40, n_around=30):
    """Put many incidents at one point, and one at each of others around it."""
    lon = [HALL.lon] * n_here + [HALL.lon + 0.0002 * at for at in range(1, n_around + 1)]
    return pd.DataFrame({"lon": lon, "lat": HALL.lat, "address": HALL.address})


def suspects(points):
    return find_suspect_points(incidents(), points, "EPSG:32615")[0]


def test_a_real_point_is_no_longer_flagged_and_a_wrong_one_stays_by_what_was_found(city_file):
    assert len(suspects(())) == 1
    mark_point(city_file, HALL, is_real=False, by="Police analysts", why="the desk\nhere", on=DAY)
    (wrong,) = load_city(city_file).points
    assert wrong.why == "the desk here (Police analysts, 2020-09-01)"
    assert suspects([wrong])["why"].tolist() == ['placeholder location: 1100 "LOCUST" ST']
    mark_point(city_file, HALL, is_real=True, by="Police analysts", why="a bar", on=DAY)
    both = load_city(city_file).points
    assert suspects(both).empty  # the newest mark holds
    assert suspects(both[::-1])["why"].tolist() == [wrong.name]


@pytest.mark.parametrize(("by", "why"), [("", "seen"), ("Police", " ")])
def test_a_mark_without_who_or_why_is_refused_and_the_file_stays(city_file, by, why):
    before = city_file.read_bytes()
    with refuses("points.blank"):
        mark_point(city_file, HALL, is_real=True, by=by, why=why, on=DAY)
    assert city_file.read_bytes() == before


def test_a_file_that_would_have_an_error_stays_as_it_was(city_file):
    text = "points = []\n" + city_file.read_text(encoding="utf-8")
    city_file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError):
        mark_point(city_file, HALL, is_real=True, by="Police", why="seen", on=DAY)
    assert city_file.read_text(encoding="utf-8") == text


def test_what_lies_at_a_point_is_named_and_a_point_of_few_is_not_listed():
    far = {"lon": HALL.lon, "lat": HALL.lat, "address": "", "expected": None, "why": "named"}
    report = {"suspect_points": [{**far, "incidents": 12}, {**far, "incidents": 4}]}
    east = (shapely.Point(HALL.lon + 0.001, HALL.lat), shapely.Point(HALL.lon + 0.01, HALL.lat))
    services = gpd.GeoDataFrame({"name": ["Clinic", "School"]}, geometry=[*east], crs=4326)
    square = gpd.GeoDataFrame(
        {"name": ["Core"]}, geometry=[shapely.Point(HALL.lon, HALL.lat).buffer(0.01)], crs=4326
    )
    (point,) = list_points(SimpleNamespace(report=report, services=services, neighborhoods=square))
    assert (point.incidents, point.expected, point.neighborhood) == (12, None, "Core")
    # A thousandth of a degree at 39.1 degrees north is 86 m, the other is 864 m away.
    assert [name for name, _ in point.near] == ["Clinic"]
    assert point.near[0][1] == pytest.approx(86.4, abs=1)
