"""The classic numbers beside a verdict: by the formula, with weights, and never without their error."""

import math
from collections import Counter
from dataclasses import replace

import h3
import numpy as np
import pytest
from tests.change.followed import (
    EAST,
    SINCE,
    START,
    WEST,
    cell_at,
    cells_of,
    chosen_of,
    counted_slowly,
    disk,
    steady,
)
from tests.towns import KNOT, town_of, with_other_future

from csa.areas.choices import AreaSettings
from csa.areas.locating import locate_incidents
from csa.base.params import Month, Period
from csa.change.analyze import analyze_displacement
from csa.change.controls import Controls, match_controls
from csa.change.course import before_months, count_course
from csa.change.zoning import Control
from csa.city.dataset import City
from csa.extras.research.classic_measures import compare_city, compare_patterns, measure_evidence


@pytest.fixture(scope="module")
def displaced(located):
    return analyze_displacement(located, chosen_of(WEST, EAST), SINCE)


@pytest.fixture(scope="module")
def measured(located, displaced, controls):
    return measure_evidence(located, displaced, controls)


@pytest.fixture(scope="module")
def falling(tmp_path_factory):
    """Eight a month here and four after; next door two and six; 24 in the rest, always."""
    lines = steady((8, 4), (2, 6))
    return locate_incidents(
        City(*town_of(tmp_path_factory.mktemp("falling"), lines)[::-1]), AreaSettings()
    )


def as_rest(displaced):
    """Compare with all of the rest."""
    rest = Control(displaced.places.zones.rest, None)
    return Controls(rest, tuple(rest for _ in displaced.by_area), is_known=False)


def slow_part(counts, weights, dispersion=1.0):
    """Sum up signed counts, each by its weight, as the paper writes it."""
    estimate = sum(sign * n / w for (sign, n), w in zip(counts, weights, strict=True))
    variance = sum(n / w**2 for (_, n), w in zip(counts, weights, strict=True))
    return estimate, math.sqrt(max(1, dispersion) * variance)


def both(dataset, cells, *periods):
    return tuple(sum(counted_slowly(dataset, cells, period)) for period in periods)


# ---- By hand -------------------------------------------------------------------------------


def test_a_fall_that_moved_next_door_by_the_formula(falling):
    displaced = analyze_displacement(falling, chosen_of(WEST), START)
    pooled, single = measure_evidence(falling, displaced, as_rest(displaced))
    assert single == (pooled,)
    assert (pooled.before, pooled.after) == (
        Period(Month(2016, 1), START),
        Period(START, Month(2020, 1)),
    )
    # 24 months each; the rest has 24 a month, and one incident on the data's last day.
    assert (pooled.core, pooled.ring, pooled.control) == ((192, 96), (48, 144), (576, 577))
    course = count_course(falling, displaced)
    assert (course.before, course.after, course.core) == (pooled.before, pooled.after, pooled.core)
    assert (course.rest_before, course.rest_monthly) == (576, (24,) * 23 + (25,))
    own, around = displaced.places.cores[0].mean, displaced.places.rings[0].mean
    weight, ring_weight = 864 / own, 864 / around  # the rest's 36 months before
    assert pooled.control_weight == pytest.approx(weight)
    assert 2.5 < weight < 4
    local = slow_part([(1, 96), (-1, 192), (-1, 577), (1, 576)], [1, 1, weight, weight])
    moved = slow_part([(1, 144), (-1, 48), (-1, 577), (1, 576)], [1, 1, ring_weight, ring_weight])
    dispersion = displaced.dispersion.value
    root = math.sqrt(max(1, dispersion))
    assert (pooled.wdd.local.estimate, pooled.wdd.local.se) == pytest.approx(
        (local[0], local[1] * root)
    )
    assert pooled.wdd.displacement.estimate == pytest.approx(moved[0])
    assert pooled.wdd.displacement.se == pytest.approx(moved[1] * root)
    assert pooled.wdd.total.estimate == pytest.approx(local[0] + moved[0])
    # The same rest stands on both sides: its counts vary together.
    twice = 1 / weight + 1 / ring_weight
    variance = 96 + 192 + 144 + 48 + (577 + 576) * twice**2
    assert pooled.wdd.total.se == pytest.approx(math.sqrt(variance) * root)
    assert pooled.wdd.dispersion == pytest.approx(max(1, dispersion))


def test_two_years_before_are_halved_where_one_came_after(measured, located, displaced, controls):
    pooled, single = measured
    rest = located.grid.area_km2.index.to_numpy()[displaced.places.zones.rest]
    wanted = tuple(counted_slowly(located.dataset, frozenset(rest.tolist()), pooled.after))
    assert count_course(located, displaced).rest_monthly == wanted
    dispersion = displaced.dispersion.value
    for evidence, base, control in zip(
        single, displaced.places.cores, controls.single, strict=True
    ):
        assert (evidence.before.months, evidence.after.months) == (24, 12)
        weight = located.counts(displaced.places.base)[control.cells].sum() / base.mean
        assert evidence.control_weight == pytest.approx(weight)
        (before, after), (c_before, c_after) = evidence.core, evidence.control
        estimate, se = slow_part(
            [(1, after), (-1, before), (-1, c_after), (1, c_before)],
            [1, 2, weight, 2 * weight],
            dispersion,
        )
        assert evidence.wdd.local.estimate == pytest.approx(estimate)
        assert evidence.wdd.local.se == pytest.approx(se)
    assert pooled.wdd.local.estimate != pytest.approx(single[0].wdd.local.estimate)


