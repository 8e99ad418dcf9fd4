"""Parts of Compare and choose: the answer, the map, the table and why."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from csa.areas.backtest.by_risk import describe_risk_order
from csa.areas.ordering import ONLY_CHOSEN, list_unknown
from csa.areas.places import called, candidate_rows
from csa.areas.priority.area_counts import AreaCounts
from csa.areas.priority.assessment import AreaAssessment, prioritize
from csa.areas.priority.forecast import COLUMNS, YEAR
from csa.areas.proposal import Proposal
from csa.base.text import in_ten, name_list, natural_sort_key, percent, render, times, tr
from csa.geo.cells import CellSet, covered_share
from csa.geo.services import gaps
from csa.program.registry import AreaStatus, CoreArea
from csa.program.store.tables import DESIGNATED
from csa_app.screens.compare.weighing import Weighing, default_weighing
from csa_app.shared import cache, key_figure, map_component, nearby, panels, screen_state
from csa_app.shared.area_sheet import FEW_PEOPLE
from csa_app.shared.area_status import (
    AreaView,
    in_service,
    short_state,
    state_words,
)
from csa_app.shared.cache import once
from csa_app.shared.key_figure import card, figure, text
from csa_app.shared.legend import outlines_of
from csa_app.shared.nearby import services_on
from csa_app.shared.panels import Drawn, range_bar
from csa_app.shared.phrases import months_covered, through_words

# ---- Candidates side by side: one table, by tier, then by name.


OF_GROUND = (
    *("incidents", "homicides", "suspect", "months_active", "months_covered"),
    *("recent_12", "earlier_yearly"),
)
"""Columns of an assessment that are counted on the ground of an area in service."""


BEFORE = {
    "yes": "label.yes",
    "no": "label.no",
    "unknown": "term.unknown",
}
"""Whether an area was a candidate before, in words."""


def counts_first(spot: DeltaGenerator, proposal: Proposal) -> None:
    """Show what was counted while how sure it is is still worked out."""
    areas = proposal.areas.sort_values("incidents", ascending=False)
    with spot.container():
        st.caption(tr("screen.judging"))
        names, counts = areas["place_name"].tolist(), areas["incidents"].tolist()
        shown = {tr("term.area"): names, tr("label.incidents"): counts}
        panels.table(shown, tr("compare.title"), "csa-wide")


def tier_words(tier: Any, *, is_doubtful: bool) -> str:
    """Return a tier in words."""
    if is_doubtful:
        return tr("label.look_first")
    return tr("compare.no_tier") if pd.isna(tier) else tr("label.in_tier", tier=int(tier))


def by_tier(table: pd.DataFrame, standing: Mapping[str, AreaStatus]) -> pd.DataFrame:
    """Sort areas by tier, then by name."""
    names = {area_id: natural_sort_key(one.place_name) for area_id, one in standing.items()}
    order = sorted(
        range(len(table)),
        key=lambda at: (
            float(table["tier"].iloc[at]) if pd.notna(table["tier"].iloc[at]) else math.inf,
            names[table["area_id"].iloc[at]],
        ),
    )
    return table.iloc[order]


@dataclass(frozen=True)
class OpenPlaces:
    """Who comes first for the places that no area in service takes."""

    room: int  # how many places are left
    sure: set[str]  # candidates of whole tiers that fit
    even: set[str]  # candidates of the tier that no longer fits: a tie

    @classmethod
    def of(cls, chosen: pd.DataFrame, standing: Mapping[str, AreaStatus], room: int) -> OpenPlaces:
        """Fill the places tier by tier; an area in service, or part of one, takes none of them."""
        sure: set[str] = set()
        for _, tier in chosen.groupby("tier"):  # areas without a tier are in no group
            new = {
                str(area_id)
                for area_id in tier.index
                if not (standing[str(area_id)].letter or standing[str(area_id)].part_of)
            }
            if len(sure) + len(new) > room:
                return cls(room, sure, new if len(sure) < room else set())
            sure |= new
        return cls(room, sure, set())

    @property
    def named(self) -> set[str]:
        """Those that come first, and those that tie for the last places."""
        return self.sure | self.even

    def word(self, area_id: str) -> str:
        """Return how an area stands, for a table."""
        if area_id in self.even:
            return tr("compare.tie")
        return tr("label.yes") if area_id in self.sure else ""


def show(
    view: AreaView, judgement: AreaAssessment, chosen: pd.DataFrame, places: OpenPlaces
) -> None:
    """Show the areas side by side, by tier, then by name: what decides, or how sure it is."""
    table = by_tier(judgement.table.join(chosen.drop(columns="tier"), on="area_id"), view.statuses)
    is_sure = st.toggle(tr("compare.how_sure"), key="how sure", help=tr("compare.how_sure_help"))
    known = {**view.statuses, **{area.key: in_service(area) for area in view.others}}
    lacking = lacking_services(view, known)
    unknown = dict.fromkeys(table.columns, math.nan) | {
        "was_candidate": "unknown",
        "is_doubtful": False,
    }
    listed: list[Mapping[Any, Any]] = [
        *table.to_dict("records"),
        *({**unknown, "area_id": area.key} for area in view.others),
    ]
    shown = [
        on_own_ground(row, view.counts.get(known[row["area_id"]].letter), judgement.city_per_km2)
        for row in listed
    ]
    top = max((row["next12_high"] for row in shown if not pd.isna(row["next12_high"])), default=0)
    has_people = any(not pd.isna(row["people"]) for row in shown)
    rows = []
    for row in shown:
        sure = _sureness(row, has_people=has_people) if is_sure else {}
        cells = sure or _decides(row, top, lacking, places)
        rows.append({tr("term.area"): _named(known[row["area_id"]]), **cells})
    panels.table(pd.DataFrame(rows, dtype=object), tr("compare.title"), "csa-wide")
    if view.others:
        names = name_list(in_service(area).display_name for area in view.others)
        st.caption(panels.plain(tr("compare.others", areas=names)))
    if view.counts:
        st.caption(f"{tr('standing.own_ground')} {tr('compare.of_outline')}")
    months = months_covered(view.proposal)
    is_drawn = any(not pd.isna(row["next12_expected"]) for row in shown)
    note = f"{tr('compare.range_note') * is_drawn} {tr('compare.of_months', months=months)}"
    st.caption(tr("compare.sure_note") if is_sure else note.strip())


def lacking_services(
    view: AreaView, known: Mapping[str, AreaStatus]
) -> dict[str, Sequence[str]] | None:
    """List the kinds of service that each area lacks, those in service on their own ground."""
    near = cache.services(view.session, view.choices)
    on_own = services_on(view.session, {key: one.cells for key, one in view.counts.items()})
    if near is None or on_own is None:
        return None
    found, own = dict[str, Sequence[str]](once(gaps)(near)), gaps(on_own)
    return found | {key: own[one.letter] for key, one in known.items() if one.letter in own}


def on_own_ground(
    row: Mapping[Any, Any], own: AreaCounts | None, city_per_km2: float
) -> dict[str, Any]:
    """Fill in what the own ground of an area in service holds; a candidate's row stays.

    Tier, and how sure a place in the order is, stay those of the outline found now.
    """
    if own is None:
        return dict(row)
    counted = {name: getattr(own, name) for name in OF_GROUND}
    ahead = own.next12 or (math.nan,) * len(COLUMNS)
    per_km2 = math.nan if own.expected is None else own.expected / own.area_km2
    return {
        **row,
        **counted,
        **dict(zip(COLUMNS, ahead, strict=True)),
        "people": own.population,
        "times_city": per_km2 / (city_per_km2 or math.nan),
    }


def _named(stands: AreaStatus) -> Drawn:
    name, state = html.escape(stands.display_name), html.escape(short_state(stands))
    return Drawn(f"{name} <small>{state}</small>")


def _decides(
    row: Mapping[Any, Any],
    top: float,
    lacking: Mapping[str, Sequence[str]] | None,
    open_places: OpenPlaces,
) -> dict[str, object]:
    """Return what an area is chosen by."""
    places = {} if lacking is None else {tr("compare.col_lacking"): len(lacking[row["area_id"]])}
    tier = tr("label.none") if pd.isna(row["tier"]) else str(int(row["tier"]))
    return {
        tr("label.tier"): tr("label.look_first") if row["is_doubtful"] else tier,
        tr("label.next_12_months"): _next12(row, top),
        tr("label.homicides"): int(row["homicides"]),
        **places,
        tr("compare.col_first"): open_places.word(row["area_id"]),
    }


def _next12(row: Mapping[Any, Any], top: float) -> str:
    mean, low, high = (row[f"next12_{name}"] for name in ("expected", "low", "high"))
    words = expected(mean, low, high)
    return words if math.isnan(mean) else Drawn(f"{range_bar(low, high, mean, top)} {words}")


def _sureness(row: Mapping[Any, Any], *, has_people: bool) -> dict[str, object]:
    """Return how sure an area's place in the order is, and the rest that is known of it."""
    months = tr("label.of", n=row["months_active"], of=row["months_covered"])
    return {
        tr("label.counted"): int(row["incidents"]),
        tr("compare.col_times"): times(row["times_city"]),
        tr("compare.col_months"): months,
        tr("compare.col_again"): in_ten(row["stability_share"]),
        tr("compare.col_before"): tr(BEFORE[row["was_candidate"]]),
        tr("compare.col_top"): in_ten(row["in_top_probability"]),
        tr("compare.col_weights"): in_ten(row["top_share"]),
        **({tr("compare.col_people"): _people(row["people"])} if has_people else {}),
    }


