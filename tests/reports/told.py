"""Public facts made by hand: a small made-up city, and each state that it may be in."""

from __future__ import annotations

from datetime import date

from csa.reports.public.facts import (
    DensityClass,
    PublicAction,
    PublicAnswer,
    PublicArea,
    PublicCell,
    PublicChange,
    PublicFacts,
    PublicPlace,
    PublicTask,
)

LONG_NAME = "Saint Bartholomew and the Upper Riverside Gardens at the Mill"
VERDICTS = (
    "too early to tell",
    "no clear change",
    "fewer here and within 750 m",
    "fewer here and within 1,500 m",
    "fewer here, more 750 to 1,500 m away",
    "fewer here, more 1,500 to 3,000 m away",
    "fewer here; may have moved",
    "fewer here, more nearby",
    "fewer here and nearby",
    "fewer for a while, no longer",
    "more here",
    "more for a while, no longer",
    "more nearby",
    "too small to tell",
    "unknown",
)


def area(letter, name, state="designated", count=120, verdict=""):
    since = None if state == "candidate" else date(2019, 10, 1)
    return PublicArea(
        letter=letter,
        place_name=name,
        state=state,
        since=since,
        cells=(),
        count=count,
        verdict=verdict,
    )


def change(verdict="no clear change", counted=58, low=45, high=77):
    return PublicChange(
        verdict=verdict,
        since="2019-10",
        through="2020-06",
        counted=counted,
        low=low,
        high=high,
        lasted_until="2020-02" if verdict.endswith("no longer") else None,
    )


def svg(title="Map"):
    """Make a map of the three neighborhoods, as small as can be."""
    shapes = "".join(
        f'<path class="place" data-place="place-{n}" d="M{n}0 0h9v30h-9Z" fill="#b3cde3"/>'
        for n in (1, 2, 3)
    )
    words = '<text x="20" y="20" font-size="18">Ash Hollow</text>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="map" viewBox="0 0 50 40" role="img" '
        f'aria-label="{title}">{shapes}<g class="wide">{words}</g>'
        f'<g class="narrow" display="none">{words}</g></svg>'
    )


def action(number, title, status, due=None, spanish=""):
    titles = {"en": title, **({"es": spanish} if spanish else {})}
    return PublicAction(number=number, title=title, titles=titles, status=status, due=due)


def task(what, status="on-track", due=date(2020, 9, 1), where="B", **late):
    return PublicTask(area=where, what=what, agency="Public Works", status=status, due=due, **late)


def late(what, told_on=date(2020, 6, 1), reason="no truck yet"):
    """Make a task that was due before the quarter's end."""
    return task(what, due=date(2020, 5, 15), told_on=told_on, reason=reason)


def answer(asked, answered="", where="B", asked_on=date(2020, 2, 3)):
    answered_on = date(2020, 3, 4) if answered else None
    return PublicAnswer(
        area=where, asked=asked, asked_on=asked_on, answered=answered, answered_on=answered_on
    )


def facts(**other):
    """Make the facts of a city that has everything, but for what is given."""
    values = {
        "snapshot_id": "0123456789abcdef" * 4,
        "quarter": "2020-Q2",
        "start": "2017-07",
        "until": "2020-07",
        "city_id": "sample",
        "city_name": "Orrinvale",
        "units": "us",
        "is_synthetic": True,
        "is_proxy": False,
        "source": "made up with the city",
        "n_incidents": 1914,
        "n_unlocated": 37,
        "years": ((2018, 640), (2019, 655)),
        "classes": (
            DensityClass(low=0, high=9),
            DensityClass(low=10, high=14),
            DensityClass(low=15, high=24),
            DensityClass(low=25, high=None),
        ),
        "cells": (PublicCell(cell="882646ad1bfffff", level=3),),
        "areas": (
            area("A", "Ash Hollow"),
            area("B", "Larkmoor"),
            area("C", "Old Mill", "maintenance", None),
        ),
        "districts": (
            PublicPlace(name="Vinegate", count=12, level=1),
            PublicPlace(name="Ash Hollow", count=140, level=3),
            PublicPlace(name="Élan Park", count=None),
        ),
        "change": change(),
        "actions": (
            action("1.1.1", "Walk the neighborhood and listen", "done", spanish="Caminar y oír"),
            action("1.1.2", "Report each month which areas are hurt most", "on-track"),
            action("1.1.3", "Find local leaders and win their help", "on-track", date(2020, 6, 30)),
            action("1.1.4", "Set up a way to fill gaps", "blocked", date(2020, 12, 1)),
            action("1.1.5", "Keep learning what works", "not-started"),
            action("1.1.6", "Plan how teams keep each other informed", "no-update"),
        ),
        "tasks": (task("Mend the street lights on Ash Street"),),
        "answers": (
            answer("More light at the bus stop", "Six lamps were mended."),
            answer("A place for young people after school"),
        ),
        "domestic": "left_out",
        "domestic_office": "",
        "domestic_on": None,
        "take_part": {"en": ("Come to the open meeting on the first Monday of the month.",)},
        "spanish_office": "",
    }
    return PublicFacts(**{**values, **other})


