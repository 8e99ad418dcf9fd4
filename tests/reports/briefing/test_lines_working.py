"""The work plan of an area on a day: what stands in it, in which order, its 60 days."""

from datetime import date, timedelta
from types import SimpleNamespace

from hypothesis import given, strategies as st

from csa.program.plan.calendar import ActionState
from csa.program.store.records import Records
from csa.program.store.tables import (
    AreaRow,
    LessonRow,
    MeetingRow,
    QuestionRow,
    StakeholderRow,
    StepRow,
    TaskRow,
)
from csa.reports.briefing.lines import actions_for_area, city_wide, work_plan

TODAY = date(2026, 11, 25)
AREA = AreaRow(key="B", place_name="Hadderley", state="designated", since=date(2026, 8, 3))


def task(n, status="on-track", due=None, on=date(2026, 10, 1), area="B"):
    return TaskRow(key=f"{area}/task-{n}", area=area, status=status, due=due, updated_on=on)


def meeting(n, kind, on):
    return MeetingRow(key=f"B/meeting-{n}", area="B", kind=kind, on_date=on)


def line(number, areas=(), updated_on=None, *, is_open=False):
    state = ActionState(number, areas=tuple(areas), updated_on=updated_on)
    return SimpleNamespace(number=number, state=state, is_open=is_open)


def of(lines=(), **tables):
    rows = {name: tuple(given) for name, given in tables.items()}
    return work_plan(Records(**{"areas": (AREA,), **rows}), "B", lines, TODAY)


# ---- by hand -------------------------------------------------------------------------------


def test_a_work_plan_in_its_order():
    due = [date(2026, 12, 1), date(2026, 11, 1)]
    found = of(
        tasks=[
            task(1, "done"),
            task(2),
            task(3, due=due[0]),
            task(4, due=due[1]),
            task(5, area="C"),
        ],
        asked=[
            QuestionRow(key="B/asked-1", area="B", answered="Yes", asked_on=TODAY),
            QuestionRow(key="B/asked-2", area="B", answered="", asked_on=TODAY),
        ],
        lessons=[LessonRow(key=f"B/lesson-{n}", area="B", on_date=TODAY) for n in (1, 2)],
        stakeholders=[
            StakeholderRow(key="B/stakeholder-1", area="B", organisation="Library"),
            StakeholderRow(key="B/stakeholder-2", area="B", organisation="Church"),
        ],
    )
    assert [row.key[-1] for row in found.tasks] == ["4", "3", "2", "1"]
    assert (len(found.tasks), found.n_done) == (4, 1)
    assert [row.key[-1] for row in found.questions] == ["2", "1"]
    assert [row.key[-1] for row in found.lessons] == ["2", "1"]
    assert [row.organisation for row in found.stakeholders] == ["Church", "Library"]


def test_the_clock_starts_with_the_first_group_meeting_and_no_other():
    held = [meeting(1, "walk", date(2026, 10, 1)), meeting(2, "group", date(2026, 11, 2))]
    found = of(meetings=held)
    assert (found.clock.state, found.clock.day) == ("running", 23)
    assert of(meetings=held[:1]).clock.state == "not-started"


def test_actions_of_an_area_and_of_the_city():
    lines = [line("1.1.1", ["B", "C"]), line("1.1.2"), line("1.1.3", ["C"])]
    lines.append(line("1.1.4", is_open=True))
    assert [one.number for one in actions_for_area(lines, "B")] == ["1.1.1"]
    assert [one.number for one in city_wide(lines)] == ["1.1.2"]


# ---- at the edge ---------------------------------------------------------------------------


def test_no_such_area_has_no_work_plan():
    assert work_plan(Records(), "B", (), TODAY) is None


def test_an_empty_area_has_no_last_update():
    found = of()
    assert (found.last, found.n_done, found.clock.state) == (None, 0, "not-started")


def test_a_meeting_of_an_earlier_service_starts_no_clock():
    step = StepRow(key="B/2", area="B", state="retired", on_date=date(2026, 10, 1))
    before = meeting(1, "group", date(2026, 9, 30))
    assert of(meetings=[before], steps=[step]).clock.state == "not-started"
    after = meeting(2, "group", date(2026, 10, 1))
    assert of(meetings=[before, after], steps=[step]).clock.day == 55


def test_a_meeting_ahead_is_no_update():
    ahead = meeting(1, "group", TODAY + timedelta(days=1))
    assert of(meetings=[ahead]).last is None
    assert of(meetings=[ahead]).clock.state == "not-started"


# ---- true in general -----------------------------------------------------------------------


@given(st.lists(st.dates(date(2026, 1, 1), TODAY), min_size=1), st.booleans())
def test_the_last_update_is_the_latest_day_of_all(days, is_of_action):
    lines = [line("1.1.1", ["B"], max(days))] if is_of_action else []
    rows = days[:-1] if is_of_action else days
    found = of(lines, tasks=[task(n, on=on) for n, on in enumerate(rows)])
    assert found.last == max(days)
