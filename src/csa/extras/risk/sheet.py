"""The map of a risk terrain: blocks by their relative risk score."""

from __future__ import annotations

import numpy as np

from csa.areas.risk_score import risk_classes, risk_level
from csa.base.text import month, tr
from csa.extras.risk.fitting import RiskTerrainRun
from csa.geo.cells import outline
from csa.reports.maps.sheet import MapSheet


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
