"""How well would this have worked? The same proposals on past days, scored on what came next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from csa.areas.backtest.comparison import (
    MethodComparison,
    best_baseline,
    compare,
    explain_comparison,
)
from csa.areas.backtest.scoring import (
    Fold,
    FoldScore,
    is_best_informative,
    score_fold,
    tabulate,
)
from csa.areas.choices import AreaSettings, city_choices
from csa.areas.finding import find_areas, resolve_params, search_size_limit
from csa.areas.layer_files import MapResult, draw_areas, on_axes, outlines
from csa.areas.locating import locate_incidents
from csa.areas.study_area import StudyArea
from csa.base.crs import LONLAT
from csa.base.errors import ParamError, PeriodError
from csa.base.logging import ProgressCallback, no_progress
from csa.base.params import DocumentedDbscan, Month, Period
from csa.base.processes import Mapper, announced
from csa.base.text import percent
from csa.city.dataset import City, Dataset
from csa.geo.cells import CellSet, cell_resolution, draw_cells
from csa.geo.grid import Grid

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SEED = 20200101
HORIZON_MONTHS = 12
AREA_SHARE = 0.02
LAST_YEAR = 12
MEANT = (("areas", "area_share"), ("ceiling", "hit_share"))
"""The means that the sentence about a backtest needs, beside the comparison."""


@dataclass(frozen=True)
class BacktestSpec:
    """What a backtest asks.

    Fields: `origins`, `horizon_months`, `area_share`.
    """

    origins: tuple[Month, ...]  # first months that were not known
    horizon_months: int = HORIZON_MONTHS  # months after each that are scored, 1 to 60
    area_share: float = AREA_SHARE

    def __post_init__(self) -> None:
        """Refuse origins or a horizon that cannot be scored."""
        if not 1 <= self.horizon_months <= 60:
            raise ParamError(
                "param.between", name="horizon_months", low=1, high=60, given=self.horizon_months
            )
        if not 0 < self.area_share <= 0.5:
            raise ParamError("backtest.area_share", given=self.area_share)
        if len(set(self.origins)) != len(self.origins):
            raise ParamError("backtest.origin_twice")


PAST_AREA_COLUMNS = {
    "area_id": "the past month's year and month, and the area's number then",
    "origin": "first month that was not known (YYYY-MM)",
    "horizon_months": "months after it that were scored",
    "incidents": "incidents in the area in the months that it was proposed from",
    "came": "incidents there in the months after",
    "area_km2": "land inside the study area",
}


@dataclass(frozen=True)
class Backtest(MapResult):
    """What a backtest found.

    Fields: `table`, `comparison`, `scores`, `question`, `grid`.
    """

    table: pd.DataFrame  # as `csa.areas.backtest.scoring.tabulate`
    comparison: MethodComparison | None  # areas against the best other; None without incidents
    scores: tuple[FoldScore, ...]  # the trials
    question: BacktestSpec  # what was asked
    grid: Grid  # the study area's cells

    LAYERS = ("areas",)
    SHOWN = tuple(PAST_AREA_COLUMNS)

    @property
    def areas(self) -> gpd.GeoDataFrame:
        """Each area proposed on a past day, and what came there, WGS 84: `PAST_AREA_COLUMNS`."""
        land_km2 = self.grid.area_km2.to_numpy()
        trials = [
            (score.trial, at) for score in self.scores for at in range(len(score.trial.areas))
        ]
        rows = [
            (
                f"{fold.origin}/{at + 1}",
                str(fold.origin),
                self.question.horizon_months,
                int(fold.counts[fold.areas[at]].sum()),
                int(fold.future[fold.areas[at]].sum()),
                float(land_km2[fold.areas[at]].sum()),
            )
            for fold, at in trials
        ]
        table = pd.DataFrame(rows, columns=list(PAST_AREA_COLUMNS))
        shapes = outlines(self.grid.cells(fold.areas[at]) for fold, at in trials)
        return gpd.GeoDataFrame(table, geometry=shapes, crs=LONLAT)

    @property
    def title(self) -> str:
        """How areas did beside the best other way."""
        means = self.table.groupby("method")[["area_share", "hit_share"]].mean()
        shares = (means[column].get(way) for way, column in MEANT)
        inputs = self.comparison, self.question.origins, self.question.horizon_months
        land, best = shares
        if self.comparison is None:
            return explain_comparison(*inputs, "", None)
        is_informative = is_best_informative(self.table, cell_resolution(self.grid.h3_cells[0]))
        return explain_comparison(*inputs, percent(land), best if is_informative else None)

    def plot(self, axes: Axes | None = None) -> Axes:
        """Draw the areas of the last past day on the land: on given axes, else on a new figure."""
        newest = self.areas
        newest = newest[newest["origin"] == newest["origin"].max()]
        land = gpd.GeoDataFrame(geometry=draw_cells(self.grid.h3_cells))
        return draw_areas(newest, land, on_axes(axes))


def past_januaries(dataset: Dataset, months: int, horizon_months: int) -> tuple[Month, ...]:
    """List the Januaries with a whole period before them and a whole horizon after.

    Only Januaries: what they suggest then changes once a year.
    """
    covered = dataset.require_months()
    years = range(covered.start.year, covered.until.year + 1)
    return tuple(
        january
        for january in (Month(year, 1) for year in years)
        if january.index - months >= covered.start.index
        and january.index + horizon_months <= covered.until.index
    )


def backtest_areas(
    city: City,
    question: BacktestSpec | None = None,
    choices: AreaSettings | None = None,
    progress: ProgressCallback = no_progress,
) -> Backtest:
    """Score how well areas proposed on past days would have held what came after.

    At each origin areas are proposed from the months before it alone, with the city file's
    values, and scored on the months after, beside other ways of choosing as much land.

    Parameters
    ----------
    city
        A city's file, its incidents and its places.
    question
        Origins, horizon and land; None asks about all past Januaries.
    choices
        How areas are proposed; None takes the city file's.
    progress
        Called with the name of each step as it begins.

    Returns
    -------
    Backtest
        `table` has a way of choosing a row for each origin: `hit_share` (0 to 1), `pai`
        and `pei_star` among its columns; `comparison` holds areas against the best other way.

    Raises
    ------
    PeriodError
        If an origin has no month of data before it, or no whole horizon after.

    References
    ----------
    Chainey, Tompson & Uhlig (2008), Security Journal 21, pp. 4-28, on PAI.

    Examples
    --------
    >>> question = csa.BacktestSpec((csa.Month(2019, 1),), horizon_months=6)
    >>> past = csa.backtest_areas(city, question)
    >>> by_method = past.table.set_index("method")["hit_share"]
    >>> bool(by_method["areas"] <= by_method["ceiling"])  # nobody can choose better than that
    True
    """
    choices = choices or city_choices(city.config)
    if question is None:
        question = BacktestSpec(past_januaries(city.dataset, choices.months, HORIZON_MONTHS))
    progress("cells")
    located = locate_incidents(city, choices)
    return run_backtest(located, choices, city.config.areas.documented, question, progress)


def run_backtest(
    located: StudyArea,
    choices: AreaSettings,
    documented: DocumentedDbscan | None,
    question: BacktestSpec,
    progress: ProgressCallback = no_progress,
    apply: Mapper = map,
) -> Backtest:
    """Propose at each origin from the months before, and score on the months after."""
    refuse_outside(located.dataset, question)
    trials = apply(partial(_score_origin, located, choices, documented, question), question.origins)
    scores = [*announced(trials, question.origins, progress, "origin")]
    table = tabulate(scores, located.land, question.horizon_months)
    scored = [score for score in scores if score.trial.future.sum()]
    best = best_baseline(table) if scored else ""
    comparison = compare(scored, "areas", best, seed=SEED) if scored else None
    return Backtest(table, comparison, tuple(scores), question, located.grid)


def _score_origin(
    located: StudyArea,
    choices: AreaSettings,
    documented: DocumentedDbscan | None,
    question: BacktestSpec,
    origin: Month,
) -> FoldScore:
    period = Period.before(origin, choices.months)
    params = resolve_params(located, period, choices, documented)
    areas = find_areas(located, period, params).areas
    trial = make_trial(located, period, question, areas)
    trial = replace(trial, limit_km2=search_size_limit(choices))
    return score_fold(trial, located.land, located.grid, question.area_share, seed=SEED)


def refuse_outside(dataset: Dataset, question: BacktestSpec) -> None:
    """Refuse origins without a month of data before them, or a whole horizon after."""
    if not question.origins:
        return
    covered = dataset.require_months()
    for origin in question.origins:
        is_known = origin > covered.start
        if not is_known or origin.index + question.horizon_months > covered.until.index:
            raise PeriodError(
                "backtest.outside",
                origin=origin,
                horizon=question.horizon_months,
                first=covered.start.plus(1),
                last=covered.until.plus(-question.horizon_months),
            )


def make_trial(
    located: StudyArea,
    period: Period,
    question: BacktestSpec,
    found: Sequence[CellSet],
) -> Fold:
    """Gather what was known at a period's end, and what came next.

    Every way of choosing knows the same: incidents at points that may stand for unknown places
    are left out of them all, and count among those that come.
    """
    origin = period.until
    months_ago = located.months_ago(origin)
    is_known = (months_ago > 0) & ~located.is_suspect
    is_in = is_known & (months_ago < period.months)
    n_cells = len(located.grid.area_km2)
    return Fold(
        origin,
        np.bincount(located.positions[is_in], minlength=n_cells),
        np.bincount(located.positions[is_known], minlength=n_cells),
        located.counts(Period.before(origin, LAST_YEAR)),
        located.xy[is_in],
        located.xy[is_known],
        located.expected(period),
        [located.place(area) for area in found],
        located.counts(Period(origin, origin.plus(question.horizon_months))),
    )
