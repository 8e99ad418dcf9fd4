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

from csa.base.errors import MachineError, PrivacyError
from csa.base.text import LANGUAGES
from csa.program.handouts import FORMS, hand_out
from csa.program.roles import Person
from csa.program.store.engine import open_store
from csa.program.store.records import read_records
from csa.program.work import add_minute
from csa.reports import making
from csa.reports.editions.phrases import audience_name
from csa_app.screens.reports import parts
from csa_app.screens.reports.parts import GATHERED, ReportRequest
from csa_app.shared import cache_store


@pytest.fixture
def store(tmp_path):
    """A store, made where a test asks for it."""
    return lambda: open_store(str(tmp_path / "store.sqlite3"), make=True)


@pytest.fixture
def page(visit, tmp_path):
    return lambda: visit("reports", CSA_BASEMAP=tmp_path / "no basemap")


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


# ---- By hand -------------------------------------------------------------------------------


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


# ---- At the edge ---------------------------------------------------------------------------


def test_another_month_or_audience_hides_what_was_made_of_these_and_going_back_shows_it(page):
    shown = make(page())
    shown.selectbox(key="report month").set_value("2020-06").run()
    assert not shown.get("download_button")
    assert "Make the report above" in words(shown)
    shown.selectbox(key="report month").set_value("2020-07").run()
    assert len(shown.get("download_button")) == 3
    shown.pills(key="report audiences").set_value([]).run()
    assert shown.button(key="make report").disabled


@pytest.mark.long
def test_recipients_chosen_for_one_month_are_not_those_of_another(page):
    shown = make(page())
    hand(shown, "Police", why="")  # refused: what was chosen stays
    assert shown.multiselect[0].value == ["Police"]
    shown.selectbox(key="report month").set_value("2020-06")  # pressed before the page has run
    make(shown)
    assert "The June 2020 report is ready, for one audience." in words(shown)
    assert shown.multiselect[0].value == []


def test_without_the_libraries_of_a_pdf_the_page_says_so_and_offers_the_rest(page, monkeypatch):
    def lacking():
        raise MachineError("report_file.no_pdf")

    monkeypatch.setattr(parts, "require_pdf", lacking)
    shown = make(page())
    assert not shown.exception
    assert "A PDF needs libpango" in words(shown)
    assert list(files(shown)) == ["Web page", "Word"]


def test_months_that_are_not_over_are_not_offered(page, dataset):
    months = page().selectbox(key="report month").options
    assert months[0] == "July 2020"  # the data end on August 21
    assert months[-1] == "January 2015"


def test_more_than_a_screen_of_hand_outs_is_folded(page, store):
    hand_out(store(), member_act(), EDITION, [f"Office {n}" for n in range(23)])
    shown = page()
    assert "3 earlier" in [one.label for one in shown.expander]
    assert says("reports_page.n_handed", n=23) in words(shown)


def test_a_month_that_the_data_lost_counts_as_changed(page, store):
    hand_out(store(), member_act(), replace(EDITION, month="2011-01"), ["Police"])
    shown = page()
    assert not shown.exception
    assert "▲ Changed" in words(shown)


@pytest.mark.slow
def test_without_a_plan_reports_are_made_and_say_what_is_missing(page, monkeypatch):
    monkeypatch.setattr(cache_store, "plan", lambda _: None)
    shown = make(page())
    assert not shown.exception
    assert "things are missing from it" in " ".join(one.label for one in shown.expander)
    assert len(shown.get("download_button")) == 3


@pytest.mark.parametrize("name", ["<b>x</b>", "*stars* & $x$", "\u202eright to left"])
def test_a_recipient_is_shown_as_it_was_written_without_hidden_letters(page, store, name):
    hand_out(store(), member_act(), EDITION, [name])
    name = name.replace("\u202e", "")
    (body,) = [e.proto.body for e in page().get("html") if '<div class="csa-table' in e.proto.body]
    assert html.escape(name) in body


# ---- Refused -------------------------------------------------------------------------------


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


def links(page):
    return [one.proto.label for one in page.get("page_link")]


def test_the_public_has_no_such_page_and_asking_for_it_gives_none(page, root, monkeypatch):
    assert "Reports" in links(page())
    monkeypatch.setenv("CSA_ACCESS", "public")
    assert "Reports" not in links(page())
    shown = AppTest.from_file(
        str(root / "app" / "csa_app" / "screens" / "reports" / "page.py"), default_timeout=120
    ).run()
    assert not shown.exception
    assert "Reports are not made here: this is the public's page." in words(shown)
    assert not shown.button
    assert not shown.header


def test_a_store_that_cannot_be_read_is_told(page, tmp_path):
    (tmp_path / "store.sqlite3").write_text("no database at all, but long enough" * 40)
    shown = page()
    assert not shown.exception
    assert len(shown.error) == 1


# ---- True in general -----------------------------------------------------------------------


def test_forms_and_languages_are_those_that_can_be_made():
    assert set(FORMS) == set(making.FORMS)
    assert "en" in LANGUAGES


def test_the_bar_only_goes_forward_and_never_past_its_end():
    asked = ReportRequest("2020-07", ("executive", "public"), "en")
    told = ["cells", *["step"] * 9, GATHERED, *["executive"] * 2, *["public"] * 2]
    shares = [parts.progress(told[:n], asked, 2)[0] for n in range(len(told) + 1)]
    assert shares == sorted(shares)
    assert 0 <= shares[0] <= shares[-1] < 1


# ---- A grant's report ----------------------------------------------------------------------


def test_a_grants_report_and_its_questions_are_offered_to_who_may_see_activities(page, root):
    shown = page()
    shown.selectbox(key="grant").select("cvi-2020")
    shown.selectbox(key="grant office").select("Street Peace Team").run()
    assert not shown.exception
    assert list(files(shown))[-4:] == ["Word", "PDF", "Web page", says("reports_page.questions")]
