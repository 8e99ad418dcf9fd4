"""Areas followed since a start, and what areas of past years did, stored beside the dataset."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd

from csa.areas.backtest.recording import past_years, record_params
from csa.areas.choices import AreaSettings
from csa.areas.finding import find_areas, resolve_params
from csa.areas.layer_files import MapResult, draw_areas, on_axes, outlines
from csa.areas.places import candidate_id, list_cells, load_places
from csa.areas.proposal import METHOD_VERSION, Proposal
from csa.areas.study_area import StudyArea
from csa.areas.window import uses_suggested
from csa.base.crs import LONLAT
from csa.base.errors import TableError
from csa.base.logging import ProgressCallback, no_progress
from csa.base.params import DocumentedDbscan, Month, Period
from csa.base.processes import Mapper, announced
from csa.base.text import render
from csa.change.analyze import Displacement, analyze_displacement
from csa.change.course import Course, count_course
from csa.change.lineage_windows import ChanceRates, NamedArea, add_named_areas, trace_lineage
from csa.change.outcomes import OutcomeFollowed, follow_outcomes
from csa.change.past import PastCohort, past_from_plain, past_to_plain
from csa.change.quarters import build_latest_month, compare_newest
from csa.change.season import MonthCompared
from csa.change.sentences import figures, state_change
from csa.change.zoning import LEAST_BEFORE, count_past
from csa.city.dataset import City, Dataset
from csa.city.history import list_revisions, load_history
from csa.city.results import load_latest_result, load_result, save_result
from csa.city.selection import AreaSelection

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NAME = "after-past-years"
MONTHS_AFTER = 36
STEP_MONTHS = 2
"""Past starts lie so far apart: twice as many would share nearly all their months."""

CHANCE_NAME, CHANCE_KIND, FORMAT_VERSION = "lineage-by-chance", "lineage by chance", 1


def measure_past_cohorts(
    located: StudyArea,
    choices: AreaSettings,
    documented: DocumentedDbscan | None,
    progress: ProgressCallback = no_progress,
    apply: Mapper = map,
) -> tuple[PastCohort, ...]:
    """Find areas at past starts, all years round, and count what they did afterwards."""
    starts = past_starts(located.dataset, choices)
    cohorts = apply(partial(_follow_cohort, located, choices, documented), starts)
    known = announced(cohorts, starts, progress, "after")
    return tuple(cohort for cohort in known if cohort is not None)


def _follow_cohort(
    located: StudyArea, choices: AreaSettings, documented: DocumentedDbscan | None, origin: Month
) -> PastCohort | None:
    period = Period.before(origin, choices.months)
    params = resolve_params(located, period, choices, documented)
    areas = find_areas(located, period, params).areas
    if not areas:
        return None
    months = min(MONTHS_AFTER, located.dataset.require_months().until.index - origin.index)
    return count_past(located, areas, origin, months)


def past_starts(dataset: Dataset, choices: AreaSettings) -> tuple[Month, ...]:
    """List the past months that areas are followed from, each a year ago or more; newest last."""
    if not past_years(dataset, choices):
        return ()
    covered = dataset.require_months()
    n_months = covered.months - choices.months - LEAST_BEFORE
    last = covered.until.plus(-LEAST_BEFORE)
    return tuple(last.plus(-back) for back in range(0, n_months + 1, STEP_MONTHS))[::-1]


def save_past(past: tuple[PastCohort, ...], city: City, choices: AreaSettings) -> None:
    """Write past years beside their dataset."""
    save_result(city, NAME, _params(city, choices), past_to_plain(past))


def load_past(city: City, choices: AreaSettings) -> tuple[PastCohort, ...] | None:
    """Read the stored past years: this dataset's, else the latest of older data.

    New data come each month; what areas did years ago hardly changes with them.
    """
    return load_latest_result(city, NAME, _params(city, choices), past_from_plain, _reach)


def _reach(past: tuple[PastCohort, ...]) -> tuple[int, int]:
    """Return how far past years reach: their last known month, and how many there are."""
    ends = [Month.parse(one.core.origin).index + len(one.core.monthly) for one in past]
    return max(ends, default=0), len(past)


def save_chance(chance: ChanceRates, city: City, choices: AreaSettings) -> None:
    """Write the rates by chance beside their dataset."""
    plain = {"kind": CHANCE_KIND, "format_version": FORMAT_VERSION, **asdict(chance)}
    save_result(city, CHANCE_NAME, _params(city, choices), plain)


def load_chance(city: City, choices: AreaSettings) -> ChanceRates | None:
    """Read the stored rates by chance."""
    return load_result(city, CHANCE_NAME, _params(city, choices), _chance_from_plain)


def _chance_from_plain(plain: Mapping[str, Any]) -> ChanceRates:
    try:
        if plain["kind"] != CHANCE_KIND or plain["format_version"] != FORMAT_VERSION:
            raise TableError("backtest.bad_record")
        return ChanceRates(float(plain["area_years"]), int(plain["appeared"]), int(plain["gone"]))
    except (KeyError, TypeError, ValueError) as error:
        raise TableError("backtest.bad_record") from error


def _params(city: City, choices: AreaSettings) -> dict[str, object]:
    own = record_params(choices, city.config.areas)
    return {"method": METHOD_VERSION, "after": MONTHS_AFTER, **own}


@dataclass(frozen=True)
class FollowedAreas:
    """Followed areas, and everything reported beside them."""

    city: City  # the city's file, its incidents and its places
    change: Change  # what changed
    found_on: StudyArea  # the incidents on whose cells candidates are found
    course: Course  # before and after
    newest: MonthCompared  # the newest whole month beside the same months of earlier years
    outcomes: tuple[OutcomeFollowed, ...]  # what other signals did in the same areas
    newest_zones: pd.DataFrame  # as `csa.change.quarters.build_latest_month`
    lineage: pd.DataFrame  # as `csa.change.lineage_windows.trace_lineage`
    revisions: pd.DataFrame  # as `csa.city.history.list_revisions`
    lineage_months: int  # length of each window of the lineage
    chance: ChanceRates | None  # how often areas appear and go by chance
    past_options: str  # its options for the same parameters

    @property
    def displaced(self) -> Displacement:
        """What changed."""
        return self.change.displaced

    @property
    def changed_months(self) -> pd.DataFrame:
        """The months whose count has changed since they were first reported."""
        return self.revisions[self.revisions["now"] != self.revisions["first_reported"]]


CHANGE_COLUMNS = {
    "area_id": "id of the area, or its letter",
    "place_name": "what the place is called",
    "since": "first month after the start (YYYY-MM)",
    "through": "last month counted",
    "verdict": "compared with what was expected, as `csa.Verdict`",
    "counted": "incidents in the area since the start",
    "expected": "in the same months, had nothing changed but the rest of the city",
    "no_change_low": "the no-change range: the least count without one; empty if not judged",
    "no_change_high": "its upper end",
    "nearby_counted": "incidents in the ring around the area; empty where it has none",
    "nearby_expected": "as expected",
    "nearby_no_change_low": "the ring's no-change range",
    "nearby_no_change_high": "its upper end",
}


@dataclass(frozen=True)
class Change(MapResult):
    """What areas did, and the incidents on whose cells it was counted.

    Fields: `located`, `displaced`, `past`.
    """

    located: StudyArea  # on cells of the areas' finest resolution
    displaced: Displacement
    past: tuple[PastCohort, ...] | None  # past years as stored; None where `csa backtest` did not

    LAYERS = ("areas", "rings")
    SHOWN = ("area_id", "place_name", "verdict", *[*CHANGE_COLUMNS][5:9])

    @property
    def areas(self) -> gpd.GeoDataFrame:
        """Each area followed, its cells in the study area, WGS 84: `CHANGE_COLUMNS`."""
        chosen, rows = self.displaced.chosen, []
        followed = zip(chosen.area_ids, chosen.place_names, self.displaced.by_area, strict=True)
        for area_id, name, judged in followed:
            said = state_change(self.displaced, area_id)
            ring = (None,) * 4 if judged.ring is None else figures(judged.ring).values()
            months = str(said.period.start), str(said.period.until.plus(-1))
            core = said.verdict, said.value, said.comparison, said.low, said.high
            rows.append((area_id, name, *months, *core, *ring))
        table = pd.DataFrame(rows, columns=list(CHANGE_COLUMNS)).convert_dtypes()
        shapes = outlines(self.displaced.places.cells)
        return gpd.GeoDataFrame(table, geometry=shapes, crs=LONLAT)

    @property
    def rings(self) -> gpd.GeoDataFrame:
        """The ground around each area where more is looked for, WGS 84; empty where it has none."""
        rings = map(self.located.grid.cells, self.displaced.places.zones.rings)
        ids = {"area_id": list(self.displaced.chosen.area_ids)}
        return gpd.GeoDataFrame(ids, geometry=outlines(rings), crs=LONLAT)

    @property
    def title(self) -> str:
        """What all areas together show."""
        return render(state_change(self.displaced).sentence)

    def plot(self, axes: Axes | None = None) -> Axes:
        """Draw areas and rings with matplotlib: on given axes, else on a new figure."""
        return draw_areas(self.areas, self.rings, on_axes(axes))


def measure_change(  # noqa: PLR0913 - what is asked, and where its parts come from
    city: City,
    settings: AreaSettings,
    chosen: AreaSelection,
    since: Month | None,
    progress: ProgressCallback,
    on_cells: Callable[[int], StudyArea],
    past_of: Callable[[AreaSelection], tuple[PastCohort, ...] | None],
) -> Change | None:
    """Prepare and reach every verdict on areas: the one place that does.

    Areas in service that have no whole month yet are left out; None where none is left. `on_cells`
    gives the city's incidents on cells of a resolution, `past_of` what areas of past years did.
    """
    begun = chosen if since else chosen.started_before(city.dataset.require_months().until)
    if begun is None or not begun.cells:
        return None
    resolution = settings.as_fine_as(begun.resolution).resolution
    located, past = on_cells(resolution).on_ground_of(begun.all_cells), past_of(begun)
    return Change(located, analyze_displacement(located, begun, since, past or (), progress), past)


def candidates_since(
    proposal: Proposal, since: Month, named: Sequence[tuple[str, str]] = ()
) -> AreaSelection:
    """Return the areas of a proposal to be followed from its end on, as they are called today."""
    params, areas = proposal.summary["params"], proposal.areas
    ids = [area_id for area_id, _ in named] or list(areas["area_id"])
    names = [name for _, name in named] or list(areas["place_name"])
    return AreaSelection(
        tuple(ids),
        tuple(names),
        tuple(list_cells(areas)),
        int(params["resolution"]),
        Period.before(since, int(params["months"])),
        is_suggested=uses_suggested(params),
    )


def follow_areas(  # noqa: PLR0913 - a change, and what else is known
    city: City,
    choices: AreaSettings,
    found_on: StudyArea,
    documented: DocumentedDbscan | None,
    change: Change,
    since: Month | None,
    progress: ProgressCallback = no_progress,
) -> FollowedAreas:
    """Gather everything that is reported beside a change; candidates are found on `found_on`."""
    located, displaced = change.located, change.displaced
    chosen, way = displaced.chosen, settings_for_past(choices, displaced.chosen)
    named = zip(chosen.area_ids, chosen.place_names, chosen.cells, strict=True)
    known = add_named_areas(
        {area_id: NamedArea(name, cells) for area_id, name, cells in named},
        {candidate_id(one.number): NamedArea(one.name, one.cells) for one in load_places(city)},
    )
    units = city.config.city.units
    lineage = trace_lineage(
        found_on, choices, documented, displaced.until, known, progress, units=units
    )
    return FollowedAreas(
        city,
        change,
        found_on,
        count_course(located, displaced),
        compare_newest(located, displaced),
        follow_outcomes(city, choices, chosen, since, progress),
        build_latest_month(located, displaced),
        lineage,
        list_revisions(load_history(city.own_folder)),
        choices.months,
        load_chance(city, choices),
        _options(choices, way),
    )


def settings_for_past(choices: AreaSettings, chosen: AreaSelection | None) -> AreaSettings:
    """Take months, size limit and the finest cells, so that past years are comparable."""
    if chosen is None:
        return choices
    lengths = {period.months for period in chosen.periods or (chosen.period,) if period}
    months = lengths.pop() if len(lengths) == 1 else choices.months
    limit = choices.max_area_km2 if chosen.max_area_km2 is None else chosen.max_area_km2
    return replace(choices.as_fine_as(chosen.resolution), months=months, max_area_km2=limit)


def _options(choices: AreaSettings, way: AreaSettings) -> str:
    told = ""
    if way.months != choices.months:
        told += f" --months {way.months}"
    if way.max_area_km2 != choices.max_area_km2:
        told += f" --max-area-km2 {way.max_area_km2:g}"
    return told
