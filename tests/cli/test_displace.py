"""The command that follows areas: what it writes and says, its exit codes and mistakes."""

import csv
import json
import math
import shutil
from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import h3
import pandas as pd
import pytest
from tests.change.followed import (
    CORNER,
    EAST,
    EMPTY_MONTH,
    WEST,
    cell_at,
    disk,
    other_rows,
    past_year,
    steady,
)
from tests.cli.asked import bytes_of, csa_command, sentence
from tests.sentences import says
from tests.stores import act
from tests.towns import KNOT, OTHER, history

from csa.areas.analysis import LEARNED
from csa.areas.choices import AreaSettings
from csa.areas.finding import find_areas_by_period
from csa.areas.locating import CELLS
from csa.base.params import Month
from csa.change import follow, lineage_windows
from csa.change.emerging import EMERGING_COLUMNS, find_emerging
from csa.change.follow import CHANCE_NAME, NAME, save_chance, save_past
from csa.change.lineage_windows import TRACE_COLUMNS, ChanceRates
from csa.change.panel import NEWEST_COLUMNS, PANEL_COLUMNS
from csa.change.sentences import than_expected
from csa.city.dataset import open_city, open_dataset
from csa.city.loading import load_city
from csa.city.preregistration import Verdict
from csa.city.selection import read_areas
from csa.cli import displace as command
from csa.ingest.designation import Candidate
from csa.program.areas import designate
from csa.program.store.engine import open_store

PARTS = ("core", "ring", "rest", "unlocated", "outside")
FILES = {"panel.csv", "newest_month.csv", "lineage.csv", "emerging.csv", "displacement.json"}
ACCOUNT = {
    *("kind", "format_version", "city", "city_name", "is_synthetic", "data_fingerprint"),
    *("data_through", "areas", "chosen_by", "knew_after", "since", "through", "months_after"),
    *("base", "dispersion", "boundary", "usual", "pooled", "single", "pattern", "newest_month"),
    *("late_reports", "lineage_by_chance", "versions", "cells_outside", "outcomes"),
}
BEFORE_2019 = {"first": "2016-02-01", "last": "2019-01-31"}
"""Days of the months just before February 2019, as a proposal of then has them."""

PLACE = {
    *("verdict", "sentence", "first_alarm", "core", "ring", "before_months", "months", "control"),
    *("net", "moved", "faded", "power", "wdd", "wdq", "wdq_reason"),
    *("fewer_within_m", "more_between_m", "bands"),
}
LETTERS = "ABCDEFGHIJKLMNOPQRST"


@pytest.fixture(scope="module")
def found_before():
    """What was found before, by question."""
    return {}


@pytest.fixture(autouse=True)
def _find_once(found_before, monkeypatch):
    """Find the areas of one window, and cells by quarter, once for all tests: that takes longest."""

    def find_once(located, asked):
        windows = [*asked]
        question = (located.dataset.fingerprint, located.kinds, *map(str, windows))
        if question not in found_before:
            found_before[question] = [*find_areas_by_period(located, windows)]
        return found_before[question]

    def emerge_once(located, until):
        question = (located.dataset.fingerprint, len(located.grid.area_km2), until)
        if question not in found_before:
            found_before[question] = find_emerging(located, until)
        return found_before[question]

    monkeypatch.setattr(lineage_windows, "find_areas_by_period", find_once)
    monkeypatch.setattr(follow, "find_emerging", emerge_once)


@pytest.fixture(scope="module")
def made(new_town):
    """A town to follow areas in: to the middle of a leap year's February, one month empty."""
    town = new_town()
    town.edit_config("min_samples = 5", "min_samples = 3")
    kept = [row for row in history() if not row.split(",")[2].startswith(EMPTY_MONTH)]
    path = town.write("a.csv", *kept, *other_rows())
    ingest = ("ingest", "--city", town.config, "--places", town.places, path)
    csa_command(*ingest, "--out", town.folder / "ds")
    return town


@pytest.fixture
def own(made, tmp_path):
    """A dataset of the town that a test may keep things beside."""
    return shutil.copytree(made.folder / "ds", tmp_path / "own", symlinks=True)


@pytest.fixture
def ask(made, run, tmp_path):
    """Follow areas of the town, given as sets of cells or as a path."""

    def call(areas, *words, check=True, dataset=made.folder / "ds", out="di", **days):
        path = areas if not isinstance(areas, tuple) else listed(tmp_path / "a.csv", areas, **days)
        about = ("--city", made.config, "--dataset", dataset, "--areas", path)
        return run("displace", *about, "--out", tmp_path / out, *words, check=check)

    return call


@pytest.fixture
def read(tmp_path):
    """Read what was written."""

    def call(out="di"):
        folder = tmp_path / out
        return json.loads((folder / "displacement.json").read_text(), parse_constant=refuse)

    return call


def refuse(constant):
    raise AssertionError(constant)


def listed(path, areas, first="", last=""):
    """Write a table of areas."""
    lines = [
        f"{letter},{' '.join(f'{cell:x}' for cell in sorted(cells))},{first},{last}"
        for letter, cells in zip(LETTERS, areas, strict=False)
    ]
    path.write_text("\n".join(["area_id,cells,first_day,last_day", *lines]) + "\n")
    return path


