"""The app's entry: page config, the door and navigation only."""

from __future__ import annotations

import streamlit as st

from app import cache, door, look, person
from app.language import language
from app.offline import ask_no_host
from app.settings import STATIC
from csa.words import ENGLISH, speak

ask_no_host()
st.set_page_config(
    page_title=speak("screen.title"), layout="wide", page_icon=str(STATIC / "icon.svg")
)
look.apply()
reports = st.Page("views/reports.py", title=speak("reports_page.short"), url_path="reports")
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
    speak("screen.tell"): [
        *([] if door.is_public() else [reports]),
        st.Page("views/community.py", title=speak("community.short"), url_path="community"),
    ],
    speak("screen.trust"): [
        st.Page("views/how_well.py", title=speak("how_well.short"), url_path="how-well"),
        st.Page("views/data.py", title=speak("data.short"), url_path="data"),
        st.Page("views/method.py", title=speak("method.short"), url_path="method"),
    ],
}
published = [st.Page("views/community.py", title=speak("community.short"), default=True)]
is_published = door.shows_bundle()
# Streamlit's own list of grouped pages is no list to a screen reader: titles and links are.
page = st.navigation(published if is_published else groups, position="hidden")
look.speak_in(language() if page.title == speak("community.short") else ENGLISH)
door.enter()  # before any page runs: what is not open is not read either
if st.query_params.get("view") == "wall":
    from app import wall  # the other pages need not wait for what draws its maps

    wall.show()
    st.stop()
if not is_published:  # one page needs no list
    with st.sidebar, st.container(key="pages"):
        for title, pages in groups.items():
            st.caption(title)
            for listed in pages:
                st.page_link(listed)
    with st.sidebar:
        person.side(cache.city_config())
page.run()