CONFIRMED = {
    "domestic": "confirmed",
    "domestic_office": "Office of Open Data",
    "domestic_on": date(2020, 7, 1),
}
NOTHING = {"actions": (), "tasks": (), "answers": (), "take_part": {}, "change": None}
FORTY = tuple(area(f"A{n}" if n else "A", f"{LONG_NAME[:57]} {n}") for n in range(40))

STATES = {
    "whole": facts(),
    "no areas": facts(areas=(), change=None),
    "one area": facts(areas=(area("A", "Ash Hollow"),)),
    "candidates": facts(areas=(area("A", "Ash Hollow", "candidate", None),), change=None),
    "forty areas": facts(areas=FORTY),
    "long names": facts(
        city_name=LONG_NAME,
        areas=(area("AB", LONG_NAME),),
        districts=(PublicPlace(name=LONG_NAME, count=None),),
    ),
    "streets": facts(
        streets=(("8th Ave", ("Élan Park",)), ("N Larch St", ("Ash Hollow", "Vinegate")))
    ),
    "proxy": facts(is_proxy=True, is_synthetic=False),
    "real": facts(is_synthetic=False),
    "approved": facts(spanish_office="Office of Language Access"),
    "confirmed": facts(**CONFIRMED),
    "nothing in the store": facts(**NOTHING),
    "nothing at all": facts(
        **NOTHING,
        areas=(),
        districts=(),
        years=(),
        cells=(),
        classes=(DensityClass(low=0, high=9),),
        n_incidents=0,
        n_unlocated=0,
    ),
    **{f"verdict {verdict}": facts(change=change(verdict)) for verdict in VERDICTS},
    "held back": facts(
        change=change("fewer here and within 750 m", counted=None, low=None, high=None)
    ),
    "low bound held back": facts(change=change(low=None)),
    "all kinds of work": facts(
        areas=(
            area("A", "Ash Hollow", verdict="fewer here, more nearby"),
            area("B", "Larkmoor", verdict="fewer here and within 750 m"),
        ),
        tasks=(
            task("Open the gym", "done"),
            late("Mow eleven lots"),
            late("Light the path", told_on=None),
            *(task(f"Plant the trees on block {n}") for n in range(12)),
        ),
        answers=(
            *(answer(f"Can gate {n} be shut at night?", "Yes, at ten.") for n in range(6)),
            answer("Who mows the lots?"),
        ),
        n_unquoted=3,
        n_unquoted_open=1,
    ),
    "long words": facts(
        tasks=(task("Plant " + "very " * 40 + "many trees"),) * 9,
        answers=(answer("Please " + "really " * 40 + "help", "We " + "did " * 80 + "so"),) * 9,
        take_part={"en": ("Come " + "early " * 30 + "to the hall",)},
    ),
}


def replace_row(row, **changed):
    """Make a row of the store like another, but for what is given."""
    columns = {column.key: getattr(row, column.key) for column in row.__table__.columns}
    return type(row)(**{**columns, **changed})
