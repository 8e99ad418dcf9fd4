"""The lottery of the made-up program."""

from __future__ import annotations

from csa.base.params import Month
from csa.extras.trial.draw_files import Starts, close_list, draw_closed, list_entrants
from csa.extras.trial.recording import record_draw, recorded
from csa.program.roles import Act
from csa.program.store.tables import DrawRow
from csa.synthetic.story import StoryAct
from csa.workflow.story import StoryScene


def carry_out(scene: StoryScene, signed: Act, one: StoryAct) -> None:
    """Close the list of a tier, or draw from the list that was closed last."""
    given = one.given
    if one.of == "list":
        found, first = scene.known(given["until"]), Month.parse(given["first_start"])
        entrants = list_entrants(found, given["tier"])
        made = close_list(found, Starts(entrants, first, months_between=given["months_between"]))
    else:
        made = draw_closed(recorded(scene.records().of(DrawRow)[-1]), given["seed"])
    record_draw(scene.store, signed, made, given.get("seed_source", ""))
