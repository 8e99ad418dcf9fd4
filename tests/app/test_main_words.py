"""What each page says, whole, as somebody last read it: tests/looks/words is a proof to be read.

After a change that is meant, `CSA_KEEP_LOOKS=1` writes the texts anew; read their difference.
"""

import math
import re
import shutil

import pytest
from streamlit.testing.v1 import AppTest
from tests.app.conftest import EAST, URL_PATHS, WEST, open_page
from tests.app.page_text import acts, page_lines, what_changed
from tests.looking import is_as_read

from csa.city.dataset import save_dataset
from csa.city.loading import load_city
from csa.ingest.intake import ingest_city
from csa.ingest.sources import Inputs

SCREENS = (
    *("activities", "briefing", "cities", "community", "compare", "data", "displacement", "draw"),
    *("early_word", "find_areas", "measures", "meeting", "new_city", "new_month", "plan"),
    *("reports", "services", "track_record", "why_here", "zones"),
)
"""All but Method, whose words are docs/METHODS.md's."""
AT_MOST = 2
"""So many of a list's choices are tried."""


@pytest.fixture
def visit(root, story_folder, tmp_path, monkeypatch):
    """Open a page of the made-up program, or of its city before anything was decided."""
    monkeypatch.setenv("CSA_CITY", str(story_folder / "dataset"))

    def call(screen, *, is_filled=True):
        store = tmp_path / "store.sqlite3"
        store.unlink(missing_ok=True)
        if is_filled:
            shutil.copy(story_folder / "store.sqlite3", store)
        monkeypatch.setenv("CSA_STORE", str(store))
        made = AppTest.from_file(str(root / "app" / "csa_app" / "main.py"), default_timeout=120)
        return open_page(made, f"screens/{screen}/page.py").run()

    return call


@pytest.fixture
def is_read(story_folder):
    """Compare with what is kept, but for the folder of this run."""
    folder = re.compile(re.escape(str(story_folder.parent)) + r"(/popen-gw\d+)?")
    return lambda lines, name: is_as_read([folder.sub("", line) for line in lines], name)


def test_no_page_is_left_out(root):
    found = {path.parent.name for path in (root / "app" / "csa_app" / "screens").glob("*/page.py")}
    assert found == {*SCREENS, "method"}
    assert URL_PATHS.keys() <= found


@pytest.mark.parametrize("screen", SCREENS)
def test_a_page_says_what_was_read(visit, is_read, screen):
    shown = visit(screen)
    assert not shown.exception
    before = page_lines(shown)
    lines = [*before]
    tried = {}
    for name, act in acts(shown):
        kind = name.partition(":")[0]
        tried[kind] = tried.get(kind, 0) + 1
        if tried[kind] <= AT_MOST:
            changed = visit(screen)
            act(changed)
            assert not changed.exception, name
            lines += ["", f"== {name}", *what_changed(before, page_lines(changed))]
    assert is_read(lines, f"page-{screen}")


@pytest.mark.parametrize("screen", SCREENS)
def test_a_page_before_anything_was_decided_says_what_was_read(visit, is_read, screen):
    shown = visit(screen, is_filled=False)
    assert not shown.exception
    assert is_read(page_lines(shown), f"page-{screen}-bare")


TINY, METRIC = 5, 48
"""Months of data: too few for most pages, and enough; in kilometers, without a plan or services."""


def shootings(n_months):
    """Yield rows through June 2020: three a month in the west, two in the east, one elsewhere."""
    number = 0
    for month in range(2020 * 12 + 6 - n_months, 2020 * 12 + 6):
        for lon, lat in (WEST, WEST, WEST, EAST, EAST, (-94.55 + 0.001 * (month % 40), 39.045)):
            number += 1
            near = 0.0008 * math.sin(7 * number), 0.0008 * math.cos(11 * number)
            day = f"{month // 12}-{month % 12 + 1:02}-{1 + number % 28:02}"
            yield f"{number},{number},{day},{number % 3 % 2},{lon + near[0]:.6f},{lat + near[1]:.6f},,"


@pytest.fixture(scope="module", params=[TINY, METRIC], ids=["tiny", "metric"])
def other_city(request, new_town, tmp_path_factory):
    """A city's file and dataset on July 5, 2020, by how many months it has."""
    town = new_town()
    town.edit_config("[city]", "[city]\ntoday = 2020-07-05")
    path = town.write("list.csv", *shootings(request.param))
    config, out = load_city(town.config), tmp_path_factory.mktemp("other") / "dataset"
    intake = ingest_city(config, Inputs((path,), town.places))
    save_dataset(intake.dataset, intake.rejected, out)
    return request.param, town, out


@pytest.mark.parametrize("screen", [screen for screen in SCREENS if screen != "cities"])
def test_a_page_of_another_city_says_what_was_read(root, other_city, screen, tmp_path, monkeypatch):
    months, town, dataset = other_city
    monkeypatch.setenv("CSA_CITY", str(town.config))
    monkeypatch.setenv("CSA_DATASET", str(dataset))
    monkeypatch.setenv("CSA_STORE", str(tmp_path / "none.sqlite3"))
    made = AppTest.from_file(str(root / "app" / "csa_app" / "main.py"), default_timeout=120)
    shown = open_page(made, f"screens/{screen}/page.py").run()
    assert not shown.exception
    folders = re.compile("|".join(re.escape(str(place)) for place in (dataset, town.folder)))
    lines = [folders.sub("", line) for line in page_lines(shown)]
    assert is_as_read(lines, f"page-{screen}-{'tiny' if months == TINY else 'metric'}")


def test_a_changed_word_is_seen(tmp_path, monkeypatch):
    monkeypatch.setattr("tests.looking.WORDS", tmp_path)
    (tmp_path / "a.txt").write_text("Fewer here\n", encoding="utf-8")
    monkeypatch.delenv("CSA_KEEP_LOOKS", raising=False)
    assert is_as_read(["Fewer here"], "a")
    with pytest.raises(pytest.fail.Exception, match="More here"):
        is_as_read(["More here"], "a")
