"""What `csa report` prints: what was written, what it was made from, and what it lacks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from csa.base.text import ENGLISH, render, speak
from csa.cli.output.console import show

if TYPE_CHECKING:
    from csa.reports.month.facts import Facts

NOT_ASKED = "report.public_not_asked"
NO_PAST = "report.lacks_past"


def show_report(facts: Facts, out: Path, files: Mapping[str, bytes], language: str) -> None:
    """Print what was written."""
    for name, content in files.items():
        path = out if len(files) == 1 else out / name
        show(speak("report_file.wrote", path=path, kb=-(-len(content) // 1000)))
    snapshot = facts.snapshot
    head = speak("report_file.undecided")
    if snapshot.audit_n:
        head = speak("report_file.decided", n=snapshot.audit_n, head=snapshot.audit_head)
    show(speak("report_file.snapshot", id=snapshot.id), head)
    for message in facts.missing:
        show(speak("report_file.lacks", what=render(message)))
        if message.key == NO_PAST:
            show(speak("report_file.backtest"))
    why_not = facts.public.why_not
    if why_not is not None and why_not.key != NOT_ASKED:
        show(speak("report_file.lacks", what=render(why_not)))
    if facts.public.caution is not None:
        show(render(facts.public.caution))
    if language != ENGLISH and not facts.config.public.spanish_office:
        show(speak("report_file.unreviewed"))
