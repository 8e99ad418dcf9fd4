"""What research adds to `csa displace`: files, figures, and a line."""

from types import SimpleNamespace

import h3
import pandas as pd
from tests.change.followed import EAST, WEST
from tests.cli.followed_town import ask, made, read
from tests.sentences import says
from tests.towns import KNOT, OTHER

from csa.base.params import Month
from csa.change.sentences import than_expected
from csa.extras.research import results
from csa.extras.research.classic_measures import WddPart
from csa.extras.research.emerging import EMERGING_COLUMNS, find_emerging
from csa.extras.research.panel import PANEL_COLUMNS
from csa.extras.research.results import describe_wdd

__all__ = ["ask", "made", "read"]


def test_files_figures_and_a_line_are_added(ask, read, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(
        results, "find_emerging", lambda *a: asked.append(a[1]) or find_emerging(*a)
    )
    printed = ask((WEST, EAST), "--since", "2019-02").stdout.splitlines()
    for name, columns in (("panel.csv", PANEL_COLUMNS), ("emerging.csv", EMERGING_COLUMNS)):
        lines = (tmp_path / "di" / name).read_text().splitlines()
        assert lines[0].split(",") == list(columns)
        assert len(lines) > 1
    assert asked == [Month(2020, 2)]  # the last quarter ends with the last whole month
    months = sorted(set(panel_of(tmp_path / "di")["month"]))
    assert (months[0], months[-1]) == ("2017-02", "2020-02")
    account = read()
    added = account["research"]
    assert set(added) == {"sentences", "pooled", "single", "pattern"}
    assert (added["pooled"]["core"], added["pooled"]["before_months"]) == (
        account["course"]["core"],
        account["course"]["before_months"],
    )
    assert [one["area_id"] for one in added["single"]] == ["A", "B"]
    total = added["pooled"]["wdd"]["total"]
    change, low, high = (than_expected(total[name]) for name in ("estimate", "low", "high"))
    said = says("research.classic", change=change, low=low, high=high)
    assert added["sentences"] == [said]
    assert said in printed


def panel_of(folder):
    return pd.read_csv(folder / "panel.csv", dtype={"area_id": str}, keep_default_na=False)


def test_areas_of_larger_cells_are_followed_on_larger_cells(ask, tmp_path):
    areas = tuple(
        frozenset({int(h3.latlng_to_cell(lat, lon, 8), 16)}) for lon, lat in (KNOT, OTHER)
    )
    ask(areas, "--since", "2019-02")
    emerging = (tmp_path / "di" / "emerging.csv").read_text().splitlines()[1:]
    assert {h3.get_resolution(line.split(",")[0]) for line in emerging} == {9}


def test_the_classic_count_is_told_with_its_interval_and_without_a_ring_not_at_all():
    total = WddPart(-40.4, 12.0, -3.4, -63.9, -16.9)
    assert str(describe_wdd(SimpleNamespace(wdd=SimpleNamespace(total=total)))) == says(
        "research.classic", change="40 fewer", low="64 fewer", high="17 fewer"
    )
    for wdd in (None, SimpleNamespace(total=None)):
        assert describe_wdd(SimpleNamespace(wdd=wdd)) is None
