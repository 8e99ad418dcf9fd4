"""What a drawn order could show: against the chi-square test, the formula and simulation."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st
from scipy.stats import chi2_contingency, hypergeom, norm

from csa.base.errors import ParamError
from csa.base.params import Month
from csa.extras.trial.draw import Entrant, draw_start_order
from csa.extras.trial.draw_power import (
    explain_power,
    find_slopes,
    power,
    power_table,
    score_draw,
    smallest_drop,
)

monthly = st.floats(1, 40)
APRIL = Month(2026, 4)
COUNTS = {"A": 60, "B": 58, "C": 40, "D": 36, "E": 10}


def areas(counts=COUNTS):
    return [Entrant(name, f"{name} Park", 1, count) for name, count in counts.items()]


def drawn(counts=COUNTS, **choices):
    return draw_start_order(areas(counts), seed="8-15-22", first_start=APRIL, **choices)


def simulate(rng, means, dispersion, n):
    """Draw n tables of counts with variance dispersion times mean: Poisson, or gamma-Poisson."""
    means = np.broadcast_to(np.asarray(means, dtype=float), (n, 4))
    if dispersion > 1:
        means = rng.gamma(means / (dispersion - 1) + 1e-12, dispersion - 1)
    return rng.poisson(means)


def one_sided_p(counts, dispersion):
    """How often counts as low of early areas after come by chance, all margins given."""
    early_before, early_after, late_before, late_after = np.moveaxis(np.asarray(counts), -1, 0)
    n, after = early_before + early_after + late_before + late_after, early_after + late_after
    law = hypergeom(n, early_before + early_after, after)
    with np.errstate(invalid="ignore", divide="ignore"):
        return norm.cdf((early_after - law.mean()) / np.sqrt(dispersion * law.var() * (n - 1) / n))


def found_share(rng, monthly_rates, months, drop, dispersion, *, fall=0.0, n=8000, used=None):
    early, late = monthly_rates
    after = months * (1 - fall)
    means = [24 * early, after * early * (1 - drop), 24 * late, after * late]
    p = one_sided_p(simulate(rng, means, dispersion, n), used or dispersion)
    return float((p < 0.05).mean())  # a table without a p finds nothing


# ---- By hand --------------------------------------------------------------------------------


def test_with_many_incidents_the_drop_is_that_of_the_four_counts_formula():
    # 2.486 sqrt(4 m) of m = 40,000 in each of four equal counts: a share of .02486
    rate = 40_000 / 24
    drop = smallest_drop(24, rate, rate, dispersion=1)
    assert drop == pytest.approx(2.486 * math.sqrt(4 * 40_000) / 40_000, rel=0.02)
    wide = smallest_drop(24, rate, rate, dispersion=1.6)
    assert wide / drop == pytest.approx(math.sqrt(1.6), rel=0.02)


def test_the_table_of_a_draw_ends_when_late_areas_start():
    draw = drawn({"A": 240, "B": 240, "C": 240, "D": 240, "E": 7}, months_between=12)
    table = power_table(draw)
    assert table["months"].tolist() == [6, 12, 18, 24]
    assert table["months_compared"].tolist() == [6, 12, 12, 12]
    assert table["is_cut_short"].tolist() == [False, False, True, True]
    assert table["expected_early"].tolist() == [120, 240, 240, 240]  # 480 in 24 months, no E
    assert table["smallest_drop_share"].tolist() == [
        smallest_drop(months, 20, 20) for months in (6, 12, 12, 12)
    ]


def test_the_table_of_a_list_lets_late_areas_wait_as_long_as_the_row_says():
    table = power_table(areas(), (6, 24), usual_fall_share=0.2)
    assert table["months_compared"].tolist() == [6, 24]
    assert not table["is_cut_short"].any()
    assert table["expected_early"].tolist() == pytest.approx([97 / 4 * 0.8, 97 * 0.8])
    half = (60 + 58 + 40 + 36) / 2 / 24
    assert table["smallest_drop_share"][1] == smallest_drop(24, half, half, usual_fall_share=0.2)


def test_with_three_waves_the_first_is_compared_with_the_last():
    draw = drawn({"A": 240, "B": 240, "C": 240}, n_waves=3, months_between=6)
    table = power_table(draw, (6, 12, 18))
    assert table["months_compared"].tolist() == [6, 12, 12]
    assert table["expected_early"].tolist() == [60, 120, 120]


def test_of_three_waves_the_middle_one_counts_for_nothing():
    counts = {"A": 400, "B": 200, "C": 100}
    draw = drawn(counts, n_waves=3, months_between=12)
    first, _, last = (counts[slot.area_id] / 24 for slot in draw.slots)
    drop = power_table(draw, (24,))["smallest_drop_share"][0]
    assert drop == smallest_drop(24, first, last)


def test_early_and_late_areas_keep_their_own_counts():
    draw = drawn({"A": 300, "B": 100}, months_between=24)
    first = draw.slots[0].area_id
    early, late = (300, 100) if first == "A" else (100, 300)
    table = power_table(draw, (24,))
    assert table["expected_early"][0] == early
    assert table["smallest_drop_share"][0] == smallest_drop(24, early / 24, late / 24)


def test_what_could_be_shown_is_said_in_words():
    draw = drawn({"A": 240, "B": 240, "C": 240, "D": 240}, months_between=12)
    table = power_table(draw)
    said = [str(line) for line in explain_power(table)]
    assert len(said) == 4
    assert said[0].startswith(
        "With 6 months to compare, we would detect a 40% drop in the early areas 80% of the time, and a smaller one less often."
    )
    assert said[1].startswith(
        "With 12 months to compare, we would detect a 32% drop in the early areas 80% of the time, and a smaller one less often."
    )
    # What studies found is far below what such a draw can show, and that is said.
    last = table.iloc[-1]
    assert last["found_7_share"] == power(0.07, 12, 20, 20)
    assert 0.05 < last["found_7_share"] < last["found_15_share"] < last["found_23_share"] < 0.6
    found = [round(100 * last[name]) for name in ("found_7_share", "found_23_share")]
    told = f"months, we would detect a drop of 7% {found[0]}% of the time, and one of 23% {found[1]}% of the time."
    assert told in said[2]
    assert said[3].startswith("The late areas start after 12 months.")
    few = [str(line) for line in explain_power(power_table(areas({"A": 9, "B": 9}), (1, 6)))]
    assert few[0].startswith(
        "With one month to compare, we would miss even a complete stop in the early areas more than 20% of the time."
    )
    assert few[1].startswith(
        "With 6 months to compare, we would miss even a complete stop in the early areas more than 20% of the time."
    )
    assert len(few) == 3


# ---- At the edge ----------------------------------------------------------------------------


def test_where_even_a_total_stop_would_be_missed_there_is_no_smallest_drop():
    assert smallest_drop(6, 1, 1) is None
    assert power(1, 6, 1, 1) < 0.8
    table = power_table(areas({"A": 20, "B": 20}), (6,))
    assert np.isnan(table["smallest_drop_share"][0])
    assert table["expected_early"][0] == 5


@pytest.mark.parametrize(("early", "late"), [(0, 0), (0, 5), (5, 0)])
def test_without_incidents_before_nothing_can_be_shown(early, late):
    assert power(1, 12, early, late) == 0
    assert smallest_drop(12, early, late) is None


def test_areas_without_incidents_have_a_table_too():
    table = power_table(areas({"A": 0, "B": 0}))
    assert table["smallest_drop_share"].isna().all()
    assert table["expected_early"].tolist() == [0, 0, 0, 0]


def test_a_table_of_no_months_has_the_same_columns():
    empty, full = power_table(areas(), ()), power_table(areas())
    pd.testing.assert_series_equal(empty.dtypes, full.dtypes)
    assert empty.empty
    assert explain_power(empty) == ()


def test_counts_that_vary_less_than_chance_are_taken_as_chance():
    assert power(0.5, 12, 9, 9, 0.5) == power(0.5, 12, 9, 9, 1)


def test_with_no_drop_power_is_the_rate_of_false_finds():
    assert power(0, 12, 10, 10) == pytest.approx(0.05, abs=0.002)


def test_a_share_of_all_may_be_given():
    assert 0.99 < power(1, 24, 20, 20) <= 1


# ---- Refused --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "ask", "wrong"),
    [
        ("drop_share must be 0 to 1", lambda bad: power(bad, 6, 5, 5), (-0.1, 1.1)),
        ("usual_fall_share", lambda bad: smallest_drop(6, 5, 5, usual_fall_share=bad), (-0.1, 1.0)),
        ("months must be", lambda bad: power(0.5, bad, 5, 5), (0, -1, math.inf)),
        ("monthly_before", lambda bad: power(0.5, 6, 5, bad), (-1, math.inf)),
        ("dispersion", lambda bad: power(0.5, 6, 5, 5, bad), (0, -1, math.inf)),
    ],
)
def test_numbers_that_cannot_be_are_refused_by_name(said, ask, wrong):
    for bad in (*wrong, math.nan):
        with pytest.raises(ParamError, match=said):
            ask(bad)


# ---- True in general ------------------------------------------------------------------------


@given(st.tuples(*[st.integers(1, 400)] * 4), st.floats(1, 3))
def test_the_score_is_that_of_the_chi_square_test_of_the_table(counts, dispersion):
    e0, e1, l0, l1 = counts
    chi2 = chi2_contingency([[e0, e1], [l0, l1]], correction=False).statistic / dispersion
    z = math.copysign(math.sqrt(chi2), e1 * l0 - l1 * e0)
    difference, error = score_draw(np.array(counts, dtype=float), dispersion)
    assert difference / error == pytest.approx(z, abs=1e-9)


@given(st.tuples(*[st.floats(2, 400)] * 4), st.floats(1, 3))
def test_the_slopes_are_those_that_small_steps_show(counts, widening):
    table, critical = np.array(counts), 1.645

    def gap(at):
        difference, error = score_draw(at, widening)
        return difference + critical * error

    steps = 1e-4 * np.eye(4)
    seen = [(gap(table + step) - gap(table - step)) / 2e-4 for step in steps]
    slopes = find_slopes(table, *map(float, score_draw(table, widening)), critical)
    np.testing.assert_allclose(slopes, seen, rtol=1e-5, atol=1e-6)


@given(st.integers(1, 36), monthly, monthly, st.floats(0, 0.5))
def test_the_smallest_drop_is_found_four_times_in_five(months, early, late, fall):
    drop = smallest_drop(months, early, late, usual_fall_share=fall)
    if drop is None:
        assert power(1, months, early, late, usual_fall_share=fall) < 0.8
    else:
        found = power(drop, months, early, late, usual_fall_share=fall)
        assert found == pytest.approx(0.8, abs=1e-3)


@pytest.mark.parametrize("dispersion", [1, 1.6])
@pytest.mark.parametrize(
    ("early", "late", "months"),
    [(1, 1, 6), (2, 2, 12), (7, 7, 6), (7, 7, 24), (14, 14, 12), (6, 3, 12), (3, 6, 12)],
)
def test_with_no_change_at_most_one_in_twenty_alarms(early, late, months, dispersion):
    rng = np.random.default_rng(11)
    for fall in (0, 0.2):  # a fall that all share is no change
        share = found_share(rng, (early, late), months, 0, dispersion, fall=fall, n=20_000)
        assert share < 0.05 + 0.003 + 3 * math.sqrt(0.05 * 0.95 / 20_000)


@pytest.mark.parametrize("dispersion", [1, 1.6])
@pytest.mark.parametrize("months", [6, 12, 24])
@pytest.mark.parametrize(("early", "late"), [(1, 1), (2, 2), (7, 7), (14, 14), (6, 3), (3, 6)])
def test_power_is_what_simulation_finds(early, late, months, dispersion):
    rng = np.random.default_rng(13)
    for drop in (0.2, 0.4, 0.6, 0.8, 1):
        claimed = power(drop, months, early, late, dispersion)
        assert found_share(rng, (early, late), months, drop, dispersion) == pytest.approx(
            claimed, abs=0.05
        )


def test_power_with_a_usual_fall_is_what_simulation_finds():
    rng = np.random.default_rng(14)
    claimed = power(0.4, 12, 7, 7, usual_fall_share=0.3)
    found = found_share(rng, (7, 7), 12, 0.4, 1.6, fall=0.3)
    assert found == pytest.approx(claimed, abs=0.02)
    assert claimed < power(0.4, 12, 7, 7) - 0.03
