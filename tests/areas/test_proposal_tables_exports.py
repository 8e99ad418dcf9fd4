"""Exports: read back by other programs, the same bytes each time, never a single incident."""

import csv
import io
import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely

from csa.areas.analysis import propose_areas
from csa.areas.choices import AreaSettings
from csa.areas.proposal import AREA_COLUMNS, CELL_COLUMNS
from csa.areas.proposal_tables import EXPORTS, export
from csa.base.errors import ParamError
from csa.base.params import Month
from csa.city.dataset import City
from csa.city.loading import load_city
from csa.geo.cells import draw_cells, from_text
from csa.ingest.intake import ingest_city
from csa.ingest.sources import Inputs

WEST, EAST = (-94.575213, 39.020117), (-94.520213, 39.030217)


@pytest.fixture(scope="module")
def made(new_town):
    """A town's dataset and proposal, made once for each choice; not to be changed."""

    @cache
    def build(n=6, *, is_synthetic=False, **choices):
        town = new_town()
        if is_synthetic:
            town.edit_config('name = "Testville"', 'name = "Testville"\nis_synthetic = true')
        lines = [
            f"{k},KC-{k},2020-05-04,{k % 2},{lon + 0.000231 * k:.6f},{lat},,"
            for first, (lon, lat) in ((0, WEST), (20, EAST))
            for k in range(first, first + n)
        ]
        lines.append("90,KC-90,2020-05-04,0,-94.550211,39.045319,,")  # alone in its cell
        config = load_city(town.config)
        path = town.write("a.csv", *lines)
        dataset = ingest_city(config, Inputs((path,), town.places)).dataset
        chosen = {"until": Month(2020, 6), "months": 1, "min_samples": 4, "eps_m": 250} | choices
        return dataset, propose_areas(City(config, dataset), AreaSettings(**chosen))

    return build


def opened(content, tmp_path, name="x.gpkg"):
    path = tmp_path / name
    path.write_bytes(content)
    return path


# ---- By hand --------------------------------------------------------------------------------


def test_a_geopackage_has_the_areas_and_the_cells(made, tmp_path):
    _, proposal = made()
    path = opened(export(proposal, "areas-and-cells.gpkg"), tmp_path)
    assert [str(name) for name, _ in pyogrio.list_layers(path)] == ["areas", "cells"]
    areas, cells = (pyogrio.read_dataframe(path, layer=layer) for layer in ("areas", "cells"))
    assert areas.columns.tolist() == [*AREA_COLUMNS, "geometry"]
    assert areas["area_id"].tolist() == ["c-1", "c-2"]
    assert areas["incidents"].tolist() == [6, 6]
    assert json.loads(areas["neighborhoods"][0]) == {"West End": 1.0}
    assert areas["cells"].tolist() == [" ".join(row) for row in proposal.areas["cells"]]
    assert areas.crs.to_authority() == cells.crs.to_authority() == ("EPSG", "4326")
    for mine, theirs in zip(proposal.areas.geometry, areas.geometry, strict=True):
        assert shapely.equals_exact(mine, theirs, tolerance=1e-9)
    assert cells.columns.tolist() == [*CELL_COLUMNS, "geometry"]
    assert cells["cell"].tolist() == proposal.cells["cell"].tolist()
    assert cells["incidents"].sum() == 13
    assert cells["homicides"].sum() == 6
    # as wide as ever, though a proposal holds them narrower
    assert cells[["incidents", "homicides"]].dtypes.tolist() == [np.int64, np.int64]


def test_cells_geojson_draws_the_same_cells_as_the_table_empty_ones_too(made, tmp_path):
    _, proposal = made()
    content = export(proposal, "cells.geojson")
    read = json.loads(content)
    assert read["name"] == "cells"
    rows = list(csv.DictReader(io.StringIO(export(proposal, "cells.csv").decode())))
    table = gpd.read_file(opened(content, tmp_path, "cells.geojson")).set_index("cell")
    assert table.index.tolist() == [row["cell"] for row in rows]
    assert table["incidents"].tolist() == [int(row["incidents"]) for row in rows]
    assert 0 < (table["incidents"] > 0).sum() < len(table)
    for shape, drawn in zip(draw_cells(from_text(table.index)), table.geometry, strict=True):
        assert shape.symmetric_difference(drawn).area < 1e-9


