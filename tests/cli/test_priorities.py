"""The commands that help to decide: what they write and print, their exit codes and mistakes."""

import json
import math
import shutil
from dataclasses import replace

import h3
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st
from tests.cli.asked import CHOSEN, bytes_of, sentence, table_of
from tests.properties import examples
from tests.sentences import says

from csa.areas.backtest.comparison import MethodComparison, explain_comparison
from csa.areas.backtest.record import BacktestRecord, FollowUpChange
from csa.areas.backtest.recording import load_record
from csa.areas.backtest.scoring import BACKTEST_COLUMNS, METHODS, as_table
from csa.areas.choices import AreaSettings
from csa.areas.file_format import round_figures, round_share
from csa.areas.priority.files import PRIORITY_COLUMNS, TESTED_COLUMNS
from csa.areas.proposal import plain
from csa.base.errors import OutputError
from csa.base.params import Month
from csa.base.text import in_ten, method_phrase, times
from csa.city.dataset import City, open_dataset
from csa.city.loading import load_city
from csa.cli import backtest
from csa.cli.backtest import months_of
from csa.workflow import past_years
from csa.workflow.past_years import BacktestResult

REPEATABLE = examples(3)


def heads_in(folder):
    """What is kept of past years beside a dataset, without codes."""
    found = (folder / "kept").glob("*") if (folder / "kept").is_dir() else ()
    heads = sorted(path.name.rsplit("-", 2)[0] for path in found)
    return [
        head for head in heads if head in {"after-past-years", "lineage-by-chance", "past-years"}
    ]


# ---- By hand: backtest ----------------------------------------------------------------------


def test_all_past_januaries_are_judged_and_the_record_is_kept_and_read_again(made):
    said = (made.folder / "record.txt").read_text(encoding="utf-8")
    full = made.folder / "full"
    assert heads_in(full) == ["after-past-years", "lineage-by-chance", "past-years"]
    city = City(load_city(made.config), open_dataset(full), full)
    record = load_record(city, AreaSettings(months=24, max_area_km2=1.0))
    assert sorted(set(record.table["origin"])) == ["2017-01", "2018-01", "2019-01"]
    assert says("backtest.kept") in said
    assert says("backtest.written", out=made.folder / "record") in said
    assert load_record(city, AreaSettings(months=36, max_area_km2=1.0)) is None


def test_without_a_folder_only_the_record_is_written(town, run):
    lines = [f"{n},{n},2020-{n % 2 + 4:02d}-20,0,-94.57,39.02,," for n in range(30)]
    words = ("--city", town.config, "--places", town.places, "--out", "ds")
    run("ingest", *words, town.write("a.csv", *lines))
    before = {path.name for path in town.folder.iterdir()}
    said = run("backtest", "--city", town.config, "--dataset", "ds").stdout
    assert {path.name for path in town.folder.iterdir()} == before
    # Too short a time for areas by chance.
    assert heads_in(town.folder / "ds") == ["after-past-years", "past-years"]
    assert "Saved to" not in said


def test_the_sentence_and_the_table_say_what_the_file_holds(ask, made, tmp_path):
    words = (*CHOSEN, "--origins", "2018-01, 2018-07", "--no-variants", "--out", tmp_path / "bt")
    before = bytes_of(made.folder / "full" / "kept")
    said = ask("backtest", *words).stdout
    assert bytes_of(made.folder / "full" / "kept") == before  # days that are named keep nothing
    account = json.loads((tmp_path / "bt" / "backtest.json").read_text())
    means = account["methods"]
    printed = said.splitlines()
    at = next(n for n, row in enumerate(printed) if row.startswith("Way of choosing"))
    assert printed[at - 1].split() == ["Caught,", "Of", "the", "Than", "areas,"]
    assert printed[at].split() == ["Way", "of", "choosing", "%", "land,", "%", "points"]
    rows = printed[at + 1 : at + 1 + len(METHODS)]
    for (method, mean), line in zip(means.items(), rows, strict=True):
        name = method_phrase(method)
        more = [] if method == "areas" else [f"{100 * mean['difference']:+.1f}"]
        shares = [f"{100 * mean[key]:.1f}" for key in ("hit_share", "area_share")]
        assert (line[: len(name)], line.removeprefix(name).split()) == (name, shares + more)
    assert f"Over 2 past dates, areas caught {100 * means['areas']['hit_share']:.1f}%" in said
    assert {account["params"]["suggested_by"], account["record"]} == {"city file", None}


