"""The commands of a program's own zones: entered, redrawn, ended, listed, exported."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from csa.base.schema import KINDS
from csa.base.text import day, month, percent, render, tr
from csa.cli.console import show, show_json
from csa.cli.options import (
    CityOption,
    DecisionOptions,
    FolderOption,
    JsonOption,
    StoreOption,
    dataset_of,
    load_city_option,
    parse_date_option,
    signed,
    signed_on,
    stored_records,
)

if TYPE_CHECKING:
    from csa.geo.cells import ZoneCells
    from csa.program.registry import Zone

app = typer.Typer(
    name="zone",
    no_args_is_help=True,
    help="Your program's own zones: a grant's area, a site, a beat.",
)

NameArgument = Annotated[str, typer.Argument(help="The zone's name or id.")]
FileArgument = Annotated[
    Path,
    typer.Argument(help="Its polygons: GeoJSON, GeoPackage or Shapefile.", metavar="FILE"),
]
CrsOption = Annotated[
    str | None,
    typer.Option(
        help="Coordinate system of a file that names none, such as EPSG:26915.", metavar="CRS"
    ),
]
FromOption = Annotated[
    str | None,
    typer.Option("--from", help="First day with these polygons.  [today]", metavar="YYYY-MM-DD"),
]
ToOption = Annotated[
    str | None, typer.Option("--to", help="Last day of the zone.", metavar="YYYY-MM-DD")
]


@app.command("add")
@signed
def zone_add(
    name: Annotated[str, typer.Argument(help="What the zone is called.")],
    file: FileArgument,
    signing: DecisionOptions,
    kind: Annotated[str, typer.Option(help="grant, site, beat or other.")] = "other",
    first: FromOption = None,
    last: ToOption = None,
    no_counts: Annotated[
        bool,
        typer.Option("--without-counts", help="Shootings played no part in drawing this zone."),
    ] = False,
    crs: CrsOption = None,
    dataset: FolderOption = None,
) -> None:
    """Enter a zone with its polygons; it can then be followed, compared and mapped."""
    from csa.program.zones import add_zone

    drawn = read_drawn(signing, file, crs, dataset)
    days = parse_date_option(first, "--from"), parse_date_option(last, "--to")
    key = signing.decide(
        lambda store, act: add_zone(
            store,
            act,
            name,
            drawn,
            kind=kind,
            starts_on=days[0],
            ends_on=days[1],
            by_counts=not no_counts,
        )
    )
    zone = _find(signing, key)
    show(tr("zone.added", zone=key, name=zone.place_name, day=day(zone.since)))
    show(describe_fit(drawn), describe_seal(zone))


@app.command("redraw")
@signed
def zone_redraw(
    zone: NameArgument,
    file: FileArgument,
    signing: DecisionOptions,
    first: FromOption = None,
    crs: CrsOption = None,
    dataset: FolderOption = None,
) -> None:
    """Give a zone other polygons from a day on; the earlier ones stay for the earlier months."""
    from csa.program.zones import redraw_zone

    drawn = read_drawn(signing, file, crs, dataset)
    own = _find(signing, zone)
    on = parse_date_option(first, "--from") or signing.act.on
    signing.decide(lambda store, act: redraw_zone(store, act, own.key, drawn, on))
    show(tr("zone.redrawn", name=own.place_name, day=day(on)), describe_fit(drawn))


@app.command("end")
@signed
def zone_end(zone: NameArgument, signing: DecisionOptions, last: ToOption = None) -> None:
    """Record a zone's last day; its counts and verdicts stay."""
    from csa.program.zones import end_zone

    own = _find(signing, zone)
    on = parse_date_option(last, "--to") or signing.act.on
    signing.decide(lambda store, act: end_zone(store, act, own.key, on))
    show(tr("zone.ended", name=own.place_name, day=day(on)))


