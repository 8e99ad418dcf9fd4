"""Risk terrain of a city: its layers, the months that teach, and those that test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np

from csa.areas.choices import Choices
from csa.areas.locating import locate_incidents
from csa.areas.study_area import StudyArea
from csa.base.logging import Tell, silent
from csa.base.params import Month, Period
from csa.dataset.versioned import City
from csa.risk.held_out import HeldOutGain, measure_gain
from csa.risk.rasters import street_meters
from csa.risk.terrain import RiskModel, fit_risk_terrain

if TYPE_CHECKING:
    from csa.ingest.risk_layers import FactorLayer

HELD_MONTHS = 36
SEED = 1


@dataclass(frozen=True)
class RiskTerrainRun:
    """What a city's layers show."""

    city: City
    study_area: StudyArea
    layers: tuple[FactorLayer, ...]
    choices: Choices
    learned: Period | None  # the months that the model is fitted to; None without any
    has_streets: bool
    model: RiskModel
    gain: HeldOutGain | None  # None where too few months were held out


def find_risk_terrain(
    city: City,
    layers: Sequence[FactorLayer],
    streets: gpd.GeoSeries | None,
    choices: Choices,
    tell: Tell = silent,
) -> RiskTerrainRun:
    """Fit a city's layers to all months but the last 36 (at most a third), and test them on those.

    Points that may stand for unknown places are left out.
    """
    tell("locate")
    located = locate_incidents(city, choices)
    covered = _covered(city, choices.until)
    learned, held = (None, None) if covered is None else _split(covered)
    grid = located.grid
    is_in = np.zeros(len(located.month), dtype=bool)
    if learned is not None:
        is_in = learned.holds(located.month)
    street_m = None
    if streets is not None:
        street_m = street_meters(streets, grid.centre_xy, grid.spacing_m)
    used = located.cells[is_in & ~located.is_suspect]
    model = fit_risk_terrain(used, layers, grid, street_m, seed=SEED, tell=tell)
    tell("held")
    gain = None if held is None else measure_gain(located, model, held, SEED)
    return RiskTerrainRun(
        city, located, tuple(layers), choices, learned, streets is not None, model, gain
    )


def _covered(city: City, until: Month | None) -> Period | None:
    covered = city.dataset.whole_months
    if covered is None or until is None or until >= covered.until:
        return covered
    return Period(covered.start, until) if until > covered.start else None


def _split(covered: Period) -> tuple[Period, Period | None]:
    n_held = min(HELD_MONTHS, covered.months // 3)
    if not n_held:
        return covered, None
    middle = covered.until.plus(-n_held)
    return Period(covered.start, middle), Period(middle, covered.until)