def panel_of(folder):
    return pd.read_csv(folder / "panel.csv", dtype={"area_id": str}, keep_default_na=False)


def by_month(incidents):
    """Count incidents and homicides by month, wherever they are."""
    when = incidents["occurred_at"].dt.strftime("%Y-%m")
    killed = when[incidents["kind"] == "homicide"]
    return when.value_counts().to_dict(), killed.value_counts().to_dict()


def check_sums(folder, dataset_folder):
    """Hold the panel against every incident of the dataset; give its months."""
    incidents = pd.read_parquet(dataset_folder / "incidents.parquet")
    n, killed = by_month(incidents)
    panel = panel_of(folder)
    sums = panel[panel["zone"].isin(PARTS)].groupby("month")[["incidents", "homicides"]].sum()
    for month, row in sums.iterrows():
        assert row.tolist() == [n.get(month, 0), killed.get(month, 0)]
    for (zone, _), rows in panel.groupby(["zone", "area_id"]):
        assert rows["month"].tolist() == sums.index.tolist(), zone
    return sums.index.tolist()


# ---- By hand: the small town ----------------------------------------------------------------


def test_the_numbers_are_counts_of_the_panel(ask, read, tmp_path):
    ask((WEST, EAST), "--since", "2019-02")
    account, panel = read(), panel_of(tmp_path / "di")

    def counted(zone, letters, first, last):
        is_in = (panel["zone"] == zone) & panel["area_id"].isin(letters)
        return panel.loc[is_in & panel["month"].between(first, last), "incidents"].sum()

    found = (account["since"], account["through"], account["months_after"])
    assert found == ("2019-02", "2020-01", 12)
    for letters, place in (("AB", account["pooled"]), *zip("AB", account["single"], strict=True)):
        for zone in ("core", "ring"):
            assert place[zone]["before"] == counted(zone, list(letters), "2017-02", "2019-01")
            assert place[zone]["counted"] == counted(zone, list(letters), "2019-02", "2020-01")
            for step in place["months"]:
                so_far = counted(zone, list(letters), "2019-02", step["month"])
                assert step[zone]["counted"] == so_far
        name = "" if letters == "AB" else letters
        assert place["control"]["before"] == counted("control", [name], "2017-02", "2019-01")
        assert place["control"]["after"] == counted("control", [name], "2019-02", "2020-01")
        found = [step["month"] for step in place["months"]][:: len(place["months"]) - 1]
        assert found == ["2019-02", "2020-01"]
        assert {**place["months"][-1]["core"], "before": place["core"]["before"]} == place["core"]


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
    ask((WEST, EAST), "--since", "2019-02")
    assert set(bytes_of(tmp_path / "di")) == FILES
    for name, columns in (
        ("panel.csv", PANEL_COLUMNS),
        ("newest_month.csv", NEWEST_COLUMNS),
        ("lineage.csv", TRACE_COLUMNS),
        ("emerging.csv", EMERGING_COLUMNS),
    ):
        text = (tmp_path / "di" / name).read_text()
        assert text.splitlines()[0].split(",") == list(columns)
        assert len(text.splitlines()) > 1
    account = read()
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


def test_what_is_printed_is_what_the_file_says_in_this_order(ask, read, tmp_path):
    lines = ask((WEST, EAST), "--since", "2019-02", **BEFORE_2019).stdout.splitlines()
    account = read()
    pooled = account["pooled"]
    before, after = pooled["core"]["before"], pooled["core"]["counted"]
    panel = panel_of(tmp_path / "di")
    rest = panel[panel["zone"] == "rest"].set_index("month")["incidents"]
    rest_before, rest_after = rest["2017-02":"2019-01"].mean(), rest["2019-02":"2020-01"].mean()
    assert lines[0] == pooled["sentence"]
    assert lines[0].startswith("No clear change: since February 2019, the 2 areas together had ")
    total = pooled["wdd"]["total"]
    change, low, high = (than_expected(total[name]) for name in ("estimate", "low", "high"))
    assert lines[1] == says("displacement.classic", change=change, low=low, high=high)
    assert lines[2] == (
        f"Before: {before} shootings in 24 months, {before / 24:.1f} a month. "
        f"Since: {after} in 12, {after / 12:.1f} a month. "
        f"The rest of the city went from {rest_before:.1f} to {rest_after:.1f} a month."
    )
    assert lines[3] == says("follow.usual_unknown", options="")
    assert account["usual"]["reason"] == lines[3]
    assert lines[4] == says("follow.too_few", n=1, areas="B")
    assert lines[5] == says("follow.no_change", n=1, areas="A")
    told = round(100 * account["single"][0]["power"][-1]["told_share"])
    assert lines[6] == says("follow.power", share="60%", n=told)
    assert lines[7] == (
        "Areas proposed each month from February 2017 to January 2020, each from 36 months of "
        "data: none appeared or disappeared beyond what chance explains."
    )
    newest = account["newest_month"]
    assert lines[8].startswith(f"January 2020: {newest['incidents']} shootings in the city. ")
    assert lines[9] == "Counts for January 2020 are provisional: some reports come late."
    assert lines[10] == (
        f"Written to {tmp_path / 'di'}: panel.csv, newest_month.csv, lineage.csv, emerging.csv, "
        "displacement.json"
    )
    assert len(lines) == 11


