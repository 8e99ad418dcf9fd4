"""Judging a change: printed ranges, edges, refusals, and how often chance is called a change."""

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy.stats import binom
from tests.sentences import says
from tests.workers import first, slowly

from csa.base.errors import ParamError
from csa.program.plan.measure_change import MeasureVerdict, Progress, assess_change, on_target
from csa.program.plan.measures import Quarter, Value, checked

BEFORE, AFTER = Quarter(2024, 1), Quarter(2026, 1)
CHANGED = {MeasureVerdict.BETTER, MeasureVerdict.WORSE, MeasureVerdict.MOVED}


def counts(*numbers, start=BEFORE, **fields):
    return [Value("m", start.plus(n), value=k, **fields) for n, k in enumerate(numbers)]


def cases(part, whole, start=BEFORE, **fields):
    return [checked(Value("m", start, numerator=part, denominator=whole, **fields), "charges")]


def wave(share, answers, start=BEFORE, **fields):
    return [Value("m", start, value=share, answers=answers, **fields)]


def judge_counts(before, after, direction="down", **how):
    return assess_change(
        "gun-violence", direction, counts(*before), counts(*after, start=AFTER), **how
    )


def judge_cases(before, after, direction="up", **how):
    return assess_change("charges", direction, cases(*before), cases(*after, start=AFTER), **how)


# ---- By hand --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("after", "before", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((10, 10), (0, 20), 0.6791, 1.0),
        ((5, 56), (0, 29), -0.0381, 0.1926),
    ],
)
def test_shares_have_the_range_that_newcombe_printed(after, before, low, high):
    """Newcombe (1998), Table II, method 10."""
    judged = judge_cases(before, after)
    assert (judged.low, judged.high) == pytest.approx((low, high), abs=6e-5)
    assert judged.difference == pytest.approx(after[0] / after[1] - before[0] / before[1])


def test_the_range_of_a_fall_by_hand():
    """60 and 30: exact ranges 45.79 to 77.23 and 20.24 to 42.83, squared and added."""
    judged = judge_counts([60], [30])
    low = -30 - math.hypot(30 - 20.241, 77.232 - 60)
    high = -30 + math.hypot(42.827 - 30, 60 - 45.785)
    assert (judged.low, judged.high) == pytest.approx((low, high), abs=0.01)


def test_the_same_fall_is_no_change_where_such_places_fall_by_themselves():
    judged = judge_counts([40], [24], usual=0.8)
    assert judge_counts([40], [20]).verdict is MeasureVerdict.BETTER
    assert (judged.verdict, judged.usual) == (MeasureVerdict.NO_CHANGE, 0.8)
    assert judged.difference == pytest.approx(24 - 0.8 * 40)
    assert str(judged.message) == (
        "No clear change: 40 to 24 (-40%). Chance alone could explain it. Judged against 0.80 "
        "times the earlier value: places picked by this measure usually reach that on their own."
    )


def test_as_many_as_before_is_worse_where_such_places_fall_by_themselves():
    judged = judge_counts([60], [60], usual=0.6)
    assert (judged.verdict, judged.difference) == (MeasureVerdict.WORSE, 24)
    assert judge_counts([60], [60]).verdict is MeasureVerdict.NO_CHANGE


def test_dispersion_widens_the_range_on_both_sides_by_its_root():
    plain, spread = judge_counts([60], [30]), judge_counts([60], [30], dispersion=2.25)
    assert spread.low + 30 == pytest.approx(1.5 * (plain.low + 30))
    assert spread.high + 30 == pytest.approx(1.5 * (plain.high + 30))


def test_a_dispersion_below_one_is_taken_as_one():
    assert judge_counts([60], [40], dispersion=0.3) == judge_counts([60], [40])


def test_fewer_than_ten_before_are_told_without_percent():
    assert str(judge_counts([3], [5]).message) == says("measures.no_change", what="3 to 5")
    assert str(judge_counts([9], [5]).message).startswith("No clear change: 9 to 5.")
    assert "10 to 5 (-50%)." in str(judge_counts([10], [5]).message)


