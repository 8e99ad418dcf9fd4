"""A store's version: its tables are made in this program's, and a store of another is refused.

Alembic is loaded where a store is made, which is rare: it takes longer than most commands.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection, Engine, column, inspect, select, table

from csa.base.errors import StoreError
from csa.decisions.store.tables import METADATA

NEWEST = "1"
"""The version that this program reads and writes: the last of its migrations."""
VERSION = "alembic_version"
"""The table in which Alembic keeps a store's version."""


def version_of(connection: Connection) -> str | None:
    """Return a store's version."""
    if not inspect(connection).has_table(VERSION):
        return None
    found: str | None = connection.scalar(select(column("version_num")).select_from(table(VERSION)))
    return found


def make_tables(
    engine: Engine, lock: Callable[[Connection], None], name: str, *, make: bool
) -> bool:
    """Return whether a database is a store, which is made if asked to; refuse another version's."""
    with engine.connect() as connection:
        found = version_of(connection)
    if found is None and make:
        with engine.connect().execution_options(csa_writes=True) as connection, connection.begin():
            lock(connection)
            found = version_of(connection)  # another may have made it meanwhile
            if found is None:
                _refuse_other_tables(connection, name)
                _upgrade(connection)
                found = NEWEST
    if found not in {None, NEWEST}:
        raise StoreError("store.other_version", name=name, given=found, known=NEWEST)
    return found is not None


def _upgrade(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415 - see above
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _refuse_other_tables(connection: Connection, name: str) -> None:
    ours = {table.name for table in METADATA.sorted_tables}
    if ours & set(inspect(connection).get_table_names()):
        raise StoreError("store.other", name=name)
