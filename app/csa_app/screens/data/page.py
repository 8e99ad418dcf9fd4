"""Data: what was read and lost, by reason, and how far the numbers can be trusted."""

from __future__ import annotations

from csa.base.text import tr
from csa_app.screens.data import parts
from csa_app.shared import panels

opened = panels.frame(tr("data.title"))
parts.answer(opened)
parts.losses(opened)
parts.months(opened)
parts.suspects(opened)
parts.rules(opened)
parts.layers(opened)
parts.notes(opened)
