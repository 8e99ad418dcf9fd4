"""Parts of the legend, set below or beside one another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from csa.reports.maps.marks import LINE_HEIGHT, Mark, Words, moved, width_px


@dataclass(frozen=True)
class Block:
    """A part of the legend, drawn at the origin."""

    width: float  # pixels
    height: float  # pixels
    marks: tuple[Mark, ...]  # its fills, lines and words


def lines_block(lines: Sequence[str], size: float, colour: str, *, is_bold: bool = False) -> Block:
    """Set lines below one another."""
    step = LINE_HEIGHT * size
    marks = tuple(
        Words(line, 0.0, (n + 0.5) * step, size, colour, is_bold) for n, line in enumerate(lines)
    )
    wide = max((width_px(line, size, is_bold=is_bold) for line in lines), default=0.0)
    return Block(wide, len(lines) * step, marks)


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
