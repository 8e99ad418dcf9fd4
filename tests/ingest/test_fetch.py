"""Downloads from a portal that drops, stalls, repeats, changes and lies: whole and of one version."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import logging
import signal
import subprocess
import sys
import threading
from dataclasses import replace

import pytest
import requests
from hypothesis import given, strategies as st
from tests.portals import (
    DATASET,
    PLACES,
    STREETS,
    FakePortal,
    Waits,
    answers,
    cut_short,
    does,
    drop,
    serving,
    table,
    table_of,
    web_page,
)
from tests.properties import examples
from tests.sentences import says

from csa.base.errors import OutputError, ParamError, SourceError
from csa.base.logging import no_progress
from csa.ingest.fetch import Partial, download, download_map, plan_download
from csa.ingest.portals import Socrata
from csa.ingest.web import TRIES, Web, check_url

HEADER = ["number", "note"]


@pytest.fixture
def portal():
    """A dataset of 25 rows: three pages of 10, 10 and 5."""
    with serving(
        FakePortal(HEADER, [[f"row-{n:03d}", str(n), f"note {n}"] for n in range(25)])
    ) as it:
        yield it


@pytest.fixture
def waits():
    return Waits()


@pytest.fixture(autouse=True)
def _no_delay(monkeypatch):
    monkeypatch.setattr("csa.ingest.web.DELAY_S", 0)


@pytest.fixture
def fetch(portal, tmp_path, waits):
    """Download the dataset into tmp_path, ten rows a page."""
    tables = []

    def call(page_rows=10, dataset=DATASET, token="", tell=no_progress):
        tables.append(table_of(portal, waits.clock, token, dataset))
        return download(plan_download(tables[-1], tmp_path / "kcpd_2019.csv", page_rows), tell)

    yield call
    for one in tables:
        one.web.close()


def rows_of(path):
    return list(csv.reader(io.StringIO(path.read_bytes().decode(), newline="")))


def wanted(portal):
    return [portal.header, *(row[1:] for row in portal.rows)]


def left_in(folder):
    return sorted(path.name for path in folder.iterdir() if not path.name.endswith(".source.json"))


def refused(fetch, key, error=SourceError):
    with pytest.raises(error) as caught:
        fetch()
    assert caught.value.message.key == key
    return str(caught.value)


def test_three_pages_become_one_file_without_the_portals_own_ids(fetch, portal, tmp_path):
    steps = []
    account = fetch(tell=steps.append)
    assert steps == ["page", "page", "page", "check"]
    assert rows_of(account.path) == wanted(portal)
    assert portal.asked == ["count", "page 0", "page 1", "page 2", "count"]
    assert (account.rows, account.pages, account.pages_resumed) == (25, 3, 0)
    assert (account.retries, account.restarts, account.messages) == (0, 0, ())
    content = account.path.read_bytes()
    assert account.bytes == len(content)
    assert account.sha256 == hashlib.sha256(content).hexdigest()
    assert account.updated_at == "2020-01-05T10:00:00.000Z"
    assert left_in(tmp_path) == ["kcpd_2019.csv"]


PASSING = {
    "dropped": (drop, 1.0),
    "cut short": (cut_short, 1.0),
    "500": (answers(500), 1.0),
    "503 that says when": (answers(503, Retry_After="7"), 7.0),
    "429 in seconds": (answers(429, Retry_After="30"), 30.0),
    "429 by date": (answers(429, Retry_After="Sun, 05 Jan 2020 12:00:20 GMT"), 20.0),
    "429 by date without zone": (answers(429, Retry_After="Sun, 05 Jan 2020 12:00:20 -0000"), 20.0),
    "429 until the past": (answers(429, Retry_After="Sun, 05 Jan 2020 11:00:00 GMT"), 1.0),
    "429 without sense": (answers(429, Retry_After="soon"), 1.0),
    "408": (answers(408), 1.0),
    "a web page": (web_page, 1.0),
    "an error as JSON": (answers(200, b'{"error": true}'), 1.0),
    "nothing": (answers(200, b""), 1.0),
    "ends inside quotes": (answers(200, b'":id","number","note"\n"row-010","10","no'), 1.0),
    "a row is missing": (
        answers(200, table([":id", *HEADER], [["row-010", "10", "only one"]])),
        1.0,
    ),
    "a field is missing": (answers(200, b'":id","number","note"\n"row-010","10"\n'), 1.0),
    "no text": (answers(200, b"\xff\xfe\xfa"), 1.0),
}


@pytest.mark.parametrize(("fault", "waited_s"), PASSING.values(), ids=PASSING)
def test_a_page_that_fails_is_asked_for_again(fetch, portal, waits, fault, waited_s):
    portal.fault("page 1", fault)
    account = fetch()
    assert rows_of(account.path) == wanted(portal)
    assert portal.pages_asked() == ["page 0", "page 1", "page 1", "page 2"]
    assert waits.seconds == [waited_s]
    assert (account.retries, account.restarts) == (1, 0)


@pytest.mark.parametrize(
    ("true", "spoilt"),
    [
        (b'"note 19"\n', b'"note 19'),
        (b'"14","note 14"', b'"14"'),
        (b'"note 14"', b'"note 14","more"'),
        (b'":id"', b'"id"'),
    ],
    ids=["the last quote is lost", "a field is lost", "a field too many", "no ids"],
)
def test_a_page_with_as_many_rows_as_counted_must_be_whole_too(fetch, portal, true, spoilt):
    page = table([":id", *HEADER], portal.rows[10:20])
    assert true in page
    portal.fault("page 1", answers(200, page.replace(true, spoilt)))
    account = fetch()
    assert (account.retries, account.restarts) == (1, 0)
    assert rows_of(account.path) == wanted(portal)


def test_waits_double_and_a_half_of_each_is_left_to_chance(fetch, portal, waits):
    portal.fault("count", *[drop] * 5)
    assert fetch().retries == 5
    assert waits.seconds == [1.0, 2.0, 4.0, 8.0, 16.0]
    assert Waits([]).clock.chance() == 1.0
    sluggish = table_of(portal, replace(waits.clock, chance=lambda: 0.0))
    portal.fault("count", drop, drop)
    sluggish.version()
    sluggish.web.close()
    assert waits.seconds[5:] == [0.5, 1.0]


def test_an_interrupted_download_asks_for_no_page_that_it_has(fetch, portal, tmp_path):
    def stop():
        raise KeyboardInterrupt

    steps = iter([lambda: None, lambda: None, stop])
    with pytest.raises(KeyboardInterrupt):
        fetch(tell=lambda _: next(steps)())
    assert left_in(tmp_path) == [".kcpd_2019.csv.partial"]
    portal.asked.clear()
    account = fetch()
    assert portal.asked == ["count", "page 2", "count"]
    assert (account.pages, account.pages_resumed) == (3, 2)
    assert rows_of(account.path) == wanted(portal)
    assert left_in(tmp_path) == ["kcpd_2019.csv"]


def test_a_dataset_that_changes_in_the_middle_begins_anew(fetch, portal):
    def edit():
        portal.rows[3][2] = "mended by a clerk"
        portal.change()

    portal.fault("page 1", does(edit))
    account = fetch()
    assert rows_of(account.path) == wanted(portal)
    assert rows_of(account.path)[4] == ["3", "mended by a clerk"]  # of page 0, asked for before
    assert account.restarts == 1
    assert account.updated_at == portal.updated_at
    assert [message.key for message in account.messages] == ["fetch.note_restarted"]


def test_a_row_that_vanishes_in_the_middle_begins_anew_without_waiting(fetch, portal, waits):
    portal.fault("page 2", does(lambda: portal.rows.pop(0)))
    account = fetch()
    assert (account.rows, account.restarts, waits.seconds) == (24, 1, [])
    assert rows_of(account.path) == wanted(portal)


def test_pages_of_another_version_are_thrown_away_and_said(fetch, portal):
    portal.fault("page 2", *[drop] * TRIES)
    refused(fetch, "fetch.dropped")
    portal.rows[0][2] = "mended"
    portal.change()
    portal.asked.clear()
    account = fetch()
    assert portal.pages_asked() == ["page 0", "page 1", "page 2"]
    assert [message.key for message in account.messages] == ["fetch.note_stale"]
    assert rows_of(account.path)[1] == ["0", "mended"]


@pytest.mark.parametrize("n_rows", [1, 9, 10, 11, 20])
def test_pages_end_where_rows_end(fetch, portal, n_rows):
    del portal.rows[n_rows:]
    account = fetch()
    assert rows_of(account.path) == wanted(portal)
    assert account.pages == len(portal.pages_asked()) == (n_rows + 9) // 10


def test_texts_are_as_published(fetch, portal):
    texts = ["=1+1", "-94.5", "two\nlines", "one\rreturn", 'a "quote"', "", " é ", "\t", "a,b"]
    portal.rows = [[f"row-{n}", str(n), text] for n, text in enumerate(texts)]
    assert [row[1] for row in rows_of(fetch().path)[1:]] == texts


def test_a_damaged_page_is_asked_for_again(fetch, portal, tmp_path):
    portal.fault("page 2", *[drop] * TRIES)
    refused(fetch, "fetch.dropped")
    (page,) = tmp_path.glob(".*/00001.page")
    page.write_bytes(page.read_bytes()[:40])
    portal.asked.clear()
    assert fetch().pages_resumed == 1
    assert portal.pages_asked() == ["page 1", "page 2"]


@pytest.mark.parametrize(
    ("true", "other"),
    [
        ('"page_rows": 10', '"page_rows": 11'),
        ('"n_rows": 25', '"n_rows": 26'),
        (DATASET, "abcd-1234"),
        ("http://127.0.0.1", "http://127.0.0.2"),
        ("10:00:00", "10:00:01"),
        ('"format_version": 1', '"format_version": 2'),
        ("{", ""),
    ],
)
def test_pages_are_kept_only_for_what_they_are_pages_of(fetch, portal, tmp_path, true, other):
    portal.fault("page 2", *[drop] * TRIES)
    refused(fetch, "fetch.dropped")
    (state,) = tmp_path.glob(".*/state.json")
    assert true in state.read_text()
    state.write_text(state.read_text().replace(true, other))
    account = fetch()
    assert account.pages_resumed == 0
    assert [message.key for message in account.messages] == ["fetch.note_stale"]


def test_a_file_that_is_there_is_replaced_whole(fetch, portal, tmp_path):
    (tmp_path / "kcpd_2019.csv").write_text("of last year")
    portal.fault("page 1", answers(404))
    refused(fetch, "fetch.gone")
    assert (tmp_path / "kcpd_2019.csv").read_text() == "of last year"
    assert rows_of(fetch().path) == wanted(portal)


def test_the_token_goes_to_the_portal_and_into_no_log(fetch, portal, caplog):
    caplog.set_level(logging.DEBUG)
    portal.fault("page 0", drop)
    fetch(token="secretToken123")  # noqa: S106 - made up
    assert {headers["X-App-Token"] for headers in portal.headers} == {"secretToken123"}
    assert "try 2 of 6" in caplog.text
    assert "secretToken123" not in caplog.text
    portal.headers.clear()
    fetch()
    assert not any("X-App-Token" in headers for headers in portal.headers)


def test_no_proxy_stands_before_this_machine(fetch, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert fetch().retries == 0


def test_no_password_of_a_netrc_is_sent(fetch, portal, tmp_path, monkeypatch):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login anna password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    trusting = property(lambda _: True, lambda *_: None)  # as if it were another machine
    monkeypatch.setattr(requests.Session, "trust_env", trusting, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    table = table_of(portal, Waits().clock)
    table.version()
    table.web.close()
    assert "Authorization" not in portal.headers[-1]


@pytest.mark.parametrize(
    ("fault", "key", "words"),
    [
        (answers(404), "fetch.gone", "dataset pxaa-ahcm"),
        (answers(410), "fetch.gone", "dataset pxaa-ahcm"),
        (answers(403), "fetch.refused", "(HTTP 403)"),
        (answers(401), "fetch.refused", "CSA_APP_TOKEN is wrong"),
        (answers(400), "fetch.not_understood", "(HTTP 400)"),
        (answers(301, Location="https://elsewhere.example/x"), "fetch.moved", "elsewhere.example"),
        (answers(302), "fetch.moved", "moved"),
        (answers(429, Retry_After="3600"), "fetch.wait", "60 minutes"),
    ],
)
@pytest.mark.parametrize("kind", ["count", "page 1"])
def test_a_refusal_is_said_at_once(fetch, portal, waits, fault, key, words, kind):
    portal.fault(kind, fault)
    assert words in refused(fetch, key)
    assert portal.asked[-1] == kind
    assert waits.seconds == []


@pytest.mark.parametrize(
    ("fault", "key"),
    [
        (drop, "fetch.dropped"),
        (answers(502), "fetch.busy"),
        (web_page, "fetch.web_page"),
        (answers(200, b"[]"), "fetch.not_table"),
    ],
)
def test_after_six_tries_one_sentence(fetch, portal, waits, tmp_path, fault, key):
    portal.fault("count", *[fault] * 6)
    refused(fetch, key)
    assert portal.asked == ["count"] * 6
    assert len(waits.seconds) == 5
    assert left_in(tmp_path) == []


def test_a_portal_that_does_not_answer_in_time(fetch, portal, monkeypatch):
    monkeypatch.setattr("csa.ingest.web.READ_S", 0.05)
    monkeypatch.setattr("csa.ingest.web.TRIES", 2)
    done = threading.Event()
    portal.fault("count", *[does(lambda: done.wait(5))] * 2)
    refused(fetch, "fetch.timeout")
    done.set()


def test_nobody_at_the_address_is_said(waits):
    nobody = Socrata(Web("", waits.clock, allow_private=True), "http://127.0.0.1:9/resource/x")
    with pytest.raises(SourceError, match=r"127\.0\.0\.1:9 can't be reached"):
        nobody.version()


def test_a_failed_certificate_is_not_tried_again(waits, monkeypatch):
    table = Socrata(Web("", waits.clock), "https://data.example.org/resource/x")

    def get(*_, **__):
        raise requests.exceptions.SSLError("CERTIFICATE_VERIFY_FAILED")

    monkeypatch.setattr(requests.Session, "get", get)
    with pytest.raises(SourceError, match=r"its certificate is not valid\."):
        table.version()
    assert waits.seconds == []


@pytest.mark.parametrize("counted", [24, 26, 20, 30])
def test_a_count_that_the_rows_belie_is_refused(fetch, portal, tmp_path, counted):
    portal.counted = counted
    assert "Nothing was written" in refused(fetch, "fetch.rows")
    assert not (tmp_path / "kcpd_2019.csv").exists()


def test_a_dataset_that_changes_every_time_is_refused_and_leaves_nothing(fetch, portal, tmp_path):
    def edit():
        portal.updated_at += "."

    portal.fault("page 2", *[does(edit)] * 3)
    assert "Nothing was written." in refused(fetch, "fetch.changed")
    assert portal.pages_asked() == ["page 0", "page 1", "page 2"] * 3
    assert left_in(tmp_path) == []


def test_a_row_on_two_pages_is_refused(fetch, portal, tmp_path):
    portal.rows[12] = portal.rows[7]
    assert "another is missing" in refused(fetch, "fetch.repeats")
    assert portal.pages_asked() == ["page 0", "page 1"] * 3  # it may have been a stale copy
    assert left_in(tmp_path) == []


def test_a_row_that_was_repeated_once_is_asked_for_anew(fetch, portal):
    twice = table([":id", *HEADER], [portal.rows[9], *portal.rows[10:19]])
    portal.fault("page 1", answers(200, twice))
    account = fetch()
    assert account.restarts == 1
    assert rows_of(account.path) == wanted(portal)


def test_pages_with_different_columns_are_refused(fetch, portal):
    other = table([":id", "number", "remark"], portal.rows[10:20])
    portal.fault("page 1", *[answers(200, other)] * 3)
    assert "different columns" in refused(fetch, "fetch.headers")


def test_a_dataset_without_a_row_is_refused(fetch, portal):
    portal.rows.clear()
    assert "has no row" in refused(fetch, "fetch.empty")


def test_two_downloads_of_one_file_do_not_mix(fetch, portal, tmp_path):
    with Partial(tmp_path / "kcpd_2019.csv").held():
        refused(fetch, "fetch.held", OutputError)
    assert fetch().rows == 25


def test_a_folder_that_cannot_be_written_is_said(fetch, tmp_path):
    (tmp_path / ".kcpd_2019.csv.partial").write_text("a file is in the way")
    refused(fetch, "files.cannot_write", OutputError)


def test_pages_that_vanish_are_said(fetch, portal, tmp_path):
    def sweep(step):
        if step == "check":
            next(tmp_path.glob(".*/00001.page")).unlink()

    with pytest.raises(SourceError, match=r"during the download\. Run the same command again\."):
        fetch(tell=sweep)


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("http://data.example.org/x", "fetch.address"),
        ("ftp://data.example.org", "fetch.address"),
        ("file:///etc/passwd", "fetch.address"),
        ("http://127.0.0.1.example.org", "fetch.address"),
        ("https://", "fetch.address"),
        ("", "fetch.address"),
        ("https://data example/x", "fetch.address"),
        ("https://data.example.org:port", "fetch.address"),
        ("https://dätä.example.org", "fetch.address"),
        ("https://[::1", "fetch.address"),
        ("https://anna:secret@data.example.org", "fetch.credential"),
        ("https://data.example.org/x?$$app_token=secret", "fetch.credential"),
        ("https://data.example.org/x?sig=secret", "fetch.credential"),
    ],
)
def test_only_https_is_asked_and_no_address_with_a_credential(address, key):
    with pytest.raises(ParamError) as refused:
        check_url(address)
    assert refused.value.message.key == key
    assert "secret" not in str(refused.value)


def test_this_machine_is_asked_only_where_that_is_said():
    with pytest.raises(ParamError):
        check_url("http://localhost:80")
    assert check_url("http://[::1]:80", allow_private=True)


@pytest.mark.parametrize("token", ["two words", "line\nbreak", "pärt"])
def test_a_token_that_is_none_is_refused_and_not_shown(token):
    with pytest.raises(ParamError) as caught:
        Web(token)
    assert token not in str(caught.value)


@examples(0.4)
@given(data=st.data())
def test_whatever_fails_the_file_is_the_dataset_or_is_not_written(new_town, data):
    n_rows = data.draw(st.integers(1, 35), "rows")
    kinds = st.sampled_from(["count", "page 0", "page 1", "page 2"])
    faults = st.sampled_from([drop, cut_short, web_page, answers(500), answers(403), "edit"])
    rows = [[f"row-{n:03d}", str(n), "old"] for n in range(n_rows)]
    path = new_town().folder / "kcpd_2019.csv"
    with serving(FakePortal(HEADER, rows)) as portal:

        def edit():
            portal.updated_at += "."
            for row in portal.rows:
                row[2] = portal.updated_at

        for kind, fault in data.draw(st.lists(st.tuples(kinds, faults), max_size=6), "faults"):
            portal.fault(kind, does(edit) if fault == "edit" else fault)
        table = table_of(portal, Waits().clock)
        for _ in range(8):
            try:
                download(plan_download(table, path, 10))
            except SourceError:
                assert not path.exists()
            else:
                break
        table.web.close()
        assert rows_of(path) == wanted(portal)
    assert [one.name for one in path.parent.glob(".*")] == [".kcpd_2019.csv.source.json"]


# ---- The command ----------------------------------------------------------------------------

KC_HEADER = [
    *("report_no", "reported_date", "from_date", "from_time", "ibrs", "city"),
    *("dvflag", "invl_no", "involvement", "firearm_used_flag", "location"),
]


def kc_row(number):
    day = f"2019-03-{number % 28 + 1:02d}T00:00:00.000"
    place = f"POINT ({-94.58 + number / 1000} 39.02)"
    code = "09A" if number % 3 == 0 else "13A"
    return [f"row-{number:03d}", f"KC19{number:06d}", day, day, "23:10", code, "KANSAS CITY", "false", "1", "VIC", "true", place]  # fmt: skip


def square(name, number, west):
    ring = [[west, 39.0], [west + 0.05, 39.0], [west + 0.05, 39.05], [west, 39.05], [west, 39.0]]
    return {
        "type": "Feature",
        "properties": {"nbhname": name, "nbhid": number},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }


@pytest.fixture
def kansas_city(root):
    return root / "config" / "kansas-city.toml"


@pytest.fixture
def kc_portal(monkeypatch):
    monkeypatch.setattr("csa.ingest.fetch.PAGE_ROWS", 10)
    with serving(FakePortal(KC_HEADER, [kc_row(n) for n in range(25)])) as portal:
        portal.features = [square("West End", "1", -94.60), square("East End", "2", -94.55)]
        yield portal


def test_ingest_reads_what_fetch_wrote(run, kc_portal, kansas_city, town):
    words = ("--city", kansas_city, "--year", "2019", "--portal", kc_portal.address)
    told = run("fetch", *words, "--places").stdout.splitlines()
    folder = town.folder / "data" / "kansas-city"
    at = {"updated_at": kc_portal.updated_at}
    assert told == [
        says("fetch.done", n=n, dataset=dataset, path=f"data/kansas-city/{name}", **at)
        for n, dataset, name in (
            (25, DATASET, "kcpd_2019.csv"),
            (2, PLACES, "kc_neighborhoods.geojson"),
        )
    ]
    assert left_in(folder) == ["kc_neighborhoods.geojson", "kcpd_2019.csv"]
    report = json.loads(run("ingest", "--city", kansas_city, "--out", "ds", "--json").stdout)
    assert (report["rows_read"], report["rows_used"]) == (25, 25)
    assert (report["incidents"], report["homicides"], report["nonfatal"]) == (25, 9, 16)
    assert (report["unlocated"], report["outside_study_area"]) == (0, 0)


def test_the_account_for_machines_is_described(run, kc_portal, kansas_city, town, root):
    words = ("--city", kansas_city, "--year", "2019", "--portal", kc_portal.address)
    account = json.loads(run("fetch", *words, "--out", "here", "--places", "--json").stdout)
    assert (account["rows"], account["pages"], account["path"]) == (25, 3, "here/kcpd_2019.csv")
    content = (town.folder / "here" / "kcpd_2019.csv").read_bytes()
    assert account["sha256"] == hashlib.sha256(content).hexdigest()
    assert account["places"]["rows"] == 2
    page = (root / "docs" / "DATA.md").read_text(encoding="utf-8")
    assert [key for key in account if f"`{key}`" not in page] == []


def test_the_maps_background_is_fetched_where_basemap_reads_it(
    run, kc_portal, kansas_city, town, root
):
    words = ("--city", kansas_city, "--year", "2019", "--portal", kc_portal.address)
    done = run("fetch", *words, "--basemap", check=False)
    assert not kc_portal.asked
    assert done.returncode == 2
    assert says("fetch.no_basemap", city="Kansas City") in done.stderr
    text = (root / "config" / "kansas-city.toml").read_text(encoding="utf-8")
    datasets = f'basemap_datasets = {{ streets = "{STREETS}" }}'
    text = text.replace("[portal]\n", f"[portal]\n{datasets}\n")
    path = town.folder / "kansas-city.toml"
    text = text.replace('"layers/bus_routes.geojson"', '"streets.geojson"')
    path.write_text(text, encoding="utf-8")
    words = ("--city", path, *words[2:])
    account = json.loads(run("fetch", *words, "--places", "--basemap", "--json").stdout)
    assert [layer["dataset"] for layer in account["basemap"]] == [STREETS]
    assert account["places"]["dataset"] == PLACES
    folder = town.folder / "data" / "kansas-city"
    assert left_in(folder) == ["kc_neighborhoods.geojson", "kcpd_2019.csv", "streets.geojson"]
    for lat, street in zip((39.1, 39.11), kc_portal.features, strict=True):
        ends = [[-94.6, lat], [-94.59, lat]]
        street["properties"] = {"frequency": "x"}
        street["geometry"] = {"type": "LineString", "coordinates": ends}
    alone = json.loads(run("fetch", *words, "--basemap", "--json").stdout)
    assert (alone["places"], len(alone["basemap"])) == (None, 1)
    assert "treets" in run("basemap", "--city", path, "--out", "background").stdout


def test_the_token_comes_from_the_environment(run, kc_portal, kansas_city, monkeypatch):
    monkeypatch.setenv("CSA_APP_TOKEN", "secretToken123")
    words = ("--city", kansas_city, "--year", "2019", "--portal", kc_portal.address)
    done = run("fetch", *words, "-v")
    assert kc_portal.headers[0]["X-App-Token"] == "secretToken123"
    assert "secretToken123" not in done.stdout + done.stderr


def test_a_stopped_command_says_how_to_go_on(run, kc_portal, kansas_city, monkeypatch):
    words = ("fetch", "--city", kansas_city, "--year", "2019", "--portal", kc_portal.address)
    with monkeypatch.context() as patch:
        patch.setattr("csa.ingest.fetch.join_pages", interrupt)
        done = run(*words, check=False)
    assert done.returncode == 130
    assert done.stderr.strip().endswith("to continue the download.")
    assert says("fetch.resumed", n=3, pages=3) in run(*words).stdout


def interrupt(*_):
    raise KeyboardInterrupt


def test_a_killed_command_goes_on_where_it_was(run, kc_portal, kansas_city, town):
    words = ("fetch", "--city", kansas_city, "--year", "2019", "--portal", kc_portal.address)
    script = "import csa.cli.main as c, csa.ingest.fetch as f; f.PAGE_ROWS = 10; c.main()"
    started = []
    ready = threading.Event()

    def kill():
        assert ready.wait(30)
        started[0].kill()
        started[0].wait()

    kc_portal.fault("page 2", does(kill))
    command = [sys.executable, "-c", script, *map(str, words)]
    started.append(subprocess.Popen(command, cwd=town.folder))
    ready.set()
    assert started[0].wait(60) == -signal.SIGKILL
    folder = town.folder / "data" / "kansas-city"
    assert left_in(folder) == [".kcpd_2019.csv.partial"]
    kc_portal.asked.clear()
    assert says("fetch.resumed", n=2, pages=3) in run(*words).stdout
    assert kc_portal.asked == ["count", "page 2", "count"]
    assert left_in(folder) == ["kcpd_2019.csv"]


@pytest.fixture
def kc_places(kc_portal, waits):
    """The portal's table of neighborhoods."""
    table = table_of(kc_portal, waits.clock, dataset=PLACES)
    yield table
    table.web.close()


