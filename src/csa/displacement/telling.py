"""What is said of areas: one sentence with its error, for all together and for each."""

from __future__ import annotations

import math

from csa import words
from csa.displacement.verdict import LEAST_MEAN, Judged, Track, Verdict
from csa.message import Message, say
from csa.params import Month

KEYS = {
    Verdict.NO_CHANGE: "displacement.no_change",
    Verdict.FEWER: "displacement.fewer",
    Verdict.MORE: "displacement.more",
    Verdict.FEWER_MORE_NEXT: "displacement.fewer_more_next",
    Verdict.FEWER_FEWER_NEXT: "displacement.fewer_fewer_next",
    Verdict.MORE_FEWER_NEXT: "displacement.more_fewer_next",
    Verdict.SAME_MORE_NEXT: "displacement.same_more_next",
    Verdict.TOO_FEW: "displacement.too_few",
}


HARDLY = 0.01
"""A change of less than one in a hundred is told as none."""


def telling_name(area_id: str, place_name: str) -> str:
    """Name an area in a sentence.

    Parameters
    ----------
    area_id
        Its letter.
    place_name
        Its name, which may be the letter.

    Returns
    -------
    str
        In words.
    """
    if place_name in {"", area_id}:
        return words.speak("displacement.nameless_area", area_id=area_id)
    return words.speak("displacement.one_area", place=place_name, area_id=area_id)


def say_verdict(judged: Judged, n_months: int, since: Month, who: str) -> Message:
    """Say what core and ring show after so many months, with what chance alone could give.

    Parameters
    ----------
    judged
        An area, or all together.
    n_months
        Months since the start, 1 or more.
    since
        The first of them.
    who
        The area, or all of them, in words.

    Returns
    -------
    Message
        One sentence.
    """
    at = n_months - 1
    verdict = judged.verdicts[at]
    if verdict is Verdict.TOO_FEW:
        return _too_few(judged.core, at, since, who)
    values: dict[str, object] = {
        "verdict": words.speak(KEYS[verdict]),
        "since": words.month(str(since)),
        "who": who,
        **_numbers(judged.core, at, ""),
    }
    if judged.ring is None:
        return say("displacement.said_alone", **values)
    return say("displacement.said", **values, **_numbers(judged.ring, at, "ring_"))


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
    values = {"who": who, "n": counted, "since": words.month(str(since))}
    if 0 < left <= 24:
        until = words.month(str(since.plus(at + left)))
        return say("displacement.said_too_few_until", **values, until=until)
    return say("displacement.said_too_few", **values)


def say_before_after(
    before: tuple[int, int],
    after: tuple[int, int],
    usual_change: float | None,
    n_years: int,
) -> tuple[Message, ...]:
    """Tell before and after, never alone: beside it what such areas do by themselves.

    Parameters
    ----------
    before, after
        Incidents and months.
    usual_change
        What areas chosen this way did in past years, after as long, against the rest of the
        city: -0.2 for a fifth fewer; None where no past year is known.
    n_years
        Past years that this rests on.

    Returns
    -------
    tuple of Message
        Two sentences.
    """
    n_before, months_before = before
    n_after, months_after = after
    told = say(
        "displacement.before_after",
        before=n_before,
        months_before=months_before,
        before_monthly=n_before / months_before,
        after=n_after,
        months_after=months_after,
        after_monthly=n_after / months_after,
    )
    if usual_change is None:
        return told, say("displacement.usual_unknown")
    if abs(usual_change) < HARDLY:
        return told, say("displacement.usual_same", n=n_years)
    key = "displacement.usual_fall" if usual_change < 0 else "displacement.usual_rise"
    return told, say(key, n=n_years, share=words.percent(abs(usual_change)))
