"""The command that answers what was agreed at designation, and no other question in its name."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from csa.base.text import month, render, speak
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
    area: Annotated[str, typer.Option(help="The letter of an area in service.", metavar="LETTER")],
    store: StoreOption = None,
    before: BeforeOption = None,
    after: AfterOption = None,
    kind: KindOption = None,
    as_json: JsonOption = False,
) -> None:
    """Judge an area as was agreed at its designation; other windows are labeled so."""
    config = city_of(city)
    from csa.areas.locating import locate_around
    from csa.base.errors import ParamError
    from csa.dataset.versioned import open_city
    from csa.decisions.registry import core_area, followed
    from csa.decisions.store.records import read_records
    from csa.displacement.analyze import analyze_displacement
    from csa.displacement.follow import load_past, past_way
    from csa.displacement.sealed import SEALED
    from csa.displacement.sentences import name_in_sentence
    from csa.evaluation.agreed import (
        check_seal,
        count_windows,
        parse_window,
        say_agreed,
        say_windows,
    )

    if (before is None) != (after is None):
        raise ParamError("evaluate.both_windows")
    records = read_records(reading_store(config, store), with_values=False)
    found = core_area(records, area)
    if found is None:
        raise ParamError("evaluate.not_served", area=area)
    who, sealed = name_in_sentence(area, found.place_name), found.evidence.get(SEALED)
    if sealed is not None or before is None:
        sealed = check_seal(sealed, area)
    account: dict[str, Any] = {"area": area, "sealed": sealed}
    said: list[str] = []
    with progress(3) as tell:
        tell("load")
        opened = open_city(config, dataset)
        if before is not None and after is not None:
            choices = choices_of(config, None, kind)
            spans = parse_window(before, "--before"), parse_window(after, "--after")
            located = locate_around(opened, choices, [found.cells])
            counted = count_windows(located, found.cells, *spans)
            said += [speak("evaluate.not_agreed"), render(say_windows(counted, who))]
            account |= {"is_agreed": False, "verdict": counted.verdict, "p": counted.p}
            account |= {"p_rest": counted.p_rest, "counted": counted.counted}
        elif sealed is not None and (chosen := followed([found])) is not None:
            choices = choices_of(config, None, tuple(sealed["outcome"]))
            past = load_past(opened, past_way(choices, chosen)) or ()
            located = locate_around(opened, choices, chosen.grounds)
            displaced = analyze_displacement(located, chosen, None, past, tell)
            said += [render(one) for one in say_agreed(sealed, displaced, area)]
            account |= {"is_agreed": True, "verdict": str(displaced.single[0].verdicts[-1])}
    account["sentences"] = said
    if sealed is not None:
        day, seal = found.since, sealed["sha256"][:12]
        since = month(sealed["since"])
        said.insert(0, speak("evaluate.sealed", who=who, since=since, on=day, seal=seal))
    if as_json:
        show_json(account)
    else:
        show(*said)
