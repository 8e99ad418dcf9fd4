"""Sentences about areas, each with its error: for all together and for each."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np

from csa.areas.file_format import round_figures
from csa.areas.places import called
from csa.areas.proposal import plain
from csa.base import text
from csa.base.message import Message, msg
from csa.base.params import Month, Period
from csa.base.statement import NO_CHANGE_RANGE, Statement
from csa.base.text import in_words, month, render, tr
from csa.change.analyze import Displacement
from csa.change.expectation import Expectation
from csa.change.past import mean_past_change, usual_reach
from csa.change.verdict import (
    LEAST_MONTHS,
    AreaResult,
    CumulativeCounts,
    band_edges,
    last_net_test,
    moved_share,
    net_change,
    where_moved,
)
from csa.city.preregistration import Verdict
from csa.city.selection import AreaSelection
from csa.geo.cells import as_text

if TYPE_CHECKING:
    from csa.change.course import Course

KEYS = {
    Verdict.NO_CHANGE: "displacement.no_change",
    Verdict.FEWER: "displacement.fewer",
    Verdict.FEWER_WIDE: "displacement.fewer_wide",
    Verdict.FEWER_UNKNOWN: "displacement.fewer_unknown",
    Verdict.MORE: "displacement.more",
    Verdict.FEWER_MOVED: "displacement.fewer_moved",
    Verdict.FEWER_MOVED_ON: "displacement.fewer_moved_on",
    Verdict.FEWER_MOVED_FAR: "displacement.fewer_moved_far",
    Verdict.FEWER_FEWER_NEXT: "displacement.fewer_fewer_next",
    Verdict.FEWER_ONCE: "displacement.fewer_once",
    Verdict.MORE_ONCE: "displacement.more_once",
    Verdict.MORE_NEXT: "displacement.more_next",
    Verdict.TOO_FEW: "displacement.too_few",
    Verdict.TOO_EARLY: "displacement.too_early",
}


def name_verdict(verdict: str) -> str:
    """Return a verdict in a few words, in the reader's language."""
    return text.tr(KEYS[Verdict(verdict)])


HARDLY = 0.01
"""A change of less than one in a hundred is reported as no change."""

A_REASON = 0.05
"""A change of the rest of the city by less than a twentieth is not given as a reason."""

LONGEST_WAIT = 24
"""Months: a longer wait is not promised."""

FALLS = (0.2, 0.3)
"""Falls of which a sentence says how often they would be shown."""

FALL_OF_ONE = 0.6
"""The fall of a single area of which it says so."""

STUDIED = (0.07, 0.23)
"""Falls that studies of work at places found (Moyer et al. 2019; Caplan et al. 2021)."""


@dataclass(frozen=True)
class BeforeAfter:
    """Incidents of areas and of the rest of the city, before a start and since."""

    months: tuple[int, int]  # how many before, and how many since
    areas: tuple[int, int]  # the areas' incidents, before and since
    rest: tuple[int, int]  # the rest of the city's incidents, before and since
    expected: float  # what was expected in the areas since


def name_in_sentence(area_id: str, place_name: str) -> str:
    """Name an area in a sentence."""
    if place_name in {"", area_id}:
        return text.tr("displacement.nameless_area", area_id=area_id)
    return called(place_name, area_id)


def describe_result(
    judged: AreaResult, n_months: int, since: Month, who: str, *, is_one: bool = False
) -> Message:
    """Describe what core and ring show after so many months, each with its no-change range.

    Beside "no change" stands what would have been seen: of one of several areas (`is_one`) in fewer
    words. The net change is said by `describe_net_change` alone.
    """
    at = n_months - 1
    verdict = judged.verdicts[at]
    if verdict is Verdict.TOO_EARLY:
        return describe_early(judged, n_months, since, who)
    if verdict is Verdict.TOO_FEW:
        return _too_few(judged, at, since, who)
    return _all_said(
        [
            describe_core(judged, n_months, since, who),
            _say_next_door(judged, at),
            describe_farther(judged, at),
            describe_reach(judged, at),
            describe_power(judged.core, at, is_one=is_one)
            if verdict is Verdict.NO_CHANGE
            else None,
        ]
    )


MAY_HAVE_MOVED = {
    Verdict.FEWER,
    Verdict.FEWER_WIDE,
    Verdict.FEWER_UNKNOWN,
    Verdict.FEWER_MOVED,
    Verdict.FEWER_MOVED_ON,
    Verdict.FEWER_MOVED_FAR,
}


