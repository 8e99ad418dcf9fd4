"""Meeting, run by Streamlit itself: its screens, what is recorded, what is refused, who may."""

import html
import re
from datetime import timedelta

import pytest
from tests.app.acts import COMMITTEE, chair_act
from tests.app.conftest import sign, words
from tests.sentences import says
from tests.stores import SAMPLE_CLOCK

from csa.ingest.designation import Candidate
from csa.program.actions import answer_change, propose_change, set_action
from csa.program.areas import designate
from csa.program.measures import add_values
from csa.program.plan.measures import Quarter, Value, checked
from csa.program.roles import Person, local_person
from csa.program.store.engine import open_store
from csa.program.store.records import read_records
from csa.program.work import add_minute, load_draft
from csa.reports.briefing.lines import plan_lines
from csa_app.screens.meeting import parts
from csa_app.shared import cache_store
from csa_app.shared.person import THIS_MACHINE

CELLS = ("89266ca8d37ffff", "89266ca8d23ffff")
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


# ---- By hand -------------------------------------------------------------------------------


@pytest.mark.parametrize(("step", "title"), [*enumerate(TITLES, 1)])
def test_the_address_holds_the_screen(page, step, title):
    shown = page(step)
    assert not shown.exception
    assert [shown.title[0].value, f"{step} of 7" in words(shown)] == [title, True]


def test_what_is_shown_is_decided_on_its_own_screen(page, store):
    made = store()
    shown = decide(page("4"), "The clinic opens its desk by October.")
    assert not shown.exception
    assert [row.text for row in read_records(made).minutes] == [
        "The clinic opens its desk by October."
    ]
    assert shown.title[0].value == TITLES[3]


def test_next_and_back_move_one_screen_and_name_where_they_lead(page):
    shown = page()
    assert shown.button(key="meeting next").label == f"Next: {TITLES[1]}"
    shown.button(key="meeting next").click().run()
    assert (shown.title[0].value, shown.query_params["step"]) == (TITLES[1], "2")
    shown.button(key="meeting next").click().run()
    assert shown.button(key="meeting back").label == f"Back: {TITLES[1]}"
    shown.button(key="meeting back").click().run()
    assert (shown.title[0].value, shown.query_params["step"]) == (TITLES[1], "2")


def test_what_is_completed_stuck_and_due_is_told(page, store, plan):
    kept, now = store(), SAMPLE_CLOCK.today()
    add_minute(kept, chair_act(60), "Ask for two posts", "1.2.1")
    set_action(kept, plan, chair_act(10), "1.2.1", {"status": "done", "office": "Health"})
    blocked = {"status": "blocked", "office": "Courts", "due": now - timedelta(days=3)}
    blocked |= {"reason": "No <b>staff</b> & no room"}
    set_action(kept, plan, chair_act(5), "1.2.4", blocked)
    set_action(kept, plan, chair_act(2), "1.3.1", {"due": now + timedelta(days=9)})
    done, stuck, due = (words(page(step)) for step in (1, 4, 6))
    assert "One action was completed. The last meeting was on" in done
    assert "1 blocked, 0 at risk" in stuck
    assert "No <b>staff</b> & no room" in stuck
    assert "Can help: Courts; Mayor's Office" in stuck
    assert says("plan_page.late_holds", numbers="2.3.1") in stuck
    assert "One action is past due. One action is due in the next 90 days." in due


def test_the_action_that_an_area_should_look_at_first_stands_with_its_name(page, store, plan):
    kept = store()
    designate(kept, chair_act(200), Candidate("B", "Hadderley", CELLS, {}))
    set_action(kept, plan, chair_act(9), "1.2.1", {"status": "on-track", "areas": ["B"]})
    set_action(
        kept, plan, chair_act(5), "1.3.7", {"status": "at-risk", "areas": ["B"], "reason": "x"}
    )
    title = next(a.title for a in plan.actions if a.number == "1.3.7")
    assert f"2 actions under way; check first 1.3.7 {title}:" in words(page(2))


def test_a_decision_is_recorded_and_stands_there_at_once(page, store, plan):
    shown = decide(page(7), "Hold the next one in area B")
    assert not shown.exception
    assert says("meeting.decided", n=1) in words(shown)
    assert "Hold the next one in area B" in words(shown)
    assert f"The whole plan · {COMMITTEE} · it was asked for" in words(shown)
    assert [row.text for row in read_records(store()).minutes] == ["Hold the next one in area B"]
    assert shown.text_area(key="meeting text").value == ""
    assert shown.text_input(key="meeting office").value == COMMITTEE


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


