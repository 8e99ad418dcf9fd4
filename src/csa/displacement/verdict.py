"""What changed since a start: here, next door, and beyond what would have come anyway.

Counts since a start are added up month by month and compared with what would have come without a
change: the expected count of these cells, corrected for chance, times what the rest of the city
did, times what usually happens to areas chosen this way. One boundary, valid for every month that
is checked, separates change from chance.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm

from csa.base.arrays import Bools, Floats, Ints
from csa.base.errors import ParamError
from csa.displacement.courses import AreaCourse, expect_courses
from csa.displacement.expectation import WIDEST, Baseline, Expectation
from csa.displacement.past import Usual

POINTS = 4
"""Points at which the distribution of the sum is computed, for each unit of its width, so that they
stay closer than the sum's own step. Four times as many would not change a digit that is used."""

MAX_LOOKS = 600


@lru_cache(maxsize=256)
def boundary_z(alpha: float, looks: int) -> float:
    """Find the line that an unchanged sum crosses at any of so many looks with a given chance.

    Each month adds as much, and the sum so far is measured in its own standard deviations. Where
    part of the error is common to all months, the looks are more alike than here, so that the line
    is crossed more rarely than stated.

    References
    ----------
    Armitage, McPherson & Rowe (1969), JRSS A 132, pp. 235-244. Pocock (1977), Biometrika 64,
    pp. 191-199.
    """
    if not 0 < alpha < 1:
        raise ParamError("displacement.alpha", given=alpha)
    if not 1 <= looks <= MAX_LOOKS:
        raise ParamError("displacement.looks", given=looks, most=MAX_LOOKS)
    least = float(norm.isf(alpha / 2))
    most = float(norm.isf(alpha / 2 / looks))  # as if looks were independent
    if not _chance(most, looks) < alpha < _chance(least, looks):
        return most  # one look, or too rare for floating point; this errs on the safe side
    return float(brentq(lambda z: _chance(z, looks) - alpha, least, most, xtol=1e-6))


@lru_cache(maxsize=256)
def crossing_chance(line: tuple[float, ...]) -> float:
    """Compute how often an unchanged sum crosses a line that may differ from look to look."""
    if not 1 <= len(line) <= MAX_LOOKS:
        raise ParamError("displacement.looks", given=len(line), most=MAX_LOOKS)
    nodes, weights = _gauss(POINTS * math.ceil(max(line) * math.sqrt(len(line))))
    density = norm.pdf(nodes * line[0])  # of the first month's sum
    width = line[0]
    for look, z in enumerate(line[1:], start=2):
        wider = z * math.sqrt(look)  # where the sum has not crossed: from -wider to wider
        step = norm.pdf(nodes[:, None] * wider - nodes * width)
        density = step @ (weights * width * density)
        width = wider
    return 1.0 - width * float(weights @ density)


def _chance(z: float, looks: int) -> float:
    return crossing_chance((z,) * looks)


@lru_cache(maxsize=64)
def _gauss(n_points: int) -> tuple[Floats, Floats]:
    nodes, weights = np.polynomial.legendre.leggauss(n_points)
    return nodes, weights


ALARM_CHANCE = 0.05
"""How often an unchanged city raises any alarm at all, over the planned months."""

POOLED_SHARE = 0.5
"""The part of that chance for all areas together; single areas share the rest."""

PLANNED_LOOKS = 24
"""Months that the boundary is drawn for; each year after them adds to the chance of an alarm, so
that the boundary of past months, and their verdicts, stay."""

LEAST_MEAN = 11.0
"""Below a mean of 11 incidents a period no test is run at all."""

NET_Z = 1.96
"""Beyond it, core and ring together exclude that all of a fall moved next door."""

NET_MONTHS = 12
"""They are asked once a year: asked every month, they would too often be wrong at some look."""


class Verdict(StrEnum):
    """What is said of an area and its ring: a closed set. `FEWER` excludes that all moved."""

    NO_CHANGE = "no change shown"
    FEWER = "fewer here"
    FEWER_UNKNOWN = "fewer here; whether it moved cannot be told"
    MORE = "more here"
    FEWER_MORE_NEXT = "fewer here and more next door"
    FEWER_FEWER_NEXT = "fewer here and next door"
    MORE_FEWER_NEXT = "more here and fewer next door"
    SAME_MORE_NEXT = "no change here and more next door"
    TOO_FEW = "too few to say"

    @property
    def is_alarm(self) -> bool:
        """Whether it claims a change."""
        return self not in {Verdict.NO_CHANGE, Verdict.TOO_FEW}


