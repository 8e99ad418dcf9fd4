"""Track record: how well each way of choosing would have worked in past years."""

from __future__ import annotations

import streamlit as st

from csa.base.text import tr
from csa_app.shared import cache, extras, panels, screen_state, track_record

opened = panels.frame(tr("how_well.title"))
screen = screen_state.begin(opened)
choices = screen.choices
record = cache.record(opened, choices)
if record is None or record.comparison is None:
    track_record.nothing(opened, choices, record)
    extras.draw_sections("track_record", opened)
    st.stop()
track_record.answer(opened, record, choices)
track_record.years(opened, record, choices)
track_record.afterwards(opened, record, choices)
extras.draw_sections("track_record", opened)
track_record.settings(opened, record)
