"""What was decided, with a trail of every change: one store per city, SQLite or PostgreSQL."""

from csa.decisions.store.audit import Head, Signed, head_of
from csa.decisions.store.engine import Store, make_store, open_store
from csa.decisions.store.trail import Verified, verify

__all__ = ["Head", "Signed", "Store", "Verified", "head_of", "make_store", "open_store", "verify"]
