"""The made-up city's program: the same each time, whole, full, and true to what was planted."""

import json
from collections import Counter
from contextlib import closing
from dataclasses import replace

import geopandas as gpd
import pytest
from tests.sentences import refuses
from tests.stores import SAMPLE_CLOCK, act

from csa.areas.choices import city_choices
from csa.areas.locating import locate_for_areas
from csa.change.analyze import analyze_displacement
from csa.city.dataset import open_city
from csa.city.loading import load_city
from csa.geo.cells import outline
from csa.program.plan.loading import load_plan
from csa.program.registry import core_areas, followed
from csa.program.store.audit import entries, verify
from csa.program.store.engine import open_store
from csa.program.store.records import read_records
from csa.program.work import add_lesson
from csa.synthetic.story import TODAY, story_acts
from csa.workflow.story import N_STEPS, fill_store

FALL, MOVED, NO_CHANGE = "fewer here and within 750 m", "fewer here, more nearby", "no clear change"


@pytest.fixture(scope="module")
def truth(root):
    return json.loads((root / "data" / "sample" / "truth.json").read_text())["program"]


@pytest.fixture(scope="module")
def city(root, story_folder):
    return open_city(load_city(root / "config" / "sample.toml"), story_folder / "dataset")


@pytest.fixture(scope="module")
def store(story_folder):
    found = open_store(str(story_folder / "store.sqlite3"), city="sample")
    yield found
    found.engine.dispose()


@pytest.fixture(scope="module")
def records(store):
    return read_records(store)


@pytest.fixture(scope="module")
def trail(store):
    with store.reading() as session:
        return entries(session.connection())


# ---- by hand -------------------------------------------------------------------------------


def test_the_verdict_on_each_area_is_the_one_that_was_planted(city, records, truth):
    areas = core_areas(records)
    chosen = followed(areas)
    located = locate_for_areas(city, city_choices(city.config), chosen.all_cells)
    found = analyze_displacement(located, chosen)
    told = {
        letter: (str(start), str(one.verdicts[-1]))
        for letter, start, one in zip(chosen.area_ids, found.starts, found.by_area, strict=True)
    }
    planted = [area for area in truth["areas"] if area["retired"] is None]
    assert list(told.values()) == [(area["since"], area["verdict"]) for area in planted]
    assert [area["verdict"] for area in planted] == [MOVED, FALL, NO_CHANGE]
    assert all(area["designated"].startswith("2019") for area in truth["areas"])
    assert Counter(row.state for row in records.areas) == {"designated": 3, "retired": 1}


def test_gun_violence_is_what_the_data_hold(city, records):
    when = city.dataset.incidents["occurred_at"]
    counted = {
        str(value.quarter): value.value
        for value in records.values
        if value.measure == "gun-violence" and not value.place
    }
    for quarter, n in counted.items():
        assert n == sum(when.dt.to_period("Q").astype(str) == quarter.replace("-", "")), quarter


def test_a_service_that_an_area_s_work_names_stands_in_it_or_near(city, records):
    """The pages say beside it which services an area lacks."""
    to = city.config.city.metric_crs
    services = city.dataset.services.to_crs(to).set_index("name").geometry
    n_named = 0
    for area in records.areas:
        cells = {int(cell, 16) for cell in records.steps_of(area.key)[0].cells}
        ground = gpd.GeoSeries([outline(cells)], crs="EPSG:4326").to_crs(to).iloc[0]
        kinds = (records.meetings, records.tasks, records.asked, records.stakeholders)
        said = " ".join(
            str(value)
            for rows in kinds
            for row in rows
            if row.area == area.key
            for value in vars(row).values()
        )
        named = services[[name in said for name in services.index]]
        far = named[named.distance(ground) > city.config.services.near_m]
        assert list(far.index) == [], area.place_name
        n_named += len(named)
    assert n_named >= 5


# ---- refused -------------------------------------------------------------------------------


def test_a_real_citys_record_and_a_database_are_never_replaced(city, kansas_plan, tmp_path):
    about = city.config.city.model_copy(update={"is_synthetic": False})
    real = replace(city, config=city.config.model_copy(update={"city": about}))
    for given, address, key in (
        (real, str(tmp_path / "a.sqlite3"), "sample.not_made_up"),
        (city, "postgresql://somebody@here/base", "sample.no_file"),
    ):
        with refuses(key):
            fill_store(given, kansas_plan, address, again=True)
    assert not list(tmp_path.iterdir())


# ---- true in general -----------------------------------------------------------------------


def test_the_trail_is_whole_in_order_and_ends_before_today(store, trail, truth):
    with store.reading() as session:
        found = verify(session)
    assert (found.broken_at, found.strange, found.is_guarded) == (None, (), True)
    times = [entry["at_utc"] for entry in trail]
    assert times == sorted(times)
    assert times[-1] < TODAY.isoformat() == truth["today"] == SAMPLE_CLOCK.today().isoformat()
    assert (
        len({time[:7] for time in times})
        == N_STEPS
        == len({a.on.replace(day=1) for a in story_acts()})
    )


@pytest.mark.long
def test_started_over_it_is_the_same_to_its_last_hash(store, city, root, tmp_path):
    path = root / "config" / "plans" / "kansas-city-psp.toml"
    plan = load_plan(path, city.config.city.plan_names)
    address = str(tmp_path / "store.sqlite3")
    other = open_store(address, make=True, city="sample")
    with closing(other.engine.raw_connection()):  # somebody reads meanwhile
        assert fill_store(city, plan, address) == store.head()
    assert other.head() == store.head()
    add_lesson(other, act(on=TODAY, at=SAMPLE_CLOCK.now()), "A", "It helps to ask.")
    assert other.head() != store.head()
    with refuses("sample.filled"):
        fill_store(city, plan, address)
    other.engine.dispose()