def describe_early(judged: AreaResult, n_months: int, since: Month, who: str) -> Message:
    """Describe what was counted before `LEAST_MONTHS` are over, when nothing is judged."""
    return msg(
        "displacement.said_too_early",
        n=n_months,
        since=text.month(str(since)),
        who=who,
        counted=int(judged.core.counted[n_months - 1]),
        least=LEAST_MONTHS,
    )


def describe_core(judged: AreaResult, n_months: int, since: Month, who: str) -> Message:
    """Describe the core alone: since the start, or while a change lasted and after it."""
    at = n_months - 1
    verdict, fade = name_verdict(judged.verdicts[at]), judged.fade_at(at)
    values = {"verdict": verdict, "since": text.month(str(since)), "who": who}
    if fade is None or judged.verdicts[at] not in {Verdict.FEWER_ONCE, Verdict.MORE_ONCE}:
        shown = judged.shown_before(at)
        if shown is None:
            return msg("displacement.said", **values, **counts_at(judged.core, at))
        last = text.month(str(since.plus(shown)))
        return msg("displacement.said_kept", **values, last=last, **counts_at(judged.core, at))
    return msg(
        "displacement.said_once",
        **values,
        until=text.month(str(since.plus(fade.months - 1))),
        counted=fade.counted,
        expected=fade.expected,
        later=fade.later_counted,
        later_expected=fade.later_expected,
    )


def counts_at(track: CumulativeCounts, at: int) -> dict[str, Any]:
    """Return the numbers that a sentence says of a track after some months."""
    return {
        "counted": int(track.counted[at]),
        "expected": float(track.expectation.mean[at]),
        "low": int(track.bound_low[at]),
        "high": int(track.bound_high[at]),
    }


def _say_next_door(judged: AreaResult, at: int) -> Message | None:
    ring = judged.ring
    if ring is None:
        return None
    if not ring.has_enough[at]:
        return msg("displacement.next_door_few", n=int(ring.counted[at]))
    return msg("displacement.next_door", **counts_at(ring, at))


def describe_farther(judged: AreaResult, at: int) -> Message | None:
    """Describe the band farther out that more came in, and within which distance there were fewer.

    By the last yearly look: later months decide nothing until the next.
    """
    band, look, said = where_moved(judged, at), judged.look(at), list[Message]()
    if band is not None:
        counts = counts_at(band.counts, at)
        said.append(msg("displacement.farther", where=band_words(look.moved_to or 0), **counts))
    together = judged.net if look.n_within == 1 else judged.farther.wide
    is_named = judged.verdicts[at] in {Verdict.FEWER, Verdict.FEWER_WIDE}
    if look.n_within and together is not None and not is_named:
        counts = counts_at(together, at)
        said.append(msg("displacement.within", within=edge_words(look.n_within - 1), **counts))
    return _all_said(said) if said else None


NOWHERE_ELSE = {Verdict.FEWER, Verdict.FEWER_WIDE, Verdict.FEWER_UNKNOWN}
"""Verdicts of a fall of which nothing more came nearby or farther out."""

NOTICED = 0.8
"""How often a band has to be named if all that is missing had come there, to be said to be seen."""


def describe_reach(judged: AreaResult, at: int) -> Message | None:
    """Describe how far out we would have noticed all that is missing, by the last yearly look."""
    look, farther = last_net_test(at + 1) - 1, judged.farther
    is_asked = look >= 0 and farther.bands and judged.verdicts[at] in NOWHERE_ELSE
    if judged.ring is None or not is_asked:
        return None
    missing = float(judged.core.expectation.mean[look] - judged.core.counted[look])
    tracks = (judged.ring, *(band.counts for band in farther.bands))
    often = [one.power_of_more(look, missing, farther.look_z) >= NOTICED for one in tracks]
    n_seen = max([*often, False].index(False), judged.look(at).n_within)
    if not n_seen:
        return msg("displacement.reach_none")
    return msg("displacement.reach", far=edge_words(n_seen - 1))


def describe_net_change(judged: AreaResult, at: int) -> Message | None:
    """Describe what is left here and next door, as one look at one month; it decides no verdict."""
    found = net_change(judged, at)
    if found is None:
        return None
    change, low, high = (than_expected(n) for n in (found.change, found.low, found.high))
    values = {"change": change, "low": low, "high": high}
    net = msg("displacement.net", **values)
    if where_moved(judged, at) is not None:
        where = band_words(judged.look(at).moved_to or 0)
        net = msg("displacement.net_farther", where=where, **values)
    has_moved = judged.verdicts[at] in MAY_HAVE_MOVED
    return _all_said([net, _say_moved(judged, at) if has_moved else None])


