"""The commands of grants: what a funder is told."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from csa.base.text import tr
from csa.cli.console import make_table, progress, show, show_table
from csa.cli.options import (
    ByOption,
    CityOption,
    DatasetOption,
    StoreOption,
    city_plan,
    load_analysis,
    load_city_option,
    open_store_read_only,
)

if TYPE_CHECKING:
    from csa.reports.editions.funder import GrantFacts

app = typer.Typer(name="grant", no_args_is_help=True, help="Grants, and reports to their funders.")
GrantArgument = Annotated[str, typer.Argument(help="Its short name in the city's file.")]


@app.command("list")
def grant_list(city: CityOption) -> None:
    """List the grants of the city's file."""
    table = make_table("Grant", "Funder", "From", "Until", is_folded=True)
    for key, grant in load_city_option(city).grants.items():
        table.add_row(key, grant.funder, str(grant.start), str(grant.until))
    show_table(table)


@app.command("report")
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
    from csa.reports.editions.funder import grant_edition
    from csa.reports.making import format_from_path, paper_size, render_document, require_known

    form = format_from_path(out)
    require_known("public", "en", form)
    require_writable(out)
    facts = _gather(grant, city, dataset, by, store)
    files = render_document(grant_edition(facts), paper_size(facts.config), (form,))
    write_file(out, files[form])
    show(tr("report_file.wrote", path=out, kb=-(-len(files[form]) // 1000)))


@app.command("questions")
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
    from csa.reports.editions.funder import cvipi_file

    content = cvipi_file(_gather(grant, city, dataset, by, store))
    write_file(out, content)
    show(tr("report_file.wrote", path=out, kb=-(-len(content) // 1000)))


def _gather(grant: str, city: str, dataset: Path, by: str, store: str | None) -> GrantFacts:
    from csa.areas.choices import city_choices
    from csa.program.activities import read_totals, require_reader
    from csa.program.roles import local_person
    from csa.reports.editions.funder import find_grant, gather_grant

    config = load_city_option(city)
    find_grant(config, grant)
    person = local_person(by)
    require_reader(person, config.activities)
    with progress(6) as step:
        analysis = load_analysis(config, dataset, city_choices(config), store, step)
        totals = read_totals(open_store_read_only(config, store))
        return gather_grant(analysis, city_plan(city, config), totals, grant, person)
