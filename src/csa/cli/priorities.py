"""The command that tells how sure each area is, and which come first: priorities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from csa.base.errors import ParamError
from csa.base.text import in_ten, render, times, tr
from csa.cli.console import progress, show, show_json, show_table, show_written
from csa.cli.options import (
    CityOption,
    DatasetOption,
    JsonOption,
    ProposalOptions,
    StoreOption,
    load_analysis,
    load_city_option,
    proposing,
)
from csa.cli.propose import outline_name, show_core_areas

if TYPE_CHECKING:
    import pandas as pd

    from csa.areas.ordering import Weights
    from csa.city.config import CityConfig
    from csa.program.registry import AreaStatus
    from csa.workflow.products import PrioritiesMade


@proposing
def priorities(
    city: CityOption,
    dataset: DatasetOption,
    out: Annotated[Path, typer.Option(help="Folder of the priorities.", metavar="DIR")],
    how: ProposalOptions,
    capacity: Annotated[
        int | None, typer.Option(help="Areas served first (default: the city's).", metavar="K")
    ] = None,
    weight: Annotated[
        list[str] | None,
        typer.Option(
            help="Weights, such as expected=2; the others are 0 (default: the city's).",
            metavar="NAME=NUMBER",
        ),
    ] = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show how certain each candidate area is, and which come first."""
    config = load_city_option(city)
    from csa.areas.priority.files import MARKER
    from csa.base.io import replace_folder
    from csa.reports.briefing.areas import CORE_AREAS
    from csa.workflow.products import make_priorities

    choices = how.choices(config)
    first = weights_of(weight, config), capacity_of(capacity, config)
    with progress(8) as step:
        made = make_priorities(load_analysis(config, dataset, choices, store, step), first)
        step("write")
        replace_folder(out, MARKER, made.files, optional=("cells.csv", CORE_AREAS))
    if as_json:
        show_json(made.account)
    else:
        show_priorities(made, out)


def weights_of(given: Sequence[str] | None, config: CityConfig) -> Weights:
    """Read weights; those given stand alone, in place of the city's."""
    from csa.areas.ordering import COMPONENTS, Weights

    if not given:
        return Weights.of(config.priorities.weights)
    weights: dict[str, float] = {}
    for text in given:
        name, _, number = text.partition("=")
        if name not in COMPONENTS:
            raise ParamError(
                "param.unknown", kind="component", given=name, known=", ".join(COMPONENTS)
            )
        if name in weights:
            raise ParamError("judged.weight_twice", name=name)
        try:
            weights[name] = float(number)
        except ValueError as error:
            raise ParamError("judged.weight", given=text) from error
    return Weights(weights)


def capacity_of(given: int | None, config: CityConfig) -> int:
    """Return how many areas can be served first."""
    if given is None:
        return config.priorities.capacity
    if given < 1:
        raise ParamError("param.at_least", name="--capacity", least=1, given=given)
    return given


def show_priorities(made: PrioritiesMade, out: Path) -> None:
    """Print what is known of each area, west to east, and what the data cannot answer."""
    from csa.areas.answer import describe_values
    from csa.areas.backtest.record import describe_record
    from csa.areas.ordering import describe_order

    found, table = made.found, made.table
    if table.empty:
        show(tr("judged.no_area"))
    else:
        _priority_table(table, made.standing)
        show(tr("judged.order", order=render(describe_order(found.assessment.weights))))
        show(tr("judged.not_ranked"))
        if table["is_doubtful"].any():
            doubtful = table.loc[table["is_doubtful"].astype(bool), "area_id"].tolist()
            show(tr("judged.doubtful", n=len(doubtful), which=", ".join(doubtful)))
    lacks = [render(told.message) for told in found.assessment.answers.values() if not told.can]
    show(*dict.fromkeys(lacks))  # what the data cannot answer, each once
    is_estimated = found.proposal.summary["land_is_estimated"]
    show(render(describe_values(found.proposal)))
    show(render(describe_record(found.record, is_estimated=is_estimated)))
    show_core_areas(made.counts)
    show_written(out, made.files)


def _priority_table(areas: pd.DataFrame, standing: Mapping[str, AreaStatus]) -> None:
    table = Table(box=None, pad_edge=False)
    table.add_column("Area", no_wrap=True)
    table.add_column("Place", overflow="fold", min_width=18)
    table.add_column("Tier")
    for title in ("Incidents", "Expected", "Times\nthe city"):
        table.add_column(title, justify="right")
    table.add_column("Found\nagain")
    table.add_column("First")
    table.add_column("Sure to\nbe first")
    table.add_column("First by\nother weights")
    for area in areas.to_dict("records"):
        key, n = area["area_id"], f"{area['incidents']:,}"
        tier = _tier(area["tier"], is_doubtful=bool(area["is_doubtful"]))
        usual = _usual(area["expected_low"], area["expected_high"])
        again, first = in_ten(area["stability_share"]), tr("label.yes") if area["is_first"] else ""
        sure = in_ten(area["in_top_probability"]), in_ten(area["top_share"])
        counts = n, usual, times(area["times_city"])
        table.add_row(key, outline_name(standing[key]), tier, *counts, again, first, *sure)
    show_table(table)


def _usual(low: float, high: float) -> str:
    """Write the likely true level as the pages do: rounding never narrows its interval."""
    from csa.areas.sheets import expected_range

    bounds = expected_range(low, high)
    if bounds is None:
        return tr("term.unknown")
    return tr("judged.between", low=bounds[0], high=bounds[1])


def _tier(tier: Any, *, is_doubtful: bool) -> str:
    import pandas as pd

    if is_doubtful:
        return tr("label.look_first")
    return tr("label.none") if pd.isna(tier) else str(int(tier))
