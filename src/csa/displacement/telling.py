"""Sentences about areas, each with its error: for all together and for each."""

from __future__ import annotations

import math
from dataclasses import dataclass

from csa.base import text
from csa.base.message import Message, say
from csa.base.params import Month
from csa.displacement.power import find_power
from csa.displacement.verdict import LEAST_MEAN, AreaVerdict, Track, Verdict, net_look

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


HARDLY = 0.01
"""A change of less than one in a hundred is reported as no change."""

A_REASON = 0.05
"""A change of the rest of the city by less than a twentieth is not given as a reason."""

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


def telling_name(area_id: str, place_name: str) -> str:
    """Name an area in a sentence."""
    if place_name in {"", area_id}:
        return text.speak("displacement.nameless_area", area_id=area_id)
    return text.speak("displacement.one_area", place=place_name, area_id=area_id)


def say_verdict(judged: AreaVerdict, n_months: int, since: Month, who: str) -> Message:
    """Describe what core and ring show after so many months, with what chance alone could give."""
    at = n_months - 1
    verdict = judged.verdicts[at]
    if verdict is Verdict.TOO_FEW:
        return _too_few(judged.core, at, since, who)
    values: dict[str, object] = {
        "verdict": text.speak(KEYS[verdict]),
        "since": text.month(str(since)),
        "who": who,
        **_numbers(judged.core, at, ""),
    }
    if judged.ring is None:
        return say("displacement.said_alone", **values)
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


def _too_few(core: Track, at: int, since: Month, who: str) -> Message:
    counted = int(core.counted[at])
    # Counted and expected must make LEAST_MEAN on average; both go on as until now.
    pace = (counted + float(core.expectation.mean[at])) / 2 / (at + 1)
    left = math.ceil(LEAST_MEAN / pace) - (at + 1) if pace else 0
    values = {"who": who, "n": counted, "since": text.month(str(since))}
    if 0 < left <= 24:
        until = text.month(str(since.plus(at + left)))
        return say("displacement.said_too_few_until", **values, until=until)
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
