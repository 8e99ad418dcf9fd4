"""Where a store is: a file of SQLite by default, PostgreSQL by one URL."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from csa.base.errors import ParamError

SQLITE, POSTGRESQL = "sqlite", "postgresql"


def url_of(address: str) -> URL:
    """Read the address of a store."""
    if "://" not in address:
        if address.strip() in {"", ":memory:"}:
            raise ParamError("store.address", given=address)
        return URL.create(SQLITE, database=str(Path(address)))
    try:
        url = make_url(address)
    except (ArgumentError, ValueError) as error:
        raise ParamError("store.address", given=_hidden(address)) from error
    kind = url.get_backend_name()
    if kind == SQLITE and url.database and url.database != ":memory:":
        return url.set(drivername=SQLITE)
    if kind == POSTGRESQL and url.database:
        return url.set(drivername="postgresql+psycopg")
    raise ParamError("store.address", given=_hidden(address))


def _hidden(address: str) -> str:
    """Leave out what comes before the host and after the database: it may hold a password."""
    scheme, _, rest = address.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2].partition('?')[0]}"


def named(url: URL) -> str:
    """Name a store in a sentence, without its password."""
    if url.get_backend_name() == SQLITE:
        return str(url.database)
    # The driver takes a password from the query too.
    return url.set(query={}).render_as_string(hide_password=True)


def shown(address: str) -> str:
    """Name any address in a sentence, without its password."""
    is_url = "://" in address and not address.startswith(SQLITE)
    return _hidden(address) if is_url else address
