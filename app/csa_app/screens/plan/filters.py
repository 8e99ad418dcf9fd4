"""Which of the plan's actions are shown, and how: widgets and a link in, one frozen view out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from functools import partial
from typing import Any

import streamlit as st

from csa.base.errors import CsaError
from csa.base.text import tr
from csa.program.plan.calendar import STATUSES
from csa.program.plan.items import Plan
from csa.program.store.records import Records
from csa.reports.briefing.lines import ActionLine
from csa_app.shared import panels
from csa_app.shared.link_state import read_link
from csa_app.shared.plan_words import NO_UPDATE, marked

ADDRESS = "plan"
VIEW = "plan as it is shown"
STATE, PEOPLE, CARDS = "state", "people", "cards"
LOOK_WORDS = {
    STATE: "term.status",
    PEOPLE: "plan_page.look_people",
    CARDS: "plan_page.look_cards",
}
LOOKS = tuple(LOOK_WORDS)
CHOICES = (
    ("goal", "plan_page.goal"),
    ("strategy", "plan_page.strategy"),
    ("team", "label.team"),
    ("area", "term.area"),
    ("status", "term.status"),
)
CITY_WIDE = "-"
MAX_TEXT = 500


@dataclass(frozen=True)
class PlanFilter:
    """Filters on the plan; an empty one shows all."""

    goal: str = ""  # only this goal's actions
    strategy: str = ""  # only this strategy's actions
    team: str = ""  # only this team's actions
    area: str = ""  # only this area's actions; `-` for actions of no area
    status: str = ""  # only this status, or `no-update`
    soon: bool = False  # only actions due in the next 90 days
    late: bool = False  # only late actions
    look: str = STATE  # one of `LOOKS`: a table by status, a table by who and when, or cards
    opened: str = ""  # number of the action


def choice_options(plan: Plan, records: Records) -> Mapping[str, Sequence[str]]:
    """List the options of each choice."""
    return {
        "goal": [goal.number for goal in plan.goals],
        "strategy": [strategy.number for strategy in plan.strategies],
        "team": [team.id for team in plan.teams if team.goal],
        "area": [*(area.key for area in records.areas), CITY_WIDE],
        "status": [*STATUSES, NO_UPDATE],
        "look": LOOKS,
        "opened": [action.number for action in plan.actions],
    }


def view_to_text(view: PlanFilter, first: PlanFilter) -> str:
    """Encode a view as JSON, with only what differs from the first view."""
    own = asdict(first)
    changed = {name: value for name, value in asdict(view).items() if value != own[name]}
    return json.dumps(changed, separators=(",", ":"))


def view_from_text(
    text: str, first: PlanFilter, choices: Mapping[str, Sequence[str]]
) -> PlanFilter:
    """Parse a view from a link."""
    given = read_link(text, MAX_TEXT)
    if not all(_fits(*pair, choices) for pair in given.items()):
        raise CsaError("screen.bad_link")
    return PlanFilter(**{**asdict(first), **given})


def _fits(name: str, value: Any, choices: Mapping[str, Sequence[str]]) -> bool:
    if name in {"soon", "late"}:
        return isinstance(value, bool)
    is_known = name in choices and isinstance(value, str)
    return is_known and (value in choices[name] or (not value and name != "look"))


def shown(view: PlanFilter, lines: Sequence[ActionLine]) -> list[ActionLine]:
    """Return the written actions that a view shows."""
    return [line for line in lines if not line.is_open and _is_shown(view, line)]


def _is_shown(view: PlanFilter, line: ActionLine) -> bool:
    areas = line.state.areas or (CITY_WIDE,)
    statuses = {line.state.status, line.color}
    return (
        view.goal in {"", line.goal}
        and view.strategy in {"", line.strategy}
        and view.team in {"", line.team}
        and view.area in {"", *areas}
        and view.status in {"", *statuses}
        and (line.is_due_soon or not view.soon)
        and (line.is_late or not view.late)
    )


def choose(plan: Plan, records: Records, lines: Sequence[ActionLine]) -> PlanFilter:
    """Show the choices in one row, and return what was chosen."""
    choices, names = choice_options(plan, records), _names(plan, records)
    _start_widgets(choices)
    with st.container(key="plan_filters", horizontal=True, vertical_alignment="bottom"):
        for name, label in CHOICES:
            st.selectbox(
                tr(label),
                ["", *choices[name]],
                **panels.remembered(_key(name)),
                format_func=partial(_named, names[name]),
            )
        st.checkbox(tr("plan_page.soon"), **panels.remembered(_key("soon")))
        st.checkbox(tr("plan_page.is_late"), **panels.remembered(_key("late")))
    titles = {line.number: line.title or tr("plan.open_slot") for line in lines}
    with st.container(key="plan_looks", horizontal=True, vertical_alignment="bottom"):
        st.radio(
            tr("label.show"),
            LOOKS,
            format_func=lambda look: tr(LOOK_WORDS[look]),
            horizontal=True,
            **panels.remembered(_key("look")),
        )
        st.selectbox(
            tr("plan_page.open"),
            ["", *choices["opened"]],
            **panels.remembered(_key("opened")),
            format_func=lambda number: (
                f"{number} {titles[number]}" if number else tr("plan_page.open_none")
            ),
        )
    view = PlanFilter(
        **{field.name: st.session_state[_key(field.name)] for field in fields(PlanFilter)}
    )
    _remember(view)
    return view


def open_action(number: str) -> None:
    """Open an action, when its button is pressed."""
    st.session_state[_key("opened")] = number


def _key(name: str) -> str:
    return f"plan {name}"


def first_filter() -> PlanFilter:
    """Return what is shown before anything is chosen."""
    # Phones show cards first, since a table does not fit; both can be chosen.
    is_small = "Mobi" in (st.context.headers.get("User-Agent") or "")
    return PlanFilter(look=CARDS if is_small else STATE)


def _start_widgets(choices: Mapping[str, Sequence[str]]) -> None:
    """Start the widgets from the session's values, else from the link's."""
    state, spot = st.session_state, st.empty()
    if _key("goal") in state:
        return
    start, text = state.get(VIEW) or first_filter(), st.query_params.get(ADDRESS, "")
    if text and VIEW not in state:
        try:
            start = view_from_text(text, start, choices)
        except CsaError as error:
            spot.warning(panels.sentence(error.message))
    for name, value in asdict(start).items():
        state[_key(name)] = value


def _remember(view: PlanFilter) -> None:
    st.session_state[VIEW] = view
    text = view_to_text(view, first_filter())
    if st.query_params.get(ADDRESS, "{}") != text:
        st.query_params[ADDRESS] = text


def _names(plan: Plan, records: Records) -> Mapping[str, Mapping[str, str]]:
    """Name the options of each choice, by value."""
    areas = {area.key: f"{area.key} {area.place_name}" for area in records.areas}
    return {
        "goal": {goal.number: f"{goal.number} {goal.title}" for goal in plan.goals},
        "strategy": {one.number: f"{one.number} {one.title}" for one in plan.strategies},
        "team": {team.id: team.name for team in plan.teams},
        "area": areas | {CITY_WIDE: tr("plan_page.no_area")},
        "status": {status: marked(status) for status in (*STATUSES, NO_UPDATE)},
    }


def _named(names: Mapping[str, str], value: str) -> str:
    return names.get(value, value) if value else tr("plan_page.all")
