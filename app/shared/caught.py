"""Public texts that the rules caught, to be changed or confirmed one by one."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app.shared import panels, person, signing
from app.shared.city_session import Opened
from app.shared.signing import Decision, FormField, Present, Typed
from csa.base.text import speak
from csa.decisions.roles import Act, may, require
from csa.decisions.store import Store
from csa.decisions.texts import confirm_texts
from csa.disclosure.texts import code_of
from csa.reports.public.texts import kinds_said


def show(opened: Opened, texts: Sequence[str]) -> None:
    """List the texts with what each seems to hold, and offer to confirm those that are harmless."""
    panels.answer(speak("community.caught", n=len(texts)), speak("community.caught_how"))
    scene = Present(opened, person.person(opened))
    if not may(require, scene.who, "member"):
        st.markdown("\n".join(f"- {_listed(text)}" for text in texts))
        panels.empty(speak("reports_page.read_only"))
        return
    boxes = [FormField(code_of(text), _listed(text), "tick") for text in texts]
    signing.form(scene, Decision("confirm texts", speak("community.confirm"), _write, boxes))


def _listed(text: str) -> str:
    return f"{panels.plain(text)} (**{kinds_said(text)}**)"


def _write(store: Store, act: Act, typed: Typed) -> str:
    codes = [code for code, is_read in typed.now.items() if is_read]
    confirm_texts(store, act, codes)
    return speak("community.confirmed", n=len(codes))
