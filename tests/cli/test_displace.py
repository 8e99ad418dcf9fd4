"""The command that follows areas: what it writes and says, its exit codes and mistakes."""

import json
import math
import shutil
from datetime import date
from types import SimpleNamespace

import h3
import pandas as pd
import pytest
from tests.change.followed import CORNER, EAST, WEST, cell_at, disk, steady
from tests.cli.asked import bytes_of, csa_command, sentence
from tests.cli.followed_town import ask, listed, made, read
from tests.sentences import says
from tests.stores import act
from tests.towns import KNOT, OTHER

from csa.areas.finding import find_areas_by_period
from csa.base.params import Month
from csa.change import lineage_windows
from csa.change.lineage_windows import TRACE_COLUMNS, ChanceRates
from csa.change.quarters import NEWEST_COLUMNS
from csa.city.dataset import open_dataset
from csa.city.preregistration import Verdict
from csa.cli import displace as command
from csa.ingest.designation import Candidate
from csa.program.areas import designate
from csa.program.store.engine import open_store
from csa.workflow import products

__all__ = ["ask", "made", "read"]
FILES = {"newest_month.csv", "lineage.csv", "displacement.json"}
ACCOUNT = {
    *("kind", "format_version", "city", "city_name", "is_synthetic", "data_fingerprint"),
    *("data_through", "areas", "chosen_by", "knew_after", "since", "through", "months_after"),
    *("base", "dispersion", "boundary", "usual", "pooled", "single", "course", "newest_month"),
    *("late_reports", "lineage_by_chance", "versions", "cells_outside", "outcomes"),
}
BEFORE_2019 = {"first": "2016-02-01", "last": "2019-01-31"}
"""Days of the months just before February 2019, as a proposal of then has them."""

PLACE = {
    *("verdict", "sentence", "first_alarm", "core", "ring", "months"),
    *("net", "moved", "faded", "power"),
    *("fewer_within_m", "more_between_m", "bands"),
}


@pytest.fixture(scope="module")
def found_before():
    """What was found before, by question."""
    return {}


@pytest.fixture(autouse=True)
def _find_once(found_before, monkeypatch):
    """Find the areas of one window once for all tests: that takes longest. Extras add nothing."""

    def find_once(located, asked):
        windows = [*asked]
        question = (located.dataset.fingerprint, located.kinds, *map(str, windows))
        if question not in found_before:
            found_before[question] = [*find_areas_by_period(located, windows)]
        return found_before[question]

    monkeypatch.setattr(lineage_windows, "find_areas_by_period", find_once)
    monkeypatch.setattr(products, "extras_of", lambda _: ())


# ---- By hand: the small town ----------------------------------------------------------------


def test_areas_of_the_store_and_of_its_export_give_the_same_files(made, ask, run, tmp_path):
    store = ("--city", made.config, "--store", tmp_path / "s.sqlite3")
    about = ("displace", "--city", made.config, "--dataset", made.folder / "ds")
    opened = open_store(str(tmp_path / "s.sqlite3"), city="testville", make=True)
    none = run(*about, "--served", *store[2:], "--out", tmp_path / "no")
    assert "No area is in service yet" in none.stdout
    who = ("--by", "Committee", "--why", "Neighbors asked for it.")
    for letter, cells, month in (("A", WEST, 2), ("B", EAST, 6)):
        texts = tuple(f"{cell:x}" for cell in sorted(cells))
        since = act(on=date(2019, month, 1), why="Neighbors asked for it.")
        designate(opened, since, Candidate(letter, f"Place {letter}", texts, {}))
    run("area", "redraw", "B", "--areas", listed(tmp_path / "b.csv", (EAST - {min(EAST)},)),
        "--on", "2019-10-01", *store, *who)  # fmt: skip
    run(*about, "--served", *store[2:], "--out", tmp_path / "st")
    run("area", "export", tmp_path / "export.csv", *store)
    ask(tmp_path / "export.csv", out="ex")
    assert bytes_of(tmp_path / "st") == bytes_of(tmp_path / "ex")
    told = json.loads((tmp_path / "st" / "displacement.json").read_text())
    assert [one["since"] for one in told["single"]] == ["2019-02", "2019-06"]
    for words in ((), ("--served", "--areas", tmp_path / "export.csv")):
        done = run(*about, *words, "--out", tmp_path / "no", check=False)
        assert "Name the areas to follow" in sentence(done)


