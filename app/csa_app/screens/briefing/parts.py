"""The parts of Briefing: what stands out, what cannot be said, and the areas."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from csa.areas.answer import describe_cautions, describe_left_out, describe_no_area
from csa.areas.backtest.record import describe_record
from csa.areas.choices import city_choices, resolve_period
from csa.areas.ordering import describe_order
from csa.areas.priority.assessment import AreaAssessment
from csa.areas.proposal import Proposal
from csa.areas.sheets import expected_range
from csa.base.errors import CsaError
from csa.base.text import month, name_list, natural_sort_key, render, tr
from csa.program.registry import AreaStatus
from csa_app.shared import cache, cache_store, panels, person, screen_state
from csa_app.shared.area_status import AreaView, describe_served
from csa_app.shared.city_session import CitySession
from csa_app.shared.phrases import (
    age_words,
    is_month_over,
    months_covered,
    share_words,
    what_is_counted,
)
from csa_app.shared.settings import deployment

# ---- The area list of Briefing: by tier, then by name.


MAX_IN_ONE_COLUMN = 20
LISTED = ["area_id", "incidents", "expected_low", "expected_high"]


def by_name(rows: pd.DataFrame, standing: Mapping[str, AreaStatus]) -> pd.DataFrame:
    """Sort areas by name, since no other order is meaningful."""
    names = [natural_sort_key(standing[area_id].place_name) for area_id in rows["area_id"]]
    return rows.iloc[sorted(range(len(rows)), key=names.__getitem__)]


def are_many(proposal: Proposal) -> bool:
    """Return whether there are too many areas for one column beside the map."""
    return len(proposal.areas) > MAX_IN_ONE_COLUMN


def tiers(spot: DeltaGenerator, view: AreaView, judgement: AreaAssessment | None) -> None:
    """List the areas by tier, then by name, those in service on their own ground."""
    proposal, standing, counts = view.proposal, view.statuses, view.counts
    if proposal.is_empty:
        inside = _faint(tr("briefing.no_area"))
    elif judgement is None:
        inside = _faint(tr("screen.judging"))
    else:
        lists = "".join(
            _listed(head, by_name(rows, standing), view) for head, rows in groups(judgement)
        )
        others = [counts[area.key] for area in view.others]
        items = [_item(one.display_name, one.incidents, one.usual) for one in others]
        lists += _list(tr("briefing.not_now"), items)
        said = tr("standing.own_ground") if counts else ""
        where = judgement.answers["locate"]
        inside = "" if where.can else _faint(render(where.message))
        # Ranges are drawn toward the mean, so a high count may lie above its own.
        is_outside = OUTSIDE in lists
        gray = [tr("briefing.list_gray", n=months_covered(proposal))]
        inside += _faint(" ".join([*gray, *[tr("briefing.list_outside")] * is_outside]))
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
            (tr("label.in_tier", tier=tier), firm[firm["tier"] == tier])
            for tier in sorted(firm["tier"].dropna().unique().tolist())
        ]
        found.append((tr("briefing.not_apart"), firm[firm["tier"].isna()]))
    else:
        found.append((tr("briefing.candidates"), firm))
    found.append((tr("briefing.look_first"), table[is_doubtful]))
    return [(head, rows) for head, rows in found if len(rows)]


def _listed(head: str, rows: pd.DataFrame, view: AreaView) -> str:
    items = []
    for area_id, n, low, high in rows[LISTED].to_numpy():
        stands = view.statuses[area_id]
        own = view.counts.get(stands.letter)
        numbers = (int(n), expected_range(low, high)) if own is None else (own.incidents, own.usual)
        items.append(_item(stands.display_name, *numbers))
    return _list(head, items)


def _list(head: str, items: list[str]) -> str:
    return f"<h2>{html.escape(head)}</h2><ul>{''.join(items)}</ul>" if items else ""


OUTSIDE = '<i class="csa-outside">'
"""The range of a count that lies outside it."""


def _item(name: str, n: int, usual: tuple[int, int] | None) -> str:
    interval = tr("public.class_range", low=usual[0], high=usual[1]) if usual else ""
    mark = OUTSIDE if usual and not usual[0] <= n <= usual[1] else "<i>"
    counted = f"<b>{n:,}</b> {mark}{html.escape(interval)}</i>"
    return f"<li><span>{html.escape(name)}</span>{counted}</li>"


MAX_NAMED = 6
"""Most areas named in a sentence; the list has the rest."""


def title(session: CitySession) -> str:
    """Return the page title with the month of the briefing."""
    choices = screen_state.screen(session).choices
    try:
        last = resolve_period(session.dataset, choices).until.plus(-1)
    except CsaError:
        return tr("briefing.short")  # the page says why
    return tr("briefing.title", month=month(str(last)))


def sentences(spot: DeltaGenerator, view: AreaView, judgement: AreaAssessment | None) -> None:
    """Show what stands out, and what cannot be said."""
    parts = (
        (tr("label.concentration"), *_stands_out(view, judgement)),
        (tr("briefing.cannot"), *_cannot(judgement)),
    )
    said = "".join(
        f"<p><b>{html.escape(head)}.</b> {html.escape(firm)}"
        f'{" " * bool(firm and faint)}<span class="csa-faint">{html.escape(faint)}</span></p>'
        for head, firm, faint in parts
    )
    spot.html(f'<div class="csa-briefing">{said}</div>')


def _stands_out(view: AreaView, judgement: AreaAssessment | None) -> tuple[str, str]:
    """Return what is certain, and a fainter sentence on what is not."""
    highest = highest_areas(view, judgement)
    if view.proposal.is_empty:
        return "", highest
    found = share_words(view.proposal, cache.analysis(view.session, view.choices).backtest)
    if served := describe_served(view.statuses):
        found = f"{found} {served}"
    is_certain = judgement is not None and judgement.answers["locate"].can
    return (f"{found} {highest}", "") if is_certain else (found, highest)


def highest_areas(view: AreaView, judgement: AreaAssessment | None) -> str:
    """Name the areas of the highest tier, or say why there is none yet."""
    if nothing := describe_no_area(view.proposal):
        return render(nothing)
    if judgement is None:
        return tr("screen.judging")
    if not judgement.answers["locate"].can:
        return tr("briefing.no_tiers")
    return name_highest(judgement, view.statuses)


def name_highest(judgement: AreaAssessment, standing: Mapping[str, AreaStatus]) -> str:
    """Name the areas of the highest tier."""
    table = judgement.table
    if judgement.n_without_tier == len(table):
        n_doubtful = int(table["is_doubtful"].astype(bool).sum())
        if n_doubtful == len(table):
            return tr("briefing.all_doubtful")
        if n_doubtful:
            return tr("briefing.none_and_doubtful", n=n_doubtful)
        return tr("briefing.none_told_apart")
    highest = by_name(table[table["tier"] == table["tier"].min()], standing)
    if len(highest) > MAX_NAMED:
        return tr("briefing.many_highest", n=len(highest))
    names = name_list(standing[area_id].display_name for area_id in highest["area_id"])
    return tr("briefing.highest", n=len(highest), areas=names)


def _cannot(judgement: AreaAssessment | None) -> tuple[str, str]:
    if judgement is None:
        return "", tr("screen.judging")
    said = [
        _about(name, render(answer.message))
        for name, answer in judgement.answers.items()
        if not (answer.can and answer.is_sufficient)
    ]
    return (" ".join(said), "") if said else (tr("briefing.all_can"), "")


def _about(name: str, sentence: str) -> str:
    """Name the comparison in a sentence about changes; the other sentences name their own."""
    keys = {"compare_one": "briefing.cannot_one", "compare_all": "briefing.cannot_all"}
    return tr(keys[name], sentence=sentence) if name in keys else sentence


def places(proposal: Proposal) -> tuple[DeltaGenerator, DeltaGenerator]:
    """Put the list beside the map, or below it if there are many areas."""
    if are_many(proposal):
        return st.container(), st.empty()
    left, right = st.columns([0.58, 0.42], gap="medium")
    return left, right.empty()


def list_notes(spot: DeltaGenerator, proposal: Proposal, judgement: AreaAssessment) -> None:
    """Note what the list counts, and that neither tiers nor lists rank areas within themselves."""
    counted = tr(
        "briefing.list_note",
        what=what_is_counted(proposal).capitalize(),
        period=tr("find.n_months", n=months_covered(proposal)),
    )
    ranked = tr("briefing.not_ranked_at_all")
    if judgement.answers["locate"].can:
        ranked = tr("briefing.not_ranked", order=render(describe_order(judgement.weights)))
    spot.markdown(f"{counted} {ranked}")


def notes(view: AreaView) -> None:
    """Show how old the data are, what they lack, and what past years show."""
    session, proposal = view.session, view.proposal
    report, city = session.dataset.report, session.config.city
    through = date.fromisoformat(report["data_through"])
    last = proposal.summary["params"]["covered_through"]
    record = cache.record(session, view.choices)
    said: Iterable[str] = (
        tr("briefing.age", age=age_words(through, session.config.city.clock.today())),
        "" if is_month_over(proposal) else tr("briefing.partial", month=month(last[:7])),
        *map(render, describe_left_out(proposal)),
        *map(render, describe_cautions(proposal)),
        tr("briefing.proxy", name=city.nonfatal_name) if city.nonfatal_is_proxy else "",
        render(describe_record(record, is_estimated=session.config.places.is_estimated)),
    )
    st.caption(" ".join(panels.plain(sentence) for sentence in said if sentence))


# ---- What a real city does in its first hour: a list on Briefing, until all of it is done.


class FirstStep(NamedTuple):
    """A step of the first hour."""

    is_done: bool
    words: str
    page: str  # where it is done, or where its lack shows


def show(session: CitySession) -> None:
    """List the steps, done and open, to whoever may do them; nothing once all are done."""
    if session.config.city.is_synthetic or not person.may_set_up(session.config):
        return
    try:
        steps = list(_steps(session))
    except CsaError:  # what is wrong is said where it belongs
        return
    n_done = sum(step.is_done for step in steps)
    if n_done == len(steps):
        return
    with st.expander(tr("first_hour.title", done=n_done, n=len(steps))):
        for step in steps:
            mark = (
                ":material/check_circle:" if step.is_done else ":material/radio_button_unchecked:"
            )
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(f"{mark} {panels.plain(step.words)}")
                if not step.is_done:
                    panels.link(step.page, width="content")


def _steps(session: CitySession) -> Iterator[FirstStep]:
    config, dataset = session.config, session.dataset
    has_names = len({*dataset.neighborhoods["name"]}) > 1 and not config.places.is_estimated
    yield FirstStep(bool(dataset.report["incidents"]), tr("first_hour.data"), "data")
    yield FirstStep(has_names, tr("first_hour.places"), "data")
    yield FirstStep("population" in dataset.neighborhoods, tr("first_hour.people"), "data")
    yield FirstStep(dataset.services is not None, tr("first_hour.services"), "data")
    yield FirstStep(bool(config.basemap.streets_file), tr("first_hour.streets"), "data")
    yield FirstStep(bool(config.city.plan), tr("first_hour.plan"), "plan")
    is_judged = cache.record(session, city_choices(config)) is not None
    yield FirstStep(is_judged, tr("first_hour.record"), "track_record")
    areas = cache_store.records(session).areas
    yield FirstStep(bool(areas), tr("first_hour.designation"), "compare")
    months = Path(deployment().dataset).parent / "months"
    yield FirstStep(months.is_dir(), tr("first_hour.month"), "new_month")
