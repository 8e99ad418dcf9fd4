"""Raw requests at an app that is really served: by which name, from whose page, before sign-in."""

import json
import socket
from contextlib import closing, contextmanager
from urllib.parse import urlsplit

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value
from websockets.sync.client import connect

from app.shared import gate
from tests.browser.conftest import serving
from tests.dockerfile import first_page

COOKIE = "of more than thirty-two characters, at random"
SECRETS = """
[auth]
redirect_uri = "https://sign.example/areas/oauth2callback"
cookie_secret = "{cookie}"
client_id = "csa"
client_secret = "csa"
server_metadata_url = "https://login.example/.well-known/openid-configuration"
"""
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
    if user:
        signed = create_signed_value(COOKIE, "_streamlit_user", json.dumps(user))
        cookie += f"; _streamlit_user={signed.decode()}"
    ask = BackMsg()
    ask.rerun_script.query_string = ""
    with connect(
        f"ws://{host}{base}/_stcore/stream",
        sock=socket.create_connection(("127.0.0.1", urlsplit(address).port)),
        origin=origin,
        subprotocols=["streamlit", token],
        additional_headers={"Cookie": cookie},
        proxy=None,
        max_size=None,
        open_timeout=60,
    ) as line:
        line.send(ask.SerializeToString())
        while (said := ForwardMsg.FromString(line.recv(timeout=60))).WhichOneof("type") != (
            "new_session"
        ):
            pass
        carried = {"Host": host, "Origin": origin, "Cookie": cookie, "X_Xsrftoken": token}
        yield said.new_session.initialize.session_id, carried


def sent(address, its_session, carried, base=""):
    """Return the status of a file that is sent to a session."""
    form = {"Content_Type": "multipart/form-data; boundary=b"}
    path = f"{base}/_stcore/upload_file/{its_session}/1"
    return answer(address, path, "PUT", FORM, **carried, **form)[0]


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
    secrets = folder / "secrets.toml"
    secrets.write_text(SECRETS.format(cookie=COOKIE), encoding="utf-8")
    more = {"CSA_ACCESS": "signed-in", "STREAMLIT_SECRETS_FILES": str(secrets)}
    with serving(folder, **more) as address:
        yield address


def hosts(address):
    port = urlsplit(address).port
    return [f"127.0.0.1:{port}", f"localhost:{port}", f"[::1]:{port}", "localhost:8600"]


# ---- By hand --------------------------------------------------------------------------------


def test_this_machines_names_are_served_on_whatever_port_a_container_has_outside(sample_app):
    for host in hosts(sample_app):
        assert status(sample_app, Host=host) == 200
        assert status(sample_app, Host=host, Origin=f"http://{host}") == 200
        assert shaken(sample_app, host, f"http://{host}") == 101


@pytest.mark.parametrize("name", ["example.org", "second.example", "third.example", "localhost"])
def test_names_of_the_deployment_are_served_below_its_path(behind_proxy, name):
    assert status(behind_proxy, "/areas/", Host=name) == 200
    assert shaken(behind_proxy, name, f"https://{name}", "/areas") == 101
    assert shaken(behind_proxy, f"{name}:8443", f"https://{name}:8443", "/areas") == 101


def test_the_name_that_the_provider_sends_people_back_to_is_served(signed_in):
    assert status(signed_in, Host="sign.example") == 200
    assert shaken(signed_in, "sign.example", "https://sign.example") == 101


def test_a_name_is_known_in_whatever_way_the_deployment_writes_it(monkeypatch):
    given = {
        "server.address": "fd00::5",
        "browser.serverAddress": "https://Example.org:8443/areas",
        "server.allowedHosts": ["[FD00:0::6]", "b.example:80/x", ""],
    }
    monkeypatch.setattr(gate.st, "get_option", given.__getitem__)
    assert gate.names() == {*gate.THIS_MACHINE, "fd00::5", "fd00::6", "example.org", "b.example"}


