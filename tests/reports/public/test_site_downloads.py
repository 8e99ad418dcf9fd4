"""Files for machines: each is described as it is, and the feed has an entry for each quarter."""

import csv
import hashlib
import io
import json
import xml.etree.ElementTree as ET

import pytest
import shapely
from tests.reports import told

from csa.base.text import Translator
from csa.disclosure.published import Publication
from csa.reports.public.areas import change_sentence
from csa.reports.public.bundle import COLUMNS, bundle_files, table_files
from csa.reports.public.facts import PublicPlace
from csa.reports.public.site import data_note, feed_bytes

ATOM = "{http://www.w3.org/2005/Atom}"
SQUARE = shapely.box(-94.6, 39.0, -94.5, 39.1)


@pytest.fixture(scope="module")
def facts():
    places = (
        PublicPlace(name="Ash Hollow", count=140, level=3, years=((2018, 71), (2019, None))),
        PublicPlace(name="Élan Park", count=None, level=0, quarters=(("2020-Q1", 12),)),
    )
    return told.facts(districts=places, quarters=(("2020-Q2", 214),))


def rows(content):
    return list(csv.DictReader(io.StringIO(content.decode())))


def test_the_package_names_each_data_file_with_its_columns_size_and_hash(facts):
    files = bundle_files(facts, [], {}, {"Ash Hollow": SQUARE})
    package = json.loads(files["datapackage.json"])
    listed = {one["path"]: one for one in package["resources"]}
    assert set(listed) == {
        name for name in files if name.endswith((".csv", ".geojson", ".parquet"))
    }
    for name, one in listed.items():
        assert one["bytes"] == len(files[name])
        assert one["hash"] == f"sha256:{hashlib.sha256(files[name]).hexdigest()}"
        if name in COLUMNS:
            header = files[name].decode().splitlines()[0].split(",")
            assert [field["name"] for field in one["schema"]["fields"]] == header
    assert package["description"] == data_note(facts, Translator())
    assert "adjust each number slightly" in package["description"]


def test_every_year_and_quarter_of_city_neighborhoods_and_areas_is_in_one_table(facts):
    found = rows(table_files(facts)["counts.csv"])
    assert [tuple(row.values()) for row in found if row["geography"] == "neighborhood"] == [
        ("neighborhood", "Ash Hollow", "2018", "71"),
        ("neighborhood", "Ash Hollow", "2019", ""),
        ("neighborhood", "Élan Park", "2020-Q1", "12"),
    ]
    city = [row for row in found if row["geography"] == "city"]
    assert [row["period"] for row in city] == ["2018", "2019", "2020-Q2"]


def test_neighborhoods_are_a_map_where_their_outlines_are_given(facts):
    files = table_files(facts, {"Ash Hollow": SQUARE})
    (feature,) = json.loads(files["neighborhoods.geojson"])["features"]
    found = feature["properties"]
    assert found == {"name": "Ash Hollow", "count": 140, "level": 3, "low": 25, "high": None}
    assert shapely.from_geojson(json.dumps(feature["geometry"])).equals(SQUARE)
    assert "neighborhoods.geojson" not in table_files(facts)


def test_the_feed_has_each_quarter_once_newest_first_and_only_the_newest_has_its_news(facts):
    ledger = [Publication(name, "s", {}, {}) for name in ("2019-Q4", "2020-Q1", "2020-Q1")]
    feed = ET.fromstring(feed_bytes(facts, ledger))  # noqa: S314 - our own
    entries = feed.findall(f"{ATOM}entry")
    found = [one.findtext(f"{ATOM}title") for one in entries]
    assert found == ["Quarter 2 of 2020", "Quarter 1 of 2020", "Quarter 4 of 2019"]
    found = [one.findtext(f"{ATOM}updated")[:10] for one in entries]
    assert found == ["2020-06-30", "2020-03-31", "2019-12-31"]
    newest, *others = (one.findtext(f"{ATOM}summary") or "" for one in entries)
    assert "214 shootings" in newest
    news = change_sentence(facts, Translator())
    assert news in newest
    assert not any(news in summary for summary in others)
    ids = [one.findtext(f"{ATOM}id") for one in (feed, *entries)]
    assert len(set(ids)) == 4
    assert feed_bytes(facts, ledger) == feed_bytes(facts, ledger[::-1])


def test_a_name_that_holds_markup_is_a_name(facts):
    evil = facts.model_copy(update={"city_name": "A & <B>"})
    feed = ET.fromstring(feed_bytes(evil, []))  # noqa: S314 - our own
    assert feed.find(f"{ATOM}author").findtext(f"{ATOM}name") == "A & <B>"
