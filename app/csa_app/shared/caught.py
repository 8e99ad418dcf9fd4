"""Public texts that the rules caught, to be changed or confirmed one by one."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from csa.base.text import tr
from csa.disclosure.texts import code_of
from csa.program.roles import Act, may, require
from csa.program.store.engine import Store
from csa.program.writing import confirm_texts
from csa.reports.public.texts import text_kinds
from csa_app.shared import panels, person, signing
from csa_app.shared.city_session import CitySession
from csa_app.shared.signing import Decision, FormField, Present, Typed


def show(session: CitySession, texts: Sequence[str]) -> None:
    """List the texts with what each seems to hold, and offer to confirm those that are harmless."""
    panels.answer(tr("community.caught", n=len(texts)), tr("community.caught_how"))
    scene = Present(session, person.person(session))
    if not may(require, scene.who, "member"):
        st.markdown("\n".join(f"- {_listed(text)}" for text in texts))
        panels.empty(tr("reports_page.read_only"))
        return
    boxes = [FormField(code_of(text), _listed(text), "tick") for text in texts]
    signing.form(scene, Decision("confirm texts", tr("community.confirm"), _write, boxes))


def _listed(text: str) -> str:
    return f"{panels.plain(text)} (**{text_kinds(text)}**)"


def _write(store: Store, act: Act, typed: Typed) -> str:
    codes = [code for code, is_read in typed.now.items() if is_read]
    confirm_texts(store, act, codes)
    return tr("community.confirmed", n=len(codes))
