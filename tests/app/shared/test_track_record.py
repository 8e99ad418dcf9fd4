"""Track record: what past years say of each way of choosing, and of what came afterwards."""

import html
from dataclasses import replace
from inspect import unwrap
from itertools import pairwise

import pandas as pd
import pytest
from hypothesis import given, strategies as st
from tests.sentences import says

from csa.areas.backtest.comparison import MethodComparison, SettingScore
from csa.areas.backtest.record import BacktestRecord, FollowUpChange
from csa.areas.backtest.scoring import BASELINES, METHODS, as_table
from csa.areas.choices import AreaSettings
from csa.base.text import percent
from csa_app.shared import settings, track_record
from csa_app.shared.city_session import CitySession
from csa_app.shared.settings import ROOT, Deployment
from csa_app.shared.track_record import MethodLine, method_label, short_label, tried_table

CAUGHT = {
    "areas": 0.21, "blocks": 0.24, "count_36": 0.19, "count_all": 0.20, "kde_150_36": 0.18,
    "kde_150_all": 0.205, "kde_300_all": 0.17, "kde_mix_all": 0.195, "count_areas": 0.15,
    "neighborhoods": 0.13, "random": 0.02, "ceiling": 0.30,
}  # fmt: skip


def row(year, method, share):
    return {
        "origin": f"{year}-01", "horizon_months": 12, "method": method, "area_km2": 2.0,
        "area_share": 0.02, "hit_share": share, "pai": share / 0.02, "pei_star": share / 0.3,
        "n_future": 200, "filled_share": 0.0,
    }  # fmt: skip


def record_of(*years, low=-0.004, high=0.012, falls=(0.30, 0.24)):
    last, after = falls
    rows = [row(year, method, share) for year in years for method, share in CAUGHT.items()]
    return BacktestRecord(
        "f", "2", {}, as_table(rows),
        MethodComparison("areas", "kde_150_all", 0.21, 0.205, 0.005, low, high, len(years))
        if years
        else None,
        (SettingScore(250.0, 15, (0.21, 0.2, 0.22), (0.02,) * 3, (9, 10, 11)),), None,
        tuple(FollowUpChange(f"{year}-01", 9, 0.28, last, after) for year in years),
    )  # fmt: skip


@pytest.fixture
def opened(city, tmp_path):
    return CitySession(city.config, city.dataset, tmp_path, incidents_key="k")


@pytest.fixture
def said(monkeypatch):
    """What the page says, in order."""
    told = []
    for name in ("markdown", "caption", "header"):
        monkeypatch.setattr(track_record.st, name, lambda text, **_: told.append(text))
    monkeypatch.setattr(track_record.panels, "empty", lambda text, **_: told.append(text))
    monkeypatch.setattr(
        track_record.key_figure, "show", lambda *cards: told.append(html.unescape(" ".join(cards)))
    )
    monkeypatch.setattr(
        track_record.panels, "table", lambda rows, _: told.append(pd.DataFrame(rows))
    )
    return told


# ---- By hand --------------------------------------------------------------------------------


def test_the_answer_says_what_areas_caught_the_best_other_way_and_the_best_possible(opened, said):
    track_record.answer(opened, record_of(2018, 2019), AreaSettings(months=24))
    (text,) = said
    for words in (
        "Mean of 2 past years, areas chosen each January", "<b>21%</b> of the next year's shootings, on 2% of",
        "<b>20%</b> a heat map of 150 m, over all years", "did as well", "-0.4 to +1.2 points<",
        "With hindsight, the best possible was 30%.",
    ):  # fmt: skip
        assert words in text
    # Of 2 km2 in cells of a seventh the size there are more than incidents a year.
    track_record.answer(opened, record_of(2018, 2019), AreaSettings(months=24, resolution=11))
    assert "With hindsight" not in said[1]


def test_better_and_worse_are_said_with_how_much():
    better = " ".join(track_record._against(record_of(2018, 2019, low=0.004, high=0.012)))
    assert "The areas did better." in better
    worse = " ".join(track_record._against(record_of(2018, 2019, low=-0.012, high=-0.004)))
    assert "The areas did worse." in worse
    assert all(
        "90% range of the difference: 0.4 to 1.2 points<" in said for said in (better, worse)
    )


def test_the_table_names_each_way_in_words_ours_first_the_best_possible_last():
    table = track_record.ways(record_of(2018, 2019))
    names = table.iloc[:, 0].tolist()
    assert names[0] == "Candidate areas"
    assert names[1:4] == [
        "The same blocks, scattered instead of walkable",
        "A heat map of 150 m, over all years",
        "Cells by count, over all years",
    ]
    assert names[-2:] == ["Land chosen at random", "Best possible, known only afterward"]
    assert table.iloc[2].tolist() == ["A heat map of 150 m, over all years", "20%", "-0.5 points"]
    assert table.iloc[-1].tolist()[1:] == ["30%", "+9.0 points"]


