"""Reports, run by Streamlit itself: made, looked at, handed out, and who may."""

import hashlib
import html
from dataclasses import replace
from datetime import date

import pytest
from streamlit.testing.v1 import AppTest
from tests.app.acts import EDITION, HEALTH, member_act
from tests.app.conftest import words
from tests.sentences import says

from csa.base.errors import PrivacyError
from csa.program.handouts import hand_out
from csa.program.roles import Person
from csa.program.store.engine import open_store
from csa.program.store.records import read_records
from csa.program.work import add_minute
from csa.reports import making
from csa.reports.editions.phrases import audience_name


@pytest.fixture
def store(tmp_path):
    """A store, made where a test asks for it."""
    return lambda: open_store(str(tmp_path / "store.sqlite3"), make=True)


@pytest.fixture
def page(visit):
    return lambda: visit("reports")


def make(page):
    return page.button(key="make report").click().run()


def hand(page, *recipients, why="as agreed", office=HEALTH):
    (box,) = page.multiselect
    box.set_value(list(recipients))
    named = {one.label: one for one in page.text_input}
    named[says("plan_page.on_behalf")].set_value(office)
    named["Why"].set_value(why)
    (button,) = [one for one in page.button if one.label == "Record handout"]
    return button.click().run()


def files(page):
    return {one.proto.label: one.proto for one in page.get("download_button")}


@pytest.mark.long
def test_one_click_makes_the_last_whole_month_and_what_was_handed_out_is_on_record(page, store):
    shown = page()
    assert not shown.exception
    assert shown.selectbox(key="report month").value == "2020-07"
    assert says("reports_page.none_yet") in words(shown)
    assert not shown.get("download_button")
    make(shown)
    assert not shown.exception
    text = words(shown)
    assert says("reports_page.made", month="July 2020", n=1) in text
    assert says("reports_page.undecided") in text
    assert list(files(shown)) == ["PDF", "Web page", "Word"]
    first, frame = shown.get("iframe")  # small beside its buttons, and as a preview
    assert first.proto.srcdoc == frame.proto.srcdoc
    assert "default-src 'none'" in frame.proto.srcdoc
    assert "July 2020" in frame.proto.srcdoc
    hand(shown, "Police", "Ward 3 neighbors")
    assert not shown.exception
    text = words(shown)
    assert says("reports_page.recorded", n=2) in text
    assert "Ward 3 neighbors" in text
    assert "● Unchanged" in text
    assert "▲" not in text
    rows = read_records(store()).handouts
    assert [(row.recipient, row.form, row.month) for row in rows] == [
        ("Police", "pdf", "2020-07"),
        ("Ward 3 neighbors", "pdf", "2020-07"),
    ]
    assert rows[0].snapshot_id in text
    # The report that was handed out is the same after that: its snapshot does not hold it.
    assert "have changed since" not in text
    make(shown)
    assert "have changed since" not in words(shown)


@pytest.mark.long
def test_a_draft_of_public_figures_is_offered_to_nobody(page):
    shown = page()
    for audiences, n_offered in ((["executive", "public"], 3), (["public"], 0)):
        shown.session_state["report audiences"] = audiences
        make(shown.run())
        assert not shown.exception
        boxes = [one for one in shown.selectbox if one.label == says("label.edition")]
        offered = [name for box in boxes for name in box.options]
        assert len(offered) == n_offered
        assert not [name for name in offered if audience_name("public") in name]
        assert (says("reports_page.all_drafts") in words(shown)) is (n_offered == 0)


@pytest.mark.long
def test_the_public_edition_is_not_made_where_nothing_may_be_published(page, store, monkeypatch):
    def refuse(*_, **__):
        raise PrivacyError("publish.caught", n=1, texts="Ask Marcus Reed")

    monkeypatch.setattr("csa.reports.month.gathering.gather_from", refuse)
    add_minute(store(), member_act("chair"), "Publish nothing yet")  # not what is cached already
    why = says("report.nothing_public", why=says("report.text_address"))
    shown = page()
    for audiences, n_made in ((["enforcement", "public"], 1), (["public"], 0)):
        shown.session_state["report audiences"] = audiences
        make(shown.run())
        assert not shown.exception
        assert why in words(shown)
        is_made = says("reports_page.made", n=n_made, month="July 2020") in words(shown)
        assert is_made is (n_made > 0)


