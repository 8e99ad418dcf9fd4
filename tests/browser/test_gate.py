"""Raw requests at an app that is really served: by which name, from whose page, as whom."""

import json
import platform
import re
import socket
import time
from base64 import b64encode
from contextlib import closing, contextmanager
from hashlib import sha256
from urllib.parse import urlsplit

import pytest
import streamlit
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value
from tests.browser.conftest import COOKIE, ROOT, ask_for_sign_in, serving
from tests.dockerfile import first_page
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from csa_app.shared import request_guard

SIGN = "https://sign.example"
ROLES = ("viewer", "member", "editor", "chair")
HEADERS = {
    "content-security-policy": "frame-ancestors 'self'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
}
SHAKE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Protocol": "streamlit",
}
FORM = '--b\r\nContent-Disposition: form-data; name="f"; filename="f.csv"\r\n\r\na,b\r\n--b--\r\n'


def answer(address, path="/", method="GET", body="", **headers):
    """Send a request as it is written, and return its status and what came with it."""
    headers = {"Connection": "close", "Content_Length": str(len(body))} | headers
    lines = [f"{k.replace('_', '-')}: {v}" for k, v in headers.items() if v is not None]
    host, port = urlsplit(address).hostname, urlsplit(address).port
    with closing(socket.create_connection((host, port), timeout=30)) as line:
        line.sendall("\r\n".join([f"{method} {path} HTTP/1.1", *lines, "", body]).encode())
        said = b""
        while b" 101 " not in said and (more := line.recv(65_536)):
            said += more
    return int(said.split()[1]), said.decode("latin-1")


def status(address, path="/", **headers):
    return answer(address, path, **headers)[0]


def claims(name="clerk", role="chair", **more):
    """What a provider said of somebody, as Streamlit writes it into its cookie."""
    given = {"origin": SIGN, "is_logged_in": True, "sub": name, "office": "Hall", "role": role}
    return given | {"strategies": ["1.2"]} | more


def cookie_of(user, secret=COOKIE):
    return f"_streamlit_user={create_signed_value(secret, '_streamlit_user', json.dumps(user)).decode()}"


def shaken(address, host, origin, base=""):
    """Return the status of a websocket's handshake: 101 is open."""
    return status(address, f"{base}/_stcore/stream", Host=host, Origin=origin, **SHAKE)


@contextmanager
def session(address, origin, base="", user=None):
    """Open a page's websocket as its script does; give its session, and what its requests carry."""
    host = origin.partition("//")[2]
    token = answer(address, f"{base}/_stcore/health", Host=host)[1]
    token = token.partition("_streamlit_xsrf=")[2].partition(";")[0]
    cookie = f"_streamlit_xsrf={token}"
    cookie += f"; {cookie_of(user) if isinstance(user, dict) else user}" if user else ""
    with connect(
        f"ws://{host}{base}/_stcore/stream",
        sock=socket.create_connection(("127.0.0.1", urlsplit(address).port)),
        origin=origin,
        subprotocols=["streamlit", token],
        additional_headers={"Cookie": cookie},
        proxy=None,
        max_size=None,
        max_queue=None,  # else a pong may wait behind messages that nobody has read
        open_timeout=60,
    ) as line:
        ask = BackMsg()
        ask.rerun_script.query_string = ""
        line.send(ask.SerializeToString())
        said = told(line, "new_session")[-1]
        carried = {"Host": host, "Origin": origin, "Cookie": cookie, "X_Xsrftoken": token}
        yield said.new_session.initialize.session_id, carried | {"line": line, "first": said}


def told(line, until="script_finished"):
    """Return the messages of a page until one of a kind."""
    said = []
    while not said or said[-1].WhichOneof("type") != until:
        said.append(ForwardMsg.FromString(line.recv(timeout=60)))
    return said


def sent(address, its_session, carried, base="", body=FORM, **more):
    """Return the status of a file that is sent to a session."""
    form = {"Content_Type": "multipart/form-data; boundary=b"} | more
    path = f"{base}/_stcore/upload_file/{its_session}/1"
    carried = {name: value for name, value in carried.items() if name not in {"line", "first"}}
    return answer(address, path, "PUT", body, **carried, **form)[0]