@pytest.mark.parametrize(
    ("fault", "key"),
    [
        (answers(404), "fetch.gone"),
        (answers(200, b'{"type": "Point"}', "x"), "fetch.not_table"),
    ],
)
def test_places_that_the_portal_lacks_are_said(kc_portal, kc_places, tmp_path, fault, key):
    kc_portal.fault("places", *[fault] * TRIES)
    refused(lambda: download_map(kc_places, tmp_path / "places.geojson"), key)
    assert left_in(tmp_path) == []


@pytest.mark.parametrize("n_edits", [1, 3])
@pytest.mark.parametrize("is_new", [True, False])
def test_places_that_change_in_the_middle_begin_anew(
    kc_portal, kc_places, tmp_path, waits, n_edits, is_new
):
    def edit():
        if is_new:
            kc_portal.features.append(square("New", "3", -94.5))
        else:
            kc_portal.updated_at += "."

    kc_portal.fault("places", *[does(edit)] * n_edits)
    path = tmp_path / "places.geojson"
    if n_edits == 1:
        assert download_map(kc_places, path).restarts == 1
        assert len(json.loads(path.read_bytes())["features"]) == 2 + is_new
        assert waits.seconds == []
    else:
        refused(lambda: download_map(kc_places, path), "fetch.changed")
        assert not path.exists()


