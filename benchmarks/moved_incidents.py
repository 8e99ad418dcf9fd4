"""Incidents of a real city taken away from areas, or moved a known distance, and what is said.

Areas are found at past starts, in which no one was served; after the start a share of their
incidents is dropped or put on other cells, drawn at random. All is then judged by the very
functions that the product uses, with the city's own past starts that had ended.
"""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree

from benchmarks.places import places, set_up
from csa.areas.choices import AreaSettings
from csa.areas.finding import find_areas, resolve_params
from csa.areas.locating import locate_incidents
from csa.areas.study_area import StudyArea
from csa.base.params import DocumentedDbscan, Month, Period
from csa.change.analyze import Displacement, analyze_displacement
from csa.change.follow import measure_past_cohorts
from csa.change.past import PastCohort
from csa.change.verdict import AreaResult, moved_share, net_change
from csa.city.dataset import City
from csa.city.loading import load_city
from csa.city.preregistration import BAND_EDGES_M, RING_M, Verdict
from csa.city.selection import AreaSelection
from csa.ingest.intake import ingest_city
from csa.ingest.job import shared_process
from csa.ingest.sources import Inputs
from csa.program.areas import may_leave

DATA = Path(__file__).parent.parent.parent / "shared" / "data"
CONFIG = Path(__file__).parent.parent / "config" / "philadelphia.toml"
FOLLOWED = 24
NEVER = -(10**6)
"""A month in which nothing is counted."""
KEPT = ("fields", "_estimates", "ground", "is_suspect")
"""What of a city before a start does not depend on what comes after it."""


@dataclass(frozen=True)
class Scenario:
    """What happens to a share of the areas' incidents from a start on.

    They are gone, or moved to cells so far from any of the areas' cells.
    """

    name: str
    share: float
    between_m: tuple[float, float] | None = None
    ring_share: float = 0.0  # of the incidents within 750 m of the areas, gone too

    @property
    def band(self) -> int | None:
        """The band that most of it moves to, from 0; None where it is gone."""
        if self.between_m is None:
            return None
        return int(np.searchsorted(BAND_EDGES_M, sum(self.between_m) / 2))


FEWER = {verdict for verdict in Verdict if verdict.startswith("fewer")} - {Verdict.FEWER_ONCE}
UNCHANGED = Scenario("unchanged", 0.0)
SCENARIOS = (
    UNCHANGED,
    Scenario("40% to 0-500 m", 0.4, (0.0, 500.0)),
    *(
        Scenario(f"{share}% to {low:,.0f}-{high:,.0f} m", share / 100, (low, high))
        for low, high in ((800.0, 1600.0), (1500.0, 3000.0))
        for share in (20, 40, 60, 80)
    ),
    *(Scenario(f"{share}% gone, 25% nearby", share / 100, ring_share=0.25) for share in (40, 60)),
    *(Scenario(f"{share}% gone", share / 100) for share in (30, 40, 50, 60, 80)),
)


@dataclass(frozen=True)
class Place:
    """A city on cells, with what its areas did after past starts."""

    name: str
    located: StudyArea
    documented: DocumentedDbscan | None
    past: tuple[PastCohort, ...]

    def starts(self, step: int, months: int = FOLLOWED, before: int = 36) -> list[Month]:
        """List starts so many months apart with `before` months known and `months` after."""
        covered = self.located.dataset.require_months()
        first, last = covered.start.plus(before).index, covered.until.index - months
        return [covered.start.plus(n - covered.start.index) for n in range(first, last + 1, step)]


def philadelphia(cache: Path | None = None) -> Place:
    """Read Philadelphia's own list, and follow areas after each of its past starts."""
    if cache is not None and cache.is_file():
        found: Place = pickle.loads(cache.read_bytes())  # noqa: S301 - made by this module
        return found
    config, folder = load_city(CONFIG), DATA / "philadelphia"
    files = Inputs(
        (folder / "philly_shooting_victims_2015_2025.csv",), folder / "neighborhoods.geojson"
    )
    city = City(config, ingest_city(config, files).dataset)
    place = follow_place("Philadelphia", city)
    if cache is not None:
        cache.write_bytes(pickle.dumps(place))
    return place


