"""The app's entry: page config, access and navigation only."""

from __future__ import annotations

from typing import Any

import streamlit as st

from csa.base.errors import CsaError
from csa.base.extra import extras_of
from csa.base.text import ENGLISH, tr
from csa_app.shared import access, cache, extras, panels, person, start_over, theme
from csa_app.shared.phrases import language
from csa_app.shared.settings import STATIC, ask_no_host

ask_no_host()
app_title = tr("public.areas_title")
st.set_page_config(page_title=app_title, layout="wide", page_icon=str(STATIC / "icon.svg"))
theme.apply()


def _page(screen: str, title: str, address: str, *, is_first: bool = False) -> Any:
    return st.Page(f"screens/{screen}/page.py", title=title, url_path=address, default=is_first)


set_up = access.may_set_up()
home = _page("briefing", tr("briefing.short"), "", is_first=True)
groups = {
    tr("screen.today"): [home],
    tr("label.places"): [
        _page("find_areas", tr("find.short"), "areas"),
        _page("compare", tr("compare.short"), "compare"),
        _page("why_here", tr("why.short"), "why-here"),
        _page("services", tr("label.services"), "services"),
        *([] if access.is_public() else [_page("zones", tr("zones_page.short"), "zones")]),
    ],
    tr("screen.work"): [
        _page("measures", tr("here.short"), "measures"),
        _page("plan", tr("plan_page.short"), "plan"),
        _page("meeting", tr("meeting.short"), "meeting"),
        *([_page("new_month", tr("new_month.short"), "new-month")] if set_up else []),
        *([_page("new_city", tr("new_city.short"), "new-city")] if set_up else []),
    ],
    tr("screen.worked"): [_page("displacement", tr("change_page.short"), "displacement")],
    tr("screen.share"): [
        *([] if access.is_public() else [_page("reports", tr("reports_page.short"), "reports")]),
        _page("community", tr("community.short"), "community"),
    ],
    tr("screen.about"): [
        _page("track_record", tr("how_well.short"), "how-well"),
        _page("data", tr("public.embed_data"), "data"),
        _page("method", tr("label.method"), "method"),
    ],
}

may_see = {"anyone": True, "staff": not access.is_public(), "operator": set_up}
for extra in extras_of(access.ask_config(lambda config: config, otherwise=None)):
    if extra.page is not None and may_see[extra.page.who]:
        groups[extras.catalog_text(extra.page.group)].append(extras.navigated(extra.page))


def _to_home() -> None:
    st.switch_page(home)


# The first page has the address of the app itself; its name, typed by hand, leads there.
named = st.Page(_to_home, title=home.title, url_path="briefing", visibility="hidden")
# Screen readers do not read Streamlit's grouped pages as a list, so titles and links are used.
page = st.navigation({**groups, "": [named]}, position="hidden")
st.set_page_config(page_title=f"{page.title} · {app_title}")
if page.url_path == "meeting":  # on a projector the list of pages is in the way
    st.set_page_config(initial_sidebar_state="collapsed")
theme.set_page_language(language() if page.title == tr("community.short") else ENGLISH)
access.enter()  # before any page runs, so that a closed page is not even read
if st.query_params.get("view") == "wall":
    from csa_app.screens.community.parts import show_wall

    show_wall()
    st.stop()
with st.sidebar, st.container(key="pages"):
    for title, pages in groups.items():
        st.caption(title)
        for listed in pages:
            st.page_link(listed)
with st.sidebar:
    person.side(cache.city_config())
    start_over.offer(cache.city_config())
try:
    page.run()
except CsaError as error:  # what a page cannot do without is refused with a sentence
    panels.stop(error)
