"""Draws in the store: a list closed first, drawn once, and repeated from its record alone."""

from dataclasses import replace
from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from tests.extras.trial.draws import SEED, SOURCE, closed
from tests.sentences import refuses
from tests.stores import act, trail, verified

from csa.base.errors import RoleError
from csa.base.text import render
from csa.extras.trial.draw import find_differences
from csa.extras.trial.draw_files import CLOSED, draw_closed
from csa.extras.trial.recording import list_lotteries, record_draw, recorded
from csa.program.store.records import Records, read_records
from csa.program.store.tables import DrawRow

TODAY = date(2026, 11, 30)


@pytest.fixture
def again(store):
    """Give a function that reads the draws on record."""
    return lambda: read_records(store).of(DrawRow)


# ---- by hand -------------------------------------------------------------------------------


def test_a_list_is_closed_then_drawn_and_both_are_in_the_trail(store, again):
    made = closed()
    assert record_draw(store, act(), made, f" {SOURCE} ") == "draw-1"
    (row,) = again()
    assert (row.state, row.seed_source, row.drawn_on) == (CLOSED, SOURCE, None)
    drawn = draw_closed(made, SEED)
    assert record_draw(store, act(why="In the hall."), drawn) == "draw-1"
    (row,) = again()
    assert [(one["area_id"], one["start"]) for one in row.record["slots"]] == [
        (slot.area_id, str(slot.start)) for slot in drawn.draw.slots
    ]
    assert find_differences(row.record) == ()
    told = [(one["item"], one["why"]) for one in trail(store)]
    assert told == [("draw-1", act().signed.why), ("draw-1", "In the hall.")]
    assert verified(store).is_intact


def test_the_files_of_a_record_are_those_that_the_command_writes(store, again):
    drawn = draw_closed(closed(), SEED)
    record_draw(store, act(), closed(), SOURCE)
    assert recorded(again()[0]).files == closed().files
    record_draw(store, act(), drawn)
    assert recorded(again()[0]).files == drawn.files
    assert set(drawn.files) == {"draw.json", "list.txt", "areas.csv", "power.csv"}


# ---- at the edge ---------------------------------------------------------------------------


def test_the_same_recorded_again_changes_nothing(store, again):
    for _ in range(2):
        record_draw(store, act(), closed(), SOURCE)
    for _ in range(2):
        record_draw(store, act(), draw_closed(closed(), SEED))
    assert len(again()) == 1
    assert len(trail(store)) == 2


def test_a_later_list_takes_the_place_of_one_that_was_not_drawn(store, again):
    other = closed(months_between=7)
    record_draw(store, act(), closed(), SOURCE)
    assert record_draw(store, act(), other, SOURCE) == "draw-2"
    with refuses("draws.replaced"):
        record_draw(store, act(), draw_closed(closed(), SEED))
    record_draw(store, act(), draw_closed(other, SEED))
    assert [row.state for row in again()] == [CLOSED, "draw"]


def test_areas_may_be_drawn_again_after_all_their_starts(store):
    record_draw(store, act(), closed(first="2026-01"), SOURCE)
    record_draw(store, act(), draw_closed(closed(first="2026-01"), SEED))
    with refuses("draws.twice"):
        record_draw(store, act(), closed(first="2026-07"), SOURCE)
    elsewhere = {"c-8": 40, "c-9": 41}
    assert record_draw(store, act(), closed(elsewhere, first="2026-07"), SOURCE) == "draw-2"
    assert record_draw(store, act(), closed(first="2026-08"), SOURCE) == "draw-3"


# ---- refused -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "key"), [("", "decide.text"), ("a lot", "decide.text"), ("x" * 2001, "decide.text")]
)
def test_a_list_without_a_source_of_its_seed_is_not_closed(store, again, source, key):
    with refuses(key):
        record_draw(store, act(), closed(), source)
    assert again() == ()


def test_nothing_is_drawn_that_was_not_closed_nor_twice(store, again):
    with refuses("draws.not_closed"):
        record_draw(store, act(), draw_closed(closed(), SEED))
    record_draw(store, act(), closed(), SOURCE)
    moved = replace(closed(), account=closed().account | {"areas_sha256": "1" * 64})
    # The same list, on other cells.
    with refuses("draws.not_closed", code=moved.account["entrants_sha256"]):
        record_draw(store, act(), draw_closed(moved, SEED))
    record_draw(store, act(), draw_closed(closed(), SEED))
    with refuses("draws.drawn"):
        record_draw(store, act(), draw_closed(closed(), "Pick 3 418"))
    assert again()[0].record["seed"] == SEED


@pytest.mark.parametrize("who", [{"role": "member"}, {"role": "chair", "team": "strategy 1"}])
def test_only_a_chair_who_decides_on_areas_draws(store, again, who):
    with pytest.raises(RoleError):
        record_draw(store, act(**who), closed(), SOURCE)
    assert again() == ()


def drawn(on):
    slots = [{"area_id": "c-1", "start": "2027-01"}, {"area_id": "c-4", "start": "2027-07"}]
    names = [{"area_id": "c-4", "place_name": "Umberley"}, {"area_id": "c-1", "place_name": "Oak"}]
    return SimpleNamespace(drawn_on=on, record={"slots": slots, "entrants": names})


@pytest.mark.parametrize(("ago", "n"), [(0, 1), (91, 1), (125, 0)])
def test_a_lottery_is_news_for_three_months_with_who_starts_when(ago, n):
    rows = (drawn(TODAY - timedelta(days=ago)), drawn(None))
    said = [render(one) for one in list_lotteries(Records(others={DrawRow: rows}), TODAY)]
    assert len(said) == n
    assert all("Oak (January 2027) and Umberley (July 2027)" in text for text in said)
