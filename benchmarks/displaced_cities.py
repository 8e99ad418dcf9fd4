"""Made-up cities of known change, drawn month by month: what `benchmarks.displacement` judges."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from csa.displacement.past import PRIOR_SPREAD
from csa.displacement.verdict import PLANNED_LOOKS

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

BEFORE, AFTER = 36, 24  # months
ERRORS = (0.04, 0.05)  # of what is usual in cores and in rings, where it is well known


@dataclass(frozen=True)
class City:
    """What is true in a city, and what is known of it.

    `yearly` incidents in each area and in each ring before; twice as many as in all areas in the
    rest. Of an area's, `drop` end, of which `moved` go next door; a ring loses `ring_drop`; the
    whole city is multiplied by `trend`, areas by `usual`. `n_past` past years are known, each
    with a ratio of its own; None: what is usual is well known. With a `calendar`, years differ by
    so much, of areas and of rings against the rest, and past years, the months before and those
    since are months of that one calendar, as a city's are.
    """

    yearly: float
    dispersion: float = 1.0
    n_areas: int = 12
    drop: float = 0.0
    moved: float = 0.0
    ring_drop: float = 0.0
    trend: float = 1.0
    usual: float = 1.0
    n_past: int | None = None
    is_estimated: bool = False
    before: int = BEFORE
    after: int = AFTER
    looks: int = PLANNED_LOOKS
    calendar: float | None = None

    @property
    def rest_yearly(self) -> float:
        return 2 * self.yearly * self.n_areas


@dataclass(frozen=True)
class Drawn:
    """Months of a city: (2, n_areas, months) of areas and rings, and those of the rest."""

    before: Ints
    after: Ints
    rest_before: Ints
    rest_after: Ints


def draw_months(mean: Floats, dispersion: float, random: np.random.Generator) -> Ints:
    if dispersion == 1:
        return random.poisson(mean)
    return random.negative_binomial(mean / (dispersion - 1), 1 / dispersion)


def draw_city(city: City, random: np.random.Generator) -> Drawn:
    """Draw the months before and after; what is usual this year is not quite what it was."""
    monthly, rest = city.yearly / 12, city.rest_yearly / 12
    spread = np.array(ERRORS if city.n_past is None else (PRIOR_SPREAD, PRIOR_SPREAD))
    core, ring = np.exp(spread * random.normal(size=2)) if city.n_past != 0 else (1.0, 1.0)
    core *= monthly * city.usual * city.trend
    ring *= monthly * (1 - city.ring_drop) * city.trend
    after = np.array([core * (1 - city.drop), ring + core * city.drop * city.moved])
    draw = partial(draw_months, dispersion=city.dispersion, random=random)
    return Drawn(
        draw(np.full((2, city.n_areas, city.before), monthly)),
        draw(np.broadcast_to(after[:, None, None], (2, city.n_areas, city.after))),
        draw(np.full(city.before, rest)),
        draw(np.full(city.after, rest * city.trend)),
    )


def draw_calendar(city: City, random: np.random.Generator) -> tuple[Drawn, list[Drawn]]:
    """Draw one calendar: the months before and after this January, and before and after each past.

    Nothing is chosen and nothing changes but that years differ. What a past year's months are
    known of ends with this January.
    """
    n_past, spread = city.n_past or 0, city.calendar or 0.0
    n_before, n_after = city.before // 12, city.after // 12
    years = np.exp(spread * random.normal(size=(2, n_before + n_past + n_after)))
    rates = np.repeat(years, 12, axis=1)[:, None, :] * city.yearly / 12  # (2, 1, months)
    months = rates.shape[-1]
    draw = partial(draw_months, dispersion=city.dispersion, random=random)
    areas = draw(np.broadcast_to(rates, (2, city.n_areas, months)))
    rest = draw(np.full(months, city.rest_yearly / 12))
    now = city.before + 12 * n_past

    def since(january: int) -> Drawn:
        before = slice(january - city.before, january)
        after = slice(january, min(january + city.after, months if january == now else now))
        return Drawn(areas[..., before], areas[..., after], rest[before], rest[after])

    return since(now), [since(city.before + 12 * year) for year in range(n_past)]
