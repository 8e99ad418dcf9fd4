"""What a drawn start order shows: areas that began early against those that still wait.

Chance alone decided who began when (`csa.extras.trial.draw`), so the draw itself says how large a
difference chance makes: under all orders that it could have drawn, with the counts as they are.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from itertools import chain, permutations, product
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import brentq

from csa.areas.file_format import FORMAT_VERSION, list_versions, round_figures, write_header
from csa.areas.places import called
from csa.areas.proposal import plain
from csa.base.arrays import Floats, Ints
from csa.base.errors import ParamError, PeriodError, SourceError, TableError
from csa.base.io import KEPT, csv_bytes, json_bytes
from csa.base.logging import ProgressCallback, no_progress
from csa.base.message import Message, msg
from csa.base.params import Month, Period
from csa.base.text import month, percent, render
from csa.change.follow import Change
from csa.city.dataset import City
from csa.city.results import read_result, save_result
from csa.city.selection import AreaSelection, read_areas
from csa.extras.trial.draw import find_differences
from csa.extras.trial.draw_files import AREAS_FILE, CLOSED, DRAWN, MARKER
from csa.extras.trial.draw_power import STUDIES

MAX_ORDERS = 10_000
"""Of more orders than these, so many are drawn by lot."""
FEWER_P, MORE_P = 0.05, 0.01
"""A chance below which an effect is told: work is done so that there be fewer. Together 6%."""
TAIL = 0.05
"""Chance left out on each side of the interval."""
RATIOS = np.exp(np.linspace(np.log(1 / 20), np.log(20), 481))
"""Effects that are tried: times as many as without work."""
TIE = 1e-9
"""Differences of sums that are rounding alone."""


@dataclass(frozen=True)
class TrialDesign:
    """How the starts were drawn.

    Fields: `groups`, `waves`, `n_waves`, `months_between`.
    """

    groups: tuple[int, ...]  # the group of each of n areas
    waves: tuple[int, ...]  # the wave that each was drawn into, from 1
    n_waves: int
    months_between: int  # months from one start to the next

    def __post_init__(self) -> None:
        """Refuse waves that no draw gives."""
        seen = list(zip(self.groups, self.waves, strict=True))
        are_waves = all(1 <= wave <= self.n_waves for wave in self.waves)
        if self.n_waves < 2 or self.months_between < 1 or len({*seen}) < len(seen) or not are_waves:
            raise TableError("trial.design")

    @property
    def clean_months(self) -> int:
        """Months in which some areas have begun and others wait."""
        return (self.n_waves - 1) * self.months_between

    def signs(self, n_months: int) -> Floats:
        """Return (w, m) whether a wave has begun in a month (1) or waits (-1)."""
        begins = np.arange(self.n_waves)[:, None] * self.months_between
        return np.where(np.arange(n_months)[None, :] >= begins, 1.0, -1.0)

    @property
    def n_orders(self) -> int:
        """How many orders could have been drawn, all alike in chance."""
        return math.prod(math.perm(self.n_waves, len(members)) for members in self._members)

    @cached_property
    def _members(self) -> list[list[int]]:
        return [
            [at for at, one in enumerate(self.groups) if one == group]
            for group in sorted(set(self.groups))
        ]

    def orders(self, seed: int) -> Ints:
        """Return (k, n) waves from 0: all orders, or `MAX_ORDERS` by lot, the drawn one first."""
        drawn = np.array(self.waves, dtype=np.int64) - 1
        if self.n_orders <= MAX_ORDERS:
            ways = [permutations(range(self.n_waves), len(one)) for one in self._members]
            at = [place for members in self._members for place in members]
            listed = np.array([[*chain(*chosen)] for chosen in product(*ways)], dtype=np.int64)
            orders = np.empty((len(listed), len(drawn)), dtype=np.int64)
            orders[:, at] = listed.reshape(len(listed), len(drawn))
            return orders
        rng = np.random.default_rng(seed)
        lots = np.empty((MAX_ORDERS, len(drawn)), dtype=np.int64)
        for members in self._members:
            ranks = rng.random((MAX_ORDERS, self.n_waves)).argsort(axis=1)
            lots[:, members] = ranks[:, : len(members)]
        return np.vstack([drawn, lots])


@dataclass(frozen=True)
class TrialEffect:
    """What a trial shows.

    Fields: `statistic`, `p_fewer`, `p_more`, `n_orders`, `is_sampled`, `ratio`, `low`, `high`.
    """

    statistic: float  # counted less expected where work has begun, less the same where it waits
    p_fewer: float  # share of orders with a statistic as small
    p_more: float  # share of orders with one as large
    n_orders: int  # orders that could have been drawn
    is_sampled: bool  # whether the shares are of orders drawn by lot
    ratio: float | None  # times as many as without work; None where no ratio fits
    low: float | None  # 90% interval; None where the draw sets no bound
    high: float | None

    @property
    def is_too_few(self) -> bool:
        """Whether no outcome at all could show an effect."""
        return self.n_orders * FEWER_P < 1

    @property
    def verdict(self) -> str:
        """`fewer`, `more`, `no clear change` or `too small to tell`."""
        if self.is_too_few:
            return "too small to tell"
        if self.p_fewer <= FEWER_P:
            return "fewer"
        return "more" if self.p_more <= MORE_P else "no clear change"


def measure_trial(
    counted: Sequence[Sequence[float]] | Floats,
    expected: Sequence[Sequence[float]] | Floats,
    design: TrialDesign,
    *,
    seed: int = 0,
) -> TrialEffect:
    """Measure the effect of work that began in an order drawn by lot.

    The statistic is counted less expected in areas where work has begun, less the same where it
    still waits, over the months in which some wait. Its chance is exact: the share of all orders
    that could have been drawn (Fisher's randomization test). The interval holds the common ratios
    that this test does not refuse: with work there come so many times as many as without.

    Parameters
    ----------
    counted, expected
        (n, m) incidents of each area and month from the first start on, and what would have come
        without work. Months after the last start are left out.
    design
        How the starts were drawn.
    seed
        For the lots, where more orders are possible than can be listed.

    Returns
    -------
    TrialEffect
        The statistic, its chances, and the ratio with its 90% interval.

    Raises
    ------
    ParamError
        If the tables do not match the design, hold no month, or what no count can be.

    References
    ----------
    Fisher (1935), The Design of Experiments. Imai, King & Nall (2009), Statistical Science 24,
    pp. 29-53, on matched pairs. Phipson & Smyth (2010), on p-values of sampled orders.

    Examples
    --------
    >>> design = TrialDesign((1, 1, 2, 2), (1, 2, 1, 2), n_waves=2, months_between=6)
    >>> effect = measure_trial([[5], [9], [8], [10]], [[8], [8], [8], [8]], design)
    >>> effect.statistic, effect.p_fewer, effect.verdict
    (-6.0, 0.25, 'too small to tell')
    """
    counts, means = np.array(counted, dtype=np.float64), np.array(expected, dtype=np.float64)
    n_areas = len(design.waves)
    if counts.shape != means.shape or counts.ndim != 2 or len(counts) != n_areas:
        raise ParamError("trial.shape", given=counts.shape, other=means.shape, n=n_areas)
    counts, means = (of[:, : design.clean_months] for of in (counts, means))
    both = np.concatenate([counts.ravel(), means.ravel()])
    if not counts.shape[1] or not (np.isfinite(both).all() and (both >= 0).all()):
        raise ParamError("trial.counts")
    signs = design.signs(counts.shape[1])  # (w, m)
    drawn = np.array(design.waves) - 1
    has_begun = signs[drawn] > 0  # (n, m)
    orders = design.orders(seed)

    def sums(without_work: Floats) -> tuple[float, Floats]:
        by_wave = (without_work - means) @ signs.T  # (n, w)
        areas = np.arange(n_areas)
        return float(by_wave[areas, drawn].sum()), by_wave[areas, orders].sum(axis=1)

    def chances(of: Floats) -> tuple[float, float]:
        own, others = sums(of)
        slack = TIE * max(1.0, float(np.abs(of).sum()))
        return float((others <= own + slack).mean()), float((others >= own - slack).mean())

    def lack(log_ratio: float) -> float:
        own, others = sums(np.where(has_begun, counts / math.exp(log_ratio), counts))
        return own - float(others.mean())

    p_fewer, p_more = chances(counts)
    ends = float(np.log(RATIOS[0])), float(np.log(RATIOS[-1]))
    has_root = lack(ends[0]) > 0 > lack(ends[1])
    best = math.exp(brentq(lack, *ends)) if has_root else None
    fits = [
        float(ratio)
        for ratio in sorted([*RATIOS, *([best] if best else [])])
        if min(chances(np.where(has_begun, counts / ratio, counts))) > TAIL
    ]
    return TrialEffect(
        statistic=sums(counts)[0],
        p_fewer=p_fewer,
        p_more=p_more,
        n_orders=design.n_orders,
        is_sampled=design.n_orders > MAX_ORDERS,
        ratio=best,
        low=None if not fits or fits[0] == RATIOS[0] else fits[0],
        high=None if not fits or fits[-1] == RATIOS[-1] else fits[-1],
    )


# ---- A trial read from a draw's folder and a dataset: what is compared, and what is written of it.


KIND, OUT_MARKER = "trial", "trial.json"
KEPT_NAME = "trial-by-lot"
AREA_COLUMNS = {
    "area_id": "as in the draw",
    "place_name": "as in the draw",
    "pair": "group of the draw",
    "wave": "which start it was drawn into",
    "start": "first month with work, YYYY-MM",
    "months_with_work": "of the months compared",
    "incidents_with_work": "counted in those",
    "expected_with_work": "what would have come in those without work",
    "incidents_waiting": "counted in the other months compared",
    "expected_waiting": "what would have come in those",
}


@dataclass(frozen=True)
class DrawnTrial:
    """A draw that can be read: its record, its areas and its design."""

    record: Mapping[str, Any]  # draw.json
    chosen: AreaSelection  # its areas, in the record's order of slots
    design: TrialDesign

    @property
    def first_start(self) -> Month:
        """The first month of the first wave."""
        return Month.parse(self.record["first_start"])


@dataclass(frozen=True)
class InterimTrial:
    """A trial as far as the data go."""

    city: City
    drawn: DrawnTrial
    through: Month  # the last month compared
    counted: Ints  # (n, m) incidents of each area and month compared
    expected: Floats  # (n, m) what would have come without work
    effect: TrialEffect

    @property
    def has_begun(self) -> Floats:
        """(n, m) whether work has begun, 1 or 0."""
        waves = np.array(self.drawn.design.waves) - 1
        signs = self.drawn.design.signs(self.counted.shape[1])[waves]
        return np.where(signs > 0, 1.0, 0.0)


def load_draw(folder: Path, city: str) -> DrawnTrial:
    """Read a draw with its areas; refuse one that cannot be repeated or whose areas are others."""
    path = folder / MARKER
    record = read_result(path)
    if record is None or record.get("kind") not in {CLOSED, DRAWN}:
        raise SourceError("draw.unreadable", path=path)
    if record["kind"] == CLOSED:
        raise SourceError("draw.not_drawn", path=path)
    if record.get("city") != city:
        raise SourceError("chosen.other_city", path=folder, given=record.get("city"), city=city)
    differences = find_differences(record)
    if differences:
        raise SourceError("trial.not_repeated", path=path, why=render(differences[0]))
    areas = folder / AREAS_FILE
    if not areas.is_file():
        raise SourceError("trial.no_areas", path=folder)
    if hashlib.sha256(areas.read_bytes()).hexdigest() != record.get("areas_sha256"):
        raise SourceError("trial.other_areas", path=areas)
    read, params = read_areas(areas), record["params"]
    slots = record["slots"]
    at = [read.area_ids.index(slot["area_id"]) for slot in slots]
    chosen = replace(
        read,
        area_ids=tuple(read.area_ids[n] for n in at),
        place_names=tuple(read.place_names[n] for n in at),
        cells=tuple(read.cells[n] for n in at),
        period=Period(Month.parse(params["start"]), Month.parse(params["until"])),
        kinds=tuple(params["kinds"]),
        max_area_km2=float(params["max_area_km2"]),
    )
    design = TrialDesign(
        tuple(int(slot["pair"]) for slot in slots),
        tuple(int(slot["wave"]) for slot in slots),
        int(record["n_waves"]),
        int(record["months_between"]),
    )
    return DrawnTrial(record, chosen, design)


def read_trial(
    city: City,
    drawn: DrawnTrial,
    measure: Callable[[AreaSelection, Month], Change | None],
    progress: ProgressCallback = no_progress,
) -> InterimTrial:
    """Count what came since the first start, and compare it with all orders that could be.

    `measure` gives what areas did since a start.
    """
    since, until = drawn.first_start, city.dataset.require_months().until
    change = None
    if since < until:
        change = measure(drawn.chosen, since)
    if change is None:
        raise PeriodError("trial.not_begun", since=since, through=until.plus(-1))
    n_months = min(until.index - since.index, drawn.design.clean_months)
    tracks = [one.core for one in change.displaced.by_area]
    counted = np.array([np.diff(one.counted, prepend=0)[:n_months] for one in tracks])
    means = np.array([np.diff(one.expectation.mean, prepend=0.0)[:n_months] for one in tracks])
    progress("orders")
    seed = int(str(drawn.record["entrants_sha256"])[:8], 16)  # the same whoever reads the trial
    effect = measure_trial(counted, means.clip(min=0), drawn.design, seed=seed)
    return InterimTrial(city, drawn, since.plus(n_months - 1), counted, means, effect)


def describe_trial(trial: InterimTrial) -> tuple[Message, ...]:
    """Describe what a trial shows, how sure that is, and what it could have shown."""
    effect, begun = trial.effect, trial.has_begun
    values = {
        "since": month(str(trial.drawn.first_start)),
        "through": month(str(trial.through)),
        "n": int((trial.counted * begun).sum()),
        "expected": float((trial.expected * begun).sum()),
        "n_waiting": int((trial.counted * (1 - begun)).sum()),
        "expected_waiting": float((trial.expected * (1 - begun)).sum()),
    }
    key = {
        "fewer": "trial.fewer",
        "more": "trial.more",
        "no clear change": "trial.none",
        "too small to tell": "trial.too_few",
    }[effect.verdict]
    low, *_, high = STUDIES
    said = [
        msg("trial.counted", **values),
        msg(key, orders=effect.n_orders, p=effect.p_fewer, p_more=effect.p_more),
        _say_ratio(effect),
        msg("trial.studies", low=percent(low), high=percent(high)),
    ]
    if trial.counted.shape[1] < trial.drawn.design.clean_months:
        last = trial.drawn.first_start.plus(trial.drawn.design.clean_months - 1)
        said.append(msg("trial.goes_on", last=month(str(last))))
    return tuple(said)


def _say_ratio(effect: TrialEffect) -> Message:
    if effect.ratio is None or (effect.low is None and effect.high is None):
        return msg("trial.no_bound")
    if effect.low is None or effect.high is None:
        key = "trial.at_most" if effect.low is None else "trial.at_least"
        return msg(key, ratio=effect.ratio, bound=effect.high or effect.low)
    return msg("trial.ratio", ratio=effect.ratio, low=effect.low, high=effect.high)


def trial_account(trial: InterimTrial) -> dict[str, Any]:
    """Summarize a trial, for machines."""
    record = trial.drawn.record
    return {
        **write_header(KIND, trial.city),
        "entrants_sha256": record["entrants_sha256"],
        "seed": record["seed"],
        "first_start": record["first_start"],
        "through": str(trial.through),
        "months_compared": trial.counted.shape[1],
        "months_planned": trial.drawn.design.clean_months,
        "verdict": trial.effect.verdict,
        **{name: round_figures(plain(value)) for name, value in asdict(trial.effect).items()},
        "sentences": [render(one) for one in describe_trial(trial)],
        "areas": [dict(zip(AREA_COLUMNS, row, strict=True)) for row in _rows(trial)],
        "versions": list_versions(),
    }


def trial_files(account: Mapping[str, Any]) -> dict[str, bytes]:
    """Write a trial as files, the same bytes for the same data."""
    rows = [list(row.values()) for row in account["areas"]]
    return {"trial.csv": csv_bytes(list(AREA_COLUMNS), rows), OUT_MARKER: json_bytes(account)}


def save_trial(trial: InterimTrial, account: Mapping[str, Any]) -> None:
    """Store what a trial shows beside its dataset, where the screens find it."""
    lot = {name: account[name] for name in ("entrants_sha256", "seed")}
    save_result(trial.city, KEPT_NAME, lot, account)


def list_trials(city: City) -> list[dict[str, Any]]:
    """List what trials show, each by the newest data it was read with, in order of their starts."""
    newest: dict[str, dict[str, Any]] = {}
    for path in sorted((city.own_folder / KEPT).glob(f"{KEPT_NAME}-*.json")):
        account = read_result(path) or {}
        found = [account.get(name) for name in ("kind", "format_version", "city")]
        is_own = found == [KIND, FORMAT_VERSION, city.config.city.id]
        if not is_own or not account.keys() >= {"entrants_sha256", "first_start", "through"}:
            raise SourceError("backtest.damaged", path=path)
        lot = str(account["entrants_sha256"])
        if lot not in newest or newest[lot]["through"] < account["through"]:
            newest[lot] = account
    return sorted(newest.values(), key=lambda one: (one["first_start"], one["entrants_sha256"]))


def list_areas(trial: InterimTrial) -> list[tuple[str, str, int, float]]:
    """List each area: what it is called, its start, counted and expected."""
    starts = [str(slot["start"]) for slot in trial.drawn.record["slots"]]
    chosen = trial.drawn.chosen
    return [
        (
            called(chosen.place_names[at], chosen.area_ids[at]),
            starts[at],
            int(trial.counted[at].sum()),
            float(trial.expected[at].sum()),
        )
        for at in range(len(starts))
    ]


def _rows(trial: InterimTrial) -> list[list[object]]:
    begun, chosen = trial.has_begun, trial.drawn.chosen
    rows: list[list[object]] = []
    for at, slot in enumerate(trial.drawn.record["slots"]):
        work = begun[at]
        sums = (
            int((trial.counted[at] * work).sum()),
            float((trial.expected[at] * work).sum()),
            int((trial.counted[at] * (1 - work)).sum()),
            float((trial.expected[at] * (1 - work)).sum()),
        )
        rows.append(
            [
                slot["area_id"],
                chosen.place_names[at],
                slot["pair"],
                slot["wave"],
                slot["start"],
                int(work.sum()),
                *(round_figures(plain(one)) for one in sums),
            ]
        )
    return rows
