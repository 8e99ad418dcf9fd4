"""What areas and their surroundings did since a start: composed as the methods say."""

import math

import numpy as np
import pytest
from scipy.stats import nbinom, norm
from tests.change.courses import judge, track_of
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
    past_year,
    ring_slowly,
    steady,
)
from tests.sentences import refuses
from tests.towns import KNOT, town_of, with_other_future

from csa.areas.choices import AreaSettings
from csa.areas.locating import locate_incidents
from csa.base.errors import ParamError, PeriodError
from csa.base.params import Month, Period
from csa.change.analyze import analyze_displacement, resolve_start
from csa.change.expectation import boundary_z, line_of
from csa.change.past import NET, estimate_past_change, join_years
from csa.change.zoning import count_past, measure_history
from csa.city.dataset import City
from csa.city.preregistration import Verdict


def plain(displaced):
    """Everything that is said, as plain values."""
    tracks = [
        None
        if track is None
        else [
            track.counted.tolist(),
            track.expectation.mean.tolist(),
            track.expectation.relative_error.tolist(),
            track.bound_low.tolist(),
            track.bound_high.tolist(),
        ]
        for judged in (displaced.pooled, *displaced.by_area)
        for track in (judged.core, judged.ring, judged.net)
    ]
    verdicts = [one.verdicts for one in (displaced.pooled, *displaced.by_area)]
    return tracks, verdicts, displaced.dispersion, displaced.usual_core.ratio.tolist()


@pytest.fixture(scope="module")
def displaced(located):
    return analyze_displacement(located, chosen_of(WEST, EAST))


# ---- By hand -------------------------------------------------------------------------------


def test_without_a_start_the_last_whole_year_is_followed_and_a_month_in_part_is_not(
    displaced, located
):
    assert (displaced.since, displaced.until) == (Month(2019, 2), Month(2020, 2))
    assert resolve_start(located, None) == (Month(2019, 2), Month(2020, 2))
    assert resolve_start(located, Month(2018, 5)) == (Month(2018, 5), Month(2020, 2))
    assert [len(one.verdicts) for one in (displaced.pooled, *displaced.by_area)] == [12] * 3


def test_what_is_counted_adds_up_the_incidents_of_all_areas_and_of_each(
    displaced, testville, located
):
    period, dataset = Period(SINCE, Month(2020, 2)), testville[0]
    for judged, cells in zip(
        (displaced.pooled, *displaced.by_area), (WEST | EAST, WEST, EAST), strict=True
    ):
        near = ring_slowly(located, cells, (WEST, EAST))
        for track, where in ((judged.core, cells), (judged.ring, near)):
            assert (
                track.counted.tolist() == np.cumsum(counted_slowly(dataset, where, period)).tolist()
            )


def test_what_would_have_come_is_the_base_by_the_rest_by_what_is_usual(
    displaced, located, testville
):
    places = displaced.places
    rest = cells_of(located, places.zones.rest)
    after = np.cumsum(counted_slowly(testville[0], rest, Period(SINCE, Month(2020, 2))))
    before = sum(counted_slowly(testville[0], rest, Period(Month(2016, 2), SINCE)))
    for usual, judged, base in (
        (0.9, displaced.by_area[0].core, places.cores[0].mean),
        (0.9, displaced.by_area[1].core, places.cores[1].mean),
        (0.9, displaced.pooled.core, places.cores[0].mean + places.cores[1].mean),
        (1.0, displaced.by_area[0].ring, places.rings[0].mean),
        (1.0, displaced.by_area[1].ring, places.rings[1].mean),
        (1.0, displaced.pooled.ring, places.rings[0].mean + places.rings[1].mean),
    ):
        assert judged.expectation.mean == pytest.approx(usual * base * after / before)


