"""A language in which every translated sentence stands in brackets: what stands outside was missed."""

import gettext
import re
from html.parser import HTMLParser

from csa.base import text as catalogs

BEGIN, END = "⟦", "⟧"
SPOKEN = {"alt", "title", "aria-label", "placeholder", "content", "data-label"}
"""Attributes that a reader reads or hears; `content` only of a description."""


class Brackets(gettext.NullTranslations):
    """Says each public sentence in brackets, and all else in plain English."""

    def pgettext(self, context, message):
        return f"{BEGIN}{message}{END}" if context.startswith(catalogs.PUBLIC) else message

    def npgettext(self, context, msgid1, msgid2, n):
        return self.pgettext(context, msgid1 if n == 1 else msgid2)


def outside(text):
    """Return what stands outside all brackets, which may stand in one another."""
    kept, depth = [], 0
    for letter in text:
        depth += (letter == BEGIN) - (letter == END)
        kept.append(letter if depth == 0 and letter not in BEGIN + END else " ")
    assert depth == 0, "a sentence was cut inside its brackets"
    return "".join(kept)


def unspoken(texts, names):
    """List the words outside brackets that are no names and no numbers."""
    left = outside("\n".join(texts))
    for name in sorted(names, key=len, reverse=True):
        left = left.replace(name, " ")
    return re.findall(r"[^\W\d_]{2,}", left)


class Reader(HTMLParser):
    """Collects what a page says: its text, and what attributes tell those who do not see it."""

    def __init__(self):
        super().__init__()
        self.texts, self.hidden = [], 0

    def handle_starttag(self, tag, attrs):
        self.hidden += tag in {"script", "style"}
        given = dict(attrs)
        for name, value in attrs:
            is_meta = tag == "meta" and given.get("name") != "description"
            if name in SPOKEN and value and not is_meta:
                self.texts.append(value)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag):
        self.hidden -= tag in {"script", "style"}

    def handle_data(self, data):
        if not self.hidden:
            self.texts.append(data)


def texts_of(html):
    """Return what a page says, in its order."""
    reader = Reader()
    reader.feed(html)
    return reader.texts
