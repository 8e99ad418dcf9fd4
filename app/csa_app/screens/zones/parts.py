"""The parts of Zones: the map, the table, one zone's finding, and the forms."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from csa.areas.places import list_cells
from csa.base.errors import CsaError, ParamError
from csa.base.text import day, month, percent, render, tr
from csa.change.sentences import state_change
from csa.geo.cells import CellSet, ZoneCells, covered_share, fit_cells
from csa.ingest.polygons import read_zone
from csa.program.areas import designate
from csa.program.registry import Zone
from csa.program.roles import Act, may, require, require_area_chair
from csa.program.store.engine import Store
from csa.program.store.tables import ZONE_KINDS
from csa.program.zones import add_zone, describe_boundary, end_zone, zone_candidate
from csa_app.shared import cache, cache_store, map_component, panels, signing
from csa_app.shared.area_status import AreaView
from csa_app.shared.city_session import CitySession
from csa_app.shared.signing import Decision, FormField, Present, Typed

FILES = ["geojson", "json", "gpkg", "zip"]


def answer(view: AreaView) -> None:
    """Show how many zones there are, and what their boundaries hold."""
    if not view.zones:
        panels.empty(tr("zones_page.none"))
        return
    counts = view.zone_counts.values()
    period = next(iter(counts)).period
    span = {"first": month(str(period.start)), "last": month(str(period.until.plus(-1)))}
    panels.answer(
        tr("zones_page.answer", n=len(view.zones), span=tr("term.span", **span)),
        tr("zones_page.locked", n=sum(zone.is_sealed for zone in view.zones)),
    )


def show(view: AreaView) -> None:
    """Show the zones on the map and in a table, with the ground that they share with areas."""
    if not view.zones:
        return
    map_component.small_map(view)
    candidates = _together(list_cells(view.proposal.areas))
    core = _together([area.cells for area in view.core])
    rows = [
        {
            tr("zones_page.zone"): zone.place_name,
            tr("label.kind"): zone.kind,
            tr("zones_page.days"): days_of(zone),
            tr("report.last_year"): view.zone_counts[zone.key].incidents,
            tr("label.homicides"): view.zone_counts[zone.key].homicides,
            tr("zones_page.since"): view.zone_counts[zone.key].since,
            tr("zones_page.in_candidates"): percent(covered_share(candidates, zone.cells)),
            tr("zones_page.in_core"): percent(covered_share(core, zone.cells)),
            tr("zones_page.plan"): tr(
                "zones_page.is_locked" if zone.is_sealed else "zones_page.is_exploratory"
            ),
        }
        for zone in view.zones
    ]
    panels.table(pd.DataFrame(rows), tr("zones_page.title"), "csa-wide")
    st.caption(tr("zones_page.note"))


def _together(areas: list[CellSet]) -> CellSet:
    return frozenset().union(*areas)


def days_of(zone: Zone) -> str:
    """Return a zone's first and last day, in short."""
    first = day(zone.since)
    if zone.ended is None:
        return tr("here.served_since", day=first)
    return tr("term.span", first=first, last=day(zone.ended))


def finding(view: AreaView) -> None:
    """Show one zone's finding since its first month, once it is asked for."""
    if not view.zones:
        return
    st.header(tr("zones_page.finding"), anchor=False)
    names = {zone.key: zone.place_name for zone in view.zones}
    chosen = st.selectbox(
        tr("zones_page.zone"), [*names], format_func=names.__getitem__, index=None, key="zone"
    )
    zone = next((zone for zone in view.zones if zone.key == chosen), None)
    if zone is None:
        return
    analysis = cache.analysis(view.session, view.choices)
    try:
        with panels.working():
            change = analysis.change(analysis.zone_areas(zone))
    except CsaError as error:
        st.info(panels.plain(render(error.message)))
        return
    since = month(str(zone.versions[0].since))
    if change is None:
        st.info(panels.plain(tr("zones_page.too_early", name=zone.place_name, since=since)))
        return
    statement = state_change(change.displaced, zone.key)
    counted = describe_boundary(view.session.dataset, zone, [statement], view.choices.kinds)
    st.markdown(panels.plain(" ".join(map(render, (statement.sentence, *counted)))))
    st.caption(
        panels.plain(tr("zone.sealed" if zone.is_sealed else "zone.exploratory", since=since))
    )
    if change.displaced.chosen.is_drawn:
        st.caption(tr("zone.usual_drawn"))


