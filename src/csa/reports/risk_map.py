"""The map of a risk terrain: blocks by their relative risk score."""

from __future__ import annotations

from itertools import pairwise

import geopandas as gpd
import numpy as np

from csa.base.crs import LONLAT
from csa.base.text import month, speak
from csa.geo.cells import outline
from csa.reports.maps.sheet import MapSheet
from csa.risk.analysis import RiskTerrainRun

BOUNDS = (1.5, 2.0, 3.0, 5.0)
"""Scores at which classes end; a block without a factor is not colored."""


def risk_sheet(run: RiskTerrainRun) -> MapSheet:
    """Return the contents of the map of a risk terrain."""
    city, dataset, learned = run.city.config.city, run.city.dataset, run.learned
    score = np.nan_to_num(run.model.score, nan=1.0)
    is_higher = score > 1.0
    level = np.searchsorted(BOUNDS, score[is_higher], side="right")
    top = int(level.max(initial=-1)) + 1
    cells = run.model.cells[is_higher]
    words = [
        speak("risk_terrain.class_under", high=BOUNDS[0]),
        *(
            speak("risk_terrain.class_between", low=low, high=high)
            for low, high in pairwise(BOUNDS)
        ),
        speak("risk_terrain.class_over", low=BOUNDS[-1]),
    ]
    since = "" if learned is None else month(str(learned.start))
    through = "" if learned is None else month(str(learned.until.plus(-1)))
    return MapSheet(
        study_area=dataset.study_area,
        neighborhoods=gpd.GeoDataFrame(
            {"name": dataset.neighborhoods["name"].tolist()},
            geometry=dataset.neighborhoods.geometry.tolist(),
            crs=LONLAT,
        ),
        layers={},
        cells=(),
        class_words=tuple(words[:top]),
        areas=(),
        legend_title=speak("risk_terrain.legend"),
        date_line=speak("risk_terrain.span", since=since, through=through) if since else "",
        source_line=run.city.config.public.source,
        is_synthetic=city.is_synthetic,
        units=city.units,
        metric_crs=city.metric_crs,
        # One shape a class: block by block, thousands of rims would be all that is seen.
        shaded=tuple(
            (outline(cells[level == one].tolist()), one) for one in np.unique(level).tolist()
        ),
        language="en",
    )
