"""The command that publishes the bundle: what everyone may see, what was held back and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from csa.base.errors import ParamError
from csa.base.params import Month, Period
from csa.base.text import Translator, day, month as month_name, render, tr
from csa.cli.console import progress, show, show_json
from csa.cli.options import (
    BasemapOption,
    CityOption,
    ConfirmOption,
    DatasetOption,
    JsonOption,
    StoreOption,
    city_plan,
    confirm_read,
    load_city_option,
    make_act,
    open_or_create_store,
    open_store_read_only,
)

if TYPE_CHECKING:
    from csa.base.message import Message
    from csa.city.config import CityConfig
    from csa.reports.public.fairness import Census
    from csa.reports.public.gathering import Published


def publish(
    city: CityOption,
    dataset: DatasetOption,
    out: Annotated[Path, typer.Option(help="Folder of the bundle.", metavar="DIR")],
    month: Annotated[
        str | None,
        typer.Option(
            help="Last month to use; its last full quarter is published (default: the data's).",
            metavar="YYYY-MM",
        ),
    ] = None,
    store: StoreOption = None,
    basemap: BasemapOption = None,
    earlier: Annotated[
        list[Path] | None,
        typer.Option(help="Every earlier bundle that is not in --out.", metavar="DIR"),
    ] = None,
    fairness: Annotated[
        bool,
        typer.Option(
            "--fairness",
            help="Also propose areas as if one neighborhood had reported twice as much.",
        ),
    ] = False,
    census: Annotated[
        Path | None,
        typer.Option(
            help="Who lives where, for the fairness page; see `public.census`.", metavar="FILE"
        ),
    ] = None,
    confirm: ConfirmOption = None,
    by: Annotated[
        str | None,
        typer.Option(
            help="The office that publishes and confirms texts; recorded.", metavar="OFFICE"
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Publish a quarter's public figures, none of which reveals a small count."""
    config = load_city_option(city)
    from csa.analysis.analysis import Analysis
    from csa.areas.choices import resolve_settings
    from csa.base.io import require_writable
    from csa.city.dataset import open_city
    from csa.disclosure.keys import Secret
    from csa.ingest.basemap_files import load_basemap
    from csa.program.secret import keep_public_secret, public_secret
    from csa.reports.month.gathering import refuse_outside
    from csa.reports.month.month_end import ReportInputs, read_month
    from csa.reports.public.bundle import all_published
    from csa.reports.public.gathering import STEPS
    from csa.reports.public.window import last_month
    from csa.workflow.publishing import make_bundle, record_publication, refuse_older

    asked = None if month is None else Month.parse(month, "--month")
    require_writable(out)
    known = all_published(out, earlier or (), config.city.id)
    layers = {} if basemap is None else load_basemap(basemap).layers
    plan = city_plan(city, config)
    who = _census(config, census)
    if confirm:
        confirm_read(config, store, confirm, by)
    # Signed before anything is written: what refuses an office refuses the whole.
    signed = None if by is None else make_act(config, by, tr("publish.why"))
    # What was published before had a secret: it is in a store that is there.
    opened = open_store_read_only(config, store, may_be_made=not known)
    secret = public_secret(opened) or Secret.new()
    with progress(STEPS + 3) as step:
        step("load")
        own = open_city(config, dataset)
        last = asked or last_month(own.dataset)
        refuse_outside(own.dataset, last)
        records = read_month(opened, own, last)
        beside = ReportInputs(
            layers, known, secret=secret, census=who, with_fairness=fairness or who is not None
        )
        analysis = Analysis(own, resolve_settings(config), records, progress=step)
        bundle = make_bundle(analysis, plan, last, beside)
        refuse_older(out, bundle.published.facts.quarter)
        step("write")
        keep_public_secret(opened or open_or_create_store(config, store), secret)
        files = bundle.write(out)
        made_from = (bundle.published.facts.snapshot_id, records.decided.n)
        is_new = signed is not None and record_publication(
            open_or_create_store(config, store), signed, out, last, made_from
        )
    told = (bundle.published, out, files, len(known), bundle.undrawn)
    if as_json:
        show_json(_account(*told, by))
        return
    show_published(*told)
    if by is None:
        show(tr("publish.unrecorded"))
    else:
        show(tr("publish.recorded", by=by) if is_new else tr("publish.known"))


