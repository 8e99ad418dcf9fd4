"""The parts of Displacement that follow the month: the start, the answer, the map."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Sequence

import pandas as pd
import streamlit as st

from csa.areas.sheets import silent_months
from csa.base.io import csv_bytes
from csa.base.text import first_names, month, name_list, render, tr
from csa.change.sentences import (
    band_words,
    describe_area_basis,
    moved_somewhere,
    state_change,
)
from csa.change.verdict import CumulativeCounts
from csa.city.preregistration import BASE_MONTHS, Verdict
from csa.program.registry import CoreArea, all_zones
from csa_app.screens.displacement import charts_change
from csa_app.shared import cache, cache_store, charts, maps_change, panels, screen_state, theme
from csa_app.shared.area_status import (
    area_statuses,
    areas_designated,
    areas_in_service,
    has_ever_served,
    resolve_area_id,
)
from csa_app.shared.city_session import CitySession
from csa_app.shared.following import Following
from csa_app.shared.key_figure import change_figure
from csa_app.shared.legend import outlines_of, show_legend
from csa_app.shared.link_state import LinkState
from csa_app.shared.maps_change import ChangeScene, verdict_word, why_untold
from csa_app.shared.panels import Drawn, range_bar
from csa_app.shared.phrases import kinds_words

# ---- Each area compared with all together: a sentence on those that differ, and a table of ranges.


MAX_NAMED = 6
"""Most areas named in a sentence; the table has them all."""

COLUMNS = (
    "area_id",
    "place_name",
    "since",
    "through",
    "verdict",
    "incidents",
    "expected",
    "low",
    "high",
    "around_incidents",
    "around_expected",
    "around_low",
    "around_high",
    "is_synthetic",
)


def describe_areas(following: Following, at: int) -> str:
    """Name the areas that differ, and count those with no change or too few incidents to tell."""
    if len(following.area_ids) == 1 or following.is_early(at):
        return ""
    verdicts = {area_id: following.results(area_id).verdicts[at] for area_id in following.by_letter}
    alike = (Verdict.NO_CHANGE, Verdict.TOO_FEW, Verdict.TOO_EARLY)
    same, few, early = ([name for name, one in verdicts.items() if one is kind] for kind in alike)
    changed = [name for name, one in verdicts.items() if one not in alike]
    said = [_differing(following, changed, at)]
    if same:
        said.append(tr("change_page.singles_same", n=len(same)))
    if few:
        said.append(tr("change_page.singles_few", n=len(few)))
    if early:
        said.append(tr("change_page.singles_early", n=len(early)))
    return " ".join(said)


def _differing(following: Following, changed: list[str], at: int) -> str:
    if not changed:
        return tr("change_page.singles_none")
    named = [
        tr(
            "term.comma",
            name=following.place_name(area_id),
            text=_begun_small(verdict_word(following.results(area_id), at)),
        )
        for area_id in changed[:MAX_NAMED]
    ]
    left = len(changed) - len(named)
    if left:
        named.append(tr("label.n_more", n=left))
    return tr("change_page.singles", n=len(changed), areas="; ".join(named))


def _begun_small(words: str) -> str:
    return words[:1].lower() + words[1:]


def show_each_area(session: CitySession, following: Following, at: int, selected: str = "") -> None:
    """Show each area's numbers as ranges, with a download."""
    st.caption(tr("change_page.each_note"))
    with st.container(key="each_table"):
        panels.table(table(following, at, selected), tr("change_page.title"), "csa-wide")
    city = session.config.city
    through = following.months[at]
    content = as_csv(following, at, is_synthetic=city.is_synthetic)
    name = f"{city.id}-since-{following.months[0]}-through-{through}.csv"
    panels.download(tr("change_page.each_download"), content, name, "each area as a file")


