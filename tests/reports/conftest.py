"""The sample city as reports see it: read once, with three areas served, and published once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from tests.reports import told
from tests.stores import lettered
from tests.workers import made_once

from csa.analysis.analysis import Analysis
from csa.areas.analysis import propose_areas
from csa.areas.choices import AreaSettings
from csa.base.params import Month
from csa.city.dataset import City, open_dataset
from csa.city.loading import load_city
from csa.disclosure.keys import Secret
from csa.program.store.audit import Head
from csa.program.store.records import Records
from csa.program.store.tables import ActionRow, AreaRow, QuestionRow, StepRow, TaskRow
from csa.reports.month.facts import PublicPart
from csa.reports.month.gathering import gather_month
from csa.reports.month.month_end import ReportInputs
from csa.reports.public.bundle import publish_bundle
from csa.reports.public.gathering import gather_from

DESIGNATED = date(2019, 10, 1)
INTERNAL = "nobody outside may read this"
"""What is written in every free text that was not marked public."""


@pytest.fixture(scope="session")
def sample_source(root, sample_folder):
    """The sample city, before anything was decided."""
    config = load_city(root / "config" / "sample.toml")
    return Analysis(City(config, open_dataset(sample_folder), sample_folder), AreaSettings())


@pytest.fixture(scope="session")
def sample_plan(kansas_plan):
    return kansas_plan


@pytest.fixture(scope="session")
def sample_records(sample_source):
    """Three areas served since October 2019, with what is public of them and what is not."""
    source = sample_source
    proposal = propose_areas(source.city, AreaSettings(until=Month(2019, 9)))
    areas, steps, tasks, asked = [], [], [], []
    for letter in "ADF":
        made = lettered(proposal, letter)
        row = AreaRow(key=letter, place_name=made.place_name, state="designated", since=DESIGNATED)
        step = StepRow(key=f"{letter}/1", area=letter, state="designated", on_date=DESIGNATED)
        step.cells, step.evidence, step.reasons = list(made.cells), dict(made.evidence), INTERNAL
        step.by_office = INTERNAL
        areas.append(row)
        steps.append(step)
        for n, what in enumerate(("Mend the street lights", INTERNAL)):
            task = TaskRow(key=f"{letter}/task-{n + 1}", area=letter, what=what, agency="Works")
            task.status, task.source, task.due = "on-track", "walk", date(2020, 9, 30)
            task.is_public, task.updated_on = n == 0, date(2020, 8, 1)
            task.reason = INTERNAL if n else ""
            tasks.append(task)
            said = QuestionRow(key=f"{letter}/asked-{n + 1}", area=letter, asked=f"{what}?")
            said.asked_on, said.answered, said.is_public = date(2020, 8, 4), "", n == 0
            asked.append(said)
    action = ActionRow(key="1.2.1", status="at-risk", reason=INTERNAL, office=INTERNAL, areas=[])
    action.coordinator, action.comment, action.evidence = INTERNAL, INTERNAL, ""
    action.due, action.updated_on = date(2020, 12, 1), date(2020, 8, 1)
    return Records(
        actions=(action,),
        areas=tuple(areas),
        steps=tuple(steps),
        tasks=tuple(tasks),
        asked=tuple(asked),
    )


@pytest.fixture(scope="session")
def public_made(sample_source, sample_plan, sample_records):
    """What the public of the sample city is told by August 2020: its second quarter."""
    beside = ReportInputs(secret=Secret(bytes(range(32))))
    analysis = replace(sample_source, records=sample_records)
    return gather_from(analysis, sample_plan, Month(2020, 8), beside)


@pytest.fixture(scope="session")
def public_facts(public_made):
    return public_made.facts


@pytest.fixture(scope="session")
def decided_records(sample_records):
    """The same under the head of a trail."""
    return replace(sample_records, decided=Head(21, "f" * 64))


@pytest.fixture(scope="session")
def month_facts(sample_source, sample_plan, decided_records):
    """The facts of July 2020 with three areas served, the public's by hand; not to be changed."""
    asked = ReportInputs(with_public=False)
    analysis = replace(sample_source, records=decided_records)
    found = gather_month(analysis, sample_plan, Month(2020, 7), asked)
    return replace(found, public=PublicPart(told.facts()))


@pytest.fixture(scope="session")
def bare_facts(sample_source):
    """The facts of July 2020 without a plan, and before anything was decided."""
    return gather_month(sample_source, None, Month(2020, 7), ReportInputs(with_public=False))


@pytest.fixture(scope="session")
def pictures():
    """A small map for each language: a test of files needs no real ones."""
    return {language: told.svg(language) for language in ("en", "es")}


@pytest.fixture(scope="session")
def bundle_folder(public_made, pictures, tmp_path_factory):
    """The sample city's bundle, with its site; not to be changed."""

    def publish(folder):
        publish_bundle(folder, public_made.facts, [public_made.publication], pictures)

    return made_once(tmp_path_factory, "bundle", publish)
