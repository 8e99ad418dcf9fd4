"""The parts of Data: rows read and lost, suspect points, rules, and the age of the data."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from csa.areas.sheets import count_by_month
from csa.base.params import Month, Period
from csa.base.text import day, percent, tr
from csa_app.shared import charts, key_figure, panels
from csa_app.shared.city_session import CitySession
from csa_app.shared.key_figure import card, figure, text
from csa_app.shared.phrases import age_words, victims_words

MAX_SUSPECTS = 12
MIN_INCIDENTS_FOR_ADDRESS = 5


def answer(session: CitySession) -> None:
    """Show how many incidents there are, how many lack a location, and how old the data are."""
    report = session.dataset.report
    n_unplaced = report["unlocated"] + report["outside_study_area"]
    through = date.fromisoformat(report["data_through"])
    today, counts = session.config.city.clock.today(), count_of_victims(report)
    unit = tr(
        "data.answer_proxy" if report["nonfatal_is_proxy"] else "data.answer",
        homicides=report["homicides"],
        nonfatal=report["nonfatal"],
        name=report["nonfatal_name"],
    )
    incidents = figure(f"{report['incidents']:,}", unit)
    age = figure(age_words(through, today), tr("data.age", day=day(through)))
    unplaced = figure(f"{n_unplaced:,}", ""), text(_unplaced(report, n_unplaced))
    key_figure.show(
        card(tr("label.incidents"), incidents, text(small=f"{counts} {victims_words(session)}")),
        card(tr("data.on_no_map"), *unplaced),
        card(tr("data.col_as_of"), age),
    )
    if report["nonfatal_is_proxy"]:
        proxy = panels.plain(tr("briefing.proxy", name=report["nonfatal_name"]))
        st.warning(proxy, icon=":material/help:")


def _unplaced(report: Mapping[str, Any], n: int) -> str:
    if not n:
        return tr("data.all_placed")
    outside, share = report["outside_study_area"], percent(n / report["incidents"])
    return tr("data.unplaced", share=share, unlocated=report["unlocated"], outside=outside)


def count_of_victims(report: Mapping[str, Any]) -> str:
    """Write the number of victims, which may be unknown."""
    return tr("term.unknown") if report["victims"] is None else f"{report['victims']:,}"


def losses(session: CitySession) -> None:
    """Show how many rows were used, and how many left out for each reason."""
    report = session.dataset.report
    identical = report["identical_rows"]
    st.header(tr("data.losses"), anchor=False)
    st.markdown(
        tr("data.sum", read=report["rows_read"], used=report["rows_used"])
        + (f" {tr('data.identical', n=identical)}" if identical else "")
    )
    lost = {reason: n for reason, n in report["rows_rejected"].items() if n}
    if lost:
        panels.table(
            {
                tr("data.col_rows"): list(lost.values()),
                tr("data.col_reason"): [reason_words(reason) for reason in lost],
            },
            tr("data.losses"),
        )
    panels.table(
        {
            tr("label.file"): [file["name"] for file in report["inputs"]],
            tr("data.col_rows"): [file["rows_read"] for file in report["inputs"]],
            tr("data.col_layout"): [file["source"] for file in report["inputs"]],
        },
        tr("label.file"),
    )


def reason_words(reason: str) -> str:
    """Explain in words why a row was rejected."""
    return tr(
        {
            "unreadable": "data.unreadable",
            "excluded_by_rule": "data.excluded_by_rule",
            "not_a_shooting": "data.not_a_shooting",
            "not_a_victim": "data.not_a_victim",
            "other_city": "data.other_city",
            "bad_date": "data.bad_date",
            "after_data_end": "data.after_data_end",
            "duplicate_row": "data.duplicate_row",
        }[reason]
    )


def months(session: CitySession) -> None:
    """Show the city's incidents by month."""
    report = session.dataset.report
    period = Period(
        Month.parse(report["data_from"][:7]), Month.parse(report["data_through"][:7]).plus(1)
    )
    first = date.fromisoformat(report["data_from"])
    through = date.fromisoformat(report["data_through"])
    st.header(tr("data.by_month"), anchor=False)
    if silent := panels.silent_words(session):
        st.markdown(panels.plain(silent[:1].upper() + silent[1:]))
    counts = count_by_month(session.dataset.incidents, period, first, through)
    charts.by_month(session, counts, tr("data.by_month"))


