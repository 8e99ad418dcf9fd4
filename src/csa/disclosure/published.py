"""One publication: every count published for one quarter, as the ledger keeps it forever."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from csa.base.errors import PrivacyError
from csa.base.params import Month
from csa.disclosure.keys import THRESHOLD

FORMAT_VERSION, DIGEST_DIGITS = 2, 16
COUNTED, LEFT_OUT = "counted", "left_out"
"""Of domestic incidents at places. What does not say so left them out."""
AREA, DISTRICT, CELL = PLACES = ("area", "neighborhood", "cell")
"""Geographies whose counts may leave domestic incidents out; the city's are always of all."""

Members: TypeAlias = Mapping[str, Mapping[str, tuple[str, ...]]]
Counts: TypeAlias = Mapping[str, Mapping[str, Mapping[str, int | None]]]


@dataclass(frozen=True)
class Publication:
    """What was published for one quarter, as numbers.

    Fields: `id`, `secret_id`, `places`, `counts`, `counts_all`.
    """

    id: str  # the quarter, `YYYY-Qn`
    secret_id: str  # which secret changed the counts
    places: Members  # geography, place, its cells: of places that are redrawn
    counts: Counts  # geography, period, place, count; None for fewer than 10
    counts_all: bool = True  # whether domestic incidents count at places too

    def to_json(self) -> dict[str, Any]:
        """Write it as plain values."""
        return {
            "format_version": FORMAT_VERSION,
            "id": self.id,
            "secret": self.secret_id,
            "domestic": COUNTED if self.counts_all else LEFT_OUT,
            "places": {
                g: {p: list(cells) for p, cells in x.items()} for g, x in self.places.items()
            },
            "counts": {g: {p: dict(y) for p, y in x.items()} for g, x in self.counts.items()},
        }

    @property
    def digest(self) -> str:
        """A hash of all its figures, by which an edition that shows them is known as published."""
        text = json.dumps(self.to_json(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:DIGEST_DIGITS]

    @classmethod
    def from_json(cls, given: Any) -> Publication:
        """Read what `to_json` wrote."""
        version = given.get("format_version") if isinstance(given, Mapping) else None
        if version is None:
            raise PrivacyError("privacy.damaged", why="no format_version")
        if version != FORMAT_VERSION:
            raise PrivacyError("privacy.version", found=version, known=FORMAT_VERSION)
        try:
            places = {
                _text(g): {_text(p): tuple(map(_text, _listed(cells))) for p, cells in x.items()}
                for g, x in given["places"].items()
            }
            counts = {
                _text(g): {
                    _text(period): {_text(p): _count(n) for p, n in y.items()}
                    for period, y in x.items()
                }
                for g, x in given["counts"].items()
            }
            counts_all = given.get("domestic", LEFT_OUT) == COUNTED
            return cls(_text(given["id"]), _text(given["secret"]), places, counts, counts_all)
        except Exception as error:
            raise PrivacyError("privacy.damaged", why=f"{type(error).__name__}: {error}") from error

    def count(self, geography: str, period: str, place: str) -> int | None:
        """Return a published count; None for fewer than 10, and where there is none."""
        return self.counts.get(geography, {}).get(period, {}).get(place)

    @property
    def places_until(self) -> Month | None:
        """The first month after all of which places have figures; None where they have none."""
        periods = (period for geography in PLACES for period in self.counts.get(geography, {}))
        return max(map(_until, periods), default=None)

    def with_earlier(self, earlier: Iterable[Publication]) -> Publication:
        """Return it with the counts that stand as they were published.

        Changed by two secrets, a count would be given away twice: whoever averages them knows more.
        So it would be if a rounded count moved with each late report.
        """
        counts = {g: {p: dict(y) for p, y in x.items()} for g, x in self.counts.items()}
        for other in sorted(earlier, key=lambda each: each.id):
            is_rounded = not (self.counts_all or other.counts_all)
            for geography, periods in other.counts.items():
                if other.secret_id == self.secret_id and not (is_rounded and geography in PLACES):
                    continue
                for period, known in periods.items():
                    here = counts.get(geography, {}).get(period, {})
                    own, theirs = self.places.get(geography), other.places.get(geography, {})
                    for place in known.keys() & here.keys():
                        if own is None or own.get(place) == theirs.get(place):
                            here[place] = known[place]
        return replace(self, counts=counts)


def _until(period: str) -> Month:
    """Return the first month after a period, by its name: `2019`, `2019-Q4`, `2017-06/2019-05`."""
    year, _, part = period.rpartition("/")[2].partition("-")
    last = 3 * int(part[1:]) if part.startswith("Q") else int(part or 12)
    return Month(int(year), last).plus(1)


def _text(given: Any) -> str:
    if not isinstance(given, str):
        raise TypeError(given)
    return given


def _listed(given: Any) -> list[Any]:
    if not isinstance(given, list):
        raise TypeError(given)
    return given


def _count(given: Any) -> int | None:
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, int) or given < 0:
        raise TypeError(given)
    return given


# ---- Classes of published counts, the same in map, legend and table.


Class: TypeAlias = tuple[int, int | None]
"""Lowest and highest count in it; None where it is open above."""
CLASSES: tuple[Class, ...] = ((0, THRESHOLD - 1), (10, 19), (20, 39), (40, 79), (80, None))
"""The bounds double and are the same for every city and quarter: a color keeps its meaning."""


def classes_up_to(greatest: int) -> tuple[Class, ...]:
    """List the classes of a map whose greatest published count is given."""
    return tuple(bounds for bounds in CLASSES if bounds[0] <= max(greatest, 0))


def class_of(count: int | None) -> int:
    """Return the position of a published count's class; the lowest where none was published."""
    return sum(low <= (count or 0) for low, _ in CLASSES) - 1