def table(following: Following, at: int, selected: str = "") -> pd.DataFrame:
    """Tabulate each area's verdict and numbers, by letter; the chosen one's name is bold."""
    judged = {area_id: following.results(area_id) for area_id in following.by_letter}
    tracks = [t for one in judged.values() for t in (one.core, one.ring) if t is not None]
    top = max(
        (float(max(t.bound_high[at], t.counted[at])) for t in tracks if t.has_enough[at]),
        default=0.0,
    )
    names = [
        _named(following, area_id, verdict_word(one, at), is_chosen=area_id == selected)
        for area_id, one in judged.items()
    ]
    here, next_door = (
        [_counted(track, at, top) for track in zone]
        for zone in zip(*((one.core, one.ring) for one in judged.values()), strict=True)
    )
    return pd.DataFrame(
        {tr("term.area"): names, tr("change_page.col_here"): here, tr("label.nearby"): next_door},
        dtype=object,
    )


def distances(following: Following, at: int) -> pd.DataFrame:
    """Tabulate all areas together by distance: a row for them, for the ring and for each band."""
    pooled = following.displaced.pooled
    tracks = [pooled.core, pooled.ring, *(band.counts for band in pooled.farther.bands)]
    names = [
        tr("term.in_areas"),
        *(band_words(number).capitalize() for number in range(len(tracks) - 1)),
    ]
    known = [(name, one) for name, one in zip(names, tracks, strict=True) if one is not None]
    top = max(float(max(one.bound_high[at], one.counted[at])) for _, one in known)
    return pd.DataFrame(
        {
            tr("label.all_together"): [name for name, _ in known],
            tr("change_page.col_counted"): [_counted(one, at, top) for _, one in known],
        },
        dtype=object,
    )


def _named(following: Following, area_id: str, verdict: str, *, is_chosen: bool) -> Drawn:
    name = html.escape(following.place_name(area_id))
    since = month(str(following.displaced.since.plus(following.late(area_id))), is_short=True)
    below = html.escape(tr("change_page.verdict_since", verdict=verdict, since=since))
    return Drawn(
        f"<b>{name}</b><small>{below}</small>" if is_chosen else f"{name}<small>{below}</small>"
    )


def _counted(track: CumulativeCounts | None, at: int, top: float) -> str:
    """Draw what was counted on the range of what was expected, with the numbers below."""
    if track is None:
        return ""
    n, (mean, low, high) = int(track.counted[at]), _bounds(track, at)
    if not track.has_enough[at]:
        return Drawn(f"{n:,}<small>{html.escape(why_untold())}</small>")
    words = html.escape(tr("change_page.of_expected", low=low, high=high))
    return Drawn(f"{range_bar(low, high, mean, top, n)}{n:,}<small>{words}</small>")


def _bounds(track: CumulativeCounts, at: int) -> tuple[float, int, int]:
    return float(track.expectation.mean[at]), int(track.bound_low[at]), int(track.bound_high[at])


def as_csv(following: Following, at: int, *, is_synthetic: bool) -> bytes:
    """Return each area's verdict and numbers as a CSV file."""
    chosen = following.displaced.chosen
    names = dict(zip(chosen.area_ids, chosen.place_names, strict=True))

    def row(area_id: str) -> list[object]:
        judged = following.results(area_id)
        told = str(judged.verdicts[at])
        head = [area_id, names[area_id], following.months[0], following.months[at], told]
        return [*head, *_numbers(judged.core, at), *_numbers(judged.ring, at), is_synthetic]

    return csv_bytes(COLUMNS, map(row, following.by_letter))


def _numbers(track: CumulativeCounts | None, at: int) -> list[object]:
    if track is None:
        return [None] * 4
    mean, low, high = _bounds(track, at)
    return [int(track.counted[at]), round(mean, 2), low, high]


# ---- The sums of the chosen area, or of all areas together, since the start.


ONE_AREA = "the area whose sums are shown"


