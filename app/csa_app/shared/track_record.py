"""The parts of Track record: how each way of choosing did in past years, and what came after."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from csa.areas.backtest.by_risk import describe_risk_order
from csa.areas.backtest.comparison import (
    MethodComparison,
    SettingScore,
    comparable_settings,
    explain_choice,
)
from csa.areas.backtest.origins import HORIZON_MONTHS
from csa.areas.backtest.record import BacktestRecord
from csa.areas.backtest.scoring import METHODS, is_best_informative
from csa.areas.choices import AreaSettings
from csa.areas.year_to_date import months_missing
from csa.base.schema import KINDS
from csa.base.text import land_percent, method_phrase, month, percent, render, tr
from csa_app.shared import cache, charts, key_figure, panels, theme
from csa_app.shared.cache import once
from csa_app.shared.charts import layout
from csa_app.shared.city_session import CitySession
from csa_app.shared.key_figure import card, figure, text
from csa_app.shared.phrases import kinds_words
from csa_app.shared.settings import command_of

# ---- The chart of past years: what each way of choosing caught, year by year.


HEIGHT_PX = 380
LABEL_GAP = 0.085
"""Share of the axis by which labels of meeting lines are set apart, one above the other."""
MANY_YEARS = 6
ROOM = 1.12
"""Space above the highest value, so that no mark touches the top."""


@dataclass(frozen=True)
class MethodLine:
    """One way of choosing in the chart."""

    name: str  # label beside its last mark
    shares: pd.Series  # what it caught, 0 to 1, by year


@once
def by_year(
    lines: Mapping[str, MethodLine], hover: str, *, is_synthetic: bool = False
) -> go.Figure:
    """Draw what each way of choosing caught, year by year, each labeled beside its last mark."""
    figure = go.Figure()
    for part, line in lines.items():
        color, width, dash, symbol = _style(part)
        texts = [
            hover.format(way=line.name, year=year, share=f"{100 * share:.0f}%")
            for year, share in line.shares.items()
        ]
        figure.add_scatter(
            x=list(line.shares.index),
            y=(100 * line.shares).tolist(),
            mode="lines+markers",
            name=line.name,
            line={"color": color, "width": width, "dash": dash},
            marker={"color": color, "size": 4 + 2 * width, "symbol": symbol},
            text=texts,
            hovertemplate="%{text}<extra></extra>",
        )
    top = ROOM * 100 * max(float(line.shares.max()) for line in lines.values())
    made = layout(HEIGHT_PX, is_synthetic=is_synthetic)
    made["annotations"] = [*made["annotations"], *_labels(lines, top)]
    made["margin"] = {**made["margin"], "r": 124}
    figure.update_layout(showlegend=False, **made)
    figure.update_yaxes(range=[0, top], ticksuffix="%", nticks=6)
    years = list(lines["areas"].shares.index)
    every = 1 if len(years) <= MANY_YEARS else 2  # more labels would touch at 390 px
    figure.update_xaxes(type="category", tickangle=0, tickvals=years[::-every])
    return figure


def _style(part: str) -> tuple[str, float, str, str]:
    """Return color, width, dash and marker, so that no line is told by its color alone."""
    colors = theme.current()
    return {
        "areas": (colors.accent, 3.0, "solid", "circle"),
        "other": (colors.faint, 2.0, "dash", "square"),
        "best": (colors.outline, 1.5, "dot", "circle-open"),
        "random": (colors.hairline, 1.5, "solid", "line-ew-open"),
    }[part]


def _labels(lines: Mapping[str, MethodLine], top: float) -> list[dict[str, object]]:
    """Label each line at its end, lowest first; a label that would hide another moves up."""
    colors = theme.current()
    ends = sorted((100 * float(line.shares.iloc[-1]), part) for part, line in lines.items())
    labels: list[dict[str, object]] = []
    lowest = 0.0
    for end, part in ends:
        height = max(end, lowest)
        lowest = height + LABEL_GAP * top
        is_ours = part == "areas"
        name = lines[part].name
        labels.append(
            {
                "x": 1,
                "xref": "paper",
                "xanchor": "left",
                "y": height,
                "yref": "y",
                "text": f"<b>{name}</b>" if is_ours else name,
                "showarrow": False,
                "font": {"size": 13, "color": colors.accent if is_ours else colors.faint},
            }
        )
    return labels


# ---- Names of the ways of choosing, and of the settings, that past years compare.


def method_label(way: str) -> str:
    """Name a way in a table."""
    name = method_phrase(way)
    return name[:1].upper() + name[1:]


def short_label(way: str) -> str:
    """Name a way beside its line, in short."""
    if way == "kde_mix_all":
        return tr("how_well.line_heat_mix")
    if way.startswith("kde_"):
        return tr("how_well.line_heat", radius=way.split("_")[1])
    return tr(
        {
            "areas": "label.areas",
            "blocks": "how_well.line_blocks",
            "count_36": "how_well.line_count",
            "count_all": "how_well.line_count",
            "count_areas": "how_well.line_count_areas",
            "neighborhoods": "label.neighborhoods",
            "random": "how_well.line_random",
            "ceiling": "how_well.line_ceiling",
        }[way]
    )


def tried_table(rows: tuple[SettingScore, ...], suggested: SettingScore | None) -> pd.DataFrame:
    """Tabulate the settings tried."""
    comparable = comparable_settings(rows)
    return pd.DataFrame(
        {
            tr("label.eps_m"): [f"{one.eps_m:g} m" for one in rows],
            tr("label.min_samples"): [one.min_samples for one in rows],
            tr("how_well.col_caught"): [f"{100 * one.mean_hit_share:.1f}%" for one in rows],
            tr("how_well.col_mean_areas"): [f"{one.mean_areas:.0f}" for one in rows],
            tr("how_well.col_role"): [
                _role(one, suggested, is_comparable=one in comparable) for one in rows
            ],
        }
    )


def _role(one: SettingScore, suggested: SettingScore | None, *, is_comparable: bool) -> str:
    if one == suggested:
        return tr("how_well.role_suggested")
    return "" if is_comparable else tr("how_well.role_little_land")


MESSAGES = {
    "one year": "how_well.chart_one_year",
    "as good": "how_well.chart_as_good",
    "better": "how_well.chart_better",
    "worse": "how_well.chart_worse",
}
"""The chart's message, by how areas did beside the best other way."""
SMALL = 0.015
"""A mean change below this is too small for readers to see."""
LEAST_POINTS = 0.05
"""A difference below this rounds to none."""


