"""Logging: stdlib, to stderr, never a row's content; JSON where a machine reads it."""

from __future__ import annotations

import json
import logging
import sys


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        said = {
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            said["traceback"] = self.formatException(record.exc_info)
        return json.dumps(said, ensure_ascii=False)


def start_log(*, is_verbose: bool, as_json: bool) -> None:
    """Send our log to stderr.

    Parameters
    ----------
    is_verbose
        Whether each step is logged, or only what went wrong.
    as_json
        Whether each line is a JSON object.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if as_json else logging.Formatter("%(name)s: %(message)s"))
    logger = logging.getLogger("csa")
    logger.handlers = [handler]
    logger.setLevel(logging.INFO if is_verbose else logging.WARNING)
