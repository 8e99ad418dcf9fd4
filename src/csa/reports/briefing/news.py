"""What is new: since a person's last day here, and what came without anybody asking for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pkgutil import resolve_name
from typing import Any

from csa.areas.places import called
from csa.base import text
from csa.base.extra import extras_of
from csa.base.message import Message, msg
from csa.base.params import Month
from csa.change.analyze import Displacement
from csa.change.sentences import name_verdict, state_change
from csa.city.config import CityConfig
from csa.city.dataset import Dataset
from csa.city.preregistration import SEALED, WINDOWS, sealed_since
from csa.program.registry import CoreArea
from csa.program.roles import Person
from csa.program.store.engine import Store
from csa.program.store.records import Records
from csa.program.work import load_draft, save_draft
from csa.reports.briefing.lines import ActionLine

NEWS_MONTHS = 3
"""For so many months an agreed answer, or a lottery, is news: from one review to the next."""
PAGE = "briefing"


def list_arrivals(
    areas: Sequence[CoreArea],
    displaced: Displacement | None,
    more: Sequence[Message] = (),
) -> tuple[Message, ...]:
    """State the agreed answers of areas that are due, and what more is new."""
    agreed = [
        msg("news.agreed", area=area, months=months, verdict=name_verdict(verdict))
        for area, (months, verdict) in agreed_answers(areas, displaced).items()
    ]
    return (*agreed, *more)


def agreed_answers(
    areas: Sequence[CoreArea], displaced: Displacement | None
) -> dict[str, tuple[int, str]]:
    """Return by area after how many months an agreed answer is due by now, and its verdict."""
    found = dict[str, tuple[int, str]]()
    if displaced is None:
        return found
    starts = dict(zip(displaced.chosen.area_ids, displaced.starts, strict=True))
    for area in areas:
        sealed, since = area.evidence.get(SEALED), starts.get(area.key)
        if not sealed or since is None or sealed_since(sealed) != since:
            continue
        for months in WINDOWS:
            if 0 <= displaced.until.index - since.plus(months).index < NEWS_MONTHS:
                verdict = state_change(displaced, area.key, months).verdict
                found[called(area.place_name, area.key)] = months, verdict
    return found


def list_unanswered(
    areas: Sequence[CoreArea],
    displaced: Displacement | None,
    until: Month,
    why_not: Message | None = None,
) -> list[Message]:
    """State which agreed answers are due by now and can't be given, each with its reason."""
    starts = dict[str, Month]()
    if displaced is not None:
        starts = dict(zip(displaced.chosen.area_ids, displaced.starts, strict=True))
    said = []
    for area in areas:
        sealed = area.evidence.get(SEALED)
        since = sealed_since(sealed) if sealed else until
        due = [one for one in WINDOWS if 0 <= until.index - since.plus(one).index < NEWS_MONTHS]
        if not due or starts.get(area.key) == since:
            continue
        why = why_not or msg("briefing.core_taken")
        if area.key in starts:
            why = msg("evaluate.other_start", area=area.key, since=text.month(str(since)))
        name = called(area.place_name, area.key)
        said.append(msg("news.unanswered", area=name, months=due[-1], why=why))
    return said


def list_news(config: CityConfig, records: Records, today: date) -> list[Message]:
    """State what is new for the Committee of what extras follow."""
    extras = (extra for extra in extras_of(config) if extra.news)
    return [said for extra in extras for said in resolve_name(extra.news)(records, today)]


# ---- What a person has not seen yet.


def note_visit(
    store: Store, who: Person, today: date, now: Mapping[str, Any]
) -> tuple[str, Mapping[str, Any] | None]:
    """Return the last day before today on which somebody was here, with what they saw.

    What they see `now` is stored as theirs of today.
    """
    stored = load_draft(store, who, PAGE)
    if stored.get("on") != str(today):
        before = {"before_on": stored.get("on", ""), "before": stored.get("now")}
        stored = {"on": str(today), "now": dict(now), **before}
        save_draft(store, who, PAGE, stored)
    return stored["before_on"], stored["before"]


def see(dataset: Dataset, areas: Sequence[CoreArea], lines: Sequence[ActionLine]) -> dict[str, Any]:
    """Return what a person sees: incidents, areas in service, and what is past due."""
    return {
        "incidents": int(dataset.report["incidents"]),
        "areas": [called(area.place_name, area.key) for area in areas],
        "late": [f"{line.number} {line.title}" for line in lines if line.is_late],
    }


def describe_new(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[Message]:
    """Describe what there is now and was not before."""
    said = list[Message]()
    if before["incidents"] != now["incidents"]:
        said.append(msg("news.incidents", before=before["incidents"], now=now["incidents"]))
    if areas := [area for area in now["areas"] if area not in before["areas"]]:
        said.append(msg("news.areas", areas=text.in_words(areas)))
    if late := [action for action in now["late"] if action not in before["late"]]:
        said.append(msg("news.late", actions="; ".join(late)))
    return said
