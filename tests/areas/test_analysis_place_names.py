"""Places are named when data arrive, and a polygon too coarse to name places by is told."""

import pandas as pd
import pytest

from csa.areas.analysis import polygons_km2, save_place_names, too_coarse
from csa.areas.places import load_places
from csa.base.io import KEPT
from csa.city.dataset import City, save_dataset
from csa.city.loading import load_city
from csa.ingest.intake import ingest_city
from csa.ingest.sources import find_inputs


def arrived(town, lines):
    """A dataset as it arrives, without names."""
    path = town.write("a.csv", *lines)
    config = load_city(town.config)
    intake = ingest_city(config, find_inputs(config, town.folder, (path,), town.places))
    save_dataset(intake.dataset, intake.rejected, town.folder / "ds")
    return City(config, intake.dataset, town.folder / "ds")


def test_places_have_their_names_when_the_data_have_arrived(town):
    lines = [
        f"{n},{n},2020-05-{n % 28 + 1:02d} 10:00,{n % 2},{-94.57 + n % 6 / 4000},{39.02 + n % 5 / 5000},,"
        for n in range(60)
    ]
    city = arrived(town, lines)
    assert load_places(city) == ()
    assert save_place_names(city) == ()
    assert [(one.number, one.name) for one in load_places(city)] == [(1, "West End")]
    kept = sorted(path.name.split("-")[0] for path in (city.folder / KEPT).glob("*.json"))
    assert kept == ["learned", "places", "study"]


def test_data_without_incidents_give_no_names_and_no_error(town):
    city = arrived(town, ["1,1,2020-05-04 10:00,2,-94.57,39.02,,"])
    assert city.dataset.incidents.empty
    assert save_place_names(city) == ()
    assert load_places(city) == ()


@pytest.mark.parametrize(("n", "is_told"), [(9, False), (10, True)])
def test_more_areas_than_words_in_one_polygon_are_told(n, is_told):
    shares = [{"Brooklyn": 0.9, "Queens": 0.1}] * n + [{"Queens": 1.0}] * 5 + [{}]
    areas = pd.DataFrame({"neighborhoods": shares})
    said = [str(one) for one in too_coarse(areas, {"Brooklyn": 39.0, "Queens": 39.0})]
    assert [one.startswith(f"{n} candidate areas are in one") for one in said] == [True] * is_told
    assert not is_told or "Brooklyn" in said[0]


@pytest.mark.parametrize(("n", "km2", "is_told"), [(1, 500, False), (2, 41, True), (2, 39, False)])
def test_two_areas_in_a_borough_are_told_and_two_in_a_neighborhood_are_not(n, km2, is_told):
    areas = pd.DataFrame({"neighborhoods": [{"Queens": 1.0}] * n})
    assert len(too_coarse(areas, {"Queens": km2, "": 900.0})) == is_told


def test_the_land_of_polygons_is_told_by_name(town):
    city = arrived(town, ["1,1,2020-05-04 10:00,0,-94.57,39.02,,"])
    assert {name: round(km2) for name, km2 in polygons_km2(city).items()} == {
        "East End": 24,
        "West End": 24,
    }
