"""The chart of areas month by month: when each was proposed, and how it changed."""

from __future__ import annotations

import html
import textwrap
from collections import Counter
from collections.abc import Collection, Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go

from app.screens.displacement.charts_change import faded
from app.shared import theme
from app.shared.cache_once import once
from app.shared.charts import layout
from csa.areas.places import called, in_order
from csa.base.params import Month
from csa.base.text import month, speak

ROW_PX, LINE_PX = 24, 17
MARK_PX = 9
SIDE_PX = 12
"""Room for half a mark beside the last month."""

MAX_NAME = 24
"""Letters per line: at 390 px, longer lines would leave no room for the bars."""

EVENTS = ("appeared", "gone", "split", "merged", "redrawn")
SYMBOLS = ("triangle-up", "x", "diamond-wide", "diamond-tall", "circle-open")


@once
def timeline(
    traced: pd.DataFrame,
    since: Month | None = None,
    followed: Collection[str] = (),
    *,
    is_synthetic: bool = False,
) -> go.Figure:
    """Draw each area's history: a bar for its months as a candidate, marks for events."""
    colours = theme.current()
    last = traced.groupby("area_id")["place_name"].last()
    names = _told_apart({str(name): str(place) for name, place in last.items()}, followed)
    letters = sorted(names, key=lambda name: in_order(name, names[name]))
    rows = {name: _in_lines(called(names[name], name)) for name in letters}
    n_lines = 1 + max((row.count("<br>") for row in rows.values()), default=0)
    row_px = max(ROW_PX, LINE_PX * n_lines)
    months = sorted(set(traced["month"]))
    # A window is named by its last month, not by the first month after it.
    shown = [str(Month.parse(name).plus(-1)) for name in months]
    place_of = {name: place for place, name in enumerate(months)}
    figure = go.Figure()
    present = traced[traced["n_cells"] > 0]
    for letter, seen in present.groupby("area_id"):
        for start, length in _runs(sorted(place_of[name] for name in seen["month"])):
            figure.add_bar(
                y=[rows[str(letter)]],
                x=[length],
                base=[start - 0.5],
                orientation="h",
                width=0.5,
                marker={"color": faded(colours.accent), "line": {"width": 0}},
                hoverinfo="skip",
                showlegend=False,
            )
    _events(figure, traced, rows, place_of)
    if since is not None and str(since) in place_of:
        # A window ends where the next begins, so the start follows the months that chose the areas.
        line = {"color": colours.faint, "width": 1, "dash": "dot"}
        figure.add_vline(x=place_of[str(since)] + 0.5, line=line)
    made = layout(90 + row_px * len(letters), is_synthetic=is_synthetic)
    made["margin"] = {**made["margin"], "r": SIDE_PX}
    figure.update_layout(barmode="overlay", **made)
    order = [rows[name] for name in reversed(letters)]
    figure.update_yaxes(
        type="category",
        categoryorder="array",
        categoryarray=order,
        range=[-0.7, len(order) - 0.3],
        automargin=True,
        showgrid=False,
    )
    ticks = list(range(0, len(months), max(1, -(-len(months) // 5))))
    figure.update_xaxes(
        range=[-0.6, len(months) - 0.4],
        tickvals=ticks,
        ticktext=[month(shown[n], is_short=True).replace(" ", "<br>") for n in ticks],
        tickangle=0,
        gridcolor=colours.hairline,
    )
    return figure


def _events(
    figure: go.Figure, traced: pd.DataFrame, rows: dict[str, str], place_of: dict[str, int]
) -> None:
    colours = theme.current()
    for event, symbol in zip(EVENTS, SYMBOLS, strict=True):
        told = traced[traced["event"] == event]
        if told.empty:
            continue
        word = event_word(event)
        figure.add_scatter(
            x=[place_of[name] for name in told["month"]],
            y=[rows[name] for name in told["area_id"]],
            mode="markers",
            name=word,
            marker={
                "symbol": symbol,
                "size": MARK_PX,
                "color": colours.ink,
                "line": {"width": 1.5},
            },
            cliponaxis=False,
            text=[
                f"{rows[area].replace('<br>', ' ')}: {word}, "
                f"{month(str(Month.parse(name).plus(-1)))}"
                for area, name in zip(told["area_id"], told["month"], strict=True)
            ],
            hovertemplate="%{text}<extra></extra>",
        )


def event_word(event: str) -> str:
    """Return an event of an area's history in words."""
    return speak(
        {
            "appeared": "change_page.appeared",
            "gone": "change_page.gone",
            "split": "change_page.split",
            "merged": "change_page.merged",
            "redrawn": "change_page.redrawn",
        }[event]
    )


def _runs(places: Sequence[int]) -> list[tuple[int, int]]:
    """Join consecutive months: the first, and how many follow."""
    runs: list[tuple[int, int]] = []
    for place in places:
        if runs and sum(runs[-1]) == place:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        else:
            runs.append((place, 1))
    return runs


def _told_apart(names: Mapping[str, str], followed: Collection[str]) -> dict[str, str]:
    """Add a number to repeated names; areas known at the start keep theirs."""
    seen: Counter[str] = Counter()
    told = {}
    for letter in sorted(names, key=lambda name: (name not in followed, len(name), name)):
        name = names[letter]
        seen[name] += 1
        told[letter] = name if seen[name] == 1 else f"{name} ({seen[name]})"
    return told


def _in_lines(name: str) -> str:
    """Break a long name into lines without cutting any of it."""
    return "<br>".join(html.escape(line) for line in textwrap.wrap(name, MAX_NAME)) or name
