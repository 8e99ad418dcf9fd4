"""Track record: what past years say of each way of choosing, and of what came afterwards."""

import html
from dataclasses import replace
from itertools import pairwise

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from csa.areas.backtest.comparison import MethodComparison, SettingScore
from csa.areas.backtest.record import BacktestRecord, FollowUpChange
from csa.areas.backtest.scoring import as_table
from csa.areas.choices import AreaSettings
from csa_app.shared import track_record
from csa_app.shared.city_session import CitySession
from csa_app.shared.track_record import MethodLine

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


def test_a_way_that_lacks_a_year_is_not_set_beside_those_that_have_it():
    whole = record_of(2018, 2019)
    table = whole.table.copy()
    is_it = (table["method"] == "neighborhoods") & (table["origin"] == "2018-01")
    table.loc[is_it, "hit_share"] = float("nan")
    assert is_it.sum() == 1
    assert len(track_record.ways(replace(whole, table=table))) == len(CAUGHT) - 1


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
