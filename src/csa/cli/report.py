"""The command of the monthly report: one edition into a file, or all into a folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from csa.base.errors import ParamError
from csa.base.text import ENGLISH, render, tr
from csa.cli.console import progress, show, show_json
from csa.cli.options import (
    BasemapOption,
    CityOption,
    DatasetOption,
    StoreOption,
    city_plan,
    load_city_option,
    open_store_read_only,
)

if TYPE_CHECKING:
    from csa.base.logging import ProgressCallback
    from csa.base.message import Message
    from csa.city.config import CityConfig
    from csa.reports.month.facts import Facts
    from csa.reports.month.month_end import ReportInputs

N_STEPS = 20
"""Of gathering, with windows of three years."""
NOT_ASKED = "report.public_not_asked"
NO_PAST = "report.lacks_past"


def report(
    city: CityOption,
    dataset: DatasetOption,
    month: Annotated[str, typer.Option(help="The last month reported.", metavar="YYYY-MM")],
    out: Annotated[
        Path | None,
        typer.Option(
            help="A file (.pdf, .html, .docx); with --all, a folder.", metavar="FILE or DIR"
        ),
    ] = None,
    audience: Annotated[
        str | None,
        typer.Option(
            help="executive, prevention, prevention-walks, prevention-leaders, intervention, "
            "enforcement or public.",
            metavar="EDITION",
        ),
    ] = None,
    is_all: Annotated[bool, typer.Option("--all", help="Every edition, as PDF and HTML.")] = False,
    with_docx: Annotated[bool, typer.Option("--docx", help="With --all: as DOCX too.")] = False,
    lang: Annotated[
        str | None, typer.Option(help="en or es; else the city's.", metavar="LANGUAGE")
    ] = None,
    store: StoreOption = None,
    basemap: BasemapOption = None,
    earlier: Annotated[
        list[Path] | None,
        typer.Option(
            help="An earlier folder from `csa publish`: counts not shown there stay hidden.",
            metavar="DIR",
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the month's facts instead of writing a report.")
    ] = False,
) -> None:
    """Write the monthly report, an edition per audience. Does not change the store."""
    config = load_city_option(city)
    from csa.areas.choices import resolve_settings
    from csa.base.io import replace_folder, require_replaceable, require_writable, write_file
    from csa.base.params import Month
    from csa.city.dataset import open_city
    from csa.reports.making import make_all, make_report, marker_of, names_of, require_known
    from csa.reports.month.month_end import ReportInputs, describe_later, read_month
    from csa.workflow.products import gather_facts

    later: list[Message | None] = []

    def gather(audience: str, inputs: ReportInputs, step: ProgressCallback) -> Facts:
        from csa.analysis.analysis import Analysis

        when = Month.parse(month, "--month")
        choices, plan = resolve_settings(config, str(when.plus(1))), city_plan(city, config)
        reader = open_store_read_only(config, store)
        step("load")
        own = open_city(config, dataset)
        analysis = Analysis(own, choices, read_month(reader, own, when), progress=step)
        later.append(describe_later(analysis.records))
        return gather_facts(analysis, plan, reader, when, audience, inputs)

    if as_json:
        if audience or out or is_all or with_docx:
            raise ParamError("report_file.json_alone")
        from csa.reports.month.facts import facts_account

        with progress(N_STEPS) as step:
            facts = gather("executive", ReportInputs(with_public=False), step)
        show_json(facts_account(facts))
        return
    if out is None:
        raise ParamError("report_file.no_out")
    language = lang or config.public.language
    form = _form(out, audience, is_all=is_all, with_docx=with_docx)
    require_known(audience or "public", language, form)
    require_writable(out)
    kept = Month.parse(month, "--month"), language
    if is_all:  # what cannot be replaced is said before the work
        require_replaceable(out, marker_of(*kept), names_of(*kept))
    with progress(N_STEPS + (8 if is_all else 2)) as step:
        facts = gather(audience or "public", _beside(basemap, earlier, city, config), step)
        if audience is None:
            files = make_all(facts, language, with_docx=with_docx, progress=step)
            step("write")
            replace_folder(out, marker_of(*kept), files, names_of(*kept))
        else:
            step("edition")
            files = {out.name: make_report(facts, audience, language, form)[1]}
            step("write")
            write_file(out, files[out.name])
    show_report(facts, out, files, language)
    show(*[render(one) for one in later if one is not None])


def _form(out: Path, audience: str | None, *, is_all: bool, with_docx: bool) -> str:
    """Return the form asked for, before anything is read."""
    from csa.reports.making import format_from_path

    if is_all == (audience is not None):
        raise ParamError("report_file.one_or_all")
    if is_all:
        return "pdf"
    if with_docx:
        raise ParamError("report_file.docx_alone")
    return format_from_path(out)


def _beside(
    basemap: Path | None, earlier: list[Path] | None, city: str, config: CityConfig
) -> ReportInputs:
    from csa.city.loading import find_city_file, load_evidence
    from csa.ingest.basemap_files import load_basemap
    from csa.reports.month.month_end import ReportInputs
    from csa.reports.public.bundle import carried_on, read_published

    layers = {} if basemap is None else load_basemap(basemap).layers
    published = (one for folder in earlier or () for one in read_published(folder, config.city.id))
    return ReportInputs(layers, carried_on(published), studies=load_evidence(find_city_file(city)))


def show_report(facts: Facts, out: Path, files: Mapping[str, bytes], language: str) -> None:
    """Print what was written."""
    for name, content in files.items():
        path = out if len(files) == 1 else out / name
        show(tr("report_file.wrote", path=path, kb=-(-len(content) // 1000)))
    snapshot = facts.snapshot
    head = tr("report_file.undecided")
    if snapshot.audit_n:
        head = tr("report_file.decided", n=snapshot.audit_n, head=snapshot.audit_head)
    show(tr("report_file.snapshot", id=snapshot.id), head)
    for message in facts.missing:
        show(tr("report_file.lacks", what=render(message)))
        if message.key == NO_PAST:
            show(tr("report_file.backtest"))
    why_not = facts.public.why_not
    if why_not is not None and why_not.key != NOT_ASKED:
        show(tr("report_file.lacks", what=render(why_not)))
    if facts.public.caution is not None:
        show(render(facts.public.caution))
    if language != ENGLISH and not facts.config.public.spanish_office:
        show(tr("report_file.unreviewed"))
