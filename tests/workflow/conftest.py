"""A town whose months are made: its editions are short, its record is left out."""

from types import SimpleNamespace

import pytest
from tests.workflow.months import Town

from csa.base.message import msg
from csa.reports.month.facts import PublicPart
from csa.reports.month.gathering import _public
from csa.reports.month.month_end import snapshot_for
from csa.workflow import month


@pytest.fixture
def month_town(tmp_path, tmp_path_factory, monkeypatch):
    """A town whose editions are short, its record left out: both are tested elsewhere."""
    made = Town(tmp_path, tmp_path_factory)

    def gather_month(source, plan, records, month, progress, beside):
        snapshot = snapshot_for(source, plan, records, month, beside)
        public = PublicPart()
        if made.tells_public:
            public = _public(source, plan, records, month, beside)
        own = {"month": month, "snapshot": snapshot, "config": source.city.config}
        unknown = {"followed": None, "why_not_followed": msg("report.too_short")}
        return SimpleNamespace(**own, **unknown, public=public, is_served=False)

    def make_all(facts, language, *, progress):
        progress("edition")
        text = f"{facts.month} {language} {facts.snapshot.id}".encode()
        return {f"{facts.month}_executive_{language}.html": text}

    monkeypatch.setattr(month, "gather_month", gather_month)
    monkeypatch.setattr(month, "make_all", make_all)
    monkeypatch.setattr(month, "_record", lambda *_: False)
    return made
