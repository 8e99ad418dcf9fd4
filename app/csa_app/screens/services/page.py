"""Services: what the city has, and what is missing in and near each area."""

from __future__ import annotations

import streamlit as st

from csa.base.text import tr
from csa_app.screens.services import parts
from csa_app.shared import cache, panels, person, screen_state
from csa_app.shared.area_status import distinct_areas
from csa_app.shared.cache import once

opened = panels.frame(tr("services_page.title"))
person.require_internal(opened)
screen = screen_state.begin(opened)
areas = distinct_areas(opened, cache.analysis(opened, screen.choices).proposal)
found = once(parts.inventory)(opened, areas)
if found is None:
    panels.empty(tr("services.none_listed"))
    parts.how_to(opened)
    st.stop()
parts.answer(opened, found)
parts.kinds(found)
parts.by_area(found)
parts.show_full_list(opened, found)
parts.how_to(opened)
