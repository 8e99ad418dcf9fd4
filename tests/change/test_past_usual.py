"""What usually happens anyway: ratios by hand, and the joined mean against a slow likelihood."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy.optimize import minimize_scalar
from scipy.stats import norm

from csa.base.params import Month
from csa.change.expectation import Baseline
from csa.change.past import (
    CORE,
    NET,
    NOT_CHOSEN,
    RING,
    PastChange,
    PastChangePrior,
    PastYear,
    estimate_past_change,
    join_years,
)

SPREAD, SPREAD_STARTS, BEYOND = 0.03, 2, 0.08  # as docs/METHODS.md states them
PRIOR = PastChangePrior(0.95, 0.1)


def year(monthly, compared, *, mean=100.0, variance=50.0, before=1000, origin="2020-01"):
    return PastYear(origin, Baseline(mean, variance), before, np.array(monthly), np.array(compared))


def years_of(ratios, starts, n_months=1):
    """Make past starts of so many incidents that chance is next to nothing."""
    return [
        year(
            [round(1e8 * ratio)] * n_months,
            [10**8] * n_months,
            mean=1e8,
            variance=1.0,
            before=10**8,
            origin=str(Month(2010, 1).plus(start)),
        )
        for ratio, start in zip(ratios, starts, strict=True)
    ]


def slow_spread(logs, chance, n_spans):
    """Estimate the variance beyond chance: by hand, start by start."""
    others = n_spans - 1
    middle = sum(logs) / len(logs)
    variance = sum((log - middle) ** 2 for log in logs) / len(logs)
    found = max(0.0, variance * n_spans / others - chance) if others >= 1 else 0.0
    return max(found, (others * found + SPREAD_STARTS * SPREAD**2) / (others + SPREAD_STARTS))


def likeliest(logs, chance, spread, n_spans, prior):
    """Seek the mean that makes so many independent spans, and what is known elsewhere, likeliest."""

    def unlikely(mean):
        each = norm.logpdf(logs, mean, math.sqrt(chance + spread))
        return -(n_spans * each.mean() + norm.logpdf(math.log(prior.ratio), mean, prior.error))

    return minimize_scalar(unlikely, bracket=(-1, 1), tol=1e-10).x, unlikely


# ---- By hand --------------------------------------------------------------------------------


def test_the_ratio_of_a_past_year_by_hand():
    """90 came where 100 times 500 / 1,000 = 50 were expected: 1.8."""
    one = year([40, 50], [200, 300])
    ratio, error = one.ratio(2, 1.6)
    assert ratio == pytest.approx(90 / 50)
    assert error == pytest.approx(math.sqrt(1.6 * (1 / 90 + 1 / 500 + 1 / 1000 + 50 / 100**2)))
    assert one.ratio(1, 1.0)[0] == pytest.approx(40 / (100 * 0.2))


def test_what_is_known_elsewhere_is_as_stated():
    """Areas that luck helped to choose fall by a tenth; what lies around them does not."""
    assert [(one.ratio, one.error) for one in (CORE, RING, NET, NOT_CHOSEN)] == [
        (0.9, 0.08),
        (1.0, 0.06),
        (0.95, 0.06),
        (1.0, 0.08),
    ]


def test_without_past_starts_what_is_known_elsewhere_stands_with_its_doubt():
    usual = estimate_past_change([], 24, CORE, 1.6)
    assert (usual.n_starts, usual.n_spans) == (0, 0)
    assert usual.ratio == pytest.approx(np.full(24, 0.9))
    assert usual.relative_error == pytest.approx(np.full(24, math.hypot(0.08, 0.03)))


def test_starts_that_overlap_count_as_the_spans_that_they_cover():
    """Four starts half a year apart reach over 18 months from first to last.

    After a year that is 2.5 spans of 12 months; after half a year 4 of 6 months. Ratios of .8 and .9
    in turn lie .0589 from their mean; of 2.5 spans that is a variance of .00578, by 1.5 others, and
    two more of .03 squared.
    """
    past = years_of([0.8, 0.9, 0.8, 0.9], [0, 6, 12, 18], 12)
    usual = estimate_past_change(past, 12, PastChangePrior(1.0, 0.1), 1.0)
    assert (usual.n_starts, usual.n_spans) == (4, pytest.approx(2.5))
    variance = (math.log(0.9 / 0.8) / 2) ** 2
    for month, spans in ((12, 2.5), (6, 4.0)):
        spread = variance * spans / (spans - 1)  # more than elsewhere, so it is taken as it is
        own, others = spans / spread, 100
        mean = own * math.log(0.8 * 0.9) / 2 / (own + others)
        assert usual.ratio[month - 1] == pytest.approx(math.exp(mean), rel=1e-6)
        error = math.sqrt(1 / (own + others) + spread)
        assert usual.relative_error[month - 1] == pytest.approx(error, rel=1e-4)


def test_areas_and_the_cells_around_them_are_one_set_of_cells():
    core, ring = year([4, 6], [90, 80]), year([10, 20], [90, 80], mean=300.0, variance=25.0)
    both = join_years(core, ring)
    assert (both.base.mean, both.base.variance) == (400, 75)
    assert both.monthly.tolist() == [14, 26]
    assert (both.origin, both.before, both.compared.tolist()) == ("2020-01", 1000, [90, 80])
    assert both.ratio(2, 1.0)[0] == pytest.approx(40 / (400 * 170 / 1000))


def test_months_before_an_area_was_followed_change_nothing_of_what_is_usual():
    late = PastChange(np.array([0.9, 0.8]), np.array([0.1, 0.2]), 5, 2.5).later(2)
    assert late.ratio.tolist() == [1, 1, 0.9, 0.8]
    assert late.relative_error.tolist() == [0, 0, 0.1, 0.2]
    assert (late.n_starts, late.n_spans) == (5, 2.5)


# ---- At the edge ----------------------------------------------------------------------------


def test_each_number_of_months_is_compared_with_the_starts_that_reach_as_far():
    """Two reach a month and one three: after two months only the longer counts, as one span."""
    short = years_of([0.5, 0.5], [24, 48], 1)
    (long,) = years_of([0.9], [0], 3)
    usual = estimate_past_change([long, *short], 3, PRIOR, 1.0)
    alone = estimate_past_change([long], 3, PRIOR, 1.0)
    assert usual.ratio[1:].tolist() == alone.ratio[1:].tolist()
    assert usual.relative_error[1:].tolist() == alone.relative_error[1:].tolist()
    assert usual.ratio[0] < alone.ratio[0] - 0.03
    assert usual.n_spans == alone.n_spans == 1


def test_beyond_the_longest_its_last_month_stands_and_the_doubt_grows():
    """Of 4 months half are known, of the rest nothing but .08: 4% of doubt more."""
    past = [year([20, 30], [200, 200], origin=f"20{n}-01") for n in (10, 12)]
    usual, known = (estimate_past_change(past, n, PRIOR, 1.0) for n in (4, 2))
    assert usual.ratio[:2].tolist() == known.ratio.tolist()
    assert usual.ratio[2:].tolist() == [known.ratio[1]] * 2
    for month in (3, 4):
        more = BEYOND * (month - 2) / month
        error = math.hypot(known.relative_error[1], more)
        assert usual.relative_error[month - 1] == pytest.approx(error)


@pytest.mark.parametrize("apart", [2, 240])
def test_two_starts_are_two_spans_at_most_however_far_apart(apart):
    """Each is asked one month: so much says the first, and so much the second."""
    usual = estimate_past_change(
        years_of([0.8, 0.8], [0, apart]), 1, PastChangePrior(1.0, 0.1), 1.0
    )
    spread = 2 * SPREAD**2 / 3  # none is found, by one other, and two as elsewhere
    own, others = 2 / spread, 100
    mean = own * math.log(0.8) / (own + others)
    assert usual.ratio[0] == pytest.approx(math.exp(mean), rel=1e-6)
    assert usual.n_spans == 2


SILENT = {
    "no incident": year([0], [500]),
    "no incident in the rest": year([50], [0]),
    "none before": year([50], [500], before=0),
    "nothing expected": year([50], [500], mean=0.0),
}


@pytest.mark.parametrize("name", SILENT)
def test_a_past_start_that_cannot_be_told_counts_for_nothing(name):
    silent, loud = SILENT[name], year([45], [500])
    assert silent.ratio(1, 1.0) == (0.0, math.inf)
    alone = estimate_past_change([silent], 1, PRIOR, 1.0)
    assert alone.ratio[0] == pytest.approx(0.95)
    assert alone.relative_error[0] == pytest.approx(math.hypot(0.1, SPREAD))
    earlier = replace(silent, origin="2010-01")
    for past in ([silent, loud], [earlier, loud]):
        both, one = (estimate_past_change(each, 1, PRIOR, 1.0) for each in (past, [loud]))
        assert both.ratio[0] == one.ratio[0]
        assert both.relative_error[0] == one.relative_error[0]


def test_a_first_month_without_incidents_is_skipped_and_the_next_is_told():
    usual = estimate_past_change([year([0, 40], [200, 200])], 2, PRIOR, 1.0)
    assert usual.ratio[0] == pytest.approx(0.95)
    assert 0.95 < usual.ratio[1] < 1


def test_no_months_settle_nothing():
    usual = estimate_past_change([year([40], [400])], 0, PRIOR, 1.0)
    assert usual.ratio.size == usual.relative_error.size == 0
    assert usual.n_spans == 0


# ---- True in general ------------------------------------------------------------------------

MONTHS = 12
starts = st.lists(
    st.tuples(
        st.integers(20, 400), st.integers(200, 2000), st.integers(200, 2000), st.integers(2, 12)
    ),
    min_size=1,
    max_size=8,
)


def made_of(past):
    """Make starts 2 to 12 months apart, each of a year that has all of it in its last month."""
    months = np.cumsum([gap for *_, gap in past])
    return [
        year(
            [0] * (MONTHS - 1) + [n],
            [0] * (MONTHS - 1) + [rest],
            before=before,
            origin=str(Month(2010, 1).plus(int(month))),
        )
        for (n, rest, before, _), month in zip(past, months, strict=True)
    ], (months[-1] - months[0]) / MONTHS + 1


@given(past=starts, dispersion=st.sampled_from([1.0, 1.6]), prior=st.sampled_from([CORE, RING]))
def test_the_joined_ratio_is_the_likeliest_and_its_error_the_likelihoods(past, dispersion, prior):
    made, n_spans = made_of(past)
    told = [one.ratio(MONTHS, dispersion) for one in made]
    logs = [math.log(ratio) for ratio, _ in told]
    chance = sum(error**2 for _, error in told) / len(told)
    spread = slow_spread(logs, chance, n_spans)
    mean, unlikely = likeliest(logs, chance, spread, n_spans, prior)
    usual = estimate_past_change(made, MONTHS, prior, dispersion)
    assert math.log(usual.ratio[-1]) == pytest.approx(mean, abs=1e-6)
    step = 1e-3
    bend = (unlikely(mean + step) - 2 * unlikely(mean) + unlikely(mean - step)) / step**2
    assert usual.relative_error[-1] == pytest.approx(math.sqrt(1 / bend + spread), rel=1e-4)
