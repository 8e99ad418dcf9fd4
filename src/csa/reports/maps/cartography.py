"""One cartography for printed and saved maps: `draw_map`.

The screen's interactive maps are folium's, the public's is SVG; every other map is drawn here, so
that the sheet in a resident's hand and the picture in a report say the same.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.patheffects import withStroke
from matplotlib.text import Text
from matplotlib.transforms import Affine2D, Bbox
from PIL import Image
from shapely import affinity

from csa.base.errors import MapError
from csa.base.text import Translator
from csa.geo.palette import PAPER, class_colors
from csa.reports.maps.labels import (
    WAYS,
    Labels,
    Placed,
    is_crowded,
    place_areas,
    place_names,
    place_streets,
)
from csa.reports.maps.layers import (
    Box,
    MapView,
    draw_areas,
    draw_ground,
    extent_m,
    fit,
    named_places,
    named_streets,
    north_degrees,
    outline_px,
    scale_bar,
)
from csa.reports.maps.marks import (
    HALF_CAPITAL,
    LINE_HEIGHT,
    Fill,
    Mark,
    Stroke,
    Words,
    font_path,
    moved,
    width_px,
    wrap,
    writable,
)
from csa.reports.maps.sheet import PRINT, MapSheet, Style

# The parts beside a map, never over it: legend, scale bar, north arrow, date and source.

# ---- Numbered services on an area's sheet, each at or beside its place; signs of vacant land.


SPOT = 0.42
"""Half the width of a sign of vacant land, in small letters' height."""
CORNERS = (
    ((-1, -1), (1, -1), (1, 1), (-1, 1)),
    ((0, -1.3), (1.2, 0.9), (-1.2, 0.9)),
    ((0, -1.4), (1.4, 0), (0, 1.4), (-1.4, 0)),
)
"""A sign for each kind: square, triangle, diamond; the first hollow, so that gray print tells."""


def place_services(labels: Labels, services: Sequence[tuple[str, shapely.Geometry]]) -> list[str]:
    """Place numbered services, each at its location or, if that is taken, beside it."""
    size = labels.style.small_px
    missing = []
    for number, point in services:
        radius = max(0.85 * size, 0.5 * width_px(number, size, is_bold=True) + 0.3 * size)
        if shapely.is_empty(point) or not shapely.covers(labels.frame, point):
            missing.append(number)
            continue
        x, y = shapely.get_coordinates(point)[0]
        spots = [(x, y)] + [
            (x + reach * radius * way_x, y + reach * radius * way_y)
            for reach in (2.2, 3.5, 5.0)
            for way_x, way_y in WAYS
        ]
        discs = [shapely.Point(spot).buffer(radius + 1.5) for spot in spots]
        free = [disc for disc in discs if labels.is_free(disc)]
        if not free:
            missing.append(number)
            continue
        labels.put(number, free[0], _service_marks(number, free[0], point, size))
    return missing


def _service_marks(
    number: str, disc: shapely.Geometry, point: shapely.Geometry, size: float
) -> list[Mark]:
    middle = shapely.centroid(disc)
    marks: list[Mark] = []
    if shapely.distance(middle, point) > 1:
        marks.append(Stroke((shapely.shortest_line(middle, point),), PAPER.accent, 2.0))
        marks.append(Fill((shapely.buffer(point, 3.5),), PAPER.accent))
    marks.append(Fill((disc,), PAPER.accent, PAPER.casing, 2.0))
    ink = PAPER.casing
    marks.append(Words(number, middle.x, middle.y, size, ink, is_bold=True, align="center"))
    return marks


def spot_sign(number: int, style: Style) -> Fill:
    """Draw the sign of a kind of vacant land, at the origin."""
    size = SPOT * style.small_px
    shape = shapely.Polygon([(x * size, y * size) for x, y in CORNERS[number % len(CORNERS)]])
    return Fill((shape,), PAPER.casing if number % 2 == 0 else PAPER.ink, PAPER.ink, 2.0)


def draw_spots(sheet: MapSheet, style: Style, view: MapView) -> list[Mark]:
    """Draw each vacant place where it is, by the sign of its kind."""
    marks: list[Mark] = []
    for number, kind in enumerate(sheet.spot_kinds):
        sign = spot_sign(number, style)
        at = shapely.points([(lon, lat) for own, lon, lat in sheet.spots if own == kind])
        xy = shapely.get_coordinates(np.array(view.draw(at), dtype=object)).tolist()
        marks += [moved(sign, x, y) for x, y in xy]
    return marks


