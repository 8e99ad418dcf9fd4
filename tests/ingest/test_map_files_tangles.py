"""A small file of polygons never holds the program for minutes; a city's own are never refused."""

import json

import numpy as np
import pytest
import shapely

from csa.base.errors import SourceError
from csa.city.config import PlacesSource
from csa.city.loading import load_city
from csa.ingest import map_files
from csa.ingest.basemap import build_basemap
from csa.ingest.infer_layers import _read
from csa.ingest.map_files import refuse_tangles
from csa.ingest.polygons import read_neighborhoods, read_polygons, read_study_area
from csa.ingest.shapes import read_shapes

PLACES = PlacesSource(file="n.geojson", name_column="name")
READERS = {
    "neighborhoods": lambda path: read_neighborhoods(path, PLACES),
    "study_area": lambda path: read_study_area(path, None),
    "layer": lambda path: read_shapes(path, None, "places"),
    "start": lambda path: read_polygons(path, None),
    "start_layer": _read,
}


def bars(n, scale=1e-4):
    """Return n thin boxes from west to east, and n from south to north, which all cross."""
    rings = []
    for at in range(1, n + 1):
        across = [[0.5, at], [n + 0.5, at], [n + 0.5, at + 0.4], [0.5, at + 0.4], [0.5, at]]
        rings += [across, [[y, x] for x, y in across]]
    return (np.array(rings) * scale).round(6)


def crossing_holes(n, scale=1e-4):
    """Return a polygon whose holes cross: its file has 60 bytes for each."""
    side = n + 1
    shell = np.array([[0, 0], [side, 0], [side, side], [0, side], [0, 0]]) * scale
    return shapely.Polygon(shell, bars(n, scale))


def star(n):
    """Return a ring of n corners in which each edge crosses nearly all others."""
    turn = np.arange(n) * np.pi * (1 - 1 / n)
    return shapely.Polygon(np.column_stack([np.cos(turn), np.sin(turn)]) / 100)


def comb(n):
    """Return a valid polygon of n slanted teeth: none crosses, and all are near all others."""
    teeth = np.arange(n)[:, None, None] * [1.0, 0]
    tooth = np.array([[0, 0], [n, n], [n + 0.5, n], [0.5, 0]])
    return shapely.Polygon(np.vstack([(teeth + tooth).reshape(-1, 2), [[n, -1], [0, -1]]]) / 1e6)


TANGLES = {
    "holes": [crossing_holes(150)],
    "parts": [shapely.MultiPolygon([shapely.Polygon(ring) for ring in bars(150)])],
    "nested": [shapely.GeometryCollection([shapely.GeometryCollection([crossing_holes(150)])])],
    "star": [star(801)],
    "shapes": [shapely.Polygon(ring) for ring in bars(300)],
}


def write(path, shapes):
    features = [
        {"type": "Feature", "properties": {"name": f"n{at}"}, "geometry": shape.__geo_interface__}
        for at, shape in enumerate(shapes)
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


@pytest.mark.parametrize("kind", TANGLES)
def test_what_would_take_minutes_is_refused(tmp_path, kind):
    with pytest.raises(SourceError) as refused:
        refuse_tangles(np.array(TANGLES[kind], dtype=object), tmp_path / "n.geojson")
    assert refused.value.message.key == "source.tangled"
    assert refused.value.message.values["path"] == tmp_path / "n.geojson"
    assert refused.value.message.values["n"] > refused.value.message.values["most"]


def test_so_is_what_only_comes_near_itself_too_often(tmp_path, monkeypatch):
    monkeypatch.setattr(map_files, "MOST_NEAR", 500_000)
    with pytest.raises(SourceError) as refused:
        refuse_tangles(np.array([comb(700)], dtype=object), tmp_path / "n.geojson")
    assert refused.value.message.values["most"] == 500_000


@pytest.mark.parametrize("reader", READERS)
def test_no_reader_of_polygons_takes_crossing_holes(tmp_path, reader):
    path = write(tmp_path / "n.geojson", [crossing_holes(150)])
    assert path.stat().st_size < 50_000
    with pytest.raises(SourceError) as refused:
        READERS[reader](path)
    assert refused.value.message.key == "source.tangled"


def test_nor_does_one_of_polygons_as_text(tmp_path):
    (tmp_path / "n.csv").write_text(f'name,shape\nn,"{crossing_holes(150).wkt}"\n')
    with pytest.raises(SourceError) as refused:
        read_neighborhoods(tmp_path / "n.csv", PLACES)
    assert refused.value.message.key == "source.tangled"


def test_a_basemap_is_refused_with_the_name_of_its_file(root, tmp_path):
    config, data = load_city(root / "config" / "sample.toml"), root / "data" / "sample"
    for path in data.iterdir():
        (tmp_path / path.name).symlink_to(path)
    (tmp_path / config.basemap.parks_file).unlink()
    write(tmp_path / config.basemap.parks_file, [crossing_holes(150)])
    with pytest.raises(SourceError) as refused:
        build_basemap(config, tmp_path)
    assert refused.value.message.values["path"].name == config.basemap.parks_file


def test_vertices_are_counted_before_edges_are_made(tmp_path, monkeypatch):
    monkeypatch.setattr(map_files, "MOST_VERTICES", 4)
    with pytest.raises(SourceError) as refused:
        refuse_tangles(np.array([shapely.box(0, 0, 1, 1)], dtype=object), tmp_path / "n.geojson")
    assert refused.value.message.key == "source.vast_polygons"
    assert refused.value.message.values["n"] == 5


def test_identical_and_nested_holes_are_repaired_in_a_moment(tmp_path):
    """A thousand of either took GEOS's first way of repairing three to six seconds."""
    nested = [shapely.box(-k, -k, k, k).exterior.coords for k in range(1, 1001)]
    shapes = [
        shapely.Polygon(shapely.box(-3000, -3000, 3000, 3000).exterior.coords, holes)
        for holes in (nested, nested[:1] * 1000)
    ]
    shapes = [shapely.transform(shape, lambda xy: xy / 1e6) for shape in shapes]
    table, (note,) = read_neighborhoods(write(tmp_path / "n.geojson", shapes), PLACES)
    assert note.key == "places.note_mended"
    assert table.geometry.is_valid.all()
    assert not table.geometry.is_empty.any()


def test_a_city_of_many_islands_and_shared_borders_is_read(tmp_path):
    """A lake of 2,500 islands beside 2,500 blocks, each as large as both its neighbors allow."""
    blocks = [shapely.box(x, y, x + 1, y + 1) for x in range(50) for y in range(50)]
    islands = [shapely.buffer(shapely.Point(x, y), 0.4) for x in range(50) for y in range(50)]
    lake = shapely.box(-1, -1, 51, 51).difference(shapely.union_all(islands))
    shapes = [shapely.transform(shape, lambda xy: xy / 1e4) for shape in [lake, *blocks]]
    refuse_tangles(np.array(shapes, dtype=object), tmp_path)
