"""One city's task in this process: made once, again only when something changed, never in part."""

import json

import pytest
from tests.extras.fleet.cities import write_broken, write_city
from tests.sentences import says

from csa.areas.file_format import list_versions
from csa.base.errors import OutputError
from csa.base.io import locked_folder
from csa.extras.fleet import city as city_task
from csa.extras.fleet.city import CityFolder, take_fingerprints
from csa.extras.fleet.commands import print_step
from csa.extras.fleet.manifest import FleetCity

VERSION = list_versions()["csa"]
STEPS = city_task._steps


def work_city(city, out, version=VERSION):
    return city_task.work_city(city, out, version, print_step)


@pytest.fixture
def ran(monkeypatch):
    """Take only the first step, in earnest; list what was taken."""
    names, set_up = [], city_task.set_up_files

    def taken(*given):
        names.append("start")
        return set_up(*given)

    monkeypatch.setattr(city_task, "set_up_files", taken)
    monkeypatch.setattr(city_task, "_steps", lambda *given: [next(STEPS(*given))])
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


@pytest.mark.long
def test_a_city_is_made_once_and_again_only_when_its_data_change(tmp_path, ran, town_city):
    out = tmp_path / "out"
    row = work_city(town_city, str(out))
    assert (row["state"], row["is_new"], row["why"]) == ("done", True, "")
    assert row["incidents"] > 500
    assert row["areas"] > 0
    first = tree(out / "small")
    assert {"fleet.json", "said.txt", "config/small.toml"} <= set(first)
    assert work_city(town_city, str(out)) == {**row, "is_new": False}
    assert ran == ["start"]
    path = tmp_path / "small" / "shootings.csv"
    path.write_text("\n".join(path.read_text().splitlines()[:-40]) + "\n")
    fewer = work_city(town_city, str(out))
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
    assert files - {"csa.toml"} == {"sample.toml", "kansas-city-psp.toml"}


@pytest.mark.long
def test_a_worker_that_dies_between_steps_loses_none_of_them(tmp_path, ran, town_city, monkeypatch):
    def two_steps(*given):
        yield next(STEPS(*given))
        work = CityFolder(tmp_path / "out", "small").work
        (work / "var" / ".csa-tmp-proposal-x").mkdir()
        raise KeyboardInterrupt

    monkeypatch.setattr(city_task, "_steps", two_steps)
    with pytest.raises(KeyboardInterrupt):
        work_city(town_city, str(tmp_path / "out"))
    assert not (tmp_path / "out" / "small").exists()
    monkeypatch.setattr(city_task, "_steps", lambda *given: [next(STEPS(*given))])
    assert work_city(town_city, str(tmp_path / "out"))["state"] == "done"
    assert ran == ["start"]
    assert not list((tmp_path / "out").rglob(".csa-tmp-*"))


@pytest.mark.long
@pytest.mark.parametrize("lost", ["fingerprints", "row"])
def test_a_city_whose_marker_lacks_a_part_is_made_again(tmp_path, ran, town_city, lost):
    out = tmp_path / "out"
    work_city(town_city, str(out))
    marker = out / "small" / "fleet.json"
    whole = json.loads(marker.read_text())
    marker.write_text(json.dumps({name: one for name, one in whole.items() if name != lost}))
    row = work_city(town_city, str(out))
    assert (row["state"], row["is_new"], ran) == ("done", True, ["start", "start"])
    assert json.loads(marker.read_text()) == whole


@pytest.mark.long
def test_steps_without_what_they_printed_are_taken_again(tmp_path, ran, town_city, monkeypatch):
    steps = CityFolder(tmp_path / "out", "small").work / "steps.json"

    def dies(*given):
        yield next(STEPS(*given))
        raise KeyboardInterrupt

    monkeypatch.setattr(city_task, "_steps", dies)
    with pytest.raises(KeyboardInterrupt):
        work_city(town_city, str(tmp_path / "out"))
    found = json.loads(steps.read_text())
    steps.write_text(json.dumps({"fingerprints": found["fingerprints"]}))
    monkeypatch.setattr(city_task, "_steps", lambda *given: [next(STEPS(*given))])
    assert work_city(town_city, str(tmp_path / "out"))["state"] == "done"
    assert ran == ["start", "start"]


