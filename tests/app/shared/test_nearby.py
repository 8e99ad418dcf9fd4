"""What stands beside the areas: marks that differ, and distances as a walker would say them."""

from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import geopandas as gpd
import h3.api.numpy_int as h3
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, strategies as st
from tests.properties import examples

from csa.areas.choices import AreaSettings
from csa.base.text import tr
from csa.city.config import RiskTerrain
from csa_app.shared import cache, nearby, theme

general = examples(3)


@pytest.fixture
def with_services(city):
    services = gpd.GeoDataFrame(
        {"name": ["Mercy", "Hope", "Grace"], "kind": ["clinic", "church", "clinic"]},
        geometry=shapely.points([(-94.57, 39.02), (-94.52, 39.03), (-94.5, 39.01)]),
        crs="EPSG:4326",
    )
    return SimpleNamespace(
        dataset=replace(city.dataset, services=services), config=city.config, key="test"
    )


# ---- By hand --------------------------------------------------------------------------------


def test_each_kind_has_two_letters_of_its_own():
    assert nearby.kind_codes(["school", "clinic", "church", "hub", "community hub"]) == {
        "church": "Ch",
        "clinic": "Cl",
        "community hub": "Co",
        "hub": "Hu",
        "school": "Sc",
    }
    assert nearby.kind_codes(["park", "parish", "parks"]) == {
        "parish": "Pa",
        "park": "Pr",
        "parks": "Pk",
    }


@pytest.mark.parametrize(
    ("meters", "units", "words"),
    [
        (804.672, "us", "0.5 miles"),
        (1609.344, "us", "1.0 miles"),
        (20, "us", "0.1 miles"),
        (804, "metric", "800 m"),
        (3, "metric", "10 m"),
        (1549, "metric", "1.5 km"),
    ],
)
def test_distances_are_no_finer_than_a_walk_can_tell(meters, units, words):
    assert nearby.distance(meters, units) == words


@pytest.fixture(autouse=True)
def nothing_computed(monkeypatch):
    """A city without vacant land, risk and suspect points."""
    none = SimpleNamespace(cells=np.array([], dtype=np.uint64), is_suspect=np.array([], dtype=bool))
    monkeypatch.setattr(cache, "located", lambda *_: none)
    monkeypatch.setattr(cache, "vacant_layer", lambda _: None)
    monkeypatch.setattr(cache, "risk_layer", lambda _: None)


def layers(city):
    """What the maps of a city can show, by name."""
    return {one["name"]: one for one in nearby.map_layers(city, AreaSettings())}


def test_a_service_is_marked_where_it_stands(with_services):
    services = layers(with_services)["services"]
    assert services["keys"] == [["Ch", "none", "church"], ["Cl", "none", "clinic"]]
    assert services["spots"] == [
        [39.02, -94.57, "Cl", "Mercy", "clinic"],
        [39.03, -94.52, "Ch", "Hope", "church"],
        [39.01, -94.5, "Cl", "Grace", "clinic"],
    ]


def test_hot_cells_are_outlined_and_where_none_is_hot_no_layer_is_offered(monkeypatch):
    monkeypatch.setattr(theme, "is_dark", lambda: False)
    cells = sorted(h3.grid_disk(h3.latlng_to_cell(39.02, -94.57, 9), 1))
    [layer] = nearby.hot_layers(cells)
    drawn = shapely.geometry.shape(layer["features"][0]["geometry"])
    wanted = shapely.union_all([shapely.Polygon(h3.cell_to_boundary(cell)) for cell in cells])
    swapped = shapely.transform(wanted, lambda latlon: latlon[:, ::-1])
    assert drawn.symmetric_difference(swapped).area < 5e-3 * drawn.area
    assert nearby.hot_layers([]) == []


def test_a_suspect_point_is_marked_by_its_cell_and_never_by_itself(with_services, monkeypatch):
    cell = h3.latlng_to_cell(39.02, -94.57, 10)
    located = SimpleNamespace(
        cells=np.array([cell, cell, 7]), is_suspect=np.array([True, True, False])
    )
    monkeypatch.setattr(cache, "located", lambda *_: located)
    lat, lon = h3.cell_to_latlng(cell)
    [spot] = layers(with_services)["suspect"]["spots"]
    assert spot[:3] == [round(lat, 5), round(lon, 5), "?"]


