"""Cached as in `csa_app.shared.cache`: background and cell geometry, services, scores."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from csa.areas.analysis import highest_risk, risk_in_area, services_near
from csa.areas.backtest.by_risk import RiskOrderGain, load_risk_order
from csa.areas.choices import AreaSettings
from csa.areas.city_scale import RESOLUTION as AFAR
from csa.areas.risk_score import fitted_risk, load_risk
from csa.base.errors import CsaError
from csa.city.loading import EvidenceStudy, load_evidence
from csa.geo.cells import CellSet, as_text, from_text, parents
from csa.ingest.basemap import MARKER as BASEMAP_MARKER
from csa.risk.explanation import AreaExplanation
from csa.risk.explanation import explain_area as find_why
from csa_app.shared.cache import cells, proposal
from csa_app.shared.cache_now import SETTINGS, of_city, of_incidents
from csa_app.shared.city_session import CitySession
from csa_app.shared.geometry import (
    BaseGeometry,
    CellGeometry,
    RiskLayer,
    base_geometry,
    cell_geometry,
    fitted_geometry,
    risk_geometry,
)
from csa_app.shared.settings import ROOT, deployment


def geometry(session: CitySession, resolution: int) -> tuple[BaseGeometry, CellGeometry]:
    """Write the background and the cells, once, as files that browsers fetch once."""
    return _base(session.incidents_key, deployment().basemap, _made_ns(), session), _shapes(
        session.incidents_key, resolution, session
    )


@of_incidents(max_entries=4)
def _base(key: str, basemap: Path, made_ns: int, _session: CitySession) -> BaseGeometry:
    return base_geometry(_session.dataset, basemap)


@of_incidents(max_entries=8)
def _shapes(key: str, resolution: int, _session: CitySession) -> CellGeometry:
    return cell_geometry(cells(_session, resolution).index.to_numpy())


def geometry_afar(session: CitySession, resolution: int) -> CellGeometry | None:
    """Write the larger cells that a whole city is drawn in; None if areas' cells are as large."""
    return _shapes_afar(session.incidents_key, resolution, session) if resolution > AFAR else None


@of_incidents(max_entries=8)
def _shapes_afar(key: str, resolution: int, _session: CitySession) -> CellGeometry:
    larger = np.unique(parents(cells(_session, resolution).index, AFAR))
    return cell_geometry(larger)


def has_background(session: CitySession) -> bool:
    """Return whether the city has streets, water or parks to draw."""
    try:
        layers = _base(session.incidents_key, deployment().basemap, _made_ns(), session).layers
    except CsaError:
        return False  # the map says why
    return bool(set(layers) - {"neighborhoods"})


def _made_ns() -> int:
    """Return when the background was made, so that a new one is a new key."""
    marker = deployment().basemap / BASEMAP_MARKER
    return marker.stat().st_mtime_ns if marker.is_file() else 0


def services(session: CitySession, choices: AreaSettings) -> pd.DataFrame | None:
    """Count the services in and near each area."""
    return _services(session.key, choices, session)


@of_city(max_entries=SETTINGS)
def _services(key: str, choices: AreaSettings, _session: CitySession) -> pd.DataFrame | None:
    return services_near(_session, proposal(_session, choices))


def risk(session: CitySession, area: CellSet) -> pd.DataFrame | None:
    """Return how much of an area an external score calls high, once."""
    return _risk(session.key, " ".join(as_text(sorted(area))), session)


@of_city(max_entries=64)
def _risk(key: str, cells: str, _session: CitySession) -> pd.DataFrame | None:
    return risk_in_area(_session, frozenset(from_text(cells.split()).tolist()))


def highest_share(session: CitySession) -> float | None:
    """Return the share of scored places counted as highest, which ties can raise."""
    return _highest_share(session.key, session)


@of_city(max_entries=4)
def _highest_share(key: str, _session: CitySession) -> float | None:
    found = highest_risk(_session)
    return None if found is None else found.share


def risk_terrain(session: CitySession) -> Mapping[str, Any] | None:
    """Read what `csa risk` found; the key changes when it has run again."""
    return _risk_terrain(session.key, session)


@of_city(max_entries=4)
def _risk_terrain(key: str, _session: CitySession) -> Mapping[str, Any] | None:
    return load_risk(_session)


def risk_order(session: CitySession) -> RiskOrderGain | None:
    """Read what ordering areas by risk would have gained in past years."""
    return load_risk_order(session)


def why_here(session: CitySession, area: CellSet) -> AreaExplanation:
    """Find what marks an area, what is there, and what helped elsewhere."""
    return find_why(session, area, risk_terrain(session), studies())


def studies() -> tuple[EvidenceStudy, ...]:
    """Read what studies found: the city's own list, else the one that comes with the program."""
    return load_evidence(deployment().config, ROOT / "config" / "any.toml")


def risk_layer(session: CitySession) -> RiskLayer | None:
    """Return the blocks that the city's own factors mark, else an external score's places."""
    return _risk_layer(session.key, session)


@of_city(max_entries=4)
def _risk_layer(key: str, _session: CitySession) -> RiskLayer | None:
    kept, scored = load_risk(_session), _session.dataset.risk_terrain
    if kept is not None and kept["factors"]:
        return fitted_geometry(fitted_risk(kept))
    return None if scored is None else risk_geometry(scored)


def has_factors(session: CitySession) -> bool:
    """Return whether `csa risk` found factors, which the map then shows."""
    kept = risk_terrain(session)
    return kept is not None and bool(kept["factors"])