def test_the_newest_month_of_areas_and_rings_stands_beside_earlier_ones(ask, read, tmp_path):
    ask((WEST, EAST), "--since", "2019-02")
    table = pd.read_csv(tmp_path / "di" / "newest_month.csv", keep_default_na=False)
    months = ["2020-01", "2019-12", *(f"{year}-01" for year in range(2019, 2014, -1))]
    panel = panel_of(tmp_path / "di").set_index(["area_id", "zone", "month"])["incidents"]
    for (area_id, zone), rows in table.groupby(["area_id", "zone"]):
        assert rows["month"].tolist() == months
        for _, month, incidents in rows[["zone", "month", "incidents"]].itertuples(index=False):
            if area_id and month >= "2017-02":  # where the panel begins
                assert incidents == panel[area_id, zone, month]
    for zone in ("core", "ring"):
        together = table[(table["zone"] == zone) & (table["area_id"] == "")]
        single = table[(table["zone"] == zone) & (table["area_id"] != "")]
        told = read()["newest_month"][zone]
        assert told == together[["month", "incidents"]].to_dict("records")
        sums = single.groupby("month")["incidents"].sum()
        assert {one["month"]: one["incidents"] for one in told} == sums.to_dict()


def test_json_is_the_file_and_the_same_question_gives_the_same_bytes(ask, read, tmp_path):
    done = ask((WEST, EAST), "--since", "2019-02", "--json")
    assert json.loads(done.stdout) == read()
    assert (read()["since"], read()["months_after"]) == ("2019-02", 12)
    first = bytes_of(tmp_path / "di")
    ask((WEST, EAST), "--since", "2019-02", out="other")
    assert bytes_of(tmp_path / "other") == first
    ask((WEST, EAST))  # without a start the last whole year is followed
    assert bytes_of(tmp_path / "di") == first


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


def test_places_are_named_with_the_letters_of_the_file(ask, tmp_path):
    path = listed(tmp_path / "a.csv", (WEST, EAST))
    head, *rows = path.read_text().splitlines()
    named = [f"{head},place_name", f"{rows[0]},West End", f"{rows[1]},"]
    path.write_text("\n".join(named) + "\n")
    said = ask(path, "--since", "2019-02").stdout
    assert says("follow.no_change", n=1, areas="West End (A)") in said.splitlines()
    assert says("follow.too_few", n=1, areas="B") in said.splitlines()


def test_what_appeared_and_went_is_named_with_its_month_newest_first():
    rows = [
        ("2019-01", "A", "West End", "first"),
        ("2019-02", "B", "East End", "appeared"),
        ("2019-03", "A", "West End", "gone"),
        ("2019-04", "C", "C", "appeared"),
        ("2019-05", "B", "East End", "persists"),
    ]
    table = pd.DataFrame(rows, columns=["last_month", "area_id", "place_name", "event"])
    followed = SimpleNamespace(lineage=table, lineage_months=36, chance=None)
    (said,) = command.lineage_sentences(followed)
    assert said == (
        "Areas proposed each month from January 2019 to May 2019, each from 36 months of data. "
        "Changes beyond what chance explains: C appeared in April 2019; East End (B) appeared in "
        "February 2019; West End (A) was gone in March 2019."
    )
    many = pd.concat([table] * 10, ignore_index=True)
    (said,) = command.lineage_sentences(
        SimpleNamespace(lineage=many, lineage_months=36, chance=None)
    )
    assert said.count(" in ") == 12
    assert said.endswith(" and 18 more.")
    assert not list(command.lineage_sentences(SimpleNamespace(lineage=table[:0])))


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
    account = read()
    verdicts = [place["verdict"] for place in account["single"]]
    assert verdicts == [
        "fewer here, more nearby",
        "no clear change",
        "too small to tell",
        "too small to tell",
    ]
    assert lines[4].startswith("At the last month only, which does not decide the finding: ")
    assert lines[5] == account["single"][0]["sentence"]
    assert lines[5].startswith("Fewer here, more nearby: since January 2018, area A had 48 ")
    assert lines[6] == says("follow.too_few", n=2, areas="C, D")
    assert lines[7] == "No clear change in one area: B."
    assert [one["fall_share"] for one in account["single"][1]["power"]] == [0.2, 0.3, 0.6]
    told = round(100 * account["single"][1]["power"][-1]["told_share"])
    assert lines[8] == says("follow.power", share="60%", n=told)
    first = account["single"][0]["first_alarm"]
    months = account["single"][0]["months"]
    assert first == next(m["month"] for m in months if m["verdict"] not in {"no clear change", "too small to tell", "too early to tell"})  # fmt: skip
    assert first > "2018-01"


def test_one_area_alone_is_all_of_them_and_told_once(ask_moving, read):
    lines = ask_moving((WEST,), "--since", "2018-01").stdout.splitlines()
    account = read()
    (single,) = account["single"]
    assert lines[0].startswith("Fewer here, more nearby: since January 2018, the area had 48 ")
    assert not [line for line in lines[1:] if line.startswith(("Fewer", "Too small", "No c"))]
    for name in PLACE - {"sentence"}:
        assert single[name] == account["pooled"][name]
    assert account["boundary"]["z_pooled"] == account["boundary"]["z_single"]


