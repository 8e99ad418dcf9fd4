"""The form to choose areas with reasons, and the earlier choices."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from csa.areas.places import called
from csa.areas.priority.assessment import AreaAssessment
from csa.areas.proposal import Proposal
from csa.base.errors import CsaError
from csa.base.message import Message
from csa.base.text import day, name_list, natural_sort_key, tr
from csa.program.choices import Choice, list_choices, passed_over, save_choice
from csa.program.roles import Person, may, require_area_chair
from csa_app.screens.compare.parts import RECORD
from csa_app.screens.compare.weighing import Weighing
from csa_app.shared import panels, person
from csa_app.shared.area_status import AreaView, short_state
from csa_app.shared.city_session import CitySession
from csa_app.shared.settings import deployment

ASKED = "choose passed over"


def form(view: AreaView, judgement: AreaAssessment, weighing: Weighing, first: list[str]) -> None:
    """Ask for areas, reasons and office, and store the choice, if the reader may choose."""
    session, proposal, standing = view.session, view.proposal, view.statuses
    st.header(tr("choose.title"), anchor=RECORD)
    who = person.person(session)
    if not may(require_area_chair, who):
        panels.empty(tr("choose.read_only"))
        before(session)
        return
    st.caption(tr("choose.about"))
    panels.link("measures", tr("choose.designate"))
    key = key_of(proposal)
    st.button(tr("choose.take_first"), on_click=_take, args=(key, first), disabled=not first)
    areas = st.multiselect(  # not in the form: the bar counts what is chosen
        tr("choose.areas"),
        sorted(standing, key=lambda area: natural_sort_key(standing[area].place_name)),
        key=key,
        format_func=lambda area: f"{standing[area].display_name}, {short_state(standing[area])}",
    )
    with st.form("choose"):
        reasons = st.text_area(tr("choose.reasons"), max_chars=4000, height=120)
        office = _office(who, is_asked=person.access(session) == person.LOCAL)
        spot = st.empty()
        is_answered = _ask(spot, st.session_state.get(f"{ASKED} {key}"))
        is_sent = st.form_submit_button(tr("choose.save"), type="primary")
    names = {area_id: one.display_name for area_id, one in standing.items()}
    if is_sent:
        try:
            choice = Choice(
                session.config.city.clock.now().replace(microsecond=0),
                office,
                tuple(sorted(areas, key=proposal.areas["area_id"].tolist().index)),
                reasons,
                weighing.capacity,
                weighing.weights.by_component,
            )
            seen = proposal, judgement
            _keep(spot, choice, seen, by=who, is_answered=is_answered, names=names)
        except CsaError as error:
            st.error(panels.sentence(error.message))
    before(session)


def _office(who: Person, *, is_asked: bool) -> str:
    """Ask for the office if nobody signs in; otherwise use the person's own."""
    written = st.text_input(
        tr("choose.office"),
        "" if is_asked else who.office,
        max_chars=120,
        help=tr("choose.office_help"),
        disabled=not is_asked,
    )
    return written if is_asked else who.office


def chosen_now(proposal: Proposal) -> list[str]:
    """List the areas chosen so far."""
    return list(st.session_state.get(key_of(proposal), ()))


def key_of(proposal: Proposal) -> str:
    """Return a widget key for these areas, since another proposal's ids may name other areas."""
    cells = proposal.areas[["area_id", "cells"]].to_numpy().tolist()
    return f"choose {hashlib.sha256(repr(cells).encode()).hexdigest()[:16]}"


def _take(key: str, first: list[str]) -> None:
    st.session_state[key] = first


def _ask(spot: DeltaGenerator, note: Message | None) -> bool:
    """Ask whether the reasons cover the areas passed over, anew for each set of areas."""
    if note is None:
        return False
    with spot.container():
        st.info(f"{panels.sentence(note)} {tr('choose.not_yet')}")
        return st.checkbox(tr("choose.passed_told"), key=f"told {note.values['areas']}")


def _keep(
    spot: DeltaGenerator,
    choice: Choice,
    seen: tuple[Proposal, AreaAssessment],
    *,
    by: Person,
    is_answered: bool,
    names: Mapping[str, str],
) -> None:
    """Store a choice; if it passes areas over, only after the question was answered."""
    proposal, judgement = seen
    note = passed_over(judgement, choice.areas, names)
    asked = f"{ASKED} {key_of(proposal)}"
    is_asked = st.session_state.get(asked) == note
    if note is not None and not (is_asked and is_answered):
        st.session_state[asked] = note
        if not is_asked:
            _ask(spot, note)
        return
    path = save_choice(deployment().choices, choice, proposal, judgement, by=by)
    st.session_state.pop(asked, None)
    spot.empty()
    st.success(tr("choose.saved", file=path.name))


def before(session: CitySession) -> None:
    """List earlier choices, newest first."""
    kept, complaints = list_choices(deployment().choices)
    for complaint in complaints:
        st.error(panels.sentence(complaint))
    if not kept:
        return
    with st.expander(tr("choose.before", n=len(kept))):
        for choice in kept:
            when = datetime.fromisoformat(choice["at_utc"])
            places = name_list(called(a["place_name"], a["area_id"]) for a in choice["areas"])
            values = {"day": day(when.date()), "office": choice["by_office"], "areas": places}
            st.markdown(panels.plain(tr("choose.line", **values)))
            st.caption(panels.plain(choice["reasons"]))
            if choice["data_fingerprint"] != session.dataset.fingerprint:
                st.caption(tr("choose.older_data"))