def _census(config: CityConfig, path: Path | None) -> Census | None:
    """Read who lives where, by the columns that the city's file names."""
    if path is None:
        return None
    source = config.public.census
    if source is None:
        raise ParamError("publish.no_census", path=path)
    from csa.ingest.layers import read_census
    from csa.reports.public.fairness import Census

    names: dict[str, Mapping[str, str]] = {
        group.column: {str(language): name for language, name in group.names.items()}
        for group in source.groups
    }
    return Census(read_census(path, source), names)


def show_published(
    made: Published, out: Path, files: Sequence[str], n_earlier: int, undrawn: Message | None
) -> None:
    """Print what is published, what is held back, and which agencies are to be told."""
    show(*_told(made), *_held_back(made), *_change(made), *_domestic(made))
    if made.texts:  # written by hand, to be read once more before publishing
        show(tr("publish.texts"), *(f"  {text}" for text in made.texts))
    from csa.reports.public.plan import notice_text

    show(*filter(None, [notice_text(made.facts)]))
    show(tr("publish.earlier", n=n_earlier) if n_earlier else tr("publish.first"))
    if undrawn is not None:
        show(tr("publish.undrawn", why=render(undrawn)))
    show(tr("publish.written", out=out, files=", ".join(files)))


def _account(
    made: Published,
    out: Path,
    files: Sequence[str],
    n_earlier: int,
    undrawn: Message | None,
    by: str | None,
) -> dict[str, Any]:
    """Return the same for machines."""
    facts = made.facts
    return {
        "out": str(out),
        "signed_by": by,  # the first office of a day stands in the register; None: nobody
        "files": list(files),
        "snapshot_id": facts.snapshot_id,
        "quarter": facts.quarter,
        "start": facts.start,
        "until": facts.until,
        "incidents": facts.n_incidents,
        "unlocated": facts.n_unlocated,
        "domestic": facts.domestic,
        "domestic_unknown": made.n_unknown,
        "held_back": {
            name: {"told": held.n_published, "below": held.below}
            for name, held in made.held_back.items()
        },
        "earlier": n_earlier,
        "map": None if undrawn is None else render(undrawn),
        "texts": list(made.texts),
    }


def _told(made: Published) -> Iterator[str]:
    from csa.reports.public.window import MONTHS
    from csa.reports.public.words import city_count

    facts = made.facts
    period = Period(Month.parse(facts.start), Month.parse(facts.until))
    months = {"start": month_name(facts.start), "last": month_name(str(period.until.plus(-1)))}
    yield tr("publish.told", quarter=facts.quarter, snapshot=facts.snapshot_id, **months)
    if period.months < MONTHS:
        yield tr("publish.short", months=period.months)
    t = Translator()
    whole, unlocated = (city_count(n, t) for n in (facts.n_incidents, facts.n_unlocated))
    yield tr("publish.city", n=whole, unlocated=unlocated)


def _held_back(made: Published) -> Iterator[str]:
    from csa.disclosure.published import AREA, CELL, DISTRICT

    yield tr("publish.counted", what=tr("change_page.col_cells"), **asdict(made.held_back[CELL]))
    yield tr("publish.counted", what=tr("label.areas"), **asdict(made.held_back[AREA]))
    yield tr("publish.counted", what=tr("label.neighborhoods"), **asdict(made.held_back[DISTRICT]))


def _change(made: Published) -> Iterator[str]:
    change = made.facts.change
    if change is None:
        yield tr("publish.no_change")
        return
    since, through = month_name(change.since), month_name(change.through)
    yield tr("publish.change", since=since, through=through, verdict=change.verdict)


def _domestic(made: Published) -> Iterator[str]:
    facts = made.facts
    if facts.domestic != "confirmed":
        yield tr("publish.all_counted" if facts.domestic == "counted" else "publish.left_out")
    elif facts.domestic_on is not None:
        yield tr("publish.confirmed", office=facts.domestic_office, day=day(facts.domestic_on))
    if made.n_unknown:
        yield tr("publish.unknown", n=made.n_unknown)
