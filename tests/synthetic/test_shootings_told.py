"""By when what was planted can be told at all: by hand, and against a slow simulation."""

import numpy as np
import pytest
from scipy.stats import binomtest, poisson

from csa.synthetic import shootings
from csa.synthetic.landscape import COOLED_TO, COOLING_SHARE, HOMICIDES, NONFATAL, RING_SHARE

# ---- By hand -------------------------------------------------------------------------------


def test_the_month_is_the_one_in_the_samples_truth(truth):
    assert shootings.detectable_by() == truth["displacement"]["told_by"]
    assert truth["displacement"]["since"] == "2019-07"


def test_the_chance_of_a_false_alarm_is_shared_as_the_verdicts_share_it():
    # 1 in 20 cities, half of it for 8 single areas, each with its ring, and more or fewer,
    # at about ten looks: 0.05 / 2 / 8 / 2 / 2 / 10.
    assert pytest.approx(0.05 / 640) == shootings.CHANCE


@pytest.mark.parametrize(
    ("n_before", "after", "months", "is_told"),
    [
        # 36 in 36 months before. As many a month after are nothing to tell.
        (36, 1.0, 12, False),
        # 7 times in 10 there are 56 or more in a year, where 12 came in each before.
        (36, 5.0, 12, True),
        (36, 5.0, 1, False),
        (0, 5.0, 4, True),
        (0, 0.0, 24, False),
    ],
)
def test_a_rise_is_told_where_seven_in_ten_such_counts_are_beyond_chance(
    n_before, after, months, is_told
):
    assert shootings.is_detectable(n_before, after, months) == is_told


def told_slowly(n_before, after, months):
    """Count how often an exact test of many drawn counts is below the chance."""
    drawn = np.random.default_rng(5).poisson(after * months, 2000)
    share = months / (months + shootings.MONTHS_BEFORE)
    tests = {
        n: binomtest(n, n_before + n, share, alternative="greater").pvalue
        for n in np.unique(drawn).tolist()
        if n_before + n
    }
    return np.mean([tests.get(n, 1.0) <= shootings.CHANCE for n in drawn.tolist()])


def test_by_that_month_the_rise_shows_seven_times_in_ten_and_not_a_month_before():
    yearly = HOMICIDES[2019] + NONFATAL[2019]
    before = 0.2 * COOLING_SHARE * yearly / 12
    after = COOLED_TO * before + 0.9 * RING_SHARE * yearly / 12
    year, month = map(int, shootings.detectable_by().split("-"))
    months = (year - 2019) * 12 + month - 7 + 1
    n_before = round(36 * before)
    assert told_slowly(n_before, after, months) > 0.68
    assert told_slowly(n_before, after, months - 1) < 0.72
    assert not shootings.is_detectable(n_before, after, months - 1)


# ---- True in general -----------------------------------------------------------------------


@pytest.mark.parametrize("n_before", [0, 4, 20, 60])
@pytest.mark.parametrize("months", [2, 6, 14])
def test_the_one_count_that_decides_is_reached_by_seven_in_ten(n_before, months):
    for after in (0.5, 1.5, 3.0, 8.0):
        share = months / (months + 36)
        passing = [
            n
            for n in range(1, 400)
            if binomtest(n, n_before + n, share, alternative="greater").pvalue <= shootings.CHANCE
        ]
        power = poisson.sf(passing[0] - 1, after * months)
        assert shootings.is_detectable(n_before, after, months) == (power > 0.7)
