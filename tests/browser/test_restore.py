"""The store is put back, then moved away, while a browser has a page of it open."""

import sys
from subprocess import run

import pytest
from tests.browser.conftest import ROOT
from tests.sentences import says

from csa.program.store.audit import verify
from csa.program.store.engine import open_store
from csa.program.store.records import read_records

SIGN = ("--by", "Clerk", "--why", "Rehearsed.")


@pytest.fixture
def csa(tmp_path):
    def call(*words):
        ours = ("--city", "config/sample.toml", "--store", tmp_path / "store.sqlite3")
        run([sys.executable, "-m", "csa.cli.main", *words, *ours], cwd=ROOT, check=True)

    return call


def record(page, step):
    """Record three decisions as a chair does at a meeting."""
    for n in range(3):
        page.get_by_role("textbox", name="Decision").fill(f"{step} {n}")
        page.get_by_role("textbox", name="Why").fill("It was asked for.")
        page.get_by_role("textbox", name="On behalf of").fill("Executive Committee")
        page.get_by_role("button", name="Record a decision").click()
        page.locator(".csa-review").get_by_text(f"{step} {n}").wait_for()


def on_record(path):
    store = open_store(str(path), city="sample")
    with store.reading() as session:
        assert verify(session).is_intact
    found = [row.text for row in read_records(store).minutes]
    store.engine.dispose()
    return found


def test_a_page_goes_on_after_a_restore_and_says_that_a_store_is_gone(read, serve, csa, tmp_path):
    path, moved = tmp_path / "store.sqlite3", tmp_path / "moved.sqlite3"
    with serve(tmp_path) as served:
        reader = read(f"{served}/meeting?step=7")
        page = reader.page
        page.get_by_role("textbox", name="Decision").wait_for()
        record(page, "before")
        csa("backup", tmp_path / "b.gz")
        record(page, "between")
        csa("restore", tmp_path / "b.gz", *SIGN, "--replace")
        record(page, "restored")
        found = [f"{step} {n}" for step in ("before", "restored") for n in range(3)]
        assert on_record(path) == found
        path.rename(moved)
        page.get_by_role("textbox", name="Decision").fill("lost")
        page.get_by_role("button", name="Record a decision").click()
        page.get_by_text(says("store.gone", name=path)).first.wait_for()
        reader.settle()
        assert not path.exists()
        assert on_record(moved) == found
        moved.rename(path)
        page.reload()
        page.get_by_role("textbox", name="Decision").wait_for()
        record(page, "back")
        assert on_record(path) == [*found, *(f"back {n}" for n in range(3))]
