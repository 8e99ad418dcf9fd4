"""An extra: what a city can do without, in folders that one can take away.

An extra is a folder in `csa.extras`, its pages a folder of the same name in `csa_app.extras`, its
tests one in `tests/extras`. Where the three are gone, nothing else changes. An extra of another
distribution is an entry point of the group `csa.extras`, and on where a city's file names it.
docs/EXTRAS.md shows how to write it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from importlib.resources import files
from pkgutil import iter_modules
from typing import Any, Literal

GROUP = "csa.extras"
"""The package of the extras that ship, and the group of entry points of all others."""


@dataclass(frozen=True)
class ExtraPage:
    """A page that an extra adds to the app."""

    screen: str  # dotted name of its module, such as "csa_app.extras.early_word.page"
    address: str  # in the browser, such as "early-word"
    title: str  # key of its title; its words, where it does not ship
    group: str  # key of the group of pages that it stands in
    who: Literal["anyone", "staff", "operator"] = "staff"  # anyone: on a public address too


@dataclass(frozen=True)
class Extra:
    """What an extra adds; whatever it leaves out, it adds nothing to.

    The code is named by dotted texts, so that to list the extras imports nothing else, and the
    library never imports a screen.
    """

    package: str  # its own, `__name__`
    commands: tuple[str, ...] = ()  # functions and typer apps, such as "bus.commands:stops"
    page: ExtraPage | None = None
    section: str = ""
    """Section of the city's file that says what it needs: where a city has none, it is off."""
    sections: Mapping[str, str] = field(default_factory=dict)
    """By core page: what draws there, given its session and whatever else docs/EXTRAS.md names."""
    routes: str = ""
    """Function that lists what it serves beside the pages, behind the same gate."""
    upkeep: str = ""
    """Function of a `Store` and a day, called each time that data are read, in every city."""
    sentences: str = ""
    """Function from an `Analysis` to messages: what editions say below what changed."""
    news: str = ""
    """Function of the store's `Records` and a day to messages: what is new for the Committee."""
    layers: str = ""
    """Function from an open `City` to GeoJSON by name: the map's background on screen."""
    exports: str = ""
    """Function of `FollowedAreas` to files and figures: what `csa displace` writes besides."""
    demo: tuple[str, str] | None = None
    """What `csa demo` makes first: its words' key, and a function of `city`, `dataset`, `out`."""
    story: str = ""
    """Function of the scene, whoever signs, and an act of its `story.toml`: carries it out."""

    @property
    def name(self) -> str:
        """Its folder's name."""
        return self.package.rpartition(".")[2]

    @property
    def texts(self) -> Mapping[str, Any]:
        """Its own catalog, `en.toml` beside its code: sentences by room and key."""
        return self._table("en.toml")

    @property
    def acts(self) -> Sequence[Mapping[str, Any]]:
        """Its part of the made-up program, `story.toml` beside its code."""
        acts: Sequence[Mapping[str, Any]] = self._table("story.toml").get("acts", ())
        return acts

    def _table(self, name: str) -> Mapping[str, Any]:
        path = files(self.package).joinpath(name)
        return tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


@cache
def shipped_extras() -> tuple[Extra, ...]:
    """List the extras that came with the program and were not taken away, by name."""
    home = import_module(GROUP)
    names = sorted(module.name for module in iter_modules(home.__path__) if module.ispkg)
    return tuple(import_module(f"{GROUP}.{name}").EXTRA for name in names)


@cache
def installed_extra(name: str) -> Extra | None:
    """Return the extra that another distribution installs under a name; None if none does."""
    points = tuple(entry_points(group=GROUP, name=name))
    return points[0].load() if points else None


def extras_of(config: Any) -> tuple[Extra, ...]:
    """Return the extras that are on in a city: those that ship, and those that its file names.

    One that needs a section of the file is off where it has none; without a city, `config` is None.
    """
    installed = (installed_extra(name) for name in getattr(config, "extras", ()))
    extras = (*shipped_extras(), *(extra for extra in installed if extra is not None))
    return tuple(
        extra
        for extra in extras
        if not extra.section or getattr(config, extra.section, None) is not None
    )
