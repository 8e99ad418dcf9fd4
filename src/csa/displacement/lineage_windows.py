"""What became of areas, window after window; and which cells are newly, or no longer, busy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import binom, norm

from csa.areas.choices import Choices
from csa.areas.city_scale import CityScale
from csa.areas.finding import document, find_areas, settle_params
from csa.areas.hot_cells import adjust_by_rank, find_hot_cells
from csa.areas.names import letter, name_places
from csa.areas.study_area import StudyArea
from csa.base.arrays import Bools, Floats, Ints
from csa.base.errors import ParamError, TableError
from csa.base.logging import Tell, silent
from csa.base.params import DocumentedDbscan, Month, Period
from csa.base.schema import UNASSIGNED
from csa.displacement.identity import (
    SAME,
    Sighting,
    WindowAreas,
    carry_letters,
    follow_areas,
    match_areas,
)
from csa.displacement.lineage import LINEAGE_COLUMNS, Event
from csa.displacement.lineage import trace_lineage as trace_tracks
from csa.displacement.zoning import covered_months, measure_history
from csa.geo.cells import CellSet, as_text
from csa.geo.neighborhoods import assign_neighborhoods

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
    >>> trend = csa.mann_kendall([1, 2, 4, 5, 7, 8, 11, 12])
    >>> float(trend.s), float(trend.p) < 0.01  # all 28 pairs go up
    (28.0, True)
    """
    rows = np.asarray(values, dtype=np.float64)
    if rows.ndim not in {1, 2} or not np.isfinite(rows).all():
        raise TableError("lineage.values")
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
    return Trend(s, variance, z, np.asarray(2 * norm.sf(np.abs(z))))


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
        raise ParamError("counts.alpha", given=alpha)
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

    A cell may both be fading and have been hot in 90 % of all periods: `fading` is shown, as the
    more recent.
    """
    before, last = is_hot[:-LAST_PERIODS], is_hot[-LAST_PERIODS:]
    if _is_mostly(before) and not last.any():
        return "fading"
    if _is_mostly(is_hot):
        return "persistent"
    return "new" if category == Category.NEW else ""


def _is_mostly(is_hot: Bools) -> Bools:
    """Return the rows that are hot at least 90 % of the time, compared in whole numbers."""
    return np.asarray(10 * is_hot.sum(axis=-1) >= 9 * is_hot.shape[-1])


def _require_periods(is_hot: Bools, score: Floats, cold: Bools) -> None:
    """Refuse too few periods, tables of other shapes, and cells marked both ways."""
    if is_hot.ndim != 2 or is_hot.shape[1] < LEAST_PERIODS:
        given = is_hot.shape[1] if is_hot.ndim == 2 else 1
        raise ParamError("lineage.periods", least=LEAST_PERIODS, given=given)
    n_cells, n_periods = is_hot.shape
    for table in (score, cold):
        if table.shape != is_hot.shape:
            shape = " by ".join(str(size) for size in table.shape)
            raise TableError("lineage.table", n_cells=n_cells, n_periods=n_periods, given=shape)
    if (is_hot & cold).any():
        raise TableError("lineage.both")


WINDOWS = 36
LEAST_WINDOW = 24
"""Windows of fewer months with data are mostly chance and are left out."""

PERIOD_MONTHS = 3
PERIODS = 12
ALPHA = 0.05

TRACE_COLUMNS = {
    "month": LINEAGE_COLUMNS["month"],
    "last_month": "the last month that is counted, YYYY-MM",
    "area_id": "the area's letter, the same as long as it persists",
    "place_name": "its largest neighborhood",
    **{name: text for name, text in LINEAGE_COLUMNS.items() if name != "month"},
}
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


@dataclass(frozen=True)
class Known:
    """An area that has a letter."""

    place_name: str  # its name
    cells: CellSet  # its cells
    until: Month | None = None


@dataclass(frozen=True)
class Chance:
    """How often areas appear and go in shuffled months, that is by chance."""

    area_years: float  # areas times years that were followed
    appeared: int  # areas that appeared
    gone: int  # areas that are gone


def trace_lineage(
    located: StudyArea,
    choices: Choices,
    documented: DocumentedDbscan | None,
    until: Month | None = None,
    known: Mapping[str, Known] | None = None,
    tell: Tell = silent,
) -> pd.DataFrame:
    """Propose areas for each month's window, and trace what became of each."""
    snapshots = _snapshots(located, choices, documented, until, tell)
    if not snapshots:
        return pd.DataFrame({name: [] for name in TRACE_COLUMNS})
    traced = _trace(located, snapshots, choices.months)
    sightings, kept = follow_areas(snapshots), known or {}
    shapes = _last_shapes(sightings)
    letters = _letters(sightings, kept)
    named = _names(located, shapes)
    named |= {track: kept[name].place_name for track, name in letters.items() if name in kept}
    traced["last_month"] = [str(Month.parse(name).plus(-1)) for name in traced["month"]]
    traced["area_id"] = traced["track"].map(letters)
    traced["place_name"] = traced["track"].map(named)
    return traced[list(TRACE_COLUMNS)]


