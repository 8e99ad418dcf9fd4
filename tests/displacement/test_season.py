"""A month against the same months of earlier years: by hand, by simulation, in words."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import nbinom

from csa.displacement.season import SeasonVerdict, as_message, compare_month
from csa.errors import ParamError, PeriodError, TableError
from csa.params import Month

general = settings(derandomize=True, deadline=None, database=None, max_examples=80)
JULY = Month(2020, 7)
SHOOTINGS = ("shooting", "shootings")


def julys(now, *earlier, before=None, **options):
    """Compare July 2020 with the Julys before it, given from the newest back; None is a gap."""
    counts = {f"{2019 - n}-07": c for n, c in enumerate(earlier) if c is not None}
    counts["2020-07"] = now
    if before is not None:
        counts["2020-06"] = before
    return compare_month(counts, JULY, **options)


def slow_range(counts, dispersion):
    """Add up the chances of 0, 1, 2 ... incidents until a twentieth is left at each end."""
    n, total = len(counts), sum(counts)
    mean = total / n
    variance = dispersion * mean * (1 + 1 / n)
    chance, size = mean / variance, mean**2 / (variance - mean)
    term, below, low = chance**size, 0.0, None
    for k in range(100_000):
        below += term
        if low is None and below >= 0.05:
            low = k
        if below >= 0.95:
            return low, k
        term *= (k + size) / (k + 1) * (1 - chance)
    raise AssertionError


def draw(rng, mean, dispersion, size):
    """Draw counts of a mean whose variance is dispersion times the mean."""
    if dispersion == 1:
        return rng.poisson(mean, size)
    scale = dispersion - 1
    return rng.poisson(rng.gamma(np.asarray(mean) / scale, scale, size))


def verdicts(counts, dispersion=1.0, years=5):
    """Judge the last year's July of each row: a row a city, its Julys oldest first."""
    found = []
    for city in counts:
        by_month = {f"{2021 - len(city) + n}-07": int(c) for n, c in enumerate(city)}
        found.append(compare_month(by_month, JULY, dispersion=dispersion, years=years).verdict)
    return found


# ---- By hand --------------------------------------------------------------------------------


def test_july_2020_by_hand():
    compared = julys(14, 9, 13, 10, 12, before=12)
    assert (compared.month, compared.incidents) == (JULY, 14)
    assert compared.previous_month_incidents == 12
    assert dict(compared.same_months) == {2016: 12, 2017: 10, 2018: 13, 2019: 9}
    assert list(compared.same_months) == [2016, 2017, 2018, 2019]
    assert compared.usual == 11
    # Four Julys of 11: Gamma(44, 4), so negative binomial of size 44 and chance 4/5.
    assert nbinom.cdf(4, 44, 0.8) < 0.05 <= nbinom.cdf(5, 44, 0.8)
    assert nbinom.sf(17, 44, 0.8) <= 0.05 < nbinom.sf(16, 44, 0.8)
    assert (compared.low, compared.high) == (5, 17)
    assert compared.verdict is SeasonVerdict.USUAL
    assert compared.change_share == pytest.approx(3 / 11)


def test_a_month_is_told_in_plain_words():
    assert str(as_message(julys(14, 9, 13, 10, 12, before=12), SHOOTINGS)) == (
        "July 2020: 14 shootings. The month before: 12. In the same month of 2016 to 2019: "
        "9 to 13. That is within what is usual (5 to 17)."
    )
    assert str(as_message(julys(1, 9, None, 12), SHOOTINGS)) == (
        "July 2020: one shooting. The month before: not in the data. In the same month of "
        "2017, 2019: 9 to 12. That is fewer than usual (5 to 18)."
    )
    assert str(as_message(julys(1200, 500, 500, before=1000), SHOOTINGS)).endswith(
        "July 2020: 1,200 shootings. The month before: 1,000. In the same month of 2018 to 2019: "
        "500. That is more than usual (456 to 546)."
    )


def test_too_few_is_told_with_its_reason():
    assert str(as_message(julys(2, 2, 3, before=1), SHOOTINGS)).endswith(
        "In the same month of 2018 to 2019: 2 to 3. Those are too few to say what is usual."
    )
    assert str(as_message(julys(0, 20, before=1), SHOOTINGS)) == (
        "July 2020: 0 shootings. The month before: 1. In the same month of 2019: 20. "
        "One earlier year cannot show what is usual."
    )
    assert str(as_message(julys(1), ("homicide", "homicides"))) == (
        "July 2020: one homicide. The month before: not in the data. The data hold this month "
        "of no earlier year, so it is not known what is usual."
    )