@pytest.fixture(scope="module")
def behind_proxy(tmp_path_factory):
    """Served below a path, under two names, as docs/DEPLOY.md says."""
    more = {
        "STREAMLIT_SERVER_BASE_URL_PATH": "areas",
        "STREAMLIT_BROWSER_SERVER_ADDRESS": "example.org",
        "STREAMLIT_SERVER_ALLOWED_HOSTS": "second.example third.example",
        "CSA_ACCESS": "public",
    }
    with serving(tmp_path_factory.mktemp("proxy"), base="/areas", **more) as address:
        yield address


@pytest.fixture(scope="module")
def signed_in(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sign")
    strategies = 'strategies_claim = "strategies"\n'
    more = ask_for_sign_in(folder, f"{SIGN}/areas", more=strategies)
    with serving(folder, CSA_LOG="json", **more) as address:
        yield address


@pytest.fixture
def log_of(signed_in, tmp_path_factory):
    """Read what the server has logged so far."""
    (path,) = tmp_path_factory.getbasetemp().glob("sign[0-9]*/server.log")
    return path.read_text


@pytest.fixture(scope="module")
def gates(sample_app, behind_proxy, signed_in):
    """The address of each app, and the path that it is served below."""
    return {
        "local": (sample_app, ""),
        "proxy": (behind_proxy, "/areas"),
        "signed in": (signed_in, ""),
    }


@pytest.mark.parametrize(
    ("app", "host", "origin"),
    [
        *(("local", host, f"http://{host}") for host in ("127.0.0.1:{port}", "localhost:{port}")),
        *(("local", host, f"http://{host}") for host in ("[::1]:{port}", "localhost:8600")),
        *(("proxy", name, f"https://{name}") for name in ("example.org", "second.example")),
        *(("proxy", name, f"https://{name}") for name in ("third.example", "localhost")),
        ("proxy", "example.org:8443", "https://example.org:8443"),
        ("signed in", "sign.example", SIGN),
    ],
)
def test_this_machines_and_the_deployments_names_are_served(gates, app, host, origin):
    address, base = gates[app]
    host, origin = (one.format(port=urlsplit(address).port) for one in (host, origin))
    assert status(address, f"{base}/", Host=host) == 200
    assert status(address, f"{base}/", Host=host, Origin=origin) == 200
    assert shaken(address, host, origin, base) == 101


def test_a_name_is_known_in_whatever_way_the_deployment_writes_it(monkeypatch):
    given = {
        "server.address": "fd00::5",
        "browser.serverAddress": "https://Example.org:8443/areas",
        "server.allowedHosts": ["[FD00:0::6]", "b.example:80/x", ""],
    }
    monkeypatch.setattr(request_guard.st, "get_option", given.__getitem__)
    own = {"fd00::5", "fd00::6", "example.org", "b.example"}
    assert request_guard.names() == {*request_guard.THIS_MACHINE, *own}


@pytest.mark.parametrize(
    "host",
    [
        *(None, "", "evil.example", "evil.example:{port}", "localhost.evil.example:{port}"),
        *("127.0.0.1.evil.example", "127.0.0.2", "localhost@evil.example", "a.b/@localhost"),
        *("localhost:{port}/evil.example", "localhost:x", "[::1", "localhost, evil.example"),
        "localhost:{port}\r\nHost: evil.example",
    ],
)
def test_another_name_is_refused(gates, host):
    """With DNS rebinding a site's own name leads to this machine: `Host` and `Origin` are equal."""
    for address, base in gates.values():
        name = host and host.format(port=urlsplit(address).port)
        for path in ("/", "/_stcore/health", "/_stcore/host-config", "/app/static/icon.svg"):
            assert 400 <= status(address, base + path, Host=name) < 500
        assert 400 <= shaken(address, name, f"http://{name}", base) < 500
        put = answer(address, f"{base}/_stcore/upload_file/a/b", "PUT", FORM, Host=name)
        assert 400 <= put[0] < 500
    assert "docs/DEPLOY.md" in answer(address, Host="example.org")[1]


@pytest.mark.parametrize(
    ("app", "host", "origins"),
    [
        (
            "local",
            "127.0.0.1:{port}",
            [
                *("http://evil.example", "http://127.0.0.1:1", "http://127.0.0.1", "null", ""),
                *("http://localhost:{port}", "https://localhost:{port}", "127.0.0.1:{port}"),
                *("http://127.0.0.1:{port}.evil.example", "http://127.0.0.1:{port}/"),
                *("ftp://127.0.0.1:{port}", "http://127.0.0.1:{port}\r\nOrigin: http://a.b"),
            ],
        ),
        ("proxy", "example.org", ["https://second.example", "https://example.org:8443", "null"]),
    ],
)
def test_a_page_of_another_origin_is_refused(gates, app, host, origins):
    address, base = gates[app]
    port = urlsplit(address).port
    host = host.format(port=port)
    for origin in (one.format(port=port) for one in origins):
        assert 400 <= shaken(address, host, origin, base) < 500, origin
        assert 400 <= status(address, f"{base}/", Host=host, Origin=origin) < 500, origin
    assert shaken(address, host, None, base) == 403  # no browser's


def test_nobody_sends_a_file_before_they_have_signed_in_nor_to_anothers_page(signed_in):
    with (
        session(signed_in, SIGN) as (stranger, carried),
        session(signed_in, SIGN, user=claims("other")) as (others, _),
        session(signed_in, SIGN, user=claims()) as (known, theirs),
    ):
        assert sent(signed_in, stranger, carried) == 403
        assert [sent(signed_in, one, theirs) for one in (stranger, others)] == [403, 403]
        assert sent(signed_in, known, theirs) == 204
        assert sent(signed_in, known, carried) == 403
    assert sent(signed_in, "none", theirs) == 403


@pytest.mark.parametrize(("role", "most"), [("member", 5), ("editor", 5), ("chair", 200)])
def test_a_file_is_as_large_as_the_role_may_send(signed_in, role, most):
    with session(signed_in, SIGN, user=claims(f"large {role}", role)) as (mine, carried):
        assert sent(signed_in, mine, carried) == 204
        for size, said in (((most + 1) * 2**20, 413), (None, 411), ("x", 400)):
            assert sent(signed_in, mine, carried, Content_Length=size and str(size)) == said
        whole = f"{len(FORM):x}\r\n{FORM}\r\n0\r\n\r\n"
        for size in (None, "9") if role == "chair" else ():  # each waits for the server to give up
            chunked = {"Content_Length": size, "Transfer_Encoding": "chunked"}
            assert sent(signed_in, mine, carried, body=whole, **chunked) in {400, 411}


def test_a_reader_sends_no_file(signed_in):
    for role in ("viewer", "queen", ""):
        with session(signed_in, SIGN, user=claims("reader", role)) as (mine, carried):
            assert sent(signed_in, mine, carried) == 403


def test_files_come_one_after_another(signed_in):
    """What one person has sent in a minute does not keep another from sending."""
    with (
        session(signed_in, SIGN, user=claims("hasty")) as (mine, carried),
        session(signed_in, SIGN, user=claims("patient")) as (others, theirs),
    ):
        said = [sent(signed_in, mine, carried) for _ in range(request_guard.MOST_A_MINUTE + 1)]
        assert said == [204] * request_guard.MOST_A_MINUTE + [429]
        assert sent(signed_in, others, theirs) == 204


def test_a_page_says_what_pages_say_and_nothing_for_all(signed_in):
    """One reader could empty the caches of all, and learn where the code is."""
    with session(signed_in, SIGN) as (_, carried):
        line = carried["line"]
        told(line)
        for name in ("load_git_info", "clear_cache", "app_heartbeat"):
            line.send(BackMsg(**{name: True}).SerializeToString())
        kinds = {one.WhichOneof("type") for one in told(line, "heartbeat_ack")}
        assert kinds <= {"session_status_changed", "heartbeat_ack"}
        for screen in sorted(
            path.parent.name for path in ROOT.glob("app/csa_app/screens/*/page.py")
        ):
            ask = BackMsg()
            ask.rerun_script.page_name = screen.replace("_", "-")
            ask.rerun_script.query_string = "view=wall" if screen == "community" else ""
            ask.rerun_script.widget_states.widgets.add(id="signed in", bool_value=True)
            line.send(ask.SerializeToString())
            said = b"".join(one.SerializeToString() for one in told(line))
            assert b"Sign in to read them." in said
            assert b"Orrinvale" not in said
    assert not request_guard.is_heard(BackMsg(set_run_on_save=True).SerializeToString())
    assert not request_guard.is_heard(BackMsg(debug_shutdown_runtime=True).SerializeToString())
    for asked, is_heard in (
        ("deferred_file", True),
        ("dataframe_chunk", True),
        ("install_skills", False),
    ):
        ask = BackMsg()
        getattr(ask.backend_operation_request, asked).SetInParent()
        assert request_guard.is_heard(ask.SerializeToString()) is is_heard, asked


def entered(address, cookie):
    """Return whether a page that is opened with a cookie shows the city."""
    with session(address, SIGN, user=cookie) as (_, carried):
        return b"Orrinvale" in b"".join(one.SerializeToString() for one in told(carried["line"]))


def opens(address, cookie):
    """Return the status of a download and of the cells' outline, which are not there."""
    paths = ("/media/x.csv", "/app/static/geometry/x.json", "/app/static/./geometry/x.json")
    return {status(address, path, Host="sign.example", Cookie=cookie) for path in paths}


def test_downloads_and_cells_are_for_who_has_signed_in(signed_in, sample_app):
    for role in ROLES:
        assert opens(signed_in, cookie_of(claims("reader", role))) == {404}
    forged = (cookie_of(claims(), "x" * 32), cookie_of(claims(is_logged_in="True")))
    for cookie in (None, "_streamlit_user=", *forged, cookie_of([]), cookie_of([1])):
        assert opens(signed_in, cookie) == {403}
    assert status(sample_app, "/media/x.csv", Host="localhost") == 404


def test_signing_out_ends_the_cookie_its_copies_and_other_tabs(signed_in):
    user, other = claims("leaving", nonce="1"), cookie_of(claims("leaving", nonce="2"))
    cookie = cookie_of(user)
    # Other text, of which the last bits count for nothing: the same signature.
    copy = cookie[:-1] + chr(ord(cookie[-1]) + 1)
    assert entered(signed_in, cookie)
    with session(signed_in, SIGN, user=cookie) as (mine, tab):
        assert b"Orrinvale" in b"".join(one.SerializeToString() for one in told(tab["line"]))
        assert sent(signed_in, mine, tab) == 204
        assert status(signed_in, "/auth/logout", Host="sign.example", Cookie=cookie) == 302
        now = b"".join(one.SerializeToString() for one in told(tab["line"]))
        assert b"Sign in to read them." in now
        assert b"Orrinvale" not in now
        assert sent(signed_in, mine, tab) == 403
    for old in (cookie, copy, cookie_of(user)):
        assert opens(signed_in, old) == {403}
        assert not entered(signed_in, old)
    assert entered(signed_in, other)


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_link_on_another_page_signs_nobody_out(signed_in, site):
    cookie = cookie_of(claims("lured", nonce=site))
    about = {"Host": "sign.example", "Cookie": cookie}
    assert status(signed_in, "/auth/logout", Sec_Fetch_Site=site, **about) == 403
    assert entered(signed_in, cookie)
    assert status(signed_in, "/auth/logout", Sec_Fetch_Site="same-origin", **about) == 302
    assert not entered(signed_in, cookie)


def test_a_sign_in_ends_after_half_a_day_and_by_a_restart(signed_in, monkeypatch):
    now = time.time()
    for age, said in ((0, 404), (13 * 3600, 403), (3600, 403)):  # the server began after that
        monkeypatch.setattr(time, "time", lambda age=age: now - age)
        cookie = cookie_of(claims("early", nonce=age))
        monkeypatch.undo()
        assert opens(signed_in, cookie) == {said}
    scope = {"type": "http", "headers": [(b"cookie", cookie_of(claims()).encode())]}
    now = time.time()  # not before the cookie's second: it would be of the future
    monkeypatch.setattr(request_guard, "get_cookie_secret", lambda: COOKIE)
    monkeypatch.setattr(request_guard, "STARTED", time.monotonic() - 10**6)
    for age, counts in ((0, True), (12 * 3600 - 60, True), (12 * 3600 + 60, False)):
        monkeypatch.setattr(time, "time", lambda age=age: now + age)
        assert (request_guard.claims_of(scope) is not None) == counts


def test_files_are_sent_at_this_machine_and_never_where_everybody_reads(sample_app, behind_proxy):
    with session(sample_app, sample_app) as (mine, carried):
        assert sent(sample_app, mine, carried) == 204
    with session(behind_proxy, "https://example.org", "/areas") as (theirs, carried):
        assert sent(behind_proxy, theirs, carried, "/areas") == 403


def headers_of(said):
    lines = said.partition("\r\n\r\n")[0].lower().split("\r\n")[1:]
    return [tuple(line.split(": ", 1)) for line in lines]


@pytest.mark.parametrize("app", ["local", "proxy", "signed in"])
def test_every_answer_says_what_a_browser_may_do_with_it(gates, app):
    address, base = gates[app]
    asked = [
        ("/", 200), ("/areas", 200), ("/_stcore/health", 200), ("/_stcore/host-config", 200),
        ("/app/static/icon.svg", 200), ("/favicon.png", 200), ("/app/static/none", 404),
        ("/app/static/" + 5000 * "x", 404), ("/app/static/" + 200 * "%C3%A9", 404),
        ("/_stcore/metrics", 404), ("/_stcore/agent/openapi.json", 404),
        ("/app/static/../main.py", 400), ("/component/none/x", 404),
        ("/auth/login", 302 if app == "signed in" else None),
    ]  # fmt: skip
    said = {path: answer(address, base + path, Host="localhost") for path, _ in asked}
    assert {path: said[path][0] for path, status in asked if status} == {
        path: status for path, status in asked if status
    }
    said |= {
        "page": answer(address, f"{base}/", Host="localhost", Accept="text/html"),
        "put": answer(address, f"{base}/_stcore/upload_file/a/b", "PUT", FORM, Host="localhost"),
        "name": answer(address, f"{base}/", Host="evil.example"),
    }
    for path, origin in (("stream", "http://localhost"), ("stream", "null"), ("none", None)):
        asked = {"Host": "localhost", "Origin": origin or "http://localhost", **SHAKE}
        said[f"{path} {origin}"] = answer(address, f"{base}/_stcore/{path}", **asked)
    assert [said[name][0] for name in list(said)[-3:]] == [101, 403, 403]
    for name, (_, text) in said.items():
        found = headers_of(text)
        for header, value in HEADERS.items():
            assert [value in given for key, given in found if key == header] == [True], name
        assert "server" not in dict(found), name


def test_a_maps_frame_alone_may_draw_what_is_written_as_a_script(sample_app):
    frame = "/component/streamlit_folium.st_folium/index.html"
    for path, may in ((frame, True), ("/", False), ("/component/none/index.html", False)):
        found = dict(headers_of(answer(sample_app, path, Host="localhost")[1]))
        assert ("'unsafe-eval'" in found["content-security-policy"]) == may


def test_the_page_runs_streamlits_own_scripts_and_no_other_that_stands_in_it(sample_app, signed_in):
    for app, host in ((sample_app, "localhost"), (signed_in, "sign.example")):
        said = answer(app, "/", Host=host, Accept="text/html")[1]
        rules = dict(headers_of(said))["content-security-policy"].split("; ")
        (scripts,) = [rule for rule in rules if rule.startswith("script-src")]
        held = re.findall("<script>(.*?)</script>", said, re.DOTALL)
        digests = [b64encode(sha256(text.encode()).digest()).decode() for text in held]
        assert digests
        assert "unsafe-inline" not in scripts
        assert {f"'sha256-{digest}'".lower() for digest in digests} <= {*scripts.split()}


def test_a_websocket_hears_a_megabyte_at_most_before_and_after_sign_in(signed_in):
    for user in (None, claims()):
        with session(signed_in, SIGN, user=user) as (_, carried):
            line, ask = carried["line"], BackMsg()
            ask.rerun_script.query_string = "a" * 900_000
            line.send(ask.SerializeToString())
            assert line.ping().wait(30)
            ask.rerun_script.query_string = "a" * 2**20
            line.send(ask.SerializeToString())
            with pytest.raises(ConnectionClosed):
                told(line, "none")


def broken(line):
    """Say of a page's map what no map says; return the page, which then fails."""
    shown = [one.delta.new_element for one in told(line) if one.WhichOneof("type") == "delta"]
    (its_map,) = [one for one in shown if one.WhichOneof("type") == "component_instance"]
    ask = BackMsg()
    ask.rerun_script.widget_states.widgets.add(id=its_map.component_instance.id, json_value="[1")
    line.send(ask.SerializeToString())
    return told(line)


def test_the_log_is_an_object_a_line_and_names_nobody(signed_in, log_of):
    person = claims("Jane Roe", "queen", email="jane@roe.example", office="")
    with session(signed_in, SIGN, user=person) as (mine, carried):
        told(carried["line"])
        assert sent(signed_in, mine, carried) == 403
        carried["line"].send(b"\xff\xff no message")
        with pytest.raises(ConnectionClosed):
            told(carried["line"], "never")
    with session(signed_in, SIGN, user=claims()) as (_, carried):
        assert "redacted" in str(broken(carried["line"]))
    said = [json.loads(line) for line in log_of().splitlines()]
    assert {"streamlit", "csa"} <= {one["logger"].partition(".")[0] for one in said}
    assert any("JSONDecodeError" in one.get("traceback", "") for one in said)
    assert not [word for word in ("Jane", "roe.example", "127.0.0.1:", COOKIE) if word in str(said)]


def test_before_sign_in_nothing_says_which_server_this_is(signed_in):
    with session(signed_in, SIGN) as (_, carried):
        every = [carried["first"], *told(carried["line"])]
        said = b"".join(one.SerializeToString() for one in every)
    with session(signed_in, SIGN) as (_, carried):
        carried["line"].send(b"\xff\xff no message")
        with pytest.raises(ConnectionClosed) as closed:
            told(carried["line"], "never")
    said += str(closed.value).encode()
    for path in ("/", "/auth/login?provider=x", "/oauth2callback?error=x", "/media/x", "/none"):
        for kind in ("text/html", "*/*"):
            said += answer(signed_in, path, Host="sign.example", Accept=kind)[1].encode()
    versions = (streamlit.__version__, platform.python_version(), "3, 11", "uvicorn/")
    inner = ("site-packages", str(ROOT), "/app/", "main.py", "Traceback", "csa.base", "cache.")
    said = said.replace(b"./app/static/", b"")  # an address that everybody fetches, no folder
    found = [word for word in (*versions, *inner) if word.encode() in said]
    assert found == []


@pytest.mark.parametrize("path", ["metrics", "metrics/", "metrics?families=x", "metric%73"])
def test_metrics_are_not_served(gates, path):
    for address, base in gates.values():
        assert status(address, f"{base}/_stcore/{path}", Host="localhost") == 404


def test_pages_that_are_served_without_the_gate_stay_shut(tmp_path):
    """`streamlit run app/csa_app/main.py` would serve them to any name."""
    with serving(tmp_path, run=("streamlit", "run", "app/csa_app/main.py")) as address:
        said = str(first_page(address.replace("http", "ws")))
    assert "Start the app with `python -m csa_app`" in said
    assert "Orrinvale" not in said
