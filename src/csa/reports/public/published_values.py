"""Public values: numbers of a settled publication, the status of actions, items marked public."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any, cast

import geopandas as gpd

from csa.base.safe_parsing import parse_json
from csa.base.schema import UNASSIGNED
from csa.change.analyze import PastChangeBasis
from csa.city.config import Public
from csa.disclosure.published import (
    AREA,
    CELL,
    DISTRICT,
    Class,
    Publication,
    class_of,
    classes_of,
    disclose,
    span_name,
)
from csa.geo.cells import centers
from csa.geo.neighborhoods import assign_neighborhoods
from csa.program.plan.items import Plan
from csa.program.store.records import Records, latest_titles
from csa.program.work import LISTENING
from csa.reports.briefing.lines import plan_lines
from csa.reports.public.areas import UNKNOWN, PooledChange, in_words
from csa.reports.public.facts import (
    PublicAction,
    PublicAnswer,
    PublicArea,
    PublicChange,
    PublicMeeting,
    PublicPlace,
    PublicTask,
    Quarters,
    Streets,
    Years,
)
from csa.reports.public.window import PublicWindow


def published_neighborhoods(
    window: PublicWindow,
    made: Publication,
    areas: Sequence[PublicArea],
    touched: Mapping[str, frozenset[str]],
) -> tuple[PublicPlace, ...]:
    """Return each neighborhood's numbers, the class of its own count, and the areas in it."""
    span = span_name(window.span)
    classes = published_classes(made, span)
    return tuple(
        PublicPlace(
            name=name,
            count=count,
            level=class_of(count, classes),
            years=published_years(made, DISTRICT, name),
            quarters=published_quarters(made, DISTRICT, name),
            areas=tuple(area.key for area in areas if name in touched[area.key]),
        )
        for name, count in sorted(made.counts[DISTRICT].get(span, {}).items())
    )


def neighborhoods_by_area(
    window: PublicWindow, areas: Sequence[PublicArea]
) -> dict[str, frozenset[str]]:
    """Return the neighborhoods that hold the middle of a cell of each area."""
    found = {}
    for area in areas:
        middle = centers(sorted(area.ground))
        names = assign_neighborhoods(middle["lon"], middle["lat"], window.dataset.neighborhoods)
        found[area.key] = frozenset(names)
    return found


def streets_by_neighborhood(layers: Mapping[str, str], neighborhoods: gpd.GeoDataFrame) -> Streets:
    """Return the neighborhoods that each named street of a map's background runs through."""
    texts = [layers[name] for name in ("main_streets", "streets") if layers.get(name)]
    rows = [row for text in texts for row in parse_json(text)["features"]]
    named = [row for row in rows if row["properties"].get("name")]
    if not named:
        return ()
    streets = gpd.GeoDataFrame.from_features(named, crs=neighborhoods.crs)[["name", "geometry"]]
    pairs = streets.sjoin(neighborhoods[["name", "geometry"]])
    by_street = pairs.groupby("name_left")["name_right"]
    return tuple((str(name), tuple(sorted(set(within)))) for name, within in by_street)


def published_years(made: Publication, geography: str, place: str) -> Years:
    """Return a place's published count of each year."""
    periods = made.counts.get(geography, {})
    return tuple((int(p), periods[p].get(place)) for p in sorted(periods) if p.isdigit())


def published_quarters(made: Publication, geography: str, place: str) -> Quarters:
    """Return a place's published count of each quarter for which it has one."""
    periods = made.counts.get(geography, {})
    quarters = sorted(p for p in periods if "-Q" in p and place in periods[p])
    return tuple((p, periods[p][place]) for p in quarters)


def published_classes(made: Publication, span: str) -> tuple[Class, ...]:
    """List the classes up to the greatest published count, by how many neighborhoods are high."""
    told = (made.counts.get(geography, {}).get(span, {}) for geography in (CELL, DISTRICT))
    cells, places = ([*counts.values()] for counts in told)
    return classes_of(places or cells, max((n or 0 for n in (*cells, *places)), default=0))


