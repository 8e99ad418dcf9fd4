"""Results for notebooks and other programs: files, a map, what a page shows; no incident in any."""

import html
import re

import geopandas as gpd
import pyogrio
import pytest
import shapely
from tests.sentences import refuses

import csa

SINCE = csa.Month(2019, 9)


@pytest.fixture(scope="module")
def city(root, sample_folder):
    return csa.open_city(csa.load_city(root / "config" / "sample.toml"), sample_folder)


@pytest.fixture(scope="module")
def proposal(city):
    return csa.propose_areas(city)


@pytest.fixture(scope="module")
def change(city):
    areas = csa.choose_areas(csa.propose_areas(city, csa.AreaSettings(until=SINCE)), ["c-2", "c-5"])
    return csa.Analysis(city, csa.AreaSettings()).change(areas, since=SINCE)


@pytest.fixture(scope="module")
def backtest(city):
    return csa.backtest_areas(city, csa.BacktestSpec((csa.Month(2018, 1), csa.Month(2019, 1)), 6))


@pytest.fixture(params=["proposal", "change", "backtest"])
def result(request):
    return request.getfixturevalue(request.param)


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


def test_each_area_followed_has_what_was_counted_in_its_own_cells_since_the_start(city, change):
    incidents = city.dataset.incidents
    located = incidents[incidents["lon"].notna() & (incidents["occurred_at"] >= str(SINCE))]
    located = located[located["occurred_at"] < str(change.displaced.until)]
    points = gpd.points_from_xy(located["lon"], located["lat"], crs="EPSG:4326")
    at = gpd.GeoDataFrame(geometry=points)
    for layer, counted in ((change.areas, "counted"), (change.rings, "nearby_counted")):
        inside = at.sjoin(layer.reset_index(drop=True), predicate="within")
        by_outline = inside["area_id"].value_counts().reindex(["c-2", "c-5"])
        assert by_outline.tolist() == pytest.approx(change.areas[counted].tolist(), abs=1)
    assert change.areas["verdict"].isin([*csa.Verdict]).all()
    assert (change.areas["no_change_low"] <= change.areas["expected"]).all()
    assert not change.areas.geometry.intersects(change.rings.union_all().buffer(-1e-6)).any()


def test_each_area_of_a_past_day_has_what_came_in_its_own_cells(city, backtest):
    assert [*backtest.areas["origin"].unique()] == ["2018-01", "2019-01"]
    incidents = city.dataset.incidents
    came = incidents[incidents["occurred_at"].between("2019-01-01", "2019-06-30 23:59:59")]
    points = gpd.GeoDataFrame(
        geometry=gpd.points_from_xy(came["lon"], came["lat"], crs="EPSG:4326")
    )
    newest = backtest.areas[backtest.areas["origin"] == "2019-01"].reset_index(drop=True)
    inside = points.sjoin(newest, predicate="within")["area_id"].value_counts()
    assert inside.reindex(newest["area_id"]).tolist() == pytest.approx(
        newest["came"].tolist(), abs=1
    )


@pytest.mark.long_but_first
@pytest.mark.parametrize("ending", [".gpkg", ".parquet", ".geojson"])
def test_what_is_written_is_read_back_and_holds_no_incident(ending, result, tmp_path):
    path = tmp_path / f"a{ending}"
    result.to_file(path)
    for layer in result.LAYERS if ending == ".gpkg" else result.LAYERS[:1]:
        table = read(path, layer)
        assert len(table) == len(getattr(result, layer))
        assert table.crs == "EPSG:4326"
        assert not table.geom_type.str.contains("Point").any()
    content = path.read_bytes()
    result.to_file(path)
    assert path.read_bytes() == content


@pytest.mark.long
def test_cells_are_written_when_they_are_asked_for(proposal, tmp_path):
    for name in ("c.parquet", "c.geojson"):
        proposal.to_file(tmp_path / name, layer="cells")
        assert read(tmp_path / name)["incidents"].sum() == len(proposal.incidents)


@pytest.mark.parametrize(
    ("name", "layer", "key"),
    [("areas.shp", None, "proposal.format"), ("areas.parquet", "incidents", "param.unknown")],
)
def test_another_ending_or_layer_is_refused_and_nothing_is_written(
    name, layer, key, result, tmp_path
):
    with refuses(key, csa.ParamError):
        result.to_file(tmp_path / name, layer)
    assert not list(tmp_path.iterdir())


def test_other_programs_read_a_result_as_geojson(result):
    again = gpd.GeoDataFrame.from_features(result)
    assert again["area_id"].tolist() == result.areas["area_id"].tolist()
    shapes = result.areas.geometry.to_numpy()
    assert shapely.hausdorff_distance(again.geometry.to_numpy(), shapes).max() < 1e-6


@pytest.mark.long
def test_a_notebook_shows_a_sentence_a_map_and_at_most_ten_areas(result):
    page = result._repr_html_()
    assert page.count("data:image/png;base64,") == 1
    assert len(re.findall("<tr", page)) == 1 + min(10, len(result.areas))
    assert html.escape(result.title) in page
    assert "<script" not in page


@pytest.mark.long
def test_a_name_from_a_file_is_text_in_a_notebook(proposal):
    wild = proposal.areas.assign(place_name="<script>x</script>")
    shown = csa.Proposal(wild, proposal.counted, proposal.labels, proposal.summary)._repr_html_()
    assert "<script" not in shown
    assert "&lt;script" in shown


@pytest.mark.long
def test_a_proposal_without_areas_is_drawn_and_shown_too(proposal):
    none = csa.Proposal(
        proposal.areas.iloc[:0], proposal.counted, proposal.labels.iloc[:0], proposal.summary
    )
    assert "<img" in none._repr_html_()
    assert none.incidents.empty


@pytest.mark.parametrize("name", ["proposal", "change", "backtest"])
def test_a_map_to_move_about_holds_its_code_and_asks_no_network(name, request, tmp_path):
    result = request.getfixturevalue(name)
    result.explore().save(tmp_path / "map.html")
    page = (tmp_path / "map.html").read_text(encoding="utf-8")
    assert "Leaflet 1.9" in page
    assert re.findall(r"""<(?:script|link|img)[^>]*(?:src|href)=["'][^"'>]+""", page) == []
    drawn = result.areas[~result.areas.geometry.is_empty]
    assert all(f'"area_id":"{area_id}"' in page for area_id in drawn["area_id"])
    assert ('"steps":' in page) == (name == "proposal")
    if name == "proposal":
        points = shapely.get_coordinates(result.incidents.geometry).tolist()
        assert [(x, y) for x, y in points if f"{x},{y}" in page or f"{y},{x}" in page] == []