def expected(mean: float, low: float, high: float) -> str:
    """Format what to expect in the next 12 months, in whole incidents."""
    if math.isnan(mean):
        return tr("term.unknown")
    return tr("compare.expected", n=mean, low=int(low), high=int(high))


def _people(people: Any) -> str:
    if pd.isna(people):
        return tr("term.unknown")
    n = round(int(people), -2)
    return tr("sheet.about", n=n) if n >= FEW_PEOPLE else tr("sheet.few_people")


RECORD = "record-the-choice"
"""Where on the page a choice is recorded."""

MAX_NAMED = 6
"""Most areas named in a sentence; the list below has the rest."""


def stands_out(judgement: AreaAssessment, standing: Mapping[str, AreaStatus]) -> str:
    """Return a card of how many areas stand out, and which are in the highest tier."""
    table, head = judgement.table, tr("briefing.candidate_areas")
    tiered, n = table["tier"].dropna(), len(table)
    if not judgement.answers["locate"].can:
        unit = figure(f"{n:,}", tr("compare.card_no_tiers", n=n))
        return card(head, unit)
    unit = figure(f"{len(tiered):,}", tr("compare.card_stand_out", n=n))
    if tiered.empty:
        return card(head, unit, text(*_none_stands_out(table)))
    highest = table.loc[table["tier"] == 1, "area_id"]
    first = name_list(
        sorted((standing[str(area_id)].display_name for area_id in highest), key=natural_sort_key)
    )
    key = "compare.first_tier" if len(highest) <= MAX_NAMED else "compare.many_first"
    said = text(tr(key, n=len(highest), places=first), small=tr("compare.no_ranks"))
    return card(head, unit, said)


