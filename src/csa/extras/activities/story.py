"""What three teams of the made-up program counted, month by month for a year."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from csa.base.params import Month
from csa.extras.activities.recording import Activity, add_activities
from csa.program.roles import Act
from csa.synthetic.story import StoryAct
from csa.workflow.story import StoryScene


def carry_out(scene: StoryScene, signed: Act, one: StoryAct) -> None:
    """Enter what a team counted of a kind in a place."""
    rows = [*_entries(one, scene.letters.get(one.of, one.of))]
    add_activities(scene.store, signed, scene.city.config.activities, rows)


def _entries(one: StoryAct, place: str) -> Iterator[Activity]:
    """Yield the entries of each month, spread over its days."""
    given, first = one.given, Month.parse(one.given["first"])
    values = {name: given[name] for name in ("kind", "contacts", "reached", "hours", "staff")}
    for at, n in enumerate(given["n"]):
        month = first.plus(at)
        for number in range(n):
            day = date(month.year, month.number, 1) + timedelta(days=27 * number // n)
            entry_id = f"{month} {given['kind']} {place} {number}"
            yield Activity(place=place, on=day, id=entry_id, **values)
