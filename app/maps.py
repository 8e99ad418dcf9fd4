"""Tables in, folium out: the map of cells and areas.

The base map changes only with the city, the cell size and the theme; everything else travels in
one message through `feature_group_to_add`, so that nothing remounts, flashes or loses its zoom.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import folium
import shapely
import streamlit as st
import streamlit_folium
from folium.template import Template

from app import look
from app.geometry import BaseGeometry, CellGeometry
from app.legend import Classes
from app.settings import STATIC
from csa.city import CityConfig
from csa.errors import CsaError
from csa.hotspots.profile import count_interval
from csa.hotspots.proposal import Proposal
from csa.words import speak

HEIGHT_PX = 560
STATIC_ADDRESS = "../../app/static"
LEAFLET = "vendor/leaflet/leaflet"
# Of all that folium would load, Leaflet alone is needed; the rest is dropped.
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


class Start(folium.MacroElement):
    """Begin a map: its panes, its background, its bounds.

    Parameters
    ----------
    options
        What `csaMap.start` reads.
    """

    _template = Template(
        "{% macro script(this, kwargs) %}"
        "csaMap.start({{ this._parent.get_name() }}, {{ this.options_json }});"
        "{% endmacro %}"
    )

    def __init__(self, options: Mapping[str, Any]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.options_json = script_json(options)


class Painting(folium.MacroElement):
    """Paint what changes, into a feature group.

    Parameters
    ----------
    message
        What `csaMap.paint` reads.
    """

    _template = Template(
        "{% macro script(this, kwargs) %}"
        "csaMap.paint({{ this._parent.get_name() }}, {{ this.message }});"
        "{% endmacro %}"
    )

    def __init__(self, message: Mapping[str, Any]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.message = script_json(message)


@dataclass(frozen=True)
class Spot:
    """A service on the map.

    Parameters
    ----------
    lat, lon
        Degrees.
    mark
        Two letters for its kind.
    name, kind
        What a reader sees.
    """

    lat: float
    lon: float
    mark: str
    name: str
    kind: str


@dataclass(frozen=True)
class Scene:
    """All that a map shows beside its base.

    Parameters
    ----------
    proposal
        The areas and cells.
    classes
        The classes of the cells' counts.
    period
        The period in words, for tooltips.
    shade
        What colours the cells: `shootings`, `risk` or `none`.
    visible
        `background`, `neighborhoods`.
    selected
        The chosen area's letter, or "".
    services
        Services to mark.
    risk
        Address of the scored places, their level each, or None.
    """

    proposal: Proposal
    classes: Classes
    period: str
    shade: str
    visible: Sequence[str]
    selected: str
    services: Sequence[Spot] = ()
    risk: tuple[str, str] | None = None


def script_json(value: Any) -> str:
    """Write a value as JSON that may stand in a script.

    Parameters
    ----------
    value
        Dictionaries, lists, texts, numbers.

    Returns
    -------
    str
        JSON in which no text ends the script or a line of it.
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("</", "<\\/").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def base_map(config: CityConfig, base: BaseGeometry, *, is_dark: bool) -> folium.Map:
    """Make the map that does not change.

    Parameters
    ----------
    config
        The city's file.
    base
        The background's file.
    is_dark
        Whether the reader's theme is dark.

    Returns
    -------
    folium.Map
        The map, without tiles unless the city's file asks for them.
    """
    colours = look.DARK if is_dark else look.LIGHT
    (south, west), (north, east) = base.bounds
    made = folium.Map(
        location=[(south + north) / 2, (west + east) / 2],
        zoom_start=11,
        tiles=None,
        zoom_snap=0.5,
        max_bounds=False,
    )
    names = ("land", "water", "park", "street", "main_street", "hairline", "outline", "casing")
    options = {
        "base": base.address,
        "bounds": base.bounds,
        "imperial": config.city.units == "us",
        "dark": is_dark,
        "tiles": config.basemap.tiles_url,
        "credit": config.basemap.tiles_credit,
        "colours": {name: getattr(colours, name) for name in (*names, "accent")},
        "words": {"map": speak("map.label"), "no_geometry": speak("map.no_geometry")},
    }
    Start(options).add_to(made)
    return made


def painting(scene: Scene, cells: CellGeometry) -> folium.FeatureGroup:
    """Make the message that changes.

    Parameters
    ----------
    scene
        What the map shows.
    cells
        The cells' file.

    Returns
    -------
    folium.FeatureGroup
        A group that paints itself.
    """
    colours = look.current()
    message = {
        "cells": cells.address,
        "counts": _counts(scene, cells) if scene.shade == "shootings" else [],
        "bounds": list(scene.classes.upper),
        "palette": list(colours.sequential[-len(scene.classes.upper) :]),
        "opacity": 0.85,
        "tooltips": {
            "one": speak("map.cell", n=1, count="1", period=scene.period),
            "other": speak("map.cell", n=2, count="{n}", period=scene.period),
            "inside": speak("map.inside", area_id="{area}"),
            "outside": speak("map.outside"),
        },
        "areas": _areas(scene),
        "selected": scene.selected,
        "visible": list(scene.visible),
        "services": [[s.lat, s.lon, s.mark, s.name, s.kind] for s in scene.services],
        "risk": None
        if scene.risk is None or scene.shade != "risk"
        else {
            "geometry": scene.risk[0],
            "levels": scene.risk[1],
            "palette": list(colours.sequential),
        },
    }
    group = folium.FeatureGroup(name="csa")
    Painting(message).add_to(group)
    return group


