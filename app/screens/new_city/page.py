"""New city: what its file was understood to be, what is in doubt, and the city itself."""

from __future__ import annotations

import tempfile
from pathlib import Path

import streamlit as st

from app.screens.new_city import parts
from app.shared import panels, person
from csa.base.errors import CsaError
from csa.base.text import speak
from csa.workflow.city_file import count_kinds, describe
from csa.workflow.starting import understand_all

opened = panels.frame(speak("new_city.title"))
if not person.may_set_up(opened.config):
    panels.empty(speak("new_city.not_yours"))
    st.stop()
st.markdown(speak("new_city.about"))
file, places, name = parts.ask_files()
if file is None:
    panels.empty(speak("new_city.none"))
    st.stop()
with tempfile.TemporaryDirectory() as folder:
    kept, polygons = parts.keep(Path(folder), file, places)
    try:
        with panels.working():
            city = understand_all([kept], polygons, name=name, answers=parts.answers())
    except CsaError as error:
        panels.stop(error)
    parts.show_understood(city, count_kinds(city), describe(city))
    parts.ask_doubts(city)
    parts.make(city, kept, polygons)
