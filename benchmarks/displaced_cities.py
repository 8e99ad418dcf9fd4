"""Made-up cities of known change, drawn month by month: what `benchmarks.displacement` judges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from csa.base.params import Month
from csa.change.area_series import AreaSeries, SeriesPart
from csa.change.boundary import AlarmChances, chances, line_of
from csa.change.expectation import Baseline, estimate_dispersion
from csa.change.follow import MONTHS_AFTER, STEP_MONTHS
from csa.change.past import CORE, NET, RING, PastChange, PastYear, estimate_past_change, join_years
from csa.change.verdict import AreaResult, accumulate, classify_change, follow_net
from csa.change.zoning import HISTORY_MONTHS, LEAST_BEFORE

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

FIRST = Month(2000, 1)
BOTH = frozenset({-1, 1})
SEASON, JUMP, AR = 0.25, 1.5, 0.15
FLARE_SD, FLARE_RHO = 0.4, 0.95


@dataclass(frozen=True)
class City:
    """What is true in a city.

    `yearly` incidents in each area and in each ring; twice as many as in all areas in the rest.
    At the start, of an area's `drop` end, for `lasts` months, and of those `moved` go next door; a
    ring loses `ring_drop`; the whole city is multiplied by `trend`. Areas are expected to have
    1 / `usual` times what they truly have. `n_past` years lie between the first months that areas
    can be chosen by and the start. Shares of areas and of rings differ by `drift` from year to
    year; places flare up and calm down by themselves (`flares`); the city has seasons, months that
    follow the one before, and a jump by half (`restless`). All months are of one calendar, as a
    city's are.
    """

    yearly: float
    dispersion: float = 1.0
    n_areas: int = 12
    drop: float = 0.0
    lasts: int | None = None
    moved: float = 0.0
    ring_drop: float = 0.0
    trend: float = 1.0
    usual: float = 1.0
    n_past: int = 7
    drift: float = 0.0
    flares: bool = False
    restless: bool = False
    before: int = 36
    after: int = 24

    @property
    def start(self) -> int:
        """The month of the start, from 0."""
        return self.before + 12 * self.n_past


@dataclass(frozen=True)
class Drawn:
    """Months of a city: (2, n_areas, months) of areas and rings, and (months,) of the rest."""

    places: Ints
    rest: Ints


def draw_months(mean: Floats, dispersion: float, random: np.random.Generator) -> Ints:
    if dispersion == 1:
        return random.poisson(mean)
    return random.negative_binomial(mean / (dispersion - 1), 1 / dispersion)


def draw_city(city: City, random: np.random.Generator) -> Drawn:
    """Draw all months of one calendar."""
    months = city.start + city.after
    n_years = -(-months // 12)
    everywhere = np.ones(months)
    everywhere[city.start :] *= city.trend
    if city.restless:
        everywhere *= np.exp(_follows(random, 1, months, AR, AR)[0])
        everywhere *= 1 + SEASON * np.sin(2 * np.pi * np.arange(months) / 12)
        everywhere[random.integers(months) :] *= JUMP
    years = np.exp(city.drift * random.normal(size=(2, 1, n_years)))
    own = np.repeat(years, 12, axis=2)[..., :months] * np.ones((2, city.n_areas, 1))
    if city.flares:
        flares = _follows(random, 2 * city.n_areas, months, FLARE_SD, FLARE_RHO)
        own *= np.exp(flares.reshape(2, city.n_areas, months) - FLARE_SD**2 / 2)
    rates = own * everywhere * city.yearly / 12
    since = slice(city.start, city.start + (city.lasts or city.after))
    gone = city.drop * rates[0, :, since]
    rates[1, :, city.start :] *= 1 - city.ring_drop
    rates[0, :, since] -= gone
    rates[1, :, since] += city.moved * gone
    rest = 2 * city.yearly * city.n_areas / 12 * everywhere
    draw = partial(draw_months, dispersion=city.dispersion, random=random)
    return Drawn(draw(rates), draw(rest))


def _follows(random: np.random.Generator, n: int, months: int, spread: float, rho: float) -> Floats:
    """Draw n series of which each month follows the one before: (n, months)."""
    noise = spread * random.normal(size=(n, months))
    for month in range(1, months):
        noise[:, month] = rho * noise[:, month - 1] + np.sqrt(1 - rho**2) * noise[:, month]
    return noise


def past_starts(city: City, drawn: Drawn) -> tuple[list[PastYear], list[PastYear]]:
    """Count what areas and rings did after past starts, as far as it is known at the start."""
    starts = range(city.start - LEAST_BEFORE, city.before - 1, -STEP_MONTHS)[::-1]
    cores, rings = ([_past(city, drawn, zone, at) for at in starts] for zone in (0, 1))
    return cores, rings


def _past(city: City, drawn: Drawn, zone: int, at: int) -> PastYear:
    before, after = slice(at - city.before, at), slice(at, min(at + MONTHS_AFTER, city.start))
    base = base_of(drawn.places[zone, :, before].sum(), city.usual if zone == 0 else 1.0)
    monthly, rest = drawn.places[zone, :, after].sum(axis=0), drawn.rest
    name = str(FIRST.plus(at))
    return PastYear(name, base, int(rest[before].sum()), monthly, rest[after])


def base_of(counted: int, usual: float = 1.0) -> Baseline:
    return Baseline(counted / usual, counted / usual**2)


def judge_city(city: City, seed: Sequence[int]) -> list[AreaResult]:
    """Judge all areas together, then each, by the functions that the product uses."""
    drawn = draw_city(city, np.random.default_rng(seed))
    history = slice(max(0, city.start - HISTORY_MONTHS), city.start)
    dispersion = estimate_dispersion(
        drawn.places[..., history].reshape(-1, history.stop - history.start)
    ).value
    past = past_starts(city, drawn)
    usual = [
        estimate_past_change(years, city.after, prior, dispersion)
        for years, prior in zip(past, (CORE, RING), strict=True)
    ]
    joined = [join_years(core, ring) for core, ring in zip(*past, strict=True)]
    net = estimate_past_change(joined, city.after, NET, dispersion)
    cores, rings = (
        [_course(city, drawn, zone, area, usual[zone]) for area in range(city.n_areas)]
        for zone in (0, 1)
    )
    pooled, single = chances(city.n_areas)
    judged = [
        _judge([core], [ring], net, dispersion, single)
        for core, ring in zip(cores, rings, strict=True)
    ]
    return judged if city.n_areas == 1 else [_judge(cores, rings, net, dispersion, pooled), *judged]


def _course(city: City, drawn: Drawn, zone: int, area: int, usual: PastChange) -> AreaSeries:
    before, after = slice(city.start - city.before, city.start), slice(city.start, None)
    counts, rest = drawn.places[zone, area], drawn.rest
    base = base_of(counts[before].sum(), city.usual if zone == 0 else 1.0)
    part = SeriesPart(base, int(rest[before].sum()), counts[after], rest[after])
    return AreaSeries((part,), usual)


def _judge(
    cores: list[AreaSeries],
    rings: list[AreaSeries],
    net: PastChange,
    dispersion: float,
    allowed: AlarmChances,
) -> AreaResult:
    n_months = len(cores[0].counted)
    here = accumulate(cores, dispersion, line_of(allowed.core, n_months))
    there = accumulate(rings, dispersion, line_of(allowed.ring, n_months))
    both = follow_net(cores, rings, [net] * (len(cores) + len(rings)), dispersion)
    return classify_change(here, there, both, BOTH)
