"""What is said of areas that are followed, all together and each: one answer for every page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from csa.areas.file_format import round_figures
from csa.areas.proposal import plain
from csa.base.message import Message, say
from csa.base.params import Month
from csa.base.text import in_words, month, render, speak
from csa.dataset.chosen import Chosen
from csa.displacement.analyze import Displacement
from csa.displacement.classic_measures import Evidence
from csa.displacement.past import usual_change, usual_reach
from csa.displacement.sentences import (
    Course,
    name_in_sentence,
    say_before_after,
    say_verdict,
    than_expected,
)
from csa.displacement.verdict import AreaVerdict, Track, Verdict


def name_all(displaced: Displacement) -> str:
    """Name all areas together; where they began in different months, with each one's start.

    Those no longer in service are named: all together they count on.
    """
    chosen = displaced.chosen
    n_areas = len({*chosen.area_ids, *chosen.retired})
    ended = in_words(chosen.retired) if chosen.retired else ""
    if displaced.since == displaced.since_all:
        if ended:
            return speak("displacement.all_areas_ended", n=n_areas, ended=ended)
        return speak("displacement.all_areas", n=n_areas)
    since = in_words([_started(areas, start) for start, areas in _by_start(displaced)])
    if ended:
        return speak("displacement.all_areas_since_ended", n=n_areas, since=since, ended=ended)
    return speak("displacement.all_areas_since", n=n_areas, since=since)


def say_ground(displaced: Displacement) -> tuple[Message, ...]:
    """Describe which ground all together count, where that is not the areas as they are now.

    What areas had while they were served stands here, and decides no verdict.
    """
    chosen = displaced.chosen
    if _has_start(displaced):
        return ()
    said = [say("displacement.all_ground")] if chosen.is_ground_kept or chosen.retired else []
    ended = dict(zip(chosen.retired, chosen.ended, strict=True))
    for area_id, since, judged in zip(
        chosen.area_ids, displaced.starts, displaced.single, strict=True
    ):
        n_months = ended[area_id].index - since.index if area_id in ended else 0
        if 0 < n_months <= len(judged.core.counted):
            said.append(
                say(
                    "displacement.while_served",
                    who=name_in_sentence(
                        area_id, chosen.place_names[chosen.area_ids.index(area_id)]
                    ),
                    n=int(judged.core.counted[n_months - 1]),
                    since=month(str(since)),
                    through=month(str(ended[area_id].plus(-1))),
                )
            )
    if chosen.corrected:
        said.append(say("displacement.day_corrected", areas=in_words(chosen.corrected)))
    return tuple(said)


def _has_start(displaced: Displacement) -> bool:
    """Return whether areas are followed from a start that somebody gave, not from their own."""
    return displaced.starts != tuple(life[0].since for life in displaced.chosen.lives)


def _by_start(displaced: Displacement) -> Sequence[tuple[Month, list[str]]]:
    first: dict[str, Month] = dict(zip(displaced.chosen.area_ids, displaced.starts, strict=True))
    if not _has_start(displaced):
        for one in displaced.chosen.services:
            since = one.versions[0].since
            first[one.area_id] = min(first.get(one.area_id, since), since)
    dated = sorted((since, area_id) for area_id, since in first.items())
    groups = groupby(dated, key=lambda one: one[0])
    return [(start, [area_id for _, area_id in areas]) for start, areas in groups]


def _started(areas: Sequence[str], start: Month) -> str:
    return speak("displacement.begun", areas=in_words(areas), since=month(str(start)))


def say_all(displaced: Displacement, n_months: int | None = None) -> Message:
    """Return what all areas together show in words, so many months after the first start."""
    n_months = len(displaced.pooled.verdicts) if n_months is None else n_months
    return say_verdict(displaced.pooled, n_months, displaced.since, name_all(displaced))


def say_one(displaced: Displacement, area_id: str, n_months: int | None = None) -> Message:
    """Return what one area shows in words, so many months after its own start."""
    chosen, at = displaced.chosen, displaced.chosen.area_ids.index(area_id)
    judged, since = displaced.single[at], displaced.starts[at]
    n_months = len(judged.verdicts) if n_months is None else n_months
    who, is_one = name_followed(chosen, area_id), len(chosen.area_ids) > 1
    return say_verdict(judged, n_months, since, who, is_one=is_one)


def name_followed(chosen: Chosen, area_id: str) -> str:
    """Name an area in a sentence, and say so where it is no longer in service."""
    place = chosen.place_names[chosen.area_ids.index(area_id)]
    who = name_in_sentence(area_id, place)
    return speak("displacement.ended_area", who=who) if area_id in chosen.retired else who


def moved_somewhere(displaced: Displacement, at: int) -> list[str]:
    """List the areas from which it moved next door in a month, unless all together did."""
    moved, first = Verdict.FEWER_MOVED, displaced.since
    if displaced.pooled.verdicts[at] is moved:
        return []
    each_area = zip(displaced.chosen.area_ids, displaced.starts, displaced.single, strict=True)
    own = ((area_id, at - (start.index - first.index), one) for area_id, start, one in each_area)
    return [
        area_id
        for area_id, month_of, one in own
        if month_of >= 0 and one.verdicts[month_of] is moved
    ]


def before_and_after(displaced: Displacement, found: Evidence) -> tuple[Message, Message]:
    """Describe before and after, beside the rest of the city, and what usually happens anyway.

    Since all areas are followed: before that, before and after would be of different areas.
    """
    n_months, past = found.after.months, displaced.past
    course = Course(
        (found.before.months, n_months),
        found.core,
        (found.rest_before, sum(found.rest_monthly)),
        found.core_expected,
    )
    usual, within = usual_change(past, n_months), usual_reach(past, n_months)
    told, by_themselves = say_before_after(course, usual, len(past), within)
    if displaced.is_staggered:
        since = month(str(displaced.since_all))
        told = say("displacement.since_all", since=since, told=render(told))
    return told, by_themselves


def say_classic(found: Evidence) -> Message | None:
    """Describe the classic measure of what is left in all: the weighted displacement difference."""
    if found.wdd is None or found.wdd.total is None:
        return None
    total = found.wdd.total
    change, low, high = (than_expected(n) for n in (total.estimate, total.low, total.high))
    return say("displacement.classic", change=change, low=low, high=high)


def each(displaced: Displacement) -> Mapping[str, tuple[AreaVerdict, Month]]:
    """Return the verdicts on each area and its start, by its id."""
    followed = zip(displaced.single, displaced.starts, strict=True)
    return dict(zip(displaced.chosen.area_ids, followed, strict=True))


def answers(displaced: Displacement) -> dict[str, Any]:
    """Return what is said of all areas and of each as plain values, for machines to compare."""
    chosen = displaced.chosen
    return {
        "through": str(displaced.until.plus(-1)),
        "pooled": _answer(displaced.pooled, displaced.since, say_all(displaced)),
        "single": [
            {
                "area_id": area_id,
                "place_name": name,
                **_answer(judged, since, say_one(displaced, area_id)),
            }
            for area_id, name, judged, since in zip(
                chosen.area_ids,
                chosen.place_names,
                displaced.single,
                displaced.starts,
                strict=True,
            )
        ],
    }


def _answer(judged: AreaVerdict, since: Month, told: Message) -> dict[str, Any]:
    return {
        "since": str(since),
        "months": len(judged.verdicts),
        "verdict": str(judged.verdicts[-1]),
        "sentence": render(told),
        "core": figures(judged.core),
        "ring": None if judged.ring is None else figures(judged.ring),
    }


def figures(track: Track, at: int = -1) -> dict[str, Any]:
    """Return what was counted after some months, and what was expected."""
    return {
        "counted": int(track.counted[at]),
        "expected": round_figures(plain(track.expectation.mean[at])),
        "low": int(track.low[at]),
        "high": int(track.high[at]),
    }
