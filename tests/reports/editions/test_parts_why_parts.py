"""Why here on paper: what marks each area, that it is no cause, and what studies found; or nothing."""

from dataclasses import replace

import pytest
from tests.reports.editions.drawn import draw, texts_of, with_areas
from tests.sentences import says

from csa.areas.explanation import AreaFactor, factor_words
from csa.base.params import Month
from csa.base.text import Translator
from csa.city.loading import load_evidence
from csa.reports.document import Heading
from csa.reports.editions.all import AUDIENCES, EXTRAS, LEADERS, WALKS, edition
from csa.reports.editions.parts import MAX_FACTORS
from csa.reports.month.month_end import ReportInputs, snapshot_for


def factor(layer="vacant lots", rrv=1.4):
    return AreaFactor(
        layer, "many", 254.0, 3, rrv, rrv - 0.1, rrv + 0.2, 1.1, 0.5, "the city", "2020-01-01"
    )


LOTS = factor()


@pytest.fixture(scope="module")
def studies(root):
    return load_evidence(root / "config" / "sample.toml")


@pytest.fixture
def known(month_facts, studies):
    """The facts as they are once somebody has run `csa risk`: a factor in all areas but the last."""

    def call(factors=(LOTS,)):
        *some, last = month_facts.areas
        found = [
            replace(area, why=replace(area.why, factors=tuple(factors), studies=studies[:1]))
            for area in some
        ]
        nothing = replace(last.why, factors=(), studies=())
        return with_areas(month_facts, (*found, replace(last, why=nothing)))

    return call


# ---- By hand --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [WALKS, LEADERS])
def test_an_areas_sheet_gives_factor_range_no_cause_and_a_walks_a_study(known, name):
    said = " ".join(texts_of(edition(known(), name, "en", draw)))
    near = "vacant lots, 3 or more within 830 feet: 1.4 times as many"
    assert said.count(f"{near} (90% range: 1.3 to 1.6)") == 2
    assert said.count(says("why_line.no_cause")) == 2
    assert said.count("541 lots in Philadelphia") == (2 if name == WALKS else 0)
    assert said.count(says("why_line.none")) == 1


# ---- At the edge ----------------------------------------------------------------------------


def test_where_nobody_looked_no_edition_says_a_word_of_it(month_facts):
    for name in (*AUDIENCES, *EXTRAS):
        document = edition(month_facts, name, "en", draw)
        headings = {block.text for block in document.blocks if isinstance(block, Heading)}
        assert says("report.why_title") not in headings
        assert says("why_line.no_cause") not in " ".join(texts_of(document))


def test_a_sheet_keeps_to_its_page_however_many_factors_there_are(known):
    many = [factor(f"places {n}") for n in range(9)]
    said = " ".join(texts_of(edition(known(many), WALKS, "en", draw)))
    t = Translator()
    config = known().config
    shown = [one for one in many if factor_words(one, config, t) in said]
    assert shown == many[:MAX_FACTORS]


# ---- True in general ------------------------------------------------------------------------


def test_a_report_uses_no_factor_of_later_months_and_its_snapshot_covers_them(
    sample_source, sample_records, monkeypatch, studies
):
    july, stored = Month(2020, 7), {}
    monkeypatch.setattr("csa.areas.risk_score.load_risk", lambda _: stored.get("kept"))

    def name(through, found=()):
        stored["kept"] = None if through is None else {"learned": {"through": through}}
        beside = ReportInputs(with_public=False, studies=found)
        return snapshot_for(replace(sample_source, records=sample_records), None, july, beside).id

    without = name(None)
    assert name(None, studies) == without
    assert name("2020-08") == without
    assert len({without, name("2020-07"), name("2020-07", studies)}) == 3
