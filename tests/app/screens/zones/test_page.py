"""Zones on screen: their counts, a finding, forms, and who sees none of it."""

from datetime import date
from functools import partial

import pytest
import shapely
from tests.app.acts import chair_act
from tests.app.conftest import words
from tests.sentences import says

from csa.city.dataset import open_dataset
from csa.geo.cells import fit_cells
from csa.program.registry import all_zones, core_areas
from csa.program.store.engine import make_store
from csa.program.store.records import read_records
from csa.program.zones import add_zone, count_zone
from csa_app.screens.zones import parts


@pytest.fixture
def page(visit):
    return partial(visit, "zones")


@pytest.fixture
def entered(dataset, tmp_path):
    """A store with a zone around the middle half of the city, counted since July 2019."""
    data = open_dataset(dataset)
    west, south, east, north = shapely.bounds(data.study_area)
    x, y = (west + east) / 2, (south + north) / 2
    shape = shapely.box(x - 0.012, y - 0.01, x + 0.012, y + 0.01)
    store = make_store(str(tmp_path / "store.sqlite3"), "sample")
    drawn = fit_cells(shape, data.study_area, 9)
    add_zone(store, chair_act(), "Elm grant", drawn, kind="grant", starts_on=date(2019, 6, 20))
    yield store, data
    store.engine.dispose()


def test_a_zone_is_counted_by_its_boundary_and_followed_on_request(page, entered):
    store, data = entered
    made = page()
    assert not made.exception
    [zone] = all_zones(read_records(store))
    counted = count_zone(data, zone, data.require_months().until, ("homicide", "nonfatal"))
    inside = shapely.contains_xy(zone.shape, data.incidents["lon"], data.incidents["lat"])
    last = data.incidents["occurred_at"].between("2019-08-01", "2020-07-31 23:59:59")
    assert counted.incidents == int((inside & last).sum())
    said = words(made)
    assert "Elm grant" in said
    assert f">{counted.incidents}<" in said
    assert says("zones_page.is_exploratory") in said
    made = made.selectbox(key="zone").select("z-1").run()
    assert not made.exception
    assert "July 2019" in words(made)


def test_a_zone_is_designated_from_its_form(page, entered):
    store, _ = entered
    made = page()
    made = made.button_group(key="zone forms").set_value("designate").run()
    made.text_input[-2].set_value("Prevention team")
    made.text_input[-1].set_value("The Committee chose this ground.")
    [button] = [one for one in made.button if one.label == says("zones_page.do_designate")]
    made = button.click().run()
    assert not made.exception
    [area] = core_areas(read_records(store))
    [zone] = all_zones(read_records(store))
    assert (area.place_name, area.cells) == ("Elm grant", zone.cells)
    assert area.evidence["zone"] == "z-1"
    assert area.chosen_from is not None


def test_an_uploaded_file_becomes_a_zone_and_a_damaged_one_is_named(dataset, tmp_path):
    class Session:
        config = type("C", (), {"areas": type("A", (), {"resolution": 9})})

    Session.dataset = open_dataset(dataset)
    x, y = shapely.get_coordinates(shapely.centroid(Session.dataset.study_area))[0]
    shape = shapely.box(x - 0.012, y - 0.01, x + 0.012, y + 0.01)
    text = shapely.to_geojson(shape).encode()
    content = b'{"type": "Feature", "properties": {}, "geometry": ' + text + b"}"
    drawn = parts.read_file(Session, "elm.geojson", content, "")
    assert drawn.cells == fit_cells(shape, Session.dataset.study_area, 9).cells
    with pytest.raises(Exception, match=r"elm\.geojson"):
        parts.read_file(Session, "elm.geojson", b"{", "")