LEAST_SHRUNK = 0.78
"""Smallest share of its size to which a legend's line shrinks before it is broken."""


@dataclass(frozen=True)
class Block:
    """A part of the legend, drawn at the origin."""

    width: float  # pixels
    height: float  # pixels
    marks: tuple[Mark, ...]  # its fills, lines and words


def lines_block(lines: Sequence[str], size: float, color: str, *, is_bold: bool = False) -> Block:
    """Set lines below one another."""
    step = LINE_HEIGHT * size
    marks = tuple(
        Words(line, 0.0, (n + 0.5) * step, size, color, is_bold) for n, line in enumerate(lines)
    )
    wide = max((width_px(line, size, is_bold=is_bold) for line in lines), default=0.0)
    return Block(wide, len(lines) * step, marks)


def fitted_lines(text: str, size: float, room: float, color: str) -> Block:
    """Set a text in one line, a little smaller if need be; else in several of the full size."""
    line = writable(text)
    small = min(size, 0.99 * size * room / max(width_px(line, size), 1.0))
    if small >= LEAST_SHRUNK * size:
        return lines_block([line], small, color)
    return lines_block(wrap(line, size, room), size, color)


def stack(blocks: Sequence[Block], gap: float) -> Block:
    """Set blocks below one another."""
    marks: list[Mark] = []
    y = 0.0
    full = [block for block in blocks if block.marks]
    for block in full:
        marks += [moved(mark, 0.0, y) for mark in block.marks]
        y += block.height + gap
    return Block(max((block.width for block in full), default=0.0), max(y - gap, 0.0), tuple(marks))


def flow(blocks: Sequence[Block], room: float, gap: float) -> Block:
    """Set blocks beside one another, in as many rows as they need."""
    rows: list[list[Block]] = []
    for block in (block for block in blocks if block.marks):
        taken = sum(one.width + gap for one in rows[-1]) if rows else 0.0
        if rows and taken + block.width <= room:
            rows[-1].append(block)
        else:
            rows.append([block])
    return stack([_row(row, gap) for row in rows], gap)


def _row(blocks: Sequence[Block], gap: float) -> Block:
    marks: list[Mark] = []
    x = 0.0
    for block in blocks:
        marks += [moved(mark, x, 0.0) for mark in block.marks]
        x += block.width + gap
    return Block(x - gap, max(block.height for block in blocks), tuple(marks))


@dataclass(frozen=True)
class Notes:
    """Labels that did not fit, and the kinds of area that are visible."""

    kinds: frozenset[bool]  # of the visible areas, True for served ones and False for candidates
    missing: tuple[str, ...] = ()
    unlabeled: tuple[str, ...] = ()  # letters of areas shown without a label
    is_lettered: bool = False  # whether areas are labeled by their letter alone


def _sign(style: Style) -> shapely.Geometry:
    half = style.text_px * 0.9
    return shapely.box(-0.9 * half, -0.42 * half, 0.9 * half, 0.42 * half)


def scale_and_north(bar_px: float, label: str, north: float, style: Style) -> Block:
    """Draw the scale bar and the north arrow."""
    size = style.small_px
    left, high = 2.0, 2.6 * size
    y = high - 0.5 * size
    tick = 0.42 * size
    right = left + bar_px
    bar = shapely.LineString([(left, y - tick), (left, y), (right, y), (right, y - tick)])
    text = Words(writable(label), left, 0.85 * size, size, PAPER.ink)
    x = max(right, width_px(text.text, size)) + 1.8 * size
    arrow = shapely.Polygon([(0, -1.1), (0.55, 0.75), (0, 0.35), (-0.55, 0.75)])
    arrow = affinity.rotate(affinity.scale(arrow, size, size, origin=(0, 0)), north, origin=(0, 0))
    y = high - 1.05 * size
    north_word, place = Translator()("map_sheet.north"), x + 1.25 * size
    marks: tuple[Mark, ...] = (
        Stroke((bar,), PAPER.ink, 3.0),
        text,
        Fill((affinity.translate(arrow, x, y),), PAPER.ink),
        Words(north_word, place, y, size, PAPER.ink, is_bold=True, align="center"),
    )
    return Block(x + 1.8 * size, high + 2, marks)


