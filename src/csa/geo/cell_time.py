"""The map of cells by month: elements of folium with one script, wherever a `folium.Map` is shown.

Python packs counts and geometry; `cell_time.js` counts, colors and draws them in the browser,
whatever span of months the reader chooses. No incident is in a message, and no point.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from typing import Any

import folium
import numpy as np
import shapely
from folium.template import Template

from csa.base.arrays import Cells, Ints
from csa.base.params import Month, last_day
from csa.base.text import Translator, day, tr
from csa.geo.cells import AFAR, cell_corners, cell_resolution, mean_km2, parents
from csa.geo.palette import Palette

ENGLISH_WORDS = Translator()
SCRIPT, STYLE = "cell_time.js", "cell_time.css"
STEP = 1e-6
"""Degrees, about a tenth of a meter, far below a line's width."""
Y_BITS = 32
"""A corner as one number, which is sorted much quicker than two: its y has so many bits."""
ACRES = 247.105
"""In a square kilometer."""
BASE_COLORS = (
    "land", "water", "park", "street", "main_street", "hairline", "outline", "casing", "accent",
)  # fmt: skip


def script_json(value: Any) -> str:
    """Encode a value as JSON that is safe inside a script."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("</", "<\\/").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


class CellTimeLayer(folium.MacroElement):
    """Cells by month with their areas, on a `folium.Map` or one of its feature groups.

    A map's first is made with `start`, which holds its ground; the next hold what changes.
    """

    _template = Template(
        "{% macro script(this, kwargs) %}"
        "csaMap.{{ this.call }}({{ this._parent.get_name() }}, {{ this.message }});"
        "{% endmacro %}"
    )

    def __init__(self, message: Mapping[str, Any] | str, call: str = "paint") -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.message = message if isinstance(message, str) else script_json(message)
        self.call = call


@dataclass(frozen=True)
class CellTimes:
    """Which cells have incidents in which step of time: a month, or several."""

    cells: Cells  # (c,) ascending, each with an incident
    ends: Ints  # (c,) where each one's incidents end
    steps: Ints  # (n,) the step of each incident, cell by cell
    first: Month  # where the first step begins
    n_steps: int
    months: int  # in a step

    @classmethod
    def of(
        cls, cells: Cells, month: Ints, first: Month, until: Month, months: int = 1
    ) -> CellTimes:
        """Take the cell and month, since the year 0, of each incident from `first` to `until`."""
        is_in = (month >= first.index) & (month < until.index)
        step, own = (month[is_in] - first.index) // months, cells[is_in]
        order = np.lexsort((step, own))
        distinct, begins = np.unique(own[order], return_index=True)
        ends = np.append(begins[1:], len(order)).astype(np.int64)[: len(distinct)]
        n_steps = -(-(until.index - first.index) // months)
        return cls(distinct, ends, step[order], first, n_steps, months)

    def names(self, last: str = "", t: Translator = ENGLISH_WORDS) -> list[tuple[str, str]]:
        """Name each step's first and last month; `last` is the day that ends a month in part."""
        starts = [self.first.plus(self.months * step) for step in range(self.n_steps)]
        names = [(t.month(str(one)), t.month(str(one.plus(self.months - 1)))) for one in starts]
        if last:
            names[-1] = (last if self.months == 1 else names[-1][0], last)
        return names

    def step_of(self, month: Month) -> int:
        """Return the step in which a month begins, or the end of the last."""
        return min(max((month.index - self.first.index) // self.months, 0), self.n_steps)

    def to_message(
        self,
        drawn: Sequence[tuple[Any, Mapping[int, int]]],
        palette: Palette,
        span: tuple[Month, Month],
        areas: tuple[Sequence[str], Ints],
        *,
        through: date,
        units: str = "us",
    ) -> dict[str, Any]:
        """Pack the counts for a browser.

        `drawn` are the cells' file or content and each one's number there, then the same of the
        larger cells, if there are any. `areas` are the areas' names and the place of each cell's
        among them; `through` is the last day with data.
        """
        sizes = [self.cells, parents(self.cells, AFAR)][: len(drawn)]
        files = [place for place, _ in drawn]
        numbers = [
            np.array([number_of[cell] for cell in cells.tolist()], dtype=np.int64)
            for cells, (_, number_of) in zip(sizes, drawn, strict=True)
        ]
        names, area_of = areas
        end = last_day(self.first.plus(self.months * self.n_steps - 1))
        last = "" if through >= end else day(through)
        from_step, until_step = (self.step_of(month) for month in span)
        january = [
            (step, str(when.year))
            for step in range(self.n_steps)
            for when in map(self.first.plus(self.months * step).plus, range(self.months))
            if when.number == 1
        ]
        content = {
            "near": files[0],
            "far": files[1] if len(files) > 1 else None,
            "gaps": _packed(np.diff(numbers[0], prepend=0)),  # from one cell's number to the next
            "parents": _packed(numbers[-1]),
            "counts": _packed(np.diff(self.ends, prepend=0)),
            "steps": _packed(self.steps),
            "areas": list(names),
            "in_areas": _packed(area_of),
            "names": self.names(last),
            "partial": bool(last),
            "ticks": january,
            "span": [from_step, max(until_step, from_step + 1)],
            "anchor": max(until_step, from_step + 1),
            "palette": palette.sequential,
            "titles": [tr("map.legend", size=size_words(cells, units)) for cells in sizes],
            "words": map_words(),
        }
        key = hashlib.sha256(script_json(content).encode()).hexdigest()[:16]
        return {**content, "key": key}


def _packed(values: Any) -> str:
    """Pack whole numbers in 1, 2 or 4 bytes each, which the first letter says."""
    numbers = np.asarray(values, dtype=np.int64)
    if numbers.min(initial=0) < 0:
        raise ValueError("numbers are packed without a sign")
    most = int(numbers.max(initial=0))
    size = next(size for size in (1, 2, 4) if most < 256**size)
    return f"{size}{base64.b64encode(numbers.astype(f'<u{size}').tobytes()).decode()}"


def size_words(cells: Cells, units: str, t: Translator = ENGLISH_WORDS) -> str:
    """Return the size of a cell in words."""
    km2 = mean_km2(cell_resolution(int(cells[0]) if len(cells) else 0))
    return t("map.acres", n=km2 * ACRES) if units == "us" else f"{km2 * 100:.2g} ha"


def map_words(t: Translator = ENGLISH_WORDS) -> dict[str, Any]:
    """Return the words of a map's buttons and lines."""
    return {
        "back": t("map.back"),
        "background": t("map.background"),
        "before": t("map.before"),
        "city": t("map.city"),
        "filter": t("map.filter"),
        "from": t("map.from"),
        "image": t("public.embed_image"),
        "incidents": t("label.incidents"),
        "layers": t("map.layers"),
        "line": t("map.line"),
        "neighborhoods": t("label.neighborhoods"),
        "outside": t("map.outside"),
        "play": t("map.play"),
        "search": t("map.search"),
        "stop": t("map.stop"),
        "swipe": t("map.swipe"),
        "top": t("map.top"),
        "until": t("map.until"),
        "cell": {form: t("map.cell", n=n, count="{n}") for form, n in (("one", 1), ("other", 2))},
        "inside": t("briefing.one_month", month="{area}"),
        "period": t("map.period", first="{first}", last="{last}"),
        "range": t("term.span", first="{low}", last="{high}"),
    }


def pack_cells(cells: Cells) -> dict[str, Any]:
    """Pack the outlines of cells: each corner once, for it belongs to up to three cells.

    Corners are numbered as they come, cell by cell, each as steps from the one before, and a cell
    has how many corners back each of its own is, 0 for the next: numbers that are small and alike.
    """
    lonlat, cell = cell_corners(cells)
    corners = np.rint(lonlat / STEP).astype(np.int64)  # (corners of all, 2)
    origin = corners.min(axis=0)
    x, y = (corners - origin).T
    _, first, number = np.unique((x << Y_BITS) + y, return_index=True, return_inverse=True)
    is_new, order = np.isin(np.arange(len(x)), first), np.sort(first)
    back = np.cumsum(is_new) - is_new - np.searchsorted(order, first)[number]
    ends = np.searchsorted(cell, np.arange(len(cells) + 1)).tolist()
    backs = back.tolist()
    return {
        "origin": (origin * STEP).round(6).tolist(),
        "step": STEP,
        "x": np.diff(x[order], prepend=0).tolist(),
        "y": np.diff(y[order], prepend=0).tolist(),
        "cells": [backs[start:end] for start, end in itertools.pairwise(ends)],
    }


def pack_area(
    area_id: str, place: str, shape: shapely.Geometry, lines: Sequence[str], *, letter: str
) -> dict[str, Any]:
    """Return an area's outline as a feature, labeled at its upper left corner."""
    top = max(shapely.get_coordinates(shape), key=lambda corner: corner[1] - corner[0])
    return {
        "type": "Feature",
        "properties": {
            "area_id": area_id,
            "letter": letter,
            "place": place,
            "lines": list(lines),
            "at": [round(float(top[1]), 5), round(float(top[0]), 5)],
        },
        "geometry": json.loads(shapely.to_geojson(shapely.set_precision(shape, 1e-5))),
    }


def ground_options(
    base: Any,
    bounds: Sequence[Sequence[float]],
    palette: Palette,
    *,
    units: str,
    is_dark: bool = False,
    t: Translator = ENGLISH_WORDS,
) -> dict[str, Any]:
    """Return what a map's first element needs: the ground, its colors and its words."""
    return {
        "base": base,
        "bounds": bounds,
        "imperial": units == "us",
        "dark": is_dark,
        "mark": "",
        "language": t.language,
        "colors": {name: getattr(palette, name) for name in BASE_COLORS},
        "words": {
            "label": t("map.label"),
            "no_geometry": t("map.no_geometry"),
            "home": t("map.home"),
            "north": t("map.north"),
        },
    }


def leaflet_file(name: str) -> bytes:
    """Return a file of Leaflet's own, from its package."""
    return files("js_lib_leaflet").joinpath("static", "js_lib_leaflet", name).read_bytes()


def own_file(name: str) -> bytes:
    """Return `cell_time.js` or its style."""
    return files("csa.geo").joinpath(name).read_bytes()


def ground_map(
    options: Mapping[str, Any], links: tuple[Sequence[str], Sequence[str]] | None = None
) -> folium.Map:
    """Make a map with its ground.

    Without `links`, to scripts and styles, it holds its code and asks for nothing: what
    `folium.Map.save` writes opens without a network.
    """
    (south, west), (north, east) = options["bounds"]
    made = folium.Map(
        [(south + north) / 2, (west + east) / 2], zoom_start=11, tiles=None, zoom_snap=0.5
    )
    scripts, styles = links or ((), ())
    made.default_js = [(link, link) for link in scripts]
    made.default_css = [(link, link) for link in styles]
    page: Any = made.get_root()
    if links is None:
        code = [("style", leaflet_file("leaflet.css")), ("style", own_file(STYLE))]
        code += [("script", leaflet_file("leaflet.js")), ("script", own_file(SCRIPT))]
        for number, (kind, content) in enumerate(code):
            text = f"{{% raw %}}<{kind}>{content.decode()}</{kind}>{{% endraw %}}"
            page.header.add_child(folium.Element(text), name=f"code {number}")
    CellTimeLayer(options, "start").add_to(made)
    return made
