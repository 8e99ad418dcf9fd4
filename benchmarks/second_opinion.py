"""A second opinion, one hierarchical model of all areas: `python -m benchmarks.second_opinion`.

Areas, rings and bands by months, with partial pooling: count ~ exp(level of the place + month +
usual change of its zone + effect of its zone + the place's own effect). Levels and own effects
are drawn from laws whose spread is learned; months are free; the usual change is known from past
starts as the product knows it. With one effect a month common to all places, the months of a span
enter the likelihood by their sums alone, so two spans are fitted: before and since.

Fitted by Laplace approximations over a grid of the two spreads (as INLA does), counts' dispersion
as a quasi-likelihood. Not by sampling (pymc, numpyro): a few thousand fits are needed to set it
beside the product at the same rate of false words, each a matrix of a hundred unknowns, and the
posterior of sums is close to normal; numpy is enough, and nothing is installed for it.

It is judged on cities of `benchmarks.displaced_cities`, on other draws than its lines are set on.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import product

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

from benchmarks.displaced_cities import City, Drawn, draw_city, judge_drawn, past_starts
from csa.change.expectation import estimate_dispersion
from csa.change.past import BAND, CORE, RING, estimate_past_change
from csa.change.verdict import AreaResult
from csa.change.zoning import HISTORY_MONTHS

Floats = npt.NDArray[np.float64]

SEED = 20261201
FALSE = 0.05
"""Of unchanged cities, so many may be told something by each of the two."""
FAR = (1.5, 2.0)
LEVEL_SPREADS = (0.1, 0.3)
OWN_SPREADS = (0.05, 0.2, 0.5, 1.0)
ZONE_EFFECT = 1.0
"""A zone's effect is as good as free."""
N_FALLEN = 3
"""Of twelve areas, where only some fall: what is pooled may be said of others."""
N_STEPS = 30
N_DRAWS = 800


@dataclass(frozen=True)
class Posterior:
    """What the model makes of a city, by draws."""

    zone: Floats  # (draws, zones) logarithm of a zone's change beyond the usual one
    own: Floats  # (draws, n_areas) the same of each area's own cells


def design(n_zones: int, n_areas: int) -> tuple[Floats, int]:
    """Return which unknowns each count depends on: rows before, since, then the rest's two.

    Unknowns: a zone's level, each place's level, the month, a zone's usual change, its effect,
    each place's own effect, the rest's level.
    """
    n = n_zones * n_areas
    zone = np.repeat(np.eye(n_zones), n_areas, axis=0)
    nothing, places = np.zeros((n, n_zones)), np.eye(n)
    month, none = np.ones((n, 1)), np.zeros((n, 1))
    before = np.hstack([zone, places, none, nothing, nothing, 0 * places, none])
    since = np.hstack([zone, places, month, zone, zone, places, none])
    rest = np.zeros((2, before.shape[1]))
    rest[:, -1] = 1
    rest[1, n_zones + n] = 1
    return np.vstack([before, since, rest]), n


