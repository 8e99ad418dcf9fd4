"""A month against its season and the year before it: by hand, by simulation, in words."""

import math
from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st
from scipy.stats import nbinom, t as student
from tests.sentences import says
from tests.workers import first

from csa.base.errors import ParamError, PeriodError, TableError
from csa.base.params import Month
from csa.change.season import SeasonVerdict, as_message, compare_month

JULY = Month(2020, 7)
SHOOTINGS = ("shooting", "shootings")


def julys(now, *earlier, before=None, last_year=120, **options):
    """Compare July 2020 with the Julys before it, given from the newest back; None is a gap.

    The twelve months before each July make `last_year`: every July itself, the rest in August.
    One July more is known, as the last given, so that this has its twelve months before too.
    """
    earlier = (*earlier, earlier[-1])
    counts = {f"{year}-{number:02d}": 0 for year in range(2010, 2020) for number in range(1, 13)}
    counts |= {f"2020-{number:02d}": 0 for number in range(1, 7)}
    known = [2019 - n for n, count in enumerate(earlier) if count is not None]
    for year in range(2010, 2020):
        count = earlier[2019 - year] if year in known else None
        if count is None:
            del counts[f"{year}-07"]
        else:
            counts[f"{year}-07"] = count
    for year in range(2010, 2020):
        counts[f"{year}-08"] = last_year - (counts.get(f"{year}-07") or 0)
    if before is not None:
        counts["2020-06"] = before
        counts["2019-08"] -= before
    counts["2020-07"] = now
    return compare_month(counts, JULY, **options)


def years_of(*parts, last_year, now):
    """Write Julys and the twelve months before each, newest first: Augusts hold what is left."""
    counts = {f"{2020 - n}-07": c for n, c in enumerate([now, *(count for count, _ in parts)])}
    for n, before in enumerate([last_year, *(before for _, before in parts)]):
        july = counts.get(f"{2019 - n}-07", 0)
        for number in range(8, 20):
            year, month = 2019 - n + (number - 1) // 12, (number - 1) % 12 + 1
            counts.setdefault(f"{year}-{month:02d}", 0)
        counts.setdefault(f"{2019 - n}-07", july)
        counts[f"{2019 - n}-08"] = before - july
    return counts


def slow_range(parts, last_year, dispersion):
    """The wider of chance's range, added up count by count, and of Student's on logarithms."""
    n, season = len(parts), sum(count for count, _ in parts)
    mean = last_year * season / sum(before for _, before in parts)
    variance = dispersion * mean + mean**2 * dispersion * (1 / season + 1 / last_year)
    law = nbinom(mean**2 / (variance - mean), mean / variance)
    low = next(k for k in range(10**6) if law.cdf(k) >= 0.05)
    high = next(k for k in range(low, 10**6) if law.cdf(k) >= 0.95)
    logs = [math.log((count or 0.5) / before) for count, before in parts]
    middle = sum(logs) / n
    spread = math.sqrt(sum((one - middle) ** 2 for one in logs) / (n - 1))
    far = student(n - 1).ppf(0.95) * spread * math.sqrt(1 + 1 / n)
    return (
        min(low, math.floor(last_year * math.exp(middle - far))),
        max(high, math.ceil(last_year * math.exp(middle + far))),
    )


def draw(rng, mean, dispersion):
    """Draw counts of a mean whose variance is dispersion times the mean."""
    if dispersion == 1:
        return rng.poisson(mean)
    return rng.negative_binomial(np.asarray(mean) / (dispersion - 1), 1 / dispersion)


SUMMER = np.array([10, 9, 12, 14, 18, 20, 22, 21, 16, 14, 12, 10]) / 14.8


def cities(seed, n_cities, *, monthly, spread, n_years, is_drift=False, dispersion=1.0):
    """Draw months of cities whose years differ: each on its own, or from the year before on."""
    rng = np.random.default_rng(seed)
    for _ in range(n_cities):
        steps = spread * rng.normal(size=n_years + 1)
        levels = np.exp(np.cumsum(steps) if is_drift else steps)
        drawn = draw(rng, (monthly * levels[:, None] * SUMMER).ravel(), dispersion)
        yield {str(Month(2020 - n_years, 1).plus(n)): int(one) for n, one in enumerate(drawn)}


