"""The commands of early word: who receives it, the last words, what was done."""

from __future__ import annotations

from typing import Annotated

import typer

from csa.base.errors import ParamError
from csa.base.text import day, tr
from csa.cli.console import show, show_json
from csa.cli.options import (
    CityOption,
    DatasetOption,
    DecisionOptions,
    JsonOption,
    StoreOption,
    load_city_option,
    make_act,
    open_store_read_only,
    signed,
    stored_records,
)

app = typer.Typer(
    name="word",
    no_args_is_help=True,
    help="Early word: who receives it, what was sent, what was done.",
)
KeyArgument = Annotated[str, typer.Argument(help="The word's id (`csa word list`).")]
OfficeArgument = Annotated[str, typer.Argument(help="The office.")]


@app.command("name")
@signed
def word_name(
    office: OfficeArgument,
    signing: DecisionOptions,
    area: Annotated[
        list[str] | None,
        typer.Option(help="Only of this area or zone (default: all).", metavar="ID"),
    ] = None,
    quiet: Annotated[
        str, typer.Option(help="Hours without mail; 0-0 for none.", metavar="HOUR-HOUR")
    ] = "21-8",
    enforcement: Annotated[
        bool, typer.Option("--enforcement", help="Name an office of law enforcement all the same.")
    ] = False,
) -> None:
    """Name an office that receives early word; until then it is off."""
    from csa.extras.early_word.words import name_recipient

    first, _, last = quiet.partition("-")
    if not (first.isdecimal() and last.isdecimal()):
        raise ParamError("watch.hours", given=quiet)
    hours = int(first), int(last)
    signing.decide(
        lambda store, act: name_recipient(
            store, act, office, area or (), quiet=hours, is_enforcement=enforcement
        )
    )
    show(tr("watch.named", office=office))


@app.command("stop")
@signed
def word_stop(office: OfficeArgument, signing: DecisionOptions) -> None:
    """Send an office no more early word."""
    from csa.extras.early_word.words import stop_recipient

    signing.decide(lambda store, act: stop_recipient(store, act, office))
    show(tr("watch.stopped", office=office))


@app.command("done")
@signed
def word_done(
    key: KeyArgument,
    text: Annotated[str, typer.Argument(help="What was done; no name, no address.")],
    signing: DecisionOptions,
) -> None:
    """Write down what was done on a word."""
    from csa.extras.early_word.words import note_done

    signing.decide(lambda store, act: note_done(store, act, key, text))
    show(tr("watch.noted", word=key))


@app.command("list")
def word_list(city: CityOption, store: StoreOption = None, as_json: JsonOption = False) -> None:
    """List who receives early word, and the last words with what was done."""
    from csa.extras.early_word.words import recipients
    from csa.program.store.tables import WordRow

    records = stored_records(load_city_option(city), store)
    if as_json:
        names = ("key", "area", "kind", "n", "receipts", "done")
        rows = [
            {name: getattr(row, name) for name in names}
            | {"first": row.first.isoformat(), "last": row.last.isoformat()}
            for row in records.of(WordRow)
        ]
        show_json({"recipients": [row.key for row in recipients(records)], "words": rows})
        return
    named = ", ".join(row.key for row in recipients(records))
    show(tr("word_page.on", offices=named) if named else tr("watch.off"))
    for word in records.of(WordRow):
        key = "watch.line_run" if word.kind == "run" else "watch.line"
        span = {"first": day(word.first), "last": day(word.last)}
        show(tr(key, word=word.key, area=word.area, n=word.n, done=word.done or "-", **span))


# The command of early word: look at the newest data, record what is new, mail it once.


def watch(
    city: CityOption,
    dataset: DatasetOption,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Look for new shootings and runs in core service areas and zones, and mail early word."""
    from csa.city.dataset import open_city
    from csa.city.deployment import load_mail, password_of
    from csa.extras.early_word.watch import watch as look
    from csa.workflow.smtp import MailServer

    config, mail = load_city_option(city), load_mail()
    opened = open_store_read_only(config, store)
    if opened is None:
        show(tr("watch.off"))
        return
    is_sending = mail is not None and mail.is_sending
    server = MailServer(mail, password_of(mail)) if mail is not None and is_sending else None
    office = mail.office if mail is not None and mail.office else tr("watch.office")
    try:
        done = look(
            open_city(config, dataset),
            opened,
            lambda: make_act(config, office, tr("watch.why")),
            mail if is_sending else None,
            server,
        )
    finally:
        if server is not None:
            server.leave()
    if as_json:
        show_json(
            {"is_on": done.is_on, "new": done.new, "sent": done.sent, "waiting": done.waiting}
        )
        return
    if done.limit is None:
        show(tr("watch.off"))
        return
    show(tr("watch.done", n=len(done.new), sent=len(done.sent), waiting=len(done.waiting)))
    show(tr("watch.held", rate=done.limit.false_a_year, years=done.limit.years))