def nothing(session: CitySession, choices: AreaSettings, record: BacktestRecord | None) -> None:
    """Show why there is nothing to show, and what would be needed."""
    if record is None:
        panels.empty(tr("how_well.none", command=command(session, choices)))
        return
    n = months_short(session, choices)
    if record.n_origins or not n:
        panels.empty(tr("how_well.nothing_came", what=kinds_words(session, choices)))
    else:
        panels.empty(tr("how_well.no_year", n=n, months=choices.months))


def months_short(session: CitySession, choices: AreaSettings) -> int:
    """Return how many months of data are missing before a past year can be scored."""
    return months_missing(session.dataset.require_months(), choices.months, HORIZON_MONTHS)


def command(session: CitySession, choices: AreaSettings) -> str:
    """Return the command that makes the record of these choices."""
    own, parts = session.config.areas, command_of("backtest", session.own_folder)
    for name in ("months", "resolution", "max_area_km2"):
        value = getattr(choices, name)
        if value != getattr(own, name):
            parts += [f"--{name.replace('_', '-')}", f"{value:g}"]
    if set(choices.kinds) != set(KINDS):
        parts += ["--kind", *choices.kinds]
    return shlex.join(parts)


def answer(session: CitySession, record: BacktestRecord, choices: AreaSettings) -> None:
    """Show what areas caught, how the best other way did, and what comes with no program."""
    means, what = _means(record), kinds_words(session, choices)
    unit = tr("how_well.card_caught", what=what, land=_land(session, record))
    best = tr("how_well.best", share=percent(means["ceiling"]))
    is_best_shown = is_best_informative(record.table, choices.resolution)
    years = tr("how_well.card_years", n=record.n_origins)
    caught = figure(percent(means["areas"]), unit), text(best * is_best_shown, small=years)
    key_figure.show(
        card(tr("how_well.col_caught"), *caught),
        card(tr("how_well.card_other"), *_against(record)),
        card(tr("how_well.after_title"), _usual_fall(record, what)),
    )


def _against(record: BacktestRecord) -> tuple[str, str]:
    """Return what the best other way caught, and how areas did beside it, with its range."""
    found = _comparison(record)
    low, high = 100 * found.low, 100 * found.high
    n = figure(percent(found.baseline_hit_share), method_phrase(found.baseline))
    if found.verdict == "one year":
        return n, text(tr("how_well.one_year"))
    if found.verdict == "worse":
        low, high = -high, -low
    signs = "+" if found.verdict == "as good" else ""
    key = {"as good": "backtest.as_good", "better": "backtest.better", "worse": "backtest.worse"}
    small = tr("how_well.card_range", low=f"{low:{signs}.1f}", high=f"{high:{signs}.1f}")
    return n, text(tr("how_well.compared", verdict=tr(key[found.verdict])), small=small)


