"""A place's measures: value, baseline, target, the change in words, and a small chart each."""

from __future__ import annotations

import html
from collections.abc import Sequence
from datetime import date

import plotly.graph_objects as go
import streamlit as st

from csa.base.text import render, tr
from csa.program.plan.measure_change import MeasureVerdict, Progress
from csa.program.plan.measures import Quarter, Value, figure_words, find_kind
from csa.reports.briefing.measuring import (
    COUNTED,
    MeasureLine,
    count_quarter,
    differing,
    lacks,
    review_effects,
)
from csa_app.shared import charts, panels, theme
from csa_app.shared.cache import once
from csa_app.shared.charts import layout
from csa_app.shared.key_figure import card, figure, text
from csa_app.shared.signing import FormScene

CLAIMS = (MeasureVerdict.BETTER, MeasureVerdict.WORSE, MeasureVerdict.MOVED)
"""Verdicts that claim a change; all else is shown in gray."""
MOST_NAMED = 3


def number_words(number: float, kind: str) -> str:
    """Format a baseline or target like the measure's values."""
    return figure_words(Value("", Quarter(1, 1), value=number), kind)


def applies_here(line: MeasureLine) -> bool:
    """Return whether a measure's baseline and target, which are the city's, apply to its place."""
    return not line.place or find_kind(line.measure.kind).shape != "count"


def lack_words(line: MeasureLine) -> str:
    """List in words what a measure still lacks."""
    return ", ".join(render(message) for message in lacks(line))


def has_own_value(line: MeasureLine) -> bool:
    """Return whether a place has a value of its own to show."""
    return line.shown.value is not None and not line.shown.is_wider


def is_old(line: MeasureLine, today: date) -> bool:
    """Return whether the last completed quarter has no reported value."""
    return line.last is None or line.last < Quarter.of(today).plus(-1)


def summary(lines: Sequence[MeasureLine], today: date) -> str:
    """Return a card of a place's measures: how many have a value, and which changed."""
    known = [line for line in lines if has_own_value(line)]
    current = [line for line in known if not is_old(line, today)]
    changes = [_changed(current, verdict) for verdict in CLAIMS]
    if current and not any(changes):
        changes.append(tr("here.changed_none"))
    n_old = len(known) - len(current)
    n = figure(f"{len(known):,}", tr("here.card_measures", n=len(known), of=len(lines)))
    small = tr("meeting.measures_old", n=n_old) if n_old else ""
    return card(tr("here.measures"), n, text(*changes, small=small))


def _changed(lines: Sequence[MeasureLine], verdict: MeasureVerdict) -> str:
    """Name the measures that changed in one direction by more than chance would explain."""
    names = [line.measure.name for line in lines if line.change.verdict is verdict]
    if not names:
        return ""
    left = len(names) - MOST_NAMED
    if left > 0:
        names = [*names[:MOST_NAMED], tr("here.and_more", n=left)]
    key = {
        MeasureVerdict.BETTER: "here.better",
        MeasureVerdict.WORSE: "here.worse",
        MeasureVerdict.MOVED: "here.moved",
    }[verdict]
    return tr(key, names="; ".join(names))


# ---- A measure's small chart: a value per quarter, gaps if none was reported, marks on revisions.


HEIGHT_PX = 138
LABEL_PX = 108
MOST_QUARTERS = 12
MOST_TICKS = 4