def posterior(
    drawn: Drawn, start: int, before_months: int, usual: Sequence[tuple[float, float]],
    dispersion: float, random: np.random.Generator,
) -> Posterior:  # fmt: skip
    """Fit the model to what came before a start and since, by Laplace over a grid of spreads."""
    n_zones, n_areas, _ = drawn.places.shape
    spans = slice(start - before_months, start), slice(start, None)
    x, n = design(n_zones, n_areas)
    y = np.concatenate(
        [
            *(drawn.places[..., span].sum(axis=-1).ravel() for span in spans),
            [drawn.rest[span].sum() for span in spans],
        ]
    ).astype(np.float64)
    mean = np.zeros(x.shape[1])
    mean[n_zones + n + 1 : 2 * n_zones + n + 1] = [np.log(ratio) for ratio, _ in usual]
    found, weights = [], []
    for level, own in product(LEVEL_SPREADS, OWN_SPREADS):
        spread = np.concatenate(
            [
                np.full(n_zones, 10.0),
                np.full(n, level),
                [10.0],
                [error for _, error in usual],
                np.full(n_zones, ZONE_EFFECT),
                np.full(n, own),
                [10.0],
            ]
        )
        mode, covariance, evidence = laplace(x, y, (mean, spread), n_zones, dispersion)
        found.append((mode, covariance))
        weights.append(evidence)
    chance = np.exp(np.array(weights) - max(weights))
    counts = random.multinomial(N_DRAWS, chance / chance.sum())
    drawn_values = np.vstack(
        [
            random.multivariate_normal(mode, covariance, size=size, method="cholesky")
            for (mode, covariance), size in zip(found, counts, strict=True)
            if size
        ]
    )
    first = 2 * n_zones + n + 1
    effect, own = drawn_values[:, first : first + n_zones], drawn_values[:, first + n_zones : -1]
    places = drawn_values[:, n_zones : n_zones + n].reshape(-1, n_zones, n_areas)
    each = effect[..., None] + own.reshape(-1, n_zones, n_areas)
    level = np.exp(places)
    zone = np.log((level * np.exp(each)).sum(axis=-1) / level.sum(axis=-1))
    return Posterior(zone, each[:, 0])


