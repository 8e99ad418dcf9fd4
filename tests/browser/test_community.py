"""Community and the wall in the app; and all that a public app sends, read byte by byte."""

import functools
import http.server
import re
import shutil
import struct
import subprocess
import sys
import threading
import urllib.error
import xml.etree.ElementTree as ET
from collections import Counter
from urllib.parse import unquote

import numpy as np
import pytest
from tests.browser.conftest import DIRECT, ROOT, until
from tests.looking import assert_comes_alike
from tests.sentences import says
from tests.workers import slowly

from csa.city.dataset import open_dataset
from csa.reports.public.bundle import read_bundle

PAIR = re.compile(rb"(-?\d{1,3}\.\d{3,})\D{1,12}?(-?\d{1,3}\.\d{3,})")
NEAR = 80
"""Letters after a name in which a number is looked for."""
ONE_NUMBER = "Each shooting here is one or more people shot."
INNER = re.compile(
    rb"/(?:tmp|home|root|work|usr|var)/|\bcsa\.|\.py\b|\.sqlite|(?i:streamlit|uvicorn|starlette|matplotlib)"
)
"""A path, or the name of something inside this program."""
OUTLINES = (".geojson", ".parquet")
NOT_THERE = ("areas", "data", "plan", "reports", "measures", "method", "displacement")


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    out = tmp_path_factory.mktemp("public") / "dataset"
    config = str(ROOT / "config" / "sample.toml")
    csa = [sys.executable, "-m", "csa.cli.main"]
    month = ["--month", "2020-07", "--out", str(out.parent / "bundle")]
    for words in (
        ["ingest", "--city", config, "--out", str(out)],
        ["publish", "--city", config, "--dataset", str(out), *month],
    ):
        subprocess.run([*csa, *words], check=True, cwd=ROOT, capture_output=True)
    return out


@pytest.fixture(scope="module")
def bundle(dataset):
    return dataset.parent / "bundle"


def test_meeting_and_a_saved_map_hold_what_is_published_and_no_other_count(
    dataset, bundle, serve, read, chromium, tmp_path
):
    facts, _ = read_bundle(bundle)
    shown = sorted(one.count for one in facts.cells if one.count)
    counts = "[...csaMap.time.counts].sort((a, b) => a - b)"
    with serve(tmp_path, CSA_DATASET=str(dataset), CSA_BUNDLE=str(bundle)) as address:
        frame = read(f"{address}/meeting?step=2").frame
        assert frame.evaluate(counts) == shown
        assert frame.evaluate("csaMap.time.message.names.length") == 1
        reader = read(f"{address}/areas")
        for name in ("Save this map", "Save this map: Español"):
            with reader.page.expect_download() as saved:
                reader.page.get_by_role("button", name=name, exact=True).click()
            saved.value.save_as(tmp_path / saved.value.suggested_filename)
    found = {path.name.partition("map")[2]: path for path in tmp_path.glob("*-map*.html")}
    for ending, language, words in (
        (".html", "en", "fewer than 10"),
        ("-es.html", "es", "menos de 10"),
    ):
        page, asked = chromium.new_page(), []
        page.on("request", lambda request, asked=asked: asked.append(request.url))
        page.goto(found[ending].as_uri())
        page.wait_for_function("window.csaMap && csaMap.time.counts")
        assert page.evaluate(counts) == shown
        page.get_by_text(words).wait_for()
        assert page.evaluate("document.documentElement.lang") == language
        page.close()
        assert [url for url in asked if not url.startswith(("file:", "data:"))] == []


@pytest.fixture(scope="module")
def public_app(dataset, bundle, serve, tmp_path_factory):
    """Serve what a public server has: a bundle, and neither a dataset nor a store."""
    folder = tmp_path_factory.mktemp("server")
    alone = shutil.copytree(bundle, folder / "bundle")
    with serve(folder, CSA_ACCESS="public", CSA_BUNDLE=str(alone), CSA_DATA_DIR="/nowhere") as at:
        yield at
    assert not (folder / "dataset").exists()