def _snapshots(
    located: StudyArea,
    choices: Choices,
    documented: DocumentedDbscan | None,
    until: Month | None,
    tell: Tell,
) -> list[WindowAreas]:
    covered = covered_months(located)
    last = (until or covered.until).index
    first = max(last - WINDOWS + 1, covered.start.index + min(LEAST_WINDOW, choices.months))
    found = []
    if first <= last:  # one density for all windows, that of the last
        latest = Period.before(covered.until.plus(last - covered.until.index), choices.months)
        documented = document(located, latest, choices, documented)
    for index in range(first, last + 1):
        tell("window")
        end = covered.until.plus(index - covered.until.index)
        period = Period.before(end, choices.months)
        params = settle_params(located, period, choices, documented)
        sets = find_areas(located, period, params).areas
        middles = tuple(located.grid.middle(cells) for cells in sets)
        found.append(WindowAreas(end, tuple(sets), middles))
    return found


def _trace(located: StudyArea, snapshots: list[WindowAreas], months: int) -> pd.DataFrame:
    dispersion = measure_history(located, snapshots[-1].until).value
    city: dict[Month, tuple[Ints, Ints]] = {}

    def count(cells: CellSet, until: Month) -> tuple[int, int, int, int]:
        if until not in city:
            year = until.plus(-12)
            city[until] = (
                located.counts(Period(year, until)),
                located.counts(Period.before(year, 24)),
            )
        last, before = city[until]
        at = [located.grid.places[cell] for cell in cells]
        return int(last[at].sum()), int(before[at].sum()), int(last.sum()), int(before.sum())

    def locate(cells: CellSet, until: Month) -> Floats:
        months_ago = located.months_ago(until)
        is_in = (months_ago > 0) & (months_ago < months)
        inside = np.isin(located.cells, np.fromiter(cells, dtype=np.uint64)) & is_in
        return located.xy[inside]

    return trace_tracks(snapshots, count, dispersion=dispersion, locate=locate)


def _letters(sightings: list[Sighting], known: Mapping[str, Known]) -> dict[int, str]:
    """Assign tracks their letters: those of areas of an earlier window first, as they were then."""
    months = sorted({one.until for one in sightings})
    kept: dict[int, str] = {}
    for until in sorted({one.until for one in known.values() if one.until is not None}):
        window = min(max(until, months[0]), months[-1])
        there = {one.track: one.cells for one in sightings if one.until == window and one.cells}
        free = {track: cells for track, cells in there.items() if track not in kept}
        own = {name: one.cells for name, one in known.items() if one.until == until}
        kept |= match_areas(own, free, at_least=SAME)
    taken = set(kept.values())
    left = {name: one.cells for name, one in known.items() if name not in taken}
    others = {track: cells for track, cells in _last_shapes(sightings).items() if track not in kept}
    names = (letter(number) for number in range(len(others) + len(known)))
    unused = [name for name in names if name not in taken]
    return dict(sorted({**kept, **carry_letters(others, left, unused.__getitem__)}.items()))


def _last_shapes(sightings: list[Sighting]) -> dict[int, CellSet]:
    return {one.track: one.cells for one in sightings if one.cells}


def _names(located: StudyArea, shapes: Mapping[int, CellSet]) -> dict[int, str]:
    """Name each track after the neighborhood that most of its cells lie in."""
    cover = located.cover
    at = assign_neighborhoods(cover["lon"], cover["lat"], located.dataset.neighborhoods)
    name_of = dict(zip(cover.index.tolist(), at.tolist(), strict=True))
    largest = []
    for cells in shapes.values():
        counts = Counter(name_of[cell] or UNASSIGNED for cell in cells)
        largest.append(min(counts, key=lambda name: (-counts[name], name)))
    middles = np.array([located.grid.middle(cells) for cells in shapes.values()])
    return dict(zip(shapes, name_places(largest, middles), strict=True)) if shapes else {}


def measure_chance(
    located: StudyArea,
    choices: Choices,
    documented: DocumentedDbscan | None,
    *,
    seed: int,
    n_shuffles: int = 3,
    tell: Tell = silent,
) -> Chance:
    """Follow areas in shuffled months, in which nothing lasts."""
    rng = np.random.default_rng(seed)
    covered = covered_months(located)
    area_years, appeared, gone = 0.0, 0, 0
    for _ in range(n_shuffles):
        tell("shuffle")
        order = rng.permutation(covered.months)
        month = located.month - covered.start.index
        is_in = (month >= 0) & (month < covered.months)
        moved = np.where(is_in, order[month.clip(0, covered.months - 1)], month)
        shuffled = replace(located, month=moved + covered.start.index)
        snapshots = _snapshots(shuffled, choices, documented, None, silent)
        if not snapshots:
            continue
        events = Counter(_trace(shuffled, snapshots, choices.months)["event"])
        area_years += sum(len(one.areas) for one in snapshots) / 12
        appeared += events[Event.APPEARED]
        gone += events[Event.GONE]
    return Chance(area_years, appeared, gone)


def find_emerging(located: StudyArea, until: Month | None = None) -> pd.DataFrame:
    """Find which cells are newly busy, which stay busy, and which fade, quarter by quarter."""
    covered = covered_months(located)
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
    few = np.asarray(binom.cdf(found["incidents_around"].to_numpy(), n_incidents, share))
    return np.asarray(adjust_by_rank(few) <= ALPHA)


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
