"""Checks who reaches the app at all: a browser that asked for its name from one of its own pages.

A page of another site must not reach us. That site can have its own name resolved to this
machine (DNS rebinding), or call this port from its own pages: such requests carry its name as
their `Host` or `Origin`, and are refused before Streamlit sees them. Nor may it show our pages in
a frame: each answer tells the browser so, and that nothing comes from elsewhere.
"""

from __future__ import annotations

import json
import mimetypes
import re
from base64 import b64encode
from collections import defaultdict, deque
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path
from posixpath import normpath
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import config
from streamlit.auth_util import get_cookie_with_chunks
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.runtime import Runtime
from streamlit.web.server.server_util import get_cookie_secret
from streamlit.web.server.starlette.starlette_app_utils import decode_signed_value
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME
from uvicorn.config import Config

from csa.base.errors import CsaError
from csa.base.text import Translator, tr
from csa.program.roles import Person, local_person
from csa.reports.public.bundle import read_bundle_files
from csa.reports.public.pages import script_digests
from csa_app.shared import access as access_door
from csa_app.shared.access import bundle_folder
from csa_app.shared.cache_report import folder_key
from csa_app.shared.person import LOCAL, PUBLIC, SIGNED_IN, access_of, person_from_claims
from csa_app.shared.settings import below_base
from csa_app.shared.signing import MAX_CITY_FILE_MB, MAX_FILE_MB

# ---- What a public server with a bundle sends: the bundle's files, and nothing else.


READ = ("GET", "HEAD")
HEALTH = "_stcore/health"
"""Where a container asks whether the server is well, whatever it serves."""
_served: dict[Path, tuple[tuple[int, ...], Mapping[str, bytes]]] = {}
"""The last bundle that could be read whole, by folder; while another is copied, it stands."""


async def answer_from_bundle(scope: Scope, receive: Receive, send: Send) -> bool:
    """Answer from the bundle; return whether this server shows one."""
    folder = access_door.ask_config(bundle_folder, None)
    if folder is None:
        return False
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1000})
        return True
    await _answer(scope, folder)(scope, receive, send)
    return True


def _answer(scope: Scope, folder: Path) -> Response:
    if scope["method"] not in READ:
        return PlainTextResponse("", 405)
    files = files_of(folder)
    if files is None:
        return PlainTextResponse(Translator()("public.renewed"), 503)
    name = scope["path"].removeprefix(scope.get("root_path", "")).lstrip("/")
    if name == HEALTH:
        return PlainTextResponse("ok", 200)
    name = f"{name}index.html" if name.endswith("/") or not name else name
    content = files.get(name)
    if content is None:
        return PlainTextResponse("", 404)
    kind = mimetypes.guess_type(name)[0] or "application/json"
    return Response(content, media_type=kind)


def files_of(folder: Path) -> Mapping[str, bytes] | None:
    """Return a bundle's files by name, read once for each state of its folder."""
    mark = folder_key(folder)
    held = _served.get(folder)
    if held is None or held[0] != mark:
        try:
            held = _served[folder] = (mark, read_bundle_files(folder))
        except CsaError:
            return held and held[1]
    return held[1]


# ---- Which sign-ins still count: each ends after half a day, by signing out, and by a restart.


LONGEST_S = 12 * 3600
"""How long a sign-in counts: a working day."""
DAY_S = 86_400
STARTED = monotonic()
_ended: set[bytes] = set()
"""Digests of what the cookies of those who signed out said; a restart ends all others."""


def claims_of(scope: Scope) -> Mapping[str, Any] | None:
    """Return what the provider said of who sent a request; None if no sign-in counts."""
    said = _said(scope)
    claims = None if said is None or sha256(said).digest() in _ended else json.loads(said)
    return claims if isinstance(claims, dict) and claims.get("is_logged_in") is True else None


def _said(scope: Scope) -> bytes | None:
    """Read the cookie, whose text can differ where what it says and its signature are the same."""
    cookies, secret = HTTPConnection(scope).cookies, get_cookie_secret()
    longest = min(LONGEST_S, monotonic() - STARTED + 1)

    def one(name: str) -> bytes | None:
        signed = cookies.get(name, "").encode("latin-1", "replace")
        return decode_signed_value(secret, name, signed, longest / DAY_S)

    return get_cookie_with_chunks(one, USER_COOKIE_NAME)


