"""The edition for a grant: what was done against what was promised, and what may be said of it.

A verdict stands beside the count of visits, never as its effect: visits follow shootings.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from csa.areas.places import called
from csa.base.errors import CsaError, ParamError
from csa.base.io import csv_bytes, json_bytes
from csa.base.message import Message, msg
from csa.base.params import Month
from csa.base.text import Translator, render
from csa.change.evaluation import agreed_statements, describe_preregistered
from csa.city.config import Activities, CityConfig, FunderGrant
from csa.city.preregistration import SEALED
from csa.extras.activities.recording import (
    MIN_SHOWN,
    ActivityTotal,
    require_counting,
    require_reader,
)
from csa.program.registry import CoreArea, Zone
from csa.program.roles import Person
from csa.program.store.records import APPROVED, Records
from csa.program.store.tables import REDRAWN
from csa.program.zones import describe_boundary
from csa.reports.briefing.measuring import measure_lines, measure_row
from csa.reports.document import Block, Box, Bullets, Document, Heading, Lead, Paragraph, Table

if TYPE_CHECKING:
    from csa.analysis.analysis import Analysis
    from csa.program.plan.items import Plan

SHORT_ID = 12
CVIPI_COLUMNS = ("question", "answer", "period", "source", "note")
"""Columns of the file of performance questions."""
SUMS = {"contacts": "cvipi.contacts", "hours": "cvipi.hours"}
UNANSWERED = (
    "cvipi.demographics",
    "cvipi.assessments",
    "cvipi.completed",
    "cvipi.reinjured",
    "cvipi.jobs",
    "cvipi.trained",
    "cvipi.partners",
)
"""What a funder asks about persons and staff, which nobody enters here."""


@dataclass(frozen=True)
class Promise:
    """A number that was promised, and what came of it; None: fewer than five, or not counted."""

    key: str  # a kind, or `people`
    words: str
    target: int | None
    done: int | None


@dataclass(frozen=True)
class GrantFacts:
    """What a funder is told of a grant, as values."""

    key: str
    grant: FunderGrant
    config: CityConfig
    as_of: date
    promises: tuple[Promise, ...]
    n: int | None  # activities of the kinds shown; None: fewer than five in all
    sums: Mapping[str, float | None]  # contacts, hours
    places: tuple[tuple[str, int | None], ...]  # area or zone to activities
    answers: tuple[tuple[str, tuple[Message, ...]], ...]  # area or zone to its agreed evaluations
    measures: tuple[Mapping[str, str], ...]
    changes: tuple[str, ...]
    id: str  # of all this
    audit_head: str

    @property
    def last(self) -> date:
        """The grant's last day."""
        return self.grant.until - timedelta(days=1)


def find_grant(config: CityConfig, key: str) -> FunderGrant:
    """Return a grant of the city's file."""
    if key not in config.grants:
        known = ", ".join(config.grants) or "-"
        raise ParamError("param.one_of", name="grant", given=key, known=known)
    return config.grants[key]


def gather_grant(
    analysis: Analysis, plan: Plan | None, totals: Iterable[ActivityTotal], key: str, who: Person
) -> GrantFacts:
    """Gather what a funder is told; a person who may not see totals is refused."""
    config, records = analysis.city.config, analysis.records
    grant, settings = find_grant(config, key), require_counting(config.activities)
    require_reader(who, settings)
    months = _months(grant)
    part = [
        total
        for total in totals
        if total.office in grant.organizations
        and total.month in months
        and (not grant.places or total.place in grant.places)
    ]
    worked = sorted({total.place for total in part})
    places = grant.places or worked
    changes = tuple(_changes(records, grant, places))
    answers = tuple(_answers(analysis, places, months[-1]))
    rows = () if plan is None else measure_lines(plan, records)
    measures = tuple(measure_row(line) for line in rows if line.history)
    content = {
        "grant": grant.model_dump(mode="json"),
        "fingerprint": analysis.city.dataset.fingerprint,
        "head": records.decided.hash,
        "totals": [asdict(total) for total in part],
    }
    by_kind = _count(part, "kind")
    kinds = {kind for kind, n in by_kind.items() if n >= MIN_SHOWN}
    by_place = _hide_few(_count([total for total in part if total.kind in kinds], "place"))
    names = {row.key: called(row.place_name, row.key) for row in records.areas}
    return GrantFacts(
        key,
        grant,
        config,
        config.city.clock.today(),
        tuple(_promises(grant, settings, part)),
        sum(by_kind[kind] for kind in kinds) if kinds or not part else None,
        {name: _sum(part, name) for name in ("contacts", "hours")},
        tuple((names.get(place, place), by_place.get(place)) for place in worked),
        tuple((names.get(place, place), said) for place, said in answers),
        measures,
        changes,
        hashlib.sha256(json_bytes(content)).hexdigest()[:SHORT_ID],
        records.decided.hash,
    )


