"""The parts of Data: rows read and lost, suspect points, rules, and the age of the data."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from app.shared import charts, panels
from app.shared.city_session import Opened
from app.shared.phrases import age_words, victims_words
from csa.areas.by_time import count_by_month
from csa.base.params import Month, Period
from csa.base.text import day, percent, speak

MAX_SUSPECTS = 12
MIN_INCIDENTS_FOR_ADDRESS = 5


def answer(opened: Opened) -> None:
    """Show how many incidents there are, how many lack a location, and how old the data are."""
    report = opened.dataset.report
    n_unplaced = report["unlocated"] + report["outside_study_area"]
    through = date.fromisoformat(report["data_through"])
    panels.answer(
        speak(
            "data.answer_proxy" if report["nonfatal_is_proxy"] else "data.answer",
            n=report["incidents"],
            homicides=report["homicides"],
            nonfatal=report["nonfatal"],
            name=report["nonfatal_name"],
        ),
        _unplaced(report, n_unplaced),
    )
    if report["nonfatal_is_proxy"]:
        st.warning(
            panels.plain(speak("data.proxy", name=report["nonfatal_name"])), icon=":material/help:"
        )
    today = opened.config.city.clock.today()
    panels.numbers(
        [
            (f"{report['rows_used']:,}", speak("data.rows_used", n=report["rows_read"])),
            (f"{n_unplaced:,}", speak("data.on_no_map")),
            (count_of_victims(report), victims_words(opened)),
            (age_words(through, today), speak("data.age", day=day(through))),
        ]
    )


def _unplaced(report: Mapping[str, Any], n: int) -> str:
    if not n:
        return speak("data.all_placed")
    told = {"n": n, "share": percent(n / report["incidents"])}
    if not report["outside_study_area"]:
        return speak("data.unknown_place", **told)
    if not report["unlocated"]:
        return speak("data.outside", **told)
    return speak("data.unplaced", outside=report["outside_study_area"], **told)


def count_of_victims(report: Mapping[str, Any]) -> str:
    """Write the number of victims, which may be unknown."""
    return speak("sheet.unknown") if report["victims"] is None else f"{report['victims']:,}"


def losses(opened: Opened) -> None:
    """Show how many rows were used, and how many left out for each reason."""
    report = opened.dataset.report
    identical = report["identical_rows"]
    st.header(speak("data.losses"), anchor=False)
    st.markdown(
        speak("data.sum", read=report["rows_read"], used=report["rows_used"])
        + (f" {speak('data.identical', n=identical)}" if identical else "")
    )
    lost = {reason: n for reason, n in report["rows_rejected"].items() if n}
    if lost:
        _table(
            {
                speak("data.col_rows"): list(lost.values()),
                speak("data.col_reason"): [reason_words(reason) for reason in lost],
            },
            speak("data.losses_alt"),
        )
    _table(
        {
            speak("data.col_file"): [file["name"] for file in report["inputs"]],
            speak("data.col_rows"): [file["rows_read"] for file in report["inputs"]],
            speak("data.col_layout"): [file["source"] for file in report["inputs"]],
        },
        speak("data.files_alt"),
    )


def reason_words(reason: str) -> str:
    """Explain in words why a row was rejected."""
    return speak(
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


def months(opened: Opened) -> None:
    """Show the city's incidents by month."""
    report = opened.dataset.report
    period = Period(
        Month.parse(report["data_from"][:7]), Month.parse(report["data_through"][:7]).plus(1)
    )
    first = date.fromisoformat(report["data_from"])
    through = date.fromisoformat(report["data_through"])
    st.header(speak("data.by_month"), anchor=False)
    st.plotly_chart(
        charts.by_month(
            count_by_month(opened.dataset.incidents, period, first, through),
            is_synthetic=opened.config.city.is_synthetic,
        ),
        config=charts.CONFIG,
        key="city by month",
        alt=speak("data.by_month_alt"),
    )