# ---- How a map and its legend share a sheet.


SIDE_SHARE = 0.30
"""Share of the sheet's width for the legend beside the map."""

SIDE_BAR_SHARE, BELOW_BAR_SHARE = 0.16, 0.24
"""Longest scale bar in either position, as a share of the sheet's width."""

SMALLEST_PX = 160
"""Smallest width and height of the map's frame."""

INDEX_ROWS = 7
"""Names in a column below the map."""

INDEX_COST = 0.85
"""How much smaller a map with area names beside it may be than one without."""

NOTHING = Block(0.0, 0.0, ())


@dataclass(frozen=True)
class SheetLayout:
    """One way to share the sheet."""

    view: MapView  # the map's frame, and what it shows
    furniture: tuple[Mark, ...]  # the parts beside the map
    is_indexed: bool  # whether area names are listed beside the map


@dataclass(frozen=True)
class Furniture:
    """What a sheet has to hold beside its map, each part as wide as its room lets it be."""

    sheet: MapSheet
    style: Style
    size: tuple[int, int]  # of the sheet, in pixels
    extent: Box  # that the map must show
    notes: Notes
    is_indexed: bool  # whether area names are listed beside the map

    def legend(self, room: float) -> Block:
        """Draw the classes, lowest first, below the title of what is counted."""
        words, size = self.sheet.class_words, self.style.small_px
        if not words:
            return NOTHING
        lines = wrap(writable(self.sheet.legend_title), size, room, is_bold=True)
        title = lines_block(lines, size, PAPER.ink, is_bold=True)
        swatches = [
            Fill((_sign(self.style),), color, PAPER.faint, 1.0)
            for color in class_colors(len(words))
        ]
        pairs = zip(swatches, words, strict=True)
        items = [self._item([swatch], text, room) for swatch, text in pairs]
        return stack([title, *items], 0.12 * size)

    def signs(self, room: float) -> Block:
        """Explain the outlines and numbers, and name the areas that the map does not show."""
        t, style, notes = Translator(self.sheet.language), self.style, self.notes
        items = []
        for is_served, key in (
            (True, "map_sheet.area_served"),
            (False, "map_sheet.area_candidate"),
        ):
            if is_served in notes.kinds:
                wide = outline_px(style, is_served=is_served)
                line = Stroke((_sign(style),), PAPER.outline, wide)
                items.append(self._item([line], t(key), room))
        size, said = style.small_px, []
        if self.sheet.services:
            disc = Fill((shapely.buffer(shapely.Point(0, 0), 0.85 * size),), PAPER.accent)
            number = Words("1", 0.0, 0.0, size, PAPER.casing, is_bold=True, align="center")
            items.append(self._item([disc, number], t("map_sheet.service"), room))
        for number_of, kind in enumerate(self.sheet.spot_kinds):
            items.append(self._item([spot_sign(number_of, style)], kind, room))
        if notes.is_lettered and not self.is_indexed:  # there was no room for names
            said.append(t("map_sheet.names_in_list"))
        if notes.missing:
            said.append(t("map_sheet.not_shown", which=", ".join(notes.missing)))
        if notes.unlabeled:
            said.append(t("map_sheet.unlabeled", which=", ".join(notes.unlabeled)))
        items += [lines_block(wrap(writable(text), size, room), size, PAPER.ink) for text in said]
        return stack(items, 0.12 * style.text_px)

    def _item(self, swatch: Sequence[Mark], text: str, room: float) -> Block:
        """Draw a symbol and its words; it is centered on (0, 0), in a field 2.6 ems wide."""
        size = self.style.text_px * 0.9
        field = 2.6 * size
        lines = fitted_lines(text, size, room - field, PAPER.ink)
        middle = LINE_HEIGHT * size / 2
        signs = [moved(mark, 1.05 * size, middle) for mark in swatch]
        words = [moved(mark, field, 0.0) for mark in lines.marks]
        return Block(field + lines.width, max(lines.height, 2 * middle), (*signs, *words))

    def index(self, room: float, rows: int) -> Block:
        """List area names by letter, if the map has room for letters only."""
        if not self.is_indexed:
            return NOTHING
        size, areas = self.style.small_px, self.sheet.areas
        letters = [writable(area.letter) for area in areas if area.letter]
        names = [area.name for area in areas if area.letter]  # a candidate's stands on the map
        field = max((width_px(letter, size, is_bold=True) for letter in letters), default=0.0)
        field += 0.6 * size
        lines = []
        for letter, name in zip(letters, names, strict=True):
            own = lines_block([letter], size, PAPER.ink, is_bold=True)
            said = lines_block(wrap(writable(name), size, room - field, 4), size, PAPER.ink)
            marks = (*own.marks, *(moved(mark, field, 0.0) for mark in said.marks))
            lines.append(Block(field + said.width, max(own.height, said.height), marks))
        columns = [stack(lines[at : at + rows], 0.0) for at in range(0, len(lines), rows)]
        return flow(columns, room, 1.2 * size)

    def synthetic(self) -> Block:
        """Draw the mark of a synthetic city."""
        if not self.sheet.is_synthetic:
            return NOTHING
        size = self.style.small_px
        text = writable(Translator(self.sheet.language)("map_sheet.synthetic"))
        wide, high = width_px(text, size, is_bold=True) + size, 1.7 * size
        frame = Fill((shapely.box(1, 1, wide, high),), PAPER.ground, PAPER.ink, 2.0)
        x, y = (wide + 1) / 2, (high + 1) / 2
        words = Words(text, x, y, size, PAPER.ink, is_bold=True, align="center")
        return Block(wide + 1, high + 1, (frame, words))

    def sources(self, room: float) -> Block:
        """Write the period and the source."""
        size = self.style.small_px
        date = lines_block(wrap(writable(self.sheet.date_line), size, room), size, PAPER.ink)
        source = fitted_lines(self.sheet.source_line, size, room, PAPER.faint)
        return stack([date, source], 0.1 * size)

    def bar(self, view: MapView, longest: float) -> Block:
        """Draw the scale bar and the north arrow of a map."""
        sheet = self.sheet
        bar_px, label = scale_bar(view, sheet.units, sheet.language, longest)
        west, south, east, north = self.extent
        lean = north_degrees(view, (west + east) / 2, (south + north) / 2)
        return scale_and_north(bar_px, label, lean, self.style)

    def _fitted(self, box: Box) -> MapView | None:
        if min(box[2] - box[0], box[3] - box[1]) < SMALLEST_PX:
            return None
        return fit(self.extent, box, self.sheet.metric_crs)

    def side_layout(self) -> SheetLayout | None:
        """Put the legend beside the map; None where there is no room for both."""
        width, height = self.size
        room, gap, longest = SIDE_SHARE * width, self.style.pad_px, SIDE_BAR_SHARE * width
        rows = len(self.sheet.areas) or 1
        parts = [self.synthetic(), self.legend(room), self.signs(room), self.index(room, rows)]
        foot = self.sources(room)
        widest = scale_and_north(longest, "", 0.0, self.style)
        column = min(max(one.width for one in (*parts, foot, widest)), room)
        view = self._fitted((1.0, 1.0, width - column - gap, height - 1.0))
        if view is None:
            return None
        top = stack([*parts, self.bar(view, longest)], gap)
        if top.height + gap + foot.height > height:
            return None
        left = view.box[2] + gap
        marks = [moved(mark, left, 0.0) for mark in top.marks]
        marks += [moved(mark, left, height - foot.height) for mark in foot.marks]
        return SheetLayout(view, tuple(marks), self.is_indexed)

    def bottom_layout(self) -> SheetLayout | None:
        """Put the legend below the map; None where there is no room for both."""
        width, height = self.size
        gap, longest = self.style.pad_px, BELOW_BAR_SHARE * width
        third = width / 3 - gap

        def strip(bar: Block) -> Block:
            last = stack([self.synthetic(), bar], gap)
            classes = self.legend(third)
            signs = self.signs(third if classes.marks else 2 * third)
            names = self.index(width, INDEX_ROWS)
            blocks = flow([classes, signs, last, names], width, 2 * gap)
            return stack([blocks, self.sources(width)], 0.7 * gap)

        reserved = strip(scale_and_north(longest, "", 0.0, self.style)).height
        view = self._fitted((1.0, 1.0, width - 1.0, height - reserved - gap))
        if view is None:
            return None
        marks = [moved(one, 0.0, view.box[3] + gap) for one in strip(self.bar(view, longest)).marks]
        return SheetLayout(view, tuple(marks), self.is_indexed)


