"""What finding areas learns once from the data, and keeps beside a dataset."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from csa.areas.choices import AreaSettings, suggest_dbscan
from csa.areas.mixture import MapMixture, map_names
from csa.areas.proposal import METHOD_VERSION
from csa.areas.study_area import StudyArea
from csa.base.arrays import Bools
from csa.base.compact import in_blocks
from csa.base.errors import CsaError, SourceError, TableError
from csa.base.params import DbscanParams, DocumentedDbscan, Month, Period
from csa.city.dataset import City
from csa.city.results import load_result, save_result

LEARNED = "learned"


@dataclass(frozen=True)
class FittedModel:
    """What was learned from all that was known at a period's end."""

    documented: DocumentedDbscan | None  # what the data lead to; None where it was given
    stack: MapMixture  # the share of each map of the past in what is expected

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values, exact."""
        return {
            "documented": None if self.documented is None else asdict(self.documented),
            "shares": self.stack.shares.tolist(),
            "januaries": list(self.stack.januaries),
        }

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> FittedModel:
        """Read it; refuse what is no such thing."""
        try:
            shares = np.array(kept["shares"], dtype=np.float64)
            given = kept["documented"]
            documented = None if given is None else DocumentedDbscan(**given)
            if documented is not None:
                DbscanParams(documented.eps_m, documented.min_samples)
                suggest_dbscan(documented, documented.at_incidents)
            januaries = tuple(str(Month.parse(name)) for name in kept["januaries"])
        except (CsaError, ArithmeticError, KeyError, TypeError, ValueError) as error:
            raise TableError("learned.damaged") from error
        if shares.shape != (len(map_names()),) or not np.isclose(shares.sum(), 1):
            raise TableError("learned.damaged")
        return cls(documented, MapMixture(shares, januaries))


def load_learned(
    city: City, located: StudyArea, period: Period, choices: AreaSettings
) -> FittedModel | None:
    """Read what was learned from the same incidents for the same period and choices."""
    with suppress(SourceError):
        return load_result(city, LEARNED, _params(located, period, choices), FittedModel.from_dict)
    return None


def save_learned(
    learned: FittedModel, city: City, located: StudyArea, period: Period, choices: AreaSettings
) -> None:
    """Keep what was learned; a folder that cannot be written is left as it is."""
    if city.folder is not None:
        with suppress(CsaError, OSError):
            params = _params(located, period, choices)
            save_result(city, LEARNED, params, learned.to_dict())


def _params(located: StudyArea, period: Period, choices: AreaSettings) -> dict[str, Any]:
    """List what decides on what is learned: the incidents before the period's end, above all."""
    return {
        "method": METHOD_VERSION,
        "incidents": _digest(located, located.month < period.until.index),
        "start": str(period.start),
        "until": str(period.until),
        "resolution": choices.resolution,
        "max_area_km2": float(choices.max_area_km2),
    }


def _digest(located: StudyArea, is_past: Bools) -> str:
    """Hash past incidents, in whatever order, and the land: each row's hash is added up."""
    digest = hashlib.sha256(located.grid.h3_cells.tobytes())
    total = squares = 0
    for rows in in_blocks(pd.Series(np.flatnonzero(is_past))):
        at = rows.to_numpy()
        x_m, y_m = located.xy[at].T
        cells = located.grid.h3_cells[located.positions[at]]
        suspect = located.is_suspect[at]
        table = {"cell": cells, "month": located.month[at], "x": x_m, "y": y_m, "suspect": suspect}
        hashes = pd.util.hash_pandas_object(pd.DataFrame(table), index=False).to_numpy()
        total, squares = total + int(hashes.sum()), squares + int((hashes * hashes).sum())
    # Sums of 64 bits, so that it makes no difference where a block begins.
    digest.update(f"{is_past.sum()} {total % 2**64} {squares % 2**64}".encode())
    return digest.hexdigest()
