"""The area whose activities are counted."""

from tests.program.conftest import candidate

__all__ = ["candidate"]
