"""What the gate adds to answers; the rest is tried as it is served (tests/browser/test_gate.py)."""

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.responses import Response

from csa_app.shared import access, request_guard


async def signs_in(scope, receive, send):
    answer = Response("hello")
    answer.set_cookie("_streamlit_user", "a", httponly=True)
    await answer(scope, receive, send)


async def looks_for_a_file(scope, receive, send):
    is_file = os.stat("/tmp" + scope["path"]).st_size  # noqa: PTH116, S108 - as Streamlit does
    await Response(str(is_file))(scope, receive, send)


def answers(
    monkeypatch, app, path, redirect_uri="http://areas.example.org/oauth2callback", heard=None
):
    monkeypatch.setattr(access, "auth", lambda: {"redirect_uri": redirect_uri})
    monkeypatch.setattr(access, "is_guarded", False)
    monkeypatch.setattr(request_guard.config, "set_option", lambda *_: None)
    said = [] if heard is None else heard

    async def send(message):
        said.append(message)

    scope = {"type": "http", "method": "GET", "path": path, "query_string": b""}
    scope["headers"] = [(b"host", b"areas.example.org")]
    with ThreadPoolExecutor(1) as threads:  # a browser's tests leave a loop on this one
        threads.submit(asyncio.run, request_guard.Gate(app)(scope, None, send)).result()
    return said[0]


def headers(monkeypatch, redirect_uri):
    told = answers(monkeypatch, signs_in, "/oauth2callback", redirect_uri)["headers"]
    return [
        (name, value) for name, value in told if name in {b"set-cookie", request_guard.ONLY_TLS[0]}
    ]


@pytest.mark.parametrize("is_tls", [True, False])
def test_where_people_sign_in_over_tls_the_cookie_goes_over_nothing_else(monkeypatch, is_tls):
    scheme = "https" if is_tls else "http"
    found = headers(monkeypatch, f"{scheme}://areas.example.org/oauth2callback")
    (name, cookie), *more = found
    assert name == b"set-cookie"
    assert cookie.endswith(b"; Secure") is is_tls
    assert more == ([(b"strict-transport-security", b"max-age=31536000")] if is_tls else [])


@pytest.mark.parametrize("name", ["x" * 5000, "é" * 200, "x/" * 1500, "x\0.js"])
def test_a_name_that_no_file_can_have_is_not_found(monkeypatch, name):
    """The file system refused it, and the answer was 500."""
    assert answers(monkeypatch, looks_for_a_file, f"/app/static/{name}")["status"] == 404


@pytest.mark.parametrize("first", [None, Response("half")])
def test_what_breaks_before_an_answer_is_500_and_a_begun_answer_stays(monkeypatch, first):
    async def breaks(scope, receive, send):
        if first is not None:
            await first(scope, receive, send)
        raise RuntimeError("fault")

    heard = []
    with pytest.raises(RuntimeError, match="fault"):
        answers(monkeypatch, breaks, "/page", heard=heard)
    assert [message["status"] for message in heard if "status" in message] == [
        500 if first is None else 200
    ]
