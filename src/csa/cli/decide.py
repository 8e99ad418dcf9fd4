"""The commands that help to decide: backtest, priorities and draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from csa.base.errors import ParamError, SourceError
from csa.cli.choosing import (
    BetweenOption,
    CapacityOption,
    DatasetOption,
    EpsOption,
    HorizonOption,
    KindOption,
    LimitOption,
    MinSamplesOption,
    MonthsOption,
    OriginsOption,
    ResolutionOption,
    SeedOption,
    ShareOption,
    StartOption,
    TierOption,
    UntilOption,
    VariantsOption,
    VerifyOption,
    WavesOption,
    WeightOption,
    capacity_of,
    choices_of,
    months_of,
    weights_of,
)
from csa.cli.options import CityOption, JsonOption, city_of
from csa.cli.output.console import progress, show_json

if TYPE_CHECKING:
    from csa.areas.choices import Choices
    from csa.base.logging import Tell
    from csa.base.params import Month
    from csa.config.city import CityConfig
    from csa.priority.draw_files import ClosedDraw
    from csa.priority.proposal_files import AssessedProposal
    from csa.workflow.past_years import BacktestRequest, BacktestResult


def backtest(
    city: CityOption,
    dataset: DatasetOption,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder of the backtest; needed with --origins.", metavar="DIR"),
    ] = None,
    origins: OriginsOption = None,
    horizon: HorizonOption = None,
    area_share: ShareOption = None,
    months: MonthsOption = None,
    max_area_km2: LimitOption = None,
    resolution: ResolutionOption = None,
    kind: KindOption = None,
    variants: VariantsOption = True,
    as_json: JsonOption = False,
) -> None:
    """Judge this way of proposing on past years, and keep what they suggest."""
    config = city_of(city)
    from csa.cli.output.decide import show_backtest

    flags = {"months": months, "max_area_km2": max_area_km2, "resolution": resolution}
    # Each past day has its own suggested values: a radius or minimum chosen for today is left out.
    choices = replace(choices_of(config, None, kind, flags), eps_m=None, min_samples=None)
    named = months_of(origins, "--origins")
    if named is not None and out is None:
        raise ParamError("backtest.out")
    if named is None and (horizon, area_share) != (None, None):
        raise ParamError("backtest.only_with_origins")
    asked = _ask(
        dataset, config, choices, (named, horizon, area_share), variants and out is not None
    )
    past, account = _judge_and_write(asked, dataset, out, is_named=named is not None)
    if as_json:
        show_json(account)
    else:
        show_backtest(past, account, out)


def _ask(
    dataset: Path,
    config: CityConfig,
    choices: Choices,
    wish: tuple[Sequence[Month] | None, int | None, float | None],
    with_variants: bool,
) -> BacktestRequest:
    """Return what is asked of the past; `wish` is origins, horizon and land as given."""
    from csa.backtest.recording import past_years
    from csa.dataset.versioned import open_dataset
    from csa.workflow.past_years import BacktestRequest, ask_question

    loaded = open_dataset(dataset)
    named, horizon, area_share = wish
    days = past_years(loaded, choices) if named is None else named
    question = ask_question(days, horizon, area_share)
    return BacktestRequest(loaded, config, choices, question, with_variants=with_variants)


def _judge_and_write(
    asked: BacktestRequest, dataset: Path, out: Path | None, *, is_named: bool
) -> tuple[BacktestResult, dict[str, Any]]:
    """Score the past; write the folder first, then the record beside the dataset."""
    from csa.backtest.recording import save_record
    from csa.base.io import KEPT, replace_folder, require_writable
    from csa.displacement.past_cohorts import save_chance, save_past
    from csa.workflow.backtest_files import MARKER, backtest_account, backtest_files
    from csa.workflow.past_years import judge_named, judge_past_years

    source = (asked.dataset, asked.config, asked.choices)
    if out is not None:
        require_writable(out)
    if not is_named:
        require_writable(dataset / KEPT / "record")
    n_passes = 1 + 2 * (not is_named) + asked.with_variants
    with progress(2 + (not is_named) + len(asked.question.origins) * n_passes) as tell:
        past = judge_named(asked, tell) if is_named else judge_past_years(asked, tell)
        account = backtest_account(past)
        tell("write")
        if out is not None:
            replace_folder(out, MARKER, backtest_files(account, past))
        if past.after is not None:
            save_past(past.after, dataset, *source)
        if past.chance is not None:
            save_chance(past.chance, dataset, *source)
        if past.made is not None:
            save_record(past.made, dataset, *source)
    return past, account


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
    capacity: CapacityOption = None,
    weight: WeightOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show how sure each candidate area is, and which come first by given weights."""
    config = city_of(city)
    from csa.base.io import replace_folder
    from csa.cli.output.decide import show_priorities, show_written
    from csa.priority.assess import prioritize
    from csa.priority.files import MARKER, join_chosen, priorities_account, priorities_files

    flags = _flags(months, eps_m, min_samples, max_area_km2, resolution)
    choices = choices_of(config, until, kind, flags)
    weights, n_first = weights_of(weight, config), capacity_of(capacity, config)
    with progress(8) as tell:
        found = _find(dataset, config, choices, tell)
        chosen = prioritize(found.judgement, weights, n_first)
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
    flags = _flags(months, eps_m, min_samples, max_area_km2, resolution)
    wanted = (tier, first_start, waves, months_between)
    found, made = _draw(city, dataset, out, seed, wanted, (until, kind, flags))
    _show_draw(found, made, out, as_json=as_json)


