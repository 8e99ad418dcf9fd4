"""The shootings of the made-up city: when, where and how many, drawn around the planted truth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

import numpy as np
import shapely
from scipy.stats import binom, poisson

from csa.base.arrays import Floats
from csa.base.params import Month
from csa.synthetic.landscape import (
    BACKGROUND,
    COOLED_TO,
    COOLING_SHARE,
    EASED,
    EASED_TO,
    FEATURES,
    FIRST_DAY,
    HOMICIDES,
    LAST_DAY,
    MIDDLE,
    NONFATAL,
    RING_SHARE,
    TURN_MONTH,
    YEARS,
    Feature,
    Landscape,
    Streets,
    is_within,
    place,
    shares,
)
from csa.synthetic.names import CITY, ELSEWHERE, INSTITUTION

MONTH_WEIGHTS = (0.82, 0.74, 0.9, 0.98, 1.1, 1.2, 1.28, 1.24, 1.08, 1.0, 0.88, 0.86)
WEEKDAY_WEIGHTS = (0.86, 0.82, 0.84, 0.9, 1.08, 1.3, 1.24)
HOUR_WEIGHTS = (
    1.7, 1.6, 1.4, 0.9, 0.55, 0.4, 0.35, 0.35, 0.4, 0.45, 0.5, 0.55,
    0.65, 0.75, 0.85, 0.95, 1.05, 1.15, 1.25, 1.4, 1.6, 1.8, 1.9, 1.85,
)  # fmt: skip
VICTIM_WEIGHTS = (0.875, 0.095, 0.022, 0.008)
DOMESTIC_WEIGHTS = (0.08, 0.86, 0.06)
DOMESTIC_WORDS = ("Y", "N", "")

UNLOCATED_SHARE = 0.02
N_AT_ZERO = 3
N_OFFICER, N_ELSEWHERE, N_BAD_DATE, N_DUPLICATES = 14, 9, 3, 6
N_OUTSIDE = 5
YEARS_OUTSIDE = (2016, 2017, 2018)
"""Not in a year with a published total, so that those years hold it exactly."""

FALLOFF_M = 3400.0


@dataclass(frozen=True)
class Incident:
    """One incident, as it is drawn."""

    when: datetime  # local time
    is_homicide: bool  # whether its first victim died
    feature: str  # name of the planted place, or `background`
    lon: float | None  # degrees as in the file; None where missing
    lat: float | None  # degrees as in the file; None where missing
    block: str  # as the file writes it
    victims: int  # how many people were hit
    domestic: str  # Y, N or empty
    fault: str = ""  # what a real file has beside


def draw_incidents(
    ground: Landscape, streets: Streets, random: np.random.Generator
) -> tuple[Incident, ...]:
    """Draw all incidents."""
    sites = {feature.name: _site(feature, streets) for feature in FEATURES}
    sites[BACKGROUND] = _background(ground, streets, random)
    drawn: list[Incident] = []
    for year in YEARS:
        total = HOMICIDES[year] + NONFATAL[year]
        fatal = iter(random.permutation(np.arange(total) < HOMICIDES[year]))
        for name, count in _counts(year, total).items():
            whens = _draw_whens(year, name, count, random)
            spots = _draw_spots(sites[name], count, random)
            drawn += [
                _incident(
                    when, is_homicide=bool(next(fatal)), feature=name, spot=spot, random=random
                )
                for when, spot in zip(whens, spots, strict=True)
            ]
    drawn = end_on_last_day(_lose_places(drawn, random))
    drawn += _extras(ground, sites[BACKGROUND], random)
    return tuple(sorted(drawn, key=lambda one: (one.when, one.block, one.feature)))


def ease(incidents: Sequence[Incident], random: np.random.Generator) -> tuple[Incident, ...]:
    """Move most of what was drawn in the eased place to blocks all over the city.

    Nothing else changes: the same incidents, on the same days, in the same order.
    """
    spots = [one for one in incidents if one.feature == BACKGROUND and one.lon and not one.fault]
    eased = []
    for one in incidents:
        is_in = one.feature == EASED and f"{one.when:%Y-%m}" >= TURN_MONTH
        if is_in and random.random() >= EASED_TO:
            spot = spots[int(random.integers(len(spots)))]
            one = replace(  # noqa: PLW2901
                one, feature=BACKGROUND, lon=spot.lon, lat=spot.lat, block=spot.block
            )
        eased.append(one)
    return tuple(eased)


@dataclass(frozen=True)
class _Site:
    """Places that may be drawn, with their chances."""

    lonlat: Floats  # (n, 2) degrees
    names: tuple[str, ...]
    chances: Floats


def _site(feature: Feature, streets: Streets) -> _Site:
    if feature.kind == "institution":
        return _Site(place(np.array([feature.middle])), (INSTITUTION,), np.ones(1))
    blocks = np.flatnonzero(feature.holds(streets.block_uv))
    meters = feature.distance_m(streets.block_uv[blocks])
    weight = np.ones(len(blocks)) if feature.inner_m else 1.15 - (meters / feature.outer_m) ** 2
    names = tuple(streets.block_names[block] for block in blocks)
    return _Site(place(streets.block_uv[blocks]), names, weight / weight.sum())


def _background(ground: Landscape, streets: Streets, random: np.random.Generator) -> _Site:
    """Spread the rest: more in the middle, uneven as a real city, little across the river."""
    uv = streets.block_uv
    weight = np.exp(-np.hypot(*(uv - MIDDLE).T) / FALLOFF_M)
    for _ in range(14):  # slow swells, about 2 km wide
        towards, phase = random.uniform(0, 2 * np.pi, 2)
        along = uv @ np.array([np.cos(towards), np.sin(towards)])
        weight = weight * (1 + 0.22 * np.sin(along / random.uniform(500, 1300) + phase))
    green = shapely.union_all(list(ground.parks.values()))
    weight = np.where(is_within(uv, shapely.buffer(green, 60)), 0.15 * weight, weight)
    for feature in FEATURES:
        if feature.kind in ("cooling", "appearing"):
            near = feature.distance_m(uv) <= 1000
            weight = np.where(near, 0.5 * weight, weight)
    return _Site(place(uv), streets.block_names, weight / weight.sum())


def _counts(year: int, total: int) -> dict[str, int]:
    """Divide a year's incidents among the planted places and the background."""
    planted = np.array([feature.yearly_share[YEARS.index(year)] for feature in FEATURES])
    counts = shares(np.append(planted, 1 - planted.sum()), total)
    names = [*(feature.name for feature in FEATURES), BACKGROUND]
    return {name: int(count) for name, count in zip(names, counts, strict=True)}


