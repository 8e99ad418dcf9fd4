"""The bundle: nothing but what may be told, the same bytes each time, whole or not at all."""

import csv
import errno
import io
import json
import os
import re
import shutil
from collections import Counter
from dataclasses import replace

import duckdb
import jsonschema
import pyarrow.parquet as pq
import pytest
import shapely
from tests.reports.conftest import INTERNAL
from tests.sentences import refuses

from csa.base.errors import OutputError, SourceError
from csa.cli.publish import show_published
from csa.reports.public.bundle import (
    COLUMNS,
    all_published,
    bundle_files,
    carried_on,
    publish_bundle,
    read_bundle,
    read_bundle_files,
    read_published,
)
from csa.reports.public.site import PAGES

ALLOWED = {".json", ".geojson", ".csv", ".html", ".svg", ".xml", ".parquet"}
SITE = {f"{folder}{page}" for folder in ("", "es/") for page in PAGES}


def files_in(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def texts(bundle_folder):
    """Every file of the bundle that is text."""
    files = files_in(bundle_folder)
    is_text = {name: not name.endswith(".parquet") for name in files}
    return {name: held.decode() for name, held in files.items() if is_text[name]}


# ---- by hand -------------------------------------------------------------------------------


def test_a_bundle_holds_data_pages_pictures_and_a_feed_and_nothing_else(bundle_folder):
    names = set(files_in(bundle_folder))
    assert {f".{name.rpartition('.')[2]}" for name in names} == ALLOWED
    assert names >= {"bundle.json", "published.json", "cells.geojson", "areas.geojson", *COLUMNS}
    assert names >= {"map.svg", "map-es.svg", *SITE}


@pytest.mark.parametrize("name", ["areas", "cells"])
def test_parquet_is_the_same_table_and_says_what_it_is(bundle_folder, name):
    """Read as R reads it: by duckdb, and by pyarrow for what it says of itself."""
    path = bundle_folder / f"{name}.parquet"
    columns = ", ".join(f'"{column}"' for column in COLUMNS[f"{name}.csv"])
    rows = duckdb.sql(f"SELECT {columns} FROM read_parquet('{path}')").fetchall()  # noqa: S608
    with (bundle_folder / f"{name}.csv").open(newline="", encoding="utf-8") as lines:
        _, *listed = csv.reader(lines)
    assert [["" if v is None else str(v) for v in row] for row in rows] == listed
    about = pq.read_metadata(path).metadata
    assert about[b"quarter"] == b"2020-Q2"
    assert b"fewer than 10" in about[b"column:count"]
    assert json.loads(about[b"geo"])["primary_column"] == "geometry"


def test_the_catalog_has_what_dcat_us_requires(bundle_folder):
    """The required fields and forms of DCAT-US 1.1, written down anew from its documentation."""
    text = {"type": "string", "minLength": 1}
    url = {"type": "string", "pattern": "^https://"}
    distribution = {
        "required": ["@type", "mediaType", "format", "downloadURL"],
        "properties": {
            "@type": {"const": "dcat:Distribution"},
            "mediaType": {"pattern": r"^[-\w]+/[-\w]+(\.[-\w]+)*([+][-\w]+)?$"},
            "downloadURL": url,
        },
    }
    dataset = {
        "required": [
            "title",
            "description",
            "keyword",
            "modified",
            "publisher",
            "contactPoint",
            "identifier",
            "accessLevel",
        ],
        "properties": {
            "@type": {"const": "dcat:Dataset"},
            "title": text,
            "description": text,
            "identifier": text,
            "keyword": {"type": "array", "minItems": 1, "items": text},
            "modified": {"pattern": r"^\d{4}-\d{2}-\d{2}$"},
            "accessLevel": {"enum": ["public", "restricted public", "non-public"]},
            "rights": {"type": "string", "minLength": 1, "maxLength": 255},
            "accrualPeriodicity": {"pattern": r"^R/P\d+[YMD]$"},
            "temporal": {"pattern": r"^\d{4}-\d{2}-\d{2}/\d{4}-\d{2}-\d{2}$"},
            "publisher": {"required": ["name"], "properties": {"name": text}},
            "contactPoint": {
                "required": ["fn", "hasEmail"],
                "properties": {"fn": text, "hasEmail": {"pattern": r"^mailto:[^@\s]+@[^@\s]+$"}},
            },
            "distribution": {"type": "array", "minItems": 1, "items": distribution},
        },
    }
    schema = {
        "required": ["conformsTo", "dataset"],
        "properties": {
            "conformsTo": {"const": "https://project-open-data.cio.gov/v1.1/schema"},
            "dataset": {"type": "array", "minItems": 1, "items": dataset},
        },
    }
    catalog = json.loads((bundle_folder / "catalog.json").read_bytes())
    jsonschema.validate(catalog, schema)
    (told,) = catalog["dataset"]
    names = [one["downloadURL"].rpartition("/")[2] for one in told["distribution"]]
    assert {*names} == {
        name for name in files_in(bundle_folder) if name.endswith((".csv", ".geojson", ".parquet"))
    }
    without = {**told, "contactPoint": {"fn": "x"}}  # the schema sees a fault
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**catalog, "dataset": [without]}, schema)


