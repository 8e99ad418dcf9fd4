"""The commands on why here: risk and near-repeat."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from csa.base.text import render, tr
from csa.cli.console import make_table, progress, show, show_json, show_table, show_written
from csa.cli.options import (
    CityOption,
    DatasetOption,
    JsonOption,
    KindOption,
    ResolutionOption,
    UntilOption,
    load_city_option,
)
from csa.ingest.job import shared_process

if TYPE_CHECKING:
    from rich.table import Table

    from csa.extras.risk.near_repeat import CityNearRepeats


@shared_process()
def risk(
    city: CityOption,
    dataset: DatasetOption,
    out: Annotated[Path, typer.Option(help="Folder for the results.", metavar="DIR")],
    layers: Annotated[
        Path | None,
        typer.Option(
            help="Folder of layers, in addition to those in the city's file.", metavar="DIR"
        ),
    ] = None,
    until: UntilOption = None,
    resolution: ResolutionOption = None,
    kind: KindOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find which kinds of place are linked to higher risk, how far around, and how surely."""
    config = load_city_option(city)
    from csa.areas.choices import resolve_settings
    from csa.base.io import replace_folder, require_writable
    from csa.city.dataset import open_city
    from csa.city.deployment import data_dir
    from csa.extras.risk.files import MARKER, describe_risk, risk_account, risk_files, save_risk
    from csa.extras.risk.fitting import find_risk_terrain
    from csa.extras.risk.layers import read_risk_layers, read_streets
    from csa.extras.risk.sheet import risk_sheet
    from csa.reports.maps.cartography import draw_map

    require_writable(out)
    with progress(9) as step:
        step("load")
        opened = open_city(config, dataset)
        choices = resolve_settings(config, until, kind, resolution=resolution)
        data = data_dir(config)
        read = read_risk_layers(config, opened.dataset, data, layers)
        found = find_risk_terrain(opened, read, read_streets(config, data, layers), choices, step)
        account = risk_account(found)
        files = risk_files(found, account)
        step("maps")
        files["risk.png"] = draw_map(risk_sheet(found))
        step("write")
        replace_folder(out, MARKER, files)
        save_risk(found, account)
    if as_json:
        show_json(account)
        return
    show(*(render(one) for one in describe_risk(found)))
    show_written(out, files)


def near_repeat(
    city: CityOption, dataset: DatasetOption, kind: KindOption = None, as_json: JsonOption = False
) -> None:
    """Check whether shootings follow each other nearby and soon more often than by chance."""
    config = load_city_option(city)
    from csa.areas.choices import resolve_settings
    from csa.areas.locating import locate_incidents
    from csa.city.dataset import open_city
    from csa.extras.risk.near_repeat import (
        describe_near_repeats,
        measure_located,
        near_repeat_account,
    )

    with progress(3) as step:
        step("load")
        opened = open_city(config, dataset)
        step("locate")
        located = locate_incidents(opened, resolve_settings(config, None, kind))
        step("shuffle")
        found = measure_located(located)
    if as_json:
        show_json(near_repeat_account(opened, found))
        return
    show(render(describe_near_repeats(found)))
    if found.n_merged:
        show(tr("near_repeat.merged", n=found.n_merged))
    show_table(_knox(found))


def _knox(found: CityNearRepeats) -> Table:
    ratio, p = tr("near_repeat.col_ratio"), tr("near_repeat.col_p")
    cells = tr("near_repeat.col_apart"), tr("near_repeat.col_days"), tr("near_repeat.col_observed")
    by_lot = tr("near_repeat.col_expected"), ratio, p, tr("near_repeat.col_years"), ratio, p
    table = make_table(*cells, *by_lot, right=range(9))
    same = tr("near_repeat.same_point")
    both = (found.in_months.table, found.in_years.table)
    for row, other in zip(*(one.to_dict("records") for one in both), strict=True):
        apart = f"{row['from_m']:.0f}–{row['to_m']:.0f}" if row["to_m"] else same
        days = f"{row['from_days']}–{row['to_days']}" if row["to_days"] else "0"
        table.add_row(apart, days, f"{row['observed']:,}", *_by_lot(row), *_by_lot(other))
    return table


def _by_lot(row: Mapping[Hashable, Any]) -> tuple[str, str, str]:
    ratio = f"{row['ratio']:.2f}" if row["expected"] else ""
    return f"{row['expected']:,.1f}", ratio, f"{row['p']:.3f}"