def show_sums(session: CitySession, scene: ChangeScene, choose: Callable[[str], None]) -> None:
    """Show and chart the sums of the chosen area, or of all together, since the start."""
    following, at, area_id = scene.following, scene.at, scene.selected
    judged = following.results(area_id)
    is_one = area_id in following.area_ids
    _choose_area(following, area_id if is_one else None, choose)
    title = tr("term.pair", name=verdict_word(judged, at), text=following.place_name(area_id))
    is_unlike = scene.has_alike and not following.control(area_id).is_close
    if following.is_early(at, area_id):
        notes: tuple[str, ...] = (render(following.sentence(area_id, at)),)
    else:
        notes = (
            render(following.sentence(area_id, at)) if is_one else _how_to_choose(area_id),
            tr("change_page.not_alike") if is_unlike else "",
            tr("change_page.band"),
        )
    said = html.escape(" ".join(note for note in notes if note))
    st.html(
        f'<div class="csa-sums"><h2>{html.escape(title)}</h2><p class="csa-faint">{said}</p></div>'
    )
    if following.is_early(at, area_id):
        return
    alt = tr("change_page.sums_alt", title=title)
    charts.show(session, charts_change.since_start, [judged, following.months, at], "sums", alt)


def _choose_area(following: Following, area_id: str | None, choose: Callable[[str], None]) -> None:
    """Offer each area by name, for keyboards and where the map is hard to hit."""
    st.session_state[ONE_AREA] = area_id
    with st.container(horizontal=True, vertical_alignment="bottom", key="one_area"):
        st.selectbox(
            tr("change_page.one_area"),
            following.by_letter,
            index=None,
            key=ONE_AREA,
            format_func=following.place_name,
            placeholder=tr("change_page.one_area_none"),
            on_change=_choose_listed,
            args=(choose,),
        )
        st.button(
            tr("label.all_together"),
            key="all together",
            disabled=area_id is None,
            on_click=choose,
            args=("",),
        )


def _choose_listed(choose: Callable[[str], None]) -> None:
    choose(st.session_state[ONE_AREA] or "")


def _how_to_choose(area_id: str) -> str:
    """Explain how to choose an area, or that the chosen one did not exist at this start."""
    if area_id:
        return tr("change_page.not_then")
    return tr("change_page.choose")


MAP_HEIGHT_PX = 540
MENU_PX = 200
ALIKE = "alike"
FOLLOW = "core service areas are followed"

MONTH = r"\d{4}-\d\d"
CORE = ""
"""The start of core service areas: each has its own."""


def starts(session: CitySession, *, has_core: bool) -> list[str]:
    """List what can be followed: core service areas first, then candidates of each start."""
    return [*[CORE] * has_core, *screen_state.start_options(session.dataset)[::-1]]


def choose_start(session: CitySession, screen: LinkState, *, has_core: bool) -> LinkState:
    """Take the start chosen on the page, else the link's, else that of core service areas.

    Where there are none, the city's own.
    """
    offered = starts(session, has_core=has_core)
    if not offered:
        months = screen_state.months_known(session.dataset)
        panels.empty(tr("change_page.too_short", n=months, least=BASE_MONTHS))
        st.stop()
    own = CORE if has_core else screen_state.first_start(offered[::-1])
    state = st.session_state
    if state.get("since") not in offered:
        state["since"] = screen.since if screen.since in offered else own
    since = state["since"]
    return screen.with_times("" if since == own else since, screen.month)


def start_menu(session: CitySession, n_core: int) -> str:
    """Ask whom to follow, where phones show it too, and return the start."""
    state = st.session_state
    if n_core:
        state[FOLLOW] = state["since"] == CORE
        st.segmented_control(
            tr("change_page.follow"),
            (True, False),
            key=FOLLOW,
            required=True,
            format_func=lambda is_core: (
                tr("briefing.card_areas", n=n_core) if is_core else tr("change_page.candidates")
            ),
            on_change=_follow_other,
            args=(screen_state.first_start(screen_state.start_options(session.dataset)),),
        )
        if state["since"] == CORE:
            return CORE
    return st.selectbox(
        tr("public.since"),
        starts(session, has_core=False),
        key="since",
        persist_state="session",
        format_func=month,
        help=tr("change_page.since_help", least=BASE_MONTHS),
        width=MENU_PX,
    )


