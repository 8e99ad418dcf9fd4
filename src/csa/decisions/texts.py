"""Who read a public text again that the rules had caught, and let it stand."""

from __future__ import annotations

from collections.abc import Collection

from csa.base.errors import ParamError
from csa.decisions.roles import Act, require
from csa.decisions.store import Store
from csa.decisions.store.audit import STORE_ITEM, TEXT_READ, AuditEntry, append
from csa.disclosure.texts import CODE_DIGITS

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