@pytest.mark.long
def test_a_decision_of_the_month_marks_what_was_handed_out_before_it_and_a_later_one_nothing(
    page, store
):
    shown = make(page())
    hand(shown, "Police")
    add_minute(store(), member_act("chair"), "Ask for one post")  # August 31: not in July's edition
    shown.run()
    assert "▲ Changed" not in words(shown)
    in_july = replace(member_act("chair"), on=date(2020, 7, 30))
    add_minute(store(), in_july, "Ask for two posts")
    shown.run()
    text = words(shown)
    assert "The data or the decisions have changed since this was made." in text
    assert "▲ Changed" in text
    assert says("reports_page.n_changed", n=1) in text
    hand(shown, "Courts")  # what is in somebody's hands can still be recorded
    rows = read_records(store()).handouts
    assert [row.recipient for row in rows] == ["Police", "Courts"]
    assert rows[0].snapshot_id == rows[1].snapshot_id
    make(shown)
    hand(shown, "Police")
    last = read_records(store()).handouts[-1]
    assert last.snapshot_id != rows[0].snapshot_id


def test_the_hash_on_record_is_of_the_file_that_was_offered(page, store, monkeypatch):
    kept = []
    real = making.make_report
    monkeypatch.setattr(
        "csa_app.shared.cache_report.make_report", lambda *a: kept.append(real(*a)) or kept[-1]
    )
    shown = make(page())
    (which,) = [one for one in shown.selectbox if one.label == "Edition"]
    which.set_value(("executive", "en", "docx"))
    hand(shown, "Police")
    (row,) = read_records(store()).handouts
    offered = {name: hashlib.sha256(content).hexdigest() for name, content in kept}
    assert row.sha256 == offered[f"2020-07_executive_en.{row.form}"]
    assert row.form == "docx"


@pytest.mark.parametrize("name", ["<b>x</b>", "*stars* & $x$", "\u202eright to left"])
def test_a_recipient_is_shown_as_it_was_written_without_hidden_letters(page, store, name):
    hand_out(store(), member_act(), EDITION, [name])
    name = name.replace("\u202e", "")
    (body,) = [e.proto.body for e in page().get("html") if '<div class="csa-table' in e.proto.body]
    assert html.escape(name) in body


@pytest.mark.parametrize(
    ("recipients", "office", "why", "said"),
    [
        ([], HEALTH, "as agreed", "Name the recipient"),
        (["Police"], "", "as agreed", "printed on each edition."),
        (["Police"], HEALTH, "", "printed on each edition."),
    ],
)
def test_what_cannot_be_recorded_is_told_beside_the_form(
    page, store, recipients, office, why, said
):
    shown = hand(make(page()), *recipients, office=office, why=why)
    assert not shown.exception
    assert said in words(shown)
    assert read_records(store()).handouts == ()


def test_pressed_twice_it_is_one_entry(page, store):
    shown = hand(make(page()), "Police")
    hand(shown, "police")
    assert "It is already on record that police received this edition" in words(shown)
    assert len(read_records(store()).handouts) == 1


def test_who_only_reads_makes_reports_and_records_nothing(page, store, monkeypatch):
    hand_out(store(), member_act(), EDITION, ["Police"])
    monkeypatch.setattr("csa_app.shared.person.person", lambda _: Person("Courts", "viewer"))
    shown = make(page())
    assert not shown.exception
    assert len(shown.get("download_button")) == 3
    assert "You can read and save reports." in words(shown)
    assert not shown.multiselect
    assert "Police" in words(shown)


def test_the_page_itself_is_shut_to_the_public_too(root, monkeypatch):
    monkeypatch.setenv("CSA_ACCESS", "public")
    shown = AppTest.from_file(
        str(root / "app" / "csa_app" / "screens" / "reports" / "page.py"), default_timeout=120
    ).run()
    assert not shown.exception
    assert "Reports are not made here: this is the public's page." in words(shown)
    assert not shown.button
    assert not shown.header
