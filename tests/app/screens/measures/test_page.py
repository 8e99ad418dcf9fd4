"""Neighborhood measures, run by Streamlit itself: what it says, what it keeps, what it refuses."""

import html
import re
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetStates
from streamlit.runtime.scriptrunner import StopException
from streamlit.testing.v1.element_tree import ElementTree
from tests.app.conftest import sign
from tests.sentences import says
from tests.stores import SAMPLE_CLOCK, lettered

from csa.areas.analysis import propose_areas
from csa.base.errors import ParamError, SourceError
from csa.base.message import msg
from csa.base.params import Month, Period
from csa.base.text import day
from csa.city.dataset import City, open_dataset
from csa.city.loading import load_city
from csa.city.preregistration import Verdict
from csa.ingest.designation import Candidate
from csa.program.actions import set_action
from csa.program.areas import begin_work, designate
from csa.program.corrections import Correction, correct
from csa.program.measures import add_values, define_measure
from csa.program.plan.measures import Quarter, Value, checked
from csa.program.roles import Act, Person
from csa.program.store.audit import Signed
from csa.program.store.engine import open_store
from csa.program.store.records import read_records
from csa.program.work import add_meeting, add_question, add_task, set_task
from csa_app.screens.measures import place_steps
from csa_app.screens.measures.measures_edit import read_file
from csa_app.shared import cache, cache_store, person
from csa_app.shared.area_status import step_word
from csa_app.shared.screen_state import first_choices

TODAY = SAMPLE_CLOCK.today()
LAST = Quarter.of(TODAY).plus(-1)
PREVENTION = "Prevention team"


@pytest.fixture
def where(tmp_path):
    return tmp_path / "store.sqlite3"


@pytest.fixture
def page(visit, static, monkeypatch):
    def start(place="", name="measures", area="", **environment):
        monkeypatch.setattr(cache_store, "today", lambda _: TODAY)  # midnight may come between
        asked = {"place": place or None, "screen": {"area": area} if area else None}
        return visit(name, asked, **environment)

    return start


def act(on=TODAY, why="Neighbors named these blocks."):
    at = datetime(on.year, on.month, on.day, 15, tzinfo=UTC)
    return Act(Person(PREVENTION, "chair"), Signed(PREVENTION, why, at), on)


CELLS = ("89266ca8d37ffff", "89266ca8d23ffff")


@pytest.fixture
def filled(where, plan):
    """An area B with a first meeting 23 days ago, two tasks, a value revised, and one action."""
    store = open_store(str(where), make=True)
    designate(store, act(date(2019, 9, 1)), Candidate("B", "Hadderley", CELLS, {}))
    add_meeting(store, act(), "B", "group", {"on_date": TODAY - timedelta(days=23)})
    add_task(store, act(), "B", {"what": "Fix <lights>", "agency": "Works", "status": "done"})
    add_task(store, act(), "B", {"what": "Open the gym", "agency": "Parks"})
    add_question(store, act(), "B", "Why is it dark?")
    set_action(store, plan, act(), "1.2.1", {"status": "on-track", "areas": ["B"]})
    values = [
        checked(Value("gun-violence", LAST.plus(-n), "B", value=v), "gun-violence")
        for n, v in enumerate((3.0, 4.0, 5.0, 3.0, 15.0, 14.0, 16.0, 15.0))
    ]
    values.append(checked(Value("feeling-safe", LAST, "B", 0.4, answers=30), "feeling-safe"))
    values.append(checked(Value("feeling-safe", LAST, "", 0.52, answers=600), "feeling-safe"))
    add_values(store, plan, act(), values)
    later = Value("gun-violence", LAST, "B", value=2.0)
    add_values(store, plan, act(), [checked(later, "gun-violence")])
    define_measure(store, plan, act(), "gun-violence", {"baseline": 140.0, "target": 90.0})
    return store


@pytest.fixture
def served(where, dataset, root):
    """Hadderley, c-2 on screen, is in service as B."""
    city = City(load_city(root / "config" / "sample.toml"), open_dataset(dataset))
    drawn = lettered(propose_areas(city, first_choices(city)), "B")
    designate(open_store(str(where), make=True), act(), drawn)


