"""Choose areas and write down why; what was chosen before."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import streamlit as st

from app import panels
from app.opened import Opened
from app.settings import deployment
from app.weighing import Weighing
from csa.decisions import Choice, list_choices, passed_over, save_choice
from csa.errors import CsaError
from csa.hotspots.proposal import Proposal
from csa.judging import Judgement
from csa.words import day, render, speak


def folder() -> Path:
    """Return where choices are kept.

    Returns
    -------
    pathlib.Path
        Beside the dataset; it may be absent.
    """
    return deployment().choices


def form(
    opened: Opened, proposal: Proposal, judgement: Judgement, weighing: Weighing, first: list[str]
) -> None:
    """Ask for areas, reasons and office; keep them.

    Parameters
    ----------
    opened
        The city.
    proposal
        All candidates.
    judgement
        What is known of each.
    weighing
        Capacity and weights on screen.
    first
        Letters of the areas that these weights put first.
    """
    st.subheader(speak("choose.title"), anchor=False)
    st.caption(speak("choose.about"))
    names = dict(proposal.areas[["area_id", "place_name"]].itertuples(index=False, name=None))
    with st.form("choose", clear_on_submit=False, border=True):
        areas = st.multiselect(
            speak("choose.areas"),
            list(names),
            default=first,
            format_func=lambda area: f"{area}  {names[area]}",
        )
        reasons = st.text_area(speak("choose.reasons"), max_chars=4000, height=120)
        office = st.text_input(
            speak("choose.office"), max_chars=120, help=speak("choose.office_help")
        )
        is_sent = st.form_submit_button(speak("choose.save"), type="primary")
    if is_sent:
        _keep(areas, reasons, office, weighing, proposal, judgement)
    before(opened)


def _keep(
    areas: list[str],
    reasons: str,
    office: str,
    weighing: Weighing,
    proposal: Proposal,
    judgement: Judgement,
) -> None:
    try:
        choice = Choice(
            datetime.now(UTC).replace(microsecond=0),
            office,
            tuple(sorted(areas, key=proposal.areas["area_id"].tolist().index)),
            reasons,
            weighing.capacity,
            weighing.weights.by_component,
        )
        path = save_choice(folder(), choice, proposal, judgement)
    except CsaError as error:
        st.error(render(error.message))
        return
    st.success(speak("choose.saved", file=path.name))
    note = passed_over(judgement, areas)
    if note is not None:
        st.info(render(note))


def before(opened: Opened) -> None:
    """List what was chosen before, the latest first.

    Parameters
    ----------
    opened
        The city.
    """
    try:
        kept = list_choices(folder())
    except CsaError as error:
        st.error(render(error.message))
        return
    if not kept:
        return
    with st.expander(speak("choose.before", n=len(kept))):
        for choice in kept:
            when = datetime.fromisoformat(choice["at_utc"])
            places = ", ".join(f"{a['place_name']} ({a['area_id']})" for a in choice["areas"])
            st.markdown(
                panels.plain(
                    speak(
                        "choose.line",
                        day=day(when.date()),
                        office=choice["by_office"],
                        areas=places,
                    )
                )
            )
            st.caption(panels.plain(choice["reasons"]))
            if choice["data_fingerprint"] != opened.dataset.fingerprint:
                st.caption(speak("choose.older_data"))
