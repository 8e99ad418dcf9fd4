"""What each cell is expected to hold: walks by hand, Gaussians and likelihoods by scipy."""

import math
from dataclasses import replace

import h3.api.basic_int as h3
import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy.optimize import minimize
from scipy.stats import nbinom
from tests.areas.ground import BLOCK, BLOCKS, FEW, combined, grid_of
from tests.properties import examples

from csa.areas import mixture
from csa.areas.mixture import (
    AGES,
    NARROW_M,
    WIDTHS_M,
    Ground,
    MapMixture,
    Subsamples,
    diffusion,
    find_new_places,
    fit_shares,
    map_names,
    raise_emerging,
    renormalize_shares,
    step_m,
    weigh,
)

N_MAPS = 29
AT_BLOCK = int(BLOCKS.at([BLOCK])[0])
WIDE = Ground.of(BLOCKS.neighbors, BLOCKS.area_km2.to_numpy())


def ground_of(grid):
    return Ground.of(grid.neighbors, grid.area_km2.to_numpy(dtype=float))


def hundredth(*columns):
    """Make 29 maps of some cells, in hundredths; those not given are 0."""
    maps = np.zeros((len(columns[0]), N_MAPS))
    maps[:, : len(columns)] = np.array(columns).T / 100
    return maps


@st.composite
def grounds(draw):
    """Any blocks, in one piece or not, clipped to any size."""
    cells = draw(st.sets(st.sampled_from(FEW.area_km2.index.tolist()), min_size=1))
    grid = grid_of(cells)
    part = st.sampled_from([1.0, 1.0, 0.5, 0.01])
    parts = draw(st.lists(part, min_size=len(cells), max_size=len(cells)))
    return ground_of(replace(grid, area_km2=grid.area_km2 * parts))


@st.composite
def pasts(draw, on=None):
    """Incidents somewhere on some ground, some of them still to come."""
    ground = draw(grounds()) if on is None else on
    rng = np.random.default_rng(draw(st.integers(0, 9999)))
    n = draw(st.integers(0, 40))
    at = rng.integers(0, len(ground.area_km2), n)
    return ground, at, rng.integers(-20, draw(st.sampled_from([1, 12, 60, 200])), n) + 0.5


shares_of = st.builds(
    lambda seed: np.random.default_rng(seed).dirichlet(np.full(N_MAPS, 0.3)), st.integers(0, 9999)
)


# ---- By hand -------------------------------------------------------------------------------


def test_there_are_28_maps_and_the_even_land():
    names = map_names()
    assert names[:5] == [*((age, 0) for age in AGES), ("last 12 months", 60)]
    assert names[-2:] == [("all", 900), ("even over the land", None)]
    assert len(set(names)) == N_MAPS


def test_incidents_weigh_by_age_and_not_at_all_before_they_happen():
    half = 84 * math.log(2)  # 58 months
    weights = weigh(np.array([-0.5, 0.5, 11.5, 12.5, 35.5, 36.5, half, 84.0]))
    assert weights[:, 0].tolist() == [0, 1, 1, 0, 0, 0, 0, 0]
    assert weights[:, 1].tolist() == [0, 1, 1, 1, 1, 0, 0, 0]
    assert weights[[0, 1, 6, 7], 2] == pytest.approx([0, 0.99407, 0.5, 1 / math.e], abs=1e-5)
    assert weights[:, 3].tolist() == [0, 1, 1, 1, 1, 1, 1, 1]


def test_a_step_moves_a_seventh_to_each_neighbor_and_nothing_over_the_edge():
    grid = grid_of(h3.grid_disk(BLOCK, 1), km2=0.015)
    middle = int(grid.at([BLOCK])[0])
    walk = diffusion(grid.neighbors, grid.area_km2.to_numpy()).toarray()
    assert walk[:, middle] == pytest.approx([1 / 7] * 7)
    corner = 1 if middle == 0 else 0  # it has three neighbors: four sevenths stay
    assert sorted(walk[:, corner]) == pytest.approx([0, 0, 0, 1 / 7, 1 / 7, 1 / 7, 4 / 7])