# ---- At the edge ----------------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.parametrize("choices", [{"min_samples": 40}, {"kinds": ("homicide",)}])
def test_a_proposal_without_areas_is_a_file_all_the_same(made, tmp_path, choices):
    _, proposal = made(**choices)
    assert proposal.is_empty
    for name in EXPORTS:
        assert export(proposal, name)
    path = opened(export(proposal, "areas-and-cells.gpkg"), tmp_path)
    areas = pyogrio.read_dataframe(path, layer="areas")
    assert areas.empty
    assert areas.columns.tolist() == [*AREA_COLUMNS, "geometry"]
    assert pyogrio.read_dataframe(path, layer="cells")["incidents"].sum() in {13, 6}


# ---- Refused --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["incidents_labels.csv", "proposal.json", "../areas.csv", ""])
def test_an_unknown_export_is_refused_by_name(made, name):
    _, proposal = made()
    with pytest.raises(ParamError) as caught:
        export(proposal, name)
    assert all(known in str(caught.value) for known in EXPORTS)


# ---- True in general ------------------------------------------------------------------------


@pytest.mark.long
def test_the_same_proposal_gives_the_same_bytes(made):
    _, proposal = made()
    once = {name: export(proposal, name) for name in EXPORTS}
    time.sleep(1.1)  # a GeoPackage that noted the second would differ
    assert {name: export(proposal, name) for name in EXPORTS} == once


@pytest.mark.parametrize("name", EXPORTS)
def test_no_export_holds_an_incident_or_its_place(made, name):
    """By id, and by each coordinate: as text, and as the eight bytes of a GeoPackage's shape."""
    dataset, proposal = made()
    content = export(proposal, name)
    for incident_id in dataset.incidents["incident_id"]:
        assert incident_id.encode() not in content
    places = shapely.points(dataset.incidents[["lon", "lat"]].to_numpy())
    for place, row in zip(places, dataset.incidents.itertuples(), strict=True):
        assert shapely.to_wkb(place)[-16:-8] not in content
        assert shapely.to_wkb(place)[-8:] not in content
        assert not re.search(rb"\b%s\d{0,3}\b" % f"{row.lat:.6f}".encode(), content)
        assert not re.search(rb"%s\d{0,3}\b" % f"{row.lon:.6f}".encode(), content)


@pytest.mark.long
def test_cells_say_the_days_and_the_kinds_that_they_count(made):
    _, proposal = made(months=3, kinds=("nonfatal",))
    read = json.loads(export(proposal, "cells.geojson"))
    assert read["kinds"] == ["nonfatal"]
    assert (read["covered_from"], read["covered_through"]) == ("2020-05-04", "2020-05-04")


@pytest.mark.long
def test_readers_who_ask_at_the_same_moment_get_the_same_bytes(made):
    """GDAL's clock is the process's: one reader's end would set it going under another's file."""
    _, proposal = made()
    name = "areas-and-cells.gpkg"
    once = export(proposal, name)
    with ThreadPoolExecutor(6) as readers:
        assert set(readers.map(lambda _: export(proposal, name), range(18))) == {once}
    assert pyogrio.get_gdal_config_option("OGR_CURRENT_DATE") is None


@pytest.mark.long
@pytest.mark.parametrize("is_synthetic", [True, False])
def test_geojson_says_whether_the_city_is_made_up(made, is_synthetic):
    _, proposal = made(is_synthetic=is_synthetic)
    for name in ("areas.geojson", "cells.geojson"):
        assert json.loads(export(proposal, name))["is_synthetic"] is is_synthetic
