"""Bytes into records: every record accounted for, whatever the file."""

import csv
import gzip
import hashlib
import io
import json
import os
import sqlite3
import zipfile
from contextlib import closing, suppress
from pathlib import Path
from threading import Thread

import geopandas as gpd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from hypothesis import given, strategies as st
from pyproj import Transformer
from tests.properties import examples
from tests.sentences import refuses

from csa.base.errors import CsaError, SourceError
from csa.ingest import map_files, record_columns
from csa.ingest.records import _codec, open_records, read_records
from csa.ingest.shapes import read_shapes


def write(folder, content):
    path = folder / "file.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_rows_come_with_the_line_at_which_they_begin(tmp_path):
    records = read_records(write(tmp_path, 'a,b\n1,"two\nlines"\n3,4\n\n5,6\n'))
    assert records.header == ("a", "b")
    assert records.rows == [["1", "two\nlines"], ["3", "4"], ["5", "6"]]
    assert [*records.lines] == [2, 4, 6]
    assert records.n_read == 3


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        ("\ufeffa,b\n1,é\n".encode(), [["1", "é"]]),
        ("a,b\n1,é\n".encode("utf-16"), [["1", "é"]]),
        ("a,b\n1,éé\n".encode("utf-16-le"), [["1", "éé"]]),
        ("a,b\n1,éé\n".encode("utf-16-be"), [["1", "éé"]]),
        ("a,b\n1,é\n".encode("latin-1"), [["1", "é"]]),
        (b"a,b\n1,\x81\n", [["1", "\x81"]]),
        (b"a;b\r\n1;2\r\n", [["1", "2"]]),
        (b"a\tb\n1\t2", [["1", "2"]]),
        (b"a,b\n1,2,\n", [["1", "2"]]),
    ],
    ids=["bom", "utf16", "utf16le", "utf16be", "latin1", "odd byte", "semicolon", "tab", "comma"],
)
def test_every_common_encoding_and_delimiter_is_read(tmp_path, content, rows):
    assert read_records(write(tmp_path, content)).rows == rows


def test_latin_1_is_read_and_said(tmp_path):
    (note,) = read_records(write(tmp_path, "a,b\n1,é\n".encode("latin-1"))).notes
    assert "Latin-1" in str(note)


def test_a_record_cut_off_inside_quotes_is_one_unreadable_row(tmp_path):
    records = read_records(write(tmp_path, 'a,b\n1,2\n3,"4\n5,6\n7,8\n'))
    assert records.rows == [["1", "2"]]
    assert records.unreadable == [3]
    assert records.n_read == 2
    assert "starts on line 3; the 3 lines" in str(records.notes[0])


def test_a_stray_quote_in_the_middle_is_said_with_the_lines_that_it_swallows(tmp_path):
    lines = ["a,b", "1,2", '3,"4', *["5,6"] * 40, '7,8"', "9,10"]
    records = read_records(write(tmp_path, "\n".join(lines) + "\n"))
    swallowed = records.unreadable or [
        number for number, row in zip(records.lines, records.rows, strict=True) if "\n" in row[1]
    ]
    assert swallowed == [3]
    lines[-2] = '7",8'
    records = read_records(write(tmp_path, "\n".join(lines) + "\n"))
    assert records.unreadable == [3]
    assert "line 3 of file.csv runs over 42 lines" in str(records.notes[0])


def test_half_a_letter_in_json_makes_its_record_unreadable(tmp_path):
    records = read_records(write(tmp_path, '[{"a": "\\ud800", "b": 1}, {"a": "x", "b": 2}]'))
    assert records.unreadable == [1]
    assert records.rows == [["x", "2"]]


def test_a_real_export_cut_off_in_its_last_field(shared_data):
    records = read_records(shared_data / "kc" / "kcpd_2019_export_sample_3.csv")
    assert (len(records.rows), records.unreadable, records.n_read) == (2, [4], 3)


@pytest.mark.parametrize("row", ["1", "1,2,3", "1,\0"])
def test_a_row_too_short_too_long_or_with_a_nul_byte_is_unreadable(tmp_path, row):
    records = read_records(write(tmp_path, f"a,b\n{row}\n5,6\n"))
    assert records.unreadable == [2]
    assert records.rows == [["5", "6"]]


def test_a_list_of_json_records_is_read_with_nested_values_as_text(tmp_path):
    listed = [{"a": 1, "p": {"type": "Point"}}, {"b": None, "a": "x"}, "no record"]
    records = read_records(write(tmp_path, json.dumps(listed)))
    assert records.header == ("a", "p", "b")
    assert records.rows == [["1", '{"type": "Point"}', ""], ["x", "", ""]]
    assert [*records.lines] == [1, 2]
    assert records.unreadable == [3]


