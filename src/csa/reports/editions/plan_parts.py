"""Parts of an edition on the plan: decisions, actions, late, due and open slots."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date

from csa.base.text import Translator, render
from csa.program.plan.items import by_number
from csa.reports.briefing.lines import ActionLine, status_word
from csa.reports.briefing.meeting import PENDING, by_due
from csa.reports.document import Block, Bullets, Heading, Paragraph, Table
from csa.reports.editions.parts import measures
from csa.reports.editions.phrases import area_name, counted, short_list, short_table
from csa.reports.month.facts import Facts, PlanFacts

MAX_ROWS = 10
"""Most rows of a summary; the Plan page has them all."""
MAX_UNDONE = 14
STUCK = frozenset({"at-risk", "blocked"})


def to_decide(facts: Facts, t: Translator) -> str:
    """Summarize in one sentence what needs a decision."""
    known = facts.plan
    if known is None:
        return t("report.lacks_plan")
    review = known.review
    counts = (
        ("report.n_proposals", len(review.pending)),
        ("report.n_blocked", review.n_blocked),
        ("report.n_undone", len(known.undone)),
        ("report.n_late", len(review.late)),
        ("briefing.trust_open", review.n_trust),
    )
    waiting = [t(key, n=n) for key, n in counts if n]
    return t("report.decide_lead", what=t.listed(waiting)) if waiting else t("report.decide_none")


def decisions(facts: Facts, t: Translator) -> list[Block]:
    """List what needs a decision."""
    known = facts.plan
    if known is None:
        return []
    items = list(_decisions(facts, known, t))
    return _listed(t("report.decide_title"), items, t("report.decide_none"), t)


def arrivals(facts: Facts, t: Translator) -> list[Block]:
    """List agreed answers that are due, and the results of lotteries."""
    news = () if facts.plan is None else facts.plan.arrived
    return [Bullets(tuple(render(message, t.language) for message in news))] if news else []


def _listed(title: str, items: Sequence[str], none: str, t: Translator) -> list[Block]:
    """List items below a title; where there is none, say so."""
    return [Heading(title), *(short_list(items, MAX_ROWS, t) if items else [Paragraph(none)])]


def _decisions(facts: Facts, known: PlanFacts, t: Translator) -> Iterator[str]:
    titles = {line.number: line.title or t("plan.open_slot") for line in known.lines}
    for row in known.review.pending:
        if row.state in PENDING:
            title = row.values.get("title") or titles.get(row.action, "")
            named = {"number": row.action, "title": title, "day": t.day(row.proposed_on)}
            yield t("report.proposal", office=row.by_office, **named)
    for line in (stuck.line for stuck in known.review.stuck):
        if line.state.status == "blocked":
            named = {"number": line.number, "title": titles[line.number]}
            yield t("report.blocked", reason=line.state.reason, **named)
    for area in facts.areas:
        if area.letter in known.undone:
            yield t("report.undone", area=area_name(area, t), what=counted(facts, t))
    if known.review.late:
        yield t("report.late_below", n=len(known.review.late))
    if known.review.n_trust:
        yield t("report.trust_slots", n=known.review.n_trust)


def team_lead(facts: Facts, team: str, t: Translator) -> str:
    """Summarize a team's actions in one sentence."""
    known = facts.plan
    if known is None:
        return t("report.lacks_plan")
    lines = known.team_lines(team)
    if not lines:
        return t("report.team_none")
    written = [line for line in lines if not line.is_open]
    stands = t(
        "report.team_lead",
        n=len(written),
        done=sum(line.state.status == "done" for line in written),
        late=sum(line.is_late for line in written),
        stuck=sum(line.state.status in STUCK for line in written),
    )
    n_open = len(lines) - len(written)
    return f"{stands} {t('report.team_open', n=n_open)}" if n_open else stands


def team_parts(
    facts: Facts,
    team: str,
    t: Translator,
    measured: Callable[[PlanFacts], list[Block]] | None = None,
) -> list[Block]:
    """Show what a team measures, its goal's measures by default, and its actions."""
    known, title = facts.plan, Heading(t("report.measures_title"))
    if known is None:
        return [title, Paragraph(t("report.no_plan_here")), *late(facts, (), t)]
    lines = known.team_lines(team)
    own = measures(known.team_measures(team), t) if measured is None else measured(known)
    return [title, *own, *undone(facts, lines, t), *late(facts, lines, t)]


