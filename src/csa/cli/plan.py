"""The commands of the plan: how its actions stand, and what is proposed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from csa.base.text import day, tr
from csa.cli.console import make_table, show, show_json, show_table
from csa.cli.options import (
    NOTHING,
    CityOption,
    DecisionOptions,
    JsonOption,
    StoreOption,
    city_plan,
    load_city_option,
    parse_date_option,
    require_plan,
    signed,
    signed_on,
    stored_records,
)

if TYPE_CHECKING:
    from csa.program.plan.items import Plan
    from csa.reports.briefing.lines import ActionLine

app = typer.Typer(
    name="plan", no_args_is_help=True, help="The plan's actions: status, and proposed changes."
)

NumberArgument = Annotated[str, typer.Argument(help="The plan's number, such as 1.2.1.")]
DayOption = Annotated[
    str | None, typer.Option(metavar="YYYY-MM-DD", help="A date; leave out for none.")
]


@app.command("list")
def plan_list(city: CityOption, store: StoreOption = None, as_json: JsonOption = False) -> None:
    """List the plan's actions with their status, and open slots."""
    from csa.reports.briefing.lines import line_row, plan_lines

    config = load_city_option(city)
    plan = require_plan(city, config)
    lines = plan_lines(plan, stored_records(config, store), config.city.clock.today())
    if as_json:
        show_json([line_row(line) for line in lines])
    else:
        show_plan(plan, lines)


def show_plan(plan: Plan, lines: Sequence[ActionLine]) -> None:
    """Print a plan's actions by strategy, and what needs attention."""
    from csa.reports.briefing.lines import status_word

    table = make_table("Item", "Action", "Status", "Office", "", is_folded=True)
    for strategy in plan.strategies:
        table.add_row(strategy.number, strategy.title, style="bold")
        for line in lines:
            if line.strategy == strategy.number:
                title = line.title or tr("plan.open_slot")
                note = ", ".join(_notes(line))
                table.add_row(
                    line.number, title, status_word(line.state.status), line.state.office, note
                )
    show_table(table)
    show(summary(lines))


def _notes(line: ActionLine) -> Iterator[str]:
    state = line.state
    if line.freshness == "stale" and state.updated_on:
        yield tr("label.no_update", since=day(state.updated_on))
    if state.due and state.status != "done":
        yield tr("keep.late" if line.is_late else "label.due_on", day=day(state.due))
    if line.holds_up:
        yield tr("keep.holds", numbers=", ".join(line.holds_up))
    if state.reason:
        yield state.reason


def summary(lines: Sequence[ActionLine]) -> str:
    """Summarize the state of a plan in one sentence."""
    return tr(
        "keep.summary",
        n=len(lines),
        open=sum(line.is_open for line in lines),
        blocked=sum(line.state.status == "blocked" for line in lines),
        at_risk=sum(line.state.status == "at-risk" for line in lines),
        stale=sum(line.freshness in {"stale", "none"} and not line.is_open for line in lines),
        late=sum(line.is_late for line in lines),
    )


@app.command("set")
@signed_on
def plan_set(
    number: NumberArgument,
    signing: DecisionOptions,
    status: Annotated[
        str | None, typer.Option(help="not-started, on-track, at-risk, blocked or done.")
    ] = None,
    reason: Annotated[
        str | None, typer.Option(help="Why it is at risk or blocked.  [--why]")
    ] = None,
    office: Annotated[str | None, typer.Option(help="The office responsible.")] = None,
    coordinator: Annotated[str | None, typer.Option(help="The office that coordinates.")] = None,
    start: DayOption = None,
    due: DayOption = None,
    percent: Annotated[int | None, typer.Option(help="Percent complete, 0 to 100.")] = None,
    evidence: Annotated[str | None, typer.Option(help="A web address that shows it.")] = None,
    area: Annotated[
        list[str] | None, typer.Option(help="Letter of an area where it applies. Repeatable.")
    ] = None,
    comment: Annotated[str | None, typer.Option(help="A note on this period.")] = None,
) -> None:
    """Set an action's status; options not given stay unchanged."""
    from csa.program.actions import set_action
    from csa.reports.briefing.lines import plan_lines

    given: dict[str, Any] = {
        "status": None if status is None else status.strip().lower().replace(" ", "-"),
        "reason": reason,
        "office": office,
        "coordinator": coordinator,
        "start": None if start == NOTHING else parse_date_option(start, "--start"),
        "due": None if due == NOTHING else parse_date_option(due, "--due"),
        "percent": percent,
        "evidence": evidence,
        "areas": None if area is None else tuple(area),
        "comment": comment,
    }
    changes = {name: value for name, value in given.items() if value is not None}
    changes |= {name: None for name, day in (("start", start), ("due", due)) if day == NOTHING}
    plan = require_plan(signing.city)
    signing.decide(lambda store, act: set_action(store, plan, act, number, changes))
    lines = plan_lines(plan, stored_records(signing.config, signing.store), signing.act.on)
    show_action(next(line for line in lines if line.number == number))


