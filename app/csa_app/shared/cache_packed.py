"""Cached as in `csa_app.shared.cache`, and packed while nobody asks for it.

Each viewer tries settings of their own, and most are looked at once. Of the many that are kept,
those asked for last are at hand; the others are held as bytes, a quarter of the memory, and are
ready again in two milliseconds.
"""

from __future__ import annotations

import io
import logging
import pickle  # nosec B403 - what this process wrote itself
import zlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import is_dataclass
from functools import wraps
from threading import Lock
from types import MappingProxyType
from typing import Any, Generic, ParamSpec, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from csa.geo.grid import Grid
from csa_app.shared.cache_now import of_city, with_city

AnyArray: TypeAlias = npt.NDArray[Any]
Given = ParamSpec("Given")
Answer = TypeVar("Answer")

AT_HAND = 32
"""So many answers are held as they are: a page asks for up to seven."""

_IDENTITY = "_identity"


class _Identity:
    """Which answer it is: the same of all its copies, and of nothing else."""


def identity(given: object) -> object:
    """Return what tells an answer from all others, packed meanwhile or not; else itself."""
    return getattr(given, "__dict__", {}).get(_IDENTITY, given)


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
        if not isinstance(given, (Grid, _Identity)):
            return None
        self.shared.append(given)
        return len(self.shared) - 1

    def reducer_override(self, given: object) -> Any:
        """Write what may not be changed so that it may not be changed again."""
        if isinstance(given, MappingProxyType):
            return _view, (dict(given),)
        if isinstance(given, np.ndarray) and not given.flags.writeable:
            return _frozen, (given.copy(order="K"),)
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
            vars(answer)[_IDENTITY] = _Identity()
        self._held: tuple[Answer] | None = (answer,)
        self._written: tuple[bytes, list[object]] | None = None

    def answer(self) -> Answer:
        """Return it, of which nothing may be changed."""
        held = self._held
        if held is None and self._written is not None:
            written, shared = self._written
            held = self._held = (_Unpacker(zlib.decompress(written), shared).load(),)
        for other in _NEAR.ask(self):
            other.pack()
        return held[0]  # type: ignore[index] # packed or held at any moment

    def pack(self) -> None:
        """Hold it as bytes: in any thread, while another may ask for it."""
        held = self._held
        if self._written is None and held is not None:
            file = io.BytesIO()
            packer = _Packer(file)
            try:
                packer.dump(held[0])
                self._written = zlib.compress(file.getbuffer(), 1), packer.shared
            except Exception as error:  # noqa: BLE001 - it is nobody's who asks for another
                # Another thread may be adding to it just now: then it is packed the next time.
                logging.getLogger("csa").debug("not packed: %r", error)
        if self._written is not None:
            self._held = None


class _Near:
    """The answers asked for last."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._answers: OrderedDict[int, Packed[Any]] = OrderedDict()

    def ask(self, answer: Packed[Any]) -> list[Packed[Any]]:
        """Put an answer at the end; return those that give way."""
        with self._lock:
            self._answers[id(answer)] = answer
            self._answers.move_to_end(id(answer))
            n_more = len(self._answers) - AT_HAND
            return [self._answers.popitem(last=False)[1] for _ in range(n_more)]

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._answers.clear()


_NEAR = with_city(_Near())


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
