"""Widgets for capacity and criterion, which the address keeps so that a link shows them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from csa.areas.ordering import COMPONENTS, ONLY_CHOSEN, Weights
from csa.base.errors import CsaError
from csa.base.text import tr
from csa.city.config import MAX_CAPACITY, MAX_WEIGHT, WEIGHT_STEP, CityConfig
from csa_app.shared import panels
from csa_app.shared.link_state import read_link, require_number, require_whole

ADDRESS = "weigh"
CRITERION = "criterion"
SEVERAL = "several"
SINGLE = ("expected", "density", "homicides", "people")
"""Components that are offered as a criterion by themselves."""

MAX_TEXT = 500


@dataclass(frozen=True)
class Weighing:
    """Capacity and weights under trial."""

    capacity: int  # how many areas can be served first
    weights: Weights  # by component


def default_weighing(config: CityConfig) -> Weighing:
    """Return the city's own capacity and weights."""
    given = {str(name): weight for name, weight in config.priorities.weights.items()}
    weights = Weights({name: given.get(name, 0.0) for name in COMPONENTS})
    return Weighing(config.priorities.capacity, weights)


def choose(config: CityConfig, *, has_risk: bool) -> Weighing:
    """Show capacity and weights, and return what was chosen; risk only where it is known."""
    own = default_weighing(config)
    risk = (ONLY_CHOSEN,) * (has_risk or bool(own.weights.by_component[ONLY_CHOSEN]))
    _start_widgets(own, has_risk=bool(risk))
    capacity = st.number_input(
        tr("compare.capacity"),
        1,
        MAX_CAPACITY,
        **panels.remembered("capacity"),
    )
    criterion = st.selectbox(
        tr("compare.order_by"),
        (*SINGLE, *risk, SEVERAL),
        format_func=lambda name: tr("compare.several") if name == SEVERAL else _label(name),
        **panels.remembered(CRITERION),
        help=tr("compare.order_help"),
    )
    chosen = {name: float(name == criterion) for name in COMPONENTS}
    if criterion == SEVERAL:
        chosen |= _sliders([name for name in COMPONENTS if name in risk or name != ONLY_CHOSEN])
    is_same = any(chosen.values()) and Weights(chosen).is_same(own.weights)
    is_own = is_same and criterion == _criterion_of(own)
    st.button(tr("compare.own_weights"), on_click=_reset, args=(own,), disabled=is_own)
    if not any(chosen.values()):
        st.warning(tr("compare.no_weight"))
        return Weighing(int(capacity), own.weights)
    found = Weighing(int(capacity), Weights(chosen))
    _remember(found, own)
    return found


def _sliders(offered: Sequence[str]) -> dict[str, float]:
    """Ask for the weight of each component."""
    return {
        name: st.slider(
            _label(name),
            0.0,
            MAX_WEIGHT,
            step=WEIGHT_STEP,
            **panels.remembered(f"weight {name}"),
        )
        for name in offered
    }


def _label(name: str) -> str:
    return tr(
        {
            "expected": "compare.weight_expected",
            "density": "compare.weight_density",
            "homicides": "compare.weight_homicides",
            "lasting": "compare.weight_lasting",
            "recent": "compare.weight_recent",
            "people": "compare.weight_people",
            "risk": "compare.weight_risk",
        }[name]
    )


def _start_widgets(own: Weighing, *, has_risk: bool) -> None:
    """Start the widgets from the link's values, else from the city's own.

    A browser forgets them when its reader leaves the page and is back before the other one ran to
    its end, and the server does not. With `persist_state` it sends them again; a browser would
    show the least of each widget, beside sentences for what was chosen.
    """
    if "capacity" in st.session_state:
        return
    start, text = own, st.query_params.get(ADDRESS, "")
    if text:
        try:
            start = weighing_from_text(text, own)
            if start.weights.by_component[ONLY_CHOSEN] and not has_risk:
                start = own
                st.warning(tr("priorities.no_risk"))
        except CsaError as error:
            st.warning(panels.plain(str(error)))
    _put(start)


def _put(start: Weighing) -> None:
    st.session_state["capacity"] = start.capacity
    st.session_state[CRITERION] = _criterion_of(start)
    for name, weight in start.weights.by_component.items():
        st.session_state[f"weight {name}"] = weight


def _criterion_of(weighing: Weighing) -> str:
    """Return the one component that counts, if it is offered by itself."""
    only = weighing.weights.only
    return only if only in (*SINGLE, ONLY_CHOSEN) else SEVERAL


def _reset(own: Weighing) -> None:
    _put(Weighing(st.session_state["capacity"], own.weights))


def _remember(now: Weighing, own: Weighing) -> None:
    text = weighing_to_text(now)
    if now == own:
        st.query_params.pop(ADDRESS, None)
    elif st.query_params.get(ADDRESS) != text:
        st.query_params[ADDRESS] = text


def weighing_to_text(weighing: Weighing) -> str:
    """Encode capacity and weights for a link."""
    plain = {"capacity": weighing.capacity, "weights": dict(weighing.weights.by_component)}
    return json.dumps(plain, separators=(",", ":"))


def weighing_from_text(text: str, own: Weighing) -> Weighing:
    """Parse capacity and weights from a link."""
    try:
        given = read_link(text, MAX_TEXT)
        capacity = require_whole(given["capacity"])
        weights = {name: _weight(value) for name, value in given["weights"].items()}
        chosen = {**own.weights.by_component, **weights}
        is_known = set(given) == {"capacity", "weights"} and set(chosen) == set(COMPONENTS)
        found = Weighing(capacity, Weights(chosen))
    except (AttributeError, TypeError, ValueError, KeyError, OverflowError) as error:
        raise CsaError("screen.bad_link") from error
    if not (is_known and 1 <= capacity <= MAX_CAPACITY):
        raise CsaError("screen.bad_link")
    return found


def _weight(given: Any) -> float:
    value = require_number(given)
    if not 0 <= value <= MAX_WEIGHT or (value / WEIGHT_STEP) % 1:
        raise ValueError
    return value