def test_without_a_contact_there_is_no_catalog_and_nobody_s_address(public_made):
    silent = public_made.facts.model_copy(update={"contact": "", "email": "", "address": ""})
    assert "catalog.json" not in bundle_files(silent, [public_made.publication], {})


def test_what_was_written_is_what_is_read(bundle_folder, public_made, pictures):
    assert read_bundle(bundle_folder) == (public_made.facts, pictures)
    assert read_published(bundle_folder, "sample") == (public_made.publication,)


def test_the_tables_say_what_the_facts_say(texts, public_facts):
    def rows(name):
        return list(csv.DictReader(io.StringIO(texts[name])))

    for name, columns in COLUMNS.items():
        assert tuple(csv.DictReader(io.StringIO(texts[name])).fieldnames) == columns
    assert [(row["name"], row["count"]) for row in rows("neighborhoods.csv")] == [
        (place.name, "" if place.count is None else str(place.count))
        for place in public_facts.districts
    ]
    assert [(row["letter"], row["since"], row["count"]) for row in rows("areas.csv")] == [
        (area.letter, "2019-10-01", str(area.count)) for area in public_facts.areas
    ]
    assert len(rows("cells.csv")) == len(public_facts.cells)
    assert {row["low"] for row in rows("cells.csv")} == {"0", "10", "20", "40", "80"}
    assert [int(row["incidents"]) for row in rows("years.csv")] == [
        count for _, count in public_facts.years
    ]


def test_shapes_are_cells_and_outlines_of_areas(texts, public_facts):
    cells, areas = (json.loads(texts[f"{name}.geojson"]) for name in ("cells", "areas"))
    assert [one["properties"]["cell"] for one in cells["features"]] == [
        cell.cell for cell in public_facts.cells
    ]
    assert all(len(one["geometry"]["coordinates"][0]) == 7 for one in cells["features"])
    assert [one["properties"]["letter"] for one in areas["features"]] == ["A", "D", "F"]
    assert all(shapely.from_geojson(json.dumps(one)).is_valid for one in areas["features"])
    assert (cells["is_synthetic"], cells["quarter"]) == (True, "2020-Q2")


# ---- what must not be in it ----------------------------------------------------------------


def test_no_incident_is_in_it_by_number_or_by_place(texts, sample_source):
    incidents = sample_source.city.dataset.incidents
    numbers = set(incidents["incident_id"])
    pairs = {
        (round(lon, 5), round(lat, 5))
        for lon, lat in incidents[["lon", "lat"]].dropna().to_numpy().tolist()
    }
    assert len(numbers) > 3000
    assert len(pairs) > 1000
    pair = re.compile(r"(-?\d+\.\d+)\D{1,6}?(-?\d+\.\d+)")
    for name, text in texts.items():
        written = re.sub(r"data:image/png;base64,[A-Za-z0-9+/=]+", "", text)
        assert not numbers & set(re.findall(r"\b\d\d-\d{5}\b", written)), name
        found = {(round(float(a), 5), round(float(b), 5)) for a, b in pair.findall(written)}
        assert not found & pairs, name
        assert not {(b, a) for a, b in found} & pairs, name


def test_no_count_that_was_held_back_stands_anywhere(texts, public_facts, sample_source):
    incidents = sample_source.city.dataset.incidents
    when = incidents["occurred_at"]
    told = incidents[(when >= "2017-01-01") & (when < "2020-01-01")]
    true = Counter(told["neighborhood"])
    # From ten on it may be another year's number.
    held = [place.name for place in public_facts.districts if place.count is None]
    hidden = [name for name in held if 0 < true[name] < 10]
    assert len(hidden) > 10
    for name, text in texts.items():
        for place in hidden:
            beside = rf"{re.escape(place)}(?:</[a-z]+>|<[^>]*>|[\",:\s])*{true[place]}\b"
            assert not re.search(beside, text), (name, place)


def test_nothing_internal_is_in_it(texts):
    assert not [name for name, text in texts.items() if INTERNAL in text]


# ---- the same bytes ------------------------------------------------------------------------


def test_the_same_facts_give_the_same_bytes(bundle_folder, public_made, pictures, tmp_path):
    publish_bundle(tmp_path / "b", public_made.facts, [public_made.publication], pictures)
    assert files_in(tmp_path / "b") == files_in(bundle_folder)


def test_the_ledger_is_in_order_and_holds_each_publication_once(public_made, pictures):
    one = public_made.publication
    older = replace(one, id="2020-Q1")
    other = replace(one, counts={"city": {"2019": {"all": 100}}})
    assert carried_on([one, older, one]) == (older, one)
    assert len(carried_on([one, other])) == 2
    first, second = (
        bundle_files(public_made.facts, ledger, pictures)["published.json"]
        for ledger in ([one, older, other], [other, one, one, older])
    )
    assert first == second


