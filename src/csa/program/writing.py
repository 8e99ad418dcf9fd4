"""Steps of every change of the store: find the row, refuse a stale writer, number a new row."""

from __future__ import annotations

import json
from collections.abc import Collection
from textwrap import shorten
from typing import TypeVar

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from csa.base.errors import ConflictError, ParamError
from csa.base.text import UNSEEN
from csa.disclosure.texts import CODE_DIGITS
from csa.program.roles import Act, require
from csa.program.store.audit import STORE_ITEM, TEXT_READ, AuditEntry, append
from csa.program.store.engine import Store
from csa.program.store.tables import Audit, Audited, CorrectionRow

MAX_TEXT = 2000
MAX_TOLD = 200
Row = TypeVar("Row", bound=Audited)


def find(session: Session, table: type[Row], key: str, seen: int | None = None) -> Row:
    """Find a row that is to be changed."""
    row = session.get(table, key)
    if row is None:
        raise ParamError("decide.no_row", kind=table.__tablename__, key=key)
    refuse_stale(session, row, seen)
    return row


def refuse_stale(session: Session, row: Audited | None, seen: int | None) -> None:
    """Refuse to overwrite what somebody else changed meanwhile, and name who changed what."""
    if row is None or seen is None or seen == row.revision:
        return
    of_corrections = f"{CorrectionRow.prefix}{row.item}/"
    last = session.execute(
        select(Audit.at_utc, Audit.by_office, Audit.new, Audit.why)
        .where(or_(Audit.item == row.item, Audit.item.startswith(of_corrections, autoescape=True)))
        .order_by(Audit.id.desc())
        .limit(1)
    ).one()
    values = json.loads(last.new)  # of the row, or of a correction
    became = values.get("now", values).items()
    what = "; ".join(f"{name.replace('_', ' ')} {value}" for name, value in became)
    raise ConflictError(
        "decide.conflict",
        item=row.item,
        by=last.by_office,
        at=last.at_utc[:16].replace("T", " "),
        what=shorten(what, MAX_TOLD, placeholder=" ..."),
    )


def next_key(session: Session, table: type[Audited], stem: str) -> str:
    """Return the next key: keys are never used twice, since nothing is removed."""
    session.flush()
    n = session.scalar(
        select(func.count()).select_from(table).where(table.key.startswith(stem, autoescape=True))
    )
    return f"{stem}{(n or 0) + 1}"


def clean_text(name: str, text: str, *, least: int = 1) -> str:
    """Return a text that a person wrote, without outer blanks and what nobody can see."""
    stripped = UNSEEN.sub("", text).strip()
    if not least <= len(stripped) <= MAX_TEXT:
        raise ParamError("decide.text", name=name, least=least, most=MAX_TEXT, given=len(stripped))
    return stripped


def require_choice(name: str, given: str, known: Collection[str]) -> str:
    """Return a word of a closed list."""
    if given not in known:
        raise ParamError("param.one_of", name=name, given=given, known=", ".join(known))
    return given


# ---- Who read a public text again that the rules had caught, and let it stand.


HEX = frozenset("0123456789abcdef")


def confirm_texts(store: Store, act: Act, codes: Collection[str]) -> None:
    """Record in the trail that texts were read again and may be published as they are."""
    require(act.person, "member")
    if not codes:
        raise ParamError("publish.none_checked")
    for code in codes:
        if len(code) != CODE_DIGITS or not HEX.issuperset(code):
            raise ParamError("publish.no_code", given=code, digits=CODE_DIGITS)
    with store.writing(act.signed) as session:
        changes = (AuditEntry(STORE_ITEM, None, {TEXT_READ: code}) for code in sorted(codes))
        append(session.connection(), act.signed, *changes)
