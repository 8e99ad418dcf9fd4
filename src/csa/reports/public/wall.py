"""The wall display: a file that a hall can show without a network or a mouse."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from csa.base.text import ENGLISH, Translator
from csa.geo.palette import class_colors
from csa.reports.public.areas import (
    area_changes,
    change_ended,
    change_sentence,
    short_change,
)
from csa.reports.public.facts import CHANGES, DensityClass, PublicFacts
from csa.reports.public.neighborhoods import meeting_row
from csa.reports.public.pages import inlined, render_page
from csa.reports.public.plan import (
    answers_in_order,
    how_to_participate,
    plan_words,
    status_words,
    tasks_in_order,
    tasks_note,
    unquoted,
)
from csa.reports.public.words import (
    areas_title,
    between,
    is_unreviewed,
    limits,
    noun,
    period,
    unit_sentence,
)

# ---- The screens of the wall, one idea each, in few enough words for ten meters.


MOST_WORDS = 25
"""Words that a hall reads before the speaker goes on, marks included."""

MOST_LISTED = 140
"""The same of a list, of which everybody looks for one line."""
MOST_ROWS, MOST_LINES, LINE_WORDS = 6, 14, 13
"""Rows of a screen, lines of a list, and words of such a line."""
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
class RangeBar:
    """What was counted beside the range that no change would give."""

    counted: int
    low: int
    high: int
    counted_words: str
    range_words: str

    def x(self, value: int) -> int:
        """Return where a value lies, of 1,000 from 0 to beyond the greatest."""
        return round(1000 * value / (1.15 * max(self.counted, self.high)))


@dataclass(frozen=True)
class WallScreen:
    """A screen with one idea."""

    key: str  # its topic
    title: str  # its heading
    rows: tuple[Row, ...] = ()  # its lines
    is_map: bool = False  # whether it shows the map
    bar: RangeBar | None = None  # what it draws


def count_words(text: str) -> int:
    """Count the words of a text."""
    return sum(1 for part in text.split() if re.search(r"\w", part))


def wall_marks(facts: PublicFacts, language: str = ENGLISH) -> tuple[str, ...]:
    """List the marks that every screen must show."""
    t = Translator(language)
    marks = [t("wall.made_up")] if facts.is_synthetic else []
    if is_unreviewed(facts, language):
        marks.append(t("wall.unreviewed"))
    return tuple(marks)


def wall_screens(facts: PublicFacts, language: str = ENGLISH) -> tuple[WallScreen, ...]:
    """Return the screens of the wall, in order; what has nothing to say is left out."""
    t = Translator(language)
    room = MOST_WORDS - sum(count_words(mark) for mark in wall_marks(facts, language))
    unit, what = unit_sentence(facts, t), noun(facts, t)
    where = t("public.where_title", what=what)
    people, when = (Row(t("public.behind")), Row(facts.city_name)), Row(period(facts, t))
    # The legend has a word for each class, and names the outlines.
    legend = len(facts.classes) + count_words(areas_title(facts, t) if facts.areas else "")
    is_dated = count_words(where) + when.n_words + legend <= room
    dated = (when,) if is_dated else ()
    return (
        WallScreen("number", unit, fitting(people, room - count_words(unit))),
        WallScreen("where", where, dated, is_map=True),
        _change(facts, t, room),
        *_each_area(facts, t, room),
        *_tasks(facts, t, room),
        *_answers(facts, t, room),
        _part(facts, t, room),
        _screen("limits", t("public.limits_title"), map(Row, limits(facts, t)), room),
    )


def fitting(rows: Iterable[Row], room: int) -> tuple[Row, ...]:
    """Return the rows that fit, in their order; if not even one does, the first, cut short."""
    given, left = list(rows), room
    kept: list[Row] = []
    for row in given:
        if row.n_words <= left and len(kept) < MOST_ROWS:
            kept.append(row)
            left -= row.n_words
    if given and not kept:
        words = given[0].text.split()[: max(1, room - count_words(given[0].label))]
        kept = [Row(f"{' '.join(words)} {_ELLIPSIS}", given[0].label)]
    return tuple(kept)


def _screen(key: str, title: str, rows: Iterable[Row], room: int) -> WallScreen:
    return WallScreen(key, title, fitting(rows, room - count_words(title)))


def _change(facts: PublicFacts, t: Translator, room: int) -> WallScreen:
    """Describe what changed in all areas together, drawn beside what no change would give."""
    change, bar, titles = facts.change, _range_bar(facts, t), [t("wall.change_title")]
    short = change and short_change(change, noun(facts, t), t("public.in_areas"), t)
    said = short or change_sentence(facts, t)
    if change is not None:  # a public period ends with its quarter: other pages may go on
        when = between(change.since, change.through, t)
        through = t("wall.change_through", month=t.month(change.through))
        titles = [t("wall.change_between", when=when), through, *titles]
    # The bar rather than the longer title; words of the finding are never cut for either.
    n_bar = 0 if bar is None else count_words(f"{bar.counted_words} {bar.range_words}")
    if count_words(f"{titles[-1]} {said}") + n_bar > room:
        bar, n_bar = None, 0
    room -= n_bar
    title = next((one for one in titles if count_words(f"{one} {said}") <= room), titles[-1])
    return WallScreen("change", title, fitting([Row(said)], room - count_words(title)), bar=bar)


def _range_bar(facts: PublicFacts, t: Translator) -> RangeBar | None:
    told = facts.change
    if told is None or told.counted is None or told.high is None:
        return None
    low = told.low or 0
    key = "wall.expected" if low else "wall.expected_up_to"
    counted = t("wall.counted", n=told.counted)
    return RangeBar(told.counted, low, told.high, counted, t(key, low=low, high=told.high))


def _each_area(facts: PublicFacts, t: Translator, room: int) -> Iterator[WallScreen]:
    """Show what changed in each area, on a map and in words; once of areas that are alike."""
    alike: dict[str, list[str]] = {}
    for area, said in area_changes(facts, t):
        alike.setdefault(said, []).append(area.letter)
    groups = [
        (Row(said, ", ".join(letters[at : at + MOST_ROWS])),)
        for said, letters in alike.items()
        for at in range(0, len(letters), MOST_ROWS)
    ]
    ended = [] if facts.change is None else [(Row(one),) for one in change_ended(facts.change, t)]
    is_map = any(area.verdict for area in facts.areas)
    most = MOST_ROWS if is_map else MOST_LINES  # a map leaves half as much
    for screen in _screens("areas", t("wall.each_area"), groups + ended, room, most):
        yield replace(screen, is_map=is_map)


def _tasks(facts: PublicFacts, t: Translator, room: int) -> Iterator[WallScreen]:
    """Show the plan by its actions' states, and every task, late ones first, and why."""
    rows = []
    if facts.actions:
        rows.append(Row(plan_words(facts, t)))
    elif not facts.tasks:
        rows.append(Row(t("public.doing_none")))
    for task in tasks_in_order(facts):
        what = t("term.pair", name=task.area, text=task.what)
        text = t("public.why_late", what=what, why=task.reason) if task.reason else what
        rows.append(Row(text, status_words(task, facts, t)))
    rows += map(Row, tasks_note(facts, t))
    yield from _screens("tasks", t("public.doing_title"), [(row,) for row in rows], room)


