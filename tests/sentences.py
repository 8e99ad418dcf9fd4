"""Sentences by their keys. Each stands once, in the catalog, which is the snapshot of them all."""

import re

import pytest

from csa.base.errors import ParamError
from csa.base.message import msg


def says(key, /, **values):
    """Give the sentence that the catalog holds under a key, with its values."""
    return str(msg(key, **values))


def refuses(key, error=ParamError, /, **values):
    """Expect an error of the house with this sentence and, among its values, these."""

    def has_sentence(refused):
        return refused.message.key == key and values.items() <= refused.message.values.items()

    return pytest.raises(error, check=has_sentence)


FOREIGN = (
    r"\b(is|are) none\b",
    r"\b(is|are) no (?!longer\b|more\b)",
    r"\{given[^}]*\} (is|does|are) not\b",
    r"\b\d+ times? in \d+\b|nine in ten|four times in five",
    r"\bof 100 (cases|such)\b",
    r"\bin all\b|\bBoth together\b",
    r"\banew\b",
    r"(?<!on )\b(holds?|holding)\b(?! back| up)|\bheld\b(?! back)",
    r"\b(be|been|is|are|was|were|can|cannot) said\b|\bsaid to be\b",
    r"\b(lie|lies|lay|lying)\b",
    r"\b(stands?|stood)\b(?! out)",
    r"\b[Mm]end\b",
    r"\b[Ff]aults?\b",
    r"\b[Bb]eside\b",
    r"(\}|\d) %",
    r"\bso that\b",
    r"\b(told|tells)\b|(?<!cannot )(?<!'t )(?<!to )\btell\b",
    r"\bowes?\b|\bowing\b",
    r"\b[Nn]ext door\b",
    r"\b(may|could|can) be chance\b",
    r"\b[Aa]djusted for chance\b",
    r"\bmay stand for unknown places?\b",
    r"\bby (itself|themselves)\b",
    r"\bby lot\b",
    r"\bwhole (city|months?|years?|quarters?)\b",
    r"\b(that|those) of\b",
    r"\b(my|your|their|its|his|ours?|a \w+) own\b(?<!on their own)|\bof (its|their) own\b",
    r"\bmeanwhile\b|\bof then\b|\bfrom then on\b|\bfor once\b",
    r"\b[Nn]obody\b|\b[Ss]omebody\b",
    r"(?<!hance )(?<!uck )(?<!omicides )(?<!area )\balone\b",
    r"\bwhat (came|is told|was told|is known|is said|had been|is left|is missing|was read)\b",
    r"\bwhether (it|that|this) (is|was|has)\b.*\bnot known\b|\bis not known\b",
    r"\b(is|are|was|were) (found|kept|taken|chosen|given|thrown|brought|put)\b",
    r"\bTell\b|\bSay (which|where|why|so|when)\b",
    r"\bmust be\b(?=.*\bis not\b)",
    r"\bThere (is|are) no\b",
    r"\bdays? (old|overdue)\b|\bthe day on which\b|\bits day\b",
    r"\b(mark|marks|marked) where\b",
    r"\bhow (it|they|things|actions?) stands?\b|\bHow it stands\b|[Ww]here it stands",
)
"""Turns that a native writer would not use."""


def find_foreign(texts):
    """List the turns that these texts have, each with its text."""
    return {(turn, text) for text in texts for turn in FOREIGN if re.search(turn, text)}
