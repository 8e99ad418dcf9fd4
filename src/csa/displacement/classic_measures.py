"""The classic numbers beside a verdict: WDD, WDQ, SPPT, and a month against similar ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from csa.areas.city_scale import CityScale
from csa.areas.study_area import StudyArea
from csa.areas.window import month_index
from csa.base.arrays import Bools, Floats, Ints
from csa.base.chances import control_false_discovery, hypergeometric
from csa.base.errors import ParamError, TableError
from csa.base.message import Message, say
from csa.base.params import Period
from csa.base.stats import as_counts
from csa.displacement.analyze import Displacement
from csa.displacement.expectation import Baseline
from csa.displacement.panel import Controls
from csa.displacement.past import BEFORE_MONTHS
from csa.displacement.season import MonthCompared, compare_month
from csa.displacement.wdd import Wdd, Wdq, WeightedChange, measure_wdd, measure_wdq
from csa.displacement.zoning import Control, zone_counts

AS_RARE = 1 + 1e-7
"""Chances so near to one another are the same, but for rounding; as R's fisher.test."""


@dataclass(frozen=True)
class PatternChange:
    """How alike two patterns of incidents are, m cells.

    Fields: `s_index`, `s_index_all`, `n_cells`, `n_tested`, `changed`, `p`, `q`, `method`.
    """

    s_index: float | None
    s_index_all: float | None  # the same for all cells; larger, since empty cells do not differ
    n_cells: int  # m
    n_tested: int  # cells with an incident in either period; 0 where a period has none
    changed: Bools  # (m,) whether a cell's share differs
    p: Floats  # (m,) Fisher's exact p; NaN where not tested
    q: Floats  # (m,) p adjusted for the number of tested cells; NaN where not tested
    method: Message  # which variant of the test this is: the index depends on it


def compare_patterns(
    before: npt.ArrayLike, after: npt.ArrayLike, *, alpha: float = 0.05
) -> PatternChange:
    """Compare where incidents were in two periods, however many each had.

    The spatial point pattern test with Fisher's exact test of each cell's share of the city, and
    p-values adjusted by the false discovery rate. Even if no cell differs, the pattern may have
    moved: with few incidents per cell the test has little power.

    Parameters
    ----------
    before, after
        (m,) incidents of the same cells, in the same order.
    alpha
        Of the cells called changed, on average at most this share is not; above 0, below 1.

    Returns
    -------
    PatternChange
        A result without an index where either period has no incident.

    Raises
    ------
    TableError
        If the counts are of different numbers of cells, or not whole numbers of 0 or more.
    ParamError
        If alpha is outside its range.

    References
    ----------
    Andresen (2009), Applied Geography 29, pp. 333-345. Wheeler, Steenbeek & Andresen (2018),
    Transactions in GIS 22, pp. 760-774. Benjamini & Hochberg (1995), Journal of the Royal
    Statistical Society B 57, pp. 289-300.

    Examples
    --------
    >>> moved = csa.compare_patterns([90, 10, 50, 0], [10, 90, 50, 0])
    >>> moved.changed.tolist(), moved.n_tested
    ([True, True, False, False], 3)
    >>> csa.compare_patterns([9, 1, 5], [90, 10, 50]).s_index  # ten times as many, the same places
    1.0
    """
    if not 0 < alpha < 1:
        raise ParamError("counts.alpha", given=alpha)
    old, new = as_counts(before), as_counts(after)
    if old.ndim != 1 or old.shape != new.shape:
        raise TableError("displacement.patterns", n_before=old.size, n_after=new.size)
    n_cells = len(old)
    p, q = np.full(n_cells, np.nan), np.full(n_cells, np.nan)
    is_tested = (old + new > 0) & bool(old.any() and new.any())
    n_tested = int(is_tested.sum())
    method = say("displacement.sppt_method", cells=n_tested, alpha=alpha)
    if not n_tested:
        return PatternChange(None, None, n_cells, 0, is_tested, p, q, method)
    p[is_tested] = _test_shares(old, new)[is_tested]
    q[is_tested] = control_false_discovery(p[is_tested])
    changed = q <= alpha  # False for NaN
    n_changed = int(changed.sum())
    s_index, s_index_all = 1 - n_changed / n_tested, 1 - n_changed / n_cells
    return PatternChange(s_index, s_index_all, n_cells, n_tested, changed, p, q, method)


def _test_shares(old: Ints, new: Ints) -> Floats:
    """Test each cell's share by Fisher's exact test: all that may happen to as many as it held."""
    n_old, n_new, found = int(old.sum()), int(new.sum()), np.ones(len(old))
    for n_held in np.unique(old + new).tolist():
        is_such = old + new == n_held
        chances = hypergeometric(n_old, n_new, n_held)
        counts, which = np.unique(old[is_such], return_inverse=True)
        p = [chances[chances <= AS_RARE * chances[count]].sum() for count in counts.tolist()]
        found[is_such] = np.minimum(1.0, p)[which]
    return found


@dataclass(frozen=True)
class Evidence:
    """What the classic methods give for one area, or for all together."""

    before: Period  # months compared, before
    after: Period  # months compared, after
    core: tuple[int, int]  # incidents before and after
    ring: tuple[int, int] | None  # the ring's incidents before and after; None without a ring
    control: tuple[int, int]  # the control's incidents before and after
    control_weight: float  # how many times the area's expected incidents the control had
    wdd: Wdd | None  # the weighted displacement difference, as counted
    wdq: Wdq | None  # the older quotient
    rest_before: int  # incidents of the rest of the city before, and in each month after
    rest_monthly: tuple[int, ...]
    core_expected: float  # incidents expected after, if only what changes everywhere changed


