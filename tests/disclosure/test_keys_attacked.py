"""The audit finds what is given away, by tables that are counted out one by one."""

from itertools import product

import numpy as np
from hypothesis import assume, given, strategies as st
from tests.disclosure.attacker import Figure, find_exposed


def counted(n, domestic=()):
    return np.array([at not in domestic for at in range(n)])


def possible(figures, is_counted, within):
    """List the values of each figure that remain possible: every table is tried."""
    n = len(is_counted)
    draws = {one.draw for one in figures if one.draw}
    found = [set() for _ in figures]
    for table in product((0, 1), repeat=n):
        sums = [sum(table[at] for at in one.members) for one in figures]
        for changes in product(range(-within, within + 1), repeat=len(draws)):
            shared = dict(zip(sorted(draws), changes, strict=True))
            spans = [
                range(shared[one.draw], shared[one.draw] + 1)
                if one.draw
                else range(-within, within + 1)
                for one in figures
            ]
            if all(_agrees(*each) for each in zip(figures, sums, spans, strict=True)):
                for values, value in zip(found, sums, strict=True):
                    values.add(value)
    return found


def _agrees(figure, count, changes):
    return any(
        count + change <= 9 if figure.told is None else count + change == figure.told
        for change in changes
    )


def names(found):
    return [(one.name, one.low, one.high) for one in found]


# ---- by hand -------------------------------------------------------------------------------


def test_exact_counts_give_every_domestic_count_away_to_who_has_the_points():
    """As it was: 30 points on the city's map, 27 told, so 3 are domestic."""
    figures = [Figure("Riverside", np.arange(30), 27)]
    is_counted = counted(30, domestic=(3, 4, 5))
    assert names(find_exposed(figures, is_counted, are_points_known=True, within=0)) == [
        ("Riverside", 27, 27)
    ]
    assert find_exposed(figures, is_counted, are_points_known=True) == ()


def test_a_small_count_is_worked_out_from_exact_ones_around_it_and_not_from_changed_ones():
    is_counted = counted(50)
    figures = [
        Figure("all", np.arange(50), 50),
        Figure("big", np.arange(44), 44),
        Figure("small", np.arange(44, 50), None),
    ]
    exact = find_exposed(figures, is_counted, are_points_known=False, within=0)
    assert names(exact) == [("small", 6, 6)]
    assert find_exposed(figures, is_counted, are_points_known=False) == ()


# ---- at the edge ---------------------------------------------------------------------------


def test_of_one_point_two_values_are_all_there_were():
    assert find_exposed([Figure("x", np.arange(1), None)], counted(1), are_points_known=True) == ()
    assert find_exposed([], counted(0), are_points_known=True) == ()


# ---- true in general -----------------------------------------------------------------------


@given(st.data())
def test_what_is_found_is_what_counting_out_every_table_finds(data):
    n, within = data.draw(st.integers(2, 7)), data.draw(st.integers(0, 2))
    is_counted = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    figures = []
    for name in "abc"[: data.draw(st.integers(1, 3))]:
        members = np.array(data.draw(st.lists(st.integers(0, n - 1), min_size=1, unique=True)))
        draw = data.draw(st.sampled_from(["", "", "s"]))
        change = 0 if draw else data.draw(st.integers(-within, within))
        count = int(is_counted[members].sum()) + change
        figures.append(
            Figure(name, members, data.draw(st.sampled_from([count, count, None])), draw)
        )
    assume(all(one.told is None or one.told >= 0 for one in figures))
    left = possible(figures, is_counted, within)
    expected = [
        (one.name, min(values), max(values))
        for one, values in zip(figures, left, strict=True)
        if len(values) < min(3, len(one.members) + 1)
    ]
    found = find_exposed(figures, is_counted, are_points_known=True, within=within)
    assert names(found) == expected