def text_of(made):
    assert not made.exception, made.exception
    parts = [re.sub("<[^>]+>", " ", one.proto.body) for one in made.get("html")]
    parts += [one.value for one in (*made.caption, *made.error, *made.success, *made.markdown)]
    said = html.unescape(" ".join(parts)).replace("\\", "")
    return re.sub(r"\s+", " ", said)


def fill(made, label, value, kind="text_input"):
    """Write into the last field of a name."""
    [*_, field] = [one for one in getattr(made, kind) if one.label == label]
    field.set_value(value)


def press(made, label, form):
    [button] = [one for one in made.button if one.label == label and one.form_id.startswith(form)]
    return button.click().run()


def work_form(made, name):
    """Choose the form of the work plan that is shown."""
    return made.pills(key="work edit B").set_value(name).run()


def next_step(made, name):
    """Choose the step whose form is shown."""
    return made.pills(key="step area:B").set_value(name).run()


# ---- by hand -------------------------------------------------------------------------------


def test_the_cards_of_an_area(page, filled):
    said = text_of(page("area:B"))
    assert "1 of 15 measures has a value" in said
    assert says("here.changed_none") in said  # fewer in two quarters, too few to find anything
    assert "1 action under way here" in said
    assert "2 tasks, one of them done." in said
    assert "Day 23 of 60" in said
    assert "Revised, " in said
    assert "was 3 (incidents), now 2 (incidents)" in said
    assert "Too few answers here (30 of the 100 needed), so this is the figure for" in said
    assert "Fix <lights>" in said
    assert says("here.at_target_city", at=90) in said
    assert "met" not in said.split("target 90")[1][:5]
    assert "no answer yet" in said


def test_without_a_store_candidates_are_shown_and_nothing_is_made(page, where):
    made = page()
    said, state = text_of(made), says("here.proposed")
    assert "No core service area is designated yet." in said
    assert "0 of 15 measures have a value" in said
    names = "Brindlemoor", "Ferrymans End", "Hadderley", "Ivorstead", "Kindlewood"
    options = made.selectbox[0].options
    # A candidate is not all of the neighborhood whose name it has, which is listed too.
    candidates = [says("term.comma", name=f"around {name}", text=state) for name in names]
    assert options[:5] == candidates
    assert {*names} <= {*options[9:]}
    assert not where.exists()


def test_a_walk_is_written_down_and_a_task_marked_done(page, filled):
    made = page("area:B")  # the walk's form comes first
    fill(made, says("here.walk_seen"), "Two lights are out.", "text_area")
    sign(made, "walk B")
    assert "Two lights are out." in text_of(press(made, "Save", "walk B"))
    walked = read_records(filled).meetings[-1]
    assert (walked.kind, walked.on_date, walked.note) == ("walk", TODAY, "Two lights are out.")
    made = work_form(made, "done")
    sign(made, "done B/task-2")
    said = text_of(press(made, says("here.done_save"), "done B/task-2"))
    assert says("here.tasks_done", of=2, n=2) in said
    assert {row.status for row in read_records(filled).tasks} == {"done"}
    assert "done" not in made.pills(key="work edit B").options  # nothing is left to be done


def test_a_task_is_added_and_shown_at_once(page, filled):
    made = work_form(page("area:B"), "task")
    for what in ("Paint the crossing", "Mend the light", "Open the park"):
        fill(made, says("here.what"), what)
        fill(made, "Agency", "Public Works")
        sign(made, "task B")
        press(made, "Save", "task B")
        assert what in text_of(made)
    assert says("here.tasks_done", of=5, n=1) in text_of(made)
    [row] = [row for row in read_records(filled).tasks if row.what == "Paint the crossing"]
    assert row.agency == "Public Works"


def test_why_a_task_is_late_is_written_down_with_the_day_its_agency_was_told(page, filled):
    made = work_form(page("area:B"), "change")
    made = made.selectbox(key="which task B").set_value("B/task-2").run()
    fill(made, says("here.told_on"), TODAY, "date_input")
    fill(made, says("here.reason"), "No key to the hall.", "text_area")
    sign(made, "change B/task-2")
    said = text_of(press(made, "Save", "change B/task-2"))
    assert "No key to the hall." in said
    row = read_records(filled).tasks[1]
    assert (row.what, row.told_on, row.reason) == ("Open the gym", TODAY, "No key to the hall.")


