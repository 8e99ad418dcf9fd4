"""Mail a month's editions to the offices in the deployment file, each once, and record each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from csa.base.errors import ParamError
from csa.base.message import Message
from csa.config.city import CityConfig
from csa.config.mail import Mail, password_of
from csa.decisions.handing import hand_out
from csa.decisions.roles import Act
from csa.decisions.store import Store
from csa.workflow.handout import addressed, kept_back
from csa.workflow.outbox import Letter, Outbox, PrintedEdition, letter_of
from csa.workflow.posting import PostClock, PostOffice
from csa.workflow.smtp import MailServer


@dataclass(frozen=True)
class MailingResult:
    """What became of the letters of a month."""

    before: dict[str, Letter]  # as they stood when they were queued
    now: dict[str, Letter]  # as they stand now
    faults: list[Message]  # hand-outs that could not be recorded


def letters_of(config: CityConfig, mail: Mail, editions: Sequence[PrintedEdition]) -> list[Letter]:
    """Write a letter for each office of each edition; refused where nobody receives one."""
    at = config.city.clock.now()
    letters = [
        letter_of(config.city.id, edition, to, mail, at)
        for edition, to in addressed(editions, mail)
    ]
    if not letters:
        held = kept_back(editions, mail)
        if any(one.is_draft for one in editions) or not held:
            raise ParamError("mail.only_drafts" if held else "mail.nobody")
        raise ParamError(held[0].key, **held[0].values)
    return letters


def mail_editions(
    config: CityConfig,
    mail: Mail,
    editions: Sequence[PrintedEdition],
    folder: Path,
    record: Callable[[Letter], str],
    *,
    again: bool = False,
) -> MailingResult:
    """Queue the letters in an outbox, send those that wait, and record what was sent."""
    letters = letters_of(config, mail, editions)
    outbox = Outbox(folder)
    server = MailServer(mail, password_of(mail))
    clock = PostClock(config.city.clock.today)
    office = PostOffice(outbox, config.city.name, mail, server, clock, record)
    with outbox.alone():
        before = outbox.queue(letters, list(editions))
        try:
            now = office.send(list(before.values()), again=again)
        finally:
            server.leave()
        faults = office.record_all(everything := outbox.letters())
        now = {key: everything[key] for key in now}
    return MailingResult(before, now, faults)


def record_in(store: Store, act: Act) -> Callable[[Letter], str]:
    """Return what writes a hand-out into a store: the office that received it, no address."""

    def record(letter: Letter) -> str:
        on = date.fromisoformat(letter.sent_on)
        (key,) = hand_out(store, act, letter.file, [letter.office], on)
        return key

    return record
