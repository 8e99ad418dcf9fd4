"""A town whose months are made: its editions are short, its record is left out."""

from types import SimpleNamespace

import pytest
from tests.reports.conftest import (  # noqa: F401 - the city as reports see it
    sample_plan,
    sample_records,
    sample_source,
)
from tests.workflow.months import Town

from csa.base.message import msg
from csa.reports.month.facts import ChangeFacts, PublicPart
from csa.reports.month.gathering import _public
from csa.reports.month.month_end import snapshot_for
from csa.workflow import month


@pytest.fixture
def month_town(tmp_path, tmp_path_factory, monkeypatch):
    """A town whose editions are short, its record left out: both are tested elsewhere."""
    made = Town(tmp_path, tmp_path_factory)

    def gather_month(analysis, plan, month, beside):
        snapshot = snapshot_for(analysis, plan, month, beside)
        public = PublicPart()
        if made.tells_public:
            public = _public(analysis, plan, month, beside)
        own = {"month": month, "snapshot": snapshot, "config": analysis.city.config}
        unknown = {"change": ChangeFacts(msg("report.too_short"))}
        return SimpleNamespace(**own, **unknown, public=public, is_served=False)

    def make_all(facts, language, *, with_pdf, progress):
        progress("edition")
        text = f"{facts.month} {language} {facts.snapshot.id} {with_pdf}".encode()
        return {f"{facts.month}_executive_{language}.html": text}

    monkeypatch.setattr(month, "gather_month", gather_month)
    monkeypatch.setattr(month, "make_all", make_all)
    monkeypatch.setattr(month, "_record", lambda *_: False)
    return made