def test_spans_of_unequal_length_are_compared_by_the_quarter():
    judged = judge_counts([10] * 8, [10] * 2)
    assert judged.verdict is MeasureVerdict.NO_CHANGE
    assert judged.difference == 0
    assert "80 in 8 quarters to 20 in 2 quarters (+0%)." in str(judged.message)
    assert "20 in 2 quarters to 40 in one quarter (+300%)." in str(
        judge_counts([10, 10], [40]).message
    )


def test_counts_among_people_are_compared_by_people():
    twice = counts(80, start=AFTER, denominator=20_000)
    judged = assess_change("working-with-police", "up", counts(40, denominator=10_000), twice)
    assert (judged.verdict, judged.difference) == (MeasureVerdict.NO_CHANGE, 0)
    assert (
        assess_change("working-with-police", "up", counts(40), twice).verdict
        is MeasureVerdict.BETTER
    )


def test_a_survey_with_a_design_effect_counts_for_so_many_fewer():
    plain = assess_change("trust", "up", wave(0.4, 400), wave(0.475, 400, AFTER))
    halved = assess_change(
        "trust", "up", wave(0.4, 800, design_effect=2), wave(0.475, 800, AFTER, design_effect=2)
    )
    assert (halved.low, halved.high) == pytest.approx((plain.low, plain.high))
    assert str(halved.message).startswith("Better: 40% to 48%.")


def test_waves_are_pooled_by_their_answers():
    """100 and 300 answers with effects 1 and 2: 400^2 / (100 + 600) count."""
    waves = wave(0.2, 100) + wave(0.6, 300, BEFORE.plus(1), design_effect=2)
    one = wave(0.5, 400, design_effect=700 / 400)
    after = wave(0.5, 400, AFTER)
    pooled, single = (
        assess_change("trust", "up", waves, after),
        assess_change("trust", "up", one, after),
    )
    assert (pooled.difference, pooled.low) == pytest.approx((0, single.low))


def test_a_list_that_is_agreed_on_has_moved_and_chance_has_no_part_in_it():
    judged = assess_change("services-list", "none", counts(0), counts(1, start=AFTER))
    assert judged.verdict is MeasureVerdict.MOVED
    assert str(judged.message) == says("measures.stated", what="not agreed to agreed")


# ---- At the edge ----------------------------------------------------------------------------


def test_too_few_are_those_of_which_no_split_would_be_told():
    """Of 5, all on one side comes with a chance of 2/32; of 6 with 2/64."""
    assert judge_counts([5], [0]).verdict is MeasureVerdict.TOO_FEW
    assert str(judge_counts([5], [0]).message) == "Too few to tell: 5 to 0."
    assert judge_counts([3], [3]).verdict is MeasureVerdict.NO_CHANGE
    assert judge_counts([3], [3], dispersion=1.6).verdict is MeasureVerdict.TOO_FEW
    assert judge_counts([0], [0]).verdict is MeasureVerdict.TOO_FEW


def test_a_rise_from_none_is_worse_and_has_no_percent():
    judged = judge_counts([0], [12])
    assert judged.verdict is MeasureVerdict.WORSE
    assert str(judged.message).startswith("Worse: 0 to 12.")


def test_the_direction_says_what_a_rise_is():
    assert judge_counts([30], [70], "down").verdict is MeasureVerdict.WORSE
    assert judge_counts([30], [70], "up").verdict is MeasureVerdict.BETTER
    assert judge_cases((20, 100), (80, 100)).verdict is MeasureVerdict.BETTER
    assert judge_cases((80, 100), (20, 100)).verdict is MeasureVerdict.WORSE
    moved = judge_counts([30], [70], "none")
    assert (moved.verdict, str(moved.message)[:6]) == (MeasureVerdict.MOVED, "Change")


@pytest.mark.parametrize("whole", [9, 10])
def test_a_share_of_fewer_than_ten_cases_is_not_judged(whole):
    judged = judge_cases((0, whole), (60, 60))
    assert (judged.verdict is MeasureVerdict.TOO_FEW) == (whole < 10)


@pytest.mark.parametrize("answers", [99, 100])
def test_a_survey_of_fewer_than_a_hundred_is_not_judged(answers):
    judged = assess_change("trust", "up", wave(0.1, answers), wave(0.9, 500, AFTER))
    assert (judged.verdict is MeasureVerdict.TOO_FEW) == (answers < 100)


