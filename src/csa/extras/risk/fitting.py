"""Risk terrain of a city: its layers, the months that teach, and those that test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np

from csa.areas.choices import AreaSettings
from csa.areas.land import take_cells
from csa.areas.locating import locate_incidents
from csa.areas.mixture import LEAST_MONTHS
from csa.areas.study_area import StudyArea
from csa.base.arrays import Floats, Ints
from csa.base.logging import ProgressCallback, no_progress
from csa.base.params import LAND_SHARE, Month, Period
from csa.city.dataset import City
from csa.extras.risk.conditional import StratifiedCounts, fit_conditional
from csa.extras.risk.rasters import street_meters
from csa.extras.risk.terrain import BLOCK_STEPS, RiskModel, fit_risk_terrain
from csa.geo.cells import parents

if TYPE_CHECKING:
    from csa.extras.risk.layers import FactorLayer


# ---- Whether factors tell where later shootings fall better than past counts alone do.


WINDOW_MONTHS = 36
EVEN_SHARE = 0.02
"""Of what counts lead one to expect, so much is spread evenly: nowhere is nothing expected."""

N_DRAWS = 2000
TAIL = 0.05


@dataclass(frozen=True)
class HeldOutGain:
    """What factors add to counts alone, on months that neither has seen.

    Fields: `period`, `n`, `per_incident`, `low`, `high`, `caught`, `difference_low`,
    `difference_high`, `weights`.
    """

    period: Period  # the months that were held out
    n: int  # their incidents
    per_incident: float  # log-likelihood gained for each of them
    low: float  # with `high`, its 90% interval
    high: float
    caught: dict[str, float]  # share of them on 2% of the land: by counts, both, factors alone
    difference_low: float  # with `difference_high`, of the share caught by both less by counts
    difference_high: float
    weights: tuple[
        float, ...
    ]  # factor by which each factor multiplies what counts lead one to expect

    @property
    def is_shown(self) -> bool:
        """Whether a gain is beyond chance."""
        return self.low > 0


def measure_gain(
    study_area: StudyArea, model: RiskModel, held: Period, seed: int
) -> HeldOutGain | None:
    """Score the months held out by counts alone and by counts with the model's factors.

    What counts lead one to expect is learned from the city's past (`csa.areas.mixture`); how much
    each factor adds to it, on the months just before those held out. None where the past is too
    short for that, or nothing was held out.
    """
    learned = Period.before(held.start, held.months)
    first = int(study_area.month.min(initial=learned.start.index))
    n = study_area.counts(held)
    if learned.start.index - first < LEAST_MONTHS or not n.sum():
        return None
    y, test = _counts(study_area, learned), _counts(study_area, held)
    x = model.columns
    land = study_area.cover["area_km2"].to_numpy()
    before, now = (_expected(study_area, one, land) for one in (learned, held))
    whole = np.zeros(len(y), dtype=np.int64)
    coef = fit_conditional(StratifiedCounts(y, whole, np.log(before)), x).coef
    both = now * np.exp(x @ coef)
    both /= both.sum()
    alone = np.where(np.isnan(model.score), 0.0, model.score * land)
    gain = test * (np.log(both) - np.log(now))
    parts, block = np.unique(_blocks(study_area), return_inverse=True)
    taken = [_take(rate, study_area) for rate in (now, both, alone)]
    of_blocks = np.column_stack(
        [np.bincount(block, one, len(parts)) for one in (gain, test, *(test * t for t in taken))]
    )
    rng = np.random.default_rng(seed)
    drawn = of_blocks[rng.integers(len(parts), size=(N_DRAWS, len(parts)))].sum(axis=1)
    total = of_blocks.sum(axis=0)
    many = np.maximum(drawn[:, 1], 1.0)
    low, high = np.quantile(drawn[:, 0] / many, [TAIL, 1 - TAIL])
    less, more = np.quantile((drawn[:, 3] - drawn[:, 2]) / many, [TAIL, 1 - TAIL])
    caught = (total[2:] / total[1]).tolist()
    return HeldOutGain(
        held,
        int(total[1]),
        float(total[0] / total[1]),
        float(low),
        float(high),
        dict(zip(("counts", "both", "factors"), caught, strict=True)),
        float(less),
        float(more),
        tuple(np.exp(coef).tolist()),
    )


def _counts(study_area: StudyArea, period: Period) -> Floats:
    """Count a period's incidents by cell: (m,), but for those at suspect points."""
    at = study_area.positions[period.contains(study_area.month) & ~study_area.is_suspect]
    return np.bincount(at, minlength=len(study_area.cover)).astype(np.float64)


def _expected(study_area: StudyArea, period: Period, land: Floats) -> Floats:
    """Return the share of a period's incidents that counts before it lead one to expect: (m,)."""
    expected = study_area.expected(Period.before(period.start, WINDOW_MONTHS))
    share = expected / (expected.sum() or 1.0)
    mixed = (1 - EVEN_SHARE) * share + EVEN_SHARE * land / land.sum()
    return np.asarray(mixed / mixed.sum())


def _take(rate: Floats, study_area: StudyArea) -> Floats:
    land = study_area.land
    order = np.argsort(-rate / land.area_km2, kind="stable")
    return take_cells(order, land, LAND_SHARE * land.total_km2)


def _blocks(study_area: StudyArea) -> Ints:
    cells = study_area.cover.index.to_numpy()
    return parents(cells, study_area.resolution - BLOCK_STEPS).astype(np.int64)


HELD_MONTHS = 36
SEED = 1


@dataclass(frozen=True)
class RiskTerrainRun:
    """What a city's layers show."""

    city: City
    study_area: StudyArea
    layers: tuple[FactorLayer, ...]
    choices: AreaSettings
    learned: Period | None  # the months that the model is fitted to; None without any
    has_streets: bool
    model: RiskModel
    gain: HeldOutGain | None  # None where too few months were held out


def find_risk_terrain(
    city: City,
    layers: Sequence[FactorLayer],
    streets: gpd.GeoSeries | None,
    choices: AreaSettings,
    progress: ProgressCallback = no_progress,
) -> RiskTerrainRun:
    """Fit a city's layers to all months but the last 36 (at most a third), and test them on those.

    Points that may stand for unknown places are left out.
    """
    progress("locate")
    located = locate_incidents(city, choices)
    covered = _covered(city, choices.until)
    learned, held = (None, None) if covered is None else _split(covered)
    grid = located.grid
    is_in = np.zeros(len(located.month), dtype=bool)
    if learned is not None:
        is_in = learned.contains(located.month)
    street_m = None
    if streets is not None:
        street_m = street_meters(streets, grid.center_xy, grid.spacing_m)
    used = located.cells[is_in & ~located.is_suspect]
    model = fit_risk_terrain(used, layers, grid, street_m, seed=SEED, progress=progress)
    progress("held")
    gain = None if held is None else measure_gain(located, model, held, SEED)
    return RiskTerrainRun(
        city, located, tuple(layers), choices, learned, streets is not None, model, gain
    )


def _covered(city: City, until: Month | None) -> Period | None:
    covered = city.dataset.complete_months
    if covered is None or until is None or until >= covered.until:
        return covered
    return Period(covered.start, until) if until > covered.start else None


def _split(covered: Period) -> tuple[Period, Period | None]:
    n_held = min(HELD_MONTHS, covered.months // 3)
    if not n_held:
        return covered, None
    middle = covered.until.plus(-n_held)
    return Period(covered.start, middle), Period(middle, covered.until)