def _counts(scene: Scene, cells: CellGeometry) -> list[list[object]]:
    table = scene.proposal.cells
    counted = table[table["incidents"] > 0]
    return [
        [cells.number_of[int(cell, 16)], int(count), area_id]
        for cell, count, area_id in counted[["cell", "incidents", "area_id"]].itertuples(
            index=False, name=None
        )
    ]


def _areas(scene: Scene) -> list[dict[str, Any]]:
    areas = scene.proposal.areas
    return [
        _feature(area, shape, scene.period)
        for area, shape in zip(areas.to_dict("records"), areas.geometry, strict=True)
    ]


def _feature(area: Mapping[Hashable, Any], shape: shapely.Geometry, period: str) -> dict[str, Any]:
    low, high = count_interval(area["incidents"])
    top = max(shapely.get_coordinates(shape), key=lambda corner: corner[1] - corner[0])
    lines = [
        speak("map.area_count", n=area["incidents"], period=period),
        speak("map.area_chance", low=round(low), high=round(high)),
    ]
    return {
        "type": "Feature",
        "properties": {
            "area_id": area["area_id"],
            "place": area["place_name"],
            "lines": lines,
            "at": [round(float(top[1]), 5), round(float(top[0]), 5)],
        },
        "geometry": json.loads(shapely.to_geojson(shapely.set_precision(shape, 1e-5))),
    }


def show(
    base: folium.Map, key: str, group: folium.FeatureGroup, on_click: Callable[[], None]
) -> None:
    """Put the map on the page.

    Parameters
    ----------
    base
        The map that does not change.
    key
        Its widget's name; the click is in the session's state under it.
    group
        What changes.
    on_click
        Called when an area or a cell was clicked.

    Raises
    ------
    CsaError
        If Leaflet is not there, so that the map could not draw.
    """
    if not (STATIC / f"{LEAFLET}.js").is_file():
        raise CsaError("map.no_leaflet")
    streamlit_folium.st_folium(
        base,
        key=key,
        height=HEIGHT_PX,
        use_container_width=True,
        feature_group_to_add=group,
        # The count makes a second click on the same area a new answer.
        returned_objects=["last_active_drawing", "last_object_clicked_count"],
        on_change=on_click,
    )


def clicked_area(key: str) -> str | None:
    """Tell which area was clicked.

    Parameters
    ----------
    key
        The map's name.

    Returns
    -------
    str or None
        The area's letter; "" for a cell outside all areas; None without a click.
    """
    answer = st.session_state.get(key) or {}
    drawing = answer.get("last_active_drawing") or {}
    area_id = drawing.get("properties", {}).get("area_id")
    return area_id if isinstance(area_id, str) else None


def key_of(*parts: object) -> str:
    """Name a base map: other parts are another map, drawn anew.

    The component hashes a map's script without anything like `_2`, so that a changed map may
    not redraw; a name made from all that the base depends on does not fall into that trap.

    Parameters
    ----------
    *parts
        All that the base map depends on.

    Returns
    -------
    str
        The widget's name.
    """
    return "map " + hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def _local(address: str) -> str | None:
    name = address.rsplit("/", 1)[-1]
    if name not in LOCAL:
        raise CsaError("map.unknown_link", address=address)
    local = LOCAL[name]
    return None if local is None else f"{STATIC_ADDRESS}/{local}"


def _stay_here(component: Callable[..., Any]) -> Callable[..., Any]:
    """Make the component load local files: the first link that fails would leave a blank map."""

    def draw(**arguments: Any) -> Any:
        scripts = [_local(link) for link in arguments.pop("js_links")]
        styles = [_local(link) for link in arguments.pop("css_links")]
        # Folium forbids zooming the page by two fingers, which some readers need.
        header = re.sub(r'<meta name="viewport"[^>]*>', "", arguments.pop("header"))
        return component(
            js_links=[f"{STATIC_ADDRESS}/csa-map.js", *filter(None, scripts)],
            css_links=[*filter(None, styles), f"{STATIC_ADDRESS}/csa-map.css"],
            header=header,
            **arguments,
        )

    draw.is_local = True  # type: ignore[attr-defined]
    return draw


# A private name of streamlit-folium, held to one minor version in pyproject.toml and by a test.
if not hasattr(streamlit_folium._component_func, "is_local"):  # noqa: SLF001
    streamlit_folium._component_func = _stay_here(  # noqa: SLF001
        streamlit_folium._component_func  # noqa: SLF001
    )
