"""Answer what is proposed for the plan: the team's chair first, then the Committee."""

from __future__ import annotations

from csa.base.text import tr
from csa.program.actions import CHAIR_APPROVED, answer_change
from csa.program.roles import Act, may, require_committee, require_team_chair
from csa.program.store.engine import Store
from csa.program.store.tables import ChangeRow
from csa_app.shared import plan_edits, signing
from csa_app.shared.plan_words import proposal_state
from csa_app.shared.signing import Decision, FormScene, Typed


def may_answer(scene: FormScene, row: ChangeRow) -> bool:
    """Return whether it is for the reader to answer a proposal."""
    if row.state == CHAIR_APPROVED:
        return may(require_committee, scene.who)
    return may(require_team_chair, scene.who, scene.plan, row.action)


def ask(scene: FormScene, row: ChangeRow) -> None:
    """Ask whether a proposal is approved or refused."""

    def write(store: Store, act: Act, typed: Typed) -> str:
        is_yes = not typed.is_second
        state = answer_change(store, scene.plan, act, row.key, is_approved=is_yes, seen=typed.seen)
        plan_edits.next_turn()  # what stands in the action's own forms has changed
        signing.forget(f"plan propose {row.action}")
        return proposal_state(row.key, state)

    yes, no = tr("plan_page.approve"), (tr("plan_page.refuse"), None)
    key = f"plan answer {row.key}"
    signing.form(scene, Decision(key, yes, write, seen=row.revision, second=no))
