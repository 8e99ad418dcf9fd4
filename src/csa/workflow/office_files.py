"""For an office: an Excel workbook of what is known, and a GeoPackage that a GIS opens as it is."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from typing import Any
from xml.sax.saxutils import quoteattr

import geopandas as gpd
import numpy as np
import xlsxwriter

from csa.analysis.analysis import Analysis
from csa.areas.file_format import round_figures
from csa.areas.layer_files import geopackage, outlines
from csa.areas.priority.files import PRIORITY_COLUMNS
from csa.areas.year_to_date import city_year, describe_year, month_range_text
from csa.base.crs import LONLAT
from csa.base.errors import ParamError
from csa.base.message import Message
from csa.base.params import Month
from csa.base.text import day, month, render, tr
from csa.change.sentences import name_verdict, state_change
from csa.geo.palette import ENDS_AT, PAPER
from csa.program.plan.items import Plan
from csa.reports.briefing.areas import COUNT_COLUMNS, core_area_rows
from csa.reports.briefing.lines import line_row, plan_lines
from csa.reports.briefing.measuring import measure_lines, measure_row
from csa.workflow.products import make_priorities

CHANGE_COLUMNS = {
    "area_id": "letter of the core service area; empty for all together",
    "place_name": "its name",
    "since": "first month compared, YYYY-MM",
    "through": "last month compared, YYYY-MM",
    "incidents": "counted in these months",
    "expected": "expected without a change, by the city's course and what such areas do",
    "low": "low end of the no-change range; empty where nothing can be told yet",
    "high": "its upper end",
    "verdict": "a word of a closed set",
    "sentence": "all of it in words",
}
PLAN_COLUMNS = {
    "number": "number in the plan",
    "strategy": "number of its strategy",
    "goal": "its goal",
    "team": "team that the plan names",
    "title": "what is to be done",
    "status": "as its office reported it",
    "shown_as": "as pages show it: late where a day is over",
    "reason": "why it is late or stopped",
    "office": "office that does it",
    "coordinator": "office that coordinates",
    "start": "first day",
    "due": "day by which it is due",
    "percent": "percent done",
    "evidence": "where it can be seen that it is done",
    "areas": "letters of the areas that it serves",
    "comment": "its office's comment",
    "updated_on": "day of the last report",
    "is_open": "whether the plan leaves this action open",
    "is_late": "whether it is past due",
    "holds_up": "numbers of actions that wait for it",
    "needs": "numbers of actions that it waits for",
}
MEASURE_COLUMNS = {
    "measure": "the plan's number of the measure",
    "name": "what is measured",
    "kind": "count, percent or rate",
    "direction": "whether up or down is better",
    "quarter": "last quarter with a value, YYYY-Qn",
    "value": "in that quarter",
    "baseline": "value that it is compared with",
    "target": "value to reach",
    "progress": "share of the way from baseline to target",
    "change": "what can be said of its change",
    "sentence": "the same in words",
    "lacks": "what nobody has settled yet",
    "revised": "values that were corrected later",
}
HEADS = {
    "area_id": "Area",
    "area_km2": "Land (km²)",
    "expected_per_km2": "Expected per km²",
    "expected_per_km2_low": "Expected per km², low",
    "expected_per_km2_high": "Expected per km², high",
    "homicides_24": "Homicides, last 24 months",
    "holds_up": "Actions that wait for it",
    "in_top_probability": "Chance to be among the first",
    "incidents_24": "Incidents, last 24 months",
    "is_doubtful": "Look first",
    "is_first": "Among the first",
    "is_late": "Late",
    "is_open": "Not written yet",
    "lacks": "Not decided yet",
    "needs": "Waits for actions",
    "next12_expected": "Expected, next 12 months",
    "next12_high": "Next 12 months, high",
    "next12_low": "Next 12 months, low",
    "per_1k_yearly": "Expected a year per 1,000 residents",
    "recent_12": "Last 12 months",
    "served_as": "Core service area",
    "stability_share": "Stability",
    "suspect": "At a placeholder location",
    "times_city": "Times the city's rate",
    "top_share": "Weightings among the first",
    "was_candidate": "Candidate a year before",
}
"""Heads that are not their column's name in words."""
TEXT_WIDTH, MOST_WIDTH = 12, 60
STILL = datetime(2020, 1, 1)  # noqa: DTZ001 - Excel has no zones; the same table, the same bytes


