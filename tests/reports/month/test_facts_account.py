"""A city lives with its areas for months: every reader is told the same places and numbers."""

from dataclasses import replace
from datetime import date

import pandas as pd
import pytest
from tests.stores import act

from csa.analysis.analysis import Analysis
from csa.areas.analysis import propose_areas, save_place_names
from csa.areas.choices import AreaSettings
from csa.areas.locating import locate_incidents
from csa.areas.places import candidate_rows, is_candidate, list_cells
from csa.areas.priority.assessment import assess_areas
from csa.base.io import csv_bytes
from csa.base.params import Month
from csa.base.text import natural_sort_key
from csa.change.analyze import analyze_displacement
from csa.change.sentences import answers, state_change
from csa.city.dataset import fingerprint, open_city, save_dataset, through_month
from csa.city.loading import load_city
from csa.city.selection import read_areas
from csa.geo.cells import best_match
from csa.ingest.intake import ingest_city
from csa.ingest.sources import Inputs
from csa.program.areas import designate, redraw, retire
from csa.program.registry import all_services, core_areas, followed, match_statuses
from csa.program.store.records import read_records
from csa.reports.briefing.areas import (
    EXPORT_COLUMNS,
    export_rows,
    maintenance_evidence,
    to_candidate,
)
from csa.reports.briefing.places import AREA, list_places
from csa.reports.month.facts import facts_account
from csa.reports.month.gathering import gather_month
from csa.reports.month.month_end import ReportInputs
from csa.reports.public.areas import areas_shown
from csa.reports.public.window import resolve_window

WHY = "Neighbors and the team asked for it."


def proposed(source, month):
    """The candidates as known at a month's end."""
    return propose_areas(
        replace(source.city, dataset=through_month(source.city.dataset, month)),
        replace(source.settings, until=month.plus(1)),
    )


