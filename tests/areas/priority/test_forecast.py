"""What to expect in the next 12 months: by hand, at the edge, and against what came."""

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from benchmarks.next12 import inside, lines, over
from scipy import stats

from csa.areas.analysis import propose_areas
from csa.areas.choices import city_choices
from csa.areas.finding import estimate_areas
from csa.areas.locating import locate_incidents
from csa.areas.mixture import NEW_CHANCE
from csa.areas.places import candidate_rows
from csa.areas.priority.forecast import (
    forecast_proposal,
    is_emerging,
    share_total,
    spread_sd,
    total_ahead,
)
from csa.base.params import Month, Period
from csa.city.dataset import City, Dataset

EVEN = (1000.0, 1000.0)


def predict_next12(expected, yearly, city, kept, months=36):
    """Predict areas by what each is expected to have and, together, counted a year."""
    of_expected = float(np.nansum(expected))
    total = total_ahead(yearly * months / 12, of_expected, city, kept, months)
    return share_total(expected, total, of_expected, spread_sd(kept))


# ---- By hand --------------------------------------------------------------------------------


def test_what_areas_had_in_a_year_is_shared_among_them_and_falls_as_in_past_years():
    found = predict_next12(np.array([90.0, 30.0]), 40.0, EVEN, [0.9, 0.9])
    # Two years of .9, and .85 as if from two.
    settled = math.exp((2 * math.log(0.9) + 2 * math.log(0.85)) / 4)
    assert found[:, 0] == pytest.approx([30 * settled, 10 * settled])
    assert (found[:, 1] < found[:, 0]).all()
    assert (found[:, 0] < found[:, 2]).all()
    # Without a past year what goes on is 120 expected in 36 months, not the 46 counted a year.
    bare = predict_next12(np.array([90.0, 30.0]), 46.0, EVEN, [])
    assert bare[:, 0] == pytest.approx([30 * 0.9, 10 * 0.9])
    assert predict_next12(np.array([90.0, 30.0]), 46.0, EVEN, [], 24)[0, 0] == pytest.approx(
        45 * 0.9
    )


def test_half_of_the_citys_rise_is_taken_to_go_on():
    same, risen, fallen = (
        predict_next12(np.array([50.0]), 20.0, (1000.0, last), [])[0, 0]
        for last in (1000.0, 1440.0, 250.0)
    )
    assert risen / same == pytest.approx(1.2)
    assert fallen / same == pytest.approx(0.5)


def test_the_range_is_that_of_a_count_whose_mean_is_unsure():
    """An oracle that draws: the mean's logarithm, then the count; without a past year narrower."""
    for kept, sd, share in (([0.85], math.hypot(0.25, 0.25), 0.85), ([], 0.25, 0.9)):
        ((middle, low, high),) = predict_next12(np.array([120.0]), 40.0, EVEN, kept)
        rng = np.random.default_rng(1)
        means = middle * np.exp(rng.normal(0, sd, 400_000))
        counts = rng.negative_binomial(means / 0.6, 1 / 1.6)
        assert middle == pytest.approx(40 * share)
        assert abs(low - np.quantile(counts, 0.05)) <= 1
        assert abs(high - np.quantile(counts, 0.95)) <= 1


def test_a_place_that_has_newly_begun_is_told_by_its_last_year_and_others_by_chance_alone():
    recent = np.array([36.0, 36.0, 12.0, 5.0, 36.0])
    earlier = np.array([0.0, 30.0, 9.0, 0.0, np.nan])
    assert is_emerging(recent, earlier).tolist() == [True, False, False, False, False]


def test_newly_begun_means_as_many_or_more_and_the_more_areas_the_rarer():
    """Oracle: sums of the counts' own chances, not the survival function."""
    counts = np.arange(200)
    chances = stats.nbinom.pmf(counts, 9.0 / 0.6, 1 / 1.6)  # mean 9, variance 1.6 times it

    def least(n_areas):
        return next(n for n in counts if n_areas * (1 - chances[:n].sum()) <= NEW_CHANCE)

    for n_areas in (1, 40):
        edge = least(n_areas)
        recent = np.full(n_areas, 9.0)
        for n, is_new in ((edge - 1, False), (edge, True)):
            recent[0] = n
            assert is_emerging(recent, np.full(n_areas, 9.0)).tolist() == [is_new] + [False] * (
                n_areas - 1
            )
    assert least(40) > least(1)


def test_past_years_that_kept_nothing_tell_no_share_and_few_are_not_cut_off():
    assert np.array_equal(
        predict_next12(np.array([9.0]), 5.0, EVEN, [0.0, 0.9]),
        predict_next12(np.array([9.0]), 5.0, EVEN, [0.9]),
    )
    ((middle, low, high),) = predict_next12(np.array([12_000.0]), 1.0, EVEN, [])
    assert low < middle < high < 3 * middle


CELLS = (0x8A2A1072B59FFFF, 0x8A2A1072B587FFF)


def proposed(months=36, expected=(90.0, 30.0)):
    """Make a proposal of two areas of a cell each: 100 and 40 counted in 36 months."""
    areas = pd.DataFrame(
        {
            "area_id": ["c-1", "c-2"],
            "cells": [[f"{cell:x}"] for cell in CELLS],
            "expected": expected,
            "incidents": [100, 40],
        }
    )
    params = {"months_covered": months, "covered_through": "2020-08-21"}
    return SimpleNamespace(areas=areas, summary={"params": params})


