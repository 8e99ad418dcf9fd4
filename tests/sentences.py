"""Sentences by their keys. Each stands once, in the catalog, which is the snapshot of them all."""

from csa.base.message import msg


def says(key, /, **values):
    """Give the sentence that the catalog holds under a key, with its values."""
    return str(msg(key, **values))
