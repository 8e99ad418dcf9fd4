"""Find areas, as the prevention team uses it: what is read, clicked and linked."""

import json
import re
from urllib.parse import quote, unquote

import pytest
import shapely
from tests.browser.conftest import until
from tests.sentences import says

from csa.areas.analysis import propose_areas
from csa.areas.choices import AreaSettings
from csa.base.params import Month
from csa.city.dataset import City, open_dataset
from csa.city.loading import load_city


@pytest.fixture(scope="module")
def sample(root, sample_folder):
    """The sample, opened without the app."""
    return open_dataset(sample_folder), load_city(root / "config" / "sample.toml")


@pytest.fixture(scope="module")
def proposal(sample):
    return propose_areas(City(*sample[::-1]), AreaSettings(months=36))


def address_of(app, **screen):
    return f"{app}/areas?screen={quote(json.dumps(screen))}"


def test_the_page_says_what_the_library_found(read, sample_app, sample, proposal):
    reader = read(f"{sample_app}/areas")
    frame = reader.frame
    reader.settle()
    # The first view holds the whole city.
    west, south, east, north = shapely.bounds(sample[0].study_area)
    seen = frame.evaluate("window.map.getBounds().toBBoxString()")
    left, bottom, right, top = map(float, seen.split(","))
    assert left < west < east < right
    assert bottom < south < north < top
    labels = reader.labels()
    assert {letter for letter, _ in labels} == {""}  # nobody has decided on an area
    assert {name for _, name in labels} == {*proposal.areas["place_name"]}
    # The page says what darker means; the map itself says from which count on, in its own cells.
    assert "The stronger the color, the more incidents in 36 months" in reader.text()
    classes = frame.locator("#csa-map-legend button").all_inner_texts()
    assert classes[:2] == ["1", "2"]
    assert re.fullmatch(r"\d+ to \d+", classes[-1])
    assert frame.evaluate("document.querySelectorAll('.leaflet-tile').length") == 0


def test_a_click_on_an_area_opens_its_sheet_and_ticks_its_row(read, sample_app, proposal):
    reader = read(f"{sample_app}/areas", height=900)
    reader.frame  # noqa: B018 - painted
    area = proposal.areas.set_index("area_id").loc["c-3"]
    reader.click_area(area["place_name"])
    reader.page.get_by_role("heading", name=area["place_name"]).wait_for()
    reader.settle()
    text = reader.text()
    assert f"{area['incidents']} shootings in 36 months" in text
    assert re.search(rf"\b{area['homicides']}\s+homicides among them", text)
    assert reader.screen()["area"] == "c-3"
    chosen = reader.frame.evaluate(
        "[...document.querySelectorAll('.csa-chosen span')].map((e) => e.textContent)"
    )
    assert chosen == [area["place_name"]]
    # The sheet took the list's place: its first number and the whole map are in the window.
    number = reader.page.locator(".csa-numbers b").first.bounding_box()
    assert number["y"] + number["height"] <= 900
    box = reader.page.locator("iframe").first.bounding_box()
    assert box["x"] + box["width"] <= number["x"]
    assert box["y"] >= 0
    assert box["y"] + box["height"] <= 900
    # Then another on the map, then the same once more: each click counts.
    names = proposal.areas.set_index("area_id")["place_name"]
    for area_id in ("c-5", "c-3"):
        before = reader.turn(reader.frame)
        reader.click_area(names[area_id])
        reader.painted(before)
        reader.settle()
        assert reader.screen()["area"] == area_id


