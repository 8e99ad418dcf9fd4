"""The command of a trial: areas that began early, compared with those that still waited."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from csa.base.text import month, render, tr
from csa.cli.console import progress, show, show_json, show_table, show_written
from csa.cli.options import CityOption, DatasetOption, JsonOption, load_city_option

if TYPE_CHECKING:
    from csa.extras.trial.trial import InterimTrial


def trial(
    city: CityOption,
    dataset: DatasetOption,
    draw: Annotated[Path, typer.Option(help="The folder from `csa draw`.", metavar="DIR")],
    out: Annotated[
        Path | None, typer.Option(help="Folder for the results.  [only print]", metavar="DIR")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Compare areas that began early with those still waiting, after a lottery."""
    config = load_city_option(city)
    from csa.analysis.analysis import Analysis
    from csa.areas.choices import city_choices
    from csa.base.io import replace_folder, require_writable
    from csa.city.dataset import open_city
    from csa.extras.trial.trial import (
        OUT_MARKER,
        load_draw,
        read_trial,
        save_trial,
        trial_account,
        trial_files,
    )

    drawn = load_draw(draw, config.city.id)
    if out is not None:
        require_writable(out)
    with progress(6) as step:
        step("load")
        settings = replace(city_choices(config), kinds=drawn.chosen.kinds)
        analysis = Analysis(open_city(config, dataset), settings, progress=step)
        found = read_trial(analysis.city, drawn, analysis.change, step)
        account = trial_account(found)
        files = trial_files(account)
        step("write")
        save_trial(found, account)
        if out is not None:
            replace_folder(out, OUT_MARKER, files)
    if as_json:
        show_json(account)
        return
    _show_trial(found)
    if out is not None:
        show_written(out, files)


def _show_trial(found: InterimTrial) -> None:
    """Print what a trial shows, and each area's numbers."""
    from csa.extras.trial.trial import describe_trial, list_areas

    for message in describe_trial(found):
        show(render(message))
    table = Table(box=None, pad_edge=False)
    table.add_column(tr("term.area"), overflow="fold", min_width=18)
    table.add_column(tr("trial.col_start"))
    for title in ("label.counted", "trial.col_expected"):
        table.add_column(tr(title), justify="right")
    for name, start, counted, expected in list_areas(found):
        table.add_row(name, month(start), f"{counted:,}", f"{expected:,.1f}")
    show_table(table)
