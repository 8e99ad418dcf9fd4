"""What the commands that help to decide print: backtest, priorities and draw."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from rich.table import Table

from csa.areas.sheets import usual_number
from csa.backtest.suggestion import explain_choice
from csa.base.message import Message
from csa.base.text import in_ten, percent, render, speak, times, way_name
from csa.cli.output.console import pick, show, show_table
from csa.priority.draw_power import explain_power
from csa.priority.draw_record import explain_draw, list_starts

if TYPE_CHECKING:
    from csa.backtest.comparison import MethodComparison
    from csa.backtest.record import Record
    from csa.priority.draw import Draw
    from csa.priority.proposal_files import AssessedProposal
    from csa.workflow.past_years import BacktestResult


def show_backtest(past: BacktestResult, account: Mapping[str, Any], out: Path | None) -> None:
    """Print what each method of choosing caught, and what that means."""
    if not past.asked.question.origins:
        show(_no_year(past))
    else:
        _method_table(account["methods"])
        show(_values_used(account["params"]), _meaning(past, account["methods"]))
        if past.made is not None:
            show(*_record_sentences(past.made))
    if out is not None:
        show(speak("backtest.written", out=out))


def _no_year(past: BacktestResult) -> str:
    report, question = past.asked.dataset.report, past.asked.question
    return speak(
        "backtest.no_year",
        months=past.asked.choices.months,
        horizon=question.horizon_months,
        first=report["data_from"],
        last=report["data_through"],
    )


def _method_table(methods: Mapping[str, Mapping[str, float | None]]) -> None:
    table = Table(box=None, pad_edge=False)
    table.add_column("Way of choosing")
    for title in ("Caught,\n%", "Of the\nland, %", "Than areas,\npoints"):
        table.add_column(title, justify="right")
    for method, means in methods.items():
        table.add_row(
            way_name(method),
            _hundredths(means["hit_share"]),
            _hundredths(means["area_share"]),
            "" if method == "areas" else _hundredths(means["difference"], sign="+"),
        )
    show_table(table)


def _hundredths(share: float | None, sign: str = "") -> str:
    return "" if share is None else f"{100 * share:{sign}.1f}"


def _values_used(params: Mapping[str, Any]) -> str:
    values = pick(params, "eps_m", "min_samples", "at_incidents")
    if params["suggested_by"] == "past years":
        return speak("backtest.values_of_record", **values)
    return speak("backtest.values_of_city", **values)


def _meaning(past: BacktestResult, methods: Mapping[str, Mapping[str, float | None]]) -> str:
    """Describe in one sentence how areas did beside the best other method."""
    comparison, question = past.comparison, past.asked.question
    if comparison is None:
        return speak("backtest.nothing_came")
    n_days = len(question.origins)
    is_yearly = len({origin.year for origin in question.origins}) == n_days
    horizon = question.horizon_months
    return speak(
        "backtest.meaning",
        days=speak("backtest.years", n=n_days) if is_yearly else speak("backtest.days", n=n_days),
        came=speak("backtest.next_year")
        if horizon == 12
        else speak("backtest.next_months", n=horizon),
        hit=100 * comparison.hit_share,
        land=percent(methods["areas"]["area_share"]),
        way=way_name(comparison.baseline),
        other=100 * comparison.baseline_hit_share,
        verdict=_verdict(comparison),
        low=100 * comparison.low,
        high=100 * comparison.high,
        best=100 * (methods["ceiling"]["hit_share"] or 0),
    )


def _verdict(comparison: MethodComparison) -> str:
    return speak(
        {
            "better": "backtest.better",
            "as good": "backtest.as_good",
            "worse": "backtest.worse",
        }[comparison.verdict]
    )


def _record_sentences(record: Record) -> Iterator[str]:
    yield render(explain_choice(record.suggested, record.tried, record.n_origins))
    fall = record.usual_fall_share
    if fall is not None and fall >= 0:
        yield speak("backtest.usual_fall", share=percent(fall))
    elif fall is not None:
        yield speak("backtest.usual_rise", share=percent(-fall))
    yield speak("backtest.kept")


def show_priorities(found: AssessedProposal, table: pd.DataFrame) -> None:
    """Print what is known of each area, west to east, and what the data cannot answer."""
    if table.empty:
        show(speak("judged.no_area"))
    else:
        _priority_table(table)
        show(speak("judged.not_ranked"))
        if table["is_doubtful"].any():
            doubtful = table.loc[table["is_doubtful"].astype(bool), "area_id"].tolist()
            show(speak("judged.doubtful", n=len(doubtful), which=", ".join(doubtful)))
    show(*_limits(found), _source_sentence(found.record))


def _limits(found: AssessedProposal) -> Iterator[str]:
    """List what the data cannot answer, each once."""
    judgement = found.judgement
    said = [render(answer.message) for answer in judgement.answers.values() if not answer.can]
    yield from dict.fromkeys(said)
    resolution = found.choices.resolution
    if judgement.cells is None and judgement.finest is not None and judgement.finest < resolution:
        yield speak("judged.larger_cells", resolution=judgement.finest)


def _source_sentence(record: Record | None) -> str:
    if record is None:
        return speak("judged.no_record")
    if record.suggested is None:
        return speak("judged.short_record")
    return speak("judged.of_record", **pick(vars(record.suggested), "eps_m", "min_samples"))


def _priority_table(areas: pd.DataFrame) -> None:
    table = Table(box=None, pad_edge=False)
    table.add_column("Area", no_wrap=True)
    table.add_column("Place", overflow="fold", min_width=18)
    table.add_column("Tier")
    for title in ("Incidents", "Expected", "Times\nthe city"):
        table.add_column(title, justify="right")
    table.add_column("Found\nagain")
    table.add_column("First")
    table.add_column("In first by\nrandom weights")
    for area in areas.to_dict("records"):
        table.add_row(
            area["area_id"],
            area["place_name"],
            _tier(area["tier"], is_doubtful=bool(area["is_doubtful"])),
            f"{area['incidents']:,}",
            _usual(area["expected_low"], area["expected_high"]),
            times(area["times_city"]),
            in_ten(area["stability_share"]),
            speak("judged.first") if area["is_first"] else "",
            in_ten(area["top_share"]),
        )
    show_table(table)


def _usual(low: float, high: float) -> str:
    """Write the usual number as the pages do: rounding never narrows its interval."""
    bounds = usual_number(low, high)
    if bounds is None:
        return speak("ways.unknown")
    return speak("judged.between", low=bounds[0], high=bounds[1])


def _tier(tier: Any, *, is_doubtful: bool) -> str:
    if is_doubtful:
        return speak("judged.look_first")
    return speak("judged.no_tier") if pd.isna(tier) else str(int(tier))


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


def show_written(out: Path, names: Iterable[str]) -> None:
    """Print what was written."""
    show(speak("judged.written", out=out, files=", ".join(names)))