HAD_SIGN_IN = "csa.had_sign_in"
"""In a request's scope: whether a sign-in came along that time or a restart has ended."""


def _has_ended_by_itself(scope: Scope) -> bool:
    said = _said(scope)
    is_left = said is not None and sha256(said).digest() in _ended
    return not is_left and bool(_cookies(HTTPConnection(scope).cookies))


def without(scope: Scope) -> Scope:
    """Return a request without its sign-in."""
    return {**scope, "headers": [(name, _kept(name, value)) for name, value in scope["headers"]]}


def _kept(name: bytes, value: bytes) -> bytes:
    if name != b"cookie":
        return value
    parts = (part.strip() for part in value.split(b";"))
    return b"; ".join(part for part in parts if not part.startswith(USER_COOKIE_NAME.encode()))


def end(scope: Scope) -> None:
    """End a sign-in: its cookie counts no more, and pages that are open by it show so at once."""
    said = _said(scope)
    if said is not None:
        _ended.add(sha256(said).digest())
    theirs = _cookies(HTTPConnection(scope).cookies)
    runtime = Runtime.instance()
    for info in runtime._session_mgr.list_active_sessions():  # noqa: SLF001
        context = info.client.client_context
        if theirs and context is not None and _cookies(context.cookies) == theirs:
            runtime.clear_user_info_for_session(info.session.id)
            info.session.request_rerun(None)


def _cookies(cookies: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in cookies.items() if name.startswith(USER_COOKIE_NAME)}


THIS_MACHINE = ("127.0.0.1", "localhost", "::1")
NOBODYS = ("/_stcore/metrics", "/_stcore/agent/")
UPLOAD, LEAVING = "/_stcore/upload_file/", "/auth/logout"
AFTER_SIGN_IN = ("media/", "app/static/geometry/")
"""Where people sign in, what is open only after: downloads, and the outline of cells."""
# Streamlit writes a script and styles into its page; a map's frame, the public page and the wall
# hold scripts of their own.
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; script-src 'self' {inline}; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}
ONLY_TLS = (b"strict-transport-security", b"max-age=31536000")
INLINE = "'unsafe-inline'"
MAP_FRAME, MAP_SCRIPTS = "/component/streamlit_folium.", f"{INLINE} 'unsafe-eval'"
"""The frame of a map, which draws what folium writes as a script: no other page may do so."""
HOLD_SCRIPTS = ("/component/", "/app/static/")
STARTS = ("http.response.start", "websocket.http.response.start", "websocket.accept")
HEARD = frozenset({"rerun_script", "stop_script", "file_urls_request", "app_heartbeat"})
"""What a page says. Anybody could also empty the caches of all, or ask for the code's folder."""
ASKED = frozenset({"deferred_file", "dataframe_chunk"})
"""What it asks of its own session: a file made when it is wanted, and more rows of a table."""
MOST_NAME, MOST_PATH = 255, 2000
"""Bytes of a file's name, as file systems have them, and of a path within the app."""
MB = 2**20
AROUND = 2**16
"""Bytes that a form may have around its file."""
MOST_A_MINUTE, MOST_MB = 60, 600
"""How many files one person may send in a minute, and how large they may be together."""
_sent: defaultdict[str, deque[tuple[float, int]]] = defaultdict(deque)


def names() -> frozenset[str]:
    """Return the host names that browsers may ask for."""
    options = ("server.address", "browser.serverAddress")
    given = [*map(st.get_option, options), access_door.auth().get("redirect_uri")]
    given += st.get_option("server.allowedHosts")
    return frozenset({*THIS_MACHINE, *(_name(str(one)) for one in given if one)})


def _name(given: str) -> str:
    """Extract the host name from an address, with or without scheme, port and path."""
    try:
        return str(ip_address(given.strip("[]")))
    except ValueError:
        return urlsplit(given if "://" in given else f"//{given}").hostname or ""