@pytest.mark.long
def test_months_since_the_start_that_chose_make_more_here_no_change_and_a_caution(ask_moving, read):
    ring = disk(cell_at(KNOT), 3) - WEST
    lines = ask_moving((ring, FAR), "--since", "2018-01", first="2015-01-01", last="2017-12-31")
    assert "More here" in lines.stdout
    assert "Careful" not in lines.stdout
    assert read()["chosen_by"] == {"start": "2015-01", "until": "2018-01"}
    for last in ("2018-01-01", "2019-12-31"):
        done = ask_moving((ring, FAR), "--since", "2018-01", first="2017-01-01", last=last)
        assert "More here" not in done.stdout
        assert done.stdout.splitlines()[1] == says(
            "follow.knew_after", since="January 2018", month="2018-01"
        )
        assert read()["knew_after"] is True
        assert not any("more here" in place["verdict"] for place in read()["single"])


def test_many_names_are_cut_short(ask_moving):
    quiet = [cell_at((-94.535 + n * 0.005, 39.03 + m * 0.007)) for n in range(6) for m in range(3)]
    areas = tuple(frozenset({cell}) for cell in dict.fromkeys(quiet))
    assert len(areas) >= 15
    said = ask_moving(areas, "--since", "2018-01").stdout
    few = f"Too small to tell for {len(areas)} areas: A, B, C, D, E, F, G, H, I, J, K, L and "
    assert few + f"{len(areas) - 12} more." in said


# ---- At the edge ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("since", "months", "first", "n_before"),
    [
        ("2020-01", 1, "2018-01", 24),
        ("2019-01", 13, "2017-01", 24),
        ("2016-02", 48, "2014-02", 24),
        ("2015-01", 61, "2014-01", 12),
    ],
)
def test_a_years_turn_a_leap_february_and_the_first_and_last_start_there_are(
    made, ask, read, tmp_path, since, months, first, n_before
):
    ask((WEST, EAST), "--since", since)
    found = check_sums(tmp_path / "di", made.folder / "ds")
    assert (found[0], found[-1]) == (first, "2020-02")
    account = read()
    assert (account["months_after"], account["pooled"]["before_months"]) == (months, n_before)
    assert account["pooled"]["months"][0]["month"] == since
    assert account["boundary"]["looks"] == max(24, 12 * math.ceil(months / 12))


def test_an_area_at_the_citys_edge_is_followed_inside_it(made, ask, tmp_path):
    edge = disk(cell_at(CORNER), 3) - disk(cell_at(CORNER), 2)
    refused = ask((edge, EAST), "--since", "2019-02", check=False)
    assert sentence(refused).startswith("Area A is mostly outside the city's study area: 11 of")
    done = ask((edge | disk(cell_at(KNOT), 1), EAST), "--since", "2019-02")
    outside = "11 cells of the areas are outside the city's study area and are left out."
    assert done.stdout.splitlines()[1] == outside
    check_sums(tmp_path / "di", made.folder / "ds")


def test_an_area_within_another_has_no_ring(made, ask, read, tmp_path):
    inner = frozenset({cell_at(KNOT)})
    said = ask((inner, disk(cell_at(KNOT), 2) - inner), "--since", "2019-02").stdout
    check_sums(tmp_path / "di", made.folder / "ds")
    first, second = read()["single"]
    assert (first["ring"], first["wdq"]) == (None, None)
    assert first["wdq_reason"] == (
        "Nothing is around the area, or it had no incident to compare with."
    )
    assert (first["wdd"]["total"], first["wdd"]["displacement"]) == (None, None)
    assert {step["ring"] is None for step in first["months"]} == {True}
    assert second["ring"]["counted"] == read()["pooled"]["ring"]["counted"]
    panel = panel_of(tmp_path / "di")
    ring = panel[(panel["zone"] == "ring") & (panel["area_id"] == "A")]
    assert ring["incidents"].sum() == 0
    assert said.splitlines()[0] == read()["pooled"]["sentence"]


def test_areas_of_larger_cells_are_followed_on_larger_cells(made, ask, tmp_path):
    areas = tuple(
        frozenset({int(h3.latlng_to_cell(lat, lon, 8), 16)}) for lon, lat in (KNOT, OTHER)
    )
    ask(areas, "--since", "2019-02")
    check_sums(tmp_path / "di", made.folder / "ds")
    emerging = (tmp_path / "di" / "emerging.csv").read_text().splitlines()[1:]
    assert {h3.get_resolution(line.split(",")[0]) for line in emerging} == {9}


def test_a_file_without_an_area_is_no_error_and_nothing_is_written(ask, tmp_path):
    path = listed(tmp_path / "none.csv", ())
    done = ask(path)
    assert done.stdout == f"{path} names no areas, so there is nothing to follow.\n"
    assert not (tmp_path / "di").exists()
    assert json.loads(ask(path, "--json").stdout) == {"areas": 0}
    assert not (tmp_path / "di").exists()


