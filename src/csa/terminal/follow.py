"""What `csa displace` prints: first all areas together, then those that changed, then the rest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from csa.displacement.season import as_message
from csa.displacement.telling import say_before_after
from csa.displacement.verdict import Verdict
from csa.terminal.console import show
from csa.words import month, percent, render, speak

if TYPE_CHECKING:
    from csa.deciding.follow import Followed

MAX_NAMED = 12
"""More names are no sentence."""


def show_no_area(path: Path) -> None:
    """Say that there is nothing to follow.

    Parameters
    ----------
    path
        The file that lists no area.
    """
    show(speak("follow.no_area", path=path))


def show_followed(followed: Followed, account: Mapping[str, Any]) -> None:
    """Print what changed, beside what would have come anyway.

    Parameters
    ----------
    followed
        The areas.
    account
        What `displacement.json` holds.
    """
    show(account["pooled"]["sentence"], *_before_after(followed, account))
    show(*_counted(followed), *_singles(account["single"]))
    show(*_cautions(followed))
    show(*_months(followed))


def _before_after(followed: Followed, account: Mapping[str, Any]) -> Iterator[str]:
    pooled = account["pooled"]
    before = (pooled["core"]["before"], pooled["before_months"])
    after = (pooled["core"]["counted"], account["months_after"])
    change = account["usual"]["change_share"]
    told, usual = say_before_after(before, after, change, account["usual"]["years"])
    yield render(told)
    if change is not None or not followed.is_past_known:
        yield render(usual)
    else:
        yield speak("follow.no_past_year", since=month(account["since"]))


def _singles(single: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Tell each area that changed; all that are too few in one line; and how many did not."""
    if len(single) == 1:
        return
    by_verdict: dict[str, list[Mapping[str, Any]]] = {}
    for one in single:
        by_verdict.setdefault(one["verdict"], []).append(one)
    too_few = by_verdict.pop(str(Verdict.TOO_FEW), [])
    same = by_verdict.pop(str(Verdict.NO_CHANGE), [])
    for changed in by_verdict.values():
        yield from (one["sentence"] for one in changed)
    if too_few:
        yield speak("follow.too_few", n=len(too_few), areas=_named(too_few))
    if same:
        yield speak("follow.no_change", n=len(same), areas=_named(same))


def _named(areas: Sequence[Mapping[str, Any]]) -> str:
    named = ", ".join(one["area_id"] for one in areas[:MAX_NAMED])
    left = len(areas) - MAX_NAMED
    return named if left <= 0 else speak("follow.and_more", named=named, n=left)


def _counted(followed: Followed) -> Iterator[str]:
    """Say what is counted where that is not all shootings."""
    city, kinds = followed.config.city, followed.displaced.chosen.kinds
    if len(kinds) == 1:
        yield speak(
            "follow.counted_homicides" if kinds == ("homicide",) else "follow.counted_other"
        )
    if city.nonfatal_is_proxy and kinds != ("homicide",):
        yield speak("follow.proxy", name=city.nonfatal_name)


def _cautions(followed: Followed) -> Iterator[str]:
    displaced = followed.displaced
    if displaced.knew_after:
        yield speak("follow.knew_after", since=month(str(displaced.since)), month=displaced.since)
    gone = followed.lineage["event"]
    appeared, left = (int((gone == event).sum()) for event in ("appeared", "gone"))
    if len(followed.lineage):
        months = followed.lineage_months
        yield speak("follow.lineage", months=months, appeared=appeared, gone=left)
    chance = followed.chance
    if len(followed.lineage) and chance is not None and chance.area_years:
        share = (chance.appeared + chance.gone) / chance.area_years
        yield speak("follow.by_chance", share=percent(share))


def _months(followed: Followed) -> Iterator[str]:
    what = (speak("follow.one_shooting"), speak("follow.shootings"))
    yield render(as_message(followed.newest, what))
    changed = followed.changed_months
    if changed.empty:
        yield speak("follow.provisional")
        return
    rows = changed.tail(3).to_dict("records")
    yield speak(
        "follow.late",
        n=len(changed),
        months="; ".join(
            speak(
                "follow.was_now",
                month=month(row["month"]),
                was=row["first_reported"],
                now=row["now"],
            )
            for row in rows
        ),
    )
