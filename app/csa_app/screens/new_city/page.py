"""New city: what its file was understood to be, what is in doubt, and the city itself."""

from __future__ import annotations

import tempfile
from pathlib import Path

import streamlit as st

from csa.base.text import tr
from csa.workflow.companion_files import read_city
from csa.workflow.new_city import understand_tables
from csa_app.screens.new_city import parts
from csa_app.shared import panels, person

opened = panels.frame(tr("new_city.title"))
if not person.may_set_up(opened.config):
    panels.empty(tr("roles.not_set_up"))
    st.stop()
st.markdown(tr("new_city.about"))
files, name = parts.ask_files()
if not files:
    panels.empty(tr("new_city.none"))
    st.stop()
with tempfile.TemporaryDirectory() as folder:
    shootings, others = parts.keep(Path(folder), files)
    with panels.working():
        progress = panels.note_queue(st.empty())
        tables, beside, area = read_city(shootings, others, progress=progress)
        city = understand_tables(
            tables, area, name=name, answers=parts.answers(), lines=beside.lines
        )
    parts.show_understood(city, beside)
    parts.ask_doubts(city)
    parts.make(city, beside)