def test_the_files_hold_every_column_and_key(made, ask, read, tmp_path):
    done = ask((WEST, EAST), "--since", "2019-02", "--json")
    first = bytes_of(tmp_path / "di")
    assert set(first) == FILES
    for name, columns in (
        ("newest_month.csv", NEWEST_COLUMNS),
        ("lineage.csv", TRACE_COLUMNS),
    ):
        lines = first[name].decode().splitlines()
        assert lines[0].split(",") == list(columns)
        assert len(lines) > 1
    account = read()
    assert json.loads(done.stdout) == account
    assert set(account) == ACCOUNT
    found = (account["kind"], account["format_version"], account["city"])
    assert found == ("displacement", 1, "testville")
    assert set(account["pooled"]) == PLACE
    assert [set(one) for one in account["single"]] == [
        PLACE | {"area_id", "place_name", "cells", "since", "ended"}
    ] * 2
    assert account["data_fingerprint"] == open_dataset(made.folder / "ds").fingerprint
    assert account["base"] == {"start": "2016-02", "until": "2019-02"}
    assert (account["chosen_by"], account["knew_after"]) == (None, None)
    found = (account["usual"]["basis"], account["usual"]["months"])
    assert found == ("not said what chose them", 0)
    assert account["cells_outside"] == 0
    for place, cells in zip(account["single"], (WEST, EAST), strict=True):
        assert place["cells"] == sorted(f"{cell:015x}" for cell in cells)
    assert account["boundary"]["z_pooled"] < account["boundary"]["z_single"]
    assert (account["boundary"]["alarm_chance"], account["boundary"]["looks"]) == (0.07, 24)
    assert {place["verdict"] for place in account["single"]} <= set(map(str, Verdict))
    assert account["versions"]["csa"]
    ask((WEST, EAST))  # without a start the last whole year is followed
    assert bytes_of(tmp_path / "di") == first


def test_what_is_printed_is_what_the_file_says_in_this_order(ask, read, tmp_path):
    lines = ask((WEST, EAST), "--since", "2019-02", **BEFORE_2019).stdout.splitlines()
    account = read()
    assert lines[0] == account["pooled"]["sentence"]
    assert f"{account['course']['core'][0]} shootings in 24 months" in lines[1]
    assert lines[2] == account["usual"]["reason"] == says("follow.usual_unknown", options="")
    assert "from 36 months" in lines[6]
    assert f": {account['newest_month']['incidents']} shootings in the city. " in lines[7]
    assert lines[8] == says("change_page.provisional", month="January 2020")
    assert lines[9].startswith(f"Written to {tmp_path / 'di'}: newest_month.csv, lineage.csv")
    assert len(lines) == 10


def test_letters_of_areas_that_are_followed_stay_in_the_lineage(ask, made, tmp_path):
    about = ("--city", made.config, "--dataset", made.folder / "ds")
    csa_command("propose", *about, "--until", "2020-02", "--out", tmp_path / "pr")
    found = json.loads((tmp_path / "pr" / "areas.geojson").read_text(encoding="utf-8"))
    names = {}
    for letter, feature in zip("KCX", found["features"], strict=False):
        feature["properties"] |= {"area_id": letter, "place_name": f"Old {letter}"}
        names[letter] = f"Old {letter}"
    path = tmp_path / "named.geojson"
    path.write_text(json.dumps(found), encoding="utf-8")
    ask(path, "--since", "2019-02")
    lineage = pd.read_csv(tmp_path / "di" / "lineage.csv")
    newest = lineage[(lineage["month"] == "2020-02") & (lineage["n_cells"] > 0)]
    assert len(names) >= 2
    assert dict(zip(newest["area_id"], newest["place_name"], strict=True)) == names


