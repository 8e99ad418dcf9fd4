"""What each page says, whole, as somebody last read it: tests/looks/words is a proof to be read.

After a change that is meant, `CSA_KEEP_LOOKS=1` writes the texts anew; read their difference.
"""

import re
import shutil

import pytest
from streamlit.testing.v1 import AppTest
from tests.app.conftest import URL_PATHS, open_page
from tests.app.page_text import acts, page_lines, what_changed
from tests.looking import is_as_read

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


def test_a_changed_word_is_seen(tmp_path, monkeypatch):
    monkeypatch.setattr("tests.looking.WORDS", tmp_path)
    (tmp_path / "a.txt").write_text("Fewer here\n", encoding="utf-8")
    monkeypatch.delenv("CSA_KEEP_LOOKS", raising=False)
    assert is_as_read(["Fewer here"], "a")
    with pytest.raises(pytest.fail.Exception, match="More here"):
        is_as_read(["More here"], "a")
