"""The weighted displacement difference and quotient: what changed here, and next door."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from scipy.special import ndtri

from csa.base.errors import ParamError
from csa.base.message import Message, say


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
                raise ParamError("displacement.count", given=count)
        for weight in (self.before_weight, self.after_weight):
            if not 0 < weight < math.inf:
                raise ParamError("displacement.weight", given=weight)

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


@dataclass(frozen=True)
class Wdq:
    """The weighted displacement quotient.

    Fields: `value`, `reason`.
    """

    value: float | None
    reason: Message | None  # why it is undefined; None where it is defined


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
    >>> change = csa.WeightedChange
    >>> wdd = csa.measure_wdd(change(50, 30), change(40, 40), change(20, 24), change(20, 20))
    >>> wdd.local.estimate, wdd.displacement.estimate, wdd.total.estimate
    (-20.0, 4.0, -16.0)
    >>> round(wdd.local.se, 2)  # the root of 50 + 30 + 40 + 40
    12.65
    """
    if not 0 < dispersion < math.inf:
        raise ParamError("displacement.dispersion", given=dispersion)
    if not 0 < coverage < 1:
        raise ParamError("displacement.coverage", given=coverage)
    sure = _Sureness(max(1.0, dispersion), -float(ndtri((1 - coverage) / 2)))
    local = sure.tell(treated.estimate - control.estimate, treated.variance + control.variance)
    if ring is None and ring_control is None:
        return Wdd(None, local, None, sure.dispersion, coverage)
    if ring is None or ring_control is None:
        raise ParamError("displacement.ring_alone")
    displaced = sure.tell(
        ring.estimate - ring_control.estimate, ring.variance + ring_control.variance
    )
    both = _both_variance(control, ring_control, is_shared=shared_control)
    total = sure.tell(local.estimate + displaced.estimate, treated.variance + ring.variance + both)
    return Wdd(total, local, displaced, sure.dispersion, coverage)


def measure_wdq(treated: WeightedChange, ring: WeightedChange, control: WeightedChange) -> Wdq:
    """Measure which share of the areas' fall the rings around them shared.

    Only a footnote to the difference: this quotient has no error of its own, and is erratic where
    the areas fell little.

    Parameters
    ----------
    treated, ring, control
        The areas, the cells around them, and what both are compared with.

    Returns
    -------
    Wdq
        Without a value where the areas did not fall against the control, or the control has no
        incident before or after.

    References
    ----------
    Bowers & Johnson (2003), Journal of Quantitative Criminology 19, pp. 275-301.

    Examples
    --------
    >>> change = csa.WeightedChange
    >>> csa.measure_wdq(change(50, 30), change(20, 24), change(40, 40)).value  # moved next door
    -0.2
    """
    if not (control.before and control.after):
        return Wdq(None, say("displacement.wdq_no_control"))
    own, next_door = _against(treated, control), _against(ring, control)
    if own >= 0:
        return Wdq(None, say("displacement.wdq_no_fall"))
    return Wdq(float(next_door / own), None)


@dataclass(frozen=True)
class _Sureness:
    """The width of intervals: the dispersion, and the standard errors to each side."""

    dispersion: float
    reach: float

    def tell(self, estimate: float, variance: float) -> WddPart:
        """Add the error to an estimate."""
        se = math.sqrt(self.dispersion * variance)
        z = estimate / se if se else None
        return WddPart(estimate, se, z, estimate - self.reach * se, estimate + self.reach * se)


def _both_variance(
    control: WeightedChange, ring_control: WeightedChange, *, is_shared: bool
) -> float:
    """Add up what both controls bring to the total's variance; the same incidents once."""
    if not is_shared:
        return control.variance + ring_control.variance
    counts = (control.before, control.after)
    if counts != (ring_control.before, ring_control.after):
        raise ParamError("displacement.shared_control")
    before = 1 / control.before_weight + 1 / ring_control.before_weight
    after = 1 / control.after_weight + 1 / ring_control.after_weight
    return after**2 * control.after + before**2 * control.before


def _against(place: WeightedChange, control: WeightedChange) -> Fraction:
    """Compute how a place's ratio to its control changed, as an exact fraction."""
    return _rate(place.after, place.after_weight) / _rate(
        control.after, control.after_weight
    ) - _rate(place.before, place.before_weight) / _rate(control.before, control.before_weight)


def _rate(count: float, weight: float) -> Fraction:
    return Fraction(count) / Fraction(weight)
