"""Past years: how areas changed, what was known at a start, and what is kept."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, strategies as st
from tests.sentences import refuses

from csa.base.errors import TableError
from csa.base.params import Month
from csa.change.expectation import Baseline
from csa.change.past import (
    PastCohort,
    PastYear,
    past_as_of,
    past_from_plain,
    past_to_plain,
    usual_reach,
)


def past_of(origin="2018-01", core=(4, 2, 6), ring=(7, 8, 9), rest=(40, 50, 60), **changed):
    """A past year: 3 areas that held 30 in the 24 months before, the rest of the city 300.

    A band has half of the rest, and is compared with the other half and the ring.
    """
    rest = np.array(rest, dtype=np.int64)
    years = [
        PastYear(origin, base, 450, np.array(monthly, dtype=np.int64), rest)
        for base, monthly in ((Baseline(41.5, 6.25), core), (Baseline(70.0, 9.0), ring))
    ]
    half = rest // 2
    band = PastYear(origin, Baseline.counted(225), 295, half, half + np.array(ring))
    made = PastCohort(*years, n_areas=3, core_before=30, rest_before=300, bands=(band,))
    return replace(made, **changed)


def plain_of(*past):
    return json.loads(json.dumps(past_to_plain(past), allow_nan=False))


# ---- By hand -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("months", "change"),
    [
        # A tenth of the rest's before. After: 4 of 40, 6 of 90, 12 of 150.
        (1, 0.0),
        (2, 6 / 9 - 1),
        (3, 12 / 15 - 1),
        (99, 12 / 15 - 1),
    ],
)
def test_areas_change_against_the_rest_of_the_city(months, change):
    assert past_of().change(months) == pytest.approx(change)


def test_core_ring_and_first_band_together_are_compared_with_what_is_farther_out():
    """295 before are 225 and the ring's 70: without it 225; after, what the ring had goes too."""
    within = past_of().within
    assert (within.base, within.before) == (Baseline(41.5 + 70 + 225, 6.25 + 9 + 225), 225)
    assert within.monthly.tolist() == [31, 35, 45]
    assert within.compared.tolist() == [20, 25, 30]
    core = past_of().core_with(0)
    assert (core.before, core.compared.tolist()) == (295, [27, 33, 39])


def test_a_past_year_is_cut_at_the_start_and_left_out_where_too_little_was_known():
    past = [past_of("2018-01", *[range(24)] * 3), past_of("2019-01", *[range(12)] * 3)]
    for since, known in (
        (Month(2020, 6), [24, 12]),
        (Month(2020, 1), [24, 12]),
        (Month(2019, 12), [23]),
        (Month(2019, 1), [12]),
        (Month(2018, 12), []),
        (Month(2017, 1), []),
    ):
        found = past_as_of(past, since, 12)
        assert [len(one.core.monthly) for one in found] == known
        for one in found:
            n = len(one.core.monthly)
            for year in (one.core, one.ring):
                assert year.monthly.tolist() == year.compared.tolist() == list(range(n))
            assert (one.n_areas, one.core_before, one.core.before) == (3, 30, 450)


def test_what_is_kept_can_be_read_by_anybody():
    assert plain_of(past_of()) == {
        "kind": "what areas did after past years",
        "format_version": 1,
        "past": [
            {
                "origin": "2018-01",
                "n_areas": 3,
                "core_before": 30,
                "rest_before": 300,
                "compared_before": 450,
                "compared": [40, 50, 60],
                "core": {"mean": 41.5, "variance": 6.25, "monthly": [4, 2, 6]},
                "ring": {"mean": 70.0, "variance": 9.0, "monthly": [7, 8, 9]},
                "bands": [
                    {
                        "mean": 225.0,
                        "variance": 225.0,
                        "monthly": [20, 25, 30],
                        "before": 295,
                        "compared": [27, 33, 39],
                    }
                ],
            }
        ],
    }


# ---- At the edge ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changed",
    [{"core_before": 0}, {"rest_before": 0}, {"rest": (0, 0, 0)}, {"rest": (0, 5, 5)}],
    ids=["none in areas before", "none in the rest before", "none after", "none at first"],
)
def test_without_an_incident_to_divide_by_no_change_is_told(changed):
    assert past_of(**changed).change(1) is None


