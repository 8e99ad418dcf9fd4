"""Other signals: followed in the same areas, beside shootings and never among them."""

import json

import geopandas as gpd
import h3
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import box
from tests.towns import KNOT, history

from csa.change.outcomes import _together
from csa.city.loading import load_city
from csa.ingest.intake import ingest_city
from csa.ingest.sources import Inputs

OUTCOME = '\n[outcomes.alerts]\nname = "Shots-fired alerts"\ndataset = "alerts"\n\n[places]\n'


def alerts(rows, since, kept):
    """Make ten alerts beside each shooting; in the knot, from a day on every `kept`-th alone."""
    for number, row in enumerate(rows):
        _, _, when, *rest = row.split(",")
        is_there = abs(float(rest[1]) - KNOT[0]) + abs(float(rest[2]) - KNOT[1]) < 0.005
        for copy in range(10):
            if is_there and when >= since and copy % kept:
                continue
            name = f"{10 * number + copy + 1}"
            yield ",".join((name, name, when, "0", *rest[1:]))


@pytest.fixture
def followed(town, run):
    """Follow a town's areas of February 2019, by shootings and by alerts that fell there by four fifths."""
    words = ("--city", town.config, "--places", town.places)
    rows = list(history())
    run("ingest", *words, "--out", "ds", town.write("a.csv", *rows))
    alert_rows = alerts(rows, "2019-02", 5)
    run("ingest", *words, "--out", "alerts", town.write("b.csv", *alert_rows))
    run("propose", "--city", town.config, "--dataset", "ds", "--until", "2019-02", "--out", "pr")
    # The knot alone, where the alerts fell.
    path = town.folder / "pr" / "areas.geojson"
    drawn = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps(drawn | {"features": drawn["features"][:1]}), "utf-8")

    def follow():
        about = ("--city", town.config, "--dataset", "ds", "--areas", "pr", "--out", "di")
        return json.loads(run("displace", *about, "--since", "2019-02", "--json").stdout)

    return follow


@pytest.mark.long
def test_another_signal_has_a_verdict_of_its_own_and_changes_none_of_shootings(town, followed):
    alone = followed()
    town.edit_config("\n[places]\n", OUTCOME)
    beside = followed()
    (found,) = beside.pop("outcomes")
    assert alone.pop("outcomes") == []
    assert beside == alone
    assert found["name"] == "Shots-fired alerts"
    assert found["verdict"].startswith("fewer")
    first, second = found["sentences"]
    assert first.startswith("Shots-fired alerts: Fewer")
    assert "no-change range: " in first
    assert "never added to shootings" in second
    (one,) = found["single"]
    assert f"the area had {one['counted']}; about {one['expected']:.0f} were expected" in first
    assert found["rank_correlation"] > 0.9
    assert {one["area_id"] for one in found["single"]} == {
        one["area_id"] for one in alone["single"]
    }


def test_a_signal_that_is_not_there_is_said_and_stops_nothing(town, followed):
    town.edit_config("\n[places]\n", OUTCOME.replace('"alerts"', '"elsewhere"'))
    (found,) = followed()["outcomes"]
    assert found["verdict"] is None
    (said,) = found["sentences"]
    assert said.startswith("Shots-fired alerts: can't be followed. ")
    assert "elsewhere" in said


def test_how_two_signals_go_together_by_hand():
    """Twelve places with 12, 11 ... 1 shootings and 1, 2 ... 12 alerts: quite the other way."""
    cells = sorted(h3.grid_disk("882a1072b5fffff", 2))[:12]
    when = pd.date_range("2020-01-01", "2020-12-31", periods=78)
    falling = np.repeat(cells, range(12, 0, -1))
    both = {"occurred_at": when}
    shootings = pd.DataFrame(both | {"cell_r8": falling})
    others = pd.DataFrame(both | {"cell_r8": np.repeat(cells, range(1, 13))})
    assert _together(shootings, shootings) == (pytest.approx(1.0), 12, 12)
    assert _together(shootings, others) == (pytest.approx(-1.0), 12, 12)
    long = shootings.assign(occurred_at=pd.date_range("2019-11-03", "2021-02-20", periods=78))
    assert _together(long, long)[1:] == (12, 16)
    later = others.assign(occurred_at=others["occurred_at"] + pd.Timedelta(days=3660))
    assert _together(shootings, later) == (None, 0, 0)
    few = shootings[shootings["cell_r8"].isin(cells[:9])]
    assert _together(few, few)[0] is None


@pytest.mark.long
def test_a_real_file_of_detections_is_read_by_the_layout_that_docs_give(
    shared_data, root, tmp_path
):
    path = shared_data / "gunfire" / "dc_shotspotter_2006_2013.csv"
    page = (root / "docs" / "DATA.md").read_text()
    layout = page.split('```toml\n[[sources]]\nname = "gunshot', 1)[1].split("```", 1)[0]
    city = '[city]\nid = "dc"\nname = "DC"\ntime_zone = "America/New_York"\n'
    head = f'format_version = 1\n{city}metric_crs = "EPSG:32618"\n[places]\nname_column = "name"\n'
    (tmp_path / "dc.toml").write_text(f'{head}[[sources]]\nname = "gunshot{layout}')
    land = gpd.GeoDataFrame({"name": ["DC"]}, geometry=[box(-77.12, 38.79, -76.9, 39.0)], crs=4326)
    land.to_file(tmp_path / "land.geojson")
    config = load_city(tmp_path / "dc.toml")
    found = ingest_city(config, Inputs((path,), tmp_path / "land.geojson"))
    rows = pd.read_csv(path)
    told = rows[rows["kind"].str.contains("gunshot", case=False)]
    assert found.dataset.report["rows_read"] == len(rows)
    distinct = told.drop_duplicates(["datetime", "lon", "lat"])
    assert len(found.dataset.incidents) == len(distinct)
