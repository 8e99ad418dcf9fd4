"""The command that draws by a public rule which areas start when: draw."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from csa.base.errors import ParamError, SourceError
from csa.base.text import percent, render, speak
from csa.cli.console import progress, show, show_json, show_written
from csa.cli.options import (
    EpsOption,
    JsonOption,
    KindOption,
    LimitOption,
    MinSamplesOption,
    MonthsOption,
    ResolutionOption,
    UntilOption,
    choices_of,
    city_of,
)
from csa.cli.priorities import assess_areas

if TYPE_CHECKING:
    import pandas as pd

    from csa.areas.choices import Choices
    from csa.base.message import Message
    from csa.config.city import CityConfig
    from csa.priority.draw import Draw
    from csa.priority.draw_files import ClosedDraw
    from csa.priority.proposal_files import AssessedProposal

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


def draw(
    city: Annotated[
        str | None, typer.Option(help="A city's file, or its name in config/.", metavar="CONFIG")
    ] = None,
    dataset: Annotated[
        Path | None, typer.Option(help="What `csa ingest` wrote.", metavar="DIR")
    ] = None,
    tier: TierOption = None,
    first_start: StartOption = None,
    seed: SeedOption = None,
    waves: WavesOption = 2,
    months_between: BetweenOption = 6,
    until: UntilOption = None,
    months: MonthsOption = None,
    eps_m: EpsOption = None,
    min_samples: MinSamplesOption = None,
    max_area_km2: LimitOption = None,
    resolution: ResolutionOption = None,
    kind: KindOption = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the draw.", metavar="DIR")] = None,
    verify: VerifyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Draw by a public rule which areas of a tier start when, or check such a draw."""
    if verify is not None:
        _verify(verify, as_json=as_json)
        return
    if city is None or dataset is None or tier is None or first_start is None or out is None:
        needed = {"--city": city, "--dataset": dataset, "--tier": tier}
        raise _missing(needed | {"--first-start": first_start, "--out": out})
    config = city_of(city)
    choices = choices_of(
        config,
        until,
        kind,
        months=months,
        eps_m=eps_m,
        min_samples=min_samples,
        max_area_km2=max_area_km2,
        resolution=resolution,
    )
    wanted = (tier, first_start, waves, months_between)
    found, made = _draw(config, choices, dataset, out, seed, wanted)
    _show_draw(found, made, out, as_json=as_json)


def _missing(needed: Mapping[str, object]) -> ParamError:
    absent = [name for name, given in needed.items() if given is None]
    return ParamError("draw.missing", which=", ".join(absent))


def _draw(
    config: CityConfig,
    choices: Choices,
    dataset: Path,
    out: Path,
    seed: str | None,
    wanted: tuple[int, str, int, int],
) -> tuple[AssessedProposal, ClosedDraw]:
    """Close a list or draw it; `wanted` is the tier, its first start, waves, months between."""
    from csa.base.io import replace_folder
    from csa.base.params import Month
    from csa.priority.draw_files import (
        MARKER,
        Starts,
        close_list,
        list_entrants,
        make_draw,
        require_one_draw,
    )

    tier, first_start, waves, months_between = wanted
    start = Month.parse(first_start, "--first-start")
    with progress(8) as tell:
        found = assess_areas(config, dataset, choices, tell)
        starts = Starts(list_entrants(found, tier), start, waves, months_between)
        made = close_list(found, starts) if seed is None else make_draw(found, starts, seed)
        require_one_draw(out / MARKER, _kept_draw(out / MARKER), made)
        tell("write")
        replace_folder(out, MARKER, made.files)
    return found, made


def _show_draw(found: AssessedProposal, made: ClosedDraw, out: Path, *, as_json: bool) -> None:
    if as_json:
        show_json(made.account)
        return
    if made.draw is None or made.power is None:
        show_closed_list(made.account)
    else:
        show_draw(made.draw, made.power, found.usual_fall_share)
    show_written(out, made.files)


def _kept_draw(path: Path) -> dict[str, Any] | None:
    """Read a record of a draw; None where it does not exist."""
    from csa.dataset.versioned import load_kept

    try:
        return load_kept(path)
    except (SourceError, RecursionError) as error:
        raise SourceError("draw.unreadable", path=path) from error


def _verify(path: Path, *, as_json: bool) -> None:
    from csa.priority.draw_files import CLOSED
    from csa.priority.draw_record import find_differences

    record = _kept_draw(path)
    if record is None:
        raise SourceError("draw.unreadable", path=path)
    if record.get("kind") == CLOSED:
        raise SourceError("draw.not_drawn", path=path)
    found = find_differences(record)
    if as_json:
        show_json({"is_same": not found, "differences": [str(one) for one in found]})
    else:
        show_differences(found)
    if found:
        raise typer.Exit(1)


def show_closed_list(account: Mapping[str, Any]) -> None:
    """Print the code of a closed list, and what to do before the draw."""
    n_areas, code = len(account["entrants"]), account["entrants_sha256"]
    show(
        speak("draw.closed", n=n_areas, tier=account["tier"]),
        speak("draw.code", code=code),
        speak("draw.publish"),
        speak("draw.then"),
    )


def show_draw(draw: Draw, power: pd.DataFrame, usual_fall_share: float | None) -> None:
    """Print who starts when, how to draw again by hand, and what the draw could show."""
    from csa.priority.draw_power import explain_power
    from csa.priority.draw_record import explain_draw, list_starts

    _show_all(list_starts(draw))
    _show_all(explain_draw(draw))
    _show_all(explain_power(power))
    if usual_fall_share is None:
        show(speak("draw.fall_unknown"))
    else:
        show(speak("draw.fall_allowed", share=percent(usual_fall_share)))


def show_differences(found: Sequence[Message]) -> None:
    """Print whether a recorded draw repeats."""
    if found:
        _show_all(found)
    else:
        show(speak("draw.same"))


def _show_all(messages: Iterable[Message]) -> None:
    show(*(render(message) for message in messages))
