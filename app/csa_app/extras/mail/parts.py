"""Letters on New month: which editions wait, and a button that mails the others."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress

import streamlit as st

from csa.base.errors import CsaError
from csa.base.params import Month
from csa.base.text import tr
from csa.city.deployment import load_mail
from csa.extras.mail.mailing import mail_editions, read_editions, record_in, withheld_drafts
from csa.program.store.engine import Store
from csa.workflow.month_place import MonthPlace, list_months
from csa.workflow.outbox import PrintedEdition
from csa.workflow.publishing import figures_published
from csa_app.screens.new_month.parts import place_of
from csa_app.shared import cache_store, panels, person
from csa_app.shared.city_session import CitySession


def show(session: CitySession) -> None:
    """Offer to mail the editions, where the deployment file names a server and recipients."""
    place = place_of(session)
    newest, settings = list_months(place)[0], load_mail()
    with suppress(CsaError):  # what is damaged is said where it is used
        editions = _read(session, place, newest, cache_store.open_read_only(session))
        for kept in withheld_drafts(editions, settings):
            st.caption(panels.sentence(kept))
    if settings is None or not settings.is_sending:
        return
    if not st.button(tr("mailing.button"), key="mail the month"):
        return
    store = cache_store.open_writable(session)
    editions = _read(session, place, newest, store)
    act = person.sign(session, settings.office, tr("mailing.why"))
    folder = place.home / "outbox"
    with panels.working():
        made = mail_editions(session.config, settings, editions, folder, record_in(store, act))
    states = Counter(letter.state for letter in made.now.values())
    st.info(
        tr(
            "mailing.done",
            sent=states["sent"],
            waiting=states["waiting"],
            other=states["sending"] + states["refused"],
        )
    )


def _read(
    session: CitySession, place: MonthPlace, newest: Month, store: Store | None
) -> list[PrintedEdition]:
    published = figures_published(place.bundle, session.config.city.id)
    return read_editions(place.month(newest) / "editions", newest, store, published)
