"""The commands of core service areas: their steps, and when work in them begins."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from csa.base.text import day, tr
from csa.cli.console import show, show_json
from csa.cli.options import (
    CityOption,
    DecisionOptions,
    FolderOption,
    JsonOption,
    OnOption,
    StoreOption,
    city_plan,
    dataset_of,
    load_city_option,
    parse_date_option,
    signed,
    signed_on,
    stored_records,
)
from csa.cli.store import corrected_lines

app = typer.Typer(
    name="area",
    no_args_is_help=True,
    help="Core service areas: designated, in maintenance, retired.",
)

AreaArgument = Annotated[str, typer.Argument(help="The area's letter.")]


@app.command("list")
def area_list(city: CityOption, store: StoreOption = None, as_json: JsonOption = False) -> None:
    """List the core service areas with every step: when, by whom and why."""
    from csa.program.store.records import area_rows
    from csa.program.store.tables import REDRAWN

    records = stored_records(load_city_option(city), store)
    if as_json:
        show_json(area_rows(records))
        return
    if not records.areas:
        show(tr("keep.no_areas"))
    for area in records.areas:
        for step in records.steps_of(area.key):
            said = {"area": area.key, "place": area.place_name, "day": day(step.on_date)}
            said |= {"by": step.by_office, "reasons": step.reasons}
            if step.evidence.get(REDRAWN):
                show(tr("keep.area_redrawn", **said))
            else:
                show(tr("keep.area_step", state=step.state, **said))
            show(*corrected_lines(records.corrections_of(step.item)))
        for begun in (row for row in records.baselines if row.area == area.key):
            show(*corrected_lines(records.corrections_of(begun.item)))


@app.command("designate")
@signed_on
def area_designate(
    area: Annotated[str, typer.Argument(help="The candidate's id or name in the proposal.")],
    areas: Annotated[Path, typer.Option(help="The folder from `csa propose`.", metavar="DIR")],
    signing: DecisionOptions,
    priorities: Annotated[
        Path | None,
        typer.Option(
            help="The folder from `csa priorities`, for weights and tiers.", metavar="DIR"
        ),
    ] = None,
    as_candidate: Annotated[
        bool, typer.Option("--as-candidate", help="Record it only as a candidate.")
    ] = False,
) -> None:
    """Make a proposed area a core service area, with its current cells and evidence."""
    from csa.ingest.designation import load_candidate
    from csa.program.areas import designate
    from csa.program.store.tables import CANDIDATE, DESIGNATED

    candidate = load_candidate(areas, area, priorities, signing.config.city.id)
    state, on = CANDIDATE if as_candidate else DESIGNATED, signing.act.on
    key = signing.decide(lambda store, act: designate(store, act, candidate, state))
    show(tr("keep.designated", area=key, place=candidate.place_name, state=state, day=on))


@app.command("begin")
@signed
def area_begin(
    area: AreaArgument,
    signing: DecisionOptions,
    on: OnOption = None,
    dataset: FolderOption = None,
) -> None:
    """Record the date work in an area began, with its measures on that date."""
    from csa.program.areas import begin_work
    from csa.reports.briefing.measuring import known_at_start

    config, start = signing.config, parse_date_option(on, "--on") or signing.act.on
    records = stored_records(config, signing.store, with_values=True)
    plan = city_plan(signing.city)
    values = known_at_start(dataset_of(signing.city, dataset), plan, records, area, start)
    signing.decide(lambda store, act: begin_work(store, act, area, start, values))
    show(tr("keep.begun", area=area, day=start, n=len(values)))


@app.command("maintain")
@signed_on
def area_maintain(
    area: AreaArgument,
    displaced: Annotated[Path, typer.Option(help="The folder from `csa displace`.", metavar="DIR")],
    signing: DecisionOptions,
) -> None:
    """Move an area to maintenance, once it had fewer shootings than expected."""
    from csa.ingest.designation import load_verdict
    from csa.program.areas import maintain

    told = load_verdict(displaced, area, signing.config.city.id)
    signing.decide(lambda store, act: maintain(store, act, area, told))
    show(tr("keep.maintained", area=area))


DrawnOption = Annotated[
    Path,
    typer.Option(
        help="The areas: the folder from `csa propose`, or an areas.csv or areas.geojson.",
        metavar="FILE",
    ),
]


@app.command("redraw")
@signed_on
def area_redraw(area: AreaArgument, areas: DrawnOption, signing: DecisionOptions) -> None:
    """Change an area's cells from a date on; letter, name and start date stay."""
    from csa.ingest.designation import load_drawn
    from csa.program.areas import redraw

    drawn = load_drawn(areas)
    signing.decide(lambda store, act: redraw(store, act, area, drawn))
    show(tr("keep.redrawn", area=area, day=signing.act.on))


@app.command("split")
@signed_on
def area_split(area: AreaArgument, areas: DrawnOption, signing: DecisionOptions) -> None:
    """Split an area: its largest part keeps the letter, the others get new ones."""
    from csa.ingest.designation import load_drawn
    from csa.program.areas import split

    parts = load_drawn(areas)
    letters = signing.decide(lambda store, act: split(store, act, area, parts))
    show(tr("keep.split", area=area, letters=", ".join(letters), day=signing.act.on))


@app.command("merge")
@signed_on
def area_merge(
    area: AreaArgument,
    other: Annotated[str, typer.Argument(help="The letter of the area that becomes part of it.")],
    signing: DecisionOptions,
) -> None:
    """Merge one area into another, which keeps its letter, name and start date."""
    from csa.program.areas import merge

    signing.decide(lambda store, act: merge(store, act, area, other))
    show(tr("keep.merged", area=area, other=other, day=signing.act.on))


@app.command("retire")
@signed_on
def area_retire(area: AreaArgument, signing: DecisionOptions) -> None:
    """End the service in an area, or drop a candidate."""
    from csa.program.areas import retire

    signing.decide(lambda store, act: retire(store, act, area))
    show(tr("keep.retired", area=area))


@app.command("export")
def area_export(
    file: Annotated[Path, typer.Argument(help="A .csv, .geojson or .gpkg file.", metavar="FILE")],
    city: CityOption,
    store: StoreOption = None,
) -> None:
    """Export areas in service as CSV, GeoJSON (`csa displace --areas` reads both) or GeoPackage."""
    from csa.base.io import write_file
    from csa.program.registry import core_areas
    from csa.reports.briefing.areas import export_areas

    records = stored_records(load_city_option(city), store)
    write_file(file, export_areas(records, file.name))
    show(tr("keep.exported_map", path=file, n=len(core_areas(records))))
