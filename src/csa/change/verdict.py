"""What changed since a start: here, next door, in all, and beyond what would have come anyway.

Counts since a start are added up month by month and compared with what would have come without a
change: the expected count of these cells, corrected for chance, times what the rest of the city
did, times what usually happens to areas chosen this way. One boundary, valid for every month that
is checked, separates change from chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.special import ndtr, ndtri, xlogy

from csa.base.arrays import Bools, Floats, Ints
from csa.change.area_series import AreaSeries, expect_courses
from csa.change.expectation import Baseline, Expectation
from csa.change.past import PastChange
from csa.city.preregistration import NET_MONTHS, NET_Z, Verdict

LEAST_MEAN = 11.0
"""Below a mean of 11 incidents a period no test is run at all."""

LEAST_MONTHS = 3
"""Months since a start below which it is too early to judge: chance would pass for news."""

BY_SIGN = {
    (-1, -1): Verdict.FEWER_FEWER_NEXT,
    (-1, 0): Verdict.FEWER_UNKNOWN,
    (-1, 1): Verdict.FEWER_MOVED,
    (0, -1): Verdict.NO_CHANGE,
    (0, 0): Verdict.NO_CHANGE,
    (0, 1): Verdict.MORE_NEXT,
    (1, -1): Verdict.MORE,
    (1, 0): Verdict.MORE,
    (1, 1): Verdict.MORE,
}
"""By the sign of the change in the core and in the ring; fewer next door alone is told in
numbers, and claims nothing. Fewer here is `FEWER` where both together exclude that it moved."""


@dataclass(frozen=True)
class CumulativeCounts:
    """One set of cells since the start, added up: n months."""

    counted: Ints  # (n,) incidents since the start
    expectation: Expectation  # what would have come if nothing had changed
    boundary_z: Floats  # (n,) the boundary, in standard deviations
    has_enough: Bools  # (n,) whether there are enough incidents for a verdict

    @cached_property
    def _bounds(self) -> tuple[Ints, Ints]:
        return self.expectation.bounds(self.boundary_z)

    @property
    def bound_low(self) -> Ints:
        """(n,) the boundary: the least sum that claims nothing."""
        return self._bounds[0]

    @property
    def bound_high(self) -> Ints:
        """(n,) the boundary: the greatest sum that claims nothing."""
        return self._bounds[1]

    @cached_property
    def z(self) -> Floats:
        """(n,) how surprising the sum is, in standard deviations."""
        return self.expectation.z(self.counted)

    @cached_property
    def sign(self) -> Ints:
        """(n,) -1 fewer, 1 more, 0 neither or too few incidents."""
        few, many = self.expectation.tails(self.counted)
        tail = ndtr(-self.boundary_z)
        return np.where(self.has_enough, (many <= tail).astype(np.int64) - (few < tail), 0)

    def later(self, n_months: int) -> CumulativeCounts:
        """Count months from an earlier one on, without incidents and with nothing expected."""
        found = self.expectation
        mean, error = (np.pad(of, (n_months, 0)) for of in (found.mean, found.relative_error))
        return CumulativeCounts(
            np.pad(self.counted, (n_months, 0)),
            Expectation(mean, error, found.dispersion),
            np.pad(self.boundary_z, (n_months, 0), mode="edge"),
            np.pad(self.has_enough, (n_months, 0)),
        )

    def without_early(self) -> CumulativeCounts:
        """Test nothing before `LEAST_MONTHS` are over."""
        is_late = np.arange(len(self.counted)) >= LEAST_MONTHS - 1
        return replace(self, has_enough=self.has_enough & is_late)

    @property
    def is_enough(self) -> Bools:
        """(n,) whether counted and expected together are enough for a test."""
        return np.asarray((self.counted + self.expectation.mean) / 2 >= LEAST_MEAN)

    @property
    def is_narrow(self) -> Bools:
        """(n,) whether what would be no surprise is little enough to say anything.

        That is, whether it spans at most twice what is expected.
        """
        reach = self.boundary_z * np.sqrt(self.expectation.variance)
        return np.asarray(reach <= self.expectation.mean, dtype=np.bool_)

    def power(self, at: int, drop_share: float) -> float:
        """Return how often such a fall would be told after so many months, of 0 to 1.

        Of a fall from the start on, known no better than what is expected here, and by the last
        look alone: an earlier one may have told it too, so that it is told at least as often.
        """
        found, one = self.expectation, slice(at, at + 1)
        if not (self.is_narrow[one].all() and self.bound_low[at]):
            return 0.0
        fallen = Expectation(
            (1 - drop_share) * found.mean[one], found.relative_error[one], found.dispersion
        )
        least = np.ceil(2 * LEAST_MEAN - found.mean[one]).astype(np.int64)  # fewer are too few
        shown, too_few = (fallen.tails(n - 1)[0][0] for n in (self.bound_low[one], least))
        return max(0.0, float(shown - too_few))


@dataclass(frozen=True)
class AreaResult:
    """An area, or all together: core and ring since the start, and what is said each month.

    Fields: `core`, `ring`, `boundary_z`, `verdicts`, `net`, `ended`.
    """

    core: CumulativeCounts  # the area's own cells
    ring: CumulativeCounts | None  # the cells around it; None where it has none
    boundary_z: float  # the boundary in the last month, in standard deviations
    verdicts: tuple[Verdict, ...]  # one a month
    net: CumulativeCounts | None = None  # core and ring together, between bounds of `NET_Z`
    ended: tuple[Fade | None, ...] = ()  # one a month: what was shown before and is over

    def later(self, n_months: int) -> AreaResult:
        """Count months from an earlier one on, in which it was not yet followed."""
        tracks = [
            None if one is None else one.later(n_months) for one in (self.core, self.ring, self.net)
        ]
        core, ring, net = tracks
        verdicts = (*(Verdict.TOO_FEW,) * n_months, *self.verdicts)
        fades = (*(None,) * n_months, *self.ended)
        return AreaResult(core or self.core, ring, self.boundary_z, verdicts, net, fades)

    def withheld_early(self) -> AreaResult:
        """Judge no month before `LEAST_MONTHS` are over."""
        n_early = min(LEAST_MONTHS - 1, len(self.verdicts))
        verdicts = (*(Verdict.TOO_EARLY,) * n_early, *self.verdicts[n_early:])
        return replace(self, verdicts=verdicts)

    @property
    def first_alarm(self) -> int | None:
        """Months after which a change is first claimed; None without a claim."""
        alarms = [n for n, verdict in enumerate(self.verdicts, start=1) if verdict.is_alarm]
        return alarms[0] if alarms else None

    def shown_before(self, at: int) -> int | None:
        """Return the month, from 0, that last showed a change which a later one does not."""
        if self.core.sign[at] or self.verdicts[at] not in _HERE:
            return None
        shown = np.flatnonzero(self.core.sign[:at])
        return int(shown[-1]) if len(shown) else None

    def fade_at(self, at: int) -> Fade | None:
        """Return what had been shown by a month, counted from 0, and was over."""
        return self.ended[at] if self.ended else None


def expect(
    base: Baseline, before: int, after: Ints, usual: PastChange, dispersion: float
) -> Expectation:
    """Compute what would come if only what changes everywhere changed."""
    mean = usual.ratio * base.mean * after / before
    own = base.variance / base.mean**2 if base.mean else 0.0
    compared = 1 / before + 1 / np.maximum(after, 1)
    error = np.sqrt(dispersion * (own + compared) + usual.relative_error**2)
    return Expectation(np.asarray(mean, dtype=np.float64), error, dispersion)


def accumulate(
    courses: Sequence[AreaSeries], dispersion: float, z: float | Floats
) -> CumulativeCounts:
    """Follow areas, or what lies around them, month by month: all together since their starts."""
    counted: Ints = np.sum([course.counted for course in courses], axis=0)
    expected = expect_courses(courses, dispersion)
    enough = (counted + expected.mean) / 2 >= LEAST_MEAN
    enough &= np.max([course.after for course in courses], axis=0) >= LEAST_MEAN
    enough &= min(course.before for course in courses) >= LEAST_MEAN
    return CumulativeCounts(counted, expected, np.broadcast_to(z, counted.shape), enough)


def follow_net(
    cores: Sequence[AreaSeries],
    rings: Sequence[AreaSeries],
    usual: Sequence[PastChange],
    dispersion: float,
) -> CumulativeCounts:
    """Follow core and ring as one set of cells, to ask what is left in all.

    What is expected is what is expected of both. How well that is known, past starts tell by the
    sums of core and ring (`usual`, one for each core, then for each ring), in which incidents that
    only moved from one to the other make no difference.
    """
    courses = [one.known_as(known) for one, known in zip((*cores, *rings), usual, strict=True)]
    net = accumulate(courses, dispersion, NET_Z)
    return replace(net, has_enough=net.has_enough & net.is_narrow)


def last_net_test(n_months: int) -> int:
    """Return the month at which core and ring were last tested together."""
    return n_months // NET_MONTHS * NET_MONTHS


def classify_change(
    core: CumulativeCounts,
    ring: CumulativeCounts | None,
    net: CumulativeCounts | None,
    believed: frozenset[int],
) -> AreaResult:
    """Return what the core and the ring show each month."""
    if ring is None or net is None:
        ring = net = None
    else:
        net = replace(net, has_enough=net.has_enough & core.has_enough & ring.has_enough)
        # More next door than even a wide range allows is told; within one, nothing is.
        ring = replace(ring, has_enough=ring.has_enough & (ring.is_narrow | (ring.sign != 0)))
    core = replace(core, has_enough=core.has_enough & core.is_narrow)
    here, fades = _course_of(core, believed)
    there = (
        np.zeros_like(here)
        if ring is None
        else np.where(np.isin(-ring.sign, list(believed)), ring.sign, 0)
    )
    verdicts = []
    for month, fade in enumerate(fades):
        if not core.has_enough[month]:
            verdicts.append(Verdict.TOO_FEW)
        elif fade is not None and not here[month]:
            verdicts.append(Verdict.FEWER_ONCE if fade.sign < 0 else Verdict.MORE_ONCE)
        else:
            verdict, look = BY_SIGN[int(here[month]), int(there[month])], last_net_test(month + 1)
            # Rings are low by luck where months since the start chose the areas.
            if verdict in _ASKED and net is not None and look and 1 in believed:
                verdict = Verdict.FEWER if net.sign[look - 1] < 0 else verdict
            verdicts.append(verdict)
    z = float(core.boundary_z[-1]) if len(core.boundary_z) else 0.0
    return AreaResult(core, ring, z, tuple(verdicts), net, fades)


_HERE = {*BY_SIGN.values(), Verdict.FEWER} - {Verdict.NO_CHANGE, Verdict.MORE_NEXT}
"""Verdicts of a change in the core that goes on."""

_ASKED = {Verdict.FEWER_UNKNOWN, Verdict.FEWER_MOVED}
"""Verdicts that depend on whether it is fewer in all."""


def _course_of(
    core: CumulativeCounts, believed: frozenset[int]
) -> tuple[Ints, tuple[Fade | None, ...]]:
    """Return the sign that is said each month, and what was shown before and is over.

    What was once shown is kept: until later months show that it is over, and then with its dates.
    """
    shown = np.where(np.isin(core.sign, list(believed)), core.sign, 0)
    said, fades = np.zeros_like(shown), list[Fade | None]()
    kept = 0
    for at, now in enumerate(shown.tolist()):
        kept = now or kept
        fade = find_fade(core, kept, at, is_shown=bool(now)) if kept else None
        fades.append(fade)
        said[at] = 0 if fade is not None else kept
    return said, tuple(fades)


# ---- Whether a change that was shown is over, and when it ended.


LATER_MONTHS = 3
"""A change is not called over by fewer months."""

FADED_Z = 3.0
"""Later months that differ so much from those before show that a change is over."""

FADED_UNSHOWN_Z = 2.0
"""So do such, where all months together show the change no longer."""

DRIFT = 0.1
"""A change that goes on may become so much weaker or stronger without being called over."""


@dataclass(frozen=True)
class Fade:
    """A change that was shown and is over."""

    sign: int  # -1 fewer, 1 more
    months: int  # how many months it lasted, from the start on
    counted: int  # incidents in them
    expected: float  # what would have come
    later_counted: int  # incidents in the months since
    later_expected: float


def find_fade(core: CumulativeCounts, sign: int, at: int, *, is_shown: bool) -> Fade | None:
    """Return the change that was shown and is over; None where it goes on.

    It is over where the months since show no such change, tested on their own, and either they
    differ much from those before, or somewhat and all months together show none any more. It
    ended after the month that parts the counts best into two spans of one rate each.
    """
    counted, mean = core.counted[: at + 1], core.expectation.mean[: at + 1]
    last = _last_month(counted, mean)
    if last is None:
        return None
    came, would = counted[at:] - counted[last], mean[at:] - mean[last]
    dispersion, error = core.expectation.dispersion, core.expectation.relative_error[at:][:1]
    alone = Expectation(would, error, dispersion).z(came)[0]
    if sign * alone >= core.boundary_z[at - last - 1]:
        return None
    known = np.maximum(counted[last : last + 1], 0.5)  # none at all may have been a few
    doubt = np.hypot(np.sqrt(dispersion / known), DRIFT)
    as_before = would * known / mean[last]
    differs = -sign * Expectation(as_before, doubt, dispersion).z(came)[0]
    if differs < (FADED_Z if is_shown else FADED_UNSHOWN_Z):
        return None
    first = int(counted[last]), float(mean[last])
    return Fade(sign, last + 1, *first, int(came[0]), float(would[0]))


def _last_month(counted: Ints, mean: Floats) -> int | None:
    """Return the month, from 0, that parts counts so far into the two spans that differ most.

    By the likelihood of two rates, each with counts of Poisson's law; None where nothing was
    expected before or after.
    """
    early, late = slice(0, max(0, len(counted) - LATER_MONTHS)), slice(len(counted) - 1, None)
    before, after = mean[early], mean[late] - mean[early]
    is_told = (before > 0) & (after > 0)
    if not is_told.any():
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        likely = xlogy(counted[early], counted[early] / before)
        rest = counted[late] - counted[early]
        likely = likely + xlogy(rest, rest / after)
    return int(np.argmax(np.where(is_told, likely, -np.inf)))


# ---- What is left in all, and which share of a fall is found next door: each with its interval.


COVERAGE = 0.9
"""Of the intervals."""

DRAWS = 20_000
SEED = 20201001


@dataclass(frozen=True)
class NetChange:
    """Core and ring together: what was counted, less what was expected."""

    change: float  # incidents; below 0 for fewer
    low: float  # 9 in 10 lie between
    high: float


@dataclass(frozen=True)
class MovedShare:
    """Which share of what is missing in the core is found next door beyond what was expected."""

    missing: float  # incidents fewer in the core than expected
    share: float  # of them, found next door; below 0 where it is fewer there too
    low: float  # 9 in 10 lie between; endless where the fall itself may be none
    high: float


def net_change(judged: AreaResult, at: int) -> NetChange | None:
    """Return what is left in all after so many months (from 0); None without a ring or too few."""
    net = judged.net
    if net is None or not net.has_enough[at]:
        return None
    low, high = net.expectation.bounds(-float(ndtri((1 - COVERAGE) / 2)))
    counted, expected = int(net.counted[at]), float(net.expectation.mean[at])
    return NetChange(counted - expected, float(counted - high[at]), float(counted - low[at]))


def moved_share(judged: AreaResult, at: int) -> MovedShare | None:
    """Estimate which share of a fall moved next door; None where the core did not fall.

    What would have come here and next door is drawn many times, as far apart and as alike as the
    errors of core, ring and both together say: the error of a ratio is not that of its parts.
    """
    core, ring, net = judged.core, judged.ring, judged.net
    if ring is None or net is None or core.sign[at] >= 0 or not ring.has_enough[at]:
        return None
    here, there, both = (float(one.expectation.variance[at]) for one in (core, ring, net))
    most = 0.99 * np.sqrt(here * there)
    covariance = float(np.clip((both - here - there) / 2, -most, most))
    means = [core.expectation.mean[at], ring.expectation.mean[at]]
    drawn = np.random.default_rng(SEED).multivariate_normal(
        means, [[here, covariance], [covariance, there]], DRAWS
    )
    missing, more = drawn[:, 0] - core.counted[at], ring.counted[at] - drawn[:, 1]
    shares = np.where(
        missing > 0, more / np.where(missing > 0, missing, 1.0), np.inf * np.sign(more)
    )
    tail = (1 - COVERAGE) / 2
    low, high = np.quantile(shares, [tail, 1 - tail], method="nearest")
    fell = float(means[0] - core.counted[at])
    return MovedShare(fell, float((ring.counted[at] - means[1]) / fell), float(low), float(high))
