"""One seam: only the cache remembers, and what it remembers it by."""

import ast
import gc
import os
from dataclasses import replace
from weakref import ref

import pytest

import csa_app
from csa.areas.choices import AreaSettings
from csa.base.errors import CsaError
from csa.base.io import KEPT
from csa.base.params import Month
from csa.city.dataset import save_dataset
from csa.city.loading import load_city
from csa.ingest.intake import ingest_city
from csa.ingest.sources import Inputs
from csa_app.shared import cache
from csa_app.shared.city_session import CitySession
from csa_app.shared.settings import Deployment

REMEMBERS = {"cache_data", "cache_resource", "experimental_memo", "experimental_singleton"}


def trees(root):
    for path in sorted((root / "app" / "csa_app").rglob("*.py")):
        yield path, ast.parse(path.read_text(encoding="utf-8"))


def named(tree):
    return {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)} | {
        name.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for name in node.names
    }


def test_only_the_cache_remembers(root):
    found = {
        path.relative_to(root / "app" / "csa_app").as_posix()
        for path, tree in trees(root)
        if named(tree) & REMEMBERS
    }
    assert found == {"shared/cache.py", "shared/cache_store.py"}


def test_nothing_is_remembered_by_a_table_or_by_a_citys_content(root):
    """Each key is a text, a number, choices or what has a key; what is large begins with `_`."""
    kept = [
        (path.parent.name + "/" + path.name, node, decorator)
        for path, tree in trees(root)
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
        for decorator in map(ast.unparse, node.decorator_list)
        if decorator.startswith(("of_city", "of_incidents", "st.cache_"))
    ]
    assert len(kept) >= 30
    rooms = {f"shared/cache{part}.py" for part in ("", "_change", "_report", "_store")}
    of_extras = {"trial/parts.py", "research/parts.py"}
    assert {name for name, *_ in kept} - of_extras == rooms
    keyed = {"CitySession", "ReportBasis", "Facts", "AreaSettings", "AreaSelection", "CellSet"}
    small = {"str", "int", "bool", "bytes", "Month", "Month | None", "Path", "frozenset[str]"}
    rows = {"tuple[tuple[str, str], ...]", "Sequence[tuple[str, str, CellSet]]"}
    for name, function, decorator in kept:
        types = {
            ast.unparse(argument.annotation)
            for argument in (*function.args.args, *function.args.kwonlyargs)
            if not argument.arg.startswith("_")
        }
        assert types <= keyed | small | rows, (name, function.name)
        assert "max_entries=" in decorator, f"{function.name} would grow without end"
        assert ("keys=OF_BASIS" in decorator) == bool(types & {"ReportBasis", "Facts"})


def test_the_screens_sit_beside_the_library_and_not_in_it(root):
    assert csa_app.__file__ == str(root / "app" / "csa_app" / "__init__.py")


def test_a_download_is_written_when_it_is_asked_for_and_not_before(city, monkeypatch):
    asked, write = [], cache.export
    monkeypatch.setattr(cache, "export", lambda *of: asked.append(of) or write(*of))
    promise = cache.download(city.proposal, "areas.csv")
    assert asked == []
    assert promise().startswith(b"area_id,served_as,")
    assert asked == [(city.proposal, "areas.csv")]


@pytest.mark.parametrize("resolution", [8, 10])
def test_what_is_remembered_is_what_the_library_says(city, tmp_path, resolution):
    opened = CitySession(
        city.config, city.dataset, tmp_path, incidents_key=f"test {city.dataset.fingerprint}"
    )
    choices = replace(city.choices, until=None, resolution=resolution)
    first = cache.analysis(opened, choices).proposal
    assert cache.analysis(opened, choices).proposal is first
    assert cache.cells(opened, resolution) is cache.cells(opened, resolution)
    assert first.summary["params"]["resolution"] == resolution
    then = cache.analysis(opened, choices).proposed(Month(2020, 5))
    assert cache.analysis(opened, choices).proposed(Month(2020, 5)) is then
    assert len(then.cells) == len(then.labels) == 0 < len(first.cells)
    sheet = cache.sheet(opened, choices, "c-2")
    assert cache.sheet(opened, choices, "c-2") is sheet
    assert sheet.area["area_id"] == "c-2"
    assert cache.services(opened, choices) is None
    assert cache.risk(opened, frozenset()) is None
    assert cache.risk_layer(opened) is None


def test_another_dataset_is_another_key(city, tmp_path):
    one, other = (
        CitySession(city.config, city.dataset, tmp_path, incidents_key=key)
        for key in ("one", "other")
    )
    choices = AreaSettings(months=3, min_samples=4, eps_m=200)
    assert cache.analysis(one, choices).proposal is not cache.analysis(other, choices).proposal