def _none_stands_out(table: pd.DataFrame) -> tuple[str, str]:
    """Count the areas that chance may explain and those that rest on a suspect point."""
    n_doubtful = int(table["is_doubtful"].astype(bool).sum())
    n_firm = len(table) - n_doubtful
    if not n_firm:
        return tr("compare.all_doubtful", n=n_doubtful), ""
    if not n_doubtful:
        return tr("compare.none_stands_out", n=n_firm), ""
    return tr("compare.some_doubtful", n=n_doubtful), tr("compare.none_other", n=n_firm)


def cannot(judgement: AreaAssessment, question: str) -> None:
    """Show that the data cannot answer a question, in the place of the answer."""
    found = judgement.answers[question]
    if not found.can:
        panels.empty(panels.sentence(found.message))


def what_enters(
    judgement: AreaAssessment, weighing: Weighing, view: AreaView
) -> tuple[pd.DataFrame, OpenPlaces]:
    """Show what stands out, who comes first for the open places, and what this order changes.

    Returns the order, and the open places.
    """
    chosen = once(prioritize)(judgement, weighing.weights, weighing.capacity)
    weights, standing = default_weighing(view.session.config).weights, view.statuses
    own = once(prioritize)(judgement, weights, weighing.capacity)
    places = open_places(chosen, view.core, standing, weighing.capacity)
    first, before = places.named, open_places(own, view.core, standing, weighing.capacity).named
    names = {area_id: one.display_name for area_id, one in standing.items()}

    said, changes = describe_open_slots(places, names), list[str]()
    if places.room and not first:
        said.append(tr("compare.none_enters"))
    if first != before:
        changes.append(
            tr(
                "compare.changed",
                enter=_listed(first - before, names) or tr("label.none"),
                leave=_listed(before - first, names) or tr("label.none"),
            )
        )
    if moved := _moved(own["tier"], chosen["tier"], names):
        changes.append(tr("compare.tiers_changed", n=len(moved), moves=", ".join(moved)))
    unit = figure(f"{places.room:,}", tr("compare.card_room", n=places.room, of=weighing.capacity))
    small = describe_capacity(view.core, weighing.capacity)
    opening = card(tr("briefing.needs_decision"), unit, text(*said, small=small))
    ordered = [card(tr("compare.card_order"), text(*changes))] if changes else []
    key_figure.show(opening, stands_out(judgement, standing), *ordered)
    if weighing.weights.by_component.get("people", 0) > 0:
        _unknown_people(judgement, names)
    if weighing.weights.by_component.get(ONLY_CHOSEN, 0) > 0:
        gain = cache.risk_order(view.session)
        told = tr("compare.risk_unscored") if gain is None else render(describe_risk_order(gain))
        st.caption(f"{tr('why_line.no_cause')} {told}")
    return chosen, places


