"""What is worked out once for all viewers: figures, maps' messages, tables.

The key is the content of everything that the work is given and the viewer's colors, so that no
answer to anything else can be shown in its place. What `csa_app.shared.cache` hands to all viewers
is known by which object it is, packed meanwhile or not: nothing may change it. It is not held: an
answer about an object that is gone goes with it.
"""

from __future__ import annotations

import hashlib
import io
import json
import pickle  # nosec B403
from collections.abc import Callable
from functools import wraps
from types import MappingProxyType
from typing import Any, ParamSpec, TypeVar
from weakref import ref

from plotly.basedatatypes import BaseFigure

from csa.areas.priority.assessment import AreaAssessment
from csa.areas.proposal import Proposal
from csa.areas.study_area import StudyArea
from csa.city.dataset import Dataset
from csa.program.registry import CoreArea
from csa.program.store.records import Records
from csa_app.shared import theme
from csa_app.shared.cache_now import of_city
from csa_app.shared.cache_packed import identity
from csa_app.shared.following import Following
from csa_app.shared.geometry import CellGeometry

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


class SentFigure(BaseFigure):  # type: ignore[misc]
    """A figure as it is sent to a browser: a live one takes eight times the memory."""

    def __init__(self, figure: BaseFigure) -> None:
        self._sent = figure.to_json(validate=False)

    def to_dict(self) -> dict[str, Any]:
        """Return what `st.plotly_chart` asks of a figure."""
        return dict(json.loads(self._sent))


class _Kept:
    """An answer, and what it is about, while that is there."""

    def __init__(self, answer: object, about: list[object]) -> None:
        itself = ref(self)

        def forget(_: ref[object]) -> None:  # in any thread at any moment, so without any lock
            kept = itself()
            if kept is not None:
                kept.held = None

        self.held: Any = answer, [ref(one, forget) for one in about]

    def is_about(self, objects: list[object]) -> bool:
        """Check whether it is about these very objects."""
        held = self.held
        return held is not None and all(
            one() is object_ for one, object_ in zip(held[1], objects, strict=True)
        )


class _Content(pickle.Pickler):
    """Writes content; of a shared object, which it is."""

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file, protocol=pickle.HIGHEST_PROTOCOL)
        self.named: list[object] = []

    def persistent_id(self, given: object) -> int | None:
        """Return a shared object's identity, and note it: another may get the same later."""
        if not isinstance(given, SHARED):
            return None
        known = identity(given)
        self.named.append(known)
        return id(known)

    def reducer_override(self, given: object) -> Any:
        """Write a read-only mapping as the mapping that it shows."""
        return (dict, (dict(given),)) if isinstance(given, MappingProxyType) else NotImplemented


def once(work: Callable[Given, Answer]) -> Callable[Given, Answer]:
    """Make a function that answers the same question once, whichever viewer asks.

    For a module's function that depends on nothing but what it is given and the viewer's colors.
    Nothing may change the answer. A figure is answered as `SentFigure`.
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
        key = name, hashlib.sha256(written.getbuffer()).digest(), theme.is_dark()
        kept = _answer(*key, work, given, named, content.named)
        if not kept.is_about(content.named):  # another object lies where one lay that is gone
            _answer.clear(*key)
            kept = _answer(*key, work, given, named, content.named)
        return kept.held[0]  # type: ignore[no-any-return]

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
) -> _Kept:
    answer = _work(*_given, **_named)
    return _Kept(SentFigure(answer) if isinstance(answer, BaseFigure) else answer, _about)
