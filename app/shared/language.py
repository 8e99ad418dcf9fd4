"""The public's language, as the address says it."""

from __future__ import annotations

import streamlit as st

from csa.base.text import ENGLISH, LANGUAGES

LANGUAGE = "lang"
"""What the address calls it."""


def language() -> str:
    """Return the reader's language: the address says it."""
    asked = str(st.query_params.get(LANGUAGE, ENGLISH))
    return asked if asked in LANGUAGES else ENGLISH
