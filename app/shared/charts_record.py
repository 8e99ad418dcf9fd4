"""The chart of past years: what each way of choosing caught, year by year."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go

from app.shared import theme
from app.shared.cache_once import once
from app.shared.charts import layout

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
        colour, width, dash, symbol = _style(part)
        texts = [
            hover.format(way=line.name, year=year, share=f"{100 * share:.0f} %")
            for year, share in line.shares.items()
        ]
        figure.add_scatter(
            x=list(line.shares.index),
            y=(100 * line.shares).tolist(),
            mode="lines+markers",
            name=line.name,
            line={"color": colour, "width": width, "dash": dash},
            marker={"color": colour, "size": 4 + 2 * width, "symbol": symbol},
            text=texts,
            hovertemplate="%{text}<extra></extra>",
        )
    top = ROOM * 100 * max(float(line.shares.max()) for line in lines.values())
    made = layout(HEIGHT_PX, is_synthetic=is_synthetic)
    made["annotations"] = [*made["annotations"], *_labels(lines, top)]
    made["margin"] = {**made["margin"], "r": 124}
    figure.update_layout(showlegend=False, **made)
    figure.update_yaxes(range=[0, top], ticksuffix=" %", nticks=6)
    years = list(lines["areas"].shares.index)
    every = 1 if len(years) <= MANY_YEARS else 2  # more labels would touch at 390 px
    figure.update_xaxes(type="category", tickangle=0, tickvals=years[::-every])
    return figure


def _style(part: str) -> tuple[str, float, str, str]:
    """Return color, width, dash and marker, so that no line is told by its color alone."""
    colours = theme.current()
    return {
        "areas": (colours.accent, 3.0, "solid", "circle"),
        "other": (colours.faint, 2.0, "dash", "square"),
        "best": (colours.outline, 1.5, "dot", "circle-open"),
        "random": (colours.hairline, 1.5, "solid", "line-ew-open"),
    }[part]


def _labels(lines: Mapping[str, MethodLine], top: float) -> list[dict[str, object]]:
    """Label each line at its end, lowest first; a label that would hide another moves up."""
    colours = theme.current()
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
                "font": {"size": 13, "color": colours.accent if is_ours else colours.faint},
            }
        )
    return labels
