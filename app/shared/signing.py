"""Forms that change the store: they ask for office and reason, and show any refusal beside."""

from __future__ import annotations

import html
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol, TypeVar

import streamlit as st

from app.shared import cache_store, panels
from app.shared.city_session import Opened
from app.shared.person import THIS_MACHINE, sign
from app.shared.plan_edits import refusal
from csa.base.errors import ConflictError, CsaError, SourceError
from csa.base.io import write_file
from csa.base.text import render, speak
from csa.decisions.roles import Act, Person
from csa.decisions.store import Store
from csa.decisions.store.records import Records
from csa.ingest.measures import MOST_LISTED
from csa.plan import Plan

OFFICE = "office as written in a place's forms"
SAID = "what the last form of a place said"
MAX_WHY = 2000
MAX_FILE_MB, MAX_CITY_FILE_MB = 5, 200
"""Of a form's file, and of a file that a city is made from; the server takes no larger one."""

Values = Mapping[str, Any]
Made = TypeVar("Made")


class Present(Protocol):
    """What a form needs from its page: the city, and the person at the screen."""

    @property
    def opened(self) -> Opened:
        """The city."""

    @property
    def who(self) -> Person:
        """The person at the screen."""


@dataclass(frozen=True)
class FormScene:
    """What the parts of the page and their forms need."""

    opened: Opened  # the city
    plan: Plan  # the plan
    records: Records  # what was decided
    who: Person  # at the screen
    today: date  # the day, in the city's own time


def form(
    scene: Present,
    key: str,
    fields: Callable[[str], Values],
    write: Callable[[Store, Act, Values], str],
    *,
    label: str,
) -> None:
    """Show a form, and write what it holds once it is submitted."""
    turned = f"{key} {_turn(key)}"
    with st.form(turned, border=False):
        keep_typed(scene, key, _turn(key))
        values = fields(turned)
        office, why = _who_and_why(scene, turned)
        is_sent = st.form_submit_button(label, type="primary")
    if is_sent:
        _carry_out(scene, key, (office, why), lambda store, act: write(store, act, values))
    elif st.session_state.get(SAID, ("", ""))[0] == key:
        st.success(panels.plain(st.session_state.pop(SAID)[1]), icon=":material/check:")


def keep_typed(scene: Present, key: str, turn: int) -> None:
    """Mark a form, so that its reader's browser keeps what is typed until it is saved.

    `csa-page.js` does so, on that device alone: no connection is needed to keep it.
    """
    config = scene.opened.config.city
    writer = sha256(f"{config.id}/{scene.who.desk}".encode()).hexdigest()[:12]
    name, said = html.escape(f"{config.id} {key}"), html.escape(speak("here.typed_back"))
    st.html(
        f'<p class="csa-draft csa-faint" data-form="{name}" data-turn="{turn}" '
        f'data-writer="{writer}" role="status">{said}</p>'
    )


def announce(key: str) -> None:
    """Show what a form said that is no longer on the page, since its subject has changed."""
    if str(st.session_state.get(SAID, ("", ""))[0]).startswith(key):
        st.success(panels.plain(st.session_state.pop(SAID)[1]), icon=":material/check:")


def seen(key: str, revision: int, before: Values | None = None) -> tuple[int, Values]:
    """Return what was on screen when a form was begun."""
    known = st.session_state.setdefault(f"{key} before", dict(before or {}))
    return int(st.session_state.setdefault(f"{key} seen", revision)), known


def changed(values: Values, before: Values) -> dict[str, Any]:
    """Return what a form would change: fields its writer left alone stay as others set them."""
    return {name: value for name, value in values.items() if value != before.get(name)}


def forget(key: str) -> None:
    """Reset a form to what is stored, after its subject has changed."""
    st.session_state[f"turn {key}"] = _turn(key) + 1


def pick(key: str, label: str, options: Mapping[str, str]) -> str:
    """Ask which form to show, one at a time, so that the page stays short and quick."""
    names: Sequence[str] = list(options)
    found = st.pills(
        label,
        names,
        default=names[0],
        format_func=lambda name: options[name],
        key=key,
        required=True,
        label_visibility="collapsed",
    )
    return found or names[0]


def first_day(scene: Present) -> date:
    """Return the day on which data begin."""
    return date.fromisoformat(scene.opened.dataset.report["data_from"])


def ask_day(scene: Present, label: str, before: date | None, key: str) -> date | None:
    """Ask for a day since the year in which data begin; without bounds it would be ten years."""
    least = first_day(scene).replace(month=1, day=1)
    return st.date_input(label, before, min(before or least, least), key=key)


def read_upload(name: str, content: bytes, load: Callable[[Path], Made]) -> Made:
    """Read an uploaded file, whole or not at all, with every fault by its row."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "values.csv"
        write_file(path, content)
        try:
            return load(path)
        except SourceError as error:
            if not error.faults:  # the reader does not know our own folder
                error.message = replace(
                    error.message, values={**error.message.values, "path": name}
                )
                raise
            refused = SourceError("here.file_faults", name=name, n=len(error.faults))
            refused.faults = error.faults
            raise refused from error


def _turn(key: str) -> int:
    return int(st.session_state.setdefault(f"turn {key}", 0))


def _who_and_why(scene: Present, key: str) -> tuple[str, str]:
    left, right = st.columns([0.4, 0.6])
    office = scene.who.office
    if office == THIS_MACHINE:
        kept = st.session_state.get(OFFICE, "")
        label = speak("plan_page.on_behalf")
        office = left.text_input(label, value=kept, key=f"{key} office", max_chars=120)
    why = right.text_input(speak("plan_page.why"), key=f"{key} why", max_chars=MAX_WHY)
    return office, why


def _carry_out(
    scene: Present, key: str, signed: tuple[str, str], write: Callable[[Store, Act], str]
) -> None:
    office, why = signed
    try:
        act = sign(scene.opened, office, why)
        said = write(cache_store.writing(scene.opened), act)
    except CsaError as error:
        if isinstance(error, ConflictError):  # the writer now knows, so the next press goes through
            st.session_state.pop(f"{key} {_turn(key)} seen", None)
        refuse(error)
        return
    st.session_state[OFFICE] = office
    st.session_state[SAID] = (key, said)
    forget(key)
    st.rerun()


def refuse(error: CsaError) -> None:
    """Show why something was not written, with the faults of a file by row."""
    st.error(panels.plain(refusal(error)), icon=":material/error:")
    if isinstance(error, SourceError) and error.faults:
        listed = [panels.plain(render(fault)) for fault in error.faults[:MOST_LISTED]]
        left = len(error.faults) - len(listed)
        if left:
            listed.append(speak("measures_file.more", n=left))
        st.markdown("\n".join(f"- {line}" for line in listed))
