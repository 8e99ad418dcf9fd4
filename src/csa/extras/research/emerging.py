"""Which cells are newly busy, stay busy, or fade, quarter by quarter."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtr

from csa.areas.city_scale import CityScale
from csa.areas.concentration import find_hot_cells
from csa.areas.study_area import StudyArea
from csa.base.arrays import Bools, Floats
from csa.base.errors import ParamError, TableError
from csa.base.params import Month, Period
from csa.base.stats import binomial_lower_tail, control_false_discovery
from csa.geo.cells import as_text

LEAST_PERIODS = 10
"""With fewer periods a trend, or nine tenths of them, means little."""


LAST_PERIODS = 2
"""Fading: not hot in this many of the last periods."""


class Category(StrEnum):
    """What the periods of a cell look like: exactly one category per cell."""

    NEW = "new"
    CONSECUTIVE = "consecutive"
    INTENSIFYING = "intensifying"
    DIMINISHING = "diminishing"
    PERSISTENT = "persistent"
    OSCILLATING = "oscillating"
    SPORADIC = "sporadic"
    HISTORICAL = "historical"
    NONE = "none"


@dataclass(frozen=True)
class Trend:
    """Whether values went up or down over their periods, for each row of them.

    Fields: `s`, `variance`, `z`, `p`.
    """

    s: Floats
    variance: Floats  # of s if the order is random, corrected for ties
    z: Floats  # s in standard deviations, after one step toward 0
    p: Floats  # how often chance alone makes s as large, up or down


def mann_kendall(values: npt.ArrayLike) -> Trend:
    """Test whether values go up or down over time, whatever the form of the trend.

    Parameters
    ----------
    values
        (n_periods,) or (m, n_periods), oldest first.

    Returns
    -------
    Trend
        Of each row; of one row, numbers without a dimension. One period has no trend: p is 1.

    Raises
    ------
    TableError
        If a value is missing or infinite.

    References
    ----------
    Mann (1945), Econometrica 13, pp. 245-259. Kendall (1975), Rank Correlation Methods, ch. 4.

    Examples
    --------
    >>> trend = mann_kendall([1, 2, 4, 5, 7, 8, 11, 12])
    >>> float(trend.s), float(trend.p) < 0.01  # all 28 pairs go up
    (28.0, True)
    """
    rows = np.asarray(values, dtype=np.float64)
    if rows.ndim not in {1, 2} or not np.isfinite(rows).all():
        raise TableError("research.values")
    n = rows.shape[-1]
    s, tied = np.zeros(rows.shape[:-1]), np.zeros(rows.shape[:-1])
    for place in range(n):
        later = np.sign(rows[..., place + 1 :] - rows[..., place, None])
        s = s + later.sum(axis=-1)
        equal = (rows == rows[..., place, None]).sum(axis=-1)
        # A group of t equal values subtracts t(t - 1)(2t + 5), a t-th part for each of them.
        tied = tied + (equal - 1) * (2 * equal + 5)
    variance = (n * (n - 1) * (2 * n + 5) - tied) / 18
    spread = np.sqrt(np.where(variance > 0, variance, 1.0))
    z = (s - np.sign(s)) / spread
    return Trend(s, variance, z, np.asarray(2 * ndtr(-np.abs(z))))


def classify(
    is_hot: Bools, score: Floats, *, is_cold: Bools | None = None, alpha: float = 0.05
) -> tuple[Category, ...]:
    """Classify each cell by its periods.

    The first that holds, in this order. Not hot in the last period: historical (hot in at
    least 90 %), else none. Hot in it, and in at least 90 %: intensifying or diminishing where
    the score goes up or down beyond chance, else persistent. Hot in it, but in fewer: new (only
    then), consecutive (only in a run that goes on), oscillating (once cold), else sporadic.

    References
    ----------
    Esri, ArcGIS Pro tool reference, Space Time Pattern Mining: the categories.
    """
    if not 0 < alpha < 1:
        raise ParamError("param.between_0_1", name="alpha", given=alpha)
    cold = np.zeros_like(is_hot) if is_cold is None else is_cold
    _require_periods(is_hot, score, cold)
    trend = mann_kendall(score)
    n_hot = is_hot.sum(axis=1)
    is_now, is_mostly, was_cold = is_hot[:, -1], _is_mostly(is_hot), cold.any(axis=1)
    run = np.minimum.accumulate(is_hot[:, ::-1], axis=1).sum(axis=1)  # hot periods at the end
    is_trend = trend.p < alpha
    asked = {
        Category.HISTORICAL: ~is_now & is_mostly,
        Category.NONE: ~is_now,
        Category.INTENSIFYING: is_mostly & is_trend & (trend.s > 0),
        Category.DIMINISHING: is_mostly & is_trend,
        Category.PERSISTENT: is_mostly,
        Category.NEW: n_hot == 1,
        Category.CONSECUTIVE: n_hot == run,
        Category.OSCILLATING: was_cold,
    }
    names = [str(category) for category in asked]
    chosen = np.select(list(asked.values()), names, default=str(Category.SPORADIC))
    return tuple(Category(str(name)) for name in chosen)


def screen_word(category: Category, is_hot: Bools) -> str:
    """Choose the one word that a screen shows for a cell.

    A cell may both be fading and have been hot in 90% of all periods: `fading` is shown, as the
    more recent.
    """
    before, last = is_hot[:-LAST_PERIODS], is_hot[-LAST_PERIODS:]
    if _is_mostly(before) and not last.any():
        return "fading"
    if _is_mostly(is_hot):
        return "persistent"
    return "new" if category == Category.NEW else ""


def _is_mostly(is_hot: Bools) -> Bools:
    """Return the rows that are hot at least 90% of the time, compared in whole numbers."""
    return np.asarray(10 * is_hot.sum(axis=-1) >= 9 * is_hot.shape[-1])


def _require_periods(is_hot: Bools, score: Floats, cold: Bools) -> None:
    """Refuse too few periods, tables of other shapes, and cells marked both ways."""
    if is_hot.ndim != 2 or is_hot.shape[1] < LEAST_PERIODS:
        given = is_hot.shape[1] if is_hot.ndim == 2 else 1
        raise ParamError("research.periods", least=LEAST_PERIODS, given=given)
    n_cells, n_periods = is_hot.shape
    for table in (score, cold):
        if table.shape != is_hot.shape:
            shape = " by ".join(str(size) for size in table.shape)
            raise TableError("research.table", n_cells=n_cells, n_periods=n_periods, given=shape)
    if (is_hot & cold).any():
        raise TableError("research.both")


PERIOD_MONTHS = 3


PERIODS = 12


ALPHA = 0.05


EMERGING_COLUMNS = {
    "cell": "H3 cell, of resolution 9 unless the areas' are larger, 15 hex digits",
    "category": "new, consecutive, intensifying, diminishing, persistent, oscillating, sporadic or "
    "historical; empty for a cell that is only fading",
    "word": "new, persistent, fading, or empty: in one word",
    "hot_periods": "periods with more around the cell than chance would put there",
    "periods": "quarters that were asked",
    "is_hot_now": "whether the last is one of them",
    "z": "Gi* in the last quarter; shown, never tested",
}


def find_emerging(located: StudyArea, until: Month | None = None) -> pd.DataFrame:
    """Find which cells are newly busy, which stay busy, and which fade, quarter by quarter."""
    covered = located.dataset.require_months()
    end = until or covered.until
    start = end.plus(-PERIODS * PERIOD_MONTHS)
    if start < covered.start:
        return pd.DataFrame({name: [] for name in EMERGING_COLUMNS})
    city = CityScale.of(located)
    exposure = city.exposure(located, located.dataset.neighborhoods)
    hot, cold, score = [], [], []
    for step in range(PERIODS):
        first = start.plus(step * PERIOD_MONTHS)
        counts = city.count(located.counts(Period(first, first.plus(PERIOD_MONTHS))))
        found = find_hot_cells(counts, exposure, city.neighbors, alpha=ALPHA)
        hot.append(found["is_hot"].to_numpy())
        score.append(found["z"].fillna(0.0).to_numpy())
        cold.append(_is_cold(found, int(counts.sum())))
    return _emerging_table(city.cells, np.stack(hot, 1), np.stack(cold, 1), score)


def _is_cold(found: pd.DataFrame, n_incidents: int) -> np.ndarray:
    """Return the cells with fewer incidents around them than chance would leave."""
    share = found["expected_around"].to_numpy() / max(n_incidents, 1)
    few = binomial_lower_tail(found["incidents_around"].to_numpy(), n_incidents, share)
    return control_false_discovery(few) <= ALPHA


def _emerging_table(
    cells: np.ndarray, hot: np.ndarray, cold: np.ndarray, score: list[np.ndarray]
) -> pd.DataFrame:
    ever = np.flatnonzero(hot.any(axis=1))
    z = np.stack(score, axis=1)
    categories = classify(hot[ever], z[ever], is_cold=cold[ever])
    words = [screen_word(one, hot[at]) for one, at in zip(categories, ever, strict=True)]
    table = pd.DataFrame(
        {
            "cell": as_text(cells[ever]),
            "category": ["" if one == Category.NONE else str(one) for one in categories],
            "word": words,
            "hot_periods": hot[ever].sum(axis=1),
            "periods": PERIODS,
            "is_hot_now": hot[ever, -1],
            "z": z[ever, -1].round(2),
        }
    )
    # In twelve quarters a fading cell has no category of its own: only the word shows it.
    is_told = (table["category"] != "") | (table["word"] != "")
    return table[is_told].reset_index(drop=True)
