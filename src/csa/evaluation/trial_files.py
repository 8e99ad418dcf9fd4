"""A trial read from a draw's folder and a dataset: what is compared, and what is written of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from csa.areas.choices import city_choices
from csa.areas.file_format import FORMAT_VERSION, list_versions, round_figures, write_header
from csa.areas.places import called
from csa.areas.proposal import plain
from csa.base.arrays import Floats, Ints
from csa.base.errors import PeriodError, SourceError
from csa.base.io import KEPT, csv_bytes, json_bytes
from csa.base.logging import Tell, silent
from csa.base.message import Message, say
from csa.base.params import Month, Period
from csa.base.text import month, percent, render
from csa.dataset.chosen import Chosen, read_areas
from csa.dataset.kept import load_kept, save_kept
from csa.dataset.versioned import City
from csa.displacement.follow import FollowSource, measure_change
from csa.evaluation.trial import TrialDesign, TrialEffect, measure_trial
from csa.priority.draw_files import AREAS_FILE, CLOSED, DRAWN, MARKER
from csa.priority.draw_power import STUDIES
from csa.priority.draw_record import find_differences

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
    chosen: Chosen  # its areas, in the record's order of slots
    design: TrialDesign

    @property
    def first_start(self) -> Month:
        """The first month of the first wave."""
        return Month.parse(self.record["first_start"])


@dataclass(frozen=True)
class TrialSoFar:
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
    record = load_kept(path)
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


def read_trial(city: City, drawn: DrawnTrial, tell: Tell = silent) -> TrialSoFar:
    """Count what came since the first start, and compare it with all orders that could be."""
    tell("cells")
    choices = replace(city_choices(city.config), kinds=drawn.chosen.kinds)
    since, until = drawn.first_start, city.dataset.require_months().until
    change = None
    if since < until:
        change = measure_change(FollowSource(city, choices), drawn.chosen, since, tell)
    if change is None:
        raise PeriodError("trial.not_begun", since=since, through=until.plus(-1))
    n_months = min(until.index - since.index, drawn.design.clean_months)
    tracks = [one.core for one in change.displaced.single]
    counted = np.array([np.diff(one.counted, prepend=0)[:n_months] for one in tracks])
    means = np.array([np.diff(one.expectation.mean, prepend=0.0)[:n_months] for one in tracks])
    tell("orders")
    effect = measure_trial(counted, means.clip(min=0), drawn.design, seed=_seed(drawn))
    return TrialSoFar(city, drawn, since.plus(n_months - 1), counted, means, effect)


def _seed(drawn: DrawnTrial) -> int:
    """Return a seed for lots, the same whoever reads the trial."""
    return int(str(drawn.record["entrants_sha256"])[:8], 16)


def say_trial(trial: TrialSoFar) -> tuple[Message, ...]:
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
        "no effect shown": "trial.none",
        "too few to say": "trial.too_few",
    }[effect.verdict]
    low, *_, high = STUDIES
    said = [
        say("trial.counted", **values),
        say(key, orders=effect.n_orders, p=effect.p_fewer, p_more=effect.p_more),
        _say_ratio(effect),
        say("trial.studies", low=percent(low), high=percent(high)),
    ]
    if trial.counted.shape[1] < trial.drawn.design.clean_months:
        last = trial.drawn.first_start.plus(trial.drawn.design.clean_months - 1)
        said.append(say("trial.goes_on", last=month(str(last))))
    return tuple(said)


def _say_ratio(effect: TrialEffect) -> Message:
    if effect.ratio is None or (effect.low is None and effect.high is None):
        return say("trial.no_bound")
    if effect.low is None or effect.high is None:
        key = "trial.at_most" if effect.low is None else "trial.at_least"
        return say(key, ratio=effect.ratio, bound=effect.high or effect.low)
    return say("trial.ratio", ratio=effect.ratio, low=effect.low, high=effect.high)


def trial_account(trial: TrialSoFar) -> dict[str, Any]:
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
        "sentences": [render(one) for one in say_trial(trial)],
        "areas": [dict(zip(AREA_COLUMNS, row, strict=True)) for row in _rows(trial)],
        "versions": list_versions(),
    }


def trial_files(account: Mapping[str, Any]) -> dict[str, bytes]:
    """Write a trial as files, the same bytes for the same data."""
    rows = [list(row.values()) for row in account["areas"]]
    return {"trial.csv": csv_bytes(list(AREA_COLUMNS), rows), OUT_MARKER: json_bytes(account)}


def keep_trial(trial: TrialSoFar, account: Mapping[str, Any]) -> None:
    """Store what a trial shows beside its dataset, where the screens find it."""
    lot = {name: account[name] for name in ("entrants_sha256", "seed")}
    save_kept(trial.city, KEPT_NAME, lot, account)


def kept_trials(city: City) -> list[dict[str, Any]]:
    """List what trials show, each by the newest data it was read with, in order of their starts."""
    newest: dict[str, dict[str, Any]] = {}
    for path in sorted((city.own_folder / KEPT).glob(f"{KEPT_NAME}-*.json")):
        account = load_kept(path) or {}
        found = [account.get(name) for name in ("kind", "format_version", "city")]
        is_own = found == [KIND, FORMAT_VERSION, city.config.city.id]
        if not is_own or not account.keys() >= {"entrants_sha256", "first_start", "through"}:
            raise SourceError("backtest.damaged", path=path)
        lot = str(account["entrants_sha256"])
        if lot not in newest or newest[lot]["through"] < account["through"]:
            newest[lot] = account
    return sorted(newest.values(), key=lambda one: (one["first_start"], one["entrants_sha256"]))


def list_areas(trial: TrialSoFar) -> list[tuple[str, str, int, float]]:
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


def _rows(trial: TrialSoFar) -> list[list[object]]:
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
