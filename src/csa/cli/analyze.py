"""The commands that answer from a dataset: propose, and config with its settings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from csa.cli.choosing import (
    DatasetOption,
    EpsOption,
    KindOption,
    LimitOption,
    MinSamplesOption,
    MonthsOption,
    ResolutionOption,
    UntilOption,
    choices_of,
)
from csa.cli.options import CityOption, JsonOption, city_of
from csa.cli.output.console import progress, show_json


def propose(
    city: CityOption,
    dataset: DatasetOption,
    out: Annotated[Path, typer.Option(help="Folder of the proposal.", metavar="DIR")],
    until: UntilOption = None,
    months: MonthsOption = None,
    eps_m: EpsOption = None,
    min_samples: MinSamplesOption = None,
    max_area_km2: LimitOption = None,
    resolution: ResolutionOption = None,
    kind: KindOption = None,
    as_json: JsonOption = False,
) -> None:
    """Propose candidate core service areas from a dataset."""
    config = city_of(city)
    from csa.areas.analysis import propose_areas
    from csa.areas.proposal import MARKER, proposal_files
    from csa.backtest.recording import load_suggestion, suggestion_of
    from csa.base.io import replace_folder
    from csa.cli.output.analyze import show_proposal
    from csa.dataset.versioned import open_dataset

    flags = {
        "months": months,
        "eps_m": eps_m,
        "min_samples": min_samples,
        "max_area_km2": max_area_km2,
        "resolution": resolution,
    }
    choices = choices_of(config, until, kind, flags)
    with progress(5) as tell:
        tell("load")
        loaded = open_dataset(dataset)
        record = load_suggestion(dataset, loaded, config, choices)
        suggestion = suggestion_of(config, record)
        proposal = propose_areas(loaded, config, choices, tell, suggestion=suggestion)
        tell("write")
        replace_folder(out, MARKER, proposal_files(proposal))
    if as_json:
        show_json(proposal.summary)
    else:
        show_proposal(proposal, config.city.units, out)


def config_show(city: CityOption, as_json: JsonOption = False) -> None:
    """Print each setting with its value and where it comes from."""
    from dataclasses import replace

    from csa.cli.output.analyze import show_settings
    from csa.config.settings import resolve
    from csa.decisions.store.address import shown

    settled = resolve({}, city_of(city))
    settled["store"] = replace(settled["store"], value=shown(str(settled["store"].value)))
    if as_json:
        show_json({name: {"value": s.value, "origin": s.origin} for name, s in settled.items()})
    else:
        show_settings(settled)
