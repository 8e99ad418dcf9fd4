"""New city on screen: what is asked, what is shown, what is made, and who may."""

from dataclasses import dataclass

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest
from tests.app.conftest import open_page, words
from tests.workflow.layouts import LAYOUTS, louisville, shootings, write

from csa.base.errors import CsaError
from csa_app.screens.new_city import parts

MIDDLE = (-85.78, 38.23)


@pytest.fixture
def page(root, dataset, tmp_path, monkeypatch):
    """The page on this machine; what it makes goes to a folder of the test's own."""
    monkeypatch.setenv("CSA_CITY", str(dataset))
    monkeypatch.setenv("CSA_STORE", str(tmp_path / "store.sqlite3"))
    monkeypatch.setenv("CSA_BASEMAP", str(tmp_path / "no basemap"))
    monkeypatch.setattr(parts, "ROOT", tmp_path)
    made = AppTest.from_file(str(root / "app" / "csa_app" / "main.py"), default_timeout=120)
    return open_page(made, "screens/new_city/page.py").run()


def give(page, path):
    page.file_uploader(key="new file").upload(path.name, path.read_bytes(), "text/csv")
    return page.run()


@pytest.mark.long
def test_a_file_is_understood_and_becomes_a_city(page, tmp_path):
    assert not page.exception
    assert "No file yet." in words(page)
    rows = [row for one in shootings(MIDDLE, 400) for row in louisville(one)]
    path = tmp_path / "shootings.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    page.text_input(key="new name").set_value("Louisville").run()
    give(page, path)
    assert not page.exception
    said = words(page)
    assert f"{len(rows):,} rows" in said
    assert "time zone America/Kentucky/Louisville" in said
    assert not (tmp_path / "config").exists()
    page.button(key="make the city").click().run()
    assert not page.exception
    assert "candidate areas. Open it with: csa serve --city " in words(page)
    assert (tmp_path / "config" / "louisville.toml").is_file()
    assert (tmp_path / "var" / "louisville" / "dataset" / "ingest.json").is_file()
    assert (tmp_path / "data" / "louisville" / "shootings.csv").is_file()
    page.run()
    assert "config/louisville.toml already exists." in words(page)


def test_what_is_in_doubt_is_asked_and_the_answer_changes_the_table(page, tmp_path):
    give(page, write(LAYOUTS["swapped names"], tmp_path))
    assert not page.exception
    (asked,) = page.radio
    assert "Which number is the longitude" in asked.label
    before = words(page)
    asked.set_value(1).run()
    assert not page.exception
    assert words(page) != before


def test_what_cannot_be_understood_is_said(page, tmp_path):
    path = tmp_path / "robberies.csv"
    pd.DataFrame(
        [
            {"date": "2023-01-05", "offense": "ROBBERY", "latitude": 38.2, "longitude": -85.7}
            for _ in range(40)
        ]
    ).to_csv(path, index=False)
    give(page, path)
    assert not page.exception
    assert "does not look like a file of shootings" in words(page)
    assert not [one for one in page.button if one.key == "make the city"]


@dataclass(frozen=True)
class Upload:
    name: str

    def getvalue(self):
        return b"a,b\n1,2\n"


def test_uploads_stay_in_their_folder_and_two_of_one_name_are_refused(tmp_path):
    files = [Upload("../../a.csv"), Upload("/etc/b.csv")]
    shootings, others = parts.keep(tmp_path, (files, [Upload("a.csv")]))
    kept = [path.relative_to(tmp_path).as_posix() for path in (*shootings, *others)]
    assert kept == ["shootings/a.csv", "shootings/b.csv", "others/a.csv"]
    for name in ("x/a.csv", "..", "n" * 300):
        with pytest.raises(CsaError):
            parts.keep(tmp_path, ([Upload(name)], []))


def test_what_strangers_wrote_into_a_file_is_no_link_in_the_sentence_that_refuses_it(page):
    page.file_uploader(key="new file").upload(
        "[win](evil.example).csv",
        b"when,[win](http://evil.example),![x](http://e.example/x)\n1,2,3\n",
        "text/csv",
    )
    page.run()
    assert not page.exception
    (refused,) = page.error
    assert "](" not in refused.value
    assert "http:" not in refused.value
