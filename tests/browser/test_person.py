"""Sign-in at a real provider on loopback, the container's public address, and what no one sees."""

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from urllib.request import ProxyHandler, build_opener

import pytest
from tests.browser.axe import faults
from tests.browser.conftest import (
    ROOT,
    Reader,
    ask_for_sign_in,
    free_port,
    new_context,
    new_page,
    serving,
)
from tests.workers import slowly

CLERK = """
[[roles.people]]
email = "clerk@court.example"
office = "Municipal Court"
role = "editor"
strategies = ["1.2"]
"""
PEOPLE = {
    "clerk": {"email": "clerk@court.example", "email_verified": True},
    "pretender": {"email": "clerk@court.example", "email_verified": False},
    "anybody": {"email": "a@b.example", "email_verified": True, "role": "queen", "office": "Hall"},
}


@pytest.fixture(scope="module")
def provider(tmp_path_factory):
    """A provider in a process of its own: what it is deprecated for is not our warning."""
    port = free_port()
    known = [json.dumps({"sub": name, **claims}) for name, claims in PEOPLE.items()]
    users = [word for one in known for word in ("--user-claims", one)]
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port), *users]
    log = tmp_path_factory.mktemp("provider") / "log"
    with log.open("w") as out, subprocess.Popen(command, stdout=out, stderr=out) as running:
        address = f"http://127.0.0.1:{port}"
        try:
            until = time.monotonic() + 30
            while not _answers(f"{address}/.well-known/openid-configuration"):
                assert running.poll() is None, log.read_text()
                assert time.monotonic() < until, log.read_text()
                time.sleep(0.1)
            yield address
        finally:
            running.terminate()
            running.wait(timeout=20)


def _answers(address):
    try:
        with build_opener(ProxyHandler({})).open(address, timeout=2):
            return True
    except OSError:
        return False


@dataclass
class Office:
    """A browser of somebody's own, at the app."""

    page: object
    address: str

    def sign_in(self, name):
        Reader(self.page).settle()
        self.page.get_by_role("button", name="Sign in").click()
        self.page.get_by_placeholder("sub").fill(name)
        self.page.get_by_role("button", name="Authorize").click()
        self.page.get_by_text("SAMPLE: synthetic city").wait_for()

    def text(self):
        return self.page.locator("body").inner_text()


@pytest.fixture(scope="module")
def address(provider, tmp_path_factory):
    folder = tmp_path_factory.mktemp("signed-in")
    port = free_port()
    more = ask_for_sign_in(folder, f"http://localhost:{port}", provider, CLERK)
    with serving(folder, port=port, **more):
        yield f"http://localhost:{port}"


@pytest.fixture
def come(chromium, address):
    """Come to the app with a new browser: no cookie of anybody."""
    contexts = []

    def call(path="", width=1400, scheme="light"):
        context = new_context(
            chromium, viewport={"width": width, "height": 900}, color_scheme=scheme
        )
        contexts.append(context)
        page = new_page(context)
        page.goto(f"{address}/{path}")
        page.wait_for_selector("h1")
        return Office(page, address)

    yield call
    for context in contexts:
        context.close()


def test_an_editor_signs_in_sees_their_role_and_signs_out(come):
    clerk = come()
    clerk.page.get_by_text("Sign in to read them.").wait_for()
    assert "Orrinvale" not in clerk.text()
    clerk.sign_in("clerk")
    clerk.page.get_by_text("Editor of 1.2").wait_for()
    assert "Municipal Court" in clerk.text()
    clerk.page.goto(f"{clerk.address}/compare")
    clerk.page.get_by_text("You can read this page.").wait_for()
    assert clerk.page.get_by_role("button", name="Save this choice").count() == 0
    tab = new_page(clerk.page.context)
    tab.goto(f"{clerk.address}/data")
    tab.get_by_text("Editor of 1.2").wait_for()
    Reader(tab).settle()
    (old,) = (one for one in clerk.page.context.cookies() if one["name"] == "_streamlit_user")
    assert (old["httpOnly"], old["sameSite"]) == (True, "Lax")
    Reader(clerk.page).settle()
    clerk.page.get_by_role("button", name="Sign out").click()
    tab.get_by_text("Sign in to read them.").wait_for()  # at once, and untouched
    tab.get_by_text("Orrinvale").wait_for(state="detached")
    tab.close()
    clerk.page.get_by_role("button", name="End session").click()  # the provider's own question
    clerk.page.get_by_text("Sign in to read them.").wait_for()
    # Neither the old cookie nor a forged one is anybody's. Not the last letter: some of its bits
    # are of no signature, and "A" and "B" can be one.
    said, signature = old["value"].strip('"').rsplit(".", 1)
    forged = f"{said}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"
    for value in (old["value"], forged):
        clerk.page.context.add_cookies([old | {"value": value}])
        clerk.page.goto(f"{clerk.address}/areas")
        clerk.page.get_by_text("Sign in to read them.").wait_for()
        assert "Orrinvale" not in clerk.text()


@pytest.mark.parametrize("name", ["pretender", *slowly("anybody")])
def test_who_has_no_role_reads_only(come, name):
    """An unknown role in a claim, and an email that the provider has not verified."""
    reader = come("data", 390, "dark")
    assert faults(reader.page) == {}
    reader.sign_in(name)
    reader.page.get_by_text("Can read, but not change anything").first.wait_for(state="attached")
    Reader(reader.page).settle()
    reader.page.locator("[data-testid=stExpandSidebarButton]").click()
    reader.page.wait_for_timeout(700)
    assert faults(reader.page) == {}
    reader.page.goto(f"{reader.address}/compare")
    reader.page.get_by_text("You can read this page.").wait_for()
    assert reader.page.get_by_role("button", name="Save this choice").count() == 0


def test_no_message_to_a_browser_that_has_not_signed_in_tells_of_the_city(chromium, address):
    context = new_context(chromium)
    page = context.new_page()
    frames = []

    def listen(line):
        line.on("framereceived", lambda sent: frames.extend([sent]))  # playwright wraps no builtin

    page.on("websocket", listen)
    for path in ("", "areas", "displacement", "compare", "how-well", "data", "method"):
        page.goto(f"{address}/{path}")
        page.get_by_text("Sign in to read them.").wait_for()
    context.close()
    assert len(frames) > 7
    said = b"".join(frame if isinstance(frame, bytes) else frame.encode() for frame in frames)
    assert b"Sign in to read them." in said
    assert not [word for word in (b"Orrinvale", b"SAMPLE", b"data through") if word in said]


@pytest.mark.slow
def test_of_a_real_city_the_public_gets_one_sentence_and_no_geometry(read, serve, tmp_path):
    """A city like the made-up one but for the word that it is made up."""
    text = (ROOT / "config" / "sample.toml").read_text(encoding="utf-8")
    assert "is_synthetic = true" in text
    config = tmp_path / "realville.toml"
    config.write_text(text.replace("is_synthetic = true", "is_synthetic = false"), "utf-8")
    before = {path.name for path in (ROOT / "var" / ".geometry").glob("*")}
    with serve(tmp_path, config, CSA_ACCESS="public", CSA_DATA_DIR=ROOT / "data" / "sample") as at:
        for path in ("", "areas", "compare", "data"):
            reader = read(f"{at}/{path}")
            reader.page.get_by_text("This city has published nothing yet").wait_for()
            assert "Orrinvale" not in reader.page.locator("body").inner_text()
    assert not (tmp_path / "dataset").exists()
    assert {path.name for path in (ROOT / "var" / ".geometry").glob("*")} <= before
