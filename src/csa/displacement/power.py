"""Statistical power: how often a change is found, by number of shootings and months.

Measured by `python -m benchmarks.displacement 1000`, seed 20261125: 1,000 made-up cities for each
row, each of twelve such areas with rings and a rest with twice as many as all areas; 36 months
before, dispersion 1.6, the usual change known to a twentieth. A standard error is at most
.016 for all areas together, and less for single ones.

Below these yearly numbers a change is found less than one time in ten within two years:

- of single areas, a fall of 20 % below 400, of 40 % below 80, of 60 % below 20, of 80 % below 10;
- that it moved, of single areas, 40 % below 120, 60 % below 80, 80 % below 40; 20 % is not found
  even at the largest of these numbers;
- of twelve together, a fall of 20 % below 20; 40 % or more is found even at the smallest;
- that it moved, of twelve together, 20 % below 80, 40 % below 10; more is found even at the
  smallest.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PowerPoint:
    """How often a change is found, in cities like those described above."""

    incidents_yearly: int  # in each of twelve areas, and in each of their rings, before
    drop_share: float  # of an area's incidents, the share that ends at the start
    moved: bool  # whether those go next door
    months: int  # since the start; found at any look by then
    single_share: float  # share of single areas in which it is found
    pooled_share: float  # share of cities in which it is found for all areas together


MONTHS = (12, 24)

ERROR_SHARE = 0.04
"""Relative error of the usual change in the made-up cities; with a larger one, less is found."""

_MEASURED = (
    # moved, drop, yearly, single by 12 and by 24 months, together by 12 and by 24 months
    (False, 0.2, 5, 0.000, 0.000, 0.021, 0.035),
    (False, 0.2, 10, 0.000, 0.000, 0.047, 0.093),
    (False, 0.2, 20, 0.000, 0.002, 0.096, 0.192),
    (False, 0.2, 40, 0.002, 0.006, 0.254, 0.430),
    (False, 0.2, 80, 0.007, 0.018, 0.544, 0.742),
    (False, 0.2, 120, 0.013, 0.033, 0.664, 0.837),
    (False, 0.2, 200, 0.034, 0.086, 0.816, 0.914),
    (False, 0.2, 400, 0.109, 0.240, 0.930, 0.968),
    (False, 0.4, 5, 0.000, 0.000, 0.141, 0.317),
    (False, 0.4, 10, 0.000, 0.003, 0.376, 0.657),
    (False, 0.4, 20, 0.004, 0.023, 0.775, 0.957),
    (False, 0.4, 40, 0.027, 0.086, 0.981, 1.000),
    (False, 0.4, 80, 0.123, 0.335, 1.000, 1.000),
    (False, 0.4, 120, 0.271, 0.599, 1.000, 1.000),
    (False, 0.4, 200, 0.600, 0.895, 1.000, 1.000),
    (False, 0.4, 400, 0.950, 0.998, 1.000, 1.000),
    (False, 0.6, 5, 0.000, 0.001, 0.531, 0.853),
    (False, 0.6, 10, 0.000, 0.022, 0.929, 0.996),
    (False, 0.6, 20, 0.027, 0.153, 0.998, 1.000),
    (False, 0.6, 40, 0.213, 0.550, 1.000, 1.000),
    (False, 0.6, 80, 0.692, 0.951, 1.000, 1.000),
    (False, 0.6, 120, 0.924, 0.997, 1.000, 1.000),
    (False, 0.6, 200, 0.998, 1.000, 1.000, 1.000),
    (False, 0.6, 400, 1.000, 1.000, 1.000, 1.000),
    (False, 0.8, 5, 0.000, 0.001, 0.961, 1.000),
    (False, 0.8, 10, 0.000, 0.118, 1.000, 1.000),
    (False, 0.8, 20, 0.129, 0.628, 1.000, 1.000),
    (False, 0.8, 40, 0.770, 0.984, 1.000, 1.000),
    (False, 0.8, 80, 0.997, 1.000, 1.000, 1.000),
    (False, 0.8, 120, 1.000, 1.000, 1.000, 1.000),
    (False, 0.8, 200, 1.000, 1.000, 1.000, 1.000),
    (False, 0.8, 400, 1.000, 1.000, 1.000, 1.000),
    (True, 0.2, 5, 0.000, 0.000, 0.000, 0.000),
    (True, 0.2, 10, 0.000, 0.000, 0.000, 0.000),
    (True, 0.2, 20, 0.000, 0.000, 0.002, 0.010),
    (True, 0.2, 40, 0.000, 0.000, 0.009, 0.063),
    (True, 0.2, 80, 0.000, 0.000, 0.100, 0.255),
    (True, 0.2, 120, 0.000, 0.000, 0.201, 0.396),
    (True, 0.2, 200, 0.001, 0.002, 0.389, 0.544),
    (True, 0.2, 400, 0.003, 0.017, 0.586, 0.673),
    (True, 0.4, 5, 0.000, 0.000, 0.002, 0.022),
    (True, 0.4, 10, 0.000, 0.000, 0.022, 0.153),
    (True, 0.4, 20, 0.000, 0.000, 0.285, 0.651),
    (True, 0.4, 40, 0.000, 0.002, 0.755, 0.941),
    (True, 0.4, 80, 0.003, 0.031, 0.970, 0.994),
    (True, 0.4, 120, 0.021, 0.127, 0.993, 0.999),
    (True, 0.4, 200, 0.135, 0.433, 0.995, 0.999),
    (True, 0.4, 400, 0.577, 0.841, 1.000, 1.000),
    (True, 0.6, 5, 0.000, 0.000, 0.079, 0.313),
    (True, 0.6, 10, 0.000, 0.000, 0.485, 0.791),
    (True, 0.6, 20, 0.000, 0.004, 0.862, 0.979),
    (True, 0.6, 40, 0.008, 0.072, 0.996, 1.000),
    (True, 0.6, 80, 0.140, 0.467, 1.000, 1.000),
    (True, 0.6, 120, 0.396, 0.742, 1.000, 1.000),
    (True, 0.6, 200, 0.771, 0.952, 1.000, 1.000),
    (True, 0.6, 400, 0.983, 0.999, 1.000, 1.000),
    (True, 0.8, 5, 0.000, 0.000, 0.411, 0.735),
    (True, 0.8, 10, 0.000, 0.002, 0.808, 0.955),
    (True, 0.8, 20, 0.003, 0.062, 0.991, 1.000),
    (True, 0.8, 40, 0.117, 0.388, 1.000, 1.000),
    (True, 0.8, 80, 0.537, 0.851, 1.000, 1.000),
    (True, 0.8, 120, 0.816, 0.974, 1.000, 1.000),
    (True, 0.8, 200, 0.979, 1.000, 1.000, 1.000),
    (True, 0.8, 400, 1.000, 1.000, 1.000, 1.000),
)

POWER: tuple[PowerPoint, ...] = tuple(
    PowerPoint(yearly, drop, moved, months, single, pooled)
    for moved, drop, yearly, *shares in _MEASURED
    for months, single, pooled in zip(MONTHS, shares[:2], shares[2:], strict=True)
)
"""One point for each kind of change, number of incidents and time."""


def row_for(yearly: float) -> int:
    """Return the row of the table that does not promise an area more power than it has."""
    rows = sorted({one.incidents_yearly for one in POWER})
    return max((n for n in rows if n <= yearly), default=rows[0])


def find_power(yearly: float, drop_share: float, n_months: int) -> PowerPoint:
    """Return how often a drop without displacement is found in areas of a size."""
    row = row_for(yearly)
    by = next((one for one in MONTHS if n_months <= one), MONTHS[-1])
    wanted = (row, drop_share, False, by)
    return next(
        one
        for one in POWER
        if (one.incidents_yearly, one.drop_share, one.moved, one.months) == wanted
    )
