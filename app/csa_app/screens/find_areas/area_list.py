"""The list of areas beside the map, from west to east: how each stands, and its counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import shapely
import streamlit as st

from csa.areas.priority.area_counts import AreaCounts
from csa.areas.proposal import Proposal
from csa.base.text import name_list, tr
from csa.geo.cells import outline
from csa.program.registry import AreaStatus, CoreArea
from csa_app.shared import panels, screen_state
from csa_app.shared.area_status import in_service, not_proposed, other_outlines, state_words
from csa_app.shared.phrases import months_covered, what_is_counted


@dataclass(frozen=True)
class ListedArea:
    """A row of the list."""

    stands: AreaStatus
    incidents: int  # of an area in service on its own ground
    homicides: int
    outlined: int | None  # incidents in the outline found now, for an area in service with another
    west: float  # degrees, where it begins


def rows(
    proposal: Proposal,
    standing: Mapping[str, AreaStatus],
    core: Sequence[CoreArea],
    counts: Mapping[str, AreaCounts],
) -> list[ListedArea]:
    """List candidates and core service areas from west to east, those on their own ground."""
    outlines = other_outlines(proposal, standing, counts)
    found = []
    for row, west in zip(
        proposal.areas.to_dict("records"), proposal.areas.bounds["minx"], strict=True
    ):
        stands = standing[row["area_id"]]
        n, homicides = row["incidents"], row["homicides"]
        if stands.letter in counts:
            n, homicides = counts[stands.letter].incidents, counts[stands.letter].homicides
        found.append(ListedArea(stands, n, homicides, outlines.get(stands.letter), west))
    for area in not_proposed(core, standing):
        own, west = counts[area.key], float(shapely.bounds(outline(area.cells))[0])
        found.append(ListedArea(in_service(area), own.incidents, own.homicides, None, west))
    return sorted(found, key=lambda one: one.west)


def show(
    proposal: Proposal,
    standing: Mapping[str, AreaStatus],
    core: Sequence[CoreArea],
    counts: Mapping[str, AreaCounts],
    choose: Callable[[str], None],
) -> None:
    """Show the list; a click on a row opens its sheet in the list's place."""
    what = what_is_counted(proposal)
    counted = tr("find.list_counted", what=what, n=months_covered(proposal))
    st.html(f'<p class="csa-list-head"><b>{tr("find.list_head")}</b><span>{counted}</span></p>')
    if st.session_state.pop(screen_state.DROPPED, False):
        st.caption(tr("find.choose_again"))
    has_homicides = "homicide" in proposal.summary["params"]["kinds"]
    with st.container(key="area_list", gap=None):
        for one in rows(proposal, standing, core, counts):
            st.button(
                label(one, what, has_homicides=has_homicides),
                key=f"area {one.stands.area_id}",
                type="tertiary",
                width="stretch",
                on_click=choose,
                args=(one.stands.area_id,),
            )
    doubtful = [
        standing[area_id].display_name
        for area_id, n_suspect, n in proposal.areas[["area_id", "suspect", "incidents"]].to_numpy()
        if standing[area_id].letter not in counts and proposal.is_doubtful(n_suspect, n)
    ]
    doubtful += [own.display_name for own in counts.values() if own.is_doubtful]
    if counts:
        st.caption(tr("standing.own_ground"))
    if doubtful:
        names = name_list(doubtful)
        st.caption(panels.plain(tr("find.doubtful", n=len(doubtful), areas=names)))


def label(one: ListedArea, what: str, *, has_homicides: bool) -> str:
    """Return a row as a button's words: its name and count, and below how it stands."""
    head = f"**{panels.plain(one.stands.display_name)}** *{one.incidents:,} {what}*"
    below = [state_words(one.stands)]
    if has_homicides:
        below.append(tr("find.list_homicides", n=one.homicides))
    if one.outlined is not None:
        below.append(tr("find.list_now", n=one.outlined))
    return f"{head} " + " ".join(f":small[{panels.plain(words)}]" for words in below)