# ---- What is kept beside the dataset ---------------------------------------------------------


def kept(own, made, choices=None):
    return open_city(load_city(made.config), own), choices or AreaSettings()


@pytest.fixture(scope="module")
def tested(new_town, made):
    """The town with a backtest; how the areas fared is kept beside its dataset."""
    town = new_town()
    shutil.copytree(made.folder / "ds", town.folder / "ds", symlinks=True)
    words = ("backtest", "--city", made.config, "--dataset", town.folder / "ds", "--no-variants")
    (town.folder / "said.txt").write_text(csa_command(*words), encoding="utf-8")
    return town


def test_a_backtest_keeps_what_areas_did_and_what_chance_gives_and_they_are_read(
    tested, made, ask, read
):
    folder = tested.folder / "ds"
    names = sorted(
        path.name
        for path in (folder / "kept").iterdir()
        if path.name.startswith(("after", "lineage", "past"))
        if not path.name.startswith((CELLS, LEARNED))
    )
    heads = [name.rsplit("-", 2)[0] for name in names]
    assert heads == ["after-past-years", "lineage-by-chance", "past-years"]
    asked = ask((WEST, EAST), "--since", "2019-02", dataset=folder, **BEFORE_2019)
    lines = asked.stdout.splitlines()
    usual = read()["usual"]
    # Each second month, back from a year before the data's end; known are those of a year ago.
    starts = [str(Month(2017, 2).plus(2 * step)) for step in range(7)]
    assert [one["origin"] for one in usual["past"]] == starts
    assert [one["months"] for one in usual["past"]] == [12] * 7
    assert (usual["starts"], usual["months"], usual["reason"]) == (7, 12, None)
    assert usual["independent_spans"] == 2  # the first a year before the last
    mean = sum(one["change_share"] for one in usual["past"]) / 7
    assert usual["change_share"] == pytest.approx(mean, abs=1e-3)
    assert lines[3].startswith("After 7 past starts, areas picked this way ")
    chance = read()["lineage_by_chance"]
    kept_chance = json.loads((folder / "kept" / names[1]).read_text())
    assert chance == {name: kept_chance[name] for name in ("area_years", "appeared", "gone")}
    share = (chance["appeared"] + chance["gone"]) / chance["area_years"]
    said = f"If the months were in random order, {100 * share:.0f}% of areas would"
    assert any(said in line for line in lines)


def test_a_start_before_any_past_year_was_over_says_so_and_not_that_none_is_kept(tested, ask, read):
    days = {"first": "2014-12-01", "last": "2017-11-30"}
    lines = ask((WEST, EAST), "--since", "2017-12", dataset=tested.folder / "ds", **days).stdout
    wanted = says("follow.no_past_year", since="December 2017")
    assert lines.splitlines()[3] == wanted
    assert read()["usual"]["reason"] == wanted
    assert (read()["usual"]["starts"], read()["usual"]["change_share"]) == (0, None)
    assert read()["usual"]["core"] == {"ratio": 0.9, "relative_error": 0.08544}
    ask((WEST, EAST), "--since", "2018-02", dataset=tested.folder / "ds", **days)
    usual = read()["usual"]
    # Followed for 24 months; the one past start was known for 12 of them.
    assert (usual["starts"], usual["months"], usual["past"][0]["months"]) == (1, 12, 12)
    assert read()["months_after"] == 24


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        ("2014-02-01", "2017-01-31", "just before February 2019 did not pick these areas"),
        ("2017-01-01", "2019-12-31", "Months since February 2019 helped pick these areas"),
        ("", "", "does not say which months picked these areas, so we expect no drop on their own"),
    ],
)
def test_areas_of_other_months_are_told_that_no_fall_by_itself_is_expected(
    tested, ask, read, first, last, said
):
    days = {"first": first, "last": last}
    lines = ask((WEST, EAST), "--since", "2019-02", dataset=tested.folder / "ds", **days).stdout
    assert said in lines
    usual = read()["usual"]
    assert (usual["starts"], usual["change_share"], usual["past"]) == (0, None, [])
    assert usual["core"] == {"ratio": 1.0, "relative_error": 0.08544}
    assert usual["reason"] in lines


def test_a_file_without_days_gets_a_caution_and_one_with_them_none(ask, read):
    said = ask((WEST, EAST), "--since", "2019-02").stdout.splitlines()[1]
    assert said == says("follow.knew_unknown", since="February 2019")
    assert "so we never report either, nor fewer within any distance" in said
    assert read()["knew_after"] is None
    assert "Careful" not in ask((WEST, EAST), "--since", "2019-02", **BEFORE_2019).stdout
    assert read()["knew_after"] is False