def _follow_other(start: str) -> None:
    """Go to the core service areas, or to the candidates of the city's own start."""
    st.session_state["since"] = CORE if st.session_state[FOLLOW] else start


@st.fragment
def month_by_month(session: CitySession, following: Following, n_core: int) -> None:
    """Show the parts that follow the month; changing the month repaints only these."""
    state = st.session_state
    said = st.container(key="change_said")
    at = _choose_times(session, following, n_core)
    _remember(session, following, at)
    screen: LinkState = state[screen_state.SCREEN]
    first = [] if following.is_early(at) else [_not_served(session, following)]
    if at < len(following.months) - 1:
        first.append(tr("change_page.up_to", month=month(following.months[at])))
    first.append(_silent(session, following))
    said.html(f'<div class="csa-change csa-key">{_answer(following, at, first)}</div>')
    with st.container(horizontal=True, key="change_parts"):
        left, right = st.container(key="map"), st.container(key="change_each")
    selected = _selected(session, screen, following)
    can_alike = any(one.is_close for one in (following.controls.pooled, *following.controls.single))
    has_alike = can_alike and bool(state.get(ALIKE))
    others, zones = _beside(session, following), all_zones(cache_store.records(session))
    scene = ChangeScene(following, at, selected, has_alike, others, zones, following.months)
    with left, panels.map_words():  # first: what comes into its row later would move it
        maps_change.draw_change(session, scene, MAP_HEIGHT_PX, choose_area)
    with right:
        show_each_area(session, following, at, selected)
    _legend(session, following, can_alike=can_alike)
    with st.container(key="change_below"):
        st.html(f'<div class="csa-more">{_paragraphs(_details(session, following, at))}</div>')
        if following.displaced.pooled.farther.bands and not following.is_early(at):
            panels.table(distances(following, at), tr("change_page.distances_alt"), "csa-wide")
        show_sums(session, scene, choose_area)


def _paragraphs(sentences: Sequence[str]) -> str:
    return "".join(f"<p>{html.escape(one)}</p>" for one in sentences if one)


def _beside(session: CitySession, following: Following) -> tuple[CoreArea, ...]:
    """List the core service areas that are not followed here, which the map shows all the same."""
    return tuple(a for a in areas_in_service(session) if a.key not in following.area_ids)


def _choose_times(session: CitySession, following: Following, n_core: int) -> int:
    """Show the start and the months since; return the position of the chosen month."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="months"):
        own = CORE if following.is_core else str(following.displaced.since)
        if start_menu(session, n_core) != own:
            st.rerun()  # another start has other areas, which concerns the whole page
        return _choose_month(following)


def _choose_month(following: Following) -> int:
    """Return the position of the chosen month since the start, which the map moves and plays."""
    state, months = st.session_state, following.months
    screen: LinkState = state[screen_state.SCREEN]
    if state.get("month") not in months:
        state["month"] = screen.month if screen.month in months else months[-1]
    if len(months) == 1:
        st.caption(tr("change_page.one_month", month=month(months[0])))
    return months.index(state["month"])


def _remember(session: CitySession, following: Following, at: int) -> None:
    """Store the month on screen."""
    screen: LinkState = st.session_state[screen_state.SCREEN]
    is_last = at == len(following.months) - 1
    screen = screen.with_times(screen.since, "" if is_last else following.months[at])
    screen_state.remember(screen, screen_state.first_choices(session))


def _answer(following: Following, at: int, first: list[str]) -> str:
    """Return what all areas together did; each has its numbers beside the map."""
    statement = state_change(following.displaced, n_months=at + 1)
    if statement.low is None:
        return _paragraphs([*first, render(statement.headline), _moved_somewhere(following, at)])
    key = "change_page.unit_each" if following.displaced.is_staggered else "change_page.unit"
    unit = tr(key, n=len(following.area_ids), since=month(str(following.displaced.since)))
    figure = change_figure(statement, unit)
    below = f"<div>{_paragraphs([_moved_somewhere(following, at)])}</div>"
    return _paragraphs(first) + figure + below


def _not_served(session: CitySession, following: Following) -> str:
    """Return the first sentence, that candidates show nobody's work; "" for areas in service."""
    if following.is_core:
        return ""
    since, n = month(str(following.displaced.since)), len(following.area_ids)
    is_none = not has_ever_served(session)
    key = "change_page.none_served" if is_none else "change_page.candidates_followed"
    return tr(key, n=n, month=since)