def test_an_areas_services_are_laid_out_a_kind_a_row():
    here = pd.DataFrame(
        {
            "area_id": ["A", "A"],
            "kind": ["church", "clinic"],
            "inside": [2, 0],
            "near": [1, 0],
            "nearest_m": [0.0, 804.0],
            "nearest_name": ["Hope", "Mercy"],
        }
    )
    shown = nearby.service_table(here, "metric", "500 m")
    assert shown.iloc[:, 0].tolist() == ["church", "clinic"]
    assert shown.iloc[:, 1].tolist() == [2, 0]
    inside, away = shown.iloc[:, 3]
    assert inside == tr("services.inside_it", name="Hope")
    assert "Mercy" in away
    assert "800 m" in away
    assert "Outside, within 500 m" in shown.columns  # those inside are not counted again


@pytest.fixture
def risk_words(city, monkeypatch):
    """What an area's sheet says of an external score."""
    terrain = RiskTerrain(
        file="x.csv", score_column="s", source="a *university*", as_of=date(2020, 1, 1)
    )
    scored = SimpleNamespace(config=city.config.model_copy(update={"risk_terrain": terrain}))

    def tell(highest, scored_share, points):
        said = []
        row = {
            "area_id": ["A"],
            "highest_share": [highest],
            "scored_share": [scored_share],
            "points": pd.array([points], dtype="Int64"),
            "share_of_highest": [0.04],
        }
        monkeypatch.setattr(cache, "risk", lambda *_: pd.DataFrame(row))
        monkeypatch.setattr(cache, "highest_share", lambda _: 0.1)
        monkeypatch.setattr(nearby.st, "markdown", said.append)
        nearby.show_risk(scored, frozenset())
        (text,) = said
        return text

    return tell


def test_a_score_of_land_says_its_share_of_all_the_areas_land(risk_words):
    text = risk_words(0.3, 1.0, None)
    assert "30% of this area's land is among the city's highest 10%" in text
    assert "4% of all such land in the city" in text
    assert "covered" not in text
    assert "points" not in text
    assert r"a \*university\*" in text


def test_a_score_that_covers_an_area_in_part_says_how_much(risk_words):
    assert risk_words(0.3, 0.5, None).endswith("it. Only 50% of this area's land is covered.")
    assert "covered" not in risk_words(0.3, 0.995, None)  # a sliver along an edge
    assert "Only 98%" in risk_words(0.3, 0.98, None)


def test_a_score_of_points_counts_points_and_claims_no_land(risk_words):
    text = risk_words(0.25, float("nan"), 1200)
    assert "25% of the 1,200 points here are among the city's highest 10%" in text
    assert "land" not in text


@pytest.mark.parametrize(("scored_share", "points"), [(0.0, None), (float("nan"), 0)])
def test_an_area_without_a_score_is_unknown_and_not_low(risk_words, scored_share, points):
    assert "): it covers none of this area's land." in risk_words(
        float("nan"), scored_share, points
    )


# ---- At the edge ----------------------------------------------------------------------------


def test_only_what_the_city_has_is_offered(with_services, city, monkeypatch):
    assert [*layers(city)] == []
    assert [*layers(with_services)] == ["services"]
    monkeypatch.setattr(cache, "vacant_layer", lambda _: "vacant.json")
    assert layers(city)["vacant"]["file"] == "vacant.json"
    assert len(nearby.services_in(with_services)) == 3
    assert len(nearby.services_in(city)) == 0


@pytest.mark.parametrize("kinds", [[""], ["--", "!!"], ["a"], ["a", "A", "a!"], []])
def test_kinds_without_letters_have_marks_too(kinds):
    marks = nearby.kind_codes(kinds)
    assert len(marks) == len(set(marks.values())) == len(set(kinds))


# ---- True in general ------------------------------------------------------------------------


@general
@given(st.sets(st.text("aberk 1é-", max_size=4), max_size=30))
def test_no_two_kinds_share_a_mark_whatever_their_order(kinds):
    marks = nearby.kind_codes(list(kinds))
    assert list(marks) == sorted(kinds)
    assert len(set(marks.values())) == len(kinds)
    assert marks == nearby.kind_codes(sorted(kinds, reverse=True))


@general
@given(st.floats(0, 1e5), st.floats(0, 1e5), st.sampled_from(["us", "metric"]))
def test_what_is_farther_is_never_said_to_be_nearer(one, other, units):
    def in_meters(meters):
        number, unit = nearby.distance(meters, units).split(" ")
        return float(number.replace(",", "")) * {"m": 1, "km": 1000, "miles": 1609.344}[unit]

    low, high = sorted((one, other))
    assert in_meters(low) <= in_meters(high)
