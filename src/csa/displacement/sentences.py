"""Sentences about areas, each with its error: for all together and for each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from csa.areas.places import called
from csa.base import text
from csa.base.message import Message, say
from csa.base.params import Month
from csa.displacement.expectation import WIDEST, Expectation
from csa.displacement.verdict import LEAST_MEAN, AreaVerdict, Track, Verdict, net_look


@dataclass(frozen=True)
class PowerPoint:
    """How often a change is found, in cities like those described above."""

    incidents_yearly: int  # in each of twelve areas, and in each of their rings, before
    drop_share: float  # of an area's incidents, the share that ends at the start
    moved: bool  # whether those go next door
    months: int  # since the start; found at any look by then
    single_share: float  # share of single areas in which it is found
    pooled_share: float  # share of cities in which it is found for all areas together


MONTHS = (12, 24)

ERROR_SHARE = 0.04
"""Relative error of the usual change in the made-up cities; with a larger one, less is found."""

_MEASURED = (
    # moved, drop, yearly, single by 12 and by 24 months, together by 12 and by 24 months
    (False, 0.2, 5, 0.000, 0.000, 0.020, 0.034),
    (False, 0.2, 10, 0.000, 0.000, 0.047, 0.093),
    (False, 0.2, 20, 0.000, 0.001, 0.095, 0.192),
    (False, 0.2, 40, 0.002, 0.006, 0.254, 0.430),
    (False, 0.2, 80, 0.007, 0.018, 0.544, 0.742),
    (False, 0.2, 120, 0.013, 0.033, 0.664, 0.837),
    (False, 0.2, 200, 0.034, 0.086, 0.816, 0.914),
    (False, 0.2, 400, 0.109, 0.240, 0.930, 0.968),
    (False, 0.4, 5, 0.000, 0.000, 0.138, 0.315),
    (False, 0.4, 10, 0.000, 0.000, 0.376, 0.657),
    (False, 0.4, 20, 0.000, 0.017, 0.775, 0.957),
    (False, 0.4, 40, 0.023, 0.084, 0.981, 1.000),
    (False, 0.4, 80, 0.122, 0.335, 1.000, 1.000),
    (False, 0.4, 120, 0.271, 0.599, 1.000, 1.000),
    (False, 0.4, 200, 0.600, 0.895, 1.000, 1.000),
    (False, 0.4, 400, 0.950, 0.998, 1.000, 1.000),
    (False, 0.6, 5, 0.000, 0.000, 0.529, 0.853),
    (False, 0.6, 10, 0.000, 0.000, 0.929, 0.996),
    (False, 0.6, 20, 0.000, 0.091, 0.998, 1.000),
    (False, 0.6, 40, 0.194, 0.546, 1.000, 1.000),
    (False, 0.6, 80, 0.691, 0.951, 1.000, 1.000),
    (False, 0.6, 120, 0.924, 0.997, 1.000, 1.000),
    (False, 0.6, 200, 0.998, 1.000, 1.000, 1.000),
    (False, 0.6, 400, 1.000, 1.000, 1.000, 1.000),
    (False, 0.8, 5, 0.000, 0.000, 0.961, 1.000),
    (False, 0.8, 10, 0.000, 0.000, 1.000, 1.000),
    (False, 0.8, 20, 0.000, 0.240, 1.000, 1.000),
    (False, 0.8, 40, 0.691, 0.984, 1.000, 1.000),
    (False, 0.8, 80, 0.997, 1.000, 1.000, 1.000),
    (False, 0.8, 120, 1.000, 1.000, 1.000, 1.000),
    (False, 0.8, 200, 1.000, 1.000, 1.000, 1.000),
    (False, 0.8, 400, 1.000, 1.000, 1.000, 1.000),
    (True, 0.2, 5, 0.000, 0.000, 0.000, 0.000),
    (True, 0.2, 10, 0.000, 0.000, 0.000, 0.000),
    (True, 0.2, 20, 0.000, 0.000, 0.002, 0.010),
    (True, 0.2, 40, 0.000, 0.000, 0.009, 0.063),
    (True, 0.2, 80, 0.000, 0.000, 0.100, 0.255),
    (True, 0.2, 120, 0.000, 0.000, 0.201, 0.396),
    (True, 0.2, 200, 0.001, 0.002, 0.389, 0.544),
    (True, 0.2, 400, 0.003, 0.017, 0.586, 0.673),
    (True, 0.4, 5, 0.000, 0.000, 0.002, 0.022),
    (True, 0.4, 10, 0.000, 0.000, 0.022, 0.153),
    (True, 0.4, 20, 0.000, 0.000, 0.285, 0.651),
    (True, 0.4, 40, 0.000, 0.002, 0.755, 0.941),
    (True, 0.4, 80, 0.003, 0.031, 0.970, 0.994),
    (True, 0.4, 120, 0.021, 0.127, 0.993, 0.999),
    (True, 0.4, 200, 0.135, 0.433, 0.995, 0.999),
    (True, 0.4, 400, 0.577, 0.841, 1.000, 1.000),
    (True, 0.6, 5, 0.000, 0.000, 0.079, 0.313),
    (True, 0.6, 10, 0.000, 0.000, 0.485, 0.791),
    (True, 0.6, 20, 0.000, 0.002, 0.862, 0.979),
    (True, 0.6, 40, 0.007, 0.071, 0.996, 1.000),
    (True, 0.6, 80, 0.140, 0.467, 1.000, 1.000),
    (True, 0.6, 120, 0.396, 0.742, 1.000, 1.000),
    (True, 0.6, 200, 0.771, 0.952, 1.000, 1.000),
    (True, 0.6, 400, 0.983, 0.999, 1.000, 1.000),
    (True, 0.8, 5, 0.000, 0.000, 0.408, 0.735),
    (True, 0.8, 10, 0.000, 0.000, 0.808, 0.955),
    (True, 0.8, 20, 0.000, 0.021, 0.991, 1.000),
    (True, 0.8, 40, 0.099, 0.387, 1.000, 1.000),
    (True, 0.8, 80, 0.536, 0.851, 1.000, 1.000),
    (True, 0.8, 120, 0.816, 0.974, 1.000, 1.000),
    (True, 0.8, 200, 0.979, 1.000, 1.000, 1.000),
    (True, 0.8, 400, 1.000, 1.000, 1.000, 1.000),
)

POWER: tuple[PowerPoint, ...] = tuple(
    PowerPoint(yearly, drop, moved, months, single, pooled)
    for moved, drop, yearly, *shares in _MEASURED
    for months, single, pooled in zip(MONTHS, shares[:2], shares[2:], strict=True)
)
"""One point for each kind of change, number of incidents and time."""


def row_for(yearly: float) -> int:
    """Return the row of the table that does not promise an area more power than it has."""
    rows = sorted({one.incidents_yearly for one in POWER})
    return max((n for n in rows if n <= yearly), default=rows[0])


def find_power(yearly: float, drop_share: float, n_months: int) -> PowerPoint:
    """Return how often a drop without displacement is found in areas of a size."""
    row = row_for(yearly)
    by = next((one for one in MONTHS if n_months <= one), MONTHS[-1])
    wanted = (row, drop_share, False, by)
    return next(
        one
        for one in POWER
        if (one.incidents_yearly, one.drop_share, one.moved, one.months) == wanted
    )


KEYS = {
    Verdict.NO_CHANGE: "displacement.no_change",
    Verdict.FEWER: "displacement.fewer",
    Verdict.FEWER_UNKNOWN: "displacement.fewer_unknown",
    Verdict.MORE: "displacement.more",
    Verdict.FEWER_MORE_NEXT: "displacement.fewer_more_next",
    Verdict.FEWER_FEWER_NEXT: "displacement.fewer_fewer_next",
    Verdict.MORE_FEWER_NEXT: "displacement.more_fewer_next",
    Verdict.SAME_MORE_NEXT: "displacement.same_more_next",
    Verdict.TOO_FEW: "displacement.too_few",
}


def name_verdict(verdict: str) -> str:
    """Return a verdict in a few words, in the reader's language."""
    return text.speak(KEYS[Verdict(verdict)])


