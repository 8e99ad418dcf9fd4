"""A reader without a browser: Streamlit's own messages over its websocket.

What a browser does besides, drawing and fetching files, is not done.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

PATIENCE_S = 60.0
CALLS_ANOTHER = ForwardMsg.FINISHED_EARLY_FOR_RERUN
BROKEN = ForwardMsg.FINISHED_WITH_COMPILE_ERROR


class FaultError(Exception):
    """A run that ended, with a fault on the page."""


class CutOffError(Exception):
    """A run that did not end: the server closed the connection, or took longer than we wait."""


@dataclass
class Client:
    """One reader's connection: which page is shown, and the widgets on it."""

    socket: ClientConnection
    page: str = ""
    pages: dict[str, str] = field(default_factory=dict)
    """Each page's hash by the last part of its address; the first page's is ""."""
    widgets: dict[str, tuple[str, Any, str]] = field(default_factory=dict)
    """By id: its kind ("slider"), all that the server said of it, and the fragment it is in."""
    query: str = ""

    @property
    def address(self) -> str:
        """The last part of the address of the page that is shown; "" for the first."""
        shown = (name for name, known in self.pages.items() if known == self.page)
        return next(shown, "")

    async def open(self, page: str) -> None:
        """Go to a page, as by the menu: widgets are new there, and the address has no query."""
        self.query, self.page = "", self.pages[page]
        await self._run()

    async def touch(self, widget: str, **value: Any) -> None:
        """Give a widget a value, as `double_array_value={"data": [3.0]}`."""
        fragment = self.widgets[widget][2]
        await self._run([WidgetState(id=widget, **value)], fragment)

    def keyed(self, key: str) -> str:
        """Find a widget by the key that its page gave it."""
        return next(name for name in self.widgets if name.endswith(f"-{key}"))

    async def press(self, button: str, typed: dict[str, str]) -> None:
        """Type into fields and press a button, each known by its key."""
        states = [WidgetState(id=self.keyed(key), string_value=text) for key, text in typed.items()]
        await self._run([*states, WidgetState(id=self.keyed(button), trigger_value=True)])

    async def begin(self) -> None:
        """Ask for the first page, as a browser does once it is connected."""
        await self._run()

    async def _run(self, states: list[WidgetState] | None = None, fragment: str = "") -> None:
        asked = BackMsg()
        rerun = asked.rerun_script
        rerun.query_string, rerun.page_script_hash = self.query, self.page
        rerun.fragment_id = fragment
        rerun.widget_states.widgets.extend(states or [])
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self.socket.send(asked.SerializeToString())
                await self._listen()
        except TimeoutError:
            raise CutOffError(f"no answer in {PATIENCE_S:.0f} s") from None
        except ConnectionClosed as closed:
            raise CutOffError(f"closed: {closed}") from None

    async def _listen(self) -> None:
        """Take in what a run says until it is over: one that calls another is not."""
        faults = []
        while True:
            said = ForwardMsg.FromString(await self.socket.recv(decode=False))
            kind = said.WhichOneof("type")
            if kind == "delta":
                faults += self._element(said.delta)
            elif kind == "new_session" and not said.metadata.run.fragment_ids:
                self.widgets.clear()
                faults.clear()
            elif kind == "navigation":
                self.page = said.navigation.page_script_hash
                self.pages = {
                    "" if page.is_default else page.url_pathname: page.page_script_hash
                    for page in said.navigation.app_pages
                }
            elif kind == "page_info_changed":
                self.query = said.page_info_changed.query_string
            elif kind == "script_finished" and said.script_finished != CALLS_ANOTHER:
                if said.script_finished == BROKEN:
                    faults.append("the script does not compile")
                break
        if faults:
            raise FaultError("; ".join(faults))

    def _element(self, delta: Any) -> list[str]:
        """Note a widget; return a fault that the page shows instead of itself."""
        kind = delta.new_element.WhichOneof("type")
        if kind == "exception":
            fault = delta.new_element.exception
            return [f"{fault.type}: {fault.message}"]
        said = getattr(delta.new_element, kind) if kind else None
        if getattr(said, "id", ""):
            self.widgets[said.id] = (kind, said, delta.fragment_id)
        return []


@asynccontextmanager
async def connected(address: str) -> AsyncIterator[Client]:
    """Connect as a browser at this address does, of which the server is told by Origin."""
    parts = urlsplit(address)
    opening = connect(
        f"ws://{parts.netloc}{parts.path.rstrip('/')}/_stcore/stream",
        origin=f"{parts.scheme}://{parts.netloc}",
        subprotocols=["streamlit"],
        proxy=None,
        max_size=None,
        open_timeout=PATIENCE_S,
        ping_interval=None,  # no browser pings; and a busy server is measured, not hung up on
    )
    try:
        socket = await opening
    except (OSError, WebSocketException) as error:
        raise CutOffError(f"no connection: {error}") from None
    try:
        yield Client(socket)
    finally:
        await socket.close()
