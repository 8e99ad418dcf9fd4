"""The real app in a real browser: Debian's chromium, and a server of our own for each city."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from weakref import WeakKeyDictionary

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from csa.extras.fleet.city import describe_city, fleet_files
from csa.extras.fleet.manifest import FleetCity

ROOT = Path(__file__).parent.parent.parent
BROWSERS = (os.environ.get("CHROMIUM", "chromium"), "chromium-browser", "google-chrome")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"),
    "--disable-smooth-scrolling",  # a key pressed while the page still glides can be lost
)
COOKIE = "of more than thirty-two characters, at random"
SECRETS = f"""
[auth]
redirect_uri = "{{redirect}}/oauth2callback"
cookie_secret = "{COOKIE}"
client_id = "csa"
client_secret = "csa"
server_metadata_url = "{{provider}}/.well-known/openid-configuration"
"""
SIGNED_IN = 'access = "signed-in"\n[roles]\nrole_claim = "role"\noffice_claim = "office"\n'
ASK, EARLY = "rerun_script", ForwardMsg.FINISHED_EARLY_FOR_RERUN
FITS = """(most) => { const main = document.querySelector('[data-testid=stMain]');
  return main.scrollWidth - main.clientWidth <= most
    && document.documentElement.scrollWidth <= window.innerWidth; }"""
STILL = "'still' in document.body.dataset"
RUNNING = "[data-testid=stApp][data-test-script-state=running]"
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
START_S = 60
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
PORTS = iter(range(20_000 + 500 * WORKER, 20_500 + 500 * WORKER))
PATIENCE_MS = 60_000
"""How long a page is waited for: on a busy machine the first takes ten seconds."""
LONG_MS = 3 * PATIENCE_MS
"""How long what is worked out before the reader's eyes may take."""


def free_port():
    """Give a port that nobody has, of those that the system gives to nobody by itself."""
    for port in PORTS:
        with suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port is free")


def ask_for_sign_in(folder, redirect, provider="https://login.example", more=""):
    """Write what a server needs where people sign in; return the variables that name it."""
    (folder / "csa.toml").write_text(SIGNED_IN + more, encoding="utf-8")
    secrets = folder / "secrets.toml"
    secrets.write_text(SECRETS.format(redirect=redirect, provider=provider), encoding="utf-8")
    return {"CSA_DEPLOYMENT": str(folder / "csa.toml"), "STREAMLIT_SECRETS_FILES": str(secrets)}


@contextmanager
def serving(folder, city="sample", port=None, base="", run=("csa_app",), **environment):
    """Serve a city from a folder of its own, so that no test sees what another left."""
    port = port or free_port()
    variables = {
        **{name: value for name, value in os.environ.items() if not name.startswith("CSA_")},
        "CSA_CITY": str(city),
        "CSA_DATASET": str(folder / "dataset"),
        "CSA_BASEMAP": str(folder / "basemap"),
        "CSA_CHOICES": str(folder / "choices"),
        "CSA_STORE": str(folder / "store.sqlite3"),
        **environment,
    }
    command = [sys.executable, "-m", *run, "--server.port", str(port)]
    with (folder / "server.log").open("w") as log:
        server = subprocess.Popen(command, cwd=ROOT, env=variables, stdout=log, stderr=log)
    try:
        _wait(f"{port}{base}", server, folder / "server.log")
        yield f"http://127.0.0.1:{port}"
    finally:
        stop(server)


