"""The command of a new month: the same bytes as step by step, and what it asks, refuses, undoes."""

import html
import io
import json
import shutil
import sys
from pathlib import Path

import pytest
from tests.sentences import says
from tests.workflow.months import LEFT_OUT, months_of

from csa.base.text import tr
from csa.disclosure.texts import code_of
from csa.program.store.engine import open_store
from csa.program.store.records import read_records
from csa.program.store.tables import Audit
from csa.reports import making
from csa.workflow import month

ROOT = Path(__file__).parents[2]


@pytest.fixture
def town(tmp_path):
    """The sample city, its config and data in a folder of the test's own."""
    shutil.copytree(ROOT / "config", tmp_path / "config", dirs_exist_ok=True)
    data = tmp_path / "data" / "sample"
    shutil.copytree(ROOT / "data" / "sample", data, ignore=lambda *_: LEFT_OUT)
    return tmp_path


def new(town, until):
    return months_of(ROOT / "data" / "sample" / "shootings.csv", until, town / "shootings.csv")


def files_of(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.long
def test_a_quarters_month_is_the_same_bytes_as_step_by_step(town, run):
    path = new(town, "2020-06-30")
    shown = run("month", "--city", "sample", path, "--dry-run", cwd=town).stdout
    assert "The first reading: " in shown
    assert not (town / "var").joinpath("sample", "dataset").exists()
    made = json.loads(run("month", "--city", "sample", path, "--json", cwd=town).stdout)
    assert (made["made"], made["month"], made["record_made"]) == (True, "2020-06", True)
    month = town / "var" / "sample" / "months" / "2020-06"
    assert made["left_out"] == []
    page = html.unescape((month / "summary.html").read_text(encoding="utf-8"))
    assert made["change"]["sentence"] in page.replace("\N{NO-BREAK SPACE}", " ")

    apart = town / "apart"
    shutil.copytree(town / "config", apart / "config")
    shutil.copytree(town / "data", apart / "data")
    # The first publication makes a secret of public numbers, which both must share.
    (apart / "var").mkdir()
    for one in (town / "var").glob("sample.sqlite3*"):  # and what is not yet in the file itself
        shutil.copy(one, apart / "var" / one.name)
    run("ingest", "--city", "sample", "--out", "ds", cwd=apart)
    run("backtest", "--city", "sample", "--dataset", "ds", cwd=apart)
    about = ("--city", "sample", "--dataset", "ds")
    run("propose", *about, "--until", "2020-07", "--out", "p", cwd=apart)
    run("publish", *about, "--month", "2020-06", "--out", "b", cwd=apart)
    run("report", *about, "--month", "2020-06", "--all", "--out", "r", "--earlier", "b", cwd=apart)
    assert files_of(month / "proposal") == files_of(apart / "p")
    assert files_of(month / "public") == files_of(apart / "b")
    assert files_of(month / "editions") == files_of(apart / "r")

    again = run("month", "--city", "sample", path, "--yes", cwd=town).stdout
    assert "nothing was changed" in again
    before = files_of(town / "var" / "sample")
    for word in ("--publish", "--undo"):
        nobody = run("month", "--city", "sample", word, cwd=town, check=False)
        assert (nobody.returncode, says("store.no_by") in nobody.stderr) == (2, True)
    assert files_of(town / "var" / "sample") == before
    hint = tr("month.bundle_draft", folder=month / "public", city="sample")
    printed = hint.partition("csa ")[2].replace("OFFICE", "Team").rstrip(".").split()
    published = run(*printed, cwd=town).stdout
    opened = open_store(str(town / "var" / "sample.sqlite3"), city="sample")
    with opened.reading() as session:
        assert "this machine" not in {entry.by_office for entry in session.query(Audit)}
    assert "is published in" in published
    assert files_of(town / "var" / "sample" / "bundle") == files_of(apart / "b")
    first = run("month", "--city", "sample", "--undo", "--by", "A", cwd=town, check=False)
    assert (first.returncode, "first month" in first.stderr) == (2, True)


@pytest.mark.long
def test_a_month_names_what_it_leaves_out_and_confirms_what_was_read_again(town, run, monkeypatch):
    """Left out, not refused: the exit code is 0, and each sentence says what to do."""
    monkeypatch.setattr(making, "render_pdf", lambda _: b"%PDF")  # each is the page beside it
    monkeypatch.setattr(month, "_record", lambda *_: False)
    city = town / "config" / "sample.toml"
    text = city.read_text(encoding="utf-8")
    for line in [one for one in text.splitlines() if one.startswith("domestic")]:
        text = text.replace(f"{line}\n", "")
    meeting = 'what = "What should change on our blocks?"'
    assert meeting in text
    city.write_text(text.replace(meeting, 'what = "Ask Marcus Reed"'), encoding="utf-8")
    words = "month", "--city", "sample", new(town, "2020-06-30"), "--dry-run", "--json"
    found = json.loads(run(*words, cwd=town).stdout)
    assert [one["key"] for one in found["left_out"]] == ["publish.domestic", "publish.caught"]
    assert {tuple(one["products"]) for one in found["left_out"]} == {
        ("public", "editions/public", "editions/prevention-walks")
    }
    code = code_of("Ask Marcus Reed")
    assert code in run(*words[:-1], cwd=town).stdout
    nobody = run(*words, "--confirm", code, cwd=town, check=False)
    assert (nobody.returncode, says("publish.confirm_by") in nobody.stderr) == (2, True)
    more = "--confirm", code, "--by", "Prevention team"
    found = json.loads(run(*words, *more, cwd=town).stdout)
    assert [one["key"] for one in found["left_out"]] == ["publish.domestic"]
    assert not (town / "var" / "sample.sqlite3").exists()  # a dry run writes nothing
    made = json.loads(run(*words[:-2], "--json", *more, cwd=town).stdout)
    assert (made["made"], [one["key"] for one in made["left_out"]]) == (True, ["publish.domestic"])
    assert not (Path(made["folder"]) / "public").exists()
    assert not [name for name in made["files"] if "_public_" in name or "-walks_" in name]
    assert read_records(open_store(str(town / "var" / "sample.sqlite3"))).confirmed == {code}


def test_without_a_yes_nothing_is_made_and_a_great_loss_needs_a_word_of_its_own(
    town, run, monkeypatch
):
    monkeypatch.setattr(sys, "stdin", io.StringIO("n\n"))
    done = run("month", "--city", "sample", new(town, "2020-05-31"), cwd=town)
    assert "Nothing was changed." in done.stdout
    assert not (town / "var" / "sample" / "dataset").exists()
    shootings = ROOT / "data" / "sample" / "shootings.csv"
    run("ingest", "--city", "sample", "--out", "var/sample/dataset", shootings, cwd=town)
    few = new(town, "2017-12-31")
    lost = run("month", "--city", "sample", few, "--yes", cwd=town, check=False)
    assert (lost.returncode, "--accept-loss" in lost.stderr) == (2, True)
