"""What stands beside the areas: services, and a score made elsewhere; never mixed into a count."""

from __future__ import annotations

from dataclasses import dataclass

from app.cache import Opened
from app.legend import Classes
from app.maps import Spot
from csa.hotspots.proposal import Proposal


@dataclass(frozen=True)
class RiskLayer:
    """A scored layer for the map.

    Parameters
    ----------
    address
        Where its geometry is.
    levels
        A digit for each place.
    classes
        What the digits mean.
    """

    address: str
    levels: str
    classes: Classes


def offered(opened: Opened) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return ("shootings", "none"), ("background", "neighborhoods")


def spots(opened: Opened, *, is_shown: bool) -> tuple[list[tuple[str, str]], list[Spot]]:
    return [], []


def risk_layer(opened: Opened) -> RiskLayer | None:
    return None


def risk_title(opened: Opened) -> str:
    return ""


def of_area(opened: Opened, proposal: Proposal, area_id: str) -> None:
    return
