"""The best guess: how sure an attacker can be of what is domestic, by a Gibbs sampler.

The attacker has every point on the city's own map, every bundle, the table of changes, and the
city's share of domestic incidents. What is not known is drawn again and again as it may be, given
all that was published: how many of each atom's incidents are domestic (atoms are the incidents
that lie in the same figures), and each place's line. The secret is out of reach, so the changes of
figures of different incidents are independent. It shares no code with what it attacks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import binom
from tests.disclosure.attacker import Figure

from csa.base.arrays import Bools, Floats, Ints

LINES = range(11, 20)
"""Where a place's line may be."""
FARTHEST = 60
NEVER = -700.0
"""Where a start cannot be, the first chance leaves it."""


@dataclass(frozen=True)
class Guess:
    """The attacker's best guess of the domestic incidents of one figure."""

    name: str
    n: int  # its incidents, which the attacker knows
    true: int  # of them domestic
    best: int  # most often drawn
    sure: float  # share of the draws


def chance_of(told: int | None, counts: Ints, line: int, rounded_to: int) -> Floats:
    """Return how likely a figure is told so, for each count that it may be made from."""
    change = np.arange(-FARTHEST, FARTHEST + 1)
    p = (1 / 3) * 0.5 ** np.abs(change)
    sums = counts[:, None] + change  # (counts, changes)
    near = (sums + rounded_to // 2) // rounded_to * rounded_to
    is_many = (counts >= line)[:, None]
    shown = np.where(is_many, np.maximum(near, 10), np.where(sums < 10, -1, np.maximum(10, near)))
    shown = np.where(is_many, shown, np.minimum(shown, 19 // rounded_to * rounded_to))
    found: Floats = ((shown == (-1 if told is None else told)) * p).sum(axis=1)
    return found


def likelihoods(figures: Sequence[Figure], rounded_to: int) -> Floats:
    """Return how likely each figure is, by line and by its domestic incidents: logarithms.

    All are of one width, so that an atom's figures are looked up together.
    """
    sizes = [len(figure.members) for figure in figures]
    found = np.full((len(figures), len(LINES), max(sizes) + 1), NEVER)
    for own, figure, n in zip(found, figures, sizes, strict=True):
        for at, line in enumerate(LINES):
            told = chance_of(figure.told, n - np.arange(n + 1), line, rounded_to)
            own[at, : n + 1] = np.log(np.maximum(told, np.exp(NEVER)))
    return found


def guess(
    figures: Sequence[Figure],
    is_domestic: Bools,
    *,
    rounded_to: int = 1,
    counts_all: bool = False,
    n_draws: int = 400,
    n_first: int = 100,
    seed: int = 5,
) -> list[Guess]:
    """Guess the domestic incidents of each figure that was told by number."""
    random, share = np.random.default_rng(seed), float(is_domestic.mean())
    of_incident: dict[int, list[int]] = defaultdict(list)
    for number, figure in enumerate(figures):
        for member in figure.members.tolist():
            of_incident[member].append(number)
    atoms: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for member, own in of_incident.items():
        atoms[tuple(own)].append(member)
    sizes = [len(members) for members in atoms.values()]
    inside = [np.array(own) for own in atoms]
    prior = [np.log(binom.pmf(np.arange(n + 1), n, share)) for n in sizes]
    n_all = np.array([len(figure.members) for figure in figures])
    places = [figure.name.split(",")[0] for figure in figures]
    of_place: dict[str, list[int]] = defaultdict(list)
    for number, place in enumerate(places):
        of_place[place].append(number)
    likely = likelihoods(figures, rounded_to)
    if counts_all:
        likely[:] = 0
    widest = likely.shape[-1]
    now = np.zeros(len(sizes), dtype=np.int64)
    domestic, line = np.zeros(len(figures), dtype=np.int64), np.zeros(len(figures), dtype=np.int64)
    line += len(LINES) // 2
    seen = np.zeros((len(figures), widest), dtype=np.int32)
    for turn in range(n_first + n_draws):
        for atom, (own, n) in enumerate(zip(inside, sizes, strict=True)):
            others = domestic[own] - now[atom]
            asked = others[:, None] + np.arange(n + 1)
            weight = prior[atom] + likely[own[:, None], line[own][:, None], asked].sum(axis=0)
            chance = np.exp(weight - weight.max()).cumsum()
            now[atom] = int(np.searchsorted(chance, random.random() * chance[-1]))
            domestic[own] = others + now[atom]
        for own in of_place.values():
            weight = likely[own, :, domestic[own]].sum(axis=0)
            chance = np.exp(weight - weight.max()).cumsum()
            line[own] = np.searchsorted(chance, random.random() * chance[-1])
        if turn >= n_first:
            seen[np.arange(len(figures)), domestic] += 1
    return [
        Guess(
            figure.name,
            int(n_all[number]),
            int(is_domestic[figure.members].sum()),
            int(seen[number].argmax()),
            float(seen[number].max() / n_draws),
        )
        for number, figure in enumerate(figures)
        if figure.told is not None
    ]


def right_share(guesses: Sequence[Guess]) -> float:
    """Return the share of best guesses that are right."""
    return float(np.mean([one.best == one.true for one in guesses]))


def sure_share(guesses: Sequence[Guess], over: float = 0.9) -> float:
    """Return the share of guesses of which the attacker is so sure."""
    return float(np.mean([one.sure > over for one in guesses]))