@pytest.mark.long
def test_a_city_that_breaks_is_told_in_a_sentence_and_keeps_its_last_result(
    tmp_path, ran, town_city
):
    out = tmp_path / "out"
    work_city(town_city, str(out))
    good = tree(out / "small")
    path = tmp_path / "small" / "shootings.csv"
    path.write_bytes(write_broken(tmp_path / "broken").read_bytes())
    row = work_city(town_city, str(out))
    assert (row["state"], row["incidents"]) == ("failed", None)
    assert row["why"] == says("start.no_place", path="shootings.csv")
    assert tree(out / "small") == good


def test_a_city_too_young_to_be_followed_has_its_areas_all_the_same(tmp_path, monkeypatch):
    def few(*given):
        return (one for one in STEPS(*given) if one.words[0] in {"start", "propose", "displace"})

    monkeypatch.setattr(city_task, "_steps", few)
    path = write_city(tmp_path / "young", 11, since="2019-03")
    out = tmp_path / "out"
    row = work_city(FleetCity("Young", "young", (str(path),)), str(out))
    assert (row["state"], row["why"], row["displacement"]) == ("done", "", None)
    assert row["areas"] > 0
    assert "Too few months before 2019-" in (out / "young" / "said.txt").read_text()


def test_another_version_and_a_city_that_is_being_made_are_refused(tmp_path, town_city):
    other = work_city(town_city, str(tmp_path / "out"), "0.0.7")
    assert other["why"] == says("fleet.other_version", own=VERSION, asked="0.0.7")
    folder = CityFolder(tmp_path / "out", "small")
    with locked_folder(folder.lock, OutputError("fleet.busy", out="")):
        busy = work_city(town_city, str(tmp_path / "out"))
    assert busy["why"] == says("fleet.city_busy", city="Small")


@pytest.mark.long
def test_files_in_a_bucket_give_the_same_city_and_a_changed_one_makes_it_anew(
    tmp_path, ran, town_city, bucket
):
    files, server = bucket
    here, out = tmp_path / "small", str(tmp_path / "out")
    files.put(str(here / "shootings.csv"), "cities/small/shootings.csv")
    files.put(str(here / "neighborhoods.geojson"), "cities/small/neighborhoods.geojson")
    at = "s3://cities/small"
    stored = FleetCity(
        "Small", "small", (f"{at}/shootings.csv",), "", f"{at}/neighborhoods.geojson"
    )
    row = work_city(stored, out)
    assert row == work_city(town_city, str(tmp_path / "by path"))
    results = [tree(tmp_path / name / "small" / "var") for name in ("out", "by path")]
    assert results[0] == results[1]
    assert work_city(stored, out) == {**row, "is_new": False}
    fewer = (here / "shootings.csv").read_text().splitlines()[:-40]
    files.pipe("cities/small/shootings.csv", "\n".join([*fewer, ""]).encode())
    assert work_city(stored, out)["incidents"] < row["incidents"]
    kept = tree(tmp_path / "out" / "small")
    for address in (f"{at}/absent.csv", "s3://no-such-bucket/a.csv"):
        gone = work_city(FleetCity("Small", "small", (address,)), out)
        assert gone["why"].startswith(
            says("fleet.not_fetched", address=address, why="").split(" (")[0]
        )
    server.stop()
    gone = work_city(stored, out)
    assert (gone["state"], gone["is_new"]) == ("failed", True)
    assert gone["why"].startswith(f"{at}/shootings.csv can't be read (")
    assert tree(tmp_path / "out" / "small") == kept
    assert ran == ["start", "start", "start"]


@pytest.mark.long
def test_a_file_by_url_is_fetched_and_an_unreadable_address_is_a_sentence(tmp_path, ran, town_city):
    by_path = work_city(town_city, str(tmp_path / "a"))
    urls = tuple(f"file://{path}" for path in town_city.files)
    places = f"file://{tmp_path}/small/neighborhoods.geojson"
    by_url = work_city(FleetCity("Small", "small", urls, "", places), str(tmp_path / "b"))
    assert by_url == by_path
    results = [tree(tmp_path / name / "small" / "var") for name in ("a", "b")]
    assert results[0] == results[1]
    for address in ("nowhere://x/y.csv", f"file://{tmp_path}/absent.csv"):
        row = work_city(FleetCity("Gone", "gone", (address,)), str(tmp_path / "b"))
        assert row["state"] == "failed"
        assert address in row["why"]