def test_a_question_is_quoted_once_who_asked_agrees(page, filled):
    made = work_form(page("area:B"), "agree")
    [box] = [one for one in made.checkbox if one.label == says("here.agreed")]
    assert box.value is False
    box.check()
    sign(made, "agree B/asked-1")
    press(made, "Save", "agree B/asked-1")
    assert read_records(filled).asked[0].is_public


def test_a_measures_sentence_names_the_measure(page, filled):
    judged = says("here.judged", measure="Homicides and nonfatal shootings", said="")
    assert judged in text_of(page("area:B"))


def test_a_candidate_is_designated_with_what_is_on_screen(page, where):
    made = page("proposed:c-2")
    sign(made, "designated proposed:c-2", "Neighbors asked for it.")
    press(made, "Save this decision", "designated proposed:c-2")
    assert "Core service area" in text_of(made)
    records = read_records(open_store(str(where)))
    [area], [step] = records.areas, records.steps
    # The first letter, wherever it lies; and its name is not that of what is around it.
    assert (area.key, area.place_name) == ("A", "Hadderley")
    assert (area.state, step.by_office) == ("designated", PREVENTION)
    assert step.evidence["area"]["area_id"] == "c-2"
    assert "judged" in step.evidence
    assert made.query_params["place"] == "area:A"
    assert made.selectbox(key="measures place").options[0].startswith("Hadderley (A), ")


@pytest.mark.parametrize("is_left", [True, False])
def test_a_designation_stands_before_its_evidence_is_worked_out(page, where, monkeypatch, is_left):
    """Whoever closed the tab meanwhile had decided, and nothing was kept."""
    made = page("proposed:c-2")
    kept = []

    def judgement(*_):
        kept.extend(read_records(open_store(str(where))).areas)
        raise StopException if is_left else ParamError("decide.ahead", day="a", today="b")

    monkeypatch.setattr(cache, "priorities", judgement)
    sign(made, "designated proposed:c-2", "Neighbors asked for it.")
    press(made, "Save this decision", "designated proposed:c-2")
    assert [(area.key, area.state) for area in kept] == [("A", "designated")]
    [step] = read_records(open_store(str(where))).steps
    assert step.evidence["area"]["area_id"] == "c-2"
    assert "judged" not in step.evidence


def test_a_value_is_entered_by_hand(page, filled):
    made = page("area:B")
    fill(made, "Count", 7.0, "number_input")
    sign(made, "value gun-violence")
    press(made, "Save", "value gun-violence")
    assert says("here.taken", n=1) in text_of(made)
    assert "was 2 (incidents), now 7 (incidents)" in text_of(made)


@pytest.mark.parametrize("where_else", ["neighborhood:Silverbeck", "city:"])
def test_a_value_is_of_the_place_on_screen_and_nothing_typed_elsewhere_comes_along(
    page, filled, where_else
):
    made = page("area:B")
    fill(made, "Count", 7.0, "number_input")
    press(made, "Save", "value gun-violence")  # refused, unsigned: what was typed stays
    made.selectbox(key="measures place").set_value(where_else).run()
    [count] = [one for one in made.number_input if one.label == "Count"]
    assert count.value is None
    count.set_value(8.0)
    sign(made, "value gun-violence")
    press(made, "Save", "value gun-violence")
    assert says("here.taken", n=1) in text_of(made)
    [new] = [one for one in read_records(filled).values if one.value in {7.0, 8.0}]
    assert (new.place, new.value) == (where_else.partition(":")[2], 8.0)


# ---- at the edge ---------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "key"), [("measures", "measures place"), ("plan", "plan team")])
def test_a_browser_that_forgot_a_choice_is_told_it_again(page, filled, monkeypatch, name, key):
    made = page(name=name)
    menu = made.selectbox(key=key)
    chosen = menu.set_value(menu.options[2]).run().session_state[key]
    monkeypatch.setattr(ElementTree, "get_widget_states", lambda _: WidgetStates())
    shown = made.run().selectbox(key=key).proto
    at = list(shown.options).index(shown.raw_value) if shown.set_value else shown.default
    assert at == 2
    assert made.session_state[key] == chosen


def test_a_candidate_takes_no_value_for_the_city_or_for_an_area_that_was_decided(page, filled):
    made = page("area:B")
    assert any(one.form_id.startswith("value") for one in made.button)
    made.selectbox(key="measures place").set_value("proposed:c-3").run()
    assert "Measures are recorded for core service areas" in text_of(made)
    assert not any(one.form_id.startswith("value") for one in made.button)