def actions_by_team(known: PlanFacts, today: date, t: Translator) -> Table:
    """Count actions by team and by status."""
    columns = t.each("label.team", "report.done", "report.on_track", "report.stuck")
    columns += t.each("report.silent", "report.not_started", "label.not_written")
    rows = [
        (team.name, *(f"{n:,}" for n in _count_by_status(lines)))
        for team in known.plan.teams
        if (lines := known.team_lines(team.id))
    ]
    caption = t("report.teams_caption", day=t.day(today))
    return Table(caption, columns, tuple(rows), numeric=tuple(range(1, len(columns))))


def _count_by_status(lines: Sequence[ActionLine]) -> tuple[int, ...]:
    """Count done, on track, stuck, silent, not started and open, each line once."""
    found = [0] * 6
    for line in lines:
        status = line.state.status
        if line.is_open:
            found[5] += 1
        elif status == "done":
            found[0] += 1
        elif status not in {*STUCK, "on-track"}:
            found[4] += 1
        elif line.color == "no-update":  # on Plan too: nobody knows whether it is still stuck
            found[3] += 1
        else:
            found[2 if status in STUCK else 1] += 1
    return tuple(found)


def late(facts: Facts, lines: Sequence[ActionLine], t: Translator) -> list[Block]:
    """List the actions that are late."""
    title = Heading(t("report.late_title"))
    if facts.plan is None:
        return [title, Paragraph(t("report.no_plan_here"))]
    found = sorted((line for line in lines if line.is_late), key=by_due)
    if not found:
        return [title, Paragraph(t("report.late_none"))]
    none = t("label.none")
    rows = tuple(
        (_title(line), _office(line, t), _due(line, t), ", ".join(line.holds_up) or none)
        for line in found
    )
    columns = t.each("term.action", "label.office", "report.was_due", "report.holds_up")
    table = Table(t("report.late_caption", day=t.day(facts.today)), columns, rows)
    return [title, *short_table(table, MAX_ROWS, t)]


def undone(facts: Facts, lines: Sequence[ActionLine], t: Translator) -> list[Block]:
    """List the written actions that are not done."""
    found = [line for line in lines if not line.is_open and line.state.status != "done"]
    if not found:
        return [Paragraph(t("report.actions_none"))]
    found.sort(key=lambda line: (line.state.status not in STUCK, by_number(line.number)))
    rows = tuple(
        (_title(line), status_word(line.color), _office(line, t), _due(line, t)) for line in found
    )
    columns = t.each("term.action", "term.status", "label.office", "term.due")
    table = Table(t("report.actions_caption", day=t.day(facts.today)), columns, rows)
    return short_table(table, MAX_UNDONE, t)


def due_soon(facts: Facts, lines: Sequence[ActionLine], t: Translator) -> list[Block]:
    """List what is due in the next 90 days."""
    if facts.plan is None:
        return []
    found = sorted((line for line in lines if line.is_due_soon), key=by_due)
    items = [f"{_title(line)}: {t('label.due_on', day=_due(line, t))}" for line in found]
    return _listed(t("report.due_title"), items, t("report.due_none"), t)


def open_slots(facts: Facts, t: Translator) -> list[Block]:
    """List the strategies with open slots, trust first."""
    if facts.plan is None:
        return []
    items = [
        t("report.slots", n=len(of.slots), number=of.strategy.number, title=of.strategy.title)
        for of in facts.plan.review.open_strategies
    ]
    return _listed(t("label.not_written"), items, t("meeting.open_none"), t)


def _title(line: ActionLine) -> str:
    return f"{line.number} {line.title}"


def _office(line: ActionLine, t: Translator) -> str:
    return line.state.office or t("report.no_office")


def _due(line: ActionLine, t: Translator) -> str:
    return t("public.no_day") if line.state.due is None else t.day(line.state.due)
