"""The public map: classes of cells and outlines of areas, from the public facts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from html import escape
from typing import Any

import numpy as np
import shapely

from csa.base.arrays import Ints
from csa.base.errors import MapError
from csa.base.params import Month, last_day
from csa.base.text import ENGLISH, Translator
from csa.city.config import CityConfig
from csa.city.preregistration import RING_M, Verdict
from csa.geo.cell_time import (
    CellTimeLayer,
    CellTimes,
    ground_map,
    ground_options,
    map_words,
    pack_area,
    pack_cells,
    size_words,
)
from csa.geo.cells import draw_cells, outline
from csa.geo.palette import PAPER, Palette, class_colors
from csa.reports.maps.labels import Labels, is_crowded, place_areas, place_names
from csa.reports.maps.layers import (
    MapView,
    draw_areas,
    extent_m,
    fit,
    lines_and_faces,
    named_places,
)
from csa.reports.maps.marks import HALF_CAPITAL, Fill, Mark, Stroke, Words
from csa.reports.maps.sheet import MapArea, MapSheet, Style
from csa.reports.month.facts import MapGround
from csa.reports.public.facts import CHANGES, PublicArea, PublicFacts
from csa.reports.public.neighborhoods import place_ids
from csa.reports.public.sections import map_alt
from csa.reports.public.words import (
    LEAST,
    MOST_NAMED,
    area_state,
    city_count,
    class_words,
    map_name,
    marks_of,
    noun,
    period,
    quarter_words,
)

# ---- The public map as SVG: each neighborhood a shape of its own, areas above, names in two sizes.


WIDTH = 720
"""Units across: about the pixels of the map at a desk, twice those on a phone."""
LEAST_SHARE = 0.45
"""Of a name, in its own neighborhood: large letters are wider than most."""
TALLEST, FLATTEST = 1.25, 0.6
"""Height over width, whatever the city's outline."""
WIDE = Style((WIDTH, WIDTH), 96, 15, 14, 12.5, 2.6, 8)
NARROW = Style((WIDTH, WIDTH), 96, 25, 24, 22, 2.6, 8, names_all=False)


def svg_map(
    sheet: MapSheet, alt: str, places: Mapping[str, tuple[str, shapely.Geometry, int]]
) -> str:
    """Draw the public map; `places` are each neighborhood's id, outline (WGS 84) and class.

    Ids come from us and are safe in an attribute; names are escaped.
    """
    extent = extent_m(sheet)
    west, south, east, north = extent
    height = round(WIDTH * min(TALLEST, max(FLATTEST, (north - south) / (east - west))))
    view = fit(extent, (0.0, 0.0, float(WIDTH), float(height)), sheet.metric_crs)
    colors = class_colors(max(len(sheet.class_words), 1))
    parts = [_mark(Fill(view.draw([shapely.make_valid(sheet.study_area)]), PAPER.land))]
    shapes = view.draw(shape for _, shape, _ in places.values())
    parts += [
        f'<path class="place" data-place="{key}" d="{_path((shape,))}" fill="{colors[level]}" '
        f'stroke="{PAPER.casing}" stroke-width="1.2"/>'
        for (key, _, level), shape in zip(places.values(), shapes, strict=True)
    ]
    if not places and sheet.cells:
        cells = view.draw(draw_cells([cell for cell, _ in sheet.cells]))
        parts += [
            f'<path d="{_path((shape,))}" fill="{colors[level]}"/>'
            for (_, level), shape in zip(sheet.cells, cells, strict=True)
        ]
    # Water and main streets, by which people find their way.
    for name, color, width in (("water", PAPER.water, 2.5), ("main_streets", PAPER.ground, 1.4)):
        lines, faces = lines_and_faces(sheet, view, name)
        parts += [_mark(Fill(faces, color)), _mark(Stroke(lines, color, width))]
    areas = view.draw(area.shape for area in sheet.areas)
    parts.append(f'<g class="changes" display="none">{_changes(sheet, view, areas)}</g>')
    levels = {name: level for name, (_, _, level) in places.items()}
    wide = replace(WIDE, names_all=len(areas) <= MOST_NAMED)
    for name, style in (("wide", wide), ("narrow", NARROW)):
        marks = [*draw_areas(sheet, style, areas), *_labels(sheet, style, view, areas, levels)]
        hidden = ' display="none"' if name == "narrow" else ""
        parts.append(f'<g class="{name}"{hidden}>{"".join(map(_mark, marks))}</g>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="map" viewBox="0 0 {WIDTH} {height}" '
        f'role="img" aria-label="{escape(alt)}" font-family="system-ui, Arial, sans-serif">'
        f"{''.join(parts)}</svg>"
    )


