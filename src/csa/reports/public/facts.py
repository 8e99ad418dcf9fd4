"""All public facts, as values.

The page, the wall, the site and the public edition are written from them and from nothing else,
and a public server holds nothing more.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from csa.city.types import Frozen
from csa.geo.cells import CellSet

FORMAT_VERSION = 1
CHANGES = ("fewer", "more")
"""How a map draws what changed: the first words of a verdict."""

Years = tuple[tuple[int, int | None], ...]
"""A calendar year and its count; None for fewer than 10."""
Quarters = tuple[tuple[str, int | None], ...]
"""A quarter, `YYYY-Qn`, and its count; None for fewer than 10."""
Streets = tuple[tuple[str, tuple[str, ...]], ...]
"""A street's name and the neighborhoods that it runs through."""


class DensityClass(Frozen):
    """A class of places by their count; the lowest is `fewer than 10`."""

    low: int  # lowest count in it; 0 for the lowest class
    high: int | None  # highest count in it


class PublicCell(Frozen):
    """A cell of the public map (H3 resolution 8)."""

    cell: str  # 15 hexadecimal digits
    level: int  # position of its class
    count: int | None = None  # over the whole period; None if fewer than 10


class PublicPlace(Frozen):
    """A neighborhood with its count over the whole period."""

    name: str  # its name
    count: int | None  # incidents over the whole period; None if fewer than 10
    level: int = 0  # position of its class
    years: Years = ()  # each whole year
    quarters: Quarters = ()  # where it has 100 or more a year
    areas: tuple[str, ...] = ()  # keys of the areas that lie in it, at least in part


class PublicArea(Frozen):
    """A core service area, or one of the period's candidates where none is designated."""

    letter: str  # empty for a candidate, which has a name alone: a letter promises a choice
    place_name: str
    state: Literal["candidate", "designated", "maintenance"]
    since: date | None  # first day of its state; None for a candidate
    cells: tuple[str, ...]  # H3 cells, 15 hexadecimal digits each
    count: int | None  # over the whole period; None if fewer than 10
    years: Years = ()  # each whole year
    verdict: str = ""  # what changed in it, of `csa.change.verdict.Verdict`; empty if unknown
    lasted_until: str | None = None  # last month of a change that is over, `YYYY-MM`

    @property
    def key(self) -> str:
        """Its name among tasks, answers and figures."""
        return self.letter or self.place_name

    @property
    def ground(self) -> CellSet:
        """Its cells as numbers."""
        return frozenset(int(cell, 16) for cell in self.cells)


class PublicMeeting(Frozen):
    """A meeting that anyone may come to."""

    on: date
    what: str = ""  # what it is about; empty for a listening session of an area's work plan
    at: str = ""  # the time of day, as people say it
    where: str = ""  # a public building
    places: tuple[str, ...] = ()  # neighborhoods; empty if it is for the whole city


class PublicChange(Frozen):
    """The change in all areas together, and how certain it is."""

    verdict: str  # a value of `csa.change.verdict.Verdict`
    since: str  # first month compared, `YYYY-MM`
    through: str  # last month compared, `YYYY-MM`
    counted: int | None  # in the areas
    low: int | None  # low end of the range expected without change
    high: int | None  # high end of the range expected without change
    is_usual_known: bool = True  # whether past years show what such areas do without action
    lasted_until: str | None = None  # last month of a change that is over, `YYYY-MM`
    ended: tuple[str, ...] = ()  # letters of areas that count on and are no longer in service


class PublicAction(Frozen):
    """An action of the plan."""

    number: str  # the plan's number
    title: str  # in English: the latest approved title, else the plan's
    titles: dict[str, str]  # title by language, English included
    status: str  # the status word
    due: date | None  # None if no day was set


class PublicTask(Frozen):
    """A task of an area's work plan that was marked public."""

    area: str
    what: str
    agency: str
    status: str
    due: date | None
    reason: str = ""  # why it is late, in its agency's words; empty once it is done
    told_on: date | None = None  # when its agency was told that it is late


class PublicAnswer(Frozen):
    """What residents asked and agreed to be quoted with, and what was answered."""

    area: str
    asked: str
    asked_on: date
    answered: str
    answered_on: date | None


class PublicGroup(Frozen):
    """A group of residents: its share in the areas and in the city."""

    names: dict[str, str]  # by language
    areas: int  # percent of the people in the areas
    city: int  # percent of the people in the city


class PublicDoubled(Frozen):
    """Areas proposed again as if one neighborhood had reported every shooting twice."""

    name: str  # the neighborhood: of those without an area, the one with the highest number
    before: int  # areas there as reported
    after: int  # areas there as if reported twice
    others: int  # areas elsewhere as reported
    others_kept: int  # of these, those still found


class PublicFairness(Frozen):
    """Who lives in the areas, and how they depend on what is reported."""

    people_percent: int | None = None  # of the city's people, in areas; None without a census
    groups: tuple[PublicGroup, ...] = ()
    doubled: PublicDoubled | None = None


class PublicFacts(Frozen):
    """All public facts."""

    snapshot_id: str  # of the data, choices, month and decisions they were made from
    quarter: str  # the last quarter included, `YYYY-Qn`; a new one comes out each quarter
    start: str  # first month counted, `YYYY-MM`
    until: str  # first month no longer counted, `YYYY-MM`; usually 36 months after `start`
    city_id: str  # as in the city's file
    city_name: str  # as in the city's file
    units: Literal["us", "metric"]  # as in the city's file
    is_synthetic: bool  # whether the city is made up
    is_proxy: bool  # whether the nonfatal kind is a proxy
    source: str  # who publishes the incidents
    n_incidents: int | None  # the whole city over the period
    n_unlocated: int | None  # of these, those without a usable location
    n_unknown: int | None = 0
    years: Years
    quarters: Quarters = ()  # the whole city's
    classes: tuple[DensityClass, ...]  # of the map
    cells: tuple[PublicCell, ...]  # of the map
    areas: tuple[PublicArea, ...]
    districts: tuple[PublicPlace, ...]
    streets: Streets = ()  # of the city's own map, by which people find their neighborhood
    change: PublicChange | None  # all areas together
    actions: tuple[PublicAction, ...]  # the plan's actions
    tasks: tuple[PublicTask, ...]  # tasks marked public
    answers: tuple[PublicAnswer, ...]  # to those who agreed to be quoted
    n_unquoted: int = 0  # other questions
    n_unquoted_open: int = 0  # of them, those without an answer yet
    domestic: Literal["left_out", "confirmed", "counted"]
    rounded_to: int = 1  # to this the numbers of places are rounded
    domestic_office: str  # the office that confirmed it
    domestic_agency: str = ""  # domestic-violence agency that agreed
    domestic_on: date | None  # the day it was confirmed
    take_part: dict[str, tuple[str, ...]]  # how to take part: sentences by language
    spanish_office: str  # who approved the Spanish; empty if nobody did
    meetings: tuple[PublicMeeting, ...] = ()  # after the quarter's end, soonest first
    fairness: PublicFairness | None = None  # None if it was not asked for
    decided_by: str = ""  # who decides which areas are chosen
    address: str = ""  # of the public page
    contact: str = ""  # office that answers questions on the data
    email: str = ""  # of that office
