"""What changed since a start: here, nearby, farther out, and beyond what would have come anyway.

Counts since a start are added up month by month and compared with what would have come without a
change: the expected count of these cells, corrected for chance, times what the rest of the city
did, times what usually happens to areas chosen this way. One boundary, valid for every month that
is checked, separates change from chance. Once a year an area that has fewer is asked where more
came, and within which distance there were fewer.
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
from csa.city.preregistration import BAND_EDGES_M, NET_MONTHS, NET_Z, SINGLE_Z, Verdict

LEAST_MEAN = 11.0
"""Below a mean of 11 incidents a period more is never claimed, and nothing of a ring."""

LEAST_MONTHS = 3
"""Months since a start below which it is too early to judge: chance would pass for news."""

BY_SIGN = {
    (-1, -1): Verdict.FEWER_UNKNOWN,
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
numbers, and claims nothing. Fewer in both is `FEWER_FEWER_NEXT` only where a yearly look excludes
that it moved farther: what does raises what is expected of the ring, which then looks low. Fewer
here is `FEWER` where both together exclude that it moved."""


@dataclass(frozen=True)
class CumulativeCounts:
    """One set of cells since the start, added up: n months."""

    counted: Ints  # (n,) incidents since the start
    expectation: Expectation  # what would have come if nothing had changed
    boundary_z: Floats  # (n,) the boundary, in standard deviations
    has_enough: Bools  # (n,) whether there are enough incidents for a verdict
    evidence: Floats | None = None  # (n,) an e-value that shows fewer, where the line does not
    leverage: Floats | None = None  # (n,) by how much one more that it is compared with raises it

    @cached_property
    def _bounds(self) -> tuple[Ints, Ints]:
        low, high = self.expectation.bounds(self.boundary_z)
        if self.evidence is not None:
            low = np.maximum(low, self.expectation.least_without(self.evidence))
        return low, high

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
        is_few = few < tail if self.evidence is None else self.counted < self.bound_low
        is_many = (many <= tail) & self.is_enough
        return np.where(self.has_enough, is_many.astype(np.int64) - is_few, 0)

    def later(self, n_months: int) -> CumulativeCounts:
        """Count months from an earlier one on, without incidents and with nothing expected."""
        found, evidence, leverage = self.expectation, self.evidence, self.leverage
        mean, error = (np.pad(of, (n_months, 0)) for of in (found.mean, found.relative_error))
        return CumulativeCounts(
            np.pad(self.counted, (n_months, 0)),
            Expectation(mean, error, found.dispersion),
            np.pad(self.boundary_z, (n_months, 0), mode="edge"),
            np.pad(self.has_enough, (n_months, 0)),
            None if evidence is None else np.pad(evidence, (n_months, 0), mode="edge"),
            None if leverage is None else np.pad(leverage, (n_months, 0)),
        )

    def without_early(self) -> CumulativeCounts:
        """Test nothing before `LEAST_MONTHS` are over."""
        is_late = np.arange(len(self.counted)) >= LEAST_MONTHS - 1
        return replace(self, has_enough=self.has_enough & is_late)

    @property
    def is_enough(self) -> Bools:
        """(n,) whether counted and expected together are enough for a claim of more."""
        return np.asarray((self.counted + self.expectation.mean) / 2 >= LEAST_MEAN)

    @property
    def can_show(self) -> Bools:
        """(n,) whether none at all since the start would be told as fewer by now."""
        return np.logical_or.accumulate(self.bound_low > 0)

    def power(self, at: int, drop_share: float) -> float:
        """Return how often such a fall would be told after so many months, of 0 to 1.

        Of a fall from the start on, known no better than what is expected here, and by the last
        look alone: an earlier one may have told it too, so that it is told at least as often.
        """
        found, one = self.expectation, slice(at, at + 1)
        if not self.bound_low[at]:
            return 0.0
        fallen = Expectation(
            (1 - drop_share) * found.mean[one], found.relative_error[one], found.dispersion
        )
        return float(fallen.tails(self.bound_low[one] - 1)[0][0])

    def power_of_more(self, at: int, more: float, z: float) -> float:
        """Return how often so many more than expected would be above a line at one look, 0 to 1."""
        line = self.expectation.bounds(z)[1][at : at + 1]
        return float(self.has_enough[at] * self._raised(at, more).tails(line + 1)[1][0])

    def excludes(self, at: int, more: float, z: float) -> bool:
        """Return whether as few as were counted would be a surprise if so many more had come."""
        return bool(self.counted[at] < self._raised(at, more).bounds(z)[0])

    def _raised(self, at: int, more: float) -> Expectation:
        found, one = self.expectation, slice(at, at + 1)
        return Expectation(found.mean[one] + more, found.relative_error[one], found.dispersion)