@pytest.mark.long
def test_areas_of_fewer_months_or_another_radius_have_no_past_year(tested, ask, read, tmp_path):
    folder = tested.folder / "ds"
    days = {"first": "2017-02-01", "last": "2019-01-31"}
    lines = ask((WEST, EAST), "--since", "2019-02", dataset=folder, **days).stdout
    assert lines.splitlines()[3].endswith("past years: csa backtest --months 24.")
    assert read()["usual"]["basis"] == "no past year"
    params = {"eps_m": 300, "min_samples": 9, "max_area_km2": 2}
    params["suggested"] = {"eps_m": 250, "min_samples": 9}
    (tmp_path / "proposal.json").write_text(json.dumps({"params": params}))
    lines = ask((WEST, EAST), "--since", "2019-02", dataset=folder, **BEFORE_2019).stdout
    assert lines.splitlines()[3].startswith("These areas use a different radius or minimum")
    assert read()["usual"]["basis"] == "another way of choosing"
    params["max_area_km2"] = 0
    (tmp_path / "proposal.json").write_text(json.dumps({"params": params}))
    lines = ask((WEST, EAST), "--since", "2019-02", dataset=folder, **BEFORE_2019).stdout
    assert lines.splitlines()[3].endswith("past years: csa backtest --max-area-km2 0.")


def test_past_years_in_which_areas_fell_lower_what_is_expected(made, ask, read, own):
    ask((WEST, EAST), "--since", "2019-02", dataset=own, **BEFORE_2019)
    bare = read()
    past = tuple(past_year(f"{year}-01", 0.7) for year in (2015, 2016, 2017))
    save_past(past, *kept(own, made))
    asked = ask((WEST, EAST), "--since", "2019-02", dataset=own, **BEFORE_2019)
    lines = asked.stdout.splitlines()
    usual = read()["usual"]
    assert usual["starts"] == 3
    assert 0.7 < usual["core"]["ratio"] < 0.85
    assert read()["pooled"]["core"]["expected"] == pytest.approx(
        bare["pooled"]["core"]["expected"] * usual["core"]["ratio"] / 0.9, rel=2e-3
    )
    # Each year: 14 of 20 expected a month, 700 before in 24 months; the rest as before.
    change = (14 * 12 / 700) / (1200 / 2400) - 1
    assert usual["change_share"] == pytest.approx(change, rel=1e-3)
    assert lines[3] == says(
        "displacement.usual_fall", n=3, share=f"{-100 * change:.0f}%", within=12
    )


def test_what_chance_gives_is_a_share_of_areas_a_year(made, ask, read, own):
    save_chance(ChanceRates(40.0, 3, 1), *kept(own, made))
    said = ask((WEST, EAST), "--since", "2019-02", dataset=own).stdout
    assert "in random order, 10% of areas would appear or disappear each year." in said
    assert read()["lineage_by_chance"] == {"area_years": 40.0, "appeared": 3, "gone": 1}
    save_chance(ChanceRates(0.0, 0, 0), *kept(own, made))
    said = ask((WEST, EAST), "--since", "2019-02", dataset=own).stdout
    assert "random order" not in said


def test_what_was_kept_of_areas_of_another_size_is_not_read(made, ask, read, own):
    past = (past_year("2015-01", 0.7),)
    save_past(past, *kept(own, made, AreaSettings(resolution=8)))
    save_chance(ChanceRates(40.0, 3, 1), *kept(own, made, AreaSettings(months=24)))
    ask((WEST, EAST), "--since", "2019-02", dataset=own)
    assert (read()["usual"]["starts"], read()["lineage_by_chance"]) == (0, None)


@pytest.mark.long
@pytest.mark.parametrize("name", [NAME, CHANCE_NAME])
def test_a_damaged_kept_file_is_named_with_the_remedy(made, ask, own, tmp_path, name):
    save_past((past_year("2015-01", 0.7),), *kept(own, made))
    save_chance(ChanceRates(40.0, 3, 1), *kept(own, made))
    (path,) = own.rglob(f"{name}-*.json")
    for content in ("{", "[]", '{"kind": "letter"}', "\xff"):
        path.write_text(content, encoding="latin-1")
        said = sentence(ask((WEST, EAST), dataset=own, check=False))
        assert said == f"{path} cannot be read. Remove it, and create it again with csa backtest."
        assert not (tmp_path / "di").exists()


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
    said = run("displace", *words).stdout
    assert "Counts for December 2019 are provisional: some reports come late." in said
    late = [f"{800 + n},{800 + n},2019-{11 + n // 2}-20,0,{KNOT[0]},{KNOT[1]},," for n in range(3)]
    new = [f"{700 + n},{700 + n},2020-01-{n + 1:02d},0,{KNOT[0]},{KNOT[1]},," for n in range(31)]
    run("ingest", *about, "2020-01-31", town.write("b.csv", *rows, *late[:1], *new))
    said = run("displace", *words).stdout
    assert (
        "Late reports changed the citywide count for one month: November 2019 was 5, now 6."
    ) in said.splitlines()
    assert "Counts for January 2020 are provisional: some reports come late." in said.splitlines()
    run("ingest", *about, "2020-01-31", town.write("c.csv", *rows, *late, *new))
    said = run("displace", *words).stdout
    assert (
        "Late reports changed the citywide counts for 2 months, the newest: November 2019 was 5, now "
        "7; December 2019 was 5, now 6."
    ) in said.splitlines()
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
    panel = pd.read_csv(tmp_path / "di" / "panel.csv")
    assert panel["incidents"].equals(panel["homicides"])
    assert panel["incidents"].sum() > 0


