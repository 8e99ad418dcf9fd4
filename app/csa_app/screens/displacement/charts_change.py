"""Charts of change: sums since a start, and an area's quarters."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from csa.base.params import Month
from csa.base.text import month, tr
from csa.change.verdict import AreaResult, CumulativeCounts
from csa_app.shared import theme
from csa_app.shared.cache import once
from csa_app.shared.charts import layout

SINCE_HEIGHT_PX = 370
QUARTER_HEIGHT_PX = 180
QUARTER_MONTHS = 3
LATER_OPACITY = 0.35
ROOM = 1.1
"""Space above the highest value, so that no mark touches the edge."""


@dataclass(frozen=True)
class Part:
    """A line of sums in the chart."""

    name: str  # the label beside it
    track: CumulativeCounts  # its sums
    color: str  # of the line


@once
def since_start(
    judged: AreaResult, months: Sequence[str], at: int, *, is_synthetic: bool = False
) -> go.Figure:
    """Draw counts minus expectation, added up since the start, in and around the areas."""
    colors = theme.current()
    parts = [Part(tr("term.in_areas"), judged.core, colors.accent)]
    if judged.ring is not None:
        parts.append(Part(tr("label.around_them"), judged.ring, colors.ink))
    figure = make_subplots(rows=len(parts), cols=1, shared_xaxes=True, vertical_spacing=0.09)
    for row, part in enumerate(parts, start=1):
        _sums(figure, part, months, at, row)
        _mark(figure, part, months, at, row)
    made = layout(SINCE_HEIGHT_PX, is_synthetic=is_synthetic)
    made["annotations"] = [*made["annotations"], *_names(parts)]
    figure.update_layout(showlegend=False, hovermode="x", **made)
    most = ROOM * max(_reach(part.track) for part in parts)
    figure.update_yaxes(range=[-most, most], zeroline=True, zerolinecolor=colors.faint)
    figure.update_yaxes(gridcolor=colors.hairline, griddash="dot")
    steps = _steps(most)
    figure.update_yaxes(tickvals=steps, ticktext=[signed(step) for step in steps])
    ticks = list(months[:: max(1, -(-len(months) // 5))])
    figure.update_xaxes(
        type="category",
        tickangle=0,
        tickvals=ticks,
        ticktext=[month(name, is_short=True).replace(" ", "<br>") for name in ticks],
        range=[-0.5, max(len(months) - 0.5, 1.5)],
        showgrid=False,
    )
    return figure


def signed(number: float) -> str:
    """Format a difference as a signed whole number; zero has no sign."""
    whole = round(number)
    return f"{whole:+,}" if whole else "0"


def _steps(most: float) -> list[int]:
    """Return round axis ticks, at most two on either side of zero."""
    power = 10 ** int(math.log10(most))
    step = next(one for one in (power // 2, power, 2 * power, 5 * power) if one and most < 3 * one)
    return [n * step for n in range(-2, 3) if abs(n * step) <= most]


def _reach(track: CumulativeCounts) -> float:
    """Return how far the axis must reach on either side, to show the band and the sums."""
    mean = track.expectation.mean
    ends = (track.bound_high - mean, mean - track.bound_low, abs(track.counted - mean))
    return max(4.0, *(float(end.max()) for end in ends))


def _sums(figure: go.Figure, part: Part, months: Sequence[str], at: int, row: int) -> None:
    track, mean = part.track, part.track.expectation.mean
    add = partial(figure.add_scatter, row=row, col=1)
    edge = {"x": list(months), "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
    add(y=(track.bound_low - mean).round(2).tolist(), **edge)
    band = {"fill": "tonexty", "fillcolor": faded(theme.current().faint)}
    add(y=(track.bound_high - mean).round(2).tolist(), **band, **edge)
    apart = (track.counted - mean).round(2)
    told = track.has_enough.tolist()
    n_untold = len(told) - told[::-1].index(False) if False in told else 0
    texts = [
        tr(
            "change_page.hover",
            month=month(name),
            counted=int(counted),
            expected=float(expected),
            low=int(low),
            high=int(high),
        )
        for name, counted, expected, low, high in zip(
            months, track.counted, mean, track.bound_low, track.bound_high, strict=True
        )
    ]
    # Sums only grow: once there is enough to judge, it stays enough.
    for first, last, dash in ((0, n_untold + 1, "dot"), (n_untold, len(months), "solid")):
        shown = slice(first, min(last, at + 1))
        add(
            x=list(months[shown]),
            y=apart[shown].tolist(),
            mode="lines+markers" if last - first == 1 and dash == "solid" else "lines",
            line={"color": part.color, "width": 3 if dash == "solid" else 1.5, "dash": dash},
            marker={"color": part.color},
            text=texts[shown],
            hovertemplate="%{text}<extra></extra>",
        )
    if at < len(months) - 1:
        add(
            x=list(months[at:]),
            y=apart[at:].tolist(),
            mode="lines",
            line={"color": part.color, "width": 1.5},
            opacity=LATER_OPACITY,
            text=texts[at:],
            hovertemplate="%{text}<extra></extra>",
        )


def _mark(figure: go.Figure, part: Part, months: Sequence[str], at: int, row: int) -> None:
    """Mark the month on screen, with its number beside the dotted line."""
    apart = float(part.track.counted[at] - part.track.expectation.mean[at])
    above = "bottom" if apart < 0 else "top"
    side = "left" if at >= len(months) / 2 else "right"
    figure.add_vline(
        x=at, line={"color": theme.current().faint, "width": 1, "dash": "dot"}, row=row
    )
    figure.add_scatter(
        x=[months[at]],
        y=[round(apart, 2)],
        mode="markers+text",
        marker={"color": part.color, "size": 10},
        text=[f"<b>{signed(apart)}</b>"],
        textposition=f"{above} {side}",
        textfont={"size": 14, "color": part.color},
        cliponaxis=False,
        hoverinfo="skip",
        row=row,
        col=1,
    )


def _names(parts: Sequence[Part]) -> list[dict[str, object]]:
    """Label each line in its own corner."""
    named = []
    for row, part in enumerate(parts):
        axis = "" if row == 0 else str(row + 1)
        at = {"xref": f"x{axis} domain", "yref": f"y{axis} domain", "x": 0.01, "showarrow": False}
        font = {"size": 13, "color": part.color}
        text = f"<b>{part.name}</b>"
        named.append({**at, "y": 1.0, "yanchor": "bottom", "text": text, "font": font})
    return named


def faded(color: str) -> str:
    """Return a fainter version of a color, for the background."""
    red, green, blue = (int(color[n : n + 2], 16) for n in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.2)"


@once
def by_quarter(rows: pd.DataFrame, top: float, *, is_synthetic: bool = False) -> go.Figure:
    """Draw an area's quarters over the range that holds nine in ten such counts."""
    colors = theme.current()
    quarters = rows["quarter"].tolist()
    is_partial = rows["months"] < QUARTER_MONTHS
    figure = go.Figure()
    figure.add_bar(
        x=quarters,
        y=(rows["high"] - rows["low"]).tolist(),
        base=rows["low"].tolist(),
        width=1.0,
        marker={"color": faded(colors.faint), "line": {"width": 0}},
        hoverinfo="skip",
    )
    texts = [_quarter_words(row) for row in rows.to_dict("records")]
    figure.add_bar(
        x=quarters,
        y=rows["incidents"].tolist(),
        width=0.55,
        marker={
            "color": [colors.accent if after else colors.faint for after in rows["is_after"]],
            "pattern": {
                "shape": ["/" if partial else "" for partial in is_partial],
                "fgcolor": colors.land,
                "fillmode": "overlay",
            },
        },
        text=texts,
        textposition="none",
        hovertemplate="%{text}<extra></extra>",
    )
    height_px = QUARTER_HEIGHT_PX + (36 if is_synthetic else 0)
    made = layout(height_px, is_synthetic=is_synthetic)
    made["margin"] = {"l": 4, "r": 4, "t": 44 if is_synthetic else 8, "b": 4}
    figure.update_layout(barmode="overlay", showlegend=False, **made)
    figure.update_yaxes(range=[0, top * ROOM], nticks=4, gridcolor=colors.hairline)
    ends = [quarters[0], quarters[-1]] if len(quarters) > 1 else quarters
    figure.update_xaxes(
        type="category",
        tickangle=0,
        tickvals=ends,
        ticktext=[month(name, is_short=True) for name in ends],
        showgrid=False,
    )
    return figure


def _quarter_words(row: dict[object, object]) -> str:
    first = Month.parse(str(row["quarter"]))
    last = first.plus(int(str(row["months"])) - 1)
    text = tr(
        "change_page.quarter_hover",
        first=month(str(first), is_short=True),
        last=month(str(last), is_short=True),
        counted=int(str(row["incidents"])),
        low=int(str(row["low"])),
        high=int(str(row["high"])),
    )
    is_partial = int(str(row["months"])) < QUARTER_MONTHS
    return f"{text}<br>{tr('charts.provisional')}" if is_partial else text