@once
def by_quarter(line: MeasureLine, *, is_synthetic: bool = False) -> go.Figure:
    """Draw a measure by quarter, with its baseline and target if there are any."""
    colors, kind = theme.current(), find_kind(line.measure.kind)
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
        "line": {"color": colors.accent, "width": 2},
        "marker": {
            "size": [11 if is_revised(value) else 7 for value in values],
            "symbol": ["diamond-open" if is_revised(value) else "circle" for value in values],
            "color": colors.accent,
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
        "ticksuffix": "%" if scale == 100 else "",
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
    return tr("here.revised_hover", said=said) if is_revised(value) else said


def _ticks(quarters: list[Quarter]) -> list[str]:
    step = max(1, -(-len(quarters) // MOST_TICKS))
    return [str(quarter) for quarter in quarters[::-step]]


def _compared(line: MeasureLine, quarters: list[Quarter]) -> list[object]:
    """Draw a band behind each compared span, and a line where work began."""
    colors, shapes = theme.current(), list[object]()
    at = {"xref": "x", "yref": "paper", "y0": 0, "y1": 1, "layer": "below"}
    for first, last in line.compared if len(line.compared) > 1 else ():
        inside = [place for place, quarter in enumerate(quarters) if first <= quarter <= last]
        if inside:
            ends = {"x0": inside[0] - 0.4, "x1": inside[-1] + 0.4}
            style = {"fillcolor": colors.faint, "opacity": 0.1, "line": {"width": 0}}
            shapes.append({"type": "rect", **style, **ends, **at})
    if line.begun in quarters:
        place = quarters.index(line.begun)
        style = {"color": colors.ink, "width": 1}
        shapes.append({"type": "line", "line": style, "x0": place, "x1": place, **at})
    return shapes


def _levels(line: MeasureLine, scale: float) -> tuple[list[object], list[object]]:
    """Draw the baseline dotted and the target dashed, each with a label."""
    if line.definition is None or not applies_here(line):
        return [], []
    colors, kind = theme.current(), line.measure.kind
    lines: list[object] = []
    notes: list[object] = []
    levels = {"dot": line.definition.baseline, "dash": line.definition.target}
    known = {dash: number for dash, number in levels.items() if number is not None}
    for dash, number in known.items():
        key = "label.at_baseline" if dash == "dot" else "label.at_target"
        is_upper = number == max(known.values())
        at = {"xref": "paper", "yref": "y"}
        ends = {"x0": 0, "x1": 1, "y0": scale * number, "y1": scale * number}
        style = {"color": colors.faint, "width": 1, "dash": dash}
        lines.append({"type": "line", "line": style, **ends, **at})
        note = {"text": tr(key, at=number_words(number, kind)), "showarrow": False}
        place = {"x": 1.02, "y": scale * number, "xanchor": "left"}
        place |= {"yanchor": "bottom" if is_upper and len(known) > 1 else "middle"}
        font = {"size": 12, "color": colors.faint}
        notes.append({"font": font, **note, **place, **at})
    return lines, notes


MOST = 6
"""Measures with charts shown at once; a button shows the rest."""
ALL = "all measures of a place"


def show(scene: FormScene, lines: Sequence[MeasureLine], name: str, note: str = "") -> None:
    """Show the measures, those with a value first."""
    st.header(tr("here.measures"), anchor=False)
    if note:
        st.caption(panels.plain(note))
    known = [line for line in lines if line.history or line.shown.value is not None]
    without = [line for line in lines if line not in known]
    known.sort(key=lambda line: (not has_own_value(line), line.change.verdict not in CLAIMS))
    is_all = len(known) <= MOST or st.session_state.get(ALL, False)
    if any(len(line.history) > 1 for line in known):
        st.caption(tr("meeting.compared"))
    for line in known if is_all else known[:MOST]:
        _measure(scene, line, name)
    if len(known) > MOST:
        left = len(known) - MOST
        st.toggle(tr("here.more", n=left), key=ALL)
    if without:
        _without(without, is_open=not known)


def _measure(scene: FormScene, line: MeasureLine, name: str) -> None:
    with st.container(key=f"measure {line.measure.id}"):
        st.html(f'<div class="csa-measure">{card_html(scene, line)}</div>')
        if has_own_value(line) and len(line.history) > 1:
            key = f"chart {line.measure.id} {line.place}"
            alt = tr("here.chart_alt", measure=line.measure.name, place=name)
            charts.show(scene.session, by_quarter, [line], key, alt)


def card_html(scene: FormScene, line: MeasureLine) -> str:
    """Return the text of a measure's card as HTML."""
    said = [f"<h3>{html.escape(line.measure.name)}</h3>", _figures(line)]
    if line.shown.message is not None:
        said.append(_quiet(render(line.shown.message)))
    elif line.history:
        tag = "b" if line.change.verdict in CLAIMS else "span"
        judged = tr("here.judged", measure=line.measure.name, said=render(line.change.message))
        said.append(f"<p><{tag}>{html.escape(judged)}</{tag}></p>")
    if len(line.compared) > 1:
        (one, two), (three, four) = line.compared
        key = "here.compared_since" if line.begun else "here.compared"
        ends = {"one": one, "two": two, "three": three, "four": four}
        said.append(_quiet(tr(key, begun=line.begun, **ends)))
    if line.last is not None and is_old(line, scene.today):
        said.append(_quiet(tr("measures.no_update", since=line.last)))
    said += _since_action(scene, line)
    begun = _begun(scene, line)
    if begun:
        said.append(_quiet(begun))
    said += _from_data(scene, line)
    said += [_quiet(tr("here.revised", change=render(one))) for one in line.revised]
    missing = lack_words(line)
    if missing:
        said.append(_quiet(missing))
    return "".join(said)


def _since_action(scene: FormScene, line: MeasureLine) -> list[str]:
    """Show the whole city's cases before and after the action that the measure names began."""
    if line.place or not line.measure.since_action:
        return []
    every = review_effects(scene.plan, scene.records, scene.today)
    said = [render(message) for measure, message in every if measure.id == line.measure.id]
    return [_quiet(f"{text} {tr('shoot_review.no_proof')}") for text in said]


def _from_data(scene: FormScene, line: MeasureLine) -> list[str]:
    """Show what the data count in the last quarter that they cover, and each value that differs."""
    if line.measure.kind != COUNTED:
        return []
    dataset, records, said = scene.session.dataset, scene.records, list[str]()
    for value in line.history:
        message = once(differing)(dataset, records, value, line.measure.kind)
        if message is not None:
            said.append(f"<p><b>{html.escape(render(message))}</b></p>")
    quarter = Quarter.of(scene.today).plus(-1)
    counted = once(count_quarter)(dataset, records, quarter, line.place)
    if counted is not None:
        values = {"n": counted.incidents, "homicides": counted.homicides}
        said.append(_quiet(tr("measures.from_data", quarter=quarter, **values)))
    return said


def _figures(line: MeasureLine) -> str:
    kind, value = line.measure.kind, line.shown.value
    if value is None:
        return ""
    figure = html.escape(figure_words(value, kind))
    of = tr("briefing.one_month", month=value.quarter)
    if not line.is_approved and not line.shown.is_wider:
        of = tr("here.not_approved", of=of)
    parts = [f"<b>{figure}</b> {html.escape(of)}"]
    if line.shown.is_wider:
        parts = [f"<span>{figure}</span> {html.escape(of)}"]
    parts += [html.escape(text) for text in _settled(line)]
    return f'<p class="csa-figures">{" · ".join(parts)}</p>'


def _settled(line: MeasureLine) -> list[str]:
    kind, settled, said = line.measure.kind, line.definition, []
    if settled is not None and settled.baseline is not None:
        at = number_words(settled.baseline, kind)
        key = "label.at_baseline" if applies_here(line) else "here.at_baseline_city"
        said.append(tr(key, at=at))
    if settled is not None and settled.target is not None:
        at = number_words(settled.target, kind)
        if not applies_here(line):
            said.append(tr("here.at_target_city", at=at))
        else:
            met = has_own_value(line) and line.progress is Progress.MET
            said.append(tr("here.at_target_met" if met else "label.at_target", at=at))
    return said


def _begun(scene: FormScene, line: MeasureLine) -> str:
    """Return the measure's value when work in the area began (1.3.8), if it was stored."""
    rows = [row for row in scene.records.baselines if row.area == line.place]
    kept = rows[-1].values.get(f"{line.measure.id}/{line.place}") if rows else None
    if kept is None:
        return ""
    numbers = {name: kept.get(name) for name in ("value", "numerator", "denominator")}
    quarter = Quarter.parse(kept["quarter"])
    figure = figure_words(Value(line.measure.id, quarter, **numbers), line.measure.kind)
    return tr("here.when_begun", at=figure, quarter=quarter)


def _quiet(text: str) -> str:
    return f'<p class="csa-faint">{html.escape(text)}</p>'


def _without(lines: Sequence[MeasureLine], *, is_open: bool) -> None:
    with st.expander(tr("meeting.measures_without", n=len(lines)), expanded=is_open):
        items = "".join(
            f"<li><b>{html.escape(line.measure.name)}</b> "
            f'<span class="csa-faint">{html.escape(lack_words(line))}</span></li>'
            for line in lines
        )
        st.html(f'<ul class="csa-due">{items}</ul>')