def test_the_files_of_a_backtest_hold_every_column_and_key(made):
    folder = made.folder / "record"
    assert set(bytes_of(folder)) == {"backtest.csv", "variants.csv", "backtest.json"}
    for name in ("backtest.csv", "variants.csv"):
        assert header_of(folder / name) == list(BACKTEST_COLUMNS)
    rows = table_of(folder / "backtest.csv")
    assert len(rows) == 3 * len(METHODS)
    for row in rows:
        ratio = float(row["hit_share"]) / float(row["area_share"])
        assert float(row["pai"]) == pytest.approx(ratio, abs=1e-3)
        assert all(len(value.partition(".")[2]) <= 6 for value in row.values())
    names = {row["method"] for row in table_of(folder / "variants.csv")}
    swept = {name for name in names if name.startswith("areas_")}
    assert names == {"plain_dbscan", *swept}
    assert len(swept) >= 9
    account = json.loads((folder / "backtest.json").read_text())
    low, high = account["comparison"]["low"], account["comparison"]["high"]
    suggested = account["record"]["suggested"]
    known = {
        "kind": "backtest",
        "format_version": 1,
        "city": "testville",
        "question": {
            "origins": ["2017-01", "2018-01", "2019-01"],
            "horizon_months": 12,
            "area_share": 0.02,
        },
        "verdict": "worse" if high < 0 else "better" if low > 0 else "as good",
        "method_version": account["versions"]["method"],
    }
    assert known.items() <= account.items()
    assert suggested["eps_m"] in (120, 160, 200, 240)
    for name in ("eps_m", "min_samples"):
        assert account["params"][name] == suggested[name]
    assert account["params"]["suggested_by"] == "past years"


def test_days_named_are_judged_without_what_later_years_suggest(made, ask, tmp_path):
    words = (*CHOSEN, "--origins", "2018-07", "--horizon", "6", "--no-variants")
    done = ask("backtest", *words, "--area-share", "0.05", "--out", tmp_path / "bt")
    account = json.loads((tmp_path / "bt" / "backtest.json").read_text())
    own = load_city(made.config).areas
    wanted = {
        "eps_m": own.eps_m, "min_samples": own.min_samples, "suggested_by": "city file",
    }  # fmt: skip
    assert wanted.items() <= account["params"].items()
    wanted = {"origins": ["2018-07"], "horizon_months": 6, "area_share": 0.05}
    assert (account["question"], account["record"]) == (wanted, None)
    for part in (
        "Areas use the city file's values:",
        "Over one past year",
        "the next 6 months' shootings",
    ):
        assert part in done.stdout


# ---- By hand: priorities --------------------------------------------------------------------


def test_areas_are_listed_west_to_east_each_with_its_tier(ask, tmp_path):
    said = ask("priorities", *CHOSEN, "--out", tmp_path / "pr").stdout
    rows = table_of(tmp_path / "pr" / "priorities.csv")
    ids = [row["area_id"] for row in rows]
    assert len(rows) >= 4
    west = [min(h3.cell_to_latlng(cell)[1] for cell in row["cells"].split()) for row in rows]
    assert west == sorted(west)
    lines = {line.split()[0]: line for line in said.splitlines() if line.split(" ")[0] in ids}
    assert list(lines) == ids
    for row in rows:
        line = lines[row["area_id"]]
        assert f"  {row['tier'] or 'none'}  " in line
        assert (" yes " in line) == (row["is_first"] == "true")
        # As on the pages: what is said is never narrower than what is known.
        low, high = float(row["expected_low"]), float(row["expected_high"])
        for shown in (
            f"{int(row['incidents']):,}",
            f"{math.floor(low):,} to {math.ceil(high):,}",
            times(float(row["times_city"])),
            in_ten(float(row["stability_share"])),
        ):
            assert f" {shown} " in f"{line} "
        assert low <= float(row["expected"]) <= high
    # What lies at a point that may stand for unknown places makes no area.
    assert {row["is_doubtful"] for row in rows} == {"false"}


def test_a_plain_cluster_at_a_point_that_may_stand_for_others_is_to_be_looked_at_first(
    ask, tmp_path
):
    words = ("--months", "24", "--max-area-km2", "0", "--out", tmp_path / "pr")
    said = ask("priorities", *words).stdout
    (row,) = (
        one for one in table_of(tmp_path / "pr" / "priorities.csv") if one["is_doubtful"] == "true"
    )
    assert (row["tier"], row["is_first"], row["top_share"]) == ("", "false", "")
    (line,) = (line for line in said.splitlines() if line.startswith(f"{row['area_id']} "))
    assert "look first" in line
    assert "at least a third of its incidents are at a placeholder location." in said


