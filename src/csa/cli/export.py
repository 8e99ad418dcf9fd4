"""The command that writes what an office takes: a workbook, or layers for a GIS."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from csa.base.text import tr
from csa.cli.console import progress, show
from csa.cli.options import (
    CityOption,
    DatasetOption,
    ProposalOptions,
    StoreOption,
    city_plan,
    load_analysis,
    load_city_option,
    proposing,
    stored_records,
)


@proposing
def export(
    file: Annotated[Path, typer.Argument(help="A .xlsx or .gpkg file.", metavar="FILE")],
    city: CityOption,
    dataset: DatasetOption,
    how: ProposalOptions,
    store: StoreOption = None,
) -> None:
    """Write areas, changes, measures and the plan as Excel, or areas as layers for a GIS."""
    config = load_city_option(city)
    from csa.base.io import write_file
    from csa.workflow.office_files import office_file

    with progress(8) as step:
        analysis = load_analysis(config, dataset, how.choices(config), store, step)
        analysis = replace(analysis, records=stored_records(config, store, with_values=True))
        plan = city_plan(city, config)
        content = office_file(file.name, analysis, plan, config.city.clock.today())
    write_file(file, content)
    show(tr("workbook.written", path=file))