def forms(scene: Present, view: AreaView) -> None:
    """Offer to enter a zone, to end one, and to designate one, to whoever may."""
    offered: dict[str, tuple[str, Callable[[], Decision]]] = {}
    if may(require, scene.who, "editor"):
        offered["add"] = tr("zones_page.do_add"), lambda: _added(scene.session)
        if view.zones:
            offered["end"] = tr("zones_page.do_end"), lambda: _ended(scene, view)
    if view.zones and may(require_area_chair, scene.who):
        offered["designate"] = tr("zones_page.do_designate"), lambda: _designated(scene, view)
    if offered:
        signing.pick(scene, "zone forms", tr("zones_page.change"), offered)


def _added(session: CitySession) -> Decision:
    def write(store: Store, act: Act, typed: Typed) -> str:
        now = typed.now
        if now["file"] is None:
            raise ParamError("zones_page.no_file")
        drawn = read_file(session, now["file"].name, now["file"].getvalue(), now["crs"].strip())
        add_zone(
            store,
            act,
            now["name"],
            drawn,
            kind=now["kind"],
            starts_on=now["starts_on"],
            ends_on=now["ends_on"],
            by_counts=not now["blind"],
        )
        return tr(
            "zone.fit",
            n=len(drawn.cells),
            missed=percent(drawn.missed_share),
            extra=percent(drawn.extra_share),
            km2=drawn.area_km2,
        )

    today = cache_store.today(session)
    far = {"max_value": date(today.year + 20, 12, 31)}
    fields = [
        FormField("name", tr("zones_page.name"), row=1),
        FormField("kind", tr("label.kind"), "choice", "grant", ZONE_KINDS, row=1),
        FormField("starts_on", tr("zones_page.first_day"), "day", today, row=2, more=far),
        FormField("ends_on", tr("zones_page.last_day"), "day", None, row=2, more=far),
        FormField("file", tr("zones_page.file"), "file", more={"type": FILES}),
        FormField("crs", tr("zones_page.crs")),
        FormField("blind", tr("zones_page.blind"), "tick", before=False),
    ]
    return Decision(
        "zone add", tr("zones_page.do_add"), write, fields, about=tr("zones_page.about")
    )


def read_file(session: CitySession, name: str, content: bytes, crs: str) -> ZoneCells:
    """Read an uploaded file of polygons; of a Shapefile its zip."""

    def load(path: Path) -> Any:
        named = path.with_name(f"zone{Path(name).suffix.casefold()}")
        path.rename(named)
        return read_zone(named, crs or None)[0]

    drawn = signing.read_upload(name, content, load)
    return fit_cells(drawn, session.dataset.study_area, session.config.areas.resolution)


def _which(view: AreaView) -> FormField:
    names = {zone.key: zone.place_name for zone in view.zones}
    keys = [*names]
    return FormField(
        "zone", tr("zones_page.zone"), "choice", keys[0], keys, names.__getitem__, row=1
    )


def _ended(scene: Present, view: AreaView) -> Decision:
    def write(store: Store, act: Act, typed: Typed) -> str:
        end_zone(store, act, typed.now["zone"], typed.now["on"])
        return tr("zones_page.end_saved")

    on = FormField("on", tr("zones_page.last_day"), "day", cache_store.today(scene.session), row=1)
    return Decision("zone end", tr("zones_page.do_end"), write, [_which(view), on])


def _designated(scene: Present, view: AreaView) -> Decision:
    def write(store: Store, act: Act, typed: Typed) -> str:
        zone = next(zone for zone in view.zones if zone.key == typed.now["zone"])
        months = scene.session.config.areas.months
        letter = designate(store, act, zone_candidate(zone, act.on, months))
        return tr("zones_page.is_area", name=zone.place_name, area=letter)

    about = tr("zones_page.designate_about")
    fields = [_which(view)]
    return Decision("zone area", tr("zones_page.do_designate"), write, fields, about=about)
