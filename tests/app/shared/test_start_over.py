"""The made-up program on the pages: each opens filled, and one click starts it over."""

import shutil

import pytest
from streamlit.testing.v1 import AppTest
from tests.app.conftest import open_page, words
from tests.sentences import says
from tests.stores import SAMPLE_CLOCK, act

from csa.program.store.engine import open_store
from csa.program.work import add_lesson
from csa.synthetic.story import TODAY


@pytest.fixture
def start(root, story_folder, monkeypatch, tmp_path):
    """Open a page of the sample with a store of its own, filled with the story."""
    address = tmp_path / "store.sqlite3"
    shutil.copy(story_folder / "store.sqlite3", address)
    monkeypatch.setenv("CSA_CITY", str(story_folder / "dataset"))
    monkeypatch.setenv("CSA_STORE", str(address))

    def opened(page="briefing", **environment):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        made = AppTest.from_file(
            str(root / "app" / "csa_app" / "main.py"), default_timeout=120
        ).run()
        if page == "briefing":
            return made
        return open_page(made, f"screens/{page}/page.py").run()

    opened.address = str(address)
    return opened


@pytest.mark.long
def test_one_click_throws_changes_away_and_brings_the_story_back(start):
    store = open_store(start.address)
    first = store.head()
    add_lesson(store, act(on=TODAY, at=SAMPLE_CLOCK.now()), "A", "It helps to ask.")
    assert store.head() != first
    shown = start()
    shown.button(key="start over").click().run()
    assert not shown.exception
    assert store.head() == first
    assert says("start_over.done") in words(shown)
    store.engine.dispose()


def test_it_is_offered_on_ones_own_machine_alone(start):
    shown = start(CSA_ACCESS="public")
    assert says("start_over.stays") not in words(shown)
    assert "start over" not in {one.key for one in shown.button}