def test_what_appeared_and_went_is_named_with_its_month_newest_first():
    rows = [
        ("2019-01", "A", "West End", "first"),
        ("2019-02", "B", "East End", "appeared"),
        ("2019-03", "A", "West End", "gone"),
        ("2019-04", "C", "C", "appeared"),
        ("2019-05", "B", "East End", "persists"),
    ]
    table = pd.DataFrame(rows, columns=["last_month", "area_id", "place_name", "event"])

    def told(table, chance=None):
        found = SimpleNamespace(lineage=table, lineage_months=36, chance=chance)
        return [*command.lineage_sentences(found)]

    (said,) = told(table)
    assert said == (
        "Areas proposed each month from January 2019 to May 2019, each from 36 months of data. "
        "Changes beyond what chance explains: C appeared in April 2019; East End (B) appeared in "
        "February 2019; West End (A) was gone in March 2019."
    )
    (said,) = told(pd.concat([table] * 10, ignore_index=True))
    assert said.count(" in ") == 12
    assert said.endswith(" and 18 more.")
    assert told(table[:0]) == []
    assert told(table, ChanceRates(40.0, 3, 1))[1:] == [says("follow.by_chance", share="10%")]
    assert told(table, ChanceRates(0.0, 0, 0))[1:] == []


def test_windows_are_of_as_many_months_as_areas_are_proposed_from(ask, monkeypatch):
    monkeypatch.setenv("CSA_MONTHS", "48")
    assert "each from 48 months of data" in ask((WEST, EAST)).stdout


# ---- By hand: each verdict, printed ----------------------------------------------------------


@pytest.fixture(scope="module")
def moving(new_town):
    """Eight a month here and two after; next door two and ten: four years before, two after."""
    town = new_town()
    path = town.write("a.csv", *steady((8, 2), (2, 10)))
    ingest = ("ingest", "--city", town.config, "--places", town.places, path)
    csa_command(*ingest, "--out", town.folder / "ds")
    return town


@pytest.fixture
def ask_moving(moving, run, tmp_path):
    def call(areas, *words, check=True, **days):
        path = listed(tmp_path / "a.csv", areas, **days)
        about = ("--city", moving.config, "--dataset", moving.folder / "ds", "--areas", path)
        return run("displace", *about, "--out", tmp_path / "di", *words, check=check)

    return call


FAR = disk(cell_at((-94.5902, 39.0403)), 1)
QUIET = frozenset({cell_at((-94.5302, 39.0203))})
NONE = frozenset({cell_at((-94.5302, 39.0403))})


def test_the_areas_that_changed_are_told_first_then_too_few_then_no_change(ask_moving, read):
    days = {"first": "2015-01-01", "last": "2017-12-31"}
    asked = ask_moving((WEST, FAR, QUIET, NONE), "--since", "2018-01", **days)
    lines = asked.stdout.splitlines()
    single = read()["single"]
    assert [place["verdict"] for place in single] == [
        "fewer here, more nearby",
        "no clear change",
        "too small to tell",
        "too small to tell",
    ]
    told = round(100 * single[1]["power"][-1]["told_share"])
    assert lines[4:8] == [
        single[0]["sentence"],
        says("follow.too_few", n=2, areas="C, D"),
        says("follow.no_change", n=1, areas="B"),
        says("follow.power", share="60%", n=told),
    ]
    assert [one["fall_share"] for one in single[1]["power"]] == [0.2, 0.3, 0.6]
    alone = ask_moving((WEST,), "--since", "2018-01").stdout.splitlines()
    (one,) = read()["single"]
    assert one["verdict"] == single[0]["verdict"]
    assert not [line for line in alone[1:] if line.startswith(("Fewer", "Too small", "No c"))]


def test_many_names_are_cut_short(ask_moving):
    quiet = [cell_at((-94.535 + n * 0.005, 39.03 + m * 0.007)) for n in range(6) for m in range(3)]
    areas = tuple(frozenset({cell}) for cell in dict.fromkeys(quiet))
    assert len(areas) >= 15
    said = ask_moving(areas, "--since", "2018-01").stdout
    few = f"Too small to tell for {len(areas)} areas: A, B, C, D, E, F, G, H, I, J, K, L and "
    assert few + f"{len(areas) - 12} more." in said


# ---- At the edge ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("since", "months", "n_before"),
    [("2020-01", 1, 24), ("2019-01", 13, 24), ("2016-02", 48, 24), ("2015-01", 61, 12)],
)
def test_a_years_turn_a_leap_february_and_the_first_and_last_start_there_are(
    ask, read, since, months, n_before
):
    ask((WEST, EAST), "--since", since)
    account = read()
    assert (account["months_after"], account["course"]["before_months"]) == (months, n_before)
    assert account["pooled"]["months"][0]["month"] == since
    assert account["boundary"]["looks"] == max(24, 12 * math.ceil(months / 12))


