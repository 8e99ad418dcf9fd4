"""Meeting, as a committee goes through it on a projector: by keys, and readable from the back."""

import pytest
from tests.app.acts import chair_act
from tests.browser.axe import faults
from tests.browser.conftest import ROOT

from csa.program.actions import propose_change, set_action
from csa.program.plan.loading import load_plan
from csa.program.store.engine import open_store

DECISION = "Hold the next one in area B"
SMALL = """() => [...document.querySelectorAll('[data-testid=stMain] *')]
  .filter((e) => e.offsetParent && [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
  .filter((e) => parseFloat(getComputedStyle(e).fontSize) < 24)
  .map((e) => e.textContent)"""


@pytest.fixture(scope="module")
def app(serve, tmp_path_factory):
    """The sample city, with blocked actions, a done one and a proposal."""
    folder = tmp_path_factory.mktemp("meeting")
    address = str(folder / "store.sqlite3")
    store = open_store(address, make=True)
    plan = load_plan(ROOT / "config" / "plans" / "kansas-city-psp.toml")
    for number in ("1.2.4", "1.3.4", "1.3.8", "2.2.1", "2.3.1"):
        reason = {
            "status": "blocked",
            "reason": "No staff: two posts are frozen.",
            "office": "Health",
        }
        set_action(store, plan, chair_act(100), number, reason)
    set_action(store, plan, chair_act(9), "1.2.1", {"status": "done", "office": "Health"})
    propose_change(store, plan, chair_act(3), "1.1.1", {"title": "Meet monthly"})
    with serve(folder, CSA_STORE=address) as served:
        yield served


PLACES = "Our core service areas: changes"


@pytest.fixture
def meeting(read, app):
    def open_it(step=1, **looks):
        reader = read(f"{app}/meeting?step={step}", **looks)
        reader.page.locator(".st-key-meeting_ways").wait_for()
        reader.settle()
        return reader

    return open_it


def press(reader, key, title):
    reader.page.keyboard.press(key)
    reader.page.get_by_role("heading", name=title, exact=True).wait_for()
    reader.settle()


def test_arrow_keys_go_through_the_screens_and_the_address_follows(meeting):
    reader = meeting()
    press(reader, "ArrowRight", PLACES)
    press(reader, "ArrowRight", "Measures of the quarter")
    assert reader.page.url.endswith("?step=3")
    press(reader, "ArrowLeft", PLACES)
    assert reader.page.url.endswith("?step=2")
    reader.page.go_back()
    reader.page.get_by_role("heading", name="Measures of the quarter").wait_for()


def test_arrow_keys_move_the_cursor_while_somebody_types_and_nothing_is_lost(meeting):
    reader = meeting(7)
    page = reader.page
    text = page.get_by_role("textbox", name="Decision")
    text.click()
    page.keyboard.type("Hold the next one in area C")
    for key in ("ArrowLeft", "Delete"):
        page.keyboard.press(key)
    page.keyboard.type("B")
    reader.settle()
    assert page.get_by_role("heading", name="Decisions", exact=True).is_visible()
    assert text.input_value() == DECISION
    page.get_by_role("button", name="Back:").click()
    page.get_by_role("heading", name="Next 90 days").wait_for()
    reader.settle()
    press(reader, "ArrowRight", "Decisions")
    assert text.input_value() == DECISION
    page.get_by_role("textbox", name="Why").fill("it was asked for")
    page.get_by_role("textbox", name="On behalf of").fill("Executive Committee")
    page.get_by_role("button", name="Record a decision").click()
    page.locator(".csa-review").get_by_text(DECISION).wait_for()
    reader.settle()
    assert text.input_value() == ""


def test_on_a_projector_no_letter_is_small_nothing_scrolls_sideways_and_axe_finds_no_fault(meeting):
    reader = meeting(width=1920, height=1080, scheme="dark")
    for step in range(1, 8):
        reader.page.set_viewport_size({"width": 1920, "height": 1080})
        if step > 1:
            reader.page.locator(".st-key-meeting_ways button").last.click()
            reader.page.wait_for_url(f"**step={step}*")
            reader.settle()
        assert reader.page.evaluate(SMALL) == [], step
        pages = reader.page.get_by_role("link", name="Briefing").bounding_box()
        assert pages["x"] + pages["width"] <= 0
        box = reader.page.locator(".st-key-meeting_ways button").last.bounding_box()
        assert box["y"] + box["height"] <= 1080
        for width in (1024, 390):
            reader.page.set_viewport_size({"width": width, "height": 1000})
            reader.page.wait_for_timeout(300)
            reader.assert_fits()
        assert faults(reader.page) == {}, step
