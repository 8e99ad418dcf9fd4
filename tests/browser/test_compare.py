"""Compare and choose, as a committee uses it in a meeting."""

import json
import re
from urllib.parse import quote

import pytest
from tests.sentences import says


@pytest.fixture
def compare(read, sample_app):
    def open_it(weigh=None, width=1400, scheme="light"):
        query = "" if weigh is None else f"?weigh={quote(json.dumps(weigh))}"
        reader = read(f"{sample_app}/compare{query}", width=width, scheme=scheme)
        reader.page.get_by_text("Why this tier?").wait_for()
        reader.frame  # noqa: B018 - painted
        reader.page.get_by_text("Tie for the last opening, which the data can't break:").or_(
            reader.page.get_by_text("First for")
        ).first.wait_for()
        reader.settle()
        return reader

    return open_it


def assert_sorts(table):
    """Check that a table is sorted by the head that is pressed, and turned by a second press."""
    head = table.locator("thead th:has(> button)").nth(1)
    column = head.evaluate("head => head.cellIndex")
    read_column = f"table => [...table.querySelectorAll('tbody tr')].map(row => row.cells[{column}].innerText)"

    def numbers():
        found = (re.match(r"[\d,]+", text.strip()) for text in table.evaluate(read_column))
        return [int(one[0].replace(",", "")) for one in found if one]

    before = sorted(numbers())
    assert len(before) > 3
    for way, wanted in (("ascending", before), ("descending", before[::-1])):
        head.get_by_role("button").click()
        assert head.get_attribute("aria-sort") == way
        assert numbers() == wanted


def test_a_change_of_capacity_repaints_the_map_and_does_not_remount_it(compare):
    reader = compare()
    assert_sorts(reader.page.get_by_role("region", name=says("compare.title")).first)
    frame = reader.frame
    frame.evaluate("window.stayed = true")
    before = reader.turn(frame)
    chosen = "document.querySelectorAll('.csa-label.csa-chosen').length"
    assert frame.evaluate(chosen) == 5
    reader.page.get_by_role("spinbutton").fill("2")
    reader.page.keyboard.press("Enter")
    assert reader.painted(before).evaluate("window.stayed") is True
    reader.settle()
    assert reader.frame.evaluate(chosen) == 2
    assert "room for 2" in reader.text()
    assert '"capacity":2' in reader.page.evaluate("decodeURIComponent(location.search)")


def test_areas_passed_over_are_asked_about_before_a_choice_is_kept(compare):
    reader = compare()
    page = reader.page
    page.get_by_role("button", name=says("choose.take_first")).click()
    chips = page.locator("[data-testid=stMultiSelect] [data-tag]")
    chips.nth(4).wait_for()
    chips.filter(has_text="Silverbeck").get_by_role("button").click()  # alone in the first tier
    chips.nth(4).wait_for(state="detached")
    page.get_by_role("textbox", name="Reasons").fill("Residents asked for it, and the hub is near.")
    page.get_by_role("textbox", name="Body or office").fill("Executive Committee")
    save = page.get_by_role("button", name="Save this choice")
    save.click()
    page.get_by_text("Nothing is saved yet:").wait_for()
    assert page.get_by_text("Saved as choice-").count() == 0
    page.get_by_text("The reasons explain why areas in a higher tier were passed over").click()
    save.click()
    page.get_by_text("Saved as choice-").wait_for()


def test_one_criterion_is_chosen_and_sliders_come_for_several_alone(compare):
    reader = compare()
    page = reader.page
    chosen = "[...document.querySelectorAll('.csa-chosen span')].map((e) => e.textContent)"
    before, address = reader.frame.evaluate(chosen), "decodeURIComponent(location.search)"
    assert page.get_by_role("slider").count() == 0

    def choose(name):
        page.get_by_role("combobox", name=says("compare.order_by")).click()
        page.get_by_role("option", name=name).click()
        reader.settle()

    choose(says("compare.weight_density"))
    assert "Compared with the city's order: in " in reader.text()
    assert reader.frame.evaluate(chosen) != before
    assert '"density":1' in page.evaluate(address)
    choose(says("compare.several"))
    page.get_by_role("slider").nth(5).wait_for()
    page.get_by_role("button", name=says("compare.own_weights")).click()
    page.get_by_role("slider").first.wait_for(state="detached")
    reader.settle()
    assert reader.frame.evaluate(chosen) == before
    assert "weigh" not in page.evaluate(address)
