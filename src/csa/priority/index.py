"""The priority index: a weighted sum of a committee's criteria, and how firm it is."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd

from csa.base.errors import ParamError, TableError


@dataclass(frozen=True)
class Weights:
    """How much each component counts; only their proportions matter.

    Fields: `by_component`.
    """

    by_component: Mapping[str, float]

    def __post_init__(self) -> None:
        """Refuse values that are not weights; store a copy that cannot be changed."""
        kept = {name: float(weight) for name, weight in self.by_component.items()}
        for name, weight in kept.items():
            if not (math.isfinite(weight) and weight >= 0):
                raise ParamError("priorities.weight", name=name, given=weight)
        if not sum(kept.values()) > 0:
            raise ParamError("priorities.no_weight")
        object.__setattr__(self, "by_component", MappingProxyType(kept))


def standardise(components: pd.DataFrame) -> pd.DataFrame:
    """Put components on one scale: how many standard deviations above the areas' mean.

    Returns (x - mean) / SD of the n areas, on the index of `components`.
    """
    numbers = components.to_numpy(dtype=np.float64)  # (n, components)
    for column in np.flatnonzero(np.isinf(numbers).any(axis=0)).tolist():
        raise TableError("priorities.infinite", name=components.columns[column])
    is_known = ~np.isnan(numbers)
    n_known = np.maximum(is_known.sum(axis=0), 1)
    means = np.where(is_known, numbers, 0).sum(axis=0) / n_known
    apart = np.where(is_known, numbers - means, 0)
    sds = np.sqrt((apart**2).sum(axis=0) / n_known)
    lowest = np.where(is_known, numbers, np.inf).min(axis=0, initial=np.inf)
    highest = np.where(is_known, numbers, -np.inf).max(axis=0, initial=-np.inf)
    varies = (lowest < highest) & (sds > 0)  # rounding alone may give equal numbers an SD
    standard = np.where(varies, apart / np.where(varies, sds, 1), 0.0)
    return pd.DataFrame(standard, index=components.index, columns=components.columns)


def list_unknown(components: pd.DataFrame) -> list[tuple[Hashable, str]]:
    """List the values that are unknown and therefore counted as the mean."""
    rows, columns = np.nonzero(components.isna().to_numpy())
    areas, names = components.index.tolist(), components.columns.tolist()
    return [(areas[row], names[column]) for row, column in zip(rows, columns, strict=True)]


def priority_index(components: pd.DataFrame, weights: Weights) -> pd.Series:
    """Combine the standardized components into one number per area."""
    names = list(weights.by_component)
    missing = [name for name in names if name not in components.columns]
    if missing:
        raise ParamError(
            "priorities.component",
            given=", ".join(missing),
            known=", ".join(map(str, components.columns)),
        )
    given = np.array([weights.by_component[name] for name in names])
    weighed = standardise(components[names]).to_numpy() @ (given / given.sum())
    return pd.Series(weighed, index=components.index, name="priority_index")


def choose(index: pd.Series, k: int) -> list[Hashable]:
    """Choose the k areas with the highest index."""
    _refuse_none(k=k)
    top = np.argsort(-index.to_numpy(dtype=np.float64), kind="stable")[:k]
    areas = index.index.tolist()
    return [areas[place] for place in sorted(top.tolist())]


def sensitivity(
    components: pd.DataFrame, k: int, *, seed: int, n_weightings: int = 1000
) -> pd.Series:
    """Compute how often each area would be chosen if the weights were drawn at random."""
    _refuse_none(k=k, n_weightings=n_weightings, components=components.shape[1])
    standard = standardise(components).to_numpy()  # (n, components)
    random = np.random.default_rng(seed)
    weightings = random.dirichlet(np.ones(standard.shape[1]), n_weightings)
    weighed = weightings @ standard.T  # (n_weightings, n)
    top = np.argsort(-weighed, axis=1, kind="stable")[:, :k]
    shares = np.bincount(top.ravel(), minlength=len(standard)) / n_weightings
    return pd.Series(shares, index=components.index, name="top_share")


def _refuse_none(**numbers: int) -> None:
    for name, given in numbers.items():
        if given < 1:
            raise ParamError("priorities.at_least_one", name=name, given=given)
