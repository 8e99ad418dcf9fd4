"""Twenty cities' files, each understood without a hint, to the right incidents by another way."""

from collections import Counter

import pytest
from tests.workers import some
from tests.workflow.layouts import LAYOUTS, polygons_around, shootings, write

from csa.city.loading import load_city
from csa.ingest.intake import ingest_city
from csa.ingest.sources import Inputs
from csa.workflow.city_file import city_file, count_kinds
from csa.workflow.new_city import understand


@pytest.mark.long
@pytest.mark.parametrize("name", some(LAYOUTS, "New York", "Rochester, in feet", "no number"))
def test_a_citys_file_is_understood_to_the_incident(tmp_path, name):
    layout = LAYOUTS[name]
    file = write(layout, tmp_path)
    places = polygons_around(layout.middle, tmp_path / "n.geojson") if layout.crs else None
    city = understand(file, places, name=name)
    land = places or tmp_path / "land.geojson"
    if city.places is not None:
        city.places.to_file(land)
    (tmp_path / "city.toml").write_text(city_file(city, land.name, "name"))
    found = ingest_city(load_city(tmp_path / "city.toml"), Inputs((file,), land))
    made = found.dataset.incidents
    truth = {one.number: one for one in shootings(layout.middle)}
    kinds = Counter("homicide" if one.is_homicide else "nonfatal" for one in truth.values())
    assert len(made) == len(truth) == 240
    assert Counter(made["kind"]) == kinds
    assert (
        made["occurred_at"].dt.date.isin({one.when.date() for one in truth.values()}).mean() > 0.98
    )
    points = {(round(one.lon, 4), round(one.lat, 4)) for one in truth.values()}
    there = zip(made["lon"].round(4), made["lat"].round(4), strict=True)
    near = {(round(x + dx, 4), round(y + dy, 4)) for x, y in points for dx in STEP for dy in STEP}
    assert all(point in near for point in there)
    assert layout.zone in {"", city.time_zone}
    assert layout.crs in {"", city.lists[0].where.crs} or city.lists[0].where.crs != "EPSG:4326"
    counts = count_kinds(city.lists[0], city.time_zone)
    assert counts["rows"] == found.dataset.report["rows_read"]


STEP = (-1e-4, 0.0, 1e-4)


@pytest.mark.long
def test_likely_mistakes_are_asked_and_never_taken_in_silence(tmp_path):
    asked = {}
    for name, layout in LAYOUTS.items():
        folder = tmp_path / str(len(asked))
        folder.mkdir()
        places = polygons_around(layout.middle, folder / "n.geojson") if layout.crs else None
        asked[name] = {one.about for one in understand(write(layout, folder), places).doubts}
    assert asked["swapped names"] == {"longitude"}
    assert asked["Baltimore"] == asked["Washington"] == asked["places in words"] == {"zone"}
    assert "system" in asked["Rochester, in feet"]
    assert asked["no number"] == {"rows"}
    assert asked["New York"] == asked["Chicago"] == asked["Philadelphia"] == set()
