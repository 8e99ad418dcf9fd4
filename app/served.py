"""The ASGI app that is served: the pages, behind the gate, with their style in the first answer."""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from app.shared.discreet import say_nothing_of_the_server
from app.shared.first_paint import FirstPaint
from app.shared.gate import Gate

say_nothing_of_the_server()
app = st.App(
    Path(__file__).with_name("main.py"), middleware=[Middleware(Gate), Middleware(FirstPaint)]
)