def test_one_more_than_the_range_is_more_and_one_less_is_fewer():
    said = {now: julys(now, 9, 13, 10, 12).verdict for now in (4, 5, 17, 18)}
    assert list(said.values()) == ["fewer", "usual", "usual", "more"]


def test_counts_that_vary_more_have_a_wider_range():
    compared = julys(19, 9, 13, 10, 12, dispersion=1.6)
    assert (compared.low, compared.high) == slow_range([9, 13, 10, 12], 1.6) == (4, 19)
    assert compared.verdict is SeasonVerdict.USUAL


def test_a_low_june_does_not_make_july_more():
    compared = julys(30, 31, 28, 33, 29, 30, before=8)
    assert compared.previous_month_incidents == 8
    assert compared.verdict is SeasonVerdict.USUAL
    assert julys(30, 31, 28, 33, 29, 30, before=60).verdict is SeasonVerdict.USUAL


# ---- At the edge ----------------------------------------------------------------------------


def test_one_earlier_year_is_too_few_and_two_are_enough():
    one = julys(60, 20)
    assert (one.verdict, one.low, one.high, one.usual) == ("too few", None, None, 20)
    assert julys(60, 20, 20).verdict is SeasonVerdict.MORE
    none = julys(60)
    assert (none.verdict, none.usual, dict(none.same_months)) == ("too few", None, {})
    assert none.change_share is None


def test_below_three_on_average_is_too_few_and_three_is_enough():
    assert julys(30, 3, 2).verdict is SeasonVerdict.TOO_FEW
    assert julys(30, 0, 0).verdict is SeasonVerdict.TOO_FEW
    assert julys(30, 3, 3).verdict is SeasonVerdict.MORE
    # The reason: at fewer, not even a July without any would be a surprise.
    assert math.exp(-3) < 0.05 < math.exp(-2.99)


def test_only_so_many_years_back_are_looked_at_and_gaps_are_not_filled():
    compared = julys(10, 9, None, 11, 12, 13, 500)
    assert dict(compared.same_months) == {2015: 13, 2016: 12, 2017: 11, 2019: 9}
    assert dict(julys(10, 9, 8, 11, 12, 13, 500, years=6).same_months)[2014] == 500
    assert dict(julys(10, 9, 8, 11, years=1).same_months) == {2019: 9}


def test_later_years_and_other_months_change_nothing():
    counts = {"2018-07": 9, "2019-07": 11, "2020-07": 10}
    more = {**counts, "2021-07": 99, "2019-06": 99, "2019-08": 99, "2020-08": 99}
    assert compare_month(counts, JULY) == compare_month(more, JULY)


def test_the_month_before_january_is_december_of_the_year_before():
    counts = {"2019-12": 4, "2020-01": 6, "2019-01": 5}
    compared = compare_month(counts, Month(2020, 1))
    assert compared.previous_month_incidents == 4
    assert dict(compared.same_months) == {2019: 5}


def test_a_month_before_without_incidents_is_none_and_not_unknown():
    assert julys(10, 9, 9, before=0).previous_month_incidents == 0
    assert "The month before: 0." in str(as_message(julys(10, 9, 9, before=0), SHOOTINGS))


def test_no_share_on_fewer_than_ten():
    assert julys(12, 9, 10).change_share is None
    assert julys(12, 10, 10).change_share == pytest.approx(0.2)
    assert julys(5, 10, 10).change_share == pytest.approx(-0.5)


def test_the_first_months_of_all_have_nothing_before_them():
    compared = compare_month({"0001-01": 3}, Month(1, 1))
    assert compared.previous_month_incidents is None
    assert dict(compared.same_months) == {}


# ---- Refused --------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", [0.99, 0, -1, math.nan, math.inf])
def test_a_dispersion_below_chance_is_refused(wrong):
    with pytest.raises(ParamError, match="must be 1 or more"):
        julys(10, 9, 9, dispersion=wrong)


@pytest.mark.parametrize("wrong", [0, -1, 51])
def test_years_outside_their_range_are_refused(wrong):
    with pytest.raises(ParamError, match="must be 1 to 50"):
        julys(10, 9, 9, years=wrong)


def test_a_month_that_is_not_covered_is_refused():
    with pytest.raises(PeriodError, match="do not cover July 2020 to its end"):
        compare_month({"2019-07": 3, "2020-06": 4}, JULY)
    with pytest.raises(PeriodError, match="do not cover July 2020"):
        compare_month({}, JULY)