def test_a_small_cell_gives_a_large_one_what_it_gets_at_even_density():
    near = np.full((2, 6), -1)
    near[0, 3], near[1, 0] = 1, 0
    walk = diffusion(near, np.array([1.0, 3.0]))
    assert walk.toarray() == pytest.approx(np.array([[6 / 7, 1 / 21], [1 / 7, 20 / 21]]))


def test_a_step_of_hexagons_100_m_apart_is_65_m():
    assert step_m(np.array([math.sqrt(3) / 2 * 0.1**2])) == pytest.approx(65.465, abs=1e-3)


def test_between_whole_steps_both_are_mixed():
    counts = np.zeros((len(BLOCKS.area_km2), 1))
    counts[AT_BLOCK] = 1
    once = WIDE.walk @ counts
    step = step_m(WIDE.area_km2)
    width = 60
    part = (width / step) ** 2
    assert 0.4 < part < 0.6
    none, sixty = WIDE.spread(counts, (0, width))
    assert none.tolist() == counts.tolist()
    np.testing.assert_allclose(sixty, (1 - part) * counts + part * once, atol=1e-15)


def test_each_map_holds_what_its_name_says():
    ground = ground_of(FEW)
    # one lately, one of two years ago elsewhere, one to come
    maps = ground.maps(np.array([2, 9, 15]), np.array([3.5, 24.5, -0.5]))
    column = {name: maps[:, at] for at, name in enumerate(map_names())}
    assert column["last 12 months", 0].nonzero()[0].tolist() == [2]
    assert column["last 36 months", 0][[2, 9]].tolist() == [0.5, 0.5]
    late, early = math.exp(-3.5 / 84), math.exp(-24.5 / 84)
    assert column[AGES[2], 0][2] == pytest.approx(late / (late + early))
    assert column["all", 0].tolist() == column["last 36 months", 0].tolist()
    assert 0 < column["all", 60][1] < column["all", 60][2] < 0.5
    assert column["all", 900] == pytest.approx(1 / 19, rel=0.05)  # far wider than all the land
    even = column["even over the land", None] / FEW.area_km2.to_numpy()
    assert even == pytest.approx(1 / FEW.area_km2.sum())


def test_a_map_that_alone_knew_where_they_came_gets_all_but_the_prior():
    # 29 maps with half an incident each, and ten incidents for the first
    shares = fit_shares([(hundredth([40, 2]), np.array([7.0, 3.0]))], ["2019-01"]).shares
    assert shares[0] == pytest.approx(10.5 / 24.5)
    assert shares[1:] == pytest.approx(0.5 / 24.5)


def test_what_came_is_added_up_over_januaries():
    one, other = (hundredth([40, 2], [1, 30]), np.array([7.0, 3.0])), (hundredth([9]), np.ones(1))
    both = fit_shares([one, other], ["2018-01", "2019-01"])
    at_once = fit_shares([(np.concatenate([one[0], other[0]]), np.array([7.0, 3, 1]))])
    assert both.shares == pytest.approx(at_once.shares)
    assert both.januaries == ("2018-01", "2019-01")
    assert both.shares[0] > both.shares[1] > both.shares[2]


def test_written_down_the_largest_share_comes_first():
    shares = np.full(N_MAPS, 0.01)
    shares[[5, 28]] = 0.43, 0.3
    plain = MapMixture(shares, ("2019-01",)).to_dict()
    assert (plain["januaries"], plain["horizon_months"]) == (["2019-01"], 12)
    assert plain["shares"][:2] == [
        {"incidents": "last 36 months", "spread_m": 60, "share": 0.43},
        {"incidents": "even over the land", "spread_m": None, "share": 0.3},
    ]
    assert len(plain["shares"]) == N_MAPS


# ---- At the edge ---------------------------------------------------------------------------


def test_no_cell_has_no_map():
    ground = ground_of(grid_of([]))
    assert ground.maps(np.zeros(0, dtype=int), np.zeros(0)).shape == (0, N_MAPS)
    by_age = ground.by_age(np.zeros(0, dtype=int), np.zeros(0))
    assert [one.shape for one in ground.mixtures([(by_age, np.ones(N_MAPS))] * 2)] == [(0,), (0,)]


def test_without_a_past_only_the_even_land_is_a_map():
    for ago in (np.zeros(0), np.array([-0.5])):
        maps = ground_of(FEW).maps(np.zeros(len(ago), dtype=int), ago)
        assert maps.sum(axis=0) == pytest.approx([0] * 28 + [1])