@pytest.mark.parametrize(
    ("points", "said"),
    [(0.04, "the same"), (-0.04, "the same"), (0.0, "the same"), (-0.06, "-0.1 points")],
)
def test_a_difference_that_rounds_to_nothing_is_neither_more_nor_less(points, said):
    assert track_record._apart(points) == said


def test_what_usually_happens_afterwards_is_the_fall_of_the_share(opened, said):
    sentence = track_record._usual_fall(record_of(2018), "shootings")
    assert "<b>20%</b> lower share of the city" in sentence
    assert "a drop that size is not evidence that a program worked." in sentence
    track_record.afterwards(opened, record_of(2018), AreaSettings(months=36))
    title, _, table = said
    assert "afterward" in title
    assert table.iloc[0].tolist() == ["January 2018", 9, "28%", "30%", "24%"]


def test_where_areas_cover_less_land_every_sentence_says_as_much(opened, said):
    record = record_of(2018, 2019)
    record = replace(record, table=record.table.assign(area_share=0.012))
    track_record.answer(opened, record, AreaSettings())
    track_record.afterwards(opened, record, AreaSettings())
    land = [text for text in said if isinstance(text, str) and "of the land" in text]
    assert len(land) == 2
    assert all("1% of the land" in text and "2%" not in text for text in land)


def test_the_command_names_the_city_the_data_and_only_what_was_changed(opened, monkeypatch):
    config, own = ROOT / "config" / "testville.toml", opened.config.areas
    served = Deployment(config, *[opened.folder] * 3)
    monkeypatch.setattr(settings, "deployment", lambda: served)
    monkeypatch.setattr(settings, "_listed", lambda: {"testville": config})
    start = f"csa backtest --city testville --dataset {opened.folder}"
    as_city = AreaSettings(
        months=own.months, resolution=own.resolution, max_area_km2=own.max_area_km2
    )
    assert track_record.command(opened, as_city) == start
    changed = replace(as_city, months=24, kinds=("homicide",), max_area_km2=1.5)
    wanted = f"{start} --months 24 --max-area-km2 1.5 --kind homicide"
    assert track_record.command(opened, changed) == wanted


def test_lines_that_end_together_have_names_apart():
    shares = pd.Series([0.2, 0.2], index=["2018", "2019"])
    lines = {
        part: MethodLine(part, shares + extra)
        for part, extra in (("best", 0.1), ("random", -0.18), ("other", 0.0), ("areas", 0.001))
    }
    figure = unwrap(track_record.by_year)(lines, "{way}, {year}: {share}")
    heights = sorted(note.y for note in figure.layout.annotations)
    top = figure.layout.yaxis.range[1]
    gaps = [b - a for a, b in pairwise(heights)]
    assert min(gaps) >= track_record.LABEL_GAP * top - 1e-9
    assert figure.data[3].text[1] == "areas, 2019: 20%"
    assert not figure.layout.showlegend


def test_beside_the_ways_stands_from_which_months_each_chooses(opened, said):
    track_record.years(opened, record_of(2018), AreaSettings(months=24))
    assert (
        "Every method uses the same land and the same earlier months: all of them, or the last 24 where its name says so."
        in said[-1]
    )


def test_what_it_costs_that_areas_are_walkable_is_said_where_it_was_measured(opened, said):
    record = record_of(2018, 2019)
    track_record.years(opened, record, AreaSettings())
    assert (
        "Blocks need not touch. Walkable areas catch 88% of what scattered blocks on the same land would."
        in said[-1]
    )  # 21 of 24
    older = replace(record, table=record.table[record.table["method"] != "blocks"])
    track_record.years(opened, older, AreaSettings())
    assert "scattered" not in said[-1]
    assert "The same blocks" not in said[-2].iloc[:, 0].to_string()


# ---- At the edge ----------------------------------------------------------------------------


def test_without_a_record_the_command_that_makes_it_is_said(opened, said, monkeypatch):
    monkeypatch.setattr(track_record, "command", lambda *_: "csa backtest --city x")
    track_record.nothing(opened, AreaSettings(), None)
    (sentence,) = said
    assert "To test them, run:" in sentence
    assert "`csa backtest --city x`" in sentence


def test_a_record_without_a_year_says_how_many_months_are_missing(opened, said):
    """Whole months April and May 2020; 36 before January 2024 and 12 after it: 55 more."""
    track_record.nothing(opened, AreaSettings(months=36), record_of())
    assert (
        "No past year can be tested yet: that takes 36 months before a January and 12 after it, and 55 months are missing."
        in said[0]
    )


