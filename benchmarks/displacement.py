"""How often verdicts of displacement are right: `python -m benchmarks.displacement [n_cities]`.

`python -m benchmarks.displacement philadelphia [step]` takes away or moves incidents of a real city
(`benchmarks.moved_incidents`), at starts so many months apart; `... places [n_long] [every]` of the
places with the longest lists, and looks at the others as they are. `... reach [n_cities]` says from
which share on what moved is named, `... smallest [n_cities]` the least fall that is shown.

Made-up cities of known change, each month drawn anew, through the very functions: dispersion
estimated, what is usual settled from the city's own past starts, all areas together and each alone
judged every month.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import product

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table
from scipy.stats import binomtest

from benchmarks.displaced_cities import City, judge_city
from benchmarks.moved_incidents import (
    COLUMNS,
    SCENARIOS,
    UNCHANGED,
    Told,
    band_power,
    judge_start,
    listed,
    philadelphia,
    rows,
    tell,
)
from csa.base.params import Month
from csa.change.verdict import AreaResult, CumulativeCounts, moved_share, net_change
from csa.city.preregistration import Verdict

SEED = 20261125
FEWER = {verdict for verdict in Verdict if verdict.startswith("fewer")}
WITHIN = {Verdict.FEWER, Verdict.FEWER_WIDE, Verdict.FEWER_FEWER_NEXT}
NEXT_DOOR = {Verdict.FEWER_MOVED, Verdict.MORE_NEXT}
Judged = Sequence[AreaResult]
Shown = Callable[[Judged], bool | None]
"""What is asked of a city, all together first; None where the question does not arise."""


def any_alarm(judged: Judged) -> bool:
    """Ask whether any change is claimed, anywhere at any look."""
    return any(one.first_alarm is not None for one in judged)


def ever(wanted: set[Verdict], judged: Judged) -> bool:
    """Ask whether all together ever have one of the verdicts."""
    return not wanted.isdisjoint(judged[0].verdicts)


def anywhere(wanted: set[Verdict], judged: Judged) -> bool:
    """Ask whether any place ever has one of the verdicts."""
    return any(not wanted.isdisjoint(one.verdicts) for one in judged)


def at_end(wanted: set[Verdict], judged: Judged) -> bool:
    """Ask whether all together have one of the verdicts in the last month."""
    return judged[0].verdicts[-1] in wanted


def net_holds(truth: float, judged: Judged) -> bool | None:
    """Ask whether the interval of the net holds the truth: a share of both before."""
    found = net_change(judged[0], -1)
    expected = float(judged[0].net.expectation.mean[-1]) if judged[0].net else 0.0
    return None if found is None else found.low <= truth * expected <= found.high


def share_holds(truth: float, judged: Judged) -> bool | None:
    """Ask whether the interval of the share that moved holds the truth."""
    found = moved_share(judged[0], -1)
    return None if found is None else found.low <= truth <= found.high


def one_alarm(judged: Judged) -> bool:
    """Ask whether the first single area is ever said to have fewer."""
    return not FEWER.isdisjoint(judged[1].verdicts)


@dataclass(frozen=True)
class Claim:
    """A stated rate: of all cities, how many show something."""

    name: str
    city: City
    shown: Shown
    stated: float | None = None
    is_floor: bool = False

    def count(self, n_cities: int, pool: ProcessPoolExecutor | None = None) -> tuple[int, int]:
        """Count the cities that show it, and those in which the question arises."""
        return count_all([self], n_cities, pool)[0]


def count_all(
    asked: Sequence[Claim], n_cities: int, pool: ProcessPoolExecutor | None = None
) -> list[tuple[int, int]]:
    """Count for claims of the same city: each city is judged once."""
    ask = partial(_ask, asked[0].city, [claim.shown for claim in asked])
    numbers = range(n_cities)
    found = [*(map(ask, numbers) if pool is None else pool.map(ask, numbers, chunksize=10))]
    columns = [[answer for answer in of if answer is not None] for of in zip(*found, strict=True)]
    return [(sum(answers), len(answers)) for answers in columns]


def _ask(city: City, shown: Sequence[Shown], number: int) -> list[bool | None]:
    judged = judge_city(city, (SEED, number))
    return [one(judged) for one in shown]


def unchanged() -> Iterator[Claim]:
    """Nothing changes: any alarm of any area at any of 24 looks."""
    for yearly, n_past in product((40, 14), (7, 5, 0)):
        plain = City(yearly, n_past=n_past)
        most = 0.06 if n_past else 0.08
        for name, city, stated in (
            ("Poisson", plain, most),
            ("dispersion 1.6", replace(plain, dispersion=1.6), most),
            ("months, seasons and a jump", replace(plain, restless=True), most),
            ("shares drift 8% a year", replace(plain, drift=0.08), 0.12),  # the limit
            ("places flare up", replace(plain, flares=True), 0.08),
        ):
            yield Claim(f"unchanged, {name}; {yearly}, {n_past} years", city, any_alarm, stated)


def changed() -> Iterator[Claim]:
    """Something changes; dispersion 1.3, about Philadelphia's."""
    fewer, within = partial(ever, FEWER), partial(at_end, WITHIN)
    for yearly, n_past in product((40, 14), (7, 5, 0)):
        plain = City(yearly, 1.3, n_past=n_past)
        at = f"; {yearly}, {n_past} years"
        for drop in (0.2, 0.3, 0.4):
            gone = replace(plain, drop=drop)
            yield Claim(f"{100 * drop:.0f}% fewer, shown{at}", gone, fewer)
            yield Claim(f"{100 * drop:.0f}% fewer, shown as fewer within 750 m{at}", gone, within)
        moved = replace(plain, drop=0.4, moved=1.0)
        stayed = partial(ever, WITHIN)
        yield Claim(f"40% moved, said to be fewer within 750 m{at}", moved, stayed, 0.05)
        yield Claim(f"40% moved, said to have moved{at}", moved, partial(ever, NEXT_DOOR))
        yield Claim(
            f"net holds 0, unchanged{at}", plain, partial(net_holds, 0.0), 0.85, is_floor=True
        )
        yield Claim(f"share holds 100%, moved{at}", moved, partial(share_holds, 1.0))
        gone = replace(plain, drop=0.4)
        yield Claim(f"share holds 0, gone{at}", gone, partial(share_holds, 0.0))
        ended = replace(plain, drop=0.6, lasts=12, after=47)
        once = partial(at_end, {Verdict.FEWER_ONCE})
        yield Claim(f"60% fewer for a year, told after 47 months{at}", ended, once)
        lasting = replace(plain, drop=0.4, after=47)
        yield Claim(f"40% fewer for good, said to be over{at}", lasting, once, 0.05)


