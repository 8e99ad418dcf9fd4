"""Where a store is: a file of SQLite by default, PostgreSQL by one URL."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from csa.base.errors import ParamError, StoreError

SQLITE, POSTGRESQL = "sqlite", "postgresql"


def parse_address(address: str) -> URL:
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


def file_of(url: URL) -> Path | None:
    """Return the file of a store that is one."""
    return Path(str(url.database)).absolute() if url.get_backend_name() == SQLITE else None


def redacted_name(url: URL) -> str:
    """Name a store in a sentence, without its password."""
    if url.get_backend_name() == SQLITE:
        return str(url.database)
    # The driver takes a password from the query too.
    return url.set(query={}).render_as_string(hide_password=True)


def refuse_missing(address: str, origin: str) -> None:
    """Refuse an address at which there is nothing, by who gave it (`csa.city.deployment`).

    An option is typed for one command: it means a store that is there. A deployment names its store
    before the first decision makes it; but where even its folder is missing, a disk is not
    mounted or the path is mistyped. The default of a city without a decision is no mistake.
    """
    path = file_of(parse_address(address))
    is_lost = path is not None and not path.parent.is_dir()
    if origin == "flag" or (is_lost and origin != "default"):
        raise StoreError("store.missing", name=shown(address))


def shown(address: str) -> str:
    """Name any address in a sentence, without its password."""
    is_url = "://" in address and not address.startswith(SQLITE)
    return _hidden(address) if is_url else address