def test_the_files_of_priorities_hold_every_column_and_key(made, ask, tmp_path):
    words = (*CHOSEN, "--capacity", "2", "--weight", "expected=2", "--weight", "homicides=1")
    account = json.loads(ask("priorities", *words, "--out", tmp_path / "pr", "--json").stdout)
    assert header_of(tmp_path / "pr" / "priorities.csv") == list(PRIORITY_COLUMNS)
    assert json.loads((tmp_path / "pr" / "priorities.json").read_text()) == account
    assert (account["kind"], account["format_version"]) == ("priorities", 1)
    assert (account["capacity"], account["weights"]) == (2, {"expected": 2.0, "homicides": 1.0})
    assert account["suggested_by"] == "past years"
    rows = table_of(tmp_path / "pr" / "priorities.csv")
    assert sum(row["is_first"] == "true" for row in rows) == 2
    tiers = [row["tier"] for row in rows]
    assert account["tiers"] == {tier: tiers.count(tier) for tier in sorted(set(tiers) - {""})}
    assert account["areas_without_tier"] == tiers.count("")
    for row in rows:
        times = float(row["expected_per_km2"]) / account["city_per_km2"]
        assert float(row["times_city"]) == pytest.approx(times, rel=2e-3)
    assert set(account["answers"]) == {"locate", "test_cells", "compare_one", "compare_all"}
    assert set(account["answers"]["locate"]) == {"can", "is_firm", "text"}
    assert set(account["why"]) == {row["area_id"] for row in rows}
    assert all(len(said) == 2 for said in account["why"].values())


def test_cells_are_written_where_they_can_be_tested_and_only_there(made, ask, tmp_path):
    words = ("--months", "48", "--max-area-km2", "0", "--resolution", "8")
    coarse = json.loads(ask("priorities", *words, "--out", tmp_path / "r8", "--json").stdout)
    assert coarse["answers"]["test_cells"]["can"]
    assert header_of(tmp_path / "r8" / "cells.csv") == list(TESTED_COLUMNS)
    cells = table_of(tmp_path / "r8" / "cells.csv")
    for cell in cells:
        assert (float(cell["q"]) <= 0.05) == (cell["is_hot"] == "true")
        assert (len(cell["cell"]), cell["cell"][:2]) == (15, "88")
    assert any(cell["is_hot"] == "true" for cell in cells)


# ---- By hand: sentences ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n_years", "low", "high", "told"),
    [
        (1, 0.01, 0.03, "one year can't show which is better (90% range of the difference: +1.0"),
        (2, 0.01, 0.03, "areas did better (90% range of the difference: +1.0"),
        (2, -0.03, -0.01, "areas did worse (90% range of the difference: -3.0"),
        (2, -0.01, 0.03, "areas did as well (90% range of the difference: -1.0"),
    ],
)
def test_the_sentence_says_better_worse_or_as_good(n_years, low, high, told):
    comparison = MethodComparison("areas", "count_all", 0.25, 0.2, 0.05, low, high, n_years)
    origins = Month(2018, 1), Month(2019, 1)
    assert explain_comparison(comparison, origins, 12, "2%", 0.4) == (
        "Over 2 past years, areas caught 25.0% of the next year's shootings on 2% of the land; "
        f"the best alternative, cells by count, over all years, caught 20.0%: {told} to "
        f"{100 * high:+.1f} points). The best possible was 40.0%."
    )


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (0, "under 1 in 10"), (0.0499, "under 1 in 10"), (0.05, "1 in 10"), (0.149, "1 in 10"),
        (0.15, "2 in 10"), (0.25, "3 in 10"), (0.5, "5 in 10"), (0.9499, "9 in 10"),
        (0.95, "over 9 in 10"), (1, "over 9 in 10"), (math.nan, "unknown"), (None, "unknown"),
    ],
)  # fmt: skip
def test_so_many_in_ten_is_never_all_and_never_none(share, said):
    assert in_ten(share) == said


@pytest.mark.parametrize(
    ("ratio", "said"),
    [
        (0, "0.0"), (0.04, "0.0"), (1.4, "1.4"), (1.44, "1.4"), (9.94, "9.9"), (9.96, "10"),
        (10, "10"), (23.4, "23"), (1234.5, "1,234"), (math.nan, "unknown"), (None, "unknown"),
    ],
)  # fmt: skip
def test_times_the_city_have_a_decimal_below_ten_alone(ratio, said):
    assert times(ratio) == said


def test_each_way_of_choosing_has_a_name_of_its_own():
    names = [method_phrase(method) for method in METHODS]
    assert len(set(names)) == len(METHODS)
    assert not set(names) & set(METHODS)
    with pytest.raises(KeyError):
        method_phrase("luck")


