"""One form for any decision: what it asks for, who decides and why; a refusal shows beside it."""

from __future__ import annotations

import html
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from typing import Any, Literal, TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from csa.base.errors import ConflictError, CsaError, SourceError
from csa.base.io import write_file
from csa.base.text import tr
from csa.disclosure.texts import code_of
from csa.ingest.measures import MOST_LISTED
from csa.program.plan.items import Plan
from csa.program.roles import Act, Person, dated, may, require
from csa.program.store.engine import Store
from csa.program.store.records import Records
from csa.program.writing import confirm_texts
from csa.reports.public.texts import text_kinds
from csa_app.shared import cache_store, panels
from csa_app.shared.city_session import CitySession
from csa_app.shared.person import THIS_MACHINE, person, sign
from csa_app.shared.plan_edits import KEPT_OFFICE, refusal

SAID = "what the last form of a place said"
SINCE = "since"
"""The field of a decision that may count from an earlier day."""
MAX_TEXT = 2000
MAX_FILE_MB, MAX_CITY_FILE_MB = 5, 200
"""Of a form's file, and of a file that a city is made from; the server takes no larger one."""

Made = TypeVar("Made")


@dataclass(frozen=True)
class Present:
    """What a form needs from its page."""

    session: CitySession  # the city
    who: Person  # at the screen


@dataclass(frozen=True)
class FormScene(Present):
    """What the parts of a page on the plan or its areas need, and their forms."""

    plan: Plan  # the plan
    records: Records  # what was decided
    today: date  # the day, in the city's own time


@dataclass(frozen=True)
class FormField:
    """One thing that a form asks for."""

    name: str
    label: str
    kind: Literal["text", "long", "day", "number", "tick", "choice", "several", "file"] = "text"
    before: Any = ""  # what stands there as the form is begun; of a day or a number None if nothing
    options: Sequence[Any] = ()  # to choose from
    words: Callable[[Any], str] = str  # an option as it is shown
    row: int = 0  # neighbors of one number stand two abreast; 0: alone
    more: Mapping[str, Any] = field(default_factory=dict)  # what else Streamlit's widget is given


@dataclass(frozen=True)
class Typed:
    """What somebody typed into a form, and what was on screen when they began."""

    now: Mapping[str, Any]
    before: Mapping[str, Any]
    seen: Any
    is_second: bool = False  # whether the second button was pressed

    @property
    def changed(self) -> dict[str, Any]:
        """What the form would change: fields its writer left alone stay as others set them."""
        return {name: v for name, v in self.now.items() if v != self.before.get(name)}


@dataclass(frozen=True)
class Decision:
    """A decision's form: what it asks for beside who and why, and what writes it."""

    key: str  # no other form on the page has it
    label: str  # of its button
    write: Callable[[Store, Act, Typed], object]
    fields: Sequence[FormField] = ()
    message: str = ""  # once it is written; otherwise what `write` returns
    seen: Any = 0  # revision of what it changes: of two writers, the second is refused
    about: str = ""  # above the form
    second: tuple[str, str | None] = ("", None)  # label and help of another button
    is_dated: bool = False  # whether it may count from an earlier day than today


def form(scene: Present, decision: Decision) -> None:
    """Show a decision's form, and write what it holds once it is submitted."""
    key, state = decision.key, st.session_state
    turned = f"{key} {_turn(key)}"
    fields = [*decision.fields]
    if decision.is_dated:
        today = cache_store.today(scene.session)
        fields.append(FormField(SINCE, tr("here.since_day"), "day", today))
    before = state.setdefault(f"{turned} before", {one.name: one.before for one in fields})
    seen = state.setdefault(f"{turned} seen", decision.seen)
    if decision.about:
        st.caption(panels.plain(decision.about))
    with st.form(turned, border=False):
        _keep_typed(scene, key)
        values = dict(_ask_all(scene, turned, fields))
        office, why = _who_and_why(scene, turned)
        with st.container(horizontal=True):
            is_first = st.form_submit_button(decision.label, type="primary")
            other, help_text = decision.second
            is_second = bool(other) and st.form_submit_button(other, help=help_text)
    if is_first or is_second:
        _carry_out(scene, decision, (office, why), Typed(values, before, seen, is_second))
    elif state.get(SAID, ("", ""))[0] == key:
        announce(key)


def _ask_all(scene: Present, turned: str, fields: Sequence[FormField]) -> Iterator[tuple[str, Any]]:
    for row, group in groupby(fields, lambda one: one.row):
        cells = st.grid(2) if row else st.container()
        for one in group:
            yield one.name, _ask(scene, cells, one, f"{turned}/{one.name}")


def _ask(scene: Present, cells: DeltaGenerator, one: FormField, key: str) -> Any:
    """Ask for one thing, by its kind."""
    label, before, more = one.label, one.before, {"key": key, **one.more}
    match one.kind:
        case "tick":
            found: Any = cells.checkbox(label, bool(before), **more)
        case "number":
            found = cells.number_input(label, value=before, **more)
        case "file":
            more = {"type": "csv", **more}
            found = cells.file_uploader(label, max_upload_size=MAX_FILE_MB, **more)
        case "day":  # without bounds it would be ten years
            least = first_day(scene).replace(month=1, day=1)
            more = {"min_value": min(before or least, least), **more}
            found = cells.date_input(label, before, **more)
        case "choice":
            at = one.options.index(before) if before in one.options else 0
            found = cells.selectbox(label, one.options, at, format_func=one.words, **more)
        case "several":
            chosen = before or ()
            found = cells.multiselect(label, one.options, chosen, format_func=one.words, **more)
        case "long":
            found = cells.text_area(label, before, height=80, max_chars=MAX_TEXT, **more)
        case _:
            found = cells.text_input(label, before, **{"max_chars": MAX_TEXT, **more})
    return found


