"""The audit: what an attacker can work out from every figure ever published together.

The attacker has all bundles and the table of changes, and may know every point on the city's own
map, which does not say what is domestic. What remains possible is found by integer programming,
over tables of incidents by atom; atoms are the incidents that lie in the same figures. At least
three values must remain for each count. It is a test of the method, not a step of publishing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csc_array, csr_array

from csa.base.arrays import Bools, Floats, Ints
from csa.disclosure.keys import FARTHEST, THRESHOLD

VALUES = 3
"""So many values must remain possible."""
SECONDS = 20.0
"""A program that takes longer counts as not shown to be safe."""


@dataclass(frozen=True)
class Figure:
    """A published figure, with the incidents that it was made from."""

    name: str  # for a reader: place, period and bundle
    members: Ints  # (m,) positions of its incidents, domestic ones too
    told: int | None  # what was published; None for fewer than 10
    draw: str = ""  # the change that several figures share; empty for one of its own


@dataclass(frozen=True)
class Exposed:
    """A count of which too few values remain possible."""

    name: str  # of the figure
    low: int  # lowest value of the count of incidents that are not domestic
    high: int  # highest value
    is_proven: bool  # whether no others are possible; else none were found in time


@dataclass(frozen=True)
class _Table:
    """The unknown table: incidents that are not domestic, by atom, then the changes shared."""

    of_figure: csr_array  # (f, a) 1 where an atom is in a figure
    of_atom: csc_array  # the same by atom
    n_atoms: int  # how many of the a are atoms; the others are changes
    true: Ints  # (a,) incidents that are not domestic
    least: Floats  # (a,) lowest number possible
    most: Floats  # (a,) highest number possible
    low: Floats  # (f,) lowest sum that agrees with the figure
    high: Floats  # (f,) highest sum

    def figures(self, atom: int) -> Ints:
        """Return the figures that an atom is in."""
        own = self.of_atom.indices[self.of_atom.indptr[atom] : self.of_atom.indptr[atom + 1]]
        return own.astype(np.int64)

    def atoms(self, figure: int) -> Ints:
        """Return the atoms of a figure."""
        own = self.of_figure.indices[
            self.of_figure.indptr[figure] : self.of_figure.indptr[figure + 1]
        ]
        return np.sort(own[own < self.n_atoms])

    def count(self, figure: int) -> int:
        """Return the true count of a figure."""
        return int(self.true[self.atoms(figure)].sum())


def find_exposed(
    figures: Sequence[Figure], is_counted: Bools, *, are_points_known: bool, within: int = FARTHEST
) -> tuple[Exposed, ...]:
    """Find the counts of which fewer than three values remain possible.

    Where the points are known, so is what each figure and its domestic count make together: every
    figure is asked about. Else those are that were held back; give land without an incident as
    members that are not counted, or the attacker knows where nothing happened.
    """
    table, n_all = _table(figures, is_counted, within, are_points_known=are_points_known)
    found = []
    for number, figure in enumerate(figures):
        if figure.told is not None and not are_points_known:
            continue
        possible = int(n_all[number]) + 1  # of one point, two values are all there were
        width = min(VALUES, possible if are_points_known else VALUES) - 1
        if width > 0 and len(table.atoms(number)) and _moves(table, number, width) < width:
            exposed = _ask(table, number, width, figure.name)
            if exposed is not None:
                found.append(exposed)
    return tuple(found)


def _table(
    figures: Sequence[Figure], is_counted: Bools, within: int, *, are_points_known: bool
) -> tuple[_Table, Ints]:
    """Put together what is known; also return how many incidents each figure was made from."""
    of_incident: dict[int, list[int]] = defaultdict(list)
    for number, figure in enumerate(figures):
        for member in figure.members.tolist():
            of_incident[member].append(number)
    atoms: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for member, own in of_incident.items():
        atoms[tuple(own)].append(member)
    true = [int(is_counted[members].sum()) for members in atoms.values()]
    every = np.array([len(members) for members in atoms.values()], dtype=np.float64)
    rows = [f for own in atoms for f in own]
    columns = [a for a, own in enumerate(atoms) for _ in own]
    draws = list(dict.fromkeys(figure.draw for figure in figures if figure.draw))
    low, high = np.zeros(len(figures)), np.full(len(figures), np.inf)
    for number, figure in enumerate(figures):
        spread = 0 if figure.draw else within
        low[number] = -np.inf if figure.told is None else figure.told - spread
        high[number] = (THRESHOLD - 1 if figure.told is None else figure.told) + spread
        if figure.draw:
            rows.append(number)
            columns.append(len(atoms) + draws.index(figure.draw))
    shape = (len(figures), len(atoms) + len(draws))
    of_figure = csr_array((np.ones(len(rows)), (rows, columns)), shape=shape)
    most = every if are_points_known else np.full(len(atoms), np.inf)
    beyond = np.full(len(draws), float(within))
    table = _Table(
        of_figure,
        csc_array(of_figure),
        len(atoms),
        np.array([*true, *_shared(figures, draws, is_counted)], dtype=np.int64),
        np.concatenate([np.zeros(len(atoms)), -beyond]),
        np.concatenate([most, beyond]),
        low,
        high,
    )
    n_all = np.array([len(np.unique(figure.members)) for figure in figures], dtype=np.int64)
    return table, n_all


def _shared(figures: Sequence[Figure], draws: Sequence[str], is_counted: Bools) -> Iterator[int]:
    """Yield the true value of each change that several figures share, from one told with it."""
    for draw in draws:
        told = (one for one in figures if one.draw == draw and one.told is not None)
        yield next(((f.told or 0) - int(is_counted[f.members].sum()) for f in told), 0)


def _moves(table: _Table, number: int, width: int) -> int:
    """Return how far incidents can be added to the true table one by one, or taken away."""
    return sum(_one_way(table, number, width, step) for step in (1, -1))


def _one_way(table: _Table, number: int, width: int, step: int) -> int:
    now, sums, moved = table.true.copy(), table.of_figure @ table.true, 0
    for atom in table.atoms(number).tolist():
        own = table.figures(atom)
        while moved < width and table.least[atom] <= now[atom] + step <= table.most[atom]:
            changed = sums[own] + step
            if (changed < table.low[own]).any() or (changed > table.high[own]).any():
                break
            now[atom] += step
            sums[own] = changed
            moved += 1
    return moved


def _ask(table: _Table, number: int, width: int, name: str) -> Exposed | None:
    """Ask the solver: first over the atoms around the figure, whose tables are tables of all."""
    low = high = table.count(number)
    is_proven = False
    for atoms in _scopes(table, number):
        is_all = len(atoms) == len(table.true)
        ends = [_end(table, number, atoms, sign) for sign in (1, -1)]
        low, high = min(low, ends[1][0]), max(high, ends[0][0])
        if high - low >= width:
            return None
        is_proven = is_all and all(is_best for _, is_best in ends)
        if is_all:
            break
    return Exposed(name, low, high, is_proven)


def _scopes(table: _Table, number: int) -> Iterator[Ints]:
    """Yield the atoms that may change: those that share a figure with the count's own, then all."""
    own = {f for atom in table.atoms(number).tolist() for f in table.figures(atom).tolist()}
    near = sorted(
        {
            at
            for f in own
            for at in table.of_figure.indices[slice(*table.of_figure.indptr[f : f + 2])]
        }
    )
    yield np.array(near, dtype=np.int64)
    yield np.arange(len(table.true))


def _end(table: _Table, number: int, atoms: Ints, sign: int) -> tuple[int, bool]:
    """Return a count's largest (or smallest) value found, and whether it is the best possible."""
    part = csc_array(table.of_atom[:, atoms])
    used = np.unique(part.indices)
    sums = table.of_figure @ table.true
    rest = sums - part @ table.true[atoms]
    gain = np.zeros(len(atoms))
    gain[np.isin(atoms, table.atoms(number))] = 1.0
    answer = milp(
        -sign * gain,
        integrality=np.ones(len(atoms), dtype=np.int64),
        bounds=Bounds(table.least[atoms], table.most[atoms]),
        constraints=LinearConstraint(
            csr_array(part)[used], (table.low - rest)[used], (table.high - rest)[used]
        ),
        options={"time_limit": SECONDS},
    )
    if answer.x is None:
        return table.count(number), False
    return int(np.rint(answer.x) @ gain), answer.status == 0
