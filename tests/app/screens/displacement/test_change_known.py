"""How do we know? What stands there beside each number, and when it is said."""

from types import SimpleNamespace

import numpy as np
import pytest

from app.screens.displacement import change_known
from app.shared import panels
from csa.base.message import say
from csa.displacement.wdd import Wdd, WddPart, Wdq


@pytest.fixture
def said(monkeypatch):
    """What is written, and which code is shown."""
    texts, codes, tables = [], [], []
    page = SimpleNamespace(markdown=texts.append, code=lambda text, **_: codes.append(text))
    monkeypatch.setattr(change_known, "st", page)
    monkeypatch.setattr(panels, "table", lambda table, _: tables.append(table))
    return SimpleNamespace(
        text=lambda: " ".join(texts).replace("\\", ""), codes=codes, tables=tables
    )


def part(low, high):
    return WddPart((low + high) / 2, 1.0, None, low, high)


def evidence(local, around, value=-0.5, reason=None):
    ring = None if around is None else part(*around)
    months = SimpleNamespace(months=24)
    wdd = Wdd(part(-9, 9), part(*local), ring, 1.2, 0.95)
    return SimpleNamespace(
        evidence=SimpleNamespace(before=months, after=months, wdd=wdd, wdq=Wdq(value, reason))
    )


def followed(expected, n_months, n_areas=8, error=0.112):
    core = SimpleNamespace(expectation=SimpleNamespace(mean=np.array([1.0, expected])))
    return SimpleNamespace(
        months=["2020-01"] * n_months,
        area_ids=("A",) * n_areas,
        before=(9999, 24),
        displaced=SimpleNamespace(
            past=(),
            pooled=SimpleNamespace(core=core),
            usual_core=SimpleNamespace(relative_error=np.array([0.9, error])),
        ),
    )


# ---- By hand --------------------------------------------------------------------------------


def test_the_classic_numbers_begin_with_why_they_differ(said):
    change_known._classic(evidence((-131.7, -19.7), (5, 40)))
    text = said.text()
    assert text.startswith("These numbers can differ from the answer above: they allow neither")
    assert "below 0 it moved there; it has no error of its own." in text


def test_what_can_be_found_goes_by_what_was_expected_since(said):
    # 60 in six months in eight areas: 15 a year in each; what chose them does not count.
    change_known._power(followed(60.0, 6))
    assert "about 15 a year were expected in an area here since the start" in said.text()
    assert "twelve areas with 10 each" in said.text()
    assert said.tables[0].iloc[2].tolist()[1:] == ["0 %", "93 %", "0 %", "over 99 %"]


def test_without_a_past_year_the_command_that_measures_them_is_shown_as_code(said, monkeypatch):
    monkeypatch.setattr(change_known.cache_change, "past", lambda *_: None)
    monkeypatch.setattr(change_known, "command", lambda *_: "csa backtest --city sample")
    change_known._past(None, None, followed(60.0, 6))
    assert said.codes == ["csa backtest --city sample"]
    assert "a fall of 5 % is assumed, with an error of 11 %" in said.text()
    assert "csa backtest" not in said.text()


# ---- At the edge ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("local", "around", "where"),
    [
        ((-9, -1), (1, 5), ""),
        ((-9, -1), (0, 5), "around them"),
        ((-9, -1), (-5, 0), "around them"),
        ((-9, 0), (-5, 5), "around them"),
        ((-9, 0), (1, 5), "in the areas"),
        ((-9, 0), None, "in the areas"),
    ],
)
def test_a_quotient_of_what_may_be_chance_says_so(said, local, around, where):
    change_known._classic(evidence(local, around))
    is_chance = f"here it may be chance, since {where} the 95 % interval" in said.text()
    assert is_chance == bool(where)
    assert ("below 0 it moved there" in said.text()) != is_chance


def test_without_a_quotient_its_reason_is_said_and_never_chance(said):
    change_known._classic(evidence((-9, 9), (-9, 9), None, say("displacement.wdq_no_fall")))
    assert "(WDQ, Bowers and Johnson 2003): none. The areas did not fall" in said.text()
    assert "chance" not in said.text().partition("(WDQ")[2]


def test_where_past_years_are_kept_and_none_was_over_no_command_is_shown(said, monkeypatch):
    monkeypatch.setattr(change_known.cache_change, "past", lambda *_: ())
    change_known._past(None, None, followed(60.0, 6))
    assert said.codes == []
    assert "This command" not in said.text()


@pytest.mark.parametrize(("error", "is_told"), [(0.04, False), (0.0401, True), (0.112, True)])
def test_the_table_is_doubted_where_the_usual_is_known_less_well_than_it_takes(
    said, error, is_told
):
    change_known._power(followed(60.0, 6, error=error))
    assert ("so less is found than it says" in said.text()) == is_told
