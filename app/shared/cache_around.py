"""Cached as in `app.shared.cache`: background and cell geometry, services, scores."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from app.shared.cache import cells, proposal
from app.shared.cache_now import SETTINGS, of_city, of_incidents
from app.shared.city_session import Opened
from app.shared.geometry import (
    BaseGeometry,
    CellGeometry,
    RiskLayer,
    base_geometry,
    cell_geometry,
    fitted_geometry,
    risk_geometry,
)
from app.shared.settings import ROOT, deployment
from csa.areas.analysis import highest_risk, risk_in_area, services_near
from csa.areas.choices import Choices
from csa.areas.city_scale import RESOLUTION as AFAR
from csa.areas.fitted_risk import fitted_risk, read_kept
from csa.backtest.by_risk import RiskOrderGain, load_risk_order
from csa.base.errors import CsaError
from csa.config.evidence import EvidenceStudy, load_evidence
from csa.geo.cells import CellSet, as_text, from_text
from csa.geo.ground import parents
from csa.ingest.basemap import MARKER as BASEMAP_MARKER
from csa.risk.why import WhyHere
from csa.risk.why import why_here as find_why


def geometry(opened: Opened, resolution: int) -> tuple[BaseGeometry, CellGeometry]:
    """Write the background and the cells, once, as files that browsers fetch once."""
    return _base(opened.incidents_key, deployment().basemap, _made_ns(), opened), _shapes(
        opened.incidents_key, resolution, opened
    )


@of_incidents(max_entries=4)
def _base(key: str, basemap: Path, made_ns: int, _opened: Opened) -> BaseGeometry:
    return base_geometry(_opened.dataset, basemap)


@of_incidents(max_entries=8)
def _shapes(key: str, resolution: int, _opened: Opened) -> CellGeometry:
    return cell_geometry(cells(_opened, resolution).index.to_numpy())


def geometry_afar(opened: Opened, resolution: int) -> CellGeometry | None:
    """Write the larger cells that a whole city is drawn in; None if areas' cells are as large."""
    return _shapes_afar(opened.incidents_key, resolution, opened) if resolution > AFAR else None


@of_incidents(max_entries=8)
def _shapes_afar(key: str, resolution: int, _opened: Opened) -> CellGeometry:
    larger = np.unique(parents(cells(_opened, resolution).index, AFAR))
    return cell_geometry(larger)


def has_background(opened: Opened) -> bool:
    """Return whether the city has streets, water or parks to draw."""
    try:
        layers = _base(opened.incidents_key, deployment().basemap, _made_ns(), opened).layers
    except CsaError:
        return False  # the map says why
    return bool(set(layers) - {"neighborhoods"})


def _made_ns() -> int:
    """Return when the background was made, so that a new one is a new key."""
    marker = deployment().basemap / BASEMAP_MARKER
    return marker.stat().st_mtime_ns if marker.is_file() else 0


def services(opened: Opened, choices: Choices) -> pd.DataFrame | None:
    """Count the services in and near each area."""
    return _services(opened.key, choices, opened)


@of_city(max_entries=SETTINGS)
def _services(key: str, choices: Choices, _opened: Opened) -> pd.DataFrame | None:
    return services_near(_opened, proposal(_opened, choices))


def risk(opened: Opened, area: CellSet) -> pd.DataFrame | None:
    """Return how much of an area an external score calls high, once."""
    return _risk(opened.key, " ".join(as_text(sorted(area))), opened)


@of_city(max_entries=64)
def _risk(key: str, cells: str, _opened: Opened) -> pd.DataFrame | None:
    return risk_in_area(_opened, frozenset(from_text(cells.split()).tolist()))


def highest_share(opened: Opened) -> float | None:
    """Return the share of scored places counted as highest, which ties can raise."""
    return _highest_share(opened.key, opened)


@of_city(max_entries=4)
def _highest_share(key: str, _opened: Opened) -> float | None:
    found = highest_risk(_opened)
    return None if found is None else found.share


def risk_terrain(opened: Opened) -> Mapping[str, Any] | None:
    """Read what `csa risk` found; the key changes when it has run again."""
    return _risk_terrain(opened.key, opened)


@of_city(max_entries=4)
def _risk_terrain(key: str, _opened: Opened) -> Mapping[str, Any] | None:
    return read_kept(_opened)


def risk_order(opened: Opened) -> RiskOrderGain | None:
    """Read what ordering areas by risk would have gained in past years."""
    return load_risk_order(opened)


def why_here(opened: Opened, area: CellSet) -> WhyHere:
    """Find what marks an area, what is there, and what helped elsewhere."""
    return find_why(opened, area, risk_terrain(opened), studies())


def studies() -> tuple[EvidenceStudy, ...]:
    """Read what studies found: the city's own list, else the one that comes with the program."""
    return load_evidence(deployment().config, ROOT / "config" / "any.toml")


def risk_layer(opened: Opened) -> RiskLayer | None:
    """Return the blocks that the city's own factors mark, else an external score's places."""
    return _risk_layer(opened.key, opened)


@of_city(max_entries=4)
def _risk_layer(key: str, _opened: Opened) -> RiskLayer | None:
    kept, scored = read_kept(_opened), _opened.dataset.risk_terrain
    if kept is not None and kept["factors"]:
        return fitted_geometry(fitted_risk(kept))
    return None if scored is None else risk_geometry(scored)


def has_factors(opened: Opened) -> bool:
    """Return whether `csa risk` found factors, which the map then shows."""
    kept = risk_terrain(opened)
    return kept is not None and bool(kept["factors"])
