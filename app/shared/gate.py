"""Checks who reaches the app at all: a browser that asked for its name from one of its own pages.

A page of another site must not reach us. That site can have its own name resolved to this
machine (DNS rebinding), or call this port from its own pages: such requests carry its name as
their `Host` or `Origin`, and are refused before Streamlit sees them.
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
from app.shared.public_files import answer_from_bundle
from csa.base.errors import CsaError
from csa.base.text import speak

THIS_MACHINE = ("127.0.0.1", "localhost", "::1")
METRICS, UPLOAD = "/_stcore/metrics", "/_stcore/upload_file/"


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


class Gate:
    """ASGI middleware before Streamlit's own server."""

    def __init__(self, app: ASGIApp) -> None:
        self.app, self.names = app, names()
        # Streamlit checks its own list for websockets too, so it gets the same names.
        config.set_option("server.allowedHosts", sorted(self.names))
        access_door.is_guarded = True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on or refuse it; a websocket is refused before it is accepted.

        Where the public is shown a bundle, its files are all that is sent.
        """
        answer = None if scope["type"] == "lifespan" else self._refusal(scope)
        if answer is None and await answer_from_bundle(scope, receive, send):
            return
        await (answer or self.app)(scope, receive, send)

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        headers = Headers(scope=scope)
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        if len(hosts) != 1 or _asked(hosts[0]) not in self.names:
            return PlainTextResponse(speak("door.other_name"), 403)
        # Behind a proxy that ends TLS, a page's scheme is not ours.
        is_own = {f"http://{hosts[0]}", f"https://{hosts[0]}"}.issuperset(origins)
        if not is_own or (scope["type"] == "websocket" and not origins):
            return PlainTextResponse(speak("door.other_page"), 403)
        if METRICS in scope["path"]:
            return PlainTextResponse("", 404)
        if UPLOAD in scope["path"] and not _may_upload(scope["path"]):
            return PlainTextResponse(speak("door.no_files"), 403)
        return None


def _may_upload(path: str) -> bool:
    """Return whether an upload's sender has access, judged by the session it is sent to."""
    try:
        access = access_of(cache.city_config())
    except CsaError:
        return False
    if access != SIGNED_IN:
        return access == LOCAL
    session = Runtime.instance()._session_mgr.get_active_session_info(path.split("/")[-2])  # noqa: SLF001
    return session is not None and session.session._user_info.get("is_logged_in") is True  # noqa: SLF001
