"""Community: the public report."""

from __future__ import annotations

from app.screens.community import parts
from app.shared.language import language

chosen = language()
told = parts.settle(chosen)
parts.head(told, chosen)
parts.page(told, chosen)
