"""How many incidents to expect in each area in the next 12 months, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from csa.areas.backtest.record import BacktestRecord
from csa.areas.mixture import NEW_CHANCE, NEW_SHARE
from csa.areas.places import list_cells
from csa.areas.priority.assessment import AreaAssessment
from csa.areas.proposal import Proposal
from csa.areas.study_area import StudyArea
from csa.areas.sufficiency import MIN_MONTHS
from csa.base.arrays import Bools, Floats
from csa.base.params import Month, Period
from csa.base.stats import DISPERSION, negative_binomial_at_least, negative_binomial_at_most
from csa.geo.cells import CellSet

COLUMNS = ("next12_expected", "next12_low", "next12_high")
YEAR = 12
LOOK_BACK = 24
"""Months before the last 12, by which a place is known not to have newly begun."""
PRIOR_KEPT, PRIOR_YEARS = 0.85, 2
"""Share of their part of the city that chosen areas keep in the year after, where few past
years of the city tell it; it weighs as much as so many years."""
THIN_KEPT = 0.9
"""Share of what is expected of them, adjusted for chance, where no past year of the city tells."""
TREND = 0.5
"""Half of the city's recent rise or fall, on the logarithm, is taken to go on."""
OWN_SD, CITY_SD = 0.25, 0.25
"""By how much an area and the whole city differ from what was expected, on the logarithm."""
THIN_SD = 0.25
"""So both together, where no past year of the city tells what areas keep of their counts."""
TAIL = 0.05
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(31)


def spread_sd(kept: Sequence[float]) -> float:
    """Return by how much a mean is off, on the logarithm, by past years as `total_ahead`."""
    return math.hypot(OWN_SD, CITY_SD) if kept else THIN_SD


def total_ahead(
    counted: float,
    expected: float,
    city: tuple[float, float],
    kept: Sequence[float],
    months: int = 36,
) -> float:
    """Predict what areas together have in the 12 months ahead.

    Parameters
    ----------
    counted
        Their incidents in the months that chose them.
    expected
        The same, adjusted for chance.
    city
        The whole city's incidents a year: in those months, and in the last 12 of them.
    kept
        In past years, the areas' share of the city in the year after over that in the months that
        chose them: areas chosen for high counts fall by themselves. With none, `THIN_KEPT` of
        their counts adjusted for chance goes on.
    months
        How many months chose them.
    """
    whole, last = city
    trend = (last / whole) ** TREND if whole and last else 1.0
    if not kept:
        return expected * YEAR / months * THIN_KEPT * trend
    logs = [math.log(one) for one in kept if one > 0]
    settled = (sum(logs) + PRIOR_YEARS * math.log(PRIOR_KEPT)) / (len(logs) + PRIOR_YEARS)
    return counted * YEAR / months * math.exp(settled) * trend


def share_total(expected: Floats, total: float, of_expected: float, sd: float) -> Floats:
    """Share a total by what is expected of each area, with its 90% interval.

    Returns (n, 3) the expected number, the low and the high end; NaN where nothing is expected.
    """
    found = np.full((len(expected), 3), np.nan)
    for at, mean in enumerate(expected):
        if mean > 0 and of_expected > 0 and total > 0:  # none of these is true of NaN
            middle = float(mean) / of_expected * total
            found[at] = middle, *_bounds(middle, sd)
    return found


def _bounds(middle: float, sd: float) -> tuple[int, int]:
    """Return the ends of 90% of counts whose mean is itself unsure."""
    means = middle * np.exp(sd * NODES)
    top = int(middle * math.exp(4 * sd) + 10 * math.sqrt(DISPERSION * middle) + 20)
    counts = np.arange(top + 1)
    each = negative_binomial_at_most(counts[:, None], means / (DISPERSION - 1), 1 / DISPERSION)
    chance = each @ (WEIGHTS / WEIGHTS.sum())
    return int(np.searchsorted(chance, TAIL)), int(np.searchsorted(chance, 1 - TAIL))


def is_emerging(recent: Floats, earlier: Floats, n_areas: int | None = None) -> Bools:
    """Return which areas held more in 12 months than chance gives by the 24 before; (n,) each.

    The more areas there are, `n_areas` or those given, the rarer it must be.
    """
    means = np.fmax(earlier, 1.0)
    chance = negative_binomial_at_least(recent, means / (DISPERSION - 1), 1 / DISPERSION)
    n = max(1, len(recent) if n_areas is None else n_areas)
    return np.asarray((chance * n <= NEW_CHANCE) & np.isfinite(earlier), dtype=np.bool_)


