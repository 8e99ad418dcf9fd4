"""The made-up city's program: changes stay on this machine, and one click starts it over."""

from __future__ import annotations

import streamlit as st

from csa.base.errors import CsaError
from csa.base.text import tr
from csa.city.config import CityConfig
from csa.program.store.backup import is_file
from csa.workflow.story import N_STEPS, fill_store
from csa_app.shared import cache, cache_report, cache_store, panels
from csa_app.shared.person import LOCAL, access_of

DONE = "started over"
"""In the session: the next run says that it was done."""


def offer(config: CityConfig) -> None:
    """Show that changes stay here, with the button that brings the story back."""
    if not config.city.is_synthetic or access_of(config) != LOCAL or not config.city.plan:
        return
    with st.container(key="start-over", gap="xsmall"):
        st.caption(tr("start_over.stays"))
        is_pressed = st.button(
            tr("start_over.button"), key="start over", help=tr("start_over.help")
        )
        spot = st.empty()
        if is_pressed:
            _start_over(spot.container())
        elif st.session_state.pop(DONE, False):
            spot.caption(tr("start_over.done"))


def _start_over(spot: st.delta_generator.DeltaGenerator) -> None:
    try:
        session = cache.open_city()
        plan, address = cache_store.plan(session), cache_store.address(session)
        if plan is None or not is_file(address):
            spot.caption(panels.plain(tr("sample.no_file", store=address)))
            return
        layers = cache_report.report_inputs(session).layers
        panels.waited(
            spot.empty(),
            lambda tell: fill_store(session, plan, address, layers, again=True, progress=tell),
            panels.share_of(N_STEPS, tr("serve.step_program")),
        )
    except CsaError as error:
        spot.error(panels.sentence(error.message))
        return
    st.session_state[DONE] = True
    st.rerun()
