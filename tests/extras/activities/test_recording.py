"""Activities: rows for their own organization, area-months of five or more for others, then totals."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
import shapely
from sqlalchemy import text
from tests.sentences import refuses
from tests.stores import act, run_sql, verified

from csa.base.errors import ParamError, RoleError
from csa.base.params import Month, Period
from csa.city.config import Activities
from csa.extras.activities.recording import (
    Activity,
    add_activities,
    area_months,
    describe_reach,
    give_phone,
    list_phones,
    own_totals,
    planned_months,
    read_totals,
    require_organization,
    require_reader,
    revoke_phone,
    total_activities,
)
from csa.geo.cells import ZoneCells
from csa.program import areas
from csa.program.roles import Person, may
from csa.program.zones import add_zone

TODAY = date(2026, 3, 5)
SETTINGS = Activities(
    kinds={"outreach": "Street outreach", "mediation": "Mediation"},
    organizations=("Street Team", "Peace Desk"),
    readers=("Health Department",),
)
TEAM, DESK, HEALTH = (
    Person(office, "member") for office in ("Street Team", "Peace Desk", "Health Department")
)


@pytest.fixture
def area(store, candidate):
    """Make a store in which area A is a candidate since last June."""
    areas.designate(store, act(on=date(2025, 6, 1)), candidate("A"), "candidate")
    return store


def signed(office="Street Team", on=TODAY):
    return act("member", office=office, on=on)


def done(n=1, on=date(2026, 3, 1), kind="outreach", **more):
    return [Activity(kind, "A", on, id=f"{on} {kind} {i}", **more) for i in range(n)]


def add(store, rows, office="Street Team", on=TODAY, **more):
    return add_activities(store, signed(office, on), SETTINGS, rows, **more)


def test_an_activity_is_recorded_once_however_often_it_is_sent(area):
    rows = done(2, contacts=3, reached=1, hours=1.5, staff=2)
    assert vars(add(area, rows)) == {"added": 2, "same": 0, "left_out": 0}
    assert vars(add(area, [*rows, rows[0]])) == {"added": 0, "same": 3, "left_out": 0}
    (total,) = read_totals(area)
    assert vars(total) == {
        "office": "Street Team",
        "place": "A",
        "kind": "outreach",
        "month": "2026-03",
        "n": 2,
        "contacts": 6,
        "reached": 2,
        "hours": 3.0,
        "staff": 4,
    }


def test_two_organizations_may_use_one_id(area):
    add(area, done())
    assert add(area, done(), "Peace Desk").added == 1


def test_totals_are_seen_by_their_own_organization_alone(area):
    add(area, done(6))
    assert [total.n for total in own_totals(read_totals(area), TEAM, SETTINGS)] == [6]
    assert own_totals(read_totals(area), DESK, SETTINGS) == ()


REFUSED = [
    Person("Police Department", "chair", team="enforcement"),
    Person("Police Department", "chair"),
    Person("Police Department", "member"),
    Person("Police Department", "editor", ("3.1",)),
    Person("Street Team", "chair", team="enforcement"),
    Person("Health Department", "viewer"),
    Person("Street Team", "viewer"),
    Person("", "viewer"),
    Person("Executive Committee", "chair", team="executive"),
]


@pytest.mark.parametrize("person", REFUSED)
def test_enforcement_the_public_and_offices_not_named_see_nothing(area, person):
    add(area, done(9))
    with pytest.raises(RoleError):
        area_months(read_totals(area), person, SETTINGS)
    with pytest.raises(RoleError):
        own_totals([], person, SETTINGS)
    assert not may(require_reader, person, SETTINGS)
    assert not may(require_organization, person, SETTINGS)


def test_a_reader_sees_area_months_of_five_or_more_and_enters_nothing(area):
    add(area, [*done(4), *done(5, date(2026, 2, 3)), *done(5, date(2026, 1, 3))])
    add(area, done(2, date(2026, 1, 3), "mediation"), "Peace Desk")
    seen = {
        m.month: (m.own, m.others, dict(m.kinds))
        for m in area_months(read_totals(area), HEALTH, SETTINGS)
    }
    assert seen == {
        "2026-01": (0, 7, {}),  # by kind, two mediations could be worked out
        "2026-02": (0, 5, {"outreach": 5}),
        "2026-03": (0, None, {}),
    }
    with pytest.raises(RoleError):
        add(area, done(), "Health Department")


def test_an_organization_cannot_subtract_itself_from_a_sum(area):
    add(area, done(5))
    add(area, done(1, kind="mediation"), "Peace Desk")
    (month,) = area_months(read_totals(area), TEAM, SETTINGS)
    assert (month.own, month.others, dict(month.kinds)) == (5, None, {"outreach": 5})


def test_rows_become_totals_after_ninety_days_and_leave_the_file(area):
    first = TODAY - timedelta(days=90)
    add(area, [*done(2, first, contacts=4), *done(1, first + timedelta(days=1))])
    before = read_totals(area)
    assert total_activities(area, TODAY) == 0  # the ninetieth day is still a row
    later = TODAY + timedelta(days=1)
    assert total_activities(area, later) == 2
    assert total_activities(area, later) == 0
    assert read_totals(area) == before
    with area.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM activity")).scalar() == 1
        assert [
            tuple(row)
            for row in connection.execute(text("SELECT month, n, contacts FROM activity_month"))
        ] == [("2025-12", 2, 8)]
    total_activities(area, later + timedelta(days=1))  # a later day adds to the same month
    assert read_totals(area) == before


def test_the_trail_holds_no_row_and_is_whole(area):
    add(area, done(3), file="f" * 64)
    add(area, done(1, kind="mediation"))
    with area.engine.connect() as connection:
        trail = " ".join(connection.execute(text("SELECT new FROM audit")).scalars())
    assert "outreach" not in trail
    assert "mediation" not in trail
    assert verified(area).is_intact


def test_a_file_that_comes_again_adds_nothing_even_after_its_rows_are_totals(area):
    old = done(3, date(2025, 7, 1))
    assert add(area, old, file="f" * 64).added == 3
    assert vars(add(area, old, file="f" * 64)) == {"added": 0, "same": 3, "left_out": 0}
    assert [total.n for total in read_totals(area)] == [3]


@pytest.mark.parametrize(
    ("again", "n", "left_out"), [("add", 5, 0), ("replace", 2, 0), ("skip", 3, 2)]
)
def test_another_file_of_a_month_on_record_is_asked_about(area, again, n, left_out):
    rows = done(5, date(2025, 7, 1))
    add(area, rows[:3], file="f" * 64)
    with refuses("activity.month_again"):
        add(area, rows[3:], file="e" * 64)
    result = add(area, rows[3:], file="e" * 64, again=again)
    assert result.left_out == left_out
    assert [total.n for total in read_totals(area)] == [n]


def test_rows_without_ids_are_asked_about_while_they_are_rows(area):
    add(area, done(2), file="f" * 64, has_ids=False)
    more = [replace(row, id=f"{row.id} again") for row in done(2)]
    with pytest.raises(ParamError):
        add(area, more, file="e" * 64, has_ids=False)
    assert add(area, more, file="e" * 64).added == 2  # an export that has ids of its own


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ({"kind": "gang"}, "activity.kind"),
        ({"kind": "Maria Lopez"}, "activity.looks_like_person"),
        ({"place": "B"}, "activity.place"),
        ({"place": "1412 Oak Street"}, "activity.looks_like_person"),
        ({"on": date(2026, 3, 6)}, "decide.ahead"),
        ({"on": date(2025, 5, 31)}, "activity.before"),
        ({"hours": 1000.0}, "activity.hours"),
        ({"hours": 49.0, "staff": 2}, "activity.hours"),
        ({"contacts": -1}, "activity.range"),
        ({"contacts": 2, "reached": 3}, "activity.reached"),
        ({"staff": 201}, "activity.range"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_added(area, changed, key):
    with refuses(key):
        add(area, [*done(), replace(done()[0], id="x", **changed)])
    assert read_totals(area) == ()


def test_planned_and_done_are_for_the_organization_alone(area):
    settings = SETTINGS.model_copy(update={"targets": {"outreach": 4, "mediation": 1}})
    add(area, [*done(5), *done(2, date(2026, 2, 3))])
    served = {"A": [Period(Month(2026, 1), Month(2026, 9))]}
    months = ["2026-01", "2026-02", "2026-03"]
    lines = planned_months(read_totals(area), TEAM, settings, months, served)
    told = [(line.month, line.kind, line.planned, line.done, line.is_short) for line in lines]
    assert told == [
        ("2026-02", "outreach", 4, 2, True),
        ("2026-03", "outreach", 4, 5, False),
    ]  # no mediation: this team does none; in January it had not begun
    assert planned_months(read_totals(area), DESK, settings, ["2026-02"], served) == ()
    for person in (HEALTH, *REFUSED):
        with pytest.raises(RoleError):
            planned_months(read_totals(area), person, settings, ["2026-02"], served)


@pytest.mark.parametrize(
    ("start", "until", "told"),
    [
        (Month(2026, 3), Month(2026, 9), [("2026-02", 0, 2), ("2026-03", 4, 5), ("2026-04", 4, 0)]),
        (Month(2025, 1), Month(2026, 3), [("2026-02", 4, 2), ("2026-03", 0, 5)]),
        (Month(2025, 1), Month(2026, 2), [("2026-02", 0, 2), ("2026-03", 0, 5)]),
    ],
)
def test_nothing_is_planned_where_an_area_is_not_served_and_what_was_done_there_stays(
    area, start, until, told
):
    settings = SETTINGS.model_copy(update={"targets": {"outreach": 4}})
    add(area, [*done(5), *done(2, date(2026, 2, 3))])
    served = {"A": [Period(start, until)]}
    months = ["2026-01", "2026-02", "2026-03", "2026-04"]
    lines = planned_months(read_totals(area), TEAM, settings, months, served)
    assert [(line.month, line.planned, line.done) for line in lines] == told


def test_reach_is_told_beside_the_citys_own_estimate(area):
    more = {"highest_risk": 90, "highest_risk_source": "a review of 2025"}
    settings = SETTINGS.model_copy(update=more)
    add(area, done(2, date(2026, 2, 3), contacts=9, reached=4))
    add(area, done(1, date(2026, 2, 3), contacts=9, reached=3), "Peace Desk")
    told = describe_reach(read_totals(area), HEALTH, settings, Month(2026, 3))
    assert (told.values["n"], told.values["risk"], told.values["source"]) == (
        11,
        90,
        "a review of 2025",
    )
    assert describe_reach(read_totals(area), HEALTH, settings, Month(2026, 2)) is None
    assert describe_reach(read_totals(area), HEALTH, SETTINGS, Month(2026, 3)) is None
    with pytest.raises(RoleError):
        describe_reach(read_totals(area), REFUSED[0], settings, Month(2026, 3))


def test_a_zone_is_a_place_from_its_first_day_to_its_last(area):
    drawn = ZoneCells(
        shapely.box(0, 0, 1, 1), frozenset({0x8926AD9009BFFFF}), 1.0, 1.0, 0.0, 0.0, 0
    )
    days = {"starts_on": date(2026, 1, 10), "ends_on": date(2026, 1, 20)}
    add_zone(area, act("editor", why="The grant names it."), "Prospect site", drawn, **days)
    rows = [
        Activity("outreach", "Prospect site", date(2026, 1, day), id=str(day)) for day in (10, 20)
    ]
    assert add(area, rows).added == 2
    for day, key in ((9, "activity.before"), (21, "activity.after")):
        with refuses(key):
            add(area, [Activity("outreach", "Prospect site", date(2026, 1, day))])


def test_a_phone_is_given_listed_and_revoked_by_its_own_office(area):
    key = give_phone(area, signed(), SETTINGS)
    assert [(row.key, row.revoked_on) for row in list_phones(area, TEAM, SETTINGS)] == [(key, None)]
    assert list_phones(area, DESK, SETTINGS) == []
    with pytest.raises(ParamError):
        revoke_phone(area, signed("Peace Desk"), SETTINGS, key)
    revoke_phone(area, signed(), SETTINGS, key[:8])
    assert [row.revoked_on for row in list_phones(area, TEAM, SETTINGS)] == [TODAY]
    assert verified(area).is_intact


def test_deleted_rows_are_not_left_in_the_file(area):
    if area.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL's vacuum does that")
    rows = [Activity("outreach", "A", date(2025, 12, 5), id=f"seen {n}") for n in range(300)]
    add(area, rows)
    run_sql(area, "UPDATE activity SET place = 'Zone-that-is-gone'")
    assert total_activities(area, TODAY + timedelta(days=1)) == len(rows)
    run_sql(area, "UPDATE activity_month SET place = 'A'")
    with area.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    content = Path(str(area.engine.url.database)).read_bytes()
    assert b"Zone-that-is-gone" not in content
