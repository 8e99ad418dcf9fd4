"""The state a link reproduces: choices, the chosen area, and the months shown."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from csa.areas.choices import AreaSettings
from csa.base.errors import CsaError, ParamError
from csa.base.params import DbscanParams, Month, require_resolution
from csa.base.schema import KINDS

MAX_TEXT = 2000
MAX_MONTHS = 240
MAX_KM2 = 100
"""The size of a whole city."""
MAX_MIN_SAMPLES = 1000
AREA_PATTERN = re.compile("[A-Z]{0,3}|[cx]-[0-9]{1,6}")


@dataclass(frozen=True)
class LinkState:
    """All that a link reproduces."""

    choices: AreaSettings  # what is counted, and how areas are found
    area: str = ""  # the chosen area's id, or its letter; "" for none
    since: str = ""  # first month after the start, `YYYY-MM`; "" for the page's default
    month: str = ""  # month up to which change is shown, `YYYY-MM`; "" for the last

    def with_area(self, area: str) -> LinkState:
        """Return this screen with another area chosen."""
        return replace(self, area=area)

    def with_times(self, since: str, month: str) -> LinkState:
        """Return this screen with another start or end month."""
        return replace(self, since=since, month=month)

    def with_choices(self, choices: AreaSettings) -> LinkState:
        """Return this screen with other choices."""
        return self if choices == self.choices else replace(self, choices=choices, area="")


def screen_to_text(screen: LinkState, first: LinkState) -> str:
    """Encode a screen as JSON, with only what differs from the city's defaults."""
    now, own = _plain(screen), _plain(first)
    changed = {name: value for name, value in now.items() if value != own[name]}
    return json.dumps(changed, separators=(",", ":"), ensure_ascii=False)


def screen_from_text(text: str, first: LinkState) -> LinkState:
    """Parse a screen from a link."""
    given = read_link(text, MAX_TEXT)
    try:
        choices = _choices(given, first.choices)
        since = _month(given.get("since", first.since))
        month = _month(given.get("month", first.month))
    except (TypeError, ValueError, OverflowError) as error:
        raise CsaError("screen.bad_link") from error
    area = given.get("area", "")
    is_area = isinstance(area, str) and AREA_PATTERN.fullmatch(area) is not None
    if set(given) - set(_plain(first)) or not is_area:
        raise CsaError("screen.bad_link")
    return LinkState(choices, area, since, month)


def read_link(text: str, most: int) -> dict[str, Any]:
    """Read what a link holds, of at most so many characters."""
    try:
        given = json.loads(text) if len(text) <= most else None
        json.dumps(given, ensure_ascii=False).encode()  # half a surrogate pair cannot be shown
    except (ValueError, RecursionError) as error:
        raise CsaError("screen.bad_link") from error
    if not isinstance(given, dict):
        raise CsaError("screen.bad_link")
    return given


def _choices(given: Mapping[str, Any], first: AreaSettings) -> AreaSettings:
    """Take a link's choices, and refuse those that widgets cannot show or the library rejects."""
    until, kinds = given.get("until", first.until), given.get("kinds", list(first.kinds))
    eps_m, min_samples = first.eps_m, first.min_samples
    if "eps_m" in given or "min_samples" in given:
        eps_m, min_samples = given.get("eps_m", eps_m), given.get("min_samples", min_samples)
        if (eps_m is None) != (min_samples is None):
            raise ValueError
    if eps_m is not None and min_samples is not None:
        eps_m, min_samples = require_number(eps_m), require_whole(min_samples)
        DbscanParams(eps_m, min_samples)
        if not (eps_m >= 1 and min_samples <= MAX_MIN_SAMPLES):
            raise ValueError
    choices = AreaSettings(
        Month.parse(until, "until") if isinstance(until, str) else until,
        require_whole(given.get("months", first.months)),
        eps_m,
        min_samples,
        require_number(given.get("max_area_km2", first.max_area_km2)),
        require_whole(given.get("resolution", first.resolution)),
        _listed(kinds, KINDS),
    )
    require_resolution(choices.resolution)
    if not (until is None or isinstance(choices.until, Month)):
        raise TypeError
    if not 1 <= choices.months <= MAX_MONTHS:
        raise ParamError("param.months", given=choices.months)
    if not 0 <= choices.max_area_km2 <= MAX_KM2:
        raise ParamError("param.max_area_km2", given=choices.max_area_km2)
    return choices


def require_whole(value: Any) -> int:
    """Return a link's whole number; a truth is none."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError
    return value


def require_number(value: Any) -> float:
    """Return a link's number; a text or a truth is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError
    return float(value)


def _month(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return str(Month.parse(value)) if value else ""


def _listed(value: Any, known: Sequence[str]) -> tuple[str, ...]:
    """Take a list of known names in their own order, so that equal screens share a cache key."""
    if not isinstance(value, list) or not set(value) <= set(known):
        raise TypeError
    return tuple(name for name in known if name in value)


def _numbers() -> set[str]:
    return {field.name for field in fields(AreaSettings)} - {"until", "kinds"}


def _plain(screen: LinkState) -> dict[str, Any]:
    choices = screen.choices
    return {
        "until": None if choices.until is None else str(choices.until),
        "kinds": list(choices.kinds),
        **{name: getattr(choices, name) for name in sorted(_numbers())},
        "area": screen.area,
        "since": screen.since,
        "month": screen.month,
    }
