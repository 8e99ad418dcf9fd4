"""A proposal for notebooks and other programs: files, a map, what a page shows; no incident in any."""

import re
import sys

import geopandas as gpd
import pyogrio
import pytest
import shapely
from matplotlib.figure import Figure

import csa


@pytest.fixture(scope="module")
def proposal(root, sample_folder):
    config = csa.load_city(root / "config" / "sample.toml")
    return csa.propose_areas(csa.open_city(config, sample_folder))


def test_areas_cells_and_incidents_have_geometry_and_a_system(proposal):
    for table, kind in (
        (proposal.areas, "Polygon"),
        (proposal.cells, "Polygon"),
        (proposal.incidents, "Point"),
    ):
        assert isinstance(table, gpd.GeoDataFrame)
        assert table.crs == "EPSG:4326"
        assert table.geom_type.str.endswith(kind).all()
    counted = proposal.incidents.sjoin(proposal.areas[["area_id", "geometry"]], predicate="within")
    assert (counted["area_id_left"] == counted["area_id_right"]).mean() > 0.99


def read(path, layer=None):
    if path.suffix == ".parquet":
        return gpd.read_parquet(path)
    return pyogrio.read_dataframe(path, layer=layer)


@pytest.mark.parametrize(
    ("name", "layers"),
    [("a.gpkg", ("areas", "cells")), ("a.parquet", ("areas",)), ("a.geojson", ("areas",))],
)
def test_what_is_written_is_read_back_and_holds_no_incident(name, layers, proposal, tmp_path):
    path = tmp_path / name
    proposal.to_file(path)
    for layer in layers:
        table = read(path, layer)
        assert len(table) == len(proposal.cells if layer == "cells" else proposal.areas)
        assert table.crs == "EPSG:4326"
        assert not table.geom_type.str.contains("Point").any()
    content = path.read_bytes()
    proposal.to_file(path)
    assert path.read_bytes() == content


def test_cells_are_written_when_they_are_asked_for(proposal, tmp_path):
    for name in ("c.parquet", "c.geojson"):
        proposal.to_file(tmp_path / name, layer="cells")
        assert read(tmp_path / name)["incidents"].sum() == len(proposal.incidents)


def test_an_ending_that_is_no_format_is_refused_and_nothing_is_written(proposal, tmp_path):
    with pytest.raises(csa.ParamError) as error:
        proposal.to_file(tmp_path / "areas.shp")
    assert error.value.message.key == "proposal.format"
    assert not list(tmp_path.iterdir())


def test_other_programs_read_a_proposal_as_geojson(proposal):
    again = gpd.GeoDataFrame.from_features(proposal)
    assert again["area_id"].tolist() == proposal.areas["area_id"].tolist()
    shapes = proposal.areas.geometry.to_numpy()
    assert shapely.hausdorff_distance(again.geometry.to_numpy(), shapes).max() < 1e-6


def test_a_notebook_shows_a_map_and_at_most_ten_areas(proposal):
    page = proposal._repr_html_()
    assert page.count("data:image/png;base64,") == 1
    assert len(re.findall("<tr", page)) == 1 + min(10, len(proposal.areas))
    assert "Hadderley" in page
    assert "<script" not in page


def test_a_name_from_a_file_is_text_in_a_notebook(proposal):
    wild = proposal.areas.assign(place_name="<script>x</script>")
    shown = csa.Proposal(wild, proposal.counted, proposal.labels, proposal.summary)._repr_html_()
    assert "<script" not in shown
    assert "&lt;script" in shown


def test_a_plot_is_drawn_on_given_axes_with_each_areas_id(proposal):
    axes = proposal.plot(Figure().add_subplot())
    assert {text.get_text() for text in axes.texts} == set(proposal.areas["area_id"])
    assert proposal.plot(axes) is axes


def test_a_proposal_without_areas_is_drawn_and_shown_too(proposal):
    none = csa.Proposal(
        proposal.areas.iloc[:0], proposal.counted, proposal.labels.iloc[:0], proposal.summary
    )
    assert "<img" in none._repr_html_()
    assert none.incidents.empty


def test_a_map_to_move_about_needs_its_extra_and_says_which(proposal, monkeypatch):
    assert "Hadderley" in proposal.explore().get_root().render()
    monkeypatch.setitem(sys.modules, "mapclassify", None)
    monkeypatch.setattr("csa.areas.proposal.find_spec", lambda _: None)
    with pytest.raises(csa.CsaError) as error:
        proposal.explore()
    assert error.value.message.key == "proposal.no_explore"