@pytest.mark.parametrize(
    ("last_year", "after", "key"),
    [
        (0.2, 0.15, ("backtest.usual_fall", "25%")),
        (0.2, 0.2, ("backtest.usual_fall", "0%")),
        (0.2, 0.25, ("backtest.usual_rise", "25%")),
        (0.0, 0.1, None),
    ],
)
def test_what_areas_usually_do_by_themselves(last_year, after, key):
    usual = FollowUpChange("2018-01", 3, 0.2, last_year, after)
    record = BacktestRecord("f", "2", {}, as_table([]), None, (), None, (usual,))
    told = [] if key is None else [says(key[0], share=key[1])]
    assert [*backtest.record_sentences(record)][1:-1] == told


def test_every_key_of_both_accounts_is_named_in_the_docs(made, ask, root, tmp_path):
    page = (root / "docs" / "DATA.md").read_text(encoding="utf-8")
    backtest = json.loads((made.folder / "record" / "backtest.json").read_text())
    accounts = [
        backtest,
        *(backtest[name] for name in ("question", "params", "comparison", "record")),
        backtest["methods"],
        backtest["methods"]["areas"],
        json.loads(ask("priorities", *CHOSEN, "--out", tmp_path / "pr", "--json").stdout),
    ]
    assert not [key for account in accounts for key in account if f"`{key}`" not in page]


# ---- At the edge ----------------------------------------------------------------------------


def test_a_year_too_short_to_judge_is_one_sentence_and_an_empty_record(town, run):
    lines = [f"{n},{n},2020-05-{n % 28 + 1:02d},0,-94.57,39.02,," for n in range(30)]
    words = ("--city", town.config, "--places", town.places, "--out", "ds")
    run("ingest", *words, town.write("a.csv", *lines))
    words = ("--city", town.config, "--dataset", "ds")
    done = run("backtest", *words, "--out", "bt")
    assert done.stdout.splitlines()[0].startswith(
        "No past year can be tested: each needs 36 months of data before a January and"
    )
    assert "the data cover 2020-05-01 to 2020-05-28" in done.stdout
    dataset = open_dataset(town.folder / "ds")
    record = load_record(City(load_city(town.config), dataset, town.folder / "ds"), AreaSettings())
    assert (record.n_origins, record.suggested, record.usual_fall_share) == (0, None, None)
    assert table_of(town.folder / "bt" / "backtest.csv") == []
    account = json.loads((town.folder / "bt" / "backtest.json").read_text())
    assert (account["methods"], account["comparison"], account["verdict"]) == ({}, None, None)
    said = run("priorities", *words, "--out", "pr").stdout
    assert says("briefing.record_short") in said


def test_no_area_at_all_is_a_result(ask, tmp_path):
    words = (*CHOSEN, "--min-samples", "5000", "--out", tmp_path / "pr")
    done = ask("priorities", *words)
    assert done.stdout.startswith("No candidate areas in this period")
    assert table_of(tmp_path / "pr" / "priorities.csv") == []


def test_without_a_record_the_city_files_values_are_suggested_and_that_is_said(made, ask, tmp_path):
    words = ("priorities", *CHOSEN, "--out", tmp_path / "pr")
    bare = ask(*words, dataset="bare").stdout
    assert says("briefing.no_record") in bare
    assert f"as suggested: {says('controls.by_city_file')}" in bare
    said = ask(*words).stdout
    assert f"as suggested: {says('controls.by_past_years')}" in said
    assert "past years, areas chosen the same way caught" in said


