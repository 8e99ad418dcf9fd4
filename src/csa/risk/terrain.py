"""Risk terrain: which places mark where risk is higher, how far around them, and how sure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from csa.base.arrays import Bools, Cells, Floats, Ints
from csa.base.crs import require_metres
from csa.base.errors import TableError
from csa.base.logging import Tell, silent
from csa.geo.grid import Grid
from csa.geo.ground import parents, resolution_of
from csa.risk.choosing import Question, keep_by_elastic_net, step_by_bic, why_not_tried
from csa.risk.conditional import StratifiedCounts
from csa.risk.doubt import draw_again, interval
from csa.risk.rasters import Form, Rasters, rasterize

if TYPE_CHECKING:
    from csa.ingest.risk_layers import FactorLayer

PART_STEPS, BLOCK_STEPS = 2, 3
"""Places are compared within cells two resolutions coarser, of 49 cells (at resolution 10 0.7
km2). Cells three coarser, of 343 (5 km2), are what folds and draws are made of."""

LEAST_BLOCKS = 20
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
}
"""Columns of factors.csv."""


@dataclass(frozen=True)
class RiskFactor:
    """Places that mark where risk is higher, how far around them, and how much.

    Fields: `layer`, `form`, `extent_m`, `at_least`, `rrv`, `low`, `high`, `is_present`.
    """

    layer: FactorLayer
    form: str  # `near` or `many`
    extent_m: float  # meters from a cell's center
    at_least: int  # how many places are within it: 1, or what counts as many
    rrv: float  # times as many incidents as elsewhere in the same part of the city
    low: float  # with `high`, its 90 % interval
    high: float
    is_present: Bools  # (m,) the cells in which it holds


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
    tell: Tell = silent,
) -> RiskModel:
    """Find which places mark where risk is higher, and how far around them (risk terrain modeling).

    Each layer is tried in several forms: within 1 to 6 half-blocks of a place, and many places
    (over 2 standard deviations more than the mean of the blocks compared) within 2, 4 and 6. An
    elastic net of Poisson counts, its penalty chosen by cross-validation over parts of the city,
    keeps some. A stepwise pass by BIC builds the model of them, one form a layer; a form that
    enters must also hold between parts of the city, at a line that lets a factor into one city of
    twenty without any. Relative risk values are the exponentials of the coefficients, their
    intervals from drawing the city's parts again with repeats.

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
    tell
        Called with a step's name as it begins.

    Returns
    -------
    RiskModel
        Factors with extent, relative risk value and 90 % interval; all forms that were tried; and
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
    >>> study_area = csa.locate_incidents(city)
    >>> stores = gpd.GeoSeries(
    ...     gpd.points_from_xy(*study_area.xy[::40].T), crs=config.city.metric_crs
    ... )
    >>> layer = csa.FactorLayer("stores", stores)
    >>> found = csa.fit_risk_terrain(study_area.cells, [layer], study_area.grid)
    >>> [(factor.layer.name, factor.rrv > 1.5, factor.low > 1) for factor in found.factors]
    [('stores', True, True)]
    """
    counts = _count(np.asarray(incidents, dtype=np.uint64), grid)
    for layer in layers:
        require_metres(layer.shapes.crs)
    tell("layers")
    streets = None if street_m is None else np.asarray(street_m, dtype=np.float64)
    part, is_compared = _compared(counts, grid, streets)
    rasters = rasterize(layers, grid.centre_xy, grid.spacing_m, is_compared)
    question, rows = _ask(counts, rasters, grid, streets, (part, is_compared))
    tell("factors")
    reasons = why_not_tried(question, rasters.n_places)
    tried = np.flatnonzero(reasons == "tried")
    kept = keep_by_elastic_net(question, tried, seed) if len(tried) else tried
    chosen = step_by_bic(question, tried, kept)
    tell("draws")
    x, n_always = question.model(chosen.chosen), question.always.shape[1]
    drawn = draw_again(question.counts, x, chosen.fit.coef, question.block, seed)[:, n_always:]
    n_blocks = len(np.unique(question.block))
    low, high = interval(drawn, n_blocks)
    rrv = np.exp(chosen.fit.coef[n_always:])
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
            rasters.columns[:, chosen.chosen[at]] > 0,
        )
        for at in order.tolist()
        for form in (rasters.forms[chosen.chosen[at]],)
    )
    table = _table(layers, rasters, question, reasons, grid.spacing_m / 2)
    table["is_kept"] = np.isin(np.arange(len(table)), kept)
    table["is_chosen"] = np.isin(np.arange(len(table)), chosen.chosen)
    table.loc[list(chosen.chosen), ["rrv", "low", "high"]] = np.column_stack([rrv, low, high])
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
    finest = resolution_of(cells[0]) if len(cells) else steps
    return np.unique(parents(cells, finest - steps), return_inverse=True)[1].astype(np.int64)


def _ask(
    counts: Floats,
    rasters: Rasters,
    grid: Grid,
    street_m: Floats | None,
    compared: tuple[Ints, Bools],
) -> tuple[Question, Ints]:
    """Take the cells that can answer, sorted by their part of the city."""
    part, is_compared = compared
    block = _coarser(grid, BLOCK_STEPS)
    if len(np.unique(block[is_compared])) < LEAST_BLOCKS:
        block = part
    rows = np.flatnonzero(is_compared)
    rows = rows[np.argsort(part[rows], kind="stable")]
    _, number = np.unique(part[rows], return_inverse=True)
    offset = np.log(grid.area_km2.to_numpy()[rows])
    always = np.zeros((len(rows), 0))
    if street_m is not None:
        always = np.log1p(street_m[rows] / grid.spacing_m)[:, None]
    asked = StratifiedCounts(counts[rows], number.astype(np.int64), offset)
    return Question(asked, rasters.columns[rows], always, block[rows], rasters.forms), rows


def _score(columns: Floats, rrv: Floats, street_m: Floats | None) -> Floats:
    product = np.exp(columns @ np.log(rrv))
    score = product / product.min(initial=np.inf)
    return np.asarray(score if street_m is None else np.where(street_m > 0, score, np.nan))


def _table(
    layers: Sequence[FactorLayer],
    rasters: Rasters,
    question: Question,
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
    return table.reindex(columns=list(TRIED)).astype(dict.fromkeys(("rrv", "low", "high"), float))
