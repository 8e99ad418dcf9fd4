"""What is new: agreed answers that are due, lotteries, and what a person has not seen yet."""

from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from tests.sentences import says

from csa.analysis.analysis import Analysis
from csa.areas.choices import city_choices
from csa.base.errors import RoleError
from csa.base.message import msg
from csa.base.text import month, render
from csa.change.evaluation import describe_preregistered
from csa.city.dataset import open_city
from csa.city.loading import load_city
from csa.city.preregistration import SEALED
from csa.program.registry import core_areas
from csa.program.roles import Person
from csa.program.store.engine import open_store
from csa.program.store.records import read_records
from csa.reports.briefing.news import (
    NEWS_MONTHS,
    describe_new,
    list_arrivals,
    list_unanswered,
    note_visit,
)

TODAY = date(2026, 11, 30)


@pytest.fixture(scope="module")
def story(root, story_folder):
    """The sample's program, and its areas followed to the end of the data."""
    city = open_city(load_city(root / "config" / "sample.toml"), story_folder / "dataset")
    records = read_records(open_store(str(story_folder / "store.sqlite3")))
    return records, Analysis(city, city_choices(city.config), records).change().displaced


def texts(messages):
    return [render(message) for message in messages]


# ---- By hand --------------------------------------------------------------------------------


def test_an_agreed_answer_is_news_for_three_months_once_its_window_is_over(story):
    """By the command that states agreed answers, which counts windows on its own."""
    records, displaced = story
    sealed = {area.key: area.evidence[SEALED] for area in core_areas(records)}
    due = {
        key: date.fromisoformat(f"{int(seal['since'][:4]) + 1}{seal['since'][4:]}-01")
        for key, seal in sealed.items()
    }  # when the first 12 months are over
    until = date.fromisoformat(f"{displaced.until}-01")
    wanted = {key for key, day in due.items() if 0 <= (until - day).days < 89}
    assert wanted == {"A", "B"}
    said = texts(list_arrivals(core_areas(records), displaced))
    assert len(said) == len(wanted)
    for text, key in zip(said, sorted(wanted), strict=True):
        assert f"({key}), agreed answer after 12 months: " in text
        verdict = text.partition("months: ")[2]
        agreed = render(describe_preregistered(sealed[key], displaced, key)[0])
        assert agreed.startswith("After 12 months")
        assert verdict.lower() in agreed.lower()
    later = SimpleNamespace(
        chosen=displaced.chosen, starts=displaced.starts, until=displaced.until.plus(NEWS_MONTHS)
    )
    assert list_arrivals(core_areas(records), later) == ()


def test_an_agreed_answer_that_cannot_be_given_stands_in_its_place_with_its_reason(story):
    """A's day was corrected after its plan was locked; B is answered."""
    records, displaced = story
    areas = [area for area in core_areas(records) if area.key in {"A", "B"}]
    assert list_unanswered(areas, displaced, displaced.until) == []
    starts = dict(zip(displaced.chosen.area_ids, displaced.starts, strict=True))
    moved = tuple(one.plus(-1) if key == "A" else one for key, one in starts.items())
    other = SimpleNamespace(chosen=displaced.chosen, starts=moved, until=displaced.until)
    (said,) = list_unanswered(areas, other, displaced.until)
    since = month(str(starts["A"]))
    why = says("evaluate.other_start", area="A", since=since)
    assert render(said).endswith(f"(A), agreed answer after 12 months: can't be given. {why}")
    without = msg("report.silent_months", n=1)
    both = texts(list_unanswered(areas, None, displaced.until, without))
    assert [text.endswith(render(without)) for text in both] == [True, True]
    assert list_unanswered(areas, other, displaced.until.plus(NEWS_MONTHS)) == []
    arrived = list_arrivals((), displaced, [said])
    assert arrived == (said,)


def test_only_what_was_not_there_before_is_new():
    before = {"incidents": 12_000, "areas": ["Oak (A)"], "late": ["1.1 One"]}
    now = {"incidents": 12_345, "areas": ["Oak (A)", "Elm (B)"], "late": ["2.2 Two"]}
    assert texts(describe_new(before, now)) == [
        "12,345 incidents in the data, 12,000 before",
        says("news.areas", areas="Elm (B)"),
        says("news.late", actions="2.2 Two"),
    ]
    assert describe_new(now, now) == []


def test_a_visit_is_compared_with_the_day_before_it_whatever_else_is_seen_that_day(tmp_path):
    store = open_store(str(tmp_path / "store.sqlite3"), make=True)
    analyst, other = Person("Police", "member", name="ann"), Person("Police", "member", name="bob")
    assert note_visit(store, analyst, TODAY, {"late": [1]}) == ("", None)
    assert note_visit(store, analyst, TODAY, {"late": [2]}) == ("", None)
    tomorrow = TODAY + timedelta(days=1)
    for seen in ([3], [4]):
        assert note_visit(store, analyst, tomorrow, {"late": seen}) == (
            str(TODAY),
            {"late": [1]},
        )
    assert note_visit(store, other, tomorrow, {"late": [3]}) == ("", None)
    assert read_records(store).head.n == 0  # nothing of it is in the log


# ---- Refused --------------------------------------------------------------------------------


def test_whoever_may_not_write_leaves_no_visit(tmp_path):
    store = open_store(str(tmp_path / "store.sqlite3"), make=True)
    with pytest.raises(RoleError):
        note_visit(store, Person("", "viewer", name="eve"), TODAY, {})
