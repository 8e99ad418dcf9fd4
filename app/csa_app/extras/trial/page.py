"""Draw: who starts first where need is the same, drawn in public and kept in the trail."""

from __future__ import annotations

from csa.base.text import tr
from csa.extras.trial.draw_files import CLOSED
from csa.program.roles import may, require_area_chair
from csa.program.store.tables import DrawRow
from csa_app.extras.trial import lists
from csa_app.shared import cache_store, panels, person, signing

opened = panels.frame(tr("draw_page.title"))
person.require_internal(opened)
draws = cache_store.records(opened).of(DrawRow)
scene = signing.Present(opened, person.person(opened))
may_draw = may(require_area_chair, scene.who)
if not draws:
    panels.answer(tr("draw_page.what"), tr("draw_page.why"))
signing.announce("draw ")
waiting = draws[-1] if draws and draws[-1].state == CLOSED else None
if waiting is not None:
    lists.waiting(scene, waiting, may_draw=may_draw)
    if may_draw:
        lists.offer(scene, tr("draw_page.prepare_another"))
elif not draws:
    said = tr("draw_page.none_yet" if may_draw else "draw_page.none_to_read")
    panels.empty(said, "" if may_draw else "find_areas")
lists.past(scene, draws)
if waiting is None and may_draw:
    lists.offer(scene, tr("draw_page.prepare"), is_first=not draws)