def test_a_share_without_its_parts_and_a_score_are_told_and_not_judged():
    judged = assess_change("charges", "up", wave(0.2, None), wave(0.9, None, AFTER))
    assert (judged.verdict, judged.low) == (MeasureVerdict.TOO_FEW, None)
    assert judged.difference == pytest.approx(0.7)
    score = assess_change("collaboration", "up", counts(3.1), counts(3.4, start=AFTER))
    assert (score.verdict, score.low) == (MeasureVerdict.TOO_FEW, None)
    assert str(score.message).startswith(
        "From 3.1 to 3.4. We don't know how much such a figure varies by chance, so we don't judge it."
    )


def test_without_a_value_or_a_baseline_nothing_is_compared():
    none = assess_change("gun-violence", "down", counts(3, 4), [])
    found = (none.verdict, str(none.message))
    assert found == (MeasureVerdict.NO_VALUE, "No update since 2024-Q2.")
    never = assess_change("gun-violence", "down", [], [])
    assert (never.verdict, str(never.message)) == (MeasureVerdict.NO_VALUE, "No value yet.")
    first = assess_change("gun-violence", "down", [], counts(3), usual=0.8)
    assert (first.verdict, first.difference, first.usual) == (MeasureVerdict.NO_BASELINE, None, 0.8)
    assert "usually" not in str(first.message)


def test_none_of_no_cases_is_nothing_to_compare_and_yet_an_update():
    judged = judge_cases((3, 20), (0, 0))
    found = (judged.verdict, str(judged.message))
    assert found == (MeasureVerdict.NO_VALUE, "No update since 2026-Q1.")


def test_victims_and_incidents_are_never_compared():
    victims = counts(90, start=AFTER, basis="victims")
    judged = assess_change("gun-violence", "down", counts(30, basis="incidents"), victims)
    assert (judged.verdict, judged.difference) == (MeasureVerdict.NO_BASELINE, None)
    assert str(judged.message) == (says("measures.basis_changed", listed="incidents, victims"))
    unsaid = assess_change("charges", "up", cases(3, 20), cases(9, 20, AFTER, basis="all"))
    assert "(not stated, all), so" in str(unsaid.message)


def test_of_revisions_the_newest_counts():
    before = [*counts(300), *counts(30, number=2)]
    assert assess_change("gun-violence", "down", before, counts(30, start=AFTER)).difference == 0


@pytest.mark.parametrize(
    ("value", "baseline", "target", "direction", "progress"),
    [
        (9, 14, 10, "down", Progress.MET), (12, 14, 10, "down", Progress.TOWARD),
        (15, 14, 10, "down", Progress.AWAY), (0.5, 0.4, 0.6, "up", Progress.TOWARD),
        (0.3, 0.4, 0.6, "up", Progress.AWAY), (10, 14, 10, "down", Progress.MET),
        (14, 14, 10, "down", Progress.UNCHANGED), (14, 12, None, "down", Progress.NO_TARGET),
        (14, None, 10, "down", Progress.NO_BASELINE), (9, None, 10, "down", Progress.MET),
        (None, 14, 10, "down", Progress.NO_VALUE), (9, 14, 10, "none", Progress.TOWARD),
        (10, 14, 10, "none", Progress.MET),
    ],
)  # fmt: skip
def test_targets(value, baseline, target, direction, progress):
    assert on_target(value, baseline, target, direction) is progress


# ---- Refused --------------------------------------------------------------------------------


@pytest.mark.parametrize("factor", [0, -1, math.nan, math.inf])
@pytest.mark.parametrize("name", ["dispersion", "usual"])
def test_a_factor_that_is_none_is_refused(name, factor):
    with pytest.raises(ParamError, match=f"{name} must be a number above 0"):
        judge_counts([3], [4], **{name: factor})


def test_what_is_not_one_measure_of_one_place_is_refused():
    for other in ({"place": "B"}, {"measure": "n"}):
        after = [Value(**{"measure": "m", "quarter": AFTER, "value": 3, **other})]
        with pytest.raises(ParamError, match="different measures or places"):
            assess_change("gun-violence", "down", counts(3), after)