def _usual_fall(record: BacktestRecord, what: str) -> str:
    """Return how chosen areas changed afterwards with no program."""
    fall = record.usual_fall_share
    if fall is None or abs(fall) < SMALL:
        return text(tr("how_well.after_flat", what=what))
    if fall < 0:
        return text(tr("how_well.after_rise", share=percent(-fall)))
    unit = figure(percent(fall), tr("how_well.card_fall", what=what))
    return unit + text(tr("how_well.after_fall"))


def _comparison(record: BacktestRecord) -> MethodComparison:
    if record.comparison is None:
        raise ValueError(record.n_origins)
    return record.comparison


def _means(record: BacktestRecord) -> dict[str, float]:
    """Average each way over the years, leaving out ways that lack a year."""
    caught = record.table.groupby("method")["hit_share"]
    found = caught.mean()[caught.count() == record.n_origins]
    return {str(name): float(share) for name, share in found.items()}


def _land(session: CitySession, record: BacktestRecord) -> str:
    is_estimated = session.config.places.is_estimated
    return land_percent(float(record.table["area_share"].mean()), is_estimated=is_estimated)


def years(session: CitySession, record: BacktestRecord, choices: AreaSettings) -> None:
    """Show what each way caught, year by year, and all ways in a table."""
    found = _comparison(record)
    left, right = st.columns([0.56, 0.44], gap="large")
    with left:
        message = tr(MESSAGES[found.verdict], way=method_phrase(found.baseline))
        st.header(message, anchor=False)
        land, what = _land(session, record), kinds_words(session, choices)
        note = tr("how_well.chart_note", what=what, land=land)
        st.caption(note)
        hover = tr("how_well.hover", way="{way}", year="{year}", share="{share}")
        inputs = _lines(record), hover
        charts.show(session, by_year, inputs, "by year", tr("how_well.chart_alt"))
    with right:
        st.header(tr("how_well.ways_title"), anchor=False)
        panels.table(ways(record), tr("how_well.ways_title"))
        means = _means(record)
        kept = means["areas"] / means["blocks"] if means.get("blocks") else None
        note = tr("how_well.ways_note", months=choices.months)
        walkable = "" if kept is None else tr("how_well.walkable", kept=percent(kept))
        st.caption(f"{note} {walkable}".strip())


def _lines(record: BacktestRecord) -> dict[str, MethodLine]:
    """Return the four lines of the chart, the best possible first and ours on top."""
    other = _comparison(record).baseline
    by_way = record.table.pivot_table(index="origin", columns="method", values="hit_share")
    by_way.index = pd.Index([str(origin)[:4] for origin in by_way.index])
    wanted = {"best": "ceiling", "random": "random", "other": other, "areas": "areas"}
    return {part: MethodLine(short_label(way), by_way[way]) for part, way in wanted.items()}


def ways(record: BacktestRecord) -> pd.DataFrame:
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
            tr("label.method"): [method_label(way) for way in order],
            tr("how_well.col_caught"): [percent(means[way]) for way in order],
            tr("how_well.col_apart"): [
                tr("how_well.itself") if way == "areas" else _apart(far)
                for way, far in zip(order, apart, strict=True)
            ],
        }
    )


def _apart(points: float) -> str:
    """Write a difference in points; neither more nor less where it rounds to nothing."""
    if abs(points) < LEAST_POINTS:
        return tr("how_well.as_many")
    return tr("how_well.points", points=points)


def afterwards(session: CitySession, record: BacktestRecord, choices: AreaSettings) -> None:
    """Show what share chosen areas had before and afterwards, with no program."""
    st.header(tr("how_well.after_title"), anchor=False)
    what = kinds_words(session, choices)
    st.caption(tr("how_well.after_note", what=what, land=_land(session, record)))
    changes = record.usual_changes
    before = tr("how_well.col_before", months=choices.months)
    columns = {
        tr("how_well.col_chosen"): [month(one.origin) for one in changes],
        tr("label.areas"): [one.n_areas for one in changes],
        before: [percent(one.before_share) for one in changes],
        tr("how_well.col_last"): [percent(one.last_year_share) for one in changes],
        tr("how_well.col_after"): [percent(one.after_share) for one in changes],
    }
    panels.table(columns, tr("how_well.after_title"))


def settings(session: CitySession, record: BacktestRecord) -> None:
    """Explain why these settings were chosen, and list those tried."""
    with st.expander(tr("how_well.why_title")):
        st.markdown(render(explain_choice(record.suggested, record.tried, record.n_origins)))
        if (by_risk := cache.risk_order(session)) is not None:
            st.markdown(render(describe_risk_order(by_risk)))
        if not record.tried:
            return
        panels.table(tried_table(record.tried, record.suggested), tr("how_well.why_title"))
        st.caption(tr("how_well.tried_note", n=session.config.areas.at_incidents))
