"""The app's entry: page config, access and navigation only."""

from __future__ import annotations

import streamlit as st

from app.shared import access, cache, person, start_over, theme
from app.shared.language import language
from app.shared.offline import ask_no_host
from app.shared.settings import STATIC
from csa.base.text import ENGLISH, speak

ask_no_host()
st.set_page_config(
    page_title=speak("screen.title"), layout="wide", page_icon=str(STATIC / "icon.svg")
)
theme.apply()
reports = st.Page("screens/reports/page.py", title=speak("reports_page.short"), url_path="reports")
groups = {
    speak("screen.look"): [
        st.Page("screens/briefing/page.py", title=speak("briefing.short"), default=True),
        st.Page("screens/find_areas/page.py", title=speak("find.short"), url_path="areas"),
        st.Page(
            "screens/displacement/page.py",
            title=speak("change_page.short"),
            url_path="displacement",
        ),
    ],
    speak("screen.decide"): [
        st.Page("screens/compare/page.py", title=speak("compare.short"), url_path="compare"),
        st.Page("screens/measures/page.py", title=speak("here.short"), url_path="measures"),
        st.Page("screens/plan/page.py", title=speak("plan_page.short"), url_path="plan"),
        st.Page("screens/meeting/page.py", title=speak("meeting.short"), url_path="meeting"),
    ],
    **(
        {
            speak("screen.work"): [
                st.Page(
                    "screens/new_month/page.py",
                    title=speak("new_month.short"),
                    url_path="new-month",
                ),
                st.Page(
                    "screens/new_city/page.py", title=speak("new_city.short"), url_path="new-city"
                ),
            ]
        }
        if access.may_set_up()
        else {}
    ),
    speak("screen.tell"): [
        *([] if access.is_public() else [reports]),
        st.Page("screens/community/page.py", title=speak("community.short"), url_path="community"),
    ],
    speak("screen.trust"): [
        st.Page("screens/track_record/page.py", title=speak("how_well.short"), url_path="how-well"),
        st.Page("screens/data/page.py", title=speak("data.short"), url_path="data"),
        st.Page("screens/method/page.py", title=speak("method.short"), url_path="method"),
    ],
}
# Screen readers do not read Streamlit's grouped pages as a list, so titles and links are used.
page = st.navigation(groups, position="hidden")
if page.url_path == "meeting":  # on a projector the list of pages is in the way
    st.set_page_config(initial_sidebar_state="collapsed")
theme.speak_in(language() if page.title == speak("community.short") else ENGLISH)
access.enter()  # before any page runs, so that a closed page is not even read
if st.query_params.get("view") == "wall":
    from app.screens.community import wall  # other pages need not wait for the map drawing modules

    wall.show()
    st.stop()
with st.sidebar, st.container(key="pages"):
    for title, pages in groups.items():
        st.caption(title)
        for listed in pages:
            st.page_link(listed)
with st.sidebar:
    person.side(cache.city_config())
    start_over.offer(cache.city_config())
page.run()