def test_a_reason_written_for_a_candidate_does_not_stay_for_other_cells_of_its_id(page):
    made = page("proposed:c-6")
    [_, why] = [one for one in made.text_input if one.key.startswith("designated proposed:c-6")]
    why.set_value("Neighbors asked for it.")
    press(
        made, "Save this decision", "designated proposed:c-6"
    )  # refused, unsigned: what was typed stays
    [_, why] = [one for one in made.text_input if one.key.startswith("designated proposed:c-6")]
    assert why.value == "Neighbors asked for it."
    assert "Umberley" in made.selectbox(key="measures place").options[7]
    # As a browser that goes back: to areas by DBSCAN alone.
    made.query_params["screen"] = '{"resolution":9,"max_area_km2":0.0}'
    made.run()
    assert "Umberley" in made.selectbox(key="measures place").options[8]  # after Kestrelby
    assert made.selectbox(key="measures place").value == "proposed:c-6"
    [_, why] = [one for one in made.text_input if one.key.startswith("designated proposed:c-6")]
    assert not why.value


@pytest.mark.parametrize(
    ("place", "shown"),
    [
        ("neighborhood:Bellwick", None),
        ("city:", None),
        ("proposed:c-3", None),
        ("area:B", None),
        ("area:ZZ", "area:B"),
        ("proposed:c-99", "area:B"),
    ],
)
def test_each_kind_of_place_and_a_bad_link(page, filled, place, shown):
    made = page(place)
    assert says("here.card_count") in text_of(made)
    assert made.selectbox(key="measures place").value == (shown or place)


def test_where_a_verdict_allows_no_maintenance_one_line_says_why(page, filled):
    assert "Not ready for maintenance" in text_of(page("area:B"))


def test_a_fall_since_the_designation_opens_maintenance_and_is_kept_with_it(
    page, filled, monkeypatch
):
    sentence = msg("displacement.fewer")
    evidence = {"verdict": Verdict.FEWER.value, "together": Verdict.NO_CHANGE.value}
    evidence |= {"since": "2019-09", "cells": list(CELLS)}
    looked = msg(
        "here.looked", near="half a mile (750 m)", far="two miles (3,000 m)", said=str(sentence)
    )
    statement = SimpleNamespace(verdict=Verdict.FEWER, sentence=sentence, value=3, low=None)
    statement.headline, statement.lasted = sentence, None
    statement.high, statement.period = None, Period(Month(2019, 10), Month(2020, 8))
    followed = SimpleNamespace(chosen=SimpleNamespace(area_ids=("B",)))
    monkeypatch.setattr(place_steps.cache_change, "core", lambda *_: followed)
    monkeypatch.setattr(place_steps, "state_change", lambda *_: statement)
    monkeypatch.setattr(place_steps, "maintenance_evidence", lambda *_: evidence)
    made = next_step(page("area:B"), "maintain")
    said = [one.value for one in made.caption]
    assert any(str(sentence) in one for one in said)
    assert any(str(looked) in one.replace("\\", "") for one in said)
    sign(made, "maintain B", "It fell by more than luck.")
    made = press(made, says("here.do_maintain"), "maintain B")
    assert step_word("maintenance") in text_of(made)
    records = read_records(filled)
    assert (records.areas[0].state, records.steps[-1].evidence) == ("maintenance", evidence)


def test_work_begins_on_the_day_that_is_on_screen(page, filled):
    made = next_step(page("area:B"), "begin")
    assert says("here.begin_about") in text_of(made)
    sign(made, "begin B")
    made = press(made, says("here.do_begin"), "begin B")
    assert says("here.work_began", day=day(TODAY)) in text_of(made)
    assert read_records(filled).areas[0].execution_on == TODAY


def test_a_service_ends_with_its_reasons(page, filled):
    made = next_step(page("area:B"), "retire")
    assert says("here.retire_about") in text_of(made)
    sign(made, "retire B", "Nobody works here any more.")
    press(made, says("here.do_retire"), "retire B")
    records = read_records(filled)
    assert records.areas[0].state == records.steps[-1].state == "retired"
    assert records.steps[-1].reasons == "Nobody works here any more."


