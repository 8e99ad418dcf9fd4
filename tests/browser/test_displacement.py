"""Displacement, as a reader uses it: month by month, area by area."""

import json
import shutil
from urllib.parse import quote

import pytest
from axe_playwright_python.sync_playwright import Axe
from tests.workers import slowly

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}


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


def remembered(reader):
    address = reader.page.evaluate("decodeURIComponent(location.search)")
    return json.loads(address.partition("screen=")[2] or "{}")


def faults(place):
    found = Axe().run(place, options=RULES).response["violations"]
    return {f["id"]: [node["target"] for node in f["nodes"]][:3] for f in found}


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
    assert remembered(reader) == {"month": "2020-06"}


def test_play_goes_to_the_last_month_without_the_server_and_rests_there(displacement):
    reader = displacement({"month": "2020-05"})
    frame = reader.frame
    before = reader.turn(frame)
    play = frame.locator(".csa-play")
    play.click()
    frame.locator(".csa-play[title=Stop]").wait_for()
    frame.locator(".csa-play[title='Play the months']").wait_for()
    reader.painted(before)
    reader.settle()
    assert month(reader) == "Jul 2020"
    assert reader.turn(reader.frame) == before + 1  # one run, however many months
    assert remembered(reader) == {}


@pytest.mark.slow
def test_a_press_stops_the_play_and_the_page_says_that_month(displacement):
    reader = displacement()
    frame = reader.frame
    frame.locator(".csa-play").click()
    reader.page.wait_for_timeout(1500)
    frame.locator(".csa-play").click()
    stopped = month(reader)
    reader.page.get_by_text("Counts through").first.wait_for()
    reader.settle()
    assert month(reader) == stopped != "Jul 2020"
    assert set(remembered(reader)) == {"month"}


@pytest.mark.slow
def test_a_click_on_the_map_chooses_an_area_here_and_on_other_pages(displacement):
    reader = displacement()
    reader.click_area("Brindlemoor")
    reader.page.get_by_text("Fewer here, more nearby: Brindlemoor").wait_for()
    reader.settle()
    assert remembered(reader) == {"area": "c-8"}
    reader.page.get_by_role("link", name="Find areas").click()
    reader.page.get_by_role("button", name="Close").wait_for()
    assert reader.page.get_by_text("Brindlemoor").first.is_visible()
    reader.page.get_by_role("link", name="Displacement").click()
    reader.page.get_by_text("Fewer here, more nearby: Brindlemoor").wait_for()
    reader.page.locator(".st-key-one_area .stButton button").click()
    reader.page.get_by_text("No clear change: the 7 areas together").wait_for()


@pytest.mark.slow
def test_a_label_chooses_its_own_area_whatever_lies_below_it(displacement):
    """Areas lie close together here: a label stands on its neighbour's land, or on a ring."""
    reader = displacement(width=390, height=844)
    for area_id, name in (("c-5", "Silverbeck"), ("c-4", "Ferrymans End")):
        reader.page.locator("iframe").first.scroll_into_view_if_needed()
        box = reader.page.locator("iframe").first.bounding_box()
        left, top, width, height = reader.label_of(name)
        reader.page.mouse.click(box["x"] + left + width / 2, box["y"] + top + height / 2)
        reader.page.locator(".csa-sums h2", has_text=name).wait_for()
        reader.settle()
        assert remembered(reader) == {"area": area_id}


def test_an_area_is_chosen_by_keys_alone(displacement):
    reader = displacement()
    reader.page.get_by_role("combobox", name="One area").focus()
    reader.page.keyboard.type("Brindle")
    reader.page.keyboard.press("Enter")
    reader.page.locator(".csa-sums h2", has_text="Brindlemoor").wait_for()
    reader.settle()
    assert remembered(reader) == {"area": "c-8"}


@pytest.mark.parametrize("area", ["Silverbeck", *slowly("Hadderley", "Ferrymans End")])
def test_a_note_on_a_phone_is_short_and_never_cut(displacement, area):
    reader = displacement(width=390, height=844)
    reader.page.locator("iframe").first.scroll_into_view_if_needed()
    box = reader.page.locator("iframe").first.bounding_box()
    left, top, width, height = reader.label_of(area)
    reader.page.mouse.move(box["x"] + left + width / 2, box["y"] + top + height / 2)
    note = reader.frame.locator(".csa-tip")
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


@pytest.mark.slow
def test_the_start_stands_beside_the_month_on_a_phone_too(displacement):
    reader = displacement(width=390, height=844)
    since = reader.page.get_by_role("combobox", name="Since")
    assert since.is_visible()
    assert since.bounding_box()["y"] < reader.page.locator("iframe").first.bounding_box()["y"] < 844


@pytest.mark.slow
def test_the_areas_with_too_few_have_a_dashed_outline_on_the_map(displacement):
    frame = displacement({"resolution": 9, "max_area_km2": 0.0, "month": "2019-10"}).frame
    dashed = "[...document.querySelectorAll('.leaflet-outline-pane path[stroke-dasharray]')].length"
    assert frame.evaluate(dashed) == 1  # Kestrelby alone, in three months; in a year none


@pytest.mark.slow
def test_the_map_is_filled_by_the_areas_and_what_is_around_them(displacement):
    frame = displacement().frame
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


@pytest.mark.slow
def test_another_start_keeps_the_map_where_it_is(displacement):
    reader = displacement()
    reader.frame.evaluate("document.stayed = true")
    before = reader.turn(reader.frame)
    reader.page.get_by_role("combobox", name="Since").click()
    reader.page.get_by_role("option", name="March 2020").click()
    assert reader.painted(before).evaluate("document.stayed") is True
    reader.page.get_by_text("since March 2020").first.wait_for()
    reader.settle()
    assert remembered(reader) == {"since": "2020-03"}


@pytest.mark.slow
def test_the_candidates_are_all_in_view_once_they_are_followed(read, serve, story_folder, tmp_path):
    folder = shutil.copytree(story_folder, tmp_path / "story")
    with serve(folder) as address:
        reader = read(f"{address}/displacement")
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


@pytest.mark.slow
@pytest.mark.parametrize(("width", "scheme"), [(1400, "light"), (390, "dark")])
def test_axe_finds_no_fault(displacement, width, scheme):
    reader = displacement({"area": "c-8"}, width=width, scheme=scheme)
    reader.page.get_by_text("How do we know?").click()
    reader.page.get_by_text("Pocock").wait_for()
    reader.page.wait_for_timeout(500)
    assert faults(reader.frame) == {}
    assert faults(reader.page) == {}


@pytest.mark.parametrize("width", [390, *slowly(1024, 1400)])
def test_nothing_scrolls_sideways(displacement, width):
    displacement({"area": "c-8"}, width=width).assert_fits()
