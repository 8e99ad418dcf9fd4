"""Made-up cities of known change, drawn month by month: what `benchmarks.displacement` judges."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from csa.base.params import Month
from csa.change.analyze import follow_band
from csa.change.area_series import AreaSeries, SeriesPart
from csa.change.expectation import AlarmChances, Baseline, chances, estimate_dispersion, line_of
from csa.change.follow import MONTHS_AFTER, STEP_MONTHS
from csa.change.past import (
    BAND,
    CORE,
    NET,
    RING,
    PastChange,
    PastChangePrior,
    PastCohort,
    PastYear,
    estimate_past_change,
    join_years,
)
from csa.change.verdict import AreaResult, Farther, accumulate, classify_change, follow_net
from csa.change.zoning import HISTORY_MONTHS, LEAST_BEFORE
from csa.city.preregistration import BAND_Z, EVIDENCE_CHANCE, NET_Z, SINGLE_Z

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
    With `far`, bands of 750 to 1,500 and 1,500 to 3,000 m around each area have so many times as
    many as it. At the start, of an area's `drop` end, for `lasts` months, and of those `moved` go
    next door, or to the band `moved_to`; a ring loses `ring_drop`; the whole city is multiplied
    by `trend`. Areas are expected to have 1 / `usual` times what they truly have. `n_past` years
    lie between the first months that areas can be chosen by and the start. Shares of areas and of
    rings differ by `drift` from year to year; places flare up and calm down by themselves
    (`flares`); the city has seasons, months that follow the one before, and a jump by half
    (`restless`). All months are of one calendar, as a city's are.
    """

    yearly: float
    dispersion: float = 1.0
    n_areas: int = 12
    drop: float = 0.0
    lasts: int | None = None
    fallen: int | None = None
    moved: float = 0.0
    moved_to: int = 0
    far: tuple[float, float] | None = None
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
    """Months of a city: of areas, rings and bands, and of the rest.

    `places` (zones, n_areas, months), `rest` (months,).
    """

    places: Ints
    rest: Ints

    def beside(self, band: int) -> Ints:
        """Count all but the areas and a band: (months,)."""
        others = [zone for zone in range(1, len(self.places)) if zone != 2 + band]
        return np.asarray(self.rest + self.places[others].sum(axis=(0, 1)))


def draw_months(mean: Floats, dispersion: float, random: np.random.Generator) -> Ints:
    if dispersion == 1:
        return random.poisson(mean)
    return random.negative_binomial(np.maximum(mean, 1e-9) / (dispersion - 1), 1 / dispersion)


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
    if city.far is not None:
        own = np.concatenate([own, *(np.full_like(own[:1], share) for share in city.far)])
    if city.flares:
        flares = _follows(random, 2 * city.n_areas, months, FLARE_SD, FLARE_RHO)
        own[:2] *= np.exp(flares.reshape(2, city.n_areas, months) - FLARE_SD**2 / 2)
    rates = own * everywhere * city.yearly / 12
    since = slice(city.start, city.start + (city.lasts or city.after))
    gone = city.drop * rates[0, :, since]
    gone[city.n_areas if city.fallen is None else city.fallen :] = 0
    rates[1, :, city.start :] *= 1 - city.ring_drop
    rates[0, :, since] -= gone
    rates[1 + city.moved_to, :, since] += city.moved * gone
    rest = 2 * city.yearly * city.n_areas / 12 * everywhere
    draw = partial(draw_months, dispersion=city.dispersion, random=random)
    return Drawn(draw(rates), draw(rest))


def _follows(random: np.random.Generator, n: int, months: int, spread: float, rho: float) -> Floats:
    """Draw n series of which each month follows the one before: (n, months)."""
    noise = spread * random.normal(size=(n, months))
    for month in range(1, months):
        noise[:, month] = rho * noise[:, month - 1] + np.sqrt(1 - rho**2) * noise[:, month]
    return noise


def past_starts(city: City, drawn: Drawn) -> list[PastCohort]:
    """Count what areas, rings and bands did after past starts, as far as the start knows it."""
    starts = range(city.start - LEAST_BEFORE, city.before - 1, -STEP_MONTHS)[::-1]
    n_bands = len(drawn.places) - 2
    return [
        PastCohort(
            _past(city, drawn, 0, at, drawn.rest + drawn.places[2:].sum(axis=(0, 1))),
            _past(city, drawn, 1, at, drawn.rest + drawn.places[2:].sum(axis=(0, 1))),
            city.n_areas,
            0,
            0,
            tuple(_past(city, drawn, 2 + n, at, drawn.beside(n)) for n in range(n_bands)),
        )
        for at in starts
    ]


