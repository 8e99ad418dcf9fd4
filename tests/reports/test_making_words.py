"""What each edition says, whole, as somebody last read it: tests/looks/words is a proof to be read.

After a change that is meant, `CSA_KEEP_LOOKS=1` writes the texts anew; read their difference.
"""

import re
from dataclasses import replace

import pytest
from tests.looking import is_as_read
from tests.reports import told
from tests.reports.editions.drawn import draw

from csa.analysis.analysis import Analysis
from csa.areas.choices import AreaSettings
from csa.base.params import Month
from csa.city.dataset import open_city
from csa.city.loading import load_city
from csa.program.plan.loading import load_city_plan
from csa.program.store.engine import open_store
from csa.program.store.records import read_records
from csa.reports.editions.all import AUDIENCES, EXTRAS, edition
from csa.reports.maps import cartography
from csa.reports.month.facts import PublicPart
from csa.reports.month.gathering import gather_month
from csa.reports.month.month_end import ReportInputs

MADE_UP = re.compile(r"[0-9a-f]{12,}")


@pytest.fixture(scope="module")
def story_facts(root, story_folder):
    """The facts of July 2020 with two years of the made-up program, the public's by hand."""
    config = root / "config" / "sample.toml"
    city = open_city(load_city(config), story_folder / "dataset")
    store = open_store(str(story_folder / "store.sqlite3"), city="sample")
    analysis = Analysis(city, AreaSettings(), read_records(store))
    store.engine.dispose()
    plan = load_city_plan(config, city.config)
    found = gather_month(analysis, plan, Month(2020, 7), ReportInputs(with_public=False))
    return replace(found, public=PublicPart(told.facts()))


@pytest.fixture(autouse=True)
def _no_chart_is_painted(monkeypatch):
    monkeypatch.setattr(cartography, "paint", lambda *_: b"a chart")


def lines_of(document):
    """List what a document says: its head, then block by block, each with how it is set."""
    lines = [
        document.title,
        document.subtitle,
        document.footer,
        document.watermark,
        *document.marks,
    ]
    for block in document.blocks:
        given = {name: value for name, value in vars(block).items() if name != "png"}
        set_as = [f"{name}={value}" for name, value in given.items() if not is_text(value)]
        lines.append(f"== {' '.join([type(block).__name__, *set_as])}")
        for value in filter(is_text, given.values()):
            rows = [value] if isinstance(value, str) else value
            lines += [row if isinstance(row, str) else " | ".join(row) for row in rows]
    return [MADE_UP.sub("…", line) for text in lines for line in text.splitlines() if line.strip()]


def is_text(value):
    """Tell whether a block's field is a text, or texts in rows."""
    return isinstance(value, str) or (
        isinstance(value, tuple) and all(isinstance(item, str | tuple) for item in value)
    )


@pytest.mark.parametrize("audience", [*AUDIENCES, *EXTRAS])
def test_an_edition_of_the_made_up_program_says_what_was_read(story_facts, audience):
    document = edition(story_facts, audience, "en", draw)
    assert is_as_read(lines_of(document), f"edition-{audience}")


@pytest.mark.parametrize("audience", ["executive", "prevention", "intervention", "enforcement"])
def test_an_edition_before_anything_was_decided_says_what_was_read(bare_facts, audience):
    document = edition(bare_facts, audience, "en", draw)
    assert is_as_read(lines_of(document), f"edition-{audience}-bare")


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize(
    "state", [state for state in told.STATES if not state.startswith("verdict")]
)
def test_the_public_edition_says_what_was_read(month_facts, state, language):
    facts = replace(month_facts, public=PublicPart(told.STATES[state]))
    document = edition(facts, "public", language, draw)
    assert is_as_read(lines_of(document), f"public-{state.replace(' ', '-')}-{language}")
