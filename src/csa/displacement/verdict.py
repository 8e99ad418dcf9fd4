"""What changed since a start: here, next door, in all, and beyond what would have come anyway.

Counts since a start are added up month by month and compared with what would have come without a
change: the expected count of these cells, corrected for chance, times what the rest of the city
did, times what usually happens to areas chosen this way. One boundary, valid for every month that
is checked, separates change from chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property

import numpy as np
from scipy.special import ndtr

from csa.base.arrays import Bools, Floats, Ints
from csa.displacement.courses import AreaCourse, expect_courses
from csa.displacement.expectation import Baseline, Expectation
from csa.displacement.fade import Fade, find_fade
from csa.displacement.past import Usual

LEAST_MEAN = 11.0
"""Below a mean of 11 incidents a period no test is run at all."""

LEAST_MONTHS = 3
"""Months since a start below which it is too early to judge: chance would pass for news."""

NET_Z = 1.96
"""Beyond it, core and ring together exclude that all of a fall moved next door."""

NET_MONTHS = 12
"""They are asked once a year: asked every month, they would too often be wrong at some look."""


class Verdict(StrEnum):
    """What is said of an area and its ring: a closed set. `FEWER` excludes that all moved."""

    NO_CHANGE = "no change shown"
    FEWER = "fewer, and fewer in all"
    FEWER_UNKNOWN = "fewer here; whether it moved cannot be told"
    FEWER_MOVED = "fewer here, moved next door"
    FEWER_FEWER_NEXT = "fewer here and next door"
    FEWER_ONCE = "fewer for a time"
    MORE = "more here"
    MORE_ONCE = "more for a time"
    MORE_NEXT = "more next door"
    TOO_FEW = "too few to say"
    TOO_EARLY = "too early to say"

    @property
    def is_alarm(self) -> bool:
        """Whether it claims a change."""
        return self not in {Verdict.NO_CHANGE, Verdict.TOO_FEW, Verdict.TOO_EARLY}


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
class Track:
    """One set of cells since the start, added up: n months."""

    counted: Ints  # (n,) incidents since the start
    expectation: Expectation  # what would have come if nothing had changed
    line: Floats  # (n,) the boundary, in standard deviations
    is_told: Bools  # (n,) whether there are enough incidents for a verdict

    @cached_property
    def _bounds(self) -> tuple[Ints, Ints]:
        return self.expectation.bounds(self.line)

    @property
    def low(self) -> Ints:
        """(n,) the boundary: the least sum that claims nothing."""
        return self._bounds[0]

    @property
    def high(self) -> Ints:
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
        tail = ndtr(-self.line)
        return np.where(self.is_told, (many <= tail).astype(np.int64) - (few < tail), 0)

    def later(self, n_months: int) -> Track:
        """Count months from an earlier one on, without incidents and with nothing expected."""
        found = self.expectation
        mean, error = (np.pad(of, (n_months, 0)) for of in (found.mean, found.relative_error))
        return Track(
            np.pad(self.counted, (n_months, 0)),
            Expectation(mean, error, found.dispersion),
            np.pad(self.line, (n_months, 0), mode="edge"),
            np.pad(self.is_told, (n_months, 0)),
        )

    def without_early(self) -> Track:
        """Test nothing before `LEAST_MONTHS` are over."""
        is_late = np.arange(len(self.counted)) >= LEAST_MONTHS - 1
        return replace(self, is_told=self.is_told & is_late)

    @property
    def is_enough(self) -> Bools:
        """(n,) whether counted and expected together are enough for a test."""
        return np.asarray((self.counted + self.expectation.mean) / 2 >= LEAST_MEAN)

    @property
    def is_narrow(self) -> Bools:
        """(n,) whether what would be no surprise is little enough to say anything.

        That is, whether it spans at most twice what is expected.
        """
        reach = self.line * np.sqrt(self.expectation.variance)
        return np.asarray(reach <= self.expectation.mean, dtype=np.bool_)

    def power(self, at: int, drop_share: float) -> float:
        """Return how often such a fall would be told after so many months, of 0 to 1.

        Of a fall from the start on, known no better than what is expected here, and by the last
        look alone: an earlier one may have told it too, so that it is told at least as often.
        """
        found, one = self.expectation, slice(at, at + 1)
        if not (self.is_narrow[one].all() and self.low[at]):
            return 0.0
        fallen = Expectation(
            (1 - drop_share) * found.mean[one], found.relative_error[one], found.dispersion
        )
        least = np.ceil(2 * LEAST_MEAN - found.mean[one]).astype(np.int64)  # fewer are too few
        shown, too_few = (fallen.tails(n - 1)[0][0] for n in (self.low[one], least))
        return max(0.0, float(shown - too_few))


@dataclass(frozen=True)
class AreaVerdict:
    """An area, or all together: core and ring since the start, and what is said each month.

    Fields: `core`, `ring`, `boundary_z`, `verdicts`, `net`, `fades`.
    """

    core: Track  # the area's own cells
    ring: Track | None  # the cells around it; None where it has none
    boundary_z: float  # the boundary in the last month, in standard deviations
    verdicts: tuple[Verdict, ...]  # one a month
    net: Track | None = None  # core and ring together, between bounds of `NET_Z`
    fades: tuple[Fade | None, ...] = ()  # one a month: what was shown before and is over

    def later(self, n_months: int) -> AreaVerdict:
        """Count months from an earlier one on, in which it was not yet followed."""
        tracks = [
            None if one is None else one.later(n_months) for one in (self.core, self.ring, self.net)
        ]
        core, ring, net = tracks
        verdicts = (*(Verdict.TOO_FEW,) * n_months, *self.verdicts)
        fades = (*(None,) * n_months, *self.fades)
        return AreaVerdict(core or self.core, ring, self.boundary_z, verdicts, net, fades)

    def withheld_early(self) -> AreaVerdict:
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
        return self.fades[at] if self.fades else None


def expect(
    base: Baseline, before: int, after: Ints, usual: Usual, dispersion: float
) -> Expectation:
    """Compute what would come if only what changes everywhere changed."""
    mean = usual.ratio * base.mean * after / before
    own = base.variance / base.mean**2 if base.mean else 0.0
    compared = 1 / before + 1 / np.maximum(after, 1)
    error = np.sqrt(dispersion * (own + compared) + usual.relative_error**2)
    return Expectation(np.asarray(mean, dtype=np.float64), error, dispersion)


def follow(courses: Sequence[AreaCourse], dispersion: float, z: float | Floats) -> Track:
    """Follow areas, or what lies around them, month by month: all together since their starts."""
    counted: Ints = np.sum([course.counted for course in courses], axis=0)
    expected = expect_courses(courses, dispersion)
    enough = (counted + expected.mean) / 2 >= LEAST_MEAN
    enough &= np.max([course.after for course in courses], axis=0) >= LEAST_MEAN
    enough &= min(course.before for course in courses) >= LEAST_MEAN
    return Track(counted, expected, np.broadcast_to(z, counted.shape), enough)


def follow_net(
    cores: Sequence[AreaCourse],
    rings: Sequence[AreaCourse],
    usual: Sequence[Usual],
    dispersion: float,
) -> Track:
    """Follow core and ring as one set of cells, to ask what is left in all.

    What is expected is what is expected of both. How well that is known, past starts tell by the
    sums of core and ring (`usual`, one for each core, then for each ring), in which incidents that
    only moved from one to the other make no difference.
    """
    courses = [one.known_as(known) for one, known in zip((*cores, *rings), usual, strict=True)]
    net = follow(courses, dispersion, NET_Z)
    return replace(net, is_told=net.is_told & net.is_narrow)


def net_look(n_months: int) -> int:
    """Return the month at which core and ring were last tested together."""
    return n_months // NET_MONTHS * NET_MONTHS


def judge_place(
    core: Track, ring: Track | None, net: Track | None, believed: frozenset[int]
) -> AreaVerdict:
    """Return what the core and the ring show each month."""
    if ring is None or net is None:
        ring = net = None
    else:
        net = replace(net, is_told=net.is_told & core.is_told & ring.is_told)
        # More next door than even a wide range allows is told; within one, nothing is.
        ring = replace(ring, is_told=ring.is_told & (ring.is_narrow | (ring.sign != 0)))
    core = replace(core, is_told=core.is_told & core.is_narrow)
    here, fades = _course_of(core, believed)
    there = (
        np.zeros_like(here)
        if ring is None
        else np.where(np.isin(-ring.sign, list(believed)), ring.sign, 0)
    )
    verdicts = []
    for month, fade in enumerate(fades):
        if not core.is_told[month]:
            verdicts.append(Verdict.TOO_FEW)
        elif fade is not None and not here[month]:
            verdicts.append(Verdict.FEWER_ONCE if fade.sign < 0 else Verdict.MORE_ONCE)
        else:
            verdict, look = BY_SIGN[int(here[month]), int(there[month])], net_look(month + 1)
            # Rings are low by luck where months since the start chose the areas.
            if verdict in _ASKED and net is not None and look and 1 in believed:
                verdict = Verdict.FEWER if net.sign[look - 1] < 0 else verdict
            verdicts.append(verdict)
    z = float(core.line[-1]) if len(core.line) else 0.0
    return AreaVerdict(core, ring, z, tuple(verdicts), net, fades)


_HERE = {*BY_SIGN.values(), Verdict.FEWER} - {Verdict.NO_CHANGE, Verdict.MORE_NEXT}
"""Verdicts of a change in the core that goes on."""

_ASKED = {Verdict.FEWER_UNKNOWN, Verdict.FEWER_MOVED}
"""Verdicts that depend on whether it is fewer in all."""


def _course_of(core: Track, believed: frozenset[int]) -> tuple[Ints, tuple[Fade | None, ...]]:
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
