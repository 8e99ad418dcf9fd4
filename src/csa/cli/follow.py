"""The command that follows areas: fewer here, moved next door, or a drop that would come anyway."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from csa.cli.choosing import DatasetOption, choices_of
from csa.cli.options import CityOption, JsonOption, city_of
from csa.cli.output.console import progress, show_json

N_STEPS = 6 + 36
"""Including one window for each month of three years."""


def displace(
    city: CityOption,
    dataset: DatasetOption,
    areas: Annotated[
        Path,
        typer.Option(
            help="Areas to follow: what `csa propose` wrote, its areas.csv or areas.geojson.",
            metavar="FILE",
        ),
    ],
    out: Annotated[Path, typer.Option(help="Folder of what was found.", metavar="DIR")],
    since: Annotated[
        str | None,
        typer.Option(help="First month of after; else a year before the end.", metavar="YYYY-MM"),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Check whether shootings fell in areas, moved next door, or would have fallen anyway."""
    config = city_of(city)
    from csa.base.io import replace_folder, require_writable
    from csa.base.params import Month
    from csa.cli.output.decide import show_written
    from csa.cli.output.follow import show_followed, show_no_area
    from csa.dataset.chosen import read_areas
    from csa.dataset.versioned import open_dataset
    from csa.displacement.files import MARKER, displacement_account, displacement_files
    from csa.displacement.follow import FollowSource, follow_areas

    start = None if since is None else Month.parse(since, "--since")
    chosen = read_areas(areas)
    if not chosen.cells:
        if as_json:
            show_json({"areas": 0})
        else:
            show_no_area(areas)
        return
    choices = choices_of(config, None, chosen.kinds, {"resolution": chosen.resolution})
    require_writable(out)
    with progress(N_STEPS) as tell:
        tell("load")
        source = FollowSource(dataset, open_dataset(dataset), config, choices)
        followed = follow_areas(source, chosen, start, tell)
        account = displacement_account(followed)
        files = displacement_files(account, followed)
        tell("write")
        replace_folder(out, MARKER, files)
    if as_json:
        show_json(account)
    else:
        show_followed(followed, account)
        show_written(out, files)
