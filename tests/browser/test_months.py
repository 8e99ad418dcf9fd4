"""The brush over the map's months: counts and colors are Python's own, and nobody else is asked."""

import json
import random
import re
import time

import h3.api.numpy_int as h3
import numpy as np
import pytest
import shapely
from PIL import Image
from tests.browser.conftest import LINES, Reader, free_port, new_context, new_page, until
from tests.browser.firefox import firefox

import csa
from csa.base.params import Month
from csa.city.loading import load_city
from csa.geo.palette import ENDS_AT, PAPER

DRAWN = """() => {
  const {counts, raster, canvas, pen} = csaMap.time;
  const {map} = window;
  const scale = raster.world / (256 * 2 ** map.getZoom());
  const pixels = pen.getImageData(0, 0, canvas.width, canvas.height).data;
  return [...counts.keys()].map((cell) => {
    const at = csaMap.middleOf(cell);
    const {x, y} = map.project(at).multiplyBy(scale);
    const [column, row] = [Math.floor(x - raster.left), Math.floor(y - raster.top)];
    const isSeen = column >= 0 && row >= 0 && column < canvas.width && row < canvas.height;
    const from = 4 * (row * canvas.width + column);
    return [at.lat, at.lng, counts[cell], isSeen ? [...pixels.slice(from, from + 4)] : null];
  });
}"""
STILL = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


@pytest.fixture(scope="module")
def shootings(root, sample_folder):
    """Each mapped shooting's cell of two sizes, and its month, by other hands than the library's."""
    dataset = csa.open_city(load_city(root / "config" / "sample.toml"), sample_folder).dataset
    places = shapely.points(dataset.incidents["lon"], dataset.incidents["lat"])
    held = dataset.incidents[shapely.covers(dataset.study_area, places)]
    month = held["occurred_at"].dt.year * 12 + held["occurred_at"].dt.month - 1
    first = Month.parse(dataset.report["data_from"][:7]).index
    at = held[["lat", "lon"]].to_numpy().tolist()
    cells = np.array([h3.latlng_to_cell(*one, 10) for one in at])
    larger = np.array([h3.cell_to_parent(cell, 9) for cell in cells])
    return {size: (held, month.to_numpy() - first) for size, held in ((9, larger), (10, cells))}


def count(shootings, size, start, end):
    cells, month = shootings[size]
    found, n = np.unique(cells[(month >= start) & (month < end)], return_counts=True)
    return dict(zip(found.tolist(), n.tolist(), strict=True))


def colors(counts, compared):
    """The color of each count, in classes by what `compared` has."""
    bounds = np.unique(np.floor(np.percentile([*compared.values()], ENDS_AT)))
    palette = PAPER.sequential[-len(bounds) :]
    chosen = {n: palette[min(np.searchsorted(bounds, n), len(bounds) - 1)] for n in counts}
    return {n: [int(c[k : k + 2], 16) for k in (1, 3, 5)] + [255] for n, c in chosen.items()}


def assert_drawn(drawn, shootings, size, span, end, least_seen=50):
    """Compare what a browser counted and painted with Python's own."""
    (start, stop), begin = span, max(0, end - (span[1] - span[0]))
    wanted = count(shootings, size, start, stop)
    compared = count(shootings, size, begin, begin + stop - start)
    color = {0: [0, 0, 0, 0], **colors({*wanted.values()}, compared)}
    held = {h3.latlng_to_cell(lat, lon, size): n for lat, lon, n, _ in drawn if n}
    assert {int(cell): n for cell, n in held.items()} == wanted
    seen = [(n, pixel) for *_, n, pixel in drawn if pixel]
    assert len(seen) > least_seen
    assert [pixel for _, pixel in seen] == [color[n] for n, _ in seen]


def test_counts_and_colors_are_pythons_own_for_any_span_of_months(read, sample_app, shootings):
    frame = read(f"{sample_app}/areas").frame
    n_steps, (_, end) = frame.evaluate("[csaMap.time.message.names.length, csaMap.time.span]")
    chance = random.Random(56)  # noqa: S311 - the same spans each time
    for zoom, size in ((12, 9), (14, 10)):
        frame.evaluate(f"void window.map.setZoom({zoom}, {{animate: false}})")
        for _ in range(8):
            start, stop = sorted(chance.sample(range(n_steps + 1), 2))
            frame.evaluate(f"csaMap.setWindow({start}, {stop}); {STILL}")
            drawn = frame.evaluate(DRAWN)
            assert_drawn(drawn, shootings, size, (start, stop), end)


