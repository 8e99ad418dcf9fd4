"""One publication: every count published for one quarter, as the ledger keeps it forever."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from csa.base.errors import PrivacyError
from csa.base.message import msg
from csa.base.params import Month, Period
from csa.base.statement import Statement
from csa.disclosure.keys import THRESHOLD

FORMAT_VERSION, DIGEST_DIGITS = 2, 16
COUNTED, LEFT_OUT = "counted", "left_out"
"""Of domestic incidents at places. What does not say so left them out."""
AREA, DISTRICT, CELL = PLACES = ("area", "neighborhood", "cell")
"""Geographies whose counts may leave domestic incidents out; the city's are always of all."""
TOGETHER, ALL = "all areas", "all"
"""A geography of its own: all areas as one place, since they went into service."""
COARSE, YEAR = 5, 12
"""To this a range is rounded: it is made from exact counts of years before."""

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


def disclose(statement: Statement, publication: Publication) -> Statement:
    """Return what may be said of a statement in public: value, range and words decided together.

    The verdict stays. The value is the published count of the same place and months, or None. The
    range is rounded; it is None below ten, and where the published count lies on another side of it
    than the exact one. Nothing is compared with, and its words hold no number.
    """
    place = (AREA, statement.subject) if statement.subject else (TOGETHER, ALL)
    value = publication.count(place[0], span_name(statement.period), place[1])
    exact, low, high = statement.value, _rounded(statement.low), _rounded(statement.high)
    # A change of a few may carry a count over the range's end: then the count stands alone.
    if _side(value, low, high) != _side(exact, statement.low, statement.high):
        low = high = None
    words = msg("public.exact_not_shown")
    return replace(
        statement,
        value=value,
        comparison=None,
        low=_publishable(low),
        high=_publishable(high),
        headline=words,
        sentence=words,
    )


def _rounded(bound: float | None) -> int | None:
    return None if bound is None else COARSE * round(bound / COARSE)


def _publishable(bound: int | None) -> int | None:
    return bound if bound is not None and bound >= THRESHOLD else None


def _side(count: float | None, low: float | None, high: float | None) -> int | None:
    """Return where a count lies: -1 below a range, 1 above it, 0 inside; None without one."""
    if count is None or low is None or high is None:
        return None
    return int(count > high) - int(count < low)


def span_name(period: Period) -> str:
    """Name a period: whole years by their years, any other by its months."""
    last = period.until.plus(-1)
    if period.start.number == 1 and last.number == YEAR:
        first, end = f"{period.start.year:04d}", f"{last.year:04d}"
        return first if first == end else f"{first}/{end}"
    return f"{period.start}/{last}"


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
TOP, STEPS = 80, 3
"""Where the highest class of a small city begins, and how often it is halved downward."""


def classes_of(counts: Sequence[int | None], greatest: int) -> tuple[Class, ...]:
    """Return a city's classes of published counts, whose greatest is given.

    The bounds double. The highest class begins at 80, or at twice that, and so on, until at most
    a quarter of the places is in it: neither half a city nor nothing has the darkest color.
    """
    top = TOP
    while 4 * sum((count or 0) >= top for count in counts) > len(counts):
        top *= 2
    lows = [0, THRESHOLD, *(top >> step for step in reversed(range(STEPS)))]
    ends = [*(low - 1 for low in lows[1:]), None]
    pairs = zip(lows, ends, strict=True)
    return tuple((low, end) for low, end in pairs if low <= max(greatest, 0))


def class_of(count: int | None, classes: Sequence[Class]) -> int:
    """Return the position of a published count's class; the lowest where none was published."""
    return sum(low <= (count or 0) for low, _ in classes) - 1
