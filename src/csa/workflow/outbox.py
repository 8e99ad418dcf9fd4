"""The outbox: one file a letter, each of one edition to one recipient, written before it is sent.

A letter's key is made of what it is, so that asking again queues nothing twice:

waiting     nothing of it was accepted by a server; it is sent with the next run
sending     its last line was about to be sent, and no answer is on record: it may have arrived
sent        the server took it
refused     the server refused it for good, with these words
replaced    it was never sent, and a newer file or list of recipients took its place
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from csa.base.errors import OutputError, SourceError
from csa.base.io import create_file, json_bytes, locked_folder, write_file
from csa.base.safe_parsing import parse_json
from csa.city.deployment import Mail, MailRecipient
from csa.program.handouts import EditionFile

LetterState: TypeAlias = Literal["waiting", "sending", "sent", "refused", "replaced"]
FORMAT_VERSION = 1
KEY_DIGITS = 32
PRIVATE = 0o700
"""Addresses are in it: for the person who runs the command alone."""
ADDRESS = re.compile(r"[^\s<>@:;,\"'()]+@")
MAX_SAID = 200


@dataclass(frozen=True)
class PrintedEdition:
    """An edition as it lies in the folder that `csa report --all` wrote."""

    file: EditionFile  # what it is and what it was made from
    name: str  # the file's name
    content: bytes
    is_draft: bool = False  # its public figures are not published: it goes to nobody
    is_internal: bool = False  # for residents, but marked internal: it goes to nobody

    @property
    def is_withheld(self) -> bool:
        """Whether it goes to nobody."""
        return self.is_draft or self.is_internal


@dataclass(frozen=True)
class Letter:
    """One edition to one recipient, and what became of it."""

    key: str  # hash of city, month, edition, language, file and address
    city: str  # the city's id
    file: EditionFile  # what is attached
    name: str  # the attached file's name
    office: str  # who receives it, as the register names it
    email: str  # the address; no sentence or log has it
    message_id: str  # the same however often it is sent, so that it can be found at the recipient's
    queued_at: str  # when it was queued, ISO 8601 in UTC; the mail's date
    state: LetterState = "waiting"
    tries: int = 0  # times that a server was asked to take it
    reply: str = ""  # the server's last words, without addresses
    sent_on: str = ""  # the day in the city on which the server took it
    handed: str = ""  # its entry in the register of hand-outs; empty until it is there

    @property
    def slot(self) -> tuple[str, str, str, str]:
        """What it is of, whatever the file: a newer file replaces one that still waits."""
        return self.city, self.file.month, self.file.audience, self.file.language


def letter_of(
    city: str, edition: PrintedEdition, to: MailRecipient, mail: Mail, at: datetime
) -> Letter:
    """Make a letter that waits."""
    file = edition.file
    parts = [city, file.month, file.audience, file.language, file.sha256, to.email.casefold()]
    key = hashlib.sha256(json_bytes(parts)).hexdigest()[:KEY_DIGITS]
    domain = mail.from_address.rpartition("@")[2]
    return Letter(
        key=key,
        city=city,
        file=file,
        name=edition.name,
        office=" ".join(to.office.split()),
        email=to.email,
        message_id=f"<csa.{key}@{domain}>",
        queued_at=at.isoformat(timespec="seconds"),
    )


def without_addresses(text: str) -> str:
    """Return a server's words on one line, without what stands before an @."""
    plain = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return ADDRESS.sub("...@", plain)[:MAX_SAID]


class Outbox:
    """A folder of letters: `<key>.json`, and each attached file once, `<sha256>.pdf`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the outbox: of several senders, in whatever process, one alone sends."""
        with locked_folder(self.folder, OutputError("mail.held", folder=self.folder), PRIVATE):
            yield

    def letters(self) -> dict[str, Letter]:
        """Read every letter; a damaged one is refused, since it may have been sent."""
        return {path.stem: _read(path) for path in sorted(self.folder.glob("*.json"))}

    def queue(self, letters: list[Letter], editions: list[PrintedEdition]) -> dict[str, Letter]:
        """Add letters that are not there yet, and return them all as they stand."""
        attached = {letter.file.sha256 for letter in letters}
        for edition in editions:
            place = self._attached(edition.file.sha256)
            if edition.file.sha256 in attached and not place.exists():
                write_file(place, edition.content)
        for letter in letters:
            create_file(self._place(letter), _written(letter))
        known = self.letters()
        wanted = {letter.key for letter in letters}
        cities = {letter.city for letter in letters}
        files = [edition.file for edition in editions]
        slots = {(c, one.month, one.audience, one.language) for c in cities for one in files}
        for old in known.values():
            if old.state == "waiting" and old.slot in slots and old.key not in wanted:
                self.keep(replace(old, state="replaced"))
            elif old.state == "replaced" and old.key in wanted:
                self.keep(replace(old, state="waiting"))
        known = self.letters()
        return {letter.key: known[letter.key] for letter in letters}

    def keep(self, letter: Letter) -> Letter:
        """Write how a letter stands, on the disk before this returns."""
        write_file(self._place(letter), _written(letter))
        return letter

    def attached(self, letter: Letter) -> bytes:
        """Read a letter's file; one that changed is not sent."""
        path = self._attached(letter.file.sha256)
        try:
            content = path.read_bytes()
        except OSError as error:
            raise SourceError("mail.damaged", path=path) from error
        if hashlib.sha256(content).hexdigest() != letter.file.sha256:
            raise SourceError("mail.damaged", path=path)
        return content

    def _place(self, letter: Letter) -> Path:
        return self.folder / f"{letter.key}.json"

    def _attached(self, sha256: str) -> Path:
        return self.folder / f"{sha256}.pdf"


def _written(letter: Letter) -> bytes:
    return json_bytes({"format_version": FORMAT_VERSION, **asdict(letter)})


def _read(path: Path) -> Letter:
    try:
        values = parse_json(path.read_bytes())
        version = values.pop("format_version")
        letter = Letter(**values | {"file": EditionFile(**values["file"])})
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise SourceError("mail.damaged", path=path) from error
    is_known = version == FORMAT_VERSION and letter.state in get_args(LetterState)
    if not is_known or letter.key != path.stem:
        raise SourceError("mail.damaged", path=path)
    return letter
