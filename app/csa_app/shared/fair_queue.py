"""Large work takes turns: what one viewer asks for must not slow every other viewer's page.

Threads share one interpreter. With several computing at once, a page that needs a tenth of a second
waits behind all of them at each of its steps; behind one or two it hardly waits. What a map waits
for does not stand behind what is told beside it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps
from threading import Event, Lock
from typing import ParamSpec, TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

Given = ParamSpec("Given")
Answer = TypeVar("Answer")

SWITCH_S = 0.0005
"""How long a thread may compute while another waits, in seconds; Python's own is ten times it."""

_QUICK, _LONG = Lock(), Lock()
"""One at a time of the works that a page waits for, a second or two each, and one of those that are
told beside it, which take several."""

_left: ContextVar[Event | None] = ContextVar("left", default=None)
"""Set where the run that this thread works for was left."""

FIRST_PAGE_IS_OUT = Event()
"""What a first page can do without waits for this: of a server just started, it needs both itself
and the processors that its browser draws it with."""
FIRST_PAGE_IS_OUT.set()


class LeftError(Exception):
    """Nobody waits for this work any more."""


def in_turn(work: Callable[Given, Answer], *, quick: bool = False) -> Callable[Given, Answer]:
    """Make a function that waits until no other work of its turn is done in this process.

    One turn is for quick work, the other for long.

    For work that asks no cached function: one that waited for another thread's would wait forever.
    """

    @wraps(work)
    def waited(*given: Given.args, **named: Given.kwargs) -> Answer:
        with _QUICK if quick else _LONG:
            _end_if_left()
            return work(*given, **named)

    return waited


def work_for(left: Event, work: Callable[Given, Answer]) -> Callable[Given, Answer]:
    """Make a function for another thread, which begins no turn once the run was left.

    Who waits for the same answer takes a turn of their own then.
    """

    @wraps(work)
    def working(*given: Given.args, **named: Given.kwargs) -> Answer:
        _left.set(left)
        return work(*given, **named)

    return working


def _end_if_left() -> None:
    """End a run whose viewer has gone or chosen something else: Streamlit does it at a look."""
    if get_script_run_ctx(suppress_warning=True) is not None:
        _ = "turn" in st.session_state
    left = _left.get()
    if left is not None and left.is_set():
        raise LeftError
