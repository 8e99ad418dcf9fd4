"""How a map and its legend share a sheet."""

from __future__ import annotations

from dataclasses import dataclass, replace

from csa.base.errors import MapError
from csa.reports.maps.furniture import (
    Block,
    Notes,
    flow,
    index,
    legend,
    scale_and_north,
    signs,
    sources,
    stack,
    synthetic,
)
from csa.reports.maps.layers import Box, MapView, fit, north_degrees, scale_bar
from csa.reports.maps.marks import Mark, moved
from csa.reports.maps.sheet import MapSheet, Style

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


@dataclass(frozen=True)
class SheetLayout:
    """One way to share the sheet."""

    view: MapView  # the map's frame, and what it shows
    furniture: tuple[Mark, ...]  # the parts beside the map
    bar_px: float  # length of the scale bar
    bar_label: str  # text of the scale bar
    is_indexed: bool  # whether area names are listed beside the map


@dataclass(frozen=True)
class _Ask:
    """What a sheet has to hold."""

    sheet: MapSheet
    style: Style
    size: tuple[int, int]
    extent: Box
    notes: Notes
    is_indexed: bool

    def signs(self, room: float) -> Block:
        is_unnamed = self.notes.is_lettered and not self.is_indexed
        notes = replace(self.notes, is_unnamed=is_unnamed)
        return signs(self.sheet, self.style, room, notes)

    def index(self, room: float, rows: int) -> Block:
        if not self.is_indexed:
            return Block(0.0, 0.0, ())
        return index(self.sheet, self.style, room, rows)

    def fitted(self, box: Box) -> MapView | None:
        if min(box[2] - box[0], box[3] - box[1]) < SMALLEST_PX:
            return None
        return fit(self.extent, box, self.sheet.metric_crs)

    def bar(self, view: MapView, longest: float) -> tuple[Block, float, str]:
        sheet = self.sheet
        bar_px, label = scale_bar(view, sheet.units, sheet.language, longest)
        west, south, east, north = self.extent
        lean = north_degrees(view, (west + east) / 2, (south + north) / 2)
        return scale_and_north(bar_px, label, lean, self.style), bar_px, label

    def bar_at_most(self, longest: float) -> Block:
        return scale_and_north(longest, "", 0.0, self.style)


def share(
    sheet: MapSheet, style: Style, size: tuple[int, int], extent: Box, notes: Notes
) -> SheetLayout:
    """Put the legend beside or below the map, whichever leaves the map larger."""
    best: SheetLayout | None = None
    for is_indexed in (False, True) if notes.is_lettered else (False,):
        ask = _Ask(sheet, style, size, extent, notes, is_indexed)
        found = [layout for layout in (_beside(ask), _below(ask)) if layout is not None]
        if not found:
            continue
        largest = max(found, key=lambda layout: layout.view.px_per_m)
        if best is None or largest.view.px_per_m >= INDEX_COST * best.view.px_per_m:
            best = largest
    if best is None:
        raise MapError("map_sheet.no_room", width=size[0], height=size[1])
    return best


def _beside(ask: _Ask) -> SheetLayout | None:
    width, height = ask.size
    room, gap = SIDE_SHARE * width, ask.style.pad_px
    parts = [
        synthetic(ask.sheet, ask.style),
        legend(ask.sheet, ask.style, room),
        ask.signs(room),
        ask.index(room, len(ask.sheet.areas) or 1),
    ]
    foot = sources(ask.sheet, ask.style, room)
    longest = SIDE_BAR_SHARE * width
    column = min(max(one.width for one in (*parts, foot, ask.bar_at_most(longest))), room)
    view = ask.fitted((1.0, 1.0, width - column - gap, height - 1.0))
    if view is None:
        return None
    bar, bar_px, label = ask.bar(view, longest)
    top = stack([*parts, bar], gap)
    if top.height + gap + foot.height > height:
        return None
    left = view.box[2] + gap
    marks = [moved(mark, left, 0.0) for mark in top.marks]
    marks += [moved(mark, left, height - foot.height) for mark in foot.marks]
    return SheetLayout(view, tuple(marks), bar_px, label, ask.is_indexed)


def _below(ask: _Ask) -> SheetLayout | None:
    width, height = ask.size
    gap = ask.style.pad_px
    third, longest = width / 3 - gap, BELOW_BAR_SHARE * width

    def strip(bar: Block) -> Block:
        last = stack([synthetic(ask.sheet, ask.style), bar], gap)
        classes = legend(ask.sheet, ask.style, third)
        parts = [classes, ask.signs(third if classes.marks else 2 * third), last]
        parts.append(ask.index(width, INDEX_ROWS))
        beside = flow(parts, width, 2 * gap)
        return stack([beside, sources(ask.sheet, ask.style, width)], 0.7 * gap)

    reserved = strip(ask.bar_at_most(longest)).height
    view = ask.fitted((1.0, 1.0, width - 1.0, height - reserved - gap))
    if view is None:
        return None
    bar, bar_px, label = ask.bar(view, longest)
    marks = [moved(one, 0.0, view.box[3] + gap) for one in strip(bar).marks]
    return SheetLayout(view, tuple(marks), bar_px, label, ask.is_indexed)
