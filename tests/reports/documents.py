"""Editions by hand, without any data."""

from __future__ import annotations

import io
import re
import zlib
from functools import cache

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from tests.sentences import says

from csa.reports.document import (
    Box,
    Bullets,
    Document,
    Heading,
    Lead,
    PageBreak,
    Paragraph,
    Picture,
    Table,
)

LONG_NAME = "Saint Bartholomew and Old Quarry Heights Upper West Terraces"
FROM_RIGHT = "تعليق من الجيران عن الإنارة"
HOSTILE = '</style><script>alert("1 & 2")</script>\\'
HEAD = "abcdef0123456789" * 4


@cache
def picture(width=6.7, height=5.0):
    """Draw something that is as large as a map."""
    figure = Figure(figsize=(width, height), dpi=200)
    FigureCanvasAgg(figure)
    figure.add_subplot().plot([1, 3, 2])
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()


def areas_table(n_areas):
    """Make a row an area; the second has a name of 60 characters."""
    rows = tuple(
        (LONG_NAME if n == 1 else f"Area {n}, Mill Creek east", "First", str(14 + n), "as before")
        for n in range(n_areas)
    )
    return Table("Areas by tier", ("Area", "Tier", "Shootings", "What changed"), rows, (2,))


def document(n_areas=6, **changes):
    """Make an edition with every kind of block."""
    given = {
        "title": "How shootings stand in Orrinvale",
        "subtitle": "For the Executive Committee: July 2020",
        "language": "en",
        "marks": ("Synthetic city", "unreviewed"),
        "footer": "Orrinvale, July 2020, executive edition, snapshot 0123456789ab",
        "blocks": (
            Lead(("Six areas hold most of it.", "We cannot tell.", "Two decisions are due.")),
            Heading("Where"),
            Picture(picture(), "Six areas lie along the river.", "August 2017 to July 2020"),
            Heading("Areas", 2),
            areas_table(n_areas),
            Heading("What people said", 3),
            Paragraph(FROM_RIGHT),
            Bullets(("The light is out", "The lot is empty")),
            Bullets(("Knock on each door",), is_open=True),
            Picture(None, "It would show the services.", missing=says("wall.map_missing")),
            Paragraph("Counted by people.", is_faint=True),
            PageBreak(),
            Box("How we know", ("Counts vary by chance.", "The rest of the city is compared.")),
        ),
        "snapshot_id": "0123456789ab",
        "audit_head": HEAD,
    }
    return Document(**(given | changes))


def objects(pdf):
    """List the file's objects, what is packed unpacked: an oracle that knows no PDF library."""
    found = re.findall(rb"\d+ 0 obj\s(.*?)\sendobj", pdf, re.DOTALL)
    for body in list(found):
        if b"/ObjStm" in body:
            found.append(zlib.decompress(stream(body)))
    return found


def stream(body):
    return body.split(b"stream\n", 1)[1].rsplit(b"\nendstream", 1)[0]


def pages(pdf):
    """Give width and height of each page, points."""
    boxes = re.findall(
        rb"/Type /Page\b(?!s).*?/MediaBox \[([^\]]*)\]", b"\n".join(objects(pdf)), re.DOTALL
    )
    return [tuple(round(float(side)) for side in box.split()[2:]) for box in boxes]
