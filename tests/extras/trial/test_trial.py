"""What a drawn start order shows: exact by its own orders, and seldom an effect by chance."""

import json
import math
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, strategies as st
from tests.properties import examples
from tests.sentences import refuses

from csa.base.errors import ParamError, SourceError, TableError
from csa.city.dataset import open_city
from csa.city.loading import load_city
from csa.extras.trial.trial import (
    KEPT_NAME,
    KIND,
    MAX_ORDERS,
    TrialDesign,
    list_trials,
    measure_trial,
)

general = examples(2)
PAIRS = TrialDesign((1, 1, 2, 2), (1, 2, 1, 2), n_waves=2, months_between=6)


def six_pairs(waves=None):
    groups = tuple(n // 2 for n in range(12))
    return TrialDesign(groups, waves or (1, 2) * 6, n_waves=2, months_between=12)


def column(*numbers):
    return np.array(numbers, dtype=float)[:, None]


# ---- By hand --------------------------------------------------------------------------------


def test_the_fixture_two_pairs_of_equal_expectation():
    """-6 among -6, -2, 2 and 6."""
    found = measure_trial(column(5, 9, 8, 10), column(8, 8, 8, 8), PAIRS)
    assert (found.statistic, found.p_fewer, found.p_more) == (-6, 0.25, 1.0)
    assert (found.n_orders, found.is_sampled, found.verdict) == (4, False, "too small to tell")
    assert (found.low, found.high) == (None, None)  # four orders bound nothing
    orders = PAIRS.orders(0)
    sums = [sum((-1) ** wave * n for wave, n in zip(o, (-3, 1, 0, 2), strict=True)) for o in orders]
    assert sorted(sums) == [-6, -2, 2, 6]


def test_half_as_many_in_every_early_area_is_fewer_with_its_ratio():
    counted = column(*(12, 24) * 6)
    found = measure_trial(counted, np.full((12, 1), 24.0), six_pairs())
    assert found.statistic == -72
    assert found.p_fewer == 1 / 64
    assert found.verdict == "fewer"
    assert found.ratio == pytest.approx(0.5, rel=1e-6)
    assert (found.low, found.high) == (pytest.approx(0.5), pytest.approx(0.5))  # no pair differs
    more = measure_trial(column(*(48, 24) * 6), np.full((12, 1), 24.0), six_pairs())
    assert (more.verdict, more.p_more) == ("no clear change", 1 / 64)  # told below 1 in 100
    assert more.ratio == pytest.approx(2, rel=1e-6)


def test_months_after_the_last_start_are_left_out():
    counted = np.hstack([column(5, 9, 8, 10), np.zeros((4, 5)), column(900, 0, 900, 0)])
    found = measure_trial(counted, np.hstack([np.full((4, 1), 8.0), np.zeros((4, 6))]), PAIRS)
    assert found.statistic == -6


def test_of_three_waves_an_area_waits_until_its_own_start():
    design = TrialDesign((1, 1, 1), (1, 2, 3), n_waves=3, months_between=1)
    assert design.clean_months == 2
    assert design.signs(2).tolist() == [[1, 1], [-1, 1], [-1, -1]]
    assert design.n_orders == 6
    counted = np.array([[1.0, 2.0], [5.0, 2.0], [5.0, 6.0]])
    found = measure_trial(counted, np.zeros((3, 2)), design)
    assert found.statistic == (1 - 5 - 5) + (2 + 2 - 6)


def test_an_area_alone_in_its_group_has_the_chance_of_each_start():
    alone = TrialDesign((1, 1, 2), (1, 2, 1), n_waves=2, months_between=3)
    assert alone.n_orders == 4
    assert {tuple(order) for order in alone.orders(0).tolist()} == {
        (0, 1, 0), (0, 1, 1), (1, 0, 0), (1, 0, 1),
    }  # fmt: skip


# ---- At the edge ----------------------------------------------------------------------------


@pytest.mark.long
def test_of_more_orders_than_can_be_listed_so_many_are_drawn_and_the_own_one_counts():
    groups = tuple(n // 2 for n in range(32))
    design = TrialDesign(groups, (1, 2) * 16, n_waves=2, months_between=12)
    assert design.n_orders == 2**16 > MAX_ORDERS
    orders = design.orders(7)
    assert orders.shape == (MAX_ORDERS + 1, 32)
    assert orders[0].tolist() == [0, 1] * 16
    assert (orders.reshape(-1, 16, 2).sum(axis=2) == 1).all()
    assert orders[1:, 0].mean() == pytest.approx(0.5, abs=0.02)
    found = measure_trial(column(*(1, 9) * 16), np.full((32, 1), 5.0), design, seed=7)
    assert (found.is_sampled, found.p_fewer) == (True, 1 / (MAX_ORDERS + 1))
    assert found == measure_trial(column(*(1, 9) * 16), np.full((32, 1), 5.0), design, seed=7)


def test_where_nothing_came_and_nothing_was_expected_nothing_is_shown():
    found = measure_trial(np.zeros((12, 3)), np.zeros((12, 3)), six_pairs())
    assert (found.statistic, found.p_fewer, found.p_more) == (0, 1, 1)
    assert (found.ratio, found.low, found.high) == (None, None, None)


# ---- Refused --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("groups", "waves", "n_waves", "between"),
    [
        ((1, 1), (1, 1), 2, 6),  # two of a group at once
        ((1, 1), (1, 3), 2, 6),
        ((1, 1), (0, 1), 2, 6),
        ((1, 1), (1, 2), 1, 6),
        ((1, 1), (1, 2), 2, 0),
    ],
)
def test_starts_that_no_draw_gives_are_refused(groups, waves, n_waves, between):
    with pytest.raises(TableError, match="starts that no lottery can produce"):
        TrialDesign(groups, waves, n_waves, between)


@pytest.mark.parametrize(
    ("counted", "expected", "said"),
    [
        (column(1, 2, 3), column(1, 2, 3), "tables of 4 areas"),
        (column(1, 2, 3, 4), np.ones((4, 2)), "tables of 4 areas"),
        (column(1, 2, 3, -4), np.ones((4, 1)), "0 or more"),
        (column(1, 2, 3, 4), column(1, 1, 1, math.nan), "0 or more"),
        (np.ones((4, 0)), np.ones((4, 0)), "for at least one month"),
    ],
)
def test_tables_that_do_not_fit_get_a_sentence(counted, expected, said):
    with pytest.raises(ParamError, match=said):
        measure_trial(counted, expected, PAIRS)


# ---- True in general ------------------------------------------------------------------------


@general
@given(
    counts=st.lists(st.integers(0, 30), min_size=8, max_size=8),
    means=st.lists(st.integers(1, 30), min_size=8, max_size=8),
    first=st.lists(st.booleans(), min_size=4, max_size=4),
)
def test_the_chance_is_the_share_of_all_orders(counts, means, first):
    """An oracle that walks all sixteen orders of four pairs with whole numbers."""
    waves = tuple(wave for is_first in first for wave in ((1, 2) if is_first else (2, 1)))
    design = TrialDesign((1, 1, 2, 2, 3, 3, 4, 4), waves, n_waves=2, months_between=6)
    found = measure_trial(column(*counts), column(*means), design)
    gaps = [n - mean for n, mean in zip(counts, means, strict=True)]
    pairs = [gaps[at] - gaps[at + 1] for at in range(0, 8, 2)]
    sums = [sum(s * p for s, p in zip(signs, pairs, strict=True))
            for signs in product((1, -1), repeat=4)]  # fmt: skip
    own = sum(p if is_first else -p for p, is_first in zip(pairs, first, strict=True))
    assert found.statistic == own
    assert found.p_fewer == sum(one <= own for one in sums) / 16
    assert found.p_more == sum(one >= own for one in sums) / 16


@pytest.mark.long
def test_without_work_an_effect_is_claimed_in_at_most_6_of_100_draws():
    """2,000 draws over counts that differ far more than chance, as areas do."""
    rng = np.random.default_rng(20260301)
    told = []
    for _ in range(2000):
        level = rng.gamma(4, 6, 12)
        counted = rng.negative_binomial(level / 0.6, 1 / 1.6).astype(float)[:, None]
        waves = tuple(wave for is_first in rng.random(6) < 0.5
                      for wave in ((1, 2) if is_first else (2, 1)))  # fmt: skip
        means = (level * rng.lognormal(0, 0.25, 12))[:, None]
        told.append(measure_trial(counted, means, six_pairs(waves)).verdict)
    claimed = sum(one in {"fewer", "more"} for one in told) / len(told)
    assert 0.02 < claimed <= 0.06


@pytest.mark.long
def test_the_interval_holds_the_true_ratio_9_times_in_10_and_a_planted_halving_is_found():
    rng = np.random.default_rng(4)
    held, found_fewer = 0, 0
    for _ in range(300):
        level = rng.gamma(9, 4, 16)
        groups = tuple(n // 2 for n in range(16))
        waves = tuple(wave for is_first in rng.random(8) < 0.5
                      for wave in ((1, 2) if is_first else (2, 1)))  # fmt: skip
        design = TrialDesign(groups, waves, n_waves=2, months_between=12)
        rate = np.where(np.array(waves) == 1, 0.5, 1.0) * level
        counted = rng.negative_binomial(rate / 0.6, 1 / 1.6).astype(float)[:, None]
        effect = measure_trial(counted, level[:, None], design)
        held += (effect.low or 0) <= 0.5 <= (effect.high or math.inf)
        found_fewer += effect.verdict == "fewer"
    assert 0.86 <= held / 300 <= 0.96
    assert found_fewer / 300 > 0.85


WHOLE = {
    "kind": KIND,
    "format_version": 1,
    "city": "sample",
    "entrants_sha256": "0" * 64,
    "first_start": "2020-03",
    "through": "2020-06",
}


@pytest.fixture
def city(root, sample_folder, tmp_path):
    """The sample, its stored results in a folder of the test's own."""
    return replace(
        open_city(load_city(root / "config" / "sample.toml"), sample_folder), folder=tmp_path
    )


@pytest.fixture
def write(city):
    def call(name, account):
        path = city.folder / "kept" / f"{KEPT_NAME}-{name}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(account))
        return path

    return call


def test_of_each_draw_the_newest_is_listed_in_order_of_the_starts(city, write):
    later = WHOLE | {"through": "2020-07"}
    other = WHOLE | {"entrants_sha256": "1" * 64, "first_start": "2020-01"}
    for name, account in (("a", WHOLE), ("b", later), ("c", other)):
        write(name, account)
    assert list_trials(city) == [other, later]


@pytest.mark.parametrize(
    "account",
    [
        *({name: one for name, one in WHOLE.items() if name != lost} for lost in WHOLE),
        WHOLE | {"city": "elsewhere"},
        WHOLE | {"format_version": 2},
        [],
    ],
)
def test_one_that_is_damaged_gets_its_sentence(city, write, account):
    path = write("a", account)
    with refuses("backtest.damaged", SourceError, path=path):
        list_trials(city)
