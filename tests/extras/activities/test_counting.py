"""What phones send to the page on which activities are counted, and what nobody's phone sends."""

import json
from datetime import date
from types import SimpleNamespace

import pytest
from starlette.applications import Starlette
from tests.phones import ask, call, lock
from tests.stores import act

from csa.city.loading import load_city
from csa.extras.activities.recording import read_totals
from csa.program import areas
from csa.program.areas import Candidate
from csa_app.extras.activities.counting import MOST_BYTES, count_routes
from csa_app.shared import cache, cache_store

TEAM = "Street Peace Team"
ENTRY = {"office": TEAM, "place": "A", "kind": "outreach", "on": "2020-08-01"}
PATHS = ("/count/phone", "/count/entries")
DEEP = 50_000


@pytest.fixture
def server(root, lite, monkeypatch):
    """The page's server in the made-up city, with area A in its store."""
    found = Candidate("A", "Elm", ("8926ad9010bffff",), {"data_fingerprint": "f", "area": {}})
    areas.designate(lite, act(on=date(2020, 6, 1)), found, "candidate")
    monkeypatch.setattr(cache, "city_config", lambda: load_city(root / "config" / "sample.toml"))
    monkeypatch.setattr(cache_store, "open_writable", lambda _: lite)
    app = Starlette(routes=count_routes())
    state = call(app, "GET", "/count/state?phone=")
    phone = call(app, "POST", "/count/phone", {"office": TEAM})["phone"]
    return SimpleNamespace(app=app, key=state["key"], phone=phone, store=lite)


def send(server, *entries):
    given = {"phone": server.phone, "entries": entries}
    return call(server.app, "POST", "/count/entries", given)["entries"]


def locked(server, key, entry):
    return {"id": key, "box": lock(server.key, key, entry)}


@pytest.mark.parametrize(
    "odd",
    [
        json.dumps(ENTRY | {"contacts": float("inf")}),
        json.dumps(ENTRY | {"hours": float("nan")}),
        json.dumps(ENTRY | {"staff": 0}).replace(": 0", ": 1e400"),
        json.dumps(ENTRY | {"contacts": 2.5}),
        json.dumps(ENTRY | {"kind": "\ud800"}),
        json.dumps(ENTRY)[:-1] + ', "x": ' + "[" * DEEP + "]" * DEEP + "}",
        json.dumps([ENTRY]),
    ],
    ids=["infinite", "no number", "1e400", "a part", "half a pair", "deep", "a list"],
)
def test_an_entry_that_cannot_be_taken_is_answered_and_the_others_are_saved(server, odd):
    sent = [locked(server, "a" * 32, ENTRY), locked(server, "b" * 32, odd)]
    answers = send(server, *sent, locked(server, "c" * 32, ENTRY))
    assert (answers["a" * 32], answers["c" * 32]) == ("", "")
    assert answers["b" * 32]
    assert [total.n for total in read_totals(server.store)] == [2]


@pytest.mark.parametrize("odd", [None, {}, "id", {"box": {}}, {"id": "\ud800", "box": {}}])
def test_what_is_no_entry_does_not_keep_the_others(server, odd):
    assert send(server, odd, locked(server, "a" * 32, ENTRY))["a" * 32] == ""


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("body", [b"[" * DEEP, b"\xff", b"[]"])
def test_a_body_that_no_phone_sends_is_refused(server, path, body):
    assert ask(server.app, "POST", path, [body])[0] in {400, 403}


@pytest.mark.parametrize("path", PATHS)
def test_of_a_body_without_an_end_no_more_is_read_than_a_phone_sends(server, path):
    status, _, n_read = ask(server.app, "POST", path, [b" " * 2**16] * 1000)
    assert status == 413
    assert n_read == MOST_BYTES // 2**16 + 1


@pytest.mark.parametrize("path", PATHS)
def test_where_people_sign_in_nothing_of_a_strangers_body_is_read(server, path, monkeypatch):
    monkeypatch.setenv("CSA_ACCESS", "signed-in")
    assert ask(server.app, "POST", path, [b" " * 2**16] * 1000)[::2] == (401, 0)