@dataclass(frozen=True)
class OfficeSheet:
    """A table of the workbook."""

    name: str
    columns: Mapping[str, str]  # name to unit and meaning
    rows: Sequence[Mapping[str, Any]]


def office_sheets(analysis: Analysis, plan: Plan | None, today: date) -> tuple[OfficeSheet, ...]:
    """Gather areas, changes, measures and the plan as tables."""
    found, records = make_priorities(analysis), analysis.records
    core = [
        row | {"cells": " ".join(row["cells"])}
        for row in core_area_rows(analysis.core_areas, found.counts)
    ]
    # Their cells are one text.
    candidates = [
        {str(name): value for name, value in row.items()} for row in found.table.to_dict("records")
    ]
    sheets = [
        OfficeSheet("Core service areas", COUNT_COLUMNS, core),
        OfficeSheet("Candidates", PRIORITY_COLUMNS, candidates),
        OfficeSheet("Changes", CHANGE_COLUMNS, list(_changes(analysis))),
    ]
    if plan is not None:
        actions = [line_row(line) for line in plan_lines(plan, records, today)]
        measures = [measure_row(line) for line in measure_lines(plan, records)]
        sheets += [OfficeSheet("Plan", PLAN_COLUMNS, actions)]
        sheets += [OfficeSheet("Measures", MEASURE_COLUMNS, measures)]
    return tuple(sheets)


def _changes(analysis: Analysis) -> Iterable[dict[str, Any]]:
    change = analysis.change()
    if change is None:
        return
    displaced = change.displaced
    names = dict(zip(displaced.chosen.area_ids, displaced.chosen.place_names, strict=True))
    for area_id in ("", *names):
        said = state_change(displaced, area_id)
        yield {
            "area_id": area_id,
            "place_name": names.get(area_id, ""),
            "since": str(said.period.start),
            "through": str(said.period.until.plus(-1)),
            "incidents": said.value,
            "expected": said.comparison,
            "low": said.low,
            "high": said.high,
            "verdict": said.verdict,
            "sentence": render(said.sentence),
        }


def workbook_notes(analysis: Analysis, today: date) -> tuple[str, ...]:
    """Return what the tables are of, and how to read them."""
    city, summary = analysis.city.config.city, analysis.proposal.summary
    through = date.fromisoformat(analysis.city.dataset.report["data_through"])
    start, until = (Month.parse(summary["params"][end]) for end in ("start", "until"))
    return (
        tr("workbook.title", city=city.name),
        *((tr("public.made_up"),) if city.is_synthetic else ()),
        tr("workbook.data", through=day(through), today=day(today)),
        tr("workbook.period", start=month(str(start)), until=month(str(until.plus(-1)))),
        tr("workbook.not_public"),
        tr("workbook.ranges"),
    )


def workbook_figures(
    analysis: Analysis, plan: Plan | None, today: date
) -> tuple[tuple[str, Any], ...]:
    """Return the numbers that a meeting asks for first, each with what it is."""
    year, change = city_year(analysis.city, analysis.settings), analysis.change()
    found: list[tuple[str, Any]] = []
    if isinstance(year, Message):
        found.append((tr("workbook.year"), render(year)))
    else:
        span, verdict = render(month_range_text(year.period)), describe_year(year).values["verdict"]
        found += [
            (tr("workbook.now", what=render(year.what), span=span), year.n_now),
            (tr("workbook.before", year=year.before.start.year), year.n_before),
            (tr("workbook.year"), str(verdict)),
        ]
    found.append((tr("workbook.areas"), len(analysis.core_areas)))
    if change is not None:
        said = state_change(change.displaced)
        since = month(str(said.period.start))
        found += [
            (tr("workbook.since", since=since), said.value),
            (tr("workbook.expected"), said.comparison),
            (tr("workbook.low"), said.low),
            (tr("workbook.high"), said.high),
            (tr("workbook.finding"), name_verdict(said.verdict)),
        ]
    found.append((tr("workbook.candidates"), len(analysis.proposal.areas)))
    if plan is not None:
        lines = plan_lines(plan, analysis.records, today)
        found.append((tr("workbook.late"), sum(line.is_late for line in lines)))
    return tuple(found)


