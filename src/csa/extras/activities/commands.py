"""The commands of activities and grants: what programs count of their work, in and out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from csa.base.errors import ParamError
from csa.base.text import tr
from csa.cli.console import make_table, progress, show, show_json, show_table
from csa.cli.options import (
    ByOption,
    CityOption,
    DatasetOption,
    DecisionOptions,
    JsonOption,
    StoreOption,
    city_plan,
    load_analysis,
    load_city_option,
    open_store_read_only,
    signed,
    signed_on,
)

if TYPE_CHECKING:
    from csa.extras.activities.funder import GrantFacts

activities = typer.Typer(
    name="activity",
    no_args_is_help=True,
    help="What programs count of their work: rows for their organization only.",
)
grants = typer.Typer(
    name="grant", no_args_is_help=True, help="Grants, and reports to their funders."
)
GrantArgument = Annotated[str, typer.Argument(help="Its short name in the city's file.")]


def _pairs(given: list[str] | None, name: str) -> dict[str, str]:
    """Read options of the form FIELD=HEADER."""
    pairs = [text.partition("=") for text in given or ()]
    for field, sign, header in pairs:
        if not (field and sign and header):
            raise ParamError("param.pair", name=name, given=f"{field}{sign}{header}")
    return {field: header for field, _, header in pairs}


@activities.command("import")
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
    from csa.extras.activities.files import read_activity_file
    from csa.extras.activities.recording import add_activities

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


@activities.command("add")
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
    from csa.extras.activities.recording import Activity, add_activities

    row = Activity(kind, place, signing.act.on, contacts, reached, hours, staff)
    settings = signing.config.activities
    result = signing.decide(lambda store, act: add_activities(store, act, settings, [row]))
    show(tr("activity.added", **vars(result)))


@activities.command("list")
def activity_list(
    city: CityOption, by: ByOption, store: StoreOption = None, as_json: JsonOption = False
) -> None:
    """List activities by area and month, as the office --by may see them."""
    from csa.extras.activities.recording import area_months, read_totals
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


@activities.command("plan")
def activity_plan(
    city: CityOption, by: ByOption, store: StoreOption = None, as_json: JsonOption = False
) -> None:
    """Compare what the office --by planned with what it did, in the last 6 months."""
    from csa.base.params import Month
    from csa.base.text import render
    from csa.extras.activities.recording import describe_reach, planned_months, read_totals
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


@activities.command("total")
def activity_total(city: CityOption, store: StoreOption = None) -> None:
    """Make monthly totals of entries from before the last 90 days, as each ingest does."""
    from csa.extras.activities.recording import ROW_DAYS, total_activities

    config = load_city_option(city)
    opened = open_store_read_only(config, store)
    n = 0 if opened is None else total_activities(opened, config.city.clock.today())
    show(tr("activity.totaled", n=n, days=ROW_DAYS))


@activities.command("phones")
def activity_phones(city: CityOption, by: ByOption, store: StoreOption = None) -> None:
    """List the phones on which the office --by counts without a network."""
    from csa.extras.activities.recording import list_phones
    from csa.program.roles import local_person

    config = load_city_option(city)
    opened = open_store_read_only(config, store)
    table = make_table("Phone", "Since", "Revoked")
    for row in list_phones(opened, local_person(by), config.activities):
        table.add_row(row.key[:8], str(row.given_on), str(row.revoked_on or ""))
    show_table(table)


@activities.command("revoke")
@signed
def activity_revoke(
    phone: Annotated[str, typer.Argument(help="The first letters of its id.")],
    signing: DecisionOptions,
) -> None:
    """Revoke a lost phone: it can send nothing more, and erases its entries."""
    from csa.extras.activities.recording import revoke_phone

    settings = signing.config.activities
    signing.decide(lambda store, act: revoke_phone(store, act, settings, phone))
    show(tr("activity.phone_revoked", phone=phone))


# ---- Grants.


@grants.command("list")
def grant_list(city: CityOption) -> None:
    """List the grants of the city's file."""
    table = make_table("Grant", "Funder", "From", "Until", is_folded=True)
    for key, grant in load_city_option(city).grants.items():
        table.add_row(key, grant.funder, str(grant.start), str(grant.until))
    show_table(table)


@grants.command("report")
def grant_report(
    grant: GrantArgument,
    city: CityOption,
    dataset: DatasetOption,
    by: ByOption,
    out: Annotated[Path, typer.Option(help="A file: .docx, .pdf or .html.", metavar="FILE")],
    store: StoreOption = None,
) -> None:
    """Write the report to a grant's funder; --by must be one who may see activities."""
    from csa.base.io import require_writable, write_file
    from csa.extras.activities.funder import grant_edition
    from csa.reports.making import format_from_path, paper_size, render_document, require_known

    form = format_from_path(out)
    require_known("public", "en", form)
    require_writable(out)
    facts = _gather(grant, city, dataset, by, store)
    files = render_document(grant_edition(facts), paper_size(facts.config), (form,))
    write_file(out, files[form])
    show(tr("report_file.wrote", path=out, kb=-(-len(files[form]) // 1000)))


@grants.command("questions")
def grant_questions(
    grant: GrantArgument,
    city: CityOption,
    dataset: DatasetOption,
    by: ByOption,
    out: Annotated[Path, typer.Option(help="A CSV file.", metavar="FILE")],
    store: StoreOption = None,
) -> None:
    """Write which of BJA's CVIPI performance questions the data answer, and which not."""
    from csa.base.io import write_file
    from csa.extras.activities.funder import cvipi_file

    content = cvipi_file(_gather(grant, city, dataset, by, store))
    write_file(out, content)
    show(tr("report_file.wrote", path=out, kb=-(-len(content) // 1000)))


def _gather(grant: str, city: str, dataset: Path, by: str, store: str | None) -> GrantFacts:
    from csa.areas.choices import city_choices
    from csa.extras.activities.funder import find_grant, gather_grant
    from csa.extras.activities.recording import read_totals, require_reader
    from csa.program.roles import local_person

    config = load_city_option(city)
    find_grant(config, grant)
    person = local_person(by)
    require_reader(person, config.activities)
    with progress(6) as step:
        analysis = load_analysis(config, dataset, city_choices(config), store, step)
        totals = read_totals(open_store_read_only(config, store))
        return gather_grant(analysis, city_plan(city, config), totals, grant, person)
