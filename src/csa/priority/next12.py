"""How many incidents to expect in each area in the next 12 months, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.stats import nbinom

from csa.areas.gate import MIN_MONTHS
from csa.areas.proposal import Proposal
from csa.areas.stack import DISPERSION, NEW_CHANCE, NEW_SHARE
from csa.areas.study_area import StudyArea
from csa.backtest.record import Record
from csa.base.arrays import Bools, Floats
from csa.base.params import Month, Period
from csa.priority.assess import AreaAssessment

COLUMNS = ("next12_expected", "next12_low", "next12_high")
YEAR = 12
PRIOR_KEPT, PRIOR_YEARS = 0.85, 2
"""Share of their part of the city that chosen areas keep in the year after, where few or no past
years of the city tell it; it weighs as much as so many years."""
TREND = 0.5
"""Half of the city's recent rise or fall, on the logarithm, is taken to go on."""
OWN_SD, CITY_SD = 0.25, 0.25
"""By how much an area and the whole city differ from what was expected, on the logarithm."""
TAIL = 0.05
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(31)


def predict_next12(
    expected: Floats, yearly: float, city: tuple[float, float], kept: Sequence[float]
) -> Floats:
    """Predict each area's incidents of the next 12 months, with a 90 % interval.

    Parameters
    ----------
    expected
        (n,) each area's count in the period that chose them, luck taken out.
    yearly
        Their counts of that period together, a year.
    city
        The whole city's incidents a year: in that period, and in its last 12 months.
    kept
        In past years, the areas' share of the city in the year after over that in the period that
        chose them: areas chosen for high counts fall by themselves.

    Returns
    -------
    numpy.ndarray
        (n, 3) the expected number, the low and the high end; NaN where nothing is expected.
    """
    whole, last = city
    logs = [math.log(one) for one in kept if one > 0]
    settled = (sum(logs) + PRIOR_YEARS * math.log(PRIOR_KEPT)) / (len(logs) + PRIOR_YEARS)
    trend = (last / whole) ** TREND if whole and last else 1.0
    total = yearly * math.exp(settled) * trend
    found = np.full((len(expected), 3), np.nan)
    sum_expected = float(np.nansum(expected))
    for at, mean in enumerate(expected):
        if math.isfinite(mean) and mean > 0 and sum_expected > 0 and total > 0:
            middle = float(mean) / sum_expected * total
            found[at] = middle, *_bounds(middle)
    return found


def _bounds(middle: float) -> tuple[int, int]:
    """Return the ends of 90 % of counts whose mean is itself unsure."""
    sd = math.hypot(OWN_SD, CITY_SD)
    means = middle * np.exp(sd * NODES)
    top = int(middle * math.exp(4 * sd) + 10 * math.sqrt(DISPERSION * middle) + 20)
    counts = np.arange(top + 1)
    each = nbinom.cdf(counts[:, None], means / (DISPERSION - 1), 1 / DISPERSION)
    chance = each @ (WEIGHTS / WEIGHTS.sum())
    return int(np.searchsorted(chance, TAIL)), int(np.searchsorted(chance, 1 - TAIL))


def begun_newly(recent: Floats, earlier: Floats) -> Bools:
    """Return which areas held more in 12 months than chance gives by the 24 before; (n,) each."""
    means = np.fmax(earlier, 1.0)
    chance = nbinom.sf(recent - 1, means / (DISPERSION - 1), 1 / DISPERSION)
    return np.asarray(
        (chance * max(1, len(recent)) <= NEW_CHANCE) & np.isfinite(earlier), dtype=np.bool_
    )


def add_next12(
    judgement: AreaAssessment, proposal: Proposal, located: StudyArea, record: Record | None
) -> AreaAssessment:
    """Add what to expect in the next 12 months to an assessment, where the data reach so far."""
    table, params = judgement.table, proposal.summary["params"]
    months = int(params["months_covered"])
    if table.empty or months < MIN_MONTHS:
        return judgement
    until = Month.parse(params["covered_through"][:7]).plus(1)
    period = Period.before(until, months)
    whole, last = (float(located.counts(one).sum()) for one in (period, Period.before(until, YEAR)))
    a_year = YEAR / months
    kept = [
        one.after_share / one.before_share
        for one in (() if record is None else record.usual_changes)
        if one.before_share and Month.parse(one.origin).plus(YEAR) <= until
    ]
    recent = table["recent_12"].to_numpy(dtype=np.float64)
    earlier = table["earlier_yearly"].to_numpy(dtype=np.float64)
    is_new = begun_newly(recent, earlier)
    others = np.where(is_new, np.nan, table["expected"].to_numpy(dtype=np.float64))
    counted = float(table["incidents"].to_numpy(dtype=np.float64)[~is_new].sum())
    found = predict_next12(others, counted * a_year, (whole * a_year, last), kept)
    for at in np.flatnonzero(is_new):
        middle = NEW_SHARE * float(recent[at])
        found[at] = middle, *_bounds(middle)
    columns = dict(zip(COLUMNS, found.T, strict=True))
    return replace(judgement, table=table.assign(**columns))