def follow_place(name: str, city: City) -> Place:
    """Put a city on cells, and follow areas after each of its past starts."""
    located, documented = locate_incidents(city, AreaSettings()), city.config.areas.documented
    return Place(
        name, located, documented, measure_past_cohorts(located, AreaSettings(), documented)
    )


def listed(n_long: int, every: int = 1) -> Iterator[tuple[Place, Sequence[Scenario]]]:
    """Set up places of ../shared/data/usa, each from its rows alone, without past starts.

    The `n_long` longest lists have all scenarios; of the others each so many-th has one, in which
    nothing changes.
    """
    longest = sorted(places().items(), key=lambda one: (-len(one[1]), one[0]))
    with shared_process():
        for at, (name, rows) in enumerate(longest):
            if at >= n_long and (at - n_long) % every:
                continue
            with tempfile.TemporaryDirectory() as folder:
                city = set_up(name, rows, Path(folder))
                located = locate_incidents(city, AreaSettings())
            known = Place(name, located, city.config.areas.documented, ())
            yield known, SCENARIOS if at < n_long else (UNCHANGED,)


def judge_start(
    place: Place, since: Month, scenarios: Sequence[Scenario], seed: int, months: int = FOLLOWED
) -> Iterator[tuple[Scenario, Displacement]]:
    """Find the areas of a start, and judge what came after it in each scenario."""
    located = _until(place.located, since.plus(months))
    covered = located.dataset.require_months()
    period = Period(max(since.plus(-36), covered.start), since)
    params = resolve_params(located, period, AreaSettings(), place.documented)
    areas = find_areas(located, period, params).areas
    if not areas:
        return
    ids = tuple(str(number) for number in range(len(areas)))
    chosen = AreaSelection(ids, ids, areas, located.resolution, period)
    for number, scenario in enumerate(scenarios):
        random = np.random.default_rng((seed, since.index, number))
        changed = _changed(located, chosen, since, scenario, random)
        yield scenario, analyze_displacement(changed, chosen, since, place.past)


def _until(located: StudyArea, until: Month) -> StudyArea:
    """Return the same city as if its data ended with the month before."""
    dataset = located.dataset
    last = str(np.datetime64(f"{until}-01") - np.timedelta64(1, "D"))
    through = min(dataset.report["data_through"], last)
    dataset = replace(dataset, report={**dataset.report, "data_through": through})
    known = located.month < until.index
    parts = (located.rows[known], located.xy[known], located.positions[known], located.month[known])
    rows, xy, positions, month = parts
    return replace(located, dataset=dataset, rows=rows, xy=xy, positions=positions, month=month)


def _changed(
    located: StudyArea,
    chosen: AreaSelection,
    since: Month,
    scenario: Scenario,
    random: np.random.Generator,
) -> StudyArea:
    inside = np.concatenate([located.place(cells) for cells in chosen.cells])
    here = np.flatnonzero(np.isin(located.positions, inside) & (located.month >= since.index))
    drawn = here[random.random(len(here)) < scenario.share]
    month, positions = located.month.copy(), located.positions.copy()
    xy = located.grid.center_xy
    apart_m, _ = cKDTree(xy[inside]).query(xy)
    if scenario.ring_share:
        near = np.flatnonzero((apart_m > 0) & (apart_m < RING_M))
        there = np.flatnonzero(np.isin(located.positions, near) & (located.month >= since.index))
        month[there[random.random(len(there)) < scenario.ring_share]] = NEVER
    if scenario.between_m is None:
        month[drawn] = NEVER
    else:
        low, high = scenario.between_m
        is_there = (apart_m >= low) & (apart_m < high)
        is_there[inside] = False
        positions[drawn] = random.choice(np.flatnonzero(is_there), len(drawn))
    changed = replace(located, month=month, positions=positions)
    for name in KEPT:
        changed.__dict__[name] = getattr(located, name)
    return changed


