"""Plan, run by Streamlit itself: what it says, what is edited, refused, kept and saved."""

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, strategies as some
from tests.app.conftest import sign, words
from tests.sentences import says
from tests.stores import SAMPLE_CLOCK, trail

from csa.base.errors import CsaError, StoreError
from csa.ingest.designation import Candidate
from csa.program.actions import propose_change, set_action
from csa.program.areas import designate
from csa.program.plan.calendar import STATUSES, ActionState
from csa.program.roles import Person, act, local_person
from csa.program.store.audit import entries
from csa.program.store.engine import open_store
from csa.program.store.records import Records, read_records
from csa.program.work import save_draft
from csa.reports.briefing.lines import color_counts, plan_lines
from csa.reports.briefing.meeting import prepare_review
from csa_app.screens.plan import filters, parts, table
from csa_app.screens.plan.filters import CARDS, PlanFilter, shown, view_from_text, view_to_text
from csa_app.screens.plan.preview import CHANGES, foresee, trail_text
from csa_app.shared import person, plan_edits, plan_words
from csa_app.shared.plan_words import (
    NO_UPDATE,
    Edit,
    changes_words,
    held_words,
    marked,
    parse_status,
    updated_words,
)

ZONE = "America/Chicago"
NOW = SAMPLE_CLOCK.now()
TODAY = SAMPLE_CLOCK.today()
ON_BEHALF, WHY = "plan on behalf of", "plan why"


def acting(office, why="Told at the monthly talk.", ago=0, who=None):
    return act(who or local_person(office), why, NOW - timedelta(days=ago), ZONE)


@pytest.fixture
def address(tmp_path):
    return str(tmp_path / "store.sqlite3")


@pytest.fixture
def store(address, plan):
    """Some actions in different states, an area, and a proposal for a slot of trust."""
    made = open_store(address, make=True)
    cells = ("8926ad90507ffff",)
    designate(made, acting("Executive Committee"), Candidate("B", "Hadderley", cells, {}))
    for number, ago, changes in (
        ("1.2.1", 3, {"status": "on-track", "office": "Police", "due": TODAY - timedelta(days=9)}),
        ("1.2.3", 5, {"status": "at-risk", "reason": "No data yet.", "areas": ("B",)}),
        ("1.3.1", 20, {"status": "blocked", "reason": "No room.", "due": TODAY + timedelta(30)}),
        ("2.2.1", 120, {"status": "on-track", "office": "Prosecutor"}),
    ):
        set_action(made, plan, acting("Team", ago=ago), number, changes)
    wanted = {"title": "Open a monthly evening for questions"}
    propose_change(made, plan, acting("Coordinator"), "1.1.1", wanted)
    return made


@pytest.fixture
def page(visit):
    def start(view=None, **environment):
        made = visit("plan", {"plan": view}, **environment)
        assert not made.exception
        return made

    return start


def typed(shown_page, label, value, number="1.2.1"):
    """Write in the form of an opened action."""
    kinds = ("text_input", "text_area", "selectbox", "date_input", "number_input", "multiselect")
    key = f"plan form {number} {label} "
    (widget,) = [w for k in kinds for w in getattr(shown_page, k) if (w.key or "").startswith(key)]
    widget.set_value(value).run()
    assert not shown_page.exception
    return shown_page


def save(shown_page, office="Mayor's Office", why="Heard at the meeting."):
    shown_page.text_input(key=ON_BEHALF).set_value(office)
    shown_page.text_input(key=WHY).set_value(why)
    shown_page.button(key="plan save").click().run()
    assert not shown_page.exception
    return shown_page


def stored(store):
    return read_records(store).states


def lines_of(plan, records, today=TODAY):
    return {line.number: line for line in plan_lines(plan, records, today)}


@pytest.fixture
def lines(plan, store):
    return lines_of(plan, read_records(store))


@pytest.fixture
def session(monkeypatch):
    """A reader's session without a page."""
    state = {}
    monkeypatch.setattr(plan_edits.st, "session_state", state)
    return state


# ---- By hand -------------------------------------------------------------------------------


