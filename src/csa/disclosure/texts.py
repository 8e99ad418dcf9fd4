"""Texts written by hand, before the public reads them: persons, homes and cases in them.

A set of rules in English and Spanish, not a reader: it stops a text for a person to look at again,
and never changes one. What is measured stands in tests/disclosure/test_texts.py.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import Literal, TypeAlias

CODE_DIGITS = 32
"""So many that nobody finds two texts of one code, the harmless of which is read."""
Kind: TypeAlias = Literal["address", "coordinates", "contact", "person", "case"]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


STREETS = (
    "st|street|av|ave|avenue|blvd|boulevard|rd|road|dr|drive|ln|lane|ct|court|pl|place|ter|terrace"
    "|way|pkwy|parkway|trafficway|cir|circle|hwy|highway|sq|square|trl|trail|plaza|aly|alley"
)
CALLES = "calle|avenida|av|bulevar|camino|paseo|pasaje"
SMALL = (
    "a|an|and|are|as|at|by|each|every|for|from|in|is|of|on|or|our|that|the|their|this|to|with|more"
    "|new|hour|minute|day|week|month|year|mile|block|foot|feet|people|lights?|trees|lots|young"
)
UNIT = r"(?:apt|apartment|apartamento|unit|suite|departamento|house number|casa número)"
NUMBER = r"\d{1,5}(?:-?[a-z]|\s1/2)?"
YEAR = r"(?:19|20)\d\d"

ADDRESS = re.compile(
    rf"\b{NUMBER},?\s+(?:(?!(?:{SMALL})\b)[\w.'-]+\s+){{0,5}}?(?<!\d )(?:{STREETS})\b"
    rf"|\b(?:{CALLES})\.?\s+(?:[\w.'-]+,?\s+){{1,5}}?(?:(?:#|n\.?[oº°]\.?|núm\.?|número)\s*)?\d{{2,5}}\b"
    rf"|\b\d{{2,5}}\s+(?:de\s+la\s+)?(?:{CALLES})\b"
    rf"|\b\d{{2,5}}\s+block\s+of\b"
    rf"|\b{UNIT}\.?\s*#?\s*\d+\w?\b|\bin\s\d{{1,3}}[a-h]\b|\bp\.?o\.?\sbox\b",
    re.IGNORECASE,
)
BARE_ADDRESS = re.compile(
    r"\b(?:at|by|in front of|next to|to|of|near|outside|from|behind|past|house|porch|en|de)(?:,)?\s"
    rf"(?!{YEAR}\b)\d{{2,5}}(?:-[A-Z])?\s"
    r"(?:[NSEW]\.?\s)?[A-Z][a-z]+"
    r"|[,:]\s\d{1,5}\s[A-Z][a-z]+$"
)
"""A house number before a street's name alone, as neighbors write it."""
COORDINATES = re.compile(
    r"-?\d{1,3}\.\d{3,}\s*[NSEW]?\s*[,;/ ]\s*-?\d{1,3}\.\d{3,}"
    r"|\b(?:lat|latitude|latitud)\b.{0,4}\d"
    r"|\d{1,3}\s*°\s*\d{1,2}\s*['\u2032]",
    re.IGNORECASE,
)
CONTACT = re.compile(
    r"(?<!\d)(?:\+?1[\s.-]?)?\(?\d{3}\)?[\s.-]?\d{3}[\s.-]?\d{4}(?!\d)"
    r"|(?<![\d.-])\d{3}-\d{4}(?!\d)"
    r"|[\w.+-]+@[\w-]+\.\w+"
    r"|\b(?:license plate|placa)s?\b",
    re.IGNORECASE,
)
TITLE = re.compile(
    r"\b(?:Mr|Mrs|Ms|Sr|Sra|Srta)\.?\s[A-Z]"
    r"|\b(?:Miss|Señor|Señora|Señorita|Doña|Don|Officer|Detective|Sergeant|Pastor|Reverend|Rev\.|Coach"
    r"|Grandma|Grandpa|Aunt|Uncle|Tía|Tío)\s[A-Z][a-zá-ú]"
    r"|\b(?:señora?|doña|don)\s[A-ZÁ-Ú][a-zá-ú]"
)
KIN = (
    r"mother|father|mom|dad|brother|sister|son|daughter|cousin|aunt|uncle|girlfriend|boyfriend|wife"
    r"|husband|nephew|niece|grandmother|grandson|family"
)
PARIENTES = (
    r"mamá|madre|papá|padre|hermano|hermana|hijo|hija|primo|prima|novia|novio|familia|tía|tío"
)
RELATED = re.compile(
    rf"\b[A-Z][a-zA-Z]+(?:'s|’s)\s(?:{KIN})\b"
    rf"|\b(?:{KIN})\sof\s[A-Z][a-z]"
    rf"|\b(?:{PARIENTES})\sde\s[A-ZÁ-Ú][a-zá-ú]"
    r"|\bnamed\s[A-Z]|\bse\sllama\s[A-Z]"
)
PLACES = _words(
    """
    street st avenue ave boulevard blvd road drive lane way park square plaza school
    elementary high middle academy church center centre council heights hill library pool
    rec recreation bridge hospital clinic university college parkway garden gardens
    association neighborhood hall memorial field department works enforcement parks city
    police fire health team office services board club market trail creek river grove
    community public district county state coalition alliance committee ministry mission
    foundation fund program route line station court bus pta week month walk fair survey
    plan escuela iglesia parque centro biblioteca san santa saint industries stadium men's
    women's
    """
)
"""Words that make a run of capitals the name of a place, an office or an event."""
BEFORE_A_PLACE = _words(
    """
    calle avenida bulevar escuela iglesia parque plaza centro feria barrio río biblioteca
    saint san santa st on along near between and from at in to of north south east west en
    de del
    """
)
"""Before a name alone, these make it a place's."""
SPEAK = _words("speak talk write listen hand say")
CALENDAR = _words(
    """
    january february march april may june july august september october november december
    monday tuesday wednesday thursday friday saturday sunday mondays tuesdays wednesdays
    thursdays fridays saturdays sundays spring summer fall winter christmas easter
    thanksgiving english spanish i mlk
    """
)
ALSO_WORDS = _words("april angel german dakota sierra destiny mercedes virginia")
"""Given names that are other things more often."""
CASE = re.compile(
    r"\b(?:was|were|got|gets|been)\s(?:\w+\s)?(?:shot|killed|murdered|stabbed|wounded|gunned)\b(?!\s+(?:in|last)\s+our)"
    r"|\b(?:he|she|they|who|boy|girl|man|woman|son|cousin|victim)\s(?:died|fell|bled)\b"
    r"|\b(?:man|woman|boy|girl|kid)\s(?:killed|shot|murdered|stabbed)\b"
    r"|\bgot\shit\b|\bcrossfire\b|\bshot\sup\b|\bun\stiro\b|\bhit\sby\s(?:a\s)?(?:stray\s)?bullets?\b"
    r"|\b(?:the|her|his|their|this|a)\s(?:victim|shooter|gunman|witness|suspect)\b|\b(?:victim|suspect)(?:'s|\s(?:was|is|lives))\b"
    r"|^(?:victim|suspect|shooter|witness)\b(?!s)"
    r"|\b(?:his|her|the)\sbody\b|\bpassed\saway\b|\bwho\sdid\sit\b"
    r"|\b(?:killed|murdered|shot|stabbed)\s(?:dead|(?:a|an|my|his|her|our|the)\s(?:\w+\s)?"
    r"(?:teen|boy|girl|man|woman|kid|child|son|daughter|grandson|nephew|cousin|brother|sister|friend))\b"
    r"|\b(?:mataron|asesinaron|balearon|dispararon|baleado|baleada|asesinado|asesinada)\b"
    r"|\b(?:fue|fueron)\s(?:heridos?|heridas?|muertos?|muertas?)\b|\bmurió\b|\bel\scuerpo\b"
    r"|\b(?:la|el)\s(?:víctima|tirador|testigo|sospechoso|sospechosa)\b",
    re.IGNORECASE,
)
MANY = re.compile(
    r"\b(?:people|many|personas)\s(?:who\s|que\s)?(?:were|was|have been|fueron)\s", re.IGNORECASE
)
"""Before "shot", it is said of no one in particular."""
WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")


