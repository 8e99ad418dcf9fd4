"""Draw on a telephone: a list is closed, the seed said, and the dates drawn, without a sideways scroll."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from tests.browser import axe
from tests.browser.signing import sign
from tests.sentences import says

from csa.areas.priority.draw import find_differences
from csa.program.store.engine import open_store
from csa.program.store.records import read_records

SEED = "Lottery of September 4: 11-22-33"


@pytest.fixture(scope="module")
def served(serve, tmp_path_factory):
    folder = tmp_path_factory.mktemp("draw")
    with serve(folder) as address:
        yield address, str(folder / "store.sqlite3")


def fine(reader):
    """Check that nothing scrolls sideways, and that axe finds no fault."""
    reader.assert_fits()
    found = Axe().run(reader.page, options=axe.RULES).response["violations"]
    assert {f["id"]: [node["target"] for node in f["nodes"]][:3] for f in found} == {}


def test_a_list_is_closed_and_drawn_on_a_telephone(read, served):
    address, store = served
    reader = read(f"{address}/draw", width=390)
    page = reader.page
    page.get_by_text(says("draw_page.none_yet")).wait_for()
    page.get_by_role("button", name=says("draw_page.prepare")).click()
    page.get_by_role("textbox", name=says("draw_page.source")).fill("The lottery of September 4")
    reader.settle()
    fine(reader)
    sign(reader, "Prevention team", "All are alike.")
    page.get_by_role("button", name=says("draw_page.close")).click()
    page.get_by_text(says("draw_page.waits")).wait_for()
    reader.settle()
    fine(reader)
    page.get_by_role("textbox", name=says("draw_page.seed")).fill(SEED)
    page.get_by_text(says("draw_page.is_said")).click()
    sign(reader, "Prevention team", "Said in the hall.")
    page.get_by_role("button", name=says("draw_page.draw")).click()
    page.get_by_text(says("draw_page.same")).wait_for()
    reader.settle()
    fine(reader)
    (row,) = read_records(open_store(store)).draws
    assert (row.record["seed"], find_differences(row.record)) == (SEED, ())
    for slot in row.record["entrants"]:
        assert slot["place_name"] in reader.text()
