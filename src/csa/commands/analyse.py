"""The commands that answer from a dataset: propose, and config with its settings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from csa.commands.options import CityOption, JsonOption, city_of
from csa.terminal.console import progress, show_json


def propose(
    city: CityOption,
    dataset: Annotated[Path, typer.Option(help="What `csa ingest` wrote.", metavar="DIR")],
    out: Annotated[Path, typer.Option(help="Folder of the proposal.", metavar="DIR")],
    until: Annotated[
        str | None,
        typer.Option(help="First month not counted; else after the data.", metavar="YYYY-MM"),
    ] = None,
    months: Annotated[int | None, typer.Option(help="Months counted.  [36]")] = None,
    eps_m: Annotated[
        float | None, typer.Option(help="DBSCAN's radius in metres.  [suggested]")
    ] = None,
    min_samples: Annotated[
        int | None, typer.Option(help="DBSCAN's minimum count.  [suggested]")
    ] = None,
    max_area_km2: Annotated[
        float | None, typer.Option(help="Size limit of an area; 0 for none.  [2.0]")
    ] = None,
    resolution: Annotated[int | None, typer.Option(help="H3 resolution.  [9]")] = None,
    kind: Annotated[
        list[str] | None,
        typer.Option(help="Count only this kind: homicide or nonfatal.  [both]", metavar="KIND"),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Propose candidate core service areas from a dataset."""
    config = city_of(city)
    from csa.analysis import Choices
    from csa.analysis import propose as propose_areas
    from csa.files import replace_folder
    from csa.hotspots.proposal import MARKER, proposal_files
    from csa.ingest.dataset import load_dataset
    from csa.params import Month
    from csa.schema import KINDS
    from csa.settings import resolve
    from csa.terminal.analyse import show_proposal

    flags = {
        "months": months,
        "eps_m": eps_m,
        "min_samples": min_samples,
        "max_area_km2": max_area_km2,
        "resolution": resolution,
    }
    settled = {name: setting.value for name, setting in resolve(flags, config).items()}
    settled.pop("data_dir")
    first_not_counted = None if until is None else Month.parse(until, "--until")
    kinds = tuple(dict.fromkeys(kind)) if kind else KINDS
    choices = Choices(until=first_not_counted, kinds=kinds, **settled)
    with progress(5) as tell:
        tell("load")
        loaded = load_dataset(dataset)
        proposal = propose_areas(loaded, config, choices, tell)
        tell("write")
        replace_folder(out, MARKER, proposal_files(proposal))
    if as_json:
        show_json(proposal.summary)
    else:
        show_proposal(proposal, config.city.units, out)


def config_show(city: CityOption, as_json: JsonOption = False) -> None:
    """Print each setting with its value and where it comes from."""
    from csa.settings import resolve
    from csa.terminal.analyse import show_settings

    settled = resolve({}, city_of(city))
    if as_json:
        show_json({name: {"value": s.value, "origin": s.origin} for name, s in settled.items()})
    else:
        show_settings(settled)