def _answers(facts: PublicFacts, t: Translator, room: int) -> Iterator[WallScreen]:
    """Show every question that may be quoted, those without an answer first."""
    groups: list[tuple[Row, ...]] = [
        (Row(one.asked, one.area), Row(one.answered or t("public.not_answered")))
        for one in answers_in_order(facts)
    ]
    if others := unquoted(facts, t):
        groups.append(tuple(map(Row, others)))
    yield from _screens("answers", t("public.answers_title"), groups, room)


def _screens(
    key: str, title: str, groups: Iterable[tuple[Row, ...]], room: int, most: int = MOST_LINES
) -> Iterator[WallScreen]:
    """Yield as many screens as a list needs; what belongs together is on one."""
    room += MOST_LISTED - MOST_WORDS - count_words(title)
    shown: tuple[Row, ...] = ()
    for group in groups:
        own = group
        if _n_words(group) > room:  # cut to its share of the room, so that no row is left out
            own = tuple(row for one in group for row in fitting([one], room // len(group)))
        lines = sum(1 + row.n_words // LINE_WORDS for row in shown + own)
        if shown and (lines > most or _n_words(shown + own) > room):
            yield WallScreen(key, title, shown)
            shown = ()
        shown += own
    if shown:
        yield WallScreen(key, title, shown)


def _n_words(rows: Iterable[Row]) -> int:
    return sum(row.n_words for row in rows)


def _part(facts: PublicFacts, t: Translator, room: int) -> WallScreen:
    """Show the next meeting for everyone first, as the page does, then other ways."""
    meetings, for_all = [], [one for one in facts.meetings if not one.places]
    for when, what, where in [meeting_row(one, t) for one in (for_all or facts.meetings)[:1]]:
        meetings = [Row(", ".join(filter(None, (when, where)))), Row(what)]
    rows = [*meetings, *map(Row, how_to_participate(facts, t))]
    return _screen("part", t("public.part_title"), rows, room)


def wall_page(
    facts: PublicFacts,
    language: str,
    svg: str | None,
    page: str | None = None,
    *,
    is_draft: bool = False,
) -> str:
    """Write the wall display; a draft, whose figures are not published, says so."""
    t = Translator(language)
    screens = wall_screens(facts, language)
    classes = [_short(bounds, t) for bounds in facts.classes]
    return render_page(
        "wall",
        t=t,
        outlines=areas_title(facts, t) if facts.areas else "",
        changes=list(zip(CHANGES, t.each("wall.fewer", "wall.more"), strict=True)),
        city=facts.city_name,
        marks=(*[t("report.public_draft")] * is_draft, *wall_marks(facts, language)),
        screens=screens,
        legend=list(zip(class_colors(len(classes)), classes, strict=True)),
        svg=inlined(svg),
        page=page,
    )


def _short(bounds: DensityClass, t: Translator) -> str:
    """Write a class in one word, as the map's title takes the room."""
    if not bounds.low:
        return t("public.few_short")
    return f"{bounds.low:,}+" if bounds.high is None else f"{bounds.low:,}–{bounds.high:,}"
