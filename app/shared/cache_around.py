"""Cached as in `app.shared.cache`: background and cell geometry, services, scores."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from app.shared.cache import cells, proposal
from app.shared.city_session import Opened
from app.shared.geometry import (
    BaseGeometry,
    CellGeometry,
    RiskLayer,
    base_geometry,
    cell_geometry,
    risk_geometry,
)
from app.shared.settings import deployment
from csa.areas.analysis import highest_risk, risk_near, services_near, vacant_in
from csa.areas.choices import Choices
from csa.areas.city_scale import RESOLUTION as AFAR
from csa.base.errors import CsaError
from csa.geo.cells import parents
from csa.ingest.basemap import MARKER as BASEMAP_MARKER
from csa.risk.files import read_risk


def geometry(opened: Opened, resolution: int) -> tuple[BaseGeometry, CellGeometry]:
    """Write the background and the cells, once, as files that browsers fetch once."""
    return _base(opened.key, deployment().basemap, _made_ns(), opened), _shapes(
        opened.key, resolution, opened
    )


@st.cache_resource(max_entries=4, show_spinner=False)
def _base(key: str, basemap: Path, made_ns: int, _opened: Opened) -> BaseGeometry:
    return base_geometry(_opened.dataset, basemap)


@st.cache_resource(max_entries=8, show_spinner=False)
def _shapes(key: str, resolution: int, _opened: Opened) -> CellGeometry:
    return cell_geometry(cells(_opened, resolution).index.to_numpy())


def geometry_afar(opened: Opened, resolution: int) -> CellGeometry | None:
    """Write the larger cells that a whole city is drawn in; None if areas' cells are as large."""
    return _shapes_afar(opened.key, resolution, opened) if resolution > AFAR else None


@st.cache_resource(max_entries=8, show_spinner=False)
def _shapes_afar(key: str, resolution: int, _opened: Opened) -> CellGeometry:
    larger = np.unique(parents(cells(_opened, resolution).index, AFAR))
    return cell_geometry(larger)


def has_background(opened: Opened) -> bool:
    """Return whether the city has streets, water or parks to draw."""
    try:
        layers = _base(opened.key, deployment().basemap, _made_ns(), opened).layers
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


@st.cache_resource(max_entries=32, show_spinner=False)
def _services(key: str, choices: Choices, _opened: Opened) -> pd.DataFrame | None:
    return services_near(_opened, proposal(_opened, choices))


def vacant(opened: Opened, choices: Choices) -> Mapping[str, Mapping[str, int]] | None:
    """Count the vacant lots and buildings in each area, by kind."""
    return _vacant(opened.key, choices, opened)


@st.cache_resource(max_entries=32, show_spinner=False)
def _vacant(key: str, choices: Choices, _opened: Opened) -> Mapping[str, Mapping[str, int]] | None:
    return vacant_in(_opened, proposal(_opened, choices))


def risk(opened: Opened, choices: Choices) -> pd.DataFrame | None:
    """Return how much of each area an external score calls high, once."""
    return _risk(opened.key, choices, opened)


@st.cache_resource(max_entries=32, show_spinner=False)
def _risk(key: str, choices: Choices, _opened: Opened) -> pd.DataFrame | None:
    return risk_near(_opened, proposal(_opened, choices))


def highest_share(opened: Opened) -> float | None:
    """Return the share of scored places counted as highest, which ties can raise."""
    return _highest_share(opened.key, opened)


@st.cache_resource(max_entries=4, show_spinner=False)
def _highest_share(key: str, _opened: Opened) -> float | None:
    found = highest_risk(_opened)
    return None if found is None else found.share


def risk_terrain(opened: Opened) -> Mapping[str, Any] | None:
    """Read the factors that `csa risk` found: each time, since it may run meanwhile."""
    return read_risk(opened)


def risk_layer(opened: Opened) -> RiskLayer | None:
    """Return the external score's places for the map."""
    return _risk_layer(opened.key, opened)


@st.cache_resource(max_entries=4, show_spinner=False)
def _risk_layer(key: str, _opened: Opened) -> RiskLayer | None:
    scored = _opened.dataset.risk_terrain
    return None if scored is None else risk_geometry(scored)
