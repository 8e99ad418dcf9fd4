"""What the data count of a measure, beside what was typed: by hand, and where they cannot say."""

from datetime import date
from types import SimpleNamespace

import pandas as pd
import pytest

from csa.base.errors import ParamError
from csa.base.params import Month
from csa.city.selection import AreaVersion
from csa.program.plan.measures import Quarter, Value
from csa.program.store.records import Records
from csa.reports.briefing import measuring
from csa.reports.briefing.measuring import (
    COUNTED,
    count_quarter,
    differing,
    differing_in,
    known_at_start,
    require_read,
)

SPRING = Quarter(2020, 2)
CELL = 0x8A2A1072B59FFFF


@pytest.fixture
def dataset():
    rows = [  # day, kind, victims, neighborhood, cell, flags
        ("2020-04-01", "homicide", 1, "West", f"{CELL:x}", ""),
        ("2020-06-30 23:59", "nonfatal", 2, "West", "", "unlocated"),
        ("2020-05-05", "nonfatal", 1, "East", f"{CELL:x}", ""),
        ("2020-05-06", "nonfatal", 1, "", f"{CELL:x}", "outside_study_area"),  # beyond the border
        ("2020-03-31", "homicide", 1, "West", f"{CELL:x}", ""),
        ("2020-07-01", "nonfatal", 1, "West", f"{CELL:x}", ""),
    ]
    names = ["occurred_at", "kind", "victims", "neighborhood", "cell_r10", "flags"]
    table = pd.DataFrame(rows, columns=names)
    table["occurred_at"] = pd.to_datetime(table["occurred_at"], format="mixed")
    table["victims"] = table["victims"].astype("Int64")
    report = {"data_from": "2020-01-01", "data_through": "2020-08-21"}
    return SimpleNamespace(incidents=table, report=report)


def test_a_quarter_is_counted_in_the_city_a_neighborhood_and_an_area(dataset, monkeypatch):
    area = SimpleNamespace(versions=(AreaVersion(frozenset({CELL}), Month(2020, 7)),))
    monkeypatch.setattr(measuring, "core_area", lambda _, key: area if key == "B" else None)
    city = count_quarter(dataset, Records(), SPRING)
    assert (city.homicides, city.nonfatal, city.victims, city.incidents) == (1, 3, 5, 4)
    assert count_quarter(dataset, Records(), SPRING, "West").incidents == 2
    assert count_quarter(dataset, Records(), SPRING, "B").incidents == 2
    assert count_quarter(dataset, Records(), SPRING, "Nowhere") is None


def test_a_redrawn_area_is_counted_month_by_month_on_the_ground_it_had(dataset, monkeypatch):
    """In April on its first ground, from May on on another, where nothing was."""
    first, other = frozenset({CELL}), frozenset({CELL + 1})
    versions = (AreaVersion(first, Month(2020, 2)), AreaVersion(other, Month(2020, 5)))
    area = SimpleNamespace(versions=versions)
    monkeypatch.setattr(measuring, "core_area", lambda *_: area)
    assert count_quarter(dataset, Records(), SPRING, "B").incidents == 1
    assert count_quarter(dataset, Records(), Quarter(2020, 1), "B").incidents == 1


def test_a_quarter_that_the_data_do_not_cover_is_not_counted(dataset):
    assert count_quarter(dataset, Records(), Quarter(2020, 3)) is None
    assert count_quarter(dataset, Records(), Quarter(2019, 4)) is None


@pytest.mark.parametrize(
    ("typed", "basis", "said"),
    [(44, "incidents", "44. The data show 4"), (4, "incidents", None), (5, "victims", None),
     (4, "victims", "4. The data show 5"), (None, "incidents", None)],
)  # fmt: skip
def test_a_typed_value_that_differs_is_flagged(dataset, typed, basis, said):
    value = Value("gun-violence", SPRING, value=typed, basis=basis)
    found = differing(dataset, Records(), value, "gun-violence")
    assert (found is None) == (said is None)
    assert said is None or said in str(found)
    assert differing(dataset, Records(), value, "clearance") is None


def test_a_quarter_with_a_differing_value_is_not_approved_unread(dataset, monkeypatch):
    versions = (AreaVersion(frozenset({CELL}), Month(2020, 1)),)
    area = SimpleNamespace(versions=versions, place_name="Umber Hill", key="B")
    monkeypatch.setattr(measuring, "core_area", lambda _, key: area if key == "B" else None)
    plan = SimpleNamespace(measures=(SimpleNamespace(id="shot", kind=COUNTED),))
    values = (
        Value("shot", SPRING, value=44.0, number=1),  # revised below: the last one counts
        Value("shot", SPRING, value=4.0, number=2),
        Value("shot", SPRING, place="B", value=44.0),
        Value("shot", SPRING.plus(-1), place="B", value=7.0),  # another quarter
    )
    told = differing_in(dataset, Records(values=values), plan, SPRING)
    (said,) = map(str, told)
    assert said.startswith("Umber Hill (B): Typed for 2020-Q2: 44. The data show 2")
    with pytest.raises(ParamError, match="differ"):
        require_read(told, is_read=False)
    require_read(told, is_read=True)
    require_read((), is_read=False)


def test_when_work_begins_what_nobody_typed_is_counted_in_the_last_covered_quarter(
    dataset, monkeypatch
):
    area = SimpleNamespace(versions=(AreaVersion(frozenset({CELL}), Month(2020, 1)),))
    monkeypatch.setattr(measuring, "core_area", lambda _, key: area if key == "B" else None)
    plan = SimpleNamespace(measures=(SimpleNamespace(id="shot", kind=COUNTED),))
    typed = Records(values=(Value("shot", SPRING, place="B", value=7.0),))
    on = date(2020, 11, 3)  # the summer is not covered
    numbers = {"numerator": None, "denominator": None, "is_counted": True}
    of_b, of_city = ({"quarter": "2020-Q2", "value": n, **numbers} for n in (2, 4))
    found = known_at_start(dataset, plan, Records(), "B", on)
    assert found == {"shot/B": of_b, "shot/city": of_city}
    held = known_at_start(dataset, None, Records(), "B", on)
    assert held == {f"{COUNTED}/B": of_b, f"{COUNTED}/city": of_city}
    assert known_at_start(dataset, plan, typed, "B", on)["shot/B"]["value"] == 7.0
    assert known_at_start(None, plan, Records(), "B", on) == {}
    assert known_at_start(dataset, plan, Records(), "B", date(2022, 1, 1)) == {}
