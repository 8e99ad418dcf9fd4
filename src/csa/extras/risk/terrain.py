"""Risk terrain: which places mark where risk is higher, how far around them, and how sure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtr, stdtr, stdtrit

from csa.base.arrays import Bools, Cells, Floats, Ints
from csa.base.crs import require_meters
from csa.base.errors import TableError
from csa.base.logging import ProgressCallback, no_progress
from csa.extras.risk.conditional import (
    ConditionalFit,
    StratifiedCounts,
    elastic_net,
    fit_conditional,
    penalties,
    scale_of,
)
from csa.extras.risk.rasters import Form, Rasters, draw_points, rasterize
from csa.geo.cells import cell_resolution, parents
from csa.geo.grid import Grid

if TYPE_CHECKING:
    from csa.extras.risk.layers import FactorLayer


# ---- Which factors, and how far: elastic net, then steps by BIC that must hold between places.


N_FOLDS = 5
LEAST_PLACES = 5
LEAST_CELLS = 20
LEAST_CELLS_OF_COLUMN = 10
MOST_SHARE = 0.8
"""A column is tried if its layer has so many places in the city, and if it holds in so many cells,
in some and not in others of so many large parts, and not nearly everywhere."""

ALARM = 0.03
"""The chance that a city without any factor shows one, over all forms that were tried: a little
under 1 in 20, since places that follow the crowd are alike beyond what blocks tell."""

N_REFITTED = 6
"""Of the forms with the best score, so many are fitted in each step."""

LEAST_OWN = 0.01
"""A column that the model's columns tell to all but a hundredth adds nothing of its own."""

TINY = 1e-12


@dataclass(frozen=True)
class SelectionProblem:
    """The cells that can answer, and the columns that are tried on them."""

    counts: StratifiedCounts
    columns: Floats  # (m, p)
    always: Floats  # (m, a) what is known of people there; in each model, and no factor
    block: Ints  # (m,) larger parts: folds, and what the bootstrap draws
    forms: tuple[Form, ...]  # p of them

    @property
    def n_cells(self) -> int:
        """The number of cells."""
        return len(self.counts.y)

    def model(self, chosen: Sequence[int]) -> Floats:
        """Return the columns of a model: what is always in, then the factors."""
        return np.column_stack([self.always, self.columns[:, list(chosen)]])


def exclusion_reasons(
    question: SelectionProblem, n_places: Sequence[int]
) -> npt.NDArray[np.object_]:
    """Return why each column cannot be tried, or `tried`: (p,), as a user reads it."""
    blocks, number = np.unique(question.block, return_inverse=True)
    n_true = np.zeros((len(blocks), question.columns.shape[1]))
    np.add.at(n_true, number, question.columns)
    size = np.bincount(number, minlength=len(blocks))[:, None]
    n_varied = ((n_true > 0) & (n_true < size)).sum(axis=0)
    total = n_true.sum(axis=0)
    reasons = np.full(len(total), "tried", dtype=object)
    reasons[n_varied < LEAST_CELLS_OF_COLUMN] = "too few parts"
    reasons[total > MOST_SHARE * question.n_cells] = "nearly everywhere"
    reasons[total < LEAST_CELLS] = "too few blocks"
    few = np.array([n_places[form.layer] < LEAST_PLACES for form in question.forms], dtype=bool)
    reasons[few] = "too few places"
    return reasons


def assign_folds(block: Ints, y: Floats, seed: int) -> Ints:
    """Deal blocks to folds, the largest first, each to the fold with the fewest incidents: (m,)."""
    blocks, number = np.unique(block, return_inverse=True)
    n = np.bincount(number, y)
    order = np.random.default_rng(seed).permutation(len(blocks))
    order = order[np.argsort(-n[order], kind="stable")]
    fold, filled = np.zeros(len(blocks), dtype=np.int64), np.zeros(N_FOLDS)
    for one in order:
        fold[one] = filled.argmin()
        filled[fold[one]] += n[one]
    return fold[number]