def shares(drawn, month=JULY, dispersion=1.0):
    """Tell how often a month is called more, fewer, usual and too few."""
    said = [compare_month(one, month, dispersion=dispersion).verdict for one in drawn]
    return {one: said.count(one) / len(said) for one in SeasonVerdict}


# ---- By hand --------------------------------------------------------------------------------


def test_july_2020_by_hand():
    """Four Julys of 44 together in 480, and 120 in the newest twelve months: 11 expected."""
    compared = julys(14, 11, 11, 11, 11, before=12)
    assert (compared.month, compared.incidents) == (JULY, 14)
    assert compared.previous_month_incidents == 12
    assert dict(compared.same_months) == dict.fromkeys(range(2015, 2020), 11)
    assert list(compared.same_months) == [2015, 2016, 2017, 2018, 2019]
    assert compared.usual == pytest.approx(11)
    # Years alike: chance alone. 11 + 121 x (1/44 + 1/120) = 14.76.
    law = nbinom(121 / 3.7583, 11 / 14.7583)
    assert law.cdf(4) < 0.05 <= law.cdf(5)
    assert law.sf(18) <= 0.05 < law.sf(17)
    assert (compared.low, compared.high) == (5, 18)
    assert (compared.verdict, compared.n_years) == (SeasonVerdict.USUAL, 4)


def test_what_halved_over_the_last_year_is_expected_to_stay_so():
    """Julys of 100 in years of 1,200; then a year of 600, and a July of 50: as usual."""
    counts = years_of((100, 1200), (104, 1200), (97, 1200), last_year=600, now=50)
    compared = compare_month(counts, JULY)
    assert compared.usual == pytest.approx(600 * 301 / 3600)
    assert compared.verdict is SeasonVerdict.USUAL
    assert compare_month({**counts, "2020-07": 100}, JULY).verdict is SeasonVerdict.MORE


def test_a_month_is_told_in_plain_words():
    assert str(as_message(julys(14, 11, 11, 11, 11, before=12), SHOOTINGS)) == (
        says(
            "season.usual",
            month="July 2020",
            n=14,
            what="shootings",
            before=12,
            years="2015 to 2019",
            counted=11,
            low=5,
            high=18,
        )
    )
    counts = years_of((12, 120), (11, 120), (12, 120), last_year=120, now=1)
    del counts["2020-06"]
    assert says("season.no_before") in str(as_message(compare_month(counts, JULY), SHOOTINGS))
    assert "one shooting, below the normal range" in str(
        as_message(julys(1, 12, 12, 12, before=0), SHOOTINGS)
    )
    assert "60 shootings, above the normal range" in str(
        as_message(julys(60, 12, 12, 12, before=0), SHOOTINGS)
    )


def test_too_few_is_told_with_its_reason():
    assert str(as_message(julys(2, 2, 3, before=1), SHOOTINGS)).endswith(
        "Same month of 2017 to 2019: 2 to 3. Too few to tell what is normal, or too variable."
    )
    assert str(as_message(julys(0, 20, before=1), SHOOTINGS)) == (
        says(
            "season.one_year",
            month="July 2020",
            n=0,
            what="shootings",
            before=1,
            years="2018 to 2019",
            counted=20,
        )
    )
    assert str(as_message(compare_month({"2020-07": 1}, JULY), ("homicide", "homicides"))) == (
        says("season.no_year", month="July 2020", what="homicide", before="not in the data", n=1)
    )


def test_one_more_than_the_range_is_more_and_one_less_is_fewer():
    said = {now: julys(now, 11, 11, 11, 11).verdict for now in (4, 5, 18, 19)}
    assert list(said.values()) == ["fewer", "usual", "usual", "more"]


# ---- At the edge ----------------------------------------------------------------------------


