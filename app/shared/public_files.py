"""What a public server with a bundle sends: the bundle's files, and nothing else.

No page of the app runs, so that no path, version or name inside this program is in any byte.
The folder on any web server shows the same.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping
from pathlib import Path

from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from app.shared import cache
from app.shared.cache_report import mark_of
from app.shared.published import bundle_folder
from csa.base.errors import CsaError
from csa.base.text import Speaker
from csa.reports.public.bundle import read_bundle_files

READ = ("GET", "HEAD")
HEALTH = "_stcore/health"
"""Where a container asks whether the server is well, whatever it serves."""
_served: dict[Path, tuple[tuple[int, ...], Mapping[str, bytes]]] = {}
"""The last bundle that could be read whole, by folder; while another is copied, it stands."""


async def answer_from_bundle(scope: Scope, receive: Receive, send: Send) -> bool:
    """Answer from the bundle; return whether this server shows one."""
    try:
        folder = bundle_folder(cache.city_config())
    except CsaError:
        return False
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
        return PlainTextResponse(Speaker()("public.renewed"), 503)
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
    mark = mark_of(folder)
    held = _served.get(folder)
    if held is None or held[0] != mark:
        try:
            held = _served[folder] = (mark, read_bundle_files(folder))
        except CsaError:
            return held and held[1]
    return held[1]