def test_areas_rings_and_controls_are_slow_counts_of_their_cells(
    measured, testville, located, displaced, controls
):
    before, after = Period(Month(2017, 2), SINCE), Period(SINCE, Month(2020, 2))
    pooled, single = measured
    zones = displaced.places.zones
    for evidence, core, ring, control in zip(
        single, zones.cores, zones.rings, controls.single, strict=True
    ):
        for counted, places in (
            (evidence.core, core),
            (evidence.ring, ring),
            (evidence.control, control.cells),
        ):
            assert counted == both(testville[0], cells_of(located, places), before, after)
    for name in ("core", "ring"):
        parts = [getattr(one, name) for one in single]
        assert getattr(pooled, name) == tuple(map(sum, zip(*parts, strict=True)))
    cells = cells_of(located, controls.pooled.cells)
    assert pooled.control == both(testville[0], cells, before, after)
    n_base = sum(counted_slowly(testville[0], cells, displaced.places.base))
    expected = sum(base.mean for base in displaced.places.cores)
    assert pooled.control_weight == pytest.approx(n_base / expected)


def test_the_pattern_is_that_of_each_cells_count_at_resolution_9_before_and_after(
    located, testville, displaced
):
    own = np.array([h3.cell_to_parent(f"{cell:x}", 9) for cell in located.cells.tolist()])
    coarse = sorted({h3.cell_to_parent(f"{cell:x}", 9) for cell in located.grid.h3_cells.tolist()})
    when, counts = located.column("occurred_at"), []
    for first, last in (("2017-02-01", "2019-02-01"), ("2019-02-01", "2020-02-01")):
        here = Counter(own[((when >= first) & (when < last)).to_numpy()].tolist())
        counts.append(np.array([here[cell] for cell in coarse]))
    slow, fast = compare_patterns(*counts), compare_city(located, displaced)
    assert fast.s_index == slow.s_index
    assert (fast.n_cells, fast.n_tested) == (len(coarse), int((sum(counts) > 0).sum()))


# ---- At the edge ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("since", "start"),
    [
        (Month(2015, 1), Month(2014, 1)),
        (Month(2015, 6), Month(2014, 1)),
        (Month(2016, 1), Month(2014, 1)),
        (Month(2016, 2), Month(2014, 2)),
    ],
)
def test_before_is_two_years_or_what_there_is(located, since, start):
    displaced = analyze_displacement(located, chosen_of(WEST), since)
    assert before_months(located, displaced) == Period(start, since)
    pooled, _ = measure_evidence(located, displaced, as_rest(displaced))
    assert pooled.before == Period(start, since)


def test_an_area_without_a_ring_has_its_own_part_alone(located):
    inner = frozenset({cell_at(KNOT)})
    displaced = analyze_displacement(
        located, chosen_of(inner, disk(cell_at(KNOT), 3) - inner), SINCE
    )
    varied = [
        replace(displaced, dispersion=replace(displaced.dispersion, value=value))
        for value in (1.0, 4.0)
    ]
    calm, wild = (measure_evidence(located, one, as_rest(one))[1][0].wdd for one in varied)
    assert (calm.dispersion, wild.dispersion) == (1, 4)
    assert wild.local.se == pytest.approx(2 * calm.local.se)
    pooled, (first, second) = measure_evidence(located, displaced, as_rest(displaced))
    assert (first.ring, first.wdd.total, first.wdd.displacement) == (None,) * 3
    assert first.wdd.local.se > 0
    assert pooled.ring == second.ring
    assert pooled.wdd.total is not None


def test_where_nothing_is_left_to_compare_with_there_is_no_classic_number(testville):
    coarse = locate_incidents(City(*testville[::-1]), AreaSettings(resolution=8))
    displaced = analyze_displacement(
        coarse, replace(chosen_of(frozenset(coarse.grid.h3_cells.tolist())), resolution=8)
    )
    pooled, single = measure_evidence(coarse, displaced, match_controls(coarse, displaced))
    for evidence in (pooled, *single):
        assert (evidence.control, evidence.control_weight) == ((0, 0), 0)
        assert (evidence.ring, evidence.wdd) == (None, None)


def test_a_ring_in_which_nothing_ever_came_is_no_part_of_the_difference(falling):
    displaced = analyze_displacement(falling, chosen_of(WEST), START)
    ring = replace(displaced.places.rings[0], mean=0.0, variance=0.0)
    silent = replace(displaced, places=replace(displaced.places, rings=(ring,)))
    pooled, _ = measure_evidence(falling, silent, as_rest(displaced))
    assert pooled.ring == (48, 144)
    assert (pooled.wdd.total, pooled.wdd.displacement) == (None, None)


# ---- True in general -----------------------------------------------------------------------


@pytest.mark.parametrize("way", ["gone", "moved", "tripled"])
def test_what_comes_after_changes_no_count_and_no_weight_of_before(
    testville, located, displaced, controls, measured, way
):
    dataset, config = testville
    changed = locate_incidents(
        City(config, with_other_future(dataset, SINCE, way)), AreaSettings(), located.cover
    )
    # The places that are followed stay: only what is counted in them is other.
    other = measure_evidence(changed, displaced, controls)
    for one, two in zip((measured[0], *measured[1]), (other[0], *other[1]), strict=True):
        assert (one.before, one.control_weight) == (two.before, two.control_weight)
        assert (one.core[0], one.ring[0], one.control[0]) == (
            two.core[0],
            two.ring[0],
            two.control[0],
        )
        times = {"gone": 0, "tripled": 3}.get(way)
        if times is not None:
            assert two.core[1] == times * one.core[1]
            assert two.control[1] == times * one.control[1]
