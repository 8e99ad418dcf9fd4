"""Small made-up cities for the tests of what the public may see."""

from dataclasses import replace

import numpy as np

from csa.base.params import Month
from csa.disclosure.atoms import THRESHOLD, Atoms
from csa.disclosure.published import Publication

FIRST = Month(2015, 1)


def city(rows, geographies=("district", "area")):
    """Make a city of atoms: names in each geography to incidents by month from 2015 on."""
    names = list(rows)
    members = {
        g: np.array([name[n] for name in names], dtype=object) for n, g in enumerate(geographies)
    }
    return Atoms(members, np.array([rows[name] for name in names], dtype=np.int64), FIRST)


def draft_of(atoms, start=0, geographies=("district", "area"), months=36):
    """Count all places of geographies over three years, without holding anything back."""
    counted = atoms.counts[:, start : start + months].sum(axis=1)
    counts = {
        g: {
            place: int(counted[atoms.members[g] == place].sum())
            for place in sorted(set(atoms.members[g]) - {""})
        }
        for g in geographies
    }
    until = FIRST.plus(start + months)
    last = until.plus(-1)
    quarter = f"{last.year}-Q{(last.number - 1) // 3 + 1}"
    return Publication(quarter, FIRST.plus(start), until, {}, counts, {}, {})


def told(draft, held_back):
    """Hold back some counts of a draft."""
    return replace(
        draft,
        counts={
            g: {p: None if (g, p) in held_back else n for p, n in inner.items()}
            for g, inner in draft.counts.items()
        },
    )


def held_back(draft, settled):
    """Count what was held back: counts below ten, and others that would have given one away."""
    small = other = 0
    for geography, counts in draft.counts.items():
        for place, count in counts.items():
            if count is not None and settled.counts[geography][place] is None:
                small, other = small + (count < THRESHOLD), other + (count >= THRESHOLD)
    return small, other