def _keep_typed(scene: Present, key: str) -> None:
    """Mark a form, so that its reader's browser keeps what is typed until it is saved.

    `csa-page.js` does so, on that device alone: no connection is needed to keep it.
    """
    config = scene.session.config.city
    writer = sha256(f"{config.id}/{scene.who.desk}".encode()).hexdigest()[:12]
    name, said = html.escape(f"{config.id} {key}"), html.escape(tr("here.typed_back"))
    st.html(
        f'<p class="csa-draft csa-faint" data-form="{name}" data-turn="{_turn(key)}" '
        f'data-writer="{writer}" role="status">{said}</p>'
    )


def announce(key: str) -> None:
    """Show what a form said that is no longer on the page, since its subject has changed."""
    if str(st.session_state.get(SAID, ("", ""))[0]).startswith(key):
        st.success(panels.plain(st.session_state.pop(SAID)[1]), icon=":material/check:")


def forget(key: str) -> None:
    """Reset a form to what is stored, after its subject has changed."""
    st.session_state[f"turn {key}"] = _turn(key) + 1


def pick(
    scene: Present,
    key: str,
    label: str,
    offered: Mapping[str, tuple[str, Callable[[], Decision]]],
) -> None:
    """Fold one of several forms, each with its name, so that the page stays short and quick."""
    with st.expander(label):
        names = list(offered)
        found = st.pills(
            label,
            names,
            default=names[0],
            format_func=lambda name: offered[name][0],
            key=key,
            required=True,
            label_visibility="collapsed",
        )
        form(scene, offered[found or names[0]][1]())


def first_day(scene: Present) -> date:
    """Return the day on which data begin."""
    return date.fromisoformat(scene.session.dataset.report["data_from"])


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


def ask_office(who: Person, key: str, place: Any = st) -> str:
    """Return the office that signs: on one's own machine, the one that is typed."""
    if who.office != THIS_MACHINE:
        return who.office
    kept, label = st.session_state.get(KEPT_OFFICE, ""), tr("plan_page.on_behalf")
    named = f"{key} {kept} office"  # another key, for a field keeps what it was first given
    return str(place.text_input(label, kept, key=named, max_chars=120))


def _who_and_why(scene: Present, key: str) -> tuple[str, str]:
    left, right = st.columns([0.4, 0.6])
    office = ask_office(scene.who, key, left)
    why = right.text_input(tr("term.why"), key=f"{key} why", max_chars=MAX_TEXT)
    return office, why


def _carry_out(scene: Present, decision: Decision, signed: tuple[str, str], typed: Typed) -> None:
    key, state = decision.key, st.session_state
    try:
        act = sign(scene.session, *signed)
        if decision.is_dated:
            act = dated(act, typed.now[SINCE], first_day(scene))
        wrote = decision.write(cache_store.open_writable(scene.session), act, typed)
    except CsaError as error:
        if isinstance(error, ConflictError):  # the writer now knows, so the next press goes through
            state.pop(f"{key} {_turn(key)} seen", None)
        refuse(error)
        return
    state[KEPT_OFFICE] = signed[0]
    state[SAID] = (key, decision.message or str(wrote))
    forget(key)
    st.rerun()


def refuse(error: CsaError) -> None:
    """Show why something was not written, with the faults of a file by row."""
    st.error(panels.plain(refusal(error)), icon=":material/error:")
    if isinstance(error, SourceError) and error.faults:
        listed = [panels.sentence(fault) for fault in error.faults[:MOST_LISTED]]
        left = len(error.faults) - len(listed)
        if left:
            listed.append(tr("measures_file.more", n=left))
        st.markdown("\n".join(f"- {line}" for line in listed))


# Public texts that the rules caught, to be changed or confirmed one by one.


def show_caught(session: CitySession, texts: Sequence[str]) -> None:
    """List the texts with what each seems to hold, and offer to confirm those that are harmless."""
    panels.answer(tr("community.caught", n=len(texts)), tr("community.caught_how"))
    scene = Present(session, person(session))
    if not may(require, scene.who, "member"):
        st.markdown("\n".join(f"- {_listed(text)}" for text in texts))
        panels.empty(tr("reports_page.read_only"))
        return
    boxes = [FormField(code_of(text), _listed(text), "tick") for text in texts]
    form(scene, Decision("confirm texts", tr("community.confirm"), _confirm_texts, boxes))


def _listed(text: str) -> str:
    return f"{panels.plain(text)} (**{text_kinds(text)}**)"


def _confirm_texts(store: Store, act: Act, typed: Typed) -> str:
    codes = [code for code, is_read in typed.now.items() if is_read]
    confirm_texts(store, act, codes)
    return tr("community.confirmed", n=len(codes))