@pytest.mark.parametrize(("place", "area"), [("proposed:c-3", "c-3"), ("area:B", "c-2")])
def test_an_area_that_is_chosen_here_is_chosen_on_other_pages(page, served, place, area):
    made = page(place)
    assert made.session_state["screen"].area == area


@pytest.mark.parametrize(
    ("area", "place"), [("c-3", "proposed:c-3"), ("c-2", "area:B"), ("B", "area:B")]
)
def test_an_area_follows_the_one_chosen_on_another_page(page, served, area, place):
    """By its id; Displacement names one in service by its letter."""
    made = page(area=area)
    menu = made.selectbox(key="measures place")
    assert menu.value == place
    assert [name for name in menu.options if "Hadderley" in name] == [
        says("term.comma", name="Hadderley (B)", text=step_word("designated")),
        "Hadderley",  # the neighborhood
    ]


def test_briefing_names_areas_and_what_waits(page, filled):
    said = text_of(page(name="briefing"))
    assert "Core service areas" in said
    assert "Hadderley (B) since September 1, 2019" in said
    assert (
        "1, 2019 · unknown one action under way, 1.2.1 Report each month which areas are hurt most and what they need:"
        in said
    )
    assert f"September 1, 2019 · {says('term.unknown')}" in said  # its cells are elsewhere
    assert "Area B has no cells in the city's study area" in said
    assert "Needs a decision" in said
    assert says("briefing.trust_open", n=9) in said


def test_briefing_works_where_the_store_is_down(page, where):
    where.write_text("no database")
    said = text_of(page(name="briefing"))
    assert "Where shootings concentrate." in said
    assert "is not a store, or is damaged" in said
    assert "Core service areas" not in said


# ---- refused -------------------------------------------------------------------------------


def test_a_form_without_a_reason_keeps_its_text(page, filled):
    made = work_form(page("area:B"), "task")
    fill(made, says("here.what"), "Paint the crossing")
    press(made, "Save", "task B")
    [error] = made.error
    assert "Add the office you are speaking for" in error.value
    assert [f.value for f in made.text_input if f.label == says("here.what")] == [
        "Paint the crossing"
    ]


@pytest.mark.long
def test_who_writes_second_is_told_and_overwrites_nothing_else(page, filled):
    made = work_form(page("area:B"), "change")
    set_task(filled, act(), "B/task-2", {"agency": "Library"})
    fill(made, says("here.what"), "Open the gym late")
    sign(made, "change B/task-2")
    press(made, "Save", "change B/task-2")
    said = made.error[0].value.replace("\\", "")
    assert "Not saved: Prevention team changed task B/task-2" in said
    press(made, "Save", "change B/task-2")
    [row] = [row for row in read_records(filled).tasks if row.key == "B/task-2"]
    assert (row.what, row.agency) == ("Open the gym late", "Library")


@pytest.mark.parametrize(
    ("role", "forms"), [("viewer", set()), ("member", {"walk B"}), ("editor", {"walk B", "value"})]
)
def test_a_page_offers_only_what_a_role_may(page, filled, monkeypatch, role, forms):
    monkeypatch.setattr(person, "person", lambda _: Person("Parks", role, ("2.3",)))
    made = page("area:B")
    said = text_of(made)
    assert "Fix <lights>" in said
    assert ("You can read measures here." in said) == (role in {"viewer", "member"})
    assert ("You can read the work plan here." in said) == (role == "viewer")
    assert (
        "Only the prevention team's chair or the Executive Committee decides where to serve."
        in said
    )
    found = {one.form_id for one in made.button if one.form_id}
    assert len(found) == len(forms)
    assert all(any(one.startswith(form) for one in found) for form in forms)


def test_the_public_is_told_nothing_that_it_may_not_know(page, filled):
    said = text_of(page("area:B", CSA_ACCESS="public"))
    assert "Hadderley" not in said
    assert "No core service area is designated" not in said


def test_a_file_is_refused_whole_with_each_fault(plan):
    kinds = {one.id: one.kind for one in plan.measures}
    good = f"measure,quarter,place,value\ngun-violence,{LAST},B,3\n"
    assert [v.value for v in read_file("a.csv", good.encode(), kinds, {"B"})] == [3.0]
    bad = f"{good}gun-violence,2026-Q9,B,3\nnothing,{LAST},Z,x\n"
    with pytest.raises(SourceError) as refused:
        read_file("a.csv", bad.encode(), kinds, {"B"})
    rows = [str(fault) for fault in refused.value.faults]
    assert str(refused.value).startswith(f"a.csv has {len(rows)} errors")
    assert [one.split(",")[0] for one in rows] == ["Row 3", "Row 4", "Row 4", "Row 4"]
    with pytest.raises(SourceError) as unread:
        read_file("a.csv", b"\x00", kinds, {"B"})
    assert "values.csv" not in str(unread.value)