def told_at_end(band: int | None, judged: Judged) -> bool:
    """Ask whether the last yearly look of all together named a band."""
    return judged[0].look(len(judged[0].verdicts) - 1).moved_to == band


def within_at_end(n: int, judged: Judged) -> bool:
    """Ask within how many of the edges all together were said to have fewer."""
    return judged[0].look(len(judged[0].verdicts) - 1).n_within >= n


def any_band(judged: Judged) -> bool:
    """Ask whether any look of all together named a band."""
    return any(look.moved_to is not None for look in judged[0].looks)


def wrong_within(band: int, judged: Judged) -> bool:
    """Ask whether fewer was ever said within a distance that what moved did not leave."""
    return any(look.n_within > band for look in judged[0].looks)


FAR = (1.5, 2.0)
BAND_NAMES = ("0-750 m", "750-1,500 m", "1,500-3,000 m")


def farther() -> Iterator[Claim]:
    """What moved by distance, with bands around each area; dispersion 1.3."""
    fewer = partial(ever, FEWER)
    for yearly, n_past in ((40, 7), (40, 0), (14, 7)):
        at, plain = f"; {yearly}, {n_past} years", City(yearly, 1.3, n_past=n_past, far=FAR)
        yield Claim(f"bands, unchanged, any alarm{at}", plain, any_alarm, 0.07)
        yield Claim(f"bands, unchanged, a band named{at}", plain, any_band, 0.02)
        for band, name in enumerate(BAND_NAMES):
            moved = replace(plain, drop=0.4, moved=1.0, moved_to=band)
            floor = (0.75, 0.9, 0.7)[band] if (yearly, n_past) == (40, 7) else None
            right, told = partial(told_at_end, band), f"bands, 40% to {name}, the right one named"
            yield Claim(f"{told}{at}", moved, right, floor, is_floor=True)
            wrong = partial(wrong_within, band)
            yield Claim(f"bands, 40% to {name}, wrongly fewer within{at}", moved, wrong, 0.02)
        near = partial(ever, {Verdict.FEWER_FEWER_NEXT})
        for drop, band in product((0.2, 0.4, 0.6, 0.8), (1, 2)):
            moved = replace(plain, drop=drop, moved=1.0, moved_to=band)
            told = f"bands, {100 * drop:.0f}% to {BAND_NAMES[band]}"
            most = 0.02 if drop == 0.8 and (yearly, n_past) == (40, 7) else None
            yield Claim(f"{told}, ever fewer here and nearby{at}", moved, near, most)
        for drop in (0.4, 0.6):
            spread, told = replace(plain, drop=drop, ring_drop=0.25), f"{100 * drop:.0f}% gone"
            told = f"bands, {told}, 25% nearby"
            at_24 = partial(at_end, {Verdict.FEWER_FEWER_NEXT})
            yield Claim(f"{told}, fewer here and nearby{at}", spread, at_24)
            yield Claim(f"{told}, a band named{at}", spread, any_band)
        for drop in (0.4, 0.6):
            gone, share = replace(plain, drop=drop), f"{100 * drop:.0f}% gone"
            yield Claim(f"bands, {share}, fewer{at}", gone, fewer)
            for n, name in enumerate(("750 m", "1,500 m"), start=1):
                yield Claim(f"bands, {share}, within {name}{at}", gone, partial(within_at_end, n))
            yield Claim(f"bands, {share}, a band named{at}", gone, any_band, 0.02)


