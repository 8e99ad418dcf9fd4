"""Services: what the city has, and what is missing in and near each area."""

from __future__ import annotations

import streamlit as st

from app.screens.services import parts
from app.shared import cache, panels, person, session
from app.shared.cache_once import once
from app.shared.standing import distinct_areas
from csa.base.errors import CsaError
from csa.base.text import speak

opened = panels.frame(speak("services_page.title"))
person.require_internal(opened)
screen = session.screen(opened)
session.remember(screen, session.first_choices(opened))
try:
    areas = distinct_areas(opened, cache.proposal(opened, screen.choices))
except CsaError as error:
    panels.stop(error)
found = once(parts.inventory)(opened, areas)
if found is None:
    panels.empty(speak("services.none_listed"))
    parts.how_to(opened)
    st.stop()
parts.answer(opened, found)
parts.kinds(opened, found)
parts.by_area(opened, found)
parts.whole_list(opened, found)
parts.how_to(opened)
