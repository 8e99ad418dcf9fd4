"""One command computes each answer once, whoever asks for it."""

import functools
import sys
from collections import Counter

import pytest
from tests.reports.documents import picture

from csa.areas import analysis as areas_analysis, locating, risk_score
from csa.areas.backtest import recording
from csa.areas.priority import assessment
from csa.change import analyze, follow
from csa.city import dataset, loading
from csa.program import registry
from csa.program.store import records
from csa.reports import making

ONCE = (
    loading.load_city,
    dataset.open_city,
    records.read_records,
    registry.all_services,
    locating.locate_incidents,
    assessment.assess_areas,
    analyze.analyze_displacement,
    recording.load_suggestion,
    follow.load_past,
)
TWICE = (areas_analysis.propose_areas, risk_score.load_risk)
"""Areas at the month's end and a month before; what `csa risk` found for the page, and for the order."""


@pytest.fixture
def calls(monkeypatch):
    """How often each function is called, wherever it was imported."""
    counted = Counter()

    def counting(function):
        @functools.wraps(function)
        def call(*words, **named):
            counted[function.__name__] += 1
            return function(*words, **named)

        return call

    for function in (*ONCE, *TWICE):
        wrapped = counting(function)
        for module in [one for name, one in sys.modules.items() if name.startswith("csa.")]:
            for name in [name for name, own in vars(module).items() if own is function]:
                monkeypatch.setattr(module, name, wrapped)
    return counted


def test_a_report_of_all_editions_loads_and_computes_each_answer_once(
    calls, run, root, story_folder, tmp_path, monkeypatch
):
    monkeypatch.setattr(making.Drawer, "__call__", lambda *_: picture(3, 2))
    monkeypatch.setattr(making, "render_pdf", lambda page: b"%PDF" + page)
    run(
        *("report", "--all", "--city", "sample", "--dataset", story_folder / "dataset"),
        *("--store", story_folder / "store.sqlite3", "--month", "2020-06", "--out", tmp_path / "r"),
        cwd=root,
    )
    assert calls == {
        **dict.fromkeys([function.__name__ for function in ONCE], 1),
        **dict.fromkeys([function.__name__ for function in TWICE], 2),
    }
