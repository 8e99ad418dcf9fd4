"""One cartography for printed, projected and saved maps: `draw_map`.

The screen's interactive maps are folium's; every static map is drawn here, so that the sheet in
a resident's hand, the wall in the hall and the picture on a page say the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import shapely

from csa.base.errors import MapError
from csa.reports.maps.furniture import Notes
from csa.reports.maps.labels import is_crowded, place_areas
from csa.reports.maps.layers import draw_areas, draw_ground, named_streets
from csa.reports.maps.layout import SheetLayout, share
from csa.reports.maps.marks import Mark, Stroke, Words
from csa.reports.maps.names import place_names, place_streets
from csa.reports.maps.palette import PAPER
from csa.reports.maps.picture import paint
from csa.reports.maps.placing import Labels, Placed
from csa.reports.maps.services import place_services
from csa.reports.maps.sheet import STYLES, MapArea, MapSheet, Style, StyleName
from csa.reports.maps.view import MapView, extent_m

__all__ = ["Composition", "MapArea", "MapSheet", "StyleName", "compose_map", "draw_map"]

MOST_TURNS = 5
"""Most rounds of placing labels and then laying out what is said of them beside the map."""

N_WALL_NAMES = 12
"""Most neighborhoods named on the wall: enough to find one's way."""


@dataclass(frozen=True)
class Composition:
    """A map with everything in place, before it is painted."""

    size_px: tuple[int, int]  # width and height
    layout: SheetLayout  # how the map and its legend share the sheet
    ground: tuple[Mark, ...]  # the map, clipped to its frame
    furniture: tuple[Mark, ...]  # the legend and other parts beside the map
    labels: tuple[Placed, ...]  # labels on the map, with what each covers
    label_marks: tuple[Mark, ...]  # the labels' fills, lines and words
    notes: Notes  # the labels that did not fit on the map

    @property
    def words(self) -> tuple[Words, ...]:
        """All text on the sheet."""
        marks = (*self.furniture, *self.label_marks)
        return tuple(mark for mark in marks if isinstance(mark, Words))


def draw_map(sheet: MapSheet, style: StyleName, *, size_px: tuple[int, int] | None = None) -> bytes:
    """Draw a static map as PNG."""
    try:
        composed = compose_map(sheet, style, size_px=size_px)
        frame = composed.layout.view.box
        layers = [
            (composed.ground, frame),
            (composed.label_marks, frame),
            (composed.furniture, None),
        ]
        return paint(layers, composed.size_px, STYLES[style].dpi)
    except (ValueError, TypeError, KeyError, RuntimeError, MemoryError, OverflowError) as error:
        # ValueError: damaged GeoJSON, among others. RuntimeError: raised by the font library.
        raise MapError("map_sheet.undrawable", why=f"{type(error).__name__}: {error}") from error
    except shapely.GEOSException as error:
        raise MapError("map_sheet.undrawable", why=str(error)) from error


def compose_map(
    sheet: MapSheet, style: StyleName, *, size_px: tuple[int, int] | None = None
) -> Composition:
    """Lay out a map: where everything stands, before it is painted."""
    sizes = STYLES[style]
    size = size_px or sizes.size_px
    extent = extent_m(sheet)
    notes = Notes(frozenset(area.is_served for area in sheet.areas))
    layout = share(sheet, sizes, size, extent, notes)
    labels, found = _label(sheet, sizes, layout.view, notes)
    for _ in range(MOST_TURNS):
        if found == notes:
            break
        notes = found  # the notes need lines beside the map, and so another layout
        layout = share(sheet, sizes, size, extent, notes)
        labels, found = _label(sheet, sizes, layout.view, notes)
    shapes = layout.view.draw(area.shape for area in sheet.areas)
    ground = [*draw_ground(sheet, sizes, layout.view), *draw_areas(sheet, sizes, shapes)]
    frame = Stroke((layout.view.frame,), PAPER.hairline, 2.0)
    return Composition(
        size,
        layout,
        tuple(ground),
        (frame, *layout.furniture),
        tuple(labels.placed),
        tuple(labels.marks),
        notes,
    )


def _label(sheet: MapSheet, style: Style, view: MapView, notes: Notes) -> tuple[Labels, Notes]:
    """Place labels: areas first, then the names that help readers find their way."""
    labels = Labels(view.frame, style)
    lacking: list[str] = []
    if sheet.services:
        spots = view.draw(shapely.points([(lon, lat) for _, lon, lat, _ in sheet.services]))
        numbers = [str(number) for *_, number in sheet.services]
        lacking += place_services(labels, list(zip(numbers, spots, strict=True)))
    shapes = view.draw(area.shape for area in sheet.areas)
    pairs = list(zip(sheet.areas, shapes, strict=True))
    is_near = sheet.focus is not None
    is_lettered = notes.is_lettered or is_crowded(labels, pairs)
    outside, unlabelled = place_areas(labels, pairs, is_near=is_near, is_lettered=is_lettered)
    lacking += outside
    is_seen = [bool(shapely.intersects(shape, view.frame)) for shape in shapes]
    kinds = frozenset(
        area.is_served for (area, _), seen in zip(pairs, is_seen, strict=True) if seen
    )
    if sheet.street_names:
        place_streets(labels, named_streets(sheet, view))
    named = view.draw(sheet.neighborhoods.geometry)
    names = [str(name) for name in sheet.neighborhoods["name"]]
    colour = PAPER.ink if style.is_projected else PAPER.quiet
    most = N_WALL_NAMES if style.is_projected else len(names)
    place_names(labels, list(zip(names, named, strict=True)), colour, most)
    return labels, Notes(kinds, tuple(lacking), tuple(unlabelled), is_lettered)
