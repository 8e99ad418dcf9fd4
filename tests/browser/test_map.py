"""The map's own manners: labels, keys, and the sheet beside it."""

import json
from urllib.parse import quote

import pytest
from tests.sentences import says
from tests.workers import slowly

FEW = 12
"""Names from afar: those of the areas with most incidents."""


def boxes(frame):
    """Where the labels are that can be seen: left, top, right, bottom."""
    return frame.evaluate(
        """[...document.querySelectorAll('.csa-label')]
          .filter((e) => e.style.visibility === 'visible')
          .map((e) => {
            const parts = [...e.children].map((p) => p.getBoundingClientRect())
              .filter((box) => box.width);
            return [parts[0].left, parts[0].top, parts.at(-1).right, parts[0].bottom];
          })"""
    )


def crossed(frame):
    """How many lines from a label to its area run behind another label, or across another line."""
    return frame.evaluate(
        """() => {
          const map = window.map || window.map_div;
          const lines = [];
          map.eachLayer((one) => {
            if (one.options.pane !== 'leaders' || !one.getLatLngs || one.options.weight > 2) return;
            lines.push(one.getLatLngs().map((end) => map.latLngToContainerPoint(end)));
          });
          const boxes = [...document.querySelectorAll('.csa-label')]
            .filter((e) => e.style.visibility === 'visible')
            .map((e) => [...e.children].map((p) => p.getBoundingClientRect()).filter((b) => b.width));
          const along = ([a, b], n) => ({x: a.x + (b.x - a.x) * n / 200, y: a.y + (b.y - a.y) * n / 200});
          const isIn = (parts, {x, y}) => parts.some((box) =>
            x > box.left + 1 && x < box.right - 1 && y > box.top + 1 && y < box.bottom - 1);
          const behind = lines.filter((line) => boxes.some((parts) =>
            [...Array(201).keys()].filter((n) => isIn(parts, along(line, n))).length > 4));
          const side = (p, q, r) => Math.sign((q.x - p.x) * (r.y - p.y) - (q.y - p.y) * (r.x - p.x));
          const across = lines.filter(([a, b], n) => lines.slice(n + 1).some(([c, d]) =>
            side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0));
          return {lines: lines.length, behind: behind.length, across: across.length};
        }"""
    )


def scale(frame):
    """Which cells are to be seen, and what the map's own legend says of them."""
    return frame.evaluate(
        """() => {
          const {scale, scales} = csaMap.time;
          const box = document.getElementById('csa-map-legend');
          const rows = [...box.querySelectorAll('button')];
          return {
            shown: scale === scales.far ? 'far' : 'near',
            title: box.querySelector('b').textContent,
            classes: rows.map((row) => row.textContent),
            colors: rows.map((row) => row.querySelector('i').style.backgroundColor),
          };
        }"""
    )


def room(frame):
    """How far what stands below the map, its parts and the map leave the frame or cover each other."""
    return frame.evaluate(
        """() => {
          const box = document.getElementById('csa-map-foot');
          const map = (window.map || window.map_div).getContainer().getBoundingClientRect();
          const {top} = box.getBoundingClientRect();
          const inner = box.querySelectorAll('p, button, select, input[type=search], .csa-chart');
          const parts = [box, ...inner].filter((one) => one.checkVisibility())
            .map((one) => one.getBoundingClientRect());
          return {
            sideways: Math.max(...parts.map((one) => one.right - window.innerWidth), 0),
            below: Math.max(...parts.map((one) => one.bottom - window.innerHeight), 0),
            covered: Math.max(map.bottom - top, 0),
          };
        }"""
    )


def zoom(frame, level):
    frame.evaluate(f"void (window.map || window.map_div).setZoom({level}, {{animate: false}})")


@pytest.mark.parametrize("path", ["areas", *slowly("compare")])
def test_near_the_map_shows_small_cells_and_its_legend_says_so(read, sample_app, path):
    frame = read(f"{sample_app}/{path}").frame
    far = scale(frame)
    assert far["shown"] == "far"
    zoom(frame, 14)
    near = scale(frame)
    assert near["shown"] == "near"
    for seen in (far, near):
        assert len(set(seen["colors"])) == len(seen["classes"]) >= 4
    assert far["title"] == says("map.legend", size="26 acres")  # H3's resolution 9
    assert near["title"] == says("map.legend", size="4 acres")
    assert near["classes"] != far["classes"]
    assert near["colors"][-1] == far["colors"][-1]  # most is as dark in both
    zoom(frame, 12)
    assert scale(frame) == far


@pytest.mark.parametrize("widths", [(390,), (1400, 390), (390, 1400)])
def test_the_legend_stands_below_the_map_whole(read, sample_app, widths):
    reader = read(f"{sample_app}/areas", width=widths[0])
    for width in widths:
        reader.page.set_viewport_size({"width": width, "height": 1000})
        reader.settle()
    frame = reader.frame
    for level in (None, 14, 11):
        if level is not None:
            zoom(frame, level)
        found = room(frame)
        assert {name: px for name, px in found.items() if px > 1} == {}, level


@pytest.mark.parametrize("width", [390, *slowly(1400)])
@pytest.mark.parametrize("screen", [{}, {"eps_m": 250.0, "min_samples": 4, "max_area_km2": 0.5}])
def test_no_label_hides_another(read, sample_app, width, screen):
    reader = read(f"{sample_app}/areas?screen={quote(json.dumps(screen))}", width=width)
    frame = reader.frame
    if screen:
        assert 0 < len(boxes(frame)) <= FEW  # more names would hide the cells from afar
        zoom(frame, 13)
    found = boxes(frame)
    assert len(found) >= 5
    for n, (left, top, right, bottom) in enumerate(found):
        for other in found[n + 1 :]:
            apart = right <= other[0] or other[2] <= left or bottom <= other[1] or other[3] <= top
            assert apart, (found[n], other)


@pytest.mark.parametrize(("page", "width"), [("", 390), ("areas", 390), *slowly(("", 1400))])
def test_no_line_to_a_label_runs_behind_another(read, sample_app, page, width):
    found = crossed(read(f"{sample_app}/{page}", width=width).frame)
    assert found.pop("lines") >= 5
    assert found == {"behind": 0, "across": 0}


def test_one_key_shows_the_whole_city_again(read, sample_app):
    reader = read(f"{sample_app}/areas")
    frame = reader.frame
    frame.evaluate("void window.map.setZoom(15, {animate: false})")
    frame.get_by_role("button", name="Show the entire city").click()
    frame.wait_for_function("window.map.getZoom() < 13")


@pytest.mark.slow
def test_a_sheet_can_be_closed_and_the_same_row_chosen_again(read, sample_app):
    reader = read(f"{sample_app}/areas")
    reader.frame  # noqa: B018 - painted
    reader.settle()
    row = reader.page.locator(".st-key-area_list button").nth(1)
    row.click()
    reader.page.get_by_role("button", name="Close").click()
    row.wait_for()
    reader.settle()
    row.click()
    reader.page.get_by_role("button", name="Close").wait_for()


def test_a_change_that_lets_an_area_go_says_so(read, sample_app):
    reader = read(f"{sample_app}/areas?screen={quote(json.dumps({'area': 'c-3'}))}")
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
    menu = reader.page.get_by_role("combobox", name="Cell size")
    menu.scroll_into_view_if_needed()
    reader.settle()  # a list that opens while the page runs, or glides, is closed again
    menu.click()
    reader.page.get_by_role("option", name="resolution 8").click()
    reader.settle()
    assert reader.page.get_by_test_id("stAlertContentError").count() == 0
    assert "candidate area" in reader.text()