def test_written_actions_are_counted_by_how_they_stand(lines):
    found = color_counts(lines.values())
    assert found == {"on-track": 1, "at-risk": 1, "blocked": 1, "no-update": 48}
    assert len(lines) - sum(found.values()) == 9 + 6  # openings, for trust and others


def test_where_nobody_reports_the_bar_says_how_many_were_last_stuck(plan, store):
    """Meeting names them with the others that are stuck, so Plan must not lose them."""
    for day, is_said in ((TODAY, False), (TODAY + timedelta(days=200), True)):
        now = [*lines_of(plan, read_records(store), day).values()]
        _, words_of = parts.status_bar(prepare_review(plan, now, read_records(store), day), now)
        assert words_of.count(says("plan_page.n_stale_stuck", n=2)) == is_said
        assert words_of.count("last at risk") == is_said


def test_a_change_is_told_field_by_field_from_what_to_what():
    before = {"status": "on-track", "due": None, "areas": (), "percent": None}
    after = {"status": "at-risk", "due": date(2027, 3, 1), "areas": ("B", "C"), "percent": 30}
    assert changes_words(before, after) == [
        "Status: on track → at risk",
        "Due: none → March 1, 2027",
        "Percent: none → 30%",
        "Areas: in no area → B, C",
    ]


def test_an_update_is_told_by_its_age(lines):
    line = lines["1.2.1"]

    def aged(days, freshness):
        then = TODAY - timedelta(days=days)
        state = replace(line.state, updated_on=then)
        return updated_words(replace(line, state=state, days_since=days, freshness=freshness))

    assert aged(0, "fresh") == "today"
    assert aged(1, "fresh") == "1 day ago"
    assert aged(31, "ask") == says("plan_page.asks", ago="31 days ago")
    assert aged(91, "stale").startswith("no update since ")
    assert updated_words(lines["1.3.2"]) == "no update yet"


def test_a_late_action_says_what_it_holds_up(lines):
    late = replace(lines["1.2.1"], holds_up=("1.3.1", "1.3.2", "1.3.3", "1.3.4", "1.3.5"))
    assert held_words(late, frozenset()) == says(
        "plan_page.late_holds", numbers="1.3.1, 1.3.2, 1.3.3 and 2 more"
    )
    assert held_words(lines["1.3.1"], frozenset({"1.2.1"})) == "waits for 1.2.1"
    assert held_words(lines["1.3.1"], frozenset()) == ""


def test_cells_typed_in_the_table_are_taken_by_their_own_row(session, lines, monkeypatch):
    monkeypatch.setattr(plan_edits, "keep", lambda *_: None)
    rows = (lines["1.3.1"], lines["1.2.1"])
    grid = table.ActionTable((), "plan table 1", rows, None)
    session["plan table 1"] = {
        "edited_rows": {
            1: {"status": "■ blocked", "reason": " No key. ", "due": "2027-03-01T00:00:00.000"},
            "0": {"percent": 40.0, "areas": ["B"], "start": None},
        }
    }
    table.keep_edits(None, None, grid)
    assert plan_edits.edits() == {
        "1.2.1": Edit({"status": "blocked", "reason": "No key.", "due": date(2027, 3, 1)}, 1),
        "1.3.1": Edit({"percent": 40, "areas": ("B",)}, 1),
    }


def test_the_table_shows_what_is_not_saved_yet(lines):
    edits = {"1.2.1": Edit({"status": "at-risk", "comment": "Soon."}, 1)}
    chosen = [lines["1.2.1"], lines["2.2.1"]]
    rows = table.frame_of(chosen, edits, table.COLUMNS["state"], frozenset())
    assert rows["status"].tolist() == ["▲ at risk", "● on track"]
    assert rows["comment"].tolist() == ["Soon.", ""]
    assert rows["number"].tolist() == ["● 1.2.1", "◌ 2.2.1"]  # gray where nobody told lately
    people = table.frame_of(chosen, edits, table.COLUMNS["people"], frozenset())
    assert str(people["percent"].dtype) == "Int64"
    assert people["start"].dtype.kind == "M"  # empty, and still a column of days


