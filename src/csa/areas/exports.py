"""A proposal's areas and cells for other programs; never a single incident."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Lock
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio
import shapely

from csa.areas.proposal import Proposal, area_records, proposal_files
from csa.base.crs import LONLAT
from csa.base.errors import ParamError
from csa.base.io import made_in_file
from csa.geo.cells import draw_cells

STILL = "2020-01-01T00:00:00Z"
"""A GeoPackage notes when it was written: the same proposal must give the same bytes."""


ONE_AT_A_TIME = Lock()
"""GDAL's settings are the whole process's, and an app's readers are threads of one."""


def export(proposal: Proposal, name: str) -> bytes:
    """Write a proposal in one of the formats that other programs read."""
    if name not in EXPORTS:
        raise ParamError("param.export", given=name, known=", ".join(EXPORTS))
    return EXPORTS[name](proposal)


def _cells(proposal: Proposal) -> gpd.GeoDataFrame:
    """Draw every cell of the study area, empty ones too: the same rows as cells.csv."""
    shapes = draw_cells(proposal.counted.grid.h3_cells)
    return gpd.GeoDataFrame(
        proposal.cells,
        geometry=shapely.set_precision(shapes.to_numpy(), 1e-7),
        crs=LONLAT,
    )


def _cells_geojson(proposal: Proposal) -> bytes:
    cells = json.loads(_cells(proposal).to_json(drop_id=True, to_wgs84=True))
    head = {"type": cells["type"], "name": "cells", **_notes(proposal)}
    return (json.dumps({**head, "features": cells["features"]}, ensure_ascii=False) + "\n").encode()


def _notes(proposal: Proposal) -> dict[str, Any]:
    names = ("city_name", "is_synthetic", "nonfatal_name", "data_through")
    params = ("kinds", "covered_from", "covered_through")
    return {
        **{name: proposal.summary[name] for name in names},
        **{name: proposal.summary["params"][name] for name in params},
    }


def _geopackage(proposal: Proposal) -> bytes:
    rows = [
        record
        | {
            "neighborhoods": json.dumps(record["neighborhoods"], ensure_ascii=False),
            "cells": " ".join(record["cells"]),
        }
        for record in area_records(proposal.areas)
    ]
    columns = list(rows[0]) if rows else list(proposal.areas.columns.drop("geometry"))
    areas = gpd.GeoDataFrame(
        pd.DataFrame(rows, columns=columns), geometry=proposal.areas.geometry.to_numpy(), crs=LONLAT
    )
    return geopackage({"areas": areas, "cells": _cells(proposal)})


def geopackage(layers: Mapping[str, gpd.GeoDataFrame]) -> bytes:
    """Write tables as the layers of a GeoPackage."""
    return made_in_file(lambda path: _write_layers(path, layers), ".gpkg")


def _write_layers(path: Path, layers: Mapping[str, gpd.GeoDataFrame]) -> None:
    with ONE_AT_A_TIME:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": STILL})
        try:
            for layer, table in layers.items():
                pyogrio.write_dataframe(table, path, layer=layer, geometry_type="Unknown")
        finally:
            pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


def _file(name: str) -> Callable[[Proposal], bytes]:
    return lambda proposal: proposal_files(proposal)[name]


EXPORTS: Mapping[str, Callable[[Proposal], bytes]] = {
    "areas.geojson": _file("areas.geojson"),
    "areas.csv": _file("areas.csv"),
    "cells.geojson": _cells_geojson,
    "cells.csv": _file("cells.csv"),
    "areas-and-cells.gpkg": _geopackage,
}
"""File name to how it is written."""
