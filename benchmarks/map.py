"""Measure the map in the browser: draw times and bytes, which depend least on the machine.

`python -m benchmarks.map [DATASET]`, with a city's dataset; without one, of the made-up city.
"""

from __future__ import annotations

import gzip
import json
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

import h3.api.numpy_int as h3
import numpy as np

from benchmarks.browser import chromium
from benchmarks.server import APP, serving
from csa.base.params import Month
from csa.geo.cell_time import CellTimeLayer, CellTimes, ground_map, ground_options, pack_cells
from csa.geo.palette import PAPER

N_CELLS, N_MONTHS, N_INCIDENTS, RUNS = 10_000, 104, 30_000, 5
FIRST = Month(2015, 1)
DRAWN = "document.body && document.body.dataset.painted && window.csaMap && csaMap.time.counts"
SPANS = """(async () => {
  csaMap.time.took = [];
  for (let n = 0; n < 60; n++) {
    csaMap.setWindow(n, n + 36);
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  }
  return csaMap.time.took;
})()"""

OUTLINES = """JSON.stringify(Object.values((window.map || window.map_div)._layers)
  .filter((one) => one.feature && one.options.pane === 'outline').map((one) => one.toGeoJSON()))"""
"""The areas as they were sent: outlines, names and lines."""


def made_up() -> dict[str, Any]:
    """Make a map of a city larger than New York's shootings ask for: 10,000 blocks."""
    random = np.random.default_rng(56)
    middle = h3.latlng_to_cell(40.7, -73.9, 10)
    cells = np.sort(np.array([*h3.grid_disk(middle, 58)], dtype=np.uint64)[:N_CELLS])
    at = np.concatenate([np.arange(N_CELLS), random.integers(0, N_CELLS, N_INCIDENTS - N_CELLS)])
    month = FIRST.index + random.integers(0, N_MONTHS, N_INCIDENTS)
    times = CellTimes.of(cells[at], month, FIRST, FIRST.plus(N_MONTHS))
    numbers = dict(zip(cells.tolist(), range(N_CELLS), strict=True))
    span = FIRST.plus(N_MONTHS - 36), FIRST.plus(N_MONTHS)
    areas: tuple[list[str], Any] = ([], np.zeros(len(times.cells), dtype=np.int64))
    drawn = [(pack_cells(cells), numbers)]
    return times.to_message(drawn, PAPER, span, areas, through=date(2023, 8, 31))


def report(what: str, found: float, unit: str, target: str = "") -> None:
    """Print a line: the median, and what was aimed at."""
    sys.stdout.write(
        f"{what:<52} {found:10,.1f} {unit:<4} {f'(target {target})' if target else ''}\n"
    )
    sys.stdout.flush()


def draw_times(browser: Any, folder: Path) -> None:
    """Measure a redraw of 10,000 blocks, all in view, and the bytes of their counts."""
    time_message = made_up()
    counts = {name: time_message[name] for name in ("gaps", "parents", "counts", "steps")}
    report(
        "counts of 10,000 blocks, gz",
        len(gzip.compress(json.dumps(counts).encode())) / 1000,
        "kB",
        "60",
    )
    box = [[40.6, -74.03], [40.8, -73.77]]
    made = ground_map(ground_options({"layers": {}}, box, PAPER, units="us"))
    CellTimeLayer({"areas": [], "selected": "", "whole": True, "time": time_message}).add_to(made)
    made.save(folder / "map.html")
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    page.goto((folder / "map.html").as_uri())
    page.wait_for_function(DRAWN)
    page.evaluate(SPANS)
    report("redraw of 10,000 blocks", float(np.median(page.evaluate(SPANS))), "ms", "3")
    page.close()


def framed(page: Any) -> Any:
    """Wait for the first cells, and give the map's frame."""
    while True:
        frame = next((one for one in page.frames if "streamlit_folium" in one.url), None)
        try:
            if frame and frame.evaluate(f"Boolean({DRAWN})"):
                return frame
        except Exception:  # noqa: BLE001, S110 - its frame is being made
            pass
        page.wait_for_timeout(15)


def listen(line: Any, said: list[Any]) -> None:
    """Keep what goes over a page's line to the server."""
    line.on("framesent", lambda frame: said.append(frame))  # noqa: PLW0108 - not a built-in
    line.on("framereceived", lambda frame: said.append(frame))  # noqa: PLW0108


def page_times(browser: Any, variables: dict[str, str]) -> None:
    """Measure the first cells within the real page, cold and warm, and what each action sends."""
    cold, assets = [], 0
    with serving(APP, variables) as server:
        for _ in range(RUNS):
            context = browser.new_context(viewport={"width": 1400, "height": 1000})
            page = context.new_page()
            sent: list[Any] = []
            page.on("response", lambda answer, sent=sent: sent.append(answer))
            began = time.perf_counter()
            page.goto(f"{server.address}/areas")
            framed(page)
            cold.append(time.perf_counter() - began)
            assets = sum(
                one.request.sizes()["responseBodySize"]
                for one in sent
                if "/app/static/geometry" in one.url or "leaflet" in one.url
            )
            context.close()
        context = browser.new_context(viewport={"width": 1400, "height": 1000})
        warm = []
        for _ in range(RUNS + 1):
            page = context.new_page()
            began = time.perf_counter()
            page.goto(f"{server.address}/areas")
            framed(page)
            warm.append(time.perf_counter() - began)
            page.close()
        said: list[Any] = []
        page = context.new_page()
        page.on("websocket", lambda line: listen(line, said))
        page.goto(f"{server.address}/areas")
        frame = framed(page)
        page.wait_for_timeout(4000)
        drawn = frame.evaluate(OUTLINES)
        report("outlines of a window, gz", len(gzip.compress(drawn.encode())) / 1000, "kB", "5")
        page.on("request", lambda asked: said.append(asked.url))
        acts = {
            "brush": SPANS,
            "legend": "document.querySelector('#csa-map-legend button').click()",
            "swipe": "document.querySelector('.csa-swipe').click()",
            "play": "document.querySelector('.csa-play').click()",
        }
        for name, act in acts.items():
            said.clear()
            frame.evaluate(act)
            page.wait_for_timeout(2000)
            report(f"bytes on {name}", sum(map(len, said)), "B", "0")
        clicks = []
        for row in range(RUNS):
            began = time.perf_counter()
            page.locator(".st-key-area_list button").nth(row % 2).click()
            page.locator(".st-key-sheet_head h2").wait_for()
            clicks.append(time.perf_counter() - began)
            page.wait_for_timeout(800)
            page.locator(".st-key-sheet_head button").first.click()
            page.locator(".st-key-area_list button").first.wait_for()
            page.wait_for_timeout(800)
    report("click to panel", float(np.median(clicks)) * 1000, "ms", "300")
    report("first cells, warm", float(np.median(warm[1:])), "s", "1.5")
    report("first cells, cold browser", float(np.median(cold[1:])), "s", "2.5")
    report("first cells, cold browser and server", cold[0], "s")
    report("map's own files, cold", assets / 1000, "kB", "500")


def main() -> None:
    """Measure all of it."""
    dataset = sys.argv[1] if len(sys.argv) > 1 else None
    with tempfile.TemporaryDirectory() as name, chromium() as browser:
        draw_times(browser, Path(name))
        made = {key: f"{name}/{key}" for key in ("CSA_DATASET", "CSA_BASEMAP", "CSA_CHOICES")}
        page_times(browser, {"CSA_CITY": dataset} if dataset else made)


if __name__ == "__main__":
    main()
