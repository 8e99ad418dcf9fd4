"""The core service areas, with what changed in each and the work there."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from csa.areas.choices import AreaSettings
from csa.areas.places import called
from csa.base.errors import CsaError
from csa.base.params import Month
from csa.base.text import day, month, tr
from csa.change.analyze import Displacement
from csa.change.sentences import counts_at, each, name_verdict
from csa.change.verdict import AreaResult
from csa.city.preregistration import Verdict
from csa.program.registry import CoreArea, core_areas, ended_areas
from csa.reports.briefing.lines import ActionLine, actions_for_area
from csa.reports.briefing.places import LIVE
from csa_app.shared import cache_change, cache_store, panels
from csa_app.shared.area_status import areas_designated
from csa_app.shared.city_session import CitySession
from csa_app.shared.person import PUBLIC, access
from csa_app.shared.plan_cards import status_html

WORST = ("blocked", "at-risk", "late", "no-update", "on-track")


@dataclass(frozen=True)
class CoreSpot:
    """The list of areas in service, whose verdicts come last, and what it is made from."""

    spot: DeltaGenerator  # where it stands
    areas: tuple[CoreArea, ...]  # in service, then those no longer
    lines: Sequence[ActionLine]  # of the plan


def show(session: CitySession) -> CoreSpot | None:
    """List the areas in service; nothing without a store."""
    if access(session) == PUBLIC:
        return None
    try:
        lines, records = cache_store.lines(session), cache_store.records(session)
    except CsaError as error:
        st.caption(panels.sentence(error.message))
        return None
    areas = (*core_areas(records), *ended_areas(records))
    if not areas:
        return None
    with st.container(key="core_list"):
        shown = CoreSpot(st.empty(), areas, lines)
        _fill(shown, {})
    return shown


def fill(
    shown: CoreSpot | None, session: CitySession, choices: AreaSettings
) -> Displacement | None:
    """Add what changed in each area, computed here if need be, and return it."""
    if shown is None:
        return None
    same, known = replace(choices, until=None), areas_designated(session)
    spot = st.container(key="following").empty()
    found = None
    try:
        if known is not None:
            found = panels.waited(
                spot,
                lambda _: cache_change.core(session, same, known),
                lambda _: (0.5, tr("screen.judging")),
            )
    except CsaError as error:  # areas of another city's ground, for one: the rest stands
        spot.caption(panels.sentence(error.message))
        unknown = tr("term.unknown"), ""
        _fill(shown, dict.fromkeys((area.key for area in shown.areas), unknown))
        return None
    verdicts = {} if found is None else each(found)
    told = {area.key: verdict_words(area, *verdicts.get(area.key, ())) for area in shown.areas}
    if found is not None:
        for area in shown.areas:
            if area.key not in verdicts and area.versions[0].since < found.until:
                told[area.key] = tr("briefing.core_taken"), ""
    _fill(shown, told)
    return found


def verdict_words(
    area: CoreArea, judged: AreaResult | None = None, since: Month | None = None
) -> tuple[str, str]:
    """Return a verdict in words, and what was counted and expected, here and next door.

    Where there is no verdict there is no range either: it would look like one.
    """
    if judged is None or since is None:  # no whole month yet
        return name_verdict(Verdict.TOO_EARLY), ""
    at = len(judged.verdicts) - 1
    word, told = name_verdict(judged.verdicts[at]), counts_at(judged.core, at)
    if judged.verdicts[at] in {Verdict.TOO_EARLY, Verdict.TOO_FEW}:
        n = int(judged.core.counted[at])
        said = tr("briefing.core_counted", since=month(str(since)), n=n)
    else:
        said = tr("briefing.core_here", since=month(str(since)), **told)
        if judged.ring is not None and judged.ring.has_enough[at]:
            said += tr("briefing.core_beside", **counts_at(judged.ring, at))
    if area.redrawn_on is not None:
        said += tr("briefing.core_redrawn", day=day(area.redrawn_on))
    return word, said


def _fill(shown: CoreSpot, verdicts: Mapping[str, tuple[str, str]]) -> None:
    items = "".join(_item(area, shown, verdicts.get(area.key)) for area in shown.areas)
    head = html.escape(tr("public.areas_title"))
    shown.spot.html(f'<h2>{head}</h2><ul class="csa-due">{items}</ul>')


def _item(area: CoreArea, shown: CoreSpot, verdict: tuple[str, str] | None) -> str:
    state = "standing.maintenance" if area.state == "maintenance" else "here.served_since"
    state = state if area.ended is None else "here.ended_on"
    name = html.escape(called(area.place_name, area.key))
    since = html.escape(tr(state, day=day(area.state_since)))
    said, numbers = (tr("screen.judging"), "") if verdict is None else verdict
    # Before the numbers are known their line is there too: nothing jumps.
    below = f"<br>{html.escape(numbers) or '&nbsp;'}"
    worst = f"<br>{_worst(shown.lines, area.key)}" if area.ended is None else ""
    return f"<li><b>{name}</b> {since} · <b>{html.escape(said)}</b>{below}{worst}</li>"


def _worst(lines: Sequence[ActionLine], key: str) -> str:
    live = [line for line in actions_for_area(lines, key) if line.state.status in LIVE]
    if not live:
        return f'<span class="csa-faint">{html.escape(tr("briefing.no_live"))}</span>'
    worst = min(live, key=_badness)
    said = tr("briefing.worst", n=len(live), number=worst.number, title=worst.title)
    return f"{html.escape(said)} {status_html(worst)}"


def _badness(line: ActionLine) -> int:
    if line.state.status in {"blocked", "at-risk"}:
        return WORST.index(line.state.status)
    return WORST.index("late" if line.is_late else line.color)
