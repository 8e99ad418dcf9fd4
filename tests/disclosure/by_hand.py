"""The cell-key method in plain Python: one incident after the other, numbers of any size."""

import hashlib
import hmac
from fractions import Fraction

BITS = 2**64


def change(secret, names):
    """Return the change of a count, from the names of all its incidents."""
    key = 0
    for name in names:
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


def told(secret, place, incidents):
    """Return what is published of all incidents (id, domestic) at a place; None for fewer than 10."""
    count = len(incidents) + change(secret, [one for one, _ in incidents])
    if len(incidents) >= line_of(secret, place):
        return max(count, 10)
    return min(count, 19) if count >= 10 else None


def told_without(secret, place, incidents):
    """Return what is published where domestic incidents are left out: a number rounded to 5."""
    true = sum(domestic != "yes" for _, domestic in incidents)
    count = true + change(secret, [f"{one}\n{domestic}" for one, domestic in incidents])
    nearest = 5 * round(count / 5)
    if true >= line_of(secret, place):
        return max(nearest, 10)
    return min(nearest, 15) if count >= 10 else None


def line_of(secret, place):
    """Return a place's own line between 11 and 19."""
    line = hmac.new(secret, f"line\n{place}".encode(), hashlib.sha256).digest()
    return 11 + int.from_bytes(line[:8], "little") % 9