NEARBY = {
    Verdict.FEWER_MOVED.value: "more",
    Verdict.FEWER_FEWER_NEXT.value: "fewer",
    Verdict.MORE_NEXT.value: "more",
}
"""What blocks next to an area had, by its verdict, whose first word is what it had itself."""


def _changes(sheet: MapSheet, view: MapView, areas: Sequence[shapely.Geometry]) -> str:
    """Draw the areas with a change, and around them the blocks with one: a page shows them."""
    drawn = []
    for area, shape in zip(sheet.areas, areas, strict=True):
        around = shapely.difference(shapely.buffer(shape, RING_M * view.px_per_m), shape)
        pairs = ((NEARBY.get(area.verdict), around), (area.verdict.partition(" here")[0], shape))
        drawn += [
            f'<path class="{kind}" d="{_path((of,))}"/>' for kind, of in pairs if kind in CHANGES
        ]
    return "".join(drawn)


def _labels(
    sheet: MapSheet,
    style: Style,
    view: MapView,
    areas: Sequence[shapely.Geometry],
    levels: Mapping[str, int],
) -> list[Mark]:
    labels = Labels(view.frame, style)
    pairs = list(zip(sheet.areas, areas, strict=True))
    place_areas(labels, pairs, is_lettered=style is NARROW or is_crowded(labels, pairs))
    named = named_places(sheet, view)
    for level in sorted({0, *levels.values()}, reverse=True):  # the darkest are named first
        of_level = [one for one in named if levels.get(one[0], 0) == level]
        place_names(labels, of_level, PAPER.ink, LEAST_SHARE)
    return labels.marks


def _mark(mark: Mark) -> str:
    if isinstance(mark, Words):
        x, y, halo = mark.x, mark.y + HALF_CAPITAL * mark.size_px, ""
        if mark.halo_px:
            halo = f' stroke="{PAPER.casing}" stroke-width="{_n(2 * mark.halo_px)}"'
            halo += ' paint-order="stroke" stroke-linejoin="round"'
        weight = ' font-weight="700"' if mark.is_bold else ""
        anchor = ' text-anchor="middle"' if mark.align == "center" else ""
        return (
            f'<text x="{_n(x)}" y="{_n(y)}" font-size="{_n(mark.size_px)}" fill="{mark.color}"'
            f"{halo}{weight}{anchor}>{escape(mark.text)}</text>"
        )
    path = _path(mark.shapes)
    if not path:
        return ""
    if isinstance(mark, Stroke):
        return (
            f'<path d="{path}" fill="none" stroke="{mark.color}" '
            f'stroke-width="{_n(mark.width_px)}" stroke-linejoin="round"/>'
        )
    edge = f' stroke="{mark.edge}" stroke-width="{_n(mark.edge_px)}"' if mark.edge else ""
    return f'<path d="{path}" fill="{mark.color}" fill-rule="evenodd"{edge}/>'


def _path(shapes: Iterable[shapely.Geometry]) -> str:
    """Write shapes as the data of one path, to a tenth of a unit."""
    parts = shapely.get_parts(shapely.get_parts(np.array(list(shapes), dtype=object)))
    is_face = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
    lines = [*shapely.get_rings(parts[is_face]), *parts[~is_face]]
    written = []
    for line in lines:
        xy = shapely.get_coordinates(line)
        if len(xy) > 1:
            end = "Z" if shapely.is_closed(line) else ""
            written.append("M" + "L".join(f"{_n(x)} {_n(y)}" for x, y in xy) + end)
    return "".join(written)


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


CANDIDATE = "candidate"


def public_map(told: PublicFacts, ground: MapGround, config: CityConfig, language: str) -> str:
    """Draw the map of the page and the wall as SVG, from the public facts alone."""
    keys, levels = place_ids(told), {one.name: one.level for one in told.districts}
    named = ground.neighborhoods.dissolve("name").geometry.items()
    places = {name: (keys[name], shape, levels[name]) for name, shape in named if name in keys}
    sheet = public_sheet(told, ground, config, language)
    try:
        return svg_map(sheet, map_alt(told, Translator(language)), places)
    except (ValueError, TypeError, KeyError, shapely.GEOSException) as error:  # damaged layers
        raise MapError("map_sheet.undrawable", why=f"{type(error).__name__}: {error}") from error