def open_places(
    chosen: pd.DataFrame,
    areas: Sequence[CoreArea],
    standing: Mapping[str, AreaStatus],
    capacity: int,
) -> OpenPlaces:
    """Return who comes first for the places that areas in service leave."""
    taken = sum(area.state == DESIGNATED for area in areas)
    return OpenPlaces.of(chosen, standing, max(0, capacity - taken))


def describe_open_slots(found: OpenPlaces, names: Mapping[str, str]) -> list[str]:
    """Name who comes first for the places left, and who ties for the last of them."""
    said, n_left = list[str](), found.room - len(found.sure)
    if found.sure and found.even:
        told = {"room": found.room, "areas": _listed(found.sure, names)}
        said.append(tr("compare.open_some", n=len(found.sure), **told))
    elif found.sure:
        said.append(tr("compare.open", n=found.room, areas=_listed(found.sure, names)))
    if found.even:
        said.append(tr("compare.open_left", n=n_left, areas=_listed(found.even, names)))
    return said


def _listed(areas: set[str], names: Mapping[str, str]) -> str:
    return name_list(sorted((names[area] for area in areas), key=natural_sort_key))


def describe_capacity(areas: Sequence[CoreArea], capacity: int) -> str:
    """Name the areas in service, which take an opening each; "" for none.

    An area in maintenance takes none: its work goes on without a team of its own.
    """
    taken = [area for area in areas if area.state == DESIGNATED]
    if not taken:
        return ""
    names = name_list(called(area.place_name, area.key) for area in taken)
    key = "compare.over" if len(taken) > capacity else "compare.taken"
    said = tr(key, n=len(taken), capacity=capacity, areas=names)
    return said if len(taken) < capacity else f"{said} {tr('compare.full')}"


def _moved(before: pd.Series, now: pd.Series, names: Mapping[str, str]) -> list[str]:
    """List the areas that another order puts into another tier."""
    return [
        tr("compare.moved", area=names[area], before=before[area], now=now[area])
        for area in sorted(before.dropna().index, key=lambda one: natural_sort_key(names[one]))
        if before[area] != now[area]
    ]


def _unknown_people(judgement: AreaAssessment, names: Mapping[str, str]) -> None:
    """Name the areas of unknown population, if population has a weight."""
    ordered = judgement.table["tier"].notna().to_numpy(dtype=bool)
    parts = judgement.components.table[ordered]
    lacking = [str(area) for area, part in list_unknown(parts) if part == "people"]
    if not lacking:
        return
    if len(lacking) == len(parts):
        st.caption(tr("compare.people_all_unknown"))
        return
    areas = [panels.plain(names[area]) for area in lacking]
    st.caption(tr("compare.people_unknown", areas=name_list(areas)))


def show_map(view: AreaView, judgement: AreaAssessment, places: OpenPlaces) -> None:
    """Show the areas on the map, those that come first for an open place in the accent color."""
    first = tuple(sorted(places.named))
    notes = {
        str(row.area_id): (tier_words(row.tier, is_doubtful=bool(row.is_doubtful)),)
        for row in judgement.table.itertuples()
    }
    edges = outlines_of(view.core, has_first=bool(first))
    tested = judgement.cells
    hot = nearby.hot_layers([] if tested is None else tested.index[tested["is_hot"]].tolist())
    map_component.area_map(
        view, "compare", edges, lambda _: None, selected=first, notes=notes, layers=hot
    )


