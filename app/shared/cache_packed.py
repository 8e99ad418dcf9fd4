"""Cached as in `app.shared.cache`, and packed while nobody asks for it.

Each viewer tries settings of their own, and most are looked at once. Of the many that are kept,
those asked for last are at hand; the others are held as bytes, a quarter of the memory, and are
ready again in two milliseconds.
"""

from __future__ import annotations

import io
import pickle  # nosec B403 - what this process wrote itself
import zlib
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import is_dataclass
from functools import wraps
from threading import Lock
from types import MappingProxyType
from typing import Any, Generic, ParamSpec, TypeAlias, TypeVar
from uuid import uuid4

import numpy as np
import numpy.typing as npt

from app.shared.cache_now import of_city, with_city
from csa.areas.study_area import StudyArea
from csa.dataset.versioned import Dataset
from csa.geo.grid import Grid

AnyArray: TypeAlias = npt.NDArray[Any]
Given = ParamSpec("Given")
Answer = TypeVar("Answer")

AT_HAND = 32
"""So many answers are held as they are: a page asks for up to seven."""

_LOCK = Lock()
_AT_HAND: OrderedDict[int, Packed[Any]] = with_city(OrderedDict())
"""By identity, that asked for last at the end."""

_NAME = "_kept_as"


def name_of(given: object) -> str | None:
    """Return what an answer is known as, whether it was packed meanwhile or not."""
    found = getattr(given, "__dict__", {}).get(_NAME)
    return found if isinstance(found, str) else None


def _frozen(array: AnyArray) -> AnyArray:
    array.flags.writeable = False
    return array


def _view(written: dict[Any, Any]) -> MappingProxyType[Any, Any]:
    return MappingProxyType(written)


class _Packer(pickle.Pickler):
    """Writes an answer; of what many answers have in common, which it is."""

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file, protocol=4)  # by 5, each array holds three objects more
        self.shared: list[object] = []

    def persistent_id(self, given: object) -> int | None:
        """Return the place of a shared object in the list of those met."""
        if not isinstance(given, (Dataset, Grid, StudyArea)):
            return None
        self.shared.append(given)
        return len(self.shared) - 1

    def reducer_override(self, given: object) -> Any:
        """Write what may not be changed so that it may not be changed again."""
        if isinstance(given, MappingProxyType):
            return _view, (dict(given),)
        if isinstance(given, np.ndarray) and not given.flags.writeable:
            return _frozen, (given.copy(),)
        return NotImplemented


class _Unpacker(pickle.Unpickler):
    """Reads an answer, and what it shares from the list."""

    def __init__(self, written: bytes, shared: list[object]) -> None:
        super().__init__(io.BytesIO(written))
        self._shared = shared

    def persistent_load(self, place: int) -> object:
        """Return the very object that was met."""
        return self._shared[place]


class Packed(Generic[Answer]):
    """An answer, which is packed when others were asked for since."""

    def __init__(self, answer: Answer) -> None:
        if is_dataclass(answer):
            vars(answer)[_NAME] = uuid4().hex  # its copies have it too
        self._held: tuple[Answer] | None = (answer,)
        self._written: tuple[bytes, list[object]] | None = None

    def answer(self) -> Answer:
        """Return it, of which nothing may be changed."""
        held = self._held
        if held is None and self._written is not None:
            written, shared = self._written
            held = self._held = (_Unpacker(zlib.decompress(written), shared).load(),)
        for others in self._ask():
            others.pack()
        return held[0]  # type: ignore[index] # packed or held at any moment

    def _ask(self) -> list[Packed[Any]]:
        """Put it at hand; return what has to give way."""
        with _LOCK:
            _AT_HAND[id(self)] = self
            _AT_HAND.move_to_end(id(self))
            n_more = len(_AT_HAND) - AT_HAND
            return [_AT_HAND.popitem(last=False)[1] for _ in range(n_more)]

    def pack(self) -> None:
        """Hold it as bytes: in any thread, while another may ask for it."""
        held = self._held
        if self._written is None and held is not None:
            file = io.BytesIO()
            packer = _Packer(file)
            # What cannot be written, or is being worked on just now, stays as it is.
            with suppress(AttributeError, RuntimeError, TypeError, pickle.PicklingError):
                packer.dump(held[0])
                self._written = zlib.compress(file.getbuffer(), 1), packer.shared
        if self._written is not None:
            self._held = None


def packed(*, max_entries: int) -> Callable[[Callable[Given, Answer]], Callable[Given, Answer]]:
    """Make a decorator for what depends on a setting, as `of_city`."""

    def decorated(work: Callable[Given, Answer]) -> Callable[Given, Answer]:
        @of_city(max_entries=max_entries)
        @wraps(work)
        def kept(*given: Given.args, **named: Given.kwargs) -> Packed[Answer]:
            return Packed(work(*given, **named))

        @wraps(work)
        def answered(*given: Given.args, **named: Given.kwargs) -> Answer:
            found: Packed[Answer] = kept(*given, **named)
            return found.answer()

        return answered

    return decorated
