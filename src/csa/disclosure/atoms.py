"""Atoms: incidents that no table can separate by place; and the classes of density of maps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from csa.base.errors import ParamError
from csa.base.params import Month

Ints: TypeAlias = npt.NDArray[np.int64]
Names: TypeAlias = npt.NDArray[Any]
MONTH_COLUMN = "month"


@dataclass(frozen=True)
class Atoms:
    """Pieces of the city in the same place of each geography, and their counts by month."""

    members: Mapping[str, Names]  # geography to n names, `""` outside all
    counts: Ints  # (n, m) incidents
    first: Month  # the first of the m months

    @property
    def until(self) -> Month:
        """The first month after them."""
        return self.first.plus(self.counts.shape[1])


def atoms_of(table: pd.DataFrame, geographies: Sequence[str], first: Month, months: int) -> Atoms:
    """Count incidents by atom and month."""
    names = {
        g: table[g].astype(object).where(table[g].notna(), "").astype(str) for g in geographies
    }
    frame = pd.DataFrame(names, index=table.index)
    at = table[MONTH_COLUMN].to_numpy(dtype=np.int64) - first.index
    grouped = frame.groupby(list(geographies), sort=True) if len(frame) else None
    number = grouped.ngroup().to_numpy() if grouped is not None else np.zeros(0, dtype=np.int64)
    n_atoms = int(number.max()) + 1 if number.size else 0
    counts = np.zeros((n_atoms, months), dtype=np.int64)  # (n, m) incidents
    is_in = (at >= 0) & (at < months)
    np.add.at(counts, (number[is_in], at[is_in]), 1)
    one_each = frame.assign(_atom=number).drop_duplicates("_atom").sort_values("_atom")
    return Atoms({g: one_each[g].to_numpy(dtype=object) for g in geographies}, counts, first)


THRESHOLD = 10
"""A count below it is never published."""

Class: TypeAlias = tuple[int, int | None]
"""Lowest and highest count in it; None where it is open above."""
LOWEST: Class = (0, THRESHOLD - 1)
CLASSES: tuple[Class, ...] = (LOWEST, (10, 19), (20, 39), (40, 79), (80, None))
HIDDEN: Class = (0, None)
"""Few, or held back: the lowest class of a map with a cell that may not be published."""


def classes_up_to(greatest: int) -> tuple[Class, ...]:
    """List the classes of a map whose busiest cell has so many.

    The bounds double and are the same for every city and quarter: a bound that follows the counts
    (quantiles, natural breaks) is the count of some cell, and a class of one cell reveals its
    count. A colour keeps its meaning from one quarter to the next, too.
    """
    return tuple(bounds for bounds in CLASSES if bounds[0] <= max(greatest, 0))


def class_of(count: int, classes: Sequence[Class]) -> int:
    """Return the class of a count."""
    for position, (low, high) in enumerate(classes):
        if count >= low and (high is None or count <= high):
            return position
    raise ParamError("privacy.no_class", given=count)