@dataclass(frozen=True)
class Band:
    """What came at a distance, compared with all but the core and this band."""

    counts: CumulativeCounts  # of the band
    core: CumulativeCounts  # of the core, compared with the same
    net: CumulativeCounts  # of both

    def later(self, n_months: int) -> Band:
        """Count months from an earlier one on."""
        return Band(*(one.later(n_months) for one in (self.counts, self.core, self.net)))


@dataclass(frozen=True)
class Farther:
    """What came farther out than the ring, for all areas together."""

    bands: tuple[Band, ...] = ()  # by distance; one that no cell is in counts and expects nothing
    wide: CumulativeCounts | None = None  # core, ring and the first band, as one
    look_z: float = SINGLE_Z  # beyond it, a ring or band has more at a yearly look

    def later(self, n_months: int) -> Farther:
        """Count months from an earlier one on."""
        bands = tuple(band.later(n_months) for band in self.bands)
        return replace(self, bands=bands, wide=self.wide and self.wide.later(n_months))


@dataclass(frozen=True)
class Look:
    """What a yearly look told of an area that has fewer."""

    moved_to: int | None = None  # the band that more came in, from 0, the ring
    n_within: int = 0  # within how many of the edges there were fewer
    is_none_farther: bool = False  # whether no band farther out can have half of what is missing

    @property
    def within_m(self) -> float:
        """Within how many meters there were fewer; 0 where that was not told."""
        return (0.0, *BAND_EDGES_M)[self.n_within]


NO_LOOK = Look()


@dataclass(frozen=True)
class AreaResult:
    """An area, or all together: core and ring since the start, and what is said each month.

    Fields: `core`, `ring`, `boundary_z`, `verdicts`, `net`, `ended`, `farther`, `looks`.
    """

    core: CumulativeCounts  # the area's own cells
    ring: CumulativeCounts | None  # the cells around it; None where it has none
    boundary_z: float  # the boundary in the last month, in standard deviations
    verdicts: tuple[Verdict, ...]  # one a month
    net: CumulativeCounts | None = None  # core and ring together, between bounds of `NET_Z`
    ended: tuple[Fade | None, ...] = ()  # one a month: what was shown before and is over
    farther: Farther = Farther()
    looks: tuple[Look, ...] = ()  # one a month: what its last yearly look told

    def later(self, n_months: int) -> AreaResult:
        """Count months from an earlier one on, in which it was not yet followed."""
        tracks = (self.core, self.ring, self.net)
        core, ring, net = (one and one.later(n_months) for one in tracks)
        verdicts = (*(Verdict.TOO_FEW,) * n_months, *self.verdicts)
        fades = (*(None,) * n_months, *self.ended)
        looks = (*(NO_LOOK,) * n_months, *self.looks)
        farther, z = self.farther.later(n_months), self.boundary_z
        return AreaResult(core or self.core, ring, z, verdicts, net, fades, farther, looks)

    def withheld_early(self) -> AreaResult:
        """Judge no month before `LEAST_MONTHS` are over."""
        n_early = min(LEAST_MONTHS - 1, len(self.verdicts))
        verdicts = (*(Verdict.TOO_EARLY,) * n_early, *self.verdicts[n_early:])
        return replace(self, verdicts=verdicts)

    def look(self, at: int) -> Look:
        """Return what the last yearly look told by a month, counted from 0."""
        return self.looks[at] if self.looks else NO_LOOK

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
    courses: Sequence[AreaSeries],
    dispersion: float,
    z: float | Floats,
    evidence: Floats | None = None,
) -> CumulativeCounts:
    """Follow areas, or what lies around them, month by month: all together since their starts."""
    counted: Ints = np.sum([course.counted for course in courses], axis=0)
    expected = expect_courses(courses, dispersion)
    enough = np.max([course.after for course in courses], axis=0) >= LEAST_MEAN
    enough &= min(course.before for course in courses) >= LEAST_MEAN
    leverage: Floats = np.sum([one.mean / np.maximum(one.after, 1) for one in courses], axis=0)
    line = np.broadcast_to(z, counted.shape)
    return CumulativeCounts(counted, expected, line, enough, evidence, leverage)


