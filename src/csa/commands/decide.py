"""The commands that help to decide: backtest, priorities and draw."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from csa.commands.choosing import (
    DatasetOption,
    EpsOption,
    KindOption,
    LimitOption,
    MinSamplesOption,
    MonthsOption,
    ResolutionOption,
    UntilOption,
    capacity_of,
    choices_of,
    months_of,
    weights_of,
)
from csa.commands.options import CityOption, JsonOption, city_of
from csa.errors import ParamError, SourceError
from csa.terminal.console import progress, show_json

if TYPE_CHECKING:
    from csa.choices import Choices
    from csa.city import CityConfig
    from csa.deciding.found import Found
    from csa.log import Tell


def backtest(
    city: CityOption,
    dataset: DatasetOption,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder of the backtest; needed with --origins.", metavar="DIR"),
    ] = None,
    origins: Annotated[
        str | None,
        typer.Option(
            help="Past months that were not known.  [each January, and the record is kept]",
            metavar="YYYY-MM,YYYY-MM",
        ),
    ] = None,
    horizon: Annotated[int | None, typer.Option(help="Months scored after each.  [12]")] = None,
    area_share: Annotated[
        float | None, typer.Option(help="Part of the city's land that is chosen.  [0.02]")
    ] = None,
    months: MonthsOption = None,
    max_area_km2: LimitOption = None,
    resolution: ResolutionOption = None,
    kind: KindOption = None,
    variants: Annotated[
        bool, typer.Option("--variants/--no-variants", help="Score other settings too.")
    ] = True,
    as_json: JsonOption = False,
) -> None:
    """Judge this way of proposing on past years, and keep what they suggest."""
    config = city_of(city)
    from csa.deciding.backtest import MARKER, backtest_account, backtest_files
    from csa.deciding.past import Asked, ask_question, judge_named, judge_past_years
    from csa.files import replace_folder
    from csa.ingest.dataset import load_dataset
    from csa.recording import load_record, past_years, save_record
    from csa.terminal.decide import show_backtest

    flags = {"months": months, "max_area_km2": max_area_km2, "resolution": resolution}
    # Each past day has the values suggested for it: a radius or minimum settled for now is none.
    choices = replace(choices_of(config, None, kind, flags), eps_m=None, min_samples=None)
    named = months_of(origins, "--origins")
    if named is not None and out is None:
        raise ParamError("backtest.out")
    if named is None and (horizon, area_share) != (None, None):
        raise ParamError("backtest.only_with_origins")
    loaded = load_dataset(dataset)
    days = past_years(loaded, choices) if named is None else named
    question = ask_question(days, horizon, area_share)
    asked = Asked(loaded, config, choices, question, with_variants=variants and out is not None)
    n_passes = 1 + (named is None) + asked.with_variants
    with progress(2 + len(days) * n_passes) as tell:
        if named is None:
            past = judge_past_years(asked, tell)
        else:
            past = judge_named(asked, load_record(dataset, loaded, config, choices), tell)
        account = backtest_account(past)
        tell("write")
        if past.made is not None:
            save_record(past.made, dataset, loaded, config, choices)
        if out is not None:
            replace_folder(out, MARKER, backtest_files(account, past))
    if as_json:
        show_json(account)
    else:
        show_backtest(past, account, out)


def priorities(
    city: CityOption,
    dataset: DatasetOption,
    out: Annotated[Path, typer.Option(help="Folder of the priorities.", metavar="DIR")],
    until: UntilOption = None,
    months: MonthsOption = None,
    eps_m: EpsOption = None,
    min_samples: MinSamplesOption = None,
    max_area_km2: LimitOption = None,
    resolution: ResolutionOption = None,
    kind: KindOption = None,
    capacity: Annotated[
        int | None,
        typer.Option(help="Areas served first; else the city's.", metavar="K"),
    ] = None,
    weight: Annotated[
        list[str] | None,
        typer.Option(
            help="What counts, such as expected=2, no other then; else the city's.",
            metavar="NAME=NUMBER",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Tell how sure each candidate area is, and which come first by some weights."""
    config = city_of(city)
    from csa.deciding.priorities import MARKER, join_chosen, priorities_account, priorities_files
    from csa.files import replace_folder
    from csa.judging import prioritise
    from csa.terminal.decide import show_priorities, show_written

    flags = {
        "months": months,
        "eps_m": eps_m,
        "min_samples": min_samples,
        "max_area_km2": max_area_km2,
        "resolution": resolution,
    }
    choices = choices_of(config, until, kind, flags)
    weights, n_first = weights_of(weight, config), capacity_of(capacity, config)
    with progress(8) as tell:
        found = _find(dataset, config, choices, tell)
        chosen = prioritise(found.judgement, weights, n_first)
        account = priorities_account(found, weights, n_first)
        files = priorities_files(account, found.judgement, chosen)
        tell("write")
        replace_folder(out, MARKER, files, optional=("cells.csv",))
    if as_json:
        show_json(account)
    else:
        show_priorities(found, join_chosen(found.judgement, chosen))
        show_written(out, files)


