"""Cached as in `csa_app.shared.cache`, and forgotten when the city's data or records change.

A month that is run under the eyes of viewers makes several versions of the city. Nobody can ask
about an earlier one, so what was worked out about it would take memory for nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Any, ParamSpec, TypeVar

import streamlit as st
from streamlit.runtime.caching.cache_utils import CachedFunc

from csa_app.shared.city_session import CitySession

Given = ParamSpec("Given")
Answer = TypeVar("Answer")
Kept = TypeVar("Kept")

SETTINGS = 64
"""So many settings are kept at a time: of each viewer that one server bears its own. With half as
many, fifty viewers at settings of their own took from one another what took seconds to work out."""

_KEPT: dict[str, list[Any]] = {"incidents": [], "city": []}
_NOW: dict[str, str] = {}
_LOCK = Lock()


def of_city(*, max_entries: int) -> Callable[[Callable[Given, Answer]], CachedFunc[Given, Answer]]:
    """Make a decorator for what depends on anything about the city."""
    return _cached(max_entries, _KEPT["city"])


def of_incidents(
    *, max_entries: int
) -> Callable[[Callable[Given, Answer]], CachedFunc[Given, Answer]]:
    """Make a decorator for what no record changes: its key is `Opened.incidents_key`."""
    return _cached(max_entries, _KEPT["incidents"])


def with_city(stored: Kept) -> Kept:
    """Have anything that can be cleared forgotten with what depends on the city."""
    _KEPT["city"].append(stored)
    return stored


def _cached(
    max_entries: int, registered: list[Any]
) -> Callable[[Callable[Given, Answer]], CachedFunc[Given, Answer]]:
    def decorated(work: Callable[Given, Answer]) -> CachedFunc[Given, Answer]:
        kept = st.cache_resource(max_entries=max_entries, show_spinner=False)(work)
        registered.append(kept)
        return kept

    return decorated


def forget_others(session: CitySession) -> None:
    """Forget what was worked out about the city as it was before this.

    A page that still works with the earlier one may leave an answer, which goes the next time.
    """
    for name, key in (("incidents", session.incidents_key), ("city", session.key)):
        with _LOCK:
            is_other, _NOW[name] = _NOW.get(name, key) != key, key
        if is_other:
            for kept in _KEPT[name]:
                kept.clear()
