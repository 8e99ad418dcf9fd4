"""Time the screen in a real browser, ours beside folium.Choropleth and pydeck, in one run.

*Painted* is from the click until our map says that it has painted. *Seen* is until the map's new
picture is there to stay, by screenshots of it, which costs the machine about a tenth of a second a
look: so are the rivals measured, whose pages hold a map alone and do not say how sure an area is.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from benchmarks.browser import chromium
from benchmarks.rows import Row, beside
from benchmarks.server import APP, ROOT, prepare, serving

CHANGES = 20
WATCHED_S, STILL_S = 2.5, 1.5
OPENED_S = 120
OURS, PLAIN = (  # each says for itself that its map is there
    "document.body && document.body.dataset.painted",
    "document.querySelector('.leaflet-overlay-pane path')",
)
RUNNING = "[data-testid=stApp][data-test-script-state=running]"
LEAFLET = ROOT / "app" / "csa_app" / "static" / "vendor" / "leaflet" / "leaflet.js"
SCREEN = quote(json.dumps({"eps_m": 150.0, "min_samples": 10}))
RIVALS = {
    "folium.Choropleth": "benchmarks/rivals/choropleth.py",
    "pydeck H3HexagonLayer": "benchmarks/rivals/deck.py",
}


def screen(dataset: Path) -> Iterator[Row]:
    """Measure ours, and the rivals beside it."""
    variables = {"CSA_CITY": str(dataset)}
    with chromium() as browser:
        cold = [_cold(browser, variables) for _ in range(3)]
        yield Row("first page, map and all, once the server answers", cold, target="3 s")
        with serving(APP, variables) as server:
            page = _opened(browser, f"{server.address}/areas?screen={SCREEN}")
            # The months first: at the wide radii that come last, clusters are split many times.
            yield Row("painted: another last month", _month(page), target="0.3 s")
            painted = _radius(page, _until_painted)
            yield Row("painted: another radius (eps)", painted, target="0.5 s")
        with serving(APP, variables) as server:
            page = _opened(browser, f"{server.address}/areas?screen={SCREEN}")
            radius = _radius(page, _until_settled)
            followed = _followed_month(_opened(browser, f"{server.address}/displacement", 6000))
        yield Row(
            "painted: Displacement, another month, until the page follows", followed, target="0.3 s"
        )
        for name, script in RIVALS.items():
            with _beside_static(ROOT / script) as copy:
                command = [sys.executable, "-m", "streamlit", "run", str(copy)]
                with serving(command, variables) as server:
                    times = _rival(browser, server.address)
            yield Row("painted: another radius", painted, None, *beside(name, times, painted))
            sure = "seen: another radius, and how sure each area is"
            yield Row(sure, radius, None, *beside(f"{name}, which does not say", times, radius))


def first_page(folder: Path) -> Iterator[Row]:
    """Measure a cold *Briefing* of the sample beside an empty page of the same libraries."""
    variables = prepare(folder / "first", filled=True)
    empty = ROOT / "benchmarks" / "rivals" / "empty.py"
    with chromium() as browser, _beside_static(empty) as copy:
        plain = [sys.executable, "-m", "streamlit", "run", str(copy)]
        ours, theirs = [], []
        for _ in range(5):
            theirs.append(_first_map(browser, plain, variables, PLAIN))
            ours.append(_first_map(browser, APP, variables, OURS))
    seconds, sizes = zip(*ours, strict=True)
    rival = f"an empty page of Streamlit and folium, {max(size for _, size in theirs):.1f} MB"
    against = beside(rival, [taken for taken, _ in theirs], seconds)
    what = "Briefing of the sample, first: figures and map"
    yield Row(what, seconds, None, *against, "1.5 s, 3 MB", f"{max(sizes):.1f} MB over the wire")


def _first_map(
    browser: Any, command: Sequence[str], variables: dict[str, str], sign: str
) -> tuple[float, float]:
    """Open the first page of a server that nobody asked; return seconds to its map, and MB."""
    with serving(command, variables) as server:
        page = _new_page(browser)
        wire = page.context.new_cdp_session(page)
        sizes: list[float] = []
        wire.on("Network.dataReceived", lambda event: sizes.append(event["encodedDataLength"]))
        wire.on(
            "Network.webSocketFrameReceived",
            lambda event: sizes.append(len(event["response"]["payloadData"]) * 3 / 4),  # base64
        )
        wire.send("Network.enable")
        began = time.perf_counter()
        page.goto(server.address)
        _wait_for_map(page, server.address, sign)
        taken = time.perf_counter() - began
        page.context.close()
        return taken, sum(sizes) / 1e6


def compare_first(variables: dict[str, str]) -> Iterator[Row]:
    """Measure Compare in a city that nobody looked at: what is seen first, and all of it."""
    with chromium() as browser, serving(APP, variables) as server:
        page = _new_page(browser)
        began = time.perf_counter()
        page.goto(f"{server.address}/compare")
        for what, spot, target in (
            ("counts of all candidates", ".csa-wide, .st-key-compare", "5 s"),
            ("all of it", ".st-key-compare", ""),
        ):
            page.wait_for_selector(spot, timeout=1000 * OPENED_S)
            taken = time.perf_counter() - began
            yield Row(f"Compare, a made-up New York, first: {what}", [taken], target=target)


@contextmanager
def _beside_static(script: Path) -> Iterator[Path]:
    """Streamlit serves the static folder beside the script: give a rival ours, with Leaflet."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "app" / "csa_app" / "static", Path(folder) / "static")
        yield Path(shutil.copy(script, folder))


