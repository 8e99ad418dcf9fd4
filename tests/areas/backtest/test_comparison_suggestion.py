"""Which setting is suggested: within one standard error of the best, the one of fewest areas."""

import numpy as np
import pytest
from hypothesis import given, strategies as st
from tests.sentences import says

from csa.areas.backtest.comparison import (
    MIN_ORIGINS,
    SettingScore,
    choose_setting,
    comparable_settings,
    explain_choice,
    explain_override,
)


def tried(hit_shares, n_areas=20, eps_m=250.0, min_samples=19, area_shares=0.02):
    numbers = (n_areas,) * len(hit_shares) if isinstance(n_areas, int) else n_areas
    land = (area_shares,) * len(hit_shares) if isinstance(area_shares, float) else area_shares
    return SettingScore(eps_m, min_samples, tuple(hit_shares), tuple(land), tuple(numbers))


many_tried = st.integers(3, 9).flatmap(
    lambda n: st.lists(
        st.builds(
            tried,
            st.lists(st.integers(0, 40).map(lambda k: k / 100), min_size=n, max_size=n),
            st.integers(1, 40),
            st.sampled_from([150.0, 200.0, 250.0]),
        ),
        min_size=1,
        max_size=8,
    )
)


# ---- By hand -------------------------------------------------------------------------------


def test_a_setting_within_one_standard_error_of_the_best_is_as_good():
    best = tried([0.20, 0.22, 0.24], 30)  # mean .22
    # behind by .00, .02, .01: mean .01, standard error .01 / root 3 = .0058
    behind = tried([0.20, 0.20, 0.23], 5)
    assert choose_setting([best, behind]) is best
    # behind by -.01, .01, .00 and .01, .03, -.01 (mean .01, error .0115)
    level, just = tried([0.21, 0.21, 0.24], 10), tried([0.19, 0.19, 0.25], 5)
    assert choose_setting([best, level]) is level
    assert choose_setting([best, just]) is just
    assert choose_setting([best, level, just, behind]) is just


def test_of_as_many_areas_the_one_that_caught_more_is_chosen_then_the_smaller_radius():
    best, level = tried([0.2, 0.3, 0.2], 9), tried([0.3, 0.2, 0.19], 9, eps_m=100.0)
    assert choose_setting([level, best]) is best
    wide, narrow = tried([0.2, 0.3, 0.2], eps_m=300.0), tried([0.2, 0.3, 0.2], eps_m=150.0)
    assert choose_setting([wide, narrow]) is narrow


def test_the_reason_names_the_setting_what_it_caught_and_the_best():
    both = [tried([0.30, 0.22, 0.26], 30, 150.0, 7), tried([0.20, 0.30, 0.25], 12)]
    said = str(explain_choice(choose_setting(both), both, 3))
    assert said == (
        "Over 3 past years, 2 settings were tested on the same land. The best caught 26.0% of the next year's incidents; this one, 250 m and 19, caught 25.0%, which is as good, with the fewest areas (12 on average)."
    )


def test_a_setting_on_less_land_is_never_chosen_nor_the_best_nor_the_nearest():
    # It catches more with fewest areas, but in the second year it covered three quarters as much.
    less = tried([0.4, 0.4, 0.4], 2, 250.0, 40, (0.02, 0.015, 0.02))
    best, other = tried([0.3, 0.3, 0.3], 20, 250.0, 28), tried([0.1, 0.1, 0.1], 9, 150.0, 7)
    both = [less, best, other]
    assert comparable_settings(both) == [best, other]
    assert choose_setting(both) is best
    assert "The best caught 30.0%" in str(explain_choice(best, both, 3))
    assert str(explain_override(250.0, 38, both, best)) == (
        "In past years the nearest setting tested, 250 m and 28, caught 30.0% of the next year's incidents; the suggested one 30.0%."
    )
    # 40 is 43% above 28: too far for it to speak for it, and the one tried is on less land
    unknown = says("backtest.override_unknown")
    assert str(explain_override(250.0, 40, both, best)) == unknown


def test_a_year_in_which_no_setting_covers_the_land_asked_for_still_compares_them():
    thin = (0.02, 0.012, 0.02)
    many = tried([0.2, 0.3, 0.2], 9, area_shares=thin)
    few = tried([0.2, 0.3, 0.2], 4, 300.0, 27, thin)
    less = tried([0.2, 0.3, 0.2], 1, 150.0, 9, (0.02, 0.011, 0.02))
    assert comparable_settings([many, few, less]) == [many, few]
    assert choose_setting([many, few, less]) is few


