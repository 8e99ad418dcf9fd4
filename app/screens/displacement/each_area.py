"""Each area compared with all together: a sentence on those that differ, and a table of ranges."""

from __future__ import annotations

import html

import pandas as pd
import streamlit as st

from app.shared import panels
from app.shared.city_session import Opened
from app.shared.following import Following
from app.shared.maps_change import verdict_word, why_untold
from app.shared.ranges import Drawn, range_bar
from csa.base.io import csv_bytes
from csa.base.text import month, speak
from csa.displacement.verdict import Track, Verdict

MAX_NAMED = 6
"""Most areas named in a sentence; the table has them all."""

COLUMNS = (
    "area_id",
    "place_name",
    "since",
    "through",
    "verdict",
    "incidents",
    "expected",
    "low",
    "high",
    "around_incidents",
    "around_expected",
    "around_low",
    "around_high",
    "is_synthetic",
)


def say_singles(following: Following, at: int) -> str:
    """Name the areas that differ, and count those with no change or too few incidents to tell."""
    if len(following.area_ids) == 1 or following.is_early(at):
        return ""
    verdicts = {area_id: following.judged(area_id).verdicts[at] for area_id in following.by_letter}
    alike = (Verdict.NO_CHANGE, Verdict.TOO_FEW, Verdict.TOO_EARLY)
    same, few, early = ([name for name, one in verdicts.items() if one is kind] for kind in alike)
    changed = [name for name, one in verdicts.items() if one not in alike]
    said = [_differing(following, changed, at)]
    if same:
        said.append(speak("change_page.singles_same", n=len(same)))
    if few:
        said.append(speak("change_page.singles_few", n=len(few)))
    if early:
        said.append(speak("change_page.singles_early", n=len(early)))
    return " ".join(said)


def _differing(following: Following, changed: list[str], at: int) -> str:
    if not changed:
        return speak("change_page.singles_none")
    named = [
        speak(
            "change_page.single",
            who=following.place_name(area_id),
            verdict=_begun_small(verdict_word(following.judged(area_id), at)),
        )
        for area_id in changed[:MAX_NAMED]
    ]
    left = len(changed) - len(named)
    if left:
        named.append(speak("change_page.singles_left", n=left))
    return speak("change_page.singles", n=len(changed), areas="; ".join(named))


def _begun_small(words: str) -> str:
    return words[:1].lower() + words[1:]


def show(opened: Opened, following: Following, at: int, selected: str = "") -> None:
    """Show each area's numbers as ranges, with a download."""
    st.caption(speak("change_page.each_note"))
    with st.container(key="each_table"):
        panels.table(table(following, at, selected), speak("change_page.each_alt"), "csa-wide")
    city = opened.config.city
    through = following.months[at]
    content = as_csv(following, at, is_synthetic=city.is_synthetic)
    name = f"{city.id}-since-{following.months[0]}-through-{through}.csv"
    panels.download(speak("change_page.each_download"), content, name, "each area as a file")


def table(following: Following, at: int, selected: str = "") -> pd.DataFrame:
    """Tabulate each area's verdict and numbers, by letter; the chosen one's name is bold."""
    judged = {area_id: following.judged(area_id) for area_id in following.by_letter}
    tracks = [t for one in judged.values() for t in (one.core, one.ring) if t is not None]
    top = max((float(max(t.high[at], t.counted[at])) for t in tracks if t.is_told[at]), default=0.0)
    names = [
        _named(following, area_id, verdict_word(one, at), is_chosen=area_id == selected)
        for area_id, one in judged.items()
    ]
    here, next_door = (
        [_counted(track, at, top) for track in zone]
        for zone in zip(*((one.core, one.ring) for one in judged.values()), strict=True)
    )
    return pd.DataFrame(
        {
            speak("change_page.col_area"): names,
            speak("change_page.col_here"): here,
            speak("change_page.col_around"): next_door,
        },
        dtype=object,
    )


def _named(following: Following, area_id: str, verdict: str, *, is_chosen: bool) -> Drawn:
    name = html.escape(following.place_name(area_id))
    since = month(str(following.displaced.since.plus(following.late(area_id))), is_short=True)
    below = html.escape(speak("change_page.verdict_since", verdict=verdict, since=since))
    return Drawn(
        f"<b>{name}</b><small>{below}</small>" if is_chosen else f"{name}<small>{below}</small>"
    )


def _counted(track: Track | None, at: int, top: float) -> str:
    """Draw what was counted on the range of what was expected, with the numbers below."""
    if track is None:
        return ""
    n, (mean, low, high) = int(track.counted[at]), _bounds(track, at)
    if not track.is_told[at]:
        return Drawn(f"{n:,}<small>{html.escape(why_untold(track, at))}</small>")
    words = html.escape(speak("change_page.of_expected", low=low, high=high))
    return Drawn(f"{range_bar(low, high, mean, top, n)}{n:,}<small>{words}</small>")


def _bounds(track: Track, at: int) -> tuple[float, int, int]:
    return float(track.expectation.mean[at]), int(track.low[at]), int(track.high[at])


def as_csv(following: Following, at: int, *, is_synthetic: bool) -> bytes:
    """Return each area's verdict and numbers as a CSV file."""
    chosen = following.displaced.chosen
    names = dict(zip(chosen.area_ids, chosen.place_names, strict=True))

    def row(area_id: str) -> list[object]:
        judged = following.judged(area_id)
        told = str(judged.verdicts[at])
        head = [area_id, names[area_id], following.months[0], following.months[at], told]
        return [*head, *_numbers(judged.core, at), *_numbers(judged.ring, at), is_synthetic]

    return csv_bytes(COLUMNS, map(row, following.by_letter))


def _numbers(track: Track | None, at: int) -> list[object]:
    if track is None:
        return [None] * 4
    mean, low, high = _bounds(track, at)
    return [int(track.counted[at]), round(mean, 2), low, high]