HARDLY = 0.01
"""A change of less than one in a hundred is reported as no change."""

A_REASON = 0.05
"""A change of the rest of the city by less than a twentieth is not given as a reason."""

LONGEST_WAIT = 24
"""Months: a longer wait is not promised."""

LARGE_FALL = 0.6
MOSTLY = 0.5
"""Where less than half of such drops are found, a sentence says that "no change" means little."""


@dataclass(frozen=True)
class Course:
    """Incidents of areas and of the rest of the city, before a start and since."""

    months: tuple[int, int]  # how many before, and how many since
    areas: tuple[int, int]  # the areas' incidents, before and since
    rest: tuple[int, int]  # the rest of the city's incidents, before and since
    expected: float  # what was expected in the areas since


def name_in_sentence(area_id: str, place_name: str) -> str:
    """Name an area in a sentence."""
    if place_name in {"", area_id}:
        return text.speak("displacement.nameless_area", area_id=area_id)
    return called(place_name, area_id)


def say_verdict(judged: AreaVerdict, n_months: int, since: Month, who: str) -> Message:
    """Describe what core and ring show after so many months, with what chance alone could give."""
    at = n_months - 1
    verdict = judged.verdicts[at]
    if verdict is Verdict.TOO_FEW:
        return _too_few(judged, at, since, who)
    values: dict[str, object] = {
        "verdict": name_verdict(verdict),
        "since": text.month(str(since)),
        "who": who,
        **_numbers(judged.core, at, ""),
    }
    if judged.ring is None:
        return say("displacement.said_alone", **values)
    if not judged.ring.is_told[at]:
        return say("displacement.said_ring_few", **values, n=int(judged.ring.counted[at]))
    values |= _numbers(judged.ring, at, "ring_")
    look = net_look(n_months)
    if judged.net is None or not look or not judged.net.is_told[look - 1]:
        return say("displacement.said", **values)
    return say(
        "displacement.said_net", **values, look=look, **_numbers(judged.net, look - 1, "net_")
    )