def test_with_no_january_or_none_that_anything_came_after_all_maps_count_alike():
    nothing = (np.zeros((0, N_MAPS)), np.zeros(0))
    for known in ([], [nothing], [nothing, nothing]):
        assert fit_shares(known).shares.tolist() == [1 / N_MAPS] * N_MAPS


def test_incidents_where_no_map_saw_any_teach_nothing():
    known = (hundredth([40, 0]), np.array([7.0, 100.0]))
    assert fit_shares([known]).shares == pytest.approx(
        fit_shares([(known[0][:1], known[1][:1])]).shares
    )
    assert fit_shares([(hundredth([0]), np.ones(1))]).shares == pytest.approx(1 / N_MAPS)


# ---- True in general -----------------------------------------------------------------------


@given(ground=grounds())
def test_a_walk_keeps_every_incident_and_leaves_even_density_as_it_is(ground):
    walk, land = ground.walk.toarray(), ground.area_km2
    assert walk.min() >= 0
    np.testing.assert_allclose(walk.sum(axis=0), 1)
    np.testing.assert_allclose(walk @ land, land)
    np.testing.assert_allclose(walk * land, (walk * land).T, atol=1e-15)  # as much back as forth


@given(given=pasts())
def test_maps_add_up_to_1_or_are_empty_and_the_order_of_incidents_says_nothing(given):
    ground, at, ago = given
    maps = ground.maps(at, ago)
    held = [((ago > 0) & (ago < months)).any() for months in (12, 36, 999, 999)]
    assert maps.min() >= 0
    assert maps.sum(axis=0) == pytest.approx([*(np.tile(held, len(WIDTHS_M)) * 1.0), 1])
    np.testing.assert_allclose(ground.maps(at[::-1], ago[::-1]), maps, atol=1e-15)


@given(given=pasts(), later=st.lists(st.integers(0, 60), max_size=5))
def test_the_maps_of_several_days_are_those_of_each_bit_for_bit(given, later):
    ground, at, ago = given
    days = [ago - months for months in [0, *later]]
    together = ground.maps_of_days(at, iter(days))
    assert len(together) == len(days)
    for maps, day in zip(together, days, strict=True):
        np.testing.assert_array_equal(maps, ground.maps(at, day))


@given(given=pasts(), later=st.lists(st.integers(0, 60), max_size=5), seed=st.integers(0, 99))
def test_what_maps_add_up_to_is_found_without_drawing_each(given, later, seed):
    ground, at, ago = given
    rng, days = np.random.default_rng(seed), []
    for months in [0, *later]:
        by_age = ground.by_age(at, ago - months)
        days.append((by_age, renormalize_shares(rng.dirichlet(np.full(N_MAPS, 0.3)), by_age)))
    together = ground.mixtures(days)
    assert len(together) == len(days)
    for mixed, months, (by_age, shares) in zip(together, [0, *later], days, strict=True):
        maps = ground.maps(at, ago - months)
        assert mixed.sum() == pytest.approx(1)
        np.testing.assert_allclose(mixed, maps @ shares, atol=1e-15)
        np.testing.assert_allclose(
            ground.new_map(by_age), maps[:, map_names().index(("last 12 months", 200))], atol=1e-15
        )
        (alone,) = ground.mixtures([(by_age, shares)])
        np.testing.assert_array_equal(mixed, alone)
    assert ground.mixtures([]) == []


@given(given=pasts())
def test_what_is_still_to_come_is_on_no_map(given):
    ground, at, ago = given
    known = ago > 0
    np.testing.assert_array_equal(ground.maps(at, ago), ground.maps(at[known], ago[known]))


@examples(0.5)
@given(given=pasts(on=ground_of(FEW)), seed=st.integers(0, 99), n=st.integers(0, 3))
def test_shares_add_up_to_1_and_none_is_lost(given, seed, n):
    ground, at, ago = given
    rng = np.random.default_rng(seed)
    known = [(ground.maps(at, ago - 3 * k), rng.poisson(1.0, 19) * 1.0) for k in range(n)]
    shares = fit_shares(known).shares
    assert shares.sum() == pytest.approx(1)
    # half an incident each, of all that came and the 29 halves
    assert shares.min() >= 0.5 / (sum(counts.sum() for _, counts in known) + 14.5) - 1e-12


