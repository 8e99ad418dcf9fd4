"""Services on screen: what there is, what is missing where, and the list as a file."""

import csv
import io
import shutil

import pandas as pd
import pytest

from csa.city.dataset import open_city, save_dataset
from csa.city.loading import load_city
from csa.geo.services import LISTED
from csa.ingest.intake import ingest_city
from csa_app.screens.services import parts


def test_the_file_holds_every_service_in_its_columns(root, dataset):
    city = open_city(load_city(root / "config" / "sample.toml"), dataset)
    found = parts.inventory(city, [])
    rows = list(csv.DictReader(io.StringIO(parts.inventory_csv(found.listed).decode())))
    assert list(rows[0]) == list(LISTED)
    assert len(rows) == 74
    (hub,) = (row for row in rows if row["name"] == "Open Door Hub")
    assert (hub["program"], hub["capacity"], hub["evaluated"]) == ("Street mediation", "40", "no")
    assert all(row["capacity"] in {"", "60", "40", "25", "30", "45", "80"} for row in rows)


EVIL = "<img src=x onerror=alert(1)> [out](https://x.example) **B** \u202e=1+1"


@pytest.fixture
def hostile(root, tmp_path):
    """The made-up city, whose list of services and vacant land hold markup, links and bidi marks."""
    folder = tmp_path / "data"
    shutil.copytree(root / "data" / "sample", folder)
    for name, column in (("services.csv", "name"), ("vacant_places.csv", "block")):
        table = pd.read_csv(folder / name, dtype="str")
        evil = dict.fromkeys((column, "kind"), EVIL) | {"program": "=1+1"}
        table.assign(**{one: evil[one] for one in evil if one in table}).to_csv(
            folder / name, index=False
        )
    intake = ingest_city(load_city(root / "config" / "sample.toml"), folder)
    save_dataset(intake.dataset, intake.rejected, tmp_path / "ds")
    return tmp_path / "ds"


@pytest.mark.long
@pytest.mark.parametrize("screen", ["services", "why_here"])
def test_a_lists_own_texts_are_shown_as_text(visit, hostile, screen):
    made = visit(screen, CSA_CITY=hostile)
    assert not made.exception
    bodies = [element.proto.body for element in made.get("html")]
    assert any("&lt;img" in body for body in bodies)
    assert not any("<img" in body for body in bodies)
    told = [element.value for kind in ("markdown", "caption") for element in getattr(made, kind)]
    assert not any("[out](" in text or "**B**" in text for text in told)
    assert not any("\u202e" in text for text in (*bodies, *told))


def test_the_file_of_a_hostile_list_begins_no_formula(root, hostile):
    city = open_city(load_city(root / "config" / "sample.toml"), hostile)
    text = parts.inventory_csv(parts.inventory(city, []).listed).decode()
    rows = csv.DictReader(io.StringIO(text))
    assert {row["program"] for row in rows} == {"'=1+1"}
