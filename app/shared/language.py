"""The public's language, from the address."""

from __future__ import annotations

import streamlit as st

from csa.base.text import ENGLISH, LANGUAGES

LANGUAGE = "lang"
"""Name of the address parameter."""


def language() -> str:
    """Return the reader's language, from the address."""
    asked = str(st.query_params.get(LANGUAGE, ENGLISH))
    return asked if asked in LANGUAGES else ENGLISH