def _asked(host: str) -> str | None:
    """Return the name in a `Host` header; None if it is not a name with an optional port."""
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port
    except ValueError:
        return None
    return parts.hostname if parts.netloc == host and "@" not in host else None


def limit_frames() -> None:
    """Have a websocket take 1 MB at most, before it is held and whoever sends it.

    Streamlit gives the server its limit for what it sends, 200 MB; no page says a tenth of one.
    """
    Config.ws_max_size = property(lambda _: MB, lambda *_: None)  # type: ignore[assignment]


class Gate:
    """ASGI middleware before Streamlit's own server."""

    def __init__(self, app: ASGIApp) -> None:
        self.app, self.names = app, names()
        self.is_over_tls = str(access_door.auth().get("redirect_uri")).startswith("https://")
        self.shut = tuple(map(below_base, AFTER_SIGN_IN))
        # Streamlit checks its own list for websockets too, so it gets the same names.
        config.set_option("server.allowedHosts", sorted(self.names))
        access_door.is_guarded = True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on or refuse it; a websocket is refused before it is accepted.

        Where the public is shown a bundle, its files are all that is sent.
        """
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        begun: list[str] = []

        async def say(message: Message) -> None:
            if message["type"] == "websocket.close" and not begun:
                await PlainTextResponse("", 403)(scope, receive, say)
                return
            if message["type"] in STARTS:
                begun.append(message["type"])
                self._head(message, scope["path"])
            await send(message)

        answer = self._refusal(scope)
        if answer is None and await answer_from_bundle(scope, receive, say):
            return
        if answer is None:
            if scope["type"] == "websocket":
                receive = _hearing(scope, receive)
            scope, answer = self._as_signed_in(scope)
        try:
            await (answer or self.app)(scope, receive, say)
        except Exception:
            if not begun:
                await PlainTextResponse("", 500)(scope, receive, say)
            raise

    def _head(self, message: Message, path: str) -> None:
        """Put onto an answer what each carries."""
        message.setdefault("headers", [])
        MutableHeaders(scope=message).update(_headers(path))
        if path.endswith(LEAVING):  # what waits on a phone goes too
            MutableHeaders(scope=message)["Clear-Site-Data"] = '"storage"'
        if self.is_over_tls:
            message["headers"] = [*map(_secured, message["headers"]), ONLY_TLS]

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        headers = Headers(scope=scope)
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        if len(hosts) != 1 or _asked(hosts[0]) not in self.names:
            return PlainTextResponse(tr("door.other_name"), 403)
        # Behind a proxy that ends TLS, a page's scheme is not ours.
        is_own = {f"http://{hosts[0]}", f"https://{hosts[0]}"}.issuperset(origins)
        if scope["path"].endswith(LEAVING):  # by a link, which has no `Origin`
            is_own &= headers.get("sec-fetch-site", "none") in {"none", "same-origin"}
        if not is_own or (scope["type"] == "websocket" and not origins):
            return PlainTextResponse(tr("door.other_page"), 403)
        if any(path in scope["path"] for path in NOBODYS) or _is_no_name(scope["path"]):
            return PlainTextResponse("", 404)
        return None

    def _as_signed_in(self, scope: Scope) -> tuple[Scope, PlainTextResponse | None]:
        """Judge a request by its sign-in: one that counts no more is taken off it."""
        mode, path = access_door.ask_config(access_of, ""), scope["path"]
        claims = claims_of(scope) if mode == SIGNED_IN else None
        if mode == SIGNED_IN and path.endswith(LEAVING):
            end(scope)
            return scope, None
        if UPLOAD in path:
            who = local_person("") if mode == LOCAL else _sender(path, claims)
            return scope, _upload_refusal(scope, who)
        if claims is None:
            is_shut = mode not in {LOCAL, PUBLIC} and normpath(path).startswith(self.shut)
            answer = PlainTextResponse(tr("door.sign_in_first"), 403) if is_shut else None
            return {**without(scope), HAD_SIGN_IN: _has_ended_by_itself(scope)}, answer
        return scope, None


def _hearing(scope: Scope, receive: Receive) -> Receive:
    """Hear only what pages say by themselves, and notice when a sign-in has ended meanwhile."""
    is_signed_in = access_door.ask_config(access_of, "") == SIGNED_IN
    is_known = is_signed_in and claims_of(scope) is not None

    async def hear() -> Message:
        nonlocal is_known
        while True:
            message = await receive()
            if message["type"] != "websocket.receive":
                return message
            if is_known and claims_of(scope) is None:
                is_known = False
                end(scope)  # what was said meanwhile is said by nobody
            elif is_heard(message.get("bytes")):
                return message

    return hear


def is_heard(said: bytes | None) -> bool:
    """Return whether Streamlit is told what a page said."""
    with suppress(Exception):  # what cannot be read, Streamlit refuses itself
        if not said:
            return True
        message = BackMsg.FromString(said)
        if message.WhichOneof("type") == "backend_operation_request":
            return message.backend_operation_request.WhichOneof("payload") in ASKED
        return message.WhichOneof("type") in HEARD
    return True


def _headers(path: str) -> dict[str, str]:
    """Return what each answer carries."""
    holds = any(part in path for part in HOLD_SCRIPTS) or access_door.ask_config(
        bundle_folder, None
    )
    inline = MAP_SCRIPTS if MAP_FRAME in path else INLINE if holds else page_scripts()
    return {name: value.format(inline=inline) for name, value in HEADERS.items()}


@cache
def page_scripts() -> str:
    """Return the digests of the scripts that Streamlit's page holds, and those shown in it."""
    page = (Path(st.__file__).parent / "static" / "index.html").read_bytes()
    held = re.findall(rb"<script>(.*?)</script>", page, re.DOTALL)
    digests = [sha256(script).digest() for script in held]
    theirs = " ".join(f"'sha256-{b64encode(digest).decode()}'" for digest in digests)
    return f"{theirs} {script_digests()}"