@examples(0.5)
@given(given=pasts(), shares=shares_of, seed=st.integers(0, 99))
def test_a_subsample_draws_the_narrow_maps_anew_and_keeps_the_wide(given, shares, seed):
    ground, at, ago = given
    kept = np.random.default_rng(seed).random(len(at)) < 0.8
    found = Subsamples(ground, MapMixture(shares, ()), at, ago).shares(kept)
    is_narrow = np.array([width is not None and width <= 200 for _, width in map_names()])
    assert is_narrow.sum() == len(NARROW_M) * len(AGES) == 16
    some, full = ground.maps(at[kept], ago[kept]), ground.maps(at, ago)
    known = np.where(full.any(axis=0), shares, 0)
    known /= known.sum()
    wanted = some[:, is_narrow] @ known[is_narrow] + full[:, ~is_narrow] @ known[~is_narrow]
    np.testing.assert_allclose(found, wanted, atol=1e-12)


def test_sums_in_blocks_are_one_sum_to_the_last_digit(monkeypatch):
    rng, ground = np.random.default_rng(24), ground_of(FEW)
    at, ago = rng.integers(0, len(FEW.area_km2), 500), rng.integers(-3, 150, 500) + 0.5
    whole = ground.maps(at, ago)
    monkeypatch.setattr(mixture, "BLOCK", 7)
    np.testing.assert_array_equal(ground.maps(at, ago), whole)


# ---- Against what others compute -----------------------------------------------------------


@pytest.fixture(scope="module")
def clouds():
    """What one incident in the middle of 19 km2 of blocks becomes, by width."""
    counts = np.zeros((len(BLOCKS.area_km2), 1))
    counts[AT_BLOCK] = 1
    return dict(zip(WIDTHS_M, (one[:, 0] for one in WIDE.spread(counts)), strict=True))


@pytest.mark.parametrize("width_m", [60, 120, 200, 300, 500])
def test_a_cloud_is_as_wide_as_a_gaussian(clouds, width_m):
    away = BLOCKS.center_xy - BLOCKS.center_xy[AT_BLOCK]
    assert clouds[width_m] @ away == pytest.approx([0, 0], abs=5)
    # H3 draws hexagons a few percent longer than wide
    across = np.array([[np.sum(clouds[width_m] * x * y) for x in away.T] for y in away.T])
    assert np.trace(across) / 2 == pytest.approx(width_m**2, rel=0.03)
    assert np.linalg.eigvalsh(across) == pytest.approx(width_m**2, rel=0.15)


def posterior(shares, maps, came):
    return came @ np.log(maps @ shares) + 0.5 * np.log(shares).sum()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_shares_are_the_likeliest_by_an_optimizer(seed):
    rng = np.random.default_rng(seed)
    maps = rng.dirichlet(np.full(40, 0.3), N_MAPS).T
    came = rng.multinomial(400, maps @ rng.dirichlet(np.full(N_MAPS, 0.2))) * 1.0

    def loss(logs):
        weights = np.exp(logs - logs.max())
        shares = weights / weights.sum()
        slope = maps.T @ (came / (maps @ shares)) + 0.5 / shares
        return -posterior(shares, maps, came), -shares * (slope - shares @ slope)

    best = minimize(loss, np.zeros(N_MAPS), jac=True, method="L-BFGS-B", options={"maxiter": 5000})
    weights = np.exp(best.x - best.x.max())
    wanted = weights / weights.sum()
    found = fit_shares([(maps[:15], came[:15]), (maps[15:], came[15:])]).shares
    assert posterior(found, maps, came) > -best.fun - 0.5  # a hundred steps end close to the top
    assert np.abs(found - wanted).sum() < 0.1
    assert posterior(found, maps, came) > posterior(np.full(N_MAPS, 1 / N_MAPS), maps, came) + 20


# ---- New places ----------------------------------------------------------------------------


