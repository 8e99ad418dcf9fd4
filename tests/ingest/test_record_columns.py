"""Parquet is read as every other table is; records as columns lose nothing."""

from datetime import date
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from hypothesis import given, strategies as st
from tests.properties import examples

from csa.base.errors import SourceError
from csa.city.loading import load_city
from csa.ingest import record_columns
from csa.ingest.intake import ingest_city
from csa.ingest.record_columns import BLOCK, cell_text, concat_blocks, in_blocks
from csa.ingest.records import read_records
from csa.ingest.sources import Inputs


def write(folder, **columns):
    path = folder / "list.parquet"
    pq.write_table(pa.table(columns), path)
    return path


@pytest.mark.long
def test_a_parquet_file_gives_the_incidents_of_the_csv_with_the_same_rows(root, tmp_path):
    config, folder = load_city(root / "config" / "sample.toml"), root / "data" / "sample"
    file = folder / "shootings.csv"
    table = pd.read_csv(file, dtype="str", keep_default_na=False)
    table.to_parquet(tmp_path / "list.parquet", index=False)
    places = folder / config.places.file
    read = [
        ingest_city(config, Inputs((path,), places)).dataset
        for path in (file, tmp_path / "list.parquet")
    ]
    pd.testing.assert_frame_equal(read[0].incidents, read[1].incidents)
    assert read[0].report["fingerprint"] == read[1].report["fingerprint"]
    assert read[0].report["rows_read"] == read[1].report["rows_read"] == len(table)


def test_cells_are_what_a_csv_would_say_of_them(tmp_path):
    point = shapely.Point(-94.5, 39.25)
    path = write(
        tmp_path,
        n=pa.array([7, None]),
        x=[7.0, float("nan")],
        when=[pd.Timestamp(2020, 8, 1, 23, 5), None],
        day=[date(2020, 8, 1), None],
        sum=[Decimal("2.50"), Decimal("2.00")],
        name=pa.array(["Ward 3", None]).dictionary_encode(),
        geometry=[point.wkb, b"no geometry"],
        parts=[{"a": ["é"]}, None],
    )
    records = read_records(path)
    assert records.header == ("n", "x", "when", "day", "sum", "name", "geometry", "parts")
    assert [*records.lines] == [1, 2]
    assert records.rows == [
        ["7", "7", "2020-08-01 23:05:00", "2020-08-01", "2.50", "Ward 3",
         "POINT (-94.5 39.25)", '{"a": ["é"]}'],
        ["", "", "", "", "2", "", b"no geometry".hex(), ""],
    ]  # fmt: skip
    assert cell_text(1e300) == str(int(1e300))
    assert cell_text(float("inf")) == "inf"


@pytest.mark.parametrize("content", [b"PAR1 and so on", b"PAR1" * 40])
def test_a_damaged_file_is_refused(tmp_path, content):
    path = tmp_path / "list.parquet"
    path.write_bytes(content)
    with pytest.raises(SourceError, match="can't be read as a Parquet file"):
        read_records(path)


def test_a_column_that_stands_twice_is_read_as_a_csv_has_it(tmp_path):
    columns = [["a", "b"], ["c", "d"], [1, 2]]
    table = pa.table([pa.array(column) for column in columns], names=["x", "x", "n"])
    pq.write_table(table, tmp_path / "list.parquet")
    (tmp_path / "list.csv").write_text("x,x,n\na,c,1\nb,d,2\n")
    parquet, csv = (read_records(tmp_path / f"list.{kind}") for kind in ("parquet", "csv"))
    assert (parquet.header, parquet.rows) == (csv.header, csv.rows)


@pytest.mark.long
def test_one_cut_off_one_without_rows_and_a_small_one_that_fills_the_memory_are_refused(
    tmp_path, monkeypatch
):
    whole = write(tmp_path, a=["x"] * 999, b=[1] * 999).read_bytes()
    path = tmp_path / "cut.parquet"
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SourceError, match="can't be read as a Parquet file"):
        read_records(path)
    with pytest.raises(SourceError, match=r"has no records\."):
        read_records(write(tmp_path, a=pa.array([], pa.string()), b=pa.array([], pa.int64())))
    monkeypatch.setattr(record_columns, "FREE_CHARACTERS", 10_000)
    for columns in (
        {"a": ["x" * 1000] * 100_000},  # one text, written once
        {"a": pa.array(["x" * 1000] * 100_000).dictionary_encode()},
        {"a": pa.nulls(10_000_000, pa.int64())},
    ):
        with pytest.raises(SourceError, match="far more text than"):
            read_records(write(tmp_path, **columns))


@examples(3)
@given(st.lists(st.tuples(st.text("ab", max_size=2), st.text("ab", max_size=2)), max_size=12))
def test_records_are_alike_where_their_marks_are(rows):
    (block,) = in_blocks(enumerate(rows, 2), 2)
    assert [*zip(*block.columns, strict=True)] == rows
    assert [*block.lines] == [*range(2, len(rows) + 2)]
    assert [block.marks.index(mark) for mark in block.marks] == [rows.index(row) for row in rows]


def test_blocks_are_joined_in_order():
    rows = [(str(number), "x") for number in range(2 * BLOCK + 1)]
    blocks = [*in_blocks(enumerate(rows, 1), 2)]
    assert [len(block.lines) for block in blocks] == [BLOCK, BLOCK, 1]
    (first, second), lines = concat_blocks(blocks)
    assert [*lines] == [*range(1, len(rows) + 1)]
    assert first.tolist() == [row[0] for row in rows]
    assert first.dtype == second.dtype == pd.Series(["x"], dtype="str").dtype
    assert second.eq("x").all()
    assert first.index.equals(pd.RangeIndex(len(rows)))
