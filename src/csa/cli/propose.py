"""The commands that propose areas, and show the settings that do so: propose, config show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from csa.base.text import KM2_PER_SQUARE_MILE, land, render, tr
from csa.cli.console import make_table, progress, show, show_json, show_table
from csa.cli.options import (
    CityOption,
    DatasetOption,
    JsonOption,
    ProposalOptions,
    StoreOption,
    city_plan,
    load_analysis,
    load_city_option,
    proposing,
    stored_records,
)

if TYPE_CHECKING:
    from csa.analysis.analysis import Analysis
    from csa.areas.priority.area_counts import AreaCounts
    from csa.areas.proposal import Proposal
    from csa.program.registry import AreaStatus


app = typer.Typer(name="config", no_args_is_help=True, help="Settings, and where each comes from.")


@proposing
def propose(
    city: CityOption,
    dataset: DatasetOption,
    out: Annotated[Path, typer.Option(help="Folder of the proposal.", metavar="DIR")],
    how: ProposalOptions,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Propose candidate core service areas, and show which are already in service."""
    config = load_city_option(city)
    from csa.areas.proposal import MARKER
    from csa.base.io import replace_folder
    from csa.reports.briefing.areas import CORE_AREAS, core_area_rows, proposal_folder

    choices = how.choices(config)
    with progress(6) as step:
        analysis = load_analysis(config, dataset, choices, store, step, keep=True)
        files = proposal_folder(analysis)
        step("write")
        replace_folder(out, MARKER, files, optional=(CORE_AREAS,))
    if as_json:
        areas = analysis.core_areas
        served = {"core_areas": core_area_rows(areas, analysis.counts)} if areas else {}
        show_json({**analysis.proposal.summary, **served})
    else:
        show_proposal(analysis, out)


@app.command("show")
def config_show(city: CityOption, as_json: JsonOption = False) -> None:
    """Print each setting with its value and where it comes from."""
    from csa.city.deployment import SETTINGS, resolve
    from csa.program.store.address import shown

    settled = resolve({}, load_city_option(city))
    settled["store"] = replace(settled["store"], value=shown(str(settled["store"].value)))
    if as_json:
        show_json({name: {"value": s.value, "origin": s.origin} for name, s in settled.items()})
        return
    table = make_table("Setting", "Value", "From", "What it is")
    for setting in SETTINGS:
        resolved = settled[setting.name]
        value = "as suggested" if resolved.value is None else str(resolved.value)
        table.add_row(setting.name, value, resolved.origin, setting.about)
    show_table(table)


def show_proposal(analysis: Analysis, out: Path) -> None:
    """Print the candidate areas, and what areas in service hold on their own ground."""
    from csa.areas import answer
    from csa.areas.backtest.record import describe_areas_hold
    from csa.program.registry import match_statuses

    proposal, units = analysis.proposal, analysis.city.config.city.units
    totals = proposal.summary["totals"]
    if proposal.summary["nonfatal_is_proxy"] and totals["located"] > totals["located_homicides"]:
        show(tr("briefing.proxy", name=proposal.summary["nonfatal_name"]))
    if nothing := answer.describe_no_area(proposal):
        show(render(nothing))
    else:
        show(render(describe_areas_hold(proposal.summary, analysis.backtest)))
        _area_table(proposal, match_statuses(proposal.areas, analysis.core_areas), units)
        show(*_suspect_sentences(proposal))
    show_core_areas(analysis.counts)
    parts = answer.describe_support, answer.describe_left_out, answer.describe_cautions
    show(*(render(sentence) for part in parts for sentence in part(proposal)))
    show(render(answer.describe_values(proposal)))
    if limit_km2 := proposal.summary["params"]["max_area_km2"]:
        show(tr("propose.limited", size=land(limit_km2, units)))
    show(tr("find.candidates"), tr("propose.written", out=out))


def _suspect_sentences(proposal: Proposal) -> Iterator[str]:
    """Warn of areas with a third of their count at points that may stand for others."""
    columns = proposal.areas[["area_id", "suspect", "incidents", "suspect_points"]]
    for area_id, n_suspect, n_incidents, points in columns.itertuples(index=False):
        if proposal.is_doubtful(n_suspect, n_incidents):
            values = {"n": n_suspect, "incidents": n_incidents, "points": points}
            yield tr("propose.suspect", area_id=area_id, **values)


def _area_table(proposal: Proposal, standing: Mapping[str, AreaStatus], units: str) -> None:
    unit, factor = ("sq mi", KM2_PER_SQUARE_MILE) if units == "us" else ("km2", 1.0)
    table = Table(box=None, pad_edge=False)
    table.add_column("Area", no_wrap=True)
    table.add_column("Place", overflow="fold", min_width=24)
    for title in ("Incidents", "Homicides", unit, f"per {unit},\nwhole\nperiod"):
        table.add_column(title, justify="right")
    table.add_column("Also from\nhomicides\nalone")
    for area in proposal.areas.to_dict("records"):
        key, n, per_km2 = area["area_id"], area["incidents"], area["incidents_per_km2"]
        counts = f"{n:,}{'*' * proposal.is_doubtful(area['suspect'], n)}", f"{area['homicides']:,}"
        sizes = f"{area['area_km2'] / factor:.2f}", f"{per_km2 * factor:,.0f}"
        name = outline_name(standing[key])
        table.add_row(key, name, *counts, *sizes, area["also_on_homicides"])
    show_table(table)


def outline_name(stands: AreaStatus) -> str:
    """Name a candidate: one that is an area in service is its outline of now, not its ground."""
    name = stands.display_name
    return tr("standing.outline_of", area=name) if stands.letter else name


def show_core_areas(counts: Mapping[str, AreaCounts]) -> None:
    """Print what areas in service hold on their own ground; nothing where there is none."""
    if not counts:
        return
    table = Table(title=tr("propose.core_areas"), title_justify="left", box=None, pad_edge=False)
    table.add_column("Place", overflow="fold", min_width=24)
    for title in ("Incidents", "Homicides", "Last 12\nmonths", "Next 12\nmonths"):
        table.add_column(title, justify="right")
    for one in counts.values():
        recent = ahead = tr("term.unknown")
        if one.recent_12 is not None:
            recent = f"{one.recent_12:,}"
        if one.next12 is not None:
            mean, low, high = one.next12
            ahead = tr("compare.expected", n=mean, low=low, high=high)
        own = f"{one.incidents:,}{'*' * one.is_doubtful}", f"{one.homicides:,}"
        table.add_row(one.display_name, *own, recent, ahead)
    show_table(table)


# The command that writes what an office takes: a workbook, or layers for a GIS.


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
        analysis = analysis.deciding(stored_records(config, store, with_values=True))
        plan = city_plan(city, config)
        content = office_file(file.name, analysis, plan, config.city.clock.today())
    write_file(file, content)
    show(tr("workbook.written", path=file))
