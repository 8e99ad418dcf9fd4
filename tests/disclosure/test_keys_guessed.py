"""The guesser's draws are those that counting out every table gives."""

from itertools import product

import numpy as np
import pytest
from tests.disclosure.attacker import Figure
from tests.disclosure.guesser import chance_of, guess, right_share, sure_share

FIGURES = [
    Figure("x, 2018", np.arange(12), 12),
    Figure("x, 2019", np.arange(12, 16), None),
    Figure("x, 2018/2019", np.arange(16), 10),
    Figure("y, 2018", np.arange(6, 14), 11),
]
DOMESTIC = np.isin(np.arange(16), [1, 7, 8, 13])


def by_counting_out(figures, rounded_to):
    """Weigh each way that the atoms' incidents may be domestic, and each line of each place."""
    atoms, share = (range(6), range(6, 12), range(12, 14), range(14, 16)), DOMESTIC.mean()
    inside = [[set(atom) <= set(f.members.tolist()) for atom in atoms] for f in figures]
    found = [np.zeros(len(f.members) + 1) for f in figures]
    for own in product(*(range(len(atom) + 1) for atom in atoms)):
        weight = 1.0
        for atom, n in zip(atoms, own, strict=True):
            ways = len(atom), n
            weight *= _choose(*ways) * share**n * (1 - share) ** (len(atom) - n)
        sums = [sum(n for n, is_in in zip(own, at, strict=True) if is_in) for at in inside]
        of_place = {"x": 0.0, "y": 0.0}
        for place in of_place:
            for line in range(11, 20):
                each = 1 / 9
                for figure, domestic in zip(figures, sums, strict=True):
                    if figure.name.startswith(place):
                        left = np.array([len(figure.members) - domestic])
                        each *= chance_of(figure.told, left, line, rounded_to)[0]
                of_place[place] += each
        weight *= of_place["x"] * of_place["y"]
        for total, domestic in zip(found, sums, strict=True):
            total[domestic] += weight
    return [total / total.sum() for total in found]


def _choose(n, k):
    return 1 if k == 0 else _choose(n - 1, k - 1) * n // k


@pytest.mark.parametrize("rounded_to", [1, 5])
def test_draws_are_as_counting_out_every_table_gives(rounded_to):
    figures = [
        Figure(f.name, f.members, f.told and rounded_to * (f.told // rounded_to)) for f in FIGURES
    ]
    exact = by_counting_out(figures, rounded_to)
    found = guess(figures, DOMESTIC, rounded_to=rounded_to, n_draws=4000)
    told = [chances for f, chances in zip(figures, exact, strict=True) if f.told is not None]
    for one, chances in zip(found, told, strict=True):
        assert abs(one.sure - chances.max()) < 0.04
        assert chances[one.best] > chances.max() - 0.04
    assert [one.true for one in found] == [3, 4, 3]


def test_counts_of_all_leave_what_the_share_says():
    is_domestic = np.arange(200) % 9 == 0
    told = [Figure(f"x{n}, 2018", np.arange(n, 200, 10), 20 + n % 3 - 1) for n in range(10)]
    blind = guess(told, is_domestic, counts_all=True, n_draws=300)
    assert {one.best for one in blind} == {2}  # of twenty, one in nine
    assert right_share(blind) == np.mean([is_domestic[one.members].sum() == 2 for one in told])
    assert sure_share(blind) == 0


def test_a_figure_adds_up_over_all_that_may_be_told():
    counts = np.arange(30)
    for rounded_to in (1, 5):
        for line in (11, 19):
            told = [None, *range(10, 90)]
            total = sum(chance_of(one, counts, line, rounded_to) for one in told)
            assert np.allclose(total, 1, atol=1e-9)
