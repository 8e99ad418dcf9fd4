"""What the data can answer: below its minimum a statistic declines, and says for how long."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from csa.base.errors import ParamError
from csa.base.message import Message, msg

Question = Literal["test_cells", "locate", "compare"]

MAX_CELLS_PER_100 = 85
"""More inhabited cells than .85 an incident hold too little each to be tested one by one."""

GOOD_CELLS_PER_100 = 45

MIN_MONTHS = 24
"""Of the ten busiest cells 12 months find half (.48 at resolution 8), 36 months .63."""

GOOD_MONTHS = 36

Z_SIZE_AND_POWER = 2.486
"""Normal quantiles of one-sided 5% (1.645) and of 80% power (.842), together."""

MIN_MEAN = 11
"""Below it not even a complete stop would differ from chance: no test is run."""

FIRM_MEAN = 25
"""From it on a complete stop is found four times in five: 2.486 squared, times four, is 24.7."""

COUNTS_COMPARED = 4
"""The area and its control, before and after. With the rings of both there are twice as many."""


@dataclass(frozen=True)
class Sufficiency:
    """Whether the data can answer a question, and what is missing where they cannot."""

    question: Question  # `test_cells`, `locate` or `compare`
    can: bool  # true where an answer may be given at all
    is_sufficient: bool  # whether it needs no warning; else it is shown only with its interval
    message: Message  # what to say about it
    n: float  # what the data have: incidents, months, or the mean count of an area and period
    needed: float  # the least `n` with which the question can be answered
    more_months: int | None  # about how many months more it would take


def can_test_cells(n_incidents: int, n_cells: int, *, months: float | None = None) -> Sufficiency:
    """Check whether there are enough incidents to test cells one by one.

    References
    ----------
    Wheeler (2021).
    """
    _require("n_incidents", n_incidents, 0)
    _require("n_cells", n_cells, 1)
    needed = -(-100 * n_cells // MAX_CELLS_PER_100)
    can = n_incidents >= needed
    is_firm = 100 * n_cells <= GOOD_CELLS_PER_100 * n_incidents
    more = _wait(n_incidents, needed, months)
    if is_firm:
        said = msg("gate.cells_firm", incidents=n_incidents, cells=n_cells)
    elif can:
        said = msg("gate.cells_enough", incidents=n_incidents, cells=n_cells)
    elif more is None:
        said = msg("gate.cells_few", incidents=n_incidents, cells=n_cells, needed=needed)
    else:
        said = msg("gate.cells_wait", incidents=n_incidents, cells=n_cells, n=more)
    return Sufficiency("test_cells", can, is_firm, said, n_incidents, needed, more)


def finest_resolution(n_incidents: int, cells_by_resolution: Mapping[int, int]) -> int | None:
    """Find the finest resolution at which cells may be tested; finer ones are for drawing."""
    passing = [
        resolution
        for resolution, n_cells in cells_by_resolution.items()
        if can_test_cells(n_incidents, n_cells).can
    ]
    return max(passing, default=None)


def can_locate(months: int, months_covered: int) -> Sufficiency:
    """Check whether a period is long enough to show where incidents are most frequent."""
    _require("months", months, 1)
    _require("months_covered", months_covered, 0)
    used = min(months, months_covered)
    can, is_firm = used >= MIN_MONTHS, used >= GOOD_MONTHS
    more = max(0, MIN_MONTHS - months_covered)
    if is_firm:
        said = msg("gate.where_firm", n=used)
    elif can:
        said = msg("gate.where_enough", n=used, good=GOOD_MONTHS)
    elif more:
        said = msg("gate.where_wait", n=more)
    else:
        said = msg("gate.where_longer", n=used, needed=MIN_MONTHS, good=GOOD_MONTHS)
    return Sufficiency("locate", can, is_firm, said, used, MIN_MONTHS, more)


def years_to_show(expected_a_year: float) -> int:
    """Return the years after which even a complete stop could be shown: 1 or more.

    By then as many are expected as the least with which a count is compared at all.
    """
    _require("mean_count", expected_a_year, 0)
    return max(1, math.ceil(MIN_MEAN / max(expected_a_year, MIN_MEAN / 100)))


def detectable_drop(
    mean_count: float, *, with_rings: bool = False, dispersion: float = 1.0
) -> float | None:
    """Return how large a drop must be to be found four times in five.

    Areas are compared with as large controls, before and after, by a one-sided test at 5%.
    The normal formula is on the safe side: the count after a drop varies less than it says.

    References
    ----------
    Wheeler & Ratcliffe (2018), Crime Science 7, 11.
    """
    _require("mean_count", mean_count, 0)
    _require("dispersion", dispersion, 0)
    times = 2 if with_rings else 1
    if mean_count < MIN_MEAN * times:
        return None
    variance = COUNTS_COMPARED * times * mean_count * max(1.0, dispersion)
    return Z_SIZE_AND_POWER * math.sqrt(variance) / mean_count


def can_compare(
    mean_count: float,
    *,
    with_rings: bool = False,
    months: float | None = None,
    dispersion: float = 1.0,
) -> Sufficiency:
    """Check whether an area has enough incidents to show a change."""
    drop = detectable_drop(mean_count, with_rings=with_rings, dispersion=dispersion)
    times = 2 if with_rings else 1
    needed = MIN_MEAN * times
    is_firm = drop is not None and drop <= 1 and mean_count >= FIRM_MEAN * times
    more = _wait(mean_count, needed, months)
    mean = math.floor(10 * mean_count) / 10  # rounded up, too few would read as enough
    if drop is not None and is_firm:
        said = msg("gate.change_firm", mean=mean, drop=math.ceil(100 * drop))
    elif drop is not None:
        said = msg("gate.change_enough", mean=mean)
    elif more is None:
        said = msg("gate.change_few", mean=mean, needed=needed)
    else:
        said = msg("gate.change_wait", mean=mean, n=more)
    return Sufficiency("compare", drop is not None, is_firm, said, mean_count, needed, more)


def months_needed(n: float, needed: float, months: float) -> int | None:
    """Return how many more months it would take at the same pace."""
    _require("n", n, 0)
    _require("months", months, 0)
    if n >= needed:
        return 0
    longer = months * needed / n - months if n and months else math.inf
    return math.ceil(longer) if math.isfinite(longer) else None


def _wait(n: float, needed: float, months: float | None) -> int | None:
    """Return how many more months it would take, where the pace is known."""
    if n >= needed:
        return 0
    return None if months is None else months_needed(n, needed, months)


def _require(name: str, given: float, least: float) -> None:
    """Refuse a number that is below its minimum, infinite or NaN."""
    if not (given >= least and math.isfinite(given)):
        raise ParamError("param.at_least", name=name, given=given, least=least)
