"""The brush over the map's months: counts and colors are Python's own, and nobody else is asked."""

import random

import h3.api.numpy_int as h3
import numpy as np
import pytest
import shapely
from tests.browser.conftest import LINES, until

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


@pytest.mark.smoke
def test_counts_and_colors_are_pythons_own_for_any_span_of_months(read, sample_app, shootings):
    frame = read(f"{sample_app}/areas").frame
    n_steps, (_, end) = frame.evaluate("[csaMap.time.message.names.length, csaMap.time.span]")
    chance = random.Random(56)  # noqa: S311 - the same spans each time
    for zoom, size in ((12, 9), (14, 10)):
        frame.evaluate(f"void window.map.setZoom({zoom}, {{animate: false}})")
        for _ in range(8):
            start, stop = sorted(chance.sample(range(n_steps + 1), 2))
            frame.evaluate(f"csaMap.setWindow({start}, {stop}); {STILL}")
            wanted = count(shootings, size, start, stop)
            begin = max(0, end - (stop - start))
            compared = count(shootings, size, begin, begin + stop - start)
            color = {0: [0, 0, 0, 0], **colors({*wanted.values()}, compared)}
            drawn = frame.evaluate(DRAWN)
            held = {h3.latlng_to_cell(lat, lon, size): n for lat, lon, n, _ in drawn if n}
            assert {int(cell): n for cell, n in held.items()} == wanted
            seen = [(n, pixel) for *_, n, pixel in drawn if pixel]
            assert len(seen) > 50
            assert [pixel for _, pixel in seen] == [color[n] for n, _ in seen]


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


def test_the_list_of_cells_and_the_pointer_give_the_same_answer(read, sample_app):
    frame = read(f"{sample_app}/areas").frame
    top = frame.get_by_role("combobox", name="Most incidents")
    until_listed = "document.querySelector('.csa-top').options.length > 1"
    until(frame, until_listed)
    cell = top.locator("option").nth(1).get_attribute("value")
    top.select_option(cell)
    line = frame.locator(".csa-pointed").inner_text()
    n = frame.evaluate(f"csaMap.time.counts[{cell}]")
    assert n == frame.evaluate("Math.max(...csaMap.time.counts)")
    assert line.startswith(f"{n} incidents, ")
    top.select_option("")
    assert frame.locator(".csa-pointed").inner_text() != line


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