def test_the_trail_is_told_in_words_the_latest_first(store, plan):
    set_action(store, plan, acting("Police", "The data came."), "1.2.3", {"status": "done"})
    with store.reading() as reading:
        latest, first = trail_text(entries(reading.connection(), "1.2.3"), ZONE)
    assert latest.office == "Police"
    assert latest.why == "The data came."
    assert latest.changes == (
        "Status: at risk → done",
        "Reason: No data yet. → none",
        "Percent: none → 100%",
    )
    assert "Areas: in no area → B" in first.changes


# ---- The page ------------------------------------------------------------------------------


def test_the_page_begins_with_how_the_plan_stands_trust_first(page, store):
    shown_page = page()
    text = words(shown_page)
    assert "<b>0</b> of 51 actions done" in text
    assert "▲ 1</b> at risk" in text
    assert "◌ 48</b> no update" in text
    assert [box.label for box in shown_page.expander if "planned actions" in box.label] == [
        "For the Committee: 15 planned actions are not written yet. 9 of them are about trust."
    ]
    assert text.index("1.1 Build trust") < text.index("2.5 Support victims")
    assert "Already proposed: 1.1.1." in text
    named = [button.key for button in shown_page.button if "plan decide" in (button.key or "")]
    assert named == ["plan decide 1.1.1", "plan decide 1.3.1"]  # proposed; blocked
    late = [button.key for button in shown_page.button if "plan late" in (button.key or "")]
    assert late == ["plan late 1.2.1"]  # every one past due, none left to a count alone
    assert shown_page.button(key=late[0]).label.endswith(r"\(Police\)")
    shown_page.button(key="plan late 1.2.1").click().run()
    assert shown_page.selectbox(key="plan opened").value == "1.2.1"


def test_without_a_store_nothing_is_known_and_none_is_made(page, address, tmp_path):
    text = words(page())
    assert "◌ 51</b> no update" in text
    assert not (tmp_path / "store.sqlite3").exists()


def test_choices_come_from_the_link_and_go_to_it(page, store):
    made = page({"status": "blocked", "look": CARDS})
    assert "One of 51 written actions" in words(made)
    assert made.selectbox(key="plan status").value == "blocked"
    made.selectbox(key="plan status").set_value("no-update").run()
    assert "48 of 51 written actions" in words(made)
    assert json.loads(made.query_params["plan"]) == {"status": "no-update", "look": CARDS}
    made.checkbox(key="plan late").check().run()
    assert "No actions match these filters" in words(made)


def test_each_choice_names_what_it_chooses(page, store, plan):
    made = page()
    options = {
        name: made.selectbox(key=f"plan {name}").options
        for name in ("goal", "strategy", "team", "area", "status")
    }
    assert {first for first, *_ in options.values()} == {says("plan_page.all")}
    assert options["goal"][1:] == [f"{goal.number} {goal.title}" for goal in plan.goals]
    assert options["strategy"][1:] == [f"{one.number} {one.title}" for one in plan.strategies]
    assert options["team"][1:] == [team.name for team in plan.teams if team.goal]
    (area,) = read_records(store).areas
    assert options["area"][1:] == [f"{area.key} {area.place_name}", says("plan_page.no_area")]
    assert options["status"][1:] == [marked(one) for one in (*STATUSES, NO_UPDATE)]


def test_a_change_is_previewed_then_saved_and_shown_at_once(page, store):
    made = typed(page({"look": CARDS, "opened": "1.2.1"}), "status", marked("at-risk"))
    typed(made, "reason", "Two partners are silent.")
    text = words(made)
    assert says("plan_page.preview", n=1) in text
    assert f'{says("plan_page.bar", n=1)}</span> <a href="#{CHANGES}">' in text
    assert "Status: on track → at risk" in text
    assert stored(store)["1.2.1"].status == "on-track"
    save(made)
    text = words(made)
    assert "Saved: 1.2.1." in text
    assert "■ 1</b> blocked" in text
    assert "▲ 2</b> at risk" in text
    assert "would change" not in text
    assert CHANGES not in text
    assert stored(store)["1.2.1"].reason == "Two partners are silent."
    typed(made, "percent", 60)
    save(made)
    assert stored(store)["1.2.1"].percent == 60  # the revision shown is that just written


