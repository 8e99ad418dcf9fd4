"""Draw: the closed list that waits for its seed, and past draws with their full record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Literal

import pandas as pd
import streamlit as st

from csa.areas.priority.files import AssessedProposal, count_tiers
from csa.base.errors import CsaError, ParamError
from csa.base.params import Month
from csa.base.stats import DISPERSION
from csa.base.text import day, month, name_list, render, tr
from csa.extras.trial.draw import (
    MAX_MONTHS_BETWEEN,
    Draw,
    Entrant,
    explain_draw,
    find_differences,
    pair_areas,
)
from csa.extras.trial.draw_files import (
    DRAWN,
    LIST_FILE,
    ClosedDraw,
    Starts,
    close_list,
    draw_closed,
    list_entrants,
)
from csa.extras.trial.draw_power import explain_power, power_table
from csa.extras.trial.recording import record_draw, recorded
from csa.program.roles import Act
from csa.program.store.engine import Store
from csa.program.store.tables import DrawRow
from csa_app.shared import cache, cache_store, panels, screen_state, signing
from csa_app.shared.area_status import area_statuses, short_state
from csa_app.shared.signing import Decision, FormField, Present, Typed


def starts_text(n_areas: int, first: Month, n_waves: int, between: int) -> str:
    """Return how many areas start when, in words: groups of as many areas as there are starts."""
    when = [month(str(first.plus(wave * between))) for wave in range(n_waves)]
    return tr("draw_page.starts", n=n_areas, waves=n_waves, months=", ".join(when))


def waiting(scene: Present, row: DrawRow, *, may_draw: bool) -> None:
    """Show a closed list with its code, and ask for the seed."""
    made = recorded(row)
    account = made.account
    st.header(tr("draw_page.waits"), anchor=False)
    st.markdown(panels.plain(tr("draw_page.source_said", source=row.seed_source)))
    entrants = [Entrant(**one) for one in account["entrants"]]
    groups = pair_areas(entrants, account["n_waves"])
    rows = [
        (area.place_name, number, area.incidents_24_months)
        for number, group in enumerate(groups, start=1)
        for area in group
    ]
    panels.table(pd.DataFrame(rows, columns=_columns()), tr("draw_page.waits"))
    st.caption(tr("draw_page.about_n"))
    first = Month.parse(account["first_start"])
    st.markdown(starts_text(len(entrants), first, account["n_waves"], account["months_between"]))
    _left_out(account)
    st.caption(tr("draw_page.code"))
    st.code(account["entrants_sha256"], language=None, wrap_lines=True)
    _download(row, made, LIST_FILE)
    _signatures(scene, row)
    if may_draw:
        signing.form(scene, _drawing(row, made))
    else:
        st.caption(tr("draw_page.read_only"))


def _drawing(row: DrawRow, made: ClosedDraw) -> Decision:
    def write(store: Store, act: Act, typed: Typed) -> str:
        if not typed.now["is_said"]:
            raise ParamError("draw_page.not_said")
        drawn = draw_closed(made, typed.now["seed"])
        return tr("draw_page.drawn", key=record_draw(store, act, drawn, seen=typed.seen))

    hint = {"help": tr("draw_page.seed_help")}
    fields = (
        FormField("seed", tr("draw_page.seed"), more=hint),
        FormField("is_said", tr("draw_page.is_said"), "tick"),
    )
    label = tr("draw_page.draw")
    return Decision(f"draw {row.key}", label, write, fields, seen=row.revision)


def past(scene: Present, rows: Sequence[DrawRow]) -> None:
    """Show past draws, the newest open and earlier ones folded; name lists never drawn."""
    done = [row for row in reversed(rows) if row.state == DRAWN]
    for row in done[:1]:
        st.header(_title(row), anchor=False)
        _one(scene, row)
    for row in done[1:]:
        with st.expander(_title(row)):
            _one(scene, row)
    for row, later in pairwise(rows):
        if row.state != DRAWN:
            closed = day(row.closed_on)
            st.caption(tr("draw_page.replaced", key=row.key, day=closed, by=later.key))


def _title(row: DrawRow) -> str:
    on = day(row.drawn_on or row.closed_on)
    return tr("draw_page.of", day=on, n=len(row.record["entrants"]))


def _one(scene: Present, row: DrawRow) -> None:
    """Show a draw: who starts when, whether it repeats, what it can tell, and its record."""
    try:
        made, differences = recorded(row), find_differences(row.record)
    except CsaError as error:
        st.error(panels.sentence(error.message))
        return
    if made.draw is None or made.power is None:  # pragma: no cover - it was drawn
        return
    panels.table(_starts(made.draw), _title(row))
    st.caption(tr("draw_page.about_n"))
    _left_out(made.account)
    if differences:
        st.error("\n".join(f"- {panels.sentence(one)}" for one in differences))
    else:
        st.success(tr("draw_page.same"), icon=":material/check:")
    with st.expander(tr("screen.how_we_know")):
        st.markdown(f"{tr('draw_page.what')} {tr('draw_page.why')}")
        st.markdown(panels.plain(tr("draw_page.source_said", source=row.seed_source)))
        st.markdown(panels.plain(tr("draw_page.seed_said", seed=made.draw.seed)))
        _signatures(scene, row)
        steps = [panels.sentence(step) for step in explain_draw(made.draw)]
        st.markdown("\n".join(f"{n}. {step}" for n, step in enumerate(steps, start=1)))
    with st.expander(tr("draw_page.tells")):
        said = [panels.sentence(one) for one in explain_power(made.power)]
        st.markdown("\n".join(f"- {one}" for one in said))
    with st.popover(tr("draw_page.record"), icon=":material/download:"):
        for name in made.files:
            _download(row, made, name)


def _starts(draw: Draw) -> pd.DataFrame:
    slots = [(slot, area) for slot in draw.slots for area in draw.entrants]
    rows = [
        (month(str(slot.start)), area.place_name, slot.pair, area.incidents_24_months)
        for slot, area in slots
        if area.area_id == slot.area_id
    ]
    return pd.DataFrame(rows, columns=[tr("draw_page.col_start"), *_columns()])


def _columns() -> list[str]:
    return [tr("term.area"), tr("public.fair_group"), tr("draw_page.col_n")]


def _left_out(account: Mapping[str, Sequence[Mapping[str, str]]]) -> None:
    names = name_list(one["place_name"] for one in account.get("left_out", ()))
    if names:
        st.caption(panels.plain(tr("draw_page.left_out", areas=names)))


def _signatures(scene: Present, row: DrawRow) -> None:
    """Show who closed the list and who drew, and why, as the trail has it."""
    entries = cache_store.trail_entries(scene.session, frozenset({row.item}))
    for at, entry in enumerate(entries):
        on = day(row.drawn_on if at and row.drawn_on else row.closed_on)
        told = {"day": on, "by": entry["by_office"], "why": entry["why"], "entry": entry["id"]}
        said = tr("draw_page.drawn_by" if at else "draw_page.closed_by", **told)
        st.caption(panels.plain(said))


def _download(row: DrawRow, made: ClosedDraw, name: str) -> None:
    key = f"download {row.key} {name}"
    panels.download(name, made.files[name], f"{row.key}-{name}", key, icon=None)


# ---- Draw: the form that closes a list, with what could be told from such a draw afterwards.


PREPARING = "draw preparing"
MONTHS_AHEAD = 24
LEAST = 2
"""Areas of a list: with one there is nothing to draw."""


def offer(scene: Present, label: str, *, is_first: bool = False) -> None:
    """Offer to close a list; the form comes on request, since it needs the candidates."""
    if not st.session_state.get(PREPARING):
        kind: Literal["primary", "secondary"] = "primary" if is_first else "secondary"
        st.button(label, type=kind, on_click=_begin, key="draw prepare")
        return
    st.header(tr("draw_page.new_list"), anchor=False)
    try:
        with panels.working():
            found = cache.priorities(scene.session, screen_state.screen(scene.session).choices)
        tiers = {tier: n for tier, n in count_tiers(found.assessment).items() if n >= LEAST}
        if not tiers:
            panels.empty(tr("draw_page.no_tier"))
            st.page_link("screens/compare/page.py", label=tr("compare.short"))
            return
        starts = _choose(scene, found, tiers)
    except CsaError as error:
        st.warning(panels.sentence(error.message))
        return
    signing.form(scene, _closing(found, starts))


def _begin() -> None:
    st.session_state[PREPARING] = True


def _choose(scene: Present, found: AssessedProposal, tiers: dict[int, int]) -> Starts:
    """Ask which areas start when, and show what follows from it."""
    standing = area_statuses(scene.session, found.proposal)
    left, right = st.columns([0.3, 0.7])
    tier = left.selectbox(
        tr("draw_page.tier"),
        list(tiers),
        format_func=lambda one: tr("draw.tier_areas", tier=one, n=tiers[one]),
        key="draw tier",
    )
    everyone = [one.area_id for one in list_entrants(found, tier)]
    areas = right.multiselect(
        tr("draw_page.areas"),
        everyone,
        [name for name in everyone if not standing[name].letter],
        format_func=lambda name: f"{standing[name].display_name}, {short_state(standing[name])}",
        key=f"draw areas {tier} {found.proposal.summary['params']}",
    )
    if len(areas) < LEAST:
        raise ParamError("draw.too_few", n=len(areas))
    one, two, three = st.columns(3)
    first = one.selectbox(
        tr("draw_page.first_start"),
        _months(scene),
        format_func=lambda at: month(str(at)),
        key="draw first start",
    )
    n_waves = two.number_input(
        tr("draw_page.n_waves"), LEAST, len(areas), LEAST, key=f"draw starts {len(areas)}"
    )
    between = three.number_input(
        tr("draw_page.between"), 1, MAX_MONTHS_BETWEEN, 6, key="draw between"
    )
    starts = Starts(list_entrants(found, tier, areas), first, n_waves, between)
    st.markdown(starts_text(len(areas), first, n_waves, between))
    if n_waves == LEAST:  # of more starts, the first and the last are compared: after the draw
        usual = found.usual_fall_share or 0.0
        table = power_table(
            starts.entrants, (between,), dispersion=DISPERSION, usual_fall_share=usual
        )
        st.caption(" ".join(render(one) for one in explain_power(table)))
    return starts


def _months(scene: Present) -> list[Month]:
    """List the months in which a first area can start: after the data, and not past."""
    today = scene.session.config.city.clock.today()
    last = str(scene.session.dataset.report["data_through"])[:7]
    first = max(Month.parse(last).plus(1), Month(today.year, today.month).plus(1))
    return [first.plus(step) for step in range(MONTHS_AHEAD)]


def _closing(found: AssessedProposal, starts: Starts) -> Decision:
    def write(store: Store, act: Act, typed: Typed) -> str:
        key = record_draw(store, act, close_list(found, starts), typed.now["source"])
        st.session_state.pop(PREPARING, None)
        return tr("draw_page.closed", key=key)

    hint = {"placeholder": tr("draw_page.source_hint")}
    source = FormField("source", tr("draw_page.source"), more=hint)
    return Decision("draw close", tr("draw_page.close"), write, [source])
