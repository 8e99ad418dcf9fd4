"""What a quarterly review decided, recorded at the meeting."""

from __future__ import annotations

from csa.decisions.roles import Act, require
from csa.decisions.store import Store
from csa.decisions.store.tables import MinuteRow
from csa.decisions.writing import next_key, said


def add_minute(store: Store, act: Act, text: str, about: str = "") -> str:
    """Record a decision of today's meeting."""
    require(act.person, "chair")
    decided = said("decision", text)
    with store.writing(act.signed) as session:
        key = next_key(session, MinuteRow, f"{act.on.isoformat()}/")
        row = MinuteRow(key=key, meeting_on=act.on, about=said("about", about, least=0))
        row.text = decided
        session.add(row)
    return key
