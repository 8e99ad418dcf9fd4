"""Cities' files, each understood without a hint to the right incidents: `cities/*.toml` has them."""

import tomllib
from collections import Counter

import numpy as np
import pytest
from tests.sentences import refuses
from tests.workers import some
from tests.workflow.layouts import CITIES, LAYOUTS, polygons_around, row_of, shootings, write
from tests.workflow.truth import KINDS, N_KILLED, TRUTH, read, written

from csa.base.errors import SourceError
from csa.city.loading import load_city
from csa.ingest.intake import ingest_city
from csa.ingest.sources import Inputs
from csa.workflow.city_file import city_file, count_kinds
from csa.workflow.new_city import understand

N = len(TRUTH)
GROUPS = tomllib.loads((CITIES / "cases.toml").read_text(encoding="utf-8"))
CASES = {
    f"{group}: {name}": every | case
    for group, cases in GROUPS.items()
    for every in [cases.pop("every")]
    for name, case in cases.items()
}
QUICK = (
    *("who: an X or nothing", "who: Not Fatal is not fatal", "who: who survived"),
    *("beside: intent, attempts and crashes", "beside: a flag that says somebody was shot"),
    *("offense: robberies are refused", "row: a day called Incident Date is no number"),
    *("row: marks that TOML forbids", "when: seconds since 1970", "when: a. m. and p. m."),
    *("when: three columns are a day", "where: keys", "where: minutes and seconds"),
)
KNOWN = {
    "both": KINDS,
    "killed": {"homicide": N_KILLED},
    "all killed": {"homicide": N},
    "all hit": {"nonfatal": N},
    "two thirds killed": {"homicide": N * 2 // 3},
}
TIMES = {
    "true": "%Y-%m-%d %H:%M",
    "nearly": "%Y-%m-%d %H:%M",  # an hour comes twice in November
    "hours": "%Y-%m-%d %H",
    "days": "%Y-%m-%d",
    "some": "%Y-%m-%d %H:%M",
}


def rows_of(case):
    """Write a case's rows: of each shooting, of what is beside it, and what stands below them."""
    columns, gone, crs = case.get("set", {}), case.get("gone", []), case.get("crs", "")
    each = [written({**columns, **more}, *gone, crs=crs) for more in case.get("each", [{}])]
    rows = [row for of_one in zip(*each, strict=True) for row in of_one]
    beside = case.get("beside", [])
    for at in range(case.get("n", 0) if beside else 0):
        other = row_of(beside[at % len(beside)], TRUTH[at % N], at // len(beside), killed=False)
        rows.append(rows[at % N] | {"Case": f"X{at}"} | other)
    again = [row | {"Incident ID": N + at} for at, row in enumerate(rows[: case.get("last_of", 0)])]
    return [*rows, *again, *case.get("last", [])]


def check_times(dataset, kind):
    form = TIMES[kind]
    found = {f"{when:{form}}" for when in dataset.incidents["occurred_at"]}
    true = {f"{one.when:{form}}" for one in TRUTH}
    if kind == "nearly":
        assert len(found & true) >= 0.99 * len(true)
    elif kind == "some":
        assert found < true
    else:
        assert found == true


@pytest.mark.parametrize("name", some(CASES, *QUICK))
def test_a_list_is_read_as_it_is_written_or_refused(tmp_path, name):
    case = CASES[name]
    how = {key: case[key] for key in ("answers", "crs") if key in case}
    file = case.get("file", "list.csv")
    if "refused" in case:
        with refuses(case["refused"], SourceError):
            read(tmp_path, rows_of(case), file, **how)
        return
    city, dataset = read(tmp_path, rows_of(case), file, **how)
    incidents, report = dataset.incidents, dataset.report
    if (kinds := case.get("kinds", "both")) != "any":
        assert Counter(incidents["kind"]) == KNOWN[kinds]
    if (whens := case.get("whens", "any")) != "any":
        check_times(dataset, whens)
    notes = {note.key for note in city.notes} | {n.key for o in city.lists for n in o.rules.notes}
    asked = [doubt.about for doubt in city.doubts]
    assert set(case.get("notes", [])) <= notes
    assert not set(case.get("silent", [])) & notes
    assert set(case.get("asks", [])) <= set(asked)
    assert not set(case.get("never_asks", [])) & set(asked)
    assert asked == case.get("doubts", asked)
    assert report["unlocated"] == case.get("unlocated", 0)
    assert case.get("rejected", {}).items() <= report["rows_rejected"].items()
    victims = case.get("victims", report["victims"])
    assert report["victims"] == (sum(o.n_victims for o in TRUTH) if victims == "all" else victims)
    assert report["no_time"] == N or not case.get("no_time")
    assert set(incidents["gun"]) == set(case.get("guns", set(incidents["gun"])))
    if "header" in case:
        assert city.lists[0].when.columns["date"].header == case["header"]
    if "rules" in case:
        assert [city.lists[0].rules.homicide, city.lists[0].rules.nonfatal] == case["rules"]
    if case.get("places"):
        found = incidents[["lon", "lat"]].to_numpy()
        true = np.array([(one.lon, one.lat) for one in TRUTH])
        if "start.no_minus" in notes:
            return
        order = [np.lexsort(points.round(4).T) for points in (found, true)]
        assert found[order[0]] == pytest.approx(true[order[1]], abs=2e-5)


@pytest.mark.long
@pytest.mark.parametrize("name", some(LAYOUTS, "New York", "Rochester, in feet", "no number"))
def test_a_citys_file_is_understood_to_the_incident(tmp_path, name):
    layout = LAYOUTS[name]
    file = write(layout, tmp_path)
    places = polygons_around(layout.middle, tmp_path / "n.geojson") if layout.crs else None
    city = understand(file, places, name=name)
    # Likely mistakes are asked and never taken in silence.
    assert set(layout.asked) <= {one.about for one in city.doubts}
    assert layout.asked or name not in {"New York", "Chicago", "Philadelphia"} or not city.doubts
    land = places or tmp_path / "land.geojson"
    if city.places is not None:
        city.places.to_file(land)
    (tmp_path / "city.toml").write_text(city_file(city, land.name, "name"))
    found = ingest_city(load_city(tmp_path / "city.toml"), Inputs((file,), land))
    made = found.dataset.incidents
    truth = [*shootings(layout.middle)]
    kinds = Counter("homicide" if one.is_homicide else "nonfatal" for one in truth)
    assert len(made) == len(truth) == N
    assert Counter(made["kind"]) == kinds
    assert made["occurred_at"].dt.date.isin({one.when.date() for one in truth}).mean() > 0.98
    points, steps = {(round(one.lon, 4), round(one.lat, 4)) for one in truth}, (-1e-4, 0.0, 1e-4)
    near = {(round(x + dx, 4), round(y + dy, 4)) for x, y in points for dx in steps for dy in steps}
    assert set(zip(made["lon"].round(4), made["lat"].round(4), strict=True)) <= near
    assert layout.zone in {"", city.time_zone}
    assert layout.crs in {"", city.lists[0].where.crs} or city.lists[0].where.crs != "EPSG:4326"
    counts = count_kinds(city.lists[0], city.time_zone)
    assert counts["rows"] == found.dataset.report["rows_read"]
