"""Meeting, run by Streamlit itself: its screens, what is recorded, what is refused, who may."""

import html

import pytest
from tests.app.acts import COMMITTEE, chair_act
from tests.app.conftest import sign, words
from tests.sentences import says

from csa.program.actions import answer_change, propose_change
from csa.program.roles import Person
from csa.program.store.engine import open_store
from csa.program.store.records import read_records
from csa.reports.briefing.lines import plan_lines
from csa_app.shared import cache_store

TITLES = (
    says("meeting.completed_title"),
    says("meeting.places_title"),
    says("meeting.measures_title"),
    "What is stuck",
    "Not written yet",
    "Next 90 days",
    "Decisions",
)


@pytest.fixture
def store(tmp_path):
    """A store, made where a test asks for it."""
    return lambda: open_store(str(tmp_path / "store.sqlite3"), make=True)


@pytest.fixture
def page(visit):
    return lambda step=None: visit("meeting", {"step": step})


def press(page, which):
    """Press a button of the one proposal that waits."""
    (button,) = [one for one in page.button if one.label == says(f"plan_page.{which}")]
    return button.click()


def decide(page, text, *, why="it was asked for", office=COMMITTEE):
    page.text_area(key="meeting text").set_value(text)
    page.text_input(key="meeting why").set_value(why)
    page.text_input(key="meeting office").set_value(office).run()
    return page.button(key="meeting record").click().run()


@pytest.mark.parametrize(("step", "title"), [*enumerate(TITLES, 1)])
def test_the_address_holds_the_screen(page, step, title):
    shown = page(step)
    assert not shown.exception
    assert [shown.title[0].value, f"{step} of 7" in words(shown)] == [title, True]


def test_a_proposal_is_approved_by_the_chair_and_then_by_the_committee(page, store, plan):
    propose_change(store(), plan, chair_act(3), "1.1.1", {"title": "Meet monthly"})
    shown = page(7)
    assert "Waiting for the chair of Team 1" in words(shown)
    for _ in range(2):
        sign(shown, "plan answer change-1")
        press(shown, "approve").run()
    assert not shown.exception
    assert "wait" not in words(shown)
    (line,) = [
        one
        for one in plan_lines(plan, read_records(store()), chair_act().on)
        if one.number == "1.1.1"
    ]
    assert line.title == "Meet monthly"


def test_without_a_plan_the_page_is_a_sentence(page, monkeypatch):
    monkeypatch.setattr(cache_store, "plan", lambda _: None)
    shown = page()
    assert not shown.exception
    assert "No plan has been added for" in words(shown)


@pytest.mark.parametrize("step", ["0", "8", "x", "", "³"])
def test_an_address_of_no_screen_shows_the_first(page, step):
    shown = page(step)
    assert not shown.exception
    assert shown.title[0].value == TITLES[0]


@pytest.mark.parametrize(
    ("text", "why", "office", "said"),
    [
        ("Go on", "because", "", says("plan_page.no_office")),
        ("Go on", "", COMMITTEE, says("plan_page.no_why")),
        (" ", "because", COMMITTEE, "decision must have 1 to 2,000 characters, not"),
    ],
)
def test_a_decision_without_office_reason_or_words_is_refused_and_kept(
    page, store, text, why, office, said
):
    shown = decide(page(7), text, why=why, office=office)
    assert not shown.exception
    assert said in words(shown)
    assert shown.text_area(key="meeting text").value == text
    assert shown.text_input(key="meeting why").value == why
    assert read_records(store()).minutes == ()


def test_who_answers_second_is_told_who_was_first(page, store, plan):
    key = propose_change(store(), plan, chair_act(3), "1.1.1", {"title": "Meet monthly"})
    shown = page(7)
    sign(shown, f"plan answer {key}", "too dear")
    answer_change(store(), plan, chair_act(office="Mayor's Office"), key, is_approved=True)
    press(shown, "refuse").run()
    assert not shown.exception
    assert "Not saved: Mayor's Office changed" in words(shown)
    assert "too dear" in [one.value for one in shown.text_input]
    assert read_records(store()).changes[0].state == "chair-approved"


@pytest.mark.parametrize("role", ["viewer", "member", "editor"])
def test_who_is_no_chair_reads_and_records_nothing(page, store, plan, monkeypatch, role):
    propose_change(store(), plan, chair_act(3), "1.1.1", {"title": "Meet monthly"})
    monkeypatch.setattr("csa_app.shared.person.person", lambda _: Person("Courts", role))
    shown = page(7)
    assert not shown.exception
    assert "A chair records them" in words(shown)
    assert "Meet monthly" in words(shown)
    offered = [b.key for b in shown.button if b.key != "start over"]  # the made-up city's own
    assert offered == ["meeting back", "meeting next"]
    assert not shown.text_area


def test_a_teams_chair_answers_for_its_own_team_alone(page, store, plan, monkeypatch):
    propose_change(store(), plan, chair_act(3), "1.1.1", {"title": "Meet monthly"})
    propose_change(store(), plan, chair_act(3), "2.1.1", {"title": "Walk at night"})
    monkeypatch.setattr(
        "csa_app.shared.person.person", lambda _: Person("Courts", "chair", (), "prevention")
    )
    forms = {button.form_id for button in page(7).button}
    assert [one for one in forms if one] == ["plan answer change-1 0"]


@pytest.mark.parametrize("text", ["<script>x</script>", 'a "quote" & more', "*bold* $x$"])
def test_what_people_write_is_shown_as_they_wrote_it(page, text):
    shown = decide(page(7), text)
    (body,) = [e.proto.body for e in shown.get("html") if '<ul class="csa-review"' in e.proto.body]
    assert html.escape(text) in body
