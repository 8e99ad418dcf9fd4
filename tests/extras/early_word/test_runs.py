"""Early word: windows by hand, days dealt within two months, false runs held at two a year."""

from datetime import date

import numpy as np
import pytest
from scipy.stats import poisson

from csa.extras.early_word.runs import (
    BASE_DAYS,
    MOST_A_YEAR,
    NEWEST_DAYS,
    AreaDays,
    count_runs,
    deal_days,
    draw_lags,
    hold_false_words,
    scan,
)

YEARS = 5
N_DAYS = YEARS * 365


def made(rng, rates=(12, 20, 30, 6), elsewhere=300):
    """Areas with so many shootings a year, at random days, and the rest of the city."""
    area = np.concatenate(
        [np.full(rng.poisson(rate * YEARS), place) for place, rate in enumerate(rates)]
        + [np.full(rng.poisson(elsewhere * YEARS), -1)]
    )
    day = rng.integers(0, N_DAYS, len(area))
    return AreaDays(tuple("ABCD"[: len(rates)]), area, day, date(2015, 1, 1), N_DAYS)


def test_a_window_by_hand():
    """Two years with one shooting every 73 days, then three within five days."""
    quiet = np.arange(0, BASE_DAYS, 73)
    day = np.concatenate([quiet, [800, 802, 804]])
    found = AreaDays(("A",), np.zeros(len(day), int), day, date(2015, 1, 1), 820)
    chance, length = scan(found, np.zeros(len(day), int))
    in_base = ((day <= 804 - NEWEST_DAYS) & (day > 804 - NEWEST_DAYS - BASE_DAYS)).sum()
    rate = (in_base + 0.5) / BASE_DAYS
    best = min((poisson.sf(2, rate * days), days) for days in range(5, 15))
    assert chance[0, 804] == pytest.approx(best[0])
    assert length[0, 804] == best[1] == 5
    assert chance[0, 801] == 1  # one shooting is no run


def test_what_comes_into_the_file_late_is_seen_late_and_nothing_after_fourteen_days():
    day = np.array([800, 801, 802])
    found = AreaDays(("A",), np.zeros(3, int), day, date(2015, 1, 1), 830)
    chance, _ = scan(found, np.array([6, 5, 4]))
    assert (chance[0, :806] == 1).all()
    assert chance[0, 806] < 1e-4
    late, _ = scan(found, np.array([14, 14, 14]))
    assert (late == 1).all()


def test_days_are_dealt_within_two_months_and_places_keep_their_counts():
    found = made(np.random.default_rng(1))
    dealt = deal_days(found, np.random.default_rng(2))
    assert (dealt.area == found.area).all()
    assert sorted(dealt.day) == sorted(found.day)
    assert (dealt.day != found.day).mean() > 0.9
    months = np.arange(N_DAYS).astype("timedelta64[D]") + np.datetime64("2015-01-01")
    block = months.astype("datetime64[M]").astype(int) // 2
    for place in range(-1, 4):
        own = found.area == place
        assert sorted(block[dealt.day[own]]) == sorted(block[found.day[own]])


def test_an_area_is_silent_for_fourteen_days_after_a_run():
    row = np.ones((1, 60))
    row[0, [10, 11, 23, 24, 40]] = 1e-6
    assert count_runs(row, 1e-5) == 3  # days 10, 24 and 40


def test_false_runs_are_at_most_two_a_year_and_a_true_run_is_told():
    """The check deals no days: it draws cities without any run, which the limit never saw."""
    limit = hold_false_words(made(np.random.default_rng(3)), n_deals=8)
    assert 0 < limit.chance < 0.01
    assert limit.false_a_year <= MOST_A_YEAR
    rng, n, told, years = np.random.default_rng(4), 0, 0, 0.0
    for _ in range(20):
        city = made(rng)
        n += count_runs(
            scan(city, draw_lags(len(city.day), 2.0, rng))[0][:, BASE_DAYS:], limit.chance
        )
        years += (N_DAYS - BASE_DAYS) / 365
        run = np.sort(rng.integers(1500, 1506, 5))  # five within six days where 12 a year are usual
        more = AreaDays(
            city.area_ids,
            np.append(city.area, np.zeros(5, int)),
            np.append(city.day, run),
            city.first,
            N_DAYS,
        )
        chance, _ = scan(more, draw_lags(len(more.day), 2.0, rng))
        told += bool((chance[0, 1500:1520] < limit.chance).any())
    assert n / years <= MOST_A_YEAR * 1.25
    assert told >= 14


def test_without_incidents_in_areas_no_run_is_ever_told():
    found = made(np.random.default_rng(5), rates=(), elsewhere=50)
    assert hold_false_words(found, n_deals=2).chance == 0
