"""The town of the commands that help to decide."""

from tests.cli.conftest import ask, judge_once, judged, made

__all__ = ["ask", "judge_once", "judged", "made"]
