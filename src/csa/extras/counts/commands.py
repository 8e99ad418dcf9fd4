"""The commands of counts without points: hospitals, ambulances, crisis lines, other cities."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from csa.base.text import render, tr
from csa.cli.console import progress, show, show_json
from csa.cli.options import (
    CityOption,
    DatasetOption,
    DecisionOptions,
    FolderOption,
    JsonOption,
    StoreOption,
    dataset_of,
    load_analysis,
    load_city_option,
    signed,
)

app = typer.Typer(
    name="counts",
    no_args_is_help=True,
    help="Counts without points: hospitals, EMS, crisis lines, and other cities.",
)
N_STEPS = 5


@app.command("add")
@signed
def counts_add(
    name: Annotated[str, typer.Argument(help="What the table is called.")],
    file: Annotated[Path, typer.Argument(help="A CSV; docs/DATA.md.", metavar="FILE")],
    kind: Annotated[
        Literal["hospital", "ems", "crisis"], typer.Option(help="hospital, ems or crisis.")
    ],
    place: Annotated[
        Literal["injury", "home", "hospital"],
        typer.Option(help="What its places are of: injury, home or hospital."),
    ],
    signing: DecisionOptions,
    suppressed_below: Annotated[
        int | None, typer.Option(help="A number marked as suppressed is below this.", min=2)
    ] = None,
    dataset: FolderOption = None,
) -> None:
    """Add a table of counts, or its new months: all of it, or nothing and a list of every error."""
    from csa.extras.counts.recording import add_counts, count_places
    from csa.extras.counts.tables import load_counts

    data = dataset_of(signing.city, dataset)
    neighborhoods = () if data is None else data.neighborhoods["name"]
    places = {str(own): str(own) for own in neighborhoods} | count_places(signing.records)
    counts = load_counts(file, places, signing.config.city.clock.today(), suppressed_below)
    result = signing.decide(lambda store, act: add_counts(store, act, name, kind, place, counts))
    show(tr("count_table.added", name=name, **result))


@app.command("peers")
@signed
def counts_peers(
    file: Annotated[
        Path, typer.Argument(help="A CSV in the Real-Time Crime Index's layout.", metavar="FILE")
    ],
    signing: DecisionOptions,
    peer: Annotated[
        list[str] | None,
        typer.Option(help="A city, as Agency_State has it (default: as chosen).", metavar="CITY"),
    ] = None,
) -> None:
    """Add other cities' homicides; the Committee chooses the cities, before the year compared."""
    from csa.extras.counts.recording import add_counts, peer_table
    from csa.extras.counts.tables import PEERS, load_peers

    city = signing.config.city
    chosen = peer_table(signing.records)
    peers = peer or (() if chosen is None else tuple(chosen.counts))
    counts = load_peers(file, peers, city.name, city.clock.today())
    result = signing.decide(lambda store, act: add_counts(store, act, PEERS, PEERS, "", counts))
    show(tr("count_table.added", name=PEERS, **result))


@app.command("list")
def counts_list(
    city: CityOption,
    dataset: DatasetOption,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the tables: what they cover, how late they are, and what they show."""
    from csa.areas.choices import city_choices
    from csa.base.params import Month
    from csa.extras.counts.comparing import (
        compare_city,
        compare_tables,
        counts_account,
        describe_places,
        describe_table,
    )

    config = load_city_option(city)
    with progress(N_STEPS) as step:
        analysis = load_analysis(config, dataset, city_choices(config), store, step)
        tables, beside = [*compare_tables(analysis)], [*compare_city(analysis)]
    if as_json:
        show_json([counts_account(*known) for known in tables])
        return
    if not (tables or beside):
        show(tr("count_table.none"))
    today = config.city.clock.today()
    for table, found in tables:
        show(*map(render, describe_table(table, Month(today.year, today.month))))
        show(*map(render, describe_places(found, {})))
    show(*map(render, beside))
