"""The command that publishes: refused without an office's word, the ledger carried on."""

import hashlib
import json

import numpy as np
import pytest
from sqlalchemy import select

from csa.program.handouts import EVERYONE
from csa.program.secret import public_secret
from csa.program.store.engine import open_store
from csa.program.store.tables import HandoutRow
from csa.reports.public.bundle import read_bundle, read_published

RULE = """
[public]
domestic_rule = "no field in the source"
domestic_office = "Testville Police"
domestic_on = 2020-01-02
"""


def lines(n=120):
    """Give three years of rows all over the town."""
    places = np.random.default_rng(4).uniform((-94.598, 39.002), (-94.502, 39.048), (n, 2))
    rows = [
        f"{k},{k},{2017 + k % 3}-{1 + k % 12:02d}-05,0,{lon},{lat},,"
        for k, (lon, lat) in enumerate(places.tolist())
    ]
    ends = ("2017-01-01", "2019-12-31")
    return [*rows, *(f"{n + k},{n + k},{day},0,-94.57,39.02,," for k, day in enumerate(ends))]


def files_in(folder):
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


@pytest.fixture
def ingested(town, run):
    shootings = town.write("a.csv", *lines())
    run("ingest", "--city", town.config, "--places", town.places, "--out", "ds", shootings)
    return town


@pytest.fixture
def confirmed(ingested):
    ingested.config.write_text(ingested.config.read_text() + RULE)
    return ingested


@pytest.fixture
def publish(run, ingested):
    def call(*words, **more):
        return run("publish", "--city", ingested.config, "--dataset", "ds", *words, **more)

    return call


# ---- by hand -------------------------------------------------------------------------------


def test_a_quarter_is_published_and_told_then_the_next_with_its_ledger(confirmed, publish):
    done = publish("--out", "b", "--month", "2019-09")
    assert "2019-Q3, with January 2017 to December 2018" in done.stdout
    assert "cover only 24 months" in done.stdout
    assert "Testville Police confirmed that on January 2, 2020" in done.stdout
    assert "No earlier release is known. Name each earlier bundle with --earlier." in done.stdout
    folder = confirmed.folder / "b"
    facts, maps = read_bundle(folder)
    assert facts.quarter == "2019-Q3"
    assert all("data-place" in maps[language] for language in ("en", "es"))
    assert (folder / "es" / "wall.html").exists()
    (store,) = confirmed.folder.rglob("*.sqlite3")  # the first makes it, to keep the secret
    account = json.loads(publish("--out", "c", "--earlier", "b", "--json").stdout)
    assert (account["quarter"], account["earlier"], account["map"]) == ("2019-Q4", 1, None)
    assert set(account["held_back"]) == {"cell", "area", "neighborhood"}
    assert [one.id for one in read_published(confirmed.folder / "c")] == ["2019-Q3", "2019-Q4"]
    assert read_published(confirmed.folder / "c")[0] == read_published(folder)[0]
    told = {one.secret_id for one in read_published(confirmed.folder / "c")}
    secret = public_secret(open_store(str(store)))
    assert told == {secret.id}
    held = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    for written in (done.stdout.encode(), done.stderr.encode(), held):
        assert secret.value.hex().encode() not in written
        assert secret.value not in written


@pytest.mark.long
def test_who_publishes_is_in_the_register_once_a_day_and_changes_no_byte(confirmed, publish):
    said = " ".join(publish("--out", "b").stdout.split())
    assert "Add --by with the office." in said
    page = (confirmed.folder / "b" / "index.html").read_bytes()
    for office, told in (
        ("Prevention Team", "The handout record shows that Prevention Team published it."),
        # The first of a day stands.
        ("Mayor's Office", "The handout record already shows who published it, from earlier"),
    ):
        assert told in " ".join(publish("--out", "b", "--by", office).stdout.split())
    for words in ((), ("--by", "Prevention Team")):
        told = json.loads(publish("--out", "b", *words, "--json").stdout)
        assert told["signed_by"] == (words[1] if words else None)
    assert publish("--out", "c", "--by", " ", check=False).returncode == 2
    assert not (confirmed.folder / "c").exists()
    (path,) = confirmed.folder.rglob("*.sqlite3")
    store = open_store(str(path))
    with store.reading() as session:
        (row,) = session.scalars(select(HandoutRow))
        found = (row.recipient, row.audience, row.month, row.sha256)
    assert found == (EVERYONE, "public", "2019-12", hashlib.sha256(page).hexdigest())
    # Published again it is the same, page by page.
    held = files_in(confirmed.folder / "b")
    publish("--out", "b")
    assert files_in(confirmed.folder / "b") == held
    assert held["index.html"] == page


def test_an_older_quarter_and_a_month_that_is_not_over_are_refused(confirmed, publish):
    publish("--out", "b")
    done = publish("--out", "b", "--month", "2019-09", check=False)
    assert done.returncode == 2
    assert "b already covers 2019-Q4, and 2019-Q3 is older" in " ".join(done.stderr.split())
    assert read_bundle(confirmed.folder / "b")[0].quarter == "2019-Q4"
    assert publish("--out", "c", "--month", "2030-01", check=False).returncode == 2
    assert not (confirmed.folder / "c").exists()


# ---- refused -------------------------------------------------------------------------------


def test_without_an_offices_word_nothing_is_published(ingested, publish):
    done = publish("--out", "b", check=False)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    for word in ("Testville", "[public]", "domestic_rule", "domestic_office", "domestic_on"):
        assert word in done.stderr
    assert not (ingested.folder / "b").exists()
    assert not list(ingested.folder.rglob("*.sqlite3"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--month 2017-02", "Choose another --month, or add the missing files and run csa ingest"),
        ("--month 2019-13", "--month"),
        ("--earlier ds", "is not a public bundle. Name a folder that csa publish wrote."),
        ("--basemap ds", "ds"),
    ],
)
def test_what_cannot_be_is_one_sentence(confirmed, publish, words, said):
    done = publish("--out", "b", *words.split(), check=False)
    assert done.returncode == 2
    assert said in done.stderr
    assert not (confirmed.folder / "b").exists()


def test_a_folder_of_something_else_is_left_alone(confirmed, publish):
    done = publish("--out", "ds", check=False)
    assert done.returncode == 2
    assert "Nothing was written." in done.stderr
    assert (confirmed.folder / "ds" / "ingest.json").exists()