def test_another_setting_is_told_by_the_nearest_tried_and_a_far_one_not_at_all():
    both = [tried([0.3, 0.3, 0.3]), tried([0.2, 0.2, 0.2], 9, 150.0, 7)]
    said = str(explain_override(160.0, 8, both, both[0]))
    assert said == (
        "In past years the nearest setting tested, 150 m and 7, caught 20.0% of the next year's incidents; the suggested one 30.0%."
    )
    unknown = says("backtest.override_unknown")
    for eps_m, min_samples in ((250.0, 40), (400.0, 19), (90.0, 7)):
        assert str(explain_override(eps_m, min_samples, both, both[0])) == unknown
    assert str(explain_override(160.0, 8, both, None)) == unknown
    assert str(explain_override(160.0, 8, [], None)) == unknown


# ---- At the edge ---------------------------------------------------------------------------


def test_with_fewer_than_three_past_years_nothing_is_chosen():
    assert choose_setting([]) is None
    for n in range(MIN_ORIGINS):
        assert choose_setting([tried([0.2] * n), tried([0.9] * n)]) is None
    assert choose_setting([tried([0.2] * MIN_ORIGINS)]) is not None
    two, one = [tried([0.2] * 2)], [tried([0.2])]
    assert str(explain_choice(None, two, 2)) == says("backtest.too_few_years", n=2, needed=3)
    assert str(explain_choice(None, one, 1)) == says("backtest.too_few_years", n=1, needed=3)


def test_where_nothing_is_documented_nothing_was_tried_and_the_values_were_found():
    assert str(explain_choice(None, [], 3)) == says("backtest.searched", land=0.02)
    assert str(explain_choice(None, [], 0)) == says("backtest.too_few_years", n=0, needed=3)


def test_a_thousandth_of_the_land_is_rounding_and_more_is_less_land():
    whole = tried([0.2] * 3, 9)
    just, short = (tried([0.2] * 3, 9, area_shares=0.02 * part) for part in (0.9991, 0.9985))
    assert comparable_settings([whole, just, short]) == [whole, just]


def test_settings_that_cover_no_land_in_any_year_are_not_compared():
    assert comparable_settings([]) == []
    nowhere = [tried([0.0] * 3, 0, area_shares=0.0)]
    assert comparable_settings(nowhere) == []
    assert choose_setting(nowhere) is None
    # in one year only: nobody covers any, so nobody covers less
    late = [tried([0.0, 0.2, 0.2], 3, area_shares=(0.0, 0.02, 0.02))]
    assert choose_setting(late) is late[0]


@pytest.mark.parametrize("step", [0.1, 0.05, 0.025, 0.3, 1 / 3, 0.7, 0.15])
@pytest.mark.parametrize("n_years", [3, 5, 7, 9])
def test_behind_in_one_year_alone_is_as_good_whatever_rounding_says(step, n_years):
    """It is behind by exactly one standard error: 1/n of the step, and so is the error."""
    for base in (0.1, 0.2, 0.3, 0.17):
        best = tried([base + step, *[base] * (n_years - 1)], n_areas=30)
        behind = tried([base] * n_years, n_areas=10, eps_m=300.0)
        assert choose_setting([best, behind]) == behind


# ---- True in general -----------------------------------------------------------------------


@given(many=many_tried, seed=st.integers(0, 99))
def test_the_choice_is_as_good_as_the_best_and_nothing_as_good_has_fewer_areas(many, seed):
    chosen = choose_setting(many)
    best = max(np.mean(one.hit_shares) for one in many)

    def is_as_good(one):
        for rival in many:
            if np.mean(rival.hit_shares) == best:
                apart = [a - b for a, b in zip(rival.hit_shares, one.hit_shares, strict=True)]
                mean = sum(apart) / len(apart)
                spread = (sum((x - mean) ** 2 for x in apart) / (len(apart) - 1)) ** 0.5
                if mean <= spread / len(apart) ** 0.5 + 1e-12:
                    return True
        return False

    assert is_as_good(chosen)
    firsts = [one for one in many if np.mean(one.hit_shares) == best]
    if len(firsts) == 1:
        assert chosen.mean_areas == min(one.mean_areas for one in many if is_as_good(one))
        shuffled = [many[k] for k in np.random.default_rng(seed).permutation(len(many))]
        assert choose_setting(shuffled) == chosen


@given(many=many_tried, parts=st.lists(st.floats(0.05, 0.99), min_size=8, max_size=8))
def test_whatever_settings_on_less_land_caught_they_change_no_choice(many, parts):
    less = [
        tried([1.0] * len(one.hit_shares), 1, one.eps_m, area_shares=0.02 * part)
        for one, part in zip(many, parts, strict=False)
    ]
    assert comparable_settings([*less, *many]) == many
    assert choose_setting([*less, *many]) == choose_setting(many)