class Phone:
    """A telephone in chromium: two pixels a point, and a finger."""

    def __init__(self, chromium, address):
        looks = {"device_scale_factor": 2, "has_touch": True, "is_mobile": True}
        self.context = new_context(chromium, viewport={"width": 390, "height": 900}, **looks)
        self.page = new_page(self.context)
        self.page.goto(address)
        self.frame = Reader(self.page).frame
        Reader(self.page).settle()

    def run(self, expression):
        return self.frame.evaluate(expression)

    def drag(self, selector, share, by):
        """Hold what is at a share of an element's width, and move it by so many pixels."""
        place = self.frame.locator(selector)
        place.scroll_into_view_if_needed()
        box = place.bounding_box()
        x, y = box["x"] + share * box["width"], box["y"] + 20
        line = self.context.new_cdp_session(self.page)
        points = [("touchStart", 0), *(("touchMove", by * n / 6) for n in range(1, 7))]
        for kind, moved in points:
            at = [{"x": x + moved, "y": y}]
            line.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})
        line.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    def close(self):
        self.context.close()


class DebiansFirefox:
    """The same in another browser, with a mouse."""

    def __init__(self, address):
        self.opened = firefox(free_port())
        self.tab = self.opened.__enter__()
        view = {"viewport": {"width": 1400, "height": 900}, "devicePixelRatio": 2}
        self.tab.call("browsingContext.setViewport", context=self.tab.context, **view)
        self.tab.call("browsingContext.navigate", context=self.tab.context, url=address)
        self.tab.until("!!document.querySelector('iframe[src*=streamlit_folium]')")
        self.tab.settle()
        self.frame = next(at for url, at in self.tab.frames().items() if "streamlit_folium" in url)
        for _ in range(200):
            if self.run(
                "'still' in document.body.dataset && !!(window.csaMap && csaMap.time.counts)"
            ):
                break
            time.sleep(0.1)

    def run(self, expression):
        said = f"({expression})()" if expression.startswith("()") else expression
        return self.tab.run(said, self.frame)

    def drag(self, selector, share, by):
        inside = f"document.querySelector('{selector}').getBoundingClientRect()"
        left, top, width = self.run(
            f"(() => {{ const b = {inside}; return [b.x, b.y, b.width]; }})()"
        )
        frame = "document.querySelector('iframe[src*=streamlit_folium]')"
        self.tab.run(f"{frame}.scrollIntoView({{block: 'end'}})")
        x, y = self.tab.run(
            f"(() => {{ const b = {frame}.getBoundingClientRect(); return [b.x, b.y]; }})()"
        )
        at = {"x": int(x + left + share * width), "y": int(y + top + 20)}
        moves = [{"type": "pointerMove", **at, "x": int(at["x"] + by * n / 6)} for n in range(1, 7)]
        mouse = [{"type": "pointerMove", **at}, {"type": "pointerDown", "button": 0}, *moves]
        mouse += [{"type": "pointerUp", "button": 0}]
        source = {"type": "pointer", "id": "mouse", "actions": mouse}
        self.tab.call("input.performActions", context=self.tab.context, actions=[source])

    def close(self):
        self.opened.__exit__(None, None, None)


@pytest.mark.parametrize("name", ["phone", "firefox"])
def test_other_screens_hands_and_browsers_count_color_and_move_alike(
    request, sample_app, shootings, name
):
    address = f"{sample_app}/areas"
    is_phone = name == "phone"
    browser = request.getfixturevalue("chromium") if is_phone else None
    seen = Phone(browser, address) if is_phone else DebiansFirefox(address)
    try:
        assert seen.run("devicePixelRatio") == 2
        end = seen.run("csaMap.time.span")[1]
        seen.run("void window.map.setZoom(12, {animate: false})")
        for span in ((0, 24), (7, 19)):
            seen.run(f"(csaMap.setWindow{span}, {STILL}.then(() => 1))")
            assert_drawn(seen.run(DRAWN), shootings, 9, span, end, least_seen=30)
        n_steps, (start, stop) = seen.run("[csaMap.time.message.names.length, csaMap.time.span]")
        step = seen.run("document.querySelector('.csa-chart').clientWidth") / n_steps
        seen.drag(".csa-chart", (start + stop) / 2 / n_steps, 10 * step)
        moved = seen.run(f"{STILL}.then(() => csaMap.time.span)")
        assert moved[1] - moved[0] == stop - start
        assert abs(moved[0] - start - 10) <= 1
    finally:
        seen.close()