def follow_net(
    cores: Sequence[AreaSeries],
    rings: Sequence[AreaSeries],
    usual: Sequence[PastChange],
    dispersion: float,
    z: float = NET_Z,
) -> CumulativeCounts:
    """Follow core and ring as one set of cells, to ask what is left of a fall.

    What is expected is what is expected of both. How well that is known, past starts tell by the
    sums of core and ring (`usual`, one for each core, then for each ring), in which incidents that
    only moved from one to the other make no difference.
    """
    courses = [one.known_as(known) for one, known in zip((*cores, *rings), usual, strict=True)]
    return accumulate(courses, dispersion, z)


def last_net_test(n_months: int) -> int:
    """Return the month of the last yearly look."""
    return n_months // NET_MONTHS * NET_MONTHS


def classify_change(
    core: CumulativeCounts,
    ring: CumulativeCounts | None,
    net: CumulativeCounts | None,
    believed: frozenset[int],
    farther: Farther | None = None,
) -> AreaResult:
    """Return what the core and what lies around it show each month."""
    farther = farther or Farther()
    if ring is None or net is None:
        ring = net = None
    else:
        ring = replace(ring, has_enough=ring.has_enough & ring.is_enough)
        enough = core.has_enough & ring.has_enough
        net = _precise(net, core, enough)
        if farther.wide is not None:
            farther = replace(farther, wide=_precise(farther.wide, core, enough))
    # Too few is said where not even a complete stop would be told by now.
    core = replace(core, has_enough=core.has_enough & (core.can_show | (core.sign != 0)))
    here, fades = _course_of(core, believed)
    there = (
        np.zeros_like(here)
        if ring is None
        else np.where(np.isin(-ring.sign, list(believed)), ring.sign, 0)
    )
    verdicts, looks, look = [], [], NO_LOOK
    for month, fade in enumerate(fades):
        if last_net_test(month + 1) == month + 1:
            look = NO_LOOK
            if here[month] < 0 and ring is not None and net is not None:
                look = _look(month, core, ring, net, farther, can_be_fewer=1 in believed)
        kept = Look(0) if there[month] > 0 else look  # the ring is looked at every month
        looks.append(kept if here[month] < 0 else NO_LOOK)
        if not core.has_enough[month]:
            verdicts.append(Verdict.TOO_FEW)
        elif fade is not None and not here[month]:
            verdicts.append(Verdict.FEWER_ONCE if fade.sign < 0 else Verdict.MORE_ONCE)
        else:
            verdicts.append(_verdict_of(int(here[month]), int(there[month]), looks[-1]))
    z = float(core.boundary_z[-1]) if len(core.boundary_z) else 0.0
    return AreaResult(core, ring, z, tuple(verdicts), net, fades, farther, tuple(looks))


def _precise(net: CumulativeCounts, core: CumulativeCounts, enough: Bools) -> CumulativeCounts:
    """Test core and surroundings together only where half their range is at most the core's number.

    Half of the 90% range for all areas together, of the 95% one for a single area.
    """
    half_z = norm_z(COVERAGE) if core.evidence is None else norm_z(SINGLE_COVERAGE)
    is_precise = half_z * np.sqrt(net.expectation.variance) <= core.expectation.mean
    return replace(net, has_enough=net.has_enough & enough & is_precise)


def _look(
    at: int,
    core: CumulativeCounts,
    ring: CumulativeCounts,
    net: CumulativeCounts,
    farther: Farther,
    *,
    can_be_fewer: bool,
) -> Look:
    """Ask in which band more came, and within which distance there were fewer."""
    tracks = [ring, *(band.counts for band in farther.bands)]
    z = [float(one.z[at]) if one.has_enough[at] else -np.inf for one in tracks]
    most = int(np.argmax(z))
    edge = most if z[most] > farther.look_z or (not most and ring.sign[at] > 0) else None
    # Bands are compared with the ring too: fewer there looks like more in them, and more in them
    # like fewer there. The larger surprise is told.
    moved_to = edge if z[most] >= abs(ring.z[at]) else None
    half = (core.expectation.mean[at] - core.counted[at]) / 2
    excluded = [band.counts.excludes(at, half, norm_z(COVERAGE)) for band in farther.bands]
    n_within = 0
    # Rings are low by luck where months since the start chose the areas.
    for reach in (net, farther.wide) if can_be_fewer else ():
        if edge == n_within or reach is None or reach.sign[at] >= 0:
            break  # never beyond the inner edge of the band that more came in, named or not
        if n_within and not excluded[0]:
            break  # the ring may be low by chance, and half of it in the band all the same
        n_within += 1
    return Look(moved_to, n_within, bool(excluded) and all(excluded))


