"""The commands of measures: values from a file, and a quarter's approval."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from csa.base.text import tr
from csa.cli.console import as_note, make_table, show, show_json, show_table
from csa.cli.options import (
    CityOption,
    DecisionOptions,
    JsonOption,
    StoreOption,
    load_city_option,
    open_store_read_only,
    require_plan,
    signed,
    stored_records,
)

app = typer.Typer(
    name="measure",
    no_args_is_help=True,
    help="The plan's measures: import values by quarter, and approve them.",
)


@app.command("list")
def measure_list(
    city: CityOption,
    store: StoreOption = None,
    dataset: Annotated[
        Path | None,
        typer.Option(
            help="The dataset from `csa ingest`, for comparing citywide counts.", metavar="DIR"
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List the plan's measures: definition, last value, revisions."""
    from csa.reports.briefing.measuring import measure_lines, measure_row

    config = load_city_option(city)
    plan = require_plan(city, config)
    year = None
    if dataset is not None:
        from csa.areas.choices import city_choices
        from csa.areas.year_to_date import city_year
        from csa.city.dataset import City, open_dataset

        year = city_year(City(config, open_dataset(dataset), dataset), city_choices(config))
    records = stored_records(config, store, with_values=True)
    rows = [measure_row(line) for line in measure_lines(plan, records, city=year)]
    if as_json:
        show_json(rows)
        return
    titles = ("Measure", "Quarter", "Value", "Target", "What is said", "Not settled")
    table = make_table(*titles, is_folded=True)
    for row in rows:
        columns = ("name", "quarter", "value", "target", "sentence", "lacks")
        table.add_row(*(row[name] for name in columns))
    show_table(table)


@app.command("import")
@signed
def measure_import(
    file: Annotated[Path, typer.Argument(help="Values as CSV; docs/DATA.md.", metavar="FILE")],
    signing: DecisionOptions,
    dataset: Annotated[
        Path | None,
        typer.Option(help="The dataset from `csa ingest`; its neighborhoods count as places."),
    ] = None,
) -> None:
    """Import a file of values: all of it, or nothing and a list of every error."""
    from csa.ingest.measures import load_measures
    from csa.program.measures import add_values
    from csa.program.plan.measures import make_value
    from csa.program.store.records import read_records
    from csa.reports.briefing.areas import place_names

    plan = require_plan(signing.city)
    opened = open_store_read_only(signing.config, signing.store, may_be_made=True)
    records = read_records(opened, with_values=False)
    places = place_names(records, dataset)
    kinds = {one.id: one.kind for one in plan.measures}
    values = load_measures(file, kinds, places, make_value)
    n = signing.decide(lambda store, act: add_values(store, plan, act, values))
    show(tr("keep.imported", n=n, path=file))
    if dataset is not None:
        from csa.city.dataset import open_dataset
        from csa.reports.briefing.measuring import differing

        served = open_dataset(dataset)
        differences = (differing(served, records, value, kinds[value.measure]) for value in values)
        show(*(as_note(message) for message in differences if message is not None))
    if n < len(values):
        show(tr("keep.same", n=len(values) - n))


@app.command("approve")
@signed
def measure_approve(
    quarter: Annotated[str, typer.Argument(help="Such as 2026-Q1.", metavar="YYYY-QN")],
    signing: DecisionOptions,
    reopen: Annotated[bool, typer.Option("--reopen", help="Reopen it.")] = False,
    dataset: Annotated[
        Path | None,
        typer.Option(
            help="The dataset from `csa ingest`; values are compared with it.", metavar="DIR"
        ),
    ] = None,
    is_read: Annotated[
        bool,
        typer.Option("--differences-read", help="Approve even though values differ from the data."),
    ] = False,
) -> None:
    """Approve a quarter's values; later changes are shown as revisions."""
    from csa.program.measures import approve_quarter
    from csa.program.plan.measures import Quarter

    wanted = Quarter.parse(quarter)
    if dataset is not None and not reopen:
        from csa.city.dataset import open_dataset
        from csa.program.store.records import read_records
        from csa.reports.briefing.measuring import differing_in, require_read

        records = read_records(
            open_store_read_only(signing.config, signing.store, may_be_made=True)
        )
        differences = differing_in(
            open_dataset(dataset), records, require_plan(signing.city), wanted
        )
        show(*(as_note(message) for message in differences))
        require_read(differences, is_read=is_read)
    signing.decide(lambda at, act: approve_quarter(at, act, wanted, is_approved=not reopen))
    show(tr("keep.reopened" if reopen else "keep.quarter", quarter=wanted))
