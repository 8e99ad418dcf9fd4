"""The command that hands a month's editions out by mail, or lays them out for hands."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from csa.base.errors import ParamError
from csa.base.params import Month
from csa.base.text import day, render, tr
from csa.cli.console import note, show, show_json
from csa.cli.options import (
    CityOption,
    JsonOption,
    StoreOption,
    decided,
    in_var,
    load_city_option,
    make_act,
)

if TYPE_CHECKING:
    from csa.base.message import Message
    from csa.city.config import CityConfig
    from csa.city.deployment import Mail
    from csa.workflow.outbox import Letter, PrintedEdition

OK, TRY_LATER, MISTAKE = 0, 1, 2


def mail(
    city: CityOption,
    month: Annotated[str, typer.Option(help="The month reported.", metavar="YYYY-MM")],
    editions: Annotated[
        Path, typer.Option(help="The folder from `csa report --all` for it.", metavar="DIR")
    ],
    bundle: Annotated[
        Path | None, typer.Option(help="The published bundle (default: the city's).", metavar="DIR")
    ] = None,
    store: StoreOption = None,
    is_dry: Annotated[
        bool, typer.Option("--dry-run", help="Print what would be sent; send and write nothing.")
    ] = False,
    again: Annotated[
        bool,
        typer.Option(
            "--again", help="Also send mail that was refused, or that may have arrived already."
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Mail a month's editions, each once, to the offices in the deployment file."""
    from csa.city.deployment import data_dir, load_mail
    from csa.cli.options import open_store_read_only
    from csa.extras.mail.mailing import LIST, lay_out, read_editions, withheld_drafts
    from csa.workflow.month_place import MonthPlace
    from csa.workflow.publishing import figures_published

    config, when, settings = load_city_option(city), Month.parse(month, "--month"), load_mail()
    today, own = config.city.clock.today(), in_var(config.city.id)
    if Month(today.year, today.month).index < when.index:
        raise ParamError("decide.before_month", day=today, month=when)
    opened = open_store_read_only(config, store)
    published = bundle or MonthPlace.of(config, own, data_dir(config)).bundle
    digests = figures_published(published, config.city.id)
    found = read_editions(editions, when, opened, digests)
    for kept in withheld_drafts(found, settings):
        note(render(kept))
    if settings is not None and settings.is_sending:
        if not is_dry and opened is not None:
            opened.require_clock(config.city.clock.now())  # what was sent has to be recorded
        code = _send(config, store, settings, found, again=again, is_dry=is_dry, as_json=as_json)
        raise typer.Exit(code)
    # No server is named: the files are laid out for hands.
    out = own / "hand-out" / str(when)
    if not is_dry:
        lay_out(out, when, found, settings)
    names = [one.name for one in found if not one.is_withheld]
    if as_json:
        show_json({"is_sent": False, "folder": str(out), "files": names})
    elif is_dry:
        show(tr("mailing.would_lay_out", n=len(names), folder=out))
    else:
        show(tr("mailing.laid_out", n=len(names), folder=out, list=LIST))


def _send(
    config: CityConfig,
    store: str | None,
    mail: Mail,
    editions: list[PrintedEdition],
    *,
    again: bool,
    is_dry: bool,
    as_json: bool,
) -> int:
    """Queue, send and record; print what became of each letter, and return the exit code."""
    from csa.extras.mail.mailing import letters_of, mail_editions, record_in
    from csa.workflow.outbox import Outbox

    folder = in_var(config.city.id) / "outbox"
    if is_dry:
        known = Outbox(folder).letters()
        letters = [known.get(one.key, one) for one in letters_of(config, mail, editions)]
        if as_json:
            show_json([_row(letter) for letter in letters])
            return OK
        for letter in letters:
            is_new = letter.state in {"waiting", "replaced"}
            show(tr("mailing.would_send", **_values(letter)) if is_new else _told(letter, ()))
        return OK

    def record(letter: Letter) -> str:
        signed = make_act(config, mail.office, tr("mailing.why"))
        return decided(config, store, lambda opened: record_in(opened, signed)(letter))

    made = mail_editions(config, mail, editions, folder, record, again=again)
    if as_json:
        show_json([_row(letter) for letter in made.now.values()])
        return exit_code(made.now.values(), made.faults)
    already = [key for key, letter in made.before.items() if letter.state == "sent"]
    for letter in made.now.values():
        show(_told(letter, already))
    for fault in made.faults:
        show(tr("mailing.not_recorded", why=render(fault)))
    return exit_code(made.now.values(), made.faults)


def exit_code(letters: Iterable[Letter], faults: list[Message]) -> int:
    """Return 1 if another run would help, 2 if somebody has to look, 0 if all is done."""
    states = {letter.state for letter in letters}
    if "waiting" in states or faults:
        return TRY_LATER
    return MISTAKE if states & {"sending", "refused"} else OK


def _told(letter: Letter, already: Iterable[str]) -> str:
    """Return the sentence about a letter."""
    values = _values(letter)
    if letter.state == "sent":
        on = day(date.fromisoformat(letter.sent_on))
        if letter.key in set(already):
            return tr("mailing.sent_before", on=on, **values)
        return tr("mailing.sent", on=on, **values)
    if letter.state == "sending":
        return tr("mailing.unsure", id=letter.message_id, **values)
    if letter.state == "refused":
        return tr("mailing.refused", said=letter.reply, **values)
    return tr("mailing.waiting", said=letter.reply, **values)


def _values(letter: Letter) -> dict[str, str]:
    from csa.reports.editions.phrases import audience_name
    from csa.reports.public.pages import language_name

    return {
        "office": letter.office,
        "edition": audience_name(letter.file.audience),
        "language": language_name(letter.file.language),
    }


def _row(letter: Letter) -> dict[str, Any]:
    """Return a letter for machines, without its address."""
    return {
        "office": letter.office,
        "domain": letter.email.rpartition("@")[2],
        "edition": letter.file.audience,
        "language": letter.file.language,
        "file": letter.name,
        "sha256": letter.file.sha256,
        "state": letter.state,
        "said": letter.reply,
        "tries": letter.tries,
        "sent_on": letter.sent_on,
        "handout": letter.handed,
        "message_id": letter.message_id,
    }
