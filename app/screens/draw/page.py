"""Draw: who starts first where need is the same, drawn in public and kept in the trail."""

from __future__ import annotations

from app.screens.draw import closing, parts
from app.shared import cache_store, panels, person, signing
from csa.base.errors import CsaError
from csa.base.text import speak
from csa.decisions.roles import may, require_area_chair
from csa.priority.draw_files import CLOSED

opened = panels.frame(speak("draw_page.title"))
person.require_internal(opened)
try:
    draws = cache_store.records(opened).draws
    scene = signing.Present(opened, person.person(opened))
except CsaError as error:
    panels.stop(error)
may_draw = may(require_area_chair, scene.who)
panels.answer(speak("draw_page.what"), speak("draw_page.why"))
signing.announce("draw ")
waiting = draws[-1] if draws and draws[-1].state == CLOSED else None
if waiting is not None:
    parts.waiting(scene, waiting, may_draw=may_draw)
    if may_draw:
        closing.offer(scene, speak("draw_page.prepare_another"))
elif not draws:
    said = speak("draw_page.none_yet" if may_draw else "draw_page.none_to_read")
    panels.empty(said, "" if may_draw else "find_areas")
parts.past(scene, draws)
if waiting is None and may_draw:
    closing.offer(scene, speak("draw_page.prepare"), is_first=not draws)
