"""A telephone on the street: areas, a walk written down, a task done; a lost line loses no draft."""

import pytest
from tests.browser.conftest import free_port, serving
from tests.stores import SAMPLE_CLOCK

from csa.ingest.designation import Candidate
from csa.program.areas import designate
from csa.program.roles import Act, Person
from csa.program.store.audit import Signed
from csa.program.store.engine import open_store
from csa.program.store.records import read_records
from csa.program.work import add_task

WIDE, HIGH, THUMB = 390, 844, 44
OFFICE = "Prevention team"
NOW = SAMPLE_CLOCK.now()
CELLS = ("89266ca8d37ffff", "89266ca8d23ffff")
SEEN = "Two lights are out at the corner."
SMALL = """(thumb) => {
  const main = document.querySelector('[data-testid=stMain]');
  const asked = 'a[href], button, summary, select, textarea, input, [role=button], [role=tab]';
  return [...main.querySelectorAll(asked)].flatMap((one) => {
    if (!one.checkVisibility({visibilityProperty: true, opacityProperty: true})) return [];
    // A link inside a sentence is as high as its line (WCAG 2.5.8 excepts it).
    if (one.matches('p a, li a, td a, small a')) return [];
    const box = (one.closest('label') || one.closest('[data-focus-within], [role=group]') || one)
      .getBoundingClientRect();
    const field = one.closest('[data-testid=stTextInputRootElement], [data-testid=stDateInputField]');
    const {width, height} = field ? field.getBoundingClientRect() : box;
    return width && height && (height < thumb - 0.5 || width < thumb - 0.5)
      ? [[(one.innerText || one.getAttribute('aria-label') || one.outerHTML).slice(0, 60),
          Math.round(width), Math.round(height)]] : [];
  });
}"""


@pytest.fixture
def store(tmp_path):
    path = tmp_path / "store.sqlite3"
    made = open_store(str(path), make=True)
    act = Act(Person(OFFICE, "chair"), Signed(OFFICE, "It was agreed.", NOW), NOW.date())
    designate(made, act, Candidate("B", "Hadderley", CELLS, {}))
    for what in ("Fix the lights", "Open the gym"):
        add_task(made, act, "B", {"what": what, "agency": "Works"})
    return path


def at_work(read, address):
    reader = read(f"{address}/measures?place=area:B", width=WIDE, height=HIGH)
    reader.page.get_by_text("Steps so far").wait_for()
    reader.settle()
    return reader


def open_work(page):
    page.locator("summary", has_text="Add to the work plan").click()


def sign(form):
    form.get_by_label("On behalf of (office)").fill(OFFICE)
    form.get_by_label("Why").fill("Seen on the walk.")


def form_of(page, name):
    return page.locator("[data-testid=stForm]").filter(has_text=name)


def test_a_walk_survives_a_reload_and_a_server_that_starts_again(read, store, tmp_path):
    port = free_port()
    with serving(tmp_path, port=port, CSA_STORE=str(store)) as address:
        reader = at_work(read, address)
        page = reader.page
        open_work(page)
        seen = form_of(page, "What was seen").get_by_label("What was seen")
        seen.fill(SEEN)
        page.reload()
        page.locator(".csa-back").wait_for()
        assert seen.input_value() == SEEN
    seen.press("End")
    page.wait_for_timeout(1000)  # the page has lost its server, and its session with it
    with serving(tmp_path, port=port, CSA_STORE=str(store)):
        page.wait_for_timeout(3000)
        reader.settle()
        assert seen.input_value() == SEEN
        form = form_of(page, "What was seen")
        sign(form)
        form.get_by_role("button", name="Save").click()
        page.locator(".csa-work li", has_text=SEEN).wait_for()
        reader.settle()
        [walk] = read_records(open_store(str(store))).meetings
        assert (walk.kind, walk.note) == ("walk", SEEN)
        # What is saved is kept nowhere else.
        assert page.evaluate("Object.keys(localStorage).filter((k) => k.includes('walk'))") == []
        page.reload()
        page.get_by_text("Steps so far").wait_for()
        reader.settle()
        assert seen.input_value() == ""


def test_another_person_at_the_same_browser_finds_no_draft(read, store, tmp_path):
    with serving(tmp_path, CSA_STORE=str(store)) as address:
        page = at_work(read, address).page
        open_work(page)
        form_of(page, "What was seen").get_by_label("What was seen").fill(SEEN)
        kept = "JSON.stringify(localStorage).includes('Two lights')"
        assert page.evaluate(kept)
        page.evaluate("localStorage.setItem('csa-draft-writer', 'somebody else')")
        page.reload()
        page.get_by_text("Steps so far").wait_for()
        page.wait_for_timeout(1000)
        assert not page.evaluate(kept)
        seen = form_of(page, "What was seen").get_by_label("What was seen")
        assert seen.input_value() == ""


def test_a_task_is_marked_done_with_a_thumb(read, store, tmp_path):
    with serving(tmp_path, CSA_STORE=str(store)) as address:
        reader = at_work(read, address)
        page = reader.page
        reader.assert_fits()
        open_work(page)
        page.get_by_text("Mark a task done", exact=True).click()
        reader.settle()
        form = form_of(page, "Mark as done")
        sign(form)
        reader.assert_fits()
        form.get_by_role("button", name="Mark as done").click()
        page.locator(".csa-work li", has_text="done").wait_for()
        assert sorted(row.status for row in read_records(open_store(str(store))).tasks) == [
            "done",
            "not-started",
        ]


def test_no_page_scrolls_sideways_at_320_px(read, sample_app):
    """As wide as a window of 1280 px whose letters are made four times as large (WCAG 1.4.10)."""
    reader = read(sample_app, width=320, height=600)
    reader.page.locator(".st-key-pages a").last.wait_for(state="attached")
    pages = reader.page.locator(".st-key-pages a").evaluate_all("all => all.map((a) => a.href)")
    assert len(pages) >= 14
    for address in pages:
        reader.page.goto(address)
        reader.page.wait_for_selector("h1")
        reader.settle()
        reader.assert_fits()


def test_whatever_is_pressed_is_as_large_as_a_thumb_and_nothing_scrolls_sideways(
    read, store, tmp_path
):
    found = {}
    with serving(tmp_path, CSA_STORE=str(store)) as address:
        reader = at_work(read, address)
        open_work(reader.page)
        reader.page.get_by_text("Mark a task done", exact=True).click()
        for name in ("measures", "", "areas", 'plan?plan={"look":"cards"}', "meeting"):
            if name != "measures":
                reader.page.goto(f"{address}/{name}")
                reader.page.wait_for_selector("h1")
            reader.settle()
            reader.assert_fits()
            found[name] = reader.page.evaluate(SMALL, THUMB)
    assert {name: small for name, small in found.items() if small} == {}
