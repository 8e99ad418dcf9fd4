"""Draw: the closed list that waits for its seed, and past draws with their full record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import pandas as pd
import streamlit as st

from app.shared import cache_store, panels, signing
from app.shared.signing import Decision, FormField, Present, Typed
from csa.base.errors import CsaError, ParamError
from csa.base.params import Month
from csa.base.text import day, month, name_list, render, speak
from csa.decisions.draws import record_draw, recorded
from csa.decisions.roles import Act
from csa.decisions.store import Store
from csa.decisions.store.tables import DrawRow
from csa.priority.draw import Draw, Entrant, pair_areas
from csa.priority.draw_files import DRAWN, LIST_FILE, ClosedDraw, draw_closed
from csa.priority.draw_power import explain_power
from csa.priority.draw_record import explain_draw, find_differences


def say_starts(n_areas: int, first: Month, n_waves: int, between: int) -> str:
    """Return how many areas start when, in words: groups of as many areas as there are starts."""
    when = [month(str(first.plus(wave * between))) for wave in range(n_waves)]
    return speak("draw_page.starts", n=n_areas, waves=n_waves, months=", ".join(when))


def waiting(scene: Present, row: DrawRow, *, may_draw: bool) -> None:
    """Show a closed list with its code, and ask for the seed."""
    made = recorded(row)
    account = made.account
    st.header(speak("draw_page.waits"), anchor=False)
    st.markdown(panels.plain(speak("draw_page.source_said", source=row.seed_source)))
    entrants = [Entrant(**one) for one in account["entrants"]]
    groups = pair_areas(entrants, account["n_waves"])
    panels.table(
        pd.DataFrame(
            [
                (area.place_name, number, area.incidents_24_months)
                for number, group in enumerate(groups, start=1)
                for area in group
            ],
            columns=_columns(),
        ),
        speak("draw_page.waits"),
    )
    st.caption(speak("draw_page.about_n"))
    first = Month.parse(account["first_start"])
    st.markdown(say_starts(len(entrants), first, account["n_waves"], account["months_between"]))
    _left_out(account)
    st.caption(speak("draw_page.code"))
    st.code(account["entrants_sha256"], language=None, wrap_lines=True)
    _download(row, made, LIST_FILE)
    _signatures(scene, row)
    if may_draw:
        signing.form(scene, _drawing(row, made))
    else:
        st.caption(speak("draw_page.read_only"))


def _drawing(row: DrawRow, made: ClosedDraw) -> Decision:
    def write(store: Store, act: Act, typed: Typed) -> str:
        if not typed.now["is_said"]:
            raise ParamError("draw_page.not_said")
        drawn = draw_closed(made, typed.now["seed"])
        return speak("draw_page.drawn", key=record_draw(store, act, drawn, seen=typed.seen))

    hint = {"help": speak("draw_page.seed_help")}
    fields = (
        FormField("seed", speak("draw_page.seed"), more=hint),
        FormField("is_said", speak("draw_page.is_said"), "tick"),
    )
    label = speak("draw_page.draw")
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
            st.caption(speak("draw_page.replaced", key=row.key, day=closed, by=later.key))


def _title(row: DrawRow) -> str:
    on = day(row.drawn_on or row.closed_on)
    return speak("draw_page.of", day=on, n=len(row.record["entrants"]))


def _one(scene: Present, row: DrawRow) -> None:
    """Show a draw: who starts when, whether it repeats, what it can tell, and its record."""
    try:
        made, differences = recorded(row), find_differences(row.record)
    except CsaError as error:
        st.error(panels.plain(render(error.message)))
        return
    if made.draw is None or made.power is None:  # pragma: no cover - it was drawn
        return
    panels.table(_starts(made.draw), _title(row))
    st.caption(speak("draw_page.about_n"))
    _left_out(made.account)
    if differences:
        st.error("\n".join(f"- {panels.plain(render(one))}" for one in differences))
    else:
        st.success(speak("draw_page.same"), icon=":material/check:")
    st.markdown(panels.plain(speak("draw_page.source_said", source=row.seed_source)))
    st.markdown(panels.plain(speak("draw_page.seed_said", seed=made.draw.seed)))
    with st.expander(speak("draw_page.by_hand")):
        steps = [panels.plain(render(step)) for step in explain_draw(made.draw)]
        st.markdown("\n".join(f"{n}. {step}" for n, step in enumerate(steps, start=1)))
    with st.expander(speak("draw_page.tells")):
        said = [panels.plain(render(one)) for one in explain_power(made.power)]
        st.markdown("\n".join(f"- {one}" for one in said))
    _signatures(scene, row)
    with st.popover(speak("draw_page.record"), icon=":material/download:"):
        for name in made.files:
            _download(row, made, name)


def _starts(draw: Draw) -> pd.DataFrame:
    areas = {one.area_id: one for one in draw.entrants}
    return pd.DataFrame(
        [
            (
                month(str(slot.start)),
                areas[slot.area_id].place_name,
                slot.pair,
                areas[slot.area_id].incidents_24_months,
            )
            for slot in draw.slots
        ],
        columns=[speak("draw_page.col_start"), *_columns()],
    )


def _columns() -> list[str]:
    return [speak("draw_page.col_area"), speak("draw_page.col_group"), speak("draw_page.col_n")]


def _left_out(account: Mapping[str, Sequence[Mapping[str, str]]]) -> None:
    names = name_list(one["place_name"] for one in account.get("left_out", ()))
    if names:
        st.caption(panels.plain(speak("draw_page.left_out", areas=names)))


def _signatures(scene: Present, row: DrawRow) -> None:
    """Show who closed the list and who drew, and why, as the trail has it."""
    entries = cache_store.trail_of(scene.opened, frozenset({row.item}))
    for at, entry in enumerate(entries):
        on = day(row.drawn_on if at and row.drawn_on else row.closed_on)
        told = {"day": on, "by": entry["by_office"], "why": entry["why"], "entry": entry["id"]}
        said = speak("draw_page.drawn_by" if at else "draw_page.closed_by", **told)
        st.caption(panels.plain(said))


def _download(row: DrawRow, made: ClosedDraw, name: str) -> None:
    key = f"download {row.key} {name}"
    panels.download(name, made.files[name], f"{row.key}-{name}", key, icon=None)
