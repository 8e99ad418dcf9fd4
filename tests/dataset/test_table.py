"""A table of incidents, written and read: texts in the file, each once in memory."""

import shutil

import geopandas as gpd
import pandas as pd
import pyarrow.parquet as pq
import pytest
from geopandas.testing import assert_geodataframe_equal

from csa.base.errors import SourceError
from csa.dataset import table
from csa.dataset.table import (
    fingerprint,
    hold_repeated,
    incidents_parquet,
    read_geometries,
    read_incidents,
)
from csa.dataset.versioned import open_dataset


@pytest.fixture(scope="module")
def sample(sample_folder):
    return open_dataset(sample_folder)


@pytest.mark.parametrize("n_rows", [100, 1_000_000])
def test_what_is_written_is_read_whatever_the_size_of_groups(sample, tmp_path, monkeypatch, n_rows):
    monkeypatch.setattr(table, "ROW_GROUP", n_rows)
    path = tmp_path / "incidents.parquet"
    path.write_bytes(incidents_parquet(sample.incidents))
    assert pq.ParquetFile(path).num_row_groups == -(-len(sample.incidents) // n_rows)
    pd.testing.assert_frame_equal(read_incidents(path), sample.incidents)


def test_the_file_holds_texts_that_any_program_reads(sample, tmp_path):
    path = tmp_path / "incidents.parquet"
    path.write_bytes(incidents_parquet(sample.incidents))
    kinds = {str(field.type) for field in pq.read_schema(path)}
    assert not any("dictionary" in kind for kind in kinds)
    assert {"large_string", "double", "int64", "timestamp[us]"} == kinds


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


@pytest.mark.parametrize(
    "spoil",
    [
        lambda rows: rows.drop(columns="geometry"),
        lambda rows: rows.assign(geometry=[wkb[:-3] for wkb in rows["geometry"]]),
        lambda rows: rows.assign(geometry=range(len(rows))),
        lambda rows: rows.iloc[:0],
    ],
    ids=["none", "cut", "numbers", "no row"],
)
def test_a_dataset_without_whole_shapes_is_refused(sample_folder, tmp_path, spoil):
    shutil.copytree((sample_folder / "current").resolve(), tmp_path / "city")
    path = tmp_path / "city" / "study_area.parquet"
    spoil(pd.read_parquet(path)).to_parquet(path, index=False)
    with pytest.raises(SourceError, match="is damaged"):
        open_dataset(tmp_path / "city")
