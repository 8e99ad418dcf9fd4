"""Why here: which places mark where risk is higher, in an area, and what studies found can help."""

from __future__ import annotations

import streamlit as st

from csa.base.text import tr
from csa_app.screens.why_here import parts
from csa_app.shared import cache, extras, panels, person, screen_state
from csa_app.shared.area_status import AreaView, every_area
from csa_app.shared.map_component import small_map

opened = panels.frame(tr("why.title"))
person.require_internal(opened)
screen = screen_state.begin(opened)
view, kept = AreaView(opened, screen.choices), cache.risk_terrain(opened)
left, right = st.columns([0.52, 0.48], gap="medium")
with left:
    area = parts.choose(screen, every_area(opened, view.proposal), view.proposal)
    here = None if area is None else cache.why_here(opened, area.cells)
    if kept is None:
        extras.draw_sections("why_here", opened)
    elif here is None or area is None:
        panels.answer(tr("why.no_area"))
    else:
        parts.answer(here, area)
        parts.factors(opened, here)
    if area is not None:
        parts.around(opened, area)
with right, st.container(key="small_map"):
    small_map(view, selected="" if area is None else area.id)
parts.studies()
if kept is not None:
    parts.show_city(kept)