def test_an_area_at_the_citys_edge_is_followed_inside_it(ask):
    edge = disk(cell_at(CORNER), 3) - disk(cell_at(CORNER), 2)
    refused = ask((edge, EAST), "--since", "2019-02", check=False)
    assert sentence(refused).startswith("Area A is mostly outside the city's study area: 11 of")
    done = ask((edge | disk(cell_at(KNOT), 1), EAST), "--since", "2019-02")
    assert done.stdout.splitlines()[1] == says("follow.outside", n=11)


def test_a_file_without_an_area_is_no_error_and_nothing_is_written(ask, tmp_path):
    path = listed(tmp_path / "none.csv", ())
    done = ask(path)
    assert done.stdout == f"{path} names no areas, so there is nothing to follow.\n"
    assert not (tmp_path / "di").exists()
    assert json.loads(ask(path, "--json").stdout) == {"areas": 0}
    assert not (tmp_path / "di").exists()


# ---- What is kept beside the dataset ---------------------------------------------------------


@pytest.mark.long
def test_a_backtest_keeps_what_areas_did_and_what_chance_gives_and_they_are_read(
    tmp_path, made, ask, read
):
    folder = shutil.copytree(made.folder / "ds", tmp_path / "ds", symlinks=True)
    csa_command("backtest", "--city", made.config, "--dataset", folder, "--no-variants")
    kept = {path.name.rsplit("-", 2)[0]: path for path in (folder / "kept").iterdir()}
    assert {"after-past-years", "lineage-by-chance", "past-years"} <= set(kept)
    asked = ask((WEST, EAST), "--since", "2019-02", dataset=folder, **BEFORE_2019)
    usual = read()["usual"]
    # Each second month, back from a year before the data's end; known are those of a year ago.
    starts = [str(Month(2017, 2).plus(2 * step)) for step in range(7)]
    assert [(one["origin"], one["months"]) for one in usual["past"]] == [(on, 12) for on in starts]
    assert (usual["starts"], usual["months"], usual["reason"]) == (7, 12, None)
    assert usual["independent_spans"] == 2  # the first a year before the last
    assert asked.stdout.splitlines()[2].startswith("After 7 past starts, areas picked this way ")
    chance, rates = read()["lineage_by_chance"], kept["lineage-by-chance"].read_text()
    assert chance == {name: json.loads(rates)[name] for name in chance}
    assert set(chance) == {"area_years", "appeared", "gone"}
    for first, last, key in (
        ("2014-02-01", "2017-01-31", "follow.usual_earlier"),
        ("2017-01-01", "2019-12-31", "follow.usual_since"),
        ("", "", "follow.usual_not_said"),
    ):
        ask((WEST, EAST), "--since", "2019-02", dataset=folder, first=first, last=last)
        usual = read()["usual"]
        assert (usual["starts"], usual["change_share"], usual["past"]) == (0, None, [])
        assert usual["core"] == {"ratio": 1.0, "relative_error": 0.08544}
        assert usual["reason"] == says(key, since="February 2019")


@pytest.mark.long
def test_late_reports_are_told_with_what_was_and_what_is(town, run, tmp_path):
    rows = [
        f"{n},{n},{2017 + n // 60}-{n % 60 // 5 + 1:02d}-{n % 5 * 6 + 1:02d},0,"
        f"{(KNOT, OTHER)[n % 2][0]},{KNOT[1]},,"
        for n in range(180)
    ]
    about = ("--city", town.config, "--places", town.places, "--out", "ds", "--as-of")
    run("ingest", *about, "2019-12-31", town.write("a.csv", *rows))
    path = listed(tmp_path / "areas.csv", (WEST, EAST))
    words = ("--city", town.config, "--dataset", "ds", "--areas", path, "--out", "di")
    late = [f"{800 + n},{800 + n},2019-{11 + n // 2}-20,0,{KNOT[0]},{KNOT[1]},," for n in range(3)]
    new = [f"{700 + n},{700 + n},2020-01-{n + 1:02d},0,{KNOT[0]},{KNOT[1]},," for n in range(31)]
    run("ingest", *about, "2020-01-31", town.write("b.csv", *rows, *late[:1], *new))
    run("ingest", *about, "2020-01-31", town.write("c.csv", *rows, *late, *new))
    said = run("displace", *words).stdout.splitlines()
    months = "December 2019 was 5, now 6; November 2019 was 5, now 7"
    assert says("follow.late", n=2, months=months) in said
    assert says("change_page.provisional", month="January 2020") in said
    account = json.loads((town.folder / "di" / "displacement.json").read_text())
    assert account["late_reports"] == [
        {"month": "2019-11", "first_reported": 5, "was": 6, "now": 7},
        {"month": "2019-12", "first_reported": 5, "was": 5, "now": 6},
    ]


