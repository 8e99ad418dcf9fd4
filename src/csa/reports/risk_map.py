"""The map of a risk terrain: blocks by their relative risk score."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from csa.base.arrays import Floats, Ints
from csa.base.text import month, tr
from csa.geo.cells import outline
from csa.reports.maps.sheet import MapSheet
from csa.risk.analysis import RiskTerrainRun

BOUNDS = (1.5, 2.0, 3.0, 5.0)
"""Scores at which classes end; a block without a factor is not colored."""


def risk_classes() -> tuple[str, ...]:
    """Return what each class of relative risk scores is called, lowest first."""
    between = [
        tr("risk_terrain.class_between", low=low, high=high) for low, high in pairwise(BOUNDS)
    ]
    lowest = tr("risk_terrain.class_under", high=BOUNDS[0])
    return (lowest, *between, tr("risk_terrain.class_over", low=BOUNDS[-1]))


def risk_level(score: Floats) -> Ints:
    """Return each block's class, (m,); -1 where no factor holds."""
    return np.where(score > 1.0, np.searchsorted(BOUNDS, score, side="right"), -1)


def risk_sheet(run: RiskTerrainRun) -> MapSheet:
    """Return the contents of the map of a risk terrain."""
    city, dataset, learned = run.city.config.city, run.city.dataset, run.learned
    level = risk_level(np.nan_to_num(run.model.score, nan=1.0))
    cells, words = run.model.cells, risk_classes()
    since = "" if learned is None else month(str(learned.start))
    through = "" if learned is None else month(str(learned.until.plus(-1)))
    return MapSheet(
        study_area=dataset.study_area,
        neighborhoods=dataset.neighborhoods[["name", "geometry"]],
        class_words=words[: int(level.max(initial=-1)) + 1],
        legend_title=tr("risk_terrain.legend"),
        date_line=tr("term.span", first=since, last=through) if since else "",
        source_line=run.city.config.public.source,
        is_synthetic=city.is_synthetic,
        units=city.units,
        metric_crs=city.metric_crs,
        # One shape a class: block by block, thousands of rims would be all that is seen.
        shaded=tuple(
            (outline(cells[level == one].tolist()), one)
            for one in np.unique(level[level >= 0]).tolist()
        ),
    )
