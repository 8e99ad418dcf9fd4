"""Draw: the form that closes a list, with what could be told from such a draw afterwards."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from app.screens.draw.parts import say_starts
from app.shared import cache, panels, session, signing
from app.shared.signing import Decision, FormField, Present, Typed
from app.shared.standing import short_state, standing_of
from csa.base.errors import CsaError, ParamError
from csa.base.params import Month
from csa.base.stats import DISPERSION
from csa.base.text import month, render, speak
from csa.decisions.draws import record_draw
from csa.decisions.roles import Act
from csa.decisions.store import Store
from csa.priority.draw import MAX_MONTHS_BETWEEN
from csa.priority.draw_files import Starts, close_list, list_entrants
from csa.priority.draw_power import explain_power, power_table
from csa.priority.files import count_tiers
from csa.priority.proposal_files import AssessedProposal

PREPARING = "draw preparing"
MONTHS_AHEAD = 24
LEAST = 2
"""Areas of a list: with one there is nothing to draw."""


def offer(scene: Present, label: str, *, is_first: bool = False) -> None:
    """Offer to close a list; the form comes on request, since it needs the candidates."""
    if not st.session_state.get(PREPARING):
        kind: Literal["primary", "secondary"] = "primary" if is_first else "secondary"
        st.button(label, type=kind, on_click=_begin, key="draw prepare")
        return
    st.header(speak("draw_page.new_list"), anchor=False)
    try:
        with panels.working():
            found = _found(scene)
        tiers = {tier: n for tier, n in count_tiers(found.judgement).items() if n >= LEAST}
        if not tiers:
            panels.empty(speak("draw_page.no_tier"))
            st.page_link("screens/compare/page.py", label=speak("compare.short"))
            return
        starts = _choose(scene, found, tiers)
    except CsaError as error:
        st.warning(panels.plain(render(error.message)))
        return
    signing.form(scene, _closing(found, starts))


def _begin() -> None:
    st.session_state[PREPARING] = True


def _found(scene: Present) -> AssessedProposal:
    """Return the candidates on screen, as Compare shows them."""
    opened = scene.opened
    choices = session.screen(opened).choices
    return AssessedProposal(
        opened,
        choices,
        cache.suggesting(opened, choices),
        cache.proposal(opened, choices),
        cache.judgement(opened, choices),
    )


def _choose(scene: Present, found: AssessedProposal, tiers: dict[int, int]) -> Starts:
    """Ask which areas start when, and show what follows from it."""
    standing = standing_of(scene.opened, found.proposal)
    left, right = st.columns([0.3, 0.7])
    tier = left.selectbox(
        speak("draw_page.tier"),
        list(tiers),
        format_func=lambda one: speak("draw.tier_areas", tier=one, n=tiers[one]),
        help=speak("draw_page.tier_help"),
        key="draw tier",
    )
    everyone = [one.area_id for one in list_entrants(found, tier)]
    areas = right.multiselect(
        speak("draw_page.areas"),
        everyone,
        [name for name in everyone if not standing[name].letter],
        format_func=lambda name: f"{standing[name].called}, {short_state(standing[name])}",
        help=speak("draw_page.areas_help"),
        key=f"draw areas {tier} {found.proposal.summary['params']}",
    )
    if len(areas) < LEAST:
        raise ParamError("draw.too_few", n=len(areas))
    one, two, three = st.columns(3)
    first = one.selectbox(
        speak("draw_page.first_start"),
        _months(scene),
        format_func=lambda at: month(str(at)),
        key="draw first start",
    )
    n_waves = two.number_input(
        speak("draw_page.n_waves"), LEAST, len(areas), LEAST, key=f"draw starts {len(areas)}"
    )
    between = three.number_input(
        speak("draw_page.between"), 1, MAX_MONTHS_BETWEEN, 6, key="draw between"
    )
    starts = Starts(list_entrants(found, tier, areas), first, n_waves, between)
    st.markdown(say_starts(len(areas), first, n_waves, between))
    if n_waves == LEAST:  # of more starts, the first and the last are compared: after the draw
        usual = found.usual_fall_share or 0.0
        table = power_table(
            starts.entrants, (between,), dispersion=DISPERSION, usual_fall_share=usual
        )
        st.caption(" ".join(render(one) for one in explain_power(table)))
    return starts


def _months(scene: Present) -> list[Month]:
    """List the months in which a first area can start: after the data, and not past."""
    today = scene.opened.config.city.clock.today()
    last = str(scene.opened.dataset.report["data_through"])[:7]
    first = max(Month.parse(last).plus(1), Month(today.year, today.month).plus(1))
    return [first.plus(step) for step in range(MONTHS_AHEAD)]


def _closing(found: AssessedProposal, starts: Starts) -> Decision:
    def write(store: Store, act: Act, typed: Typed) -> str:
        key = record_draw(store, act, close_list(found, starts), typed.now["source"])
        st.session_state.pop(PREPARING, None)
        return speak("draw_page.closed", key=key)

    hint = {"placeholder": speak("draw_page.source_hint")}
    source = FormField("source", speak("draw_page.source"), more=hint)
    return Decision("draw close", speak("draw_page.close"), write, [source])