# ---- in its place --------------------------------------------------------------------------


@pytest.fixture
def copied(bundle_folder, tmp_path):
    return shutil.copytree(bundle_folder, tmp_path / "bundle")


def test_a_bundle_replaces_a_bundle_whole_its_pictures_too(copied, public_made):
    publish_bundle(copied, public_made.facts, [public_made.publication], {})
    names = set(files_in(copied))
    assert names >= SITE
    assert not [name for name in names if name.endswith(".svg")]
    assert read_bundle(copied)[1] == {}


@pytest.mark.parametrize("stranger", ["letter.txt", "es/letter.txt"])
def test_what_is_not_ours_is_never_replaced(copied, public_made, stranger):
    (copied / stranger).write_text("kept")
    before = files_in(copied)
    with pytest.raises(OutputError, match=r"letter\.txt"):
        publish_bundle(copied, public_made.facts, [public_made.publication], {})
    assert files_in(copied) == before


def test_a_full_disk_leaves_the_old_bundle_as_it_was(copied, public_made, monkeypatch):
    before = files_in(copied)

    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="No space left"):
        publish_bundle(copied, public_made.facts, [public_made.publication], {})
    assert files_in(copied) == before
    assert [path.name for path in copied.parent.iterdir()] == ["bundle"]


def test_what_somebody_else_published_meanwhile_is_not_lost(copied, public_made):
    before = files_in(copied)
    later = replace(public_made.publication, id="2020-Q3")
    with pytest.raises(OutputError, match="Someone else published"):
        publish_bundle(copied, public_made.facts, [later], {})
    assert files_in(copied) == before
    publish_bundle(copied, public_made.facts, [public_made.publication, later], {})
    assert [one.id for one in read_published(copied)] == ["2020-Q2", "2020-Q3"]


def test_all_that_was_ever_published_is_carried_on(copied, public_made, tmp_path):
    older = replace(public_made.publication, id="2020-Q1")
    publish_bundle(tmp_path / "older", public_made.facts, [older], {})
    found = all_published(copied, [tmp_path / "older", copied], "sample")
    assert found == (older, public_made.publication)
    assert all_published(tmp_path / "absent", [], "sample") == ()


# ---- refused -------------------------------------------------------------------------------


def test_a_folder_that_is_no_bundle_is_refused(tmp_path):
    (tmp_path / "bundle.json").write_text('{"kind": "dataset"}')
    for folder in (tmp_path, tmp_path / "absent"):
        with pytest.raises(SourceError, match="is not a public bundle"):
            read_bundle(folder)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("bundle.json", '"quarter"', '"qarter"'),
        ("bundle.json", "{", ""),
        ("bundle.json", '"level": 0', '"level": "none"'),
        ("published.json", '"2020-Q2"', '"2020-Q1"'),
    ],
)
def test_a_bundle_that_was_changed_is_refused(copied, name, old, new):
    path = copied / name
    path.write_text(path.read_text().replace(old, new))
    read = read_bundle if name == "bundle.json" else read_published
    with pytest.raises(SourceError, match=rf"damaged \({name}\)"):
        read(copied)


@pytest.mark.parametrize("name", ["map.svg", "map-es.svg"])
def test_a_picture_that_was_cut_short_is_refused(copied, name):
    path = copied / name
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(SourceError, match="damaged"):
        read_bundle(copied)


def test_a_bundle_without_maps_is_read_without_them(copied):
    marker = json.loads((copied / "bundle.json").read_text())
    for name in ("map.svg", "map-es.svg"):
        (copied / name).unlink()
        del marker["files"][name]
    (copied / "bundle.json").write_text(json.dumps(marker))
    assert read_bundle(copied)[1] == {}


@pytest.mark.parametrize("version", [0, 2])
def test_a_bundle_of_another_format_is_refused_to_readers_and_as_an_earlier_one(copied, version):
    path = copied / "bundle.json"
    path.write_text(path.read_text().replace('"format_version": 1', f'"format_version": {version}'))
    told = {"path": copied, "found": version, "known": 1}
    for read in (read_bundle, read_bundle_files, read_published):
        with refuses("bundle.format", SourceError, **told):
            read(copied)


def test_another_citys_bundle_is_no_earlier_one(copied, tmp_path):
    with pytest.raises(SourceError, match="is for sample, not for philadelphia"):
        all_published(tmp_path / "out", [copied], "philadelphia")


def test_a_city_of_fewer_than_ten_is_told_of_in_words(public_made, capsys, tmp_path):
    facts = public_made.facts.model_copy(update={"n_incidents": None, "n_unlocated": None})
    show_published(replace(public_made, facts=facts), tmp_path, [], 0, None)
    said = capsys.readouterr().out
    assert "Citywide: fewer than 10 incidents, fewer than 10 of them" in said
