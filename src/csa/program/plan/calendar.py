"""An action's state on a day: fresh or stale, late, due soon, the 60 days, the order of a list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

from csa.base.errors import ParamError
from csa.program.plan.items import Action, Link, Plan, by_number

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
        if self.status not in STATUSES:
            raise ParamError("plan.status", given=self.status, known=", ".join(STATUSES))
        if self.status in NEED_REASON and not self.reason.strip():
            raise ParamError("plan.reason", number=self.number, status=self.status)
        if self.percent is not None and not 0 <= self.percent <= 100:
            raise ParamError("param.between", name="percent", low=0, high=100, given=self.percent)
        if self.status == "done" and self.percent not in {None, 100}:
            raise ParamError("plan.done_percent", given=self.percent)
        if self.start and self.due and self.due < self.start:
            raise ParamError("plan.due_before_start", start=self.start, due=self.due)
        for name in ("reason", "office", "coordinator", "evidence", "comment"):
            n = len(getattr(self, name))
            if n > TEXT_LIMIT:
                raise ParamError("measures.text", name=name, given=n, limit=TEXT_LIMIT)
        if self.evidence and not _is_link(self.evidence):
            raise ParamError("plan.evidence", given=self.evidence)


def _is_link(text: str) -> bool:
    # It becomes a link on a page: a blank could hide a second address, and another scheme run code.
    if not text.isprintable() or any(letter.isspace() for letter in text):
        return False
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        return False


ASK_DAYS = 30
"""Days without an update after which one is asked for: the plan asks for monthly talks."""
STALE_DAYS = 90
"""Days without an update after which a status is stale: a quarterly review has passed."""
SOON_DAYS = 90
"""What counts as due soon: up to the next quarterly review."""
NOTICE_DAYS = 7
"""Days from telling an office that its task is late until the public is told."""
CLOCK_DAYS = 60
"""Days from the first group meeting to the start of local work (1.3.6)."""

Freshness: TypeAlias = Literal["none", "fresh", "ask", "stale"]
ClockState: TypeAlias = Literal["not-started", "running", "over", "begun"]
States: TypeAlias = Mapping[str, ActionState]
"""Number to state; an action that is absent has not started."""


@dataclass(frozen=True)
class ResponseClock:
    """The days from the first group meeting to the start of local work."""

    state: ClockState
    day: int | None = None  # days since the first meeting, which is day 0
    ends: date | None = None  # the last day


def freshness(state: ActionState, today: date) -> Freshness:
    """Return how old the last update is."""
    if state.updated_on is None:
        return "none"
    days = (today - state.updated_on).days
    if state.status == "done" or days <= ASK_DAYS:
        return "fresh"
    return "ask" if days <= STALE_DAYS else "stale"


def is_late(state: ActionState, today: date) -> bool:
    """Check whether an action was due before today and is not done."""
    return state.status != "done" and state.due is not None and state.due < today


def is_due_soon(state: ActionState, today: date) -> bool:
    """Check whether an action that is not done is due within the next 90 days, today included."""
    if state.status == "done" or state.due is None:
        return False
    return 0 <= (state.due - today).days <= SOON_DAYS


def color_word(state: ActionState, today: date) -> str:
    """Return the word a screen shows: the status, or that there was no update lately."""
    return "no-update" if freshness(state, today) in {"none", "stale"} else state.status


def waits_for(plan: Plan, links: Mapping[str, Iterable[Link]] | None = None) -> dict[str, set[str]]:
    """List the actions that each action waits for directly."""
    if links is None:
        links = {strategy.number: strategy.needs for strategy in plan.strategies}
        links |= {action.number: action.needs for action in plan.actions}
    members: dict[str, set[str]] = {action.number: {action.number} for action in plan.actions}
    for action in plan.actions:
        members.setdefault(action.number.rpartition(".")[0], set()).add(action.number)
    waits: dict[str, set[str]] = {action.number: set() for action in plan.actions}
    for number, wanted in links.items():
        for link in wanted:
            if link.kind == "waits":
                for waiting in members.get(number, ()):
                    waits[waiting] |= members.get(link.on, set())
    return waits


def holds_up(
    plan: Plan,
    states: States,
    today: date,
    links: Mapping[str, Iterable[Link]] | None = None,
) -> dict[str, tuple[str, ...]]:
    """List what each late action holds up."""
    waits = waits_for(plan, links)
    late = [n for n in sorted(waits, key=by_number) if is_late(_state(states, n), today)]
    still = {n for n in waits if _state(states, n).status != "done"}
    return {number: _held_by(number, waits, still) for number in late}


def _held_by(late: str, waits: Mapping[str, set[str]], still: set[str]) -> tuple[str, ...]:
    held: set[str] = set()
    newest = {late}
    while newest:
        newest = {n for n in still - held if waits[n] & newest}
        held |= newest
    return tuple(sorted(held - {late}, key=by_number))


def clock(first_meeting: date | None, today: date, begun_on: date | None = None) -> ResponseClock:
    """Return the state of the 60 days of action 1.3.6."""
    ends = first_meeting + timedelta(days=CLOCK_DAYS) if first_meeting else None
    if begun_on is not None and begun_on <= today:
        # Work may begin before the first meeting; it then counts as begun on day 0.
        day = max(0, (begun_on - first_meeting).days) if first_meeting else None
        return ResponseClock("begun", day, ends)
    if first_meeting is None or first_meeting > today:
        return ResponseClock("not-started", None, ends)
    day = (today - first_meeting).days
    return ResponseClock("running" if day <= CLOCK_DAYS else "over", day, ends)


def ordered(plan: Plan, states: States, today: date) -> tuple[Action, ...]:
    """Put actions in the order in which the Committee looks at them."""
    trust = {strategy.number for strategy in plan.strategies if strategy.is_trust}

    def urgency(action: Action) -> int:
        state = _state(states, action.number)
        if action.is_open and action.number.rpartition(".")[0] in trust:
            return 0
        claims = (
            state.status == "blocked",
            state.status == "at-risk",
            freshness(state, today) == "stale",
            is_late(state, today),
        )
        return claims.index(True) + 1 if any(claims) else 5

    return tuple(sorted(plan.actions, key=lambda a: (urgency(a), by_number(a.number))))


def _state(states: States, number: str) -> ActionState:
    return states.get(number) or ActionState(number)
