"""All that the public is told, as values.

The page, the wall, the site and the public edition are written from it and from nothing else, and
a public server holds nothing more.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from csa.config.types import Frozen

FORMAT_VERSION = 1


class DensityClass(Frozen):
    """A class of cells by their count; the lowest is `fewer than 10`, or `not told`."""

    low: int  # lowest count in it; 0 for the lowest class
    high: int | None  # highest count in it


class PublicCell(Frozen):
    """A cell of the public's map (H3 resolution 8)."""

    cell: str  # 15 hexadecimal digits
    level: int  # position of its class


class PublicPlace(Frozen):
    """A neighborhood with its count over the whole period."""

    name: str  # its name
    count: int | None  # people or events shot, as the city counts
    level: int | None = None  # position of the highest class among the map's cells that lie on it


class PublicArea(Frozen):
    """A core service area, or one of the period's candidates where none is designated."""

    letter: str
    place_name: str
    state: Literal["candidate", "designated", "maintenance"]
    since: date | None  # the day of its state; None for a candidate of the period
    cells: tuple[str, ...]  # its cells, 15 hexadecimal digits each
    count: int | None  # over the whole period; None for fewer than 10 or held back


class PublicChange(Frozen):
    """What changed in all areas together, and how sure that is."""

    verdict: str  # of `csa.displacement.verdict.Verdict`, its value
    since: str  # first and last month compared, `YYYY-MM`
    through: str  # first and last month compared, `YYYY-MM`
    counted: int | None  # counted in the areas, and what was to be expected
    low: int | None  # counted in the areas, and what was to be expected
    high: int | None  # counted in the areas, and what was to be expected
    is_usual_known: bool = True  # whether past years tell what such areas do by themselves


class PublicAction(Frozen):
    """An action of the plan."""

    number: str  # the plan's number
    title: str  # in English, as the plan has it or as it was approved last
    titles: dict[str, str]  # language to title, English among them
    status: str  # the status word
    due: date | None  # the day it is due; None where no day was set


class PublicTask(Frozen):
    """A task of an area's work plan that was marked public."""

    area: str
    what: str
    agency: str
    status: str
    due: date | None


class PublicAnswer(Frozen):
    """You said, we did: what residents asked and what was answered, marked public."""

    area: str
    asked: str
    asked_on: date
    answered: str
    answered_on: date | None


class PublicFacts(Frozen):
    """All that the public is told."""

    format_version: int = FORMAT_VERSION
    snapshot_id: str  # of the data, choices, month and decisions it was made from
    quarter: str  # the last quarter in it, `YYYY-Qn`: it is refreshed once a quarter
    start: str  # first month counted, and first not counted, `YYYY-MM`; 36 months
    until: str  # first month counted, and first not counted, `YYYY-MM`; 36 months
    city_id: str  # as in the city's file
    city_name: str  # as in the city's file
    units: Literal["us", "metric"]  # as in the city's file
    is_synthetic: bool  # whether the city is made up; whether the nonfatal kind is a proxy
    is_proxy: bool  # whether the city is made up; whether the nonfatal kind is a proxy
    source: str  # who publishes the incidents
    n_incidents: int | None  # the whole city over the period
    n_unlocated: int | None  # the whole city over the period
    n_unknown: int | None = 0
    years: tuple[tuple[int, int | None], ...]
    classes: tuple[DensityClass, ...]  # the map
    cells: tuple[PublicCell, ...]  # the map
    areas: tuple[PublicArea, ...]  # counts of 10 or more; nothing that gives away a smaller one
    districts: tuple[PublicPlace, ...]  # counts of 10 or more
    change: PublicChange | None  # all areas together
    actions: tuple[PublicAction, ...]  # what is done there
    tasks: tuple[PublicTask, ...]  # what is done there
    answers: tuple[PublicAnswer, ...]  # what is done there
    domestic: Literal["left_out", "confirmed"]
    domestic_office: str  # who confirmed it, and when
    domestic_on: date | None  # who confirmed it, and when
    take_part: dict[str, tuple[str, ...]]  # how to take part, language to sentences
    spanish_office: str  # who approved the Spanish; empty where nobody did
