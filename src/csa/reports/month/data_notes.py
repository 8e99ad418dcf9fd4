"""Notes on what a month's data and its report lack, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import pandas as pd

from csa.base.errors import PeriodError
from csa.base.message import Message, msg
from csa.base.params import Month, last_day
from csa.base.text import day, month
from csa.city.config import DOMESTIC_COUNTED
from csa.city.dataset import City, Dataset
from csa.city.history import DatasetVersion, explain_left_out, list_revisions
from csa.disclosure.texts import kinds_in
from csa.program.plan.items import Plan
from csa.program.store.records import Records
from csa.reports.briefing.measuring import MeasureLine
from csa.reports.month.snapshot import Snapshot

MAX_REVISED = 3


def data_notes(
    city: City,
    summary: Mapping[str, Any],
    reported: Month,
    editions: Sequence[DatasetVersion],
    data_through: date,
) -> tuple[Message, ...]:
    """List what the count leaves out, what may still change, and what changed."""
    basics, people_of = city.config.city, city.dataset.report.get("population_year")
    return (
        *_left_out(summary),
        *_provisional(data_through, reported),
        *_revised(editions, reported),
        *explain_left_out(editions),
        *([msg("briefing.proxy", name=basics.nonfatal_name)] if basics.nonfatal_is_proxy else []),
        _domestic(city, summary),
        *([] if people_of is None else [msg("report.people_of", year=str(people_of))]),
    )


def records_note(records: Records, snapshot: Snapshot) -> Iterator[Message]:
    """Note whether the plan and the areas are those of the month's end, or of now."""
    if records.on is not None:
        yield msg("report.stood_then", day=day(records.on))
    elif snapshot.as_of > last_day(snapshot.month):
        yield msg("report.stands_now", day=day(snapshot.as_of))


def _left_out(summary: Mapping[str, Any]) -> Iterator[Message]:
    totals, params = summary["totals"], summary["params"]
    n_unplaced = totals["unlocated"] + totals["outside_study_area"]
    n_months, asked = params["months_covered"], params["months"]
    if n_unplaced:
        yield msg("report.unplaced", n=n_unplaced, of=totals["incidents"])
    if n_months < asked:
        yield msg("find.covered", n=n_months, months=asked)
    if totals["silent_months"]:
        yield msg("find.silent", n=totals["silent_months"])


def _provisional(through: date, reported: Month) -> Iterator[Message]:
    """Note that the newest whole month, or a month under way, may still grow."""
    after = through + timedelta(days=1)
    under_way = Month(after.year, after.month)
    if reported == under_way:
        yield msg("briefing.partial", month=month(str(reported)))
    elif reported == under_way.plus(-1):
        yield msg("follow.provisional", month=month(str(reported)))


def _revised(editions: Sequence[DatasetVersion], reported: Month) -> Iterator[Message]:
    table = list_revisions(editions)
    changed = table[(table["now"] != table["first_reported"]) & (table["month"] <= str(reported))]
    if changed.empty:
        return
    months = [
        msg("label.was_now", month=month(str(row.month)), was=row.first_reported, now=row.now)
        for row in changed.iloc[::-1].head(MAX_REVISED).itertuples()
    ]
    yield msg("follow.late", n=len(changed), months="; ".join(str(one) for one in months))


def _domestic(city: City, summary: Mapping[str, Any]) -> Message:
    """Count the domestic incidents, and those whose field is empty."""
    dataset, params = city.dataset, summary["params"]
    is_in = dataset.incidents["occurred_at"] >= pd.Timestamp(params["covered_from"])
    incidents = dataset.incidents[is_in & dataset.incidents["kind"].isin(params["kinds"])]
    answers = incidents["domestic"].value_counts()
    n_unknown = int(answers.get("unknown", 0))
    if n_unknown == len(incidents):
        return msg("report.domestic_unknown")
    counts = {"n": int(answers.get("yes", 0)), "of": len(incidents), "unknown": n_unknown}
    is_counted = city.config.public.domestic_rule in DOMESTIC_COUNTED
    return msg("report.domestic_counted" if is_counted else "report.domestic", **counts)


def what_lacks(
    city: City, plan: Plan | None, records: Records, measures: Sequence[MeasureLine]
) -> tuple[Message, ...]:
    """List what the report lacks, and what to do."""
    dataset = city.dataset
    has_services = dataset.services is not None and city.config.services is not None
    said = (
        (plan is not None, msg("report.lacks_plan")),
        (bool(records.decided.n), msg("report.lacks_store")),
        (bool(records.areas) or not records.decided.n, msg("report.lacks_area")),
        (has_services, msg("report.lacks_services")),
        (plan is None or any(one.history for one in measures), msg("report.lacks_measures")),
        (dataset.report.get("population_year") is not None, msg("report.lacks_people")),
    )
    return tuple(message for is_there, message in said if not is_there)


def refuse_outside(dataset: Dataset, reported: Month) -> None:
    """Refuse a month outside the data."""
    report = dataset.report
    if report["data_from"] is None or report["data_through"] is None:
        raise PeriodError("period.no_data")
    first, last = (Month.parse(report[name][:7]) for name in ("data_from", "data_through"))
    if not first <= reported <= last:
        raise PeriodError("report.month", given=reported, first=first, last=last)


def tasks_withheld(records: Records) -> Iterator[Message]:
    """Name the areas whose sheet leaves out a public task that seems to hold an address."""
    public = [task for task in records.tasks if task.is_public]
    caught = {task.area for task in public if kinds_in(f"{task.what}. {task.agency}")}
    if caught:
        yield msg("report.task_withheld", areas=", ".join(sorted(caught)))