# ---- Refused --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    [
        *(None, "", "evil.example", "evil.example:{port}", "localhost.evil.example:{port}"),
        *("127.0.0.1.evil.example", "127.0.0.2", "localhost@evil.example", "a.b/@localhost"),
        *("localhost:{port}/evil.example", "localhost:x", "[::1", "localhost, evil.example"),
    ],
)
@pytest.mark.parametrize("app", ["sample_app", "behind_proxy", "signed_in"])
def test_another_name_is_refused(request, app, host):
    """With DNS rebinding a site's own name leads to this machine: `Host` and `Origin` are equal."""
    address = request.getfixturevalue(app)
    host = host and host.format(port=urlsplit(address).port)
    base = "/areas" if app == "behind_proxy" else ""
    for path in ("/", "/_stcore/health", "/_stcore/host-config", "/app/static/icon.svg"):
        assert 400 <= status(address, base + path, Host=host) < 500
    assert 400 <= shaken(address, host, f"http://{host}", base) < 500
    put = answer(address, f"{base}/_stcore/upload_file/a/b", "PUT", FORM, Host=host)
    assert 400 <= put[0] < 500


def test_two_names_at_once_are_refused(sample_app):
    host = hosts(sample_app)[0]
    assert status(sample_app, Host=f"{host}\r\nHost: evil.example") in {400, 403}


@pytest.mark.parametrize(
    "origin",
    [
        *("http://evil.example", "http://127.0.0.1:1", "http://127.0.0.1"),
        *("http://localhost:{port}", "https://localhost:{port}"),
        *("http://127.0.0.1:{port}.evil.example", "http://127.0.0.1:{port}/", "127.0.0.1:{port}"),
        *("null", "", "ftp://127.0.0.1:{port}", "http://127.0.0.1:{port}\r\nOrigin: http://a.b"),
    ],
)
def test_a_page_of_another_origin_is_refused(sample_app, origin):
    port = urlsplit(sample_app).port
    host, origin = f"127.0.0.1:{port}", origin.format(port=port)
    assert 400 <= shaken(sample_app, host, origin) < 500
    assert 400 <= status(sample_app, Host=host, Origin=origin) < 500


def test_a_websocket_without_an_origin_is_no_browsers(sample_app, behind_proxy):
    assert shaken(sample_app, hosts(sample_app)[0], None) == 403
    assert shaken(behind_proxy, "example.org", None, "/areas") == 403


@pytest.mark.parametrize("origin", ["https://second.example", "https://example.org:8443", "null"])
def test_one_name_of_the_deployment_is_not_another(behind_proxy, origin):
    assert shaken(behind_proxy, "example.org", origin, "/areas") == 403
    assert status(behind_proxy, "/areas/", Host="example.org", Origin=origin) == 403


@pytest.mark.smoke
def test_the_refusal_says_what_to_do(sample_app):
    assert "docs/DEPLOY.md" in answer(sample_app, Host="example.org")[1]


def test_nobody_sends_a_file_before_they_have_signed_in(signed_in):
    claims = {"origin": "https://sign.example", "is_logged_in": True, "sub": "clerk"}
    with session(signed_in, "https://sign.example") as (stranger, carried):
        assert sent(signed_in, stranger, carried) == 403
        with session(signed_in, "https://sign.example", user=claims) as (known, theirs):
            assert sent(signed_in, stranger, theirs) == 403
            assert sent(signed_in, known, theirs) == 204
    assert sent(signed_in, "none", theirs) == 403


def test_files_are_sent_at_this_machine_and_never_where_everybody_reads(sample_app, behind_proxy):
    with session(sample_app, sample_app) as (mine, carried):
        assert sent(sample_app, mine, carried) == 204
    with session(behind_proxy, "https://example.org", "/areas") as (theirs, carried):
        assert sent(behind_proxy, theirs, carried, "/areas") == 403


# ---- True in general ------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["metrics", "metrics/", "metrics?families=x", "metric%73"])
def test_metrics_are_not_served(sample_app, behind_proxy, signed_in, path):
    for address, base in ((sample_app, ""), (signed_in, ""), (behind_proxy, "/areas")):
        assert status(address, f"{base}/_stcore/{path}", Host="localhost") == 404


def test_pages_that_are_served_without_the_gate_stay_shut(tmp_path):
    """`streamlit run app/main.py` would serve them to any name."""
    with serving(tmp_path, run=("streamlit", "run", "app/main.py")) as address:
        said = str(first_page(address.replace("http", "ws")))
    assert "Start the app with `python -m app`" in said
    assert "Orrinvale" not in said
