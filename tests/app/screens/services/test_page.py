"""Services on screen: what there is, what is missing where, and the list as a file."""

import csv
import io

import pytest
from streamlit.testing.v1 import AppTest

from app.screens.services import parts
from csa.base.text import speak
from csa.config.loading import load_city
from csa.dataset.versioned import open_city
from csa.geo.services import LISTED
from tests.app.conftest import open_page, words


@pytest.fixture
def page(root, dataset, monkeypatch, tmp_path):
    monkeypatch.setenv("CSA_CITY", str(dataset))
    monkeypatch.setenv("CSA_STORE", str(tmp_path / "store.sqlite3"))

    def start(**secrets):
        for name, value in secrets.items():
            monkeypatch.setenv(name, value)
        made = AppTest.from_file(str(root / "app" / "main.py"), default_timeout=120)
        return open_page(made, "screens/services/page.py").run()

    return start


def test_kinds_areas_and_every_service_are_listed_with_what_is_missing(page):
    made = page()

    def choose(kind):
        return made.selectbox(key="service kind").select(kind).run()

    assert not made.exception
    said = words(made)
    assert "The list has 74 services of 6 kinds." in said
    assert "lack most, also within 0.5 miles: conflict resolution hub (missing in" in said
    assert "75 (known for 2 of 6)" in said  # people that clinics can serve
    assert "1 of 3 for which it is known" in said
    assert "Circles after a shooting" in said
    assert "Bright Harbor Church" not in said  # nothing more is known of it
    assert made.code[0].value.startswith("csa ingest --city sample --out ")
    assert "Bright Harbor Church" in words(choose(speak("services_page.every_kind")))
    made = choose("library")
    assert "Circles after a shooting" not in words(made)
    assert "Evening study hall" in words(made)


def test_the_public_sees_none_of_it(page):
    made = page(CSA_ACCESS="public")
    assert not made.exception
    assert "services of 6 kinds" not in words(made)


def test_the_file_holds_every_service_in_its_columns(root, dataset):
    city = open_city(load_city(root / "config" / "sample.toml"), dataset)
    found = parts.inventory(city, [])
    rows = list(csv.DictReader(io.StringIO(parts.inventory_csv(found.listed).decode())))
    assert list(rows[0]) == list(LISTED)
    assert len(rows) == 74
    (hub,) = (row for row in rows if row["name"] == "Open Door Hub")
    assert (hub["program"], hub["capacity"], hub["evaluated"]) == ("Street mediation", "40", "no")
    assert all(row["capacity"] in {"", "60", "40", "25", "30", "45", "80"} for row in rows)