@app.command("designate")
@signed_on
def zone_designate(zone: NameArgument, signing: DecisionOptions) -> None:
    """Make a zone a core service area, with the blocks it has now."""
    from csa.program.areas import designate
    from csa.program.store.tables import DESIGNATED
    from csa.program.zones import zone_candidate

    own = _find(signing, zone)
    on = signing.act.on
    candidate = zone_candidate(own, on, signing.config.areas.months)
    key = signing.decide(lambda store, act: designate(store, act, candidate))
    show(tr("keep.designated", area=key, place=own.place_name, state=DESIGNATED, day=on))


@app.command("list")
def zone_list(
    city: CityOption,
    store: StoreOption = None,
    dataset: FolderOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the zones: kind, days, last 12 months, whether they can be evaluated as agreed."""
    from csa.program.registry import all_zones
    from csa.program.zones import count_zone, zone_rows

    config = load_city_option(city)
    zones = all_zones(stored_records(config, store))
    data = dataset_of(city, dataset)
    counts = {}
    if data is not None:
        end = data.require_months().until
        counts = {zone.key: count_zone(data, zone, end, KINDS) for zone in zones}
    if as_json:
        rows = zone_rows(zones)
        for row in rows:
            own = counts.get(row["area_id"])
            row["last_12"] = None if own is None else own.incidents
            row["last_12_by_cells"] = None if own is None else own.by_cells
        show_json(rows)
        return
    if not zones:
        show(tr("zone.none"))
    for zone in zones:
        until = tr("zone.until", day=day(zone.ended)) if zone.ended else tr("zone.open_end")
        said = {"zone": zone.key, "name": zone.place_name, "kind": zone.kind}
        show(tr("zone.line", since=day(zone.since), until=until, **said))
        if (own := counts.get(zone.key)) is not None:
            ends = own.period.start, own.period.until.plus(-1)
            span = tr("term.span", first=month(str(ends[0])), last=month(str(ends[1])))
            show(tr("zone.counted", n=own.incidents, homicides=own.homicides, span=span))
        show(describe_seal(zone))


@app.command("export")
def zone_export(
    file: Annotated[Path, typer.Argument(help="A .geojson file.", metavar="FILE")],
    city: CityOption,
    store: StoreOption = None,
) -> None:
    """Export the zones, with their cells, as GeoJSON that `csa displace --areas` reads."""
    from csa.base.io import json_bytes, write_file
    from csa.program.registry import all_zones
    from csa.program.zones import zones_geojson

    config = load_city_option(city)
    zones = all_zones(stored_records(config, store))
    write_file(file, json_bytes(zones_geojson(zones, config.areas.months)))
    show(tr("zone.exported", path=file, n=len(zones)))


def _find(signing: DecisionOptions, zone: str) -> Zone:
    from csa.program.registry import all_zones, find_zone

    return find_zone(all_zones(signing.records), zone)


def read_drawn(
    signing: DecisionOptions, file: Path, crs: str | None, dataset: Path | None
) -> ZoneCells:
    """Read a zone's polygons, and find the cells of the city that stand for them."""
    from csa.base.errors import ParamError
    from csa.geo.cells import fit_cells
    from csa.ingest.polygons import read_zone

    data = dataset_of(signing.city, dataset)
    if data is None:
        raise ParamError("zone.no_dataset")
    drawn, notes = read_zone(file, crs)
    for note in notes:
        show(render(note))
    return fit_cells(drawn, data.study_area, signing.config.areas.resolution)


def describe_fit(drawn: ZoneCells) -> str:
    """Describe how well cells cover a zone."""
    said = tr(
        "zone.fit",
        n=len(drawn.cells),
        missed=percent(drawn.missed_share),
        extra=percent(drawn.extra_share),
        km2=drawn.area_km2,
    )
    if drawn.n_slivers:
        said += " " + tr("zone.slivers", n=drawn.n_slivers)
    if drawn.inside_share < 1 - 1e-3:
        said += " " + tr("zone.beyond", share=percent(1 - drawn.inside_share))
    return said


def describe_seal(zone: Zone) -> str:
    """Describe whether a zone's evaluation plan is locked."""
    since = month(str(zone.versions[0].since))
    return tr("zone.sealed" if zone.is_sealed else "zone.exploratory", since=since)
