"""The end of each edition: notes on the data, the method, and what is missing."""

from __future__ import annotations

from csa.base.text import Speaker, render
from csa.reports.document import Block, Box, Bullets, Heading
from csa.reports.editions.phrases import counted, months_covered, radius_words
from csa.reports.month.facts import Facts


def data_notes(facts: Facts, tell: Speaker) -> list[Block]:
    """List what readers should know about the data."""
    said = tuple(render(message, tell.language) for message in facts.notes)
    return [Heading(tell("report.notes_title")), Bullets(said)] if said else []


def method(facts: Facts, tell: Speaker) -> list[Block]:
    """Describe how the report was made, and what it lacks."""
    params, what = facts.summary["params"], counted(facts, tell)
    said = (
        tell(
            "report.method_areas",
            min_samples=params["min_samples"],
            what=what,
            eps=radius_words(params["eps_m"], facts, tell),
            months=months_covered(facts),
        ),
        tell("report.method_tiers"),
        tell("report.method_change"),
        tell("report.method_snapshot", id=facts.snapshot.id),
    )
    lacking = tuple(render(message, tell.language) for message in facts.missing)
    missing = [Box(tell("report.missing_title"), lacking)] if lacking else []
    return [*missing, Box(tell("report.method_title"), said)]
