"""A public server with a bundle: its files, byte for byte, and nothing of this program."""

import asyncio
import re
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.reports import told

import csa
from csa.reports.public.bundle import publish_bundle
from csa_app.shared import request_guard
from csa_app.shared.request_guard import Gate

NAMES = [
    rb"/(?:tmp|home|root|work|usr|var|srv)/",
    rb"[A-Z]:\\",
    rb"\bcsa[._]",
    rb"\.py\b|\.sqlite|\.toml\b",
    rb"(?i)streamlit|uvicorn|starlette|matplotlib|geopandas|shapely|python|weasyprint",
    re.escape(csa.__version__.encode()) if hasattr(csa, "__version__") else rb"0\.1\.0",
]
"""What tells of the machine, of this program, or of what it is made with."""


@pytest.fixture
def bundle(tmp_path):
    out = tmp_path / "bundle"
    publish_bundle(out, told.facts(), [], {"en": told.svg(), "es": told.svg()})
    return out


@pytest.fixture
def ask(bundle, monkeypatch):
    """Ask the gate as a browser does; behind it stands an app that must never be reached."""
    monkeypatch.setenv("CSA_ACCESS", "public")
    monkeypatch.setenv("CSA_BUNDLE", str(bundle))

    async def app(scope, receive, send):
        raise AssertionError(scope["path"])

    gate = Gate(app)

    def call(path, method="GET", kind="http"):
        sent = []

        async def send(message):
            sent.append(message)

        async def receive():
            return {"type": "http.request", "body": b"", "more_body": False}

        host = [(b"host", b"localhost:8501"), (b"origin", b"http://localhost:8501")]
        scope = {"type": kind, "method": method, "path": path, "headers": host, "root_path": ""}
        # In a thread of its own: a browser's test of the same process leaves its loop running.
        with ThreadPoolExecutor(1) as thread:
            thread.submit(asyncio.run, gate(scope, receive, send)).result()
        return sent

    return call


def body(sent):
    return b"".join(message.get("body", b"") for message in sent)


def test_each_file_of_the_bundle_is_sent_as_it_is_and_its_folder_means_its_page(ask, bundle):
    files = [path for path in bundle.rglob("*") if path.is_file()]
    assert len(files) >= 15
    for path in files:
        sent = ask(f"/{path.relative_to(bundle).as_posix()}")
        assert (sent[0]["status"], body(sent)) == (200, path.read_bytes())
    assert body(ask("/")) == (bundle / "index.html").read_bytes()
    assert body(ask("/es/")) == (bundle / "es" / "index.html").read_bytes()


def test_no_byte_names_a_path_a_version_or_anything_inside(ask, bundle):
    words = [*NAMES, re.escape(socket.gethostname().encode()), re.escape(str(bundle).encode())]
    names = [path.relative_to(bundle).as_posix() for path in bundle.rglob("*") if path.is_file()]
    for path in (
        *names,
        "",
        "community",
        "../ingest.json",
        "_stcore/health",
        "app/static/x.js",
    ):
        sent = ask(f"/{path}")
        headers = [b": ".join(pair) for pair in sent[0]["headers"]]
        content = body(sent)
        for word in words:
            assert not re.search(word, b"\n".join([content, *headers])), (path, word)


@pytest.mark.parametrize(
    "path",
    ["/../secret", "/..%2fsecret", "//etc/passwd", "/community", "/app/static/csa-page.js"],
)
def test_what_is_no_file_of_the_bundle_is_not_there(ask, bundle, path):
    (bundle.parent / "secret").write_text("not for you")
    sent = ask(path)
    assert (sent[0]["status"], body(sent)) == (404, b"")


def test_a_file_that_lies_in_the_folder_and_is_not_in_the_bundle_is_not_sent(ask, bundle):
    assert ask("/")[0]["status"] == 200
    (bundle / "notes.txt").write_text("not published")
    assert ask("/notes.txt")[0]["status"] == 404


def test_while_a_bundle_is_copied_the_last_whole_one_stands(ask, bundle):
    before = body(ask("/"))
    (bundle / "index.html").write_bytes(before[:100])
    assert body(ask("/")) == before


def test_a_damaged_bundle_is_one_sentence_without_a_path(ask, bundle, monkeypatch):
    monkeypatch.setattr(request_guard, "_served", {})
    (bundle / "bundle.json").write_text("{")
    sent = ask("/")
    assert sent[0]["status"] == 503
    assert str(bundle).encode() not in body(sent)


def test_nothing_can_be_sent_to_it_and_no_socket_opens(ask):
    assert ask("/", method="POST")[0]["status"] == 405
    refused = ask("/_stcore/stream", kind="websocket")[0]
    assert (refused["type"], refused["status"]) == ("websocket.http.response.start", 403)
