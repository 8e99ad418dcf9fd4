"""What was decided, with a trail of every change: one store a city, SQLite or PostgreSQL."""

from csa.store.audit import Head, Signed, Verified, head_of, verify
from csa.store.engine import Store, open_store

__all__ = ["Head", "Signed", "Store", "Verified", "head_of", "open_store", "verify"]
