"""Cities: what a fleet found in each city, and what failed, for whoever runs many."""

from __future__ import annotations

import streamlit as st

from csa.base.text import tr
from csa.extras.fleet.city import read_fleet
from csa_app.extras.fleet import parts
from csa_app.shared import cache, panels, person

line = st.empty()
st.title(tr("cities.title"), anchor=False)
if not person.may_set_up(cache.city_config()):
    panels.empty(tr("roles.not_set_up"))
    st.stop()
folder = parts.fleet_folder()
table = read_fleet(folder)
if table is None:
    parts.nothing(folder)
    st.stop()
line.html(parts.data_line(folder, table))
parts.answer(table)
parts.map_of(table)
parts.what_failed(table)
parts.each_city(table, folder)
parts.how(folder)