def test_records_in_records_are_columns_to_the_third_name_and_deeper_ones_text(tmp_path):
    listed = {"shootings": [{"a": {"b": {"c": {"d": 2}, "e": 3}}}]}
    records = read_records(write(tmp_path, json.dumps(listed)))
    assert records.header == ("a b c", "a b e")
    assert records.rows == [['{"d": 2}', "3"]]


def test_what_is_named_beside_a_nested_point_is_a_column_and_what_a_portal_packs_is_none(tmp_path):
    place = {"lat": 39.9, "lon": -75.1, "neighborhood": "Oak Hill"}
    portal = {"latitude": "39.9", "longitude": "-75.1", "human_address": '{"city": "X"}'}
    for one, header in ((place, ("id", "at", "at neighborhood")), (portal, ("id", "at"))):
        records = read_records(write(tmp_path, json.dumps({"shootings": [{"id": 1, "at": one}]})))
        assert records.header == header
    assert records.rows[0][1] == json.dumps(portal)


def test_json_with_a_record_a_line_is_read_and_a_line_that_is_cut_off_is_counted(tmp_path):
    point = {"type": "Feature", "properties": {"a": 3}, "geometry": {"type": "Point"}}
    lines = ['{"a": 1}', '{"b": "x\\u2028y", "a": 2}', "", "\x1e" + json.dumps(point), '{"a": 4']
    records = read_records(write(tmp_path, "\r\n".join(lines)))
    assert records.header == ("a", "b", "geometry")
    assert records.rows == [["1", "", ""], ["2", "x\u2028y", ""], ["3", "", '{"type": "Point"}']]
    assert (records.unreadable, records.n_read) == ([4], 4)


HERE = [-94.5, 39.125]


@pytest.mark.parametrize(
    ("named", "real"),
    [
        ("urn:ogc:def:crs:EPSG::26915", "EPSG:26915"),
        ("EPSG:3857", "EPSG:3857"),
        ("EPSG:3857", "EPSG:4326"),  # it says meters, and gives degrees
        ("urn:ogc:def:crs:EPSG::4267", "EPSG:4326"),  # degrees, if older ones
        ("urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4326"),
        ("EPSG:5703", "EPSG:4326"),  # heights
    ],
)
def test_geojson_in_the_system_that_it_names_becomes_degrees(tmp_path, named, real):
    """Whatever the features call x, longitude or geometry besides."""
    turn = Transformer.from_crs("EPSG:4326", real, always_xy=True).transform
    points = [turn(HERE[0] + 0.01 * n, HERE[1]) for n in range(3)]
    features = [
        {
            "type": "Feature",
            "properties": {"a": n, "x": 5, "longitude": 7},
            "geometry": {"type": "Point", "coordinates": [*point, 250.5]} if n else None,
        }
        for n, point in enumerate(points)
    ]
    answer = {"crs": {"type": "name", "properties": {"name": named}}, "features": features}
    path = write(tmp_path, json.dumps(answer))
    with open_records(path) as reading:
        assert reading.crs == ""
    records = read_records(path)
    assert records.header == ("a", "x", "longitude", "geometry")
    assert records.rows[0] == ["0", "5", "7", ""]
    for n, row in enumerate(records.rows[1:], 1):
        assert json.loads(row[3])["coordinates"][:2] == pytest.approx(
            [HERE[0] + 0.01 * n, HERE[1]], abs=1e-7
        )


def test_one_record_in_a_file_of_a_record_a_line_is_a_list_of_one(tmp_path):
    path = tmp_path / "quiet_month.jsonl"
    path.write_text('{"a": 1}\n')
    assert read_records(path).rows == [["1"]]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        ("\u00a0\n", "is empty"),
        ("\ufeff\ufeff", "is empty"),
        ("\ufeff \n", "is empty"),
        ("\ufeff".encode("utf-16"), "is empty"),
        (b"a,b\n", "has no records."),
        (b"[]", "has no records. Download it again, or choose a period that has rows."),
        (b"just words\nmore words\n", "is not a CSV table"),
        (b'a,"b\n1,2\n', "is not a CSV table"),
        (b"a,\0b\n1,2\n", "is not a CSV table"),
        (b"PK\x03\x04 and so on", "is an Excel or zip file"),
        (b"%PDF-1.7", "is a PDF"),
        (b"<!doctype html><p>404", "is a web page or XML"),
        (b'[{"a": 1', "starts like JSON but is not:"),
        (b'{"a": 1}', "is JSON but not a list of records"),
        (b'{"a": 1}\n{"a": ', "starts like JSON but is not:"),
    ],
)
def test_what_is_no_table_is_refused_with_a_sentence(tmp_path, content, sentence):
    path = write(tmp_path, content)
    with pytest.raises(SourceError, match=sentence) as caught:
        read_records(path)
    assert "file.csv" in str(caught.value)