def head_of(name: str) -> str:
    """Return a column's head in words."""
    return HEADS.get(name, name.replace("_", " ").capitalize())


def workbook(
    sheets: Sequence[OfficeSheet],
    sentences: Sequence[str],
    figures: Sequence[tuple[str, Any]] = (),
) -> bytes:
    """Write tables as Excel: what they are, each table, and what each column means.

    Text stays text: nothing that somebody typed is computed.
    """
    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(buffer, {**options, "nan_inf_to_errors": True}) as book:
        book.set_properties({"title": sentences[0], "created": STILL})
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
        wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        whole = book.add_format({"num_format": "#,##0", "align": "left", "valign": "top"})
        days = book.add_format({"num_format": "yyyy-mm-dd", "valign": "top"})
        first = book.add_worksheet("About")
        first.set_column(0, 0, 70, wrapped)
        first.set_column(1, 1, 40, whole)
        first.write_string(0, 0, sentences[0], bold)
        for row, (label, value) in enumerate(figures, start=1):
            first.write_string(row, 0, label, wrapped)
            first.write(row, 1, _plain(value))
        for row, sentence in enumerate(sentences[1:], start=len(figures) + 2):
            first.write_string(row, 0, sentence, wrapped)
        for sheet in sheets:
            page = book.add_worksheet(sheet.name)
            page.freeze_panes(1, 1)
            page.autofilter(0, 0, max(1, len(sheet.rows)), len(sheet.columns) - 1)
            for at, (name, meaning) in enumerate(sheet.columns.items()):
                values = [_plain(row.get(name)) for row in sheet.rows]
                head = head_of(name)
                widest = max([len(head) + 2, *(len(str(value)) for value in values)])
                page.set_column(at, at, min(max(widest, TEXT_WIDTH), MOST_WIDTH), wrapped)
                page.write_string(0, at, head, bold)
                page.write_comment(0, at, meaning)
                for row, value in enumerate(values, start=1):
                    if isinstance(value, date):
                        page.write_datetime(row, at, value, days)
                    else:
                        page.write(row, at, value)
        columns = book.add_worksheet("Columns")
        columns.freeze_panes(1, 0)
        columns.set_column(0, 2, 24, wrapped)
        columns.set_column(3, 3, 90, wrapped)
        rows = [("Sheet", "Column", "In files", "Unit and meaning")]
        rows += [
            (sheet.name, head_of(name), name, meaning)
            for sheet in sheets
            for name, meaning in sheet.columns.items()
        ]
        for at, texts in enumerate(rows):
            for column, text in enumerate(texts):
                columns.write_string(at, column, text, bold if at == 0 else wrapped)
    return buffer.getvalue()


def _plain(value: Any) -> Any:
    """Return a value as a cell has it: numbers as such, nothing for what is not known."""
    if value is None or value != value or value == "":  # noqa: PLR0124 - NaN and pandas' NA
        return None
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, np.generic):
        return value.item()
    value = round_figures(value)
    return value if isinstance(value, (int, float, date)) else str(value)


