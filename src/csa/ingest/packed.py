"""A table of records that somebody packed: alone in a zip, or as a gzip."""

from __future__ import annotations

import codecs
import io
import re
import zipfile
from pathlib import Path, PurePosixPath

from csa.base.errors import SourceError
from csa.base.reading import BROKEN_ZIP, unpack_gzip, unpack_zip

ZIP, GZIP = b"PK\x03\x04", b"\x1f\x8b"
PACKED = frozenset({".zip", ".gz"})
MAPS = frozenset({".shp", ".gpkg", ".geojson"})
TABLES = frozenset({".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".xlsx", ".xlsm"})
MOST_JSON, CHUNK = 15_000_000, 1000
"""Bytes of JSON that is packed; of the beginning, which tells what it is."""
OTHERS = re.compile(r"^__MACOSX/|(?:^|/)\.[^/]*$")
"""What a computer packs beside the files that its user chose."""


def unpack_table(packed: bytes, path: Path) -> tuple[str, bytes] | None:
    """Return the name and the bytes of the table in a packed file, None if it is packed otherwise.

    A zip that holds a map is one; of several tables none is taken in silence.
    """
    if path.suffix.casefold() not in PACKED:
        return None
    try:
        if packed.startswith(GZIP):
            return path.stem, _bounded(unpack_gzip(packed))
        table = _only_table(packed, path)
        parts = unpack_zip(packed) if table else ()
        content = _bounded(b"".join(block for name, block in parts if name == table))
    except (ValueError, *BROKEN_ZIP) as error:
        raise SourceError("source.bad_packed", path=path, why=str(error)) from error
    return (PurePosixPath(table).name, content) if table else None


def _bounded(content: bytes) -> bytes:
    """Refuse much JSON, which takes fifty times its bytes: what is packed may be small."""
    is_json = content[:CHUNK].removeprefix(codecs.BOM_UTF8).lstrip()[:1] in (b"{", b"[")
    if is_json and len(content) > MOST_JSON:
        raise ValueError("it is too large when unpacked")
    return content


def _only_table(packed: bytes, path: Path) -> str:
    """Return the name of the one table of an archive; "" if it has none, or a map."""
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        names = [name for name in archive.namelist() if not OTHERS.search(name)]
    ends = [PurePosixPath(name).suffix.casefold() for name in names]
    found = [name for name, end in zip(names, ends, strict=True) if end in TABLES]
    if not found or not MAPS.isdisjoint(ends):
        return ""
    if len(found) > 1:
        said = ", ".join(PurePosixPath(name).name for name in found[:10])
        raise SourceError("source.many_packed", path=path, n=len(found), names=said)
    return found[0]