def _flags(
    months: int | None,
    eps_m: float | None,
    min_samples: int | None,
    max_area_km2: float | None,
    resolution: int | None,
) -> dict[str, Any]:
    """Return the settings for a proposal, as given on the command line."""
    return {
        "months": months,
        "eps_m": eps_m,
        "min_samples": min_samples,
        "max_area_km2": max_area_km2,
        "resolution": resolution,
    }


def _missing(needed: Mapping[str, object]) -> ParamError:
    absent = [name for name, given in needed.items() if given is None]
    return ParamError("draw.missing", which=", ".join(absent))


def _draw(
    city: str,
    dataset: Path,
    out: Path,
    seed: str | None,
    wanted: tuple[int, str, int, int],
    proposing: tuple[str | None, Sequence[str] | None, Mapping[str, Any]],
) -> tuple[AssessedProposal, ClosedDraw]:
    """Close or draw a list; `wanted` is the tier, its first start, waves, months between."""
    config = city_of(city)
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

    until, kind, flags = proposing
    choices = choices_of(config, until, kind, flags)
    tier, first_start, waves, months_between = wanted
    start = Month.parse(first_start, "--first-start")
    with progress(8) as tell:
        found = _find(dataset, config, choices, tell)
        starts = Starts(list_entrants(found, tier), start, waves, months_between)
        made = close_list(found, starts) if seed is None else make_draw(found, starts, seed)
        require_one_draw(out / MARKER, _kept_draw(out / MARKER), made)
        tell("write")
        replace_folder(out, MARKER, made.files)
    return found, made


def _show_draw(found: AssessedProposal, made: ClosedDraw, out: Path, *, as_json: bool) -> None:
    from csa.cli.output.decide import show_closed_list, show_draw, show_written

    if as_json:
        show_json(made.account)
        return
    if made.draw is None or made.power is None:
        show_closed_list(made.account)
    else:
        show_draw(made.draw, made.power, found.usual_fall_share)
    show_written(out, made.files)


def _find(dataset: Path, config: CityConfig, choices: Choices, tell: Tell) -> AssessedProposal:
    from csa.backtest.recording import load_suggestion
    from csa.dataset.versioned import open_dataset
    from csa.priority.proposal_files import find

    tell("load")
    loaded = open_dataset(dataset)
    return find(loaded, config, choices, load_suggestion(dataset, loaded, config, choices), tell)


def _kept_draw(path: Path) -> dict[str, Any] | None:
    """Read a record of a draw; None where it does not exist."""
    from csa.dataset.cache import load_kept

    try:
        return load_kept(path)
    except (SourceError, RecursionError) as error:
        raise SourceError("draw.unreadable", path=path) from error


def _verify(path: Path, *, as_json: bool) -> None:
    from csa.cli.output.decide import show_differences
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
