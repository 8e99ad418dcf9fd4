"""What is worked out once for all viewers: figures, maps' messages, tables.

The key is the content of everything that the work is given and the viewer's colors, so that no
answer to anything else can be shown in its place. What `app.shared.cache` hands to all viewers is
known by which object it is: nothing may change it. It is not held: an answer about an object that
is gone is forgotten at the next question.
"""

from __future__ import annotations

import hashlib
import io
import pickle  # nosec B403
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from types import MappingProxyType
from typing import Any, ParamSpec, TypeVar
from weakref import ref

from app.shared import theme
from app.shared.cache_now import of_city
from app.shared.following import Following
from app.shared.geometry import CellGeometry
from csa.areas.proposal import Proposal
from csa.areas.study_area import StudyArea
from csa.dataset.versioned import Dataset
from csa.decisions.registry import CoreArea
from csa.decisions.store.records import Records
from csa.priority.assess import AreaAssessment

Given = ParamSpec("Given")
Answer = TypeVar("Answer")

SHARED = (
    AreaAssessment,
    CellGeometry,
    CoreArea,
    Dataset,
    Following,
    Proposal,
    Records,
    StudyArea,
)
"""Frozen, large, and made once for all viewers."""

_GONE: deque[tuple[str, bytes, bool]] = deque()
"""Keys of answers about objects that are gone. They are noted where an object ends, in any thread
and at any moment, and forgotten where no lock is held."""


class _Content(pickle.Pickler):
    """Writes content; of a shared object, which it is."""

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file, protocol=pickle.HIGHEST_PROTOCOL)
        self.named: list[object] = []

    def persistent_id(self, given: object) -> int | None:
        """Return a shared object's identity, and note it: another may get the same later."""
        if not isinstance(given, SHARED):
            return None
        self.named.append(given)
        return id(given)

    def reducer_override(self, given: object) -> Any:
        """Write a read-only mapping as the mapping that it shows."""
        return (dict, (dict(given),)) if isinstance(given, MappingProxyType) else NotImplemented


def once(work: Callable[Given, Answer]) -> Callable[Given, Answer]:
    """Make a function that answers the same question once, whichever viewer asks.

    For a module's function that depends on nothing but what it is given and the viewer's colors.
    Nothing may change the answer.
    """
    name = f"{work.__module__}.{work.__qualname__}"
    if "<" in name:
        raise TypeError(f"{name} may depend on more than what it is given")

    @wraps(work)
    def answered(*given: Given.args, **named: Given.kwargs) -> Answer:
        written = io.BytesIO()
        content = _Content(written)
        try:
            content.dump((given, named))
        except (AttributeError, TypeError, pickle.PicklingError):  # no content of its own
            return work(*given, **named)
        _forget_gone()
        key = name, hashlib.sha256(written.getbuffer()).digest(), theme.is_dark()
        about, answer = _answer(*key, work, given, named, content.named)
        if any(ref() is not one for ref, one in zip(about, content.named, strict=True)):
            _answer.clear(*key)
            _, answer = _answer(*key, work, given, named, content.named)
        return answer  # type: ignore[no-any-return]

    return answered


@of_city(max_entries=500)
def _answer(
    name: str,
    key: bytes,
    is_dark: bool,  # noqa: FBT001
    _work: Callable[..., Any],
    _given: tuple[Any, ...],
    _named: dict[str, Any],
    _about: list[object],
) -> tuple[list[ref[object]], Any]:
    def note_gone(_: ref[object]) -> None:
        _GONE.append((name, key, is_dark))

    return [ref(one, note_gone) for one in _about], _work(*_given, **_named)


def _forget_gone() -> None:
    """Forget what nobody can ask any more: it would take the place of what is asked."""
    with suppress(IndexError):  # another thread was quicker
        while _GONE:
            _answer.clear(*_GONE.popleft())