TABLE = b"a,b\n1,2\n"
MADE_BY, DAY = b"PK\x01\x02\x14\x03", b"\x21\x00"


def zipped(path, **parts):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), content)
    return path


def strange(of, by, lzma=0):
    """Pack a table, and change what its archive says of it; with LZMA, its content."""
    buffer = io.BytesIO()
    how = zipfile.ZIP_LZMA if lzma else zipfile.ZIP_STORED
    with zipfile.ZipFile(buffer, "w", how) as archive:
        archive.writestr(zipfile.ZipInfo("s.csv"), TABLE, how)
    content = buffer.getvalue()
    assert of in content
    if lzma:
        at = content.index(b"s.csv") + 20
        return content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :]
    return content.replace(of, by)


def test_a_table_that_is_packed_alone_is_read_and_known_by_the_packed_file(tmp_path):
    packed = zipped(tmp_path / "shots.zip", data__2024_csv=TABLE, readme_txt=b"About.")
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr("__MACOSX/data/._2024.csv", b"\x00\x05\x16\x07")
    (tmp_path / "shots.csv.gz").write_bytes(gzip.compress(TABLE))
    for name, file in (("shots.zip", "2024.csv"), ("shots.csv.gz", "shots.csv")):
        records = read_records(tmp_path / name)
        assert (records.header, records.rows, [*records.lines]) == (("a", "b"), [["1", "2"]], [2])
        assert records.name == name
        assert records.sha256 == hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()
        assert [str(note) for note in records.notes] == [
            f"{name}: read {file}, which is packed inside it."
        ]
    zipped(tmp_path / "lines.zip", lines_ndjson=b'{"a": 1}\n{"a": 2}\n')
    assert read_records(tmp_path / "lines.zip").rows == [["1"], ["2"]]


def packed(content):
    """Pack without the time of day, which would give a case another name in each process."""
    return gzip.compress(content, mtime=0)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("x.zip", {"fatal_csv": TABLE, "hurt_csv": TABLE}, r"fatal\.csv, hurt\.csv\."),
        ("x.zip", {"readme_txt": b"a,b"}, "a zip file in which no map can be read"),
        ("x.zip", {"shots_csv": b""}, "x.zip/shots.csv is empty"),
        ("x.zip", {"shots_csv": b"%PDF"}, "x.zip/shots.csv is a PDF"),
        ("x.csv.gz", packed(TABLE)[:-4], "Unpack it, and give"),
        ("x.csv.gz", packed(bytes(100_000_001)), "too large. Unpack it"),
        ("x.zip", {"shots_csv": bytes(100_000_001)}, "too large when unpacked. Unpack it"),
        ("x.json.gz", packed(b"[" + b"1," * 7_500_000 + b"1]"), "too large when unpacked"),
        ("x.zip", strange(MADE_BY + b"\x14", MADE_BY + b"\x63"), "Unpack it, and give"),
        ("x.zip", strange(b"s.csv", b"s.csv", lzma=1), "Unpack it, and give"),
        ("x.zip", strange(bytes(6) + DAY, b"\x01" + bytes(5) + DAY), "it is encrypted"),
        ("x.csv.gz.gz", packed(packed(TABLE)), "a packed file in another"),
        ("x.gz", packed(b"PAR1"), "a packed file in another"),
        ("x.gpkg.gz", packed(TABLE), "a packed file in another"),
        ("x.csv", packed(TABLE), "x.csv is a packed file"),
    ],
)
def test_what_is_packed_and_no_one_table_is_refused(tmp_path, name, content, sentence):
    path = tmp_path / name
    zipped(path, **content) if isinstance(content, dict) else path.write_bytes(content)
    with pytest.raises(SourceError, match=sentence):
        read_records(path)


