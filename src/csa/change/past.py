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
from csa.base.safe_parsing import number, parse_count
from csa.change.expectation import Baseline


@dataclass(frozen=True)
class PastChangePrior:
    """What usually happens by what other cities showed: it counts where a city's past is short."""

    ratio: float  # counted as a multiple of what was expected
    error: float  # standard error of its logarithm, between cities


CORE = PastChangePrior(0.9, 0.08)
RING = PastChangePrior(1.0, 0.06)
NET = PastChangePrior(0.95, 0.06)
"""Of areas, of what lies around them, and of both together: between Philadelphia (.88, 1.00 and
.95) and 39 smaller places with short lists (.82, 1.00 and .87 after a year)."""

BAND = PastChangePrior(1.0, 0.06)
"""Of each band farther out, which no count chose."""

NOT_CHOSEN = PastChangePrior(1.0, 0.08)
"""Of areas not chosen by the months before: without chance that could end."""

PRIOR_SPREAD = 0.03
PRIOR_STARTS = 2
"""From start to start the ratio moves by about 3% beyond chance; few past starts cannot show how
much, so this prior counts as two independent ones where they show less."""

BEYOND = 0.08
"""Relative error of months that no past start reaches."""


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
class PastChange:
    """What usually happens, as a multiple of the expected count corrected for chance."""

    ratio: Floats  # (M,) after each number of months
    relative_error: Floats  # (M,) of the ratio in a future period
    n_starts: int = 0  # past starts that it rests on
    n_spans: float = 0.0  # how many of their spans of M months are independent

    def later(self, n_months: int) -> PastChange:
        """Count months from an earlier one on, in which nothing was followed yet."""
        ratio = np.pad(self.ratio, (n_months, 0), constant_values=1.0)
        return replace(self, ratio=ratio, relative_error=np.pad(self.relative_error, (n_months, 0)))


def estimate_past_change(
    past: Sequence[PastYear], n_months: int, prior: PastChangePrior, dispersion: float
) -> PastChange:
    """Estimate what usually happens, from past starts and, where they are few, from elsewhere.

    Each number of months is compared with the past starts that had ended after as many. Beyond the
    longest, its last month is used, with an error for the months beyond, of which only
    `BEYOND` is known.
    """
    reach = max((len(one.monthly) for one in past), default=0)
    found, spans = [], 0.0
    for month in range(1, n_months + 1):
        at = min(month, reach)
        reaching = [one for one in past if len(one.monthly) >= at]
        ratios = np.array([one.ratio(at, dispersion) for one in reaching]).reshape(-1, 2)
        is_used = ratios[:, 0] > 0
        spans = _spans([one for one, is_in in zip(reaching, is_used, strict=True) if is_in], at)
        ratio, error = _settle(ratios[is_used], spans, prior)
        found.append((ratio, math.hypot(error, _beyond(reach, month))))
    table: Floats = np.array(found, dtype=np.float64).reshape(-1, 2)
    return PastChange(table[:, 0], table[:, 1], len(past), spans)


def join_years(core: PastYear, ring: PastYear) -> PastYear:
    """Take a past year's areas and the cells around them as one set of cells."""
    base = Baseline.total([core.base, ring.base])
    return replace(core, base=base, monthly=core.monthly + ring.monthly)


def _spans(past: Sequence[PastYear], n_months: int) -> float:
    """Return how many independent spans past starts have, since those that overlap share months."""
    if not past or not n_months:
        return 0.0
    months = [Month.parse(one.origin).index for one in past]
    return min(len(past), (max(months) - min(months)) / n_months + 1)


def _beyond(reach: int, n_months: int) -> float:
    """Return the added error for months beyond the reach of past years."""
    return BEYOND * max(0, n_months - reach) / n_months if reach else 0.0


def _settle(ratios: Floats, n_spans: float, prior: PastChangePrior) -> tuple[float, float]:
    """Join one length's ratios and errors, (starts, 2), of so many independent spans.

    Their logarithms are normal around a common mean, from which they differ by chance and by
    a spread of their own (as DerSimonian & Laird 1986, Controlled Clinical Trials 7, 177-188).
    """
    if not len(ratios):
        return prior.ratio, math.hypot(prior.error, PRIOR_SPREAD)
    logs, chance = np.log(ratios[:, 0]), float(np.mean(ratios[:, 1] ** 2))
    spread = _spread(float(np.var(logs)), chance, n_spans)
    own, others = n_spans / (chance + spread), prior.error**-2
    mean = (own * float(logs.mean()) + others * math.log(prior.ratio)) / (own + others)
    return math.exp(mean), math.sqrt(1 / (own + others) + spread)


