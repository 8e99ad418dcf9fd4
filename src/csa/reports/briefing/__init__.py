"""The plan and its places joined with the store: what pages, reports and the command show."""

from csa.reports.briefing.lines import ActionLine, line_rows, plan_lines, status_word

__all__ = ["ActionLine", "line_rows", "plan_lines", "status_word"]