@dataclass(frozen=True)
class Told:
    """What was said at the last yearly look of one start in one scenario."""

    scenario: str
    since: str
    fewer: bool  # all areas together
    within: int  # of how many edges: 0, 1 or 2
    is_near: bool  # "fewer here and nearby"
    n_may_leave: int  # single areas that may go to maintenance
    band: int | None  # the band that more came in, from 0
    net_holds: bool | None  # whether the net's 90% range holds what is true; None where not given
    share_holds: bool | None
    false_singles: int  # areas wrongly said to have changed, or to have fewer nearby
    alarms: int  # places, all together among them, of which a change was ever told
    n_areas: int
    is_pooled_alarm: bool  # whether a change of all together was ever told
    power: tuple[float, ...]  # how often 40% that moved to each band would be named


def band_power(judged: AreaResult, band: int, share: float) -> float:
    """Return how often a band is named at the last look where such a share of all moved there."""
    tracks = [judged.ring, *(one.counts for one in judged.farther.bands)]
    track, at = tracks[band], len(judged.verdicts) - 1
    more = share * float(judged.core.expectation.mean[at])
    return 0.0 if track is None else track.power_of_more(at, more, judged.farther.look_z)


def tell(scenario: Scenario, since: Month, found: Displacement) -> Told:
    """Sum up what was said."""
    pooled, at = found.pooled, len(found.pooled.verdicts) - 1
    look = pooled.look(at)
    net, moved = net_change(pooled, at), moved_share(pooled, at)
    band = scenario.band
    missing = scenario.share * float(pooled.core.expectation.mean[at])
    is_counted = band is not None and band == (look.moved_to or 0)
    truth = 0.0 if scenario is UNCHANGED or is_counted else -missing
    false = [
        one.look(at).n_within > 0 if scenario.share else one.verdicts[at].is_alarm
        for one in found.by_area
    ]
    return Told(
        scenario.name,
        str(since),
        pooled.verdicts[at] in FEWER,
        look.n_within,
        pooled.verdicts[at] is Verdict.FEWER_FEWER_NEXT,
        sum(may_leave(one.verdicts[at], pooled.verdicts[at]) for one in found.by_area),
        look.moved_to,
        None if net is None else net.low <= truth <= net.high,
        None if moved is None or band is None else moved.low <= float(is_counted) <= moved.high,
        sum(false) if scenario.share == 0 or band == 0 else 0,
        sum(one.first_alarm is not None for one in (pooled, *found.by_area)),
        len(found.by_area),
        pooled.first_alarm is not None,
        tuple(band_power(pooled, band, 0.4) for band in range(1 + len(pooled.farther.bands))),
    )


COLUMNS = (
    "Scenario",
    "Starts",
    "Fewer",
    "Within 750 m",
    "Within 1,500 m",
    "Here and nearby",
    "May leave",
    "Band told",
    "The right one",
    "Net holds",
    "Share holds",
    "False singles",
)


def rows(told: Sequence[Told]) -> Iterator[tuple[str, ...]]:
    """Yield a row a scenario: of all starts, how many said what, in percent."""
    for scenario in SCENARIOS:
        of = [one for one in told if one.scenario == scenario.name]
        if of:
            yield scenario.name, *_shares(of, scenario)


def _shares(of: Sequence[Told], scenario: Scenario) -> Iterator[str]:
    yield str(len(of))
    yield _percent([one.fewer for one in of])
    yield _percent([one.within >= 1 for one in of])
    yield _percent([one.within >= 2 for one in of])
    yield _percent([one.is_near for one in of])
    yield f"{sum(one.n_may_leave for one in of)} of {sum(one.n_areas for one in of)}"
    yield _percent([one.band is not None for one in of])
    yield "" if scenario.band is None else _percent([one.band == scenario.band for one in of])
    for held in ([one.net_holds for one in of], [one.share_holds for one in of]):
        yield _percent([one for one in held if one is not None])
    yield f"{sum(one.false_singles for one in of)} of {sum(one.n_areas for one in of)}"


def _percent(shown: Sequence[bool]) -> str:
    return f"{100 * np.mean(shown):.0f}" if len(shown) else ""
