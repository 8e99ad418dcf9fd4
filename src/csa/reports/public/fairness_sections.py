"""The fairness page in words: who lives there, what reports see, who decides."""

from __future__ import annotations

from csa.base.text import ENGLISH, Speaker
from csa.reports.document import Block, Bullets, Paragraph, Table
from csa.reports.public.facts import PublicDoubled, PublicFacts, PublicFairness
from csa.reports.public.section import Section


def fairness_sections(facts: PublicFacts, language: str = ENGLISH) -> tuple[Section, ...]:
    """Return the sections of the fairness page, in order."""
    tell = Speaker(language)
    fairness = facts.fairness or PublicFairness()
    seen = ("public.fair_seen", "public.fair_unseen", "public.fair_nothing_else")
    by = tell("public.fair_by", who=facts.decided_by) if facts.decided_by else ""
    decides = (by or tell("public.fair_by_nobody"), tell("public.fair_for"))
    return (
        Section("who", tell("public.fair_who"), _who(facts, fairness, tell)),
        Section("see", tell("public.fair_see"), (Bullets(tuple(tell(key) for key in seen)),)),
        Section("double", tell("public.fair_double"), _double(fairness.doubled, tell)),
        Section("decides", tell("public.fair_decides"), tuple(map(Paragraph, decides))),
    )


def _who(facts: PublicFacts, fairness: PublicFairness, tell: Speaker) -> tuple[Block, ...]:
    if not facts.areas:
        return (Paragraph(tell("public.fair_none_there")),)
    if fairness.people_percent is None:
        return (Paragraph(tell("public.fair_no_census")),)
    columns = (tell("public.fair_group"), tell("public.fair_here"), tell("public.fair_city"))
    rows = tuple(
        (one.names.get(tell.language, one.names[ENGLISH]), str(one.areas), str(one.city))
        for one in fairness.groups
    )
    return (
        Paragraph(tell("public.fair_people", n=fairness.people_percent)),
        Table(tell("public.fair_groups"), columns, rows, numeric=(1, 2)),
        Paragraph(tell("public.fair_not_why")),
    )


def _double(doubled: PublicDoubled | None, tell: Speaker) -> tuple[Block, ...]:
    if doubled is None:
        return (Paragraph(tell("public.fair_not_tried")), Paragraph(tell("public.fair_so")))
    name, before, after = doubled.name, doubled.before, doubled.after
    return (
        Paragraph(tell("public.fair_tried", name=name)),
        Paragraph(tell("public.fair_there", name=name, before=before, after=after)),
        Paragraph(tell("public.fair_others", others=doubled.others, kept=doubled.others_kept)),
        Paragraph(tell("public.fair_so")),
    )