def zones_in_common(view: AreaView) -> None:
    """Fold how much of each area's ground lies in each zone; areas without any are left out."""
    zones = [zone for zone in view.zones if zone.ended is None]
    listed = [(area.display_name, cells) for area, cells in _grounds(view)] if zones else []
    shares = {name: [covered_share(zone.cells, own) for zone in zones] for name, own in listed}
    rows = {name: row for name, row in shares.items() if any(row)}
    if not rows:
        return
    with st.expander(tr("compare.zones")):
        columns = {
            zone.place_name: [percent(row[at]) if row[at] else "-" for row in rows.values()]
            for at, zone in enumerate(zones)
        }
        panels.table({tr("term.area"): list(rows), **columns}, tr("compare.zones"), "csa-wide")


def _grounds(view: AreaView) -> list[tuple[AreaStatus, CellSet]]:
    """List the areas of the page, each on its own ground."""
    core = {area.key: area for area in view.core}
    rows = candidate_rows(view.proposal.areas)
    found = [(view.statuses[area_id], cells) for area_id, _, cells in rows]
    own = [(one, core[one.letter].cells if one.letter in core else cells) for one, cells in found]
    return [*own, *((in_service(area), area.cells) for area in view.others)]


def bar(view: AreaView, capacity: int, chosen: Sequence[str]) -> None:
    """Keep at the bottom of the window how many are chosen, and the way to record the choice."""
    served = [area for area in view.core if area.state == DESIGNATED]
    new = [area_id for area_id in chosen if not view.statuses[area_id].letter]
    room = capacity - len(served) - len(new)
    said = [tr("compare.bar_served", n=len(served))] * bool(served)
    said += [tr("compare.bar_chosen", n=len(new))]
    said += [tr("compare.bar_room", n=room) if room > 0 else tr("compare.bar_full")]
    panels.bar(", ".join(said), RECORD, tr("compare.bar_record"))


def reasons(view: AreaView, judgement: AreaAssessment) -> None:
    """Show two sentences per area on why it has its tier, or none."""
    areas, through, standing = view.proposal.areas, through_words(view.proposal), view.statuses
    shares = dict(zip(areas["area_id"], areas["neighborhoods"], strict=True))
    st.header(tr("compare.why"), anchor=False)
    lacking = lacking_services(view, standing) or {}
    table = by_tier(judgement.table, standing)
    knows_year = screen_state.months_known(view.session.dataset) >= YEAR
    for tier, rows in table.groupby(table["tier"].fillna(0).astype(int), sort=False):
        title = tr("label.in_tier", tier=tier) if tier else tr("compare.without_tier")
        with st.expander(tr("term.with", name=title, of=len(rows))):
            for found in rows.to_dict("records"):
                stands = standing[found["area_id"]]
                own = view.counts.get(stands.letter)
                row = on_own_ground(found, own, judgement.city_per_km2)
                first, second = (
                    one.with_values(name=stands.display_name)
                    for one in judgement.why[row["area_id"]]
                )
                name, state = panels.plain(stands.display_name), panels.plain(state_words(stands))
                why = f"{panels.sentence(first)} {panels.sentence(second)}"
                if stands.letter in view.outlines:
                    why = tr("compare.why_outline", why=why)
                st.markdown(f"**{name}**, {state}. {why}")
                where = shares[row["area_id"]] if own is None else own.neighborhoods
                places = ", ".join(f"{k} {percent(v)}" for k, v in where.items())
                said = [_details(row, through, panels.plain(places), knows_year=knows_year)]
                if kinds := lacking.get(row["area_id"], ()):
                    said.append(tr("compare.lacking", kinds=panels.plain(", ".join(kinds))))
                if row["suspect"]:  # even if they make up less than a third of the count
                    n, of = int(row["suspect"]), int(row["incidents"])
                    said.append(tr("compare.suspect", n=n, of=of))
                st.caption(" ".join(said))


def _details(row: Mapping[str, Any], through: str, places: str, *, knows_year: bool) -> str:
    """Return an area's newest year, the two before it, and its neighborhoods."""
    if not knows_year:
        return tr("compare.details_short", places=places)
    yearly, recent = row["earlier_yearly"], row["recent_12"]
    earlier = "" if pd.isna(yearly) else " " + tr("compare.earlier", yearly=yearly)
    return tr("compare.details", recent=recent, through=through, earlier=earlier, places=places)
