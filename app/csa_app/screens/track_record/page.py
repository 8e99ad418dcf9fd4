"""Track record: how well each way of choosing would have worked in past years."""

from __future__ import annotations

import streamlit as st

from csa.base.errors import CsaError
from csa.base.text import tr
from csa_app.shared import cache, panels, screen_state, track_record

opened = panels.frame(tr("how_well.title"))
screen = screen_state.screen(opened)
screen_state.remember(screen, screen_state.first_choices(opened))
choices = screen.choices
try:
    record = cache.record(opened, choices)
except CsaError as error:
    panels.stop(error)
if record is None or record.comparison is None:
    track_record.nothing(opened, choices, record)
    track_record.trials(opened)
    st.stop()
track_record.answer(opened, record, choices)
track_record.years(opened, record, choices)
track_record.afterwards(opened, record, choices)
track_record.trials(opened)
track_record.settings(opened, record)