def test_a_folder_that_holds_something_else_is_not_touched(ask, tmp_path):
    (tmp_path / "di").mkdir()
    (tmp_path / "di" / "letter.txt").write_text("dear")
    said = sentence(ask((WEST, EAST), check=False))
    assert "contains other files (letter.txt" in said
    assert bytes_of(tmp_path / "di") == {"letter.txt": b"dear"}


# ---- The made-up city ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sample(tmp_path_factory, root):
    """The made-up city: areas proposed at the start of what was planted, and followed."""
    folder = tmp_path_factory.mktemp("sample")
    city = ("--city", root / "config" / "sample.toml")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        truth = json.loads((root / "data" / "sample" / "truth.json").read_text())
        since = truth["displacement"]["since"]
        csa_command("ingest", *city, "--out", folder / "ds")
        about = (*city, "--dataset", folder / "ds")
        csa_command("propose", *about, "--until", since, "--out", folder / "pr")
        words = ("displace", *about, "--areas", folder / "pr", "--since", since)
        said = csa_command(*words, "--out", folder / "di")
    account = json.loads((folder / "di" / "displacement.json").read_text(), parse_constant=refuse)
    return folder, truth, said, account


def test_the_planted_displacement_is_told_in_time_and_no_other(sample):
    _, truth, said, account = sample
    planted = truth["displacement"]
    feature = next(one for one in truth["features"] if one["name"] == planted["feature"])
    with (sample[0] / "pr" / "areas.csv").open(encoding="utf-8", newline="") as file:
        cells = {one["area_id"]: one["cells"].split() for one in csv.DictReader(file)}
    middle = h3.latlng_to_cell(feature["lat"], feature["lon"], 10)
    (here,) = (area_id for area_id, own in cells.items() if middle in own)
    eased = next(one for one in truth["features"] if one["kind"] == "easing")
    middle = h3.latlng_to_cell(eased["lat"], eased["lon"], 10)
    (fallen,) = (area_id for area_id, own in cells.items() if middle in own)
    for place in account["single"]:
        if place["area_id"] == fallen:
            assert place["verdict"] == "fewer here and within 750 m"
            continue
        if place["area_id"] != here:
            assert place["first_alarm"] is None
            continue
        told = next(
            step["month"]
            for step in place["months"]
            if step["verdict"] == "fewer here, more nearby"
        )
        # Chance of seven in ten by the month that is named: it may be told sooner.
        due, at = (pd.Period(month, "M") for month in (planted["told_by"], told))
        assert -6 <= (at - due).n <= 2
        assert place["sentence"] in said.splitlines()
        assert place["verdict"] == "fewer here, more nearby"
    assert account["pooled"]["first_alarm"] is None
    assert len(account["single"]) == len(cells) >= 6


def test_areas_of_a_proposal_know_the_months_that_chose_them_and_their_names(sample):
    folder, _, _, account = sample
    assert account["chosen_by"] == {"start": "2016-07", "until": "2019-07"}
    assert (account["is_synthetic"], account["knew_after"]) == (True, False)
    with (folder / "pr" / "areas.csv").open(encoding="utf-8", newline="") as file:
        names = [(one["area_id"], one["place_name"]) for one in csv.DictReader(file)]
    assert [(one["area_id"], one["place_name"]) for one in account["single"]] == names


@pytest.mark.long
def test_a_table_a_map_and_a_folder_of_one_proposal_give_the_same_bytes(sample, run, root):
    folder, *_ = sample
    about = ("--city", root / "config" / "sample.toml", "--dataset", folder / "ds")
    table, drawn = (folder / "pr" / name for name in ("areas.csv", "areas.geojson"))
    run("displace", *about, "--areas", table, "--since", "2019-07", "--out", folder / "again")
    assert bytes_of(folder / "again") == bytes_of(folder / "di")
    assert read_areas(table) == read_areas(drawn)


def test_what_could_come_anyway_holds_what_is_expected_and_a_ring_is_told_if_enough(sample):
    *_, account = sample
    for place in (account["pooled"], *account["single"]):
        assert place["verdict"] == place["months"][-1]["verdict"]
        for number, step in enumerate(place["months"], start=1):
            for track in (step["core"], step["ring"]):
                assert track["low"] <= track["expected"] <= track["high"]
                assert track["low"] < track["high"]
                assert (track["z"] < 0) <= (track["counted"] < track["expected"])
            # The first two months are too early to be tested.
            core, ring = step["core"], step["ring"]
            can_stop = any(one["core"]["low"] > 0 for one in place["months"][:number])
            is_beyond = not core["low"] <= core["counted"] <= core["high"]
            assert core["is_told"] == (number >= 3 and (can_stop or is_beyond))
            assert core["is_told"] == (step["verdict"] not in {"too small to tell", "too early to tell"})  # fmt: skip
            is_enough = ring["counted"] + ring["expected"] >= 22
            assert ring["is_told"] == (number >= 3 and is_enough)