def _new_page(browser: Any) -> Any:
    """Open a tab whose other hosts answer at once: the network is not what is compared."""
    page = browser.new_context(viewport={"width": 1400, "height": 1000}).new_page()
    page.route("https://**/*", lambda route: route.fulfill(body=""))
    page.route("https://**/leaflet.js", lambda route: route.fulfill(path=LEAFLET))
    return page


def _cold(browser: Any, variables: dict[str, str]) -> float:
    with serving(APP, variables) as server:
        began = time.perf_counter()
        page = _opened(browser, server.address, settle_ms=0)
        taken = time.perf_counter() - began
        page.context.close()
        return taken


def _opened(browser: Any, address: str, settle_ms: int = 2500) -> Any:
    page = _new_page(browser)
    page.goto(address)
    _wait_for_map(page, address)
    page.wait_for_timeout(settle_ms)
    return page


def _wait_for_map(page: Any, address: str, sign: str = OURS) -> None:
    began = time.perf_counter()
    while time.perf_counter() - began < OPENED_S:
        frame = next((f for f in page.frames if "streamlit_folium" in f.url), None)
        if frame and frame.evaluate(sign):
            return
        page.wait_for_timeout(20)
    raise SystemExit(f"{address}: no map within {OPENED_S} s")


def _until_settled(page: Any, spot: Any, act: Any) -> float:
    """Tell when the picture that stays was first seen: a page fades while it works.

    It is watched until the page has said that its work is done, and a while longer.
    """
    box = spot.bounding_box()
    clip = {"x": box["x"], "y": box["y"], "width": box["width"], "height": box["height"]}
    before = page.screenshot(clip=clip)
    began = time.perf_counter()
    act()
    seen: list[tuple[float, bytes]] = []
    changed_s = now_s = 0.0
    while now_s < WATCHED_S or now_s - changed_s < STILL_S:
        picture, is_running = page.screenshot(clip=clip), page.query_selector(RUNNING) is not None
        now_s = time.perf_counter() - began
        if is_running or not seen or picture != seen[-1][1]:
            changed_s = now_s
        seen.append((now_s, picture))
        if now_s > OPENED_S:
            break
    last = seen[-1][1]
    if last == before:
        raise RuntimeError("the map did not change")
    others = (n for n, (_, picture) in enumerate(reversed(seen)) if picture != last)
    n_same = next(others, len(seen))
    return seen[-n_same][0]


def _until_painted(page: Any, _spot: Any, act: Any) -> float:
    """Tell when the map itself says that it has painted: costs the machine nothing."""
    frame = next(f for f in page.frames if "streamlit_folium" in f.url)
    turn = frame.evaluate("document.body.dataset.painted")
    began = time.perf_counter()
    act()
    frame.wait_for_function("turn => document.body.dataset.painted !== turn", arg=turn)
    frame.evaluate("new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))")
    taken = time.perf_counter() - began
    page.wait_for_timeout(1200)  # until nothing of this change is left to do
    return taken


def _radius(page: Any, yardstick: Any) -> list[float]:
    spot = page.locator("iframe").first
    more = page.get_by_test_id("stNumberInputStepUp").first
    return [yardstick(page, spot, more.click) for _ in range(CHANGES)]


def _month(page: Any) -> list[float]:
    times = []
    for _ in range(6):
        page.get_by_role("combobox", name="Last month counted").click()
        page.keyboard.press("ArrowDown")
        page.wait_for_timeout(800)  # the list of months opens; that is not the map's time
        times.append(_until_painted(page, None, lambda: page.keyboard.press("Enter")))
    return times


def _followed_month(page: Any) -> list[float]:
    page.frame_locator("iframe").get_by_role("slider").first.focus()  # in the map itself
    press = page.keyboard.press
    return [_until_painted(page, None, lambda: press("ArrowLeft")) for _ in range(8)]


def _rival(browser: Any, address: str) -> list[float]:
    page = _new_page(browser)
    page.goto(address)
    page.wait_for_selector("iframe, canvas", timeout=1000 * OPENED_S)
    page.wait_for_timeout(5000)
    spot = page.locator("iframe, [data-testid=stDeckGlJsonChart]").first
    page.get_by_role("slider").first.focus()
    times = [
        _until_settled(page, spot, lambda: page.keyboard.press("ArrowRight"))
        for _ in range(CHANGES // 2)
    ]
    page.context.close()
    return times
