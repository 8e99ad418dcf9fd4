"""An area's evaluation: as agreed at designation, or for other months, which it then says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from csa.areas.study_area import StudyArea
from csa.base.errors import ParamError, PeriodError
from csa.base.message import Message, msg
from csa.base.params import Month, Period
from csa.base.statement import Statement
from csa.base.stats import compare_counts
from csa.base.text import month, percent, render
from csa.change.analyze import Displacement
from csa.change.sentences import state_change
from csa.change.verdict import LEAST_MEAN
from csa.city.preregistration import (
    WINDOWS,
    sealed_since,
)
from csa.geo.cells import CellSet

SHOWN_P = 0.05
"""A chance below which a difference of two windows is told."""


@dataclass(frozen=True)
class WindowCounts:
    """An area's incidents in two windows that somebody named.

    Fields: `before`, `after`, `counted`, `rest`, `p`, `p_rest`.
    """

    before: Period
    after: Period
    counted: tuple[int, int]  # in the area
    rest: tuple[int, int]  # in the rest of the city
    p: float  # how often chance alone makes two counts differ as much, by the windows' lengths
    p_rest: float | None  # so, where the rest of the city went as it did; None with nothing there

    @property
    def is_enough(self) -> bool:
        """Whether there are enough incidents to say anything."""
        return sum(self.counted) / 2 >= LEAST_MEAN

    @property
    def verdict(self) -> str:
        """What is said: `too small to tell`, `fewer`, `more` or `no clear change`."""
        if not self.is_enough:
            return "too small to tell"
        if self.p_rest is None or max(self.p, self.p_rest) >= SHOWN_P:
            return "no clear change"
        rate_before = self.counted[0] / self.before.months
        return "fewer" if self.counted[1] / self.after.months < rate_before else "more"


def count_windows(
    located: StudyArea, cells: CellSet, before: Period, after: Period
) -> WindowCounts:
    """Count an area in two windows, and how surprising their difference is.

    Parameters
    ----------
    located
        The city's incidents, on cells of the area's resolution.
    cells
        The area's H3 cells.
    before, after
        The windows: both covered by the data, the second not before the end of the first.

    Returns
    -------
    WindowCounts
        Counts of the area and of the rest of the city, with exact chances.

    Raises
    ------
    PeriodError
        If windows overlap, come in the wrong order, or lie outside the data.

    References
    ----------
    Przyborowski & Wilenski (1940), Biometrika 31, pp. 313-323.
    """
    if after.start < before.until:
        raise PeriodError("evaluate.overlap", last=before.until.plus(-1), first=after.start)
    covered = located.dataset.require_months()
    if before.start < covered.start or after.until > covered.until:
        raise PeriodError("evaluate.outside", first=covered.start, last=covered.until.plus(-1))
    at = located.place(cells)
    own, all_of = zip(
        *((int(n[at].sum()), int(n.sum())) for n in map(located.counts, (before, after))),
        strict=True,
    )
    rest = (all_of[0] - own[0], all_of[1] - own[1])
    p = compare_counts(own[1], own[0], after.months, before.months)
    p_rest = compare_counts(own[1], own[0], rest[1], rest[0]) if min(rest) else None
    return WindowCounts(before, after, (own[0], own[1]), rest, p, p_rest)


def describe_windows(found: WindowCounts, who: str) -> Message:
    """Describe two windows that were not agreed, with their exact chances."""
    values = {
        "who": who,
        "before": found.counted[0],
        "after": found.counted[1],
        "first": _span(found.before),
        "second": _span(found.after),
        "p": found.p,
        "share": percent(found.p),
        "p_rest": "-" if found.p_rest is None else f"{found.p_rest:.2g}",
    }
    if found.verdict in ("fewer", "more"):
        key = "evaluate.fewer" if found.verdict == "fewer" else "evaluate.more"
        return msg(key, **values)
    few = not found.is_enough
    verdict = msg("displacement.too_few" if few else "displacement.no_change")
    return msg("evaluate.by_chance", verdict=str(verdict), **values)


def _span(window: Period) -> str:
    first, last = (month(str(one)) for one in (window.start, window.until.plus(-1)))
    return first if first == last else render(msg("term.span", first=first, last=last))


def agreed_statements(
    sealed: Mapping[str, Any], displaced: Displacement, area_id: str
) -> list[Statement]:
    """State what an area shows after each agreed number of months that is over."""
    since = sealed_since(sealed)
    if displaced.starts[displaced.chosen.area_ids.index(area_id)] != since:
        raise ParamError("evaluate.other_start", area=area_id, since=since)
    over = [months for months in WINDOWS if since.plus(months) <= displaced.until]
    return [state_change(displaced, area_id, months) for months in over]


def describe_preregistered(
    sealed: Mapping[str, Any], displaced: Displacement, area_id: str
) -> list[Message]:
    """Describe an area after each agreed number of months that is over, and when the next is."""
    since, until = sealed_since(sealed), displaced.until
    said = [
        msg("evaluate.agreed", months=one.period.months, answer=render(one.sentence))
        for one in agreed_statements(sealed, displaced, area_id)
    ]
    coming = [months for months in WINDOWS if since.plus(months) > until]
    if coming:
        when = month(str(since.plus(coming[0])))
        said.append(msg("evaluate.next", months=coming[0], when=when))
    return said


def parse_window(text: str, option: str) -> Period:
    """Read a window such as `2023-01:2023-12`, both months included."""
    first, _, last = text.partition(":")
    start = Month.parse(first, option)
    return Period(start, Month.parse(last or first, option).plus(1))