def test_a_drag_plays_keys_and_the_legend_ask_nobody(read, sample_app):
    reader = read(f"{sample_app}/areas")
    frame = reader.frame
    reader.settle()
    born, n_said = frame.evaluate("performance.timeOrigin"), LINES[reader.page].n_said
    asked = []
    reader.page.on("request", lambda request: asked.append(request.url))
    n_steps, span = frame.evaluate("[csaMap.time.message.names.length, csaMap.time.span]")
    length = span[1] - span[0]
    # Held by its middle, the span goes where the hand goes, and not past an end.
    box = frame.locator(".csa-chart").bounding_box()
    y, step = box["y"] + 20, box["width"] / n_steps
    reader.page.mouse.move(box["x"] + step * (span[0] + length / 2), y)
    reader.page.mouse.down()
    reader.page.mouse.move(box["x"] + step * (span[0] + length / 2 - 10), y, steps=12)
    assert frame.evaluate(f"{STILL}.then(() => csaMap.time.span)") == [span[0] - 10, span[1] - 10]
    reader.page.mouse.move(box["x"], y, steps=12)
    reader.page.mouse.up()
    assert frame.evaluate(f"{STILL}.then(() => csaMap.time.span)") == [0, length]
    assert frame.locator(".csa-moved").count() == 1
    # Keys move an end by a month, and say which.
    ends = frame.get_by_role("slider")
    ends.nth(1).press("ArrowRight")
    ends.nth(0).press("ArrowRight")
    assert frame.evaluate(f"{STILL}.then(() => csaMap.time.span)") == [1, length + 1]
    names = frame.evaluate("csaMap.time.message.names")
    assert [one.get_attribute("aria-valuetext") for one in ends.all()] == [
        names[1][0],
        names[length][1],
    ]
    ends.nth(0).press("End")
    assert frame.evaluate(f"{STILL}.then(() => csaMap.time.span)") == [n_steps - 1, n_steps]
    # What is hidden in the legend is gone, and the rest remains.
    before = frame.evaluate("[...csaMap.time.pixels].filter(Boolean).length")
    frame.locator("#csa-map-legend button").first.click()
    after = frame.evaluate("[...csaMap.time.pixels].filter(Boolean).length")
    assert 0 <= after < before
    frame.locator("#csa-map-legend button").first.click()
    assert frame.evaluate("[...csaMap.time.pixels].filter(Boolean).length") == before
    # From the end it plays from the beginning, through every month, and stops at the last.
    frame.evaluate(f"csaMap.setWindow(0, {n_steps - 6}); {STILL}")
    frame.get_by_role("button", name="Play").click()
    frame.wait_for_function(f"csaMap.time.span[1] === {n_steps} && !csaMap.time.playing")
    frame.get_by_role("button", name="Back to").click()
    assert frame.evaluate(f"{STILL}.then(() => csaMap.time.span)") == span
    assert frame.locator(".csa-moved").count() == 0
    assert frame.evaluate("performance.timeOrigin") == born
    assert LINES[reader.page].n_said == n_said
    assert asked == []


def test_the_list_of_cells_and_areas_and_the_pointer_give_the_same_answer(read, sample_app):
    frame = read(f"{sample_app}/areas").frame
    top = frame.get_by_role("combobox", name="Areas and blocks")
    until(frame, "document.querySelector('.csa-top').options.length > 15")
    n_areas = frame.evaluate("csaMap.time.message.areas.length")
    cell = top.locator("option").nth(1 + n_areas).get_attribute("value")
    top.select_option(cell)
    line = frame.locator(".csa-pointed").inner_text()
    n = frame.evaluate(f"csaMap.time.counts[{cell}]")
    assert n == frame.evaluate("Math.max(...csaMap.time.counts)")
    assert line.startswith(f"{n} incidents, ")
    top.select_option("")
    assert frame.locator(".csa-pointed").inner_text() != line
    top.select_option("area 0")
    name = top.locator("option:checked").inner_text()
    told = frame.locator(".csa-pointed").inner_text(), frame.locator(".csa-about").inner_text()
    n = frame.evaluate(
        "csaMap.time.message.areas.length && +document.querySelector('.csa-pointed').textContent.split(' ')[0]"
    )
    assert told[0].endswith(f"in {name}")
    assert told[1].startswith(name)
    assert f"{n} incidents in 36 months" in told[1]
    assert "90% range" in told[1]
    top.select_option("")
    assert frame.locator(".csa-about").inner_text() == ""
    frame.evaluate(
        """() => map.eachLayer((layer) => {
          if (layer.feature?.properties.number === 0) layer.fire('mouseover', {}, true);
        })"""
    )
    assert frame.locator(".csa-about").inner_text() == told[1]