def public_sheet(
    told: PublicFacts, ground: MapGround, config: CityConfig, language: str
) -> MapSheet:
    """Return the contents of the public map, from the public facts alone."""
    t, areas = Translator(language), []
    for area in told.areas:
        name, is_served = map_name(area, told, t), area.state != CANDIDATE
        areas.append(MapArea(area.letter, name, outline(area.ground), is_served, area.verdict))
    return MapSheet(
        study_area=ground.study_area,
        neighborhoods=ground.neighborhoods[["name", "geometry"]],
        layers=ground.layers,
        cells=tuple((int(one.cell, 16), one.level) for one in told.cells),
        class_words=class_words(told, language),
        areas=tuple(areas),
        legend_title=noun(told, t),
        date_line=period(told, t),
        source_line=told.source,
        shaded=_shaded(told, ground),
        is_synthetic=told.is_synthetic,
        units=told.units,
        metric_crs=config.city.metric_crs,
        language=language,
    )


def _shaded(told: PublicFacts, ground: MapGround) -> tuple[tuple[shapely.Geometry, int], ...]:
    """Give each neighborhood the class of its own number, as the table has it.

    Cells are left to the downloads: one that touches a quiet neighborhood colored it too. Where
    there are no neighborhoods, cells are shown.
    """
    levels = {one.name: one.level for one in told.districts}
    pieces = zip(ground.neighborhoods["name"], ground.neighborhoods.geometry, strict=True)
    return tuple((shape, levels[name]) for name, shape in pieces if name in levels)


# The public facts on the one map: published counts alone, in the app and as a file.

SHOWN = {"selected": "", "whole": True}


def public_message(
    facts: PublicFacts, language: str = ENGLISH, palette: Palette = PAPER
) -> dict[str, Any]:
    """Return what the map shows of the public facts, and of nothing else."""
    t = Translator(language)
    areas = [_area(area, facts, t) for area in facts.areas]
    return {**SHOWN, "areas": areas, "time": _time(facts, t, palette)}


def public_file(
    facts: PublicFacts, language: str, base: Any, bounds: Sequence[Sequence[float]]
) -> bytes:
    """Write the map as one web page that asks for nothing; `base` is its ground, without counts."""
    t, mark = Translator(language), " · ".join(marks_of(facts, language))
    options = ground_options(base, bounds, PAPER, units=facts.units, t=t)
    made = ground_map({**options, "source": facts.source, "mark": mark})
    CellTimeLayer(public_message(facts, language)).add_to(made)
    content: str = made.get_root().render()
    return content.encode()


def _area(area: PublicArea, facts: PublicFacts, t: Translator) -> dict[str, Any]:
    count = t("term.pair", name=noun(facts, t), text=city_count(area.count, t))
    lines = [area_state(area, t), t("term.comma", name=count, text=period(facts, t))]
    shape = outline(area.ground)
    drawn = pack_area(area.key, map_name(area, facts, t), shape, lines, letter=area.letter)
    drawn["properties"]["core"] = bool(area.letter)
    return drawn


def _time(facts: PublicFacts, t: Translator, palette: Palette) -> dict[str, Any] | None:
    """Pack the cells with published counts, as one step of time."""
    known = {int(one.cell, 16): one.count for one in facts.cells if one.count}
    if not known:
        return None
    cells = np.array(sorted(known), dtype=np.uint64)
    ends: Ints = np.cumsum([known[cell] for cell in cells.tolist()])
    first, until = Month.parse(facts.start), Month.parse(facts.until)
    steps = np.zeros(ends[-1], dtype=np.int64)
    times = CellTimes(cells, ends, steps, first, 1, until.index - first.index)
    drawn = [(pack_cells(cells), dict(zip(cells.tolist(), range(len(cells)), strict=True)))]
    no_areas: tuple[Sequence[str], Ints] = ((), np.zeros(len(cells), dtype=np.int64))
    through = last_day(until.plus(-1))
    message = times.to_message(drawn, palette, (first, until), no_areas, through=through)
    highest = max(known.values())
    bounds = [highest if one.high is None else one.high for one in facts.classes[1:]]
    when, size = period(facts, t), size_words(cells, facts.units, t)
    source = {"quarter": quarter_words(facts.quarter, t), "source": facts.source}
    return message | {
        "bounds": bounds,
        "least": LEAST,
        "total": facts.n_incidents,
        "palette": class_colors(len(facts.classes), palette)[1:],
        "titles": [t("map.published", what=noun(facts, t), when=when, size=size)],
        "names": times.names(t=t),
        "words": map_words(t),
        "note": t("map.published_note", changed=t("public.changed"), **source),
    }
