"""Would the same areas be found again? DBSCAN by scikit-learn, and places strong and weak."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, strategies as st
from tests.areas.ground import (
    AT,
    GRID,
    ISLAND,
    LAKESIDE,
    MIDDLE,
    TOWN,
    cells_at,
    combined,
    on_land,
    params,
    plainly_reached,
    slow_middle,
    straight_row,
    towns,
)
from tests.properties import examples

from csa.areas import stability
from csa.areas.forming import form_areas, link
from csa.areas.mixture import Ground, MapMixture
from csa.areas.stability import PastIncidents, measure_stability
from csa.geo.cells import jaccard

WEST, EAST = straight_row(11)[0], straight_row(11)[-1]  # 3.5 km apart


SHARES = np.random.default_rng(4).dirichlet(np.full(29, 0.5))
ONLY_COUNTS = np.eye(29)[3]  # what was counted in all years, unspread
GROUNDS = {
    id(grid): Ground.of(grid.neighbors, grid.area_km2.to_numpy())
    for grid in (GRID, LAKESIDE, ISLAND)
}


def past_of(xy, months_ago=20.5, period_months=36, grid=GRID, shares=ONLY_COUNTS):
    """Incidents on a grid, all in one month of the period, and not of its last year, unless told."""
    xy = np.asarray(xy, dtype=float).reshape(-1, 2)
    at = grid.at(cells_at(xy))
    ago = np.broadcast_to(np.asarray(months_ago, dtype=float), len(xy))
    return PastIncidents(
        xy,
        at,
        ago,
        period_months,
        GROUNDS[id(grid)],
        MapMixture(shares, ()),
        np.zeros(len(grid.area_km2), dtype=bool),
    )


def form(past, choices, grid=GRID, wide=None):
    """Find areas from all of the past, as a proposal does; wide maps are those of another past."""
    maps = past.ground.maps(past.at, past.months_ago)
    if wide is not None:
        maps[:, 16:] = wide.ground.maps(wide.at, wide.months_ago)[:, 16:]
    is_in = past.months_ago < past.period_months
    expected = combined(maps, past.stack.shares) * int(is_in.sum())
    return form_areas(past.xy[is_in], past.at[is_in], grid, choices, expected).areas


def knots(counts):
    """So many incidents at the center of each cell, within 20 m."""
    rng = np.random.default_rng(1)
    return np.concatenate([AT[cell] + rng.uniform(-20, 20, (n, 2)) for cell, n in counts.items()])


@st.composite
def pasts(draw, grids=(GRID, LAKESIDE, ISLAND)):
    """Incidents of some years on street corners, and the months of a period."""
    grid = draw(st.sampled_from(grids))
    xy = on_land(draw(towns()), grid)
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    months_ago = rng.integers(0, draw(st.sampled_from([10, 60, 150])), len(xy)) + 0.5
    months = draw(st.sampled_from([12, 36]))
    return past_of(xy, months_ago, months, grid, draw(st.sampled_from([SHARES, ONLY_COUNTS]))), grid


choices_of = st.builds(
    params,
    eps_m=st.sampled_from([50, 90, 130, 180, 260]),
    min_samples=st.integers(2, 8),
    limit=st.sampled_from([0.25, 0.8, 2.0]),
)


# ---- By hand -------------------------------------------------------------------------------


def test_alike_is_the_cells_of_both_over_the_cells_of_either():
    one = frozenset({1, 2, 3})
    assert jaccard(one, one) == 1
    assert jaccard(one, frozenset({4})) == 0
    assert jaccard(one, frozenset({2, 3, 4})) == 0.5
    assert jaccard(one, frozenset({1, 2, 3, 4, 5, 6, 7})) == pytest.approx(3 / 7)
    assert jaccard(frozenset(), one) == 0


def test_the_minimum_is_scaled_by_the_part_that_is_kept():
    past, choices = past_of(knots({WEST: 60, EAST: 18})), params(100, 12)
    area = [area for area in form(past, choices) if EAST in area]
    # 14 of the 18 are kept on average: hardly ever fewer than 12, often fewer than 14
    assert measure_stability(area, past, GRID, choices, seed=1)[0] > 0.95
    # and so is a density that was found: of the same 12 in this cell
    found = replace(choices, dense_per_km2=12 / float(GRID.area_km2[EAST]))
    assert measure_stability(area, past, GRID, found, seed=1)[0] > 0.95


def test_half_alike_is_the_same_area_and_less_is_another():
    past, choices = past_of(knots({WEST: 60})), params(100, 10)
    (area,) = form(past, choices)
    others = set(TOWN) - area
    as_many = frozenset(sorted(others)[: len(area)])
    assert measure_stability([area | as_many], past, GRID, choices, seed=1, n_subsamples=5)[0] == 1
    one_more = area | as_many | {max(others)}
    assert measure_stability([one_more], past, GRID, choices, seed=1, n_subsamples=5)[0] == 0


def test_only_the_periods_incidents_are_clustered():
    # thirty incidents, two thirds of them before the period: not ten within it
    xy, ago = knots({WEST: 30}), np.repeat([40.5, 10.5], [21, 9])
    area = form(past_of(knots({WEST: 60})), params(100, 10))
    found = measure_stability(
        area, past_of(xy, ago), GRID, params(100, 12), seed=1, n_subsamples=20
    )
    assert found.tolist() == [0]
    found = measure_stability(
        area, past_of(xy, ago, 48), GRID, params(100, 12), seed=1, n_subsamples=20
    )
    assert found.tolist() == [1]
    assert past_of(xy, ago).is_in_period.sum() == 9


# ---- At the edge ---------------------------------------------------------------------------


def test_without_an_area_there_is_nothing_to_find():
    for past in (past_of(np.zeros((0, 2))), past_of(knots({WEST: 3}))):
        assert measure_stability([], past, GRID, params(100, 10), seed=1).tolist() == []


def test_no_incident_links_nothing():
    graph = link(np.zeros((0, 2)), np.zeros(0, dtype=np.int64), GRID, 100)
    assert not graph.reached(np.zeros(0, dtype=bool), 2).any()


def test_a_minimum_of_two_stays_two():
    past, choices = past_of(knots({WEST: 40})), params(100, 2)
    assert stability._Again(past, GRID, choices).params.dbscan.min_samples == 2
    assert stability._Again(past, GRID, params(100, 19)).params.dbscan.min_samples == 15


def test_what_lies_within_eps_to_the_meter_is_near():
    xy = AT[MIDDLE] + np.array([[0.0, 0], [100, 0]])
    past = past_of(xy)
    both = np.ones(2, dtype=bool)
    assert link(past.xy, past.at, GRID, 100).reached(both, 2).any()
    assert not link(past.xy, past.at, GRID, 99.999).reached(both, 2).any()


# ---- True in general -----------------------------------------------------------------------


@given(given=pasts(), choices=choices_of, seed=st.integers(0, 99))
def test_cells_reached_by_some_of_the_incidents_are_those_scikit_learn_reaches(
    given, choices, seed
):
    past, grid = given
    kept = np.random.default_rng(seed).random(len(past.at)) < 0.8
    graph = link(past.xy, past.at, grid, choices.dbscan.eps_m)
    reached = graph.reached(kept, choices.dbscan.min_samples)
    assert set(grid.area_km2.index[reached].tolist()) == plainly_reached(
        past.xy[kept], choices, grid
    )


@given(given=pasts(), choices=choices_of)
def test_from_all_incidents_the_very_areas_of_the_proposal_are_found(given, choices):
    past, grid = given
    areas = form(past, choices, grid)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stability, "KEPT_SHARE", 1.0)
        found = measure_stability(areas, past, grid, choices, seed=1, n_subsamples=2)
        assert found.tolist() == [1.0] * len(areas)
        if len(past.at):
            again = stability._Again(past, grid, choices).areas(np.ones(len(past.at), dtype=bool))
            assert sorted(again, key=lambda area: slow_middle(area, grid)) == list(areas)


@examples(0.3)
@given(given=pasts(), choices=choices_of, seed=st.integers(0, 99))
def test_each_share_is_what_finding_areas_again_from_each_subsample_says(given, choices, seed):
    past, grid = given
    areas, n = form(past, choices, grid), 4
    found = measure_stability(areas, past, grid, choices, seed=seed, n_subsamples=n)
    rng, times = np.random.default_rng(seed), np.zeros(len(areas))
    least = max(2, round(0.8 * choices.dbscan.min_samples))
    scaled = params(choices.dbscan.eps_m, least, choices.max_area_km2)
    for _ in range(n if len(areas) else 0):
        kept = rng.choice(len(past.at), round(0.8 * len(past.at)), replace=False)
        some = replace(past, xy=past.xy[kept], at=past.at[kept], months_ago=past.months_ago[kept])
        again = form(some, scaled, grid, wide=past)
        times += [any(2 * len(a & b) >= len(a | b) for b in again) for a in areas]
    assert found.tolist() == (times / n).tolist()


@examples(0.2)
@given(seed=st.integers(0, 99))
def test_the_same_seed_gives_the_same_shares(seed):
    past, choices = past_of(knots({WEST: 30, EAST: 10})), params(100, 10)
    areas = form(past, choices)
    before = past.xy.copy(), past.at.copy()
    one, again = (
        measure_stability(areas, past, GRID, choices, seed=seed, n_subsamples=10) for _ in range(2)
    )
    assert one.tolist() == again.tolist()
    assert (past.xy == before[0]).all()
    assert (past.at == before[1]).all()
