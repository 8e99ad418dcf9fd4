"""The commands for the plan: the state of its actions, and what is proposed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from csa.cli.keeping import (
    DEFAULT_CITY,
    ByOption,
    OnOption,
    PlanCityOption,
    StoreOption,
    WhyOption,
    act_of,
    decided,
    plan_of,
    reading_store,
    today_of,
)
from csa.cli.options import JsonOption, city_of, day_of
from csa.cli.output.console import show_json

if TYPE_CHECKING:
    from csa.decisions.store import Store

NumberArgument = Annotated[str, typer.Argument(help="The plan's number, such as 1.2.1.")]
StatusOption = Annotated[
    str | None, typer.Option(help="not-started, on-track, at-risk, blocked or done.")
]
DayOption = Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="A day; none: no day.")]
NOTHING = "none"
"""The value that removes a date."""


def plan_list(
    city: PlanCityOption = DEFAULT_CITY, store: StoreOption = None, as_json: JsonOption = False
) -> None:
    """List the plan's actions and how each stands; open slots too."""
    from csa.cli.output.keep import show_plan
    from csa.decisions.store.records import read_records
    from csa.reports.briefing import line_rows, plan_lines

    config, plan = city_of(city), plan_of(city)
    records = read_records(reading_store(config, store), with_values=False)
    lines = plan_lines(plan, records, today_of(config))
    if as_json:
        show_json(line_rows(lines))
    else:
        show_plan(plan, lines)


def plan_set(
    number: NumberArgument,
    by: ByOption,
    why: WhyOption,
    city: PlanCityOption = DEFAULT_CITY,
    store: StoreOption = None,
    status: StatusOption = None,
    reason: Annotated[
        str | None, typer.Option(help="Why it is at risk or blocked.  [--why]")
    ] = None,
    office: Annotated[str | None, typer.Option(help="The office that does it.")] = None,
    coordinator: Annotated[str | None, typer.Option(help="The office that coordinates.")] = None,
    start: DayOption = None,
    due: DayOption = None,
    percent: Annotated[int | None, typer.Option(help="How much is done, 0 to 100.")] = None,
    evidence: Annotated[str | None, typer.Option(help="A web address that shows it.")] = None,
    area: Annotated[
        list[str] | None, typer.Option(help="Letter of an area where it applies; repeat.")
    ] = None,
    comment: Annotated[str | None, typer.Option(help="What is said of this period.")] = None,
    on: OnOption = None,
) -> None:
    """Set the state of an action; options that are not given stay as they are."""
    from csa.cli.output.keep import show_action
    from csa.decisions.actions import set_action
    from csa.decisions.store.records import read_records
    from csa.reports.briefing import plan_lines

    given: dict[str, Any] = {
        "status": None if status is None else status.strip().lower().replace(" ", "-"),
        "reason": reason,
        "office": office,
        "coordinator": coordinator,
        "start": None if start == NOTHING else day_of(start, "--start"),
        "due": None if due == NOTHING else day_of(due, "--due"),
        "percent": percent,
        "evidence": evidence,
        "areas": None if area is None else tuple(area),
        "comment": comment,
    }
    changes = {name: value for name, value in given.items() if value is not None}
    changes |= {name: None for name, day in (("start", start), ("due", due)) if day == NOTHING}
    config, plan = city_of(city), plan_of(city)
    signed = act_of(config, by, why, on)
    decided(config, store, lambda opened: set_action(opened, plan, signed, number, changes))
    records = read_records(reading_store(config, store), with_values=False)
    show_action(
        next(line for line in plan_lines(plan, records, signed.on) if line.number == number)
    )


def plan_propose(
    number: NumberArgument,
    by: ByOption,
    why: WhyOption,
    city: PlanCityOption = DEFAULT_CITY,
    store: StoreOption = None,
    title: Annotated[str | None, typer.Option(help="The action, in short plain words.")] = None,
    office: Annotated[str | None, typer.Option(help="The office that does it.")] = None,
    coordinator: Annotated[str | None, typer.Option(help="The office that coordinates.")] = None,
    start: DayOption = None,
    due: DayOption = None,
) -> None:
    """Propose an action for an open slot, or a revision of one."""
    from csa.base.text import speak
    from csa.cli.output.console import show
    from csa.decisions.actions import propose_change

    given = {
        "title": title,
        "office": office,
        "coordinator": coordinator,
        "start": start,
        "due": due,
    }
    values = {name: text for name, text in given.items() if text is not None}
    config, plan = city_of(city), plan_of(city)
    signed = act_of(config, by, why)
    key = decided(
        config, store, lambda opened: propose_change(opened, plan, signed, number, values)
    )
    show(speak("keep.proposed", key=key, number=number))


def plan_answer(
    key: Annotated[str, typer.Argument(help="The proposal's name, such as change-1.")],
    by: ByOption,
    why: WhyOption,
    city: PlanCityOption = DEFAULT_CITY,
    store: StoreOption = None,
    refuse: Annotated[bool, typer.Option("--refuse", help="Refuse it.")] = False,
) -> None:
    """Approve a proposal, first as the team's chair, then as the Committee; or refuse it."""
    from csa.base.text import speak
    from csa.cli.output.console import show
    from csa.decisions.actions import answer_change

    config, plan = city_of(city), plan_of(city)
    signed = act_of(config, by, why)

    def answer(opened: Store) -> str:
        return answer_change(opened, plan, signed, key, is_approved=not refuse)

    state = decided(config, store, answer)
    said = {
        "chair-approved": "keep.chair_approved",
        "approved": "keep.approved",
        "refused": "keep.refused",
    }[state]
    show(speak(said, key=key))