def test_one_earlier_year_is_too_few_and_two_are_enough():
    one = julys(60, 20, last_year=240)
    assert (one.verdict, one.low, one.high, one.n_years) == ("too few", None, None, 1)
    assert julys(90, 20, 20, last_year=240).verdict is SeasonVerdict.MORE
    none = compare_month({"2020-07": 60}, JULY)
    assert (none.verdict, none.usual, dict(none.same_months)) == ("too few", None, {})


def test_a_july_without_a_whole_year_before_it_says_nothing_of_the_season():
    counts = years_of((20, 240), (20, 240), last_year=240, now=20)
    assert compare_month(counts, JULY).verdict is SeasonVerdict.USUAL
    del counts["2017-11"]  # of the year before July 2018
    compared = compare_month(counts, JULY)
    assert (compared.n_years, compared.verdict) == (1, "too few")
    assert len(compared.same_months) == 3  # that of 2017 is known, without a year before it
    del counts["2019-11"]  # of the year before July 2020 itself
    assert (compare_month(counts, JULY).n_years, compare_month(counts, JULY).usual) == (0, None)


def test_below_three_expected_is_too_few():
    assert julys(30, 3, 2).verdict is SeasonVerdict.TOO_FEW
    assert julys(30, 0, 0).verdict is SeasonVerdict.TOO_FEW
    # The reason: at fewer, not even a July without any would be a surprise.
    assert math.exp(-3) < 0.05 < math.exp(-2.99)


def test_a_range_so_wide_that_it_says_nothing_is_none():
    """Two years that differ threefold: Student's t of one freedom spans a hundred times."""
    assert julys(30, 10, 30, last_year=240).verdict is SeasonVerdict.TOO_FEW
    assert julys(20, 18, 19, last_year=240).verdict is SeasonVerdict.USUAL
    # 20 to 80 would span more than twice the 40 in its middle, and 200 is no exception.
    for now in (40, 200):
        wide = julys(now, 32, 40, 60, last_year=400)
        assert (wide.verdict, wide.low, wide.high) == (SeasonVerdict.TOO_FEW, None, None)
        assert "the normal range" not in str(as_message(wide, ("shooting", "shootings")))


def test_a_city_without_an_incident_is_too_few():
    counts = {str(Month(2015, 1).plus(n)): 0 for n in range(67)}
    assert compare_month(counts, JULY).verdict is SeasonVerdict.TOO_FEW


def test_only_so_many_years_back_are_looked_at_and_gaps_are_not_filled():
    compared = julys(10, 9, None, 11, 12, 13, 50)
    assert dict(compared.same_months) == {2015: 13, 2016: 12, 2017: 11, 2019: 9}
    assert compared.n_years == 3  # July 2018 lacks, and so the year before July 2019
    assert dict(julys(10, 9, 8, 11, 12, 13, 50, years=6).same_months)[2014] == 50
    assert dict(julys(10, 9, 8, 11, years=1).same_months) == {2019: 9}


def test_later_months_change_nothing():
    counts = years_of((9, 120), (11, 120), (10, 120), last_year=120, now=10)
    more = {**counts, "2021-07": 99, "2020-08": 99}
    assert compare_month(counts, JULY) == compare_month(more, JULY)


def test_the_month_before_january_is_december_of_the_year_before():
    counts = {"2019-12": 4, "2020-01": 6, "2019-01": 5}
    compared = compare_month(counts, Month(2020, 1))
    assert compared.previous_month_incidents == 4
    assert dict(compared.same_months) == {2019: 5}


def test_a_month_before_without_incidents_is_none_and_not_unknown():
    assert julys(10, 9, 9, before=0).previous_month_incidents == 0
    assert "Month before: 0." in str(as_message(julys(10, 9, 9, before=0), SHOOTINGS))


def test_the_first_months_of_all_have_nothing_before_them():
    compared = compare_month({"0001-01": 3}, Month(1, 1))
    assert compared.previous_month_incidents is None
    assert dict(compared.same_months) == {}
    assert compare_month({"0001-12": 3}, Month(1, 12)).usual is None


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
    with pytest.raises(PeriodError, match="do not cover all of July 2020"):
        compare_month({"2019-07": 3, "2020-06": 4}, JULY)
    with pytest.raises(PeriodError, match="do not cover all of July 2020"):
        compare_month({}, JULY)