def test_bands_are_counted_and_expected_as_cells_and_rows_say_one_by_one(
    displaced, located, testville
):
    """An oracle of distances cell by cell and incidents row by row, from the file's own table.

    A band is compared with all but the areas and itself. What rings had before is estimated there,
    and a net's range reaches as far as a move to what it is compared with would raise it.
    """
    dataset, areas = testville[0], WEST | EAST
    before, after = Period(Month(2016, 2), SINCE), Period(SINCE, Month(2020, 2))
    xy = dict(zip(located.grid.h3_cells.tolist(), located.grid.center_xy.tolist(), strict=True))
    own = np.array([xy[cell] for cell in areas])
    apart_m = {cell: np.hypot(*(own - at).T).min() for cell, at in xy.items() if cell not in areas}
    rings = {cell for cell, far in apart_m.items() if far < 750}
    estimated = sum(one.mean for one in displaced.places.rings)
    for track, (inner, outer) in zip(
        displaced.pooled.farther.bands, ((750, 1500), (1500, 3000)), strict=True
    ):
        band = {cell for cell, far in apart_m.items() if inner <= far < outer}
        others = set(apart_m) - rings - band
        donor_before = round(sum(counted_slowly(dataset, others, before)) + estimated)
        donor = np.cumsum(counted_slowly(dataset, others | rings, after))
        expected = sum(counted_slowly(dataset, band, before)) * donor / donor_before
        assert (
            track.counts.counted.tolist()
            == np.cumsum(counted_slowly(dataset, band, after)).tolist()
        )
        assert track.counts.expectation.mean == pytest.approx(expected)
        core = 0.9 * sum(one.mean for one in displaced.places.cores) * donor / donor_before
        assert track.core.expectation.mean == pytest.approx(core)
        assert track.net.leverage == pytest.approx((core + expected) / donor)
    near = {cell for cell, far in apart_m.items() if far < 1500}
    wide = displaced.pooled.farther.wide
    assert wide.counted.tolist() == np.cumsum(counted_slowly(dataset, areas | near, after)).tolist()


def test_each_boundary_has_its_share_of_one_in_twenty_and_dispersion_widens_it(displaced):
    """All together 3.2 and 0.8%; of two areas each 0.35 and 0.15%."""
    pooled, single = boundary_z(0.032, 24), boundary_z(0.0035, 24)
    assert displaced.pooled.boundary_z == pooled
    assert [one.boundary_z for one in displaced.by_area] == [single] * 2
    assert displaced.pooled.ring.boundary_z[-1] == boundary_z(0.008, 24)
    assert displaced.by_area[0].ring.boundary_z[-1] == boundary_z(0.0015, 24)
    assert displaced.pooled.net.boundary_z[-1] == 1.96
    assert displaced.dispersion.value > 1
    core, value = displaced.pooled.core, displaced.dispersion.value
    assert core.expectation.dispersion == value
    mean, error = core.expectation.mean[-1], core.expectation.relative_error[-1]
    variance = value * mean + (error * mean) ** 2
    law = nbinom(mean**2 / (variance - mean), mean / variance)
    assert core.bound_low[-1] == law.ppf(norm.sf(pooled))
    assert core.bound_high[-1] == law.isf(norm.sf(pooled))


def test_dispersion_is_the_citys_own_before_the_start(displaced, located):
    assert displaced.dispersion == measure_history(located, SINCE)


def test_one_area_alone_is_all_of_them_and_has_the_whole_chance(located):
    alone = analyze_displacement(located, chosen_of(WEST))
    assert alone.by_area == (alone.pooled,)
    assert alone.pooled.boundary_z == boundary_z(0.035, 24)
    assert alone.pooled.ring.boundary_z[-1] == boundary_z(0.015, 24)


FOLLOWED = {
    "fewer": ((8, 2), (8, 8), Verdict.FEWER_WIDE, Verdict.FEWER_UNKNOWN),
    "more": ((8, 18), (8, 8), Verdict.MORE, Verdict.NO_CHANGE),
    "moved": ((8, 2), (8, 20), Verdict.FEWER_MOVED, Verdict.FEWER_MOVED),
    "spread": ((8, 2), (8, 1), Verdict.FEWER_UNKNOWN, Verdict.FEWER_UNKNOWN),
    "drawn in": ((8, 18), (8, 1), Verdict.MORE, Verdict.NO_CHANGE),
    "next door": ((8, 8), (8, 20), Verdict.MORE_NEXT, Verdict.MORE_NEXT),
    "as before": ((8, 8), (8, 8), Verdict.NO_CHANGE, Verdict.NO_CHANGE),
    "next to nothing": ((0, 0), (8, 8), Verdict.TOO_FEW, Verdict.TOO_FEW),
}


