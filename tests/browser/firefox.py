"""Debian's Firefox by WebDriver BiDi, without a driver between: what the tests of it need."""

import json
import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

NAMES = ("firefox-esr", "firefox")
START_S, ANSWER_S = 60, 120
EVENTS = ["log.entryAdded", "network.beforeRequestSent"]


@dataclass
class Firefox:
    """One tab: commands go out, answers come back, and what else happened is kept."""

    line: object
    context: str = ""
    n: int = 0
    asked: list = field(default_factory=list)
    errors: list = field(default_factory=list)

    def call(self, method, **params):
        """Send a command, and give its answer."""
        self.n += 1
        self.line.send(json.dumps({"id": self.n, "method": method, "params": params}))
        until = time.monotonic() + ANSWER_S
        while time.monotonic() < until:
            said = json.loads(self.line.recv(timeout=ANSWER_S))
            if said.get("id") == self.n:
                assert said["type"] == "success", said
                return said["result"]
            self._keep(said)
        raise AssertionError(f"no answer to {method}")

    def _keep(self, said):
        params = said.get("params", {})
        if said.get("method") == "network.beforeRequestSent":
            self.asked.append(params["request"]["url"])
        elif said.get("method") == "log.entryAdded" and params["level"] == "error":
            self.errors.append(params["text"])

    def run(self, expression, context=None):
        """Evaluate an expression on the page, and give its value."""
        asked = f"(async () => JSON.stringify(await ({expression}) ?? null))()"
        target = {"context": context or self.context}
        said = self.call("script.evaluate", expression=asked, target=target, awaitPromise=True)
        assert said["type"] == "success", said
        return json.loads(said["result"]["value"])

    def until(self, expression, most_s=ANSWER_S):
        """Wait until the page says yes."""
        end = time.monotonic() + most_s
        while time.monotonic() < end:
            if self.run(expression):
                return
            time.sleep(0.2)
        raise AssertionError(expression)

    def open(self, address, width=1400, height=900):
        """Open an address in a window of a size, and wait for its title."""
        viewport = {"width": width, "height": height}
        self.call("browsingContext.setViewport", context=self.context, viewport=viewport)
        self.call("browsingContext.navigate", context=self.context, url=address, wait="complete")
        self.until("!!document.querySelector('h1')")
        self.settle()

    def middle(self, selector):
        """Give the middle of the first element that fits."""
        box = f"document.querySelector('{selector}').getBoundingClientRect()"
        return self.run(
            f"(() => {{ const b = {box}; return [b.x + b.width / 2, b.y + b.height / 2]; }})()"
        )

    def settle(self):
        """Wait until the page has run to its end, and stays so."""
        for _ in range(2):
            self.until(
                "!!document.querySelector('[data-testid=stApp][data-test-script-state=notRunning]')"
            )
            time.sleep(0.7)

    def frames(self):
        """List the page's frames: their contexts by address."""
        [tree] = self.call("browsingContext.getTree", root=self.context)["contexts"]
        return {child["url"]: child["context"] for child in tree["children"]}

    def click(self, x, y):
        """Click at a place of the window."""
        actions = [
            {"type": "pointerMove", "x": int(x), "y": int(y)},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        ]
        mouse = {"type": "pointer", "id": "mouse", "actions": actions}
        self.call("input.performActions", context=self.context, actions=[mouse])

    def press(self, key):
        """Press a key, and let it go."""
        actions = [{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]
        keys = {"type": "key", "id": "keys", "actions": actions}
        self.call("input.performActions", context=self.context, actions=[keys])


def _connected(port, process):
    until = time.monotonic() + START_S
    while time.monotonic() < until and process.poll() is None:
        try:
            return connect(
                f"ws://127.0.0.1:{port}/session", max_size=None, proxy=None, open_timeout=START_S
            )
        except OSError:
            time.sleep(0.2)
    raise AssertionError("Firefox did not start")


@contextmanager
def firefox(port):
    """Start Firefox with a profile of its own, and end it."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip("no firefox: sudo apt-get install firefox-esr")
    with tempfile.TemporaryDirectory() as profile:
        flags = ("--headless", "--no-remote", "--profile", profile)
        process = subprocess.Popen(
            [path, *flags, "--remote-debugging-port", str(port)],
            env={"HOME": profile, "PATH": "/usr/bin:/bin", "MOZ_HEADLESS": "1"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            with _connected(port, process) as line:
                tab = Firefox(line)
                tab.call("session.new", capabilities={"alwaysMatch": {}})
                tab.call("session.subscribe", events=EVENTS)
                # A new tab has the focus, without which keys do nothing; the first never gets it.
                tab.context = tab.call("browsingContext.create", type="tab")["context"]
                tab.call("browsingContext.activate", context=tab.context)
                yield tab
                with suppress(ConnectionClosed):
                    tab.call("browser.close")
        finally:
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