def test_last_meetings_decisions_stand_below_todays(page, store):
    add_minute(store(), chair_act(80, why="talked over"), "Ask for two posts", "1.2.1")
    shown = page(7)
    assert "Ask for two posts" in words(shown)
    assert f"{COMMITTEE} · talked over" in words(shown)
    assert says("meeting.decided_none") in words(shown)


def test_the_review_and_the_briefing_say_one_sentence_of_the_city(page, visit, store, kansas_plan):
    """Quarters as they were entered are all alike: four against four would be no change shown."""
    quarters = [(year, number) for year in (2018, 2019) for number in (1, 2, 3, 4)]
    quarters += [(2020, 1), (2020, 2)]
    kind = "gun-violence"
    values = [checked(Value(kind, Quarter(*one), value=100.0), kind) for one in quarters]
    add_values(store(), kansas_plan, chair_act(), values)
    briefing = words(visit("briefing"))
    told = words(page(3))
    sentence = re.search(r"Citywide, .+? mapped\.", told).group()
    now, before = re.search(r"(\d+) shootings .+? with (\d+) in", sentence).groups()
    low, high = re.search(r"\(no-change range: (\d+) to (\d+)\)", sentence).groups()
    assert re.search(rf"\b{now}\b.+\b{before} a year earlier.+\b{low} to {high}\b", briefing)
    assert f"worse: {before} to {now} (" in told
    assert says("meeting.no_change") not in told


# ---- At the edge ---------------------------------------------------------------------------


def test_without_a_store_each_screen_is_a_sentence_and_no_store_is_made(page, tmp_path):
    told = [words(page(step)) for step in range(1, 8)]
    assert "No action was completed. No earlier meeting is on record" in told[0]
    assert says("meeting.places_none") in told[1]
    assert says("meeting.measures_none", n=15) in told[2]
    assert "No action is reported blocked or at risk. 51 actions have had no recent" in told[3]
    assert "15 planned actions are not written yet. 9 of them are about trust." in told[4]
    assert says("report.due_none") in told[5]
    assert says("meeting.decided_none") in told[6]
    assert not (tmp_path / "store.sqlite3").exists()


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


def test_the_ends_lead_nowhere(page):
    assert page(1).button(key="meeting back").disabled
    assert page(7).button(key="meeting next").disabled


def test_what_was_typed_is_there_after_another_screen_and_after_a_reload(page):
    shown = page(7)
    shown.text_area(key="meeting text").set_value("Half a sent").run()
    shown.button(key="meeting back").click().run()
    shown.button(key="meeting next").click().run()
    assert shown.text_area(key="meeting text").value == "Half a sent"
    assert page(7).text_area(key="meeting text").value == "Half a sent"


def test_the_office_stays_for_the_next_decision_after_another_screen_too(page):
    shown = decide(page(7), "Go on")
    shown.button(key="meeting back").click().run()
    shown.button(key="meeting next").click().run()
    assert shown.text_input(key="meeting office").value == COMMITTEE


def test_a_recorded_decision_leaves_no_draft(page, store):
    decide(page(7), "Go on")
    assert load_draft(store(), local_person(THIS_MACHINE), "meeting") == {}


def test_a_list_too_long_for_a_room_is_folded(page, store, plan):
    written = [action.number for action in plan.actions if not action.is_open][:9]
    for number in written:
        set_action(store(), plan, chair_act(1), number, {"status": "done"})
    shown = page(1)
    assert [e.label for e in shown.expander] == [f"{9 - parts.MOST} more"]


# ---- Refused -------------------------------------------------------------------------------


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


def test_a_store_that_cannot_be_read_is_told(page, tmp_path):
    (tmp_path / "store.sqlite3").write_text("no database at all, but long enough" * 40)
    shown = page()
    assert not shown.exception
    assert len(shown.error) == 1


# ---- True in general -----------------------------------------------------------------------


@pytest.mark.parametrize("text", ["<script>x</script>", 'a "quote" & more', "*bold* $x$"])
def test_what_people_write_is_shown_as_they_wrote_it(page, text):
    shown = decide(page(7), text)
    (body,) = [e.proto.body for e in shown.get("html") if '<ul class="csa-review"' in e.proto.body]
    assert html.escape(text) in body