def select_elastic_net(question: SelectionProblem, tried: Ints, seed: int) -> Ints:
    """Return the columns that the elastic net keeps at the penalty that predicts best elsewhere."""
    base = fit_conditional(question.counts, question.always)
    eta = question.counts.offset + question.always @ base.coef
    counts = StratifiedCounts(question.counts.y, question.counts.part, eta)
    x = question.columns[:, tried]
    scale = scale_of(counts, x)
    path = penalties(counts, x, scale)
    fold = assign_folds(question.block, counts.y, seed)
    held = np.zeros(len(path))
    for number in np.unique(fold):
        is_held = fold[counts.first] == number
        learn, rows = counts.of_parts(~is_held)
        test, test_rows = counts.of_parts(is_held)
        coef = elastic_net(learn, x[rows], scale, path * learn.totals.sum() / counts.totals.sum())
        x_test = x[test_rows]
        held += [test.log_likelihood(test.offset + x_test @ one) for one in coef.T]
    best = int(held.argmax())
    return tried[elastic_net(counts, x, scale, path[: best + 1])[:, best] > 0]


@dataclass(frozen=True)
class Step:
    """A model in the making."""

    chosen: tuple[int, ...]  # columns
    fit: ConditionalFit
    bic: float


def step_by_bic(question: SelectionProblem, tried: Ints, kept: Ints) -> Step:
    """Add and drop columns while BIC falls; an added one must hold between blocks, too.

    A layer is in the model in one form alone; each step may also change a form.
    """
    alarm = ALARM / max(1, len(tried))
    layer = np.array([form.layer for form in question.forms])
    now = _fit(question, ())
    while True:
        used = set(layer[list(now.chosen)].tolist())
        free = np.array([one for one in kept if layer[one] not in used], dtype=np.int64)
        gains = _gains(question, now, free)
        order = np.argsort(-gains, kind="stable")[:N_REFITTED]
        best_free = free[order[gains[order] > 0]].tolist()
        fitted = [_fit(question, (*now.chosen, one), now) for one in best_free]
        options = [one for one in fitted if _chance(question, one) < alarm]
        best = min(options, key=lambda one: one.bic, default=None)
        if best is None or best.bic >= now.bic:
            return now
        now = _drop(question, _change_forms(question, best, tried, layer))


def _fit(question: SelectionProblem, chosen: tuple[int, ...], before: Step | None = None) -> Step:
    x = question.model(chosen)
    start = None
    if before is not None and len(chosen) == len(before.chosen) + 1:
        start = np.r_[before.fit.coef, 0.0]
    fit = fit_conditional(question.counts, x, start)
    bic = len(chosen) * np.log(max(1, question.n_cells)) - 2 * fit.log_likelihood
    return Step(chosen, fit, float(bic))


def _gains(question: SelectionProblem, now: Step, free: Ints) -> Floats:
    """Return about how much each free column would add to the log-likelihood: (k,)."""
    model, x = question.model(now.chosen), question.columns[:, free]
    mu = now.fit.expected
    both = question.counts.hessian(np.column_stack([model, x]), mu)
    k = model.shape[1]
    slope = np.linalg.solve(both[:k, :k], both[:k, k:]) if k else np.zeros((0, len(free)))
    own = np.diag(both)[k:] - (both[k:, :k] * slope.T).sum(axis=1)
    score = (question.counts.y - mu) @ (x - model @ slope)
    is_own = (score > 0) & (own > LEAST_OWN * np.diag(both)[k:])
    return np.where(is_own, score**2 / np.maximum(own, TINY), 0.0)


def _chance(question: SelectionProblem, step: Step) -> float:
    """Return the chance that the last column's coefficient is so high with no factor there.

    Its error is that between blocks, since neighbors are alike. Where few blocks carry most of
    what is known of it, it is judged by a t of as few (Carter, Schnepel & Steigerwald 2017, Review
    of Economics and Statistics 99, pp. 698-709).
    """
    counts, x, fit = question.counts, question.model(step.chosen), step.fit
    means = counts.sums(x * fit.expected[:, None]) / counts.totals[:, None]
    weights = np.linalg.solve(fit.information, np.eye(len(fit.coef))[-1])
    pull = (x - means[counts.part]) @ weights
    number = np.unique(question.block, return_inverse=True)[1]
    moved = np.bincount(number, pull * (counts.y - fit.expected))
    known = np.bincount(number, pull**2 * fit.expected)
    n_known = known.sum() ** 2 / max(float((known**2).sum()), TINY)
    if n_known < 2:
        return 1.0
    error = np.sqrt((moved**2).sum() * n_known / (n_known - 1))
    return float(stdtr(n_known - 1, -fit.coef[-1] / max(float(error), TINY)))