def band_words(band: int) -> str:
    """Name a band by its distance from the areas, in miles and meters; 0 is the ring."""
    return text.tr(("displacement.ring", "displacement.band_mile", "displacement.band_two")[band])


def edge_words(band: int) -> str:
    """Name the outer edge of a band, in miles and meters; 0 is the ring."""
    return text.tr(("displacement.to_half", "displacement.to_mile", "displacement.to_two")[band])


def than_expected(change: float) -> str:
    """Describe a difference in words, such as "12 fewer"."""
    key = "displacement.n_fewer" if round(change) < 0 else "label.n_more"
    return text.tr(key, n=abs(round(change)))


def _say_moved(judged: AreaResult, at: int) -> Message | None:
    """Describe which share of a fall is found elsewhere, where an interval can be given."""
    found = moved_share(judged, at)
    if found is None:
        return None
    low, high = (min(1.0, max(0.0, end)) for end in (found.low, found.high))
    values = {"missing": found.missing, "low": text.percent(low), "high": text.percent(high)}
    if (low, high) == (0, 1):
        return msg("displacement.moved_unknown", **values)
    if found.share < HARDLY:
        return msg("displacement.moved_none", **values | {"high": text.percent(max(high, 0.0))})
    values |= {"share": text.percent(min(max(found.share, 0.0), 1.0))}
    if where_moved(judged, at) is None:
        return msg("displacement.moved", **values)
    where = band_words(judged.look(at).moved_to or 0)
    return msg("displacement.moved_farther", where=where, **values)


def describe_power(core: CumulativeCounts, at: int, *, is_one: bool = False) -> Message:
    """Explain how often a fall would have been shown by now, beside what studies found."""
    if is_one:
        found = core.power(at, FALL_OF_ONE)
        fall = text.percent(FALL_OF_ONE)
        return msg("displacement.power_one", larger=fall, n_larger=round(100 * found))
    chances = [round(100 * core.power(at, fall)) for fall in FALLS]
    lesser, larger = map(text.percent, FALLS)
    least, most = map(text.percent, STUDIED)
    values = {"lesser": lesser, "larger": larger, "least": least, "most": most}
    if not chances[1]:
        return msg("displacement.power_never", **values)
    return msg("displacement.power", n_lesser=chances[0], n_larger=chances[1], **values)


def _too_few(judged: AreaResult, at: int, since: Month, who: str) -> Message:
    core, found = judged.core, judged.core.expectation
    # As until now for two years: from when on would a complete stop show?
    times = np.arange(at + 1, at + 2 + LONGEST_WAIT) / (at + 1)
    coming = Expectation(
        float(found.mean[at]) * times,
        np.full(len(times), float(found.relative_error[at])),
        found.dispersion,
    )
    least, _ = coming.bounds(float(core.boundary_z[at]))
    if core.evidence is not None:
        threshold = np.full(len(times), core.evidence[at])
        least = np.maximum(least, coming.least_without(threshold))
    left = int(np.argmax(least > 0))
    values = {"who": who, "n": int(core.counted[at]), "since": text.month(str(since))}
    if left:
        until = text.month(str(since.plus(at + left)))
        return msg("displacement.said_too_few_until", **values, until=until)
    return msg("displacement.said_too_few", **values)


def _all_said(parts: Sequence[Message | None]) -> Message:
    """Join sentences."""
    told = [part for part in parts if part is not None]
    if len(told) == 1:
        return told[0]
    first = _all_said(told[:-1])
    return msg("displacement.both_said", first=text.render(first), second=text.render(told[-1]))


