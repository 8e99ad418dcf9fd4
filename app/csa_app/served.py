"""The ASGI app that is served: the pages, behind the gate, with their style in the first answer."""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from pkgutil import resolve_name

import streamlit as st
from starlette.middleware import Middleware

from csa.base.extra import shipped_extras
from csa_app.shared.first_paint import FirstPaint, hide_server_details
from csa_app.shared.geometry import static_routes
from csa_app.shared.request_guard import Gate, limit_frames

hide_server_details()
limit_frames()
added = [resolve_name(extra.routes)() for extra in shipped_extras() if extra.routes]
app = st.App(
    Path(__file__).with_name("main.py"),
    routes=[*chain(*added), *static_routes()],
    middleware=[Middleware(Gate), Middleware(FirstPaint)],
)
