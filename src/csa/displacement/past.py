"""Past years as stored: what areas chosen on a past day did after it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from csa.base.arrays import Floats, Ints
from csa.base.errors import ParamError, TableError
from csa.base.params import Month
from csa.displacement.expectation import Baseline

PRIOR_CORE = 0.95
PRIOR_RING = 1.0
PRIOR_ERROR = 0.10
"""Without past years: about what Philadelphia's seven years showed (0.90, from 0.83 to 0.97, for
areas; 0.98 for their rings), with an error that covers a city without any fall."""

NO_FALL = 1.0
"""The usual ratio for areas not chosen by the months before: without chance that could end."""

PRIOR_SPREAD = 0.05
PRIOR_YEARS = 2
"""From year to year the ratio moves by about a twentieth beyond chance; few past years cannot show
how much, so this prior counts as two of them where they show less."""


@dataclass(frozen=True)
class PastYear:
    """Incidents after one past day, in the cells of areas chosen that day."""

    origin: str  # the first month that was not known, `YYYY-MM`
    base: Baseline  # what was expected of the cells in the months before
    before: int  # incidents of the rest of the city in those months
    monthly: Ints  # (n,) incidents of the cells in each month after
    compared: Ints  # (n,) those of the rest of the city

    def ratio(self, n_months: int, dispersion: float) -> tuple[float, float]:
        """Return what came as a multiple of what was expected, and its error by chance."""
        came, rest = int(self.monthly[:n_months].sum()), int(self.compared[:n_months].sum())
        if not (came and rest and self.before and self.base.mean):
            return 0.0, math.inf
        own = self.base.variance / self.base.mean**2
        error = math.sqrt(dispersion * (1 / came + 1 / rest + 1 / self.before + own))
        return came * self.before / (self.base.mean * rest), error


@dataclass(frozen=True)
class Usual:
    """What usually happens, as a multiple of the expected count corrected for chance."""

    ratio: Floats  # (M,) after each number of months
    relative_error: Floats  # (M,) of the ratio in a future period
    past: Floats  # (years, M) the ratios that it rests on

    @property
    def n_years(self) -> int:
        """How many past years it rests on."""
        return len(self.past)


def settle_usual(
    past: Sequence[PastYear], n_months: int, prior_ratio: float, dispersion: float
) -> Usual:
    """Estimate what usually happens, from past years and, where they are few, from elsewhere.

    Each number of months is compared with past years after as many. A past year that does not reach
    so far is used up to its last whole month, with an added error for the months beyond, of which
    only `PRIOR_ERROR` is known; beyond the longest, that error is common to all.
    """
    ratios, errors = np.zeros((len(past), n_months)), np.zeros((len(past), n_months))
    for year, one in enumerate(past):
        for month in range(n_months):
            ratios[year, month], error = one.ratio(month + 1, dispersion)
            errors[year, month] = math.hypot(error, _beyond(len(one.monthly), month + 1))
    found = [_settle(ratios[:, m], errors[:, m], prior_ratio) for m in range(n_months)]
    ratio, relative_error = np.array(found, dtype=np.float64).reshape(-1, 2).T
    reach = max((len(one.monthly) for one in past), default=n_months)
    lacking = np.array([_beyond(reach, month + 1) for month in range(n_months)])
    return Usual(ratio, np.hypot(relative_error, lacking), ratios)


def _beyond(reach: int, n_months: int) -> float:
    """Return the added error for months beyond the reach of past years."""
    return PRIOR_ERROR * max(0, n_months - reach) / n_months


def _settle(ratios: Floats, errors: Floats, prior_ratio: float) -> tuple[float, float]:
    """Join one length's ratios.

    Their logarithms are normal around a common mean, from which years differ by chance and by
    a spread of their own (DerSimonian & Laird 1986, Controlled Clinical Trials 7, pp. 177-188).
    """
    known = ratios > 0
    logs, chance = np.log(ratios[known]), errors[known] ** 2
    spread = _spread(logs, chance)
    weights = 1 / (chance + spread)
    precision = float(weights.sum()) + PRIOR_ERROR**-2
    mean = (float(weights @ logs) + math.log(prior_ratio) * PRIOR_ERROR**-2) / precision
    return math.exp(mean), math.sqrt(1 / precision + spread)


def _spread(logs: Floats, chance: Floats) -> float:
    """Estimate the variance between years, shrunk toward that found elsewhere if that is larger."""
    others = max(0, len(logs) - 1)
    found = 0.0
    if others:
        weights = 1 / chance
        mean = float(weights @ logs / weights.sum())
        beyond = float(weights @ (logs - mean) ** 2) - others
        found = max(0.0, beyond / float(weights.sum() - (weights**2).sum() / weights.sum()))
    drawn = (others * found + PRIOR_YEARS * PRIOR_SPREAD**2) / (others + PRIOR_YEARS)
    return max(found, drawn)


FORMAT_VERSION = 1
KIND = "what areas did after past years"

BEFORE_MONTHS = 24
"""Before and after are reported with as many months before a start."""


@dataclass(frozen=True)
class PastCohort:
    """What areas chosen on one past day did after it, all together.

    Fields: `core`, `ring`, `n_areas`, `core_before`, `rest_before`.
    """

    core: PastYear  # the areas' own cells
    ring: PastYear  # the cells around them
    n_areas: int  # how many areas there were
    core_before: int
    rest_before: int

    def change(self, n_months: int) -> float | None:
        """Return how the areas' counts changed against the rest of the city's, chance included."""
        came = int(self.core.monthly[:n_months].sum())
        rest = int(self.core.compared[:n_months].sum())
        if not (rest and self.core_before and self.rest_before):
            return None
        return came * self.rest_before / (self.core_before * rest) - 1


def usual_change(past: Sequence[PastCohort], n_months: int) -> float | None:
    """Return how areas of past years changed on average, against the rest of the city.

    A past year that does not reach so far counts with its last month; `usual_reach` is how far
    the longest one reaches.
    """
    found = [change for one in past if (change := one.change(n_months)) is not None]
    return float(np.mean(found)) if found else None


def usual_reach(past: Sequence[PastCohort], n_months: int) -> int:
    """Return how many of the months the longest past year covers."""
    return min(n_months, max((len(one.core.monthly) for one in past), default=0))


def known_at(past: Sequence[PastCohort], since: Month, least_months: int) -> tuple[PastCohort, ...]:
    """Return the past years known at a start, cut to what was known then."""
    kept = []
    for one in past:
        n_known = min(since.index - Month.parse(one.core.origin).index, len(one.core.monthly))
        if n_known >= least_months:
            core, ring = _cut(one.core, n_known), _cut(one.ring, n_known)
            kept.append(replace(one, core=core, ring=ring))
    return tuple(kept)


def _cut(year: PastYear, n_months: int) -> PastYear:
    return replace(year, monthly=year.monthly[:n_months], compared=year.compared[:n_months])


def past_to_plain(past: Sequence[PastCohort]) -> dict[str, Any]:
    """Write past years as plain values."""
    rows = [
        {
            "origin": one.core.origin,
            "n_areas": one.n_areas,
            "core_before": one.core_before,
            "rest_before": one.rest_before,
            "compared_before": one.core.before,
            "compared": one.core.compared.tolist(),
            "core": _plain(one.core),
            "ring": _plain(one.ring),
        }
        for one in past
    ]
    return {"kind": KIND, "format_version": FORMAT_VERSION, "past": rows}


def _plain(year: PastYear) -> dict[str, Any]:
    base = year.base
    return {"mean": base.mean, "variance": base.variance, "monthly": year.monthly.tolist()}


def past_from_plain(plain: Mapping[str, Any]) -> tuple[PastCohort, ...]:
    """Read past years from plain values."""
    try:
        if plain["kind"] != KIND or plain["format_version"] != FORMAT_VERSION:
            raise TableError("displacement.bad_past")
        return tuple(_read(row) for row in plain["past"])
    except (KeyError, ParamError, TypeError, ValueError) as error:
        raise TableError("displacement.bad_past") from error


def _read(row: Mapping[str, Any]) -> PastCohort:
    origin = str(Month.parse(row["origin"]))
    compared = _counts(row["compared"])
    core, ring = (_year(row, row[zone], origin, compared) for zone in ("core", "ring"))
    n_areas, before, rest = (_count(row[k]) for k in ("n_areas", "core_before", "rest_before"))
    return PastCohort(core, ring, n_areas, before, rest)


def _year(row: Mapping[str, Any], zone: Mapping[str, Any], origin: str, compared: Any) -> PastYear:
    monthly = _counts(zone["monthly"])
    if len(monthly) != len(compared):
        raise ValueError(origin)
    base = Baseline(_number(zone["mean"]), _number(zone["variance"]))
    return PastYear(origin, base, _count(row["compared_before"]), monthly, compared)


def _counts(values: Any) -> Any:
    return np.array([_count(value) for value in values], dtype=np.int64)


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 10**9:
        raise TypeError(value)
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1e12:
        raise TypeError(value)
    return float(value)
