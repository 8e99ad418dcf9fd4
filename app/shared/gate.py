"""Who reaches the app at all: a browser that asked for one of its names, from one of its own pages.

Who sits at another site's page is no reader of ours. That site can have its own name resolved to
this machine (DNS rebinding), or talk to this port from another one: its requests come with its
name as their `Host`, or as their `Origin`, and are refused before Streamlit sees them.
"""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

import streamlit as st
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import config
from streamlit.runtime import Runtime

from app.shared import access as access_door
from app.shared import cache
from app.shared.person import LOCAL, SIGNED_IN, access_of
from csa.base.errors import CsaError
from csa.base.text import speak

THIS_MACHINE = ("127.0.0.1", "localhost", "::1")
METRICS, UPLOAD = "/_stcore/metrics", "/_stcore/upload_file/"


def names() -> frozenset[str]:
    """Collect the names that browsers may ask for."""
    options = ("server.address", "browser.serverAddress")
    given = [*map(st.get_option, options), access_door.auth().get("redirect_uri")]
    given += st.get_option("server.allowedHosts")
    return frozenset({*THIS_MACHINE, *(_name(str(one)) for one in given if one)})


def _name(given: str) -> str:
    """Take the name out of an address, with or without scheme, port and path."""
    try:
        return str(ip_address(given.strip("[]")))
    except ValueError:
        return urlsplit(given if "://" in given else f"//{given}").hostname or ""


def _asked(host: str) -> str | None:
    """Return the name that a `Host` asks for; None if it is not a name and perhaps a port."""
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port
    except ValueError:
        return None
    return parts.hostname if parts.netloc == host and "@" not in host else None


class Gate:
    """Stands before Streamlit's own server."""

    def __init__(self, app: ASGIApp) -> None:
        self.app, self.names = app, names()
        # Streamlit asks its own list too, of a websocket: the same, whoever wrote a part of it.
        config.set_option("server.allowedHosts", sorted(self.names))
        access_door.is_guarded = True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it: of a websocket too before it is accepted."""
        answer = None if scope["type"] == "lifespan" else self._refusal(scope)
        await (answer or self.app)(scope, receive, send)

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        headers = Headers(scope=scope)
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        if len(hosts) != 1 or _asked(hosts[0]) not in self.names:
            return PlainTextResponse(speak("door.other_name"), 403)
        # Behind a proxy that speaks TLS a page's scheme is not ours.
        is_own = {f"http://{hosts[0]}", f"https://{hosts[0]}"}.issuperset(origins)
        if not is_own or (scope["type"] == "websocket" and not origins):
            return PlainTextResponse(speak("door.other_page"), 403)
        if METRICS in scope["path"]:
            return PlainTextResponse("", 404)
        if UPLOAD in scope["path"] and not _may_upload(scope["path"]):
            return PlainTextResponse(speak("door.no_files"), 403)
        return None


def _may_upload(path: str) -> bool:
    """Tell whether who sends a file is past the door, by the session that it is sent to."""
    try:
        access = access_of(cache.city_config())
    except CsaError:
        return False
    if access != SIGNED_IN:
        return access == LOCAL
    session = Runtime.instance()._session_mgr.get_active_session_info(path.split("/")[-2])  # noqa: SLF001
    return session is not None and session.session._user_info.get("is_logged_in") is True  # noqa: SLF001