def with_figures(
    area: PublicArea, made: Publication, span: str, change: PooledChange | None
) -> PublicArea:
    """Return an area with its figures, and what changed in it."""
    values: dict[str, Any] = {
        "cells": made.places[AREA][area.key],
        "count": made.count(AREA, span, area.key),
        "years": published_years(made, AREA, area.key),
    }
    own = {} if change is None else change.of_area.get(area.letter, {})
    return area.model_copy(update={**values, **own})


def published_change(change: PooledChange | None, made: Publication) -> PublicChange | None:
    """Return the public facts of the change in all areas together."""
    if change is None:
        return None
    span: dict[str, Any] = {"since": str(change.period.start)}
    span["through"] = str(change.period.until.plus(-1))
    if change.exact is None:
        return PublicChange(verdict=UNKNOWN, **span, counted=None, low=None, high=None)
    shown = disclose(change.exact, made)
    return PublicChange(
        **in_words(shown),
        **span,
        counted=cast("int | None", shown.value),
        low=cast("int | None", shown.low),
        high=cast("int | None", shown.high),
        is_usual_known=change.exact.source == PastChangeBasis.PAST_YEARS,
        ended=change.ended,
    )


def actions_of(plan: Plan | None, records: Records, today: date) -> tuple[PublicAction, ...]:
    """List the plan's written actions with their status."""
    if plan is None:
        return ()
    lines = [line for line in plan_lines(plan, records, today) if not line.is_open]
    return tuple(
        PublicAction(
            number=line.number,
            title=line.title,
            titles=plan.titles_of(line.number, line.title),
            status=line.color,
            due=line.state.due,
        )
        for line in lines
    )


def approved_titles(plan: Plan | None, records: Records) -> tuple[str, ...]:
    """List the action titles approved since the plan: written by hand, like tasks."""
    written = latest_titles(records.changes)
    actions = () if plan is None else plan.actions
    return tuple(written[one.number] for one in actions if one.number in written)


def meetings_of(
    records: Records,
    public: Public,
    areas: Sequence[PublicArea],
    touched: Mapping[str, frozenset[str]],
    after: date,
) -> tuple[PublicMeeting, ...]:
    """List the meetings that anyone may come to, soonest first.

    Those of the city's file, and the listening sessions of areas: other meetings of a work plan
    are for those who work on it.
    """
    found = [PublicMeeting(**one.model_dump()) for one in public.meetings if one.on > after]
    letters = {area.letter for area in areas if area.letter}
    found += [
        PublicMeeting(on=row.on_date, places=tuple(sorted(touched[row.area] - {UNASSIGNED})))
        for row in records.meetings
        if row.kind == LISTENING and row.on_date > after and row.area in letters
    ]
    return tuple(sorted(found, key=lambda one: (one.on, one.at, one.what)))


def public_tasks(records: Records, letters: Collection[str]) -> tuple[PublicTask, ...]:
    """List the areas' tasks that were marked public."""
    rows = (row for row in records.tasks if row.is_public and row.area in letters)
    tasks = (PublicTask.model_validate(row, from_attributes=True) for row in rows)
    return tuple(
        task.model_copy(update={"reason": ""}) if task.status == "done" else task for task in tasks
    )


def public_answers(records: Records, letters: Collection[str]) -> tuple[PublicAnswer, ...]:
    """List what residents asked and what was answered, of those who agreed to be quoted."""
    rows = (row for row in records.asked if row.is_public and row.area in letters)
    return tuple(PublicAnswer.model_validate(row, from_attributes=True) for row in rows)


def unquoted_of(records: Records, letters: Collection[str]) -> dict[str, int]:
    """Count the questions that are not quoted, and of them those without an answer."""
    others = [row for row in records.asked if not row.is_public and row.area in letters]
    n_open = sum(not row.answered for row in others)
    return {"n_unquoted": len(others), "n_unquoted_open": n_open}
