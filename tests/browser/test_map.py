"""The map's own manners: labels, keys, and the sheet beside it."""

import json
from urllib.parse import quote

import pytest
from tests.sentences import says

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


def test_near_the_map_shows_small_cells_and_its_legend_says_so(read, sample_app):
    frame = read(f"{sample_app}/areas").frame
    shown = frame.locator(".leaflet-control-attribution").inner_text()
    assert "SAMPLE: synthetic city" in shown
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
    zoom(frame, 15)
    frame.get_by_role("button", name="Show the entire city").click()
    frame.wait_for_function("window.map.getZoom() < 13")


@pytest.mark.parametrize("widths", [(1400, 390), (390, 1400)])
def test_the_legend_stands_whole_and_no_label_or_line_hides_another(read, sample_app, widths):
    reader = read(f"{sample_app}/areas", width=widths[0])
    for width in widths:
        reader.page.set_viewport_size({"width": width, "height": 1000})
        reader.settle()
        frame = reader.frame
        assert_apart(frame, 5)
        found = crossed(frame)
        assert found.pop("lines") >= 5
        assert found == {"behind": 0, "across": 0}
    for level in (None, 14, 11):
        if level is not None:
            zoom(frame, level)
        found = room(frame)
        assert {name: px for name, px in found.items() if px > 1} == {}, level


def assert_apart(frame, least):
    """Check that labels are there, and that none covers another."""
    found = boxes(frame)
    assert len(found) >= least
    for n, (left, top, right, bottom) in enumerate(found):
        for other in found[n + 1 :]:
            apart = right <= other[0] or other[2] <= left or bottom <= other[1] or other[3] <= top
            assert apart, (found[n], other)


def test_of_many_areas_the_first_alone_are_named_from_afar(read, sample_app):
    screen = {"eps_m": 250.0, "min_samples": 4, "max_area_km2": 0.5}
    frame = read(f"{sample_app}/areas?screen={quote(json.dumps(screen))}", width=390).frame
    assert 0 < len(boxes(frame)) <= FEW  # more names would hide the cells from afar
    assert_apart(frame, 1)
    zoom(frame, 13)
    assert_apart(frame, 5)
