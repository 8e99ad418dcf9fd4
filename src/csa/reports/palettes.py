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

PLACES = np.array([1 << 16, 1 << 8, 1], dtype=np.uint32)
"""Of red, green and blue in a number."""

LEVEL = 7
"""How hard zlib tries: 9 takes ten times as long, for a twentieth less."""

PNG = b"\x89PNG\r\n\x1a\n"
TRUE_COLOUR = (8, 2, 0, 0, 0)
"""Bits, red with green and blue, and the only ways that PNG has to press, filter and interlace."""


def keep_palettes(document: object, pdf: Any) -> None:  # noqa: ARG001 - a finisher
    """Write pictures of at most 256 colours by palette, as a finisher of weasyprint."""
    for picture in filter(_is_opaque_png, pdf.objects):
        width, height = int(picture.extra["Width"]), int(picture.extra["Height"])
        pixels = _decoded(b"".join(part.data for part in picture.stream), width, height)
        colours = pixels.getcolors(MOST)
        if colours is None:
            continue
        palette = np.sort(np.array([rgb for _, rgb in colours], dtype=np.uint32) @ PLACES)
        codes = np.frombuffer(pixels.convert("RGBX").tobytes(), dtype=">u4") >> 8
        which = np.searchsorted(palette, codes).astype(np.uint8)
        table = "".join(f"{code:06x}" for code in palette)
        picture.extra["ColorSpace"] = f"[/Indexed /DeviceRGB {len(palette) - 1} <{table}>]"
        del picture.extra["DecodeParms"]
        picture.stream = [zlib.compress(which.tobytes(), LEVEL)]


def _is_opaque_png(thing: Any) -> bool:
    extra = getattr(thing, "extra", None) or {}
    is_flat = extra.get("Filter") == "/FlateDecode" and "SMask" not in extra
    return is_flat and extra.get("Subtype") == "/Image" and extra["ColorSpace"] == "/DeviceRGB"


def _decoded(data: bytes, width: int, height: int) -> Image.Image:
    """Read what a PNG's data hold."""
    parts = (
        (b"IHDR", struct.pack("!IIBBBBB", width, height, *TRUE_COLOUR)),
        (b"IDAT", data),
        (b"IEND", b""),
    )
    chunks = (
        struct.pack("!I", len(body)) + name + body + struct.pack("!I", zlib.crc32(name + body))
        for name, body in parts
    )
    return Image.open(io.BytesIO(PNG + b"".join(chunks)))
