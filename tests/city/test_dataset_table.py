"""A table of incidents, written and read: texts in the file, each once in memory."""

import hashlib
import json
import shutil
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal

from csa.base.errors import CrsError, SourceError
from csa.city import dataset
from csa.city.dataset import (
    fingerprint,
    hold_repeated,
    incidents_parquet,
    layer_fingerprint,
    open_dataset,
    read_geometries,
    read_incidents,
    save_dataset,
)


def test_a_layer_is_known_by_the_same_hash_for_ever(monkeypatch):
    """As kept beside datasets since the first version."""
    shapes = [shapely.box(1, 1, 0, 0), shapely.Point(2, 3)]
    layer = gpd.GeoDataFrame({"name": ["north", "south"], "km2": [1.5, 0.25]}, geometry=shapes)
    known = "f7dcf21c4671499322bb2c131279e8d6aea5025d0cd04dd8ff68eb5a568ca38f"
    assert layer_fingerprint(layer) == known
    monkeypatch.setattr(dataset, "BLOCK", 1)
    assert _shapes_hash(shapes) == _shapes_hash(np.array(shapes))
    assert layer_fingerprint(layer.iloc[::-1]) != known


def _shapes_hash(shapes):
    digest = hashlib.sha256()
    dataset._hash_shapes(digest, shapes)
    return digest.hexdigest()


@pytest.fixture(scope="module")
def sample(sample_folder):
    return open_dataset(sample_folder)


