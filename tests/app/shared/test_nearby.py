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
from hypothesis import given
from hypothesis import strategies as st
from tests.properties import examples

from csa.areas.choices import AreaSettings
from csa.city.config import RiskTerrain
from csa_app.shared import cache, nearby

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


def test_a_suspect_point_is_marked_by_its_cell_and_never_by_itself(with_services, monkeypatch):
    cell = h3.latlng_to_cell(39.02, -94.57, 10)
    located = SimpleNamespace(
        cells=np.array([cell, cell, 7]), is_suspect=np.array([True, True, False])
    )
    monkeypatch.setattr(cache, "located", lambda *_: located)
    lat, lon = h3.cell_to_latlng(cell)
    [spot] = layers(with_services)["suspect"]["spots"]
    assert spot[:3] == [round(lat, 5), round(lon, 5), "?"]


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


@pytest.mark.parametrize(("scored_share", "points"), [(0.0, None), (float("nan"), 0)])
def test_an_area_without_a_score_is_unknown_and_not_low(risk_words, scored_share, points):
    assert "): it covers none of this area's land." in risk_words(
        float("nan"), scored_share, points
    )


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
