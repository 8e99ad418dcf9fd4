"""A real city over successive quarters: nothing is given away, and little is held back for it."""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from csa.areas.analysis import propose_areas
from csa.areas.choices import Choices
from csa.areas.proposal import area_records
from csa.base.params import Month
from csa.dataset.versioned import City
from csa.disclosure.atoms import CLASSES, THRESHOLD, atoms_of, class_of
from csa.disclosure.exposure import find_exposed
from csa.disclosure.published import Publication
from csa.disclosure.settle import settle
from tests.areas.test_finding import philadelphia_in
from tests.disclosure.cities import held_back, told

FIRST, UNTIL = Month(2015, 1), Month(2020, 1)


@cache
def city_in(shared_data, root):
    """Atoms of the real city, and the areas that would have been proposed at the first bundle."""
    dataset, config = philadelphia_in(shared_data, root)
    incidents = dataset.incidents
    when = incidents["occurred_at"].dt
    table = pd.DataFrame(
        {
            "district": incidents["neighborhood"],
            "cell": incidents["cell_r8"],
            "fine": incidents["cell_r9"],
            "month": when.year * 12 + when.month - 1,
        }
    )
    proposal = propose_areas(City(config, dataset), Choices(until=UNTIL))
    areas = {
        str(row["area_id"]): tuple(sorted(row["cells"])) for row in area_records(proposal.areas)
    }
    return atoms_of(table, ["district", "cell", "fine"], FIRST, 72), areas


def draft(atoms, areas, until):
    start = until.plus(-36)
    at = slice(start.index - FIRST.index, until.index - FIRST.index)
    counted = atoms.counts[:, at].sum(axis=1)

    def by(geography):
        names = atoms.members[geography]
        return {name: int(counted[names == name].sum()) for name in sorted(set(names) - {""})}

    cells = by("cell")
    fine = atoms.members["fine"].astype(str)
    of_areas = {name: int(counted[np.isin(fine, cells)].sum()) for name, cells in areas.items()}
    last = until.plus(-1)
    return Publication(
        f"{last.year}-Q{(last.number - 1) // 3 + 1}",
        start,
        until,
        {"area": areas},
        {"district": by("district"), "area": of_areas},
        {"cell": {cell: CLASSES[class_of(n, CLASSES)] for cell, n in cells.items()}},
        {"window": int(counted.sum())},
    )


@pytest.mark.slow
def test_the_first_bundle_of_philadelphia_gives_nothing_away(shared_data, root):
    atoms, areas = city_in(shared_data, root)
    wanted = draft(atoms, areas, UNTIL)
    settled = settle(atoms, wanted, [], {})
    small, other = held_back(wanted, settled)
    assert small == sum(n < THRESHOLD for inner in wanted.counts.values() for n in inner.values())
    assert other <= 2
    assert settled.classes == wanted.classes


@pytest.mark.slow
def test_three_quarters_of_philadelphia_give_nothing_away_together(shared_data, root):
    atoms, areas = city_in(shared_data, root)
    published = []
    for quarters in range(3):
        wanted = draft(atoms, areas, UNTIL.plus(3 * quarters))
        published.append(settle(atoms, wanted, published, {}))
    assert find_exposed(atoms, published, {}) == ()


@pytest.mark.slow
def test_holding_back_the_small_counts_alone_would_give_one_away(shared_data, root):
    """All but one small district told: the city's total tells it."""
    atoms, areas = city_in(shared_data, root)
    wanted = draft(atoms, areas, UNTIL)
    small = [("district", name) for name, n in wanted.counts["district"].items() if n < THRESHOLD]
    assert len(small) > 1
    found = find_exposed(atoms, [told(wanted, set(small[:1]))], {})
    assert small[:1] in [[*exposed.places] for exposed in found]
