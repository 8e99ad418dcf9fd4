"""The command of a new month: preview, one confirmation, everything; undo; publish."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from csa.base.errors import ParamError
from csa.base.text import month, render, tr
from csa.cli.console import as_note, progress, show, show_json
from csa.cli.gather import show_fetched
from csa.cli.options import (
    AllowPrivateOption,
    CityOption,
    ConfirmOption,
    JsonOption,
    StoreOption,
    city_plan,
    city_word,
    confirm_read,
    in_var,
    load_city_option,
    make_act,
    open_or_create_store,
    open_store_read_only,
)
from csa.ingest.job import shared_process

if TYPE_CHECKING:
    from csa.city.config import CityConfig
    from csa.workflow.month import MonthDraft, MonthMade
    from csa.workflow.month_place import MonthPlace
    from csa.workflow.month_preview import MonthAhead

N_STEPS = 40
"""Of everything, in a quarter's last month."""


def month_command(
    city: CityOption,
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            help="New shooting files (default: downloaded, or those in the data folder).",
            metavar="[FILE]...",
        ),
    ] = None,
    home: Annotated[
        Path | None, typer.Option(help="The city's folder.  [var/<city>]", metavar="DIR")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Also save the editions here.", metavar="DIR")
    ] = None,
    store: StoreOption = None,
    lang: Annotated[
        str,
        typer.Option(
            help="Language of the editions: en or es (default: the city's).", metavar="LANGUAGE"
        ),
    ] = "",
    fetch: Annotated[
        bool,
        typer.Option(
            "--fetch/--no-fetch", help="Download first, if the city's file says from where."
        ),
    ] = True,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show only the preview.")] = False,
    is_sure: Annotated[bool, typer.Option("--yes", help="Skip the confirmation.")] = False,
    accept_loss: Annotated[
        bool,
        typer.Option(
            "--accept-loss", help="Continue even if a tenth or more of the shootings are gone."
        ),
    ] = False,
    allow_private: AllowPrivateOption = False,
    undo: Annotated[bool, typer.Option("--undo", help="Take the newest month back.")] = False,
    publish: Annotated[
        bool, typer.Option("--publish", help="Publish the newest draft bundle.")
    ] = False,
    confirm: ConfirmOption = None,
    by: Annotated[
        str | None,
        typer.Option(help="The office that publishes, takes back or confirms texts; recorded."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make the new month: dataset, past-year test, proposal, editions, draft public page."""
    config = load_city_option(city)
    from csa.areas.choices import resolve_settings
    from csa.city.dataset import City
    from csa.city.deployment import data_dir
    from csa.city.loading import find_city_file
    from csa.reports.month.month_end import describe_later, read_month
    from csa.workflow.month_place import MonthPlace

    place = MonthPlace.of(config, home or in_var(find_city_file(city).stem), data_dir(config))
    if undo or publish:
        (_undo if undo else _publish)(config, place, store, by or "", as_json=as_json)
        return
    with shared_process():
        from csa.city.loading import load_evidence
        from csa.workflow.month import MonthRequest, fetch_new, look, make_month, read_new

        if confirm and not by:
            raise ParamError("publish.confirm_by")
        given = tuple(files or ())
        if not given and fetch:
            fetched = fetch_new(
                config, place, progress, accept=accept_loss, allow_private=allow_private
            )
            given = tuple(account.path for account in fetched)
            show_fetched(() if as_json else fetched)
        plan, evidence = city_plan(city, config), load_evidence(find_city_file(city))
        reader = open_store_read_only(config, store, may_be_made=not place.bundle.exists())
        make, settings = partial(open_or_create_store, config, store), resolve_settings(config)
        request = MonthRequest(config, plan, place, reader, make, settings, given, lang, evidence)
        with progress(8) as step:
            draft = read_new(request, step)
    ahead = look(request, draft, confirm or ())
    _show_preview(draft, ahead, is_all=dry_run, as_json=as_json)
    if dry_run:
        return
    if not _is_agreed(draft, accept_loss=accept_loss, is_asked=not (is_sure or as_json)):
        show(tr("month.nothing_made"))
        return
    if confirm:
        confirm_read(config, store, confirm, by)
        request = replace(request, store=open_store_read_only(config, store))
    with progress(N_STEPS) as step:
        made = make_month(request, draft, step)
    if out is not None:
        _copy_editions(made, out, lang or config.public.language)
    if as_json:
        show_json({"made": made.is_new, "folder": str(made.folder), **made.account})
    else:
        _show_made(made, city)
        unsaved = City(config, draft.intake.dataset)
        later = describe_later(read_month(request.store, unsaved, made.month))
        show(*[render(one) for one in (later,) if one is not None])


def _show_preview(draft: MonthDraft, ahead: MonthAhead, *, is_all: bool, as_json: bool) -> None:
    """Print what would change, and what would be left out."""
    from csa.workflow.month_preview import ahead_sentences, preview_sentences

    if not as_json:
        show(*(render(one) for one in preview_sentences(draft.preview)))
        show(*(as_note(one) for one in draft.intake.messages))
        show(*ahead_sentences(ahead))
    elif is_all:
        show_json({"made": False, "preview": draft.preview.to_json(), **ahead.to_json()})


def _is_agreed(draft: MonthDraft, *, accept_loss: bool, is_asked: bool) -> bool:
    """Ask once whether the month is to be made; a great loss needs a word of its own."""
    if draft.preview.loses_much and not accept_loss:
        counts = {"n": draft.preview.gone, "before": draft.preview.before}
        raise ParamError("month.not_accepted", **counts)
    question = tr("month.go_on", month=month(draft.preview.month))
    return not is_asked or typer.confirm(question, default=True, err=True)


def _copy_editions(made: MonthMade, out: Path, language: str) -> None:
    from csa.base.io import replace_folder
    from csa.reports.making import marker_of, names_of

    kept = made.month, language
    files = {path.name: path.read_bytes() for path in sorted(made.folder.glob("editions/*"))}
    if not files:  # left out, and named
        return
    replace_folder(out, marker_of(*kept), files, names_of(*kept))


def _show_made(made: MonthMade, city: str) -> None:
    from csa.workflow.month_preview import left_out_sentence

    told = made.account
    if not made.is_new:
        show(tr("month.was_made", month=month(str(made.month)), folder=made.folder))
        return
    counts = {"version": told["version"], "n": len(told["files"])}
    show(tr("month.made", month=month(str(made.month)), folder=made.folder, **counts))
    show(*([told["change"]["sentence"]] if told["change"]["sentence"] else []))
    for one in told["left_out"]:
        show(left_out_sentence(one["products"], one["why"]))
    if told["record_made"]:
        show(tr("month.recorded"))
    if (made.folder / "public").is_dir():
        show(tr("month.bundle_draft", folder=made.folder / "public", city=city_word(city)))
    show(tr("month.next", folder=made.folder))


def _publish(
    config: CityConfig, place: MonthPlace, store: str | None, by: str, *, as_json: bool
) -> None:
    from csa.workflow.month_place import list_months, publish_month

    drafts = [one for one in list_months(place) if (place.month(one) / "public").is_dir()]
    if not drafts:
        raise ParamError("month.no_draft", folder=place.months)
    signed = make_act(config, by, tr("month.publish_why"))
    files = publish_month(place, drafts[0], signed, lambda: open_or_create_store(config, store))
    if as_json:
        show_json({"month": str(drafts[0]), "out": str(place.bundle), "files": list(files)})
    else:
        show(tr("month.published", month=month(str(drafts[0])), out=place.bundle))


def _undo(
    config: CityConfig, place: MonthPlace, store: str | None, by: str, *, as_json: bool
) -> None:
    """Take the newest month back; who had its editions is told, and stands in the trail."""
    from csa.workflow.month_place import take_back, was_published

    opened = open_store_read_only(config, store, may_be_made=not place.bundle.exists())
    is_public = was_published(place)
    told, names = take_back(place, opened, make_act(config, by, tr("month.undo_why")))
    if as_json:
        show_json({**told, "handed_out_to": names, "was_published": is_public})
        return
    values = {"month": month(told["month"]), "version": told["served"], "folder": told["undone"]}
    show(tr("month.undone", **values))
    if names:
        show(tr("month.handed_before", names=", ".join(names)))
    if is_public:
        show(tr("month.published_before"))
