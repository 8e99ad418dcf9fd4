"""Services on screen: what there is, what is missing where, and the list as a file."""

import csv
import io

import pytest
from streamlit.testing.v1 import AppTest

from app.screens.services import parts
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
    assert not made.exception
    said = words(made)
    assert "The list has 74 services of 6 kinds." in said
    assert "Not in, nor within 0.5 miles of, some of the" in said
    assert "125" in said  # people that the three hubs can serve
    assert "Circles after a shooting" in said
    assert made.code[0].value.startswith("csa ingest --city sample --out ")
    made.selectbox(key="service kind").select("library").run()
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
