"""Actions: how they stand, what is proposed and answered, what waits; who may, and who was first."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, strategies as st
from tests.properties import examples
from tests.sentences import refuses
from tests.stores import NOON, OFFICE, TODAY, act, plain, trail, verified

from csa.base.errors import ConflictError, CsaError, ParamError, RoleError
from csa.city.deployment import ROLES
from csa.program.actions import answer_change, propose_change, set_action, set_link
from csa.program.areas import designate
from csa.program.measures import add_values, approve_quarter, define_measure
from csa.program.plan.measures import Quarter, Value
from csa.program.roles import Person, act as sign, local_person
from csa.program.store.engine import open_store
from csa.program.store.records import read_records
from csa.program.work import (
    add_lesson,
    add_meeting,
    add_minute,
    add_question,
    add_stakeholder,
    add_task,
    agree_quotation,
    answer_question,
    load_draft,
    save_draft,
    set_task,
)
from csa.reports.briefing.lines import plan_lines

CHAIR1, CHAIR2 = act(team="prevention"), act(team="intervention")
COMMITTEE, ANYBODY = act(team="executive", office="Committee"), act()


def line(store, plan, number, on=TODAY):
    return next(one for one in plan_lines(plan, read_records(store), on) if one.number == number)


# ---- by hand -------------------------------------------------------------------------------


def test_what_is_not_given_stays(store, plan):
    set_action(
        store, plan, act(), "1.2.1", {"status": "on-track", "office": "Police", "percent": 20}
    )
    later = act(on=TODAY + timedelta(days=3), why="No budget.")
    now = set_action(store, plan, later, "1.2.1", {"status": "blocked"})
    found = (now.status, now.reason, now.office, now.percent)
    assert found == ("blocked", "No budget.", "Police", 20)
    assert now.updated_on == later.on
    assert read_records(store).states["1.2.1"] == now
    now = set_action(store, plan, later, "1.2.1", {"comment": "Asked again."})
    assert (now.status, now.reason) == ("blocked", "No budget.")
    now = set_action(store, plan, later, "1.2.1", {"status": "at-risk", "reason": "Half of it."})
    assert now.reason == "Half of it."
    now = set_action(store, plan, later, "1.2.1", {"status": "done"})
    assert (now.reason, now.percent) == ("", 100)
    assert verified(store).is_intact


def test_a_repeated_status_takes_the_new_reason_and_each_is_in_the_trail(store, plan):
    for why in ("No budget.", "No room.", "No room."):
        now = set_action(store, plan, act(why=why), "1.2.1", {"status": "blocked"})
        assert now.reason == why
    set_action(store, plan, act(why="Still so."), "1.2.1", {})
    now = set_action(store, plan, act(why="The owner left."), "1.2.1", {"reason": ""})
    assert now.reason == "The owner left."
    told = [(entry["why"], json.loads(entry["new"])) for entry in trail(store)]
    assert told[1:] == [
        ("No room.", {"reason": "No room."}),
        ("No room.", {"updated_on": "2026-03-05"}),
        ("Still so.", {"updated_on": "2026-03-05"}),
        ("The owner left.", {"reason": "The owner left."}),
    ]
    assert read_records(store).actions[0].revision == 5
    assert verified(store).is_intact


def test_eight_who_say_the_same_at_once_are_eight_in_the_trail(store, plan):
    whys = [f"No budget, says {n}." for n in range(4)] * 2

    def tell(why):
        own = open_store(plain(store))
        try:
            return set_action(own, plan, act(why=why), "1.2.1", {"status": "blocked"}).reason
        finally:
            own.engine.dispose()

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(tell, whys)) == whys
    assert sorted(entry["why"] for entry in trail(store)) == sorted(whys)
    assert read_records(store).states["1.2.1"].reason == trail(store)[-1]["why"]
    assert verified(store).is_intact


def test_eight_imports_of_one_file_at_once_take_each_value_once(store, plan):
    values = [Value("recidivism", Quarter(2025, n), value=0.1 * n) for n in (1, 2, 3)]

    def take(n):
        own = open_store(plain(store))
        try:
            return add_values(own, plan, act(why=f"File {n}"), values)
        finally:
            own.engine.dispose()

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(take, range(8))) == len(trail(store)) == len(values)
    assert verified(store).is_intact


def test_every_decision_that_is_taken_again_is_in_the_trail(store, plan, candidate):
    designate(store, act(), candidate())
    task = add_task(store, act(), "B", {"what": "Light", "agency": "Works"})
    asked = add_question(store, act(), "B", "Light?")
    decisions = (
        lambda who: set_link(store, plan, who, ("2.1.1", "1.2.1", "1.2")),
        lambda who: set_task(store, who, task, {"status": "done"}),
        lambda who: answer_question(store, who, asked, "It burns."),
        lambda who: approve_quarter(store, who, Quarter(2025, 1)),
        lambda who: define_measure(store, plan, who, "recidivism", {"owner": "Police"}),
        lambda who: define_measure(store, plan, who, "recidivism", {}),
    )
    for decide in decisions:
        for why in ("First.", "Once more."):
            decide(act(why=why, office="Committee", team="executive"))
            assert trail(store)[-1]["why"] == why
        assert json.loads(trail(store)[-1]["new"])
    assert len(trail(store)) == 4 + 2 * len(decisions)
    assert verified(store).is_intact


def test_what_is_told_of_an_earlier_day_makes_nothing_older(lite, plan):
    set_action(lite, plan, act(), "1.2.1", {"status": "on-track"})
    earlier = act(on=TODAY - timedelta(days=40))
    assert set_action(lite, plan, earlier, "1.2.1", {"percent": 5}).updated_on == TODAY


def test_a_reason_that_would_be_lost_is_refused(lite, plan):
    with pytest.raises(ParamError, match="needs no reason, so the reason would be lost"):
        set_action(lite, plan, act(), "1.2.1", {"status": "on-track", "reason": "All well."})
    assert set_action(lite, plan, act(), "1.2.1", {"status": "on-track", "reason": ""}).reason == ""


def test_an_open_slot_is_written_by_three(store, plan):
    with pytest.raises(ParamError, match=r"1\.1\.1 has no action yet"):
        set_action(store, plan, act(), "1.1.1", {"status": "on-track"})
    editor = act("editor", strategies=("1.1",), office="Coordinator")
    key = propose_change(
        store, plan, editor, "1.1.1", {"title": " Walk together ", "due": "2026-09-30"}
    )
    assert key == "change-1"
    assert line(store, plan, "1.1.1").is_open
    assert answer_change(store, plan, CHAIR1, key, is_approved=True) == "chair-approved"
    assert line(store, plan, "1.1.1").is_open
    assert answer_change(store, plan, COMMITTEE, key, is_approved=True) == "approved"
    one = line(store, plan, "1.1.1")
    assert (one.title, one.state.due, one.is_open) == ("Walk together", date(2026, 9, 30), False)
    assert set_action(store, plan, act(), "1.1.1", {"status": "on-track"}).due == date(2026, 9, 30)
    change = read_records(store).changes[0]
    found = (change.by_office, change.team, change.proposed_on)
    assert found == ("Coordinator", "prevention", TODAY)
    with pytest.raises(ParamError, match="change-1 is already approved"):
        answer_change(store, plan, ANYBODY, key, is_approved=False)


def test_an_approved_revision_makes_no_stale_action_fresh(lite, plan):
    long_ago = act(on=TODAY - timedelta(days=120))
    set_action(lite, plan, long_ago, "1.2.1", {"status": "on-track"})
    key = propose_change(lite, plan, act(), "1.2.1", {"office": "Police"})
    for who in (CHAIR1, COMMITTEE):
        answer_change(lite, plan, who, key, is_approved=True)
    now = line(lite, plan, "1.2.1")
    assert (now.state.office, now.state.updated_on) == ("Police", long_ago.on)
    assert now.color == "no-update"


def test_an_open_slot_has_a_title_before_an_office_or_a_day(lite, plan):
    with pytest.raises(ParamError, match="its title"):
        propose_change(lite, plan, act(), "1.1.1", {"office": "Police", "due": "2026-01-31"})
    for values in ({"title": "Walk together"}, {"due": "2026-09-30"}):
        key = propose_change(lite, plan, act(), "1.1.1", values)
        for who in (CHAIR1, COMMITTEE):
            answer_change(lite, plan, who, key, is_approved=True)
    assert line(lite, plan, "1.1.1").state.due == date(2026, 9, 30)


@pytest.mark.parametrize("chair_says", [True, False])
def test_a_refusal_ends_a_proposal(lite, plan, chair_says):
    key = propose_change(lite, plan, act(), "1.2.1", {"title": "Another"})
    if chair_says:
        answer_change(lite, plan, CHAIR1, key, is_approved=True)
    who = COMMITTEE if chair_says else CHAIR1
    assert answer_change(lite, plan, who, key, is_approved=False) == "refused"
    assert line(lite, plan, "1.2.1").title == "Write the report"
    with pytest.raises(ParamError, match=r"change-1 is already refused\."):
        answer_change(lite, plan, ANYBODY, key, is_approved=True)


def test_what_waits_is_held_up_and_links_are_edited(lite, plan):
    set_action(lite, plan, act(), "1.2.1", {"status": "on-track", "due": TODAY - timedelta(days=1)})
    one = line(lite, plan, "1.2.1")
    assert (one.is_late, one.holds_up) == (True, ("1.2.2",))
    set_link(lite, plan, act(), ("2.1.1", "1.2.1", "1.2"))
    assert line(lite, plan, "1.2.1").holds_up == ("1.2.2", "2.1.1")
    set_link(lite, plan, act(), ("1.2.2", "1.2.1", "1.2.2"), is_removed=True)
    assert line(lite, plan, "1.2.1").holds_up == ("2.1.1",)
    set_link(lite, plan, act(), ("1.2.2", "1.2.1", "1.2.2"))
    assert line(lite, plan, "1.2.1").holds_up == ("1.2.2", "2.1.1")
    assert line(lite, plan, "1.2.1", TODAY - timedelta(days=1)).holds_up == ()
    assert verified(lite).is_intact


def test_no_action_waits_for_itself_by_way_of_others(lite, plan):
    set_link(lite, plan, act(), ("2.1.1", "1.2.2", "1.2.2"))  # which waits for 1.2.1
    with pytest.raises(ParamError, match=r"1\.2\.1 would end up waiting for itself"):
        set_link(lite, plan, act(), ("1.2.1", "2.1.1", "1.2.2"))
    assert [row.key for row in read_records(lite).links] == ["2.1.1<-1.2.2"]
    with pytest.raises(ConflictError, match="Prevention team changed link"):
        set_link(lite, plan, act(), ("2.1.1", "1.2.2", "1.2.2"), is_removed=True, seen=0)


def test_a_work_plan(lite, plan, candidate):
    designate(lite, act(), candidate())
    member = act("member", office="Outreach")
    first = add_task(lite, member, "B", {"what": " Light ", "agency": "Works", "source": "walk"})
    for n in range(2, 12):
        assert add_task(lite, member, "B", {"what": "x", "agency": "y"}) == f"B/task-{n}"
    set_task(lite, member, first, {"status": "done", "due": TODAY})
    add_meeting(lite, member, "B", "group", {"on_date": TODAY, "organisations": "Church"})
    asked = add_question(lite, member, "B", "Light?", is_public=True)
    answer_question(lite, member, asked, "It burns.")
    agree_quotation(lite, member, asked, is_public=False)
    with refuses("decide.ahead"):
        set_task(lite, member, first, {"told_on": TODAY + timedelta(days=1)})
    add_lesson(lite, member, "B", "Begin early.")
    key = add_stakeholder(lite, member, "B", "Church", "opens its hall")
    assert key == "B/stakeholder-1"
    with pytest.raises(ParamError, match="Church is already listed"):
        add_stakeholder(lite, member, "B", " Church ")
    records = read_records(lite)
    assert [row.key for row in records.tasks][-2:] == ["B/task-10", "B/task-11"]
    found = (records.tasks[0].what, records.tasks[0].status, records.tasks[0].due)
    assert found == ("Light", "done", TODAY)
    assert (records.asked[0].answered, records.asked[0].answered_on) == ("It burns.", TODAY)
    assert not records.asked[0].is_public
    assert records.meetings[0].organisations == "Church"
    assert verified(lite).is_intact


def test_a_minute_and_a_draft(lite):
    assert add_minute(lite, act(), "Ask for money.", "1.2.1") == "2026-03-05/1"
    assert add_minute(lite, act(), "And again.") == "2026-03-05/2"
    police = local_person("Police")
    save_draft(lite, local_person(" Police "), "plan", {"text": "half a sen"})
    save_draft(lite, police, "plan", {"text": "half a sentence"})
    assert load_draft(lite, police, "plan") == {"text": "half a sentence"}
    assert (
        load_draft(lite, local_person("Health"), "plan") == load_draft(None, police, "plan") == {}
    )
    save_draft(lite, police, "plan", {})
    save_draft(lite, police, "plan", {})
    assert load_draft(lite, police, "plan") == {}
    assert len(trail(lite)) == 2


def test_two_people_of_one_office_have_each_their_draft_and_a_viewer_none(lite):
    one, other = (Person("Police", "editor", ("1.2",), name=name) for name in ("a-1", "b-2"))
    save_draft(lite, one, "plan", {"text": "mine"})
    save_draft(lite, other, "plan", {"text": "theirs"})
    found = (load_draft(lite, one, "plan"), load_draft(lite, other, "plan"))
    assert found == ({"text": "mine"}, {"text": "theirs"})
    with pytest.raises(RoleError):
        save_draft(lite, Person("Police"), "plan", {"text": "x"})


def test_the_day_is_the_citys_own():
    signed = sign(local_person("x"), "y", NOON.replace(hour=3), "America/Chicago")
    assert signed.on == TODAY - timedelta(days=1)
    assert signed.person.role == "chair"


# ---- refused -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "changes", "sentence"),
    [
        ("9.9.9", {}, r"9\.9\.9"),
        ("1.2", {}, r"1\.2"),
        ("1.2.1", {"status": "fine"}, "'fine' is not a status. Choose one of"),
        ("1.2.1", {"percent": 101}, "101"),
        ("1.2.1", {"status": "done", "percent": 99}, "99"),
        ("1.2.1", {"start": TODAY, "due": TODAY - timedelta(days=1)}, "2026-03-04"),
        ("1.2.1", {"evidence": "javascript:alert(1)"}, "javascript"),
        ("1.2.1", {"comment": "x" * 2001}, "2,001"),
        ("1.2.1", {"areas": ("B", "Q")}, r"No core service area B, Q\. There are: none"),
    ],
)
def test_a_state_that_cannot_be_is_refused(lite, plan, number, changes, sentence):
    with pytest.raises(ParamError, match=sentence):
        set_action(lite, plan, act(), number, changes)
    assert trail(lite) == []


@pytest.mark.parametrize(
    ("number", "values", "sentence"),
    [
        ("9.9.9", {"title": "x"}, r"9\.9\.9"),
        ("1.2.1", {}, "can change: title"),
        ("1.2.1", {"status": "done"}, "A change can't include 'status'"),
        ("1.2.1", {"title": " "}, r"title must have 1 to 2,000 characters, not 0\."),
        ("1.2.1", {"title": "x" * 161}, "up to 160"),
        ("1.2.1", {"due": "soon"}, "soon"),
        ("1.2.1", {"start": "2026-02-02", "due": "2026-02-01"}, "2026-02-01"),
    ],
)
def test_a_proposal_that_cannot_be_is_refused(lite, plan, number, values, sentence):
    with pytest.raises(ParamError, match=sentence):
        propose_change(lite, plan, act(), number, values)
    assert trail(lite) == []


def test_an_approval_that_contradicts_what_stands_changes_nothing(lite, plan):
    set_action(lite, plan, act(), "1.2.1", {"start": TODAY})
    key = propose_change(lite, plan, act(), "1.2.1", {"due": "2026-01-01"})
    answer_change(lite, plan, CHAIR1, key, is_approved=True)
    n = len(trail(lite))
    with pytest.raises(ParamError, match="2026-01-01"):
        answer_change(lite, plan, COMMITTEE, key, is_approved=True)
    assert len(trail(lite)) == n
    assert answer_change(lite, plan, COMMITTEE, key, is_approved=False) == "refused"


def test_fields_that_nothing_has_are_refused_in_the_order_of_the_alphabet(lite, plan):
    strange = dict.fromkeys(("zeta", "eta", "beta", "alpha", "gamma", "delta"), "x")
    for decide in (
        lambda: propose_change(lite, plan, act(), "1.2.1", strange),
        lambda: add_task(lite, act(), "B", strange),
        lambda: define_measure(lite, plan, act(), plan.measures[0].id, strange),
    ):
        with pytest.raises(
            ParamError, match=r"A change can't include 'alpha, beta, delta, eta, gamma, zeta'\."
        ):
            decide()
    assert trail(lite) == []


@pytest.mark.parametrize(
    ("link", "said"),
    [
        (("2.1.1", "1.2.1", "1.9"), "1.9"), (("2.1.1", "1.9", "1.2"), "1.9"),
        (("2.1.1", "1.2.1", "1.2.9"), "1.2.9"), (("1.2.1", "1.2.1", "1.2"), "1.2.1"),
        (("9.9.9", "1.2.1", "1"), "9.9.9"), (("1.2.1", "9.9.9", "1"), "9.9.9"),
        (("1.2.1", "1", "1"), "1"), (("1.2.1", "1.2.99", "1.2"), "1.2.99"),
        (("1.2.1", "1.2.2", "9"), "9"), (("1.2.1", "1.2.2", "1.9"), "1.9"),
        (("1.2", "1.2.2", "1"), "1.2"), (("1.2.1", "1.2.2.1", "1"), "1.2.2.1"),
    ],
)  # fmt: skip
def test_a_link_between_what_is_not_there_is_refused(lite, plan, link, said):
    with pytest.raises(ParamError, match=re.escape(said)):
        set_link(lite, plan, act(), link)
    assert trail(lite) == []
    assert read_records(lite).links == ()


def test_a_work_plan_takes_only_what_it_knows(lite, candidate):
    designate(lite, act(), candidate())
    n = len(trail(lite))
    for write in (
        lambda: add_task(lite, act(), "Q", {"what": "x", "agency": "y"}),
        lambda: add_task(lite, act(), "B", {"what": "", "agency": "y"}),
        lambda: add_task(lite, act(), "B", {"what": "x"}),
        lambda: add_task(lite, act(), "B", {"what": "x", "agency": "y", "status": "fine"}),
        lambda: add_task(lite, act(), "B", {"what": "x", "agency": "y", "person": "z"}),
        lambda: set_task(lite, act(), "B/task-1", {"status": "done"}),
        lambda: add_meeting(lite, act(), "B", "party", {}),
        lambda: add_question(lite, act(), "B", "x" * 2001),
        lambda: answer_question(lite, act(), "B/asked-1", "x"),
        lambda: add_lesson(lite, act(), "B", "\n"),
        lambda: add_stakeholder(lite, act(), "Q", "Church"),
        lambda: add_minute(lite, act(), " "),
    ):
        with pytest.raises(ParamError):
            write()
    assert len(trail(lite)) == n


# ---- two editors ---------------------------------------------------------------------------


def test_the_second_of_two_stale_writers_is_told_who_changed_what(store, plan):
    set_action(store, plan, act(), "1.2.1", {"status": "on-track"}, seen=0)
    seen = read_records(store).actions[0].revision
    set_action(store, plan, act(office="Police"), "1.2.1", {"percent": 40}, seen=seen)
    rows = trail(store)
    with pytest.raises(ConflictError) as told:
        set_action(store, plan, act(office="Health"), "1.2.1", {"percent": 10}, seen=seen)
    assert told.value.message.values["by"] == "Police"
    assert told.value.message.values["what"] == "percent 40"
    assert "Police changed 1.2.1 at 2026-03-05 12:30 UTC" in str(told.value)
    assert trail(store) == rows
    assert read_records(store).states["1.2.1"].percent == 40
    with pytest.raises(ConflictError):  # who saw nothing yet
        set_action(store, plan, act(), "1.2.1", {"percent": 10}, seen=0)
    set_action(store, plan, act(), "1.2.1", {"percent": 50}, seen=seen + 1)


def test_other_rows_know_stale_writers_too(lite, plan, candidate):
    designate(lite, act(), candidate())
    task = add_task(lite, act(), "B", {"what": "x", "agency": "y"})
    asked = add_question(lite, act(), "B", "Light?")
    change = propose_change(lite, plan, act(), "1.2.1", {"office": "Police"})
    set_task(lite, act(), task, {"status": "done"}, seen=1)
    answer_question(lite, act(), asked, "Yes.", seen=1)
    answer_change(lite, plan, act(), change, is_approved=True, seen=1)
    n = len(trail(lite))
    for late in (
        lambda: set_task(lite, act(), task, {"status": "blocked"}, seen=1),
        lambda: answer_question(lite, act(), asked, "No.", seen=1),
        lambda: answer_change(lite, plan, act(), change, is_approved=True, seen=1),
    ):
        with pytest.raises(ConflictError, match="Not saved"):
            late()
    assert len(trail(lite)) == n


# ---- roles ---------------------------------------------------------------------------------

PEOPLE = {
    "viewer": act("viewer"),
    "member": act("member"),
    "editor of it": act("editor", strategies=("1.2",)),
    "editor of another": act("editor", strategies=("2.1",)),
    "chair of it": CHAIR1,
    "chair of another": CHAIR2,
    "committee": COMMITTEE,
    "this machine": ANYBODY,
}
WRITERS = {"editor of it", "chair of it", "committee", "this machine"}
MEMBERS = set(PEOPLE) - {"viewer"}
CHAIRS = {"chair of it", "chair of another", "committee", "this machine"}
DECISIONS = {
    "set": (WRITERS, lambda s, p, a: set_action(s, p, a, "1.2.1", {"percent": 1})),
    "propose": (WRITERS, lambda s, p, a: propose_change(s, p, a, "1.2.1", {"office": "x"})),
    "answer first": (
        {"chair of it", "this machine"},
        lambda s, p, a: answer_change(s, p, a, "change-1", is_approved=True),
    ),
    "answer last": (
        {"committee", "this machine"},
        lambda s, p, a: answer_change(s, p, a, "change-2", is_approved=True),
    ),
    "refuse last": (
        {"committee", "this machine"},
        lambda s, p, a: answer_change(s, p, a, "change-2", is_approved=False),
    ),
    "link": (
        {"chair of it", "committee", "this machine"},
        lambda s, p, a: set_link(s, p, a, ("1.2.2", "2.1.1", "1.2")),
    ),
    "minute": (CHAIRS, lambda s, _, a: add_minute(s, a, "Go on.")),
    "task": (MEMBERS, lambda s, _, a: add_task(s, a, "B", {"what": "x", "agency": "y"})),
    "set task": (MEMBERS, lambda s, _, a: set_task(s, a, "B/task-1", {"status": "done"})),
    "meeting": (MEMBERS, lambda s, _, a: add_meeting(s, a, "B", "walk", {})),
    "asked": (MEMBERS, lambda s, _, a: add_question(s, a, "B", "Light?")),
    "answered": (MEMBERS, lambda s, _, a: answer_question(s, a, "B/asked-1", "Yes.")),
    "lesson": (MEMBERS, lambda s, _, a: add_lesson(s, a, "B", "Early.")),
    "stakeholder": (MEMBERS, lambda s, _, a: add_stakeholder(s, a, "B", "Church")),
}


@pytest.fixture(scope="module")
def prepared(plan, candidate, tmp_path_factory):
    """Give the file of a store in which there is something to decide on."""
    path = tmp_path_factory.mktemp("prepared") / "store.sqlite3"
    store = open_store(str(path), make=True)
    designate(store, act(), candidate())
    propose_change(store, plan, act(), "1.2.1", {"office": "x"})
    propose_change(store, plan, act(), "1.2.1", {"office": "y"})
    answer_change(store, plan, act(), "change-2", is_approved=True)
    add_task(store, act(), "B", {"what": "x", "agency": "y"})
    add_question(store, act(), "B", "Light?")
    store.engine.dispose()
    return path.read_bytes()


@pytest.mark.parametrize("decision", DECISIONS)
def test_who_may(databases, plan, prepared, decision):
    allowed, decide = DECISIONS[decision]
    database = databases("sqlite")

    def fresh():
        address = database.new()
        Path(address).write_bytes(prepared)
        return database.open(address)

    refusing = fresh()
    before = trail(refusing)
    for who, signed in PEOPLE.items():
        if who in allowed:
            store = fresh()
            decide(store, plan, signed)
            assert len(trail(store)) > len(before), who
        else:
            with pytest.raises(RoleError):
                decide(refusing, plan, signed)
            assert trail(refusing) == before, who


@pytest.mark.parametrize(
    ("strategies", "theirs"), [((), "none"), (("2.1",), "2.1"), (("2.1", "3.1"), "2.1, 3.1")]
)
def test_an_editor_is_told_which_strategies_are_theirs(lite, plan, strategies, theirs):
    with pytest.raises(
        RoleError, match=f"strategies: {theirs}. This action belongs to strategy 1.2"
    ):
        set_action(lite, plan, act("editor", strategies=strategies), "1.2.1", {"percent": 1})


def test_a_role_that_nobody_knows_is_refused():
    assert ROLES == ("viewer", "member", "editor", "chair")
    with pytest.raises(ParamError, match="role must be one of"):
        Person("x", "admin")


# ---- true in general -----------------------------------------------------------------------

CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from(
            ["not-started", "on-track", "at-risk", "blocked", "done", "fine"]
        ),
        "percent": st.none() | st.integers(-1, 101),
        "comment": st.text(max_size=20),
        "reason": st.text(max_size=5),
        "due": st.none() | st.dates(date(2026, 1, 1), date(2027, 1, 1)),
    },
)
STEPS = st.tuples(
    st.sampled_from(["set", "propose", "yes", "no", "link"]),
    st.sampled_from(["1.1.1", "1.2.1", "1.2.2", "2.1.1"]),
    CHANGES,
    st.sampled_from(list(PEOPLE.values())),
    st.integers(1, 4),
    st.none() | st.integers(0, 3),
)


@examples(0.2, suppress_health_check=list(HealthCheck))
@given(st.lists(STEPS, min_size=4, max_size=14))
def test_any_sequence_of_decisions_keeps_the_trail_whole(databases, plan, steps):
    store = databases("sqlite").open()
    for what, number, changes, who, n, seen in steps:
        before = trail(store)
        try:
            if what == "set":
                set_action(store, plan, who, number, changes, seen)
            elif what == "propose":
                propose_change(store, plan, who, number, {"title": f"Title {n}", "office": OFFICE})
            elif what == "link":
                set_link(store, plan, who, (number, "1.2.1", "1"), is_removed=n > 2)
            else:
                answer_change(store, plan, who, f"change-{n}", is_approved=what == "yes", seen=seen)
        except CsaError:
            assert trail(store) == before
    found = verified(store)
    assert found.is_intact
    assert found.head.n == len(trail(store))
    assert len(plan_lines(plan, read_records(store), TODAY)) == len(plan.actions)
