"""How often verdicts of displacement are right: `python -m benchmarks.displacement [n_cities]`.

Made-up cities of known change, each month drawn anew, through the very functions: dispersion
estimated, what is usual settled, all areas together and each alone judged every month.
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
import numpy.typing as npt
from rich.console import Console
from rich.progress import track
from rich.table import Table
from scipy.stats import binomtest, norm

from benchmarks.displaced_cities import ERRORS, City, Drawn, draw_calendar, draw_city
from csa.displacement.expectation import WIDEST, Baseline, Expectation, estimate_dispersion
from csa.displacement.past import (
    PRIOR_CORE,
    PRIOR_RING,
    PastYear,
    Usual,
    settle_usual,
)
from csa.displacement.verdict import (
    BY_SIGN,
    LEAST_MEAN,
    NET_MONTHS,
    NET_Z,
    Verdict,
    boundary_z,
    chances,
    expect,
)

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

SEED = 20261125
YEARLY = (5, 10, 20, 40, 80, 120, 200, 400)
DROPS = (0.2, 0.4, 0.6, 0.8)
HORIZONS = (12, 24)  # months
VERDICTS = tuple(Verdict)
ALARMS = [VERDICTS.index(verdict) for verdict in Verdict if verdict.is_alarm]
FALLS = [VERDICTS.index(verdict) for verdict in Verdict if verdict.startswith("fewer")]
MOVES = [VERDICTS.index(Verdict.FEWER_MORE_NEXT)]
STAYED = [VERDICTS.index(Verdict.FEWER), VERDICTS.index(Verdict.FEWER_FEWER_NEXT)]
NEXT_DOOR = [*MOVES, VERDICTS.index(Verdict.SAME_MORE_NEXT)]


def base_of(counted: int) -> Baseline:
    return Baseline(float(counted), float(counted))


def usual_of(city: City, dispersion: float, random: np.random.Generator) -> tuple[Usual, Usual]:
    """Settle what is usual in areas and in rings, from past years in which nobody worked there."""
    if city.n_past is None:
        flat = np.ones(city.after)
        return (
            Usual(city.usual * flat, ERRORS[0] * flat, np.zeros((0, city.after))),
            Usual(flat, ERRORS[1] * flat, np.zeros((0, city.after))),
        )
    quiet = replace(city, drop=0.0, ring_drop=0.0, trend=1.0)
    return settle_past(city, dispersion, [draw_city(quiet, random) for _ in range(city.n_past)])


def settle_past(city: City, dispersion: float, past: Sequence[Drawn]) -> tuple[Usual, Usual]:
    """Settle what is usual in areas and in rings from past years."""
    years: tuple[list[PastYear], list[PastYear]] = ([], [])
    for one in past:
        for zone, kept in enumerate(years):
            base, monthly = base_of(one.before[zone].sum()), one.after[zone].sum(axis=0)
            before = int(one.rest_before.sum())
            kept.append(PastYear("2000-01", base, before, monthly, one.rest_after))
    return (
        settle_usual(years[0], city.after, PRIOR_CORE, dispersion),
        settle_usual(years[1], city.after, PRIOR_RING, dispersion),
    )


def with_pooled(months: Ints) -> Ints:
    """Put all areas together before each: (2, 1 + n_areas, months); a lone area stands alone."""
    if months.shape[1] == 1:
        return months
    return np.concatenate([months.sum(axis=1, keepdims=True), months], axis=1)


def lines_of(city: City) -> Floats:
    """Give the boundary of all together, then that of each."""
    pooled, single = (boundary_z(chance / 2, city.looks) for chance in chances(city.n_areas))
    return np.array([pooled] if city.n_areas == 1 else [pooled, *[single] * city.n_areas])


def judge_city(city: City, seed: Sequence[int]) -> npt.NDArray[np.uint8]:
    """Give the places in `VERDICTS` of each month's verdict: (1 + n_areas, months).

    The same as `follow` and `judge_place`, by all tails of a city at once, which takes a tenth
    of the time; tests/displacement/test_verdict_claims.py holds both together.
    """
    random = np.random.default_rng(seed)
    drawn, past = draw_city(city, random), None
    if city.calendar is not None:
        drawn, past = draw_calendar(city, random)
    history = drawn.before.reshape(-1, city.before)
    dispersion = estimate_dispersion(history).value if city.is_estimated else city.dispersion
    usual = (
        usual_of(city, dispersion, random) if past is None else settle_past(city, dispersion, past)
    )
    before, after = with_pooled(drawn.before).sum(axis=2), with_pooled(drawn.after)
    rest_before, rest = int(drawn.rest_before.sum()), np.cumsum(drawn.rest_after)
    expected = [
        expect(base_of(counted), max(rest_before, 1), rest, usual[zone], dispersion)
        for zone in (0, 1)
        for counted in before[zone]
    ]
    joined = Expectation(
        np.concatenate([one.mean for one in expected]),
        np.concatenate([one.relative_error for one in expected]),
        dispersion,
    )
    counted = np.cumsum(after, axis=2)
    few, many = (side.reshape(counted.shape) for side in joined.tails(counted.ravel()))
    lines = lines_of(city)[:, None]
    tail = norm.sf(lines)
    mean, error = (one.reshape(counted.shape) for one in (joined.mean, joined.relative_error))
    is_told = (counted + mean) / 2 >= LEAST_MEAN
    is_told &= (rest >= LEAST_MEAN) & (rest_before >= LEAST_MEAN)
    sign = np.where(is_told, (many <= tail).astype(int) - (few < tail), 0)
    verdict = BY_PLACE[sign[0] + 1, sign[1] + 1]
    core = Expectation(mean[0].ravel(), error[0].ravel(), dispersion)
    is_narrow = narrow(core, np.broadcast_to(lines, mean[0].shape).ravel()).reshape(mean[0].shape)
    for look in range(NET_MONTHS, city.after + 1, NET_MONTHS):
        until = slice(look - 1, look - 1 + NET_MONTHS)
        means, errors = mean[..., look - 1], error[..., look - 1]
        both = means.sum(axis=0)
        net = Expectation(both, (means * errors).sum(axis=0) / both, dispersion)
        is_below = net.tails(counted[..., look - 1].sum(axis=0))[0] < norm.sf(NET_Z)
        is_below &= is_told[..., look - 1].all(axis=0) & narrow(net, NET_Z)
        is_fewer = is_below[:, None] & (verdict[:, until] == VERDICTS.index(Verdict.FEWER_UNKNOWN))
        verdict[:, until] = np.where(is_fewer, VERDICTS.index(Verdict.FEWER), verdict[:, until])
    too_few = VERDICTS.index(Verdict.TOO_FEW)
    return np.where(is_told[0] & is_narrow, verdict, too_few).astype(np.uint8)


def narrow(expected: Expectation, z: float | Floats) -> npt.NDArray[np.bool_]:
    """Tell where what would be no surprise is little enough to say anything."""
    low, high = expected.bounds(z)
    return np.asarray(high - low <= WIDEST * expected.mean, dtype=np.bool_)


BY_PLACE = np.array(
    [[VERDICTS.index(BY_SIGN[here, there]) for there in (-1, 0, 1)] for here in (-1, 0, 1)]
)


def judge_cities(city: City, n_cities: int, seed: int = SEED) -> npt.NDArray[np.uint8]:
    """Judge so many such cities, each by a seed of its own: (n_cities, 1 + n_areas, months)."""
    return np.array([judge_city(city, (seed, number)) for number in range(n_cities)])


def any_by(verdicts: npt.NDArray[np.uint8], wanted: Sequence[int], months: int) -> np.ndarray:
    """Tell where one of the wanted verdicts was given at any look by then."""
    return np.isin(verdicts[..., :months], wanted).any(axis=-1)


@dataclass(frozen=True)
class Claim:
    """A stated rate: of all cities, how many show one of the wanted verdicts."""

    name: str
    city: City
    wanted: Sequence[int]
    stated: float
    is_floor: bool = False
    is_pooled: bool = False

    def count(self, verdicts: npt.NDArray[np.uint8]) -> int:
        """Count the cities: all together only, or anywhere in them; at any look, or at the one."""
        looked_at = verdicts[..., -self.city.looks :]
        shown = any_by(looked_at, self.wanted, self.city.after)
        return int((shown[:, 0] if self.is_pooled else shown.any(axis=1)).sum())


def unchanged() -> Iterator[Claim]:
    for n_past, dispersion, yearly, is_estimated in product(
        (0, 7, None), (1.0, 1.6), (40, 14), (False, True)
    ):
        told = {None: "usual known", 0: "no past year", 7: "7 past years"}[n_past]
        name = f"unchanged, {yearly} a year, {told}{', estimated' if is_estimated else ''}"
        city = City(yearly, dispersion, n_past=n_past, is_estimated=is_estimated)
        yield Claim(name, city, ALARMS, 0.05)


def one_calendar() -> Iterator[Claim]:
    """List cities whose years differ: up to a twentieth is stated, more is shown as the limit."""
    for spread, dispersion in product((0.0, 0.03, 0.05, 0.08, 0.12), (1.0, 1.6)):
        name = f"one calendar, years differ by {100 * spread:g} %"
        yield Claim(name, City(40, dispersion, n_past=7, calendar=spread), ALARMS, 0.05)


def claims() -> list[Claim]:
    """List what is stated, in the order of docs/METHODS.md."""
    found = [*unchanged(), *one_calendar()]
    for dispersion in (1.0, 1.6):
        forty = City(40, dispersion)
        moved = replace(forty, drop=0.6, moved=1.0)
        spread = replace(forty, drop=0.5, ring_drop=0.25)
        eighty = replace(forty, yearly=80, drop=0.4)
        rise = replace(forty, trend=2172 / 1410)
        fall = replace(forty, usual=0.85, n_past=7)
        found += [
            Claim("moved, 60 %", moved, MOVES, 0.8, is_floor=True, is_pooled=True),
            Claim(
                "moved, no past year",
                replace(moved, n_past=0),
                MOVES,
                0.8,
                is_floor=True,
                is_pooled=True,
            ),
            Claim("fewer next door too", spread, NEXT_DOOR, 0.05),
            Claim(
                "40 % moved, told as not", replace(eighty, moved=1.0), STAYED, 0.05, is_pooled=True
            ),
            Claim("40 % gone", eighty, STAYED, 0.8, is_floor=True, is_pooled=True),
            Claim("the city rises 54 %", rise, ALARMS, 0.05),
            Claim("usual fall of 15 %, 7 past years", fall, ALARMS, 0.05),
        ]
    one = City(200, n_areas=1, drop=0.6, moved=1.0, before=12, after=12, looks=1)
    found.append(Claim("one area of 200, one look", one, MOVES, 0.8, is_floor=True))
    return found


def power_city(yearly: float, drop: float, *, is_moved: bool) -> City:
    """Give the city that the power table is about: of dispersion 1.6, what is usual well known."""
    return City(yearly, 1.6, drop=drop, moved=float(is_moved))


def power_of(verdicts: npt.NDArray[np.uint8], months: int, *, is_moved: bool) -> np.ndarray:
    """Tell of each city the share of its areas found by then, and whether all together were."""
    found = any_by(verdicts, MOVES if is_moved else FALLS, months)
    return np.stack([found[:, 1:].mean(axis=1), found[:, 0]], axis=1)


def spread_over(pool: ProcessPoolExecutor, city: City, n_cities: int) -> npt.NDArray[np.uint8]:
    ask: Callable[[tuple[int, int]], npt.NDArray[np.uint8]] = partial(judge_city, city)
    seeds = [(SEED, number) for number in range(n_cities)]
    return np.array(list(pool.map(ask, seeds, chunksize=50)))


def main(n_cities: int = 1000) -> None:
    console = Console(width=110)
    table = Table(title=f"{n_cities} cities a row", box=None, title_justify="left")
    for title in ("Claim", "Dispersion", "Stated", "Share %", "95 %"):
        table.add_column(title, justify="left" if title == "Claim" else "right")
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for claim in track(claims(), "Claims", console=Console(stderr=True)):
            number = claim.count(spread_over(pool, claim.city, n_cities))
            held = binomtest(number, n_cities).proportion_ci()
            stated = f"{'at least' if claim.is_floor else 'at most'} {100 * claim.stated:g}"
            between = f"{100 * held.low:.1f} to {100 * held.high:.1f}"
            share = f"{100 * number / n_cities:.1f}"
            table.add_row(claim.name, f"{claim.city.dispersion:g}", stated, share, between)
        console.print(table)
        points = list(product((False, True), DROPS, YEARLY))
        rows = [
            power_row(pool, point, n_cities)
            for point in track(points, "Power", console=Console(stderr=True))
        ]
    console.print("Power: moved, drop, a year; single by 12, 24 months; pooled by 12, 24 months")
    print("\n".join(rows))


def power_row(pool: ProcessPoolExecutor, point: tuple[bool, float, float], n_cities: int) -> str:
    is_moved, drop, yearly = point
    verdicts = spread_over(pool, power_city(yearly, drop, is_moved=is_moved), n_cities)
    by = [power_of(verdicts, months, is_moved=is_moved).mean(axis=0) for months in HORIZONS]
    shares = [f"{one[at]:.3f}" for at in (0, 1) for one in by]
    return f"    ({is_moved}, {drop}, {yearly}, {', '.join(shares)}),"


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
