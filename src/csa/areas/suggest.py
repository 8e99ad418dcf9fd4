"""The suggested eps and min_samples: documented values, until a backtest chooses better ones."""

from __future__ import annotations

import math

from csa.base.params import MAX_EPS_M, DbscanParams
from csa.config.city import Areas

MAX_WIDENING = 2.0
"""Beyond twice the documented radius an area is too wide to be called a place."""


def suggest_dbscan(areas: Areas, n_incidents: int) -> DbscanParams:
    """Suggest DBSCAN's two choices for a number of incidents.

    `min_samples` grows and shrinks with the count, so that twice the incidents on the same
    streets ask for the same shape. Where it would fall below the city's floor, it stays there
    and `eps_m` widens instead, so that the same density is asked for; at most twofold: fewer
    incidents than that find no area, rather than one drawn around nothing.
    """
    scaled = areas.min_samples * n_incidents / areas.at_incidents
    min_samples = max(areas.min_samples_floor, round(scaled))
    if min_samples == round(scaled):
        return DbscanParams(areas.eps_m, min_samples)
    widening = math.sqrt(min_samples / scaled) if scaled else MAX_WIDENING
    eps_m = min(round(areas.eps_m * min(widening, MAX_WIDENING)), MAX_EPS_M)
    return DbscanParams(eps_m, min_samples)
