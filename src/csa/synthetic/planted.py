"""What is planted: how many incidents each year holds, and the places where they concentrate."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from csa.base.arrays import Bools, Floats
from csa.synthetic.ground import bend

FIRST_DAY, LAST_DAY = date(2015, 1, 1), date(2020, 8, 21)

HOMICIDES = {2015: 110, 2016: 128, 2017: 147, 2018: 137, 2019: 150, 2020: 125}
NONFATAL = {2015: 402, 2016: 447, 2017: 498, 2018: 472, 2019: 491, 2020: 412}
"""Incidents in the city, a year each, 2020 through the last day."""

PUBLISHED = ("2015 homicide", "2019 homicide", "2019 nonfatal", "2020 homicide", "2020 nonfatal")
"""Those of a real plan; the years between are made up."""

YEARS = tuple(HOMICIDES)
TURN_MONTH = "2019-07"
"""From here on the cooling area cools and its ring warms."""

COOLED_TO = 0.2
EASED, EASED_TO = "southeast", 0.1
"""The place whose shootings fall from that month on without moving next door, and to what share."""
RING_SHARE = 0.048


@dataclass(frozen=True)
class Feature:
    """A place where incidents are planted."""

    name: str  # short, for truth.json
    kind: str  # `steady`, `easing`, `cooling`, `ring`, `appearing` or `institution`
    middle: tuple[float, float]  # u and v, metres on the plan
    outer_m: float  # outer radius in metres
    yearly_share: tuple[float, ...]  # share of a year's incidents, by year
    inner_m: float = 0.0  # inner radius in metres; above 0 only for a ring
    first_month: str = "2015-01"  # `YYYY-MM`, included
    last_month: str = "2020-08"  # `YYYY-MM`, included

    def holds(self, uv: Floats) -> Bools:
        """Return which points of the plan lie in it."""
        metres = self.distance_m(uv)
        return (metres >= self.inner_m) & (metres <= self.outer_m)

    def distance_m(self, uv: Floats) -> Floats:
        """Measure how far points are from its middle, on the ground."""
        x_m, y_m = (bend(uv) - bend(np.array([self.middle]))).T
        return np.asarray(np.hypot(x_m, y_m), dtype=np.float64)


def _steady(name: str, u: float, v: float, outer_m: float, share: float) -> Feature:
    return Feature(name, "steady", (u, v), outer_m, (share,) * len(YEARS))


COOLING_SHARE = 0.064
FEATURES = (
    _steady("west side", -2700, -650, 550, 0.070),
    _steady("south of the middle", 900, -1690, 600, 0.072),
    _steady("east side", 3300, 260, 500, 0.060),
    replace(_steady(EASED, 2500, -3380, 550, 0.062), kind="easing"),
    _steady("south side", -900, -3510, 450, 0.052),
    _steady("north bank", -1500, 4550, 500, 0.054),
    Feature(
        "cooling",
        "cooling",
        (4900, -1950),
        420,
        (COOLING_SHARE,) * 4 + (COOLING_SHARE * 0.6, COOLING_SHARE * COOLED_TO),
    ),
    Feature(
        "ring of cooling",
        "ring",
        (4900, -1950),
        950,
        (0.0,) * 4 + (RING_SHARE * 0.5, RING_SHARE),
        inner_m=500,
        first_month=TURN_MONTH,
    ),
    Feature(
        "appearing",
        "appearing",
        (-5700, 650),
        400,
        (0.0,) * 5 + (0.08,),
        first_month="2020-02",
    ),
    # In a quiet quarter: what is put there happened elsewhere.
    Feature("institution", "institution", (2500, 4550), 0.0, (0.012,) * len(YEARS)),
)
"""On both banks of the river; the rest is spread over the city."""

BACKGROUND = "background"
