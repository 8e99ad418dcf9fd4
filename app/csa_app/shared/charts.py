"""Tables in, plotly out: one message per chart, given in its title."""

from __future__ import annotations

import calendar
from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from csa.areas.sheets import PARTS
from csa.base.text import month, tr
from csa_app.shared import theme
from csa_app.shared.cache import once
from csa_app.shared.city_session import CitySession

MONTHS_HEIGHT_PX = 260
PARTS_HEIGHT_PX = 280


@once
def by_month(counts: pd.DataFrame, *, is_synthetic: bool = False) -> go.Figure:
    """Draw incidents by month, homicides as the darker base, an unfinished month hatched."""
    colors = theme.current()
    covered = counts[counts["is_covered"]]
    names = [month(name) for name in covered["month"]]
    hatch = ["/" if is_partial else "" for is_partial in covered["is_partial"]]
    provisional = [
        f"<br>{tr('charts.provisional')}" if is_partial else ""
        for is_partial in covered["is_partial"]
    ]
    others = covered["incidents"] - covered["homicides"]
    series = (
        (
            tr("label.homicides"),
            covered["homicides"],
            colors.sequential[-1 if not theme.is_dark() else -2],
        ),
        (tr("charts.nonfatal"), others, colors.sequential[2 if not theme.is_dark() else 1]),
    )
    figure = go.Figure()
    for title, values, color in series:
        figure.add_bar(
            x=covered["month"],
            y=values,
            name=title,
            marker={
                "color": color,
                "pattern": {"shape": hatch, "fgcolor": colors.land, "fillmode": "overlay"},
            },
            customdata=list(zip(names, provisional, strict=True)),
            hovertemplate="%{customdata[0]}: %{y}%{customdata[1]}<extra>" + title + "</extra>",
        )
    figure.update_layout(
        barmode="stack", bargap=0.15, **layout(MONTHS_HEIGHT_PX, is_synthetic=is_synthetic)
    )
    top = int(covered["incidents"].max()) if len(covered) else 0
    figure.update_yaxes(
        title=tr("charts.per_month"), range=[0, max(4, top * 1.1)], dtick=_step(top)
    )
    ticks = _every(covered["month"].tolist())
    figure.update_xaxes(
        type="category",
        tickvals=ticks,
        ticktext=[month(name, is_short=True).replace(" ", "<br>") for name in ticks],
        tickangle=0,
    )
    return figure


@once
def by_part(counts: pd.DataFrame, *, is_synthetic: bool = False) -> go.Figure:
    """Draw incidents by day of the week and part of the day, with the number in each box."""
    colors = theme.current()
    days = [calendar.day_name[day] for day in counts.index]
    names = [
        tr({"06-14": "charts.day", "14-22": "charts.evening", "22-06": "charts.night"}[part])
        for part in PARTS
    ]
    figure = go.Figure(
        go.Heatmap(
            z=counts[list(PARTS)].to_numpy(),
            x=names,
            y=days,
            colorscale=[[0, colors.land], *_scale(colors.sequential)],
            zmin=0,
            showscale=False,
            xgap=3,
            ygap=3,
            texttemplate="%{z}",
            textfont={"size": 14},
            hovertemplate="%{y}, %{x}: %{z}<extra></extra>",
        )
    )
    figure.update_layout(**layout(PARTS_HEIGHT_PX, is_synthetic=is_synthetic))
    figure.update_yaxes(autorange="reversed", showgrid=False, ticks="")
    figure.update_xaxes(side="top", showgrid=False, ticks="")
    return figure


def show(
    session: CitySession, draw: Callable[..., go.Figure], inputs: Sequence[Any], key: str, alt: str
) -> None:
    """Show a chart of what is given, marked where the city is made up."""
    figure = draw(*inputs, is_synthetic=session.config.city.is_synthetic)
    st.plotly_chart(figure, config={"displayModeBar": False}, key=key, alt=alt)


def _mark() -> dict[str, object]:
    """Return the mark of a synthetic city, which stays on the chart wherever it is pasted."""
    return {
        "text": tr("screen.sample"),
        "xref": "paper",
        "yref": "paper",
        "x": 1,
        "y": 1,
        "xanchor": "right",
        "yanchor": "bottom",
        "yshift": 24,
        "showarrow": False,
        "font": {"size": 12, "color": theme.current().faint},
    }


def _scale(colors: Sequence[str]) -> list[list[object]]:
    return [[(n + 1) / len(colors), color] for n, color in enumerate(colors)]


def layout(height_px: int, *, is_synthetic: bool) -> dict[str, Any]:
    """Return the layout that all charts share."""
    return {
        "annotations": [_mark()] if is_synthetic else [],
        "height": height_px,
        "margin": {"l": 8, "r": 8, "t": 46 if is_synthetic else 28, "b": 8},
        "legend": {"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom", "font": {"size": 13}},
        "font": {"size": 13},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "dragmode": False,
    }


def _step(top: int) -> int:
    return next(step for step in (1, 2, 5, 10, 20, 50, 100, 10**6) if top <= step * 6)


def _every(months: Sequence[str]) -> list[str]:
    """Choose the months to label: as many as fit at 390 px, or Januaries over many years."""
    step = next(step for step in (1, 2, 3, 6, 12, 24, 48, 240) if len(months) <= 6 * step)
    numbers = [12 * int(name[:4]) + int(name[5:]) - 1 for name in months]
    return [name for name, n in zip(months, numbers, strict=True) if n % step == 0]
