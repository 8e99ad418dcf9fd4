"""Name a city's places when its data arrive, so that all readers call them the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import geopandas as gpd

from csa.areas.analysis import propose_and_save
from csa.areas.backtest.recording import build_suggestion, load_suggestion
from csa.areas.choices import city_choices
from csa.areas.places import COMPASS
from csa.base.errors import CsaError
from csa.base.logging import ProgressCallback, no_progress
from csa.base.message import Message, msg
from csa.city.dataset import City

N_STEPS = 4
"""Steps told while areas are proposed."""
LARGE_KM2 = 40.0
"""Land of a polygon that residents would not call one neighborhood: 4 miles by 4."""


def save_place_names(city: City, progress: ProgressCallback = no_progress) -> tuple[Message, ...]:
    """Propose areas as the city's file says, and keep beside the dataset what they are called.

    Returns what to know about the names: nothing, or that the polygons are too coarse to name
    places by. Data in which no area can be looked for give no names, and no error.
    """
    choices = city_choices(city.config)
    try:
        suggestion = build_suggestion(city.config, load_suggestion(city, choices))
        areas = propose_and_save(city, progress, suggestion)
    except CsaError:
        return ()
    return too_coarse(areas, polygons_km2(city))


def polygons_km2(city: City) -> dict[str, float]:
    """Return the land of each neighborhood's polygons, km2."""
    neighborhoods = city.dataset.neighborhoods
    if neighborhoods.empty:
        return {}
    merged = neighborhoods.to_crs(city.config.city.metric_crs).dissolve("name")
    return {str(name): float(m2) / 1e6 for name, m2 in merged.area.items()}


def too_coarse(areas: gpd.GeoDataFrame, km2: Mapping[str, float]) -> tuple[Message, ...]:
    """Warn where a neighborhood with several areas is large, or they outnumber the compass."""
    held = Counter(next(iter(shares), "") for shares in areas["neighborhoods"])
    coarse = [
        (n, name)
        for name, n in held.items()
        if name in km2 and (n > len(COMPASS) + 1 or (n > 1 and km2[name] > LARGE_KM2))
    ]
    if not coarse:
        return ()
    n, name = max(coarse)
    return (msg("ingest.coarse", n=n, name=name),)
