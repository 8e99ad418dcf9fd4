"""Plan, as an office uses it: cells edited in place, a reload, two editors, a telephone."""

import json
from datetime import timedelta
from urllib.parse import quote

import pytest
from playwright.sync_api import expect
from tests.browser.axe import faults
from tests.stores import SAMPLE_CLOCK
from tests.workers import slowly

from csa.program.actions import propose_change, set_action
from csa.program.plan.loading import load_plan
from csa.program.roles import act, local_person
from csa.program.store.engine import open_store
from csa.program.store.records import read_records

COMMENT_X, HEAD_PX = 600, 40


def acting(office, ago=0):
    when = SAMPLE_CLOCK.now() - timedelta(days=ago)
    return act(local_person(office), "Told at the monthly talk.", when, "America/Chicago")


@pytest.fixture(scope="module")
def served(serve, tmp_path_factory, root):
    folder = tmp_path_factory.mktemp("plan")
    store = open_store(str(folder / "store.sqlite3"), make=True)
    plan = load_plan(root / "config" / "plans" / "kansas-city-psp.toml")
    blocked = {"status": "blocked", "reason": "No room.", "office": "Mayor's Office"}
    set_action(store, plan, acting("Police", 120), "2.2.1", {"status": "on-track"})
    set_action(store, plan, acting("Mayor's Office", 20), "1.3.1", blocked)
    propose_change(store, plan, acting("Coordinator"), "1.1.1", {"title": "Meet each month"})
    with serve(folder, CSA_STORE=str(folder / "store.sqlite3")) as address:
        yield address, store


@pytest.fixture
def show(read, served):
    def open_it(view=None, **options):
        query = quote(json.dumps(view or {}))
        reader = read(f"{served[0]}/plan?plan={query}", **options)
        reader.page.get_by_text("of 51 written actions").wait_for()
        if (view or {}).get("look") != "cards":  # the table's own script comes last
            reader.page.locator("[data-testid=stDataFrame] .dvn-scroller").wait_for()
        reader.settle()
        return reader

    return open_it


def write_first_comment(reader, text):
    """Write in the first row's cell, as a reader does."""
    page = reader.page
    canvas = page.locator("[data-testid=stDataFrame] canvas").first
    canvas.evaluate("table => table.scrollIntoView()")  # its head: it is longer than the window
    box = canvas.bounding_box()
    cell = page.locator("#portal textarea").first
    for _ in range(10):  # a key before the table has the focus is nobody's
        page.mouse.click(box["x"] + COMMENT_X, box["y"] + HEAD_PX + 20)
        page.wait_for_timeout(300)
        page.keyboard.press("Enter")
        page.wait_for_timeout(1000)
        if cell.is_visible():
            break
    cell.fill(text)
    cell.press("Enter")
    page.get_by_text("One action would change").wait_for()
    reader.settle()


def save(reader):
    reader.page.get_by_role("button", name="Save this change").click()


def test_a_cell_is_edited_kept_over_a_reload_and_saved(show, served):
    reader = show()
    reader.page.locator("summary", has_text="are not written yet").click()
    reader.page.get_by_role("button", name="Propose one").first.click()
    reader.page.get_by_text("Propose an action here").wait_for()
    assert reader.page.get_by_role("heading", name="1.1.2 no action written yet").is_visible()
    assert '"opened":"1.1.2"' in reader.page.evaluate("decodeURIComponent(location.search)")
    reader = show()
    write_first_comment(reader, "The key comes on Monday.")
    reader.page.get_by_role("link", name="review and save").click()
    expect(reader.page.get_by_role("heading", name="One action would change")).to_be_in_viewport()
    reader.sign("Mayor's Office", "The school opens.")
    reader.page.reload()
    reader.page.get_by_text("Your draft from").wait_for()
    reader.settle()
    assert "Comment: none → The key comes on Monday." in reader.text()
    save(reader)
    reader.page.get_by_text("Saved: 1.3.1.").wait_for()
    assert read_records(served[1]).states["1.3.1"].comment == "The key comes on Monday."


def test_the_second_of_two_editors_is_told_and_keeps_the_text(show, served):
    first, second = show(), show()
    write_first_comment(first, "First words.")
    write_first_comment(second, "Second words.")
    first.sign("Police", "Heard first.")
    save(first)
    first.page.get_by_text("Saved: 1.3.1.").wait_for()
    second.sign("Mayor's Office", "Heard later.")
    text = second.text()
    assert "Police changed 1.3.1 on" in text
    save(second)
    second.settle()
    text = second.text()
    assert "Police changed 1.3.1 on" in text
    assert "→ Second words." in text
    assert read_records(served[1]).states["1.3.1"].comment == "First words."
    second.page.get_by_role("button", name="Discard all").last.click()
    second.page.get_by_text("One action would change").wait_for(state="detached")


@pytest.mark.parametrize(
    ("view", "width", "scheme"),
    [
        ({"look": "cards", "opened": "1.3.1"}, 390, "dark"),
        *slowly(({"look": "people", "opened": "1.1.1"}, 1400, "dark")),
        *slowly(({"opened": "1.3.1"}, 1024, "light")),
    ],
)
def test_axe_finds_no_fault_and_nothing_but_the_table_scrolls_sideways(show, view, width, scheme):
    reader = show(view, width=width, scheme=scheme)
    assert faults(reader.page) == {}
    reader.assert_fits()