def draw(
    city: Annotated[
        str | None, typer.Option(help="A city's file, or its name in config/.", metavar="CONFIG")
    ] = None,
    dataset: Annotated[
        Path | None, typer.Option(help="What `csa ingest` wrote.", metavar="DIR")
    ] = None,
    tier: Annotated[int | None, typer.Option(help="The tier drawn, from 1.", metavar="N")] = None,
    first_start: Annotated[
        str | None, typer.Option(help="When the first areas start.", metavar="YYYY-MM")
    ] = None,
    seed: Annotated[
        str | None,
        typer.Option(help="A text said after the list was closed.  [only close the list]"),
    ] = None,
    waves: Annotated[int, typer.Option(help="How many starts there are.")] = 2,
    months_between: Annotated[int, typer.Option(help="From one start to the next.")] = 6,
    until: UntilOption = None,
    months: MonthsOption = None,
    eps_m: EpsOption = None,
    min_samples: MinSamplesOption = None,
    max_area_km2: LimitOption = None,
    resolution: ResolutionOption = None,
    kind: KindOption = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the draw.", metavar="DIR")] = None,
    verify: Annotated[
        Path | None,
        typer.Option(help="A draw.json to make again; no other option.", metavar="FILE"),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Draw by a public rule which areas of a tier start when, or check such a draw."""
    if verify is not None:
        _verify(verify, as_json=as_json)
        return
    if city is None or dataset is None or tier is None or first_start is None or out is None:
        needed = {"--city": city, "--dataset": dataset, "--tier": tier}
        needed |= {"--first-start": first_start, "--out": out}
        absent = [name for name, given in needed.items() if given is None]
        raise ParamError("draw.missing", which=", ".join(absent))
    config = city_of(city)
    from csa.deciding.draw import (
        MARKER,
        Starts,
        close_list,
        list_entrants,
        make_draw,
        require_same_list,
    )
    from csa.files import replace_folder
    from csa.params import Month
    from csa.terminal.decide import show_closed_list, show_draw, show_written

    flags = {
        "months": months,
        "eps_m": eps_m,
        "min_samples": min_samples,
        "max_area_km2": max_area_km2,
        "resolution": resolution,
    }
    choices = choices_of(config, until, kind, flags)
    start = Month.parse(first_start, "--first-start")
    with progress(8) as tell:
        found = _find(dataset, config, choices, tell)
        starts = Starts(list_entrants(found, tier), start, waves, months_between)
        made = close_list(found, starts) if seed is None else make_draw(found, starts, seed)
        require_same_list(out / MARKER, _kept_draw(out / MARKER), made)
        tell("write")
        replace_folder(out, MARKER, made.files)
    if as_json:
        show_json(made.account)
        return
    if made.draw is None or made.power is None:
        show_closed_list(made.account)
    else:
        show_draw(made.draw, made.power, found.usual_fall_share)
    show_written(out, made.files)


def _find(dataset: Path, config: CityConfig, choices: Choices, tell: Tell) -> Found:
    from csa.deciding.found import find
    from csa.ingest.dataset import load_dataset
    from csa.recording import load_record

    tell("load")
    loaded = load_dataset(dataset)
    return find(loaded, config, choices, load_record(dataset, loaded, config, choices), tell)


def _kept_draw(path: Path) -> dict[str, Any] | None:
    """Read a record of a draw; None where there is none."""
    from csa.ingest.kept import load_kept

    try:
        return load_kept(path)
    except SourceError as error:
        raise SourceError("draw.unreadable", path=path) from error


def _verify(path: Path, *, as_json: bool) -> None:
    from csa.deciding.draw import CLOSED
    from csa.priorities.draw_record import find_differences
    from csa.terminal.decide import show_differences

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
