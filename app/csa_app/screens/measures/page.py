"""Neighborhood measures: what is measured in a place, and what is being done there."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from csa.areas.year_to_date import city_year
from csa.base.message import msg
from csa.base.schema import KINDS
from csa.base.text import tr
from csa.reports.briefing.lines import work_plan as plan_of
from csa.reports.briefing.measuring import measure_lines
from csa.reports.briefing.places import AREA, CITY, PROPOSED
from csa_app.screens.measures import (
    measure_list,
    measures_edit,
    place_choice,
    place_steps,
    work_forms,
    work_plan,
)
from csa_app.shared import cache, cache_store, correcting, extras, panels, person, screen_state
from csa_app.shared.area_status import area_statuses
from csa_app.shared.signing import FormScene

opened = panels.frame(tr("here.title"))
screen = screen_state.screen(opened)
first = screen_state.first_choices(opened)
person.require_internal(opened)
plan, records = cache_store.plan(opened), cache_store.records(opened)
who, today = person.person(opened), cache_store.today(opened)
if plan is None:
    panels.empty(tr("plan_page.no_plan", city=opened.config.city.name), "data")
    st.stop()
scene = FormScene(opened, who, plan, records, today)
lines = cache_store.lines(opened)
with panels.working():
    places, recent = place_choice.places(opened, screen, records, lines)
    standing = area_statuses(opened, cache.analysis(opened, screen.choices).proposal)
lacking = place_choice.without_action(places)
if lacking:
    st.caption(panels.plain(lacking))
place, screen = place_choice.choose(screen, places, standing)
screen_state.remember(screen, first)
work = plan_of(records, place.key, lines, today) if place.kind == AREA else None
verdict = place_steps.verdict(scene, screen, place)
measures = measure_lines(
    plan,
    records,
    place.id if place.value_place is None else place.key,
    city_year(opened, replace(screen.choices, kinds=KINDS)) if place.kind == CITY else None,
    None if verdict is None else verdict.statement or msg("measures.no_finding"),
)
place_choice.answer(scene, screen, place, (recent, measures, lines), (work, verdict))
parts = st.grid(2, min_column_width=416, gap="large")
with parts.cell():  # first, also on a telephone: what is written down on the street
    if work is not None:
        st.header(tr("here.work"), anchor=False)
        work_forms.show_forms(scene, work)
        work_plan.show(scene, work)
    work_plan.actions(place, lines, work)
    if place.kind in {AREA, PROPOSED}:
        place_steps.show(scene, screen, place, work, verdict)
    if work is not None:
        correcting.show(scene, place.key, place_steps.on_record(scene, work))
with parts.cell():
    is_new = place.kind == PROPOSED
    note = tr("here.candidate_values") if is_new else ""
    measure_list.show(scene, measures, place_choice.name_of(place), note)
    extras.draw_sections("measures", scene.session, scene, place, screen.choices)
    measures_edit.show(scene, measures, place.value_place, place_choice.value_places(places))
