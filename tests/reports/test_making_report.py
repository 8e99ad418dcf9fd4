"""The command `csa report`: what it writes and says, and what it refuses before it reads anything."""

import json
import os
import shutil
import subprocess

import pytest
from tests.reports.documents import picture

from csa.base.errors import MachineError
from csa.base.io import json_bytes
from csa.program.store.engine import open_store
from csa.reports import making
from csa.reports.month.facts import facts_account

EDITIONS = 7


@pytest.fixture
def report(run, root, sample_source, tmp_path, monkeypatch):
    """Call the command on the sample city, from the project's folder, without a store."""
    monkeypatch.setenv("CSA_STORE", str(tmp_path / "none.sqlite3"))

    def call(*words, month="2020-07", check=True):
        given = ("--city", "sample", "--dataset", sample_source.city.folder, "--month", month)
        return run("report", *given, *words, check=check, cwd=root)

    return call


@pytest.fixture
def gathered(monkeypatch, month_facts):
    """Facts and maps at hand: what is tested is what becomes of them."""
    asked = []

    def gather(analysis, plan, month, beside):
        asked.append((str(month), beside.with_public, analysis.records))
        return month_facts

    monkeypatch.setattr("csa.workflow.products.gather_month", gather)
    monkeypatch.setattr(making.Drawer, "__call__", lambda *_: picture(3, 2))
    monkeypatch.setattr(making, "render_pdf", lambda page: b"%PDF" + page)
    return asked


# ---- By hand -------------------------------------------------------------------------------


def test_the_facts_are_printed_for_machines_and_nothing_is_written(
    report, gathered, month_facts, root
):
    before = sorted(path.name for path in root.iterdir())
    told = json.loads(report("--json").stdout)
    assert told == json.loads(json_bytes(facts_account(month_facts)))
    assert [area["area_id"] for area in told["areas"]] == ["A", "D", "F"]
    assert [one["area_id"] for one in told["change"]["single"]] == ["A", "D", "F"]
    assert gathered[0][:2] == ("2020-07", False)
    assert sorted(path.name for path in root.iterdir()) == before


def test_all_editions_are_a_folder_that_is_replaced_whole(report, gathered, tmp_path, month_facts):
    out = tmp_path / "all"
    done = report("--all", "--docx", "--out", out)
    assert len(list(out.glob("*.pdf"))) == len(list(out.glob("*.html"))) == EDITIONS
    assert len(list(out.glob("*.docx"))) == EDITIONS
    assert done.stdout.count("Wrote ") == 3 * EDITIONS
    assert f"Decisions up to entry 21 of the log: {'f' * 64}." in done.stdout
    before = {path.name: path.read_bytes() for path in out.iterdir() if path.suffix != ".docx"}
    report("--all", "--out", out)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_spanish_is_said_to_be_unreviewed_and_the_language_is_the_citys_own(
    report, gathered, tmp_path
):
    done = report("--audience", "public", "--lang", "es", "--out", tmp_path / "p.html")
    assert "The Spanish text is marked unreviewed: no office has approved it yet." in done.stdout
    assert 'lang="es"' in (tmp_path / "p.html").read_text()
    done = report("--audience", "public", "--out", tmp_path / "p.docx")
    assert "Spanish" not in done.stdout
    assert (tmp_path / "p.docx").read_bytes().startswith(b"PK")
    assert [(month, with_public) for month, with_public, _ in gathered] == [("2020-07", True)] * 2


def test_the_store_is_read_and_not_written(report, gathered, tmp_path):
    store = tmp_path / "store.sqlite3"
    made = open_store(str(store), make=True, city="sample")
    made.head()
    made.engine.dispose()  # what its log still holds is written into the file
    before = store.read_bytes()
    report("--audience", "enforcement", "--out", tmp_path / "e.html", "--store", store)
    assert store.read_bytes() == before
    ((_, with_public, records),) = gathered
    assert records.decided.n == 0
    assert not with_public


