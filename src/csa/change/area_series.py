"""What areas did since their starts, and what would have come: parts, added up month by month.

An area may be redrawn, and areas may start in different months. Each set of cells is a part: it
counts in the months in which it was followed, and so does what was expected of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from csa.base.arrays import Floats, Ints
from csa.change.expectation import Baseline, Expectation
from csa.change.past import PastChange


@dataclass(frozen=True)
class SeriesPart:
    """One set of cells in the months that it was followed in, of M."""

    base: Baseline  # what was expected of it in the months before
    before: int  # incidents of the rest of the city in those months
    monthly: Ints  # (M,) its incidents; 0 outside its months
    rest: Ints  # (M,) those of the rest of the city; 0 outside its months

    @property
    def growth(self) -> Floats:
        """(M,) how much of the months before has come again by each month, by the city's rest."""
        return np.asarray(np.cumsum(self.rest) / max(self.before, 1), dtype=np.float64)

    def later(self, n_months: int) -> SeriesPart:
        """Count months from an earlier one on."""
        monthly, rest = (np.pad(counts, (n_months, 0)) for counts in (self.monthly, self.rest))
        return replace(self, monthly=monthly, rest=rest)


@dataclass(frozen=True)
class AreaSeries:
    """An area, or what lies around one, since its start: parts that follow one another."""

    parts: tuple[SeriesPart, ...]  # at least one
    usual: PastChange  # (M,) the usual change

    def later(self, n_months: int) -> AreaSeries:
        """Count months from an earlier one on, in which it was not yet followed."""
        parts = tuple(part.later(n_months) for part in self.parts)
        return AreaSeries(parts, self.usual.later(n_months))

    def known_as(self, usual: PastChange) -> AreaSeries:
        """Expect the same, with the error that another usual change is known within."""
        return replace(self, usual=replace(self.usual, relative_error=usual.relative_error))

    @property
    def counted(self) -> Ints:
        """(M,) incidents since the start."""
        return np.cumsum(sum(part.monthly for part in self.parts))

    @property
    def after(self) -> Ints:
        """(M,) incidents of the rest of the city since the start."""
        return np.cumsum(sum(part.rest for part in self.parts))

    @property
    def before(self) -> int:
        """The least number of incidents that the rest of the city had before."""
        return min(part.before for part in self.parts)

    @property
    def mean(self) -> Floats:
        """(M,) incidents that would have come."""
        expected = sum(part.base.mean * part.growth for part in self.parts)
        return np.asarray(self.usual.ratio * expected, dtype=np.float64)

    @property
    def own_error(self) -> Floats:
        """(M,) error of what was expected of its cells: one place, so errors of parts add up."""
        expected = sum(part.base.variance**0.5 * part.growth for part in self.parts)
        return np.asarray(self.usual.ratio * expected, dtype=np.float64)

    def shared_error(self, dispersion: float) -> Floats:
        """Return the relative error that it has in common with others, of the rest and the usual.

        Returns (M,).
        """
        grown = np.stack([part.base.mean * part.growth for part in self.parts])
        before = np.array([1 / max(part.before, 1) for part in self.parts])
        total = grown.sum(axis=0)
        mean_before = np.divide(
            before @ grown, total, out=np.full(len(total), before[0]), where=total > 0
        )
        compared = mean_before + 1 / np.maximum(self.after, 1)
        return np.asarray(np.sqrt(dispersion * compared + self.usual.relative_error**2))


def expect_courses(courses: Sequence[AreaSeries], dispersion: float) -> Expectation:
    """Compute what would come in all together, if only what changes everywhere changed.

    Errors of each area's own cells are independent; the rest of the city and the usual change are
    common to all.
    """
    means = [course.mean for course in courses]
    mean: Floats = np.sum(means, axis=0)
    own = np.sum([course.own_error**2 for course in courses], axis=0)
    shared = np.sum(
        [one * course.shared_error(dispersion) for one, course in zip(means, courses, strict=True)],
        axis=0,
    )
    variance = dispersion * own + shared**2
    lone = courses[0].shared_error(dispersion)
    relative = np.divide(np.sqrt(variance), mean, out=lone, where=mean > 0)
    return Expectation(mean, relative, dispersion)
