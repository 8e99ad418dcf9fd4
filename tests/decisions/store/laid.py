"""Stores as earlier versions left them."""

import sqlite3
from pathlib import Path

FIXTURES = sorted((Path(__file__).parent / "fixtures").glob("*.sqlite3.sql"))


def laid(sql, folder):
    """Lay a dump out as a store's file."""
    path = folder / "old.sqlite3"
    with sqlite3.connect(path) as raw:
        raw.executescript(sql.read_text(encoding="utf-8"))
    raw.close()
    return path