def decide(store, source, month, decisions):
    """Carry out a month's decisions on its last day's proposal: dated the first of the next."""
    after = month.plus(1)
    who = act(on=date(after.year, after.number, 1), why=WHY)
    for name, given in decisions:
        proposal = proposed(source, month)
        if name == "designate":
            rank = proposal.areas.sort_values("incidents", ascending=False)["area_id"].tolist()
            now = [area.cells for area in core_areas(read_records(store))]
            free = [
                area_id
                for area_id in rank
                if not any(
                    cells
                    & set(
                        list_cells(proposal.areas)[list(proposal.areas["area_id"]).index(area_id)]
                    )
                    for cells in now
                )
            ]
            designate(store, who, to_candidate(proposal, free[0]))
        elif name == "redraw":
            area = core_areas(read_records(store))[given]
            at = best_match(area.cells, list_cells(proposal.areas))
            if at is not None:
                found = to_candidate(proposal, proposal.areas["area_id"].iloc[at])
            else:
                fewer = sorted(area.cells)[: max(1, len(area.cells) // 2)]
                found = replace(
                    to_candidate(proposal, rank_first(proposal)),
                    cells=tuple(f"{cell:x}" for cell in fewer),
                )
            if set(found.cells) != {f"{cell:x}" for cell in area.cells}:
                redraw(store, who, area.key, [found], seen=area.cells)
        else:
            retire(store, who, core_areas(read_records(store))[given].key)


def ingested(source, month, folder):
    """The city as its data arrive anew at a month's end, beside all versions before."""
    city = source.city
    dataset = through_month(city.dataset, month)
    layers = (dataset.neighborhoods, dataset.study_area)
    report = {**dataset.report, "fingerprint": fingerprint(dataset.incidents, *layers)}
    dataset = replace(dataset, report=report)
    save_dataset(dataset, pd.DataFrame(columns=["file", "line", "reason"]), folder)
    again = open_city(city.config, folder)
    assert save_place_names(again) == ()
    return Analysis(again, source.settings)


def pages(source, records, account, named):
    """Find areas and Compare: each area in service at most once, with its letter and name.

    A candidate's number and name are never another's, nor another month's.
    """
    areas = core_areas(records)
    proposal = propose_areas(source.city, source.settings)
    found = match_statuses(proposal.areas, areas)
    served = {one.letter: one for one in found.values() if one.letter}
    assert len(served) == sum(bool(one.letter) for one in found.values())
    by_letter = {area["area_id"]: area for area in account["areas"]}
    listed = assess_areas(source.city, proposal).table.set_index("area_id")
    assert list(listed.index) == list(found)
    for letter, one in served.items():
        told, tier = by_letter[letter], listed["tier"][one.area_id]
        assert (one.place_name, one.state) == (told["place_name"], told["state"])
        assert told["tier"] == (None if pd.isna(tier) else tier)
    assert account["candidates"] == sorted(
        (one.place_name for one in found.values() if not (one.letter or one.part_of)),
        key=natural_sort_key,
    )
    for area_id, name, _ in candidate_rows(proposal.areas):
        assert is_candidate(area_id)
        before, named[area_id] = named.get(area_id, name), name
        if before != name:  # meanwhile it drifted out of the neighborhood that it was named after
            shares = proposal.areas.set_index("area_id")["neighborhoods"][area_id]
            assert before.partition(",")[0] != next(iter(shares))
    assert len({*named.values()}) == len(named)


def rank_first(proposal):
    return proposal.areas["area_id"].iloc[0]


def everywhere(source, records, month, tmp_path, named):
    """Ask every reader of a month's end, and compare: places, letters, names, numbers."""
    areas = core_areas(records)
    facts = gather_month(
        replace(source, records=records), None, month, ReportInputs(with_public=False)
    )
    account = facts_account(facts)
    city = replace(source.city, dataset=through_month(source.city.dataset, month))
    wanted = {area.key: (area.place_name, area.cells) for area in areas}
    told = [
        {area.letter: (area.place_name, area.cells) for area in facts.areas},
        {area.letter: (area.place_name, area.ground) for area in shown(city, records, month)},
        {
            place.key: (place.name, frozenset(int(cell, 16) for cell in place.cells))
            for place in list_places(records, [], [], None, {})
            if place.kind == AREA and place.state != "retired"
        },
    ]
    assert told == [wanted] * 3
    path = tmp_path / "areas.csv"
    path.write_bytes(csv_bytes(EXPORT_COLUMNS, export_rows(records)))
    assert read_areas(path) == followed(areas)
    chosen = followed(all_services(records))  # of all together, what ended counts on
    pages(source, records, account, named)
    begun = chosen.started_before(month.plus(1))
    if begun is None:
        assert account["change"] is None
        return
    # As the command follows them, from the store and from the export; then as the pages do.
    command = Analysis(city, source.settings).follow(chosen)
    assert answers(command.displaced) == account["change"]
    located = locate_incidents(city, source.settings)
    page = analyze_displacement(located, begun)
    assert answers(page) == account["change"]
    for one in account["change"]["single"]:
        assert month.plus(1) > Month.parse(one["since"])
        statement = state_change(page, one["area_id"])
        evidence = maintenance_evidence(city.dataset, page, statement)
        assert evidence["core"] == one["core"]
        assert (statement.verdict, evidence["since"]) == (one["verdict"], one["since"])


def shown(city, records, month):
    window = resolve_window(city, month)
    return areas_shown(window, Analysis(city, AreaSettings(), records))


def play(store, source, first, n_months, decisions, tmp_path, looked_at):
    """Live through months; between decisions, what was said of an area's past stays."""
    before: dict[tuple[str, Month], list[int]] = {}
    named: dict[str, str] = {}
    whole = source
    for step in range(n_months):
        month = first.plus(step)
        source = ingested(whole, month, tmp_path / "dataset")
        decide(store, source, month, decisions.get(step, ()))
        if step not in looked_at:
            continue
        records = read_records(store)
        if not core_areas(records):
            continue
        everywhere(source, records, month, tmp_path, named)
        begun = followed(all_services(records)).started_before(month.plus(1))
        if begun is None:
            continue
        city = replace(source.city, dataset=through_month(source.city.dataset, month))
        displaced = analyze_displacement(locate_incidents(city, source.settings), begun)
        services = zip(begun.area_ids, displaced.starts, strict=True)
        for key, judged in zip(services, displaced.by_area, strict=True):
            counted = judged.core.counted.tolist()
            assert counted[: len(before.get(key, []))] == before.get(key, [])
            before[key] = counted
    return before


# ---- By hand -------------------------------------------------------------------------------


@pytest.mark.long
def test_ten_months_of_the_sample_with_four_designations_a_redraw_and_an_end(
    sample_source, lite, tmp_path
):
    decisions = {
        0: [("designate", None), ("designate", None)],
        3: [("designate", None)],
        5: [("redraw", 0)],
        7: [("retire", 1), ("designate", None)],
    }
    said = play(lite, sample_source, Month(2019, 6), 10, decisions, tmp_path, {1, 4, 6, 9})
    # Two since July, one since October, and one that was served anew since February.
    assert sorted(str(since) for _, since in said) == ["2019-07", "2019-07", "2019-10", "2020-02"]
    steps = [step.state for step in read_records(lite).steps]
    assert sorted(steps) == ["designated"] * 5 + ["retired"]


@pytest.mark.slow
def test_24_months_of_philadelphia(shared_data, root, lite, tmp_path):
    config = load_city(root / "config" / "philadelphia.toml")
    folder = shared_data / "philadelphia"
    path = folder / "philly_shooting_victims_2015_2025.csv"
    intake = ingest_city(config, Inputs((path,), folder / "neighborhoods.geojson"))
    kept = tmp_path / "whole"
    save_dataset(intake.dataset, intake.rejected, kept)
    source = Analysis(open_city(config, kept), AreaSettings())
    decisions = {
        0: [("designate", None), ("designate", None)],
        6: [("designate", None)],
        11: [("redraw", 0)],
        15: [("retire", 1)],
        18: [("designate", None)],
    }
    said = play(lite, source, Month(2022, 1), 24, decisions, tmp_path, {*range(0, 24, 3), 23})
    assert len(said) >= 4
    assert max(map(len, said.values())) == 23


# ---- At the edge ---------------------------------------------------------------------------


@pytest.mark.long
def test_before_any_decision_no_letter_is_anybodys(sample_source):
    facts = gather_month(sample_source, None, Month(2019, 8), ReportInputs(with_public=False))
    account = facts_account(facts)
    assert not account["is_served"]
    assert {area["state"] for area in account["areas"]} == {"candidate"}
