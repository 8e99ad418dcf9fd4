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
    from csa.city.deployment import load_mail
    from csa.cli.options import open_store_read_only
    from csa.workflow.handout import read_editions, withheld_drafts

    config, when, settings = load_city_option(city), Month.parse(month, "--month"), load_mail()
    today = config.city.clock.today()
    if Month(today.year, today.month).index < when.index:
        raise ParamError("decide.before_month", day=today, month=when)
    opened = open_store_read_only(config, store)
    found = read_editions(editions, when, opened, _published(config, bundle))
    for kept in withheld_drafts(found, settings):
        note(render(kept))
    if settings is None or not settings.is_sending:
        _lay_out(config, when, found, settings, is_dry=is_dry, as_json=as_json)
        return
    from csa.workflow.mailing import letters_of

    letters = letters_of(config, settings, found)
    if is_dry:
        _show_dry(config, letters, as_json=as_json)
        return
    if opened is not None:
        opened.require_clock(config.city.clock.now())  # what was sent has to be recorded
    raise typer.Exit(_send(config, store, settings, found, again=again, as_json=as_json))


def _published(config: CityConfig, bundle: Path | None) -> frozenset[str]:
    """Return the digests of the figures that are published."""
    from csa.city.deployment import data_dir
    from csa.workflow.month_place import MonthPlace
    from csa.workflow.publishing import figures_published

    own = MonthPlace.of(config, in_var(config.city.id), data_dir(config)).bundle
    return figures_published(bundle or own, config.city.id)


def _folder(config: CityConfig, name: str) -> Path:
    return in_var(config.city.id) / name


def _lay_out(
    config: CityConfig,
    month: Month,
    editions: list[PrintedEdition],
    mail: Mail | None,
    *,
    is_dry: bool,
    as_json: bool,
) -> None:
    """Lay the files out for hands, where no server is named."""
    from csa.workflow.handout import LIST, lay_out

    out = _folder(config, "hand-out") / str(month)
    if not is_dry:
        lay_out(out, month, editions, mail)
    names = [one.name for one in editions if not one.is_withheld]
    if as_json:
        show_json({"is_sent": False, "folder": str(out), "files": names})
    elif is_dry:
        show(tr("mail.would_lay_out", n=len(names), folder=out))
    else:
        show(tr("mail.laid_out", n=len(names), folder=out, list=LIST))


def _show_dry(config: CityConfig, letters: list[Letter], *, as_json: bool) -> None:
    from csa.workflow.outbox import Outbox

    known = Outbox(_folder(config, "outbox")).letters()
    now = [known.get(letter.key, letter) for letter in letters]
    if as_json:
        show_json([_row(letter) for letter in now])
        return
    for letter in now:
        is_new = letter.state in {"waiting", "replaced"}
        show(tr("mail.would_send", **_values(letter)) if is_new else _told(letter, ()))


def _send(
    config: CityConfig,
    store: str | None,
    mail: Mail,
    editions: list[PrintedEdition],
    *,
    again: bool,
    as_json: bool,
) -> int:
    """Queue, send and record; print what became of each letter, and return the exit code."""
    from csa.workflow.mailing import mail_editions, record_in

    def record(letter: Letter) -> str:
        signed = make_act(config, mail.office, tr("mail.why"))
        return decided(config, store, lambda opened: record_in(opened, signed)(letter))

    made = mail_editions(config, mail, editions, _folder(config, "outbox"), record, again=again)
    _show(made.before, made.now, made.faults, as_json=as_json)
    return exit_code(made.now.values(), made.faults)


def exit_code(letters: Iterable[Letter], faults: list[Message]) -> int:
    """Return 1 if another run would help, 2 if somebody has to look, 0 if all is done."""
    states = {letter.state for letter in letters}
    if "waiting" in states or faults:
        return TRY_LATER
    return MISTAKE if states & {"sending", "refused"} else OK


def _show(
    before: dict[str, Letter], now: dict[str, Letter], faults: list[Message], *, as_json: bool
) -> None:
    if as_json:
        show_json([_row(letter) for letter in now.values()])
        return
    already = [key for key, letter in before.items() if letter.state == "sent"]
    for letter in now.values():
        show(_told(letter, already))
    for fault in faults:
        show(tr("mail.not_recorded", why=render(fault)))


def _told(letter: Letter, already: Iterable[str]) -> str:
    """Return the sentence about a letter."""
    values = _values(letter)
    if letter.state == "sent":
        on = day(date.fromisoformat(letter.sent_on))
        if letter.key in set(already):
            return tr("mail.sent_before", on=on, **values)
        return tr("mail.sent", on=on, **values)
    if letter.state == "sending":
        return tr("mail.unsure", id=letter.message_id, **values)
    if letter.state == "refused":
        return tr("mail.refused", said=letter.reply, **values)
    return tr("mail.waiting", said=letter.reply, **values)


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