def test_a_saved_map_opens_without_a_network_and_counts_the_same(
    chromium, root, sample_folder, tmp_path
):
    city = csa.open_city(load_city(root / "config" / "sample.toml"), sample_folder)
    proposal = csa.propose_areas(city)
    proposal.explore().save(tmp_path / "map.html")
    page = chromium.new_page()
    asked, errors = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto((tmp_path / "map.html").as_uri())
    page.wait_for_function("window.csaMap && csaMap.time.counts")
    assert page.evaluate("csaMap.time.counts.reduce((a, b) => a + b)") == len(proposal.incidents)
    labels = page.locator(".csa-label span").all_inner_texts()
    assert sorted(labels) == sorted(proposal.areas["place_name"])
    page.close()
    assert (errors, [url for url in asked if not url.startswith(("file:", "data:"))]) == ([], [])


SIDES = """() => {
  const {pixels, raster, split, counts, earlier, level} = csaMap.time;
  const size = window.map.getSize().x;
  const middle = (80 + split * size) * raster.width / (size + 160);  // 80 px beyond each edge
  const sides = [new Map(), new Map()];
  raster.index.forEach((cell, at) => {
    const column = at % raster.width;
    if (cell) sides[column + 0.5 < middle ? 0 : 1].set(cell - 1, pixels[at]);
  });
  return sides.map((side, right) => [...side].map(([cell, ink]) => [(right ? counts : earlier)[cell], ink]));
}"""


def test_before_and_after_stand_on_two_sides_of_a_line_with_keys_values_and_one_legend(
    read, sample_app
):
    reader = read(f"{sample_app}/compare")
    frame = reader.frame
    reader.settle()
    n_said = LINES[reader.page].n_said
    span = frame.evaluate("csaMap.time.span")
    frame.get_by_role("button", name="Before and after").click()
    length = span[1] - span[0]
    first = max(0, span[0] - length)
    assert frame.evaluate(f"{STILL}.then(() => csaMap.time.before)") == [first, first + length]
    before, line = (
        frame.get_by_role("slider", name=name)
        for name in ("First month on the left", "Line between the two")
    )
    before.press("End")
    most = frame.evaluate("csaMap.time.message.names.length")
    assert frame.evaluate(f"{STILL}.then(() => csaMap.time.before)") == [most - length, most]
    names = frame.evaluate("csaMap.time.message.names")
    assert names[most - length][0] in before.get_attribute("aria-valuetext")
    before.press("Home")
    line.press("PageUp")
    assert frame.evaluate(f"{STILL}.then(() => csaMap.time.split)") > 0.5
    assert line.get_attribute("aria-valuetext").endswith("%")
    # Each side's cells have the color of its own months' counts, and the same count one color.
    colors = {}
    for side in frame.evaluate(SIDES):
        assert len({n for n, _ in side}) > 3
        for n, ink in side:
            colors.setdefault(n, set()).add(ink)
    assert {len(inks) for inks in colors.values()} == {1}
    # By hand: the line goes where the hand goes, and the map stays.
    middle = "[map.getCenter().lat, map.getCenter().lng]"
    center = frame.evaluate(middle)
    box = frame.locator(".csa-line").bounding_box()
    reader.page.mouse.move(box["x"] + 7, box["y"] + 150)
    reader.page.mouse.down()
    reader.page.mouse.move(box["x"] - 120, box["y"] + 150, steps=5)
    reader.page.mouse.up()
    assert frame.evaluate(f"{STILL}.then(() => csaMap.time.split)") < 0.5
    assert frame.evaluate(middle) == center
    # A longer span on the right is a longer one on the left.
    frame.evaluate(f"csaMap.setWindow({most - 7}, {most}); {STILL}")
    left = frame.evaluate("csaMap.time.before")
    assert left[1] - left[0] == 7
    frame.get_by_role("button", name="Before and after").click()
    assert frame.evaluate(f"{STILL}.then(() => csaMap.time.before)") is None
    assert LINES[reader.page].n_said == n_said