def _past(city: City, drawn: Drawn, zone: int, at: int, beside: Ints) -> PastYear:
    before, after = slice(at - city.before, at), slice(at, min(at + MONTHS_AFTER, city.start))
    base = base_of(drawn.places[zone, :, before].sum(), city.usual if zone == 0 else 1.0)
    monthly = drawn.places[zone, :, after].sum(axis=0)
    return PastYear(str(FIRST.plus(at)), base, int(beside[before].sum()), monthly, beside[after])


def base_of(counted: int, usual: float = 1.0) -> Baseline:
    return Baseline(counted / usual, counted / usual**2)


def judge_city(city: City, seed: Sequence[int]) -> list[AreaResult]:
    """Judge all areas together, then each, by the functions that the product uses."""
    return judge_drawn(city, draw_city(city, np.random.default_rng(seed)))


def judge_drawn(city: City, drawn: Drawn) -> list[AreaResult]:
    """Judge a city that was drawn."""
    history = slice(max(0, city.start - HISTORY_MONTHS), city.start)
    dispersion = estimate_dispersion(
        drawn.places[..., history].reshape(-1, history.stop - history.start)
    ).value
    past = past_starts(city, drawn)

    def usual(years: Sequence[PastYear], prior: PastChangePrior) -> PastChange:
        return estimate_past_change(years, city.after, prior, dispersion)

    net = usual([join_years(one.core, one.ring) for one in past], NET)
    beside = drawn.rest + drawn.places[2:].sum(axis=(0, 1))
    cores, rings = (
        _courses(city, drawn, zone, beside, usual(years, prior))
        for zone, years, prior in (
            (0, [one.core for one in past], CORE),
            (1, [one.ring for one in past], RING),
        )
    )
    pooled, single = chances(city.n_areas)
    evidence = np.full(city.after, city.n_areas / EVIDENCE_CHANCE) if city.n_areas > 1 else None
    judged = [
        _judge([core], [ring], net, dispersion, single, None, evidence)
        for core, ring in zip(cores, rings, strict=True)
    ]
    if city.n_areas == 1:
        return judged
    farther = _farther(city, drawn, past, usual, dispersion) if city.far else None
    return [_judge(cores, rings, net, dispersion, pooled, farther), *judged]


def _farther(
    city: City,
    drawn: Drawn,
    past: Sequence[PastCohort],
    usual: Callable[[Sequence[PastYear], PastChangePrior], PastChange],
    dispersion: float,
) -> Farther:
    """Follow each band farther out, and all within 1,500 m, as the product does."""
    bands = []
    for n in range(len(drawn.places) - 2):
        beside = drawn.beside(n)
        core = usual([one.core_with(n) for one in past], CORE)
        band = usual([one.bands[n] for one in past], BAND)
        both = usual([join_years(one.core_with(n), one.bands[n]) for one in past], NET)
        cores = _courses(city, drawn, 0, beside, core)
        parts = _courses(city, drawn, 2 + n, beside, band)
        bands.append(follow_band(cores, parts, [both] * (2 * city.n_areas), dispersion))
    within = usual([one.within for one in past], NET)
    beside = drawn.rest + drawn.places[3:].sum(axis=(0, 1))
    wide = [one for zone in range(3) for one in _courses(city, drawn, zone, beside, within)]
    return Farther(tuple(bands), accumulate(wide, dispersion, NET_Z), BAND_Z)


def _courses(
    city: City, drawn: Drawn, zone: int, beside: Ints, usual: PastChange
) -> list[AreaSeries]:
    before, after = slice(city.start - city.before, city.start), slice(city.start, None)
    courses = []
    for counts in drawn.places[zone]:
        base = base_of(counts[before].sum(), city.usual if zone == 0 else 1.0)
        part = SeriesPart(base, int(beside[before].sum()), counts[after], beside[after])
        courses.append(AreaSeries((part,), usual))
    return courses


def _judge(  # noqa: PLR0913 - courses, and what they are judged by
    cores: list[AreaSeries],
    rings: list[AreaSeries],
    net: PastChange,
    dispersion: float,
    allowed: AlarmChances,
    farther: Farther | None = None,
    evidence: Floats | None = None,
) -> AreaResult:
    n_months = len(cores[0].counted)
    here = accumulate(cores, dispersion, line_of(allowed.core, n_months), evidence)
    there = accumulate(rings, dispersion, line_of(allowed.ring, n_months))
    net_z = NET_Z if evidence is None else SINGLE_Z
    both = follow_net(cores, rings, [net] * (len(cores) + len(rings)), dispersion, net_z)
    return classify_change(here, there, both, BOTH, farther)