def describe_before_after(
    course: BeforeAfter, usual_change: float | None, n_years: int, n_within: int
) -> tuple[Message, Message]:
    """Describe before and after, always beside the rest of the city and what is usual."""
    (n_before, n_after), (months_before, months_after) = course.areas, course.months
    told = msg(
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
        return told, msg("displacement.usual_unknown")
    values = {"n": n_years, "within": n_within}
    if abs(usual_change) < HARDLY:
        return told, msg("displacement.usual_same", **values)
    key = "displacement.usual_fall" if usual_change < 0 else "displacement.usual_rise"
    return told, msg(key, share=text.percent(abs(usual_change)), **values)


def _say_rest(course: BeforeAfter) -> Message | None:
    """Describe the rest of the city; as a reason only if expectations went the same way."""
    months_before, months_after = course.months
    before, after = course.rest
    if not before:
        return None
    values = {"rest_before": before / months_before, "rest_after": after / months_after}
    toward = course.expected / months_after - course.areas[0] / months_before
    change = after * months_before / (before * months_after) - 1
    if change <= -A_REASON and toward < 0:
        return msg("displacement.rest_fell", **values)
    if change >= A_REASON and toward > 0:
        return msg("displacement.rest_rose", **values)
    if f"{values['rest_before']:.1f}" == f"{values['rest_after']:.1f}":  # as they are read
        return msg("displacement.rest_same", **values)
    return msg("displacement.rest_went", **values)


# ---- What is said of areas that are followed, all together and each: one answer for every page.


def name_all(displaced: Displacement) -> str:
    """Name all areas together; where they began in different months, with each one's start.

    Those no longer in service are named: all together they count on.
    """
    chosen = displaced.chosen
    n_areas = len({*chosen.area_ids, *chosen.retired})
    ended = in_words(chosen.retired) if chosen.retired else ""
    if displaced.since == displaced.since_all:
        if ended:
            return tr("displacement.all_areas_ended", n=n_areas, ended=ended)
        return tr("displacement.all_areas", n=n_areas)
    started = [
        tr("displacement.begun", areas=in_words(areas), since=month(str(start)))
        for start, areas in _by_start(displaced)
    ]
    since = in_words(started)
    if ended:
        return tr("displacement.all_areas_since_ended", n=n_areas, since=since, ended=ended)
    return tr("displacement.all_areas_since", n=n_areas, since=since)


def describe_area_basis(displaced: Displacement) -> tuple[Message, ...]:
    """Describe which ground all together count, where that is not the areas as they are now.

    What areas had while they were served stands here, and decides no verdict.
    """
    chosen = displaced.chosen
    if _has_start(displaced):
        return ()
    said = [msg("displacement.all_ground")] if chosen.has_former_cells or chosen.retired else []
    ended = dict(zip(chosen.retired, chosen.ended, strict=True))
    for area_id, since, judged in zip(
        chosen.area_ids, displaced.starts, displaced.by_area, strict=True
    ):
        n_months = ended[area_id].index - since.index if area_id in ended else 0
        if 0 < n_months <= len(judged.core.counted):
            said.append(
                msg(
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
        said.append(msg("displacement.day_corrected", areas=in_words(chosen.corrected)))
    return tuple(said)


def _has_start(displaced: Displacement) -> bool:
    """Return whether areas are followed from a start that somebody gave, not from their own."""
    return displaced.starts != tuple(life[0].since for life in displaced.chosen.versions)


def _by_start(displaced: Displacement) -> Sequence[tuple[Month, list[str]]]:
    first: dict[str, Month] = dict(zip(displaced.chosen.area_ids, displaced.starts, strict=True))
    if not _has_start(displaced):
        for one in displaced.chosen.services:
            since = one.versions[0].since
            first[one.area_id] = min(first.get(one.area_id, since), since)
    dated = sorted((since, area_id) for area_id, since in first.items())
    groups = groupby(dated, key=lambda one: one[0])
    return [(start, [area_id for _, area_id in areas]) for start, areas in groups]


def state_change(
    displaced: Displacement, area_id: str = "", n_months: int | None = None, *, who: str = ""
) -> Statement:
    """State what an area, or all together, shows so many months after its start: the one answer.

    Sentences call it `who`, where that is given.
    """
    chosen, is_one = displaced.chosen, False
    if area_id:
        at = chosen.area_ids.index(area_id)
        judged, since, cells = displaced.by_area[at], displaced.starts[at], chosen.cells[at]
        who, is_one = who or name_followed(chosen, area_id), len(chosen.area_ids) > 1
    else:
        judged, since = displaced.pooled, displaced.since
        who = who or name_all(displaced)
        cells = frozenset[int]().union(*chosen.all_cells)
    n_months = len(judged.verdicts) if n_months is None else n_months
    at = n_months - 1
    verdict, fade = judged.verdicts[at], judged.fade_at(at)
    counts = counts_at(judged.core, at)
    sentence = describe_result(judged, n_months, since, who, is_one=is_one)
    is_judged = verdict not in {Verdict.TOO_FEW, Verdict.TOO_EARLY}
    # A change that is over is of other months than the range of all months since the start.
    is_over = verdict in {Verdict.FEWER_ONCE, Verdict.MORE_ONCE}
    has_range = is_judged and not is_over and judged.shown_before(at) is None
    return Statement(
        question="change",
        subject=area_id,
        ground=hashlib.sha256(" ".join(as_text(sorted(cells))).encode()).hexdigest(),
        period=Period(since, since.plus(n_months)),
        unit="incidents",
        value=counts["counted"],
        comparison=counts["expected"],
        low=counts["low"] if has_range else None,
        high=counts["high"] if has_range else None,
        range_kind=NO_CHANGE_RANGE,
        verdict=str(verdict),
        lasted=None if fade is None else since.plus(fade.months - 1),
        headline=describe_core(judged, n_months, since, who) if is_judged else sentence,
        sentence=sentence,
        source=str(displaced.basis),
    )


def name_followed(chosen: AreaSelection, area_id: str) -> str:
    """Name an area in a sentence, and say so where it is no longer in service."""
    place = chosen.place_names[chosen.area_ids.index(area_id)]
    who = name_in_sentence(area_id, place)
    return tr("displacement.ended_area", who=who) if area_id in chosen.retired else who


def moved_somewhere(displaced: Displacement, at: int) -> list[str]:
    """List the areas from which it moved next door in a month, unless all together did."""
    moved, first = Verdict.FEWER_MOVED, displaced.since
    if displaced.pooled.verdicts[at] is moved:
        return []
    each_area = zip(displaced.chosen.area_ids, displaced.starts, displaced.by_area, strict=True)
    own = ((area_id, at - (start.index - first.index), one) for area_id, start, one in each_area)
    return [
        area_id
        for area_id, month_of, one in own
        if month_of >= 0 and one.verdicts[month_of] is moved
    ]


def before_and_after(displaced: Displacement, found: Course) -> tuple[Message, Message]:
    """Describe before and after, beside the rest of the city, and what usually happens anyway.

    Since all areas are followed: before that, before and after would be of different areas.
    """
    n_months, past = found.after.months, displaced.past
    course = BeforeAfter(
        (found.before.months, n_months),
        found.core,
        (found.rest_before, sum(found.rest_monthly)),
        found.expected,
    )
    usual, within = mean_past_change(past, n_months), usual_reach(past, n_months)
    told, by_themselves = describe_before_after(course, usual, len(past), within)
    if displaced.is_staggered:
        since = month(str(displaced.since_all))
        told = msg("displacement.since_all", since=since, answer=render(told))
    return told, by_themselves


def each(displaced: Displacement) -> Mapping[str, tuple[AreaResult, Month]]:
    """Return the verdicts on each area and its start, by its id."""
    followed = zip(displaced.by_area, displaced.starts, strict=True)
    return dict(zip(displaced.chosen.area_ids, followed, strict=True))


def answers(displaced: Displacement) -> dict[str, Any]:
    """Return what is said of all areas and of each as plain values, for machines to compare."""
    names = zip(displaced.chosen.place_names, each(displaced).items(), strict=True)
    return {
        "through": str(displaced.until.plus(-1)),
        "pooled": _answer(displaced.pooled, state_change(displaced)),
        "single": [
            {"area_id": area_id, "place_name": name}
            | _answer(judged, state_change(displaced, area_id))
            for name, (area_id, (judged, _)) in names
        ],
    }


def _answer(judged: AreaResult, statement: Statement) -> dict[str, Any]:
    return {
        "since": str(statement.period.start),
        "months": statement.period.months,
        "verdict": statement.verdict,
        "sentence": render(statement.sentence),
        "core": figures(judged.core),
        "ring": None if judged.ring is None else figures(judged.ring),
        **distances(judged),
    }


def distances(judged: AreaResult, at: int = -1) -> dict[str, Any]:
    """Return how far the last yearly look told of fewer, and where more came: in meters."""
    look = judged.look(at)
    return {
        "fewer_within_m": look.within_m or None,
        "more_between_m": None if look.moved_to is None else list(band_edges(look.moved_to)),
        "bands": [
            {"between_m": list(band_edges(number + 1)), **figures(band.counts, at)}
            for number, band in enumerate(judged.farther.bands)
        ],
    }


def figures(track: CumulativeCounts, at: int = -1) -> dict[str, Any]:
    """Return what was counted after some months, and what was expected."""
    return {
        "counted": int(track.counted[at]),
        "expected": round_figures(plain(track.expectation.mean[at])),
        "low": int(track.bound_low[at]),
        "high": int(track.bound_high[at]),
    }
