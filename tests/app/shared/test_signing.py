"""The one form of any decision: what is typed reaches its writer, and what is refused stays."""

from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest
from tests.app.conftest import sign, words
from tests.sentences import says
from tests.stores import SAMPLE_CLOCK

from csa.base.errors import ConflictError
from csa.program.roles import local_person
from csa_app.shared import cache_store, person
from csa_app.shared.signing import Decision, FormField, Present

TODAY = SAMPLE_CLOCK.today()
KINDS = {
    "text": ("text_input", "a", "b"),
    "long": ("text_area", "a", "b"),
    "day": ("date_input", TODAY, TODAY - timedelta(days=9)),
    "number": ("number_input", None, 2.5),
    "tick": ("checkbox", False, True),
    "choice": ("selectbox", "two", "one"),
    "several": ("multiselect", ["two"], ["one", "two"]),
}
"""Kind of a field to its widget, what stood there, and what somebody writes instead."""


def two_forms(scene, decisions):
    """A page of Streamlit's with two forms."""
    from csa_app.shared import signing  # noqa: PLC0415 - Streamlit runs the text of this function

    for decision in decisions:
        signing.form(scene, decision)


@pytest.fixture
def wrote():
    """What each form gave its writer; where there is an error, that is raised instead."""
    return []


@pytest.fixture
def page(monkeypatch, wrote):
    city = SimpleNamespace(id="x", clock=SAMPLE_CLOCK, time_zone=SAMPLE_CLOCK.time_zone)
    config = SimpleNamespace(city=city)
    dataset = SimpleNamespace(report={"data_from": "2015-03-04"})
    scene = Present(SimpleNamespace(config=config, dataset=dataset), local_person("this machine"))
    monkeypatch.setattr(cache_store, "open_writable", lambda _: None)
    monkeypatch.setattr(person, "access", lambda _: person.LOCAL)

    def write(_, act, typed):
        if wrote and isinstance(wrote[-1], Exception):
            raise wrote.pop()
        wrote.append((act, typed))
        return "Done."

    fields = [
        FormField(kind, kind, kind, before, options=("one", "two"))
        for kind, (_, before, _) in KINDS.items()
    ]
    first = Decision("all kinds", "Do", write, fields, seen=7, second=("Undo", None))
    second = Decision("dated", "Then", write, message="Then it is.", is_dated=True)
    made = AppTest.from_function(two_forms, args=(scene, [first, second]), default_timeout=30)
    return made.run()


def press(made, label):
    (button,) = [one for one in made.button if one.label == label]
    button.click().run()
    assert not made.exception
    return made


def test_each_kind_of_field_reaches_the_writer_with_who_and_why(page, wrote):
    for kind, (widget, _, after) in KINDS.items():
        (field,) = [one for one in getattr(page, widget) if one.key == f"all kinds 0/{kind}"]
        field.set_value(after)
    sign(page, "all kinds", "Asked for.", "Parks")
    assert "Done." in words(press(page, "Do"))
    ((act, typed),) = wrote
    assert (act.signed.by_office, act.signed.why, typed.seen) == ("Parks", "Asked for.", 7)
    assert typed.changed == {kind: after for kind, (*_, after) in KINDS.items()}
    assert not typed.is_second


def test_what_a_writer_left_alone_is_not_changed_and_the_second_button_is_known(page, wrote):
    sign(page, "all kinds")
    press(page, "Undo")
    ((_, typed),) = wrote
    assert typed.is_second
    assert typed.changed == {}
    assert typed.now == {kind: before for kind, (_, before, _) in KINDS.items()}


def test_a_refusal_keeps_what_is_typed_and_who_writes_second_is_told_once(page, wrote):
    (text,) = page.text_area
    text.set_value("mine")
    assert says("plan_page.no_office") in words(press(page, "Do"))
    sign(page, "all kinds")
    wrote.append(ConflictError("briefing.core_taken"))
    assert says("briefing.core_taken") in words(press(page, "Do"))
    assert page.text_area[0].value == "mine"
    assert "all kinds 0 seen" not in page.session_state
    press(page, "Do")
    assert wrote[-1][1].changed == {"long": "mine"}
    assert page.text_area[0].value == "a"  # a new turn


@pytest.mark.parametrize("wrong", [TODAY + timedelta(days=1), date(2015, 3, 3)])
def test_a_decision_counts_from_an_earlier_day_with_data_and_no_other(page, wrote, wrong):
    sign(page, "dated")
    (since,) = [one for one in page.date_input if one.key == "dated 0/since"]
    assert since.min == date(2015, 1, 1)
    since.set_value(wrong)
    assert str(wrong) in words(press(page, "Then"))
    assert not wrote
    (since,) = [one for one in page.date_input if one.key == "dated 0/since"]
    since.set_value(TODAY - timedelta(days=30))
    assert "Then it is." in words(press(page, "Then"))
    assert wrote[0][0].on == TODAY - timedelta(days=30)
