"""Data: what was read and lost, by reason, and how far the numbers can be trusted."""

from __future__ import annotations

from app.screens.data import parts
from app.shared import panels
from csa.base.text import speak

opened = panels.frame(speak("data.title"))
parts.answer(opened)
parts.losses(opened)
parts.months(opened)
parts.suspects(opened)
parts.rules(opened)
parts.layers(opened)
parts.notes(opened)