def show_action(line: ActionLine) -> None:
    """Print the state of an action."""
    from csa.reports.briefing.lines import status_word

    state, title = line.state, line.title
    status = status_word(state.status)
    key = "keep.action_reason" if state.reason else "keep.action"
    values = {"reason": state.reason} if state.reason else {}
    show(tr(key, number=state.number, title=title, status=status, **values))


@app.command("propose")
@signed
def plan_propose(
    number: NumberArgument,
    signing: DecisionOptions,
    title: Annotated[str | None, typer.Option(help="The action, in a few plain words.")] = None,
    office: Annotated[str | None, typer.Option(help="The office responsible.")] = None,
    coordinator: Annotated[str | None, typer.Option(help="The office that coordinates.")] = None,
    start: DayOption = None,
    due: DayOption = None,
) -> None:
    """Propose an action for an open slot, or a revision of one."""
    from csa.program.actions import propose_change

    given = {"title": title, "office": office, "coordinator": coordinator}
    given |= {"start": start, "due": due}
    values = {name: text for name, text in given.items() if text is not None}
    plan = require_plan(signing.city)
    key = signing.decide(lambda store, act: propose_change(store, plan, act, number, values))
    show(tr("keep.proposed", key=key, number=number))


@app.command("answer")
@signed
def plan_answer(
    key: Annotated[str, typer.Argument(help="The proposal's name, such as change-1.")],
    signing: DecisionOptions,
    refuse: Annotated[bool, typer.Option("--refuse", help="Refuse it.")] = False,
) -> None:
    """Approve a proposal, first as the team's chair, then as the Committee, or refuse it."""
    from csa.program.actions import answer_change

    plan, is_yes = require_plan(signing.city), not refuse
    state = signing.decide(lambda at, act: answer_change(at, plan, act, key, is_approved=is_yes))
    said = {
        "chair-approved": "keep.chair_approved",
        "approved": "plan_page.state_approved",
        "refused": "keep.refused",
    }[state]
    show(tr(said, key=key))


@app.command("calendar")
def plan_calendar(
    out: Annotated[Path, typer.Option(help="The file.", metavar="FILE.ics")],
    city: CityOption,
    store: StoreOption = None,
) -> None:
    """Write due dates and public meetings as a calendar file."""
    from csa.base.io import write_file
    from csa.reports.briefing.calendar_file import calendar_entries, calendar_file

    config = load_city_option(city)
    plan = city_plan(city, config)
    records = stored_records(config, store)
    entries = calendar_entries(config, plan, records, config.city.clock.today())
    write_file(out, calendar_file(config, entries, config.city.clock.now()))
    n = len(entries)
    show(tr("calendar.wrote", path=out, n=n) if n else tr("calendar.empty", path=out))


@app.command("export-work")
def plan_export_work(
    file: Annotated[Path, typer.Argument(help="The table to write.", metavar="FILE")],
    city: CityOption,
    store: StoreOption = None,
) -> None:
    """Export each area's work plan as CSV: tasks, meetings, questions, takers, lessons."""
    from csa.base.io import write_file
    from csa.program.work_file import work_file, work_rows

    records = stored_records(load_city_option(city), store)
    write_file(file, work_file(records))
    show(tr("work_file.written", path=file, n=len(work_rows(records))))


@app.command("import-work")
@signed
def plan_import_work(
    file: Annotated[Path, typer.Argument(help="Work plans as CSV; docs/DATA.md.", metavar="FILE")],
    signing: DecisionOptions,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count only; write nothing.")] = False,
) -> None:
    """Import a file of work plans: all of it, or nothing and a list of every error."""
    from csa.ingest.measures import load_work
    from csa.program.work_file import add_work

    lines = load_work(file)
    taken = signing.decide(lambda store, act: add_work(store, act, lines, file, keep=not dry_run))
    key = "work_file.would_take" if dry_run else "work_file.taken"
    show(tr(key, path=file, **vars(taken)))
