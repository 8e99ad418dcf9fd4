"""The cell-key method: each count is changed by a small number that the incidents in it decide.

As in the Australian and UK censuses. Each incident has a record key, an HMAC of its id with a
secret of the deployment; a count's key is the sum of the keys of the incidents it was made from,
and a fixed table turns it into a change. The same incidents get the same change everywhere and
always, so that looking often teaches nothing; other incidents get another draw, so that no
difference of two counts is exact.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from csa.base.arrays import Ints
from csa.base.errors import ParamError

Keys: TypeAlias = npt.NDArray[np.uint64]

THRESHOLD = 10
"""A changed count below it is published as `fewer than 10`."""
SURE = 20
"""A count published as so many is never published as fewer than 10 while it is the same."""
RATIO = Fraction(1, 2)
"""Each change further from 0 is half as likely: 9 in 10 are within 3, and a reader who wonders
whether a count was one more or one less can never be more than twice as sure of either."""
FARTHEST = 40
"""The table ends where 64 bits do: a change of 40 comes once in 10**12 counts."""
ROUNDED_TO = 5
"""To this counts are rounded that leave some incidents out."""
SECRET_BYTES = 32
KEY_BYTES = 8


@dataclass(frozen=True)
class Secret:
    """The secret of a deployment. Whoever has it can undo every change.

    Fields: `value`.
    """

    value: bytes = field(repr=False)  # 32 bytes or more

    def __post_init__(self) -> None:
        """Refuse a secret that could be guessed."""
        if len(self.value) < SECRET_BYTES:
            raise ParamError("privacy.short_secret", least=SECRET_BYTES)

    @property
    def id(self) -> str:
        """Its name in the ledger, from which it cannot be worked out."""
        return hashlib.sha256(b"csa public numbers, name of " + self.value).hexdigest()[:12]

    @classmethod
    def new(cls) -> Secret:
        """Make a secret."""
        return cls(secrets.token_bytes(SECRET_BYTES))

    def name_of(self, text: str) -> str:
        """Return a name of something that nobody without the secret can check a guess against."""
        return hmac.digest(self.value, f"name\n{text}".encode(), "sha256").hex()

    def keys(self, names: Iterable[str]) -> Keys:
        """Return a key for each name, (n,) uniform numbers of 64 bits."""
        digests = (hmac.digest(self.value, name.encode(), "sha256") for name in names)
        return np.frombuffer(b"".join(digest[:KEY_BYTES] for digest in digests), dtype="<u8")


def record_keys(secret: Secret, ids: Iterable[str], marks: Iterable[str] | None = None) -> Keys:
    """Return each incident's key.

    Where a count leaves some out by their mark, the mark belongs to the key: a correction that
    moves one from one side to the other gives a new draw, or the change from one bundle to the
    next would be exact. A count of all knows nothing of marks, and nor does its key.
    """
    if marks is None:
        return secret.keys(ids)
    return secret.keys(f"{name}\n{mark}" for name, mark in zip(ids, marks, strict=True))


def sum_keys(keys: Keys, groups: Ints, n: int) -> Keys:
    """Add the keys of each group up, modulo 2**64."""
    total = np.zeros(n, dtype=np.uint64)
    np.add.at(total, groups, keys)
    return total


@cache
def _ends() -> Keys:
    """Return the key at which each change ends, from -FARTHEST to FARTHEST - 1."""
    middle = (1 - RATIO) / (1 + RATIO)
    total, ends = Fraction(0), []
    for change in range(-FARTHEST, FARTHEST):
        total += middle * RATIO ** abs(change)
        ends.append(int(total * 2**64))
    return np.array(ends, dtype=np.uint64)


def perturbations(keys: Keys) -> Ints:
    """Return the change that the table gives each key: mean 0, geometric on both sides."""
    return np.searchsorted(_ends(), _mix(keys), side="right").astype(np.int64) - FARTHEST


def _mix(keys: Keys) -> Keys:
    """Scatter keys as splitmix64 does: one incident more moves each sum by the same number."""
    for factor, shift in ((0xBF58476D1CE4E5B9, 30), (0x94D049BB133111EB, 27)):
        keys = (keys ^ (keys >> np.uint64(shift))) * np.uint64(factor)
    return keys ^ (keys >> np.uint64(31))


def suppression_lines(secret: Secret, places: Iterable[str]) -> Ints:
    """Return each place's own line between THRESHOLD and SURE, known to nobody.

    A count on the line or above is never `fewer than 10`, one below it never `20 or more`: what was
    told as 20 cannot be told as fewer than 10 while it is the same.
    """
    keys = secret.keys(f"line\n{place}" for place in places)
    return THRESHOLD + 1 + (keys % np.uint64(SURE - THRESHOLD - 1)).astype(np.int64)


def publish_counts(
    true: Ints, keys: Keys, lines: Ints, rounded_to: int = 1
) -> Sequence[int | None]:
    """Return what is published of each count; None for fewer than 10."""
    changed = true + perturbations(keys)
    is_few = (changed < THRESHOLD) & (true < lines)
    changed = (changed + rounded_to // 2) // rounded_to * rounded_to
    most = (SURE - 1) // rounded_to * rounded_to
    changed = np.where(true >= lines, changed, np.minimum(changed, most))
    return [None if few else max(int(n), THRESHOLD) for n, few in zip(changed, is_few, strict=True)]
