"""Activities: what was planned and done, by area and month, as the reader's office may see it."""

from __future__ import annotations

import streamlit as st

from csa.base.errors import CsaError
from csa.base.text import tr
from csa.extras.activities.recording import require_reader
from csa_app.extras.activities import parts
from csa_app.shared import panels, person, screen_state

opened = panels.frame(tr("activities_page.title"))
person.require_internal(opened)
screen = screen_state.begin(opened)
if opened.config.activities is None:
    panels.empty(tr("activity.none"))
    st.stop()
who = parts.reader(opened, "activities office")
try:
    require_reader(who, opened.config.activities)
except CsaError as error:
    panels.stop(error)
view = parts.ActivityView(opened, who, screen.choices)
parts.answer(view)
parts.done(view)
parts.offer(view)
