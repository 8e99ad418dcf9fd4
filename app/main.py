"""The app's entry: page config, the door and navigation only."""

from __future__ import annotations

import streamlit as st

from app import cache, door, look, person
from app.offline import ask_no_host
from app.settings import STATIC
from csa.words import speak

ask_no_host()
st.set_page_config(
    page_title=speak("screen.title"), layout="wide", page_icon=str(STATIC / "icon.svg")
)
look.apply()
groups = {
    speak("screen.look"): [
        st.Page("views/briefing.py", title=speak("briefing.short"), default=True),
        st.Page("views/find_areas.py", title=speak("find.short"), url_path="areas"),
        st.Page("views/displacement.py", title=speak("change_page.short"), url_path="displacement"),
    ],
    speak("screen.decide"): [
        st.Page("views/compare.py", title=speak("compare.short"), url_path="compare"),
        st.Page("views/measures.py", title=speak("here.short"), url_path="measures"),
        st.Page("views/plan.py", title=speak("plan_page.short"), url_path="plan"),
        st.Page("views/meeting.py", title=speak("meeting.short"), url_path="meeting"),
    ],
    speak("screen.trust"): [
        st.Page("views/how_well.py", title=speak("how_well.short"), url_path="how-well"),
        st.Page("views/data.py", title=speak("data.short"), url_path="data"),
        st.Page("views/method.py", title=speak("method.short"), url_path="method"),
    ],
}
# Streamlit's own list of grouped pages is no list to a screen reader: titles and links are.
page = st.navigation(groups, position="hidden")
door.enter()  # before any page runs: what is not open is not read either
with st.sidebar, st.container(key="pages"):
    for title, pages in groups.items():
        st.caption(title)
        for listed in pages:
            st.page_link(listed)
with st.sidebar:
    person.side(cache.city_config())
page.run()