def laplace(
    x: Floats, y: Floats, prior: tuple[Floats, Floats], n_zones: int, dispersion: float
) -> tuple[Floats, Floats, float]:
    """Return the mode, the covariance there, and the logarithm of the evidence."""
    mean, spread = prior
    precision, n_areas = 1 / spread**2, (len(y) // 2 - 1) // n_zones
    theta = mean.copy()
    theta[-1] = np.log(max(float(y[-2]), 1.0))
    theta[:n_zones] = np.log(np.maximum(y[: n_zones * n_areas].reshape(n_zones, -1).mean(1), 0.5))

    def value(at: Floats) -> float:
        eta = np.clip(x @ at, -30, 30)
        fit_of = float((y * eta - np.exp(eta)).sum()) / dispersion
        return fit_of - 0.5 * float((precision * (at - mean) ** 2).sum())

    now = value(theta)
    hessian = np.diag(precision)
    for _ in range(N_STEPS):
        mu = np.exp(np.clip(x @ theta, -30, 30))
        gradient = x.T @ (y - mu) / dispersion - precision * (theta - mean)
        hessian = (x.T * (mu / dispersion)) @ x + np.diag(precision)
        step = np.linalg.solve(hessian, gradient)
        size = 1.0
        while size > 1e-4 and value(theta + size * step) < now:
            size /= 2
        theta = theta + size * step
        gained, now = value(theta) - now, value(theta)
        if gained < 1e-6:
            break
    covariance = np.linalg.inv(hessian)
    _, size_of = np.linalg.slogdet(hessian)
    evidence = now + 0.5 * float(np.log(precision).sum()) - 0.5 * size_of
    return theta, (covariance + covariance.T) / 2, evidence


# ---- Beside the product, each at a line that unchanged cities cross as seldom.


def ask_both(city: City, number: int) -> dict[str, Floats]:
    """Return how surprising each finds a city at month 24, in standard deviations."""
    random = np.random.default_rng((SEED, number))
    drawn = draw_city(city, random)
    judged = judge_drawn(city, drawn)
    history = slice(max(0, city.start - HISTORY_MONTHS), city.start)
    dispersion = estimate_dispersion(
        drawn.places[..., history].reshape(-1, history.stop - history.start)
    ).value
    past = past_starts(city, drawn)
    known = [
        estimate_past_change(years, city.after, prior, dispersion)
        for years, prior in (
            ([one.core for one in past], CORE),
            ([one.ring for one in past], RING),
            *(([one.bands[n] for one in past], BAND) for n in range(len(drawn.places) - 2)),
        )
    ]
    usual = [(float(one.ratio[-1]), float(one.relative_error[-1])) for one in known]
    found = posterior(drawn, city.start, city.before, usual, dispersion, random)
    return {**_of_product(judged), **_of_model(found)}


def _of_product(judged: Sequence[AreaResult]) -> dict[str, Floats]:
    together, *single = judged
    far = [band.counts.z[-1] for band in together.farther.bands]
    ring = [] if together.ring is None else [together.ring.z[-1]]
    return {
        "product core": np.array([together.core.z[-1]]),
        "product bands": np.array([*ring, *far]),
        "product single": np.array([one.core.z[-1] for one in single]),
    }


def _of_model(found: Posterior) -> dict[str, Floats]:
    zone = found.zone.mean(axis=0) / found.zone.std(axis=0)
    return {
        "model core": zone[:1],
        "model bands": zone[1:],
        "model single": found.own.mean(axis=0) / found.own.std(axis=0),
    }


def answers(city: City, first: int, n: int, pool: ProcessPoolExecutor) -> dict[str, Floats]:
    """Ask both of so many cities: (n, values) by question."""
    found = [*pool.map(partial(ask_both, city), range(first, first + n), chunksize=5)]
    return {name: np.array([one[name] for one in found]) for name in found[0]}


def lines_of(unchanged: dict[str, Floats]) -> dict[str, float]:
    """Return the line of each question that so many unchanged cities cross."""
    lines = {}
    for name, values in unchanged.items():
        if "bands" in name:
            lines[name] = float(np.quantile(values.max(axis=1), 1 - FALSE))
        else:
            lines[name] = float(np.quantile(values.min(axis=1), FALSE))
    return lines


def main(n: int = 200, only: str = "") -> None:
    """Print the table: lines from the first cities, rates from others."""
    table = Table(title=f"{n} cities a row, in percent", box=None, title_justify="left")
    for title in ("Scenario", "Question", "Product", "Model"):
        table.add_column(title, justify="left" if title in {"Scenario", "Question"} else "right")
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for yearly in (40, 14, 7):
            plain = City(yearly, 1.3, far=FAR)
            lines = lines_of(answers(plain, 0, n, pool))
            wanted = [one for one in scenarios(plain) if only in one[0]]
            for name, city, questions in wanted:
                found = answers(city, n, n, pool)
                for question in questions:
                    told = [
                        f"{100 * _told(found, lines, who, question):.0f}"
                        for who in ("product", "model")
                    ]
                    table.add_row(f"{name}; {yearly} a year", question, *told)
    Console(width=110).print(table)


def scenarios(plain: City) -> list[tuple[str, City, tuple[str, ...]]]:
    """List what happens, and what is asked of it."""
    made = [("unchanged", plain, ("core", "single", "any band"))]
    made += [
        (f"{share}% gone", replace(plain, drop=share / 100), ("core", "single", "any band"))
        for share in (20, 30, 60, 100)
    ]
    made += [
        (
            f"{share}% gone in {N_FALLEN} of 12",
            replace(plain, drop=share / 100, fallen=N_FALLEN),
            ("single fallen", "single other"),
        )
        for share in (60, 100)
    ]
    return made + [
        (
            f"40% to band {band}",
            replace(plain, drop=0.4, moved=1.0, moved_to=band),
            (f"band {band}",),
        )
        for band in range(3)
    ]


def _told(found: dict[str, Floats], lines: dict[str, float], who: str, question: str) -> float:
    """Return how often it is told: of cities, of single areas for `single`."""
    if question in {"single fallen", "single other"}:
        values = found[f"{who} single"]
        own = values[:, :N_FALLEN] if question.endswith("fallen") else values[:, N_FALLEN:]
        return float((own < lines[f"{who} single"]).mean())
    if question in {"core", "single"}:
        return float((found[f"{who} {question}"] < lines[f"{who} {question}"]).mean())
    bands, line = found[f"{who} bands"], lines[f"{who} bands"]
    is_told = bands.max(axis=1) > line
    if question != "any band":
        is_told &= bands.argmax(axis=1) == int(question.rpartition(" ")[2])
    return float(is_told.mean())


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]), *sys.argv[2:3])
