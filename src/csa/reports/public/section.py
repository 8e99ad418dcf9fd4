"""A section of a public page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from csa.reports.document import Block

Key: TypeAlias = Literal[
    "number",
    "where",
    "areas",
    "neighborhoods",
    "years",
    "change",
    "doing",
    "tasks",
    "answers",
    "part",
    "limits",
    "who",
    "see",
    "double",
    "decides",
]


@dataclass(frozen=True)
class Section:
    """One idea of the public report."""

    key: Key  # its topic: an anchor that is the same in every language
    title: str  # its heading
    blocks: tuple[Block, ...]  # its contents