HYPHENS = re.compile(r"[\u2010-\u2013\u2043\u2212]")
"""Word processors put them into numbers, as they do what has no width into words."""
FILLERS = re.compile(
    r"[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)
"""Letters and marks that no one sees, though their kind is seen."""
BLANK_BRAILLE = "\u2800"
NO_WIDTH = frozenset({"Cc", "Cf"})


def as_read(text: str) -> str:
    """Return a text as eyes read it: without what has no width, with plain hyphens and blanks."""
    plain = FILLERS.sub("", HYPHENS.sub("-", unicodedata.normalize("NFKC", text)))
    seen = (c for c in plain if c.isspace() or unicodedata.category(c) not in NO_WIDTH)
    return " ".join("".join(seen).replace(BLANK_BRAILLE, " ").split())


def kinds_in(text: str) -> tuple[Kind, ...]:
    """Return what a text seems to hold that the public must not read."""
    text = as_read(text)
    found: dict[Kind, bool] = {
        "address": bool(ADDRESS.search(text) or BARE_ADDRESS.search(text)),
        "coordinates": bool(COORDINATES.search(text)),
        "contact": bool(CONTACT.search(text)),
        "person": bool(TITLE.search(text) or RELATED.search(text)) or _names_someone(text),
        "case": bool(CASE.search(MANY.sub("", text))),
    }
    return tuple(kind for kind, is_so in found.items() if is_so)


def code_of(text: str) -> str:
    """Return a text's short code, by which a person says that it was read and may stand."""
    return hashlib.sha256(" ".join(text.split()).encode()).hexdigest()[:CODE_DIGITS]


def unread(texts: Iterable[str], confirmed: Iterable[str]) -> tuple[str, ...]:
    """Return the texts that were caught and that nobody has confirmed."""
    known = frozenset(confirmed)
    caught = (text for text in dict.fromkeys(texts) if kinds_in(text))
    return tuple(text for text in caught if code_of(text) not in known)


@cache
def _given_names() -> frozenset[str]:
    text = files("csa.disclosure").joinpath("given_names.txt").read_text(encoding="utf-8")
    return frozenset(text.split()) - ALSO_WORDS


def _names_someone(text: str) -> bool:
    """Return whether a person seems to be named: a given name, a full name, or a name after a verb.

    A run of capitals that holds the word for a place or an office is that place's name; any other
    inside a sentence may be a person's.
    """
    words = list(WORD.finditer(text))
    for first, after in _runs(text, words):
        run = [re.sub(r"['’]s$", "", match[0]).lower() for match in words[first:after]]
        is_first = _begins(text, words, first)
        before = [match[0].lower() for match in words[max(first - 2, 0) : first]]
        around = [
            *run[is_first and len(run) > 1 :],
            *(m[0].lower() for m in words[after : after + 1]),
        ]
        named = [word for word in run if word not in CALENDAR]
        is_of_place = bool(BEFORE_A_PLACE.intersection(before[-1:])) and not (
            before[-1:] == ["to"] and SPEAK.intersection(before)
        )
        is_given = bool(_given_names().intersection(named))
        if PLACES.intersection(around) or not named or (is_of_place and not is_given):
            continue
        if is_given or len(named) > 1 or not is_first:
            return True
    return False


def _runs(text: str, words: Sequence[re.Match[str]]) -> Iterator[tuple[int, int]]:
    """Yield runs of capitalized words that only a blank parts, as positions of the words."""
    first = None
    for at, match in enumerate(words):
        is_name = match[0][:1].isupper() and not (match[0].isupper() and len(match[0]) > 1)
        gap = text[words[at - 1].end() : match.start()] if at else ""
        goes_on = first is not None and (gap == " " or (gap == ". " and len(words[at - 1][0]) == 1))
        if first is not None and not (is_name and goes_on):
            yield first, at
            first = None
        if is_name and first is None:
            first = at
    if first is not None:
        yield first, len(words)


def _begins(text: str, words: Sequence[re.Match[str]], at: int) -> bool:
    """Return whether a word begins a sentence, where its capital says nothing."""
    gap = text[words[at - 1].end() if at else 0 : words[at].start()]
    return at == 0 or bool(set(gap) & set(".?!:"))
