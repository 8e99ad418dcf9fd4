"""A measure's small chart: a value per quarter, gaps if none was reported, marks on revisions."""

from __future__ import annotations

import plotly.graph_objects as go

from app.screens.measures.measure_words import applies_here, number_words
from app.shared import theme
from app.shared.cache_once import once
from app.shared.charts import layout
from csa.base.text import speak
from csa.plan.measures import Quarter, Value, figure_words, find_kind
from csa.reports.briefing.measuring import MeasureLine

HEIGHT_PX = 138
LABEL_PX = 108
MOST_QUARTERS = 12
MOST_TICKS = 4


@once
def by_quarter(line: MeasureLine, *, is_synthetic: bool = False) -> go.Figure:
    """Draw a measure by quarter, with its baseline and target if there are any."""
    colours, kind = theme.current(), find_kind(line.measure.kind)
    told = {value.quarter: value for value in line.history}
    quarters = span(line)
    values = [told.get(quarter) for quarter in quarters]
    scale = 100 if kind.shape == "share" else 1
    trace = {
        "type": "scatter",
        "mode": "lines+markers",
        "x": [str(quarter) for quarter in quarters],
        "y": [_height(value, scale) for value in values],
        "connectgaps": False,
        "line": {"color": colours.accent, "width": 2},
        "marker": {
            "size": [11 if is_revised(value) else 7 for value in values],
            "symbol": ["diamond-open" if is_revised(value) else "circle" for value in values],
            "color": colours.accent,
        },
        "customdata": [_hover(value, line.measure.kind) for value in values],
        "hovertemplate": "%{x}: %{customdata}<extra></extra>",
    }
    lines, notes = _levels(line, scale)
    lines = [*_compared(line, quarters), *lines]
    top = 46 if is_synthetic else 12
    made = layout(HEIGHT_PX + top, is_synthetic=is_synthetic)
    made |= {"shapes": lines, "annotations": [*made["annotations"], *notes], "showlegend": False}
    margin = {"l": 8, "r": LABEL_PX if notes else 8, "b": 8}
    made["margin"] = {**margin, "t": top}
    made["xaxis"] = {"type": "category", "tickvals": _ticks(quarters), "tickangle": 0}
    made["yaxis"] = {
        "rangemode": "tozero",
        "nticks": 4,
        "ticksuffix": " %" if scale == 100 else "",
        "automargin": True,
    }
    return go.Figure({"data": [trace], "layout": made})


def span(line: MeasureLine) -> list[Quarter]:
    """List the quarters of a chart, including those without a value."""
    first, last = line.history[0].quarter, line.history[-1].quarter
    found = [last]
    while found[0] > first and len(found) < MOST_QUARTERS:
        found.insert(0, found[0].plus(-1))
    return found


def is_revised(value: Value | None) -> bool:
    """Return whether a value was changed after it was first reported."""
    return value is not None and value.number > 1


def _height(value: Value | None, scale: float) -> float | None:
    return None if value is None or value.value is None else scale * value.value


def _hover(value: Value | None, kind: str) -> str:
    if value is None:
        return ""
    said = figure_words(value, kind)
    return speak("here.revised_hover", said=said) if is_revised(value) else said


def _ticks(quarters: list[Quarter]) -> list[str]:
    step = max(1, -(-len(quarters) // MOST_TICKS))
    return [str(quarter) for quarter in quarters[::-step]]


def _compared(line: MeasureLine, quarters: list[Quarter]) -> list[object]:
    """Draw a band behind each compared span, and a line where work began."""
    colours, shapes = theme.current(), list[object]()
    at = {"xref": "x", "yref": "paper", "y0": 0, "y1": 1, "layer": "below"}
    for first, last in line.compared if len(line.compared) > 1 else ():
        inside = [place for place, quarter in enumerate(quarters) if first <= quarter <= last]
        if inside:
            ends = {"x0": inside[0] - 0.4, "x1": inside[-1] + 0.4}
            style = {"fillcolor": colours.faint, "opacity": 0.1, "line": {"width": 0}}
            shapes.append({"type": "rect", **style, **ends, **at})
    if line.begun in quarters:
        place = quarters.index(line.begun)
        style = {"color": colours.ink, "width": 1}
        shapes.append({"type": "line", "line": style, "x0": place, "x1": place, **at})
    return shapes


def _levels(line: MeasureLine, scale: float) -> tuple[list[object], list[object]]:
    """Draw the baseline dotted and the target dashed, each with a label."""
    if line.settled is None or not applies_here(line):
        return [], []
    colours, kind = theme.current(), line.measure.kind
    lines: list[object] = []
    notes: list[object] = []
    levels = {"dot": line.settled.baseline, "dash": line.settled.target}
    known = {dash: number for dash, number in levels.items() if number is not None}
    for dash, number in known.items():
        key = "here.at_baseline" if dash == "dot" else "here.at_target"
        is_upper = number == max(known.values())
        at = {"xref": "paper", "yref": "y"}
        ends = {"x0": 0, "x1": 1, "y0": scale * number, "y1": scale * number}
        style = {"color": colours.faint, "width": 1, "dash": dash}
        lines.append({"type": "line", "line": style, **ends, **at})
        note = {"text": speak(key, at=number_words(number, kind)), "showarrow": False}
        place = {"x": 1.02, "y": scale * number, "xanchor": "left"}
        place |= {"yanchor": "bottom" if is_upper and len(known) > 1 else "middle"}
        font = {"size": 12, "color": colours.faint}
        notes.append({"font": font, **note, **place, **at})
    return lines, notes