@pytest.mark.parametrize("name", FOLLOWED)
def test_each_change_is_told_and_more_here_is_withheld_where_months_since_chose(tmp_path, name):
    core, ring, said, withheld = FOLLOWED[name]
    located = locate_incidents(City(*town_of(tmp_path, steady(core, ring))[::-1]), AreaSettings())
    for period, knew, verdict in (
        (None, None, withheld),
        (Period.before(START, 36), False, said),
        (Period.before(START.plus(1), 36), True, withheld),
    ):
        found = analyze_displacement(located, chosen_of(WEST, period=period), START)
        assert found.is_selected_on_outcome is knew
        assert found.pooled.verdicts[-1] is verdict


def test_what_past_years_did_moves_what_is_expected(located):
    past = [past_year(f"{year}-01", 0.7) for year in (2015, 2016, 2017)]
    one, two = (
        analyze_displacement(located, chosen_of(WEST, EAST), SINCE, known) for known in ((), past)
    )
    assert (len(two.past), two.usual_core.n_starts, one.usual_core.n_starts) == (3, 3, 0)
    ratio = two.usual_core.ratio
    assert (ratio > 0.7).all()
    assert (np.diff(ratio) < 0).all()  # with each month past years say more
    assert ratio[-1] < 0.8
    ring = two.usual_ring.ratio
    assert ring == pytest.approx(1.0)
    assert two.pooled.core.expectation.mean == pytest.approx(
        one.pooled.core.expectation.mean * ratio / 0.9
    )


def test_both_together_are_known_as_well_as_past_years_sums_tell(located):
    """Core and ring: 14 + 30 of 20 + 30 a month, in three years; else .06 and .03."""
    past = [past_year(f"{year}-01", 0.7) for year in (2015, 2016, 2017)]
    areas = chosen_of(WEST, EAST)
    one, two = (analyze_displacement(located, areas, SINCE, known) for known in ((), past))
    joined = [join_years(each.core, each.ring) for each in two.past]
    known = estimate_past_change(joined, 12, NET, two.dispersion.value)
    assert known.ratio[-1] == pytest.approx(44 / 50, abs=0.03)
    for found, usual in ((one, math.hypot(0.06, 0.03)), (two, known.relative_error[-1])):
        places, dispersion = found.places, found.dispersion.value
        rest = found.by_area[0].core.expectation.mean[-1] / found.usual_core.ratio[-1]
        grown = rest / places.cores[0].mean  # how much of the months before has come again
        core, ring, ratio = places.cores[0], places.rings[0], found.usual_core.ratio[-1]
        mean = grown * (ratio * core.mean + ring.mean)
        net = found.by_area[0].net.expectation
        assert net.mean[-1] == pytest.approx(mean)
        own = grown**2 * (ratio**2 * core.variance + ring.variance)
        after = grown * places.rest_before
        shared = dispersion * (1 / places.rest_before + 1 / after) + usual**2
        error = math.sqrt(dispersion * own + shared * mean**2) / mean
        assert net.relative_error[-1] == pytest.approx(error, rel=1e-6)


def ratio_of(located, past, **chosen):
    found = analyze_displacement(located, chosen_of(WEST, **chosen), SINCE, past)
    return found.basis, found.usual_core.n_starts, found.usual_core.ratio[-1]