def _spread(variance: float, chance: float, n_spans: float) -> float:
    """Estimate the variance beyond chance, shrunk toward that found elsewhere if that is larger."""
    others = n_spans - 1
    found = max(0.0, variance * n_spans / others - chance) if others >= 1 else 0.0
    drawn = (others * found + PRIOR_STARTS * PRIOR_SPREAD**2) / (others + PRIOR_STARTS)
    return max(found, drawn)


FORMAT_VERSION = 1
KIND = "what areas did after past years"

BEFORE_MONTHS = 24
"""Before and after are reported with as many months before a start."""


@dataclass(frozen=True)
class PastCohort:
    """What areas chosen on one past day did after it, all together.

    Fields: `core`, `ring`, `n_areas`, `core_before`, `rest_before`, `bands`.
    """

    core: PastYear  # the areas' own cells
    ring: PastYear  # the cells around them
    n_areas: int  # how many areas there were
    core_before: int
    rest_before: int
    bands: tuple[PastYear, ...] = ()  # farther out, each compared with all but core and itself

    def core_with(self, band: int) -> PastYear:
        """Compare the core with what a band is compared with."""
        own = self.bands[band]
        return replace(self.core, before=own.before, compared=own.compared)

    @property
    def within(self) -> PastYear:
        """Core, ring and the first band as one set of cells, compared with what is farther out."""
        band, ring = self.bands[0], self.ring
        farther = replace(
            band,
            before=max(0, band.before - round(ring.base.mean)),
            compared=band.compared - ring.monthly,
        )
        both = join_years(self.core, ring)
        return join_years(replace(both, before=farther.before, compared=farther.compared), farther)

    def change(self, n_months: int) -> float | None:
        """Return how the areas' counts changed against the rest of the city's, chance included."""
        came = int(self.core.monthly[:n_months].sum())
        rest = int(self.core.compared[:n_months].sum())
        if not (rest and self.core_before and self.rest_before):
            return None
        return came * self.rest_before / (self.core_before * rest) - 1


def mean_past_change(past: Sequence[PastCohort], n_months: int) -> float | None:
    """Return how areas of past years changed on average, against the rest of the city.

    A past year that does not reach so far counts with its last month; `usual_reach` is how far
    the longest one reaches.
    """
    found = [change for one in past if (change := one.change(n_months)) is not None]
    return float(np.mean(found)) if found else None


def usual_reach(past: Sequence[PastCohort], n_months: int) -> int:
    """Return how many of the months the longest past year covers."""
    return min(n_months, max((len(one.core.monthly) for one in past), default=0))


def past_as_of(
    past: Sequence[PastCohort], since: Month, least_months: int
) -> tuple[PastCohort, ...]:
    """Return the past years known at a start, cut to what was known then."""
    kept = []
    for one in past:
        n_known = min(since.index - Month.parse(one.core.origin).index, len(one.core.monthly))
        if n_known >= least_months:
            core, ring, *bands = (_cut(part, n_known) for part in (one.core, one.ring, *one.bands))
            kept.append(replace(one, core=core, ring=ring, bands=tuple(bands)))
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
            "bands": [
                {**_plain(band), "before": band.before, "compared": band.compared.tolist()}
                for band in one.bands
            ],
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
            raise TableError("backtest.bad_record")
        return tuple(_read(row) for row in plain["past"])
    except (KeyError, ParamError, TypeError, ValueError) as error:
        raise TableError("backtest.bad_record") from error


def _read(row: Mapping[str, Any]) -> PastCohort:
    origin = str(Month.parse(row["origin"]))
    rest = row["compared_before"], row["compared"]
    core, ring = (_year(row[zone], origin, *rest) for zone in ("core", "ring"))
    bands = tuple(_year(one, origin, one["before"], one["compared"]) for one in row["bands"])
    n_areas, before, others = (
        parse_count(row[name]) for name in ("n_areas", "core_before", "rest_before")
    )
    if any(len(band.monthly) != len(core.monthly) for band in bands):
        raise ValueError(origin)
    return PastCohort(core, ring, n_areas, before, others, bands)


def _year(zone: Mapping[str, Any], origin: str, before: Any, counts: Any) -> PastYear:
    monthly, compared = _counts(zone["monthly"]), _counts(counts)
    if len(monthly) != len(compared):
        raise ValueError(origin)
    base = Baseline(number(zone["mean"], most=1e12), number(zone["variance"], most=1e12))
    return PastYear(origin, base, parse_count(before), monthly, compared)


def _counts(values: Any) -> Any:
    return np.array([parse_count(value) for value in values], dtype=np.int64)