def _days(year: int) -> list[date]:
    start = date(year, 1, 1)
    days = [start + timedelta(days=number) for number in range(366)]
    return [day for day in days if day.year == year and FIRST_DAY <= day <= LAST_DAY]


def _draw_whens(year: int, name: str, count: int, random: np.random.Generator) -> list[datetime]:
    if not count:
        return []
    days = _days(year)
    weight = np.array(
        [MONTH_WEIGHTS[day.month - 1] * WEEKDAY_WEIGHTS[day.weekday()] for day in days]
    )
    weight = weight * [_activity(name, f"{day:%Y-%m}") for day in days]
    by_hour = np.array(HOUR_WEIGHTS)
    chosen = random.choice(len(days), count, p=weight / weight.sum())
    hours = random.choice(24, count, p=by_hour / by_hour.sum())
    minutes = 5 * random.integers(12, size=count)
    return [
        datetime.combine(days[day], time(int(hour), int(minute)))
        for day, hour, minute in zip(chosen, hours, minutes, strict=True)
    ]


def _activity(name: str, month: str) -> float:
    feature = next((one for one in FEATURES if one.name == name), None)
    if feature is None:
        return 1.0
    if feature.kind == "cooling" and month.startswith("2019"):
        return 1.0 if month < TURN_MONTH else 0.2
    return float(feature.first_month <= month <= feature.last_month)