def test_an_empty_file_is_no_store_and_stays_empty(report, gathered, tmp_path):
    store = tmp_path / "none.sqlite3"
    store.touch()
    words = ("--audience", "enforcement", "--out", tmp_path / "e.html")
    report(*words)
    assert report(*words, "--store", store, check=False).returncode == 2
    assert store.read_bytes() == b""
    assert gathered[0][2].decided.n == 0


def test_what_residents_walk_with_needs_what_the_public_is_told_where_nobody_is_served(
    report, gathered, tmp_path
):
    for audience in ("prevention-walks", "prevention-leaders", "prevention"):
        report("--audience", audience, "--out", tmp_path / "e.html")
    assert [with_public for _, with_public, _ in gathered] == [True, True, False]


# ---- Refused -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("--out a.pdf", "Give either --audience"),
        ("--all --audience public --out a.pdf", "Give either --audience"),
        ("--audience mayor --out a.pdf", "audience must be one of executive"),
        ("--audience public --out a.odt", "ends in one of .pdf, .html, .docx"),
        ("--audience public --out a.pdf --lang fr", "language must be one of en, es"),
        ("--audience public --docx --out a.pdf", "--docx needs --all."),
        ("--json --out a.pdf", "can't be used with --out"),
        ("--json --audience public", "--json prints the month's facts"),
        ("--json --all", "--json prints the month's facts"),
        ("--audience public", "--json prints the facts instead."),
    ],
)
def test_a_wrong_choice_is_one_sentence_before_anything_is_read(run, root, words, told):
    given = ("--city", "sample", "--dataset", "nowhere", "--month", "2020-07")
    done = run("report", *given, *words.split(), check=False, cwd=root)
    assert done.returncode == 2
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (root / "a.pdf").exists()


@pytest.mark.parametrize("month", ["2031-01", "2001-01", "July"])
def test_a_month_outside_the_data_is_refused(report, tmp_path, month):
    done = report("--audience", "executive", "--out", tmp_path / "e.html", month=month, check=False)
    assert done.returncode == 2
    assert month in done.stderr or "2001" in done.stderr or "2031" in done.stderr
    assert list(tmp_path.glob("*.html")) == []


def test_a_machine_that_cannot_print_is_no_mistake_of_the_readers(
    report, gathered, tmp_path, monkeypatch
):
    def absent():
        raise MachineError("report_file.no_pdf")

    monkeypatch.setattr(making, "require_pdf", absent)
    done = report("--audience", "public", "--out", tmp_path / "p.pdf", check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "sudo apt-get install" in done.stderr
    assert gathered == []


# ---- Faults --------------------------------------------------------------------------------


def test_a_folder_of_something_else_is_refused_and_stays(report, gathered, tmp_path):
    out = tmp_path / "mine"
    out.mkdir()
    (out / "letter.txt").write_text("mine")
    done = report("--all", "--out", out, check=False)
    assert done.returncode == 2
    assert "Choose a new or empty folder as --out." in done.stderr
    assert gathered == []  # said before the work
    assert [path.name for path in out.iterdir()] == ["letter.txt"]


def test_what_breaks_in_the_middle_leaves_what_was_there(report, gathered, tmp_path, monkeypatch):
    out = tmp_path / "all"
    report("--all", "--out", out)
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    real, made = making.render_pdf, []

    def break_third(page):
        made.append(page)
        if len(made) == 3:
            raise KeyboardInterrupt
        return real(page)

    monkeypatch.setattr(making, "render_pdf", break_third)
    done = report("--all", "--out", out, check=False)
    assert done.returncode == 130
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_full_disk_is_said_and_nothing_is_half_written(report, gathered, tmp_path):
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("only root can mount a small disk")
    disk = tmp_path / "disk"
    disk.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=100k", "tmpfs", str(disk)]
    if subprocess.run(words, check=False, capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount a small disk")
    try:
        done = report("--all", "--out", disk / "all", check=False)
        assert done.returncode == 2
        assert "No space left on device. Nothing was left behind." in done.stderr
        assert list(disk.iterdir()) == []
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)  # noqa: S607