def _change_forms(question: SelectionProblem, now: Step, tried: Ints, layer: Ints) -> Step:
    """Give each layer of the model the form that fits best, the others left as they are."""
    for at in range(len(now.chosen)):
        for form in tried[layer[tried] == layer[now.chosen[at]]]:
            if form == now.chosen[at]:
                continue
            other = _fit(question, (*now.chosen[:at], int(form), *now.chosen[at + 1 :]))
            if other.bic < now.bic:
                now = other
    return now


def _drop(question: SelectionProblem, now: Step) -> Step:
    """Drop factors without which BIC is lower, and those that no longer raise risk."""
    while now.chosen:
        n_always = question.always.shape[1]
        options = [
            (_fit(question, (*now.chosen[:at], *now.chosen[at + 1 :])), now.fit.coef[n_always + at])
            for at in range(len(now.chosen))
        ]
        wrong = [one for one, coef in options if coef <= 0]
        best = min((wrong or [one for one, _ in options]), key=lambda one: one.bic)
        if not wrong and best.bic >= now.bic:
            return now
        now = best
    return now


# ---- How sure a relative risk value is: the city's large parts are drawn again, with repeats.


N_DRAWS = 400
COVERAGE = 0.90


def draw_again(counts: StratifiedCounts, x: Floats, coef: Floats, block: Ints, seed: int) -> Floats:
    """Fit coefficients to the blocks of many draws with repeats: (draws, p)."""
    blocks, number = np.unique(block[counts.first], return_inverse=True)
    rng = np.random.default_rng(seed)
    drawn = np.zeros((N_DRAWS, len(coef)))
    if not len(coef):
        return drawn
    for at in range(N_DRAWS):
        weight = np.bincount(rng.integers(len(blocks), size=len(blocks)), minlength=len(blocks))
        of_part = weight[number]
        some, rows = counts.of_parts(of_part > 0)
        y = some.y * of_part[counts.part[rows]]
        drawn[at] = fit_conditional(StratifiedCounts(y, some.part, some.offset), x[rows], coef).coef
    return drawn


def interval(drawn: Floats, n_blocks: int) -> tuple[Floats, Floats]:
    """Return the interval of each relative risk value: two arrays of length p.

    Percentiles of few blocks are too narrow; they are widened as a t of so many blocks is wider
    than a normal (Hesterberg 2015, The American Statistician 69, pp. 371-386).
    """
    n = max(2, n_blocks)
    tail = ndtr(np.sqrt(n / (n - 1)) * stdtrit(n - 1, (1 - COVERAGE) / 2))
    low, high = np.exp(np.quantile(drawn, [tail, 1 - tail], axis=0))
    return low, high


# ---- Negative controls: places put where shootings are, in a factor's place in the model.


N_CONTROLS = 20
CONTROL_SHARE = 0.9
CONTROL_SPREAD_M = 300.0
"""Incidents are spread over so many meters (a standard deviation), and control places are drawn by
that: they follow shootings and are no factor, and what nine in ten of them reach is no news."""


def smooth_counts(counts: Floats, grid: Grid) -> Floats:
    """Spread counts by a walk from cell to cell, of which nothing leaves the city: (m,)."""
    touching = grid.touching
    n_near: Floats = np.asarray(touching.sum(axis=1)).ravel()
    # A step leads to a neighbor six times in seven: sqrt(3 / 7) blocks along each axis.
    step_m = max(grid.spacing_m, 1.0) * np.sqrt(3 / 7)
    for _ in range(max(1, round((CONTROL_SPREAD_M / step_m) ** 2))):
        counts = np.asarray(touching @ (counts / n_near))
    return counts


def draw_places(n: int, weights: Floats, grid: Grid, random: np.random.Generator) -> Floats:
    """Draw places by the weights of cells, each anywhere within half a block: (n, 2) meters."""
    at = random.choice(len(weights), size=n, p=weights / weights.sum())
    away_m, turn = np.sqrt(random.random(n)) * grid.spacing_m / 2, random.random(n) * 2 * np.pi
    away = away_m[:, None] * np.column_stack([np.cos(turn), np.sin(turn)])
    return np.asarray(grid.center_xy[at] + away)


