"""The secret by which public counts are changed: made once, kept in the store, shown to nobody."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select

from csa.base.errors import StoreError
from csa.disclosure.keys import Secret
from csa.program.store.engine import Store
from csa.program.store.tables import PUBLIC_SECRET, AboutRow


def public_secret(store: Store | None) -> Secret | None:
    """Return the deployment's secret; None before the first publication."""
    if store is None:
        return None
    with store.reading() as session:
        return _found(session.connection())


def keep_public_secret(store: Store, secret: Secret) -> None:
    """Keep the secret of the first publication: no decision, so nobody signs it.

    Kept last, so that a refused publication leaves nothing behind; refused where somebody else
    published for the first time meanwhile.
    """
    with store.changing() as connection:
        found = _found(connection)
        if found is None:
            row = {"key": PUBLIC_SECRET, "value": secret.value.hex()}
            connection.execute(insert(AboutRow).values(**row))
        elif found != secret:
            raise StoreError("store.other_secret", name=store.name)


def forget_public_secret(store: Store, secret_id: str) -> None:
    """Remove a secret by which nothing was published: the next publication makes its own."""
    with store.changing() as connection:
        found = _found(connection)
        if found is not None and found.id == secret_id:
            connection.execute(delete(AboutRow).where(AboutRow.key == PUBLIC_SECRET))


def _found(connection: Connection) -> Secret | None:
    wanted = select(AboutRow.value).where(AboutRow.key == PUBLIC_SECRET)
    value = connection.execute(wanted).scalar()
    return None if value is None else Secret(bytes.fromhex(value))
