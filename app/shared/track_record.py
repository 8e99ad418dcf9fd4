"""The parts of Track record: how each way of choosing did in past years, and what came after."""

from __future__ import annotations

import shlex

import pandas as pd
import streamlit as st

from app.shared import cache, cache_around, charts, charts_record, panels
from app.shared.charts_record import MethodLine
from app.shared.city_session import Opened
from app.shared.phrases import kinds_words
from app.shared.settings import command_of
from app.shared.ways import beside, named, tried_table
from csa.areas.choices import Choices
from csa.areas.places import called
from csa.areas.year_to_date import months_missing
from csa.backtest.by_risk import say_risk_order
from csa.backtest.comparison import MethodComparison
from csa.backtest.origins import HORIZON_MONTHS
from csa.backtest.record import Record
from csa.backtest.scoring import METHODS
from csa.backtest.suggestion import explain_choice
from csa.base.schema import KINDS
from csa.base.text import month, percent, render, speak, way_name

SMALL = 0.015
"""A mean change below this is too small for readers to see."""
LEAST_POINTS = 0.05
"""A difference below this rounds to none."""


def nothing(opened: Opened, choices: Choices, record: Record | None) -> None:
    """Show why there is nothing to show, and what would be needed."""
    if record is None:
        panels.empty(speak("how_well.none", command=command(opened, choices)))
        return
    n = months_short(opened, choices)
    if record.n_origins or not n:
        panels.empty(speak("how_well.nothing_came", what=kinds_words(opened, choices)))
    else:
        panels.empty(speak("how_well.no_year", n=n, months=choices.months))


def months_short(opened: Opened, choices: Choices) -> int:
    """Return how many months of data are missing before a past year can be scored."""
    return months_missing(opened.dataset.require_months(), choices.months, HORIZON_MONTHS)


def command(opened: Opened, choices: Choices) -> str:
    """Return the command that makes the record of these choices."""
    own, parts = opened.config.areas, command_of("backtest", opened.own_folder)
    for name in ("months", "resolution", "max_area_km2"):
        value = getattr(choices, name)
        if value != getattr(own, name):
            parts += [f"--{name.replace('_', '-')}", f"{value:g}"]
    if set(choices.kinds) != set(KINDS):
        parts += ["--kind", *choices.kinds]
    return shlex.join(parts)


def answer(opened: Opened, record: Record, choices: Choices) -> None:
    """Show what areas caught, beside the best other way and the best possible."""
    by_risk = cache_around.risk_order(opened)
    panels.answer(
        caught(opened, record, choices),
        _against(record),
        speak("how_well.best", share=percent(_means(record)["ceiling"])),
        "" if by_risk is None else render(say_risk_order(by_risk)),
    )


def caught(opened: Opened, record: Record, choices: Choices) -> str:
    """Summarize in one sentence what areas caught in past years."""
    return speak(
        "how_well.answer",
        n=record.n_origins,
        share=percent(_means(record)["areas"]),
        land=_land(record),
        what=kinds_words(opened, choices),
    )


def _against(record: Record) -> str:
    found = _comparison(record)
    low, high = 100 * found.low, 100 * found.high
    told = {"way": way_name(found.baseline), "share": percent(found.baseline_hit_share)}
    if found.verdict == "one year":
        return speak("how_well.one_year", **told)
    if found.verdict == "as good":
        return speak("how_well.as_good", low=f"{low:+.1f}", high=f"{high:+.1f}", **told)
    if found.verdict == "better":
        return speak("how_well.better", low=f"{low:.1f}", high=f"{high:.1f}", **told)
    return speak("how_well.worse", low=f"{-high:.1f}", high=f"{-low:.1f}", **told)


def _comparison(record: Record) -> MethodComparison:
    if record.comparison is None:
        raise ValueError(record.n_origins)
    return record.comparison


def _means(record: Record) -> dict[str, float]:
    """Average each way over the years, leaving out ways that lack a year."""
    caught = record.table.groupby("method")["hit_share"]
    found = caught.mean()[caught.count() == record.n_origins]
    return {str(name): float(share) for name, share in found.items()}


def _land(record: Record) -> str:
    return percent(float(record.table["area_share"].mean()))


def years(opened: Opened, record: Record, choices: Choices) -> None:
    """Show what each way caught, year by year, and all ways in a table."""
    found = _comparison(record)
    left, right = st.columns([0.56, 0.44], gap="large")
    with left:
        st.header(_message(found), anchor=False)
        note = speak("how_well.chart_note", what=kinds_words(opened, choices), land=_land(record))
        st.caption(note)
        st.plotly_chart(
            charts_record.by_year(
                _lines(record),
                speak("how_well.hover", way="{way}", year="{year}", share="{share}"),
                is_synthetic=opened.config.city.is_synthetic,
            ),
            config=charts.CONFIG,
            key="by year",
            alt=speak("how_well.chart_alt"),
        )
    with right:
        st.header(speak("how_well.ways_title"), anchor=False)
        panels.table(ways(record), speak("how_well.ways_alt"))
        means = _means(record)
        kept = means["areas"] / means["blocks"] if means.get("blocks") else None
        note = speak("how_well.ways_note", months=choices.months)
        walkable = "" if kept is None else speak("how_well.walkable", kept=percent(kept))
        st.caption(f"{note} {walkable}".strip())