def _secured(header: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
    """Have a cookie sent over TLS alone, which Streamlit leaves to whoever serves it."""
    name, value = header
    return (name, value + b"; Secure") if name.lower() == b"set-cookie" else header


def _is_no_name(path: str) -> bool:
    """Return whether no file can have this path: Streamlit would fail on it, not find none."""
    written = path.encode(errors="replace")
    longest = max(map(len, written.split(b"/")))
    return b"\0" in written or len(written) > MOST_PATH or longest > MOST_NAME


def _sender(path: str, claims: Mapping[str, Any] | None) -> Person | None:
    """Return who sends a file, if it is to a session of their own."""
    session = Runtime.instance()._session_mgr.get_active_session_info(path.split("/")[-2])  # noqa: SLF001
    if session is None or claims is None:
        return None
    theirs = session.session._user_info  # noqa: SLF001
    is_own = theirs.get("is_logged_in") is True and theirs.get("sub") == claims.get("sub")
    try:
        return person_from_claims(claims) if is_own else None
    except CsaError:
        return None


def _upload_refusal(scope: Scope, who: Person | None) -> PlainTextResponse | None:
    """Refuse a file of somebody who may send none, one too large, and one too many."""
    if who is None or who.role == "viewer":
        return PlainTextResponse(tr("door.no_files"), 403)
    if scope["method"] != "PUT":
        return None
    most = MAX_CITY_FILE_MB if who.role == "chair" else MAX_FILE_MB
    headers = Headers(scope=scope)
    said = headers.get("content-length", "")
    if not said.isdecimal() or "transfer-encoding" in headers:
        return PlainTextResponse(tr("door.file_size", most=most), 411)
    if int(said) > most * MB + AROUND:
        return PlainTextResponse(tr("door.file_size", most=most), 413)
    now, sent = monotonic(), _sent[who.name]
    while sent and sent[0][0] < now - 60:
        sent.popleft()
    if len(sent) >= MOST_A_MINUTE or sum(size for _, size in sent) + int(said) > MOST_MB * MB:
        return PlainTextResponse(tr("door.files_fast"), 429, {"Retry-After": "60"})
    sent.append((now, int(said)))
    return None
