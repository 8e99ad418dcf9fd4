"""A list that is closed and a draw from it."""

from csa.base.params import Month
from csa.extras.trial.draw import Entrant, draw_record, draw_start_order
from csa.extras.trial.draw_files import CLOSED, SEEDED, ClosedDraw

PLACES = {"c-1": 80, "c-2": 75, "c-3": 40, "c-4": 41}
SOURCE = "The lottery's evening number of March 6"
SEED = "Pick 3 417"


def closed(places=PLACES, first="2026-07", months_between=6):
    """Close a list by hand, as `csa.extras.trial.draw_files.close_list` does from a proposal."""
    entrants = [Entrant(name, f"Place {name}", 1, n) for name, n in places.items()]
    start = Month.parse(first)
    draw = draw_start_order(
        entrants, seed="any seed", first_start=start, months_between=months_between
    )
    record = {name: value for name, value in draw_record(draw).items() if name not in SEEDED}
    account = {"kind": CLOSED, "format_version": 1, **record, "left_out": []}
    return ClosedDraw(
        account | {"areas_sha256": "0" * 64, "usual_fall_share": 0.1}, b"area_id,cells\n"
    )