def _numbers(track: Track, at: int, prefix: str) -> dict[str, object]:
    return {
        f"{prefix}counted": int(track.counted[at]),
        f"{prefix}expected": float(track.expectation.mean[at]),
        f"{prefix}low": int(track.low[at]),
        f"{prefix}high": int(track.high[at]),
    }


def _too_few(judged: AreaVerdict, at: int, since: Month, who: str) -> Message:
    counted, found = int(judged.core.counted[at]), judged.core.expectation
    # Both go on as until now, for two years: from when on are there enough, and a narrow range?
    times = np.arange(at + 1, at + 2 + LONGEST_WAIT) / (at + 1)
    mean = float(found.mean[at]) * times
    error = np.full(len(times), float(found.relative_error[at]))
    low, high = Expectation(mean, error, found.dispersion).bounds(judged.boundary_z)
    is_enough = (counted * times + mean) / 2 >= LEAST_MEAN
    is_wide = high - low > WIDEST * mean
    left = int(np.argmax(is_enough & ~is_wide))
    values = {"who": who, "n": counted, "since": text.month(str(since))}
    if left:
        until = text.month(str(since.plus(at + left)))
        return say("displacement.said_too_few_until", **values, until=until)
    if is_enough[0] and is_wide[0]:
        return say("displacement.said_too_wide", **values)
    return say("displacement.said_too_few", **values)


def say_power(yearly: float, n_months: int) -> Message | None:
    """Explain how seldom even a large drop would be found in a single area."""
    point = find_power(yearly, LARGE_FALL, n_months)
    if point.single_share >= MOSTLY:
        return None
    n_found = round(100 * point.single_share)
    values = {"yearly": yearly, "share": text.percent(LARGE_FALL), "months": point.months}
    if not n_found:
        return say("displacement.power_never", **values)
    return say("displacement.power", n=n_found, **values)


def say_single(judged: AreaVerdict, n_months: int, since: Month, who: str) -> Message:
    """Describe what one of several areas shows; without a change, how little that means."""
    told = say_verdict(judged, n_months, since, who)
    if judged.verdicts[n_months - 1] is not Verdict.NO_CHANGE:
        return told
    yearly = 12 * float(judged.core.expectation.mean[n_months - 1]) / n_months
    return _both(told, say_power(yearly, n_months))


def _both(first: Message, second: Message | None) -> Message:
    if second is None:
        return first
    texts = text.render(first), text.render(second)
    return say("displacement.both_said", first=texts[0], second=texts[1])


def say_before_after(
    course: Course, usual_change: float | None, n_years: int, n_within: int
) -> tuple[Message, Message]:
    """Describe before and after, always beside the rest of the city and what is usual."""
    (n_before, n_after), (months_before, months_after) = course.areas, course.months
    told = say(
        "displacement.before_after",
        before=n_before,
        months_before=months_before,
        before_monthly=n_before / months_before,
        after=n_after,
        months_after=months_after,
        after_monthly=n_after / months_after,
    )
    told = _both(told, _say_rest(course))
    if usual_change is None:
        return told, say("displacement.usual_unknown")
    values = {"n": n_years, "within": n_within}
    if abs(usual_change) < HARDLY:
        return told, say("displacement.usual_same", **values)
    key = "displacement.usual_fall" if usual_change < 0 else "displacement.usual_rise"
    return told, say(key, share=text.percent(abs(usual_change)), **values)


def _say_rest(course: Course) -> Message | None:
    """Describe the rest of the city; as a reason only if expectations went the same way."""
    months_before, months_after = course.months
    before, after = course.rest
    if not before:
        return None
    values = {"rest_before": before / months_before, "rest_after": after / months_after}
    toward = course.expected / months_after - course.areas[0] / months_before
    change = after * months_before / (before * months_after) - 1
    if change <= -A_REASON and toward < 0:
        return say("displacement.rest_fell", **values)
    if change >= A_REASON and toward > 0:
        return say("displacement.rest_rose", **values)
    return say("displacement.rest_went", **values)