def _draw_spots(
    site: _Site, count: int, random: np.random.Generator
) -> list[tuple[float, float, str]]:
    chosen = random.choice(len(site.names), count, p=site.chances)
    return [(*map(float, site.lonlat[spot]), site.names[spot]) for spot in chosen]


def _incident(
    when: datetime,
    *,
    is_homicide: bool,
    feature: str,
    spot: tuple[float, float, str],
    random: np.random.Generator,
) -> Incident:
    lon, lat, block = spot
    victims = 1 + int(random.choice(4, p=VICTIM_WEIGHTS))
    domestic = DOMESTIC_WORDS[int(random.choice(3, p=DOMESTIC_WEIGHTS))]
    return Incident(when, is_homicide, feature, lon, lat, block, victims, domestic)


def _lose_places(drawn: list[Incident], random: np.random.Generator) -> list[Incident]:
    """Remove the place of some background incidents; planted ones keep theirs."""
    loose = [number for number, one in enumerate(drawn) if one.feature == BACKGROUND]
    n_lost = round(UNLOCATED_SHARE * len(drawn))
    lost = random.choice(loose, n_lost, replace=False)
    faults = {
        int(number): "zero" if order < N_AT_ZERO else "blank" for order, number in enumerate(lost)
    }
    return [
        replace(one, lon=0.0, lat=0.0, fault="zero")
        if faults.get(number) == "zero"
        else replace(one, lon=None, lat=None, fault="blank")
        if number in faults
        else one
        for number, one in enumerate(drawn)
    ]


def end_on_last_day(drawn: list[Incident]) -> list[Incident]:
    """Move the latest incident to the last day, so that the file ends there."""
    latest = max(range(len(drawn)), key=lambda number: drawn[number].when)
    when = drawn[latest].when
    moved = datetime.combine(LAST_DAY, when.time())
    drawn[latest] = replace(drawn[latest], when=moved)
    return drawn


def _extras(ground: Landscape, site: _Site, random: np.random.Generator) -> Iterator[Incident]:
    """Draw the other rows that a real file has."""
    wanted = {
        "officer": N_OFFICER,
        "elsewhere": N_ELSEWHERE,
        "bad_date": N_BAD_DATE,
        "outside": N_OUTSIDE,
    }
    _, _, east, north = ground.limit.bounds
    for fault, count in wanted.items():
        for number in range(count):
            years = YEARS_OUTSIDE if fault == "outside" else YEARS[:-1]
            (when,) = _draw_whens(int(random.choice(years)), BACKGROUND, 1, random)
            (spot,) = _draw_spots(site, 1, random)
            if fault in ("elsewhere", "outside"):
                beyond = np.array([[east + 500.0 * (number + 1), north - 700.0 * number]])
                lon, lat = place(beyond)[0]
                spot = (float(lon), float(lat), "County Road 9")
            one = _incident(when, is_homicide=False, feature=fault, spot=spot, random=random)
            yield replace(one, victims=1, fault=fault)


def city_of(incident: Incident) -> str:
    """Return the city that a row says it happened in."""
    return (ELSEWHERE if incident.fault == "elsewhere" else CITY).upper()


# ---- When the planted displacement becomes detectable: from what was planted, by one exact test.


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


def detectable_by() -> str:
    """Return the month by which the planted rise around the cooling area shows 7 times in 10."""
    yearly = HOMICIDES[TURN_YEAR] + NONFATAL[TURN_YEAR]
    before = SPILLED * COOLING_SHARE * yearly / 12  # a month
    after = COOLED_TO * before + CAUGHT * RING_SHARE * yearly / 12
    n_before = round(before * MONTHS_BEFORE)
    months = next(n for n in range(1, 121) if is_detectable(n_before, after, n))
    return str(Month.parse(TURN_MONTH).plus(months - 1))


def is_detectable(n_before: int, after: float, months: int) -> bool:
    """Return whether so many months after are enough to see the change."""
    n_after = int(poisson.ppf(1 - POWER, after * months))
    chance = binom.sf(n_after - 1, n_before + n_after, months / (months + MONTHS_BEFORE))
    return bool(chance <= CHANCE)
