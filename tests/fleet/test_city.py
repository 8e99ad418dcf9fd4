"""One city's task in this process: made once, again only when something changed, never in part."""

import json

import pytest

from csa.areas.file_format import list_versions
from csa.base.errors import OutputError
from csa.base.io import held
from csa.fleet import city as city_task
from csa.fleet.city import CityFolder, take_fingerprints, work_city
from csa.fleet.manifest import FleetCity
from tests.fleet.cities import write_broken, write_city
from tests.sentences import says

VERSION = list_versions()["csa"]
COMMANDS = city_task._commands


@pytest.fixture
def ran(monkeypatch):
    """Run only the first command, in earnest; list what ran."""
    names, really_run = [], city_task._run_command

    def run(words):
        names.append(words[0])
        return really_run(words)

    monkeypatch.setattr(city_task, "_run_command", run)
    monkeypatch.setattr(city_task, "_commands", lambda *given: [next(COMMANDS(*given))])
    return names


@pytest.fixture
def town_city(tmp_path):
    return FleetCity("Small", "small", (str(write_city(tmp_path / "small", 11)),))


def tree(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_city_is_made_once_and_again_only_when_its_data_change(tmp_path, ran, town_city):
    out = tmp_path / "out"
    row = work_city(town_city, str(out), VERSION)
    assert (row["state"], row["is_new"], row["why"]) == ("done", True, "")
    assert row["incidents"] > 500
    assert row["areas"] > 0
    first = tree(out / "small")
    assert {"fleet.json", "said.txt", "config/small.toml"} <= set(first)
    assert work_city(town_city, str(out), VERSION) == {**row, "is_new": False}
    assert ran == ["start"]
    path = tmp_path / "small" / "shootings.csv"
    path.write_text("\n".join(path.read_text().splitlines()[:-40]) + "\n")
    fewer = work_city(town_city, str(out), VERSION)
    assert fewer["is_new"]
    assert fewer["incidents"] < row["incidents"]
    assert ran == ["start", "start"]
    assert not (out / ".fleet" / "work" / "small").exists()


def test_each_of_data_neighbors_settings_and_name_is_in_the_fingerprints(
    tmp_path, town_city, monkeypatch
):
    def prints(city=town_city):
        return json.dumps(take_fingerprints(city, [tmp_path / "small" / "shootings.csv"], None))

    seen = {prints()}
    monkeypatch.setenv("CSA_MONTHS", "24")
    seen.add(prints())
    (tmp_path / "small" / "parks.geojson").write_text("{}")  # `csa start` may take it
    seen.add(prints())
    seen.add(prints(FleetCity("Other", "other", town_city.files)))
    monkeypatch.setattr(city_task, "list_versions", lambda: {"csa": "9"})
    seen.add(prints())
    assert len(seen) == 5
    monkeypatch.setenv("CSA_STORE", "elsewhere.sqlite3")  # nothing of it is read
    assert prints() in seen


def test_a_config_s_own_data_plan_and_text_are_in_the_fingerprints(root, monkeypatch):
    monkeypatch.chdir(root)
    city = FleetCity("Sample", "sample", (), str(root / "config" / "sample.toml"))
    found = take_fingerprints(city, [], None)
    names = {name for name, _ in found["data"]}
    assert {"shootings.csv", "neighborhoods.geojson", "population.csv", "services.csv"} <= names
    files = {name for name, _ in found["params"]["files"]}
    assert files == {"sample.toml", "kansas-city-psp.toml"}


def test_a_worker_that_dies_between_steps_loses_none_of_them(tmp_path, ran, town_city, monkeypatch):
    def two_steps(*given):
        yield next(COMMANDS(*given))
        work = CityFolder(tmp_path / "out", "small").work
        (work / "var" / ".csa-tmp-proposal-x").mkdir()
        raise KeyboardInterrupt

    monkeypatch.setattr(city_task, "_commands", two_steps)
    with pytest.raises(KeyboardInterrupt):
        work_city(town_city, str(tmp_path / "out"), VERSION)
    assert not (tmp_path / "out" / "small").exists()
    monkeypatch.setattr(city_task, "_commands", lambda *given: [next(COMMANDS(*given))])
    assert work_city(town_city, str(tmp_path / "out"), VERSION)["state"] == "done"
    assert ran == ["start"]
    assert not list((tmp_path / "out").rglob(".csa-tmp-*"))


def test_a_city_that_breaks_is_told_in_a_sentence_and_keeps_its_last_result(
    tmp_path, ran, town_city
):
    out = tmp_path / "out"
    work_city(town_city, str(out), VERSION)
    good = tree(out / "small")
    path = tmp_path / "small" / "shootings.csv"
    path.write_bytes(write_broken(tmp_path / "broken").read_bytes())
    row = work_city(town_city, str(out), VERSION)
    assert (row["state"], row["incidents"]) == ("failed", None)
    assert row["why"] == says("start.no_place", path="shootings.csv")
    assert tree(out / "small") == good


def test_another_version_and_a_city_that_is_being_made_are_refused(tmp_path, town_city):
    other = work_city(town_city, str(tmp_path / "out"), "0.0.7")
    assert other["why"] == says("fleet.other_version", own=VERSION, asked="0.0.7")
    folder = CityFolder(tmp_path / "out", "small")
    with held(folder.lock, OutputError("fleet.busy", out="")):
        busy = work_city(town_city, str(tmp_path / "out"), VERSION)
    assert busy["why"] == says("fleet.city_busy", city="Small")


def test_a_file_by_url_is_fetched_and_an_unreadable_address_is_a_sentence(tmp_path, ran, town_city):
    by_path = work_city(town_city, str(tmp_path / "a"), VERSION)
    urls = tuple(f"file://{path}" for path in town_city.files)
    places = f"file://{tmp_path}/small/neighborhoods.geojson"
    by_url = work_city(FleetCity("Small", "small", urls, "", places), str(tmp_path / "b"), VERSION)
    assert by_url == by_path
    results = [tree(tmp_path / name / "small" / "var") for name in ("a", "b")]
    assert results[0] == results[1]
    for address in ("nowhere://x/y.csv", f"file://{tmp_path}/absent.csv"):
        row = work_city(FleetCity("Gone", "gone", (address,)), str(tmp_path / "b"), VERSION)
        assert row["state"] == "failed"
        assert address in row["why"]
