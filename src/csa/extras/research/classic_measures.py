"""The classic numbers beside a verdict: WDD and SPPT."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from csa.areas.city_scale import CityScale
from csa.areas.study_area import StudyArea
from csa.base.arrays import Bools, Floats, Ints
from csa.base.errors import ParamError, TableError
from csa.base.message import Message, msg
from csa.base.params import Period
from csa.base.stats import as_counts, control_false_discovery, hypergeometric
from csa.change.analyze import Displacement
from csa.change.controls import Controls
from csa.change.course import before_months
from csa.change.expectation import Baseline
from csa.change.zoning import Control, zone_counts

# ---- The weighted displacement difference: what changed here, and next door.


@dataclass(frozen=True)
class WeightedChange:
    """A place's incidents before and after, each with the weight that it is divided by.

    Weights make counts alike: 2 for a time, or land, twice as long or large.

    Fields: `before`, `after`, `before_weight`, `after_weight`.
    """

    before: float  # incidents, each 0 or more
    after: float  # incidents, each 0 or more
    before_weight: float = 1.0  # above 0
    after_weight: float = 1.0  # above 0

    def __post_init__(self) -> None:
        """Refuse negative counts and weights that are not positive."""
        for count in (self.before, self.after):
            if not 0 <= count < math.inf:
                raise ParamError("param.at_least", name="count", least=0, given=count)
        for weight in (self.before_weight, self.after_weight):
            if not 0 < weight < math.inf:
                raise ParamError("param.above_0", name="weight", given=weight)

    @property
    def estimate(self) -> float:
        """After less before, each divided by its weight."""
        return self.after / self.after_weight - self.before / self.before_weight

    @property
    def variance(self) -> float:
        """Of the estimate, if both are independent Poisson counts."""
        return self.after / self.after_weight**2 + self.before / self.before_weight**2


@dataclass(frozen=True)
class WddPart:
    """A difference of changes, and how sure it is.

    Fields: `estimate`, `se`, `z`, `low`, `high`.
    """

    estimate: float  # incidents, divided by their weights; below 0 for fewer
    se: float  # standard error. It is too small for few incidents
    z: float | None  # estimate over standard error; None where nothing was counted
    low: float  # lower bound of the interval
    high: float  # upper bound of the interval


@dataclass(frozen=True)
class Wdd:
    """The weighted displacement difference in parts.

    Fields: `total`, `local`, `displacement`, `dispersion`, `coverage`.
    """

    total: WddPart | None  # `local` and `displacement` together; None without a ring
    local: WddPart  # the areas' change beyond their control's
    displacement: WddPart | None  # the rings' change beyond their control's
    dispersion: float  # variance over mean that the standard errors allow for
    coverage: float  # of the intervals


def measure_wdd(  # noqa: PLR0913 - four places and three choices
    treated: WeightedChange,
    control: WeightedChange,
    ring: WeightedChange | None = None,
    ring_control: WeightedChange | None = None,
    *,
    dispersion: float = 1.0,
    coverage: float = 0.95,
    shared_control: bool = False,
) -> Wdd:
    """Measure how areas and the rings around them changed beyond their controls.

    Parameters
    ----------
    treated, control
        The areas, and what they are compared with.
    ring, ring_control
        The cells around the areas, and what those are compared with; both or neither.
    dispersion
        Variance over mean of such counts, above 0; below 1 it counts as 1.
    coverage
        How often such intervals hold the true difference; above 0 and below 1.
    shared_control
        Whether both controls are the same incidents, with weights of their own. Each then
        counts once, with both of its weights, or the total's standard error would be too small.

    Returns
    -------
    Wdd
        The total and its parts.

    Raises
    ------
    ParamError
        If dispersion or coverage are outside their range, a ring lacks its control (or the
        other way round), or shared controls have different counts.

    References
    ----------
    Wheeler & Ratcliffe (2018), Crime Science 7:11. Wheeler (2016), Journal of Quantitative
    Criminology 32, pp. 165-183, for weights.

    Examples
    --------
    >>> change = WeightedChange
    >>> wdd = measure_wdd(change(50, 30), change(40, 40), change(20, 24), change(20, 20))
    >>> wdd.local.estimate, wdd.displacement.estimate, wdd.total.estimate
    (-20.0, 4.0, -16.0)
    >>> round(wdd.local.se, 2)  # the root of 50 + 30 + 40 + 40
    12.65
    """
    if not 0 < dispersion < math.inf:
        raise ParamError("param.above_0", name="dispersion", given=dispersion)
    if not 0 < coverage < 1:
        raise ParamError("param.between_0_1", name="coverage", given=coverage)
    dispersion, reach = max(1.0, dispersion), -float(ndtri((1 - coverage) / 2))

    def with_error(estimate: float, variance: float) -> WddPart:
        se = math.sqrt(dispersion * variance)
        z = estimate / se if se else None
        return WddPart(estimate, se, z, estimate - reach * se, estimate + reach * se)

    local = with_error(treated.estimate - control.estimate, treated.variance + control.variance)
    if ring is None and ring_control is None:
        return Wdd(None, local, None, dispersion, coverage)
    if ring is None or ring_control is None:
        raise ParamError("research.ring_alone")
    displaced = with_error(
        ring.estimate - ring_control.estimate, ring.variance + ring_control.variance
    )
    both = _both_variance(control, ring_control, is_shared=shared_control)
    estimate = local.estimate + displaced.estimate
    total = with_error(estimate, treated.variance + ring.variance + both)
    return Wdd(total, local, displaced, dispersion, coverage)


def _both_variance(
    control: WeightedChange, ring_control: WeightedChange, *, is_shared: bool
) -> float:
    """Add up what both controls bring to the total's variance; the same incidents once."""
    if not is_shared:
        return control.variance + ring_control.variance
    counts = (control.before, control.after)
    if counts != (ring_control.before, ring_control.after):
        raise ParamError("research.shared_control")
    before = 1 / control.before_weight + 1 / ring_control.before_weight
    after = 1 / control.after_weight + 1 / ring_control.after_weight
    return after**2 * control.after + before**2 * control.before


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
    >>> moved = compare_patterns([90, 10, 50, 0], [10, 90, 50, 0])
    >>> moved.changed.tolist(), moved.n_tested
    ([True, True, False, False], 3)
    >>> compare_patterns([9, 1, 5], [90, 10, 50]).s_index  # ten times as many, the same places
    1.0
    """
    if not 0 < alpha < 1:
        raise ParamError("param.between_0_1", name="alpha", given=alpha)
    old, new = as_counts(before), as_counts(after)
    if old.ndim != 1 or old.shape != new.shape:
        raise TableError("research.patterns", n_before=old.size, n_after=new.size)
    n_cells = len(old)
    p, q = np.full(n_cells, np.nan), np.full(n_cells, np.nan)
    is_tested = (old + new > 0) & bool(old.any() and new.any())
    n_tested = int(is_tested.sum())
    method = msg("research.sppt_method", cells=n_tested, alpha=alpha)
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
    measure = _Measure(located, displaced, before, after)
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

    def one(
        self, core: tuple[Ints, Baseline], ring: tuple[Ints, Baseline | None], control: Control
    ) -> Evidence:
        pair = (self._count(control, self.before), self._count(control, self.after))
        n_base = self._count(control, self.displaced.places.base)
        (core_counts, core_base), (ring_counts, ring_base) = core, ring
        weight = n_base / core_base.mean if core_base.mean else 0.0
        around = None if ring_base is None else (int(ring_counts[0]), int(ring_counts[1]))
        here = (int(core_counts[0]), int(core_counts[1]))
        wdd = None
        if weight:
            around_ring, ring_control = None, None
            if around is not None and ring_base and ring_base.mean:
                around_ring = self._change(around)
                ring_control = self._change(pair, n_base / ring_base.mean)
            wdd = measure_wdd(
                self._change(here),
                self._change(pair, weight),
                around_ring,
                ring_control,
                dispersion=self.displaced.dispersion.value,
                shared_control=around_ring is not None,
            )
        return Evidence(self.before, self.after, here, around, pair, weight, wdd)

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
