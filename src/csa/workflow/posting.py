"""Send the letters of an outbox, each once, and record each in the register of hand-outs.

A letter is marked as `sending`, on the disk, before the one line after which a server may have
taken it; no later run sends such a letter by itself. What failed before that line is tried again
with growing waits.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from random import SystemRandom
from typing import Protocol

from csa.base.errors import CsaError, ParamError
from csa.base.message import Message
from csa.base.text import month, speak
from csa.config.mail import Mail
from csa.reports.editions.all import FOR_RESIDENTS
from csa.reports.editions.naming import audience_name
from csa.workflow.outbox import Letter, LetterState, Outbox, without_addresses
from csa.workflow.smtp import MailAnswer, MailOutcome, UnreachableError

LOGGER = logging.getLogger("csa.mail")
TRIES = 5
FIRST_WAIT_S = 5.0
LONGEST_WAIT_S = 300.0
ON_RECORD = "on record"
"""In place of an entry's key: somebody had recorded the same file for the office on that day."""
STATES: dict[MailOutcome, LetterState] = {
    "sent": "sent",
    "later": "waiting",
    "refused": "refused",
    "unsure": "sending",
}


class TakesMail(Protocol):
    """What letters are handed to."""

    def deliver(
        self, sender: str, recipient: str, content: bytes, before_end: Callable[[], None]
    ) -> MailAnswer:
        """Hand one letter over."""


@dataclass(frozen=True)
class PostClock:
    """Time and chance, so that tests need not wait."""

    today: Callable[[], date]  # the day in the city
    sleep: Callable[[float], None] = time.sleep  # waits so many seconds
    chance: Callable[[], float] = SystemRandom().random


@dataclass(frozen=True)
class PostOffice:
    """What sends the letters of one city."""

    outbox: Outbox
    city: str  # the city's name, for those who read mail
    mail: Mail
    server: TakesMail
    clock: PostClock
    record: Callable[[Letter], str]  # writes a hand-out into the store; returns its entry's key

    def send(self, letters: Sequence[Letter], *, again: bool = False) -> dict[str, Letter]:
        """Send what waits, and return all letters as they stand then.

        With `again`, also those that were refused, and those that may have arrived.
        """
        now = {letter.key: letter for letter in letters}
        wanted = {"waiting", "sending", "refused"} if again else {"waiting"}
        todo = [letter.key for letter in letters if letter.state in wanted]
        for n_failed in range(1, TRIES + 1):
            todo = self._pass(todo, now)
            if not todo:
                break
            if n_failed < TRIES:
                self._wait(n_failed)
        return now

    def _pass(self, todo: Sequence[str], now: dict[str, Letter]) -> list[str]:
        """Try each letter once; return those that are worth another try."""
        left: list[str] = []
        for at, key in enumerate(todo):
            try:
                outcome = self._try(key, now)
            except UnreachableError as error:
                for one in todo[at:]:
                    said = without_addresses(str(error))
                    now[one] = self.outbox.keep(replace(now[one], said=said))
                return [*left, *todo[at:]]
            if outcome == "later":
                left.append(key)
        return left

    def _try(self, key: str, now: dict[str, Letter]) -> MailOutcome:
        """Try one letter; one that may have arrived stays so, unless the server takes it."""
        before = now[key]
        content = write_mail(before, self.city, self.mail, self.outbox.attached(before))
        tried = replace(before, tries=before.tries + 1)

        def mark() -> None:
            now[key] = self.outbox.keep(replace(tried, state="sending"))

        sender = self.mail.from_address
        answer = self.server.deliver(sender, before.email, content, mark)
        state = STATES[answer.outcome]
        if before.state == "sending" and state != "sent":
            state = "sending"
        sent_on = str(self.clock.today()) if state == "sent" else ""
        said = without_addresses(answer.said)
        now[key] = self.outbox.keep(replace(tried, state=state, said=said, sent_on=sent_on))
        LOGGER.info("letter %s: %s", key, answer.outcome)
        if state == "sent":
            self.record_all(now)
        return answer.outcome

    def _wait(self, n_failed: int) -> None:
        longest = min(LONGEST_WAIT_S, FIRST_WAIT_S * 3 ** (n_failed - 1))
        wait_s = longest * (0.5 + 0.5 * self.clock.chance())
        LOGGER.info("try %d of %d in %.0f s", n_failed + 1, TRIES, wait_s)
        self.clock.sleep(wait_s)

    def record_all(self, letters: dict[str, Letter]) -> list[Message]:
        """Record what was sent and is not in the register yet; return what could not be."""
        faults = []
        for key, letter in letters.items():
            if letter.state != "sent" or letter.handed:
                continue
            try:
                handed = self._recorded(letter)
            except CsaError as error:
                faults.append(error.message)
            else:
                letters[key] = self.outbox.keep(replace(letter, handed=handed))
        return faults

    def _recorded(self, letter: Letter) -> str:
        try:
            return self.record(letter)
        except ParamError as error:
            if error.message.key != "decide.handed":
                raise
            return ON_RECORD  # by an earlier run that ended here, or by hand


def write_mail(letter: Letter, city: str, mail: Mail, content: bytes) -> bytes:
    """Write a letter as mail: the same bytes each time, plain ASCII, no line that is too long."""
    file = letter.file
    values = {
        "city": _one_line(city),
        "month": month(file.month),
        "edition": audience_name(file.audience),
    }
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(_plain_name(mail.office), addr_spec=mail.from_address)
    message["To"] = Address(addr_spec=letter.email)
    if mail.reply_to:
        message["Reply-To"] = Address(addr_spec=mail.reply_to)
    message["Subject"] = _one_line(speak("mail.subject", **values))
    message["Date"] = datetime.fromisoformat(letter.queued_at)
    message["Auto-Submitted"] = "auto-generated"  # no automatic answers
    said = [speak("mail.body", office=letter.office, sender=_one_line(mail.office), **values)]
    if file.audience not in FOR_RESIDENTS:
        said.append(speak("mail.body_internal"))
    said.append(speak("mail.body_file", name=letter.name, sha256=file.sha256))
    message.set_content("\n\n".join(said) + "\n", cte="quoted-printable")
    message.add_attachment(content, maintype="application", subtype="pdf", filename=letter.name)
    message.set_boundary(f"csa-{letter.key}")
    # By hand: older versions of Python break a long Message-ID into encoded words.
    return f"Message-ID: {letter.message_id}\r\n".encode() + message.as_bytes()


def _plain_name(text: str) -> str:
    """Return a name without any sign that means something in an address."""
    return _one_line("".join(c if c.isalnum() or c == "-" else " " for c in text))


def _one_line(text: str) -> str:
    """Return a text that cannot end a header's line."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
