"""Public values: numbers of a settled publication, the status of actions, items marked public."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from datetime import date

from csa.base.errors import PrivacyError
from csa.decisions.store.records import Records, titles_of
from csa.disclosure.atoms import CLASSES, HIDDEN, LOWEST, THRESHOLD, Class, classes_up_to
from csa.disclosure.published import Publication
from csa.plan import Plan
from csa.reports.briefing.lines import plan_lines
from csa.reports.public.areas import PooledChange, PublicAreaGround
from csa.reports.public.counts import AREA, CELL, DISTRICT, cells_on
from csa.reports.public.facts import (
    PublicAction,
    PublicAnswer,
    PublicArea,
    PublicChange,
    PublicPlace,
    PublicTask,
)
from csa.reports.public.window import PublicWindow


def districts_told(
    window: PublicWindow, settled: Publication, classes: tuple[Class, ...]
) -> tuple[PublicPlace, ...]:
    """Return each neighborhood's number, and its darkest class on the map."""
    levels = {cell: level_of(bounds, classes) for cell, bounds in settled.classes[CELL].items()}
    on_one = cells_on(window.dataset)
    return tuple(
        PublicPlace(
            name=name,
            count=count,
            level=max((levels.get(cell, 0) for cell in on_one.get(name, ())), default=None),
        )
        for name, count in sorted(settled.counts[DISTRICT].items())
    )


def classes_told(settled: Publication) -> tuple[Class, ...]:
    """List the classes up to the highest in use, so that a color keeps its meaning."""
    found = set(settled.classes[CELL].values()) - {LOWEST, HIDDEN}
    if found <= set(CLASSES):  # otherwise published by an earlier version, which stands
        found = set(classes_up_to(max((low for low, _ in found), default=0))) - {LOWEST}
    return (_lowest(settled), *sorted(found, key=lambda bounds: bounds[0]))


def _lowest(settled: Publication) -> Class:
    """Return the lowest class: one that admits held-back cells, if there are any."""
    return HIDDEN if HIDDEN in settled.classes[CELL].values() else LOWEST


def level_of(bounds: Class, classes: tuple[Class, ...]) -> int:
    """Return the position of a cell's class."""
    return 0 if bounds in (LOWEST, HIDDEN) else classes.index(bounds)


def area_told(area: PublicAreaGround, settled: Publication) -> PublicArea:
    """Return the public facts of an area."""
    return PublicArea(
        letter=area.letter,
        place_name=area.place_name,
        state=area.state,
        since=area.since,
        cells=settled.places[AREA][area.letter],
        count=settled.counts[AREA][area.letter],
    )


def change_told(change: PooledChange | None, settled: Publication) -> PublicChange | None:
    """Return the public facts of the change in all areas together."""
    if change is None:
        return None
    counted = next(iter(_counts_of(change, settled)), None)
    # If an earlier figure of this quarter stands, today's range does not belong to it.
    is_todays = counted is not None and counted == change.counted
    return PublicChange(
        verdict=change.verdict,
        since=str(change.since),
        through=str(change.through),
        counted=counted,
        low=_from_ten(change.low) if is_todays else None,
        high=_from_ten(change.high) if is_todays else None,
        is_usual_known=change.is_usual_known,
    )


def _counts_of(change: PooledChange, settled: Publication) -> Iterator[int]:
    """Find the publishable count for exactly these places and months."""
    cells = frozenset(f"{cell:x}" for cell in change.cells)
    for each in settled.sums:
        own = (settled.places[each.geography][place] for place in each.places)
        is_same = frozenset(cell for one in own for cell in one) == cells
        months = (each.start, each.until)
        is_then = months == (change.since, change.through.plus(1))
        if is_same and is_then and each.count is not None:
            yield each.count


def _from_ten(count: int | None) -> int | None:
    return None if count is None or count < THRESHOLD else count


SMALL_WORDS = (
    "a|an|and|are|as|at|by|each|every|for|from|in|is|of|on|or|our|that|the|their|this|to|with"
)
STREETS = (
    "st|street|av|ave|avenue|blvd|boulevard|rd|road|dr|drive|ln|lane|ct|court|pl|place|ter|terrace"
    "|way|pkwy|parkway|trafficway|cir|circle|hwy|highway|sq|square|trl|trail|plaza|aly|alley"
)
ADDRESS = re.compile(
    rf"\b\d{{1,5}}(?:-?[a-z]|\s1/2)?,?\s+(?:(?!(?:{SMALL_WORDS})\b)[\w.'-]+\s+){{1,5}}?"
    rf"(?:{STREETS})\b"
    r"|\b(?:calle|avenida|av|bulevar|camino|paseo|pasaje)\.?\s+(?:[\w.'-]+,?\s+){1,5}?"
    r"(?:(?:#|n\.?[oº°]\.?|núm\.?|número)\s*)?\d{1,5}\b"
    r"|-?\d{1,3}\.\d{3,}\s*[,;/ ]\s*-?\d{1,3}\.\d{3,}",
    re.IGNORECASE,
)
"""A house number with its street, in English or Spanish, or a pair of coordinates: no text that
the public reads may hold one. Better to refuse one text too many than one too few."""


def actions_of(plan: Plan | None, records: Records, today: date) -> tuple[PublicAction, ...]:
    """List the plan's written actions with their status."""
    if plan is None:
        return ()
    lines = [line for line in plan_lines(plan, records, today) if not line.is_open]
    _refuse_addresses(line.title for line in lines if line.title != line.action.title)
    return tuple(
        PublicAction(
            number=line.number,
            title=line.title,
            titles=plan.titles_of(line.number, line.title),
            status=line.colour,
            due=line.state.due,
        )
        for line in lines
    )


def approved_titles(plan: Plan | None, records: Records) -> tuple[str, ...]:
    """List the action titles approved since the plan: written by hand, like tasks."""
    written = titles_of(records.changes)
    actions = () if plan is None else plan.actions
    return tuple(written[one.number] for one in actions if one.number in written)


def tasks_of(records: Records, letters: Collection[str]) -> tuple[PublicTask, ...]:
    """List the areas' tasks that were marked public."""
    found = tuple(
        PublicTask(area=row.area, what=row.what, agency=row.agency, status=row.status, due=row.due)
        for row in records.tasks
        if row.is_public and row.area in letters
    )
    _refuse_addresses(text for one in found for text in (one.what, one.agency))
    return found


def answers_of(records: Records, letters: Collection[str]) -> tuple[PublicAnswer, ...]:
    """List what residents asked and what was answered, if marked public."""
    found = tuple(
        PublicAnswer(
            area=row.area,
            asked=row.asked,
            asked_on=row.asked_on,
            answered=row.answered,
            answered_on=row.answered_on,
        )
        for row in records.asked
        if row.is_public and row.area in letters
    )
    _refuse_addresses(text for one in found for text in (one.asked, one.answered))
    return found


def holds_address(text: str) -> bool:
    """Return whether a text seems to hold a house number or exact coordinates."""
    return ADDRESS.search(text) is not None


def _refuse_addresses(texts: Iterable[str]) -> None:
    for text in texts:
        if holds_address(text):
            raise PrivacyError("publish.address", text=text)
