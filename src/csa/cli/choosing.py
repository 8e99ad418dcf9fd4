"""How areas are proposed: options shared by several commands, and how they are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from csa.base.errors import ParamError

if TYPE_CHECKING:
    from csa.areas.choices import Choices
    from csa.base.params import Month
    from csa.config.city import CityConfig
    from csa.priority.index import Weights

DatasetOption = Annotated[
    Path, typer.Option("--dataset", help="What `csa ingest` wrote.", metavar="DIR")
]
UntilOption = Annotated[
    str | None,
    typer.Option(
        "--until", help="First month not counted; else after the data.", metavar="YYYY-MM"
    ),
]
MonthsOption = Annotated[int | None, typer.Option("--months", help="Months counted.  [36]")]
EpsOption = Annotated[
    float | None, typer.Option("--eps-m", help="DBSCAN's radius in metres; else as suggested.")
]
MinSamplesOption = Annotated[
    int | None, typer.Option("--min-samples", help="DBSCAN's minimum count; else as suggested.")
]
LimitOption = Annotated[
    float | None,
    typer.Option("--max-area-km2", help="Size limit of an area; 0 for none.  [2.0]"),
]
ResolutionOption = Annotated[int | None, typer.Option("--resolution", help="H3 resolution.  [9]")]
KindOption = Annotated[
    list[str] | None,
    typer.Option(
        "--kind", help="Count only this kind: homicide or nonfatal; else both.", metavar="KIND"
    ),
]
OriginsOption = Annotated[
    str | None,
    typer.Option(
        help="Past months that were not known.  [each January, and the record is kept]",
        metavar="YYYY-MM,YYYY-MM",
    ),
]
HorizonOption = Annotated[int | None, typer.Option(help="Months scored after each.  [12]")]
ShareOption = Annotated[
    float | None, typer.Option(help="Part of the city's land that is chosen.  [0.02]")
]
VariantsOption = Annotated[
    bool, typer.Option("--variants/--no-variants", help="Score other settings too.")
]
CapacityOption = Annotated[
    int | None, typer.Option(help="Areas served first; else the city's.", metavar="K")
]
WeightOption = Annotated[
    list[str] | None,
    typer.Option(
        help="What counts, such as expected=2, no other then; else the city's.",
        metavar="NAME=NUMBER",
    ),
]
TierOption = Annotated[int | None, typer.Option(help="The tier drawn, from 1.", metavar="N")]
StartOption = Annotated[
    str | None, typer.Option(help="When the first areas start.", metavar="YYYY-MM")
]
SeedOption = Annotated[
    str | None,
    typer.Option(help="A text said after the list was closed.  [only close the list]"),
]
WavesOption = Annotated[int, typer.Option(help="How many starts there are.")]
BetweenOption = Annotated[int, typer.Option(help="From one start to the next.")]
VerifyOption = Annotated[
    Path | None, typer.Option(help="A draw.json to make again; no other option.", metavar="FILE")
]


def choices_of(
    config: CityConfig, until: str | None, kind: Sequence[str] | None, flags: Mapping[str, Any]
) -> Choices:
    """Return how areas are to be proposed."""
    from csa.areas.choices import Choices
    from csa.base.params import Month
    from csa.base.schema import KINDS
    from csa.config.settings import choosing, resolve

    settled = choosing(resolve(flags, config))
    first_not_counted = None if until is None else Month.parse(until, "--until")
    kinds = tuple(dict.fromkeys(kind)) if kind else KINDS
    return Choices(until=first_not_counted, kinds=kinds, **settled)


def weights_of(given: Sequence[str] | None, config: CityConfig) -> Weights:
    """Read weights; those given stand alone, in place of the city's."""
    from csa.priority.assess import COMPONENTS
    from csa.priority.index import Weights

    if not given:
        return Weights({str(name): n for name, n in config.priorities.weights.items()})
    weights: dict[str, float] = {}
    for text in given:
        name, _, number = text.partition("=")
        if name not in COMPONENTS:
            raise ParamError("priorities.component", given=name, known=", ".join(COMPONENTS))
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
        raise ParamError("priorities.at_least_one", name="--capacity", given=given)
    return given


def months_of(text: str | None, name: str) -> tuple[Month, ...] | None:
    """Read months that an option lists."""
    from csa.base.params import Month

    if text is None:
        return None
    return tuple(sorted(Month.parse(part.strip(), name) for part in text.split(",")))
