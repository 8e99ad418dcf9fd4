"""The last year against those before: by hand, at the edge, and as often wrong as it says."""

import math

import numpy as np
import pytest
from hypothesis import given, strategies as st
from tests.reports import told

from csa.base.text import Translator
from csa.reports.public.facts import PublicPlace
from csa.reports.public.neighborhoods import dispersion_of, trend_of, trend_words


def years(*counts, first=2015):
    return tuple((first + n, count) for n, count in enumerate(counts))


# ---- by hand -------------------------------------------------------------------------------


def test_a_ratio_and_its_range_by_hand():
    """40 against a mean of 80 over four years; variance 1/40 + 1/320 + 4 (1/1600 + 4/102400)."""
    trend = trend_of(years(80, 70, 90, 80, 40))
    reach = math.exp(1.96 * math.sqrt(1 / 40 + 1 / 320 + 4 * (1 / 1600 + 4 / 102400)))
    assert (trend.first, trend.last, trend.ratio) == (2015, 2019, 0.5)
    assert (trend.low, trend.high) == pytest.approx((0.5 / reach, 0.5 * reach))
    assert trend.verdict == "fewer"


def test_words_give_the_smaller_change_first():
    t = Translator()
    assert trend_words(trend_of(years(80, 80, 80, 80, 40)), t) == "50% fewer (29% to 65%)"
    assert trend_words(trend_of(years(80, 80, 80, 80, 160)), t) == "100% more (65% to 143%)"
    said = trend_words(trend_of(years(80, 80, 80, 80, 78)), t)
    assert said.startswith("no clear change (")
    assert trend_words(None, t) == "too small to compare"


# ---- at the edge ---------------------------------------------------------------------------


@pytest.mark.parametrize("counts", [(), (40,), (40, None), (None, 40, 40), (12, 14, None, 15, 20)])
def test_one_year_or_a_year_of_fewer_than_ten_is_too_few(counts):
    assert trend_of(years(*counts)) is None


def test_only_the_last_five_years_count():
    assert trend_of(years(900, 80, 70, 90, 80, 40, first=2014)) == trend_of(
        years(80, 70, 90, 80, 40)
    )


def test_without_two_whole_rows_there_is_no_dispersion_to_see():
    assert dispersion_of(told.facts(districts=())) == 1.0
    one = PublicPlace(name="x", count=90, years=years(30, 30, 30))
    assert dispersion_of(told.facts(districts=(one,))) == 1.0


# ---- true in general -----------------------------------------------------------------------


@given(st.lists(st.integers(10, 400), min_size=2, max_size=5))
def test_more_dispersion_makes_a_wider_range_around_the_same_ratio(counts):
    narrow, wide = trend_of(years(*counts)), trend_of(years(*counts), 2.0)
    assert wide.low < narrow.low < narrow.ratio == wide.ratio < narrow.high < wide.high


@pytest.mark.parametrize("spread", [1.0, 2.0])
def test_where_nothing_changed_one_in_twenty_is_called_a_change(spread):
    """Negative binomial counts, each changed as published ones are; the dispersion is estimated."""
    rng = np.random.default_rng(11)
    means = rng.uniform(25, 150, 400)
    if spread == 1.0:
        drawn = rng.poisson(means[:, None], (400, 5))
    else:
        size = means[:, None] / (spread - 1)
        drawn = rng.negative_binomial(size, 1 / spread, (400, 5))
    change = rng.geometric(0.5, (2, 400, 5)) - 1
    counts = np.maximum(drawn + change[0] - change[1], 10)
    places = tuple(
        PublicPlace(name=str(n), count=1, years=years(*row))
        for n, row in enumerate(counts.tolist())
    )
    dispersion = dispersion_of(told.facts(districts=places))
    assert dispersion == pytest.approx(spread, abs=0.25)
    found = [trend_of(place.years, dispersion).verdict != "unclear" for place in places]
    assert 0.015 < np.mean(found) < 0.085
