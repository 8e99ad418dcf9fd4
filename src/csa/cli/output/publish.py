"""What `csa publish` prints: what was published, what was held back and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from csa.base.params import Month, Period
from csa.base.text import Speaker, day, month, render, speak
from csa.cli.output.console import show, show_json
from csa.reports.public.counts import AREA, CELL, DISTRICT
from csa.reports.public.window import MONTHS
from csa.reports.public.words import city_count

if TYPE_CHECKING:
    from csa.base.message import Message
    from csa.reports.public.gathering import Published


def show_published(
    made: Published, out: Path, files: Sequence[str], n_earlier: int, undrawn: Message | None
) -> None:
    """Print what is published, and what is held back."""
    show(*_told(made), *_held_back(made), *_change(made), *_domestic(made), *_texts(made))
    known = speak("publish.earlier", n=n_earlier) if n_earlier else speak("publish.first")
    show(known)
    if undrawn is not None:
        show(speak("publish.undrawn", why=render(undrawn)))
    show(speak("publish.written", out=out, files=", ".join(files)))


def show_published_json(
    made: Published, out: Path, files: Sequence[str], n_earlier: int, undrawn: Message | None
) -> None:
    """Print the same for machines."""
    facts = made.facts
    account: dict[str, Any] = {
        "out": str(out),
        "files": list(files),
        "snapshot_id": facts.snapshot_id,
        "quarter": facts.quarter,
        "start": facts.start,
        "until": facts.until,
        "incidents": facts.n_incidents,
        "unlocated": facts.n_unlocated,
        "domestic": facts.domestic,
        "domestic_unknown": made.n_unknown,
        "held_back": {name: asdict(held) for name, held in made.held_back.items()},
        "earlier": n_earlier,
        "map": None if undrawn is None else render(undrawn),
        "texts": list(_written(made)),
    }
    show_json(account)


def _told(made: Published) -> Iterator[str]:
    facts = made.facts
    period = Period(Month.parse(facts.start), Month.parse(facts.until))
    yield speak(
        "publish.told",
        quarter=facts.quarter,
        start=month(facts.start),
        last=month(str(period.until.plus(-1))),
        snapshot=facts.snapshot_id,
    )
    if period.months < MONTHS:
        yield speak("publish.short", months=period.months)
    tell = Speaker()
    whole, unlocated = (city_count(n, tell) for n in (facts.n_incidents, facts.n_unlocated))
    yield speak("publish.city", n=whole, unlocated=unlocated)


def _held_back(made: Published) -> Iterator[str]:
    yield speak("publish.cells", **asdict(made.held_back[CELL]))
    yield speak("publish.areas", **asdict(made.held_back[AREA]))
    yield speak("publish.neighborhoods", **asdict(made.held_back[DISTRICT]))


def _change(made: Published) -> Iterator[str]:
    change = made.facts.change
    if change is None:
        yield speak("publish.no_change")
        return
    yield speak(
        "publish.change",
        since=month(change.since),
        through=month(change.through),
        verdict=change.verdict,
    )


def _texts(made: Published) -> Iterator[str]:
    """List texts written by hand, to be read once more before publishing."""
    found = _written(made)
    if found:
        yield speak("publish.texts")
        yield from (f"  {text}" for text in found)


def _domestic(made: Published) -> Iterator[str]:
    facts = made.facts
    if facts.domestic_on is None:
        yield speak("publish.left_out")
    else:
        yield speak("publish.confirmed", office=facts.domestic_office, day=day(facts.domestic_on))
    if made.n_unknown:
        yield speak("publish.unknown", n=made.n_unknown)


def _written(made: Published) -> Sequence[str]:
    tasks = (text for one in made.facts.tasks for text in (one.what, one.agency))
    answers = (text for one in made.facts.answers for text in (one.asked, one.answered))
    return [*dict.fromkeys(text for text in (*tasks, *answers, *made.titles) if text)]