def test_a_reload_in_the_middle_of_an_edit_keeps_the_draft(page, store):
    made = typed(page({"look": CARDS, "opened": "1.2.1"}), "comment", "Half a sen")
    made.text_input(key=WHY).set_value("Because").run()
    again = page()
    text = words(again)
    assert "Your draft from " in text
    assert "Comment: none → Half a sen" in text
    assert again.text_input(key=WHY).value == "Because"
    save(again)
    assert stored(store)["1.2.1"].comment == "Half a sen"
    assert "Your draft" not in words(page())


def test_a_draft_can_be_discarded(page, store):
    typed(page({"look": CARDS, "opened": "1.2.1"}), "comment", "Half a sen")
    again = page()
    again.button(key="plan discard draft").click().run()
    assert "would change" not in words(again)
    assert "would change" not in words(page())


def test_a_draft_of_another_form_is_left_alone(page, store):
    save_draft(store, local_person("this machine"), "plan", {"edits": {"1.2.1": {"seen": "x"}}})
    assert "would change" not in words(page())


@pytest.mark.parametrize(
    ("number", "changes"), [("9.9.9", {"comment": "x"}), ("1.2.1", {"status": "paused"})]
)
def test_a_draft_of_what_the_plan_lacks_is_left_alone(page, store, number, changes):
    edits = {number: {"seen": 1, "changes": changes}}
    draft = {"at": "10:00", "office": "", "why": "", "edits": edits}
    save_draft(store, local_person("this machine"), "plan", draft)
    assert "would change" not in words(page())


def test_a_refusal_shows_what_was_typed_as_it_is(page, store):
    made = typed(page({"look": CARDS, "opened": "1.2.1"}), "evidence", "![x](http://a.test/b.png)")
    assert r"\!\[x\]" in made.error[0].value


def test_the_second_of_two_editors_is_told_who_changed_what_and_keeps_the_text(page, store):
    first = typed(page({"look": CARDS, "opened": "1.2.1"}), "status", marked("done"))
    second = page({"look": CARDS, "opened": "1.2.1"})
    second.button(key="plan discard draft").click().run()
    typed(second, "comment", "My own words.")
    save(first, "Police Department", "The report is out.")
    save(second, "Mayor's Office")
    text = words(second)
    assert "Police Department changed 1.2.1 on " in text
    assert "Status: on track → done" in text
    assert "The report is out." in text
    assert "Comment: none → My own words." in text
    assert stored(store)["1.2.1"].comment == ""
    second.button(key="plan over 1.2.1").click().run()
    save(second, "Mayor's Office")
    now = stored(store)["1.2.1"]
    assert (now.status, now.comment) == ("done", "My own words.")


@pytest.mark.long
def test_who_blocks_what_another_just_blocked_has_the_own_reason_in_the_trail(page, store):
    made = typed(page({"look": CARDS, "opened": "1.2.1"}), "status", marked("blocked"))
    other = page({"look": CARDS, "opened": "1.2.1"})
    other.button(key="plan discard draft").click().run()
    typed(other, "status", marked("blocked"))
    save(other, "Police Department", "No budget.")
    save(made, "Mayor's Office", "No room.")
    made.button(key="plan over 1.2.1").click().run()
    save(made, "Mayor's Office", "No room.")
    assert (stored(store)["1.2.1"].status, stored(store)["1.2.1"].reason) == ("blocked", "No room.")
    assert [entry["why"] for entry in trail(store)][-2:] == ["No budget.", "No room."]


def test_a_proposal_is_made_approved_twice_and_then_counts(page, store, plan):
    made = page({"opened": "1.1.1"})
    for label in ("waits for the Committee", "--csa-ground:"):
        sign(made, "plan answer change-1")
        next(b for b in made.button if b.label == "Approve").click().run()
        assert not made.exception
        assert label in words(made)
    assert "Open a monthly evening for questions" in words(made)
    assert any(box.label.endswith(says("meeting.open_trust", n=8)) for box in made.expander)