def leaks(sent, incidents):
    """Find what tells of an incident in what was sent: its place, as text or as a number; its id."""
    lons, lats = (
        {round(value, 3) for value in incidents[name].dropna()} for name in ("lon", "lat")
    )
    numbers = {value.encode() for value in incidents["incident_id"]}
    doubles = np.sort(incidents[["lon", "lat"]].to_numpy(dtype="<f8").ravel())
    doubles = doubles[np.isfinite(doubles)]
    found = []
    for name, content in sent:
        for one, two in PAIR.findall(content):
            for lon, lat in ((float(one), float(two)), (float(two), float(one))):
                if round(lon, 3) in lons and round(lat, 3) in lats:
                    found.append((name, one + b" " + two))
        found += [(name, word) for word in numbers & set(re.findall(rb"\b[\w-]{6,}\b", content))]
        found += [(name, b"a double")] * holds_double(content, doubles)
    return found


def holds_double(content, doubles):
    """Tell whether a number stands in it as a machine writes it, wherever it begins."""
    for at in range(8):
        n = (len(content) - at) // 8
        if n < 1:
            return False
        values = np.frombuffer(content, "<f8", n, at)
        near = np.searchsorted(doubles, values).clip(max=len(doubles) - 1)
        if (doubles[near] == values).any():
            return True
    return False


HOUR = re.compile(r"\b\d{1,2}(?::\d\d)?\s[ap]\.?\s?m\b\.?")


def small_counts(sent, facts, incidents):
    """Find a place whose count was held back with its true count of a quarter, or of all, near it."""
    period = incidents[
        incidents["occurred_at"].between(f"{facts.start}-01", f"{facts.until}-01", "left")
    ]
    quarters = period["occurred_at"].dt.to_period("Q")
    true = {name: set() for name in set(period["neighborhood"])}
    for (name, _), n in Counter(zip(period["neighborhood"], quarters, strict=True)).items():
        true[name].add(n)
    for name, n in Counter(period["neighborhood"]).items():
        true[name].add(n)
    hidden = [place.name for place in facts.districts if place.count is None]
    assert len(hidden) > 10
    every = re.compile("|".join(re.escape(place.name) for place in facts.districts))
    found = []
    for at, content in sent:
        text = re.sub(r"<[^>]*>", " ", content.decode("utf-8", "replace"))
        text = re.sub(r"\b\d+ / \d+\b", "", text)  # which screen of the wall
        text = HOUR.sub("", text)  # the next meeting of the row before ends near a name
        text = text.replace('"high": 9}', "")  # the class of every place that is held back
        for place in hidden:
            for one in re.finditer(re.escape(place), text):
                before = every.split(text[max(0, one.start() - 25) : one.start()])[-1]
                until = re.compile(r"\d*").match(text, one.end() + NEAR).end()  # cuts no number
                after = every.split(text[one.end() : until])[0]
                numbers = {
                    int(n) for n in re.findall(r"(?<![\w.,-])\d{1,4}(?![\w.,-]*\d)\b", before)
                }
                numbers |= {int(n) for n in re.findall(r"(?<![\w.,-])\d{1,4}\b(?![.,]\d)", after)}
                # The next row may begin without a name that we know: from ten on, only what adjoins.
                close = re.match(r"[\s\":,]*(\d+)\b", after)
                told = {n for n in numbers if n < 10} | ({int(close[1])} if close else set())
                found += [(at, place, n) for n in told & true.get(place, set())]
    return found


