"""The suggested eps and min_samples: documented values, until a backtest chooses them."""

from __future__ import annotations

from csa.config import Areas
from csa.params import DbscanParams


def suggest_dbscan(areas: Areas, n_incidents: int) -> DbscanParams:
    """Suggest DBSCAN's two choices for a number of incidents.

    `min_samples` grows with the count, so that twice the incidents on the same streets ask
    for the same shape; `eps_m` is a length on the ground and stays.

    Parameters
    ----------
    areas
        The city's documented values, and the count that they fit.
    n_incidents
        Incidents in the period.

    Returns
    -------
    DbscanParams
        The suggestion; never below the city's floor.
    """
    scaled = round(areas.min_samples * n_incidents / areas.at_incidents)
    return DbscanParams(areas.eps_m, max(areas.min_samples_floor, scaled))