# ---- Refused --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("--origins 2018-01", "--origins needs a folder"),
        ("--horizon 6", "--horizon and --area-share go with --origins"),
        ("--area-share 0.1", "--horizon and --area-share go with --origins"),
        ("--origins 2018 --out x", "--origins must be a month like 2020-08, not '2018'."),
        ("--origins= --out x", "--origins must be a month like 2020-08"),
        ("--origins 2018-13 --out x", "must be a month like 2020-08, not '2018-13'"),
        ("--origins 2019-06 --out x", "2019-06 can't be tested over 12 months"),
        ("--origins 2015-01 --out x", "the data allow 2015-02 to 2019-01"),
        ("--origins 2018-01,2018-01 --out x", "A month is listed twice"),
        ("--origins 2018-01 --horizon 0 --out x", "must be 1 to 60, not 0"),
        ("--origins 2018-01 --area-share 2 --out x", "must be above 0 and at most"),
        ("--months 0", "months must be 1 to 1200"),
        ("--months 5000", "months must be 1 to 1200"),
        ("--kind murder", "not 'murder'"),
    ],
)
def test_a_backtest_that_cannot_be_asked(ask, own, words, told):
    assert told in sentence(ask("backtest", *words.split(), check=False, dataset=own))
    assert heads_in(own) == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("--capacity 0", "--capacity must be 1 or more, not 0."),
        ("--weight luck=1", "No component is called luck. Choose from expected, density"),
        ("--weight expected", "component and a number, such as expected=2, not 'expected'."),
        ("--weight expected=much", "a number, such as expected=2, not 'expected=much'."),
        ("--weight expected=-1", "weight of expected must be 0 or more, not"),
        ("--weight expected=nan", "weight of expected must be 0 or more, not"),
        ("--weight expected=0", "No component has a weight above 0"),
        ("--weight expected=1 --weight expected=2", "lists expected twice. List it once."),
        ("--until 2020-13", "--until must be a month like 2020-08"),
        ("--until 2010-01", "is outside the data, which cover"),
        ("--resolution 16", "must be 6 to 11, not 16"),
    ],
)
def test_priorities_that_cannot_be_asked(ask, tmp_path, words, told):
    said = sentence(ask("priorities", *words.split(), "--out", tmp_path / "pr", check=False))
    assert told in said
    assert not (tmp_path / "pr").exists()


def test_a_record_that_cannot_be_kept_is_told_before_the_past_is_judged(ask, own, monkeypatch):
    shutil.rmtree(own / "kept")
    (own / "kept").write_text("in the way")
    monkeypatch.setattr(past_years, "score_past_years", None)  # to call it would be a fault of ours
    said = sentence(ask("backtest", *CHOSEN, check=False, dataset=own))
    assert "kept" in said


def test_the_folder_is_written_though_the_record_cannot_be_kept(
    made, ask, own, tmp_path, monkeypatch
):
    def judged_before(asked, tell):
        record = load_record(replace(asked.city, folder=made.folder / "full"), asked.choices)
        return BacktestResult(asked, record, record.table, record.comparison, as_table([]))

    def fail(*_args):
        raise OutputError("files.cannot_write", path="kept", why="Read-only file system")

    monkeypatch.setattr(past_years, "score_past_years", judged_before)
    monkeypatch.setattr(past_years, "save_record", fail)
    words = ("backtest", *CHOSEN, "--no-variants", "--out", tmp_path / "bt")
    done = ask(*words, check=False, dataset=own)
    assert "Read-only file system" in done.stderr
    assert set(bytes_of(tmp_path / "bt")) == {"backtest.csv", "variants.csv", "backtest.json"}


def test_a_folder_that_holds_something_else_is_not_touched(ask, tmp_path):
    (tmp_path / "dr").mkdir()
    (tmp_path / "dr" / "letter.txt").write_text("dear")
    words = (*CHOSEN, "--out", tmp_path / "dr")
    assert "contains other files" in sentence(ask("priorities", *words, check=False))
    words += ("--origins", "2018-01", "--no-variants")
    assert "contains other files" in sentence(ask("backtest", *words, check=False))


# ---- True in general ------------------------------------------------------------------------


@pytest.mark.parametrize("unknown", [math.nan, math.inf, np.nan, np.float64("inf"), pd.NA, None])
def test_what_is_not_known_is_empty(unknown):
    assert plain(unknown) is None
    assert round_figures(plain(unknown)) is None
    assert [round_figures(plain(np.bool_(flag))) for flag in (True, False)] == ["true", "false"]
    assert (round_figures(12345), round_figures("12345.678")) == (12345, "12345.678")


@REPEATABLE
@given(st.lists(st.tuples(st.integers(1990, 2030), st.integers(1, 12)), min_size=1, max_size=6))
def test_months_are_read_in_any_order(given_months):
    text = ", ".join(f"{year}-{month:02d}" for year, month in given_months)
    assert months_of(text, "--origins") == tuple(Month(*month) for month in sorted(given_months))


def header_of(path):
    return path.read_text(encoding="utf-8").splitlines()[0].split(",")


@REPEATABLE
@given(st.floats(-1e9, 1e9, allow_subnormal=False))
def test_four_figures_are_kept_and_never_less_than_whole(number):
    written = round_figures(number)
    assert abs(written - number) <= 0.5 or abs(number) >= 1e15
    if number and abs(number) > 1e-300:
        assert math.isclose(written, number, rel_tol=5.001e-4)
    figures = f"{abs(written):.15g}".replace(".", "").strip("0").partition("e")[0]
    assert len(figures) <= max(4, len(str(int(abs(number)) + 1)))
    assert abs(round_share(number / 1e9) - number / 1e9) <= 0.5000001e-6
