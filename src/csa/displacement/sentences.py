"""Sentences about areas, each with its error: for all together and for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from csa.areas.places import called
from csa.base import text
from csa.base.message import Message, say
from csa.base.params import Month
from csa.displacement.expectation import Expectation
from csa.displacement.net import moved_share, net_change
from csa.displacement.verdict import LEAST_MEAN, LEAST_MONTHS, AreaVerdict, Track, Verdict

KEYS = {
    Verdict.NO_CHANGE: "displacement.no_change",
    Verdict.FEWER: "displacement.fewer",
    Verdict.FEWER_UNKNOWN: "displacement.fewer_unknown",
    Verdict.MORE: "displacement.more",
    Verdict.FEWER_MOVED: "displacement.fewer_moved",
    Verdict.FEWER_FEWER_NEXT: "displacement.fewer_fewer_next",
    Verdict.FEWER_ONCE: "displacement.fewer_once",
    Verdict.MORE_ONCE: "displacement.more_once",
    Verdict.MORE_NEXT: "displacement.more_next",
    Verdict.TOO_FEW: "displacement.too_few",
    Verdict.TOO_EARLY: "displacement.too_early",
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

FALLS = (0.2, 0.3)
"""Falls of which a sentence says how often they would be shown."""

STUDIED = (0.07, 0.23)
"""Falls that studies of work at places found (Moyer et al. 2019; Caplan et al. 2021)."""


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


def name_verdict_at(judged: AreaVerdict, at: int) -> str:
    """Name the verdict of a month; where there is none, whether too few or too uncertain."""
    verdict = judged.verdicts[at]
    if verdict is Verdict.TOO_FEW and judged.core.is_enough[at]:
        return text.speak("displacement.too_wide")
    return name_verdict(verdict)


def say_verdict(
    judged: AreaVerdict, n_months: int, since: Month, who: str, *, is_one: bool = False
) -> Message:
    """Describe what core and ring show after so many months, each with its no-change range.

    Beside "no change" stands what would have been seen: of one of several areas (`is_one`) in fewer
    words. The net change is said by `say_net_change` alone.
    """
    at = n_months - 1
    verdict = judged.verdicts[at]
    if verdict is Verdict.TOO_EARLY:
        return say_early(judged, n_months, since, who)
    if verdict is Verdict.TOO_FEW:
        return _too_few(judged, at, since, who)
    return _all_said(
        [
            say_here(judged, n_months, since, who),
            _say_next_door(judged, at),
            say_power(judged.core, at, is_one=is_one) if verdict is Verdict.NO_CHANGE else None,
        ]
    )


MAY_HAVE_MOVED = {Verdict.FEWER, Verdict.FEWER_UNKNOWN, Verdict.FEWER_MOVED}


def say_early(judged: AreaVerdict, n_months: int, since: Month, who: str) -> Message:
    """Describe what was counted before `LEAST_MONTHS` are over, when nothing is judged."""
    return say(
        "displacement.said_too_early",
        n=n_months,
        since=text.month(str(since)),
        who=who,
        counted=int(judged.core.counted[n_months - 1]),
        least=LEAST_MONTHS,
    )


def say_here(judged: AreaVerdict, n_months: int, since: Month, who: str) -> Message:
    """Describe the core alone: since the start, or while a change lasted and after it."""
    at = n_months - 1
    verdict, fade = name_verdict(judged.verdicts[at]), judged.fade_at(at)
    values = {"verdict": verdict, "since": text.month(str(since)), "who": who}
    if fade is None or judged.verdicts[at] not in {Verdict.FEWER_ONCE, Verdict.MORE_ONCE}:
        shown = judged.shown_before(at)
        if shown is None:
            return say("displacement.said", **values, **numbers_of(judged.core, at))
        last = text.month(str(since.plus(shown)))
        return say("displacement.said_kept", **values, last=last, **numbers_of(judged.core, at))
    return say(
        "displacement.said_once",
        **values,
        until=text.month(str(since.plus(fade.months - 1))),
        counted=fade.counted,
        expected=fade.expected,
        later=fade.later_counted,
        later_expected=fade.later_expected,
    )


def numbers_of(track: Track, at: int) -> dict[str, object]:
    """Return the numbers that a sentence says of a track after some months."""
    return {
        "counted": int(track.counted[at]),
        "expected": float(track.expectation.mean[at]),
        "low": int(track.low[at]),
        "high": int(track.high[at]),
    }


def _say_next_door(judged: AreaVerdict, at: int) -> Message | None:
    ring = judged.ring
    if ring is None:
        return None
    if not ring.is_told[at]:
        return say("displacement.next_door_few", n=int(ring.counted[at]))
    return say("displacement.next_door", **numbers_of(ring, at))


def say_net_change(judged: AreaVerdict, at: int) -> Message | None:
    """Describe what is left here and next door, as one look at one month; it decides no verdict."""
    found = net_change(judged, at)
    if found is None:
        return None
    change, low, high = (than_expected(n) for n in (found.change, found.low, found.high))
    net = say("displacement.net", change=change, low=low, high=high)
    has_moved = judged.verdicts[at] in MAY_HAVE_MOVED
    return _all_said([net, _say_moved(judged, at) if has_moved else None])


def than_expected(change: float) -> str:
    """Describe a difference in words, such as "12 fewer"."""
    key = "displacement.n_fewer" if round(change) < 0 else "displacement.n_more"
    return text.speak(key, n=abs(round(change)))


def _say_moved(judged: AreaVerdict, at: int) -> Message | None:
    """Describe which share of a fall is found next door, where an interval can be given."""
    found = moved_share(judged, at)
    if found is None:
        return None
    low, high = (min(1.0, max(0.0, end)) for end in (found.low, found.high))
    values = {"missing": found.missing, "low": text.percent(low), "high": text.percent(high)}
    if (low, high) == (0, 1):
        return say("displacement.moved_unknown", **values)
    if found.share < HARDLY:
        return say("displacement.moved_none", **values | {"high": text.percent(max(high, 0.0))})
    share = text.percent(min(max(found.share, 0.0), 1.0))
    return say("displacement.moved", share=share, **values)


def say_power(core: Track, at: int, *, is_one: bool = False) -> Message:
    """Explain how often a fall would have been shown by now, beside what studies found."""
    chances = [round(100 * core.power(at, fall)) for fall in FALLS]
    lesser, larger = map(text.percent, FALLS)
    least, most = map(text.percent, STUDIED)
    values = {"lesser": lesser, "larger": larger, "least": least, "most": most}
    if is_one:
        return say("displacement.power_one", larger=larger, n_larger=chances[1])
    if not chances[1]:
        return say("displacement.power_never", **values)
    return say("displacement.power", n_lesser=chances[0], n_larger=chances[1], **values)


def _too_few(judged: AreaVerdict, at: int, since: Month, who: str) -> Message:
    counted, found = int(judged.core.counted[at]), judged.core.expectation
    # Both go on as until now, for two years: from when on are there enough, and a narrow range?
    times = np.arange(at + 1, at + 2 + LONGEST_WAIT) / (at + 1)
    mean = float(found.mean[at]) * times
    error = np.full(len(times), float(found.relative_error[at]))
    reach = judged.boundary_z * np.sqrt(Expectation(mean, error, found.dispersion).variance)
    is_enough = (counted * times + mean) / 2 >= LEAST_MEAN
    is_wide = reach > mean
    left = int(np.argmax(is_enough & ~is_wide))
    values = {"who": who, "n": counted, "since": text.month(str(since))}
    if left:
        until = text.month(str(since.plus(at + left)))
        return say("displacement.said_too_few_until", **values, until=until)
    if is_enough[0] and is_wide[0]:
        return say("displacement.said_too_wide", **values)
    return say("displacement.said_too_few", **values)


def _all_said(parts: Sequence[Message | None]) -> Message:
    """Join sentences."""
    told = [part for part in parts if part is not None]
    if len(told) == 1:
        return told[0]
    first = _all_said(told[:-1])
    return say("displacement.both_said", first=text.render(first), second=text.render(told[-1]))


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
    told = _all_said([told, _say_rest(course)])
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
