"""Put a map on the page with streamlit-folium; all that it loads is here."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import folium
import streamlit as st

from csa.base.text import ENGLISH, LANGUAGES, tr
from csa.geo.cell_time import SCRIPT, STYLE, ground_map, ground_options, own_file
from csa.reports.public.facts import PublicFacts
from csa.reports.public.map_sheet import SHOWN, public_file, public_message
from csa.reports.public.pages import language_name
from csa_app.shared import cache, cache_report, maps, nearby, panels, theme
from csa_app.shared.area_status import AreaView, in_service, state_words
from csa_app.shared.city_session import CitySession
from csa_app.shared.geometry import ADDRESS, LEAFLET, CellGeometry, base_content, serve_file
from csa_app.shared.legend import Outlines, outlines_of, show_legend
from csa_app.shared.person import months_in_step
from csa_app.shared.phrases import months_covered
from csa_app.shared.settings import deployment

HEIGHT_PX, SMALL_HEIGHT_PX = 500, 480
CLICKS = ["last_active_drawing", "last_object_clicked_count"]


def draw(
    session: CitySession,
    resolution: int,
    name: str,
    painted: Callable[[CellGeometry], folium.FeatureGroup],
    choose: Callable[[str], None] | None = None,
    height_px: int = HEIGHT_PX,
) -> None:
    """Draw a city's map with what is painted on its cells; a click on an area chooses it."""
    base, cells = cache.geometry(session, resolution)
    is_dark, config = theme.is_dark(), session.config
    key = key_of(name, base, is_dark, config.city, config.basemap)

    def clicked() -> None:
        area_id = clicked_area(key)
        if choose is not None and area_id is not None:
            choose(area_id)

    on_click = None if choose is None else clicked
    options = ground_options(
        base.address, base.bounds, theme.current(), units=config.city.units, is_dark=is_dark
    )
    options["source"] = config.basemap.source
    options["mark"] = tr("screen.sample") * config.city.is_synthetic
    show(ground_map(options, links()), key, painted(cells), on_click, height_px)


def show(
    base: folium.Map,
    key: str,
    group: folium.FeatureGroup,
    on_click: Callable[[], None] | None = None,
    height_px: int = HEIGHT_PX,
) -> None:
    """Put the map on the page."""
    import streamlit_folium  # noqa: PLC0415 - only a server that is running knows its component

    streamlit_folium.st_folium(
        base,
        key=key,
        height=height_px,
        use_container_width=True,
        feature_group_to_add=group,
        # The counter makes a second click on the same area a new answer.
        returned_objects=CLICKS if on_click else [],
        on_change=on_click,
    )


def clicked_area(key: str) -> str | None:
    """Return which area was clicked."""
    answer = st.session_state.get(key) or {}
    drawing = answer.get("last_active_drawing") or {}
    area_id = drawing.get("properties", {}).get("area_id")
    return area_id if isinstance(area_id, str) else None


def key_of(*parts: object) -> str:
    """Return a key for a base map, which changes with the parts it is made from.

    The component ignores anything like `_2` when it hashes a map's script, so that a changed map
    may not redraw; a key from all that the base depends on avoids that.
    """
    return "map " + hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def links() -> tuple[list[str], list[str]]:
    """Return where a map's frame finds its scripts and styles: nothing else is loaded.

    Our script also receives the sentence to show if Leaflet does not load after it.
    """
    script = serve_file(SCRIPT, own_file(SCRIPT))
    style = serve_file(STYLE, _font_face() + own_file(STYLE))
    words = quote(tr("map.no_library"))
    return (
        [f"{script}?words={words}", f"{ADDRESS}/{LEAFLET}/leaflet.js"],
        [f"{ADDRESS}/{LEAFLET}/leaflet.css", style],
    )


def _font_face() -> bytes:
    """Name the page's font for the map's frame, which has no other; streamlit serves it."""
    media = Path(st.__file__).parent / "static" / "static" / "media"
    font = next(media.glob("SourceSans*Upright*.woff2"), None)
    face = "@font-face{font-family:'Source Sans';font-weight:200 900;src:url('%s')}\n"
    return (face % f"../../../../static/media/{font.name}").encode() if font else b""


def small_map(view: AreaView, **shown: Any) -> None:
    """Show the areas on a map that chooses none: on Briefing and Why here."""
    edges = outlines_of(view.core, has_candidates=not view.proposal.is_empty)
    area_map(view, "small", edges, height_px=SMALL_HEIGHT_PX, **shown)


def published_map(view: AreaView, height_px: int) -> None:
    """Show what is published and no other count; before that, which areas there are."""
    facts, session = cache_report.published(view.session), view.session
    if facts is None:
        areas = [maps.core_feature(a, [state_words(in_service(a))], a.key) for a in view.core]
        message = {**SHOWN, "areas": areas, "time": None}
    else:
        message = public_message(facts, palette=theme.current())
    show_legend("", None, (), (), outlines_of(view.core, has_candidates=False))
    painted = maps.painted(message)
    draw(session, view.choices.resolution, "published", lambda _: painted, None, height_px)


def save_published(session: CitySession) -> None:
    """Offer the map as a file of published counts, where there are any, in each language.

    The file is there before it is asked for: a press while the page runs would lose a later one.
    """
    facts = cache_report.published(session)
    for language in LANGUAGES:
        is_other, name = language != ENGLISH, language_name(language)
        st.download_button(
            tr("term.pair", name=tr("map.save"), text=name) if is_other else tr("map.save"),
            b"" if facts is None else _published_file(session, facts, language),
            f"{session.config.city.id}-map{f'-{language}' * is_other}.html",
            "text/html",
            help=tr("map.save_none" if facts is None else "map.save_help"),
            disabled=facts is None,
            on_click="ignore",
            key=f"save map {language}",
        )


@cache.of_city(max_entries=4, keys={PublicFacts: repr})
def _published_file(session: CitySession, facts: PublicFacts, language: str) -> bytes:
    bounds = cache.geometry(session, session.config.areas.resolution)[0].bounds
    ground = base_content(session.dataset, deployment().basemap)
    return public_file(facts, language, ground, bounds)


def area_map(
    view: AreaView,
    name: str,
    edges: Outlines,
    choose: Callable[[str], None] | None = None,
    height_px: int = HEIGHT_PX,
    **shown: Any,
) -> None:
    """Show candidates and areas in service on a map, below the legend of its cells' counts.

    `shown` is what else its `MapScene` has.
    """
    resolution = view.choices.resolution
    edges = [*edges, *([("zone", tr("zones_page.zone"))] * bool(view.zones))]
    with panels.map_words():
        layers = nearby.map_layers(view.session, view.choices)
        scene = maps.MapScene(
            view.proposal,
            **{"selected": "", **shown, "layers": [*shown.get("layers", ()), *layers]},
            located=cache.located(view.session, view.choices),
            status=view.statuses,
            core=view.core,
            zones=[zone for zone in view.zones if zone.ended is None],
            counts=view.counts,
            afar=cache.geometry_afar(view.session, resolution),
            months_in_step=months_in_step(view.session),
            is_whole=True,
            units=view.session.config.city.units,
        )
        period = tr("find.n_months", n=months_covered(view.proposal))
        show_legend(tr("find.legend_in_map", period=period), None, (), (), edges)
        draw(view.session, resolution, name, partial(maps.painting, scene), choose, height_px)
