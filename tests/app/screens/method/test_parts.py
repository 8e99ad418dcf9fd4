"""Method: each choice beside what was suggested, and the page's own text."""

from dataclasses import replace
from types import SimpleNamespace

import pandas as pd
import pytest
from tests.sentences import says

from csa.areas.analysis import propose_areas
from csa.city.dataset import City
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


def test_what_was_left_out_is_a_sentence_of_its_own(city, said):
    summary = {**city.proposal.summary, "left_out_fringe": {"incidents": 7}}
    parts.numbers(city, SimpleNamespace(summary=summary, suggested=city.proposal.suggested))
    assert (
        ". 7 of those are on the edges of areas: groups reach there, but too few incidents are expected to persist."
        in said.texts[0]
    )
    assert "lie around areas" not in said.texts[1]


def test_a_size_limit_is_said_in_the_citys_units(city, said):
    choices = replace(city.choices, max_area_km2=1.5)
    parts.numbers(city, propose_areas(City(city.config, city.dataset), choices))
    assert said.tables[0].iloc[3].tolist()[1:] == ["1.5 km2", "2.0 km2"]


def test_the_answer_has_the_radius_and_the_minimum_in_use(city, said):
    parts.answer(city.proposal)
    words = " ".join(said.answers[0])
    assert "200" in words
    assert "A group starts where at least 4 are within 200 m of each other." in words
    assert "16" in words


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