def _message(found: MethodComparison) -> str:
    way = way_name(found.baseline)
    if found.verdict == "one year":
        return speak("how_well.chart_one_year", way=way)
    if found.verdict == "as good":
        return speak("how_well.chart_as_good", way=way)
    if found.verdict == "better":
        return speak("how_well.chart_better", way=way)
    return speak("how_well.chart_worse", way=way)


def _lines(record: Record) -> dict[str, MethodLine]:
    """Return the four lines of the chart, the best possible first and ours on top."""
    other = _comparison(record).baseline
    by_way = record.table.pivot_table(index="origin", columns="method", values="hit_share")
    by_way.index = pd.Index([str(origin)[:4] for origin in by_way.index])
    wanted = {"best": "ceiling", "random": "random", "other": other, "areas": "areas"}
    return {part: MethodLine(beside(way), by_way[way]) for part, way in wanted.items()}


def ways(record: Record) -> pd.DataFrame:
    """Tabulate all ways of choosing with what each caught on average."""
    means = _means(record)
    others = sorted(
        (way for way in METHODS if way in means and way not in {"areas", "ceiling"}),
        key=lambda way: -means[way],
    )
    order = ["areas", *others, "ceiling"]
    apart = [100 * (means[way] - means["areas"]) for way in order]
    return pd.DataFrame(
        {
            speak("how_well.col_way"): [named(way) for way in order],
            speak("how_well.col_caught"): [percent(means[way]) for way in order],
            speak("how_well.col_apart"): [
                speak("how_well.itself") if way == "areas" else _apart(far)
                for way, far in zip(order, apart, strict=True)
            ],
        }
    )


def _apart(points: float) -> str:
    """Write a difference in points; neither more nor less where it rounds to nothing."""
    if abs(points) < LEAST_POINTS:
        return speak("how_well.as_many")
    return speak("how_well.points", points=points)


def afterwards(opened: Opened, record: Record, choices: Choices) -> None:
    """Show how chosen areas changed afterwards by themselves."""
    st.header(speak("how_well.after_title"), anchor=False)
    what, fall = kinds_words(opened, choices), record.usual_fall_share
    if fall is None or abs(fall) < SMALL:
        st.markdown(speak("how_well.after_flat", what=what))
    elif fall > 0:
        st.markdown(speak("how_well.after_fall", share=percent(fall), what=what))
    else:
        st.markdown(speak("how_well.after_rise", share=percent(-fall)))
    st.caption(speak("how_well.after_note", what=what, land=_land(record)))
    changes = record.usual_changes
    panels.table(
        pd.DataFrame(
            {
                speak("how_well.col_chosen"): [month(one.origin) for one in changes],
                speak("how_well.col_areas"): [one.n_areas for one in changes],
                speak("how_well.col_before", months=choices.months): [
                    percent(one.before_share) for one in changes
                ],
                speak("how_well.col_last"): [percent(one.last_year_share) for one in changes],
                speak("how_well.col_after"): [percent(one.after_share) for one in changes],
            }
        ),
        speak("how_well.after_alt"),
    )


def settings(opened: Opened, record: Record) -> None:
    """Explain why these settings were chosen, and list those tried."""
    with st.expander(speak("how_well.why_title")):
        st.markdown(render(explain_choice(record.suggested, record.tried, record.n_origins)))
        if not record.tried:
            return
        panels.table(tried_table(record.tried, record.suggested), speak("how_well.tried_alt"))
        st.caption(speak("how_well.tried_note", n=opened.config.areas.at_incidents))


def trials(opened: Opened) -> None:
    """Show what starts drawn by lot show, where `csa trial` has read any."""
    found = cache.trials(opened)
    if not found:
        return
    st.header(speak("how_well.trials_title"), anchor=False)
    st.caption(speak("how_well.trials_note"))
    for one in found:
        st.markdown(panels.plain(" ".join(one["sentences"])))
        rows = one["areas"]
        panels.table(
            pd.DataFrame(
                {
                    speak("trial.col_area"): [
                        called(row["place_name"], row["area_id"]) for row in rows
                    ],
                    speak("trial.col_start"): [month(row["start"]) for row in rows],
                    speak("how_well.trial_begun"): [
                        _counted_of(row["incidents_with_work"], row["expected_with_work"])
                        for row in rows
                    ],
                    speak("how_well.trial_waiting"): [
                        _counted_of(row["incidents_waiting"], row["expected_waiting"])
                        for row in rows
                    ],
                }
            ),
            speak("how_well.trials_alt"),
        )


def _counted_of(counted: int, expected: float) -> str:
    return speak("how_well.counted_of", counted=counted, expected=expected)
