"""The products of a new month, each by itself: what cannot be made is left out, and named."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from csa.areas.analysis import propose_areas
from csa.areas.choices import Choices
from csa.areas.proposal import proposal_files
from csa.backtest.recording import load_suggestion, past_years, suggestion_of
from csa.base.errors import CsaError, MachineError, OutputError, StoreError
from csa.base.logging import Tell
from csa.base.params import Month
from csa.base.text import render
from csa.dataset.versioned import City
from csa.decisions.registry import (
    all_services,
    core_areas,
    followed,
    served_as,
    standings,
)
from csa.decisions.store.records import Records
from csa.disclosure.keys import Secret
from csa.displacement.files import displacement_account, displacement_files
from csa.displacement.follow import FollowSource, follow_areas
from csa.plan import Plan
from csa.reports.briefing.areas import CORE_AREAS, core_areas_file, count_core_areas
from csa.reports.making import make_all, not_made
from csa.reports.month.facts import Facts
from csa.reports.month.gathering import Beside, gather_month
from csa.workflow.month_ahead import (
    EDITIONS,
    FOLLOWED,
    PROPOSAL,
    PUBLIC,
    QUARTERS_END,
    RECORD,
    LeftOut,
    MonthAhead,
    product_name,
)
from csa.workflow.past_years import BacktestRequest, ask_question, judge_past_years, keep_past_years
from csa.workflow.publishing import MadeBundle, make_bundle

Made = TypeVar("Made")


@dataclass
class MonthProducts:
    """What a month is made of, in the order in which it is made."""

    city: City  # in the folder in which the month is made
    plan: Plan | None
    records: Records  # what was decided
    month: Month
    choices: Choices  # how areas are proposed
    ahead: MonthAhead  # what was known to be left out
    tell: Tell
    left_out: list[LeftOut] = field(default_factory=list)  # that, and what failed since
    secret: Secret | None = None  # what changed the counts of the public bundle that was drafted

    def __post_init__(self) -> None:
        """Begin with what was known to be left out."""
        self.left_out.extend(self.ahead.left_out)

    @property
    def source(self) -> FollowSource:
        """The city, with the month's end."""
        return FollowSource(self.city, replace(self.choices, until=self.month.plus(1)))

    def judge(self) -> bool:
        """Judge past years where a year more is over; return whether they were."""
        return bool(self._tried(RECORD, lambda: _record(self.city, self.choices, self.tell)))

    def make(
        self, beside: Beside, folder: Path, language: str
    ) -> tuple[dict[str, Mapping[str, bytes]], Facts | None]:
        """Make everything but the record; the public bundle is written, all else returned."""
        files: dict[str, Mapping[str, bytes]] = {}
        files[PROPOSAL] = self._tried(PROPOSAL, self._propose) or {}
        if FOLLOWED not in self.ahead.lost:
            files[FOLLOWED] = self._tried(FOLLOWED, self._follow) or {}
        if self.month.number in QUARTERS_END and PUBLIC not in self.ahead.lost:
            secret = beside.secret or Secret.new()
            own = replace(beside, secret=secret)
            bundle = self._tried(PUBLIC, lambda: self._draft(own, folder / PUBLIC))
            if bundle is not None:
                self.secret, beside = secret, replace(own, earlier=bundle.ledger)
        facts = self._tried(EDITIONS, lambda: self._gather(beside))
        if facts is not None:
            made = self._tried(EDITIONS, lambda: make_all(facts, language, tell=self.tell))
            files[EDITIONS] = made or {}
            if beside.with_public and facts.public.why_not is not None:
                names = tuple(f"{EDITIONS}/{name}" for name in not_made(facts))
                self.left_out.append(LeftOut(names, facts.public.why_not))
        return files, facts

    def _tried(self, product: str, make: Callable[[], Made]) -> Made | None:
        """Make a product; what data, settings or decisions do not allow is left out, and named.

        A fault of the machine ends the month: nothing has changed.
        """
        with step(product_name(product)):
            try:
                return make()
            except (OutputError, StoreError, MachineError):
                raise
            except CsaError as error:
                self.left_out.append(LeftOut((product,), error.message))
                return None

    def _propose(self) -> dict[str, bytes]:
        city, choices = self.city, self.source.choices
        record, areas = load_suggestion(city, choices), core_areas(self.records)
        suggestion = suggestion_of(city.config, record)
        proposal = propose_areas(city, choices, self.tell, suggestion=suggestion, keep=True)
        standing = standings(proposal.areas, areas)
        files = proposal_files(replace(proposal, areas=served_as(proposal.areas, standing)))
        counts = count_core_areas(city, areas, proposal, record)
        return files | ({CORE_AREAS: core_areas_file(areas, counts)} if areas else {})

    def _follow(self) -> dict[str, bytes]:
        """Follow the areas in service; no files where there is none."""
        chosen = followed(all_services(self.records))
        if chosen is None or not chosen.cells:
            return {}
        found = follow_areas(self.source, chosen, None, self.tell)
        return displacement_files(displacement_account(found), found)

    def _draft(self, beside: Beside, folder: Path) -> MadeBundle:
        """Draft the public bundle of the quarter that ends."""
        everything = FollowSource(self.city, self.choices)
        made = make_bundle(everything, self.plan, self.records, self.month, beside, self.tell)
        made.write(folder)
        return made

    def _gather(self, beside: Beside) -> Facts:
        return gather_month(self.source, self.plan, self.records, self.month, self.tell, beside)


@contextmanager
def step(name: str) -> Iterator[None]:
    """Name the step that failed."""
    try:
        yield
    except CsaError as error:
        raise OutputError("month.step", step=name, why=render(error.message)) from error


def change_told(facts: Facts | None) -> dict[str, Any]:
    """Return the verdict of all areas together, or why there is none."""
    told = None if facts is None else facts.followed
    why_not = None if facts is None else facts.why_not_followed
    if told is None:
        return {"verdict": None, "sentence": "" if why_not is None else render(why_not)}
    verdict = None if told.verdict is None else str(told.verdict)
    return {"verdict": verdict, "sentence": render(told.sentence)}


def _record(city: City, choices: Choices, tell: Tell) -> bool:
    """Judge past years again where a year more is over than the record knows, or there is none."""
    choices = replace(choices, until=None, eps_m=None, min_samples=None)
    origins = past_years(city.dataset, choices)
    known = load_suggestion(city, choices)
    if not origins or (known is not None and known.n_origins >= len(origins)):
        return False
    asked = BacktestRequest(city, choices, ask_question(origins, None, None), with_variants=False)
    keep_past_years(judge_past_years(asked, tell), city, choices)
    return True
