"""Community: the public report."""

from __future__ import annotations

from csa_app.screens.community import parts
from csa_app.shared.phrases import language

chosen = language()
preview = parts.build_preview(chosen)
parts.head(preview, chosen)
parts.page(preview, chosen)