def test_the_wheel_zooms_a_map_without_a_key_and_scrolls_the_page_beside_it(read, sample_app):
    reader = read(f"{sample_app}/areas", height=600)
    frame = reader.frame
    box = reader.page.locator("iframe").first.bounding_box()
    zoom, top = frame.evaluate("window.map.getZoom()"), "stMain.scrollTop"
    reader.page.evaluate("window.stMain = document.querySelector('[data-testid=stMain]')")
    reader.page.mouse.move(box["x"] + 200, box["y"] + 200)
    reader.page.mouse.wheel(0, -300)
    frame.wait_for_function(f"window.map.getZoom() > {zoom}")
    assert reader.page.evaluate(top) == 0
    reader.page.mouse.move(box["x"] + box["width"] + 150, box["y"] + 200)
    reader.page.mouse.wheel(0, 150)
    until(reader.page, f"{top} > 0")


def test_a_click_on_a_cell_outside_the_areas_lets_the_choice_go(read, sample_app):
    reader = read(address_of(sample_app, area="c-3"))
    frame = reader.frame
    reader.settle()
    before = reader.turn(frame)
    x, y = frame.evaluate(
        """() => {
          const {map} = window;
          const {level} = csaMap.time;
          const spots = [...level.keys()].filter((cell) => level[cell] >= 0)
            .map((cell) => map.latLngToContainerPoint(csaMap.middleOf(cell)))
            .filter(({x, y}) => document.elementFromPoint(x, y)?.closest('.leaflet-back-pane'));
          return [spots[0].x, spots[0].y];
        }"""
    )
    box = reader.page.locator("iframe").first.bounding_box()
    reader.page.mouse.click(box["x"] + x, box["y"] + y)
    reader.painted(before)
    reader.settle()
    assert "area" not in reader.screen()
    assert says("find.list_head") in reader.text()


def test_a_changed_radius_repaints_the_same_map(read, sample_app, sample):
    reader = read(address_of(sample_app, eps_m=150.0, min_samples=8))
    frame = reader.frame
    reader.settle()
    born, labels = frame.evaluate("performance.timeOrigin"), reader.labels()
    frame.evaluate("void window.map.setZoom(13, {animate: false})")
    more = reader.page.get_by_test_id("stNumberInputStepUp").first
    for _ in range(3):
        more.click()
        reader.settle()
    wanted = propose_areas(City(*sample[::-1]), AreaSettings(months=36, eps_m=180.0, min_samples=8))
    answer = f"{len(wanted.areas)} candidate areas, on "
    assert answer in reader.text()
    assert reader.screen()["eps_m"] == 180.0
    assert frame.evaluate("performance.timeOrigin") == born
    assert frame.evaluate("window.map.getZoom()") == 13
    assert labels
    frame.wait_for_function(
        "n => window.map.getPane('outline').querySelectorAll('path').length === n",
        arg=len(wanted.areas),
    )


def test_a_link_reproduces_the_screen(read, sample_app, sample):
    screen = {
        "until": "2020-01",
        "months": 24,
        "kinds": ["homicide"],
        "eps_m": 300.0,
        "min_samples": 6,
    }
    reader = read(address_of(sample_app, **screen))
    reader.frame  # noqa: B018 - painted
    reader.settle()
    choices = AreaSettings(
        until=Month(2020, 1), months=24, kinds=("homicide",), eps_m=300.0, min_samples=6
    )
    wanted = propose_areas(City(*sample[::-1]), choices)
    text = reader.text()
    assert f"from {wanted.summary['totals']['located']:,} mapped homicides" in text
    assert "January 1, 2018 through December 31, 2019" in text
    assert reader.screen() == screen
    # What the link was read into is what it is written from: another reader sees the same.
    again = read(unquote(reader.page.url))
    again.frame  # noqa: B018 - painted
    again.settle()
    assert again.text() == text