@pytest.fixture(scope="module")
def walked(public_app, bundle):
    """Ask for all that a reader can reach, and for what should not be there; keep every byte."""
    files = [path.relative_to(bundle).as_posix() for path in bundle.rglob("*") if path.is_file()]
    asked = [
        "",
        "es/",
        *files,
        "?view=wall",
        *NOT_THERE,
        "app/static/geometry/",
        "static/js/",
    ]
    sent = []
    for path in asked:
        try:
            with DIRECT.open(f"{public_app}/{path}") as answer:
                sent.append((path, str(answer.headers).encode() + b"\n" + answer.read()))
        except urllib.error.HTTPError as error:
            sent.append((path, str(error.headers).encode() + b"\n" + error.read()))
    return sent


def test_a_public_app_sends_no_incident_no_small_count_and_no_inner_name(walked, bundle, dataset):
    incidents = open_dataset(dataset).incidents
    facts, _ = read_bundle(bundle)
    assert sum(len(content) for _, content in walked) > 500_000
    assert any(ONE_NUMBER.encode() in content for _, content in walked)
    pages = [(name, content) for name, content in walked if not name.endswith(".png")]
    drawn = [content for name, content in pages if name.endswith(OUTLINES)]
    assert drawn
    assert not any(b'"Point"' in content for content in drawn)  # outlines, whose corners are many
    assert leaks([one for one in pages if not one[0].endswith(OUTLINES)], incidents) == []
    assert small_counts(pages, facts, incidents) == []
    for name, content in pages:
        assert not INNER.search(content), name


def test_what_leaks_would_be_found(bundle, dataset):
    incidents = open_dataset(dataset).incidents
    facts, _ = read_bundle(bundle)
    row = incidents.dropna(subset=["lon"]).iloc[7]
    hidden = next(place.name for place in facts.districts if place.count is None)
    period = incidents[incidents["occurred_at"].between("2017-07-01", "2020-07-01", "left")]
    own = period[period["neighborhood"] == hidden]
    for planted in (
        f"[{row.lon:.6f},{row.lat:.6f}]".encode(),
        f"lat: {row.lat:.4f}, lon: {row.lon:.4f}".encode(),
        struct.pack("<dd", row.lon, row.lat),
        f'"id":"{row.incident_id}"'.encode(),
    ):
        assert leaks([("planted", b"before " + planted + b" after")], incidents)
    n = own.groupby(own["occurred_at"].dt.to_period("Q")).size().iloc[0]
    for planted in (
        f"<td>{hidden}</td><td>{n}</td>",
        f'{{"name":"{hidden}","count":{n}}}',
        f"<th>{hidden}</th><td>June 2020</td><td>{n}</td>",
        f"{hidden}: 2020-Q2 {n}",
        f"{hidden} had {n} shootings",
        f"<td>{n}</td><td>{hidden}</td>",
        f"{hidden},{n},2020",
    ):
        assert small_counts([("planted", planted.encode())], facts, incidents), planted
    assert not small_counts(
        [("planted", f"<td>{hidden}</td><td>10</td>".encode())], facts, incidents
    )


def test_the_page_and_the_wall_of_a_public_app_work_in_a_browser(read, public_app):
    page = read(public_app).page
    page.get_by_text(ONE_NUMBER).first.wait_for()
    page.get_by_label("Where do you live?").select_option("Hadderley")
    assert page.locator(".cards article:visible h2").all_inner_texts() == ["Hadderley"]
    page.get_by_role("link", name="Español").click()
    page.get_by_text("Cada tiroteo aquí").first.wait_for()
    page.get_by_role("link", name="¿Es justo esto?").first.click()
    page.get_by_role("heading", name="Quién decide").wait_for()
    page.get_by_role("link", name="Volver a los números").click()
    page.get_by_role("link", name="Mostrar en la pared").click()
    page.locator(".screen.shown", has_text="Cada tiroteo").wait_for()


@pytest.fixture(scope="module")
def preview(sample_app):
    return f"{sample_app}/community"


