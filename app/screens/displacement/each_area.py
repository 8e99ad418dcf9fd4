"""Each area compared with all together: a sentence on those that differ, and a table of numbers."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from app.shared import panels
from app.shared.city_session import Opened
from app.shared.following import Following, is_early
from app.shared.maps_change import verdict_word
from csa.base.io import csv_bytes
from csa.base.text import speak
from csa.displacement.verdict import Track, Verdict

MAX_NAMED = 6
"""Most areas named in a sentence; the table has them all."""

TOO_EARLY = "too early to say"

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
    if len(following.area_ids) == 1 or is_early(at):
        return ""
    verdicts = {area_id: following.judged(area_id).verdicts[at] for area_id in following.by_letter}
    alike = (Verdict.NO_CHANGE, Verdict.TOO_FEW)
    same, few = ([name for name, one in verdicts.items() if one is kind] for kind in alike)
    changed = [name for name, one in verdicts.items() if one not in alike]
    said = [_differing(following, changed, at)]
    if same:
        said.append(speak("change_page.singles_same", n=len(same)))
    if few:
        said.append(speak("change_page.singles_few", n=len(few)))
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


def show(opened: Opened, following: Following, at: int) -> None:
    """Show each area's numbers in a folded table, with a download, for readers without the map."""
    with st.expander(speak("change_page.each")):
        panels.table(table(following, at), speak("change_page.each_alt"))
        city = opened.config.city
        through = following.months[at]
        st.download_button(
            speak("change_page.each_download"),
            as_csv(following, at, is_synthetic=city.is_synthetic),
            file_name=f"{city.id}-since-{following.months[0]}-through-{through}.csv",
            mime="text/csv",
            key="each area as a file",
            icon=":material/download:",
            on_click="ignore",
        )


def table(following: Following, at: int) -> pd.DataFrame:
    """Tabulate each area's verdict and numbers, by letter."""
    judged = {area_id: following.judged(area_id) for area_id in following.by_letter}
    return pd.DataFrame(
        {
            speak("change_page.col_area"): [following.place_name(name) for name in judged],
            speak("change_page.col_verdict"): [verdict_word(one, at) for one in judged.values()],
            speak("change_page.col_here"): [int(one.core.counted[at]) for one in judged.values()],
            speak("change_page.col_expected"): [_expected(one.core, at) for one in judged.values()],
            speak("change_page.col_around"): [
                "" if one.ring is None else f"{int(one.ring.counted[at]):,}"
                for one in judged.values()
            ],
            speak("change_page.col_around_expected"): [
                _expected(one.ring, at) for one in judged.values()
            ],
        }
    )


def _expected(track: Track | None, at: int) -> str:
    if track is None:
        return ""
    if not track.is_told[at]:
        return speak("displacement.too_few")
    mean, low, high = _bounds(track, at)
    return speak("change_page.expected", mean=mean, low=low, high=high)


def _bounds(track: Track, at: int) -> tuple[float, int, int]:
    return float(track.expectation.mean[at]), int(track.low[at]), int(track.high[at])


def as_csv(following: Following, at: int, *, is_synthetic: bool) -> bytes:
    """Return each area's verdict and numbers as a CSV file."""
    chosen = following.displaced.chosen
    names = dict(zip(chosen.area_ids, chosen.place_names, strict=True))

    def row(area_id: str) -> list[object]:
        judged = following.judged(area_id)
        told = TOO_EARLY if is_early(at) else str(judged.verdicts[at])
        head = [area_id, names[area_id], following.months[0], following.months[at], told]
        return [*head, *_numbers(judged.core, at), *_numbers(judged.ring, at), is_synthetic]

    return csv_bytes(COLUMNS, map(row, following.by_letter))


def _numbers(track: Track | None, at: int) -> list[object]:
    if track is None:
        return [None] * 4
    mean, low, high = _bounds(track, at)
    return [int(track.counted[at]), round(mean, 2), low, high]
