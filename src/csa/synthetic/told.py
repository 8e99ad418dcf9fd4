"""When the planted displacement becomes detectable: from what was planted, by one exact test.

It shares nothing with the tool's own tests, so that the tool can be checked against it.
"""

from __future__ import annotations

from scipy.stats import binom, poisson

from csa.base.params import Month
from csa.synthetic.planted import (
    COOLED_TO,
    COOLING_SHARE,
    HOMICIDES,
    NONFATAL,
    RING_SHARE,
    TURN_MONTH,
)

TURN_YEAR = 2019
MONTHS_BEFORE = 36
POWER = 0.7

CHANCE = 0.05 / 2 / 8 / 2 / 2 / 10
"""A false alarm in 1 of 20 cities; half of that for single areas, of which there are eight, each
with its ring, and more or fewer; 24 looks cost about as much as ten independent ones."""

SPILLED = 0.2
"""Of the cooling area's incidents, about those just outside its cells: they lie in the ring, and
go with it."""

CAUGHT = 0.9
"""Of those planted around it, about those in the ring, within 750 m."""


def told_by() -> str:
    """Return the month by which the planted rise around the cooling area shows 7 times in 10."""
    yearly = HOMICIDES[TURN_YEAR] + NONFATAL[TURN_YEAR]
    before = SPILLED * COOLING_SHARE * yearly / 12  # a month
    after = COOLED_TO * before + CAUGHT * RING_SHARE * yearly / 12
    n_before = round(before * MONTHS_BEFORE)
    months = next(n for n in range(1, 121) if is_told(n_before, after, n))
    return str(Month.parse(TURN_MONTH).plus(months - 1))


def is_told(n_before: int, after: float, months: int) -> bool:
    """Return whether so many months after are enough to see the change."""
    n_after = int(poisson.ppf(1 - POWER, after * months))
    chance = binom.sf(n_after - 1, n_before + n_after, months / (months + MONTHS_BEFORE))
    return bool(chance <= CHANCE)
