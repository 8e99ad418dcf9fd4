"""One store put in the place of another while others read it: both are files of SQLite."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from csa.base.errors import ParamError
from csa.decisions.store.address import SQLITE, named, url_of
from csa.decisions.store.engine import BUSY_MS, spoken


def is_file(address: str) -> bool:
    """Return whether a store is a file, which alone can be put in another's place."""
    return url_of(address).get_backend_name() == SQLITE


def copy_over(made: Path, address: str) -> None:
    """Put a store's content in the place of another's, in one transaction.

    SQLite copies it page by page, so that who reads meanwhile sees the old content or the new. A
    file renamed over the other would leave the old one's log beside it, which belongs to neither.
    """
    url = url_of(address)
    if not is_file(address):
        raise ParamError("sample.no_file", store=named(url))
    path = Path(str(url.database))
    with spoken(named(url)):
        path.parent.mkdir(parents=True, exist_ok=True)
        wait_s = BUSY_MS / 1000
        with (
            closing(sqlite3.connect(made)) as source,
            closing(sqlite3.connect(path, timeout=wait_s)) as target,
        ):
            source.backup(target)