def _months(grant: FunderGrant) -> list[str]:
    """List a grant's months: activities of older months have no day any more."""
    first, last = grant.start, grant.until - timedelta(days=1)
    month, months = Month(first.year, first.month), list[str]()
    while month <= Month(last.year, last.month):
        months.append(str(month))
        month = month.plus(1)
    return months


def _count(part: Sequence[ActivityTotal], name: str) -> Counter[str]:
    counted = Counter[str]()
    for total in part:
        counted[getattr(total, name)] += total.n
    return counted


def _hide_few(counted: Mapping[str, int]) -> dict[str, int]:
    """Leave out what is fewer than five; a single one, which the sum would give away, with another.

    Kinds need no second one: what is hidden is in no sum of activities.
    """
    shown = {name: n for name, n in counted.items() if n >= MIN_SHOWN}
    if len(counted) - len(shown) == 1 and shown:
        del shown[min(shown, key=lambda name: (shown[name], name))]
    return shown


def _shown(n: int) -> int | None:
    return n if n >= MIN_SHOWN else None


def _sum(part: Sequence[ActivityTotal], name: str) -> Any:
    values = [getattr(total, name) for total in part if getattr(total, name) is not None]
    return sum(values) if values else None


def _promises(
    grant: FunderGrant, settings: Activities, part: Sequence[ActivityTotal]
) -> Iterator[Promise]:
    done = _count(part, "kind")
    for kind, words in settings.kinds.items():
        if kind in grant.targets or done[kind]:
            yield Promise(kind, words, grant.targets.get(kind), _shown(done[kind]))
    reached = _sum(part, "reached")
    shown = None if reached is None else _shown(reached)
    if grant.people is not None or shown is not None:
        yield Promise("people", str(msg("count.reached")), grant.people, shown)


def _answers(
    analysis: Analysis, places: Sequence[str], month: str
) -> Iterator[tuple[str, tuple[Message, ...]]]:
    """Yield what was agreed of each place, and what came of it by the grant's end."""
    whole = analysis.city.dataset.require_months()
    last = min(Month.parse(month), whole.until.plus(-1))
    until = analysis.through(last) if last < whole.until.plus(-1) else analysis
    followed: list[CoreArea | Zone] = [*analysis.services, *analysis.zones]
    for area in followed:
        name = area.place_name if isinstance(area, Zone) else area.key
        sealed = area.evidence.get(SEALED)
        if name not in places or not sealed:
            continue
        yield name, _answer(until, area, sealed)


def _answer(
    analysis: Analysis, area: CoreArea | Zone, sealed: Mapping[str, Any]
) -> tuple[Message, ...]:
    try:
        areas = analysis.zone_areas(area) if isinstance(area, Zone) else analysis.areas
        change = analysis.change(areas)
        if change is None or area.key not in change.displaced.chosen.area_ids:
            return (msg("funder.too_early"),)
        said = describe_preregistered(sealed, change.displaced, area.key)
        if isinstance(area, Zone):
            findings = agreed_statements(sealed, change.displaced, area.key)
            dataset, kinds = analysis.city.dataset, sealed["outcome"]
            said += describe_boundary(dataset, area, findings, kinds)
        return tuple(said)
    except CsaError as error:
        return (error.message,)


def _changes(records: Records, grant: FunderGrant, places: Sequence[str]) -> Iterator[str]:
    """List what changed in the plan, and in a grant's places, within its days."""
    t = Translator()
    for row in records.changes:
        if row.state == APPROVED and grant.start <= row.proposed_on < grant.until:
            what = str(row.values.get("title") or ", ".join(row.values))
            yield t("funder.plan_change", number=row.action, what=what, day=t.day(row.proposed_on))
    for step in records.steps:
        if step.area in places and grant.start <= step.on_date < grant.until:
            day = t.day(step.on_date)
            if step.evidence.get(REDRAWN):
                yield t("funder.redrawn", area=step.area, day=day)
            else:
                yield t("funder.step", area=step.area, state=step.state, day=day)


# ---- The edition, and the file of questions.


def grant_edition(facts: GrantFacts) -> Document:
    """Write the edition: promised and done first, verdicts apart from them."""
    t, grant, city = Translator(), facts.grant, facts.config.city
    period = t("term.span", first=t.day(grant.start), last=t.day(facts.last))
    mark = (t("public.made_up"),) if city.is_synthetic else ()
    return Document(
        title=grant.name,
        subtitle=t("funder.subtitle", funder=grant.funder, city=city.name, period=period),
        language=t.language,
        marks=mark,
        footer=t("funder.footer", city=city.name, grant=facts.key, id=facts.id),
        blocks=tuple(_blocks(facts, period, t)),
        snapshot_id=facts.id,
        audit_head=facts.audit_head,
    )


def _number(value: float | None, t: Translator) -> str:
    return t("activity.few") if value is None else f"{value:,.0f}"