def test_an_action_is_proposed_for_a_slot_from_the_top_of_the_page(page, store):
    made = page()
    made.button(key="plan slot 3.1").click().run()
    key = next(w.key for w in made.text_input if (w.key or "").startswith("plan propose 3.1.1"))
    key = key.rpartition("/")[0]
    made.text_input(key=f"{key}/title").set_value("Publish stops and searches each month")
    submit = next(b for b in made.button if b.label == "Propose")
    submit.click().run()
    assert "Add the office you are speaking for, such as Mayor's Office." in words(made)
    assert made.text_input(key=f"{key}/title").value.startswith("Publish")  # the text stays
    sign(made, key)
    next(b for b in made.button if b.label == "Propose").click().run()
    assert not made.exception
    (_, row) = read_records(store).changes
    assert (row.action, row.values["title"]) == ("3.1.1", "Publish stops and searches each month")
    assert "change-2 is proposed" in words(made)


def test_a_link_is_added_and_removed_with_its_source(page, store):
    made = page({"opened": "2.2.1"})
    key = next(w.key for w in made.selectbox if (w.key or "").startswith("plan link"))
    key = key.rpartition("/")[0]
    made.selectbox(key=f"{key}/on").set_value("1.2.3")
    sign(made, key)
    next(b for b in made.button if b.label == "Add").click().run()
    assert "Waits for 1.2.3 Make the report" in words(made)
    key = f"plan link 2.2.1 {int(key.rpartition(' ')[2]) + 1}"
    made.selectbox(key=f"{key}/on").set_value("1.2.3")
    sign(made, key)
    next(b for b in made.button if b.label == "Remove").click().run()
    assert says("plan_page.link_removed", number="1.2.3") in words(made)
    assert [row.is_removed for row in read_records(store).links] == [True]


def test_due_dates_are_offered_as_a_file_for_calendars(page, store):
    labels = [one.proto.label for one in page().get("download_button")]
    assert labels == [says("calendar.download"), says("work_file.download")]


# ---- At the edge ---------------------------------------------------------------------------


def test_what_is_typed_back_is_no_change(lines):
    line = lines["1.2.1"]
    edit = plan_edits.merged(None, line, {"status": "done"})
    assert edit == Edit({"status": "done"}, line.revision)
    assert plan_edits.merged(edit, line, {"status": "on-track"}) is None


def test_a_cleared_menu_is_no_status(session, lines):
    plan_edits.take(lines["1.2.1"], {"status": None})
    assert plan_edits.edits() == {}


def test_a_reason_is_foreseen_to_go_with_its_status(session, plan, lines):
    said, refused = foresee(
        plan, local_person("x"), lines["1.3.1"], Edit({"status": "on-track"}, 1), TODAY
    )
    assert said == ["Status: blocked → on track", "Reason: No room. → none"]
    assert refused == ""
    said, _ = foresee(plan, local_person("x"), lines["1.2.1"], Edit({"status": "done"}, 1), TODAY)
    assert said == ["Status: on track → done", "Percent: none → 100%"]


def test_rows_of_a_table_stay_in_place_until_it_is_drawn_anew(session, lines):
    first = table.make_grid([lines["1.2.1"]], frozenset(), ("number",), ("state", "head"))
    again = table.make_grid([lines["1.2.1"]], frozenset(), ("number",), ("state", "head"))
    assert again is first
    plan_edits.next_turn()
    third = table.make_grid([lines["1.2.1"]], frozenset(), ("number",), ("state", "head"))
    assert third.key != first.key


def test_long_texts_make_rows_taller_up_to_a_limit(lines):
    line = lines["1.2.1"]
    long = replace(line, state=replace(line.state, comment="word " * 300))
    columns = table.COLUMNS["state"]
    assert table.text_lines(table.frame_of([], {}, columns, frozenset())) == 2
    rows = table.frame_of([long], {}, columns, frozenset())
    assert table.text_lines(rows) == table.MOST_LINES


@pytest.mark.parametrize("columns", table.COLUMNS.values())
def test_columns_fit_the_page_at_1400_px(columns):
    assert sum(table.WIDTHS[name] for name in columns) <= 1400 - 300 - 2 * 40


