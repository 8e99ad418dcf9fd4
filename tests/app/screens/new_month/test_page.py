"""New month on screen: upload, preview, one confirmation, undo; and who may."""

import json
import shutil
from datetime import date
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from tests.app.acts import confirm
from tests.app.conftest import open_page, words
from tests.mail_server import MailLog, serving
from tests.sentences import says
from tests.stores import SAMPLE_CLOCK, act, lettered
from tests.workflow.months import months_of

from csa.areas.analysis import propose_areas
from csa.areas.choices import AreaSettings
from csa.base.params import Month
from csa.city.dataset import open_city
from csa.city.loading import load_city
from csa.disclosure.texts import code_of
from csa.program.areas import designate
from csa.program.store.engine import open_store
from csa.program.store.records import read_records
from csa.program.work import add_task
from csa.workflow import month

MAIL = """
[mail]
host = "127.0.0.1"
port = {port}
security = "none"
office = "Prevention team"
from_address = "areas@city.example"

[mail.recipients]
executive = [{{ office = "Mayor's Office", email = "mayor@city.example" }}]
"""
CAUGHT = "Ask Marcus Reed about the lot"
ROOT = Path(__file__).parents[4]
SHOOTINGS = ROOT / "data" / "sample" / "shootings.csv"


@pytest.fixture
def page(root, dataset, tmp_path, monkeypatch):
    """The page on this machine, with a dataset and a data folder of the test's own."""
    home = tmp_path / "var"
    shutil.copytree(dataset, home / "dataset", symlinks=True)
    left = shutil.ignore_patterns("risk_terrain.geojson")  # takes longest to read
    shutil.copytree(ROOT / "data" / "sample", tmp_path / "data", ignore=left)
    monkeypatch.setenv("CSA_CITY", "sample")
    monkeypatch.setenv("CSA_DATASET", str(home / "dataset"))
    monkeypatch.setenv("CSA_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("CSA_STORE", str(tmp_path / "store.sqlite3"))
    monkeypatch.setenv("CSA_BASEMAP", str(tmp_path / "no basemap"))

    def make_all(facts, language, **_):
        page = f'<meta name="csa-snapshot" content="{facts.snapshot.id}">'
        stem = f"{facts.month}_executive_{language}"
        return {f"{stem}.html": page.encode(), f"{stem}.pdf": b"%PDF an edition"}

    monkeypatch.setattr(month, "make_all", make_all)
    monkeypatch.setattr(month, "_record", lambda *_: False)
    made = AppTest.from_file(str(root / "app" / "csa_app" / "main.py"), default_timeout=180)
    return open_page(made, "screens/new_month/page.py").run()


@pytest.mark.long
def test_a_month_is_looked_at_made_and_taken_back(page, tmp_path):
    assert not page.exception
    assert "No month has been made here yet." in words(page)
    page.button(key="look at the month").click().run()
    assert not page.exception
    said = words(page)
    assert "What July 2020 would be" in said
    assert not list((tmp_path / "var").glob("months/*"))
    page.button(key="make the month").click().run()
    assert not page.exception
    assert "July 2020 is made" in words(page)
    assert (tmp_path / "var" / "months" / "2020-07" / "summary.html").is_file()
    path = months_of(SHOOTINGS, "2020-08-10", tmp_path / "export.csv")
    page.file_uploader(key="month files").upload(path.name, path.read_bytes(), "text/csv").run()
    page.button(key="look at the month").click().run()
    assert "export.csv is read as shootings.csv" in words(page)
    assert "no longer in the files" in words(page)
    page.button(key="make the month").click().run()
    assert not page.exception
    assert "July 2020 is made" in words(page)
    page.button(key="undo the month").click().run()
    assert page.error[0].value.replace("\\", "") == says("store.no_by")  # nobody is "this machine"
    assert not (tmp_path / "var" / "undone").exists()
    page.text_input(key="month  office").input("Prevention team")
    page.button(key="undo the month").click().run()
    assert not page.exception
    assert (tmp_path / "var" / "undone").is_dir()


@pytest.fixture
def store(root, dataset, tmp_path):
    """A store with an area in service since the tenth of July, and a public task for a person."""
    city = open_city(load_city(root / "config" / "sample.toml"), dataset)
    made = open_store(str(tmp_path / "store.sqlite3"), make=True)
    signed = act(on=date(2020, 7, 10), at=SAMPLE_CLOCK.now())
    designate(made, signed, lettered(propose_areas(city, AreaSettings(until=Month(2020, 7))), "A"))
    given = {"what": CAUGHT, "agency": "Works", "status": "on-track", "is_public": True}
    add_task(made, signed, "A", given)
    return made


@pytest.mark.long
def test_what_would_be_left_out_is_said_and_a_text_is_confirmed_before_the_month(
    page, store, tmp_path
):
    page.button(key="look at the month").click().run()
    assert not page.exception
    waits = says("month.not_begun", since="August 2020")
    followed, public = says("month.product_followed"), says("reports_page.public")
    public = says("month.product_edition", edition=public)
    unread = says("month.left_out", products=public, why=says("new_month.until_confirmed"))
    assert says("month.left_out", products=followed, why=waits) in words(page)
    assert unread in words(page)
    (box,) = page.checkbox
    assert CAUGHT in box.label
    box.check()
    confirm(page)
    assert not page.exception
    assert unread not in words(page)
    assert [code_of(CAUGHT)] == list(read_records(store).confirmed)
    page.button(key="make the month").click().run()
    assert not page.exception
    account = json.loads((tmp_path / "var" / "months" / "2020-07" / "month.json").read_text())
    assert [one["products"] for one in account["left_out"]] == [["displacement"]]
    said = words(page)
    assert says("month.left_out", products=followed, why=waits) in said
    assert account["change"]["sentence"] in said


@pytest.mark.long
def test_the_editions_are_mailed_with_one_press_and_entered_in_the_register(
    page, tmp_path, monkeypatch
):
    pytest.importorskip("csa.extras.mail")
    page.button(key="look at the month").click().run()
    page.button(key="make the month").click().run()
    assert not [one for one in page.button if one.key == "mail the month"]  # no server is named
    log = MailLog()
    with serving(log) as port:
        (tmp_path / "csa.toml").write_text(MAIL.format(port=port), encoding="utf-8")
        monkeypatch.setenv("CSA_DEPLOYMENT", str(tmp_path / "csa.toml"))
        page.run()
        page.button(key="mail the month").click().run()
        assert not page.exception
        assert says("mailing.done", sent=1, waiting=0, other=0) in words(page)
        page.button(key="mail the month").click().run()  # once each
    assert [to for (to,), _ in log.mails] == ["mayor@city.example"]
    store = open_store(str(tmp_path / "store.sqlite3"))
    [row] = read_records(store).handouts
    assert (row.recipient, row.audience, row.month) == ("Mayor's Office", "executive", "2020-07")
    store.engine.dispose()
