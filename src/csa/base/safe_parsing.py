"""The one module for what files may hold: bounded in depth and size, whoever wrote them.

Each function raises ValueError for what it refuses, so that a caller's own sentence on a damaged
file covers it, too.
"""

from __future__ import annotations

import io
import json
import lzma
import re
import sys
import tomllib
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MAX_DEPTH = 60
"""Lists within one another: more than any file needs, few enough for whatever walks through."""
MAX_UNPACKED = 100_000_000
"""Bytes that a packed file may become: a store's backup has a hundredth of it."""
MAX_TEXT = 20_000_000
"""Bytes of a file of areas or of a summary: the largest city's have a tenth of it."""
MAX_TOML = 2_000_000
"""Characters of a TOML file: the longest plan has a fortieth of it."""
DOTTED = re.compile(rf"""(?<![\w"'-])(?:[\w"'-]++\s*+\.\s*+){{{MAX_DEPTH}}}""")
BLOCK = 1_000_000
GZIP = 16 + zlib.MAX_WBITS
ENCRYPTED = 1
BROKEN_ZIP = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, RuntimeError)
"""What an archive that is damaged, or packed in an unknown way, raises."""


def read_text(path: Path) -> str:
    """Read a text of UTF-8 that is taken as a whole."""
    with path.open("rb") as stream:
        content = stream.read(MAX_TEXT + 1)
    if len(content) > MAX_TEXT:
        raise ValueError(f"it has more than {MAX_TEXT:,} bytes")
    return content.decode("utf-8-sig")


def parse_json(text: str | bytes) -> Any:
    """Read JSON."""
    try:
        return _shallow(json.loads(text))
    except RecursionError:
        raise ValueError(_too_deep()) from None


def number(value: Any, *, least: float = 0, most: float = 1e9) -> float:
    """Take a number that a file holds; refuse anything that is no finite one within its range."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise ValueError(value)
    return float(value)


def parse_count(value: Any) -> int:
    """Take a number of things that a file holds."""
    if not isinstance(value, int):
        raise ValueError(value)  # noqa: TRY004 - as everything here
    number(value)
    return value


def parse_toml(text: str) -> dict[str, Any]:
    """Read TOML."""
    if len(text) > MAX_TOML:
        raise ValueError(f"it has more than {MAX_TOML:,} characters")
    if DOTTED.search(text):  # which Python's reader takes hours for
        raise ValueError(_too_deep())
    try:
        found: dict[str, Any] = _shallow(tomllib.loads(text))
    except RecursionError:
        raise ValueError(_too_deep()) from None
    return found


def _shallow(value: Any) -> Any:
    """Return a value of few levels; refuse one of many."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            child
            for one in level
            if isinstance(one, dict | list)
            for child in (one.values() if isinstance(one, dict) else one)
        ]
        if not level:
            return value
    raise ValueError(_too_deep())


def _too_deep() -> str:
    return f"it has more than {MAX_DEPTH} levels of lists within lists"


def unpack_gzip(packed: bytes, most: int = MAX_UNPACKED) -> bytes:
    """Unpack a gzip file of one part, as the program writes them."""
    reader = zlib.decompressobj(GZIP)
    try:
        content = reader.decompress(packed, most)
    except zlib.error as error:
        raise ValueError(str(error)) from error
    if not reader.eof or reader.unused_data:
        raise ValueError("it does not end where it should, or is too large")
    return content


def unpack_zip(packed: bytes, most: int = MAX_UNPACKED) -> Iterator[tuple[str, bytes]]:
    """Yield the parts of an archive, block by block, each with its name; nothing is written."""
    size = 0
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            for part in archive.infolist():
                if part.flag_bits & ENCRYPTED:
                    raise ValueError("it is encrypted")
                part.file_size = sys.maxsize  # what it says of itself is not to be trusted
                with archive.open(part) as stream:
                    while block := stream.read(BLOCK):
                        size += len(block)
                        if size > most:
                            raise ValueError("it is too large when unpacked")
                        yield part.filename, block
    except BROKEN_ZIP as error:
        raise ValueError(str(error)) from error
