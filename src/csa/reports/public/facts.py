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
    """A class of cells by their count; the lowest is `fewer than 10`, or `not told`.

    Parameters
    ----------
    low
        Lowest count in it; 0 for the lowest class.
    high
        Highest count in it; None for the highest class, which is open, and for a lowest one that
        holds cells that were held back.
    """

    low: int
    high: int | None


class PublicCell(Frozen):
    """A cell of the public's map (H3 resolution 8).

    Parameters
    ----------
    cell
        15 hexadecimal digits.
    level
        Position of its class; cells of the lowest class are listed too, so that they cannot be
        told from cells without any.
    """

    cell: str
    level: int


class PublicPlace(Frozen):
    """A neighborhood with its count over the whole period.

    Parameters
    ----------
    name
        Its name.
    count
        People or events shot, as the city counts; None for fewer than 10 or held back.
    level
        Position of the highest class among the map's cells that lie on it; None in a bundle of an
        earlier version, and where no cell lies on it.
    """

    name: str
    count: int | None
    level: int | None = None


class PublicArea(Frozen):
    """A core service area, or one of the period's candidates where none is designated.

    Parameters
    ----------
    letter, place_name
        Its names; `Speaker.place` says the compass word of the second in the reader's language.
    state
        `candidate`, `designated` or `maintenance`.
    since
        The day of its state; None for a candidate of the period.
    cells
        Its cells, 15 hexadecimal digits each.
    count
        Over the whole period; None for fewer than 10 or held back.
    """

    letter: str
    place_name: str
    state: Literal["candidate", "designated", "maintenance"]
    since: date | None
    cells: tuple[str, ...]
    count: int | None


class PublicChange(Frozen):
    """What changed in all areas together, and how sure that is.

    Parameters
    ----------
    verdict
        Of `csa.displacement.verdict.Verdict`, its value; `unknown` where it cannot be told.
    since, through
        First and last month compared, `YYYY-MM`.
    counted, low, high
        Counted in the areas, and what was to be expected; None where a count below 10 would be
        told, or none is known.
    is_usual_known
        Whether past years tell what such areas do by themselves; else that is assumed.
    """

    verdict: str
    since: str
    through: str
    counted: int | None
    low: int | None
    high: int | None
    is_usual_known: bool = True


class PublicAction(Frozen):
    """An action of the plan.

    Parameters
    ----------
    number
        The plan's number.
    title
        In English, as the plan has it or as it was approved last.
    titles
        Language to title, English among them: `csa.plan.Plan.titles_of(number, title)` gives it.
        Where a language has none yet, pages say the English title and mark it as English.
    status
        The status word.
    due
        The day it is due; None where no day was set.
    """

    number: str
    title: str
    titles: dict[str, str]
    status: str
    due: date | None


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
    """All that the public is told.

    Parameters
    ----------
    snapshot_id
        Of the data, choices, month and decisions it was made from.
    quarter
        The last quarter in it, `YYYY-Qn`: it is refreshed once a quarter.
    start, until
        First month counted, and first not counted, `YYYY-MM`; 36 months.
    city_id, city_name, units
        As in the city's file.
    is_synthetic, is_proxy
        Whether the city is made up; whether the nonfatal kind is a proxy.
    source
        Who publishes the incidents.
    n_incidents, n_unlocated
        The whole city over the period; those without a usable place. None for fewer than 10.
    n_unknown
        Those with a place of which the source does not say whether they are domestic: they are
        counted. None for some, but fewer than 10.
    years
        Whole years and the whole city's incidents in each; None for fewer than 10.
    classes, cells
        The map.
    areas, districts
        Counts of 10 or more; nothing that gives away a smaller one.
    change
        All areas together.
    actions, tasks, answers
        What is done there.
    domestic
        `left_out`: domestic incidents have no place here. `confirmed`: the source has no such
        field, and an office confirmed that.
    domestic_office, domestic_on
        Who confirmed it, and when.
    take_part
        How to take part, language to sentences.
    spanish_office
        Who approved the Spanish; empty where nobody did.
    """

    format_version: int = FORMAT_VERSION
    snapshot_id: str
    quarter: str
    start: str
    until: str
    city_id: str
    city_name: str
    units: Literal["us", "metric"]
    is_synthetic: bool
    is_proxy: bool
    source: str
    n_incidents: int | None
    n_unlocated: int | None
    n_unknown: int | None = 0
    years: tuple[tuple[int, int | None], ...]
    classes: tuple[DensityClass, ...]
    cells: tuple[PublicCell, ...]
    areas: tuple[PublicArea, ...]
    districts: tuple[PublicPlace, ...]
    change: PublicChange | None
    actions: tuple[PublicAction, ...]
    tasks: tuple[PublicTask, ...]
    answers: tuple[PublicAnswer, ...]
    domestic: Literal["left_out", "confirmed"]
    domestic_office: str
    domestic_on: date | None
    take_part: dict[str, tuple[str, ...]]
    spanish_office: str