# ---- Opening a city -------------------------------------------------------------------------


@pytest.fixture
def served(town, tmp_path, monkeypatch):
    """Testville's files in a folder, and nothing made from them yet."""
    town.edit_config('id = "testville"', 'id = "testville"\nfiles = ["*.csv"]')
    town.write("a.csv", *[f"{k},{k},2020-05-04,0,-94.57,39.02,," for k in range(5)])
    made = Deployment(
        town.config, *[tmp_path / "var" / name for name in ("dataset", "basemap", "choices")]
    )
    for seam in (cache, cache):
        monkeypatch.setattr(seam, "deployment", lambda: made)
    monkeypatch.setenv("CSA_DATA_DIR", str(town.folder))
    return made


def test_a_city_without_a_dataset_is_read_once_from_its_files(served):
    steps = []
    assert cache.needs_reading()
    opened = cache.open_city(steps.append)
    assert opened.dataset.report["incidents"] == 5
    assert steps
    assert not cache.needs_reading()
    assert (served.basemap / "basemap.json").is_file()
    again = cache.open_city(steps.clear)
    assert again.dataset is opened.dataset
    assert again.key == opened.key


@pytest.mark.long
def test_a_new_dataset_and_a_changed_city_file_are_other_keys(served, town):
    first = cache.open_city()
    path = town.write("a.csv", *[f"{k},{k},2020-05-04,0,-94.57,39.02,," for k in range(9)])
    made = ingest_city(load_city(town.config), Inputs((path,), town.places))
    save_dataset(made.dataset, made.rejected, served.dataset)
    second = cache.open_city()
    assert second.dataset.report["incidents"] == 9
    town.edit_config("eps_m = 200", "eps_m = 250")
    third = cache.open_city()
    assert third.config.areas.eps_m == 250
    assert len({first.key, second.key, third.key}) == 3
    for opened in (first, second):  # another folder's first version is another dataset
        assert opened.dataset.fingerprint[:16] in opened.key


@pytest.mark.long
def test_a_record_kept_beside_the_data_leaves_the_incidents_on_their_cells(served, town):
    """Whatever else was worked out is forgotten, and takes no memory."""
    choices = AreaSettings(months=3, min_samples=4, eps_m=200)
    first = cache.open_city()
    located, proposal = cache.located(first, choices), ref(cache.analysis(first, choices).proposal)
    (served.dataset / KEPT / ".being-written").mkdir()
    for name, is_other in (("learned-1.json", False), ("past-years-1.json", True)):
        (served.dataset / KEPT / name).write_text("{}")
        assert (cache.open_city().key != first.key) == is_other, name
    second = cache.open_city()
    assert second.key != first.key
    gc.collect()
    assert proposal() is None
    assert cache.located(second, choices) is located


@pytest.mark.long
def test_new_data_leave_nothing_of_the_old(served, town):
    choices = AreaSettings(months=3, min_samples=4, eps_m=200)
    opened = cache.open_city()
    gone = [ref(cache.located(opened, choices)), ref(cache.analysis(opened, choices).proposal)]
    town.edit_config("eps_m = 200", "eps_m = 250")
    cache.open_city()
    gc.collect()
    assert [one() for one in gone] == [None, None]


def test_a_city_without_files_is_refused_and_leaves_nothing(served, town):
    (town.folder / "a.csv").unlink()
    with pytest.raises(CsaError):
        cache.open_city()
    assert not served.dataset.exists()


def test_a_damaged_background_is_no_background_until_it_is_made_anew(served, static):
    opened = cache.open_city()
    marker = served.basemap / "basemap.json"
    whole = marker.read_text(encoding="utf-8")
    marker.write_text("{", encoding="utf-8")
    with pytest.raises(CsaError):  # the map says why
        cache.geometry(opened, 9)
    marker.write_text(whole, encoding="utf-8")
    os.utime(marker, ns=(1, 1))
    assert cache.geometry(opened, 9)[0].layers == ("neighborhoods",)
    kept = cache.geometry(opened, 9)[0]
    os.utime(marker, ns=(2, 2))
    assert cache.geometry(opened, 9)[0] is not kept


def test_a_dataset_whose_layers_alone_are_new_is_another_key(served):
    """Services and scores are in no fingerprint."""
    first = cache.open_city()
    os.utime(served.dataset / "ingest.json", ns=(1, 1))
    assert cache.open_city().key != first.key


def test_a_city_without_layers_has_no_background(served, static):
    opened = cache.open_city()
    base, cells = cache.geometry(opened, 9)
    assert cache.geometry(opened, 9)[0] is base
    assert set(cells.number_of) == set(cache.cells(opened, 9).index.tolist())