def _silent(session: CitySession, following: Following) -> str:
    """Name the compared months of which data may be missing."""
    base, until = following.displaced.places.base, following.displaced.until
    silent = [
        one for one in cache.once(silent_months)(session.dataset) if base.start <= one < until
    ]
    months = first_names([month(str(one)) for one in silent], 3)
    return tr("briefing.empty", n=len(silent), months=months) if silent else ""


def _moved_somewhere(following: Following, at: int) -> str:
    """Name the areas from which it moved next door, where all together do not show it."""
    places = [following.place_name(area_id) for area_id in moved_somewhere(following.displaced, at)]
    return tr("report.moved_somewhere", n=len(places), areas=name_list(places)) if places else ""


def _details(session: CitySession, following: Following, at: int) -> list[str]:
    """Return which areas differ, what usually happens anyway, and what each number counts."""
    choices = st.session_state[screen_state.SCREEN].choices
    since, until = (month(one) for one in (str(following.displaced.since), following.months[at]))
    key = "change_page.core_note" if following.is_core else "change_page.since_note"
    counted = [tr(key, month=since), tr("change_page.counted_here", until=until)]
    if not following.is_core and areas_designated(session) is not None:
        counted.append(tr("change_page.not_agreed"))
    counted += map(render, describe_area_basis(following.displaced))
    if session.config.city.nonfatal_is_proxy or len(choices.kinds) == 1:
        counted.append(tr("report.kinds_counted", what=kinds_words(session, choices)))
    if following.is_early(at):
        return [" ".join(counted)]
    usual = [render(told) for told in following.describe_usual(at)]
    whole = render(following.sentence("", at))
    return [describe_areas(following, at), whole, " ".join(usual), " ".join(counted)]


def _legend(session: CitySession, following: Following, *, can_alike: bool) -> None:
    """Show what the colors and outlines mean; offer to outline the comparison places."""
    colors = theme.current()
    with st.container(horizontal=True, vertical_alignment="center", key="change_legend"):
        show_legend(
            tr("change_page.legend"),
            maps_change.classes(),
            colors.diverging,
            marks=(("┄", tr("change_page.mark_too_few")), ("░", tr("change_page.mark_ring"))),
            outlines=outlines_of(areas_in_service(session), has_candidates=not following.is_core),
        )
        if can_alike:
            st.toggle(tr("change_page.alike"), key=ALIKE, help=tr("change_page.alike_help"))


def _selected(session: CitySession, screen: LinkState, following: Following) -> str:
    """Return the chosen area by its id here: other pages know it by its id in the proposal."""
    if screen.area in following.area_ids or not screen.area:
        return screen.area
    stands = area_statuses(session, cache.analysis(session, screen.choices).proposal)
    area_id = resolve_area_id(stands, screen.area)
    return (stands[area_id].letter or area_id) if area_id else screen.area


def choose_area(chosen: str) -> None:
    """Choose an area on the map, or the month at which its months rest."""
    state = st.session_state
    if re.fullmatch(MONTH, chosen):
        state["month"] = chosen
    else:
        state[screen_state.SCREEN] = state[screen_state.SCREEN].with_area(chosen)
