"""The cell-key method in plain Python: one incident after the other, numbers of any size."""

import hashlib
import hmac
from fractions import Fraction

BITS = 2**64


def change(secret, incidents, *more):
    """Return the change of a count, from (id, domestic) of all its incidents."""
    key = 0
    for name in (*(f"{one}\n{domestic}" for one, domestic in incidents), *more):
        digest = hmac.new(secret, name.encode(), hashlib.sha256).digest()
        key = (key + int.from_bytes(digest[:8], "little")) % BITS
    key = ((key ^ key >> 30) * 0xBF58476D1CE4E5B9) % BITS
    key = ((key ^ key >> 27) * 0x94D049BB133111EB) % BITS
    key ^= key >> 31
    below, at = Fraction(0), -40
    while at < 40:
        below += Fraction(1, 3) * Fraction(1, 2) ** abs(at)
        if key < int(below * BITS):
            return at
        at += 1
    return 40


def told(secret, place, incidents, *, all_count=False, more=()):
    """Return what is published of a place's incidents; None for fewer than 10."""
    true = sum(all_count or domestic != "yes" for _, domestic in incidents)
    line = hmac.new(secret, f"line\n{place}".encode(), hashlib.sha256).digest()
    line = 11 + int.from_bytes(line[:8], "little") % 9
    count = true + change(secret, incidents, *more)
    count = max(count, 10) if true >= line else min(count, 19)
    return count if count >= 10 else None