def test_a_past_year_with_just_as_many_known_months_as_are_asked_for_counts():
    past = [past_of("2018-01", *[range(24)] * 3)]
    for least, n_found in ((5, 1), (6, 1), (7, 0)):
        assert len(past_as_of(past, Month(2018, 7), least)) == n_found
    assert past_as_of((), Month(2018, 7), 1) == ()


def test_past_years_tell_within_as_many_months_as_the_longest_reaches():
    past = [past_of("2018-01", *[range(24)] * 3), past_of("2019-01", *[range(12)] * 3)]
    assert [usual_reach(past, n) for n in (1, 12, 24, 60)] == [1, 12, 24, 24]
    assert (usual_reach(past[1:], 24), usual_reach((), 24)) == (12, 0)


def test_no_past_year_and_a_year_without_a_month_are_kept_too():
    assert past_from_plain(plain_of()) == ()
    (again,) = past_from_plain(plain_of(past_of("2018-01", (), (), ())))
    assert again.core.monthly.dtype == again.core.compared.dtype == np.int64
    assert again.core.monthly.tolist() == []


# ---- Refused -------------------------------------------------------------------------------


def set_at(plain, path, value):
    *way, last = path
    for step in way:
        plain = plain[step]
    if value is KeyError:
        del plain[last]
    else:
        plain[last] = value


ROW = ("past", 0)
COUNTS = (-1, 1.0, 1.5, "3", None, True, 10**9 + 1, KeyError)
NUMBERS = (-0.1, "3", None, True, float("nan"), float("inf"), 2e12, [1], KeyError)
WRONG = [
    *((("kind",), value) for value in ("dataset", None, KeyError)),
    *((("format_version",), value) for value in (0, 2, "1", None, KeyError)),
    *((("past",), value) for value in (None, 3, [3], ["x"], [[]], KeyError)),
    *(((*ROW, "origin"), value) for value in ("2018", "2018-13", "", None, 201801, KeyError)),
    *(
        ((*ROW, name), value)
        for name in ("n_areas", "core_before", "rest_before", "compared_before")
        for value in COUNTS
    ),
    *(((*ROW, "compared", 1), value) for value in COUNTS),
    *(((*ROW, zone, "monthly", 2), value) for zone in ("core", "ring") for value in COUNTS),
    *(
        ((*ROW, zone, name), value)
        for zone in ("core", "ring")
        for name in ("mean", "variance")
        for value in NUMBERS
    ),
    *(((*ROW, zone), value) for zone in ("core", "ring") for value in (None, [], 3, KeyError)),
    *(((*ROW, name), value) for name in ("compared",) for value in (None, 3, "ab", {}, KeyError)),
]


@pytest.mark.parametrize(("path", "value"), WRONG)
def test_what_is_not_whole_or_holds_a_wrong_value_is_refused(path, value):
    plain = plain_of(past_of())
    set_at(plain, path, value)
    with pytest.raises(TableError) as refused:
        past_from_plain(plain)
    assert refused.value.message.key == "backtest.bad_record"
    assert "csa backtest" in str(refused.value)


@pytest.mark.parametrize("plain", [{}, [], None, 3, "x"])
def test_what_is_no_past_at_all_is_refused(plain):
    with refuses("backtest.bad_record", TableError):
        past_from_plain(plain)


# ---- True in general -----------------------------------------------------------------------

counts = st.integers(0, 10**9)


@given(
    months=st.lists(st.tuples(counts, counts, counts), max_size=30),
    numbers=st.tuples(*[st.floats(0, 1e12)] * 4),
    sums=st.tuples(*[counts] * 4),
    year=st.integers(1, 9999),
    month=st.integers(1, 12),
)
def test_what_is_kept_is_read_bit_for_bit(months, numbers, sums, year, month):
    core, ring, rest = np.array(months, dtype=np.int64).reshape(-1, 3).T
    origin = str(Month(year, month))
    one = PastYear(origin, Baseline(*numbers[:2]), sums[0], core, rest)
    two = PastYear(origin, Baseline(*numbers[2:]), sums[0], ring, rest)
    past = PastCohort(one, two, *sums[1:])
    (again,) = past_from_plain(plain_of(past))
    for kept, read in ((past.core, again.core), (past.ring, again.ring)):
        assert (read.origin, read.base, read.before) == (kept.origin, kept.base, kept.before)
        assert read.monthly.tolist() == kept.monthly.tolist()
        assert read.compared.tolist() == kept.compared.tolist()
    assert (again.n_areas, again.core_before, again.rest_before) == sums[1:]
    assert plain_of(again) == plain_of(past)
