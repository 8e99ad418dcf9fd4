"""A store's version, and the way forward from each earlier one.

Alembic is loaded where a store must change, which is rare: it takes longer than most commands.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, column, inspect, select, table

from csa.base.errors import StoreError
from csa.decisions.store.tables import METADATA

if TYPE_CHECKING:
    from alembic.config import Config

VERSION = "alembic_version"
"""The table in which Alembic keeps a store's version."""


def config_of(connection: Connection | None = None) -> Config:
    """Return Alembic's configuration."""
    from alembic.config import Config  # noqa: PLC0415 - see above

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    if connection is not None:
        config.attributes["connection"] = connection
    return config


def newest() -> str:
    """Return the version that this program writes."""
    return known_versions()[-1]


def known_versions() -> tuple[str, ...]:
    """List the versions that can be brought forward, by the names of their scripts."""
    scripts = (Path(__file__).parent / "migrations" / "versions").glob("v*_*.py")
    return tuple(sorted(script.name.partition("_")[0].removeprefix("v") for script in scripts))


def version_of(connection: Connection) -> str | None:
    """Return a store's version."""
    if not inspect(connection).has_table(VERSION):
        return None
    found: str | None = connection.scalar(select(column("version_num")).select_from(table(VERSION)))
    return found


def upgrade(connection: Connection, to: str = "head") -> None:
    """Create or change the tables."""
    from alembic import command  # noqa: PLC0415 - see above

    command.upgrade(config_of(connection), to)


def forget(connection: Connection) -> None:
    """Remove the version of a database without tables, so that it is created anew."""
    from alembic import command  # noqa: PLC0415 - see above

    command.stamp(config_of(connection), "base")


def bring_forward(
    engine: Engine, lock: Callable[[Connection], None], name: str, *, make: bool
) -> bool:
    """Bring a store to the newest version."""
    with engine.connect() as connection:
        found = version_of(connection)
        if found is None and not make:
            return False
    if found == newest():
        return True
    with engine.connect().execution_options(csa_writes=True) as connection, connection.begin():
        lock(connection)
        found = version_of(connection)  # another may have made it meanwhile
        if found is None:
            _refuse_other_tables(connection, name)
        elif found not in known_versions():
            raise StoreError("store.newer", name=name, given=found, known=newest())
        upgrade(connection)
    return True


def _refuse_other_tables(connection: Connection, name: str) -> None:
    ours = {table.name for table in METADATA.sorted_tables}
    if ours & set(inspect(connection).get_table_names()):
        raise StoreError("store.other", name=name)
