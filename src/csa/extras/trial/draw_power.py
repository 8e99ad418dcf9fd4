"""What a drawn start order could show: early areas against late ones, until the late ones start.

The counts of all early and all late areas, before and after the first start, make a table of two by
two. A drop is found only if early areas fell by more than late ones: what all areas do by
themselves, such as falling back after a bad year, cancels out.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from csa.base.errors import ParamError
from csa.base.message import Message, msg
from csa.base.stats import DISPERSION
from csa.base.text import percent
from csa.extras.trial.draw import Draw, Entrant, pair_areas

Floats: TypeAlias = npt.NDArray[np.float64]

MONTHS_BEFORE = 24
"""Months of the counts that the areas are paired on."""

ALPHA = 0.05
"""One-sided: the question is whether there were fewer."""

STUDIES, FOUND = (0.07, 0.15, 0.23), ("found_7_share", "found_15_share", "found_23_share")
"""Falls that studies of work at places found, from the least to the most (Moyer 2019; Caplan
2021), and how often each would be found."""
WANTED_POWER = 0.8


def power(
    drop_share: float,
    months: float,
    monthly_before_early: float,
    monthly_before_late: float,
    dispersion: float = DISPERSION,
    usual_fall_share: float = 0.0,
) -> float:
    """Compute how often the comparison would find a drop, one-sided at 5%.

    The score test of the ratio of ratios: with all margins of the table given, the count of
    early areas after is hypergeometric; its variance is multiplied by max(1, dispersion).
    By the delta method at the expected counts, for counts with variance dispersion times mean.
    Within .05 of simulated power where early and late areas expect 6 incidents each after, or
    more; up to .1 off below that.

    References
    ----------
    McCullagh & Nelder (1989), Generalized Linear Models, 2nd ed., sections 4.5 and 7.3.
    """
    if not 0 <= drop_share <= 1:
        raise ParamError("param.between", name="drop_share", low=0, high=1, given=drop_share)
    before = np.array([monthly_before_early, monthly_before_late], dtype=np.float64)
    after = _expect_after(before, months, usual_fall_share)
    after[0] *= 1 - drop_share
    table = np.array([MONTHS_BEFORE * before[0], after[0], MONTHS_BEFORE * before[1], after[1]])
    if not (math.isfinite(dispersion) and dispersion > 0):
        raise ParamError("draw.power_number", name="dispersion", given=dispersion)
    widening = max(1.0, dispersion)
    difference, error = (float(number) for number in score_draw(table, widening))
    if error <= 0:
        return 0.0
    critical = -float(ndtri(ALPHA))
    gap = difference + critical * error  # found where this is below 0
    slopes = find_slopes(table, difference, error, critical)
    spread = math.sqrt(widening * float((slopes**2 * table).sum()))
    return float(ndtr(-gap / spread))


def smallest_drop(
    months: float,
    monthly_before_early: float,
    monthly_before_late: float,
    dispersion: float = DISPERSION,
    usual_fall_share: float = 0.0,
) -> float | None:
    """Find the smallest drop that the comparison would find four times in five."""

    def lack(drop_share: float) -> float:
        reached = power(
            drop_share,
            months,
            monthly_before_early,
            monthly_before_late,
            dispersion,
            usual_fall_share,
        )
        return reached - WANTED_POWER

    return float(brentq(lack, 0.0, 1.0, xtol=1e-6)) if lack(1.0) >= 0 else None


def power_table(
    areas: Draw | Sequence[Entrant],
    months: Sequence[int] = (6, 12, 18, 24),
    *,
    dispersion: float = DISPERSION,
    usual_fall_share: float = 0.0,
) -> pd.DataFrame:
    """Tabulate what a draw could show, by number of months.

    Only full groups count: in them wave 1 is early and the last wave late. For a draw the
    comparison ends when the late areas start, however long one waits. For a list not yet drawn,
    in pairs, each row is for late areas that wait as long as it says.
    """
    early, late, clean_months = _sum_arms(areas)
    rows = []
    for wanted in months:
        compared = wanted if clean_months is None else min(wanted, clean_months)
        drop = smallest_drop(compared, early, late, dispersion, usual_fall_share)
        expected = _expect_after(np.array([early]), compared, usual_fall_share)[0]
        found = [
            power(share, compared, early, late, dispersion, usual_fall_share) for share in STUDIES
        ]
        smallest = math.nan if drop is None else drop
        rows.append((wanted, compared, compared < wanted, smallest, expected, *found))
    columns = ["months", "months_compared", "is_cut_short", "smallest_drop_share", "expected_early"]
    columns += [*FOUND]
    types = ["int64", "int64", "bool", "float64", "float64", *["float64"] * len(FOUND)]
    table = pd.DataFrame(rows, columns=columns)
    return table.astype(dict(zip(columns, types, strict=True)))


def explain_power(table: pd.DataFrame) -> tuple[Message, ...]:
    """Describe what a draw could show, one sentence for each number of months compared."""
    said = [
        msg("draw.power_never", n=int(compared))
        if math.isnan(drop)
        else msg("draw.power_drop", n=int(compared), share=percent(math.ceil(drop * 100) / 100))
        for compared, drop in table.drop_duplicates("months_compared")[
            ["months_compared", "smallest_drop_share"]
        ].itertuples(index=False)
    ]
    said += [
        msg(
            "draw.power_studies",
            n=int(longest["months_compared"]),
            low=percent(STUDIES[0]),
            high=percent(STUDIES[-1]),
            few=round(100 * longest[FOUND[0]]),
            many=round(100 * longest[FOUND[-1]]),
        )
        for longest in table.tail(1).to_dict("records")
    ]
    cut = table.loc[table["is_cut_short"], "months_compared"]
    if len(cut):
        said.append(msg("draw.power_cut_short", n=int(cut.iloc[0])))
    return tuple(said)


def score_draw(table: Floats, widening: float) -> tuple[Floats, Floats]:
    """Return the early areas' count after, less what is expected, and its standard error."""
    early_before, early_after, late_before, late_after = np.moveaxis(table, -1, 0)
    before, after = early_before + late_before, early_after + late_after
    early, late = early_before + early_after, late_before + late_after
    total = np.maximum(before + after, np.finfo(np.float64).tiny)
    difference = early_after - after * early / total
    error = np.sqrt(widening * before / total * after / total * early / total * late)
    return difference, error


