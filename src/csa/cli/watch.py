"""The command of early word: look at the newest data, record what is new, mail it once."""

from __future__ import annotations

from csa.base.text import tr
from csa.cli.console import show, show_json
from csa.cli.options import (
    CityOption,
    DatasetOption,
    JsonOption,
    StoreOption,
    load_city_option,
    make_act,
    open_store_read_only,
)


def watch(
    city: CityOption,
    dataset: DatasetOption,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Look for new shootings and runs in core service areas and zones, and mail early word."""
    from csa.city.dataset import open_city
    from csa.city.deployment import load_mail, password_of
    from csa.workflow.smtp import MailServer
    from csa.workflow.watching import watch as look

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