@pytest.mark.parametrize("n_rows", [100, 1_000_000])
def test_what_is_written_is_read_whatever_the_size_of_groups(sample, tmp_path, monkeypatch, n_rows):
    monkeypatch.setattr(dataset, "ROW_GROUP", n_rows)
    path = tmp_path / "incidents.parquet"
    path.write_bytes(incidents_parquet(sample.incidents))
    assert pq.ParquetFile(path).num_row_groups == -(-len(sample.incidents) // n_rows)
    pd.testing.assert_frame_equal(read_incidents(path), sample.incidents)


def test_the_file_holds_texts_that_any_program_reads(sample, tmp_path):
    path = tmp_path / "incidents.parquet"
    path.write_bytes(incidents_parquet(sample.incidents))
    kinds = {str(field.type) for field in pq.read_schema(path)}
    assert not any("dictionary" in kind for kind in kinds)
    assert {"large_string", "double", "int64", "timestamp[us]", "binary"} == kinds


def test_the_file_is_geoparquet_with_a_point_where_an_incident_has_a_place(sample, tmp_path):
    path = tmp_path / "incidents.parquet"
    path.write_bytes(incidents_parquet(sample.incidents))
    table = gpd.read_parquet(path)
    assert table.crs == "EPSG:4326"
    is_placed = sample.incidents["lon"].notna()
    assert 0 < is_placed.sum() < len(table)
    assert (table.geometry.notna() == is_placed.to_numpy()).all()
    placed = table[is_placed.to_numpy()]
    assert (placed.geometry.x == placed["lon"]).all()
    assert (placed.geometry.y == placed["lat"]).all()
    assert "geometry" not in read_incidents(path)


def test_a_file_that_pandas_wrote_reads_the_same(sample, tmp_path):
    plain = sample.incidents.astype(
        dict.fromkeys(sample.incidents.select_dtypes("category"), "str")
    )
    plain.to_parquet(tmp_path / "old.parquet", index=False)
    pd.testing.assert_frame_equal(read_incidents(tmp_path / "old.parquet"), sample.incidents)
    places = sample.neighborhoods, sample.study_area
    assert fingerprint(plain, *places) == fingerprint(sample.incidents, *places)


def test_an_incident_takes_less_than_half_the_memory_and_no_text_changes(sample):
    held = sample.incidents
    plain = held.astype(dict.fromkeys(held.select_dtypes("category"), "str"))
    many = pd.concat([plain] * 10, ignore_index=True)
    n_before, n_after = (one.memory_usage(deep=True).sum() for one in (many, hold_repeated(many)))
    assert n_after < n_before / 2
    pd.testing.assert_frame_equal(hold_repeated(plain), held)


def test_no_incidents_are_written_and_read_too(sample, tmp_path):
    path = tmp_path / "incidents.parquet"
    path.write_bytes(incidents_parquet(sample.incidents.iloc[:0]))
    assert read_incidents(path).dtypes.astype("str").to_dict() == {
        name: str(dtype) for name, dtype in sample.incidents.dtypes.items()
    }


def test_shapes_are_read_as_geopandas_reads_them(sample_folder):
    files = sorted((sample_folder / "current").glob("*.parquet"))
    shapes = [path for path in files if path.name != "incidents.parquet"]
    assert len(shapes) == 5
    for path in shapes:
        assert_geodataframe_equal(read_geometries(path), gpd.read_parquet(path))


def with_geometry(table, shapes):
    at = table.schema.get_field_index("geometry")
    return table.set_column(at, "geometry", pa.array(shapes))


def with_geo(table, change):
    about = json.loads(table.schema.metadata[b"geo"])
    change(about["columns"]["geometry"])
    return table.replace_schema_metadata(
        {**table.schema.metadata, b"geo": json.dumps(about).encode()}
    )


SPOILED = {
    "no shapes": lambda table: table.drop_columns("geometry"),
    "cut": lambda table: with_geometry(table, [table["geometry"][0].as_py()[:-3]]),
    "numbers": lambda table: with_geometry(table, [7]),
    "null": lambda table: with_geometry(table, pa.array([None], pa.binary())),
    "no row": lambda table: table.slice(0, 0),
    "no word of its shapes": lambda table: table.replace_schema_metadata({}),
    "is on record with a different system": lambda table: with_geo(
        table, lambda own: own["crs"]["id"].update(code=26915)
    ),
    "no system": lambda table: with_geo(table, lambda own: own.update(crs=None)),
    "is on record with a different encoding": lambda table: with_geo(
        table, lambda own: own.update(encoding="WKT")
    ),
}


@pytest.mark.parametrize("spoiled", SPOILED)
def test_a_dataset_without_whole_shapes_in_degrees_is_refused(sample_folder, tmp_path, spoiled):
    shutil.copytree((sample_folder / "current").resolve(), tmp_path / "city")
    path = tmp_path / "city" / "study_area.parquet"
    table = pq.read_table(path)
    pq.write_table(with_geo(table, dict.copy), path)
    open_dataset(tmp_path / "city")  # to be written anew is no harm
    pq.write_table(SPOILED[spoiled](table), path)
    with pytest.raises(SourceError, match="is damaged"):
        open_dataset(tmp_path / "city")


@pytest.mark.parametrize("column", ["incident_id", "occurred_at", "kind", "victims", "lon"])
@pytest.mark.parametrize("kind", [pa.binary(), pa.list_(pa.int64()), pa.date32()])
def test_a_dataset_with_a_column_of_bytes_or_lists_is_refused(
    sample_folder, tmp_path, column, kind
):
    """Some were an error of the program's own; bytes of text even had the table's own hash."""
    shutil.copytree((sample_folder / "current").resolve(), tmp_path / "city")
    path = tmp_path / "city" / "incidents.parquet"
    table = pq.read_table(path)
    spoiled = {pa.binary(): [b"\xff"], pa.list_(pa.int64()): [[1]], pa.date32(): [7]}[kind]
    changed = pa.array(spoiled * len(table), kind)
    pq.write_table(table.set_column(table.column_names.index(column), column, changed), path)
    with pytest.raises(SourceError, match="is damaged"):
        open_dataset(tmp_path / "city")


def test_nor_is_one_whose_texts_are_bytes(sample_folder, tmp_path):
    shutil.copytree((sample_folder / "current").resolve(), tmp_path / "city")
    path = tmp_path / "city" / "neighborhoods.parquet"
    table = pq.read_table(path)
    names = table["name"].cast(pa.binary())
    pq.write_table(table.set_column(table.column_names.index("name"), "name", names), path)
    with pytest.raises(SourceError, match="is damaged"):
        open_dataset(tmp_path / "city")


def test_shapes_in_meters_are_not_written(sample, tmp_path):
    turned = replace(sample, neighborhoods=sample.neighborhoods.to_crs("EPSG:32614"))
    with pytest.raises(
        CrsError,
        match=r"A dataset stores its shapes in degrees \(EPSG:4326\), but these are in WGS 84 / UTM",
    ):
        save_dataset(turned, pd.DataFrame(columns=["file", "line", "reason"]), tmp_path / "city")
    assert not (tmp_path / "city").exists()
