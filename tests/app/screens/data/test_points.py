"""Possible placeholder locations on Data: exact for editors alone, and marked in the city's file."""

import json

import pytest
from tests.app.conftest import sign, words
from tests.sentences import says

from csa.city.loading import load_city
from csa.program.roles import Person
from csa_app.shared import person


@pytest.fixture
def own_file(root, tmp_path):
    """A copy of the sample's file, for a page that writes into it."""
    path = tmp_path / "sample.toml"
    path.write_text((root / "config/sample.toml").read_text(encoding="utf-8"), encoding="utf-8")
    return path


@pytest.fixture
def open_data(visit, dataset, own_file):
    return lambda: visit("data", CSA_CITY=own_file, CSA_DATASET=dataset)


def first_point(dataset):
    return json.loads((dataset / "ingest.json").read_text(encoding="utf-8"))["suspect_points"][0]


def test_an_editor_sees_where_a_point_is_and_marks_it(open_data, dataset, own_file):
    point = first_point(dataset)
    page = open_data()
    (look,) = [one for one in page.toggle if one.label == says("points.look")]
    look.set_value(True).run()
    assert f"{point['lat']:.5f}, {point['lon']:.5f}" in words(page)
    sign(page, "points", why="a bar", office="Police analysts")
    (verdict,) = [one for one in page.selectbox if one.label == says("points.verdict")]
    verdict.set_value("right")
    (save,) = [one for one in page.button if one.label == says("points.save")]
    save.click().run()
    (marked,) = load_city(own_file).points
    assert (marked.is_real, marked.lon, marked.lat) == (True, point["lon"], point["lat"])
    assert marked.why.startswith("a bar (Police analysts, ")


@pytest.mark.parametrize("role", ["viewer", "member"])
def test_nobody_below_an_editor_sees_a_point(open_data, dataset, role, monkeypatch):
    monkeypatch.setattr(person, "person", lambda _: Person("Health", role))
    page = open_data()
    point = first_point(dataset)
    assert f"{point['lat']:.5f}" not in words(page)
    assert says("points.look") not in [one.label for one in page.toggle]
