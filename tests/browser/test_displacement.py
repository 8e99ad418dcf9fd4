"""Displacement, as a reader uses it: month by month, area by area."""

import json
from urllib.parse import quote

import pytest
from tests.browser.axe import faults


@pytest.fixture
def displacement(read, sample_app):
    def open_it(screen=None, width=1400, height=1000, scheme="light"):
        query = "" if screen is None else f"?screen={quote(json.dumps(screen))}"
        address = f"{sample_app}/displacement{query}"
        reader = read(address, width=width, height=height, scheme=scheme)
        reader.frame  # noqa: B018 - painted
        reader.page.get_by_text("What became of each area").wait_for()
        reader.settle()
        return reader

    return open_it


def months(reader):
    """The map's slider over the months since the start."""
    return reader.frame.locator(".csa-month")


def month(reader):
    return months(reader).get_attribute("aria-valuetext")


COLORS = """() => Object.values(window.map._layers).filter((one) => one.options.pane === 'zones')
  .map(({options}) => [options.fillOpacity && options.fillColor, options.fillOpacity, options.dashArray].join())"""


def test_a_month_moved_by_keys_is_colored_here_and_told_to_the_page_which_draws_it_alike(
    displacement,
):
    reader = displacement()
    frame = reader.frame
    frame.evaluate("document.stayed = true")
    before, sent = reader.turn(frame), []
    assert month(reader) == "Jul 2020"
    reader.page.on("request", lambda request: sent.append(request.url))
    last = frame.evaluate(COLORS)
    months(reader).evaluate("box => { box.value = 10; box.dispatchEvent(new Event('input')); }")
    moved = frame.evaluate(COLORS)  # in the same frame: no answer of a server
    assert (month(reader), reader.turn(frame), sent) == ("Jun 2020", before, [])
    assert moved != last
    months(reader).evaluate("box => { box.value = 11; box.dispatchEvent(new Event('input')); }")
    assert frame.evaluate(COLORS) == last
    months(reader).focus()
    reader.page.keyboard.press("ArrowLeft")
    assert reader.painted(before).evaluate("document.stayed") is True
    reader.page.get_by_text("Counts through June 2020, as in today's data").first.wait_for()
    reader.settle()
    assert (month(reader), reader.turn(reader.frame)) == ("Jun 2020", before + 1)
    assert frame.evaluate(COLORS) == moved  # the server's colors are those that the browser gave
    assert frame.evaluate("document.activeElement.className") == "csa-month"
    assert reader.screen() == {"month": "2020-06"}


def test_play_goes_to_the_last_month_without_the_server_and_rests_there(displacement):
    reader = displacement({"month": "2020-05"})
    frame = reader.frame
    # The map is filled by the areas and what is around them.
    share = frame.evaluate(
        """() => {
          const map = window.map, size = map.getSize();
          const boxes = [...document.querySelectorAll('.leaflet-outline-pane path')]
            .map((e) => e.getBoundingClientRect());
          const wide = Math.max(...boxes.map((b) => b.right)) - Math.min(...boxes.map((b) => b.left));
          const high = Math.max(...boxes.map((b) => b.bottom)) - Math.min(...boxes.map((b) => b.top));
          return Math.max(wide / size.x, high / size.y);
        }"""
    )
    assert 0.6 < share <= 1
    before = reader.turn(frame)
    play = frame.locator(".csa-play")
    play.click()
    frame.locator(".csa-play[title=Stop]").wait_for()
    frame.locator(".csa-play[title='Play the months']").wait_for()
    reader.painted(before)
    reader.settle()
    assert month(reader) == "Jul 2020"
    assert reader.turn(reader.frame) == before + 1  # one run, however many months
    assert reader.screen() == {}


def test_an_area_chosen_by_keys_or_on_the_map_is_chosen_on_other_pages_too(displacement):
    reader = displacement()
    reader.page.get_by_role("combobox", name="One area").focus()
    reader.page.keyboard.type("Silver")
    reader.page.keyboard.press("Enter")
    reader.page.locator(".csa-sums h2", has_text="Silverbeck").wait_for()
    reader.settle()
    assert reader.screen() == {"area": "c-5"}
    reader.click_area("Brindlemoor")
    reader.page.get_by_text("Fewer here, more nearby: Brindlemoor").wait_for()
    reader.settle()
    assert reader.screen() == {"area": "c-8"}
    reader.page.get_by_role("link", name="Find areas").click()
    reader.page.get_by_role("button", name="Close").wait_for()
    assert reader.page.get_by_text("Brindlemoor").first.is_visible()
    reader.page.get_by_role("link", name="Displacement").click()
    reader.page.get_by_text("Fewer here, more nearby: Brindlemoor").wait_for()
    reader.page.locator(".st-key-one_area .stButton button").click()
    reader.page.get_by_text("No clear change: the 7 areas together").wait_for()


def test_on_a_phone_a_note_is_short_and_whole_and_a_label_chooses_its_own_area(displacement):
    """Areas lie close together here: a label stands on its neighbour's land, or on a ring."""
    reader = displacement(width=390, height=844)
    for area_id, name in (("c-5", "Silverbeck"), ("c-4", "Ferrymans End")):
        reader.page.locator("iframe").first.scroll_into_view_if_needed()
        box = reader.page.locator("iframe").first.bounding_box()
        left, top, width, height = reader.label_of(name)
        at = (box["x"] + left + width / 2, box["y"] + top + height / 2)
        reader.page.mouse.move(*at)
        assert_note_is_whole(reader.frame, name)
        reader.page.mouse.click(*at)
        reader.page.locator(".csa-sums h2", has_text=name).wait_for()
        reader.settle()
        assert reader.screen() == {"area": area_id}
    reader.page.get_by_text("How do we know?").click()
    reader.page.get_by_text("Pocock").wait_for()
    reader.assert_fits()
    assert faults(reader.frame) == {}
    assert faults(reader.page) == {}


def assert_note_is_whole(frame, name):
    note = frame.locator(".csa-tip", has_text=name)
    note.wait_for()
    assert note.locator("div div").count() == 1  # below its name, the verdict alone
    left, top, right, bottom, width, height = note.evaluate(
        """(e) => {
          const {left, top, right, bottom} = e.getBoundingClientRect();
          return [left, top, right, bottom, window.innerWidth, window.innerHeight];
        }"""
    )
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height
    assert right - left <= width / 2


def test_the_candidates_are_all_in_view_once_they_are_followed(read, story_app):
    reader = read(f"{story_app}/displacement")
    frame = reader.frame
    reader.settle()
    before = reader.turn(frame)
    frame.evaluate("void window.map.setZoom(16, {animate: false})")
    reader.page.get_by_role("radio", name="Candidates").click()
    outside = reader.painted(before).evaluate(
        """() => [...document.querySelectorAll('.leaflet-outline-pane path')]
          .map((one) => one.getBoundingClientRect())
          .filter((box) => box.left < 0 || box.top < 0
            || box.right > innerWidth || box.bottom > innerHeight).length"""
    )
    assert outside == 0
