"""Which sign-ins still count: each ends after half a day, by signing out, and by a restart.

Streamlit's cookie counts for 30 days wherever a copy of it is, and a page that is open in another
tab stays signed in. So the cookie is judged here with each request, before Streamlit reads it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from time import monotonic
from typing import Any

from starlette.requests import HTTPConnection
from starlette.types import Scope
from streamlit.auth_util import get_cookie_with_chunks
from streamlit.runtime import Runtime
from streamlit.web.server.server_util import get_cookie_secret
from streamlit.web.server.starlette.starlette_app_utils import decode_signed_value
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

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
