"""The command that answers what was agreed at designation, and no other question in its name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from csa.base.text import month, name_list, render, speak
from csa.cli.console import progress, show, show_json
from csa.cli.options import (
    CityOption,
    DatasetOption,
    JsonOption,
    KindOption,
    StoreOption,
    choices_of,
    city_of,
    reading_store,
)

if TYPE_CHECKING:
    from csa.areas.choices import Choices
    from csa.base.logging import Tell
    from csa.base.params import Period
    from csa.dataset.versioned import City
    from csa.decisions.registry import CoreArea
    from csa.decisions.store.records import Records

BeforeOption = Annotated[
    str | None,
    typer.Option(help="Months before, both included.", metavar="YYYY-MM:YYYY-MM"),
]
AfterOption = Annotated[
    str | None,
    typer.Option(help="Months after, both included; with --before.", metavar="YYYY-MM:YYYY-MM"),
]


def evaluate(
    city: CityOption,
    dataset: DatasetOption,
    area: Annotated[
        str, typer.Option(help="The letter of an area, in service or retired.", metavar="LETTER")
    ],
    store: StoreOption = None,
    before: BeforeOption = None,
    after: AfterOption = None,
    kind: KindOption = None,
    as_json: JsonOption = False,
) -> None:
    """Judge an area, in service or retired, as was agreed at its designation."""
    config = city_of(city)
    from csa.base.errors import ParamError
    from csa.dataset.versioned import open_city
    from csa.decisions.registry import core_area
    from csa.decisions.store.records import read_records
    from csa.displacement.sealed import SEALED
    from csa.displacement.sentences import name_in_sentence
    from csa.evaluation.agreed import check_seal, parse_window

    if (before is None) != (after is None):
        raise ParamError("evaluate.both_windows")
    records = read_records(reading_store(config, store), with_values=False)
    found = core_area(records, area)
    if found is None:
        raise ParamError("evaluate.not_served", area=area)
    who = name_in_sentence(area, found.place_name)
    sealed = check_seal(found.evidence.get(SEALED, {}), area)
    account: dict[str, Any] = {"area": area, "sealed": sealed}
    said: list[str] = []
    if found.ended is not None:
        account["ended"] = str(found.ended)
        said.append(speak("evaluate.ended", who=who, on=found.ended))
    since, seal = month(sealed["since"]), sealed["sha256"][:12]
    said.append(speak("evaluate.sealed", who=who, since=since, on=found.since, seal=seal))
    with progress(3) as tell:
        tell("load")
        opened = open_city(config, dataset)
        if before is not None and after is not None:
            choices = choices_of(config, None, kind)
            spans = parse_window(before, "--before"), parse_window(after, "--after")
            told, more = _windows(opened, choices, found, spans)
        else:
            told, more = _agreed(opened, records, found, sealed, tell)
    said += told
    account |= {**more, "sentences": said}
    if as_json:
        show_json(account)
    else:
        show(*said)


def _windows(
    city: City, choices: Choices, area: CoreArea, spans: tuple[Period, Period]
) -> tuple[list[str], dict[str, Any]]:
    """Compare two windows that were not agreed."""
    from csa.areas.locating import locate_around
    from csa.displacement.sentences import name_in_sentence
    from csa.evaluation.agreed import count_windows, say_windows

    counted = count_windows(locate_around(city, choices, [area.cells]), area.cells, *spans)
    who = name_in_sentence(area.key, area.place_name)
    said = [speak("evaluate.not_agreed"), render(say_windows(counted, who))]
    account = {"is_agreed": False, "verdict": counted.verdict, "p": counted.p}
    return said, account | {"p_rest": counted.p_rest, "counted": counted.counted}


def _agreed(
    city: City, records: Records, area: CoreArea, sealed: Mapping[str, Any], tell: Tell
) -> tuple[list[str], dict[str, Any]]:
    """Return what was agreed of an area, by the answer that all pages give."""
    from csa.analysis.analysis import Analysis
    from csa.areas.choices import city_choices
    from csa.base.errors import CsaError, PeriodError
    from csa.decisions.registry import followed
    from csa.displacement.telling import figures
    from csa.evaluation.agreed import say_agreed

    analysis = Analysis(city, choices_of(city.config, None, tuple(sealed["outcome"])), records)
    areas = analysis.areas
    if areas is None or area.key not in areas.area_ids:  # others serve all of its ground by now
        areas = followed([area])
    try:
        change = analysis.change(areas, tell=tell)
    except CsaError:  # of another area: this one may be judged all the same
        change = analysis.change(followed([area]), tell=tell)
    if change is None or area.key not in change.displaced.chosen.area_ids:
        last = city.dataset.require_months().until.plus(-1)
        raise PeriodError("displacement.after", since=sealed["since"], last=last)
    displaced = change.displaced
    judged = displaced.single[displaced.chosen.area_ids.index(area.key)]
    said = [render(one) for one in say_agreed(sealed, displaced, area.key)]
    if set(sealed["outcome"]) != set(city_choices(city.config).kinds):
        said.append(speak("evaluate.outcome", kinds=name_list(sealed["outcome"])))
    account = {"is_agreed": True, "verdict": str(judged.verdicts[-1])}
    ring = None if judged.ring is None else figures(judged.ring)
    return said, account | {"core": figures(judged.core), "ring": ring}
