"""Texts that the rules caught: listed with why, and confirmed one by one by somebody who read them."""

from datetime import date

import pytest
from tests.app.acts import confirm
from tests.app.conftest import words
from tests.sentences import says
from tests.stores import SAMPLE_CLOCK, lettered

from csa.areas.analysis import propose_areas
from csa.areas.choices import AreaSettings
from csa.base.params import Month
from csa.city.dataset import open_city
from csa.city.loading import load_city
from csa.program.areas import designate
from csa.program.roles import Person, act
from csa.program.store.engine import open_store
from csa.program.store.records import read_records
from csa.program.work import add_task

CAUGHT, FINE = "Board up 1412 Oak Street", "Mend the street lights"


def signed():
    person = Person("Prevention team", "chair", team="prevention")
    when = SAMPLE_CLOCK.now().replace(month=7, day=30)  # by the end of the month that is previewed
    return act(person, "Neighbors asked for it.", when, "America/Chicago")


@pytest.fixture
def store(root, dataset, tmp_path):
    """A store with one area in service and two public tasks, one of which names a home."""
    city = open_city(load_city(root / "config" / "sample.toml"), dataset)
    made = open_store(str(tmp_path / "store.sqlite3"), make=True)
    proposal = propose_areas(city, AreaSettings(until=Month(2019, 9)))
    designate(made, signed(), lettered(proposal, "A"))
    for what in (CAUGHT, FINE):
        given = {"what": what, "agency": "Works", "status": "on-track", "is_public": True}
        add_task(made, signed(), "A", given)
    return made


@pytest.fixture
def page(visit, store):
    return visit("community")


def test_a_text_that_names_a_home_is_listed_with_why_and_nothing_else_is(page):
    assert not page.exception
    said = words(page)
    assert says("community.caught", n=1) in said
    (box,) = page.checkbox
    assert CAUGHT in box.label
    assert "**" in box.label  # what it seems to hold
    assert FINE not in said


def test_one_that_was_read_is_confirmed_with_a_reason_and_the_page_then_stands(page, store):
    page.checkbox[0].check()
    confirm(page)
    assert not page.exception
    assert not page.checkbox
    assert says("community.caught", n=1) not in words(page)
    (kept,) = read_records(store).confirmed
    assert CAUGHT not in str(kept)  # a code of it, in the trail for ever: never the text


def test_the_publisher_is_named_each_agency_to_tell_that_its_task_is_late(page, store):
    late = {"what": "Fix the crossing", "agency": "Streets", "is_public": True}
    add_task(store, signed(), "A", {**late, "due": date(2020, 6, 1)})
    page.checkbox[0].check()
    confirm(page)
    said = words(page)
    due = {"area": "A", "what": "Fix the crossing", "agency": "Streets", "due": "June 1, 2020"}
    assert says("publish.to_tell", n=1, days=7, tasks=says("publish.task", **due)) in said


def test_without_a_tick_or_a_reason_nothing_is_confirmed(page, store):
    confirm(page)
    assert not page.exception
    assert page.error
    page.checkbox[0].check()
    confirm(page, why="")
    assert page.error
    assert list(read_records(store).confirmed) == []
