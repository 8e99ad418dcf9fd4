"""The wall display: `?view=wall`, the whole window, one idea per screen."""

from __future__ import annotations

import streamlit as st

from csa.base.text import Translator
from csa.reports.public.wall import wall_page
from csa_app.screens.community import parts
from csa_app.shared.phrases import language

STYLE = """
<style>
  [data-testid="stSidebar"], [data-testid="stHeader"] { display: none !important; }
  [role="dialog"] { display: none !important; } /* the network goes: all screens are here */
  html, body, .stApp, [data-testid="stMain"] { overflow: hidden !important; }
  .st-key-leave { position: fixed; inset: 0 auto auto 0; z-index: 99; padding: 1rem; width: auto; }
  .st-key-leave:focus-within { z-index: 101; } /* the first that Tab finds, seen by nobody else */
  .st-key-wall iframe {
    position: fixed; inset: 0; z-index: 100; border: 0; border-radius: 0;
    width: 100vw !important; height: 100vh !important;
  }
</style>
"""


def show() -> None:
    """Fill the window with the wall display, the same file that fits on a USB stick."""
    chosen = language()
    told = parts.build_preview(chosen)
    st.html(STYLE)
    t = Translator(chosen)
    with st.container(key="leave"):
        st.button(t("wall.page"), on_click=_leave, key="leave wall")
    with st.container(key="wall"):
        st.iframe(
            wall_page(told.facts, chosen, told.svg, is_draft=told.is_draft),
            height=720,
            tab_index=0,
            alt=t("wall.title", city=told.facts.city_name),
        )


def _leave() -> None:
    del st.query_params["view"]