def _blocks(facts: GrantFacts, period: str, t: Translator) -> Iterator[Block]:
    grant = facts.grant
    offices = t.listed(grant.organizations)
    if facts.n is None:
        yield Lead((t("funder.few", offices=offices, period=period),))
    elif not facts.n:
        yield Lead((t("funder.nothing", offices=offices, period=period),))
    else:
        yield Lead((t("funder.lead", n=facts.n, offices=offices, period=period),))
    if facts.as_of < grant.until:
        yield Paragraph(t("funder.unfinished", day=t.day(facts.as_of)))
    yield Heading(t("funder.promised"))
    columns = (t("activities_page.kind"), t("label.target"), t("report.done"), t("funder.share"))
    rows = tuple(_promise_row(promise, t) for promise in facts.promises)
    yield Table(t("funder.promised_caption", period=period), columns, rows, numeric=(1, 2, 3))
    if facts.sums["contacts"] or facts.sums["hours"]:
        sums = {name: _number(value, t) for name, value in facts.sums.items()}
        yield Paragraph(t("funder.sums", **sums))
    yield Paragraph(t("funder.people_note"), is_faint=True)
    yield Heading(t("term.where"))
    listed = tuple((name, _number(n, t)) for name, n in facts.places)
    yield Table(t("funder.where_caption"), (t("term.area"), t("report.done")), listed, (1,))
    yield Heading(t("funder.evaluations"))
    yield Paragraph(t("activity.note"))
    if not facts.answers:
        yield Paragraph(t("funder.no_evaluation"))
    for name, said in facts.answers:
        yield Heading(name, 3)
        yield Bullets(tuple(render(message, t.language) for message in said))
    yield from _rest(facts, t)


def _promise_row(promise: Promise, t: Translator) -> tuple[str, str, str, str]:
    target = "" if promise.target is None else f"{promise.target:,}"
    is_known = promise.target and promise.done is not None
    share = f"{100 * (promise.done or 0) / (promise.target or 1):.0f}%" if is_known else ""
    return promise.words, target, _number(promise.done, t), share


def _rest(facts: GrantFacts, t: Translator) -> Iterator[Block]:
    """Yield measures, what changed, the money, and how it was made."""
    if facts.measures:
        yield Heading(t("funder.measures"))
        columns = t.each("label.measure", "public.quarter", "label.value", "label.target")
        names = ("name", "quarter", "value", "target")
        rows = tuple(tuple(row[name] for name in names) for row in facts.measures)
        yield Table(t("funder.measures_caption"), columns, rows, numeric=(2, 3))
    yield Heading(t("funder.changes"))
    yield Bullets(facts.changes) if facts.changes else Paragraph(t("funder.no_change"))
    if facts.grant.money:
        yield Heading(t("funder.money"))
        columns = t.each("funder.line", "funder.budget", "funder.spent", "data.col_as_of")
        rows = tuple(
            (line.what, f"${line.budget:,.0f}", f"${line.spent:,.0f}", t.day(line.as_of))
            for line in facts.grant.money
        )
        yield Table(t("funder.money_caption"), columns, rows, numeric=(1, 2))
    yield Box(t("screen.how_we_know"), (t("funder.how_counted"), t("funder.how_private")))


def cvipi_file(facts: GrantFacts) -> bytes:
    """Write what of CVIPI's performance questions these data answer, and which they do not.

    The questions are in our words: the funder's form has its own, which change from year to year.
    """
    t = Translator()
    period = f"{facts.grant.start} to {facts.last}"
    rows = []
    for promise in facts.promises:
        number = t("activity.few") if promise.done is None else str(promise.done)
        is_people = promise.key == "people"
        question = t("cvipi.people") if is_people else t("cvipi.kind", kind=promise.words)
        note = t("cvipi.people_note") if is_people else ""
        rows.append((question, number, period, t("cvipi.from_activities"), note))
    for name, value in facts.sums.items():
        if value is not None:
            source = t("cvipi.from_activities")
            rows.append((t(SUMS[name]), f"{value:g}", period, source, ""))
    n_areas = str(len(facts.places))
    rows.append((t("cvipi.places"), n_areas, period, t("cvipi.from_activities"), ""))
    for name, said in facts.answers:
        answer = " ".join(render(message, t.language) for message in said)
        source = t("cvipi.from_sealed")
        rows.append((t("cvipi.evaluation", area=name), answer, period, source, t("activity.note")))
    for line in facts.grant.money:
        source = t("cvipi.from_city")
        rows.append(
            (t("cvipi.spent", what=line.what), f"{line.spent:.2f}", str(line.as_of), source, "")
        )
    lacking = t("cvipi.not_here")
    rows += [(question, "", period, "", lacking) for question in (t(key) for key in UNANSWERED)]
    return csv_bytes(CVIPI_COLUMNS, rows)
