"""Activities on screen: each office sees what is its own to see, a finding beside, and its phones."""

from datetime import date
from functools import partial
from types import SimpleNamespace

import pytest
from tests.app.conftest import words
from tests.sentences import says
from tests.stores import act

from csa.base.errors import ParamError, SourceError
from csa.city.loading import load_city
from csa.extras.activities.recording import Activity, add_activities, give_phone, list_phones
from csa.ingest.designation import Candidate
from csa.program import areas
from csa.program.roles import Person
from csa.program.store.engine import make_store
from csa_app.extras.activities import parts
from csa_app.shared.signing import Typed

TEAM, DESK = "Street Peace Team", "Mediation Desk"


@pytest.fixture
def page(visit):
    return partial(visit, "activities")


@pytest.fixture
def settings(root):
    return load_city(root / "config" / "sample.toml").activities


@pytest.fixture
def store(settings, tmp_path):
    """A store in which one team did nine things in August and the other two, and one in June each."""
    made = make_store(str(tmp_path / "store.sqlite3"), "sample")
    about = {"data_fingerprint": "f", "area": {"incidents": "133"}}
    cells = ("8a26ad9010b7fff", "8a26ad9020b7fff")
    areas.designate(
        made, act(on=date(2020, 1, 2)), Candidate("A", "Hadderley", cells, about), "candidate"
    )
    for office, kind, n in ((TEAM, "outreach", 9), (DESK, "mediation", 2)):
        rows = [Activity(kind, "A", date(2020, 8, 3), id=f"{kind} {i}") for i in range(n)]
        rows += [Activity(kind, "A", date(2020, 6, 3), id=f"{kind} in June")]
        add_activities(made, act(office=office, on=date(2020, 8, 31)), settings, rows)
    yield made
    made.engine.dispose()


def as_office(page, office):
    return page().selectbox(key="activities office").select(office).run()


def test_a_reader_sees_five_or_more_and_no_gap(page, store):
    made = as_office(page, "Health Department")
    assert not made.exception
    said = words(made)
    assert ">11<" in said
    assert says("activity.few") in said
    assert "/ 8" not in said
    assert list(made.expander) == []
    assert "./count/" not in said


def test_a_lost_phone_is_revoked_on_the_page(page, store, settings):
    key = give_phone(store, act(office=TEAM, on=date(2020, 8, 31)), settings)
    made = as_office(page, TEAM)
    made = made.button_group(key="activity forms").set_value("revoke").run()
    for field in made.text_input:
        if (field.key or "").startswith("revoke phone"):
            field.set_value(TEAM if field.key.endswith(" office") else "It was lost on a bus.")
    made.button(key=next(b.key for b in made.button if "revoke phone" in b.key)).click().run()
    assert key[:8] in words(made)
    (row,) = list_phones(store, Person(TEAM, "member"), settings)
    assert row.revoked_on == date(2020, 8, 31)


def test_a_file_is_imported_once_and_one_with_an_error_is_named_by_its_row(settings, store, root):
    """By the function that the form calls: Streamlit's test has no upload."""
    config = load_city(root / "config" / "sample.toml")
    view = parts.ActivityView(SimpleNamespace(config=config), Person(TEAM, "member"), None)
    signed = act(office=TEAM, on=date(2020, 8, 31))

    def take(text, **more):
        file = SimpleNamespace(name="export.csv", getvalue=text.encode)
        now = {"file": file, "leave_out": "", "again": "ask", **more}
        return parts.take_file(view, store, signed, Typed(now, {}, 0))

    good = "day,kind,area,worker name\n2020-07-04,outreach,A,Jo\n2020-07-05,outreach,A,Jo\n"
    with pytest.raises(SourceError):
        take(good)
    assert take(good, leave_out="worker name, notes") == says(
        "activity.added", added=2, same=0, left_out=0
    )
    assert take(good, leave_out="worker name") == says(
        "activity.added", added=0, same=2, left_out=0
    )
    with pytest.raises(SourceError) as refused:
        take(good.replace("2020-07-05", "2021-07-05"), leave_out="worker name")
    assert len(refused.value.faults) == 1
    with pytest.raises(ParamError):
        take(good, file=None)