def test_the_wall_fills_the_window_turns_by_keys_and_is_left_by_keyboard(read, preview):
    reader = read(f"{preview}?lang=es", 1920, 1080)
    page, frame = reader.page, reader.page.frame_locator("iframe")
    page.get_by_role("button", name="Mostrar en la pared").click()
    frame.locator(".screen.shown", has_text="Cada tiroteo").wait_for()
    box = page.locator("iframe").bounding_box()
    assert (box["x"], box["y"], box["width"], box["height"]) == (0, 0, 1920, 1080)
    assert not page.locator("[data-testid=stHeader]").is_visible()
    page.keyboard.press("ArrowRight")
    frame.locator(".screen.shown .map").wait_for()
    page.get_by_role("button", name="Salir y ver como página").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="English").wait_for()
    assert "view=wall" not in page.url
    assert page.evaluate("document.documentElement.lang") == "es"


def test_the_page_stands_whole_in_its_frame_whatever_is_open_and_in_both_languages(read, preview):
    page = read(preview, 390).page
    frame = page.frame_locator(".st-key-public_page iframe")
    inside = frame.locator("html")
    hidden = "whole => whole.scrollHeight - whole.clientHeight"

    def wait():
        for _ in range(40):
            if inside.evaluate(hidden) <= 2:
                return
            page.wait_for_timeout(250)
        raise AssertionError(inside.evaluate(hidden))

    wait()
    frame.get_by_label("Where do you live?").select_option("Hadderley")
    assert frame.locator(".cards article:visible h2").all_inner_texts() == ["Hadderley"]
    inside.locator("details").first.evaluate("fold => { fold.open = true; }")
    wait()
    assert page.evaluate("document.documentElement.lang") == "en"
    page.get_by_role("button", name="Español").click()
    inside.get_by_text("¿Dónde vive usted?").first.wait_for()
    inside.get_by_text("sin revisar").first.wait_for()  # nobody has reviewed it
    until(page, "document.documentElement.lang === 'es'")
    wait()


@pytest.mark.parametrize(
    ("width", "scheme"), [(390, "dark"), (1400, "light"), *slowly((1024, "dark"), (1920, "light"))]
)
def test_the_page_looks_as_it_did(read, preview, width, scheme):
    reader = read(preview, width, scheme=scheme)
    reader.settle()
    assert_comes_alike(reader.page.screenshot, f"community-{width}-{scheme}")


@pytest.fixture(scope="module")
def site(bundle):
    """Serve the bundle as a city's web server does."""
    handler = functools.partial(SilentHandler, directory=bundle)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class SilentHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        """Say nothing."""


def test_a_card_for_another_site_shows_one_thing_of_one_place(site, bundle, chromium):
    facts, _ = read_bundle(bundle)
    place = facts.districts[3].name
    page = chromium.new_page(viewport={"width": 340, "height": 320})
    errors = []
    page.on("pageerror", lambda error: errors.append(error))  # noqa: PLW0108 - playwright asks for a function
    for show in ("number", "map", "trend", "tasks"):
        for asked, name in (("", facts.city_name), (f"&place={place.upper()}", place)):
            page.goto(f"{site}/embed.html?show={show}{asked}")
            shown = page.locator("[data-show]:visible").all()
            assert {one.get_attribute("data-show") for one in shown} == {show}
            assert page.locator("article:visible h1").all_inner_texts() == [name]
            assert page.evaluate("document.documentElement.scrollWidth") <= 340
            assert page.locator("svg.map .lit").count() == bool(asked)
            if show == "trend":
                picture = page.locator("a.image:visible").get_attribute("href")
                chart = ET.fromstring(unquote(picture.removeprefix("data:image/svg+xml,")))  # noqa: S314 - ours
                assert len(chart.findall("{*}rect")) >= 2
    page.goto(f"{site}/embed.html?show=number&place=Nowhere")
    assert page.get_by_text(says("public.embed_untold")).is_visible()
    assert page.locator("article:visible").count() == 0
    page.goto(f"{site}/embed.html?show=<script>&place=")
    assert page.locator("[data-show=number]:visible").count() == 1
    assert not errors
    page.close()
