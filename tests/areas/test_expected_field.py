"""The field: what is expected in areas that were chosen because their counts were high."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy.stats import gamma
from tests.properties import examples

from csa.areas.expected import (
    CellCounts,
    Field,
    _condition,
    _Units,
    count_pairs,
    estimate_area,
    fit_field,
)
from csa.base.errors import ParamError
from csa.geo.cells import mean_apart_m, ring_pairs

general = examples(0.4)
STEPS = [(1, 0), (0, 1), (-1, 1), (-1, 0), (0, -1), (1, -1)]
CELL_KM2 = 0.105


def grid(width, height, rings=4):
    """Build a rhombus of hexagons 350 m apart: spirals, and centers in meters."""
    offsets = [(0, 0)]
    for ring in range(1, rings + 1):
        q, r = 0, -ring
        for dq, dr in STEPS:
            for _ in range(ring):
                offsets.append((q, r))
                q, r = q + dq, r + dr
    q, r = np.divmod(np.arange(width * height), height)
    to_q, to_r = (axis[:, None] + np.array(offsets)[:, at] for at, axis in enumerate((q, r)))
    is_in = (to_q >= 0) & (to_q < width) & (to_r >= 0) & (to_r < height)
    xy = 350.0 * np.stack([q + r / 2, r * math.sqrt(3) / 2], axis=1)
    spirals = np.where(is_in, to_q * height + to_r, -1)
    return spirals, xy, mean_apart_m(spirals, xy)


WIDE = grid(40, 40)


def city(counts, at=WIDE, area_km2=CELL_KM2):
    numbers = np.asarray(counts, dtype=np.float64)
    return CellCounts(numbers, np.full(len(numbers), area_km2), *at)


def smooth_rates(mean, random, rings=3, contrast=1.2):
    noise = random.normal(size=1600)
    for reach in (rings, 1):
        near = WIDE[0][:, : 3 * reach * (reach + 1) + 1]
        noise = np.where(near >= 0, noise[near], 0).sum(axis=1) / (near >= 0).sum(axis=1)
    rates = np.exp(contrast * noise / noise.std())
    return rates * mean / rates.mean()


# ---- By hand --------------------------------------------------------------------------------


def test_the_spread_found_is_that_of_a_city_of_two_kinds_of_cells():
    # Half the cells have 0 and half 2, at random: pairs in a cell over those expected are
    # mean of n (n - 1) over the square of the mean: 1; so no more pairs than by chance.
    random = np.random.default_rng(1)
    assert fit_field(city(random.permutation([0, 2] * 800))) is None
    # Half have 0 and half 8: 28 / 16 = 1.75, and nothing is shared with neighbors.
    field = fit_field(city(random.permutation([0, 8] * 800)))
    assert field.own_variance + field.shared_variance == pytest.approx(math.log(1.75), abs=0.03)
    assert field.own_variance > 0.9 * math.log(1.75)
    assert field.per_km2 == pytest.approx(4 / CELL_KM2)


@pytest.mark.parametrize(
    ("n", "mean", "variance"), [(9, 3, 0.8), (0, 0.3, 1.5), (2, 0.3, 1.5), (0, 1, 1.0)]
)
def test_a_lone_cells_mean_is_the_integrals_and_its_spread_no_less(n, mean, variance):
    counts = np.full(1600, float(mean))
    counts[820] = n
    logs = np.linspace(-14, 10, 40_001)
    rates = mean * np.exp(logs - variance / 2)
    weight = np.exp(-(logs**2) / variance / 2) * np.exp(-rates) * rates**n
    true_mean = (weight * rates).sum() / weight.sum()
    true_sd = math.sqrt((weight * (rates - true_mean) ** 2).sum() / weight.sum())
    field = Field(mean / CELL_KM2, variance, 0.0, 350.0)
    found = estimate_area([820], city(counts), field)
    assert found.mean == pytest.approx(true_mean, rel=0.025)
    assert 1 <= math.sqrt(found.alpha) / found.rate / true_sd < 1.25


def test_pairs_are_those_counted_cell_by_cell_at_each_number_of_steps():
    width, height = 9, 8
    at = grid(width, height)
    counts = np.random.default_rng(2).poisson(1.5, width * height).astype(float)
    land = np.random.default_rng(3).uniform(0.02, 0.105, width * height)
    cells = CellCounts(counts, land, *at)
    flat = land * counts.sum() / land.sum()
    excess, expected = np.zeros(5), np.zeros(5)
    for one, other in itertools.product(range(width * height), repeat=2):
        (q, r), (to_q, to_r) = divmod(one, height), divmod(other, height)
        steps = max(abs(q - to_q), abs(r - to_r), abs(q + r - to_q - to_r))
        if steps < 5:
            expected[steps] += flat[one] * flat[other]
            excess[steps] += (counts[one] - flat[one]) * (counts[other] - flat[other])
            excess[steps] -= counts[one] if one == other else 0
    found = count_pairs(cells)
    assert found[0].tolist() == pytest.approx(excess.tolist())
    assert found[1].tolist() == pytest.approx(expected.tolist())
    ends = [divmod(place, height) for place in range(width * height)]
    points = np.array([(q + r / 2, r * math.sqrt(3) / 2) for q, r in ends])
    apart = [
        [math.dist(points[one], points[other]) * 350 for one, other in zip(*ring, strict=True)]
        for ring in (ring_pairs(at[0], steps) for steps in range(5))
    ]
    assert cells.apart_m.tolist() == pytest.approx([*map(np.mean, apart)])
    assert cells.apart_m[:2].tolist() == pytest.approx([0, 350])


def test_a_ring_with_hardly_a_pair_is_hardly_heard():
    # Three dense places, but never two incidents in a cell: chance, at so few.
    counts = np.zeros(1600)
    for middle in (410, 830, 1230):
        counts[WIDE[0][middle, :37]] = 1
    excess, expected = count_pairs(city(counts))
    field = fit_field(city(counts))
    near = field.covariance(np.array([[0.0, 0.0], [350.0, 0.0]]), np.ones(2))[0, 1]
    assert near == pytest.approx(math.log(1 + excess[1] / expected[1]), abs=0.3)


# ---- At the edge ----------------------------------------------------------------------------


def test_no_incident_no_cell_and_equal_counts_are_flat():
    assert fit_field(city(np.zeros(1600))) is None
    assert fit_field(city(np.full(1600, 3))) is None
    nowhere = np.empty((0, 61), np.int64), np.zeros((0, 2))
    empty = CellCounts(np.zeros(0), np.zeros(0), *nowhere, mean_apart_m(*nowhere))
    assert fit_field(empty) is None
    assert empty.per_km2 == 0


def test_a_city_of_one_cell_or_of_two_is_no_error():
    for n in (1, 2):
        cells = city([40] + [0] * (n - 1), grid(n, 1))
        estimate = estimate_area([0], cells, fit_field(cells))
        assert estimate.low <= estimate.mean <= estimate.high


def test_in_a_flat_city_an_area_is_given_the_citys_mean_for_its_land():
    cells = city(np.ones(1600))
    found = estimate_area([3, 4, 5], cells, None)
    assert (found.is_sure, found.mean) == (True, pytest.approx(3))


def test_half_a_cell_is_expected_to_have_half_as_many():
    field = Field(1 / CELL_KM2, 0.2, 0.2, 700.0)
    halves = np.full(1600, CELL_KM2 / 2)
    whole = estimate_area([820], city(np.full(1600, 4.0)), Field(4 / CELL_KM2, *_rest(field)))
    half = estimate_area(
        [820], CellCounts(np.full(1600, 4.0), halves, *WIDE), Field(8 / CELL_KM2, *_rest(field))
    )
    assert half.mean == pytest.approx(whole.mean)


def _rest(field):
    return field.own_variance, field.shared_variance, field.range_m


def test_a_cell_named_twice_counts_once_and_the_order_of_cells_says_nothing():
    cells = city(np.random.default_rng(3).poisson(smooth_rates(1, np.random.default_rng(3))))
    field = fit_field(cells)
    one, other = (estimate_area(area, cells, field) for area in ([5, 6, 7], [7, 5, 6, 5]))
    assert one == other


def test_one_cell_with_a_hundred_times_the_usual_does_not_upset_the_estimate():
    random = np.random.default_rng(9)
    counts = random.poisson(smooth_rates(0.3, random)).astype(float)
    counts[820] = 300
    cells = city(counts)
    found = estimate_area([820], cells, fit_field(cells))
    assert 200 < found.low < 300 < found.high < 400


def test_of_a_count_that_is_no_number_nothing_is_said():
    numbers = np.full(1600, 4.0)
    numbers[821] = math.nan
    cells = CellCounts(numbers, np.full(1600, CELL_KM2), *WIDE)
    with pytest.raises(np.linalg.LinAlgError, match="no finite numbers"):
        estimate_area([820], cells, Field(4 / CELL_KM2, 0.3, 0.7, 400.0))


def test_an_area_of_more_cells_than_can_be_asked_stands_for_itself(monkeypatch):
    rng = np.random.default_rng(2)
    cells = city(rng.poisson(rng.gamma(0.5, 4, 1600)))
    field = fit_field(cells)
    area = WIDE[0][820, :37]
    monkeypatch.setattr("csa.areas.expected.MAX_CELLS", 36)
    found = estimate_area(area, cells, field)
    n = float(cells.counts[area].sum())
    # Jeffreys' law for a count: a Gamma of n + 1/2
    assert (found.alpha, found.rate, found.mean) == (n + 0.5, 1, n + 0.5)
    assert found.low == pytest.approx(gamma.ppf(0.05, n + 0.5))
    assert found.high == pytest.approx(gamma.ppf(0.95, n + 0.5))
    wide = estimate_area(area, cells, field, 0.5)
    assert (wide.low, wide.high) == pytest.approx(tuple(gamma.ppf([0.25, 0.75], n + 0.5)))
    assert estimate_area(area, cells, None).is_sure  # a flat city is flat at any size


def test_where_many_cells_are_around_they_are_taken_together_in_squares(monkeypatch):
    rng = np.random.default_rng(2)
    cells = city(rng.poisson(rng.gamma(0.5, 4, 1600)))
    field = Field(2 / CELL_KM2, 0.8, 0.6, 700.0)
    area = WIDE[0][820, :7]  # three rings around it are 54 cells more
    heard = estimate_area(area, cells, field)
    monkeypatch.setattr("csa.areas.expected.MAX_AROUND", 54)
    assert estimate_area(area, cells, field) == heard
    monkeypatch.setattr("csa.areas.expected.MAX_AROUND", 53)
    grouped = estimate_area(area, cells, field)
    assert grouped != heard
    assert grouped.mean == pytest.approx(heard.mean, rel=0.05)
    assert (grouped.low, grouped.high) == pytest.approx((heard.low, heard.high), rel=0.1)
    # what lies beside is still heard
    other = cells.counts.copy()
    other[WIDE[0][820, 7:61]] += 9
    assert estimate_area(area, city(other), field).mean > grouped.mean * 1.01
    # a square a cell is no square at all
    monkeypatch.setattr("csa.areas.expected.BLOCK_M", 100.0)
    assert estimate_area(area, cells, field).mean == pytest.approx(heard.mean)


def test_what_is_a_cells_alone_is_averaged_out_over_many():
    xy = np.array([[0.0, 0.0], [700.0, 0.0]])
    field = Field(1.0, 0.8, 0.5, 700.0)
    across = 0.5 / math.e
    assert field.covariance(xy, np.array([1.0, 4.0])) == pytest.approx(
        np.array([[1.3, across], [across, 0.7]]), abs=1e-5
    )


# ---- Refused --------------------------------------------------------------------------------


def test_spirals_of_under_four_rings_are_refused():
    with pytest.raises(ParamError, match="37 places per cell; the field needs 61"):
        city(np.ones(1600), grid(40, 40, 3))


def test_an_area_without_cells_and_a_coverage_that_is_no_share_are_refused():
    cells, field = city(np.ones(1600)), Field(1 / CELL_KM2, 0.5, 0.5, 700.0)
    with pytest.raises(ParamError, match="Give at least one cell"):
        estimate_area([], cells, field)
    with pytest.raises(ParamError, match="coverage must be above 0 and below 1, not 90"):
        estimate_area([3], cells, field, 90)


# ---- True in general ------------------------------------------------------------------------


def nearest_gaussian(numbers, flat, prior):
    """Find it by small steps and whole inverses: the expected numbers, and the covariance."""
    precision, start = np.linalg.inv(prior), np.log(flat) - np.diag(prior) / 2
    expected, logs, left = flat.copy(), np.zeros(len(flat)), 1.0
    while left > 1e-12:
        covariance = np.linalg.inv(precision + np.diag(expected))
        step = covariance @ (numbers - expected - precision @ logs)
        logs = logs + 0.5 * step.clip(-1, 1)
        aim = np.exp(start + logs + np.diag(covariance) / 2)
        left = np.abs(aim / expected - 1).max()
        expected = expected * (aim / expected).clip(0.5, 2) ** 0.5
    return expected, covariance


@general
@given(
    seed=st.integers(0, 10**6),
    n=st.integers(1, 25),
    mean=st.sampled_from([0.01, 0.5, 4.0, 60.0, 3000.0]),
    own=st.sampled_from([0.0, 0.4, 2.0]),
    shared=st.sampled_from([0.05, 0.9, 3.0]),
)
def test_the_gaussian_is_the_one_that_small_steps_and_whole_inverses_find(
    seed, n, mean, own, shared
):
    random = np.random.default_rng(seed)
    xy, land = random.uniform(0, 1500, (n, 2)), random.choice([1e-9, 0.01, 0.1], n)
    counts = random.poisson(mean * random.lognormal(0, 2, n) * (land > 1e-3)).astype(float)
    units = _Units(counts, land, xy, random.integers(1, 4, n).astype(float))
    field, n_own = Field(mean / 0.05, own, shared, 600.0), random.integers(1, n + 1)
    found, covariance = _condition(units, n_own, field)
    expected, whole = nearest_gaussian(
        counts, field.per_km2 * land, field.covariance(xy, units.n_cells)
    )
    assert found == pytest.approx(expected[:n_own], rel=3e-5)
    assert covariance == pytest.approx(whole[:n_own, :n_own], rel=1e-4, abs=1e-5)


@general
@given(st.integers(0, 10**6), st.integers(0, 1599), st.integers(1, 40))
def test_one_incident_more_in_an_area_never_lowers_what_is_expected_there(seed, cell, n_cells):
    random = np.random.default_rng(seed)
    area = [place for place in WIDE[0][cell, :n_cells] if place >= 0]
    counts = random.poisson(0.7, 1600).astype(float)
    field = Field(0.7 / CELL_KM2, 0.3, 0.9, 600.0)
    before = counts.copy()
    one = estimate_area(area, city(counts), field)
    assert (counts == before).all()
    counts[area[0]] += 1
    other = estimate_area(area, city(counts), field)
    assert 0 < one.low < one.mean < one.high
    assert one.mean == pytest.approx(one.alpha / one.rate)
    assert other.mean > one.mean


def test_a_field_is_recovered_from_cities_made_with_it():
    # Ten cities with a log SD of 1.2: the variance found is about 1.44.
    random = np.random.default_rng(12)
    fields = [fit_field(city(random.poisson(smooth_rates(3, random)))) for _ in range(10)]
    variances = [field.own_variance + field.shared_variance for field in fields]
    assert 1.0 < np.mean(variances) < 1.9
    assert np.mean([field.own_variance for field in fields]) < 0.2
