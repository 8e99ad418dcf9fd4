"""The commands of activities: what programs count of their work, in and out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from csa.base.errors import ParamError
from csa.base.text import tr
from csa.cli.console import make_table, show, show_json, show_table
from csa.cli.options import (
    ByOption,
    CityOption,
    DecisionOptions,
    JsonOption,
    StoreOption,
    load_city_option,
    open_store_read_only,
    signed,
    signed_on,
)

app = typer.Typer(
    name="activity",
    no_args_is_help=True,
    help="What programs count of their work: rows for their organization only.",
)


def _pairs(given: list[str] | None, name: str) -> dict[str, str]:
    """Read options of the form FIELD=HEADER."""
    pairs = [text.partition("=") for text in given or ()]
    for field, sign, header in pairs:
        if not (field and sign and header):
            raise ParamError("param.pair", name=name, given=f"{field}{sign}{header}")
    return {field: header for field, _, header in pairs}


@app.command("import")
@signed
def activity_import(
    file: Annotated[
        Path,
        typer.Argument(help="A CSV, or an export of CommCare, KoboToolbox or ODK.", metavar="FILE"),
    ],
    signing: DecisionOptions,
    again: Annotated[
        Literal["add", "replace", "skip"] | None,
        typer.Option(help="What to do with months on record: add, replace or skip."),
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(help="Which column is which, such as on=VisitDay.", metavar="FIELD=HEADER"),
    ] = None,
    leave_out: Annotated[
        list[str] | None,
        typer.Option(help="A column with persons in it, not to be read.", metavar="HEADER"),
    ] = None,
) -> None:
    """Import activities of the office --by: all of them, or nothing and a list of every error."""
    from csa.program.activities import add_activities
    from csa.workflow.activities import read_activity_file

    opened = open_store_read_only(signing.config, signing.store, may_be_made=True)
    found, rows = read_activity_file(
        signing.config, opened, file, leave_out or (), _pairs(column, "--column")
    )
    columns = ", ".join(f"{name} = {head}" for name, head in found.columns.items())
    show(tr("activity.read_as", form=found.form, columns=columns))
    if found.left_out:
        show(tr("activity.not_read", heads=", ".join(found.left_out)))
    result = signing.decide(
        lambda store, act: add_activities(
            store,
            act,
            signing.config.activities,
            rows,
            found.sha256,
            again,
            has_ids=found.has_ids,
        )
    )
    show(tr("activity.added", **vars(result)))


@app.command("add")
@signed_on
def activity_add(
    kind: Annotated[str, typer.Argument(help="A kind of the city's file.")],
    place: Annotated[str, typer.Argument(help="An area's letter, or a zone's name.")],
    signing: DecisionOptions,
    contacts: Annotated[int | None, typer.Option(help="People talked to.")] = None,
    reached: Annotated[int | None, typer.Option(help="Of them, newly reached.")] = None,
    hours: Annotated[float | None, typer.Option(help="Hours of the whole team.")] = None,
    staff: Annotated[int | None, typer.Option(help="How many of the team were there.")] = None,
) -> None:
    """Record one activity of the office --by."""
    from csa.program.activities import Activity, add_activities

    row = Activity(kind, place, signing.act.on, contacts, reached, hours, staff)
    settings = signing.config.activities
    result = signing.decide(lambda store, act: add_activities(store, act, settings, [row]))
    show(tr("activity.added", **vars(result)))


@app.command("list")
def activity_list(
    city: CityOption, by: ByOption, store: StoreOption = None, as_json: JsonOption = False
) -> None:
    """List activities by area and month, as the office --by may see them."""
    from csa.program.activities import area_months, read_totals
    from csa.program.roles import local_person

    config = load_city_option(city)
    totals = read_totals(open_store_read_only(config, store))
    months = area_months(totals, local_person(by), config.activities)
    few = tr("activity.few")
    if as_json:
        show_json([{**vars(month), "kinds": dict(month.kinds)} for month in months])
        return
    table = make_table("Area", "Month", "Ours", "Others", "Kinds", right=(2, 3))
    for month in months:
        others = few if month.others is None else str(month.others)
        kinds = ", ".join(f"{kind} {n}" for kind, n in month.kinds.items())
        table.add_row(month.place, month.month, str(month.own), others, kinds)
    show_table(table)
    show(tr("activity.note"))


@app.command("plan")
def activity_plan(
    city: CityOption, by: ByOption, store: StoreOption = None, as_json: JsonOption = False
) -> None:
    """Compare what the office --by planned with what it did, in the last 6 months."""
    from csa.base.params import Month
    from csa.base.text import render
    from csa.program.activities import describe_reach, planned_months, read_totals
    from csa.program.registry import served_months
    from csa.program.roles import local_person
    from csa.program.store.records import read_records

    config, person = load_city_option(city), local_person(by)
    opened = open_store_read_only(config, store)
    totals, served = read_totals(opened), served_months(read_records(opened))
    today = config.city.clock.today()
    now = Month(today.year, today.month)
    months = [str(now.plus(back)) for back in range(-5, 1)]
    lines = planned_months(totals, person, config.activities, months, served)
    if as_json:
        show_json([vars(line) for line in lines])
        return
    table = make_table("Area", "Month", "Activity", "Done", "Planned", right=(3, 4))
    for line in lines:
        table.add_row(line.place, line.month, line.kind, str(line.done), str(line.planned))
    show_table(table)
    reach = describe_reach(totals, person, config.activities, now)
    show(*([] if reach is None else [render(reach)]), tr("activity.note"))


@app.command("total")
def activity_total(city: CityOption, store: StoreOption = None) -> None:
    """Make monthly totals of entries from before the last 90 days, as each ingest does."""
    from csa.program.activities import ROW_DAYS, total_activities

    config = load_city_option(city)
    opened = open_store_read_only(config, store)
    n = 0 if opened is None else total_activities(opened, config.city.clock.today())
    show(tr("activity.totaled", n=n, days=ROW_DAYS))


@app.command("phones")
def activity_phones(city: CityOption, by: ByOption, store: StoreOption = None) -> None:
    """List the phones on which the office --by counts without a network."""
    from csa.program.activities import list_phones
    from csa.program.roles import local_person

    config = load_city_option(city)
    opened = open_store_read_only(config, store)
    table = make_table("Phone", "Since", "Revoked")
    for row in list_phones(opened, local_person(by), config.activities):
        table.add_row(row.key[:8], str(row.given_on), str(row.revoked_on or ""))
    show_table(table)


@app.command("revoke")
@signed
def activity_revoke(
    phone: Annotated[str, typer.Argument(help="The first letters of its id.")],
    signing: DecisionOptions,
) -> None:
    """Revoke a lost phone: it can send nothing more, and erases its entries."""
    from csa.program.activities import revoke_phone

    settings = signing.config.activities
    signing.decide(lambda store, act: revoke_phone(store, act, settings, phone))
    show(tr("activity.phone_revoked", phone=phone))