def test_a_city_without_neighborhoods_has_no_row_of_them(opened, said):
    whole = record_of(2018, 2019)
    none = whole.table.copy()
    none.loc[none["method"] == "neighborhoods", "hit_share"] = float("nan")
    absent = whole.table[whole.table["method"] != "neighborhoods"]
    named_ = track_record.ways(whole).iloc[:, 0].tolist()
    for table in (none, absent):
        record = replace(whole, table=table)
        ways = track_record.ways(record)
        assert len(ways) == len(named_) - 1
        assert [name for name in named_ if "neighborhoods" in name] not in ways.iloc[:, 0].tolist()
        assert "nan" not in ways.to_string().lower()
        track_record.years(opened, record, AreaSettings())
        assert "neighborhoods" not in said[-1]


def test_a_way_that_lacks_a_year_is_not_set_beside_those_that_have_it():
    whole = record_of(2018, 2019)
    table = whole.table.copy()
    is_it = (table["method"] == "neighborhoods") & (table["origin"] == "2018-01")
    table.loc[is_it, "hit_share"] = float("nan")
    assert is_it.sum() == 1
    assert len(track_record.ways(replace(whole, table=table))) == len(CAUGHT) - 1


def test_past_years_in_which_nothing_came_are_nothing_to_compare(opened, said):
    track_record.nothing(opened, AreaSettings(), replace(record_of(2018), comparison=None))
    assert (
        "No shootings occurred in the past years that could be tested, so there is nothing to compare."
        in said[0]
    )


def test_one_past_year_cannot_tell_and_two_can(opened, said):
    for years in ((2018,), (2018, 2019)):
        track_record.answer(opened, record_of(*years), AreaSettings())
    assert says("how_well.card_years", n=1) in said[0]
    assert says("how_well.one_year") in said[0]
    assert "did as well" in said[1]


@pytest.mark.parametrize(
    ("falls", "words"),
    [
        ((0.30, 0.30), "about as much"),
        ((0.30, 0.298), "about as much"),
        ((0.30, 0.33), "rose by about 10%"),
        ((0.0, 0.1), "about as much"),
    ],
)
def test_no_fall_is_no_fall_and_a_rise_is_a_rise(falls, words):
    assert words in track_record._usual_fall(record_of(2018, falls=falls), "shootings")


def test_a_single_year_is_a_mark_for_each_way():
    lines = track_record._lines(record_of(2018))
    figure = unwrap(track_record.by_year)(lines, "{way}{year}{share}", is_synthetic=True)
    assert [list(trace.x) for trace in figure.data] == [["2018"]] * 4
    assert any("SAMPLE" in note.text for note in figure.layout.annotations)


# ---- Refused --------------------------------------------------------------------------------


def test_a_way_that_nobody_named_is_our_fault_and_is_found_at_once():
    with pytest.raises(KeyError):
        method_label("tarot")
    with pytest.raises(ValueError, match="0"):
        track_record._comparison(record_of())


# ---- True in general ------------------------------------------------------------------------


def test_every_way_has_a_name_of_its_own_and_none_shows_the_library_s():
    tabled = [method_label(way) for way in METHODS]
    assert len(set(tabled)) == len(METHODS)
    assert set(BASELINES) <= set(METHODS)
    short = [short_label(way) for way in METHODS]
    assert not any(mark in "".join(tabled + short) for mark in ("kde", "_"))


@given(st.lists(st.floats(0, 1), min_size=4, max_size=4))
def test_names_never_hide_one_another_and_stay_in_the_order_of_their_lines(shares):
    index = ["2019"]
    lines = {
        part: MethodLine(part, pd.Series([share], index=index))
        for part, share in zip(("best", "random", "other", "areas"), shares, strict=True)
    }
    labels = track_record._labels(lines, 100.0)
    heights = [label["y"] for label in labels]
    assert heights == sorted(heights)
    assert all(b - a >= 8.5 - 1e-9 for a, b in pairwise(heights))


def test_settings_tried_are_listed_and_the_suggested_one_is_told(opened, monkeypatch):
    land = (0.02,) * 3
    tried = (
        SettingScore(200.0, 12, (0.2,) * 3, land, (9,) * 3),
        SettingScore(250.0, 15, (0.3,) * 3, land, (8,) * 3),
        SettingScore(250.0, 22, (0.4,) * 3, (0.02, 0.01, 0.02), (5,) * 3),
    )
    table = tried_table(tried, tried[1])
    assert table.iloc[:, 0].tolist() == ["200 m", "250 m", "250 m"]
    told = table.iloc[:, -1].tolist()
    assert told == ["", "suggested", says("how_well.role_little_land")]
    assert percent(0.3) in table.iloc[1, 2].replace(".0", "")
    shown = []
    monkeypatch.setattr(track_record.st, "markdown", shown.append)
    monkeypatch.setattr(track_record.panels, "table", lambda *_: None)
    track_record.settings(opened, record_of(2018))
    assert "the city file's values stay" in shown[0]
