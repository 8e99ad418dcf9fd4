"""Match areas and candidates that are the same place, whatever their letters and cell sizes."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from csa.areas.places import cells_of
from csa.areas.proposal import Proposal
from csa.base.text import natural
from csa.geo.cells import CellSet
from csa.geo.ground import holder
from csa.reports.month.area_facts import AreaFacts, Unserved


def unlike(areas: Sequence[AreaFacts], proposal: Proposal | None) -> tuple[str, ...]:
    """Name the candidates of a proposal that are none of some areas, and do not lie in one."""
    if proposal is None:
        return ()
    shapes = cells_of(proposal.areas)
    served = {holder(area.cells, shapes) for area in areas}
    grounds = [area.cells for area in areas]
    names = proposal.areas["place_name"]
    left = (
        str(name)
        for at, name in enumerate(names)
        if at not in served and holder(shapes[at], grounds) is None
    )
    return tuple(sorted(left, key=natural))


def not_served(areas: Sequence[AreaFacts], now: Proposal, table: pd.DataFrame) -> list[Unserved]:
    """List a month's candidates that are not in service, with how certain they are."""
    rows = table.set_index("place_name", drop=False).loc[list(unlike(areas, now))]
    tiers = [None if pd.isna(tier) else int(tier) for tier in rows["tier"].tolist()]
    doubtful = rows["is_doubtful"].astype(bool).tolist()
    shapes = now.areas.set_index("place_name").geometry.loc[rows["place_name"]].tolist()
    told = zip(rows["place_name"], tiers, doubtful, shapes, strict=True)
    return [
        Unserved(str(name), tier, is_doubtful, shape) for name, tier, is_doubtful, shape in told
    ]


def lost_names(before: Proposal, now: Proposal) -> tuple[str, ...]:
    """Name the candidates of one month that are gone a month later."""
    shapes = cells_of(now.areas)
    named = zip(before.areas["place_name"], cells_of(before.areas), strict=True)
    gone = (str(name) for name, own in named if holder(own, shapes) is None)
    return tuple(sorted(gone, key=natural))


def match(cells: CellSet, proposal: Proposal | None) -> int | None:
    """Return the position of the candidate that is the same place as an area."""
    return None if proposal is None else holder(cells, cells_of(proposal.areas))
