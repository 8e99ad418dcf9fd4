"""Logging: stdlib, to stderr, never a row's content; JSON where a machine reads it.

Also: how a long computation reports its steps.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable
from typing import TypeAlias

ProgressCallback: TypeAlias = Callable[[str], None]
"""Called with the key of each step as it begins."""


def no_progress(_: str) -> None:
    """Ignore a step: the default where nobody follows the progress."""


class JsonFormatter(logging.Formatter):
    """Write each line as one object, so that a machine reads it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return a record as JSON."""
        said = {
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            said["traceback"] = self.formatException(record.exc_info)
        return json.dumps(said, ensure_ascii=False)


def configure_logging(*, is_verbose: bool, as_json: bool) -> None:
    """Send our log to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if as_json else logging.Formatter("%(name)s: %(message)s"))
    logger = logging.getLogger("csa")
    logger.handlers = [handler]
    logger.setLevel(logging.INFO if is_verbose else logging.WARNING)