def control_values(
    question: SelectionProblem,
    chosen: Step,
    sizes: Sequence[int],
    draw: Callable[[int, np.random.Generator], Rasters],
    seed: int,
) -> Floats:
    """Return what nine in ten controls in each factor's place reach, as relative risk values: (k,).

    A control has as many places as the factor's layer (`sizes`), and its best form counts.
    `draw` draws so many places on the cells of the question.
    """
    random = np.random.default_rng(seed)
    reached = np.ones((len(chosen.chosen), N_CONTROLS))
    for at, n_places in enumerate(sizes):
        others = question.columns[:, list(chosen.chosen[:at] + chosen.chosen[at + 1 :])]
        k = others.shape[1]
        for number in range(N_CONTROLS):
            drawn = draw(n_places, random)
            own = replace(question, columns=drawn.columns, forms=drawn.forms)
            free = k + np.flatnonzero(exclusion_reasons(own, [n_places]) == "tried")
            joint = replace(question, columns=np.column_stack([others, drawn.columns]))
            base = _fit(joint, tuple(range(k)))
            gains = _gains(joint, base, free)
            if gains.max(initial=0.0) > 0:
                best = _fit(joint, (*base.chosen, int(free[gains.argmax()])), base)
                reached[at, number] = max(1.0, float(np.exp(best.fit.coef[-1])))
    return np.asarray(np.quantile(reached, CONTROL_SHARE, axis=1))


PART_STEPS, BLOCK_STEPS = 2, 3
"""Places are compared within cells two resolutions coarser, of 49 cells (at resolution 10 0.7
km2). Cells three coarser, of 343 (5 km2), are what folds and draws are made of."""

LEAST_COARSE_BLOCKS = 20
"""With fewer of the coarser ones that hold incidents, a small city's draws are of the finer."""

TRIED = {
    "layer": "the places",
    "what": "what the file lists",
    "source": "who keeps it",
    "as_of": "day that it is of; empty where not known",
    "file": "its name",
    "places": "places in the city",
    "lost": "rows without a place, or far outside the city",
    "form": "`near`: a place within the extent; `many`: over 2 standard deviations above the "
    "mean of the blocks compared",
    "extent_m": "meters from a block's center",
    "at_least": "how many places are within it: 1, or for `many` the lowest number over the line",
    "half_blocks": "the same in half-blocks",
    "land_share": "share of the blocks compared in which the form holds",
    "status": "`tried`, `too few places`, `too few blocks`, `nearly everywhere` or `too few parts`",
    "is_kept": "whether the elastic net keeps it",
    "is_chosen": "whether it is in the model",
    "rrv": "relative risk value: times as many incidents as elsewhere in the same part of the city",
    "low": "with `high`, the range that fits the data, 9 times in 10",
    "high": "",
    "control": "nine in ten as many places put where shootings are reach this value or less",
}
"""Columns of factors.csv."""


@dataclass(frozen=True)
class RiskFactor:
    """Places that mark where risk is higher, how far around them, and how much.

    Fields: `layer`, `form`, `extent_m`, `at_least`, `rrv`, `low`, `high`, `control`, `is_present`.
    """

    layer: FactorLayer
    form: str  # `near` or `many`
    extent_m: float  # meters from a cell's center
    at_least: int  # how many places are within it: 1, or what counts as many
    rrv: float  # times as many incidents as elsewhere in the same part of the city
    low: float  # with `high`, its 90% interval
    high: float
    control: float  # nine in ten as many places put where shootings are reach this or less
    is_present: Bools  # (m,) the cells in which it holds

    @property
    def is_marker(self) -> bool:
        """Whether it is no more than a marker of where shootings are."""
        return self.rrv <= self.control


@dataclass(frozen=True)
class RiskModel:
    """The factors that were found, and all that were tried.

    Fields: `factors`, `tried`, `score`, `is_compared`, `cells`, `n_incidents`, `n_used`, `n_parts`,
    `n_blocks`.
    """

    factors: tuple[RiskFactor, ...]  # the largest relative risk value first
    tried: pd.DataFrame  # a form of a layer a row, as `TRIED`
    score: Floats  # (m,) relative risk score; NaN where nobody is taken to be
    is_compared: Bools  # (m,) cells in parts with an incident, where people can be
    cells: Cells  # (m,)
    n_incidents: int  # incidents given
    n_used: int  # of them in cells that are compared
    n_parts: int  # parts of the city with an incident
    n_blocks: int  # larger parts that the intervals rest on

    @property
    def columns(self) -> Floats:
        """(m, factors) 1 where a factor holds."""
        columns = [one.is_present.astype(np.float64) for one in self.factors]
        return np.column_stack(columns) if columns else np.zeros((len(self.cells), 0))


