"""The commands of lotteries and trials: draw, trial."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from csa.base.errors import ParamError, SourceError
from csa.base.text import month, percent, render, tr
from csa.cli.console import progress, show, show_json, show_table, show_written
from csa.cli.options import (
    CityOption,
    DatasetOption,
    FolderOption,
    JsonOption,
    ProposalOptions,
    StoreOption,
    decided,
    load_city_option,
    make_act,
    own_folder,
    proposing,
)

if TYPE_CHECKING:
    import pandas as pd

    from csa.base.message import Message
    from csa.extras.trial.draw import Draw
    from csa.extras.trial.trial import InterimTrial


@proposing
def draw(
    city: Annotated[
        str | None, typer.Option(help="A city's file, or its name in config/.", metavar="CONFIG")
    ] = None,
    dataset: FolderOption = None,
    tier: Annotated[int | None, typer.Option(help="The tier, from 1.", metavar="N")] = None,
    first_start: Annotated[
        str | None, typer.Option(help="When the first areas start.", metavar="YYYY-MM")
    ] = None,
    seed: Annotated[
        str | None,
        typer.Option(help="A text announced after the list was closed.  [only close the list]"),
    ] = None,
    waves: Annotated[int, typer.Option(help="Number of starts.")] = 2,
    months_between: Annotated[int, typer.Option(help="Months from one start to the next.")] = 6,
    how: ProposalOptions = ProposalOptions(),
    area: Annotated[
        list[str] | None,
        typer.Option(help="Only this area of the tier, by its id. Repeatable.  [all]"),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the lottery.", metavar="DIR")] = None,
    by: Annotated[
        str | None,
        typer.Option(
            help="The office that runs the lottery; recorded.  [no record]", metavar="OFFICE"
        ),
    ] = None,
    why: Annotated[str | None, typer.Option(help="The reason; recorded.", metavar="TEXT")] = None,
    seed_source: Annotated[
        str | None,
        typer.Option(
            help="Where the seed will come from, announced when the list is closed; recorded."
        ),
    ] = None,
    store: StoreOption = None,
    verify: Annotated[
        Path | None,
        typer.Option(
            help="A draw.json to check by repeating it; takes no other option.", metavar="FILE"
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Run a public lottery for which areas of a tier start when, or check one."""
    if verify is not None:
        _verify(verify, as_json=as_json)
        return
    if city is None or tier is None or first_start is None or out is None:
        needed: dict[str, object] = {"--city": city, "--tier": tier}
        needed |= {"--first-start": first_start, "--out": out}
        raise ParamError("draw.missing", which=_absent(needed))
    is_recorded = any(given is not None for given in (by, why, seed_source, store))
    if is_recorded and (by is None or why is None or (seed is None and seed_source is None)):
        needed = {"--by": by, "--why": why, "--seed-source": seed_source or seed}
        raise ParamError("draw.unsigned", which=_absent(needed))
    config = load_city_option(city)
    choices = how.choices(config)
    from csa.analysis.analysis import Analysis
    from csa.base.io import replace_folder, require_writable
    from csa.base.params import Month
    from csa.city.dataset import open_city
    from csa.extras.trial import draw_files

    require_writable(out)
    start = Month.parse(first_start, "--first-start")
    with progress(7) as step:
        step("load")
        folder = dataset or own_folder(city, "dataset")
        found = Analysis(open_city(config, folder), choices, progress=step).priorities
        entrants = draw_files.list_entrants(found, tier, area)
        starts = draw_files.Starts(entrants, start, waves, months_between)
        if seed is None:
            made = draw_files.close_list(found, starts)
        else:
            made = draw_files.make_draw(found, starts, seed)
    kept = out / draw_files.MARKER
    draw_files.require_single_draw(kept, _kept_draw(kept), made)
    key = None
    if by is not None and why is not None:
        from csa.extras.trial.recording import record_draw

        signed, source = make_act(config, by, why), seed_source or ""
        key = decided(config, store, lambda writable: record_draw(writable, signed, made, source))
    replace_folder(out, draw_files.MARKER, made.files)
    if as_json:
        show_json(made.account)
        return
    if made.draw is None or made.power is None:
        _show_closed_list(made.account)
    else:
        _show_draw(made.draw, made.power, found.usual_fall_share)
    show_written(out, made.files)
    show(tr("draw.recorded", key=key) if key else tr("draw.not_recorded"))


