"""Pictures of few colours keep their palette in a PDF: weasyprint writes three bytes a pixel.

Exact, pixel for pixel: a map has fewer than a hundred colours, and so takes a third of the room.
"""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
from PIL import Image

MOST = 256
"""Colours that a byte can tell apart."""

PNG = b"\x89PNG\r\n\x1a\n"
TRUE_COLOUR = (8, 2, 0, 0, 0)
"""Bits, red with green and blue, and the only ways that PNG has to press, filter and interlace."""


def keep_palettes(document: object, pdf: Any) -> None:  # noqa: ARG001 - a finisher
    """Write pictures of at most 256 colours by palette, as a finisher of weasyprint.

    Parameters
    ----------
    document
        The pages; not needed.
    pdf
        What weasyprint is about to write (`pydyf.PDF`); its pictures are changed in place. One of
        more colours, or with transparency, is left as it is.
    """
    for picture in filter(_is_opaque_png, pdf.objects):
        width, height = int(picture.extra["Width"]), int(picture.extra["Height"])
        pixels = _pixels(b"".join(part.data for part in picture.stream), width, height)
        codes = pixels @ np.array([1 << 16, 1 << 8, 1], dtype=np.uint32)
        palette, which = np.unique(codes, return_inverse=True)
        if len(palette) > MOST:
            continue
        table = "".join(f"{code:06x}" for code in palette)
        picture.extra["ColorSpace"] = f"[/Indexed /DeviceRGB {len(palette) - 1} <{table}>]"
        del picture.extra["DecodeParms"]
        picture.stream = [zlib.compress(which.astype(np.uint8).tobytes(), 9)]


def _is_opaque_png(thing: Any) -> bool:
    extra = getattr(thing, "extra", None) or {}
    is_flat = extra.get("Filter") == "/FlateDecode" and "SMask" not in extra
    return is_flat and extra.get("Subtype") == "/Image" and extra["ColorSpace"] == "/DeviceRGB"


def _pixels(data: bytes, width: int, height: int) -> np.ndarray:
    """Read what a PNG holds: (height, width, 3) of whole numbers from 0 to 255."""
    parts = (
        (b"IHDR", struct.pack("!IIBBBBB", width, height, *TRUE_COLOUR)),
        (b"IDAT", data),
        (b"IEND", b""),
    )
    chunks = (
        struct.pack("!I", len(body)) + name + body + struct.pack("!I", zlib.crc32(name + body))
        for name, body in parts
    )
    picture = Image.open(io.BytesIO(PNG + b"".join(chunks)))
    return np.asarray(picture, dtype=np.uint32)
