"""Second opinions: ratios before the start, and a rank among places that nobody served."""

import math
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from tests.change.followed import EAST, SINCE, WEST, cell_at, chosen_of, counted_slowly, disk

from csa.base.params import Month, Period
from csa.change.analyze import analyze_displacement
from csa.change.quarters import build_quarters
from csa.extras.research import robustness
from csa.extras.research.robustness import PlaceboInSpace, rank_among_unserved, ratios_before

BASE, AFTER = Period.before(SINCE, 36), Period(SINCE, Month(2020, 2))
SPOTS = [
    (-94.593, 39.006),
    (-94.575, 39.004),
    (-94.557, 39.006),
    (-94.53, 39.004),
    (-94.51, 39.008),
]
SERVED = [disk(cell_at(spot), 1) for spot in ((-94.507, 39.041), (-94.593, 39.043))]
CANDIDATES = [WEST, EAST, *(disk(cell_at(spot), 1) for spot in SPOTS)]


@pytest.fixture(scope="module")
def displaced(located):
    return analyze_displacement(located, chosen_of(*SERVED), SINCE)


def slow_ratios(located, areas):
    """Count what came in areas and their rings, and what was expected, as the rest went.

    A cell less than 750 m from several areas belongs to the nearest, then to the first.
    """
    xy = dict(zip(located.grid.h3_cells.tolist(), located.grid.center_xy.tolist(), strict=True))
    zones = [set(area) for area in areas]
    taken = set().union(*areas)
    for cell, one in xy.items():
        if cell in taken:
            continue
        apart = [round(min(math.dist(one, xy[other]) for other in area), 1) for area in areas]
        if min(apart) < 750:
            zones[apart.index(min(apart))].add(cell)
    rest = set(xy) - set().union(*zones)
    before, after = (sum(counted_slowly(located.dataset, rest, period)) for period in (BASE, AFTER))
    by_cell = dict(zip(located.grid.h3_cells.tolist(), located.expected(BASE), strict=True))
    counted = [sum(counted_slowly(located.dataset, zone, AFTER)) for zone in zones]
    expected = [sum(by_cell[cell] for cell in zone) * after / before for zone in zones]
    return np.array(counted), np.array(expected)


# ---- By hand -------------------------------------------------------------------------------


def test_areas_are_ranked_among_all_sets_of_as_many_that_nobody_served(located, displaced):
    """Two areas among sets of two of seven candidates: 21."""
    found = rank_among_unserved(located, displaced, CANDIDATES)
    counted, expected = slow_ratios(located, [*SERVED, *CANDIDATES])
    own = counted[:2].sum() / expected[:2].sum()
    others = [
        counted[list(one)].sum() / expected[list(one)].sum() for one in combinations(range(2, 9), 2)
    ]
    assert (found.n_candidates, found.n_sets) == (7, 21)
    assert found.ratio == pytest.approx(own)
    assert found.n_lower == sum(one <= own for one in others)
    assert 0 < found.n_lower < 21
    assert found.chance == pytest.approx((1 + found.n_lower) / 22)


def test_of_nine_sets_that_all_do_worse_the_areas_are_first_of_ten():
    assert PlaceboInSpace(9, 9, 0.5, 0).chance == pytest.approx(0.1)
    assert PlaceboInSpace(9, 9, 0.5, 9).chance == 1


def test_before_the_start_counted_is_divided_by_expected():
    quarters = pd.DataFrame(
        [
            ("", "core", "2019-01", 30, 40.0, False),
            ("", "core", "2019-04", 44, 40.0, False),
            ("", "core", "2019-07", 9, 40.0, True),
            ("", "ring", "2019-01", 10, 20.0, False),
            ("", "ring", "2019-04", 3, 0.0, False),
            ("", "ring", "2019-07", 10, 20.0, True),
            ("A", "core", "2019-01", 1, 2.0, False),
        ],
        columns=["area_id", "zone", "quarter", "incidents", "expected", "is_after"],
    )
    found = ratios_before(quarters)
    assert found.columns.tolist() == robustness.BEFORE_COLUMNS
    assert found["quarter"].tolist() == ["2019-01", "2019-04"]
    assert found["core_ratio"].tolist() == [0.75, 1.1]
    assert found["ring_ratio"].tolist() == [0.5, pytest.approx(math.nan, nan_ok=True)]


# ---- At the edge ---------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "n_sets"), [(5, 10), (4, None), (0, None)])
def test_with_less_than_ten_sets_there_is_no_rank(located, displaced, n, n_sets):
    """Two of five are ten sets, of four six."""
    found = rank_among_unserved(located, displaced, CANDIDATES[:n])
    assert (None if found is None else found.n_sets) == n_sets


def test_candidates_that_share_a_cell_with_an_area_or_its_ring_or_lie_outside_do_not_count(
    located, displaced
):
    near = [SERVED[0], disk(min(SERVED[1]), 2), disk(cell_at((-95.5, 39.5)), 1)]
    ring = located.grid.area_km2.index[displaced.places.zones.rings[0][0]]
    found = rank_among_unserved(located, displaced, [*near, *CANDIDATES, frozenset({int(ring)})])
    assert found == rank_among_unserved(located, displaced, CANDIDATES)


def test_of_very_many_sets_some_are_drawn_by_lot_and_always_the_same(
    located, displaced, monkeypatch
):
    monkeypatch.setattr(robustness, "MAX_SETS", 20)
    one, two = (rank_among_unserved(located, displaced, CANDIDATES) for _ in range(2))
    assert one == two
    assert (one.n_candidates, one.n_sets) == (7, 20)
    assert one.n_lower > 0


def test_without_a_ring_only_the_areas_have_ratios_before(located):
    quarters = build_quarters(located, analyze_displacement(located, chosen_of(WEST), SINCE))
    found = ratios_before(quarters[quarters["zone"] == "core"])
    assert found["core_ratio"].notna().all()
    assert found["ring_ratio"].isna().all()


# ---- True in general -----------------------------------------------------------------------
