"""Risk terrain: planted factors are found, as far and as strong as they are, and no others."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from tests.extras.risk.made_up import CRS, PLANTED, ground, layer, make_city, recovered
from tests.sentences import refuses

from csa.base.errors import CrsError, TableError
from csa.extras.risk.conditional import StratifiedCounts
from csa.extras.risk.layers import FactorLayer
from csa.extras.risk.rasters import MANY_STEPS, N_STEPS, Form, rasterize, street_meters
from csa.extras.risk.terrain import (
    MOST_SHARE,
    TRIED,
    SelectionProblem,
    draw_places,
    fit_risk_terrain,
    smooth_counts,
    step_by_bic,
)


def fit(city, **more):
    return fit_risk_terrain(city.incidents, city.layers, city.grid, city.street_m, **more)


# ---- By hand --------------------------------------------------------------------------------

ROW = np.column_stack([np.arange(0, 2001, 100.0), np.zeros(21)])  # 21 cells, 100 m apart
EVERYWHERE = np.ones(21, dtype=bool)


def column(rasters, form, steps):
    (at,) = (
        n for n, one in enumerate(rasters.forms) if (one.kind, one.extent_m) == (form, steps * 50.0)
    )
    return np.flatnonzero(rasters.columns[:, at]).tolist()


def test_cells_within_half_blocks_of_a_point_or_a_polygon_by_hand():
    corner = FactorLayer("corner", gpd.GeoSeries([shapely.Point(1000, 0)], crs=CRS))
    rasters = rasterize([corner], ROW, 100.0, EVERYWHERE)
    assert column(rasters, "near", 1) == [10]
    assert column(rasters, "near", 2) == [9, 10, 11]  # 100 m away is within 100 m
    assert column(rasters, "near", 6) == [7, 8, 9, 10, 11, 12, 13]
    assert [column(rasters, "many", steps) for steps in MANY_STEPS] == [[], [], []]
    yard = FactorLayer("yard", gpd.GeoSeries([shapely.box(950, -10, 1250, 10)], crs=CRS))
    rasters = rasterize([yard], ROW, 100.0, EVERYWHERE)
    assert len(rasters.forms) == N_STEPS  # of outlines, only how near
    assert column(rasters, "near", 1) == [9, 10, 11, 12, 13]


def test_the_line_of_many_is_set_over_the_blocks_compared_and_its_number_told():
    """A lot at each of ten blocks, three and five at the next: mean 1.5, deviation 1.19.

    With 49 blocks of a park beside them two lots would be many; over the twelve, four are.
    """
    row = np.column_stack([np.arange(61) * 100.0, np.zeros(61)])
    n = [1] * 10 + [3, 5] + [0] * 49
    lots = layer("lots", [(at * 100.0, 0) for at, number in enumerate(n) for _ in range(number)])
    many = {}
    for is_compared in (np.ones(61, dtype=bool), np.arange(61) < 12):
        rasters = rasterize([lots], row, 80.0, is_compared)  # each block reaches its own lots
        (at,) = (
            at for at, one in enumerate(rasters.forms) if (one.kind, one.extent_m) == ("many", 80)
        )
        many[rasters.forms[at].at_least] = np.flatnonzero(rasters.columns[:, at]).tolist()
    assert many == {2: [10, 11], 4: [11]}
    assert {one.at_least for one in rasters.forms if one.kind == "near"} == {1}


def test_streets_are_measured_in_the_cells_that_they_cross():
    street = gpd.GeoSeries([shapely.LineString([(0, 0), (1000, 0)])], crs=CRS)
    meters = street_meters(street, ROW, 100.0)
    assert meters.sum() == pytest.approx(1000)
    assert meters[1:10] == pytest.approx(100, abs=13)
    assert (meters[12:] == 0).all()


@pytest.mark.parametrize(
    ("held", "chosen"), [([15, 11, 15, 11], ()), ([14, 12, 14, 12], (0,))], ids=["varied", "even"]
)
def test_a_factor_enters_where_it_holds_between_blocks_by_a_t_of_as_few(held, chosen):
    """Of four blocks with 20 incidents the factor's half has 13 on average: a log odds of 0.619.

    Its error is their deviation, 2.31 or 1.15, over sqrt(4) x 20 x 0.65 x 0.35: t is 2.44 or 4.88.
    With three degrees of freedom the line of 0.03 is at 2.95.
    """
    y = np.array([[one, 20 - one] for one in held], dtype=float).ravel()
    block = np.repeat(np.arange(4), 2)
    counts = StratifiedCounts(y, block, np.zeros(8))
    x, forms = np.tile([[1.0], [0.0]], (4, 1)), (Form(0, "near", 50.0),)
    question = SelectionProblem(counts, x, np.zeros((8, 0)), block, forms)
    assert step_by_bic(question, np.array([0]), np.array([0])).chosen == chosen


# ---- True in general ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def planted():
    return make_city(3, PLANTED)


@pytest.fixture(scope="module")
def found(planted):
    return fit(planted)


def test_planted_factors_are_found_with_their_extent_and_an_interval_around_the_truth(
    planted, found
):
    rows = recovered(found, planted.grid)
    assert rows["is_right"].all()
    assert rows["covers"].all()
    assert len(found.factors) == len(PLANTED)
    assert all(one.low < one.rrv < one.high for one in found.factors)


def test_the_score_is_the_product_of_the_factors_over_the_smallest(found):
    product = np.prod([np.where(one.is_present, one.rrv, 1.0) for one in found.factors], axis=0)
    assert found.score == pytest.approx(product / product.min())
    assert found.score.min() == 1.0


def test_every_form_that_was_tried_is_listed_and_one_of_a_layer_is_chosen(planted, found):
    tried = found.tried
    assert list(tried.columns) == list(TRIED)
    assert len(tried) == len(planted.layers) * (N_STEPS + len(MANY_STEPS))
    chosen = tried[tried["is_chosen"]]
    assert chosen["layer"].is_unique
    assert set(chosen["layer"]) == {one.layer.name for one in found.factors}
    assert chosen["rrv"].notna().all()
    assert tried.loc[~tried["is_chosen"], "rrv"].isna().all()
    assert (tried["is_kept"] <= (tried["status"] == "tried")).all()
    wide = tried["status"] == "nearly everywhere"
    assert (tried.loc[wide, "land_share"] > MOST_SHARE).all()


@pytest.mark.long
def test_places_that_only_follow_shootings_are_no_more_than_a_marker(planted, found):
    """The oracle draws by a kernel of its own; planted factors are more than that."""
    assert not any(one.is_marker for one in found.factors)
    assert all(1.1 < one.control < 1.5 for one in found.factors)
    xy = planted.grid.center_xy
    shot = xy[planted.grid.at(planted.incidents)]
    values = []
    for seed in range(1, 5):
        rng = np.random.default_rng(seed)
        near = shot[rng.integers(len(shot), size=1500)] + rng.normal(size=(1500, 2)) * 300
        follows = [layer("follows", near)]
        values += fit_risk_terrain(
            planted.incidents, follows, planted.grid, planted.street_m
        ).factors
    assert len(values) == 4  # each looks like a factor
    assert sum(one.is_marker for one in values) >= 3  # nine in ten are none


def test_smoothed_counts_keep_their_sum_and_spread_over_300_m():
    grid = ground()
    middle = int(np.argmin(np.hypot(*(grid.center_xy - grid.center_xy.mean(axis=0)).T)))
    spread = smooth_counts(np.eye(1, len(grid.area_km2), middle)[0] * 10, grid)
    away = grid.center_xy - grid.center_xy[middle]
    assert spread.sum() == pytest.approx(10)
    assert np.sqrt((spread @ away**2) / 10) == pytest.approx(300, rel=0.1)
    drawn = draw_places(5000, spread, grid, np.random.default_rng(1))
    assert drawn.std(axis=0) == pytest.approx(302, rel=0.1)  # and half a block


@pytest.mark.slow
def test_planted_factors_are_found_in_90_of_100_cities_and_9_of_10_intervals_hold_them():
    cities = (make_city(seed, PLANTED) for seed in range(100))
    rows = [recovered(fit(city), city.grid) for city in cities]
    assert np.mean([one["is_right"].to_numpy() for one in rows], axis=0).min() >= 0.9
    covers = [float(value) for one in rows for value in one["covers"].dropna()]
    assert 0.86 <= np.mean(covers) <= 0.94


@pytest.mark.slow
def test_95_of_100_cities_without_any_factor_show_none():
    sizes = (1500, 6000, 9000)
    n_with = sum(
        bool(fit(make_city(seed, n_incidents=sizes[seed % 3])).factors)
        for seed in range(1000, 1100)
    )
    assert n_with <= 5


# ---- At the edge, and refused ---------------------------------------------------------------


def test_no_incident_and_too_few_places_are_results():
    grid = ground()
    lone = layer("lone", grid.center_xy[:1])
    model = fit_risk_terrain([], [lone], grid)
    assert (model.factors, model.n_used, model.n_parts) == ((), 0, 0)
    city = make_city(5, n_incidents=800)
    model = fit_risk_terrain(city.incidents, [lone], city.grid)
    assert set(model.tried["status"]) == {"too few places"}
    assert model.factors == ()


def test_two_copies_of_one_layer_do_not_stop_it(planted):
    twins = [planted.layers[2], planted.layers[2]]
    model = fit_risk_terrain(planted.incidents, twins, planted.grid)
    assert len(model.factors) == 1


def test_degrees_and_cells_of_another_grid_are_refused(planted):
    degrees = FactorLayer("x", gpd.GeoSeries([shapely.Point(-75.1, 40)], crs="EPSG:4326"))
    with pytest.raises(CrsError):
        fit_risk_terrain(planted.incidents, [degrees], planted.grid)
    with refuses("risk_terrain.cells", TableError, n=2):
        fit_risk_terrain([1, 2, planted.incidents[0]], planted.layers, planted.grid)