def test_an_action_of_no_area_is_found_as_such(lines):
    found = shown(PlanFilter(area=filters.CITY_WIDE, status="blocked"), list(lines.values()))
    assert [line.number for line in found] == ["1.3.1"]
    assert [x.number for x in shown(PlanFilter(area="B"), list(lines.values()))] == ["1.2.3"]
    assert [x.number for x in shown(PlanFilter(late=True), list(lines.values()))] == ["1.2.1"]
    assert [x.number for x in shown(PlanFilter(soon=True), list(lines.values()))] == ["1.3.1"]


def test_an_entry_that_confirms_what_stood_says_so():
    entry = {"id": 1, "at_utc": "2026-11-25T20:05:00.000000Z", "by_office": "A", "item": "1.2.1"}
    entry |= {"old": '{"updated_on":"2026-11-01"}', "new": '{"updated_on":"2026-11-25"}'}
    (one,) = trail_text([entry | {"why": "Still so."}], ZONE)
    assert one.when == "November 25, 2026, 14:05"
    assert one.changes == (says("plan_page.confirmed"),)


def test_a_telephone_shows_cards_first(monkeypatch):
    def with_agent(agent):
        context = SimpleNamespace(headers={"User-Agent": agent} if agent else {})
        monkeypatch.setattr(filters.st, "context", context)
        return filters.first_filter().look

    assert with_agent("Mozilla/5.0 (Linux; Android 15) Chrome/140 Mobile Safari/537") == CARDS
    assert with_agent("Mozilla/5.0 (X11; Linux x86_64) Chrome/140 Safari/537") == "state"
    assert with_agent("") == "state"


# ---- Refused -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "{",
        '{"goal":1}',
        '{"goal":"9"}',
        '{"look":""}',
        '{"x":"1"}',
        '{"late":"yes"}',
        '{"opened":"9.9.9"}',
        '{"area":"Z"}',
        '{"status":"good"}',
        '{"goal":"' + "1" * 600 + '"}',
    ],
)
def test_a_link_that_names_what_is_not_there_is_refused(plan, text):
    with pytest.raises(CsaError, match="link"):
        view_from_text(text, PlanFilter(), filters.choice_options(plan, Records()))


def test_a_bad_link_is_told_of_and_the_whole_plan_is_shown(page, store):
    made = page('{"goal":"77"}')
    assert "51 of 51 written actions" in words(made)
    assert made.warning


def test_what_contradicts_itself_is_said_before_saving_and_stays_in_the_editor(page, store):
    made = typed(page({"look": CARDS, "opened": "1.2.1"}), "evidence", "ftp://x")
    assert "'ftp://x' is not a web address" in words(made)
    save(made)
    assert "'ftp://x' is not a web address" in words(made)
    assert stored(store)["1.2.1"].evidence == ""
    made.button(key="plan undo 1.2.1").click().run()
    assert "would change" not in words(made)


def test_of_two_actions_one_can_be_refused_and_the_other_saved(page, store):
    made = typed(page({"look": CARDS, "opened": "1.2.1"}), "evidence", "ftp://x")
    made.selectbox(key="plan opened").set_value("2.2.1").run()
    typed(made, "comment", "Fine.", "2.2.1")
    assert "2 actions would change" in words(made)
    save(made)
    assert "Saved: 2.2.1." in words(made)
    assert says("plan_page.preview", n=1) in words(made)
    assert stored(store)["2.2.1"].comment == "Fine."


@pytest.mark.parametrize(
    ("office", "why", "said"),
    [
        ("", "So.", "Add the office you are speaking for, such as Mayor's Office."),
        ("Mayor", " ", "51 of 51 written actions"),
    ],
)
def test_a_change_without_an_office_or_a_reason_is_not_saved(page, store, office, why, said):
    made = typed(page({"look": CARDS, "opened": "1.2.1"}), "comment", "x")
    save(made, office, why)
    assert said in words(made)
    assert says("plan_page.preview", n=1) in words(made)