SIZES = (5, 7, 10, 13, 20, 50)
"""Incidents a year of single areas; 10 to 100 are expected over two years."""


def alone(judged: Judged) -> bool:
    """Ask whether the first single area is told as fewer at the end."""
    return judged[1].verdicts[-1] in FEWER


def singles() -> Iterator[Claim]:
    """What a single area's zeros say: twelve areas, of which each falls alike."""
    for yearly in SIZES:
        for drop in (1.0, 0.8, 0.6, 0.4):
            gone = City(yearly, 1.3, drop=drop)
            name = "all" if drop == 1 else f"{100 * drop:.0f}%"
            yield Claim(f"one area, {2 * yearly} expected, {name} gone, told", gone, alone)


def others() -> Iterator[Claim]:
    """Trends, usual falls and spread are no displacement."""
    plain = City(40, 1.3)
    yield Claim("the city rises 54%", replace(plain, trend=2172 / 1410), any_alarm, 0.05)
    yield Claim("usual fall of 15%", replace(plain, usual=0.85), any_alarm, 0.05)
    spread = replace(plain, drop=0.5, ring_drop=0.25)
    yield Claim(
        "fewer next door too, said to have moved", spread, partial(anywhere, NEXT_DOOR), 0.05
    )
    for yearly in (80, 160):
        fewer = City(yearly, 1.3, drop=0.2)
        yield Claim(f"20% fewer, shown; {yearly}, 7 years", fewer, partial(ever, FEWER))
    yield Claim("one area of 40: 60% fewer, shown", replace(plain, drop=0.6), one_alarm)


def claims() -> list[Claim]:
    """List what is measured, in the order of docs/METHODS.md."""
    return [*unchanged(), *changed(), *farther(), *singles(), *others()]


def main(n_cities: int = 400, only: str = "") -> None:
    console = Console(width=110)
    table = Table(title=f"{n_cities} cities a row", box=None, title_justify="left")
    for title in ("Claim", "Stated", "Share %", "95%"):
        table.add_column(title, justify="left" if title == "Claim" else "right")
    wanted = [claim for claim in claims() if only in claim.name]
    with ProcessPoolExecutor(int(os.environ.get("BENCH_CORES", os.cpu_count() or 1))) as pool:
        counted: dict[Claim, tuple[int, int]] = {}
        for city in track({claim.city: 0 for claim in wanted}, console=Console(stderr=True)):
            own = [claim for claim in wanted if claim.city == city]
            counted |= dict(zip(own, count_all(own, n_cities, pool), strict=True))
        for claim, (number, asked) in counted.items():
            held = binomtest(number, max(asked, 1)).proportion_ci()
            stated = ""
            if claim.stated is not None:
                stated = f"{'at least' if claim.is_floor else 'at most'} {100 * claim.stated:g}"
            between = f"{100 * held.low:.0f} to {100 * held.high:.0f} of {asked}"
            table.add_row(claim.name, stated, f"{100 * number / max(asked, 1):.1f}", between)
    console.print(table)


def moved(step: int = 1) -> None:
    """Print what is said of Philadelphia's past starts in each scenario, after 24 months."""
    place = philadelphia()
    starts = place.starts(step)
    told = [
        tell(scenario, since, found)
        for since in track(starts, "Starts", console=Console(stderr=True))
        for scenario, found in judge_start(place, since, SCENARIOS, SEED)
    ]
    show(told, f"In percent of {len(starts)} starts, {independent(starts):.1f} independent spans")


