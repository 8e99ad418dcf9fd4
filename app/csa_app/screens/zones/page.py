"""Zones: a program's own ground, what is counted there, and forms to enter or end one."""

from __future__ import annotations

from csa.base.text import tr
from csa_app.screens.zones import parts
from csa_app.shared import panels, person, screen_state
from csa_app.shared.area_status import AreaView
from csa_app.shared.signing import Present

opened = panels.frame(tr("zones_page.title"))
person.require_internal(opened)
screen = screen_state.begin(opened)
view = AreaView(opened, screen.choices)
parts.answer(view)
parts.show(view)
parts.finding(view)
parts.forms(Present(opened, person.person(opened)), view)
