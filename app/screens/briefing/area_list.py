"""The area list of Briefing: by tier, then by name."""

from __future__ import annotations

import html
from collections.abc import Mapping

import pandas as pd
from streamlit.delta_generator import DeltaGenerator

from app.shared.phrases import months_covered, what_is_counted
from app.shared.standing import say_outlines
from csa.areas.proposal import Proposal
from csa.areas.sheets import usual_number
from csa.base.text import natural, render, speak
from csa.decisions.registry import AreaStanding
from csa.priority.area_counts import AreaCounts
from csa.priority.assess import AreaAssessment

MAX_IN_ONE_COLUMN = 14
LISTED = ["area_id", "incidents", "expected_low", "expected_high"]


def by_name(rows: pd.DataFrame, standing: Mapping[str, AreaStanding]) -> pd.DataFrame:
    """Sort areas by name, since no other order is meaningful."""
    names = [natural(standing[area_id].place_name) for area_id in rows["area_id"]]
    return rows.iloc[sorted(range(len(rows)), key=names.__getitem__)]


def are_many(proposal: Proposal) -> bool:
    """Return whether there are too many areas for one column beside the map."""
    return len(proposal.areas) > MAX_IN_ONE_COLUMN


def tiers(
    spot: DeltaGenerator,
    proposal: Proposal,
    judgement: AreaAssessment | None,
    standing: Mapping[str, AreaStanding],
    counts: Mapping[str, AreaCounts],
) -> None:
    """List the areas by tier, then by name, those in service on their own ground."""
    note = speak(
        "briefing.list_note",
        what=what_is_counted(proposal).capitalize(),
        period=speak("find.n_months", n=months_covered(proposal)),
    )
    if proposal.is_empty:
        inside = _faint(speak("briefing.no_area"))
    elif judgement is None:
        inside = _faint(speak("briefing.judging"))
    else:
        lists = "".join(
            _listed(head, by_name(rows, standing), standing, counts)
            for head, rows in groups(judgement)
        )
        proposed = {one.letter for one in standing.values()}
        lists += _list(
            speak("briefing.not_now"),
            [
                _item(one.called, one.incidents, one.usual)
                for letter, one in counts.items()
                if letter not in proposed
            ],
        )
        said = say_outlines(proposal, standing, counts)
        where = judgement.answers["locate"]
        inside = _faint(note if where.can else f"{render(where.message)} {note}")
        inside += f"<div>{lists}</div>{_faint(said)}"
    many = " csa-many" if are_many(proposal) else ""
    spot.html(f'<div class="csa-tiers{many}">{inside}</div>')


def _faint(text: str) -> str:
    return f'<div class="csa-faint">{html.escape(text)}</div>'


def groups(judgement: AreaAssessment) -> list[tuple[str, pd.DataFrame]]:
    """Group the areas by tier if the data can locate areas, those on suspect points last."""
    table = judgement.table
    is_doubtful = table["is_doubtful"].astype(bool)
    firm = table[~is_doubtful]
    found: list[tuple[str, pd.DataFrame]] = []
    if judgement.answers["locate"].can:
        found += [
            (speak("briefing.tier", tier=tier), firm[firm["tier"] == tier])
            for tier in sorted(firm["tier"].dropna().unique().tolist())
        ]
        found.append((speak("briefing.not_apart"), firm[firm["tier"].isna()]))
    else:
        found.append((speak("briefing.candidates"), firm))
    found.append((speak("briefing.look_first"), table[is_doubtful]))
    return [(head, rows) for head, rows in found if len(rows)]


def _listed(
    head: str,
    rows: pd.DataFrame,
    standing: Mapping[str, AreaStanding],
    counts: Mapping[str, AreaCounts],
) -> str:
    items = []
    for area_id, n, low, high in rows[LISTED].to_numpy():
        own = counts.get(standing[area_id].letter)
        numbers = (int(n), usual_number(low, high)) if own is None else (own.incidents, own.usual)
        items.append(_item(standing[area_id].called, *numbers))
    return _list(head, items)


def _list(head: str, items: list[str]) -> str:
    return f"<h2>{html.escape(head)}</h2><ul>{''.join(items)}</ul>" if items else ""


def _item(name: str, n: int, usual: tuple[int, int] | None) -> str:
    interval = speak("briefing.interval", low=usual[0], high=usual[1]) if usual else ""
    return f"<li><span>{html.escape(name)}</span><b>{n:,}</b> <i>{html.escape(interval)}</i></li>"