def test_past_years_tell_only_of_areas_that_the_months_just_before_chose(located):
    """Up to three months off; else no fall by itself is expected, with a doubt of 8.5%."""
    past = [past_year(f"{year}-01", 0.7) for year in (2015, 2016, 2017)]
    for gap in (-3, 0, 3):
        basis, n_starts, ratio = ratio_of(located, past, period=Period.before(SINCE.plus(gap), 36))
        assert (basis, n_starts) == ("past years", 3)
        assert ratio < 0.8
    for period, wanted in (
        (Period.before(SINCE.plus(-4), 36), "not chosen by the months just before"),
        (Period.before(SINCE.plus(4), 36), "not chosen by the months just before"),
        (None, "not said what chose them"),
    ):
        found = analyze_displacement(located, chosen_of(WEST, period=period), SINCE, past)
        assert (found.basis, found.usual_core.n_starts) == (wanted, 0)
        assert found.past == ()
        assert found.usual_core.ratio[0] == pytest.approx(1.0)
        assert found.usual_core.relative_error == pytest.approx(np.full(12, 0.0854), abs=1e-4)


def test_areas_found_by_another_radius_have_no_past_year(located):
    past = [past_year("2016-01", 0.7)]
    other = ratio_of(located, past, is_suggested=False)
    assert other == ("another way of choosing", 0, pytest.approx(0.9))
    for known in (True, None):
        assert ratio_of(located, past, is_suggested=known)[:2] == ("past years", 1)
    assert ratio_of(located, [], is_suggested=False)[0] == "no past year"


def test_where_one_area_does_not_say_what_chose_it_that_is_not_known(located):
    assert (
        analyze_displacement(located, chosen_of(WEST, n_undated=1), SINCE).is_selected_on_outcome
        is None
    )
    late = chosen_of(WEST, EAST, n_undated=1, period=Period.before(SINCE.plus(1), 36))
    assert analyze_displacement(located, late, SINCE).is_selected_on_outcome is True


def test_each_step_is_told(located):
    told = []
    analyze_displacement(located, chosen_of(WEST), progress=told.append)
    assert told == ["expected", "history", "verdicts"]


# ---- At the edge ---------------------------------------------------------------------------


def test_after_two_years_each_year_has_a_boundary_of_its_own(located):
    found = analyze_displacement(located, chosen_of(WEST), Month(2016, 2))
    assert found.pooled.boundary_z == boundary_z(0.035, 48)
    found = analyze_displacement(located, chosen_of(WEST), Month(2016, 1))
    assert found.pooled.boundary_z == boundary_z(0.035, 60)
    assert found.pooled.core.boundary_z.tolist() == line_of(0.035, 49).tolist()


def test_cells_outside_the_city_are_counted_and_an_area_half_inside_is_followed(located):
    inside = sorted(WEST)
    outside = [cell_at((-95.5 + n / 50, 39.5)) for n in range(len(inside))]
    half = frozenset(inside + outside)
    found = analyze_displacement(located, chosen_of(half, EAST), SINCE)
    assert found.places.cells == (WEST, EAST)
    assert found.places.n_outside == len(outside)
    assert analyze_displacement(located, chosen_of(WEST, EAST), SINCE).places.n_outside == 0


def test_an_area_without_a_ring_is_judged_alone_and_the_others_rings_together(located):
    inner = frozenset({cell_at(KNOT)})
    outer = disk(cell_at(KNOT), 3) - inner
    found = analyze_displacement(located, chosen_of(inner, outer, EAST), SINCE)
    assert [one.ring is None for one in found.by_area] == [True, False, False]
    together = found.by_area[1].ring.expectation.mean + found.by_area[2].ring.expectation.mean
    assert found.pooled.ring.expectation.mean == pytest.approx(together)


def test_where_all_of_the_city_is_an_area_there_is_no_ring_and_nothing_to_say(testville):
    coarse = locate_incidents(City(*testville[::-1]), AreaSettings(resolution=8))
    alone = analyze_displacement(coarse, chosen_of(frozenset(coarse.grid.h3_cells.tolist())), SINCE)
    assert alone.pooled.ring is None
    early, *later = alone.pooled.verdicts[1:]
    assert early is Verdict.TOO_EARLY
    assert set(later) == {Verdict.TOO_FEW}  # there is no rest to compare with


