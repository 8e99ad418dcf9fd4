"""Every page, file and report says the same of an area in service: the counts of its own ground."""

import html
import json
import re
import shutil
from dataclasses import replace

import pytest
from tests.app.conftest import words

from csa.analysis.analysis import Analysis
from csa.areas.choices import city_choices
from csa.base.params import Month
from csa.base.text import tr
from csa.city.dataset import open_city
from csa.city.loading import load_city
from csa.program.registry import match_statuses
from csa.program.store.engine import open_store
from csa.program.store.records import read_records
from csa.reports.briefing.places import count_recent
from csa.reports.month.facts import facts_account
from csa.reports.month.gathering import gather_month
from csa.reports.month.month_end import ReportInputs

AUGUST = {"until": "2020-08"}
"""The screen's choices: the months through July, which are over in the data."""


@pytest.fixture
def program(root, story_folder, tmp_path):
    """The made-up program's city and its store, in a folder of the test's own."""
    folder = tmp_path / "story"
    shutil.copytree(story_folder, folder, symlinks=True)
    city = open_city(load_city(root / "config" / "sample.toml"), folder / "dataset")
    return city, folder / "store.sqlite3"


@pytest.fixture
def known(program):
    """The areas in service, and what is counted on their ground by July 2020."""
    city, path = program
    store = open_store(str(path))
    records = read_records(store)
    store.engine.dispose()
    analysis = Analysis(city, replace(city_choices(city.config), until=Month(2020, 8)), records)
    areas, proposal, counts = analysis.core_areas, analysis.proposal, analysis.counts
    stands = match_statuses(proposal.areas, areas).values()
    outlines = dict(zip(stands, proposal.areas["incidents"], strict=True))
    other = {one.letter: n for one, n in outlines.items() if one.letter}
    # Otherwise the test could not tell an area's ground from the outline found there.
    assert any(other.get(letter, 0) != one.incidents for letter, one in counts.items())
    return records, counts


def table_of(page):
    """Each area's cells by their titles, by its name."""
    table, *_ = [e.proto.body for e in page.get("html") if "csa-table" in e.proto.body]
    titles = re.findall(r"<th(?: [^>]*)?><button>(.*?)</button></th>", table)
    found = {}
    for row in table.split("<tr>")[2:]:
        cells = re.findall(r"<td[^>]*>(.*?)</td>", row)
        plain = [html.unescape(re.sub("<[^>]*>", "", cell)).strip() for cell in cells[1:]]
        found[html.unescape(cells[0].partition(" <small>")[0])] = dict(
            zip(titles[1:], plain, strict=True)
        )
    return found


def test_pages_say_the_counts_of_an_areas_own_ground(visit, program, known):
    city, path = program
    _, counts = known

    def page(name, **asked):
        screen = {"screen": json.dumps(AUGUST), **asked}
        shown = visit(name, screen, CSA_CITY=city.folder, CSA_STORE=path)
        assert not shown.exception
        return shown

    listed = [button.label.replace("\\", "") for button in page("find_areas").button]
    compare = page("compare")
    decides = table_of(compare)
    sure = table_of(compare.toggle(key="how sure").set_value(True).run())
    briefing = words(page("briefing"))
    for letter, own in counts.items():
        (row,) = [label for label in listed if f"**{own.display_name}**" in label]
        assert f"*{own.incidents:,} shootings*" in row
        assert tr("find.list_homicides", n=own.homicides) in row
        assert decides[own.display_name][tr("label.homicides")] == str(own.homicides)
        mean, low, high = own.next12
        ahead = tr("compare.expected", n=mean, low=low, high=high)
        assert ahead in decides[own.display_name][tr("label.next_12_months")]
        assert sure[own.display_name][tr("label.counted")] == str(own.incidents)
        low, high = own.usual
        interval = tr("public.class_range", low=low, high=high)
        item = f"<span>{own.display_name}</span><b>{own.incidents:,}</b> <i>{interval}</i>"
        assert item in briefing
        measures = words(page("measures", place=f"area:{letter}"))
        assert tr("here.shot", n=own.recent_12, what="shootings", month="July 2020") in measures
        sheet = page("find_areas", screen=json.dumps(AUGUST | {"area": letter}))
        told = words(sheet)
        assert tr("sheet.which_next12", low=own.next12[1], high=own.next12[2]) in told
        assert f"<b>{own.incidents:,}</b> shootings in 36 months" in told
        assert f">{own.recent_12:,}</td><td>Aug" in told.replace(' class="csa-number"', "")


def test_a_sheet_has_each_count_as_the_page_shows_it_that_it_names(visit, program):
    """With the settings as they come: the last month is not complete, and Measures leaves it out."""
    city, path = program

    def page(name, **asked):
        shown = visit(name, asked, CSA_CITY=city.folder, CSA_STORE=path)
        assert not shown.exception
        return words(shown)

    sheet = page("find_areas", screen=json.dumps({"area": "A"}))
    measures = page("measures", place="area:A")
    rows = re.findall(r"<tr><td[^>]*>(.*?)</td><td[^>]*>(.*?)</td><td[^>]*>(.*?)</td></tr>", sheet)
    used = {pages: (n, months) for n, months, pages in rows}
    n, months = used["Neighborhood measures"]
    assert months.startswith("Aug 2019 to Jul 2020, boundary since")
    assert tr("here.shot", n=int(n), what="shootings", month="July 2020") in measures
    n, months = used["Briefing, Displacement, Reports"]
    assert f"<b>{n}</b> shootings since" in measures
    assert len(rows) == len({months for _, months, _ in rows})  # each says how it differs


@pytest.mark.long
def test_the_months_report_and_the_last_year_say_the_same(program, known):
    city, _ = program
    records, counts = known
    analysis = Analysis(city, city_choices(city.config), records)
    facts = gather_month(analysis, None, Month(2020, 7), ReportInputs(with_public=False))
    told = {area["area_id"]: area for area in facts_account(facts)["areas"]}
    recent = count_recent(city.dataset, replace(analysis.settings, until=Month(2020, 8)))
    assert {*told} == {*counts}
    for letter, own in counts.items():
        mean, low, high = own.next12
        assert told[letter]["incidents"] == own.incidents
        assert told[letter]["homicides"] == own.homicides
        assert told[letter]["next_12"] == (round(mean), low, high)
        assert recent.period == own.year
        assert recent.of_cells([f"{cell:x}" for cell in own.cells]) == own.recent_12
        assert told[letter]["last_12"] == own.recent_12