@pytest.mark.long
def test_a_reader_sees_the_plan_and_no_way_to_change_it(page, store, monkeypatch):
    monkeypatch.setattr("csa_app.shared.person.person", lambda _: Person("", "viewer"))
    made = page({"look": CARDS, "opened": "1.1.1"})
    labels = {button.label for button in made.button}
    assert not labels & {"Approve", "Refuse", "Propose", "Add", "Remove"}
    assert not [w for w in made.text_input if (w.key or "").startswith("plan form")]
    assert "Open a monthly evening for questions" in words(made)
    (grid,) = page().dataframe
    assert grid.proto.disabled


def test_an_editor_changes_the_own_strategies_alone(session, plan, lines):
    editor = Person("Coordinator", "editor", ("1.2",))
    edit = Edit({"comment": "x"}, 1)
    assert foresee(plan, editor, lines["1.2.1"], edit, TODAY)[1] == ""
    assert "strategy 2.2" in foresee(plan, editor, lines["2.2.1"], edit, TODAY)[1]


def test_a_link_that_is_not_the_actions_own_cannot_be_removed(page, store):
    made = page({"opened": "1.3.1"})  # waits for 1.2.1 by its strategy
    key = next(w.key for w in made.selectbox if (w.key or "").startswith("plan link"))
    sign(made, key.rpartition("/")[0])
    next(b for b in made.button if b.label == "Add").click().run()
    assert "Which item does it wait for?" in words(made)
    assert not [b for b in made.button if b.label == "Remove"]
    assert not read_records(store).links


def test_a_store_that_fails_is_told_of_and_the_text_stays(page, store, monkeypatch):
    made = page({"look": CARDS, "opened": "1.2.1"})

    def full(*_):
        raise StoreError("store.full", name="x", why="no space")

    monkeypatch.setattr("csa_app.shared.plan_edits.save_draft", full)
    monkeypatch.setattr("csa_app.shared.plan_edits.set_action", full)
    typed(made, "comment", "Kept on screen.")
    assert "we can't save it for later" in words(made)
    save(made)
    text = words(made)
    assert "is full" in text
    assert "Comment: none → Kept on screen." in text


def test_a_damaged_store_stops_the_page_with_a_sentence(page, address):
    Path(address).write_bytes(b"not a database, but long enough to be read as one" * 20)
    made = page()
    assert "not a store, or is damaged" in words(made)


# ---- True in general -----------------------------------------------------------------------


CHOICES = {
    "goal": ["1", "2"],
    "strategy": ["1.1"],
    "team": ["prevention"],
    "area": ["B", "-"],
    "status": ["done", "no-update"],
    "look": list(filters.LOOKS),
    "opened": ["1.2.1"],
}


@pytest.mark.long
@given(
    some.builds(
        PlanFilter,
        **{n: some.sampled_from(v if n == "look" else ["", *v]) for n, v in CHOICES.items()},
        soon=some.booleans(),
        late=some.booleans(),
    )
)
def test_a_link_shows_what_was_shown(view):
    assert view_from_text(view_to_text(view, PlanFilter()), PlanFilter(), CHOICES) == view


STATES = some.builds(
    ActionState,
    number=some.just("1.2.1"),
    status=some.sampled_from(["not-started", "on-track", "done"]),
    reason=some.just(""),
    office=some.text(max_size=5).map(str.strip),
    start=some.none(),
    due=some.none() | some.dates(date(2026, 1, 1), date(2028, 1, 1)),
    percent=some.none() | some.just(100),
    evidence=some.just(""),
    areas=some.sampled_from([(), ("B",), ("B", "C")]),
    updated_on=some.none(),
)


@given(STATES, STATES)
def test_an_edit_holds_what_differs_and_a_draft_keeps_it(before, after):
    line = SimpleNamespace(number="1.2.1", state=before, revision=4)
    wanted = {name: getattr(after, name) for name in plan_words.FIELDS}
    edit = plan_edits.merged(None, line, wanted)
    changes = {} if edit is None else edit.changes
    assert {**vars(before), **changes} == vars(after)
    assert all(changes[name] != getattr(before, name) for name in changes)
    if edit is not None:
        plain = {name: plan_edits._plain(value) for name, value in edit.changes.items()}
        kept = json.loads(json.dumps({"seen": edit.seen, "changes": plain}))
        assert plan_edits._edit(kept) == edit


