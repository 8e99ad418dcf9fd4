"""One publication: every count and class by place published for one quarter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from csa.base.errors import PrivacyError
from csa.base.params import Month
from csa.disclosure.atoms import Class

FORMAT_VERSION = 1

Members: TypeAlias = Mapping[str, Mapping[str, tuple[str, ...]]]
Counts: TypeAlias = Mapping[str, Mapping[str, int | None]]
Classes: TypeAlias = Mapping[str, Mapping[str, Class]]


@dataclass(frozen=True)
class Sum:
    """A count of several places together, over its own months."""

    geography: str  # the geography of its places
    places: tuple[str, ...]  # the places counted together
    start: Month  # first month counted
    until: Month  # first month not counted
    count: int | None  # None if below 10 or held back


@dataclass(frozen=True)
class Publication:
    """What was told of one quarter, as numbers.

    Fields: `id`, `start`, `until`, `places`, `counts`, `classes`, `totals`, `sums`.
    """

    id: str  # the quarter, `YYYY-Qn`
    start: Month  # first month counted
    until: Month  # first month not counted
    places: Members  # what each place was, so that a later reader knows it
    counts: Counts  # geography, place, count over the whole period
    classes: Classes  # geography, place, bounds of its class: cells of the map
    totals: Mapping[str, int | None]
    sums: tuple[Sum, ...] = ()  # counts over other months: what changed in all areas together

    def to_json(self) -> dict[str, Any]:
        """Write it as plain values."""
        return {
            "format_version": FORMAT_VERSION,
            "id": self.id,
            "start": str(self.start),
            "until": str(self.until),
            "places": {
                geography: {place: list(members) for place, members in inner.items()}
                for geography, inner in self.places.items()
            },
            "counts": {geography: dict(inner) for geography, inner in self.counts.items()},
            "classes": {
                geography: {place: list(bounds) for place, bounds in inner.items()}
                for geography, inner in self.classes.items()
            },
            "totals": dict(self.totals),
            "sums": [_sum_to_json(each) for each in self.sums],
        }

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Publication:
        """Read what `to_json` wrote."""
        version = _version(given)
        if version is not None and version != FORMAT_VERSION:
            raise PrivacyError("privacy.version", found=version, known=FORMAT_VERSION)
        try:
            made = cls(
                _text(given["id"]),
                Month.parse(given["start"]),
                Month.parse(given["until"]),
                _nested(given["places"], _names),
                _nested(given["counts"], _count),
                _nested(given["classes"], _bounds),
                {_text(key): _count(value) for key, value in given["totals"].items()},
                tuple(_sum_from_json(each) for each in given["sums"]),
            )
        except Exception as error:
            raise PrivacyError("privacy.damaged", why=f"{type(error).__name__}: {error}") from error
        if version is None or made.until <= made.start:
            raise PrivacyError("privacy.damaged", why="version or period")
        return made


def _version(given: Any) -> Any:
    return given.get("format_version") if isinstance(given, Mapping) else None


def _sum_to_json(given: Sum) -> dict[str, Any]:
    return {
        "geography": given.geography,
        "places": list(given.places),
        "start": str(given.start),
        "until": str(given.until),
        "count": given.count,
    }


def _sum_from_json(given: Mapping[str, Any]) -> Sum:
    months = Month.parse(given["start"]), Month.parse(given["until"])
    return Sum(_text(given["geography"]), _names(given["places"]), *months, _count(given["count"]))


def _nested(given: Any, read: Any) -> dict[str, dict[str, Any]]:
    return {
        _text(geography): {_text(place): read(value) for place, value in inner.items()}
        for geography, inner in given.items()
    }


def _text(given: Any) -> str:
    if not isinstance(given, str):
        raise TypeError(given)
    return given


def _whole(given: Any) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or given < 0:
        raise TypeError(given)
    return given


def _count(given: Any) -> int | None:
    return None if given is None else _whole(given)


def _names(given: Any) -> tuple[str, ...]:
    if isinstance(given, str):
        raise TypeError(given)
    return tuple(_text(name) for name in given)


def _bounds(given: Any) -> Class:
    low, high = given
    bounds = _whole(low), _count(high)
    if bounds[1] is not None and bounds[1] < bounds[0]:
        raise ValueError(given)
    return bounds