def fit_risk_terrain(
    incidents: npt.ArrayLike,
    layers: Sequence[FactorLayer],
    grid: Grid,
    street_m: npt.ArrayLike | None = None,
    *,
    seed: int = 0,
    progress: ProgressCallback = no_progress,
) -> RiskModel:
    """Find which places mark where risk is higher, and how far around them (risk terrain modeling).

    Each layer is tried in several forms: within 1 to 6 half-blocks of a place, and many places
    (over 2 standard deviations more than the mean of the blocks compared) within 2, 4 and 6. An
    elastic net of Poisson counts, its penalty chosen by cross-validation over parts of the city,
    keeps some. A stepwise pass by BIC builds the model of them, one form a layer; a form that
    enters must also hold between parts of the city, at a line that lets a factor into one city of
    twenty without any. Relative risk values are the exponentials of the coefficients, their
    intervals from drawing the city's parts again with repeats. Beside each stands what as many
    places reach that are drawn by the city's own smoothed counts and take its place in the model.

    Counts are compared within cells two resolutions coarser (49 cells, about .7 km2 at
    resolution 10), so that what such a part has in common (its people, its history) is no factor's
    merit. A factor may still mark places merely because more people are there: this finds places
    where risk is higher, and nothing about why.

    Parameters
    ----------
    incidents
        The cell of each incident, of the grid.
    layers
        Points, lines or polygons in meters, in the system of the grid's centers.
    grid
        The study area's cells.
    street_m
        (m,) meters of street in each cell. Cells without any are left out, and the length is in
        every model. None compares all land.
    seed
        Of folds and draws.
    progress
        Called with a step's name as it begins.

    Returns
    -------
    RiskModel
        Factors with extent, relative risk value and 90% interval; all forms that were tried; and
        each cell's relative risk score, the product of its factors' values over the smallest
        product. A model without factors is a result.

    Raises
    ------
    TableError
        If an incident's cell is not of the grid.
    CrsError
        If a layer is not in meters.

    References
    ----------
    Caplan & Kennedy (2016), Risk Terrain Modeling, University of California Press; Caplan,
    Kennedy & Piza (2013), Risk Terrain Modeling Diagnostics Utility user manual, Rutgers Center
    on Public Security.

    Examples
    --------
    The made-up city, with stores made up where every 40th incident was:

    >>> import geopandas as gpd
    >>> from csa.extras.risk.layers import FactorLayer
    >>> study_area = csa.locate_incidents(city)
    >>> stores = gpd.GeoSeries(
    ...     gpd.points_from_xy(*study_area.xy[::40].T), crs=config.city.metric_crs
    ... )
    >>> layer = FactorLayer("stores", stores)
    >>> found = fit_risk_terrain(study_area.cells, [layer], study_area.grid)
    >>> [(factor.layer.name, factor.rrv > 1.5, factor.low > 1) for factor in found.factors]
    [('stores', True, True)]
    """
    counts = _count(np.asarray(incidents, dtype=np.uint64), grid)
    for layer in layers:
        require_meters(layer.shapes.crs)
    progress("layers")
    streets = None if street_m is None else np.asarray(street_m, dtype=np.float64)
    part, is_compared = _compared(counts, grid, streets)
    rasters = rasterize(layers, grid.center_xy, grid.spacing_m, is_compared)
    question, rows = _ask(counts, rasters, grid, streets, (part, is_compared))
    progress("factors")
    reasons = exclusion_reasons(question, rasters.n_places)
    tried = np.flatnonzero(reasons == "tried")
    kept = select_elastic_net(question, tried, seed) if len(tried) else tried
    chosen = step_by_bic(question, tried, kept)
    progress("draws")
    x, n_always = question.model(chosen.chosen), question.always.shape[1]
    drawn = draw_again(question.counts, x, chosen.fit.coef, question.block, seed)[:, n_always:]
    n_blocks = len(np.unique(question.block))
    low, high = interval(drawn, n_blocks)
    rrv = np.exp(chosen.fit.coef[n_always:])
    progress("controls")
    sizes = [rasters.n_places[rasters.forms[one].layer] for one in chosen.chosen]
    weights = np.where(is_compared, smooth_counts(counts, grid), 0.0)

    def draw_control(n: int, random: np.random.Generator) -> Rasters:
        xy = draw_places(n, weights, grid, random)
        return draw_points(xy, grid.center_xy, grid.spacing_m, is_compared, rows)

    control = control_values(question, chosen, sizes, draw_control, seed)
    order = np.argsort(-rrv, kind="stable")
    factors = tuple(
        RiskFactor(
            layers[form.layer],
            form.kind,
            form.extent_m,
            form.at_least,
            float(rrv[at]),
            float(low[at]),
            float(high[at]),
            float(control[at]),
            rasters.columns[:, chosen.chosen[at]] > 0,
        )
        for at in order.tolist()
        for form in (rasters.forms[chosen.chosen[at]],)
    )
    table = _table(layers, rasters, question, reasons, grid.spacing_m / 2)
    table["is_kept"] = np.isin(np.arange(len(table)), kept)
    table["is_chosen"] = np.isin(np.arange(len(table)), chosen.chosen)
    values = np.column_stack([rrv, low, high, control])
    table.loc[list(chosen.chosen), ["rrv", "low", "high", "control"]] = values
    return RiskModel(
        factors,
        table[list(TRIED)],
        _score(rasters.columns[:, list(chosen.chosen)], rrv, streets),
        is_compared,
        grid.h3_cells,
        len(np.asarray(incidents)),
        int(counts[rows].sum()),
        len(question.counts.first),
        n_blocks,
    )