_MOVED = (Verdict.FEWER_MOVED, Verdict.FEWER_MOVED_ON, Verdict.FEWER_MOVED_FAR)
_WITHIN = (Verdict.FEWER, Verdict.FEWER_WIDE)


def _verdict_of(here: int, there: int, look: Look) -> Verdict:
    """Return the word for an area's sign, its ring's, and what the last yearly look told."""
    by_sign = BY_SIGN[here, there]
    if here >= 0:
        return by_sign
    if look.moved_to is not None:
        return _MOVED[look.moved_to]
    if there < 0:
        return Verdict.FEWER_FEWER_NEXT if look.is_none_farther else by_sign
    return _WITHIN[look.n_within - 1] if look.n_within else by_sign


_HERE = {*BY_SIGN.values(), *_MOVED, *_WITHIN} - {Verdict.NO_CHANGE, Verdict.MORE_NEXT}
"""Verdicts of a change in the core that goes on."""


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


# ---- What is left of a fall, and which share of it came in a band: each with its interval.


COVERAGE, SINGLE_COVERAGE = 0.9, 0.95
"""Of the intervals."""

DRAWS = 20_000
SEED = 20201001


def norm_z(coverage: float) -> float:
    """Return within how many standard deviations such a share of a normal distribution lies."""
    return -float(ndtri((1 - coverage) / 2))


@dataclass(frozen=True)
class NetChange:
    """Core and ring together, or core and the band that more came in: counted, less expected."""

    change: float  # incidents; below 0 for fewer
    low: float  # the 90% range
    high: float


@dataclass(frozen=True)
class MovedShare:
    """Which share of what is missing in the core is found in the ring or the band, as more."""

    missing: float  # incidents fewer in the core than expected
    share: float  # of them, found there; below 0 where it is fewer there too
    low: float  # the 90% range; endless where the fall itself may be none
    high: float


def band_edges(band: int) -> tuple[float, float]:
    """Return from how far to how far a band reaches, in meters; 0 is the ring."""
    return (0.0, *BAND_EDGES_M)[band], BAND_EDGES_M[band]


def where_moved(judged: AreaResult, at: int) -> Band | None:
    """Return the band farther out that more came in; None where that was the ring, or not told."""
    moved_to = judged.look(at).moved_to
    return judged.farther.bands[moved_to - 1] if moved_to else None


def net_change(judged: AreaResult, at: int) -> NetChange | None:
    """Return what is left of a fall after so many months (from 0); None without a ring or too few.

    The range holds what is true where all of it is gone and where it moved to what these cells are
    compared with, which raises what is expected of them.
    """
    band = where_moved(judged, at)
    net = judged.net if band is None else band.net
    if net is None or not net.has_enough[at]:
        return None
    low, high = net.expectation.bounds(norm_z(COVERAGE))
    counted, expected = int(net.counted[at]), float(net.expectation.mean[at])
    least, most = float(counted - high[at]), float(counted - low[at])
    spread = 1 + (0.0 if net.leverage is None else float(net.leverage[at]))
    return NetChange(counted - expected, min(least, least / spread), max(most, most / spread))


def moved_share(judged: AreaResult, at: int) -> MovedShare | None:
    """Estimate which share of a fall moved nearby, or to a band; None where the core did not fall.

    What would have come in both is drawn many times, as far apart and as alike as the errors of
    core, ring and both together say: the error of a ratio is not that of its parts.
    """
    band = where_moved(judged, at)
    core, ring, net = (
        (judged.core, judged.ring, judged.net)
        if band is None
        else (band.core, band.counts, band.net)
    )
    if ring is None or net is None or judged.core.sign[at] >= 0 or not ring.has_enough[at]:
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
