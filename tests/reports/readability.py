"""The school grade of English text, by Flesch and Kincaid."""

from __future__ import annotations

import re
from functools import cache

import textstat
from textstat.backend.counts import _count_syllables
from textstat.backend.utils._get_cmudict import get_cmudict


class Dictionary(dict):
    """Syllables by word; for a word that is not in it, textstat counts hyphens."""

    def __missing__(self, word):
        return ()


@cache
def _dictionary(language):
    words = get_cmudict(language)
    return None if words is None else Dictionary(words)


_count_syllables.get_cmudict = _dictionary


def grade(text):
    """Give the school grade of text; a number is read as one short word."""
    return textstat.flesch_kincaid_grade(re.sub(r"\d[\d,]*", "ten", text))
