"""Data: what was read and lost, by reason, and how far the numbers can be relied on."""

from __future__ import annotations

from app import panels, reading
from csa.words import speak

opened = panels.frame(speak("data.title"))
reading.answer(opened)
reading.losses(opened)
reading.months(opened)
reading.suspects(opened)
reading.rules(opened)
reading.layers(opened)
reading.notes(opened)
