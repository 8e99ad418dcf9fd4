"""The command that answers what was agreed: after its windows, for others, and its refusals."""

import json
import sqlite3

import pytest
from tests.towns import history

WHO = ("--by", "Executive Committee", "--why", "Neighbors named these blocks.")


@pytest.fixture
def ask(town, run):
    """Designate the first place on January 10, 2018, and ask about it."""
    words = ("--city", town.config, "--places", town.places)
    run("ingest", *words, "--out", "ds", town.write("a.csv", *history()))
    about = ("--city", town.config, "--dataset", "ds")
    run("propose", *about, "--until", "2018-01", "--out", "pr")
    store = ("--city", town.config, "--store", "s.sqlite3")
    run("area", "designate", "c-1", "--areas", "pr", "--on", "2018-01-10", *store, *WHO)

    def call(*more, check=True, area="A"):
        return run("evaluate", *about, "--store", "s.sqlite3", "--area", area, *more, check=check)

    return call


def test_what_was_agreed_is_answered_after_its_months_and_the_next_is_named(ask):
    said = " ".join(ask().stdout.split())
    assert "evaluation plan locked on 2018-01-10, counting from February 2018 (seal " in said
    assert "After 12 months, as agreed: " in said
    assert "The answer after 24 months is due when February 2020 begins" in said
    account = json.loads(ask("--json").stdout)
    assert account["is_agreed"] is True
    assert account["sealed"]["since"] == "2018-02"
    assert account["sealed"]["sha256"][:12] in said


def test_an_area_that_was_retired_keeps_its_answer(ask, run, town):
    before = json.loads(ask("--json").stdout)
    store = ("--city", town.config, "--store", "s.sqlite3")
    run("area", "retire", "A", "--on", "2019-01-15", *store, *WHO)
    after = json.loads(ask("--json").stdout)
    assert after.pop("ended") == "2019-01-15"
    first, *rest = after.pop("sentences")
    assert "is no longer a core service area: service ended on 2019-01-15" in first
    assert len(rest) == len(before.pop("sentences"))
    assert after == before


def test_no_answer_is_called_agreed_before_it_is_due(ask, run, town):
    """Eleven months after January 2019 the data end."""
    store = ("--city", town.config, "--store", "s.sqlite3")
    ask()
    run("area", "retire", "A", "--on", "2019-01-15", *store, *WHO)
    run("area", "designate", "c-1", "--areas", "pr", "--on", "2019-01-16", *store, *WHO)
    account = json.loads(ask("--json").stdout)
    assert (account["is_agreed"], account["answers"]) == (False, [])
    assert account["verdict"] is account["core"] is account["months"] is None


def test_other_windows_are_called_so_and_have_their_exact_chance(ask):
    windows = ("--before", "2016-02:2017-01", "--after", "2018-02:2019-01")
    said = " ".join(ask(*windows).stdout.split())
    assert "These are not the windows in the evaluation plan." in said
    account = json.loads(ask(*windows, "--json").stdout)
    assert account["is_agreed"] is False
    assert 0 < account["p"] <= 1
    assert f"had {account['counted'][0]} in February 2016 to January 2017" in said


@pytest.mark.parametrize(
    ("words", "area", "sentence"),
    [
        (("--before", "2017-02:2018-01", "--after", "2018-01:2018-12"), "A", "do not overlap"),
        (("--before", "2017-02:2018-01"), "A", "give --before and --after"),
        (("--before", "2000-01:2000-12", "--after", "2018-01:2018-12"), "A", "The data cover"),
        (("--before", "2000", "--after", "2018-01:2018-12"), "A", "--before"),
        ((), "B", "No area with the letter B was ever designated"),
    ],
)
def test_what_cannot_be_asked_is_refused(ask, words, area, sentence):
    done = ask(*words, area=area, check=False)
    assert done.returncode == 2
    assert sentence in " ".join(done.stderr.split())


def test_a_seal_that_was_changed_is_told(ask, town):
    ask()
    with sqlite3.connect(town.folder / "s.sqlite3") as store:
        (evidence,) = store.execute("select evidence from area_step").fetchone()
        changed = json.loads(evidence)
        changed["evaluation"]["since"] = "2017-02"
        store.execute("update area_step set evidence = ?", (json.dumps(changed),))
    done = ask(check=False)
    assert done.returncode == 2
    assert "no longer has the hash" in " ".join(done.stderr.split())