@pytest.mark.parametrize("name", ["points.gpkg", "points.zip", "points.shp"])
def test_a_map_of_points_is_records_with_places_in_degrees(tmp_path, name):
    table = {"kind": ["homicide", None], "day": ["2024-01-02", "2024-01-03"], "n": [1.0, 2.5]}
    points = gpd.GeoSeries.from_wkt(["POINT (-94.5 39.125)", "POINT EMPTY"], crs="EPSG:4326")
    shapes = gpd.GeoDataFrame(table, geometry=points).to_crs("EPSG:26915")
    shapes.loc[1, "geometry"] = None
    made = tmp_path / (name if name.endswith("gpkg") else "points.shp")
    shapes.to_file(made)
    if name.endswith("zip"):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            for part in tmp_path.glob("points.*[!p]"):
                archive.write(part, part.name)
            archive.write(made, made.name)
    records = read_records(tmp_path / name)
    assert records.header == ("kind", "day", "n", "geometry")
    (*first, place), second = records.rows
    assert first == ["homicide", "2024-01-02", "1"]
    assert second == ["", "2024-01-03", "2.5", ""]
    x, y = (float(part) for part in place.removeprefix("POINT (").removesuffix(")").split())
    assert (x, y) == pytest.approx((-94.5, 39.125), abs=1e-9)


def test_of_several_layers_that_with_points_is_read_and_two_of_them_are_refused(tmp_path):
    here = gpd.GeoDataFrame({"n": [1]}, geometry=gpd.points_from_xy(*zip(HERE)), crs="EPSG:4326")
    path = tmp_path / "city.gpkg"
    district = shapely.box(-95, 39, -94, 40)
    here.assign(geometry=[district]).to_file(path, layer="districts")
    here.to_file(path, layer="shootings")
    assert read_records(path).rows == [["1", "POINT (-94.5 39.125)"]]
    here.to_file(path, layer="older")
    with pytest.raises(SourceError, match="shootings, older"):
        read_records(path)


@pytest.mark.parametrize("shape", ["POINT Z (-94.5 39.125 250)", "MULTIPOINT ((-94.5 39.125))"])
def test_points_with_a_height_and_a_multipoint_of_one_are_points(tmp_path, shape):
    shapes = gpd.GeoDataFrame(
        {"n": [1, 2]},
        geometry=gpd.GeoSeries.from_wkt([shape, "MULTIPOINT ((0 0), (1 1))"], crs="EPSG:4326"),
    )
    shapes.to_file(tmp_path / "points.gpkg")
    assert read_records(tmp_path / "points.gpkg").rows == [["1", "POINT (-94.5 39.125)"], ["2", ""]]


def test_what_no_system_of_the_earth_is_has_a_sentence(tmp_path):
    here = gpd.GeoDataFrame({"n": [1]}, geometry=gpd.points_from_xy(*zip(HERE)), crs="EPSG:4326")
    here.to_file(tmp_path / "points.shp")
    (tmp_path / "points.prj").write_text('LOCAL_CS["Plan",UNIT["metre",1]]')
    with pytest.raises(CsaError, match="is not a known coordinate system"):
        read_records(tmp_path / "points.shp")


def test_bytes_that_nest_collections_are_no_geometry(tmp_path):
    """GEOS would use up the stack; a point is read."""
    deep = b"\x01\x07\x00\x00\x00\x01\x00\x00\x00" * 60_000 + b"\x01\x07" + bytes(7)
    point = shapely.to_wkb(shapely.Point(HERE))
    table = pa.table({"n": [1, 2], "geometry": pa.array([deep, point], pa.binary())})
    pq.write_table(table, tmp_path / "deep.parquet")
    records = read_records(tmp_path / "deep.parquet")
    assert records.rows[0][1].startswith("0107")
    assert records.rows[1][1] == "POINT (-94.5 39.125)"


def test_a_map_of_too_many_cells_is_refused_before_it_is_read(tmp_path, monkeypatch):
    here = gpd.GeoDataFrame({"n": [1]}, geometry=gpd.points_from_xy(*zip(HERE)), crs="EPSG:4326")
    here.to_file(tmp_path / "points.gpkg")
    monkeypatch.setattr(map_files, "MOST_CELLS", 1)
    with pytest.raises(SourceError, match="has 2 cells, more than the 1"):
        read_records(tmp_path / "points.gpkg")


@pytest.mark.parametrize("said", [100, 0, -5, 999, None])
def test_a_geopackages_rows_are_those_that_are_there_whatever_number_stands_beside(
    tmp_path, monkeypatch, said
):
    n, path = 400, tmp_path / "points.gpkg"
    points = gpd.points_from_xy([-94.5] * n, [39.1] * n, crs="EPSG:4326")
    gpd.GeoDataFrame({"n": range(n)}, geometry=points).to_file(path)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE gpkg_ogr_contents SET feature_count = ?", (said,))
    assert [row[0] for row in read_records(path).rows] == [str(at) for at in range(n)]
    assert len(read_shapes(path, None, "services")) == n
    monkeypatch.setattr(map_files, "MOST_CELLS", 2 * n - 1)
    with refuses("source.vast_map", SourceError):
        read_records(path)


