"""Cities on screen: none, some at work, hundreds; who may see them; where a dot is on the map."""

import json
import re
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.app.conftest import words
from tests.sentences import says

from csa.extras.fleet.city import FLEET_COLUMNS, describe_city, fleet_files
from csa.extras.fleet.manifest import FleetCity
from csa_app.extras.fleet import parts
from csa_app.shared import settings

FOUND = {
    "longitude": -94.6, "latitude": 39.1, "first_date": "2014-01-02", "data_through": "2018-03-31",
    "incidents": 1200, "homicides": 300, "areas": 9, "share_of_incidents": 0.41,
    "share_of_study_area": 0.0196, "displacement": "too small to tell",
}  # fmt: skip
JUDGED = {"hit_share": 0.34, "area_share": 0.02, "best_other_hit_share": 0.29, "backtest": "better"}
WHY = "There is no file b.csv."


def row(name, state="done", why="", **found):
    city = FleetCity(name, name.casefold().replace(" ", "-"), ("a.csv",))
    return describe_city(city, state, why) | (FOUND if state == "done" else {}) | found


def table_of(*rows):
    return pd.DataFrame(rows, columns=list(FLEET_COLUMNS))


@pytest.fixture
def page(visit, tmp_path):
    def start(*rows, **environment):
        folder = tmp_path / "fleet"
        folder.mkdir(exist_ok=True)
        for name, content in fleet_files(rows).items() if rows else ():
            (folder / name).write_bytes(content)
        return visit("fleet", **{"CSA_FLEET": folder, **environment})

    return start


def test_a_fleet_at_work_says_what_is_done_what_failed_and_what_is_left(page):
    shown = page(
        row("Zion", **JUDGED),
        row("Bend", "failed", WHY),
        row("Late Town", "not run"),
        row("Alma <b>"),
        row("Camp", "failed", WHY),
    )
    assert not shown.exception
    said = words(shown)
    for key, given in (
        ("cities.done", {"n": 2, "of": 5}),
        ("cities.failed", {"n": 2}),
        ("cities.waiting", {"n": 1}),
        ("cities.judged", {"n": 1, "land": "2%", "low": "34%", "high": "34%"}),
        ("cities.past", {"ours": "34%", "other": "29%", "verdict": "better"}),
        ("cities.not_placed", {"n": 3}),
    ):
        assert says(key, **given) in said
    assert "Bend, Camp" in said  # one cause, one row
    assert said.count(WHY) == 1
    assert said.index('<td data-label="City">Alma <b>') < said.index('">Zion</td>')
    assert "300" not in said  # counts of deaths are no column: cities are not ranked by them


def test_hundreds_are_shown_in_part_and_found_by_name(page):
    shown = page(*(row(f"Town {n}", incidents=n) for n in range(1, 301)))
    said = words(shown)
    assert says("label.more_in_file", n=200) in said
    assert ">Town 2<" in said
    assert ">Town 250<" not in said
    shown.text_input(key="find city").set_value("town 25").run()
    found = re.findall(r'data-label="City">([^<]+)<', words(shown))
    assert found == ["Town 25", *(f"Town {n}" for n in range(250, 260))]


def test_a_table_of_something_else_is_told(page, tmp_path):
    (tmp_path / "fleet").mkdir()
    path = tmp_path / "fleet" / "fleet.parquet"
    for make in (path.touch, lambda: pd.DataFrame({"city": ["A"]}).to_parquet(path)):
        make()
        assert page().error[0].value.replace("\\", "") == says("fleet.unreadable", path=path)


def dots(drawn):
    """Where dots stand, in percent from the left and the top, by the city's name."""
    found = re.findall(r'left:([\d.]+)%;top:([\d.]+)%" title="([^:]+):', drawn)
    return {name: (float(x), float(y)) for x, y, name in found}


def test_dots_stand_where_cities_are_and_no_name_hides_another():
    west, east = {"longitude": -120.0, "latitude": 35.0}, {"longitude": -80.0, "latitude": 45.0}
    middle = {"longitude": -100.0, "latitude": 40.0}
    beside = {"longitude": -99.0, "latitude": 40.0, "areas": 0}
    drawn = parts.draw_map(
        table_of(
            row("West", **west, **JUDGED), row("East", **east), row("Mid", **middle),
            row("Beside", **beside), row("Between", **beside),
        )
    )  # fmt: skip
    at = dots(drawn)
    assert at["Mid"] == (50.0, 50.0)
    assert at["West"][0] + at["East"][0] == pytest.approx(100)
    assert at["West"][0] < at["East"][0]
    assert at["West"][1] > at["East"][1]  # north is up
    assert re.findall(r'<span class="(\S+)">(\w+)', drawn) == [
        ("csa-right", "West"), ("csa-right", "East"), ("csa-left", "Mid"), ("csa-right", "Beside"),
    ]  # fmt: skip
    assert drawn.count('class="csa-city"') == 1  # filled where past years were judged
    assert drawn.count("csa-open") == 4


def test_outlines_are_rings_on_the_earth():
    rings = json.loads(parts.LAND.read_text(encoding="utf-8"))
    for ring in map(np.array, rings):
        assert (ring[0] == ring[-1]).all()
        assert (np.abs(ring) <= (180, 90)).all()


def test_the_command_is_typed_in_whatever_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert parts.fleet_command(settings.VAR / "fleet") == "csa fleet cities.csv"
    assert shlex.split(parts.fleet_command(Path("other")))[-1] == str(tmp_path / "other")


def test_the_data_page_names_every_column(root):
    page = (root / "docs" / "DATA.md").read_text(encoding="utf-8")
    assert [name for name in FLEET_COLUMNS if f"`{name}`" not in page] == []
