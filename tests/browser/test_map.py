"""The map's own manners: labels, keys, and the sheet beside it."""

import json
from urllib.parse import quote

import pytest

from tests.workers import slowly


def boxes(frame):
    """Where the labels are that can be seen: left, top, right, bottom."""
    return frame.evaluate(
        """[...document.querySelectorAll('.csa-label')]
          .filter((e) => e.style.visibility === 'visible')
          .map((e) => {
            const parts = [...e.children].map((p) => p.getBoundingClientRect());
            const right = parts[1].width ? parts[1].right : parts[0].right;
            return [parts[0].left, parts[0].top, right, parts[0].bottom];
          })"""
    )


@pytest.mark.parametrize("width", [390, *slowly(1400)])
@pytest.mark.parametrize("screen", [{}, {"eps_m": 250.0, "min_samples": 4, "max_area_km2": 0.5}])
def test_no_label_hides_another(read, sample_app, width, screen):
    reader = read(f"{sample_app}/areas?screen={quote(json.dumps(screen))}", width=width)
    frame = reader.frame
    found = boxes(frame)
    assert len(found) >= 9
    for n, (left, top, right, bottom) in enumerate(found):
        for other in found[n + 1 :]:
            apart = right <= other[0] or other[2] <= left or bottom <= other[1] or other[3] <= top
            assert apart, (found[n], other)


@pytest.mark.smoke
def test_one_key_shows_the_whole_city_again(read, sample_app):
    reader = read(f"{sample_app}/areas")
    frame = reader.frame
    frame.evaluate("void window.map.setZoom(15, {animate: false})")
    frame.get_by_role("button", name="Show the whole city").click()
    frame.wait_for_function("window.map.getZoom() < 13")


@pytest.mark.slow
def test_a_sheet_can_be_closed_and_the_same_row_chosen_again(read, sample_app):
    reader = read(f"{sample_app}/areas", height=1700)
    reader.frame  # noqa: B018 - painted
    reader.page.locator("[data-testid=stDataFrame] .dvn-scroller").first.wait_for()
    reader.settle()
    box = reader.page.get_by_test_id("stDataFrame").first.bounding_box()
    spot = box["x"] + 130, box["y"] + 38 + 35 + 12
    reader.page.mouse.click(*spot)
    reader.page.get_by_role("button", name="Close").click()
    reader.page.get_by_text("Choose an area on the map or in the table").wait_for()
    reader.settle()
    reader.page.mouse.click(*spot)
    reader.page.get_by_role("button", name="Close").wait_for()


def test_a_change_that_lets_an_area_go_says_so(read, sample_app):
    reader = read(f"{sample_app}/areas?screen={quote(json.dumps({'area': 'C'}))}")
    reader.frame  # noqa: B018 - painted
    reader.settle()
    reader.page.get_by_role("combobox", name="How far back").click()
    reader.page.get_by_role("option", name="24 months").click()
    reader.page.get_by_text("The areas have changed").wait_for()


@pytest.mark.slow
def test_a_cell_size_offers_only_limits_that_hold_a_cell(read, sample_app):
    reader = read(f"{sample_app}/areas?screen={quote(json.dumps({'max_area_km2': 0.5}))}")
    reader.frame  # noqa: B018 - painted
    reader.page.get_by_text("More choices").click()
    reader.settle()  # a list that opens while the page runs is closed again
    reader.page.get_by_role("combobox", name="Cell size").click()
    reader.page.get_by_role("option", name="resolution 8").click()
    reader.settle()
    assert reader.page.get_by_test_id("stAlertContentError").count() == 0
    assert "candidate area" in reader.text()
