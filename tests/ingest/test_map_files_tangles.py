"""A small file of polygons never holds the program for minutes; a city's own are never refused."""

import numpy as np
import pytest
import shapely
from tests.corpus import bars, crossing_holes, write_geojson
from tests.sentences import refuses

from csa.base.errors import SourceError
from csa.city.config import PlacesSource
from csa.city.loading import load_city
from csa.ingest import map_files
from csa.ingest.intake import ingest_city
from csa.ingest.map_files import refuse_vast
from csa.ingest.polygons import read_neighborhoods, read_study_area
from csa.ingest.sources import Inputs
from csa.workflow.new_city import covered_area

PLACES = PlacesSource(file="n.geojson", name_column="name")
MIDDLE = -94.6, 39.0
READERS = {
    "neighborhoods": lambda path: read_neighborhoods(path, PLACES),
    "study_area": lambda path: read_study_area(path, None),
    "start": covered_area,
}


@pytest.mark.parametrize("reader", READERS)
def test_polygons_that_fall_to_pieces_when_they_are_repaired_are_refused(tmp_path, reader):
    path = write_geojson(tmp_path / "n.geojson", [crossing_holes(80)])
    with pytest.raises(SourceError) as refused:
        READERS[reader](path)
    assert refused.value.message.key == "source.tangled"
    assert refused.value.message.values["path"] == path
    assert refused.value.message.values["n"] > 4 * refused.value.message.values["n_given"]


def test_so_are_polygons_that_do_when_they_are_joined(town):
    write_geojson(
        town.places,
        [shapely.transform(shapely.Polygon(r), lambda xy: xy + MIDDLE) for r in bars(80)],
    )
    path = town.write("a.csv", "1,1,2024-01-01,1,-94.59,39.01,,")
    with refuses("source.tangled", SourceError):
        ingest_city(load_city(town.config), Inputs((path,), town.places))


def test_vertices_are_counted_before_edges_are_made(tmp_path, monkeypatch):
    monkeypatch.setattr(map_files, "MOST_VERTICES", 4)
    with refuses("source.vast_polygons", SourceError, n=5):
        refuse_vast(np.array([shapely.box(0, 0, 1, 1)], dtype=object), tmp_path / "n.geojson")


def test_identical_and_nested_holes_are_repaired_in_a_moment(tmp_path):
    """A thousand of either took GEOS's first way of repairing three to six seconds."""
    nested = [shapely.box(-k, -k, k, k).exterior.coords for k in range(1, 1001)]
    shapes = [
        shapely.Polygon(shapely.box(-3000, -3000, 3000, 3000).exterior.coords, holes)
        for holes in (nested, nested[:1] * 1000)
    ]
    shapes = [shapely.transform(shape, lambda xy: xy / 1e6) for shape in shapes]
    table, (note,) = read_neighborhoods(write_geojson(tmp_path / "n.geojson", shapes), PLACES)
    assert note.key == "places.note_mended"
    assert table.geometry.is_valid.all()
    assert not table.geometry.is_empty.any()


@pytest.mark.long
def test_a_city_of_many_islands_and_shared_borders_is_read(tmp_path):
    """A lake of 2,500 islands beside 2,500 blocks, each as large as both its neighbors allow."""
    blocks = [shapely.box(x, y, x + 1, y + 1) for x in range(50) for y in range(50)]
    islands = [shapely.buffer(shapely.Point(x, y), 0.4) for x in range(50) for y in range(50)]
    lake = shapely.box(-1, -1, 51, 51).difference(shapely.union_all(islands))
    shapes = [shapely.transform(shape, lambda xy: xy / 1e4) for shape in [lake, *blocks]]
    table, notes = read_neighborhoods(write_geojson(tmp_path / "n.geojson", shapes), PLACES)
    assert (len(table), notes) == (2501, ())