# ---- what is on record is corrected --------------------------------------------------------


def choose(made, label, key):
    """Choose what is wrong by its words."""
    [which] = [one for one in made.selectbox if one.key == key]
    return which.set_value(next(one for one in which.options if label in one)).run()


def field(made, form, name, kind="date_input"):
    [found] = [
        one
        for one in getattr(made, kind)
        if one.key and one.key.startswith(form) and one.key.endswith(f"/{name}")
    ]
    return found


@pytest.mark.long
def test_a_corrected_beginning_and_meeting_show_what_was_and_move_the_60_days(page, filled):
    began, met = TODAY - timedelta(days=3), TODAY - timedelta(days=23)
    begin_work(filled, act(), "B", began, {})
    made = choose(page("area:B"), "Work began on", "correct B")
    field(made, "correct baseline B/1", "on_date").set_value(began - timedelta(days=10))
    sign(made, "correct baseline B/1", "They began on the Monday.")
    made = press(made, "Save the correction", "correct baseline B/1")
    made = choose(made, "Group meeting", "correct B")
    field(made, "correct meeting B", "on_date").set_value(met + timedelta(days=5))
    field(made, "correct meeting B", "note", "text_area").set_value("In the gym")
    sign(made, "correct meeting B", "The list of those present.")
    said = text_of(press(made, "Save the correction", "correct meeting B"))
    assert "Work began on day 5 of 60." in said
    today = day(TODAY)
    none = says("label.none")
    assert f"Was {day(began)}, corrected on {today} by {PREVENTION} because: They began" in said
    assert f"Was Day: {day(met)}; Note: {none}, corrected on {today}" in said
    assert "Anything approved or handed out before stays as it was" in said


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (TODAY + timedelta(days=1), "Record it once that day has come."),
        (date(2015, 1, 1), "is before the data begin"),
        (None, "Nothing was saved."),
    ],
)
def test_a_day_that_cannot_be_is_refused_beside_the_form(page, filled, wrong, sentence):
    n = len(read_records(filled).corrections)
    made = choose(page("area:B"), "Core service area", "correct B")
    [key] = {one.form_id for one in made.button if one.form_id.startswith("correct area B/1")}
    on = field(made, key, "on_date")
    on.set_value(wrong or on.value)
    sign(made, key)
    made = press(made, "Save the correction", key)
    assert sentence in made.error[0].value
    assert len(read_records(filled).corrections) == n


def test_who_corrects_second_is_told(page, filled):
    made = choose(page("area:B"), "Group meeting", "correct B")
    other = Correction("meeting B/meeting-1", {"note": "In the church"})
    correct(filled, None, act(), other)
    field(made, "correct meeting B", "note", "text_area").set_value("In the gym")
    sign(made, "correct meeting B")
    made = press(made, "Save the correction", "correct meeting B")
    assert "Prevention team changed meeting B/meeting-1" in made.error[0].value.replace("\\", "")
    assert read_records(filled).meetings[0].note == "In the church"


def test_an_area_is_designated_as_of_an_earlier_day(page, where):
    made = page("proposed:c-2")
    [form] = {one.form_id for one in made.button if one.form_id.startswith("designated")}
    [on] = [one for one in made.date_input if one.key.startswith("designated")]
    for day_of, sentence in (
        (TODAY + timedelta(days=1), "Record it once that day has come."),
        (date(2015, 1, 1), "is before the data begin"),
    ):
        on.set_value(day_of)
        sign(made, form)
        made = press(made, says("here.decide"), form)
        assert sentence in made.error[0].value
        [on] = [one for one in made.date_input if one.key.startswith("designated")]
    assert not where.exists() or not read_records(open_store(str(where))).areas
    on.set_value(TODAY - timedelta(days=30))
    press(made, says("here.decide"), form)
    [area] = read_records(open_store(str(where))).areas
    assert (area.place_name, area.since) == ("Hadderley", TODAY - timedelta(days=30))
