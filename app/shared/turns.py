"""Large work takes turns: what one viewer asks for must not slow every other viewer's page.

Threads share one interpreter. With several computing at once, a page that needs a tenth of a second
waits behind all of them at each of its steps; behind one it hardly waits.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from threading import Lock
from typing import ParamSpec, TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

Given = ParamSpec("Given")
Answer = TypeVar("Answer")

SWITCH_S = 0.0005
"""How long a thread may compute while another waits, in seconds; Python's own is ten times it."""

_TURN = Lock()


def in_turn(work: Callable[Given, Answer]) -> Callable[Given, Answer]:
    """Make a function that waits until no other such work is done in this process.

    For work that asks no cached function: one that waited for another thread's would wait forever.
    """

    @wraps(work)
    def waited(*given: Given.args, **named: Given.kwargs) -> Answer:
        with _TURN:
            _end_if_left()
            return work(*given, **named)

    return waited


def _end_if_left() -> None:
    """End a run whose viewer has gone or chosen something else: Streamlit does it at a look."""
    if get_script_run_ctx(suppress_warning=True) is not None:
        _ = "turn" in st.session_state