def test_places_fewer_than_counted_are_refused(kc_portal, kc_places, tmp_path):
    kc_portal.counted = 3
    with pytest.raises(SourceError, match="counts 3 rows"):
        download_map(kc_places, tmp_path / "places.geojson")


def test_what_the_citys_file_does_not_say_is_asked_for(run, town):
    words = ("fetch", "--city", town.config, "--year", "2019")
    assert "names no portal" in run(*words, check=False).stderr
    portal = '[portal]\ndomain = "data.example.org"\ndatasets = { 2018 = "abcd-1234" }\n'
    town.edit_config("[places]", f"{portal}[places]")
    done = run(*words, check=False)
    assert done.returncode == 2
    assert "names no dataset for 2019; it has 2018." in done.stderr
    words = (*words[:-1], "2018")
    assert 'such as file_name = "shootings_{year}.csv"' in run(*words, check=False).stderr
    town.edit_config("[portal]\n", '[portal]\nfile_name = "s_{year}.csv"\n')
    assert "s_{year}.csv' matches no pattern in city.files" in run(*words, check=False).stderr
    town.edit_config("[city]\n", '[city]\nfiles = ["s_*.csv"]\n')
    assert "where to fetch neighborhoods" in run(*words, "--places", check=False).stderr
    done = run(*words, "--portal", "http://data.example.org", check=False)
    assert (done.returncode, "' is not an address that" in done.stderr) == (2, True)


@pytest.mark.parametrize("name", ["s.csv", "a/{year}.csv", "{year}.json", "{year}{year}.csv"])
def test_names_that_no_year_fits_are_refused(run, town, name):
    portal = f'[portal]\ndomain = "data.example.org"\nfile_name = "{name}"\ndatasets = {{}}\n'
    town.edit_config("[places]", f"{portal}[places]")
    done = run("check", "--city", town.config, check=False)
    assert says("config.file_name", mark="{year}") in done.stderr


LINES = (
    *('domain = "https://x.org"', 'domain = "a b"'),
    *('datasets = { 2019 = "../x" }', 'datasets = { x = "abcd-1234" }'),
)


@pytest.mark.parametrize("line", LINES)
def test_what_could_lead_a_question_elsewhere_is_refused(run, town, line):
    lines = {"domain": 'domain = "data.example.org"', "datasets": "datasets = {}"}
    lines[line.split()[0]] = line
    text = "\n".join(lines.values())
    town.edit_config("[places]", f"[portal]\n{text}\n[places]")
    assert "portal." in run("check", "--city", town.config, check=False).stderr