def _count(incidents: Cells, grid: Grid) -> Floats:
    """Count incidents by cell, in the order of the grid; refuse some outside it: (m,)."""
    positions = grid.at(incidents)
    if n_outside := len(np.asarray(incidents)) - len(positions):
        raise TableError("risk_terrain.cells", n=n_outside)
    return np.bincount(positions, minlength=len(grid.area_km2)).astype(np.float64)


def _compared(counts: Floats, grid: Grid, street_m: Floats | None) -> tuple[Ints, Bools]:
    """Return each cell's part of the city, and which cells can answer: (m,) each."""
    part = _coarser(grid, PART_STEPS)
    is_ground = np.ones(len(part), dtype=bool) if street_m is None else street_m > 0
    held = np.bincount(part, counts * is_ground, minlength=int(part.max(initial=-1)) + 1)
    return part, is_ground & (held[part] > 0)


def _coarser(grid: Grid, steps: int) -> Ints:
    """Return the number of each cell's parent, so many resolutions coarser: (m,)."""
    cells = grid.h3_cells
    finest = cell_resolution(cells[0]) if len(cells) else steps
    return np.unique(parents(cells, finest - steps), return_inverse=True)[1].astype(np.int64)


def _ask(
    counts: Floats,
    rasters: Rasters,
    grid: Grid,
    street_m: Floats | None,
    compared: tuple[Ints, Bools],
) -> tuple[SelectionProblem, Ints]:
    """Take the cells that can answer, sorted by their part of the city."""
    part, is_compared = compared
    block = _coarser(grid, BLOCK_STEPS)
    if len(np.unique(block[is_compared])) < LEAST_COARSE_BLOCKS:
        block = part
    rows = np.flatnonzero(is_compared)
    rows = rows[np.argsort(part[rows], kind="stable")]
    _, number = np.unique(part[rows], return_inverse=True)
    offset = np.log(grid.area_km2.to_numpy()[rows])
    always = np.zeros((len(rows), 0))
    if street_m is not None:
        always = np.log1p(street_m[rows] / grid.spacing_m)[:, None]
    asked = StratifiedCounts(counts[rows], number.astype(np.int64), offset)
    return SelectionProblem(asked, rasters.columns[rows], always, block[rows], rasters.forms), rows


def _score(columns: Floats, rrv: Floats, street_m: Floats | None) -> Floats:
    product = np.exp(columns @ np.log(rrv))
    score = product / product.min(initial=np.inf)
    return np.asarray(score if street_m is None else np.where(street_m > 0, score, np.nan))


def _table(
    layers: Sequence[FactorLayer],
    rasters: Rasters,
    question: SelectionProblem,
    reasons: npt.NDArray[np.object_],
    half_m: float,
) -> pd.DataFrame:
    share = question.columns.mean(axis=0) if question.n_cells else np.zeros(len(rasters.forms))

    def row(at: int, form: Form) -> dict[str, object]:
        layer = layers[form.layer]
        return {
            **{name: getattr(layer, name) for name in ("what", "source", "as_of", "file", "lost")},
            "layer": layer.name,
            "places": rasters.n_places[form.layer],
            "form": form.kind,
            "extent_m": form.extent_m,
            "at_least": form.at_least,
            "half_blocks": round(form.extent_m / half_m) if half_m else 0,
            "land_share": share[at],
            "status": reasons[at],
        }

    table = pd.DataFrame([row(at, form) for at, form in enumerate(rasters.forms)])
    return table.reindex(columns=list(TRIED)).astype(
        dict.fromkeys(("rrv", "low", "high", "control"), float)
    )