class TwoCells:
    """A city of two cells and the rest: the second began in the last 12 months."""

    dataset = Dataset(
        pd.DataFrame(), None, None, {"data_from": "2015-01-01", "data_through": "2020-08-21"}
    )

    def counts(self, period):
        last = period.until == Month(2020, 9) and period.months == 12
        before = period.until == Month(2019, 9)
        own = [30, 36] if last else [70, 4] if before else [100, 40]
        return np.array([*own, 10 * period.months - sum(own)])

    def place(self, cells):
        return np.array([CELLS.index(cell) for cell in cells])


def test_a_new_place_takes_nothing_from_the_others():
    found = forecast_proposal(proposed(), TwoCells(), None)
    assert found["next12_expected"].tolist() == pytest.approx([90 / 3 * 0.9, 0.7 * 36])
    old = SimpleNamespace(origin="2018-01", before_share=0.2, after_share=0.1)
    late = SimpleNamespace(origin="2020-01", before_share=0.2, after_share=0.01)
    record = SimpleNamespace(usual_changes=(old, late))  # the second year was not over
    found = forecast_proposal(proposed(), TwoCells(), record)
    settled = math.exp((math.log(0.5) + 2 * math.log(0.85)) / 3)
    assert found.loc["c-1", "next12_expected"] == pytest.approx(100 / 3 * settled)


# ---- At the edge ----------------------------------------------------------------------------


def test_where_nothing_is_known_nothing_is_said():
    flat = forecast_proposal(proposed(expected=(np.nan, np.nan)), TwoCells(), None)
    assert flat.loc["c-1"].isna().all()
    assert forecast_proposal(proposed(months=23), TwoCells(), None).isna().all(axis=None)
    assert predict_next12(np.array([]), 0.0, EVEN, []).shape == (0, 3)
    assert np.isnan(predict_next12(np.array([np.nan, 0.0]), 10.0, EVEN, [])).all()
    assert not np.isnan(predict_next12(np.array([1.0]), 3.0, (0.0, 0.0), [0.0])).any()


# ---- True in general ------------------------------------------------------------------------


def test_the_table_of_judged_places_leaves_calibration_places_out_by_hand():
    """Two judged places: 10 of 8 expected, 4 of 12; their city's totals were .5 and 1 of it."""
    rows = [
        ("A", 8.0, 5, 12, 10, 0.5, False),
        ("B", 7.0, 3, 11, 2, 1.0, False),
        ("B", 5.0, 3, 9, 2, 1.0, False),
        ("C", 9.0, 1, 3, 90, 1.0, True),
    ]
    columns = ["place", "mean", "low", "high", "counted", "given", "is_calibration"]
    table = pd.DataFrame(rows, columns=columns).assign(share=0.9, rows=150)
    judged = table[~table["is_calibration"]]
    assert over(judged, is_given=False)[0] == pytest.approx(14 / 20)
    assert over(judged, is_given=True)[0] == pytest.approx(14 / (4 + 12))
    assert inside(judged) == (1, 3)
    printed = "\n".join(lines(table))
    assert "| judged | 0.90 | 2 | 3 | 20 | 0.70 " in printed
    assert "| judged, 4 or more expected | 3 | 33.3% |" in printed
    assert "| calibration | 0.90 | 1 | 1 | 9 | 10.00 " in printed


@pytest.mark.slow
def test_philadelphia_next_years_from_2018_on(philadelphia, tmp_path):
    """Each origin knows nothing after it, neither counts nor how past areas fared."""
    dataset, config = philadelphia
    city = City(config, dataset)
    own = city_choices(config)
    located = locate_incidents(city, own)
    rows, kept = [], {}
    for step in range(0, 73, 3):
        until = Month(2018, 1).plus(step)
        window, last = Period.before(until, 36), Period.before(until, 12)
        proposal = propose_areas(city, replace(own, until=until), located=located, places=())
        cells = [own_cells for _, _, own_cells in candidate_rows(proposal.areas)]
        means = np.array([one.mean for one in estimate_areas(located, window, cells)])
        at = [located.grid.at(area) for area in cells]
        now, after = located.counts(window), located.counts(Period(until, until.plus(12)))
        before_share = sum(int(now[one].sum()) for one in at) / now.sum()
        known = [share for (name, share) in kept.items() if name.plus(12) <= until]
        yearly = sum(int(now[one].sum()) for one in at) / 3
        whole = now.sum() / 3, float(located.counts(last).sum())
        found = predict_next12(means, yearly, whole, known)
        given = (after.sum() / whole[0]) / math.sqrt(whole[1] / whole[0])
        for one, (mean, low, high) in zip(at, found, strict=True):
            rows.append((until.year, int(after[one].sum()), mean, low, high, mean * given))
        if until.number == 1:
            after_share = sum(int(after[one].sum()) for one in at) / after.sum()
            kept[until] = after_share / before_share
    table = pd.DataFrame(rows, columns=["year", "n", "mean", "low", "high", "given"])
    is_in = table["n"].between(table["low"], table["high"])
    assert 0.85 <= is_in.mean() <= 0.95
    assert is_in.groupby(table["year"]).mean().min() >= 0.65
    assert table["n"].sum() / table["mean"].sum() == pytest.approx(1, abs=0.15)
    assert table["n"].sum() / table["given"].sum() == pytest.approx(1, abs=0.03)
