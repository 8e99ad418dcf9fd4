"""The commands of points that may stand for unknown places: looked at, and marked by a person."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from csa.base.errors import ParamError
from csa.base.text import tr
from csa.cli.console import make_table, show, show_json, show_table
from csa.cli.options import (
    ByOption,
    CityOption,
    FolderOption,
    JsonOption,
    WhyOption,
    city_word,
    dataset_of,
    load_city_option,
)

app = typer.Typer(
    name="point",
    no_args_is_help=True,
    help="Possible placeholder locations: look at them, and mark them.",
)


@app.command("list")
def point_list(city: CityOption, dataset: FolderOption = None, as_json: JsonOption = False) -> None:
    """List possible placeholder locations: address, coordinates, and what is there."""
    from csa.ingest.points import list_points

    opened = dataset_of(city, dataset)
    if opened is None:
        raise ParamError("zone.no_dataset")
    points = list_points(opened)
    if as_json:
        show_json([asdict(one) for one in points])
        return
    if not points:
        show(tr("data.no_suspects"))
        return
    table = make_table("", "Incidents", "Address", "Latitude, longitude", "There", right=(0, 1))
    for one in points:
        there = [one.neighborhood, *(f"{name} ({meters:.0f} m)" for name, meters in one.near)]
        where = f"{one.lat:.5f}, {one.lon:.5f}"
        words = ", ".join(filter(None, there))
        table.add_row(str(one.number), str(one.incidents), one.address or "(none)", where, words)
    show_table(table)
    show(tr("points.how_to_mark", city=city_word(city)))


@app.command("mark")
def point_mark(
    number: Annotated[int, typer.Argument(help="The point's number in `csa point list`.")],
    city: CityOption,
    by: ByOption,
    why: WhyOption,
    is_real: Annotated[
        bool, typer.Option("--right/--wrong", help="Whether incidents really happened there.")
    ],
    dataset: FolderOption = None,
) -> None:
    """Mark a location in the city's file as right or wrong, once someone has checked it."""
    from csa.city.loading import find_city_file
    from csa.ingest.points import list_points, mark_point

    config = load_city_option(city)
    opened = dataset_of(city, dataset)
    if opened is None:
        raise ParamError("zone.no_dataset")
    points = {one.number: one for one in list_points(opened)}
    if number not in points:
        raise ParamError("points.unknown", given=number, n=len(points))
    today, path = config.city.clock.today(), find_city_file(city)
    mark_point(path, points[number], is_real=is_real, by=by, why=why, on=today)
    show(tr("points.marked_real" if is_real else "points.marked_wrong", path=path))
