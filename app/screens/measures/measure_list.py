"""A place's measures: value, baseline, target, the change in words, and a small chart each."""

from __future__ import annotations

import html
from collections.abc import Sequence

import streamlit as st

from app.screens.measures import measures_charts
from app.screens.measures.measure_words import (
    CLAIMS,
    applies_here,
    is_old,
    is_told_here,
    lack_words,
    number_words,
)
from app.shared import charts, panels
from app.shared.cache_once import once
from app.shared.signing import FormScene
from csa.base.text import render, speak
from csa.plan.measures import Progress, Quarter, Value, figure_words
from csa.reports.briefing.counted import COUNTED, count_quarter, differing
from csa.reports.briefing.measuring import MeasureLine
from csa.reports.briefing.shoot_review import review_effects

MOST = 6
"""Measures with charts shown at once; a button shows the rest."""
ALL = "all measures of a place"


def show(scene: FormScene, lines: Sequence[MeasureLine], name: str, note: str = "") -> None:
    """Show the measures, those with a value first."""
    st.header(speak("here.measures"), anchor=False)
    if note:
        st.caption(panels.plain(note))
    known = [line for line in lines if line.history or line.shown.value is not None]
    without = [line for line in lines if line not in known]
    known.sort(key=lambda line: (not is_told_here(line), line.judged.verdict not in CLAIMS))
    is_all = len(known) <= MOST or st.session_state.get(ALL, False)
    if any(len(line.history) > 1 for line in known):
        st.caption(speak("meeting.compared"))
    for line in known if is_all else known[:MOST]:
        _measure(scene, line, name)
    if len(known) > MOST:
        left = len(known) - MOST
        st.toggle(speak("here.more", n=left), key=ALL)
    if without:
        _without(without, is_open=not known)


def _measure(scene: FormScene, line: MeasureLine, name: str) -> None:
    with st.container(key=f"measure {line.measure.id}"):
        st.html(f'<div class="csa-measure">{card_html(scene, line)}</div>')
        if is_told_here(line) and len(line.history) > 1:
            st.plotly_chart(
                measures_charts.by_quarter(
                    line, is_synthetic=scene.opened.config.city.is_synthetic
                ),
                config=charts.CONFIG,
                key=f"chart {line.measure.id} {line.place}",
                alt=speak("here.chart_alt", measure=line.measure.name, place=name),
            )


def card_html(scene: FormScene, line: MeasureLine) -> str:
    """Return the text of a measure's card as HTML."""
    said = [f"<h3>{html.escape(line.measure.name)}</h3>", _figures(line)]
    if line.shown.message is not None:
        said.append(_quiet(render(line.shown.message)))
    elif line.history:
        tag = "b" if line.judged.verdict in CLAIMS else "span"
        judged = speak("here.judged", measure=line.measure.name, said=render(line.judged.message))
        said.append(f"<p><{tag}>{html.escape(judged)}</{tag}></p>")
    if len(line.compared) > 1:
        (one, two), (three, four) = line.compared
        key = "here.compared_since" if line.begun else "here.compared"
        ends = {"one": one, "two": two, "three": three, "four": four}
        said.append(_quiet(speak(key, begun=line.begun, **ends)))
    if line.last is not None and is_old(line, scene.today):
        said.append(_quiet(speak("here.no_update", quarter=line.last)))
    said += _since_action(scene, line)
    begun = _begun(scene, line)
    if begun:
        said.append(_quiet(begun))
    said += _from_data(scene, line)
    said += [_quiet(speak("here.revised", change=render(one))) for one in line.revised]
    missing = lack_words(line)
    if missing:
        said.append(_quiet(missing))
    return "".join(said)


def _since_action(scene: FormScene, line: MeasureLine) -> list[str]:
    """Show the whole city's cases before and after the action that the measure names began."""
    if line.place or not line.measure.since_action:
        return []
    every = review_effects(scene.plan, scene.records, scene.today)
    said = [render(one.message) for one in every if one.measure.id == line.measure.id]
    return [_quiet(f"{text} {speak('shoot_review.no_proof')}") for text in said]


def _from_data(scene: FormScene, line: MeasureLine) -> list[str]:
    """Show what the data count in the last quarter that they cover, and each value that differs."""
    if line.measure.kind != COUNTED:
        return []
    dataset, records, said = scene.opened.dataset, scene.records, list[str]()
    for value in line.history:
        message = once(differing)(dataset, records, value, line.measure.kind)
        if message is not None:
            said.append(f"<p><b>{html.escape(render(message))}</b></p>")
    quarter = Quarter.of(scene.today).plus(-1)
    counted = once(count_quarter)(dataset, records, quarter, line.place)
    if counted is not None:
        values = {"n": counted.incidents, "homicides": counted.homicides}
        said.append(_quiet(speak("measures.from_data", quarter=quarter, **values)))
    return said


def _figures(line: MeasureLine) -> str:
    kind, value = line.measure.kind, line.shown.value
    if value is None:
        return ""
    figure = html.escape(figure_words(value, kind))
    of = speak("here.of_quarter", quarter=value.quarter)
    if not line.is_approved and not line.shown.is_wider:
        of = speak("here.not_approved", of=of)
    parts = [f"<b>{figure}</b> {html.escape(of)}"]
    if line.shown.is_wider:
        parts = [f"<span>{figure}</span> {html.escape(of)}"]
    parts += [html.escape(text) for text in _settled(line)]
    return f'<p class="csa-figures">{" · ".join(parts)}</p>'


def _settled(line: MeasureLine) -> list[str]:
    kind, settled, said = line.measure.kind, line.settled, []
    if settled is not None and settled.baseline is not None:
        at = number_words(settled.baseline, kind)
        key = "here.at_baseline" if applies_here(line) else "here.at_baseline_city"
        said.append(speak(key, at=at))
    if settled is not None and settled.target is not None:
        at = number_words(settled.target, kind)
        if not applies_here(line):
            said.append(speak("here.at_target_city", at=at))
        else:
            met = is_told_here(line) and line.progress is Progress.MET
            said.append(speak("here.at_target_met" if met else "here.at_target", at=at))
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
    return speak("here.when_begun", at=figure, quarter=quarter)


def _quiet(text: str) -> str:
    return f'<p class="csa-faint">{html.escape(text)}</p>'


def _without(lines: Sequence[MeasureLine], *, is_open: bool) -> None:
    with st.expander(speak("here.without", n=len(lines)), expanded=is_open):
        items = "".join(
            f"<li><b>{html.escape(line.measure.name)}</b> "
            f'<span class="csa-faint">{html.escape(lack_words(line))}</span></li>'
            for line in lines
        )
        st.html(f'<ul class="csa-due">{items}</ul>')
