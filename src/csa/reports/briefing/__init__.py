"""What pages, reports and the command say of the plan and its places, joined with the store."""

from csa.reports.briefing.lines import Line, line_rows, plan_lines, status_word

__all__ = ["Line", "line_rows", "plan_lines", "status_word"]
