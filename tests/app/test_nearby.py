"""What stands beside the areas: marks that differ, and distances as a walker would say them."""

from dataclasses import replace
from types import SimpleNamespace

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from app import cache, nearby
from csa.words import speak

general = settings(derandomize=True, deadline=None, max_examples=150)


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
    assert nearby.marks_of(["school", "clinic", "church", "hub", "community hub"]) == {
        "church": "Ch",
        "clinic": "Cl",
        "community hub": "Co",
        "hub": "Hu",
        "school": "Sc",
    }
    assert nearby.marks_of(["park", "parish", "parks"]) == {
        "parish": "Pa",
        "park": "Pr",
        "parks": "Pk",
    }


@pytest.mark.parametrize(
    ("metres", "units", "words"),
    [
        (804.672, "us", "0.5 miles"),
        (1609.344, "us", "1.0 miles"),
        (20, "us", "0.1 miles"),
        (804, "metric", "800 m"),
        (3, "metric", "10 m"),
        (1549, "metric", "1.5 km"),
    ],
)
def test_distances_are_no_finer_than_a_walk_can_tell(metres, units, words):
    assert nearby.distance(metres, units) == words


def test_a_service_is_marked_where_it_stands(with_services):
    marks, spots = nearby.spots(with_services, is_shown=True)
    assert marks == [("Ch", "church"), ("Cl", "clinic")]
    assert [(s.lat, s.lon, s.mark, s.name) for s in spots] == [
        (39.02, -94.57, "Cl", "Mercy"),
        (39.03, -94.52, "Ch", "Hope"),
        (39.01, -94.5, "Cl", "Grace"),
    ]


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
    assert inside == speak("services.inside_it", name="Hope")
    assert "Mercy" in away
    assert "800 m" in away
    assert any("500 m" in title for title in shown.columns)


# ---- At the edge ----------------------------------------------------------------------------


def test_a_layer_that_is_off_or_absent_marks_nothing(with_services, city):
    assert nearby.spots(with_services, is_shown=False) == ([], [])
    assert nearby.spots(city, is_shown=True) == ([], [])
    assert len(nearby.services_in(with_services)) == 3
    assert len(nearby.services_in(city)) == 0


def test_only_what_the_city_has_is_offered(with_services, city, monkeypatch):
    for has_background in (True, False):
        monkeypatch.setattr(cache, "has_background", lambda _, has=has_background: has)
        shades, layers = nearby.offered(city)
        assert shades == ("shootings", "none")
        assert layers == (("background",) if has_background else ()) + ("neighborhoods",)


@pytest.mark.parametrize("kinds", [[""], ["--", "!!"], ["a"], ["a", "A", "a!"], []])
def test_kinds_without_letters_have_marks_too(kinds):
    marks = nearby.marks_of(kinds)
    assert len(marks) == len(set(marks.values())) == len(set(kinds))


# ---- True in general ------------------------------------------------------------------------


@general
@given(st.sets(st.text("aberk 1é-", max_size=4), max_size=30))
def test_no_two_kinds_share_a_mark_whatever_their_order(kinds):
    marks = nearby.marks_of(list(kinds))
    assert list(marks) == sorted(kinds)
    assert len(set(marks.values())) == len(kinds)
    assert marks == nearby.marks_of(sorted(kinds, reverse=True))


@general
@given(st.floats(0, 1e5), st.floats(0, 1e5), st.sampled_from(["us", "metric"]))
def test_what_is_farther_is_never_said_to_be_nearer(one, other, units):
    def in_metres(metres):
        number, unit = nearby.distance(metres, units).split(" ")
        return float(number.replace(",", "")) * {"m": 1, "km": 1000, "miles": 1609.344}[unit]

    low, high = sorted((one, other))
    assert in_metres(low) <= in_metres(high)