def test_months_that_are_too_early_decide_no_later_verdict():
    """30, 55 and 60 where 15, 30 and 45 were expected: high in the first two months alone."""
    monthly = np.array([30, 25, 5, 17, 17])
    core = track_of(monthly, [15.0] * 5, line=2.5, error=0.08).without_early()
    assert core.sign.tolist() == [0, 0, 0, 0, 0]
    assert judge(core).verdicts[2] is Verdict.NO_CHANGE
    assert track_of(monthly, [15.0] * 5, line=2.5, error=0.08).sign.tolist()[:2] == [1, 1]


def test_the_first_two_months_of_a_start_are_too_early_whatever_came(located):
    found = analyze_displacement(located, chosen_of(WEST, EAST), SINCE)
    for judged in (found.pooled, *found.by_area):
        assert [one is Verdict.TOO_EARLY for one in judged.verdicts[:3]] == [True, True, False]


def test_a_past_year_that_was_not_known_at_the_start_counts_for_nothing(located):
    late = [past_year("2018-03", 0.3), past_year("2019-01", 0.3)]
    found = analyze_displacement(located, chosen_of(WEST, EAST), SINCE, late)
    assert (found.past, found.usual_core.n_starts) == ((), 0)
    found = analyze_displacement(located, chosen_of(WEST, EAST), SINCE, [past_year("2018-02", 0.3)])
    assert [len(one.core.monthly) for one in found.past] == [12]


# ---- Refused -------------------------------------------------------------------------------


def test_no_area_is_refused(located):
    with refuses("displacement.no_areas"):
        analyze_displacement(located, chosen_of())


def test_an_area_mostly_outside_the_city_is_refused_by_its_letter(located):
    outside = [cell_at((-95.5 + n / 50, 39.5)) for n in range(len(WEST) + 1)]
    with pytest.raises(ParamError, match="Area B is mostly outside") as refused:
        analyze_displacement(located, chosen_of(EAST, WEST | set(outside)), SINCE)
    assert refused.value.message.values["n"] == len(WEST) + 1
    with refuses("displacement.outside"):
        analyze_displacement(located, chosen_of(EAST, frozenset(outside)), SINCE)


@pytest.mark.parametrize("since", [Month(2020, 2), Month(2020, 3), Month(2031, 1)])
def test_a_start_after_the_last_whole_month_is_refused(located, since):
    with pytest.raises(PeriodError) as refused:
        analyze_displacement(located, chosen_of(WEST), since)
    assert refused.value.message.key == "displacement.after"
    assert str(refused.value) == (
        f"The data have no month after the start: the start is {since}, and the last full month is "
        "2020-01. Choose 2020-01 or an earlier month as the start."
    )


# ---- True in general -----------------------------------------------------------------------


@pytest.mark.parametrize("way", ["gone", "moved", "tripled"])
def test_what_came_after_the_start_changes_nothing_that_was_expected_of_before(
    testville, located, way
):
    dataset, config = testville
    since = Month(2018, 2)
    changed = with_other_future(dataset, since, way)
    other = locate_incidents(City(config, changed), AreaSettings(), located.cover)
    origins = [Month(2016, 1), Month(2017, 1)]
    found = []
    for each in (located, other):
        past = [count_past(each, [WEST], one, 24) for one in origins]
        chosen = chosen_of(WEST, EAST, period=Period.before(since, 36))
        found.append(analyze_displacement(each, chosen, since, past))
    one, two = found
    assert one.places.cores == two.places.cores
    assert one.places.rings == two.places.rings
    assert one.places.rest_before == two.places.rest_before
    assert one.dispersion == two.dispersion
    assert one.usual_core.n_starts == 2
    for usual in ("usual_core", "usual_ring"):
        for name in ("ratio", "relative_error"):
            a, b = (getattr(getattr(each, usual), name).tolist() for each in found)
            assert a == b
    assert plain(one)[0] != plain(two)[0]
