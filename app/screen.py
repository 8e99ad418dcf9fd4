"""What a link reproduces: choices, the chosen area, and what the map shows."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields, replace
from typing import Any

from csa.analysis import Choices
from csa.errors import CsaError, ParamError
from csa.params import DbscanParams, Month, require_resolution

LAYERS = ("background", "neighborhoods", "services")
SHADES = ("shootings", "risk", "none")
MAX_TEXT = 2000


@dataclass(frozen=True)
class Screen:
    """All that a link reproduces.

    Parameters
    ----------
    choices
        What is counted, and how areas are found.
    area
        The chosen area's letter, or "".
    shade
        What colours the cells, of `SHADES`.
    layers
        What else the map shows, of `LAYERS`.
    """

    choices: Choices
    area: str = ""
    shade: str = SHADES[0]
    layers: tuple[str, ...] = ("background", "neighborhoods")

    def with_map(self, shade: str, layers: tuple[str, ...]) -> Screen:
        """Return this screen with another shade and other layers.

        Parameters
        ----------
        shade
            Of `SHADES`.
        layers
            Of `LAYERS`.

        Returns
        -------
        Screen
            The other screen.
        """
        return replace(self, shade=shade, layers=layers)

    def with_area(self, area: str) -> Screen:
        """Return this screen with another area chosen.

        Parameters
        ----------
        area
            A letter, or "".

        Returns
        -------
        Screen
            The other screen.
        """
        return replace(self, area=area)

    def with_choices(self, choices: Choices) -> Screen:
        """Return this screen with other choices.

        Parameters
        ----------
        choices
            What is counted; another proposal has other letters, so no area stays chosen.

        Returns
        -------
        Screen
            The other screen.
        """
        return self if choices == self.choices else replace(self, choices=choices, area="")


def screen_to_text(screen: Screen, first: Screen) -> str:
    """Write a screen as JSON text, only what differs from the city's own.

    Parameters
    ----------
    screen
        What is on screen.
    first
        The city's own screen.

    Returns
    -------
    str
        JSON; `{}` for the city's own.
    """
    now, own = _plain(screen), _plain(first)
    changed = {name: value for name, value in now.items() if value != own[name]}
    return json.dumps(changed, separators=(",", ":"), ensure_ascii=False)


def screen_from_text(text: str, first: Screen) -> Screen:
    """Read a screen from a link.

    Parameters
    ----------
    text
        JSON text; it comes from outside, so nothing in it is trusted.
    first
        The city's own screen, for what the text does not say.

    Returns
    -------
    Screen
        The link's screen.

    Raises
    ------
    CsaError
        If the text is no such JSON, or a value is outside its range.
    """
    given = _read(text)
    try:
        until = given.pop("until", None)
        kinds = given.pop("kinds", None)
        rest = {name: given.pop(name) for name in tuple(given) if name in _numbers()}
        choices = replace(
            first.choices,
            **rest,
            **({} if until is None else {"until": Month.parse(until, "until")}),
            **({} if kinds is None else {"kinds": tuple(kinds)}),
        )
        _check(choices)
        area, shade = given.pop("area", ""), given.pop("shade", first.shade)
        layers = tuple(given.pop("layers", first.layers))
    except (TypeError, ValueError, AttributeError) as error:
        raise CsaError("screen.bad_link") from error
    is_known = shade in SHADES and set(layers) <= set(LAYERS) and isinstance(area, str)
    if given or not is_known or len(area) > 3:  # noqa: PLR2004 - letters A to ZZZ
        raise CsaError("screen.bad_link")
    return Screen(choices, area, shade, layers)


def _read(text: str) -> dict[str, Any]:
    try:
        given = json.loads(text) if len(text) <= MAX_TEXT else None
    except (ValueError, RecursionError) as error:
        raise CsaError("screen.bad_link") from error
    if not isinstance(given, dict):
        raise CsaError("screen.bad_link")
    return given


def _check(choices: Choices) -> None:
    """Refuse what the widgets could not show and the library would refuse later."""
    for number in (choices.months, choices.resolution):
        if isinstance(number, bool) or not isinstance(number, int):
            raise CsaError("screen.bad_link")
    if not 1 <= choices.months <= 240:  # noqa: PLR2004 - twenty years
        raise ParamError("param.months", given=choices.months)
    require_resolution(choices.resolution)
    eps_m, min_samples = choices.eps_m, choices.min_samples
    if (eps_m is None) != (min_samples is None):
        raise CsaError("screen.bad_link")
    if eps_m is not None and min_samples is not None:
        DbscanParams(float(eps_m), int(min_samples))
    if not 0 <= float(choices.max_area_km2) <= 100:  # noqa: PLR2004 - a whole city's size
        raise ParamError("param.max_area_km2", given=choices.max_area_km2)


def _numbers() -> set[str]:
    return {field.name for field in fields(Choices)} - {"until", "kinds"}


def _plain(screen: Screen) -> dict[str, Any]:
    choices = screen.choices
    return {
        "until": None if choices.until is None else str(choices.until),
        "kinds": list(choices.kinds),
        **{name: getattr(choices, name) for name in sorted(_numbers())},
        "area": screen.area,
        "shade": screen.shade,
        "layers": list(screen.layers),
    }
