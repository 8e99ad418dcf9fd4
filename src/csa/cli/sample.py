"""The command that makes the made-up city, and fills a store with its program: sample."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from csa.base.errors import ParamError
from csa.base.text import day, tr
from csa.cli.console import pick, progress, show, show_json
from csa.cli.options import (
    JsonOption,
    StoreOption,
    load_city_option,
    require_plan,
    store_address,
    store_name,
)


def sample(
    out: Annotated[
        Path | None, typer.Option(help="Folder of the city's files.", metavar="DIR")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Another city.  [20200821]")] = None,
    dataset: Annotated[
        Path | None,
        typer.Option(
            help="The sample's dataset from `csa ingest`; makes two years of a program.",
            metavar="DIR",
        ),
    ] = None,
    basemap: Annotated[
        Path | None,
        typer.Option(
            help="The background for its reports: the folder from `csa basemap`.", metavar="DIR"
        ),
    ] = None,
    city: Annotated[
        str, typer.Option(help="The made-up city's file, or its name in config/.", metavar="CONFIG")
    ] = "sample",
    store: StoreOption = None,
    again: Annotated[
        bool, typer.Option("--again", help="Replace everything in the store.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Write the made-up city with its planted truth, or fill a store with its program."""
    if out is None and dataset is None:
        raise ParamError("sample.nothing")
    account: dict[str, Any] = {}
    if out is not None:
        from csa.base.io import replace_folder
        from csa.synthetic.sample import MARKER, SEED, make_sample

        files = make_sample(SEED if seed is None else seed)
        replace_folder(out, MARKER, files)
        account |= json.loads(files[MARKER])  # the truth planted in it
        counts = pick(account, "city", "people", "incidents", "neighborhoods", "seed")
        if not as_json:
            show(tr("sample.written", out=out, **counts), tr("sample.truth", out=out))
    if dataset is not None:
        from csa.city.dataset import open_city
        from csa.ingest.basemap_files import load_basemap
        from csa.synthetic.story import story_acts
        from csa.workflow.story import N_STEPS, fill_store

        config, plan = load_city_option(city), require_plan(city)
        with progress(N_STEPS) as step:
            opened, address = open_city(config, dataset), store_address(config, store)
            layers = {} if basemap is None else load_basemap(basemap).layers
            head = fill_store(opened, plan, address, layers, again=again, progress=step)
        name, acts = store_name(config, store), story_acts()
        account |= {"store": name, "entries": head.n, "head": head.hash}
        days = {"first": day(acts[0].on), "last": day(acts[-1].on)}
        if not as_json:
            show(tr("sample.program", store=name, n=head.n, hash=head.hash[:12], **days))
    if as_json:
        show_json(account)
