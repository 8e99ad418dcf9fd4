"""Put a map on the page with streamlit-folium, which is made to load local files only."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import quote

import folium
import streamlit as st

from csa.base.errors import CsaError
from csa.base.text import tr
from csa_app.shared import cache, maps, panels, theme
from csa_app.shared.area_status import AreaView
from csa_app.shared.city_session import CitySession
from csa_app.shared.geometry import CellGeometry
from csa_app.shared.legend import Outlines, classify_counts, outlines_of, show_legend
from csa_app.shared.phrases import months_covered
from csa_app.shared.settings import STATIC

HEIGHT_PX, SMALL_HEIGHT_PX = 500, 370
SMALL_LAYERS = ("background", "neighborhoods")
CLICKS = ["last_active_drawing", "last_object_clicked_count"]
STATIC_ADDRESS = "../../app/static"
LEAFLET = "vendor/leaflet/leaflet"
# Of all that folium would load, only Leaflet is needed; the rest is dropped.
LOCAL: Mapping[str, str | None] = {
    "leaflet.js": f"{LEAFLET}.js",
    "leaflet.css": f"{LEAFLET}.css",
    "jquery-3.7.1.min.js": None,
    "bootstrap.bundle.min.js": None,
    "bootstrap.min.css": None,
    "bootstrap-glyphicons.css": None,
    "bootstrap-icons.min.css": None,
    "all.min.css": None,
    "leaflet.awesome-markers.js": None,
    "leaflet.awesome-markers.css": None,
    "leaflet.awesome.rotate.min.css": None,
}


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
    show(maps.base_map(config, base, is_dark=is_dark), key, painted(cells), on_click, height_px)


def show(
    base: folium.Map,
    key: str,
    group: folium.FeatureGroup,
    on_click: Callable[[], None] | None = None,
    height_px: int = HEIGHT_PX,
) -> None:
    """Put the map on the page."""
    if not (STATIC / f"{LEAFLET}.js").is_file():
        raise CsaError("map.no_leaflet")
    _component().st_folium(
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


def _own(name: str) -> str:
    """Return the address of a file of ours with its content's hash, so that no old copy is used.

    The script also receives the sentence to show if nothing else of the map loads.
    """
    version = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    words = f"&words={quote(tr('map.no_library'))}" if name.endswith(".js") else ""
    return f"{STATIC_ADDRESS}/{name}?v={version}{words}"


def _local(address: str) -> str | None:
    name = address.rsplit("/", 1)[-1]
    if name not in LOCAL:
        raise CsaError("map.unknown_link", address=address)
    local = LOCAL[name]
    return None if local is None else f"{STATIC_ADDRESS}/{local}"


def _component() -> Any:
    """Import streamlit-folium, whose component only a server that is running knows."""
    import streamlit_folium  # noqa: PLC0415

    # A private name, held to one minor version in pyproject.toml and by a test.
    if not hasattr(streamlit_folium._component_func, "is_local"):  # noqa: SLF001
        streamlit_folium._component_func = _stay_here(  # noqa: SLF001
            streamlit_folium._component_func  # noqa: SLF001
        )
    return streamlit_folium


def _stay_here(component: Callable[..., Any]) -> Callable[..., Any]:
    """Make the component load local files, since one failing link would leave a blank map."""

    def draw(**arguments: Any) -> Any:
        scripts = [_local(link) for link in arguments.pop("js_links")]
        styles = [_local(link) for link in arguments.pop("css_links")]
        # Folium forbids pinch zoom of the page, which some readers need.
        header = re.sub(r'<meta name="viewport"[^>]*>', "", arguments.pop("header"))
        return component(
            js_links=[_own("csa-map.js"), *filter(None, scripts)],
            css_links=[*filter(None, styles), _own("csa-map.css")],
            header=header,
            **arguments,
        )

    draw.is_local = True  # type: ignore[attr-defined]
    return draw


def small_map(view: AreaView, height_px: int = SMALL_HEIGHT_PX, selected: str = "") -> None:
    """Show the areas on a map that chooses none: on Briefing, Meeting and Why here."""
    edges = outlines_of(view.core, has_candidates=not view.proposal.is_empty)
    area_map(view, "small", edges, height_px=height_px, selected=selected)


def area_map(
    view: AreaView,
    name: str,
    edges: Outlines,
    marks: Outlines = (),
    choose: Callable[[str], None] | None = None,
    height_px: int = HEIGHT_PX,
    **shown: Any,
) -> None:
    """Show candidates and areas in service on a map, below the legend of its cells' counts.

    `shown` is what else its `MapScene` has; of cells without counts the page has the legend.
    """
    proposal, resolution = view.proposal, view.choices.resolution
    classes = classify_counts(proposal.counted.incidents)
    period = tr("find.n_months", n=months_covered(proposal))
    with panels.map_words():
        scene = maps.MapScene(
            proposal,
            classes,
            period,
            **{"shade": "shootings", "visible": SMALL_LAYERS, "selected": "", **shown},
            status=view.statuses,
            core=view.core,
            counts=view.counts,
            afar=cache.geometry_afar(view.session, resolution),
            is_whole=True,
            units=view.session.config.city.units,
        )
        if scene.shade == "shootings":  # of two sizes of cell the map itself says what they mean
            is_one = scene.afar is None
            title = tr("find.legend" if is_one else "find.legend_in_map", period=period)
            palette = theme.current().sequential
            show_legend(title, classes if is_one else None, palette, marks, edges)
        draw(view.session, resolution, name, partial(maps.painting, scene), choose, height_px)