def stop(server):
    """End a server; one that still works something out is not waited for."""
    server.terminate()
    try:
        server.wait(timeout=30)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _wait(port, server, log):
    until = time.monotonic() + START_S
    while time.monotonic() < until and server.poll() is None:
        try:
            with DIRECT.open(f"http://127.0.0.1:{port}/_stcore/health", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise AssertionError(log.read_text())


@pytest.fixture(scope="session")
def serve():
    """Serve another city, or the same in another state."""
    return serving


@pytest.fixture(scope="session")
def sample_app(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sample")
    fleet = some_fleet(folder / "fleet")
    with serving(folder, CSA_FLEET=str(fleet)) as address:
        yield address


@pytest.fixture(scope="session")
def story_app(story_folder, tmp_path_factory):
    """The sample city with two years of its program on record; nothing is written here."""
    folder = shutil.copytree(story_folder, tmp_path_factory.mktemp("filled") / "story")
    with serving(folder) as address:
        yield address


def some_fleet(folder):
    """Write the table of a fleet at work: two cities done, one failed, one left."""
    done = {"longitude": -94.6, "latitude": 39.1, "first_date": "2014-01-02", "areas": 9}
    done |= {"data_through": "2018-03-31", "incidents": 1200, "share_of_incidents": 0.41}
    done |= {"share_of_study_area": 0.0196, "displacement": "too small to tell"}
    past = {"hit_share": 0.34, "area_share": 0.02, "best_other_hit_share": 0.29}
    states = {"Spring Falls": "done", "Port Ann": "done", "Broken Bow": "failed", "Late": "not run"}
    found = {"Spring Falls": done | past | {"backtest": "better"}, "Port Ann": done}
    rows = [
        describe_city(FleetCity(name, name, ()), state, "No place." * (state == "failed"))
        | found.get(name, {})
        for name, state in states.items()
    ]
    folder.mkdir()
    for name, content in fleet_files(rows).items():
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture(scope="session")
def chromium():
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip("no chromium: sudo apt-get install chromium")
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


def new_context(browser, **looks):
    """Open a browser of somebody's own, which waits for as long as a busy machine takes."""
    context = browser.new_context(**looks)
    context.set_default_timeout(PATIENCE_MS)
    return context


class Line:
    """What a page has asked of Streamlit and not been answered yet.

    The page itself says that it runs only when the server has begun to answer.
    """

    def __init__(self, page):
        self.is_asked = self.is_begun = False
        self.n_said = 0
        page.on("websocket", self._listen)

    def _listen(self, socket):
        socket.on("framesent", self._sent)
        socket.on("framereceived", self._received)

    def _sent(self, frame):
        if isinstance(frame, bytes) and BackMsg.FromString(frame).WhichOneof("type") == ASK:
            self.is_asked, self.is_begun = True, False
            self.n_said += 1

    def _received(self, frame):
        if not isinstance(frame, bytes):
            return
        self.n_said += 1
        said = ForwardMsg.FromString(frame)
        kind = said.WhichOneof("type")
        if kind == "new_session":
            self.is_begun = True
        elif kind == "script_finished" and self.is_begun and said.script_finished != EARLY:
            self.is_asked = False


LINES = WeakKeyDictionary()


def new_page(context):
    """Open a page on which nothing is pressed while it runs: Streamlit can lose such a press."""
    page = context.new_page()
    LINES[page] = Line(page)
    page.add_locator_handler(page.locator(RUNNING), lambda: None)
    return page


def until(page, asked, given=None, most_ms=PATIENCE_MS):
    """Wait until a page says yes: `wait_for_function` would ask by `eval`, which our pages forbid."""
    for _ in range(most_ms // 50):
        if page.evaluate(asked, given):
            return
        page.wait_for_timeout(50)
    raise AssertionError(asked)


@dataclass
class Reader:
    """A page, what it asked of other hosts, and what it complained of."""

    page: object
    outside: list = field(default_factory=list)
    errors: list = field(default_factory=list)

    @property
    def frame(self):
        """The map's frame, once it has painted."""
        return self.painted(0)

    def painted(self, after):
        """Wait until the map has painted a message later than the given one."""
        for _ in range(PATIENCE_MS // 50):
            frame = next((f for f in self.page.frames if "streamlit_folium" in f.url), None)
            if frame is not None and self.turn(frame) > after and frame.evaluate(STILL):
                return frame
            self.page.wait_for_timeout(50)
        raise AssertionError("the map did not paint")

    @staticmethod
    def turn(frame):
        return int(frame.evaluate("(document.body && document.body.dataset.painted) || 0"))

    def labels(self):
        """The letters and names that are to be seen on the map."""
        return self.frame.evaluate(
            """[...document.querySelectorAll('.csa-label')]
              .filter((e) => e.style.visibility === 'visible')
              .map((e) => [e.children[0].textContent,
                           e.children[1].style.display === 'none' ? '' : e.children[1].textContent])
            """
        )

    def label_of(self, area):
        """Where the label of an area is in the map's frame, by its letter or its name: its box."""
        return self.frame.evaluate(
            """(area) => {
              const part = [...document.querySelectorAll('.csa-label b, .csa-label span')]
                .find((e) => e.textContent === area && e.getBoundingClientRect().width
                  && e.parentElement.style.visibility === 'visible');
              const {left, top, width, height} = part.getBoundingClientRect();
              return [left, top, width, height];
            }""",
            area,
        )

    def click_area(self, area):
        """Click in the middle of an area, by its letter or its name."""
        self.settle()
        x, y = self.frame.evaluate(
            """(area) => {
              const map = window.map;
              let middle = null;
              map.eachLayer((layer) => {
                const told = layer.feature && layer.feature.properties;
                if (told && layer.getBounds && (told.letter || told.place) === area) {
                  middle = map.latLngToContainerPoint(layer.getBounds().getCenter());
                }
              });
              return [middle.x, middle.y];
            }""",
            area,
        )
        self.page.locator("iframe").first.scroll_into_view_if_needed()
        box = self.page.locator("iframe").first.bounding_box()
        self.page.mouse.click(box["x"] + x, box["y"] + y)

    def sign(self, office, why):
        """Sign the form on the page."""
        for name, text in (("On behalf of (office)", office), ("Why", why)):
            self.page.get_by_role("textbox", name=name, exact=True).fill(text)
            self.page.keyboard.press("Tab")
            self.settle()

    def screen(self):
        """Return the choices that the address holds."""
        query = parse_qs(urlsplit(self.page.url).query)
        return json.loads(query.get("screen", ["{}"])[0])

    def text(self):
        return self.page.locator("[data-testid=stMain]").inner_text()

    def assert_fits(self, most=0):
        """Wait until the page does not scroll sideways: charts measure their room some time after."""
        until(self.page, FITS, most, PATIENCE_MS // 3)

    def settle(self):
        """Wait until the page has nothing left to run, and stays so: one run may call another."""
        still = f"!document.querySelector('{RUNNING}')"
        line = LINES.get(self.page)
        self.page.wait_for_timeout(150)
        until_s = time.monotonic() + LONG_MS / 1000
        while (left_s := until_s - time.monotonic()) > 0:
            self.page.locator(RUNNING).wait_for(state="detached", timeout=1000 * left_s)
            n_said = line.n_said if line else 0
            self.page.wait_for_timeout(350)
            is_quiet = line is None or (not line.is_asked and line.n_said == n_said)
            if is_quiet and self.page.evaluate(still):
                return
        raise AssertionError("the page did not settle")


@pytest.fixture(scope="session")
def kept(chromium):
    """Keep a context for light and one for dark: what it has compiled, no page compiles again."""
    looks = {"accept_downloads": True}
    contexts = {
        scheme: new_context(chromium, color_scheme=scheme, **looks) for scheme in ("light", "dark")
    }
    yield contexts
    for context in contexts.values():
        context.close()


@pytest.fixture
def read(chromium, kept):
    """Open pages as a reader does; fail if one asked another host, or broke.

    The first page of a test is in a context that is kept; a second one is another reader's.
    """
    contexts, pages, readers = [], [], []
    free = dict(kept)

    def open_page(address, width=1400, height=1000, scheme="light", before=None):
        context = free.pop(scheme, None)
        if context is None:
            context = new_context(chromium, color_scheme=scheme, accept_downloads=True)
            contexts.append(context)
        page = new_page(context)
        page.set_viewport_size({"width": width, "height": height})
        pages.append(page)
        reader = Reader(page)
        readers.append(reader)
        host = address.split("/")[2]
        page.on("request", lambda r: _note_outside(reader, r.url, host))
        page.on("websocket", lambda socket: _note_outside(reader, socket.url, host))
        page.on("pageerror", lambda error: reader.errors.append(str(error)))
        page.on("console", lambda said: _note_forbidden(reader, said.text))
        if before:
            before(page)
        page.goto(address)
        page.wait_for_selector("h1")
        return reader

    yield open_page
    for page in pages:
        page.evaluate("() => { localStorage.clear(); sessionStorage.clear(); }")
        page.close()
    for context in contexts:
        context.close()
    for context in kept.values():
        context.clear_cookies()
    assert [url for reader in readers for url in reader.outside] == []
    assert [error for reader in readers for error in reader.errors] == []


def _note_forbidden(reader, text):
    if "Content Security Policy" in text:
        reader.errors.append(text)


def _note_outside(reader, url, host):
    kind, _, rest = url.partition("://")
    if kind in {"http", "https", "ws", "wss"} and rest.split("/")[0] != host:
        reader.outside.append(url)
