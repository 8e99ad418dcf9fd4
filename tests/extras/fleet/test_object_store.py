"""A fleet in an object store: whole cities, one writer at a time, nothing without its marker read."""

import csv
import json
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.extras.fleet.cities import write_broken, write_city
from tests.sentences import says

from csa.areas.file_format import list_versions
from csa.base.errors import OutputError
from csa.extras.fleet import city as city_task
from csa.extras.fleet.city import work_city
from csa.extras.fleet.commands import print_step
from csa.extras.fleet.manifest import FleetCity
from csa.extras.fleet.object_store import LEASE_S, ObjectStore

BUSY = OutputError("fleet.city_busy", city="Small")
STEPS = city_task._steps


@pytest.fixture
def clock():
    return [1000.0]


@pytest.fixture
def store(bucket, clock):
    return ObjectStore("s3://cities/fleet/", lambda: clock[0])


# ---- by hand -------------------------------------------------------------------------------


@pytest.mark.long
def test_a_city_in_a_bucket_is_the_same_as_in_a_folder_and_made_once(tmp_path, bucket, monkeypatch):
    files, _ = bucket
    monkeypatch.setattr(city_task, "_steps", lambda *given: [next(STEPS(*given))])
    city = FleetCity("Small", "small", (str(write_city(tmp_path / "small", 11)),))
    version = list_versions()["csa"]
    row = work_city(city, "s3://cities/fleet", version, print_step)
    assert row == work_city(city, str(tmp_path / "out"), version, print_step)
    names = [name.removeprefix("cities/fleet/") for name in files.find("cities/fleet")]
    here = tmp_path / "out"
    made = [str(path.relative_to(here)) for path in (here / "small").rglob("*") if path.is_file()]
    assert sorted(name for name in names if name.startswith("small/")) == sorted(made)
    again = work_city(city, "s3://cities/fleet", version, print_step)
    assert again == {**row, "is_new": False}
    path = Path(city.files[0])
    path.write_text("not a table")
    failed = work_city(city, "s3://cities/fleet", version, print_step)
    assert failed["state"] == "failed"
    assert files.exists("cities/fleet/small/fleet.json")  # its last result stays


@pytest.mark.long
def test_the_command_writes_a_fleet_into_a_bucket(run, tmp_path, bucket):
    files, _ = bucket
    write_city(tmp_path / "small", 11)
    write_broken(tmp_path / "no-place")
    (tmp_path / "cities.csv").write_text(
        "city,files\nSmall,small/shootings.csv\nNo Place,no-place/shootings.csv\n"
    )
    words = ("fleet", "cities.csv", "--out", "s3://cities/fleet")
    done = run(*words, check=False)
    assert done.returncode == 2  # one of them broke
    rows = list(csv.DictReader(files.cat_file("cities/fleet/fleet.csv").decode().splitlines()))
    assert [row["state"] for row in rows] == ["done", "failed"]
    assert json.loads(files.cat_file("cities/fleet/small/fleet.json"))["row"]["areas"] > 0
    again = json.loads(run(*words, "--only", "Small", "--json").stdout)
    assert [(row["state"], row["is_new"]) for row in again] == [("done", False), ("not run", False)]


def test_one_writer_at_a_time_and_a_dead_one_is_followed(store, clock):
    with ExitStack() as first:
        first.enter_context(store.lease("leases/small", BUSY))
        with pytest.raises(OutputError), store.lease("leases/small", BUSY):
            pass
        with store.lease("leases/other", BUSY):
            pass
        clock[0] += LEASE_S + 1  # the first is dead
        first.enter_context(store.lease("leases/small", BUSY))
        with pytest.raises(OutputError), store.lease("leases/small", BUSY):
            pass
    with store.lease("leases/small", BUSY):  # whoever ended gave it back
        assert len(store.names("leases/small/")) <= 3


def test_of_two_who_come_at_once_one_gets_it(store, monkeypatch):
    """The second has listed what there was before the first created its own."""
    seen = store.names
    with store.lease("leases/small", BUSY):
        monkeypatch.setattr(store, "names", lambda _: [])
        with pytest.raises(OutputError), store.lease("leases/small", BUSY):
            pass
    monkeypatch.setattr(store, "names", seen)


def test_what_is_replaced_has_no_marker_until_it_is_whole(store, tmp_path, monkeypatch):
    for name, text in {"a.txt": "1", "old.txt": "1", "fleet.json": "{}"}.items():
        store.put(f"small/{name}", text.encode())
    made = tmp_path / "made"
    made.mkdir()
    for name in ("a.txt", "fleet.json", "z.txt"):
        (made / name).write_text("2")
    put, states = store.put, []

    def watched(name, content):
        states.append("small/fleet.json" in store.names("small"))
        put(name, content)

    monkeypatch.setattr(store, "put", watched)
    store.replace("small", made, "fleet.json")
    assert states == [False, False, False]
    assert store.names("small") == ["small/a.txt", "small/fleet.json", "small/z.txt"]


# ---- refused -----------------------------------------------------------------------------------


def test_an_address_of_something_else_is_refused(run, tmp_path, bucket):
    files, _ = bucket
    files.pipe_file("cities/photos/one.jpg", b"x")
    (tmp_path / "cities.csv").write_text("city,files\nA,a.csv\n")
    done = run("fleet", "cities.csv", "--out", "s3://cities/photos", check=False)
    assert done.returncode == 2
    assert "photos/one.jpg" in done.stderr or "one.jpg" in done.stderr
    assert files.find("cities/photos") == ["cities/photos/one.jpg"]


@pytest.mark.parametrize("address", ["nowhere://x/y", "s3://no-such-bucket/fleet"])
def test_a_store_that_cannot_be_used_is_a_sentence(run, tmp_path, bucket, address):
    (tmp_path / "cities.csv").write_text("city,files\nA,a.csv\n")
    done = run("fleet", "cities.csv", "--out", address, check=False)
    assert done.returncode == 2
    assert says("fleet.no_store", out=address, why="").split(" (")[0] in done.stderr
