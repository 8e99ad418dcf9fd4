"""A snapshot names what a report was made from: each part changes it, and nothing else does."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, strategies as st

from csa.areas.choices import AreaSettings
from csa.base.params import Month, last_day
from csa.city.config import CityConfig
from csa.city.dataset import City
from csa.program.store.audit import Head
from csa.program.store.records import Records
from csa.program.store.tables import (
    ActionRow,
    AreaRow,
    MeetingRow,
    MinuteRow,
    QuarterRow,
    QuestionRow,
    StepRow,
    TaskRow,
)
from csa.reports.month.snapshot import ID_DIGITS, snapshot_of

JULY, LATER = Month(2020, 7), date(2021, 1, 5)
DECIDED = Records(decided=Head(21, "ab" * 32))


@pytest.fixture
def take(sample_source):
    """Take a snapshot of the sample city, with one part or another changed."""

    def of(**changes):
        parts = {
            "dataset": sample_source.city.dataset,
            "config": sample_source.city.config,
            "month": JULY,
            "records": DECIDED,
            "choices": AreaSettings(),
            "beside": {"plan": {"id": "psp"}, "past": None},
        } | changes
        dataset, config, *rest = parts.values()
        return snapshot_of(City(config, dataset), *rest)

    return of


def _retold(dataset, **report):
    return replace(dataset, report={**dataset.report, **report})


# ---- By hand --------------------------------------------------------------------------------


def test_a_snapshot_is_twelve_digits_and_tells_what_it_is_of(take, sample_source):
    found = take()
    assert len(found.id) == ID_DIGITS
    assert set(found.id) <= set("0123456789abcdef")
    assert (found.city, found.month) == ("sample", JULY)
    assert found.fingerprint == sample_source.city.dataset.fingerprint
    assert (found.audit_n, found.audit_head) == (21, "ab" * 32)


def test_the_plan_is_looked_at_on_the_months_last_day_whatever_was_decided_since(take):
    assert take(records=Records()).as_of == date(2020, 7, 31)
    assert take(records=Records(), month=Month(2020, 2)).as_of == date(2020, 2, 29)


# ---- At the edge ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "rows",
    [
        {"actions": (ActionRow(key="1.1.1", updated_on=LATER),)},
        {"steps": (StepRow(key="A/1", area="A", on_date=LATER),)},
        {"tasks": (TaskRow(key="A/task-1", updated_on=LATER),)},
        {"asked": (QuestionRow(key="A/asked-1", asked_on=LATER),)},
        {"asked": (QuestionRow(key="A/asked-1", asked_on=date(2020, 1, 5), answered_on=LATER),)},
        {"quarters": (QuarterRow(key="2020-Q4", approved_on=LATER),)},
        {"minutes": (MinuteRow(key="2021-01-05/1", meeting_on=LATER),)},
    ],
    ids=lambda rows: next(iter(rows)),
)
def test_nothing_that_was_decided_later_gives_the_day(take, rows):
    assert take(records=Records(**rows)).as_of == date(2020, 7, 31)


def test_a_day_that_is_only_planned_gives_none(take):
    ahead = date(2031, 1, 1)
    records = Records(
        actions=(ActionRow(key="1.1.1", updated_on=None, due=ahead, start=ahead),),
        areas=(AreaRow(key="A", execution_on=ahead),),
        meetings=(MeetingRow(key="A/meeting-1", on_date=ahead),),
        tasks=(TaskRow(key="A/task-1", due=ahead, updated_on=date(2020, 6, 1)),),
    )
    assert take(records=records).as_of == date(2020, 7, 31)


# ---- True in general ------------------------------------------------------------------------


def _changed(source):
    """List one change of each part; each must give another snapshot."""
    dataset, config = source.city.dataset, source.city.config
    city = config.city.model_copy(update={"units": "metric"})
    services = {**dataset.report["services"], "fingerprint": "0" * 64}
    return {
        "data": {"dataset": _retold(dataset, fingerprint="0" * 64)},
        "services": {"dataset": _retold(dataset, services=services)},
        "no services": {"dataset": _retold(dataset, services=None)},
        "city": {"config": config.model_copy(update={"city": city})},
        "month": {"month": JULY.plus(1)},
        "entries": {"records": Records(decided=Head(22, "ab" * 32))},
        "head": {"records": Records(decided=Head(21, "cd" * 32))},
        "months": {"choices": AreaSettings(months=24)},
        "radius": {"choices": AreaSettings(eps_m=200)},
        "minimum": {"choices": AreaSettings(min_samples=9)},
        "limit": {"choices": AreaSettings(max_area_km2=1)},
        "cells": {"choices": AreaSettings(resolution=8)},
        "kinds": {"choices": AreaSettings(kinds=("homicide",))},
        "plan": {"beside": {"plan": {"id": "other"}, "past": None}},
        "past": {"beside": {"plan": {"id": "psp"}, "past": {"years": [1]}}},
        "nothing beside": {"beside": None},
    }


def test_each_part_gives_another_snapshot_and_no_two_the_same(take, sample_source):
    changes = _changed(sample_source)
    ids = [take().id, *(take(**change).id for change in changes.values())]
    assert len(set(ids)) == len(changes) + 1, dict(zip(["none", *changes], ids, strict=True))


def test_nothing_else_gives_another_snapshot(take, sample_source):
    """The end of the choices, the order in which things are named, who received an edition."""
    same = [
        {"choices": AreaSettings(until=Month(2019, 1))},
        {"choices": AreaSettings(kinds=("nonfatal", "homicide"))},
        {"beside": {"past": None, "plan": {"id": "psp"}}},
        {"records": replace(DECIDED, head=Head(40, "ef" * 32))},
        {"dataset": _retold(sample_source.city.dataset, notes=["another"])},
    ]
    assert {take(**change).id for change in same} == {take().id}


def test_a_setting_that_is_new_or_written_down_at_its_default_gives_no_other_snapshot(
    take, sample_source
):
    config = sample_source.city.config

    class Newer(CityConfig):
        marks_bridges: bool = False

    newer = Newer.model_construct(**dict(config))
    assert take(config=newer).id == take().id
    assert take(config=newer.model_copy(update={"marks_bridges": True})).id != take().id
    spelled = config.model_validate(config.model_dump())
    assert spelled.model_fields_set > config.model_fields_set
    assert take(config=spelled).id == take().id


@given(st.integers(1, 9999), st.integers(1, 12))
def test_a_months_last_day_is_the_day_before_the_next_months_first(year, number):
    month = Month(year, number)
    found = last_day(month)
    assert (found.year, found.month) == (year, number)
    if month < Month(9999, 12):
        assert (found + timedelta(days=1)).day == 1