@pytest.mark.parametrize("wrong", [-1, 2.5, math.nan, math.inf])
def test_what_is_no_count_is_refused(wrong):
    with pytest.raises(TableError, match=r"whole numbers, 0 or more; .* in 2019-07 is not"):
        julys(10, wrong)


@pytest.mark.parametrize("wrong", ["2020-7", "2020", "July"])
def test_a_key_that_is_no_month_is_refused(wrong):
    with pytest.raises(ParamError, match="must be a month"):
        compare_month({"2020-07": 3, wrong: 4}, JULY)


def test_an_answer_cannot_be_changed():
    compared = julys(10, 9, 9)
    with pytest.raises(TypeError):
        compared.same_months[2019] = 0
    with pytest.raises(AttributeError):
        compared.usual = 5.0


# ---- True in general ------------------------------------------------------------------------


@general
@given(
    now=st.integers(0, 200),
    earlier=st.lists(st.integers(0, 150), min_size=1, max_size=5),
    dispersion=st.sampled_from([1.0, 1.3, 1.6, 3.0]),
)
def test_the_range_is_its_slow_definition(now, earlier, dispersion):
    compared = julys(now, *earlier, dispersion=dispersion)
    if len(earlier) < 2 or sum(earlier) < 3 * len(earlier):
        assert (compared.verdict, compared.low, compared.high) == ("too few", None, None)
        return
    low, high = slow_range(earlier, dispersion)
    assert (compared.low, compared.high) == (low, high)
    said = "more" if now > high else "fewer" if now < low else "usual"
    assert compared.verdict == said


@general
@given(earlier=st.lists(st.integers(3, 90), min_size=2, max_size=5), seed=st.integers(0, 99))
def test_the_order_of_months_and_the_kind_of_table_do_not_matter(earlier, seed):
    counts = {f"{2019 - n}-07": count for n, count in enumerate(earlier)} | {"2020-07": 9}
    months = np.random.default_rng(seed).permutation(list(counts))
    series = pd.Series({str(month): counts[month] for month in months})
    by_period = series.set_axis(pd.PeriodIndex(series.index, freq="M"))
    before = series.copy()
    assert compare_month(series, JULY) == compare_month(by_period, JULY) == julys(9, *earlier)
    pd.testing.assert_series_equal(series, before)


@pytest.mark.parametrize("dispersion", [1.0, 1.6])
@pytest.mark.parametrize("n_years", [2, 3, 5])
@pytest.mark.parametrize("mean", [8, 40])
def test_an_unchanged_july_is_as_usual_nine_times_in_ten(dispersion, n_years, mean):
    rng = np.random.default_rng([int(10 * dispersion), n_years, mean])
    cities = draw(rng, mean, dispersion, (1200, n_years + 1))
    said = verdicts(cities, dispersion)
    share = np.mean([one == SeasonVerdict.USUAL for one in said])
    assert 0.88 <= share <= 0.97
    for wrong in (SeasonVerdict.MORE, SeasonVerdict.FEWER):
        assert np.mean([one == wrong for one in said]) <= 0.065


def test_counts_that_vary_more_than_by_chance_need_their_dispersion():
    """The reason why it is asked for: without it, an unchanged July is a surprise too often."""
    cities = draw(np.random.default_rng(5), 40, 1.6, (2000, 6))
    share = np.mean([one == SeasonVerdict.USUAL for one in verdicts(cities, 1.0)])
    assert share < 0.85


def test_a_strong_summer_is_no_displacement():
    """Every July has twice June's count: held against June it is a rise, and is none."""
    rng = np.random.default_rng(17)
    monthly = np.array([10, 9, 12, 14, 18, 20, 40, 36, 22, 15, 12, 10.0])
    more, above_june = [], []
    for _ in range(400):
        drawn = draw(rng, np.tile(monthly, 6), 1.6, 72)
        counts = {str(Month(2015, 1).plus(n)): int(count) for n, count in enumerate(drawn)}
        compared = compare_month(counts, JULY, dispersion=1.6)
        more.append(compared.verdict == SeasonVerdict.MORE)
        above_june.append(compared.incidents > compared.previous_month_incidents + 2 * 20**0.5)
    assert np.mean(above_june) > 0.8
    assert np.mean(more) <= 0.065


def test_a_july_twice_as_high_as_usual_is_found_four_times_in_five():
    rng = np.random.default_rng(23)
    cities = draw(rng, np.array([20] * 5 + [40]), 1.6, (400, 6))
    assert np.mean([one == SeasonVerdict.MORE for one in verdicts(cities, 1.6)]) > 0.8