def before_months(located: StudyArea, displaced: Displacement) -> Period:
    """Return the months of before that after is compared with."""
    first = located.dataset.require_months().start.index
    n_months = min(BEFORE_MONTHS, displaced.since_all.index - first)
    return Period.before(displaced.since_all, n_months)


def measure_evidence(
    located: StudyArea, displaced: Displacement, controls: Controls
) -> tuple[Evidence, tuple[Evidence, ...]]:
    """Measure all areas together, and each, the classic way.

    Counts are not corrected: an area chosen at a high falls by chance alone, so that these numbers
    accompany a verdict and never replace it.
    """
    before = before_months(located, displaced)
    after = Period(displaced.since_all, displaced.until)
    places = displaced.places
    parts = [zone_counts(located, places.zones, period) for period in (before, after)]
    sums = [[part.sum(axis=-1) for part in one] for one in parts]
    core = np.stack([one[0] for one in sums], axis=1)  # (n, 2): before, after
    ring = np.stack([one[1] for one in sums], axis=1)
    rings = [base for base in places.rings if base is not None]
    together = Baseline.total(rings) if rings else None
    rest = (int(sums[0][2]), tuple(parts[1][2].tolist()))
    measure = _Measure(located, displaced, before, after, rest)
    pooled = measure.one(
        (core.sum(axis=0), Baseline.total(places.cores)),
        (ring.sum(axis=0), together),
        controls.pooled,
    )
    single = tuple(
        measure.one((core[n], places.cores[n]), (ring[n], places.rings[n]), control)
        for n, control in enumerate(controls.single)
    )
    return pooled, single


@dataclass(frozen=True)
class _Measure:
    """Shared inputs for all areas of one comparison."""

    located: StudyArea
    displaced: Displacement
    before: Period
    after: Period
    rest: tuple[int, tuple[int, ...]]

    def one(
        self, core: tuple[Ints, Baseline], ring: tuple[Ints, Baseline | None], control: Control
    ) -> Evidence:
        pair = (self._count(control, self.before), self._count(control, self.after))
        n_base = self._count(control, self.displaced.places.base)
        (core_counts, core_base), (ring_counts, ring_base) = core, ring
        weight = n_base / core_base.mean if core_base.mean else 0.0
        around = None if ring_base is None else (int(ring_counts[0]), int(ring_counts[1]))
        here = (int(core_counts[0]), int(core_counts[1]))
        wdd, wdq = None, None
        if weight:
            ring_weight = None if not (ring_base and ring_base.mean) else n_base / ring_base.mean
            wdd = self._wdd(here, around, pair, (weight, ring_weight))
            if around is not None:
                wdq = measure_wdq(self._change(here), self._change(around), self._change(pair))
        grown = sum(self.rest[1]) / max(self.displaced.places.rest_before, 1)
        expected = float(self.displaced.usual_core.ratio[-1]) * core_base.mean * grown
        return Evidence(
            self.before, self.after, here, around, pair, weight, wdd, wdq, *self.rest, expected
        )

    def _wdd(
        self,
        here: tuple[int, int],
        around: tuple[int, int] | None,
        control: tuple[int, int],
        weights: tuple[float, float | None],
    ) -> Wdd:
        own, next_door = weights
        dispersion = self.displaced.dispersion.value
        if around is None or next_door is None:
            return measure_wdd(
                self._change(here), self._change(control, own), dispersion=dispersion
            )
        return measure_wdd(
            self._change(here),
            self._change(control, own),
            self._change(around),
            self._change(control, next_door),
            dispersion=dispersion,
            shared_control=True,
        )

    def _change(self, counts: tuple[int, int], weight: float = 1.0) -> WeightedChange:
        """Divide counts by size, and those before by how much longer that period was."""
        longer = self.before.months / self.after.months
        return WeightedChange(counts[0], counts[1], weight * longer, weight)

    def _count(self, control: Control, period: Period) -> int:
        return int(self.located.counts(period)[control.cells].sum())


def compare_city(located: StudyArea, displaced: Displacement) -> PatternChange:
    """Compare the city's pattern before and after: the share of each cell."""
    city, after = CityScale.of(located), Period(displaced.since_all, displaced.until)
    before = city.count(located.counts(before_months(located, displaced)))
    return compare_patterns(before, city.count(located.counts(after)))


def compare_newest(located: StudyArea, displaced: Displacement) -> MonthCompared:
    """Compare the city's newest whole month with the same months of earlier years.

    The city's, not the areas': those were chosen because some of these years were high.
    """
    incidents = located.dataset.incidents
    month = month_index(incidents.loc[incidents["kind"].isin(located.kinds), "occurred_at"])
    covered = located.dataset.require_months()
    counts = np.bincount(
        month[covered.holds(month)] - covered.start.index, minlength=covered.months
    ).tolist()
    by_month = {str(covered.start.plus(step)): count for step, count in enumerate(counts)}
    newest = displaced.until.plus(-1)
    return compare_month(by_month, newest, dispersion=displaced.dispersion.value)