@pytest.mark.parametrize("wrong", [-1, 2.5, math.nan, math.inf])
def test_what_is_no_count_is_refused(wrong):
    with pytest.raises(TableError, match=r"whole numbers, 0 or more, not .* \(in 2018-07\)"):
        julys(10, wrong)


@pytest.mark.parametrize("wrong", ["2020-7", "2020", "July"])
def test_a_key_that_is_no_month_is_refused(wrong):
    with pytest.raises(ParamError, match="must be a month"):
        compare_month({"2020-07": 3, wrong: 4}, JULY)


# ---- True in general ------------------------------------------------------------------------


@given(
    now=st.integers(0, 200),
    parts=st.lists(st.tuples(st.integers(0, 150), st.integers(300, 900)), min_size=2, max_size=5),
    last_year=st.integers(300, 900),
    dispersion=st.sampled_from([1.0, 1.3, 1.6, 3.0]),
)
def test_the_range_is_its_slow_definition(now, parts, last_year, dispersion):
    compared = compare_month(
        years_of(*parts, last_year=last_year, now=now), JULY, dispersion=dispersion
    )
    usual = last_year * sum(count for count, _ in parts) / sum(before for _, before in parts)
    assert compared.usual == pytest.approx(usual)
    wide = (0, math.inf) if usual < 3 else slow_range(parts, last_year, dispersion)
    if wide[1] - wide[0] > 2 * usual:
        assert (compared.verdict, compared.low, compared.high) == ("too few", None, None)
        return
    assert (compared.low, compared.high) == wide
    said = "more" if now > wide[1] else "fewer" if now < wide[0] else "usual"
    assert compared.verdict == said


@given(earlier=st.lists(st.integers(3, 90), min_size=2, max_size=5), seed=st.integers(0, 99))
def test_the_order_of_months_and_the_kind_of_table_do_not_matter(earlier, seed):
    parts = [(count, 700) for count in earlier]
    counts = years_of(*parts, last_year=700, now=9)
    months = np.random.default_rng(seed).permutation(list(counts))
    series = pd.Series({str(month): counts[month] for month in months})
    by_period = series.set_axis(pd.PeriodIndex(series.index, freq="M"))
    before = series.copy()
    assert compare_month(series, JULY) == compare_month(by_period, JULY)
    assert compare_month(series, JULY) == compare_month(counts, JULY)
    pd.testing.assert_series_equal(series, before)


YEARS = tuple(product((0.0, 0.1, 0.2), (False, True)))
"""How much they differ, and whether they drift or each stands on its own."""


@pytest.mark.parametrize(
    ("monthly", "dispersion", "spread", "is_drift"),
    first(
        [(*counts, *years) for counts in ((10, 1.0), (130, 1.4)) for years in YEARS],
        (130, 1.4, 0.2, True),
        (10, 1.0, 0.0, False),
    ),
)
def test_an_unchanged_july_is_called_more_or_fewer_one_time_in_ten_though_years_differ(
    monthly, dispersion, spread, is_drift
):
    """As docs/METHODS.md states; measured with 600 cities each: 1.0 to 8.2%."""
    for n_years in (3, 6):
        drawn = cities(
            n_years,
            300,
            monthly=monthly,
            spread=spread,
            n_years=n_years,
            is_drift=is_drift,
            dispersion=dispersion,
        )
        found = shares(drawn, dispersion=dispersion)
        wrong = [found[one] for one in (SeasonVerdict.MORE, SeasonVerdict.FEWER)]
        assert sum(wrong) <= 0.13  # 10%, and 1.7 errors of the simulation
        assert max(wrong) <= 0.08


def test_a_july_twice_as_high_as_usual_is_found_four_times_in_five():
    drawn = list(cities(23, 300, monthly=60, spread=0.1, n_years=6))
    doubled = [{**one, "2020-07": 2 * one["2020-07"]} for one in drawn]
    assert shares(doubled)[SeasonVerdict.MORE] > 0.8
