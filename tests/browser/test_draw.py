"""Draw on a telephone: a list is closed, the seed said, and the dates drawn, without a sideways scroll."""

from tests.browser.axe import faults
from tests.browser.conftest import serving
from tests.sentences import says

SEED = "Lottery of September 4: 11-22-33"


def test_a_list_is_closed_and_drawn_on_a_telephone(read, tmp_path):
    with serving(tmp_path) as address:
        reader = read(f"{address}/draw", width=390)
        page = reader.page
        page.get_by_text(says("draw_page.none_yet")).wait_for()
        page.get_by_role("button", name=says("draw_page.prepare")).click()
        page.get_by_role("textbox", name=says("draw_page.source")).fill("The lottery")
        reader.sign("Prevention team", "All are alike.")
        page.get_by_role("button", name=says("draw_page.close")).click()
        page.get_by_text(says("draw_page.waits")).wait_for()
        reader.settle()
        reader.assert_fits()
        assert faults(page) == {}
        page.get_by_role("textbox", name=says("draw_page.seed")).fill(SEED)
        page.get_by_text(says("draw_page.is_said")).click()
        reader.sign("Prevention team", "Said in the hall.")
        page.get_by_role("button", name=says("draw_page.draw")).click()
        page.get_by_text(says("draw_page.same")).wait_for()
        reader.settle()
        reader.assert_fits()
        assert faults(page) == {}