def test_the_difference_and_the_quotient_follow_by_hand_from_counts_in_the_file(sample):
    *_, account = sample
    for place in (account["pooled"], *account["single"]):
        shorter = account["months_after"] / place["before_months"]
        core, ring, control = place["core"], place["ring"], place["control"]
        # The control is the rest of the city here: its weight is what was expected since the
        # start, less what is usual.
        weight = account["usual"]["core"]["ratio"] * control["after"] / core["expected"]
        assert control["weight"] == pytest.approx(weight, rel=2e-3)
        elsewhere = (control["after"] - control["before"] * shorter) / control["weight"]
        local = core["counted"] - core["before"] * shorter - elsewhere
        noise = core["counted"] + core["before"] * shorter**2
        noise += (control["after"] + control["before"] * shorter**2) / control["weight"] ** 2
        wdd = place["wdd"]
        assert wdd["local"]["estimate"] == pytest.approx(local, rel=5e-4, abs=0.02)
        se = (account["dispersion"]["value"] * noise) ** 0.5
        assert wdd["local"]["se"] == pytest.approx(se, rel=2e-3)
        total = wdd["local"]["estimate"] + wdd["displacement"]["estimate"]
        assert wdd["total"]["estimate"] == pytest.approx(total, rel=1e-3, abs=0.02)
        assert (place["wdq"] is None) == (place["wdq_reason"] is not None)
        if place["wdq"] is not None:
            was, now = control["before"] * shorter, control["after"]
            fell = core["counted"] / now - core["before"] * shorter / was
            moved = ring["counted"] / now - ring["before"] * shorter / was
            assert place["wdq"] == pytest.approx(moved / fell, rel=2e-3)


def test_few_earlier_years_match_no_control_and_the_newest_month_is_the_whole_citys(sample):
    folder, _, _, account = sample
    control = account["pooled"]["control"]
    assert (control["is_matched"], control["knows_earlier_years"]) == (False, False)
    pattern = account["pattern"]
    assert pattern["s_index"] == pytest.approx(1 - pattern["changed"] / pattern["tested"], abs=1e-4)
    assert pattern["s_index_all"] == pytest.approx(
        1 - pattern["changed"] / pattern["cells"], abs=1e-4
    )
    assert pattern["tested"] < pattern["cells"]
    newest = account["newest_month"]
    panel = panel_of(folder / "di")
    every = panel[panel["zone"].isin(PARTS)].groupby("month")["incidents"].sum()
    assert (newest["month"], newest["incidents"]) == ("2020-07", every["2020-07"])
    assert newest["previous_month"] == every["2020-06"]
    assert newest["same_months"]["2018"] == every["2018-07"]


def test_past_years_are_told_one_by_one_at_the_last_month_here_and_next_door(made, ask, read, own):
    past = past_year("2016-01", 0.7)
    # The first month was another: only the sum of all months is told.
    monthly = past.core.monthly.copy()
    monthly[0] += 60
    save_past((replace(past, core=replace(past.core, monthly=monthly)),), *kept(own, made))
    ask((WEST, EAST), "--since", "2019-02", dataset=own, **BEFORE_2019)
    usual = read()["usual"]
    (year,) = usual["past"]
    # 20 a month expected, 14 came; in a year 12 * 14 + 60 of 240. Next door 30 of 30.
    came = 12 * 14 + 60
    assert (year["origin"], year["areas"]) == ("2016-01", 5)
    assert year["core_ratio"] == pytest.approx(came / 240, rel=1e-3)
    assert year["ring_ratio"] == pytest.approx(1, rel=1e-3)
    assert year["change_share"] == pytest.approx(came * 2 / 700 - 1, rel=2e-3)
    assert usual["ring"]["ratio"] == pytest.approx(1, abs=1e-3)
    assert usual["core"]["ratio"] < 0.97


@pytest.mark.long
def test_a_month_whose_count_came_late_long_ago_is_still_told(town, run, tmp_path):
    spots = (KNOT, OTHER)
    rows = [
        f"{n},{n},{2017 + n // 60}-{n % 60 // 5 + 1:02d}-{n % 5 * 6 + 1:02d},0,"
        f"{spots[n % 2][0]},{spots[n % 2][1]},,"
        for n in range(180)
    ]
    late, new = (
        f"{n},{n},{day},0,{KNOT[0]},{KNOT[1]},,"
        for n, day in ((800, "2019-11-20"), (801, "2020-01-02"))
    )
    about = ("--city", town.config, "--places", town.places, "--out", "ds", "--as-of")
    for last, some in (
        ("2019-12-31", rows),
        ("2019-12-31", [*rows, late]),
        ("2020-01-31", [*rows, late, new]),
    ):
        run("ingest", *about, last, town.write("a.csv", *some))
    path = listed(tmp_path / "areas.csv", (WEST, EAST))
    words = ("--city", town.config, "--dataset", "ds", "--areas", path, "--out", "di", "--json")
    account = json.loads(run("displace", *words).stdout)
    assert account["late_reports"] == [
        {"month": "2019-11", "first_reported": 5, "was": 6, "now": 6}
    ]


def test_the_last_quarter_asked_of_cells_ends_with_the_last_whole_month(ask, monkeypatch):
    asked = []

    def note(located, until):
        asked.append(str(until))
        return find_emerging(located, until)

    monkeypatch.setattr(follow, "find_emerging", note)
    ask((WEST, EAST), "--since", "2019-02")
    assert asked == ["2020-02"]