def suspects(opened: Opened) -> None:
    """Show points that may stand for places nobody wrote down, each with the reason."""
    report = opened.dataset.report
    points = report["suspect_points"][:MAX_SUSPECTS]
    st.header(speak("data.suspects"), anchor=False)
    if not points:
        st.markdown(speak("data.no_suspects"))
        return
    st.markdown(
        speak("data.suspects_why", n=report["suspect_points_total"], of=report["suspect_point"])
    )
    _table(
        {
            speak("data.col_incidents"): [point["incidents"] for point in points],
            speak("data.col_expected"): [expected_text(point) for point in points],
            speak("data.col_place"): [place_of_point(point) for point in points],
            speak("data.col_why"): [point["why"] for point in points],
        },
        speak("data.suspects_alt"),
    )


def place_of_point(point: Mapping[str, Any]) -> str:
    """Name a point, without the address if it has few incidents: that could be a home."""
    if point["incidents"] < MIN_INCIDENTS_FOR_ADDRESS:
        return speak("data.few_here", n=MIN_INCIDENTS_FOR_ADDRESS)
    return point["address"] or speak("data.no_address")


def expected_text(point: Mapping[str, Any]) -> str:
    """Write what would be expected at a point, which may be unknown."""
    expected = point.get("expected")
    return speak("sheet.unknown") if expected is None else f"{expected:.1f}"


def rules(opened: Opened) -> None:
    """Show the rules of the city's file, and what each left out."""
    found = opened.dataset.report["rules"]
    st.header(speak("data.rules"), anchor=False)
    if not found:
        st.markdown(speak("data.no_rules"))
        return
    _table(
        {
            speak("data.col_rule"): [rule["name"].replace("_", " ") for rule in found],
            speak("data.col_rows"): [rule["rows"] for rule in found],
            speak("data.col_incidents"): [rule["incidents"] for rule in found],
            speak("data.col_why"): [rule["why"] for rule in found],
        },
        speak("data.rules_alt"),
    )


def layers(opened: Opened) -> None:
    """Show the datasets beside the incidents: services, an external score, population."""
    report = opened.dataset.report
    rows = [
        (
            speak(key),
            found["source"],
            day(date.fromisoformat(found["as_of"])),
            found["n"],
            sum(found["lost"].values()),
        )
        for key, found in (
            ("data.services", report.get("services")),
            ("data.vacant", report.get("vacant_land")),
            ("data.risk", report.get("risk_terrain")),
        )
        if found
    ]
    st.header(speak("data.layers"), anchor=False)
    if report["population"] is not None:
        st.markdown(
            speak(
                "data.people",
                n=round(report["population"]),
                source=panels.plain(report.get("population_source") or speak("sheet.unknown")),
                year=report["population_year"],
            )
        )
    else:
        st.markdown(speak("data.no_people"))
    if rows:
        columns = [
            speak("data.col_list"),
            speak("data.col_source"),
            speak("data.col_as_of"),
            speak("data.col_used"),
            speak("data.col_lost"),
        ]
        _table(
            dict(zip(columns, map(list, zip(*rows, strict=True)), strict=True)),
            speak("data.layers"),
        )


def notes(opened: Opened) -> None:
    """Show what else a reader must know, and what a checker needs."""
    report = opened.dataset.report
    texts = [note["text"] for note in report["notes"]]
    if texts:
        st.header(speak("data.notes"), anchor=False)
        st.markdown("\n".join(f"- {panels.plain(text)}" for text in texts))
    with st.expander(speak("data.check")):
        st.markdown(speak("data.fingerprint", fingerprint=report["fingerprint"]))
        for file in report["inputs"]:
            st.markdown(f"{panels.plain(file['name'])}: `{file['sha256']}`")


def _table(columns: Mapping[str, list[Any]], alt: str) -> None:
    """Show a small table in full, with wrapped words: nothing scrolls, nothing is cut."""
    table = pd.DataFrame(columns)
    panels.table(table, alt)
