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
from csa.decisions.store.tables import Base


def config_of(connection: Connection | None = None) -> Config:
    """Return what Alembic needs to know.

    Parameters
    ----------
    connection
        The migrations' own; None where none runs.

    Returns
    -------
    alembic.config.Config
        Without a file.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    if connection is not None:
        config.attributes["connection"] = connection
    return config


def newest() -> str:
    """Return the version that this program writes.

    Returns
    -------
    str
        Such as `0001`.
    """
    return str(ScriptDirectory.from_config(config_of()).get_current_head())


def known_versions() -> tuple[str, ...]:
    """List the versions that can be brought forward.

    Returns
    -------
    tuple of str
        Oldest first.
    """
    scripts = ScriptDirectory.from_config(config_of()).walk_revisions()
    return tuple(sorted(script.revision for script in scripts))


def version_of(connection: Connection) -> str | None:
    """Return a store's version.

    Parameters
    ----------
    connection
        To a database.

    Returns
    -------
    str or None
        None where the database holds no store.
    """
    return MigrationContext.configure(connection).get_current_revision()


def upgrade(connection: Connection, to: str = "head") -> None:
    """Make or change the tables.

    Parameters
    ----------
    connection
        In a transaction, with the writers' lock.
    to
        A version.
    """
    command.upgrade(config_of(connection), to)


def forget(connection: Connection) -> None:
    """Leave a database without tables without a version too, to be made anew.

    Parameters
    ----------
    connection
        In a transaction, with the writers' lock.
    """
    command.stamp(config_of(connection), "base")


def bring_forward(
    engine: Engine, lock: Callable[[Connection], None], name: str, *, make: bool
) -> bool:
    """Bring a store to the newest version.

    Parameters
    ----------
    engine
        To its database.
    lock
        Takes the writers' lock.
    name
        Of the store, for sentences.
    make
        Whether one that is absent is made.

    Returns
    -------
    bool
        Whether there is a store.

    Raises
    ------
    StoreError
        If its version is a later one, or the database holds something else.
    """
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
    ours = {table.name for table in Base.metadata.sorted_tables}
    if ours & set(inspect(connection).get_table_names()):
        raise StoreError("store.other", name=name)
