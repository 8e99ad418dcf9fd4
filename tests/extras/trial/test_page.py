"""Draw, run by Streamlit itself: a list closed, drawn once, and every draw repeated on screen."""

import pytest
from tests.app.conftest import words
from tests.extras.trial.draws import SEED, SOURCE, closed
from tests.sentences import says
from tests.stores import act, trail

from csa.extras.trial.draw import find_differences
from csa.extras.trial.draw_files import draw_closed
from csa.extras.trial.recording import record_draw
from csa.program.roles import Person
from csa.program.store.engine import open_store
from csa.program.store.records import read_records
from csa.program.store.tables import DrawRow
from csa_app.shared import person

OFFICE, WHY = "Prevention team", "All are alike."


@pytest.fixture
def address(tmp_path, monkeypatch):
    monkeypatch.setenv("CSA_STORE", str(tmp_path / "store.sqlite3"))
    return str(tmp_path / "store.sqlite3")


@pytest.fixture
def page(visit, address, monkeypatch):
    """Open the page of the sample, as somebody."""

    def start(who=None, **environment):
        if who is not None:
            monkeypatch.setattr(person, "current_person", lambda _: who)
        return visit("trial", **environment)

    return start


def draws(address):
    return read_records(open_store(address)).of(DrawRow)


def record(address, *made):
    """Record lists and draws, as the command does."""
    store = open_store(address, make=True, city="sample")
    for one in made:
        record_draw(store, act(), one, SOURCE)
    store.engine.dispose()


def field(page, label):
    (found,) = [one for one in page.text_input if one.label == label]
    return found


def press(page, label):
    (button,) = [one for one in page.button if one.label == label]
    return button.click().run()


def sign(page):
    field(page, says("plan_page.on_behalf")).set_value(OFFICE)
    field(page, says("term.why")).set_value(WHY)


@pytest.mark.long
def test_a_list_is_closed_and_drawn_and_the_trail_has_both(page, address):
    shown = page()
    assert [one.label for one in shown.main.button] == [says("draw_page.prepare")]
    assert says("draw_page.none_yet") in words(shown)
    shown = press(shown, says("draw_page.prepare"))
    listed = shown.multiselect[0].value
    assert len(listed) >= 2
    assert says("draw_page.what") in words(shown)
    field(shown, says("draw_page.source")).set_value(SOURCE)
    sign(shown)
    shown = press(shown, says("draw_page.close"))
    assert not shown.exception
    (row,) = draws(address)
    assert [one["area_id"] for one in row.record["entrants"]] == sorted(listed)
    assert says("draw_page.closed", key="draw-1") in words(shown)
    assert row.record["entrants_sha256"] == shown.code[0].value

    field(shown, says("draw_page.seed")).set_value(SEED)
    sign(shown)
    shown = press(shown, says("draw_page.draw"))
    assert says("draw_page.not_said") in words(shown)  # nothing is drawn unless it is confirmed
    assert draws(address)[0].drawn_on is None
    (box,) = shown.checkbox
    box.check()
    shown = press(shown, says("draw_page.draw"))
    (row,) = draws(address)
    assert find_differences(row.record) == ()
    assert says("draw_page.drawn", key="draw-1") in words(shown)
    assert says("draw_page.same") in words(shown)
    for one in row.record["entrants"]:
        assert one["place_name"] in words(shown)
    store = open_store(address)
    assert [(one["item"], one["by_office"], one["why"]) for one in trail(store)] == [
        ("draw-1", OFFICE, WHY)
    ] * 2


def test_a_list_that_was_replaced_is_named_and_only_the_last_waits(page, address):
    record(address, closed(), closed(months_between=7))
    shown = page()
    day = "March 5, 2026"
    assert says("draw_page.replaced", key="draw-1", day=day, by="draw-2") in words(shown)
    assert [one.label for one in shown.main.button] == [
        says("draw_page.draw"),
        says("draw_page.prepare_another"),
    ]


def test_a_record_that_was_tampered_with_says_what_differs(page, address):
    record(address, closed(), draw_closed(closed(), SEED))
    store = open_store(address)
    with store.engine.connect() as raw, raw.begin():
        raw.exec_driver_sql("UPDATE draw SET record = replace(record, '2027-01', '2027-02')")
    store.engine.dispose()
    shown = page()
    assert says("draw_page.same") not in words(shown)
    assert "The list and the seed give a different start from the record, or none, for:" in words(
        shown
    )


@pytest.mark.parametrize("role", ["viewer", "member"])
def test_who_may_not_draw_reads(page, address, role):
    who = Person("Health", role)
    assert says("draw_page.none_to_read") in words(page(who))
    assert [one.label for one in page(who).main.button] == []
    record(address, closed())
    shown = page(who)
    assert says("draw_page.read_only") in words(shown)
    assert not shown.main.button
    assert closed().account["entrants_sha256"] == shown.code[0].value
