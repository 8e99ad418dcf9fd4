"""A store's version, and the way forward from each earlier one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect

from csa.base.errors import StoreError
from csa.decisions.store.tables import METADATA


def config_of(connection: Connection | None = None) -> Config:
    """Return Alembic's configuration."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    if connection is not None:
        config.attributes["connection"] = connection
    return config


def newest() -> str:
    """Return the version that this program writes."""
    return str(ScriptDirectory.from_config(config_of()).get_current_head())


def known_versions() -> tuple[str, ...]:
    """List the versions that can be brought forward."""
    scripts = ScriptDirectory.from_config(config_of()).walk_revisions()
    return tuple(sorted(script.revision for script in scripts))


def version_of(connection: Connection) -> str | None:
    """Return a store's version."""
    return MigrationContext.configure(connection).get_current_revision()


def upgrade(connection: Connection, to: str = "head") -> None:
    """Create or change the tables."""
    command.upgrade(config_of(connection), to)


def forget(connection: Connection) -> None:
    """Remove the version of a database without tables, so that it is created anew."""
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
