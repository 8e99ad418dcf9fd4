"""Public texts that the rules caught, to be changed or confirmed one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from app.shared import panels, person, signing
from app.shared.city_session import Opened
from csa.base.text import speak
from csa.decisions.roles import Act, Person, may, require
from csa.decisions.store import Store
from csa.decisions.texts import confirm_texts
from csa.disclosure.texts import code_of
from csa.reports.public.texts import kinds_said


@dataclass(frozen=True)
class _Scene:
    """What the form needs from its page."""

    opened: Opened  # the city
    who: Person  # the person at the screen


def show(opened: Opened, texts: Sequence[str]) -> None:
    """List the texts with what each seems to hold, and offer to confirm those that are harmless."""
    panels.answer(speak("community.caught", n=len(texts)), speak("community.caught_how"))
    scene = _Scene(opened, person.person(opened))
    if not may(require, scene.who, "member"):
        st.markdown("\n".join(f"- {_listed(text)}" for text in texts))
        panels.empty(speak("reports_page.read_only"))
        return
    signing.form(
        scene,
        "confirm texts",
        lambda key: _fields(texts, key),
        _write,
        label=speak("community.confirm"),
    )


def _fields(texts: Sequence[str], key: str) -> Mapping[str, Any]:
    boxes = {text: st.checkbox(_listed(text), key=f"{key} {code_of(text)}") for text in texts}
    return {"texts": [text for text, is_read in boxes.items() if is_read]}


def _listed(text: str) -> str:
    return f"{panels.plain(text)} (**{kinds_said(text)}**)"


def _write(store: Store, act: Act, values: Mapping[str, Any]) -> str:
    texts = values["texts"]
    confirm_texts(store, act, [code_of(text) for text in texts])
    return speak("community.confirmed", n=len(texts))
