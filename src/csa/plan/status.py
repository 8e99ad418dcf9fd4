"""How an action stands: one frozen state, refused where it contradicts itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from urllib.parse import urlsplit

from csa.base.errors import ParamError

STATUSES = ("not-started", "on-track", "at-risk", "blocked", "done")
NEED_REASON = frozenset({"at-risk", "blocked"})
TEXT_LIMIT = 2000
"""Characters of one text: a page of notes, and no document."""


@dataclass(frozen=True)
class ActionState:
    """What was last said of an action.

    Parameters
    ----------
    number
        The action's number in the plan, such as 1.2.1.
    status
        One of `STATUSES`.
    reason
        Why it is at risk or blocked; needed for these two.
    office
        The office that does it.
    coordinator
        Who answers for its strategy.
    start, due
        Planned days, where there are any.
    percent
        How much is done, 0 to 100, where anyone says.
    evidence
        A web address that shows it, or nothing.
    areas
        Keys of the core service areas where it applies; none: city-wide.
    comment
        What is said of it in this period.
    updated_on
        The day of the last update; none: never updated.
    """

    number: str
    status: str = "not-started"
    reason: str = ""
    office: str = ""
    coordinator: str = ""
    start: date | None = None
    due: date | None = None
    percent: int | None = None
    evidence: str = ""
    areas: tuple[str, ...] = ()
    comment: str = ""
    updated_on: date | None = None

    def __post_init__(self) -> None:
        """Refuse a state that contradicts itself."""
        self._refuse_status()
        self._refuse_percent()
        if self.start and self.due and self.due < self.start:
            raise ParamError("plan.due_before_start", start=self.start, due=self.due)
        self._refuse_long_texts()
        if self.evidence and not _is_link(self.evidence):
            raise ParamError("plan.evidence", given=self.evidence)

    def _refuse_status(self) -> None:
        if self.status not in STATUSES:
            raise ParamError("plan.status", given=self.status, known=", ".join(STATUSES))
        if self.status in NEED_REASON and not self.reason.strip():
            raise ParamError("plan.reason", number=self.number, status=self.status)

    def _refuse_percent(self) -> None:
        if self.percent is None:
            return
        if not 0 <= self.percent <= 100:
            raise ParamError("plan.percent", given=self.percent)
        if self.status == "done" and self.percent != 100:
            raise ParamError("plan.done_percent", given=self.percent)

    def _refuse_long_texts(self) -> None:
        for name in ("reason", "office", "coordinator", "evidence", "comment"):
            n = len(getattr(self, name))
            if n > TEXT_LIMIT:
                raise ParamError("plan.text", name=name, n_characters=n, limit=TEXT_LIMIT)


def _is_link(text: str) -> bool:
    # It becomes a link on a page: a blank could hide a second address, another scheme run code.
    if not text.isprintable() or any(letter.isspace() for letter in text):
        return False
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        return False