@dataclass(frozen=True)
class YearAhead:
    """What leads from a proposal's counts to the 12 months after, in its areas and elsewhere."""

    until: Month  # the first month of the 12
    total: float  # to expect in the areas together, but for those newly begun; NaN where unknown
    of_expected: float  # what they were expected to hold in the period, adjusted for chance
    n_areas: int  # so many places may have newly begun
    sd: float  # of the logarithm of a mean

    @classmethod
    def of(cls, proposal: Proposal, located: StudyArea, record: BacktestRecord | None) -> YearAhead:
        """Work it out from a proposal; unknown with fewer than 24 months, or without an area."""
        areas, params = proposal.areas, proposal.summary["params"]
        months = int(params["months_covered"])
        until = Month.parse(params["covered_through"][:7]).plus(1)
        if areas.empty or months < MIN_MONTHS:
            return cls(until, np.nan, np.nan, len(areas), THIN_SD)
        whole, last = (located.counts(Period.before(until, n)) for n in (months, YEAR))
        kept = [
            one.after_share / one.before_share
            for one in (() if record is None else record.usual_changes)
            if one.before_share and Month.parse(one.origin).plus(YEAR) <= until
        ]
        is_new = is_emerging(*_year_and_earlier(located, until, list_cells(areas)))
        others = areas["expected"].to_numpy(dtype=np.float64)[~is_new]
        counted = float(areas["incidents"].to_numpy(dtype=np.float64)[~is_new].sum())
        city = float(whole.sum()) * YEAR / months, float(last.sum())
        of_expected = float(np.nansum(others))
        total = total_ahead(counted, of_expected, city, kept, months)
        return cls(until, total, of_expected, len(areas), spread_sd(kept))

    def predict(
        self, located: StudyArea, grounds: Sequence[CellSet], expected: Sequence[float] | Floats
    ) -> Floats:
        """Predict areas of the proposal, or other ground at their rate, by what each is expected.

        Returns (n, 3) as `share_total`. A place that has newly begun is told by its last year.
        """
        given = np.asarray(expected, dtype=np.float64)
        found = share_total(given, self.total, self.of_expected, self.sd)
        if math.isnan(self.total):
            return found
        recent, earlier = _year_and_earlier(located, self.until, grounds)
        for area in np.flatnonzero(is_emerging(recent, earlier, self.n_areas)):
            middle = NEW_SHARE * float(recent[area])
            found[area] = middle, *_bounds(middle, self.sd)
        return found


def _year_and_earlier(
    located: StudyArea, until: Month, grounds: Sequence[CellSet]
) -> tuple[Floats, Floats]:
    """Count each ground's last 12 months, and a year of the 24 before; NaN where not covered."""
    last = located.counts(Period.before(until, YEAR))
    before = located.counts(Period.before(until.plus(-YEAR), LOOK_BACK))
    at = [located.place(cells) for cells in grounds]
    recent = np.array([last[cells].sum() for cells in at], dtype=np.float64)
    earlier = np.array([before[cells].sum() for cells in at]) * (YEAR / LOOK_BACK)
    covered = located.dataset.complete_months
    if covered is None or covered.start > until.plus(-YEAR - LOOK_BACK):
        earlier = np.full(len(at), np.nan)
    return recent, earlier


def forecast_proposal(
    proposal: Proposal, located: StudyArea, record: BacktestRecord | None
) -> pd.DataFrame:
    """Predict the next 12 months of a proposal's areas, where its data reach so far.

    Returns the columns of `COLUMNS` by `area_id`, as `YearAhead.predict`.
    """
    areas = proposal.areas
    ahead = YearAhead.of(proposal, located, record)
    expected = areas["expected"].to_numpy(dtype=np.float64)
    found = ahead.predict(located, list_cells(areas), expected)
    return pd.DataFrame(found, pd.Index(areas["area_id"], name="area_id"), COLUMNS)


def add_next12(assessment: AreaAssessment, next12: pd.DataFrame) -> AreaAssessment:
    """Add what to expect in the next 12 months, as `forecast_proposal`, to an assessment."""
    table = assessment.table
    columns = {name: table["area_id"].map(next12[name]) for name in COLUMNS}
    return replace(assessment, table=table.assign(**columns))
