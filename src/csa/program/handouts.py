"""Who received which edition of a month's report.

Editions are made without these entries: handing one out does not change a report.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from csa.base.errors import ParamError
from csa.base.params import Month
from csa.base.text import LANGUAGES
from csa.program.roles import Act, require
from csa.program.store.engine import Store
from csa.program.store.tables import HandoutRow
from csa.program.writing import clean_text, next_key, require_choice

FORMS = ("pdf", "html", "docx")
MAX_RECIPIENT = 120
EVERYONE = "Everyone: it is published"
"""The recipient of what is published."""
HEX_DIGITS = frozenset("0123456789abcdef")
SHA256_DIGITS = 64


@dataclass(frozen=True)
class EditionFile:
    """One edition of a month's report, as the file that was handed out."""

    snapshot_id: str  # of the data, choices, month and decisions it was made from
    audit_n: int  # number of the last decision in it; 0 where nothing was decided
    month: str  # the month reported, `YYYY-MM`
    audience: str  # whom it is written for, such as `executive`
    language: str  # such as `en`
    form: str  # `pdf`, `html` or `docx`
    sha256: str  # of the file's bytes, 64 hexadecimal digits


def hand_out(
    store: Store,
    act: Act,
    edition: EditionFile,
    recipients: Sequence[str],
    handed_on: date | None = None,
) -> tuple[str, ...]:
    """Record that offices or groups received an edition, all of them at once.

    The same edition may go to the same recipient again on another day, as another entry; twice on
    one day is refused, since that is a button pressed twice.
    """
    require(act.person, "member")
    _check(edition)
    names = [_named(recipient) for recipient in recipients]
    if not names:
        raise ParamError("decide.no_recipient")
    on = handed_on or act.on
    if on > act.on:
        raise ParamError("decide.ahead", day=on, today=act.on)
    if str(Month(on.year, on.month)) < edition.month:
        raise ParamError("decide.before_month", day=on, month=edition.month)
    keys = []
    with store.writing(act.signed) as session:
        for name in names:
            _refuse_twice(session, edition, name, on)
            key = next_key(session, HandoutRow, f"{edition.month}/")
            row = HandoutRow(key=key, recipient=name, handed_on=on, **asdict(edition))
            session.add(row)
            keys.append(key)
    return tuple(keys)


def _check(edition: EditionFile) -> None:
    Month.parse(edition.month)
    clean_text("audience", edition.audience)
    require_choice("language", edition.language, LANGUAGES)
    require_choice("form", edition.form, FORMS)
    _require_hex("sha256", edition.sha256, {SHA256_DIGITS})
    _require_hex("snapshot", edition.snapshot_id, range(12, SHA256_DIGITS + 1))


def _require_hex(name: str, text: str, lengths: Collection[int]) -> None:
    """Refuse a text that is not a hash: an edition with a wrong one could never be found again."""
    if len(text) not in lengths or not HEX_DIGITS.issuperset(text):
        raise ParamError("decide.no_hash", name=name, given=text)


def _named(recipient: str) -> str:
    """Return a recipient's name on one line."""
    name = " ".join(clean_text("recipient", recipient).split())
    if len(name) > MAX_RECIPIENT:
        raise ParamError(
            "decide.text", name="recipient", least=1, most=MAX_RECIPIENT, given=len(name)
        )
    return name


def _refuse_twice(session: Session, edition: EditionFile, name: str, on: date) -> None:
    """Compare names as people do: `Health` and `health` are one office."""
    same = select(HandoutRow.recipient).filter_by(sha256=edition.sha256, handed_on=on)
    if name.casefold() in {known.casefold() for known in session.scalars(same)}:
        raise ParamError("decide.handed", recipient=name, day=on)
