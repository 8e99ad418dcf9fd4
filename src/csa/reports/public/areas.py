"""The areas in the public report, and the change in all of them together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal, cast

from csa.analysis.analysis import Analysis
from csa.areas.analysis import propose_areas
from csa.areas.choices import Choices, Suggestion, city_choices
from csa.areas.gate import can_locate
from csa.areas.proposal import Proposal, area_records
from csa.base.errors import ParamError, PeriodError
from csa.base.logging import Tell, silent
from csa.base.params import Month, Period
from csa.dataset.chosen import GroundVersion
from csa.dataset.versioned import City
from csa.decisions.registry import core_areas
from csa.decisions.store.records import Records
from csa.disclosure.keys import THRESHOLD
from csa.displacement.analyze import UsualBasis
from csa.displacement.verdict import LEAST_MONTHS, AreaVerdict
from csa.geo.ground import resolution_of
from csa.reports.public.window import PublicWindow

State = Literal["candidate", "designated", "maintenance"]
UNKNOWN = "unknown"
"""Verdict if nothing can be said."""


@dataclass(frozen=True)
class PublicAreaGround:
    """An area in the public report, before figures are held back."""

    letter: str  # its letter; empty for a candidate
    place_name: str  # its place name
    state: State  # candidate, designated or maintenance
    since: date | None  # first day of its state; None for a candidate
    cells: frozenset[int]  # its H3 cells

    @property
    def key(self) -> str:
        """Its name among the figures: a candidate has no letter, which would promise a choice."""
        return self.letter or self.place_name


@dataclass(frozen=True)
class ChangeWords:
    """One area since its own day: words of a closed set, and no number."""

    verdict: str  # a value of `csa.displacement.verdict.Verdict`
    lasted_until: Month | None  # the last month of a change that is over


@dataclass(frozen=True)
class PooledChange:
    """All areas together, each since its own day, of all incidents, domestic ones too.

    An attacker who has the city's points knows them all but for what is domestic: whatever rests
    on all of them, exact as it is, tells nothing of that. So it is with each area's own words.
    """

    verdict: str  # a value of `csa.displacement.verdict.Verdict`, or `unknown`
    since: Month  # first month compared, of the area that was first
    through: Month  # last month compared
    counted: int | None
    low: int | None  # lowest count that would show no change
    high: int | None  # highest count that would show no change
    grounds: tuple[tuple[frozenset[int], Period], ...]  # cells, and the months they are counted in
    is_usual_known: bool = True  # whether past years show what such areas do without action
    lasted_until: Month | None = None  # the last month of a change that is over
    of_area: Mapping[str, ChangeWords] = field(default_factory=dict)  # by letter
    ended: tuple[str, ...] = ()  # letters of areas that count on and are no longer in service


def areas_shown(
    window: PublicWindow,
    city: City,
    records: Records,
    choices: Choices,
    suggestion: Suggestion | None = None,
) -> tuple[PublicAreaGround, ...]:
    """List the areas in service, else the candidates at the quarter's end.

    No candidates where the months are too few to say where incidents are most frequent: what the
    working pages do not believe is no outline around anybody's block.
    """
    found = core_areas(records)
    if found:
        return tuple(
            PublicAreaGround(
                area.key, area.place_name, cast("State", area.state), area.since, area.cells
            )
            for area in found
        )
    wanted = replace(choices, until=window.period.until)
    # Of all incidents: outlines that knew which are domestic would tell it to whoever draws them.
    proposal = propose_areas(replace(city, dataset=window.dataset), wanted, suggestion=suggestion)
    n_covered = int(proposal.summary["params"]["months_covered"])
    if not can_locate(wanted.months, n_covered).can:
        return ()
    return tuple(
        PublicAreaGround(
            "",
            str(row["place_name"]),
            "candidate",
            None,
            frozenset(int(cell, 16) for cell in row["cells"]),
        )
        for row in area_records(proposal.areas)
        if row["incidents"] >= THRESHOLD
        and not Proposal.is_doubtful(row["suspect"], row["incidents"])
    )


def change_in_all(
    window: PublicWindow,
    city: City,
    records: Records,
    tell: Tell = silent,
    choices: Choices | None = None,
) -> PooledChange | None:
    """Measure the change in all ground ever designated, by the end of the quarter.

    On the incidents and cells that all pages measure it on, so that all say the same. Areas of
    several resolutions may share an incident at an edge, so no sum of them is published.
    """
    through = window.period.until.plus(-1)
    own = choices or city_choices(city.config)
    at = replace(own, kinds=Choices().kinds)  # of all kinds, whatever is chosen
    analysis = Analysis(replace(city, dataset=window.dataset), at, records)
    chosen = analysis.areas
    if chosen is None:
        return None
    chosen = chosen.begun(window.period.until) or chosen
    ground = [one.versions for one in chosen.designated]
    since = min(versions[0].since for versions in ground)
    grounds = tuple(_counted_in(ground, window.period.until))
    nothing = PooledChange(UNKNOWN, since, max(since, through), None, None, None, grounds)
    sizes = {resolution_of(cell) for cells in chosen.grounds for cell in cells}
    if since > through or len(sizes) > 1:
        return nothing  # without a whole month since, or of several cell sizes
    try:
        change = analysis.change(tell=tell)
    except (ParamError, PeriodError):
        return nothing
    if change is None:
        return nothing
    found = change.displaced
    core, pooled = found.pooled.core, _in_words(found.pooled, since)
    is_kept = found.pooled.shown_before(len(core.counted) - 1) is not None
    low, high = (None if is_kept else int(end[-1]) for end in (core.low, core.high))
    bounds = int(core.counted[-1]), low, high  # none where it was shown before and not now
    return PooledChange(
        pooled.verdict,
        since,
        through,
        *bounds,
        grounds,
        found.basis is UsualBasis.PAST_YEARS,
        pooled.lasted_until,
        {
            letter: _in_words(judged, start)
            for letter, judged, start in zip(
                found.chosen.area_ids, found.single, found.starts, strict=True
            )
            if len(judged.verdicts) >= LEAST_MONTHS
        },
        found.chosen.retired,
    )


def _in_words(judged: AreaVerdict, since: Month) -> ChangeWords:
    """Return what the displacement page says at the last month, without its numbers."""
    at = len(judged.verdicts) - 1
    fade = judged.fades[at]
    until = None if fade is None else since.plus(fade.months - 1)
    return ChangeWords(str(judged.verdicts[at]), until)


def _counted_in(
    lives: Sequence[tuple[GroundVersion, ...]], until: Month
) -> Iterator[tuple[frozenset[int], Period]]:
    """Yield the cells of each version of each area, with the months in which they are its own."""
    for life in lives:
        ends = [*(version.since for version in life[1:]), until]
        for version, end in zip(life, ends, strict=True):
            if version.since < min(end, until):
                yield version.cells, Period(version.since, min(end, until))
