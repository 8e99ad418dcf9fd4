"""Files of SQLite: one store put in another's place while others read it, and one set aside."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from csa.base.errors import ParamError
from csa.program.store.address import SQLITE, parse_address, redacted_name
from csa.program.store.engine import BUSY_MS, FILES, spoken
from csa.program.store.tables import STORE_ID


def is_file(address: str) -> bool:
    """Return whether a store is a file, which alone can be put in another's place."""
    return parse_address(address).get_backend_name() == SQLITE


def copy_over(made: Path, address: str, own: str | None = None) -> None:
    """Put a store's content in the place of another's, in one transaction.

    SQLite copies it page by page, so that who reads meanwhile sees the old content or the new. A
    file renamed over the other would leave the old one's log beside it, which belongs to neither.
    The place's own id stays, so that a server that has the store open goes on.
    """
    url = parse_address(address)
    if not is_file(address):
        raise ParamError("sample.no_file", store=redacted_name(url))
    path = Path(str(url.database))
    with spoken(redacted_name(url)):
        path.parent.mkdir(parents=True, exist_ok=True)
        wait_s = BUSY_MS / 1000
        with (
            closing(sqlite3.connect(made)) as source,
            closing(sqlite3.connect(path, timeout=wait_s)) as target,
        ):
            if own is not None:
                source.execute("UPDATE about SET value = ? WHERE key = ?", (own, STORE_ID))
                source.commit()
            source.backup(target)


def set_aside(path: Path) -> Path:
    """Rename a file that this program cannot use, with its log; return its new name.

    The log goes first: whoever opens the file meanwhile finds it as unusable as before, and makes
    none in its place.
    """
    n = 1
    while (aside := path.with_name(f"{path.name}.set-aside-{n}")).exists():
        n += 1
    with spoken(str(path)):
        for part in reversed(FILES):
            found = path.with_name(f"{path.name}{part}")
            if found.exists():
                found.rename(aside.with_name(f"{aside.name}{part}"))
    return aside