def in_places(n_long: int = 24, every: int = 1) -> None:
    """Print what is said of one start in each listed place: the last with 24 months after it."""
    console, told = Console(width=110), list[Told]()
    for place, scenarios in track(listed(n_long, every), "Places", console=Console(stderr=True)):
        since = place.starts(1, before=24)[-1:]
        judged = (found for at in since for found in judge_start(place, at, scenarios, SEED))
        told += [tell(scenario, since[0], found) for scenario, found in judged]
    show(told, "In percent of places, one start each, so all spans are independent")
    still = [one for one in told if one.scenario == UNCHANGED.name]
    for name, n, of in (
        ("any alarm", sum(one.alarms > 0 for one in still), len(still)),
        ("all together an alarm", sum(one.is_pooled_alarm for one in still), len(still)),
        ("a band named", sum(one.band is not None for one in still), len(still)),
        ("fewer within a distance", sum(one.within > 0 for one in still), len(still)),
        ("single areas", sum(one.false_singles for one in still), sum(a.n_areas for a in still)),
    ):
        held = binomtest(n, of).proportion_ci()
        console.print(
            f"Unchanged, {name}: {n} of {of}, {100 * held.low:.1f} to {100 * held.high:.1f}%"
        )


REACHED = ((40, 7), (40, 0), (14, 7), (14, 0), (100, 7), (100, 0))
"""Incidents a year in each of twelve areas, and past years: of which the table of reach is."""


def reach(n_cities: int = 20) -> None:
    """Print by distance how often 40% that moved is named, and from which share on 90 of 100 are.

    By the rule's own power in unchanged cities, which the rows of `farther` check by drawing.
    """
    table = Table(title=f"{n_cities} cities a row, month 24", box=None, title_justify="left")
    for title in ("Areas, past years", "Band", "40% named, %", "90% named from a share of, %"):
        table.add_column(title, justify="right")
    for yearly, n_past in REACHED:
        city = City(yearly, 1.3, n_past=n_past, far=FAR)
        judged = [judge_city(city, (SEED, number))[0] for number in range(n_cities)]
        for band, name in enumerate(BAND_NAMES):
            mean = {
                share: np.mean([band_power(one, band, share / 100) for one in judged])
                for share in range(2, 101, 2)
            }
            least = next((share for share, power in mean.items() if power >= 0.9), None)
            row = f"{yearly}, {n_past}", name, f"{100 * mean[40]:.0f}", str(least or "over 100")
            table.add_row(*row)
    Console(width=110).print(table)


def smallest(n_cities: int = 20) -> None:
    """Print the least fall that is shown 80 times in 100 after one, two and three years."""
    table = Table(title=f"{n_cities} cities a row, least fall in %", box=None, title_justify="left")
    for title in ("A year in each of 12 areas, past years", "", "12 months", "24", "36"):
        table.add_column(title, justify="right")
    for yearly, n_past in product((5, 10, 20, 40, 80), (7, 0)):
        city = City(yearly, 1.3, n_past=n_past, after=36)
        judged = [judge_city(city, (SEED, number)) for number in range(n_cities)]
        for name, part in (("one area", slice(1, None)), ("all together", slice(1))):
            cores = [one.core for of in judged for one in of[part]]
            least = [_least_fall(cores, months - 1) for months in (12, 24, 36)]
            table.add_row(f"{yearly}, {n_past}", name, *(str(one or "none") for one in least))
    Console(width=110).print(table)


def _least_fall(cores: Sequence[CumulativeCounts], at: int) -> int | None:
    """Return the least fall, in percent, that is shown in four of five."""
    falls = range(1, 101)
    shown = ((drop, np.mean([one.power(at, drop / 100) for one in cores])) for drop in falls)
    return next((drop for drop, power in shown if power >= 0.8), None)


def independent(starts: Sequence[Month], months: int = 24) -> float:
    """Return how many spans of starts share no month."""
    return (starts[-1].index - starts[0].index) / months + 1


def show(told: Sequence[Told], title: str) -> None:
    """Print a row a scenario."""
    table = Table(title=title, box=None, title_justify="left")
    for column in COLUMNS:
        table.add_column(column, justify="left" if column == COLUMNS[0] else "right")
    for row in rows(told):
        table.add_row(*row)
    Console(width=140).print(table)
    power = np.mean([one.power for one in told if one.scenario == UNCHANGED.name], axis=0)
    shares = ", ".join(f"{100 * one:.0f}" for one in power)
    Console(width=140).print(f"By the rule's own power 40% is named in {shares}% by band")


if __name__ == "__main__":
    if sys.argv[1:2] == ["philadelphia"]:
        moved(*map(int, sys.argv[2:3]))
    elif sys.argv[1:2] == ["places"]:
        in_places(*map(int, sys.argv[2:4]))
    elif sys.argv[1:2] == ["reach"]:
        reach(*map(int, sys.argv[2:3]))
    elif sys.argv[1:2] == ["smallest"]:
        smallest(*map(int, sys.argv[2:3]))
    else:
        main(*map(int, sys.argv[1:2]), *sys.argv[2:3])