def test_downloads_hold_areas_and_cells_and_no_incident(read, sample_app, sample, proposal):
    reader = read(f"{sample_app}/areas", height=1700)
    reader.frame  # noqa: B018 - painted
    reader.settle()  # a file that is asked for while the page runs does not come
    reader.page.get_by_test_id("stPopoverButton").click()
    with reader.page.expect_download() as coming:
        reader.page.get_by_role("button", name="areas.geojson", exact=True).click()
    held = json.loads(coming.value.path().read_text(encoding="utf-8"))
    assert coming.value.suggested_filename == "sample-2017-09-01-to-2020-08-21-areas.geojson"
    assert [f["id"] for f in held["features"]] == proposal.areas["area_id"].tolist()
    assert held["is_synthetic"] is True
    with reader.page.expect_download() as coming:
        reader.page.get_by_role("button", name="cells.geojson", exact=True).click()
    text = coming.value.path().read_text(encoding="utf-8")
    dataset, _ = sample
    assert not any(number in text for number in dataset.incidents["incident_id"].head(200))


def test_a_map_without_its_outlines_says_so_until_they_can_be_fetched_again(read, sample_app):
    place = "**/static/geometry/**/*.json"
    reader = read(
        f"{sample_app}/areas", before=lambda page: page.route(place, lambda route: route.abort())
    )
    note = reader.page.frame_locator("iframe").locator("#csa-map-note")
    note.get_by_text("The table below is complete.").wait_for()
    reader.page.get_by_text("candidate areas, on ").first.wait_for()
    frame = next(f for f in reader.page.frames if "streamlit_folium" in f.url)
    reader.page.unroute(place)
    reader.settle()
    reader.page.get_by_role("combobox", name="How far back").click()
    reader.page.get_by_role("option", name="24 months", exact=True).click()
    reader.painted(0)
    assert frame.locator("#csa-map-note").count() == 0


def test_a_map_without_its_library_says_so_in_words(read, sample_app):
    reader = read(
        f"{sample_app}/areas",
        before=lambda page: page.route("**/static/leaflet/*.js", lambda route: route.abort()),
    )
    reader.page.frame_locator("iframe").locator("#csa-map-note").wait_for()
    frame = next(f for f in reader.page.frames if "streamlit_folium" in f.url)
    assert "Reload the page" in frame.locator("#csa-map-note").inner_text()
    reader.errors.clear()  # the script that did not load is the point


def test_a_block_opens_its_case_numbers_months_and_kinds_below_the_map(read, sample_app, sample):
    reader = read(f"{sample_app}/areas")
    frame = reader.frame
    button = frame.get_by_role("button", name=says("find.cases"))
    assert button.count() == 0  # until a block is chosen
    frame.evaluate("void window.map.setZoom(14, {animate: false})")
    until(frame, "document.querySelector('.csa-top').options.length > 15")
    box = reader.page.locator("iframe").first.bounding_box()
    x, y = frame.evaluate(
        """() => { const {counts, scale} = csaMap.time, map = window.map, size = map.getSize();
          const seen = [...counts.keys()].map((cell) => [cell, map.latLngToContainerPoint(csaMap.middleOf(cell))])
            .filter(([cell, {x, y}]) => counts[cell] > 1 && x > 90 && y > 90 && x < size.x - 90 && y < size.y - 90);
          const [, {x, y}] = seen.find(([cell]) => csaMap.time.areas[cell] >= csaMap.time.message.areas.length);
          return [x, y]; }"""
    )
    reader.page.mouse.click(box["x"] + x, box["y"] + y)
    button.click()
    table = reader.page.get_by_role("region", name=says("find.cases"))
    table.wait_for()
    rows = table.locator("tbody tr").all_inner_texts()
    known = dict(
        zip(sample[0].incidents["incident_id"], sample[0].incidents["occurred_at"], strict=True)
    )
    all_months = frame.evaluate(
        "(() => { const {time} = csaMap, at = time.chosen; return time.ends[at] - (at ? time.ends[at - 1] : 0); })()"
    )
    assert len(rows) == all_months > 1
    for row in rows:
        number, month, kind = row.split("\t")
        assert f"{known[number]:%B %Y}" == month
        assert kind
    assert "cell" not in unquote(reader.page.url)