def test_a_quarter_before_and_after_an_unknown_direction_and_kind_are_refused():
    with pytest.raises(ParamError, match="2024-Q2 is both"):
        assess_change("gun-violence", "down", counts(3, 4), counts(4, start=BEFORE.plus(1)))
    with pytest.raises(ParamError, match="direction must be one of"):
        judge_counts([3], [4], "sideways")
    with pytest.raises(ParamError, match="direction must be one of"):
        on_target(1, 1, 1, "")
    with pytest.raises(ParamError, match="kind must be one of"):
        assess_change("crime", "down", [], [])


# ---- True in general ------------------------------------------------------------------------


def called_by_chance(drawn, verdict_of):
    """Count how often a pair of draws is called a change; each distinct pair is judged once."""
    pairs, times = np.unique(drawn, axis=0, return_counts=True)
    called = [verdict_of(*pair) in CHANGED for pair in pairs.tolist()]
    return float(times[called].sum() / times.sum())


@pytest.mark.parametrize(
    ("scale", "mean", "dispersion"),
    first(product((1, 3), (4, 12, 40), (1.0, 1.6)), (1, 4, 1.0), (3, 12, 1.6), (1, 40, 1.6)),
)
def test_at_most_one_in_twenty_unchanged_counts_is_called_a_change(dispersion, mean, scale):
    rng = np.random.default_rng(6)
    means = np.array([scale * mean, mean])
    size = (3000, 2)
    if dispersion == 1:
        drawn = rng.poisson(means, size)
    else:
        drawn = rng.negative_binomial(means / (dispersion - 1), 1 / dispersion, size)

    def verdict_of(before, after):
        spread = [before, *[0] * (scale - 1)]  # so many quarters
        return judge_counts(spread, [after], dispersion=dispersion).verdict

    rate = called_by_chance(drawn, verdict_of)
    assert rate <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / 3000)
    assert rate > 0.005  # and the test is not asleep


@pytest.mark.parametrize("cases_each", [(12, 40), *slowly(((50, 50),), ((33, 57),))])
def test_at_most_one_in_twenty_unchanged_shares_is_called_a_change_whatever_the_share(cases_each):
    """No simulation: every pair of outcomes, with its chance."""
    n_before, n_after = cases_each
    called = np.array(
        [
            [
                judge_cases((before, n_before), (after, n_after)).verdict in CHANGED
                for after in range(n_after + 1)
            ]
            for before in range(n_before + 1)
        ]
    )
    for share in np.arange(0.02, 1, 0.02):
        chance = np.outer(
            binom.pmf(np.arange(n_before + 1), n_before, share),
            binom.pmf(np.arange(n_after + 1), n_after, share),
        )
        assert chance[called].sum() <= 0.05


@pytest.mark.parametrize("share", [0.1, *slowly(0.5, 0.85)])
def test_at_most_one_in_twenty_unchanged_surveys_with_design_effect_two_is_called_a_change(share):
    """400 answers in 80 blocks of 5 that share their mood: 1 + (5 - 1) x 1/4 = 2."""
    rng = np.random.default_rng(7)
    moods = rng.beta(3 * share, 3 * (1 - share), (2500, 2, 80))  # within-block correlation 1/4
    drawn = rng.binomial(5, moods).sum(axis=2)

    def verdict_of(before, after, effect=2.0):
        first = wave(before / 400, 400, design_effect=effect)
        then = wave(after / 400, 400, AFTER, design_effect=effect)
        return assess_change("trust", "up", first, then).verdict

    assert called_by_chance(drawn, verdict_of) <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / 2500)
    assert called_by_chance(drawn, lambda b, a: verdict_of(b, a, 1.0)) > 0.1  # where it is not told


@given(st.integers(0, 90), st.integers(0, 90), st.sampled_from([1.0, 1.6]), st.floats(0.5, 1.5))
def test_a_claim_lies_on_its_side_of_nothing_and_the_range_holds_the_difference(n, m, d, usual):
    judged = judge_counts([n], [m], dispersion=d, usual=usual)
    assert judged.low <= judged.difference <= judged.high
    if judged.verdict is MeasureVerdict.BETTER:
        assert judged.high < 0
    if judged.verdict is MeasureVerdict.WORSE:
        assert judged.low > 0
    plain = judge_counts([n], [m], usual=usual)
    assert plain.high - plain.low <= judged.high - judged.low
    if judged.verdict in CHANGED:
        assert plain.verdict is judged.verdict
