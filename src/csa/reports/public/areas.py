"""The areas in the public report, and the change in all of them together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from csa.areas.proposal import Proposal, area_records
from csa.areas.sufficiency import can_locate
from csa.base.errors import ParamError, PeriodError
from csa.base.params import Month, Period
from csa.base.schema import KINDS
from csa.base.statement import Statement
from csa.base.text import Translator
from csa.change.sentences import state_change
from csa.change.verdict import LEAST_MONTHS
from csa.city.preregistration import PLANNED_LOOKS, Verdict
from csa.city.selection import AreaVersion
from csa.disclosure.keys import THRESHOLD
from csa.geo.cells import as_text, cell_resolution
from csa.reports.public.facts import PublicArea, PublicChange, PublicFacts
from csa.reports.public.window import PublicWindow
from csa.reports.public.words import are_chosen, area_name, between, noun

if TYPE_CHECKING:
    from csa.analysis.analysis import Analysis

UNKNOWN = "unknown"
"""Verdict if nothing can be said."""


@dataclass(frozen=True)
class PooledChange:
    """All areas together, each since its own day, of all incidents, domestic ones too.

    An attacker who has the city's points knows them all but for what is domestic: whatever rests
    on all of them, exact as it is, tells nothing of that. So it is with each area's own words.
    """

    exact: Statement | None  # with its numbers as they are; None if nothing can be said
    period: Period  # the months compared
    grounds: tuple[tuple[frozenset[int], Period], ...]  # cells, and the months they are counted in
    of_area: Mapping[str, Mapping[str, str | None]] = field(default_factory=dict)
    """By letter: words of a closed set, and no number."""
    ended: tuple[str, ...] = ()  # letters of areas that count on and are no longer in service


def areas_shown(window: PublicWindow, analysis: Analysis) -> tuple[PublicArea, ...]:
    """List the areas in service, else the candidates at the quarter's end, without figures yet.

    No candidates where the months are too few to say where incidents are most frequent: what the
    working pages do not believe is no outline around anybody's block.
    """
    if analysis.core_areas:
        return tuple(
            _shown(area.key, area.place_name, area.state, area.since, as_text(sorted(area.cells)))
            for area in analysis.core_areas
        )
    # Of all incidents: outlines that knew which are domestic would tell it to whoever draws them.
    proposal = _in_window(window, analysis).proposal
    n_covered = int(proposal.summary["params"]["months_covered"])
    if not can_locate(analysis.settings.months, n_covered).can:
        return ()
    return tuple(
        _shown("", str(row["place_name"]), "candidate", None, sorted(row["cells"]))
        for row in area_records(proposal.areas)
        if row["incidents"] >= THRESHOLD
        and not Proposal.is_doubtful(row["suspect"], row["incidents"])
    )


def _shown(
    letter: str, place_name: str, state: Any, since: date | None, cells: Sequence[str]
) -> PublicArea:
    whose = {"letter": letter, "place_name": place_name, "state": state, "since": since}
    return PublicArea(**whose, cells=tuple(cells), count=None)


def _in_window(window: PublicWindow, analysis: Analysis) -> Analysis:
    """Return the answers by the incidents that the public report covers."""
    at = analysis.through(window.period.until.plus(-1))
    if len(at.city.dataset.incidents) == len(window.dataset.incidents):  # the same ones
        return at
    return replace(at, city=replace(at.city, dataset=window.dataset), locate=None)


def change_in_all(window: PublicWindow, analysis: Analysis) -> PooledChange | None:
    """Measure the change in all ground ever designated, by the end of the quarter.

    On the incidents and cells that all pages measure it on, so that all say the same. Areas of
    several resolutions may share an incident at an edge, so no sum of them is published.
    """
    through = window.period.until.plus(-1)
    chosen = analysis.areas
    if chosen is None:
        return None
    chosen = chosen.started_before(window.period.until) or chosen
    ground = [one.versions for one in chosen.designated]
    since = min(versions[0].since for versions in ground)
    grounds = tuple(_counted_in(ground, window.period.until))
    months = Period(since, max(since, through).plus(1))
    nothing = PooledChange(None, months, grounds)
    sizes = {cell_resolution(cell) for cells in chosen.all_cells for cell in cells}
    if since > through or len(sizes) > 1:
        return nothing  # without a whole month since, or of several cell sizes
    try:
        # Of all kinds, whatever is chosen.
        change = _in_window(window, analysis).change(outcome=KINDS)
    except (ParamError, PeriodError):
        return nothing
    if change is None:
        return nothing
    displaced = change.displaced
    singles = [state_change(displaced, letter) for letter in displaced.chosen.area_ids]
    shown = [single for single in singles if single.period.months >= LEAST_MONTHS]
    of_area = {single.subject: in_words(single) for single in shown}
    exact, ended = state_change(displaced), displaced.chosen.retired
    return PooledChange(exact, exact.period, grounds, of_area, ended)


def in_words(statement: Statement) -> dict[str, Any]:
    """Return what a statement says without its numbers."""
    lasted = None if statement.lasted is None else str(statement.lasted)
    return {"verdict": statement.verdict, "lasted_until": lasted}


def _counted_in(
    lives: Sequence[tuple[AreaVersion, ...]], until: Month
) -> Iterator[tuple[frozenset[int], Period]]:
    """Yield the cells of each version of each area, with the months in which they are its own."""
    for life in lives:
        ends = [*(version.since for version in life[1:]), until]
        for version, end in zip(life, ends, strict=True):
            if version.since < min(end, until):
                yield version.cells, Period(version.since, min(end, until))


# ---- The change in all areas together and how certain it is, in plain words.


NOT_JUDGED = (Verdict.TOO_FEW, Verdict.TOO_EARLY)


def change_sentence(facts: PublicFacts, t: Translator) -> str:
    """Return the sentence on the change in all areas together, and from which areas it moved."""
    if facts.change is None or facts.change.verdict == UNKNOWN:
        return t("public.change_unknown" if are_chosen(facts) else "public.change_no_area")
    said = {
        Verdict.NO_CHANGE: "public.change_no_change",
        Verdict.FEWER: "public.change_fewer",
        Verdict.FEWER_WIDE: "public.change_fewer_wide",
        Verdict.FEWER_MOVED_ON: "public.change_fewer_moved_on",
        Verdict.FEWER_MOVED_FAR: "public.change_fewer_moved_far",
        Verdict.FEWER_UNKNOWN: "public.change_fewer_unknown",
        Verdict.MORE: "public.change_more",
        Verdict.FEWER_MOVED: "public.change_fewer_moved",
        Verdict.FEWER_FEWER_NEXT: "public.change_fewer_fewer_next",
        Verdict.FEWER_ONCE: "public.change_fewer_once",
        Verdict.MORE_ONCE: "public.change_more_once",
        Verdict.MORE_NEXT: "public.change_more_next",
        Verdict.TOO_FEW: "public.change_too_few",
        Verdict.TOO_EARLY: "public.change_too_early",
    }[Verdict(facts.change.verdict)]
    lasted_until = facts.change.lasted_until
    until = t.month(lasted_until) if lasted_until else ""
    return " ".join((t(said, what=noun(facts, t), until=until), *moved_somewhere(facts, t)))


def moved_somewhere(facts: PublicFacts, t: Translator) -> tuple[str, ...]:
    """Return which areas it moved from, unless that is said of all together."""
    moved, all_areas = Verdict.FEWER_MOVED, facts.change
    names = [area_name(area, facts, t) for area in facts.areas if area.verdict == moved]
    if not names or all_areas is None or all_areas.verdict == moved:
        return ()
    return (t("public.moved_somewhere", n=len(names), areas=t.listed(names)),)


def area_changes(facts: PublicFacts, t: Translator) -> tuple[tuple[PublicArea, str], ...]:
    """Return each chosen area with what changed in it since its own start."""
    what, where = noun(facts, t), t("public.here")
    return tuple(
        (area, short_change(area, what, where, t) or t("public.change_unknown"))
        for area in facts.areas
        if area.state != "candidate"
    )


def short_change(change: PublicArea | PublicChange, what: str, where: str, t: Translator) -> str:
    """Return what changed in few words, here and next door; "" where it is unknown."""
    if change.verdict in {"", UNKNOWN}:
        return ""
    verdict, until = Verdict(change.verdict), change.lasted_until
    said = {
        Verdict.NO_CHANGE: "public.short_no_change",
        Verdict.FEWER: "public.short_fewer",
        Verdict.FEWER_WIDE: "public.short_fewer_wide",
        Verdict.FEWER_MOVED_ON: "public.short_fewer_moved_on",
        Verdict.FEWER_MOVED_FAR: "public.short_fewer_moved_far",
        Verdict.FEWER_UNKNOWN: "public.short_fewer_unknown",
        Verdict.MORE: "public.short_more",
        Verdict.FEWER_MOVED: "public.short_fewer_moved",
        Verdict.FEWER_FEWER_NEXT: "public.short_fewer_fewer_next",
        Verdict.FEWER_ONCE: "public.short_fewer_once",
        Verdict.MORE_ONCE: "public.short_more_once",
        Verdict.MORE_NEXT: "public.short_more_next",
        Verdict.TOO_FEW: "public.change_too_few",
        Verdict.TOO_EARLY: "public.change_too_early",
    }[verdict]
    return t(said, what=what, where=where, until=t.month(until) if until else "")


def change_numbers(change: PublicChange | None, t: Translator) -> tuple[str, ...]:
    """Return sentences on how many there were, and how many would be no surprise."""
    if change is None or change.verdict == UNKNOWN:
        return ()
    if change.counted is None:
        return (*change_ended(change, t), t("public.change_counted_few"))
    when = between(change.since, change.through, t)
    counted = t("public.change_counted", counted=change.counted, when=when)
    every = t("public.change_all")
    if change.high is None:
        expected = []
    elif change.low is None:
        expected = [t("public.change_up_to", high=change.high)]
    else:
        expected = [t("public.change_expected", low=change.low, high=change.high)]
    return (counted, *change_ended(change, t), *expected, every)


def change_ended(change: PublicChange, t: Translator) -> tuple[str, ...]:
    """Name the areas that are no longer in service: their shootings still count."""
    if not change.ended:
        return ()
    return (t("public.change_ended", n=len(change.ended), areas=", ".join(change.ended)),)


def change_doubts(change: PublicChange | None, t: Translator) -> tuple[str, ...]:
    """Return sentences on how certain the change is, and what it does not say."""
    if change is None or change.verdict in {UNKNOWN, *NOT_JUDGED}:
        return ()
    assumed = () if change.is_usual_known else (t("public.change_assumed"),)
    if change.verdict == Verdict.NO_CHANGE:
        return (t("public.change_small"), *assumed)
    months = Month.parse(change.through).index - Month.parse(change.since).index + 1
    sure = "public.change_sure" if months <= PLANNED_LOOKS else "public.change_sure_long"
    return (t(sure), *assumed, t("public.change_why"))