def _absent(needed: Mapping[str, object]) -> str:
    return ", ".join(name for name, given in needed.items() if given is None)


def _kept_draw(path: Path) -> dict[str, Any] | None:
    """Read a record of a draw; None where it does not exist."""
    from csa.city.results import read_result

    try:
        return read_result(path)
    except (SourceError, RecursionError) as error:
        raise SourceError("draw.unreadable", path=path) from error


def _verify(path: Path, *, as_json: bool) -> None:
    from csa.extras.trial.draw import find_differences
    from csa.extras.trial.draw_files import CLOSED

    record = _kept_draw(path)
    if record is None:
        raise SourceError("draw.unreadable", path=path)
    if record.get("kind") == CLOSED:
        raise SourceError("draw.not_drawn", path=path)
    found = find_differences(record)
    if as_json:
        show_json({"is_same": not found, "differences": [str(one) for one in found]})
    else:
        _show_all(found)
        show(*([] if found else [tr("draw.same")]))
    if found:
        raise typer.Exit(1)


def _show_closed_list(account: Mapping[str, Any]) -> None:
    """Print the code of a closed list, and what to do before the draw."""
    n_areas, code = len(account["entrants"]), account["entrants_sha256"]
    show(tr("draw.closed", n=n_areas, tier=account["tier"]), tr("draw.code", code=code))
    show(tr("draw.publish"), tr("draw.then"))


def _show_draw(draw: Draw, power: pd.DataFrame, usual_fall_share: float | None) -> None:
    """Print who starts when, how to draw again by hand, and what the draw could show."""
    from csa.extras.trial.draw import explain_draw, list_starts
    from csa.extras.trial.draw_power import explain_power

    _show_all((*list_starts(draw), *explain_draw(draw), *explain_power(power)))
    if usual_fall_share is None:
        show(tr("draw.fall_unknown"))
    else:
        show(tr("draw.fall_allowed", share=percent(usual_fall_share)))


def _show_all(messages: Iterable[Message]) -> None:
    show(*(render(message) for message in messages))


def trial(
    city: CityOption,
    dataset: DatasetOption,
    draw: Annotated[Path, typer.Option(help="The folder from `csa draw`.", metavar="DIR")],
    out: Annotated[
        Path | None, typer.Option(help="Folder for the results.  [only print]", metavar="DIR")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Compare areas that began early with those still waiting, after a lottery."""
    config = load_city_option(city)
    from csa.analysis.analysis import Analysis
    from csa.areas.choices import city_choices
    from csa.base.io import replace_folder, require_writable
    from csa.city.dataset import open_city
    from csa.extras.trial.trial import (
        OUT_MARKER,
        load_draw,
        read_trial,
        save_trial,
        trial_account,
        trial_files,
    )

    drawn = load_draw(draw, config.city.id)
    if out is not None:
        require_writable(out)
    with progress(6) as step:
        step("load")
        settings = replace(city_choices(config), kinds=drawn.chosen.kinds)
        analysis = Analysis(open_city(config, dataset), settings, progress=step)
        found = read_trial(analysis.city, drawn, analysis.change, step)
        account = trial_account(found)
        files = trial_files(account)
        step("write")
        save_trial(found, account)
        if out is not None:
            replace_folder(out, OUT_MARKER, files)
    if as_json:
        show_json(account)
        return
    _show_trial(found)
    if out is not None:
        show_written(out, files)


def _show_trial(found: InterimTrial) -> None:
    """Print what a trial shows, and each area's numbers."""
    from csa.extras.trial.trial import describe_trial, list_areas

    for message in describe_trial(found):
        show(render(message))
    table = Table(box=None, pad_edge=False)
    table.add_column(tr("term.area"), overflow="fold", min_width=18)
    table.add_column(tr("trial.col_start"))
    for title in ("label.counted", "trial.col_expected"):
        table.add_column(tr(title), justify="right")
    for name, start, counted, expected in list_areas(found):
        table.add_row(name, month(start), f"{counted:,}", f"{expected:,.1f}")
    show_table(table)
