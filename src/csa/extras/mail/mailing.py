"""Mail a month's editions to the offices in the deployment file, each once, and record each."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from random import SystemRandom

from csa.base.errors import CsaError, ParamError, SourceError
from csa.base.io import csv_bytes, replace_folder
from csa.base.message import Message, msg
from csa.base.params import Month
from csa.base.text import LANGUAGES, month, tr
from csa.city.config import CityConfig
from csa.city.deployment import Mail, MailRecipient, password_of
from csa.program.handouts import EditionFile, hand_out
from csa.program.roles import Act
from csa.program.store.audit import find_head
from csa.program.store.engine import Store
from csa.reports.editions.all import FOR_RESIDENTS
from csa.reports.editions.phrases import audience_name
from csa.reports.html import made_from
from csa.reports.making import EDITIONS, edition_filename, names_of
from csa.workflow.outbox import (
    Letter,
    LetterState,
    Outbox,
    PrintedEdition,
    letter_of,
    without_addresses,
)
from csa.workflow.smtp import (
    MailOutcome,
    MailServer,
    UnreachableError,
    begin_mail,
    one_line,
)

# The editions in a folder that `csa report --all` wrote: read for mail, or laid out for hands.

FORM = "pdf"
LIST = "hand-out.csv"
LIST_COLUMNS = ("office", "edition", "file", "sha256")


def read_editions(
    folder: Path, month: Month, store: Store | None, published: Collection[str]
) -> list[PrintedEdition]:
    """Read a month's editions, each with the snapshot and the decision it was made from.

    One whose public figures are not among those published, by their digests, is a draft.
    """
    if not folder.is_dir():
        raise SourceError("mailing.no_folder", folder=folder)
    names = {
        edition_filename(month, one, lang, FORM): one for one in EDITIONS for lang in LANGUAGES
    }
    found = [
        _read_edition(folder / name, month, audience, store, published)
        for name, audience in names.items()
        if (folder / name).is_file()
    ]
    if not found:
        raise SourceError("mailing.no_editions", folder=folder, month=month)
    return found


def _read_edition(
    path: Path, month: Month, audience: str, store: Store | None, published: Collection[str]
) -> PrintedEdition:
    page = path.with_suffix(".html")
    try:
        content, of_page = path.read_bytes(), page.read_bytes()
    except OSError as error:
        raise SourceError("mailing.no_page", path=page) from error
    made = made_from(of_page)
    if not made.snapshot:
        raise SourceError("mailing.no_snapshot", path=page)
    file = EditionFile(
        snapshot_id=made.snapshot,
        audit_n=_audit_n(store, made.decisions, path),
        month=str(month),
        audience=audience,
        language=path.stem.rpartition("_")[2],
        form=FORM,
        sha256=hashlib.sha256(content).hexdigest(),
    )
    is_draft = bool(made.figures) and made.figures not in published
    is_internal = audience in FOR_RESIDENTS and tr("report.internal").encode() in of_page
    return PrintedEdition(file, path.name, content, is_draft, is_internal)


def _audit_n(store: Store | None, head: str, path: Path) -> int:
    """Find the decision an edition was made at; an edition of another store is refused."""
    if not head:
        return 0
    if store is not None:
        with store.reading() as session:
            found = find_head(session.connection(), head)
        if found is not None:
            return found
    raise ParamError("mailing.other_store", path=path, head=head)


def addressed(
    editions: Sequence[PrintedEdition], mail: Mail
) -> Iterator[tuple[PrintedEdition, MailRecipient]]:
    """Pair each edition with whoever receives it; refuse a recipient whose edition is not there.

    One for residents may be absent, since it is not made while nothing may be published. A draft
    goes to nobody: each month it would tell the same counts anew, changed otherwise.
    """
    lacking = [name for name in _lacking(editions, mail) if name not in FOR_RESIDENTS]
    if lacking:
        raise ParamError("mailing.lacking", editions=", ".join(lacking))
    for edition in editions:
        listed = mail.recipients.get(edition.file.audience, ())
        for recipient in () if edition.is_withheld else listed:
            yield edition, recipient


def _lacking(editions: Sequence[PrintedEdition], mail: Mail) -> list[str]:
    there = {edition.file.audience for edition in editions}
    return [name for name, who in mail.recipients.items() if who and name not in there]


def withheld_drafts(editions: Sequence[PrintedEdition], mail: Mail | None) -> list[Message]:
    """Name the editions that go to nobody, and why, with what to do."""
    said = []
    drafts = [one.name for one in editions if one.is_draft]
    if drafts:
        said.append(msg("mailing.kept_back", n=len(drafts), names=", ".join(drafts)))
    internal = [one.name for one in editions if one.is_internal]
    if internal:
        said.append(msg("mailing.internal", names=", ".join(internal)))
    lacking = [] if mail is None else _lacking(editions, mail)
    names = [audience_name(name) for name in lacking if name in FOR_RESIDENTS]
    return [*said, *([msg("mailing.not_made", editions=", ".join(names))] if names else [])]


def lay_out(out: Path, month: Month, editions: Sequence[PrintedEdition], mail: Mail | None) -> Path:
    """Write what is to be handed out into a folder: the files, and a list of who receives which.

    Those that go to nobody are left out.
    """
    rows: list[tuple[str, ...]] = []
    editions = [one for one in editions if not one.is_withheld]
    for edition in editions:
        file = edition.file
        listed = () if mail is None else mail.recipients.get(file.audience, ())
        offices = [one.office for one in listed] or [""]
        rows += [(office, file.audience, edition.name, file.sha256) for office in offices]
    files = {edition.name: edition.content for edition in editions}
    optional = [name for language in LANGUAGES for name in names_of(month, language)]
    replace_folder(out, LIST, files | {LIST: csv_bytes(LIST_COLUMNS, rows)}, optional)
    return out / LIST


# ---- Send the letters of an outbox, each once, and record each in the register of hand-outs.


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
    server: MailServer
    clock: PostClock
    record: Callable[[Letter], str]  # writes a hand-out into the store; returns its entry's key

    def send(self, letters: Sequence[Letter], *, again: bool) -> dict[str, Letter]:
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
                    now[one] = self.outbox.keep(replace(now[one], reply=said))
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
        said = without_addresses(answer.reply)
        now[key] = self.outbox.keep(replace(tried, state=state, reply=said, sent_on=sent_on))
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
        "city": one_line(city),
        "month": month(file.month),
        "edition": audience_name(file.audience),
    }
    subject = tr("mailing.subject", **values)
    message = begin_mail(mail, letter.email, subject, datetime.fromisoformat(letter.queued_at))
    said = [tr("mailing.body", office=letter.office, sender=one_line(mail.office), **values)]
    if file.audience not in FOR_RESIDENTS:
        said.append(tr("mailing.body_internal"))
    said.append(tr("mailing.body_file", name=letter.name, sha256=file.sha256))
    message.set_content("\n\n".join(said) + "\n", cte="quoted-printable")
    message.add_attachment(content, maintype="application", subtype="pdf", filename=letter.name)
    message.set_boundary(f"csa-{letter.key}")
    # By hand: older versions of Python break a long Message-ID into encoded words.
    return f"Message-ID: {letter.message_id}\r\n".encode() + message.as_bytes()


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
        held = withheld_drafts(editions, mail)
        if any(one.is_draft for one in editions) or not held:
            raise ParamError("mailing.only_drafts" if held else "mailing.nobody")
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
