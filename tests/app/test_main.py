"""`python -m csa_app`: what the first reader would wait for is done before, and never in the way."""

import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from types import SimpleNamespace

import pytest
from tests.dockerfile import confined, first_page, free_port, get, set_writable

from csa.base.errors import ConfigError
from csa.city.dataset import City
from csa_app import __main__ as started
from csa_app.shared import cache, screen_state
from csa_app.shared.cache import FIRST_PAGE_IS_OUT
from csa_app.shared.city_session import CitySession
from csa_app.shared.settings import Deployment


class Asked:
    def __init__(self, given, asked):
        self.given, self.asked = given, asked

    @property
    def proposal(self):
        return self.asked.append(("proposal", *self.given))


def wait_for(address):
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            return get(address)
        except OSError:
            time.sleep(0.3)
    raise TimeoutError(address)


@pytest.fixture
def served(city, static, tmp_path, monkeypatch):
    """Testville, open; what was asked of the cache, in order."""
    asked = []
    opened = CitySession(city.config, city.dataset, tmp_path, incidents_key="k")
    monkeypatch.setattr(cache, "needs_reading", lambda: False)
    monkeypatch.setattr(cache, "open_city", lambda: asked.append("city") or opened)
    monkeypatch.setattr(cache, "analysis", lambda *given: Asked(given, asked))
    monkeypatch.setattr(cache, "priorities", lambda *given: asked.append(("priorities", *given)))
    monkeypatch.setattr(cache, "geometry", lambda *given: asked.append(("geometry", *given)))
    return SimpleNamespace(asked=asked, opened=opened)


# ---- By hand --------------------------------------------------------------------------------


def test_the_city_its_first_areas_their_map_and_how_sure_they_are_are_made_ready(served):
    started.warm_up()
    first = screen_state.first_choices(City(served.opened.config, served.opened.dataset))
    assert served.asked == [
        "city",
        ("proposal", served.opened, first),
        ("geometry", served.opened, first.resolution),
        ("priorities", served.opened, first),
    ]


def test_long_work_waits_until_a_first_page_is_out(monkeypatch):
    seen = []
    monkeypatch.setattr(started, "FIRST_PAGE_S", 0.2)
    monkeypatch.setattr(started, "warm_up", lambda: seen.append(FIRST_PAGE_IS_OUT.is_set()))
    started.get_ready()
    assert seen == [False]
    assert FIRST_PAGE_IS_OUT.wait(5)


def test_how_sure_areas_are_is_such_work(served, monkeypatch):
    class WaitedError(Exception):
        pass

    def wait():
        raise WaitedError

    monkeypatch.undo()
    monkeypatch.setattr(cache, "FIRST_PAGE_IS_OUT", SimpleNamespace(wait=wait))
    with pytest.raises(WaitedError):
        cache.priorities(served.opened, screen_state.first_choices(served.opened))
    assert served.asked == []


def test_options_go_to_streamlit_with_our_own_page(monkeypatch):
    ran = []
    monkeypatch.setattr(started, "streamlit", lambda: ran.append(list(sys.argv)))
    monkeypatch.setattr(started.bootstrap, "run_asgi_app", lambda: None)
    monkeypatch.setattr(sys, "argv", ["app", "--server.port", "8600"])
    started.main()
    assert ["streamlit", "run", str(started.SERVED), "--server.port", "8600"] in ran
    assert started.SERVED.is_file()


def test_old_geometry_is_removed_at_the_start(served, static):
    old = static / "geometry" / "abc"
    old.mkdir(parents=True)
    os.utime(old, (1, 1))
    started.warm_up()
    assert not old.exists()


@pytest.mark.system
def test_it_serves_from_a_folder_that_it_may_not_write(root, sample_folder, tmp_path):
    program, home, port = tmp_path / "program", tmp_path / "home", free_port()
    made_here = shutil.ignore_patterns("__pycache__", "geometry")
    shutil.copytree(root / "app" / "csa_app", program / "csa_app", ignore=made_here)
    set_writable(program, False)
    before = sorted(program.rglob("*"))
    folders = {"HOME": tmp_path, "CSA_HOME": home, "CSA_CITY": sample_folder, "PYTHONPATH": program}
    with (tmp_path / "log").open("wb") as log, subprocess.Popen(
        confined([sys.executable, "-P", "-m", "csa_app", "--server.port", port]),
        env=os.environ | {name: str(path) for name, path in folders.items()}, stdout=log, stderr=log,
    ) as server:  # fmt: skip
        try:
            wait_for(f"http://127.0.0.1:{port}/_stcore/health")
            shown = " ".join(map(str, first_page(f"ws://127.0.0.1:{port}")))
            script = re.search(r"app/static/geometry/\w+/cell_time\.js", shown)
            assert script is not None, shown
            assert get(f"http://127.0.0.1:{port}/{script[0]}")[0] == 200
        finally:
            server.terminate()
            server.wait(60)
            set_writable(program, True)
    assert "exception {" not in shown
    assert sorted(program.rglob("*")) == before
    assert list(home.glob("var/.geometry/*/geometry.json"))


# ---- At the edge ----------------------------------------------------------------------------


def test_a_city_that_must_be_read_first_is_left_to_the_page_that_shows_how_far_it_is(
    served, monkeypatch
):
    monkeypatch.setattr(cache, "needs_reading", lambda: True)
    started.warm_up()
    assert served.asked == []


# ---- Refused --------------------------------------------------------------------------------


def test_a_city_that_is_not_there_stops_nothing(static, monkeypatch):
    monkeypatch.setenv("CSA_CITY", "atlantis")
    with pytest.raises(ConfigError):
        cache.needs_reading()
    started.warm_up()


def test_a_damaged_dataset_stops_nothing(static, tmp_path, root, monkeypatch):
    (tmp_path / "ingest.json").write_text("{}", encoding="utf-8")
    none = tmp_path / "none"
    damaged = Deployment(root / "config" / "sample.toml", tmp_path, none, none)
    monkeypatch.setattr(cache, "deployment", lambda: damaged)
    started.warm_up()


# ---- True in general ------------------------------------------------------------------------


def test_make_run_the_container_and_the_browser_tests_start_the_same(root):
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    assert "set -- demo; else set -- serve" in makefile
    served = (root / "src" / "csa" / "cli" / "serve.py").read_text(encoding="utf-8")
    assert '"-m", "csa_app", "--server.port"' in served
    assert "streamlit run" not in makefile
    dockerfile = (root / "Dockerfile").read_text(encoding="utf-8")
    assert 'CMD ["python", "-m", "csa_app"' in dockerfile
    tests = (root / "tests" / "browser" / "conftest.py").read_text(encoding="utf-8")
    assert 'run=("csa_app",)' in tests


def test_a_fault_that_nobody_caught_offers_no_links_to_other_hosts(root):
    """Streamlit's own would carry the error's words to a search page and a chat."""
    text = (root / "app" / "csa_app" / ".streamlit" / "config.toml").read_text(encoding="utf-8")
    client = tomllib.loads(text)["client"]
    assert client["showErrorLinks"] is False
    assert client["showErrorDetails"] == "none"


def test_what_is_imported_before_the_server_starts_registers_no_component():
    """Its files would not be served, and every map would stay blank."""
    code = (
        "import sys\nfrom importlib import import_module\nfrom csa_app.__main__ import READY\n"
        "list(map(import_module, READY))\nprint('streamlit_folium' in sys.modules)"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert told.stdout.strip() == "False"
