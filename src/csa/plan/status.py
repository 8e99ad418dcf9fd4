"""The state of an action, frozen; refused if it contradicts itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from urllib.parse import urlsplit

from csa.base.errors import ParamError

STATUSES = ("not-started", "on-track", "at-risk", "blocked", "done")
NEED_REASON = frozenset({"at-risk", "blocked"})
TEXT_LIMIT = 2000
"""Characters of one text: a page of notes, not a document."""


@dataclass(frozen=True)
class ActionState:
    """The last reported state of an action."""

    number: str  # the action's number in the plan, such as 1.2.1
    status: str = "not-started"  # one of `STATUSES`
    reason: str = ""  # why it is at risk or blocked; needed for these two
    office: str = ""  # the office that does it
    coordinator: str = ""  # who answers for its strategy
    start: date | None = None  # planned start
    due: date | None = None  # planned end
    percent: int | None = None  # how much is done, 0 to 100; None where not reported
    evidence: str = ""  # a web address that shows it, or nothing
    areas: tuple[str, ...] = ()  # keys of the core service areas where it applies
    comment: str = ""  # a remark on this period
    updated_on: date | None = None  # the day of the last update; None: never updated

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
    # It becomes a link on a page: a blank could hide a second address, and another scheme run code.
    if not text.isprintable() or any(letter.isspace() for letter in text):
        return False
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        return False
