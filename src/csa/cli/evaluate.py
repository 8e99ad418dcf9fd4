"""The command that answers what was agreed at designation, and no other question in its name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from csa.base.text import month, name_list, render, tr
from csa.cli.console import progress, show, show_json
from csa.cli.options import (
    CityOption,
    DatasetOption,
    JsonOption,
    KindOption,
    StoreOption,
    load_city_option,
    stored_records,
)

if TYPE_CHECKING:
    from csa.areas.choices import AreaSettings
    from csa.base.logging import ProgressCallback
    from csa.base.params import Period
    from csa.city.dataset import City
    from csa.program.registry import CoreArea, Zone
    from csa.program.store.records import Records


def evaluate(
    city: CityOption,
    dataset: DatasetOption,
    area: Annotated[
        str,
        typer.Option(help="An area's letter, in service or retired, or a zone.", metavar="LETTER"),
    ],
    store: StoreOption = None,
    before: Annotated[
        str | None, typer.Option(help="Months before, both included.", metavar="YYYY-MM:YYYY-MM")
    ] = None,
    after: Annotated[
        str | None,
        typer.Option(help="Months after, both included; with --before.", metavar="YYYY-MM:YYYY-MM"),
    ] = None,
    kind: KindOption = None,
    as_json: JsonOption = False,
) -> None:
    """Evaluate an area or a zone as agreed when it was designated or entered."""
    config = load_city_option(city)
    from csa.areas.choices import resolve_settings
    from csa.base.errors import ParamError
    from csa.change.evaluation import parse_window
    from csa.change.sentences import name_in_sentence
    from csa.city.dataset import open_city
    from csa.city.preregistration import SEALED, check_seal
    from csa.program.registry import Zone, all_zones, core_area, find_zone

    if (before is None) != (after is None):
        raise ParamError("evaluate.both_windows")
    records = stored_records(config, store)
    found: CoreArea | Zone | None = core_area(records, area)
    if found is None and records.zones:
        found = find_zone(all_zones(records), area)
    if found is None:
        raise ParamError("evaluate.not_served", area=area)
    area, who = found.key, name_in_sentence(found.key, found.place_name)
    if isinstance(found, Zone) and SEALED not in found.evidence:
        raise ParamError("evaluate.not_sealed", area=who)
    sealed = check_seal(found.evidence.get(SEALED, {}), area)
    account: dict[str, Any] = {"area": area, "sealed": sealed}
    said: list[str] = []
    if found.ended is not None:
        account["ended"] = str(found.ended)
        said.append(tr("evaluate.ended", who=who, on=found.ended))
    since, seal = month(sealed["since"]), sealed["sha256"][:12]
    said.append(tr("evaluate.sealed", who=who, since=since, on=found.since, seal=seal))
    with progress(3) as step:
        step("load")
        opened = open_city(config, dataset)
        if before is not None and after is not None:
            choices = resolve_settings(config, None, kind)
            spans = parse_window(before, "--before"), parse_window(after, "--after")
            told, more = _windows(opened, choices, found, spans)
        else:
            told, more = _agreed(opened, records, found, sealed, step)
    said += told
    account |= {**more, "sentences": said}
    if as_json:
        show_json(account)
    else:
        show(*said)


def _windows(
    city: City, choices: AreaSettings, area: CoreArea | Zone, spans: tuple[Period, Period]
) -> tuple[list[str], dict[str, Any]]:
    """Compare two windows that were not agreed."""
    from csa.areas.locating import locate_for_areas
    from csa.change.evaluation import count_windows, describe_windows
    from csa.change.sentences import name_in_sentence

    counted = count_windows(locate_for_areas(city, choices, [area.cells]), area.cells, *spans)
    who = name_in_sentence(area.key, area.place_name)
    said = [tr("evaluate.not_agreed"), render(describe_windows(counted, who))]
    account = {"is_agreed": False, "verdict": counted.verdict, "p": counted.p}
    return said, account | {"p_rest": counted.p_rest, "counted": counted.counted}


AGREED = ("months", "through", "verdict", "core", "ring")
"""What an agreed answer holds; each is null while the first is not due."""


def _agreed(
    city: City,
    records: Records,
    area: CoreArea | Zone,
    sealed: Mapping[str, Any],
    progress: ProgressCallback,
) -> tuple[list[str], dict[str, Any]]:
    """Return what was agreed of an area, by the answer that all pages give."""
    from csa.analysis.analysis import Analysis
    from csa.areas.choices import city_choices, resolve_settings
    from csa.base.errors import CsaError, PeriodError
    from csa.change.evaluation import agreed_statements, describe_preregistered
    from csa.change.sentences import figures
    from csa.program.registry import Zone, followed
    from csa.program.zones import describe_boundary

    settings = resolve_settings(city.config, None, tuple(sealed["outcome"]))
    analysis = Analysis(city, settings, records, progress=progress)
    areas = analysis.areas
    if isinstance(area, Zone):
        areas = analysis.zone_areas(area)
    elif areas is None or area.key not in areas.area_ids:  # others serve all of its ground by now
        areas = followed([area])
    try:
        change = analysis.change(areas)
    except CsaError:  # of another area: this one may be judged all the same
        if isinstance(area, Zone):
            raise
        change = analysis.change(followed([area]))
    if change is None or area.key not in change.displaced.chosen.area_ids:
        last = city.dataset.require_months().until.plus(-1)
        raise PeriodError("displacement.after", since=sealed["since"], last=last)
    displaced = change.displaced
    judged = displaced.by_area[displaced.chosen.area_ids.index(area.key)]
    said = [render(one) for one in describe_preregistered(sealed, displaced, area.key)]
    if set(sealed["outcome"]) != set(city_choices(city.config).kinds):
        said.append(tr("evaluate.outcome", kinds=name_list(sealed["outcome"])))
    # Figures are of the very months that the sentences are: months after them are not agreed on.
    findings = agreed_statements(sealed, displaced, area.key)
    answers = [
        {
            "months": one.period.months,
            "through": str(one.period.until.plus(-1)),
            "verdict": one.verdict,
            "core": figures(judged.core, one.period.months - 1),
            "ring": judged.ring and figures(judged.ring, one.period.months - 1),
        }
        for one in findings
    ]
    if isinstance(area, Zone):  # its pages count the boundary, the finding its blocks
        said += map(render, describe_boundary(city.dataset, area, findings, sealed["outcome"]))
    newest = answers[-1] if answers else dict.fromkeys(AGREED)
    return said, {"is_agreed": bool(answers), **newest, "answers": answers}