def past_of_blocks():
    """Two hundred old incidents strewn, and ten of the last months at one block."""
    at = np.r_[np.arange(200) % len(BLOCKS.area_km2), np.full(10, AT_BLOCK)]
    ago = np.r_[np.linspace(13, 70, 200), np.full(10, 2.0)]
    shares = np.zeros(len(map_names()))
    shares[map_names().index(("all", 0))] = 1  # the past alone, where it was
    return Ground.of(BLOCKS.neighbors, BLOCKS.area_km2.to_numpy()), at, ago, MapMixture(shares, ())


def test_in_a_new_place_the_last_year_counts_and_elsewhere_nothing_differs():
    ground, at, ago, stack = past_of_blocks()
    maps, is_new = ground.maps(at, ago), np.zeros(len(BLOCKS.area_km2), dtype=bool)
    is_new[[AT_BLOCK, *BLOCKS.neighbors[AT_BLOCK]]] = True
    mixture, last = combined(maps, stack.shares), ground.new_map(ground.by_age(at, ago))
    found = raise_emerging(mixture, last, is_new)
    assert mixture.sum() == pytest.approx(1)
    assert (found[~is_new] == mixture[~is_new]).all()
    new = 0.7 * maps[:, map_names().index(("last 12 months", 200))]
    np.testing.assert_allclose(found[is_new], np.maximum(mixture, new)[is_new])
    assert (found > mixture).any()
    some = np.ones(len(at), dtype=bool)
    again = Subsamples(ground, stack, at, ago, is_new).shares(some)
    np.testing.assert_allclose(again, found, atol=1e-12)


def test_a_subsample_is_told_of_the_cells_asked_for_alone():
    ground, at, ago, stack = past_of_blocks()
    is_asked = np.arange(len(BLOCKS.area_km2)) % 3 == 0
    everything, some = np.ones(len(at), dtype=bool), at % 2 == 0
    for kept in (everything, some):
        full = Subsamples(ground, stack, at, ago).shares(kept)
        part = Subsamples(ground, stack, at, ago, None, is_asked).shares(kept)
        np.testing.assert_allclose(part[is_asked], full[is_asked])
        assert not part[~is_asked].any()


def places_around(steps=2):
    return BLOCKS.around(steps)


def test_a_place_is_new_if_chance_would_give_as_many_in_one_city_of_a_hundred():
    around, there = places_around(), AT_BLOCK
    for mean, n in [*((2, n) for n in range(1, 30)), *((60, n) for n in range(60, 140, 3))]:
        expected = np.full(len(around), mean / 19)  # so many in a place
        came = np.zeros(len(around))
        came[there] = n
        # With 1.6 times a Poisson count's variance, at each of so many middles.
        law = nbinom(mean / 0.6, 1 / 1.6)
        assert law.var() == pytest.approx(1.6 * law.mean())
        is_new = n >= 5 and law.sf(n - 1) * len(around) < 0.01
        found = find_new_places(around, came, expected)
        assert found.any() == is_new
        if is_new:
            assert found[there]
            near = set(around[there].tolist())
            assert all(near & set(around[place].tolist()) for place in np.flatnonzero(found))


def test_where_nothing_came_or_as_much_as_ever_nothing_is_new():
    around = places_around()
    nothing, usual = np.zeros(len(around)), np.full(len(around), 0.5)
    assert not find_new_places(around, nothing, usual).any()
    assert not find_new_places(around, nothing, nothing).any()
    assert not find_new_places(around, usual, usual).any()
    assert not find_new_places(around[:0], nothing[:0], nothing[:0]).any()


def test_where_the_last_year_is_empty_the_other_maps_count_for_as_much_more():
    ground = Ground.of(BLOCKS.neighbors, BLOCKS.area_km2.to_numpy())
    by_age = ground.by_age(np.array([AT_BLOCK, 0, 5]), np.array([20.0, 30.0, 50.0]))
    assert not by_age.any(axis=0).all()  # nothing in the last 12 months
    known = renormalize_shares(np.full(N_MAPS, 1 / N_MAPS), by_age)
    assert known[:-1].reshape(-1, 4) == pytest.approx(np.tile([0, 1 / 22, 1 / 22, 1 / 22], (7, 1)))
    assert known[-1] == pytest.approx(1 / 22)
    (found,) = ground.mixtures([(by_age, known)])
    assert found.sum() == pytest.approx(1)
