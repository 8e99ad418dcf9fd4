"""Community: what the public is told."""

from __future__ import annotations

from app import community
from app.language import language

chosen = language()
told = community.settle(chosen)
community.head(told, chosen)
community.sections(told, chosen)
