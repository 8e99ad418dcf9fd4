"""Two years of a made-up program, as story.toml tells them: each office's acts, with day and why.

Values only. `csa.workflow.story` plays them into a store, through the functions that pages use.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from typing import Any, TypeAlias

from csa.base.extra import shipped_extras

STORY = tomllib.loads(files("csa.synthetic").joinpath("story.toml").read_text(encoding="utf-8"))
TODAY: date = STORY["today"]
"""The last day of the story, at which the made-up city's clock stands."""

Rows: TypeAlias = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class StoryAct:
    """One thing that an office did."""

    do: str  # which decision it is: a case of `csa.workflow.story.carry_out`
    of: str  # what it is about: a planted place, an action's number, a measure, a month
    on: date
    office: str
    why: str  # `{...}` stand for `of` and what is given
    given: Mapping[str, Any]


@dataclass(frozen=True)
class ProgramArea:
    """An area of the program: the planted place, its days, and what must be found there."""

    feature: str  # the planted place it lies on
    until: str  # the first month that its proposal did not count, `YYYY-MM`
    designated: date
    since: str  # the first whole month of its service, `YYYY-MM`
    begun: date
    partners: Rows
    meetings: Rows
    tasks: Rows
    questions: Rows
    lessons: Rows = ()
    verdict: str = ""  # on all whole months since, of those of `csa.change`; none if retired
    retired: date | None = None
    why_retired: str = ""


@dataclass(frozen=True)
class MeasureTale:
    """A measure with its eight quarters: values, or the two parts of a share."""

    id: str
    owner: str
    source: str
    definition: str
    target: float
    numbers: Sequence[int] | None = None  # None: counted in the data
    among: Sequence[int] | None = None  # the whole of a share
    answers: Sequence[int] | None = None  # of a survey
    basis: str = ""
    per: float = 1.0  # what a number is divided by, for scores
    revised: Mapping[str, Any] | None = None  # a value that came out otherwise later


AREAS = tuple(ProgramArea(**area) for area in STORY["areas"])
"""In the order in which their letters are given."""

MEASURES = tuple(MeasureTale(**measure) for measure in STORY["measures"])
QUARTERS = tuple(one["quarter"] for one in STORY["quarters"])
BASE: str = STORY["agreed"]["baseline_quarter"]


def story_acts() -> tuple[StoryAct, ...]:
    """List all acts of the story, in the order in which they happened."""
    acts = (
        *(_act(extra.name, **one) for extra in shipped_extras() for one in extra.acts),
        *(*_measure_acts(), *_area_acts(), *_action_acts(), *_review_acts()),
        *_ground_acts(),
    )
    return tuple(sorted(acts, key=lambda one: one.on))


def program_truth() -> dict[str, Any]:
    """Return what truth.json says of the program."""
    return {
        "today": TODAY.isoformat(),
        "areas": [
            {
                "feature": area.feature,
                "designated": area.designated.isoformat(),
                "since": area.since,
                "retired": area.retired.isoformat() if area.retired else None,
                "verdict": area.verdict or None,
            }
            for area in AREAS
        ],
    }


def _act(do: str, of: str, on: date, **given: Any) -> StoryAct:
    """Make an act; an office and a reason that are not given are the usual ones."""
    usual = STORY["signed"].get(do, {})
    office, why = (given.pop(name, "") or usual[name] for name in ("office", "why"))
    return StoryAct(do, of, on, office, why, given)


def _measure_acts() -> Iterator[StoryAct]:
    for one in STORY["quarters"]:
        yield _act("count", one["quarter"], one["counted"])
        if "approved" in one:
            yield _act("approve", one["quarter"], one["approved"])
    for tale in MEASURES:
        told = {name: getattr(tale, name) for name in ("definition", "target", "source", "owner")}
        yield _act("agree", tale.id, **STORY["agreed"], **told)
        if tale.revised is not None:
            yield _act("revise", tale.id, **tale.revised)


def _area_acts() -> Iterator[StoryAct]:
    for area in AREAS:
        name = area.feature
        yield _act("note", name, **STORY["noted"])
        yield _act("designate", name, area.designated, until=area.until)
        yield _act("begin", name, area.begun)
        for partner in area.partners:
            yield _act("partner", name, area.meetings[0]["on"], **partner)
        for meeting in area.meetings:
            yield _act("meet", name, **meeting)
        for number, task in enumerate(area.tasks, start=1):
            new = {key: value for key, value in task.items() if key != "then"}
            yield _act("task", name, status="on-track", **new)
            for then in task["then"]:
                yield _act("set task", name, number=number, agency=task["agency"], **then)
        for number, question in enumerate(area.questions, start=1):
            yield _act("ask", name, question["on"], asked=question["asked"])
            if "answer" in question:
                yield _act("answer", name, number=number, **question["answer"])
        for lesson in area.lessons:
            yield _act("learn", name, **lesson)
        if area.retired is not None:
            yield _act("retire", name, area.retired, why=area.why_retired)


def _action_acts() -> Iterator[StoryAct]:
    for tale in STORY["actions"]:
        office, areas = tale["office"], tale.get("areas", ())
        first = {name: tale[name] for name in ("office", "coordinator", "start", "due")}
        for on, status, percent, why in tale["reports"]:
            told = {"changes": {"status": status, "percent": percent, **first}, "areas": areas}
            yield _act("report", tale["number"], on, office=office, why=why, **told)
            first = {}
    for number, one in enumerate(STORY["proposals"], start=1):
        key, office = f"change-{number}", one["office"]
        yield _act("propose", one["action"], one["on"], office=office, values=one["values"])
        for answer in one["answers"]:
            yield _act("settle", one["action"], key=key, **answer)


def _ground_acts() -> Iterator[StoryAct]:
    """Yield the program's zones."""
    for zone in STORY["zones"]:
        given = {name: zone[name] for name in ("kind", "first", "middle", "half_m", "by_counts")}
        yield _act("zone", zone["name"], zone["on"], why=zone["why"], **given)


def _review_acts() -> Iterator[StoryAct]:
    for review in STORY["reviews"]:
        for decision in review["decisions"]:
            yield _act("decide", "", review["on"], **decision)
    for one in STORY["handouts"]:
        for edition in STORY["editions"]:
            yield _act("hand out", one["month"], one["on"], **edition)
