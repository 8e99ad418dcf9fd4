"""Points that may stand for unknown places, for editors alone: on a map, and marked by a person."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import folium
import streamlit as st

from csa.base.text import tr
from csa.ingest.points import SuspectPoint, list_points, mark_point
from csa.program.roles import Act, require
from csa.program.store.engine import Store
from csa_app.shared import maps, nearby, panels, signing
from csa_app.shared.geometry import CellGeometry
from csa_app.shared.map_component import draw
from csa_app.shared.settings import deployment
from csa_app.shared.signing import Decision, FormField, Typed

MOST = 99
MARGIN_DEGREES = 0.01
"""About a kilometer: so far around each point the map shows what is there."""


def look(scene: signing.Present) -> None:
    """Show where the points are and what lies there, and a form that marks one."""
    points = list_points(scene.session.dataset)[:MOST]
    if not points:
        return
    units = scene.session.config.city.units
    if not st.toggle(tr("points.look"), key="look at points"):  # a folded map would stay empty
        return
    st.markdown(tr("points.look_about"))
    draw(
        scene.session,
        scene.session.config.areas.resolution,
        "points",
        partial(_painted, points, nearby.service_layer(scene.session)),
    )
    panels.table(
        {
            tr("public.count"): [one.number for one in points],
            tr("label.incidents"): [one.incidents for one in points],
            tr("data.col_place"): [one.address or tr("data.no_address") for one in points],
            tr("points.col_where"): [f"{one.lat:.5f}, {one.lon:.5f}" for one in points],
            tr("points.col_there"): [_there(one, units) for one in points],
        },
        tr("points.alt"),
        "csa-wide",
    )
    signing.form(scene, _decision(points))


def _there(point: SuspectPoint, units: str) -> str:
    nearest = dict(reversed(point.near))  # a park and its playground have one name
    near = (
        tr("term.with", name=name, of=nearby.distance(meters, units))
        for name, meters in reversed(nearest.items())
    )
    return ", ".join(filter(None, [point.neighborhood, *near]))


def _painted(
    points: Sequence[SuspectPoint], services: nearby.Layer | None, _: CellGeometry
) -> folium.FeatureGroup:
    spots = [
        [one.lat, one.lon, str(one.number), one.address, tr("points.spot", n=one.incidents)]
        for one in points
    ]
    lats, lons = [one.lat for one in points], [one.lon for one in points]
    frame = [
        [min(lats) - MARGIN_DEGREES, min(lons) - MARGIN_DEGREES],
        [max(lats) + MARGIN_DEGREES, max(lons) + MARGIN_DEGREES],
    ]
    around = [
        [lat, lon, *words]
        for lat, lon, *words in (services or {"spots": []})["spots"]
        if any(max(abs(lat - one.lat), abs(lon - one.lon)) < MARGIN_DEGREES for one in points)
    ]
    message = {
        "areas": [],
        "frame": frame,
        "selected": "",
        "layers": [
            *([{**services, "spots": around, "isOn": True}] if services else []),
            {"name": "points", "spots": spots, "isOn": True},
        ],
    }
    return maps.painted(message)


def _decision(points: Sequence[SuspectPoint]) -> Decision:
    """Return the form that marks a point; nobody below an editor may."""
    found = {"wrong": tr("points.is_wrong"), "right": tr("points.is_right")}
    by_number = {point.number: point for point in points}

    def name(number: int) -> str:
        return f"{number}: {by_number[number].address or tr('data.no_address')}"

    def write(_: Store, act: Act, typed: Typed) -> str:
        require(act.person, "editor")
        is_real, signed = typed.now["verdict"] == "right", act.signed
        point = by_number[typed.now["which"]]
        mark_point(
            deployment().config,
            point,
            is_real=is_real,
            by=signed.by_office,
            why=signed.why,
            on=act.on,
        )
        return tr("points.saved_real" if is_real else "points.saved_wrong")

    return Decision(
        "points",
        tr("points.save"),
        write,
        [
            FormField(
                "which", tr("data.col_place"), "choice", points[0].number, [*by_number], name, row=1
            ),
            FormField(
                "verdict",
                tr("points.verdict"),
                "choice",
                "wrong",
                [*found],
                found.__getitem__,
                row=1,
            ),
        ],
    )
