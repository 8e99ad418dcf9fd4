"""The command that publishes: the bundle that a public server holds, and all that it holds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from csa.base.errors import ParamError
from csa.cli.choosing import DatasetOption, choices_of
from csa.cli.keeping import StoreOption, plan_of, reading_store
from csa.cli.options import CityOption, JsonOption, city_of
from csa.cli.output.console import progress

if TYPE_CHECKING:
    from csa.base.message import Message
    from csa.displacement.follow import FollowSource
    from csa.reports.public.facts import PublicFacts
    from csa.reports.public.pages import Pictures


def publish(
    city: CityOption,
    dataset: DatasetOption,
    out: Annotated[Path, typer.Option(help="Folder of the bundle.", metavar="DIR")],
    html: Annotated[
        bool, typer.Option("--html", help="Pages too: a site for any web server.")
    ] = False,
    month: Annotated[
        str | None,
        typer.Option(
            help="The last quarter that is over by its end; else by the data's.", metavar="YYYY-MM"
        ),
    ] = None,
    store: StoreOption = None,
    basemap: Annotated[
        Path | None, typer.Option(help="What `csa basemap` wrote, behind the maps.", metavar="DIR")
    ] = None,
    earlier: Annotated[
        list[Path] | None,
        typer.Option(help="Every earlier bundle that is not in --out.", metavar="DIR"),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Publish what the public is told of a quarter: no figure that gives away a small one."""
    config = city_of(city)
    from csa.base.io import require_writable
    from csa.base.params import Month
    from csa.cli.output.publish import show_published, show_published_json
    from csa.dataset.versioned import open_dataset
    from csa.decisions.store.records import read_records
    from csa.displacement.follow import FollowSource
    from csa.ingest.basemap import load_basemap
    from csa.reports.month.gathering import Beside
    from csa.reports.month.noting import refuse_outside
    from csa.reports.public.bundle import all_published, carried_on, publish_bundle
    from csa.reports.public.gathering import STEPS, gather_from
    from csa.reports.public.window import last_month

    asked = None if month is None else Month.parse(month, "--month")
    require_writable(out)
    known = all_published(out, earlier or (), config.city.id)
    layers = {} if basemap is None else load_basemap(basemap).layers
    plan = plan_of(city) if config.city.plan else None
    records = read_records(reading_store(config, store), with_values=False)
    with progress(STEPS + 3) as tell:
        tell("load")
        source = FollowSource(
            dataset, open_dataset(dataset), config, choices_of(config, None, None, {})
        )
        last = asked or last_month(source.dataset)
        refuse_outside(source.dataset, last)
        made = gather_from(source, plan, records, last, Beside(layers, known), tell)
        _refuse_older(out, made.facts.quarter)
        tell("maps")
        pictures, undrawn = _draw(made.facts, source, layers)
        tell("write")
        ledger = carried_on((*known, made.publication))
        files = publish_bundle(out, made.facts, ledger, pictures, with_site=html)
    told = (made, out, files, len(known), undrawn)
    if as_json:
        show_published_json(*told)
    else:
        show_published(*told)


def _refuse_older(out: Path, quarter: str) -> None:
    """Refuse to replace a newer quarter by an older one."""
    from csa.reports.public.bundle import MARKER, read_bundle

    if (out / MARKER).is_file():
        newer = read_bundle(out)[0].quarter
        if newer > quarter:
            raise ParamError("publish.older", out=out, newer=newer, quarter=quarter)


def _draw(
    facts: PublicFacts, source: FollowSource, layers: Mapping[str, str]
) -> tuple[dict[str, Pictures], Message | None]:
    """Draw the maps in each language; where one cannot be drawn, the bundle says so."""
    from csa.base.errors import CsaError
    from csa.base.text import LANGUAGES
    from csa.reports.maps.cartography import draw_map
    from csa.reports.month.facts import MapGround
    from csa.reports.public.map_sheet import PUBLIC_STYLES, public_sheet
    from csa.reports.public.pages import Pictures

    ground = MapGround(source.dataset.study_area, source.dataset.neighborhoods, layers, {})
    drawn = {}
    for language in LANGUAGES:
        sheet = public_sheet(facts, ground, source.config, language)
        try:
            drawn[language] = Pictures(*(draw_map(sheet, style) for style in PUBLIC_STYLES))
        except CsaError as error:
            return {}, error.message
    return drawn, None
