"""Past years as stored: what areas chosen on a past day did after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from csa.base.errors import ParamError, TableError
from csa.base.params import Month
from csa.displacement.expectation import Baseline
from csa.displacement.usual import PastYear

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