def test_layers_are_switched_and_streets_are_found_without_asking_the_server(
    read, sample_app, root, sample_folder
):
    reader = read(f"{sample_app}/areas")
    frame = reader.frame
    reader.settle()
    n_said = LINES[reader.page].n_said
    frame.get_by_text("Layers").click()
    services = frame.get_by_role("button", name="Services")
    assert services.get_attribute("aria-pressed") == "false"
    services.click()
    assert frame.locator(".csa-service").count() > 20
    frame.locator(".csa-key", has_text="clinic").wait_for()
    services.click()
    assert frame.locator(".csa-service").count() == 0
    frame.get_by_role("button", name="Points that may be wrong").click()
    assert frame.locator(".csa-service", has_text="?").count() > 0
    frame.get_by_role("button", name="Incidents").click()
    assert not frame.locator(".leaflet-cells-pane").is_visible()
    # Found by name: streets, neighborhoods and services, of the city's own layers alone.
    places = csa.open_city(load_city(root / "config" / "sample.toml"), sample_folder).dataset
    streets = json.loads((root / "data" / "sample" / "streets.geojson").read_text())["features"]
    named = {one["properties"]["name"] for one in streets} | {*places.neighborhoods["name"]}
    listed = frame.locator("#csa-map-places option").evaluate_all("all => all.map((e) => e.value)")
    own = {*places.services["name"]} | {*places.neighborhoods["name"]} - {"unassigned"}
    assert own < {*listed} <= own | named
    assert len({*listed} - own) > 20  # streets, but for those beyond the map's edge
    box = frame.get_by_role("combobox", name="Find a street or place")
    box.fill(min({*listed} - own))
    box.press("Enter")
    found = "document.querySelectorAll('.leaflet-leaders-pane path[stroke=\"#0b6e75\"]').length > 0"
    until(frame, found, most_ms=10_000)
    frame.evaluate("void map.setZoom(16, {animate: false})")
    until(frame, "document.querySelectorAll('.csa-place').length > 1")
    # A street's name is on its street: where the map has it, not beside it. The map is at rest then.
    measure = """() => [...document.querySelectorAll('.csa-place')].map((e) => {
      const {x, y, width, height} = e.getBoundingClientRect(), name = e.textContent;
      const middle = L.point(x + width / 2, y + height / 2);
      let nearest = null;
      map.eachLayer((layer) => {
        if (layer.feature?.properties.name !== name || !layer.getLatLngs) return;
        const lines = layer.getLatLngs();
        for (const line of L.LineUtil.isFlat(lines) ? [lines] : lines) {
          const points = line.map((at) => map.latLngToContainerPoint(at));
          points.slice(1).forEach((to, n) => { nearest = Math.min(nearest ?? Infinity,
            L.LineUtil.pointToSegmentDistance(middle, points[n], to)); });
        }
      });
      return [name, e.style.transform, nearest];
    })"""
    until(frame, f"({measure})().filter(([, , px]) => px !== null && px < 3).length > 3")
    until(frame, f"({measure})().every(([, , px]) => px === null || px < 3)")
    labels = frame.evaluate(measure)
    assert {label[0] for label in labels} <= named
    assert any("rotate(0rad)" not in label[1] for label in labels)
    # What is seen is a picture too, with its legend, scale, north and source.
    frame.evaluate("void map.setZoom(14, {animate: false})")
    with reader.page.expect_download() as saved:
        frame.get_by_role("button", name="Image").click()
    picture = Image.open(saved.value.path()).convert("RGB")
    ratio = picture.width / frame.evaluate("document.body.clientWidth")
    legend = frame.locator("#csa-map-legend i").evaluate_all(
        "all => all.map((e) => [e.getBoundingClientRect().x + 5, e.getBoundingClientRect().y + 5,"
        " getComputedStyle(e).backgroundColor])"
    )
    for x, y, color in legend:
        told = tuple(map(int, re.findall(r"\d+", color)))
        assert picture.getpixel((int(x * ratio), int(y * ratio))) == told
    assert len(picture.getcolors(10**6)) > 50
    assert LINES[reader.page].n_said == n_said