# ---- Refused -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("since", "said"),
    [
        ("2014-12", "measuring change takes at least 12. Choose 2015-01 or a later month"),
        ("2010-01", "measuring change takes at least 12. Choose 2015-01 or a later month"),
        ("2020-02", "the start is 2020-02, and the last full month is 2020-01."),
        ("2031-01", "the start is 2031-01, and the last full month is 2020-01."),
        ("2019-13", "2019-13"),
        ("last year", "last year"),
        ("2019-1-1", "2019-1-1"),
    ],
)
def test_a_start_that_is_no_month_or_outside_the_data_is_refused(ask, tmp_path, since, said):
    assert said in sentence(ask((WEST, EAST), "--since", since, check=False))
    assert not (tmp_path / "di").exists()


def test_areas_that_are_not_there_or_of_another_city_and_no_dataset_are_refused(ask, tmp_path):
    (tmp_path / "empty").mkdir()
    fine = frozenset({int(h3.latlng_to_cell(KNOT[1], KNOT[0], 12), 16)})
    for areas, said in (
        (tmp_path / "none.csv", f"File not found: {tmp_path / 'none.csv'}."),
        (tmp_path / "empty", f"File not found: {tmp_path / 'empty' / 'areas.geojson'}."),
        ((WEST, disk(cell_at((-101.4, 41.7)), 1)), "Area B has no cells in the city's study area."),
        ((fine,), "The H3 resolution must be 6 to 11, not 12."),
    ):
        assert said in sentence(ask(areas, check=False))
    nowhere = tmp_path / "nowhere"
    assert "nowhere" in sentence(ask((WEST, EAST), dataset=nowhere, check=False))
    assert not (tmp_path / "di").exists()


@pytest.mark.long
def test_areas_that_homicides_chose_are_followed_on_homicides(ask, read, made, tmp_path):
    about = ("--city", made.config, "--dataset", made.folder / "ds")
    words = ("--kind", "homicide", "--min-samples", "5", "--out", tmp_path / "pr")
    csa_command("propose", *about, "--until", "2019-02", *words)
    lines = ask(tmp_path / "pr", "--since", "2019-02").stdout.splitlines()
    assert says("follow.counted_homicides") in lines
    kinds = open_dataset(made.folder / "ds").incidents["kind"]
    assert 0 < read()["course"]["rest"][0] < (kinds == "homicide").sum()


def test_a_folder_that_holds_something_else_is_not_touched(ask, tmp_path):
    (tmp_path / "di").mkdir()
    (tmp_path / "di" / "letter.txt").write_text("dear")
    said = sentence(ask((WEST, EAST), check=False))
    assert "contains other files (letter.txt" in said
    assert bytes_of(tmp_path / "di") == {"letter.txt": b"dear"}


# ---- The made-up city ------------------------------------------------------------------------


def test_areas_are_cautioned_of_where_months_since_the_start_chose_them_or_may_have(ask, read):
    for first, last, knew, values in (
        ("", "", None, {}),
        ("2017-01-01", "2019-02-01", True, {"month": "2019-02"}),
        (*BEFORE_2019.values(), False, {}),
    ):
        said = ask((WEST, EAST), "--since", "2019-02", first=first, last=last).stdout.splitlines()
        assert read()["knew_after"] is knew
        key = "follow.knew_after" if knew else "follow.knew_unknown"
        assert (said[1] == says(key, since="February 2019", **values)) == (knew is not False)
