"""New city: what its file was understood to be, what is in doubt, and the city itself."""

from __future__ import annotations

import tempfile
from pathlib import Path

import streamlit as st

from app.screens.new_city import parts
from app.shared import panels, person
from csa.base.errors import CsaError
from csa.base.text import speak
from csa.workflow.beside import look_beside
from csa.workflow.new_city import area_of, understand_tables
from csa.workflow.shooting_tables import read_tables

opened = panels.frame(speak("new_city.title"))
if not person.may_set_up(opened.config):
    panels.empty(speak("new_city.not_yours"))
    st.stop()
st.markdown(speak("new_city.about"))
files, name = parts.ask_files()
if not files:
    panels.empty(speak("new_city.none"))
    st.stop()
with tempfile.TemporaryDirectory() as folder:
    try:
        shootings, others = parts.keep(Path(folder), files)
        with panels.working():
            tables = read_tables(shootings)
            beside = look_beside(others, tables)
            answers = parts.answers()
            city = understand_tables(tables, area_of(beside.places), name=name, answers=answers)
    except CsaError as error:
        panels.stop(error)
    parts.show_understood(city, beside)
    parts.ask_doubts(city)
    parts.make(city, beside)