def find_slopes(table: Floats, difference: float, error: float, critical: float) -> Floats:
    """Return how difference + critical * error changes with each of the four counts."""
    early_before, early_after, late_before, late_after = table
    total = table.sum()
    of_difference = np.array([-late_after, late_before, early_after, -early_before]) - difference
    before, after = early_before + late_before, early_after + late_after
    early, late = early_before + early_after, late_before + late_after
    of_log_variance = (
        1 / np.array([before, after, before, after])
        + 1 / np.array([early, early, late, late])
        - 3 / total
    )
    return np.asarray(of_difference / total + critical * error / 2 * of_log_variance)


def _expect_after(monthly_before: Floats, months: float, usual_fall_share: float) -> Floats:
    """Return the incidents expected in so many months without any work."""
    if not (math.isfinite(months) and months > 0):
        raise ParamError("draw.power_number", name="months", given=months)
    if not (np.isfinite(monthly_before).all() and (monthly_before >= 0).all()):
        lowest = float(monthly_before.min())
        raise ParamError("draw.power_number", name="monthly_before", given=lowest)
    if not 0 <= usual_fall_share < 1:
        raise ParamError("draw.power_fall", given=usual_fall_share)
    return monthly_before * months * (1 - usual_fall_share)


def _sum_arms(areas: Draw | Sequence[Entrant]) -> tuple[float, float, int | None]:
    """Return incidents a month of early and late areas, and months until the late ones start."""
    if not isinstance(areas, Draw):
        pairs = [group for group in pair_areas(areas) if len(group) == 2]
        half = sum(area.incidents_24_months for pair in pairs for area in pair) / 2
        return half / MONTHS_BEFORE, half / MONTHS_BEFORE, None
    counts = {area.area_id: area.incidents_24_months for area in areas.entrants}
    sizes = Counter(slot.pair for slot in areas.slots)
    full = [slot for slot in areas.slots if sizes[slot.pair] == areas.n_waves]
    early, late = (
        sum(counts[slot.area_id] for slot in full if slot.wave == wave) / MONTHS_BEFORE
        for wave in (1, areas.n_waves)
    )
    return early, late, (areas.n_waves - 1) * areas.months_between
