"""Puts the style into the page that a browser loads first, so that nothing moves once it is drawn.

Scripts are sent packed: Streamlit sends its own as they are, four times as large.

Streamlit sends what a page shows piece by piece, and loads the code of each kind of element when
the first such element comes. A style that came as such a piece would move what is on screen.
"""

from __future__ import annotations

import gzip
import re
from functools import cache, wraps
from pathlib import Path
from typing import Any

import streamlit
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.app_session import AppSession

from csa_app.shared import theme

ROOT = b'<div id="root"></div>'
SCRIPT = '<script defer src="./app/static/csa-page.js"></script>'
ELEMENTS = (
    "Html",
    "PageLink",
    "Button",
    "ButtonGroup",
    "Selectbox",
    "NumberInput",
    "Checkbox",
    "Slider",
    "TextInput",
    "TextArea",
    "Multiselect",
    "DownloadButton",
    "ComponentInstance",
    "FileUploader",
    "Spinner",
)
"""The kinds of element whose code a browser fetches at once: those that most pages begin with."""
IMPORTS = re.compile(r'from"\./([\w.-]+\.js)"')
CODE = Path(streamlit.__file__).parent / "static" / "static" / "js"
SCRIPTS = frozenset(file.name for file in CODE.glob("*.js"))
FOR_GOOD = {
    "content-encoding": "gzip",
    "cache-control": "public, immutable, max-age=31536000",
    "vary": "Accept-Encoding",
}
"""What a script is sent with: its name holds a digest of its text."""
STALE = ("if-none-match", "if-modified-since", "accept-encoding")
"""Request headers that would bring the page as it was before, or packed."""


@cache
def head(*, has_side: bool) -> bytes:
    """Return the style, with each theme's colors, and where the first elements' code is."""
    wanted = [file.name for name in ELEMENTS for file in sorted(CODE.glob(f"{name}.*.js"))]
    for name in wanted:  # what these import, and so on: the list grows while it is read
        text = (CODE / name).read_text(encoding="utf-8")
        wanted += [other for other in IMPORTS.findall(text) if other not in wanted]
    links = [f'<link rel="modulepreload" crossorigin href="./static/js/{name}">' for name in wanted]
    light, dark = theme.variables(theme.LIGHT), theme.variables(theme.DARK)
    colors = f":root {{ {light} }} @media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}"
    style = theme.STYLE.replace("<style>", f"<style>\n  {colors}{theme.SIDE * has_side}", 1)
    return "".join([*links, SCRIPT, style]).encode()


@cache
def packed(name: str) -> bytes:
    """Pack one of Streamlit's scripts, once for all browsers."""
    return gzip.compress((CODE / name).read_bytes(), mtime=0)


def _has_side(scope: Scope) -> bool:
    """Return whether the page opens with the list of pages: not on a projector or a wall."""
    return not scope["path"].endswith("/meeting") and b"view=wall" not in scope["query_string"]


class FirstPaint:
    """ASGI middleware that adds the style after the page's root, where it overrides Streamlit's."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add the style to the page itself, send a script packed; pass on anything else."""
        name = scope.get("path", "").rpartition("/static/js/")[2]
        is_packed = "gzip" in Headers(scope=scope).get("accept-encoding", "")
        if name in SCRIPTS and is_packed:
            script = Response(packed(name), media_type="text/javascript", headers=FOR_GOOD)
            await script(scope, receive, send)
            return
        if scope["type"] != "http" or "text/html" not in Headers(scope=scope).get("accept", ""):
            await self.app(scope, receive, send)
            return
        kept = [pair for pair in scope["headers"] if pair[0].decode("latin-1") not in STALE]
        begun: list[Message] = []
        body = bytearray()

        async def add(message: Message) -> None:
            if message["type"] == "http.response.start":
                begun.append(message)
                return
            body.extend(message.get("body", b""))
            if message.get("more_body"):
                return
            whole = bytes(body).replace(ROOT, ROOT + head(has_side=_has_side(scope)), 1)
            headers = MutableHeaders(scope=begun[0])
            if ROOT in body:
                if is_packed:
                    whole = gzip.compress(whole, mtime=0)
                    headers["content-encoding"], headers["vary"] = "gzip", "Accept-Encoding"
                headers["content-length"] = str(len(whole))
                for name in ("etag", "last-modified"):
                    del headers[name]
            await send(begun[0])
            await send({"type": "http.response.body", "body": whole})

        await self.app({**scope, "headers": kept}, receive, add)


# ---- Keep out of what a browser is sent first which server this is: nobody has signed in yet.


def hide_server_details() -> None:
    """Leave versions, paths and the machine's own mark out of each page's first message."""
    make = AppSession._create_new_session_message  # noqa: SLF001

    @wraps(make)
    def make_discreet(*given: Any, **named: Any) -> ForwardMsg:
        message = make(*given, **named)
        said = message.new_session
        said.ClearField("main_script_path")
        for part in (said.initialize.environment_info, said.initialize.user_info):
            part.Clear()
            part.SetInParent()  # a browser reads the part, not whether it is there
        return message

    AppSession._create_new_session_message = make_discreet  # type: ignore[method-assign] # noqa: SLF001