def suspects(session: CitySession) -> None:
    """Show points that may stand for places nobody wrote down, each with the reason."""
    report = session.dataset.report
    points = report["suspect_points"][:MAX_SUSPECTS]
    st.header(tr("data.suspects"), anchor=False)
    if not points:
        st.markdown(tr("data.no_suspects"))
        return
    st.markdown(
        tr("data.suspects_why", n=report["suspect_points_total"], of=report["suspect_point"])
    )
    panels.table(
        {
            tr("label.incidents"): [point["incidents"] for point in points],
            tr("data.col_expected"): [expected_text(point) for point in points],
            tr("data.col_place"): [place_of_point(point) for point in points],
            tr("label.reason"): [point["why"] for point in points],
        },
        tr("data.suspects"),
    )


def place_of_point(point: Mapping[str, Any]) -> str:
    """Name a point, without the address if it has few incidents: that could be a home."""
    if point["incidents"] < MIN_INCIDENTS_FOR_ADDRESS:
        return tr("data.few_here", n=MIN_INCIDENTS_FOR_ADDRESS)
    return point["address"] or tr("data.no_address")


def expected_text(point: Mapping[str, Any]) -> str:
    """Write what would be expected at a point, which may be unknown."""
    expected = point.get("expected")
    return tr("term.unknown") if expected is None else f"{expected:.1f}"


def rules(session: CitySession) -> None:
    """Show the rules of the city's file, and what each left out."""
    found = session.dataset.report["rules"]
    st.header(tr("data.rules"), anchor=False)
    if not found:
        st.markdown(tr("data.no_rules"))
        return
    panels.table(
        {
            tr("data.col_rule"): [rule["name"].replace("_", " ") for rule in found],
            tr("data.col_rows"): [rule["rows"] for rule in found],
            tr("label.incidents"): [rule["incidents"] for rule in found],
            tr("label.reason"): [rule["why"] for rule in found],
        },
        tr("data.rules"),
    )


def layers(session: CitySession) -> None:
    """Show the datasets beside the incidents: services, an external score, population."""
    report = session.dataset.report
    rows = [
        (
            tr(key),
            found["source"],
            day(date.fromisoformat(found["as_of"])),
            found["n"],
            sum(found["lost"].values()),
        )
        for key, found in (
            ("label.services", report.get("services")),
            ("data.vacant", report.get("vacant_land")),
            ("data.risk", report.get("risk_terrain")),
        )
        if found
    ]
    st.header(tr("data.layers"), anchor=False)
    if report["population"] is not None:
        source = panels.plain(report.get("population_source") or tr("term.unknown"))
        values = {"source": source, "year": report["population_year"]}
        st.markdown(tr("data.people", n=round(report["population"]), **values))
    else:
        st.markdown(tr("data.no_people"))
    if rows:
        columns = [
            tr("data.col_list"),
            tr("label.source"),
            tr("data.col_as_of"),
            tr("label.used"),
            tr("data.col_lost"),
        ]
        panels.table(pd.DataFrame(rows, columns=columns), tr("data.layers"))


def notes(session: CitySession) -> None:
    """Show what else a reader must know, and what a checker needs."""
    report = session.dataset.report
    texts = [note["text"] for note in report["notes"]]
    if texts:
        st.header(tr("data.notes"), anchor=False)
        st.markdown("\n".join(f"- {panels.plain(text)}" for text in texts))
    with st.expander(tr("data.check")):
        st.markdown(tr("data.fingerprint", fingerprint=report["fingerprint"]))
        for file in report["inputs"]:
            st.markdown(f"{panels.plain(file['name'])}: `{file['sha256']}`")