def test_a_map_without_a_system_gives_x_and_y_and_a_broken_one_a_sentence(tmp_path):
    points = gpd.points_from_xy([5, 7], [6, 8], crs="EPSG:26915")
    gpd.GeoDataFrame({"a": ["u", "v"]}, geometry=points).to_file(tmp_path / "plain.shp")
    (tmp_path / "plain.prj").unlink()
    records = read_records(tmp_path / "plain.shp")
    assert (records.header, records.rows) == (("a", "x", "y"), [["u", "5", "6"], ["v", "7", "8"]])
    (tmp_path / "broken.gpkg").write_bytes(b"SQLite format 3\0 and no more")
    with pytest.raises(SourceError, match="a map that cannot be read"):
        read_records(tmp_path / "broken.gpkg")


def test_an_absent_file_and_a_folder_are_refused(tmp_path):
    with pytest.raises(SourceError, match="File not found"):
        read_records(tmp_path / "nothing.csv")
    with pytest.raises(SourceError, match=r"can't be read.*Is a directory"):
        read_records(tmp_path)


def test_a_very_long_field_is_no_reason_to_stop(tmp_path):
    before = csv.field_size_limit()
    records = read_records(write(tmp_path, f"a,b\n1,{'x' * 300_000}\n"))
    assert len(records.rows[0][1]) == 300_000
    assert csv.field_size_limit() == before


TEXT = st.text(st.characters(exclude_characters="\0\r", exclude_categories=["Cs"]), max_size=8)


@examples(3)
@given(rows=st.lists(st.lists(TEXT, min_size=2, max_size=2), min_size=1, max_size=10))
def test_what_csv_writes_comes_back_whole(tmp_path_factory, rows):
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows([["a", "b"], *rows])
    path = write(tmp_path_factory.mktemp("round"), buffer.getvalue())
    assert read_records(path).rows == rows


@examples(5)
@given(text=st.text(st.sampled_from('ab1,"\n\r;\0 '), max_size=60))
def test_any_text_gives_records_or_a_sentence(tmp_path_factory, text):
    path = write(tmp_path_factory.mktemp("any"), f"a,b\n{text}")
    with suppress(SourceError):
        records = read_records(path)
        assert records.n_read == len(records.rows) + len(records.unreadable) > 0
        assert all(len(row) == 2 for row in records.rows)
        assert [*records.lines] == sorted(records.lines)


def test_a_file_that_another_program_changes_while_it_is_read_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(record_columns, "BLOCK", 1)
    path = write(tmp_path, "a,b\n" + "1,2\n" * 9)
    reading = open_records(path)
    with path.open("a") as more:
        more.write("3,4\n")
    with pytest.raises(SourceError, match=r"changed while it was being read\."):
        list(reading.blocks)


@pytest.mark.parametrize("content", ["a,b\n1,2\n", '[{"a": 1, "b": 2}]'])
def test_what_changes_between_its_checks_and_its_rows_is_refused_too(
    tmp_path, monkeypatch, content
):
    path = write(tmp_path, content)

    def codec(*given):
        with path.open("ab") as more:
            more.write(b"\n")
        return _codec(*given)

    monkeypatch.setattr("csa.ingest.records._codec", codec)
    with pytest.raises(SourceError, match=r"changed while it was being read\."):
        read_records(path)


def test_what_can_no_longer_be_decoded_has_changed(tmp_path, monkeypatch):
    monkeypatch.setattr("csa.ingest.records._codec", lambda *_: ("utf-8-sig", ""))
    with pytest.raises(SourceError, match=r"changed while it was being read\."):
        read_records(write(tmp_path, b"a,b\n\xff,2\n"))


def test_a_file_is_closed_where_nobody_reads_on(tmp_path):
    path = write(tmp_path, "a,b\n" + "1,2\n" * 9)
    with open_records(path) as reading:
        assert path in {Path(one).resolve() for one in Path("/proc/self/fd").iterdir()}
    assert path not in {Path(one).resolve() for one in Path("/proc/self/fd").iterdir()}
    assert reading.header == ("a", "b")


def test_a_pipe_is_read_as_a_file_is(tmp_path):
    path = tmp_path / "pipe.csv"
    os.mkfifo(path)
    writer = Thread(target=path.write_text, args=("a,b\n1,2\n3,4\n",))
    writer.start()
    assert read_records(path).rows == [["1", "2"], ["3", "4"]]
    writer.join()