def office_file(name: str, analysis: Analysis, plan: Plan | None, today: date) -> bytes:
    """Write what an office takes, in the format that a file's name says.

    Raises
    ------
    ParamError
        If the name ends neither in .xlsx nor in .gpkg.
    """
    if name.endswith(".xlsx"):
        sheets, notes = office_sheets(analysis, plan, today), workbook_notes(analysis, today)
        return workbook(sheets, notes, workbook_figures(analysis, plan, today))
    if name.endswith(".gpkg"):
        return office_layers(analysis)
    raise ParamError("workbook.ending", given=name)


# ---- For a GIS.


def office_layers(analysis: Analysis) -> bytes:
    """Write core service areas, candidates and cells as a GeoPackage with a style for each."""
    proposal = analysis.proposal
    rows = core_area_rows(analysis.core_areas, analysis.counts)
    core = gpd.GeoDataFrame(
        [row | {"cells": " ".join(row["cells"])} for row in rows],
        columns=list(COUNT_COLUMNS),
        geometry=outlines(area.cells for area in analysis.core_areas),
        crs=LONLAT,
    )
    layers = {
        "core_areas": core,
        "candidates": proposal.layer("areas"),
        "cells": proposal.layer("cells"),
    }
    styles = {
        "core_areas": _outlined(PAPER.outline, "1.2", "area_id"),
        "candidates": _outlined(PAPER.accent, "0.7", "area_id"),
        "cells": _graduated(layers["cells"]["incidents"].to_numpy(), "incidents"),
    }
    return geopackage(layers, styles)


def _symbol(name: str, fill: str, line: str, width: str) -> str:
    """Write a polygon's symbol in the format of QGIS."""
    style = "no" if fill == "" else "solid"
    options = {"color": _rgb(fill or "#ffffff"), "style": style, "outline_color": _rgb(line)}
    options |= {"outline_width": width, "outline_width_unit": "MM", "outline_style": "solid"}
    inside = "".join(
        f"<Option type='QString' name={quoteattr(key)} value={quoteattr(value)}/>"
        for key, value in options.items()
    )
    return (
        f"<symbol type='fill' name={quoteattr(name)} alpha='1'><layer class='SimpleFill' "
        f"enabled='1'><Option type='Map'>{inside}</Option></layer></symbol>"
    )


def _rgb(color: str) -> str:
    return ",".join(str(int(color[at : at + 2], 16)) for at in (1, 3, 5)) + ",255"


def _outlined(line: str, width: str, label: str) -> str:
    symbol = _symbol("0", "", line, width)
    labels = (
        f"<labeling type='simple'><settings><text-style fieldName={quoteattr(label)} "
        f"fontSize='11' fontWeight='75' textColor='{_rgb(line)}'>"
        "<text-buffer bufferDraw='1' bufferSize='1' bufferColor='255,255,255,255'/>"
        "</text-style></settings></labeling>"
    )
    renderer = f"<renderer-v2 type='singleSymbol'><symbols>{symbol}</symbols></renderer-v2>"
    return f"<qgis styleCategories='Symbology|Labeling' labelsEnabled='1'>{renderer}{labels}</qgis>"


def _graduated(counts: np.ndarray, column: str) -> str:
    """Write classes of counts with the colors of our own maps."""
    held = counts[counts > 0]
    ends = np.unique(np.percentile(held, ENDS_AT)) if len(held) else np.array([1.0])
    bounds = [0.5, *ends.tolist()]
    ranges, symbols = [], []
    for at, (low, high) in enumerate(pairwise(bounds)):
        words = f"{int(np.floor(low)) + 1} to {int(high)}"
        ranges.append(
            f"<range symbol='{at}' lower='{low}' upper='{high}' label='{words}' render='true'/>"
        )
        symbols.append(_symbol(str(at), PAPER.sequential[at], PAPER.hairline, "0.1"))
    return (
        f"<qgis styleCategories='Symbology'><renderer-v2 type='graduatedSymbol' "
        f"attr={quoteattr(column)} graduatedMethod='GraduatedColor'><ranges>{''.join(ranges)}"
        f"</ranges><symbols>{''.join(symbols)}</symbols></renderer-v2></qgis>"
    )