def share(
    sheet: MapSheet, style: Style, size: tuple[int, int], extent: Box, notes: Notes
) -> SheetLayout:
    """Put the legend beside or below the map, whichever leaves the map larger."""
    best: SheetLayout | None = None
    for is_indexed in (False, True) if notes.is_lettered else (False,):
        parts = Furniture(sheet, style, size, extent, notes, is_indexed)
        found = [
            layout for layout in (parts.side_layout(), parts.bottom_layout()) if layout is not None
        ]
        if not found:
            continue
        largest = max(found, key=lambda layout: layout.view.px_per_m)
        if best is None or largest.view.px_per_m >= INDEX_COST * best.view.px_per_m:
            best = largest
    if best is None:
        raise MapError("map_sheet.no_room", width=size[0], height=size[1])
    return best


DOTS = 72
"""One point is one pixel: letters and lines are given in pixels."""

DASHED = (0, (4.0, 4.0))
"""Dash pattern, in line widths."""

COLORS = 96
"""Size of the picture's own palette: a map has few colors, plus their blends at edges."""


def paint(
    layers: Sequence[tuple[Sequence[Mark], Box | None]], size_px: tuple[int, int], dpi: int
) -> bytes:
    """Paint marks into a PNG."""
    width, height = size_px
    figure = Figure(
        figsize=(width / DOTS, height / DOTS), dpi=DOTS, facecolor=PAPER.ground, edgecolor="none"
    )
    canvas = FigureCanvasAgg(figure)
    upright = Affine2D().scale(1, -1).translate(0, height)
    order = 0
    for marks, frame in layers:
        for artist in filter(None, (_artist(mark, upright) for mark in marks)):
            order += 1
            artist.set_zorder(order)
            figure.add_artist(artist)
            if frame is not None:
                left, top, right, bottom = frame
                artist.set_clip_box(Bbox([[left, height - bottom], [right, height - top]]))
    canvas.draw()  # type: ignore[no-untyped-call]
    pixels = np.asarray(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
    whole = Image.fromarray(np.ascontiguousarray(pixels[:, :, :3]))
    few = whole.quantize(COLORS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    out = io.BytesIO()
    few.save(out, "PNG", compress_level=7, dpi=(dpi, dpi))
    return out.getvalue()


def _artist(mark: Mark, upright: Affine2D) -> Artist | None:
    if isinstance(mark, Words):
        return _text(mark, upright)
    path = _path(mark.shapes)
    if path is None:
        return None
    look: dict[str, Any]
    if isinstance(mark, Stroke):
        look = {"facecolor": "none", "edgecolor": mark.color, "linewidth": mark.width_px}
        look["linestyle"] = DASHED if mark.is_dashed else "solid"
    else:
        look = {"facecolor": mark.color, "edgecolor": mark.edge or "none", "alpha": mark.alpha}
        look["linewidth"] = mark.edge_px if mark.edge else 0.0
    look |= {"antialiased": True, "joinstyle": "round", "capstyle": "round"}
    return PathPatch(path, transform=upright, **look)


def _text(words: Words, upright: Affine2D) -> Text:
    halo = withStroke(linewidth=2 * words.halo_px, foreground=PAPER.casing, joinstyle="round")
    lean = np.radians(words.angle)
    drop = HALF_CAPITAL * words.size_px
    return Text(
        words.x + drop * np.sin(lean),
        words.y + drop * np.cos(lean),
        words.text,
        transform=upright,
        color=words.color,
        fontproperties=FontProperties(fname=font_path(is_bold=words.is_bold), size=words.size_px),
        horizontalalignment=words.align,
        verticalalignment="baseline",
        rotation=words.angle,
        rotation_mode="anchor",
        parse_math=False,
        usetex=False,
        path_effects=[halo] if words.halo_px else [],
    )


def _path(shapes: Iterable[shapely.Geometry]) -> Path | None:
    """Return one path of all rings and lines; holes run the other way, so they stay empty."""
    parts = shapely.get_parts(np.array(list(shapes), dtype=object))
    while (shapely.get_type_id(parts) > shapely.GeometryType.POLYGON).any():
        parts = shapely.get_parts(parts)
    is_face = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
    rings = shapely.get_rings(shapely.orient_polygons(parts[is_face]))
    is_line = (shapely.get_dimensions(parts) == 1) & ~is_face
    lines = np.concatenate([rings, parts[is_line]])
    lines = lines[~shapely.is_empty(lines)]
    if not len(lines):
        return None
    xy, which = shapely.get_coordinates(lines, return_index=True)
    codes = np.full(len(xy), Path.LINETO, dtype=Path.code_type)
    codes[np.r_[True, np.diff(which) > 0]] = Path.MOVETO
    is_last = np.r_[np.diff(which) > 0, True]
    codes[is_last & shapely.is_closed(lines)[which]] = Path.CLOSEPOLY
    return Path(xy, codes)


MOST_TURNS = 6
"""Most rounds of placing labels and then laying out what is said of them beside the map."""


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


def draw_map(sheet: MapSheet, size_px: tuple[int, int] = PRINT.size_px) -> bytes:
    """Draw a static map as PNG."""
    try:
        composed = compose_map(sheet, size_px)
        frame = composed.layout.view.box
        on_map, beside = (*composed.ground, *composed.label_marks), composed.furniture
        return paint([(on_map, frame), (beside, None)], composed.size_px, PRINT.dpi)
    except (ValueError, TypeError, KeyError, RuntimeError, MemoryError, OverflowError) as error:
        # ValueError: damaged GeoJSON, among others. RuntimeError: raised by the font library.
        raise MapError("map_sheet.undrawable", why=f"{type(error).__name__}: {error}") from error
    except shapely.GEOSException as error:
        raise MapError("map_sheet.undrawable", why=str(error)) from error


def compose_map(sheet: MapSheet, size_px: tuple[int, int] = PRINT.size_px) -> Composition:
    """Lay out a map: where everything stands, before it is painted."""
    extent = extent_m(sheet)
    found, turn = Notes(frozenset(area.is_served for area in sheet.areas)), 0
    while True:
        notes, turn = found, turn + 1  # they need lines beside the map, and so another layout
        layout = share(sheet, PRINT, size_px, extent, notes)
        labels, found = _label(sheet, layout.view, notes)
        if found == notes or turn == MOST_TURNS:
            break
    shapes = layout.view.draw(area.shape for area in sheet.areas)
    zones = tuple(layout.view.draw(sheet.zones))
    areas = draw_areas(sheet, PRINT, shapes, zones)
    ground = [*draw_ground(sheet, PRINT, layout.view), *areas]
    ground += draw_spots(sheet, PRINT, layout.view)
    furniture = (Stroke((layout.view.frame,), PAPER.hairline, 2.0), *layout.furniture)
    placed, marks = tuple(labels.placed), tuple(labels.marks)
    return Composition(size_px, layout, tuple(ground), furniture, placed, marks, notes)


def _label(sheet: MapSheet, view: MapView, notes: Notes) -> tuple[Labels, Notes]:
    """Place labels: areas first, then the names that help readers find their way."""
    labels = Labels(view.frame, PRINT)
    spots = view.draw(shapely.Point(lon, lat) for _, lon, lat, _ in sheet.services)
    numbers = [str(number) for *_, number in sheet.services]
    lacking = place_services(labels, list(zip(numbers, spots, strict=True)))
    pairs = list(zip(sheet.areas, view.draw(area.shape for area in sheet.areas), strict=True))
    is_near = sheet.focus is not None
    is_lettered = notes.is_lettered or is_crowded(labels, pairs)
    outside, unlabeled = place_areas(labels, pairs, is_near=is_near, is_lettered=is_lettered)
    kinds = frozenset(
        area.is_served for area, shape in pairs if shapely.intersects(shape, view.frame)
    )
    if sheet.street_names:
        place_streets(labels, named_streets(sheet, view))
    place_names(labels, named_places(sheet, view), PAPER.quiet)
    return labels, Notes(kinds, (*lacking, *outside), tuple(unlabeled), is_lettered)
