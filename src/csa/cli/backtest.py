"""The command that judges the way of proposing on past years: backtest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from csa.base.errors import ParamError
from csa.base.params import LAND_SHARE
from csa.base.text import land_percent, method_phrase, percent, render, tr
from csa.cli.console import make_table, pick, progress, show, show_json, show_table
from csa.cli.options import (
    CityOption,
    DatasetOption,
    JsonOption,
    KindOption,
    LimitOption,
    MonthsOption,
    ResolutionOption,
    load_city_option,
)

if TYPE_CHECKING:
    from csa.areas.backtest.record import BacktestRecord
    from csa.base.params import Month
    from csa.workflow.past_years import BacktestResult


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
            help="Past months to test on.  [each January, and the record is saved]",
            metavar="YYYY-MM,YYYY-MM",
        ),
    ] = None,
    horizon: Annotated[int | None, typer.Option(help="Months scored after each.  [12]")] = None,
    area_share: Annotated[
        float | None, typer.Option(help="Share of the city's land to choose.  [0.02]")
    ] = None,
    months: MonthsOption = None,
    max_area_km2: LimitOption = None,
    resolution: ResolutionOption = None,
    kind: KindOption = None,
    variants: Annotated[
        bool, typer.Option("--variants/--no-variants", help="Also score other settings.")
    ] = True,
    as_json: JsonOption = False,
) -> None:
    """Test the method on past years, and save the settings they suggest."""
    config = load_city_option(city)
    from csa.areas.backtest.recording import past_years
    from csa.areas.choices import resolve_settings
    from csa.change.follow import past_starts
    from csa.change.lineage_windows import N_SHUFFLES
    from csa.city.dataset import open_city
    from csa.workflow.past_years import BacktestRequest, make_backtest, make_spec

    # Each past day has the values suggested for it: a radius or minimum settled for now is none.
    settled = resolve_settings(
        config, None, kind, months=months, max_area_km2=max_area_km2, resolution=resolution
    )
    choices = replace(settled, eps_m=None, min_samples=None)
    named = months_of(origins, "--origins")
    if named is not None and out is None:
        raise ParamError("backtest.out")
    if named is None and (horizon, area_share) != (None, None):
        raise ParamError("backtest.only_with_origins")
    opened = open_city(config, dataset)
    days = past_years(opened.dataset, choices) if named is None else named
    spec = make_spec(days, horizon, area_share)
    request = BacktestRequest(opened, choices, spec, with_variants=variants and out is not None)
    is_named = named is not None
    # Settings are tried where the city's file documents some; areas are followed every other month.
    is_swept = not is_named and config.areas.documented is not None
    n_passes = 1 + is_swept + request.with_variants
    n_followed = 0 if is_named else N_SHUFFLES + len(past_starts(opened.dataset, choices))
    with progress(2 + len(days) * n_passes + n_followed) as step:
        past, account = make_backtest(request, out, is_named=is_named, progress=step)
    if as_json:
        show_json(account)
    else:
        show_backtest(past, account, out)


def months_of(text: str | None, name: str) -> tuple[Month, ...] | None:
    """Read months that an option lists."""
    from csa.base.params import Month

    if text is None:
        return None
    return tuple(sorted(Month.parse(part.strip(), name) for part in text.split(",")))


def show_backtest(past: BacktestResult, account: Mapping[str, Any], out: Path | None) -> None:
    """Print what each method of choosing caught, and what that means."""
    from csa.areas.backtest.by_risk import describe_risk_order
    from csa.areas.backtest.comparison import explain_comparison
    from csa.areas.backtest.scoring import is_best_informative

    if not past.request.question.origins:
        show(_no_year(past))
    else:
        question, means = past.request.question, account["methods"]
        _method_table(means)
        is_estimated = past.request.city.config.places.is_estimated
        is_informative = is_best_informative(past.table, past.request.choices.resolution)
        best = means["ceiling"]["hit_share"] if is_informative else None
        land = land_percent(means["areas"]["area_share"] or 0.0, is_estimated=is_estimated)
        inputs = past.comparison, question.origins, question.horizon_months
        values = _values_used(account["params"], is_estimated=is_estimated)
        show(values, explain_comparison(*inputs, land, best))
        if past.by_risk is not None:
            show(render(describe_risk_order(past.by_risk)))
        if past.made is not None:
            show(*record_sentences(past.made))
    if out is not None:
        show(tr("backtest.written", out=out))


def _no_year(past: BacktestResult) -> str:
    report, question = past.request.city.dataset.report, past.request.question
    held = {"first": report["data_from"], "last": report["data_through"]}
    window = {"months": past.request.choices.months, "horizon": question.horizon_months}
    return tr("backtest.no_year", **held, **window)


def _method_table(methods: Mapping[str, Mapping[str, float | None]]) -> None:
    titles = ("Way of choosing", "Caught,\n%", "Of the\nland, %", "Than areas,\npoints")
    table = make_table(*titles, right=(1, 2, 3))
    for method, means in methods.items():
        shares = _hundredths(means["hit_share"]), _hundredths(means["area_share"])
        more = "" if method == "areas" else _hundredths(means["difference"], sign="+")
        table.add_row(method_phrase(method), *shares, more)
    show_table(table)


def _hundredths(share: float | None, sign: str = "") -> str:
    return "" if share is None else f"{100 * share:{sign}.1f}"


def _values_used(params: Mapping[str, Any], *, is_estimated: bool) -> str:
    values = pick(params, "eps_m", "min_samples", "at_incidents")
    if params["suggested_by"] == "past years":
        return tr("backtest.values_of_record", **values)
    if params["suggested_by"] == "the data":
        return tr(
            "backtest.values_searched", land=land_percent(LAND_SHARE, is_estimated=is_estimated)
        )
    return tr("backtest.values_of_city", **values)


def record_sentences(record: BacktestRecord) -> Iterator[str]:
    """Give the sentences about what past years show."""
    from csa.areas.backtest.comparison import explain_choice

    yield render(explain_choice(record.suggested, record.tried, record.n_origins))
    fall = record.usual_fall_share
    if fall is not None and fall >= 0:
        yield tr("backtest.usual_fall", share=percent(fall))
    elif fall is not None:
        yield tr("backtest.usual_rise", share=percent(-fall))
    yield tr("backtest.kept")
