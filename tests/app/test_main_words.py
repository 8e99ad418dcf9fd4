"""What each page says, whole, as somebody last read it: tests/looks/words is a proof to be read.

After a change that is meant, `CSA_KEEP_LOOKS=1` writes the texts anew; read their difference.
"""

import math
import re
import shutil

import pytest
from tests.app.conftest import EAST, EXTRA_PAGES, URL_PATHS, WEST
from tests.app.page_text import acts, page_lines, what_changed
from tests.looking import is_as_read

from csa.city.dataset import save_dataset
from csa.city.loading import load_city
from csa.ingest.intake import ingest_city
from csa.ingest.sources import Inputs

SCREENS = (
    *("briefing", "community", "compare", "data", "displacement"),
    *("find_areas", "measures", "meeting", "new_city", "new_month", "plan"),
    *("reports", "services", "track_record", "why_here", "zones"),
    *EXTRA_PAGES,
)
"""All but Method, whose words are docs/METHODS.md's."""
AT_MOST = 2
"""So many of a list's choices are tried."""


UNMARKED = ("fleet", "community")
"""Other cities, and what is made for residents, whose page within the page has the mark."""


@pytest.fixture
def program(visit, story_folder, tmp_path):
    """Open a page of the made-up program, or of its city before anything was decided."""

    def call(screen, *, is_filled=True):
        store = tmp_path / "store.sqlite3"
        store.unlink(missing_ok=True)
        if is_filled:
            shutil.copy(story_folder / "store.sqlite3", store)
        shown = visit(screen, CSA_CITY=story_folder / "dataset")
        assert not shown.exception
        assert not shown.error
        return shown

    return call


@pytest.fixture
def is_read(story_folder):
    """Compare with what is kept, but for the folder of this run."""
    folder = re.compile(re.escape(str(story_folder.parent)) + r"(/popen-gw\d+)?")
    return lambda lines, name: is_as_read([folder.sub("", line) for line in lines], name)


def test_no_page_is_left_out(root):
    found = {path.parent.name for path in (root / "app" / "csa_app").glob("*/*/page.py")}
    assert found == {*SCREENS, "method"}
    assert URL_PATHS.keys() <= found


@pytest.mark.parametrize("screen", SCREENS)
def test_a_page_says_what_was_read(program, is_read, screen):
    shown = program(screen)
    before = page_lines(shown)
    assert is_marked(before) or screen in UNMARKED
    lines = [*before]
    tried = {}
    for name, act in acts(shown):
        kind = name.partition(":")[0]
        tried[kind] = tried.get(kind, 0) + 1
        if tried[kind] <= AT_MOST:
            changed = program(screen)
            act(changed)
            assert not changed.exception, name
            lines += ["", f"== {name}", *what_changed(before, page_lines(changed))]
    assert is_read(lines, f"page-{screen}")


def is_marked(lines):
    return any("SAMPLE: synthetic city" in line and "August 21, 2020" in line for line in lines)


@pytest.mark.parametrize("screen", SCREENS)
def test_a_page_before_anything_was_decided_says_what_was_read(program, is_read, screen):
    lines = page_lines(program(screen, is_filled=False))
    assert is_marked(lines) or screen in UNMARKED
    assert is_read(lines, f"page-{screen}-bare")


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


@pytest.mark.parametrize("screen", [screen for screen in SCREENS if screen != "fleet"])
def test_a_page_of_another_city_says_what_was_read(visit, other_city, screen, tmp_path):
    months, town, dataset = other_city
    store = tmp_path / "none.sqlite3"
    shown = visit(screen, CSA_CITY=town.config, CSA_DATASET=dataset, CSA_STORE=store)
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
