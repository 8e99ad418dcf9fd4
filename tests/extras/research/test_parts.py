"""The classic numbers on Displacement: what stands beside each, and when it is said."""

from types import SimpleNamespace

import pandas as pd
import pytest
from tests.sentences import says

from csa.base.text import tr
from csa.extras.research.classic_measures import Wdd, WddPart
from csa.extras.research.results import describe_wdd
from csa.extras.research.robustness import PlaceboInSpace
from csa_app.extras.research import parts
from csa_app.shared import panels


@pytest.fixture
def said(monkeypatch):
    """What is written, and which tables are shown."""
    texts, tables = [], []
    monkeypatch.setattr(parts, "st", SimpleNamespace(markdown=texts.append))
    monkeypatch.setattr(panels, "table", lambda table, _: tables.append(pd.DataFrame(table)))
    return SimpleNamespace(text=lambda: " ".join(texts).replace("\\", ""), tables=tables)


def test_quarters_before_the_start_alone_are_told_as_multiples_of_what_was_expected(said):
    since = ("", "core", "2020-01", 9, 6.0, True)
    rows = [("", "core", "2019-10", 9, 6.0, False), ("", "ring", "2019-10", 3, 0.0, False), since]
    names = ["area_id", "zone", "quarter", "incidents", "expected", "is_after"]
    parts._before(SimpleNamespace(quarters=pd.DataFrame([since], columns=names)))
    assert (said.text(), said.tables) == ("", [])
    parts._before(SimpleNamespace(quarters=pd.DataFrame(rows, columns=names)))
    assert said.tables[0].to_numpy().tolist() == [["October 2019", "1.50", tr("term.unknown")]]


def test_the_rank_among_places_that_nobody_served_is_told(said):
    found = PlaceboInSpace(7, 21, 0.755, 3)
    parts._unserved(SimpleNamespace(area_ids=("A", "B")), found)
    assert said.text() == says(
        "research.unserved", n=21, areas=2, candidates=7, lower=3, ratio=0.755
    )


def test_without_enough_candidates_no_rank_is_told(said):
    parts._unserved(None, None)
    assert said.text() == says("research.unserved_none")


def test_the_classic_numbers_begin_with_what_they_say_and_why_they_differ(said):
    months, low = SimpleNamespace(months=24), WddPart(-75.7, 1.0, None, -131.7, -19.7)
    found = Wdd(low, low, None, 1.2, 0.95)
    parts._classic(SimpleNamespace(before=months, after=months, wdd=found))
    summary, differs = said.text().split(" These numbers can differ from the answer above.")
    assert summary == str(describe_wdd(SimpleNamespace(wdd=found)))
    assert differs
    assert said.tables[0].iloc[:, 3].tolist() == ["-131.7 to -19.7"] * 2
