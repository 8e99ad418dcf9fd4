"""The screens of the wall: one idea each, in few enough words to read at ten metres."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from csa.base.text import ENGLISH, Speaker
from csa.reports.public.change import change_doubts, change_sentence, told_of
from csa.reports.public.facts import PublicAnswer, PublicFacts, PublicTask
from csa.reports.public.plan import standing, standing_word, standings, ways_in
from csa.reports.public.words import (
    are_chosen,
    areas_title,
    between,
    class_words,
    is_unreviewed,
    limits,
    map_name,
    noun,
    period,
    unit_sentence,
)

MOST_WORDS = 25
"""Words that a hall reads before the speaker goes on, marks included."""

MOST_ROWS = 4
MOST_TASKS = MOST_ANSWERS = 6
"""Most entries on the wall; the page has the rest."""

MOST_PIECES = 2
"""Most screens for one text; the page has it whole."""

_ELLIPSIS = "…"


@dataclass(frozen=True)
class Row:
    """A line of a screen."""

    text: str  # its text
    label: str = ""  # a letter, number or word before it; empty if none

    @property
    def n_words(self) -> int:
        """Number of words in it."""
        return count_words(f"{self.label} {self.text}")


@dataclass(frozen=True)
class WallScreen:
    """A screen with one idea."""

    key: str  # its topic
    title: str  # its heading
    rows: tuple[Row, ...] = ()  # its lines
    is_map: bool = False  # whether it shows the map
    alt: str = ""  # description of the map for readers who cannot see it


def count_words(text: str) -> int:
    """Count the words of a text."""
    return sum(1 for part in text.split() if re.search(r"\w", part))


def wall_marks(facts: PublicFacts, language: str = ENGLISH) -> tuple[str, ...]:
    """List the marks that every screen must show."""
    tell = Speaker(language)
    marks = [tell("wall.made_up")] if facts.is_synthetic else []
    if is_unreviewed(facts, language):
        marks.append(tell("wall.unreviewed"))
    return tuple(marks)


def wall_screens(facts: PublicFacts, language: str = ENGLISH) -> tuple[WallScreen, ...]:
    """Return the screens of the wall, in order."""
    tell = Speaker(language)
    room = MOST_WORDS - sum(count_words(mark) for mark in wall_marks(facts, language))
    return (
        _number(facts, tell, room),
        _map(facts, tell),
        *_areas(facts, tell, room),
        *_change(facts, tell, room),
        *_doing(facts, tell, room),
        *_answers(facts, tell, room),
        *spread("part", tell("public.part_title"), _lines(ways_in(facts, tell)), room),
        *spread("limits", tell("public.limits_title"), _lines(limits(facts, tell)), room),
    )


def spread(
    key: str, title: str, rows: Iterable[Row], room: int, *, most_rows: int = MOST_ROWS
) -> tuple[WallScreen, ...]:
    """Spread rows over as many screens as they need."""
    left = room - count_words(title)
    screens: list[list[Row]] = [[]]
    for piece in [piece for row in rows for piece in pieces(row, left)]:
        held = screens[-1]
        is_full = sum(row.n_words for row in held) + piece.n_words > left
        if held and (is_full or len(held) == most_rows):
            screens.append([])
        screens[-1].append(piece)
    return tuple(WallScreen(key, title, tuple(held)) for held in screens)


def pieces(row: Row, room: int) -> tuple[Row, ...]:
    """Split a row too long for a screen, between sentences or else between words."""
    size = max(1, room - count_words(row.label))
    parts = row.text.split()
    if len(parts) <= size:
        return (row,)
    sentences = re.split(r"(?<=[.?!])\s+", row.text)
    if len(sentences) <= MOST_PIECES and all(len(one.split()) <= size for one in sentences):
        return tuple(Row(one, row.label) for one in sentences)
    cut = [parts[at : at + size] for at in range(0, len(parts), size)]
    made = []
    for n, words in enumerate(cut[:MOST_PIECES]):
        before = f"{_ELLIPSIS} " if n else ""
        after = f" {_ELLIPSIS}" if n + 1 < len(cut) else ""
        made.append(Row(f"{before}{' '.join(words)}{after}", row.label))
    return tuple(made)


def _lines(sentences: Iterable[str]) -> tuple[Row, ...]:
    return tuple(Row(sentence) for sentence in sentences)


def _number(facts: PublicFacts, tell: Speaker, room: int) -> WallScreen:
    """Make the screen on what a number means; city and months are added if they fit."""
    rows = (Row(facts.city_name), Row(period(facts, tell)))
    return spread("number", unit_sentence(facts, tell), rows, room)[0]


def _map(facts: PublicFacts, tell: Speaker) -> WallScreen:
    what = noun(facts, tell)
    alt = tell("wall.map_alt", city=facts.city_name, what=what, when=period(facts, tell))
    classes = ", ".join(class_words(facts, tell.language))
    title = tell("public.where_title", what=what)
    return WallScreen("where", title, is_map=True, alt=f"{alt} {tell('public.classes')} {classes}.")


def _areas(facts: PublicFacts, tell: Speaker, room: int) -> Iterable[WallScreen]:
    """Yield screens on what an area is, then the list of areas."""
    title = areas_title(facts, tell)
    said = [Row(tell("public.areas_about"))]
    if not facts.areas:
        said.append(Row(tell("public.areas_none")))
    elif not are_chosen(facts):
        said = [Row(tell("public.areas_candidates"))]
    yield from spread("about", title, said, room)
    if facts.areas:
        rows = [Row(map_name(area, facts, tell), area.letter) for area in facts.areas]
        yield from spread("areas", title, rows, room)


def _change(facts: PublicFacts, tell: Speaker, room: int) -> Iterable[WallScreen]:
    """Yield screens on what changed, then the numbers, then how certain they are."""
    title, sure = tell("wall.change_title"), tell("wall.sure_title")
    yield from spread("change", title, [Row(change_sentence(facts, tell))], room)
    numbers = _numbers(facts, tell)
    doubts = _lines(change_doubts(facts.change, tell))
    for rows in (numbers, doubts):
        if rows:
            yield from spread("sure", sure, rows, room)


def _numbers(facts: PublicFacts, tell: Speaker) -> tuple[Row, ...]:
    told = told_of(facts.change)
    if facts.change is None or told is None:
        return ()
    if told.counted is None:
        return (Row(tell("public.change_counted_few")),)
    when = between(facts.change.since, facts.change.through, tell)
    said = tell("wall.counted", what=noun(facts, tell), when=when)
    counted = Row(said, f"{told.counted:,}")
    if told.high is None:
        return (counted,)
    if told.low is None:
        range_said = tell("wall.up_to", high=told.high)
    else:
        range_said = tell("public.class_range", low=told.low, high=told.high)
    return (counted, Row(tell("wall.no_surprise"), range_said))


def _doing(facts: PublicFacts, tell: Speaker, room: int) -> Iterable[WallScreen]:
    title = tell("public.doing_title")
    if not facts.actions and not facts.tasks:
        yield from spread("doing", title, [Row(tell("public.doing_none"))], room)
    if facts.actions:
        how_many = tell("public.actions_count", n=len(facts.actions))
        rows = [Row(word, f"{n:,}") for word, n in standings(facts, tell)]
        yield from spread("doing", how_many, rows, room, most_rows=2 * MOST_ROWS)
    tasks = [_task(task, facts, tell) for task in facts.tasks[:MOST_TASKS]]
    if len(facts.tasks) > MOST_TASKS:
        tasks.append(Row(tell("wall.more")))
    if tasks:
        yield from spread("tasks", title, tasks, room)


def _task(task: PublicTask, facts: PublicFacts, tell: Speaker) -> Row:
    stands = standing_word(standing(task, facts), tell)
    said = tell("wall.task", what=task.what, agency=task.agency, stands=stands)
    return Row(said, task.area)


def _answers(facts: PublicFacts, tell: Speaker, room: int) -> tuple[WallScreen, ...]:
    latest = sorted(facts.answers, key=lambda row: row.asked_on, reverse=True)
    title = tell("public.answers_title")
    shown = [
        screen
        for answer in latest[:MOST_ANSWERS]
        for screen in spread(
            "answers", _of_area(title, answer, facts, tell), _said(answer, tell), room
        )
    ]
    if len(latest) > MOST_ANSWERS:
        shown.append(WallScreen("answers", title, (Row(tell("wall.more")),)))
    return tuple(shown)


def _of_area(title: str, answer: PublicAnswer, facts: PublicFacts, tell: Speaker) -> str:
    """Name the area in the title, so that an answer is not taken for another area's."""
    names = [map_name(area, facts, tell) for area in facts.areas if area.letter == answer.area]
    return f"{title}: {names[0]}" if names else title


def _said(answer: PublicAnswer, tell: Speaker) -> Sequence[Row]:
    done = answer.answered or tell("public.not_answered")
    return (Row(answer.asked, tell("public.you_said")), Row(done, tell("public.we_did")))
