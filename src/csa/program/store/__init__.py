"""What was decided, with a trail of every change: one store per city, SQLite or PostgreSQL."""

from csa.program.store.audit import Head, Signed, Verified, read_head, verify
from csa.program.store.engine import Store, make_store, open_store

__all__ = ["Head", "Signed", "Store", "Verified", "make_store", "open_store", "read_head", "verify"]