@pytest.mark.parametrize("status", ["not-started", "on-track", "at-risk", "blocked", "done"])
def test_a_status_reads_back_from_its_shape_and_word(status):
    assert parse_status(marked(status)) == status


def test_an_earlier_report_is_corrected_and_the_trail_says_what_it_was(page, store, plan):
    set_action(store, plan, acting("Team"), "1.2.1", {"status": "done"})
    made = page({"opened": "1.2.1"})
    [which] = [one for one in made.selectbox if one.key == "correct 1.2.1"]
    made = which.set_value(which.options[-1]).run()
    [form] = {one.form_id for one in made.button if one.form_id.startswith("correct 1.2.1")}
    [status] = [one for one in made.selectbox if one.key == f"{form}/status"]
    [office] = [one for one in made.text_input if one.key == f"{form}/office"]
    status.set_value("at-risk")
    office.set_value("Parks")
    [reason] = [one for one in made.text_area if one.key == f"{form}/reason"]
    reason.set_value("No analyst.")
    sign(made, form, "The list was read wrong.", "Mayor")
    [button] = [one for one in made.button if one.form_id == form]
    made = button.click().run()
    assert not made.exception
    assert not made.error
    said = words(made)
    assert (
        "by Mayor to Status: at risk; Reason: No analyst.; Office: Parks, because: The list" in said
    )
    state = read_records(store).states["1.2.1"]
    assert (state.status, state.office, state.reason) == ("done", "Parks", "")


def test_only_a_chair_of_the_action_is_offered_a_correction(page, store, monkeypatch):
    for role, team, is_offered in (
        ("member", "", False),
        ("editor", "", False),
        ("chair", "intervention", False),
        ("chair", "prevention", True),
    ):
        who = Person("Works", role, ("1.2",), team)
        monkeypatch.setattr(person, "person", lambda _, who=who: who)
        made = page({"opened": "1.2.1"})
        assert any(one.key == "correct 1.2.1" for one in made.selectbox) == is_offered


# ---- Work plans as a file -------------------------------------------------------------------

WORK = "item,area,text,office\ntask,B,Fix the lamp,Public Works\nlesson,B,Begin early,\n"


def brought(shown_page, content, turn=0):
    """Bring a file of work plans in."""
    place = shown_page.file_uploader(key=f"work upload {turn}")
    place.upload("work.csv", content.encode(), "text/csv").run()
    assert not shown_page.exception
    return shown_page


def test_work_plans_are_counted_first_then_taken_once(page, store):
    before = len(trail(store))
    shown_page = brought(page(), WORK)
    counts = {"path": "work.csv", "added": 2, "changed": 0, "same": 0}
    assert says("work_file.would_take", **counts) in words(shown_page)
    assert len(trail(store)) == before
    sign(shown_page, "work file", "From the team's own list.")
    (button,) = [one for one in shown_page.button if one.label == says("work_file.take")]
    button.click().run()
    assert says("work_file.taken", **counts) in words(shown_page)
    assert [row.key for row in read_records(store).tasks] == ["B/task-1"]
    assert trail(store)[-1]["why"] == "From the team's own list."
    again = brought(shown_page, WORK, turn=1)
    assert says("work_file.would_take", **counts | {"added": 0, "same": 2}) in words(again)
    assert says("work_file.take") not in [one.label for one in again.button]


def test_a_file_of_work_plans_with_faults_names_each_by_its_row(page, store):
    shown_page = brought(page(), f"{WORK}task,Z,x,y\n")
    assert "Row 4: No core service area 'Z' is on record" in words(shown_page)
    assert says("work_file.take") not in [one.label for one in shown_page.button]
    assert read_records(store).tasks == ()


def test_a_viewer_has_the_work_plans_and_brings_none_in(page, store, monkeypatch):
    monkeypatch.setattr(person, "current_person", lambda _: Person("Health", "viewer"))
    shown_page = page()
    labels = [one.proto.label for one in shown_page.get("download_button")]
    assert says("work_file.download") in labels
    assert not shown_page.file_uploader