BY_SIGN = {
    (-1, -1): Verdict.FEWER_FEWER_NEXT,
    (-1, 0): Verdict.FEWER_UNKNOWN,
    (-1, 1): Verdict.FEWER_MORE_NEXT,
    (0, -1): Verdict.NO_CHANGE,
    (0, 0): Verdict.NO_CHANGE,
    (0, 1): Verdict.SAME_MORE_NEXT,
    (1, -1): Verdict.MORE_FEWER_NEXT,
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
    low: Ints  # (n,) the boundary: the least sum that claims nothing
    high: Ints  # (n,) the boundary: the greatest sum that claims nothing
    z: Floats  # (n,) how surprising the sum is
    is_told: Bools  # (n,) whether there are enough incidents for a verdict

    @property
    def sign(self) -> Ints:
        """(n,) -1 fewer, 1 more, 0 neither or too few incidents."""
        found = (self.counted > self.high).astype(np.int64) - (self.counted < self.low)
        return np.where(self.is_told, found, 0)

    def later(self, n_months: int) -> Track:
        """Count months from an earlier one on, without incidents and with nothing expected."""
        counted, low, high = (
            np.pad(of, (n_months, 0)) for of in (self.counted, self.low, self.high)
        )
        found = self.expectation
        mean, error = (np.pad(of, (n_months, 0)) for of in (found.mean, found.relative_error))
        z, is_told = np.pad(self.z, (n_months, 0)), np.pad(self.is_told, (n_months, 0))
        expected = Expectation(mean, error, found.dispersion)
        return Track(counted, expected, low, high, z, is_told)

    @property
    def is_narrow(self) -> Bools:
        """(n,) whether what would be no surprise is little enough to say anything."""
        return np.asarray(self.high - self.low <= WIDEST * self.expectation.mean, dtype=np.bool_)


@dataclass(frozen=True)
class AreaVerdict:
    """An area, or all together: core and ring since the start, and what is said each month.

    Fields: `core`, `ring`, `boundary_z`, `verdicts`, `net`.
    """

    core: Track  # the area's own cells
    ring: Track | None  # the cells around it; None where it has none
    boundary_z: float  # the boundary in the last month, in standard deviations
    verdicts: tuple[Verdict, ...]  # one a month
    net: Track | None = None  # core and ring together, between bounds of `NET_Z`

    def later(self, n_months: int) -> AreaVerdict:
        """Count months from an earlier one on, in which it was not yet followed."""
        tracks = [
            None if one is None else one.later(n_months) for one in (self.core, self.ring, self.net)
        ]
        core, ring, net = tracks
        verdicts = (*(Verdict.TOO_FEW,) * n_months, *self.verdicts)
        return AreaVerdict(core or self.core, ring, self.boundary_z, verdicts, net)

    @property
    def first_alarm(self) -> int | None:
        """Months after which a change is first claimed; None without a claim."""
        alarms = [n for n, verdict in enumerate(self.verdicts, start=1) if verdict.is_alarm]
        return alarms[0] if alarms else None


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
    return _hold(counted, expected, enough, z)


def _hold(counted: Ints, expected: Expectation, enough: Bools, z: float | Floats) -> Track:
    """Hold sums against a boundary."""
    low, high = expected.bounds(z)
    return Track(counted, expected, low, high, expected.z(counted), enough)


def join(core: Track, ring: Track) -> Track:
    """Take core and ring as one set of cells, to ask whether all that is fewer moved next door."""
    here, there = core.expectation, ring.expectation
    mean = here.mean + there.mean
    doubt = here.relative_error * here.mean + there.relative_error * there.mean
    error = np.divide(doubt, mean, out=np.zeros_like(mean), where=mean > 0)
    expected = Expectation(mean, error, here.dispersion)
    enough = core.is_told & ring.is_told
    net = _hold(core.counted + ring.counted, expected, enough, NET_Z)
    return replace(net, is_told=enough & net.is_narrow)


def net_look(n_months: int) -> int:
    """Return the month at which core and ring were last tested together."""
    return n_months // NET_MONTHS * NET_MONTHS


def chances(n_areas: int) -> tuple[float, float]:
    """Share the chance of a false alarm between all areas together and each alone."""
    if n_areas == 1:
        return ALARM_CHANCE, ALARM_CHANCE
    return POOLED_SHARE * ALARM_CHANCE, (1 - POOLED_SHARE) * ALARM_CHANCE / n_areas


def planned_looks(n_months: int) -> int:
    """Return for how many months the boundary is drawn."""
    return max(PLANNED_LOOKS, 12 * math.ceil(n_months / 12))


def line_of(chance: float, n_months: int) -> Floats:
    """Draw the boundary of a core or of a ring: each has half of the chance.

    Each month has the line for its own two, three, four ... years, whatever has passed since, so
    that verdicts stay. So each year after two adds a little to the chance of an alarm; see
    `alarm_chance`.

    Returns (n_months,) standard deviations.
    """
    looks = [planned_looks(month) for month in range(1, n_months + 1)]
    return np.array([boundary_z(chance / 2, n) for n in looks], dtype=np.float64)


def alarm_chance(n_areas: int, n_months: int) -> float:
    """Compute how often an unchanged city raises any alarm by the end of the given year."""
    if planned_looks(n_months) == PLANNED_LOOKS:
        return ALARM_CHANCE
    together, alone = (chance_by(chance, n_months) for chance in chances(n_areas))
    return together if n_areas == 1 else together + n_areas * alone


def chance_by(chance: float, n_months: int) -> float:
    """Compute how often a line of `line_of` is crossed without a change, by the year's end."""
    looks = planned_looks(n_months)
    if looks == PLANNED_LOOKS:
        return chance
    return 2 * crossing_chance(tuple(line_of(chance, looks).tolist()))


def judge_place(core: Track, ring: Track | None, z: float, believed: frozenset[int]) -> AreaVerdict:
    """Return what the core and the ring show each month."""
    net = None
    if ring is not None:
        net = join(core, ring)
        # More next door than even a wide range allows is told; within one, nothing is.
        ring = replace(ring, is_told=ring.is_told & (ring.is_narrow | (ring.sign != 0)))
    core = replace(core, is_told=core.is_told & core.is_narrow)
    verdicts = []
    for month in range(len(core.counted)):
        if not core.is_told[month]:
            verdicts.append(Verdict.TOO_FEW)
            continue
        here = int(core.sign[month])
        there = 0 if ring is None else int(ring.sign[month])
        here = here if here in believed else 0
        there = there if -there in believed else 0
        verdict, look = BY_SIGN[here, there], net_look(month + 1)
        # Rings are low by luck where months since the start chose the areas.
        if verdict is Verdict.FEWER_UNKNOWN and net is not None and look and 1 in believed:
            verdict = Verdict.FEWER if net.sign[look - 1] < 0 else verdict
        verdicts.append(verdict)
    return AreaVerdict(core, ring, z, tuple(verdicts), net)
