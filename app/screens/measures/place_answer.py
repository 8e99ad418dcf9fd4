"""The two main sentences on a place: what its measures show, and what is being done."""

from __future__ import annotations

import html
from collections.abc import Sequence

import streamlit as st

from app.screens.measures.measure_words import known_words
from app.screens.measures.place_steps import VerdictSince
from app.screens.measures.work_plan import done_words
from app.shared import cache
from app.shared.link_state import LinkState
from app.shared.phrases import kinds_words, months_covered
from app.shared.signing import FormScene
from csa.areas.sheets import usual_number
from csa.base.stats import count_interval
from csa.base.text import day, month, speak
from csa.decisions.registry import core_area
from csa.reports.briefing import ActionLine
from csa.reports.briefing.measuring import MeasureLine
from csa.reports.briefing.places import NEIGHBORHOOD, PROPOSED, YEAR_MONTHS, Place, Recent
from csa.reports.briefing.working import WorkPlan


def answer(
    scene: FormScene,
    screen: LinkState,
    place: Place,
    known: tuple[Recent | None, Sequence[MeasureLine], Sequence[ActionLine]],
    done: tuple[WorkPlan | None, VerdictSince | None],
) -> None:
    """Show both sentences."""
    recent, measures, lines = known
    work, verdict = done
    shot = shot_words(scene, screen, place, recent, verdict)
    parts = (
        (speak("here.said_measured"), f"{known_words(measures, scene.today)} {shot}"),
        (speak("here.said_done"), done_words(place, lines, work)),
    )
    said = "".join(
        f'<p class="csa-answer"><b>{html.escape(head)}</b> {html.escape(text)}</p>'
        for head, text in parts
    )
    st.html(said)


def shot_words(
    scene: FormScene,
    screen: LinkState,
    place: Place,
    recent: Recent | None,
    verdict: VerdictSince | None,
) -> str:
    """Return how many were counted in the last 12 whole months, and how certain that is."""
    if recent is None or place.n_shot is None:
        return speak("here.shot_unknown")
    last = month(str(recent.period.until.plus(-1)))
    what = kinds_words(scene.opened, screen.choices)
    said = [speak("here.shot", n=place.n_shot, what=what, month=last)]
    if verdict is not None:
        area = core_area(scene.records, place.key)
        if area is not None and area.redrawn_on is not None:
            said.append(speak("here.redrawn_ground", day=day(area.redrawn_on)))
        said.append(verdict.why)
    elif place.kind == NEIGHBORHOOD:
        low, high = count_interval(place.n_shot)
        said.append(speak("here.chance", low=int(low), high=int(high) + 1))
    elif place.kind == PROPOSED:
        said.append(_usual(scene, screen, place.letter, place.n_shot))
    return " ".join(part for part in said if part)


def _usual(scene: FormScene, screen: LinkState, letter: str, n_said: int) -> str:
    """Return the usual range of a candidate's count, from its sheet; the count if it is new."""
    proposal = cache.proposal(scene.opened, screen.choices)
    row = proposal.areas[proposal.areas["area_id"] == letter].iloc[0]
    usual = usual_number(row["expected_low"], row["expected_high"])
    if usual is None:
        return ""
    n, months, (low, high) = int(row["incidents"]), months_covered(proposal), usual
    if (n, months) == (n_said, YEAR_MONTHS):
        return speak("here.usual_same", low=low, high=high)
    return speak("here.usual", n=n, months=months, low=low, high=high)
