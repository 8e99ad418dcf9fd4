"""Method: each choice beside what was suggested, and the page's own text."""

from types import SimpleNamespace

import pandas as pd
import pytest
from tests.sentences import says

from csa_app.screens.method import parts


@pytest.fixture
def said(monkeypatch):
    shown = SimpleNamespace(tables=[], texts=[], answers=[])
    monkeypatch.setattr(
        parts.panels, "table", lambda rows, _: shown.tables.append(pd.DataFrame(rows))
    )
    monkeypatch.setattr(parts.panels, "answer", lambda *words: shown.answers.append(words))
    for name in ("markdown", "caption"):
        monkeypatch.setattr(parts.st, name, lambda text, **_: shown.texts.append(text))
    return shown


def test_each_choice_stands_beside_what_was_suggested(city, said):
    parts.numbers(city, city.proposal)
    (rows,) = said.tables
    suggested = city.proposal.suggested
    radius = rows.iloc[1].tolist()[1:]
    assert radius == ["200 m", f"{suggested.eps_m:g} m"]
    assert rows.iloc[2].tolist()[1:] == ["4", str(suggested.min_samples)]
    assert rows.iloc[3].tolist()[1:] == ["no limit", "2.0 km2"]
    assert rows.iloc[4].tolist()[1:] == ["10", "10"]
    assert said.texts[0].startswith(says("method.totals", n=1))
    assert city.proposal.summary["data_fingerprint"][:12] in said.texts[1]


def test_the_page_is_the_methods_without_its_title(root, said):
    parts.page()
    whole = (root / "docs" / "METHODS.md").read_text(encoding="utf-8")
    assert whole.startswith("# Methods")
    contents, body = said.texts
    assert body.splitlines()[1:4] == whole.splitlines()[2:5]
    assert "](../benchmarks" in whole
    assert "](" not in body
    assert "`benchmarks/results/risk.md`" in body
    assert contents.splitlines()[4] == "- [Did it go down, or move?](#did-it-go-down-or-move)"
    assert len(contents.splitlines()) == sum(line.startswith("## ") for line in body.splitlines())
