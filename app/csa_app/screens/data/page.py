"""Data: what was read and lost, by reason, and how far the numbers can be trusted."""

from __future__ import annotations

from csa.base.text import tr
from csa.program.roles import may, require
from csa_app.screens.data import parts, points
from csa_app.shared import panels, person, signing

opened = panels.frame(tr("data.title"))
parts.answer(opened)
parts.losses(opened)
parts.months(opened)
parts.suspects(opened)
who = person.person(opened)
if may(require, who, "editor"):
    points.look(signing.Present(opened, who))
parts.rules(opened)
parts.layers(opened)
parts.notes(opened)
