"""What the words of a police file mean: homicide, shooting, assault, gun, another crime."""

from __future__ import annotations

import re

HOMICIDE = re.compile(r"homic[ií]d|femi(?:ni)?c[ií]d|murder|manslaughter(?!.*negl)", re.IGNORECASE)
NOT_HOMICIDE = re.compile(
    r"justif|(?<!non)(?<!non[ -])(?<!non-)negligen|attempt|\batt\b|\bw(ith|/)? ?/?intent|intent to"
    r"|conspir|solicit|accessor|reckless|assault (to|with)|traffic|\bdu[ir]\b|dwi|vehic|non.?fatal"
    r"|suicide|threat|accident|abuse|culposo|tentativa|(?<!non)(?<!non[ -])\bneg\b|\bintox"
    r"|involunt",
    re.IGNORECASE,
)
SHOOTING = re.compile(
    r"shoot|\bshot(?!.?gun|.?spot)|gun.?shot|gun.?fire|gsw|les(?:ion|[aã]o).*arma de f(?:ue|o)go",
    re.IGNORECASE,
)
NOT_SHOOTING = re.compile(
    r"suicid|(?<!not )self|no victim|no injur|without injur|not injured|discharg|property|unfounded"
    r"|shots? (fired|heard)|alert|dwelling|occupied|at veh|range|photo|animal|possess"
    r"|officer|police|accident|unintent|\bbb\b",
    re.IGNORECASE,
)
AIMED = re.compile(r"shoot\w* (?:at|into|from)\b", re.IGNORECASE)
"""At a house or a vehicle, unless the text says that somebody was hit."""
STRUCK = re.compile(r"struck|victim", re.IGNORECASE)
NOBODY_SHOT = re.compile(
    r"shots? (fired|heard)|self.?inflict|suicid|property|unfounded|no victim", re.IGNORECASE
)
"""Among values that say who was killed: others than those who survived."""
FATAL = re.compile(
    r"(?<!non)(?<!no[nt])(?<!no[nt]\W)(?<!no\W)(?<!no[nt]\W\W)\bfatal(?!\W*(?:/|or|and|&)\W*non)",
    re.IGNORECASE,
)
DEAD_OR_HURT = re.compile(
    r"cad[aá]ver|occis|lesion|herid|ferid|fallec|falec|muert|mort|deceas|injur", re.IGNORECASE
)
"""Roles of victims by another name."""
HIT = re.compile(r"non.?fatal|injur|wound|\bhit\b", re.IGNORECASE)
NOT_HIT = re.compile(r"\bno\b|without|uninjur|not (hit|injur)|self", re.IGNORECASE)
ASSAULT = re.compile(
    r"agg.*(ass|aslt)|(ass|aslt).*agg|(deadly|dangerous) weapon|felonious ass|battery"
    r"|assault.{0,30}(fire.?arm|gun)",
    re.IGNORECASE,
)
NOT_ASSAULT = re.compile(r"non.{0,2}agg|simple|threat", re.IGNORECASE)
ARMED = re.compile(r"robb|roubo|burgl|theft|endanger|possess|carry|\brape|sexual", re.IGNORECASE)
"""Crimes with a weapon that are no assault, unless the text says that they are one."""
GUN = re.compile(
    r"fire.?arm|\bgun|hand.?gun|rifle|pistol|shot.?gun|revolver|arma de f(?:ue|o)go|arme [aà] feu"
    r"|\bglock|\bak.?47|\bar.?15|\d ?mm\b|\.(?:22|25|32|357|38|380|40|44|45)\b|\bcal(?:iber)?\b",
    re.IGNORECASE,
)
NO_GUN = re.compile(
    r"\bno\b|non.?(fire|gun)|without|\bbb\b|\bair\b|\btoy|imit|replica|knife|stun|simulat|pellet"
    r"|starter",
    re.IGNORECASE,
)
UNKNOWN = re.compile(
    r"^(unk.*|.*\bunknown\b.*|undetermined|n/?a|null|not stated|\?)$", re.IGNORECASE
)
OTHER_CRIME = re.compile(
    r"theft|robber|robo\b|roubo|furto|burglar|larcen|arson|vandal|fraud|narcot|drug|stolen|trespass"
    r"|damage|hurto|locked.?vehicle|sex.?off|amea[çc]a|amenaza",
    re.IGNORECASE,
)
KILLED = re.compile(
    r"fatal|(?<!non-)(?<!non )(?<!less-)(?<!less )lethal(?! cutting| weapon)|dead(?!ly)|died|death"
    r"|deceas|killed|\bdoa\b|muert|falleci|[óo]bito|\bmort[oe]|d[ée]c[ée]d",
    re.IGNORECASE,
)
NOT_KILLED = re.compile(
    r"\bno[nt]?\b|(non|near|potential(ly)?).?fatal|surviv|sobreviv|herid|ferid|bless"
    r"|(?<!\bfatal )(?<!\bfatally )(wound|injur)|graze",
    re.IGNORECASE,
)
UNHURT = re.compile(r"^none$|no injur|unhurt|uninjur|unknown|not hit", re.IGNORECASE)


def is_homicide(value: str) -> bool:
    """Check for a homicide, no attempt and no accident."""
    return bool(HOMICIDE.search(value)) and not NOT_HOMICIDE.search(value)


def is_fatal_shooting(value: str) -> bool:
    """Check for somebody shot and killed, where nothing better says that it was a homicide."""
    is_named = FATAL.search(value) and SHOOTING.search(value)
    return bool(is_named) and not (NOT_HOMICIDE.search(value) or NOT_SHOOTING.search(value))


def is_shooting(value: str, header: str = "") -> bool:
    """Check for somebody shot and not killed; under a header of shootings, for somebody hurt."""
    if is_homicide(value) or (FATAL.search(value) and SHOOTING.search(value)):
        return False
    if SHOOTING.search(header) and HIT.search(value) and not NOT_HIT.search(value):
        return True
    is_aimed = AIMED.search(value) and not (HIT.search(value) or STRUCK.search(value))
    return bool(SHOOTING.search(value)) and not NOT_SHOOTING.search(value) and not is_aimed


def is_assault(value: str) -> bool:
    """Check for an aggravated assault."""
    is_other = ARMED.search(value) and not re.search(r"assault|aslt", value, re.IGNORECASE)
    return bool(ASSAULT.search(value)) and not NOT_ASSAULT.search(value) and not is_other


def is_gun(value: str) -> bool:
    """Check for a firearm."""
    return bool(GUN.search(value)) and not NO_GUN.search(value)


def is_gun_assault(value: str) -> bool:
    """Check for an assault with a firearm, said in one text."""
    return is_assault(value) and is_gun(value)


def is_killed(value: str) -> bool:
    """Check for somebody killed."""
    return bool(KILLED.search(value)) and not NOT_KILLED.search(value)


def kind_in_name(name: str) -> tuple[str, str]:
    """Return the kind of shootings that a file's name says, and the part that says it."""
    for kind, pattern in (("nonfatal", r"non.?fatal|wounded"), ("homicide", HOMICIDE.pattern)):
        if found := re.search(pattern, name, re.IGNORECASE):
            return kind, found[0].casefold()
    return "", ""
