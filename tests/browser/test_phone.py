"""A telephone on the street: a walk written down, a task added and done; a lost line loses no draft."""

import pytest
from tests.browser.axe import faults
from tests.browser.conftest import free_port, serving
from tests.stores import SAMPLE_CLOCK

from csa.ingest.designation import Candidate
from csa.program.areas import designate
from csa.program.roles import Act, Person
from csa.program.store.audit import Signed
from csa.program.store.engine import open_store
from csa.program.store.records import read_records
from csa.program.work import add_question, add_task

THUMB = 44
KNOWN = {"target-size"}
"""What axe finds with every form open: the steps of a number field are small."""
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


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("phone")
    store = open_store(str(made / "store.sqlite3"), make=True)
    act = Act(Person(OFFICE, "chair"), Signed(OFFICE, "It was agreed.", NOW), NOW.date())
    designate(store, act, Candidate("B", "Hadderley", CELLS, {}))
    for what in ("Fix the lights", "Open the gym"):
        add_task(store, act, "B", {"what": what, "agency": "Works"})
    add_question(store, act, "B", "Why is it dark?")
    return made


@pytest.fixture(scope="module")
def address(folder):
    with serving(folder) as found:
        yield found


@pytest.fixture
def at_work(read):
    def open_it(address, scheme="light"):
        reader = read(f"{address}/measures?place=area:B", width=390, height=844, scheme=scheme)
        reader.page.get_by_text("Steps so far").wait_for()
        reader.settle()
        reader.page.locator("summary", has_text="Add to the work plan").click()
        return reader

    return open_it


def form_of(page, name):
    return page.locator("[data-testid=stForm]").filter(has_text=name)


def sign(form):
    form.get_by_label("On behalf of (office)").fill(OFFICE)
    form.get_by_label("Why").fill("Seen on the walk.")


def records(folder):
    return read_records(open_store(str(folder / "store.sqlite3")))


def test_a_walk_survives_a_reload_and_a_server_that_starts_again(at_work, folder):
    port = free_port()
    with serving(folder, port=port) as address:
        reader = at_work(address)
        page = reader.page
        seen = form_of(page, "What was seen").get_by_label("What was seen")
        seen.fill(SEEN)
        page.reload()
        page.locator(".csa-back").wait_for()
        assert seen.input_value() == SEEN
    seen.press("End")
    page.wait_for_timeout(1000)  # the page has lost its server, and its session with it
    with serving(folder, port=port):
        page.wait_for_timeout(3000)
        reader.settle()
        assert seen.input_value() == SEEN
        form = form_of(page, "What was seen")
        sign(form)
        form.get_by_role("button", name="Save").click()
        page.locator(".csa-work li", has_text=SEEN).wait_for()
        reader.settle()
        [walk] = records(folder).meetings
        assert (walk.kind, walk.note) == ("walk", SEEN)
        # What is saved is kept nowhere else.
        assert page.evaluate("Object.keys(localStorage).filter((k) => k.includes('walk'))") == []
        page.reload()
        page.get_by_text("Steps so far").wait_for()
        reader.settle()
        assert seen.input_value() == ""


def test_another_person_at_the_same_browser_finds_no_draft(at_work, address):
    page = at_work(address).page
    seen = form_of(page, "What was seen").get_by_label("What was seen")
    seen.fill(SEEN)
    kept = "JSON.stringify(localStorage).includes('Two lights')"
    assert page.evaluate(kept)
    page.evaluate("localStorage.setItem('csa-draft-writer', 'somebody else')")
    page.reload()
    page.get_by_text("Steps so far").wait_for()
    page.wait_for_timeout(1000)
    assert not page.evaluate(kept)
    assert seen.input_value() == ""


def test_a_task_is_refused_unsigned_written_at_once_and_marked_done_with_a_thumb(
    at_work, address, folder
):
    reader = at_work(address)
    page = reader.page
    page.get_by_role("radio", name="Add a task").or_(
        page.get_by_role("button", name="Add a task")
    ).click()
    form = form_of(page, "What needs to be done")
    form.get_by_label("What needs to be done").fill("Paint the crossing")
    form.get_by_label("Agency").fill("Public Works")
    form.get_by_role("button", name="Save").click()
    page.get_by_text("Add the office you are speaking for").wait_for()
    assert form.get_by_label("What needs to be done").input_value() == "Paint the crossing"
    sign(form)
    form.get_by_role("button", name="Save").click()
    page.locator(".csa-work li", has_text="Paint the crossing").wait_for()
    page.get_by_text("Saved.").wait_for()
    reader.settle()
    page.get_by_text("Mark a task done", exact=True).click()
    reader.settle()
    form = form_of(page, "Mark as done")
    sign(form)
    reader.assert_fits()
    form.get_by_role("button", name="Mark as done").click()
    page.locator(".csa-work li", has_text="done").wait_for()
    tasks = records(folder).tasks
    assert [row.agency for row in tasks if row.what == "Paint the crossing"] == ["Public Works"]
    assert [row.status for row in tasks].count("done") == 1


def test_whatever_is_pressed_is_as_large_as_a_thumb_and_axe_finds_no_fault(at_work, address):
    reader = at_work(address, scheme="dark")
    page, found = reader.page, {}
    page.get_by_text("Mark a task done", exact=True).click()
    reader.settle()
    found["measures"] = page.evaluate(SMALL, THUMB)
    for name in ("Enter or define measures", "Decide the next step"):
        page.locator("summary", has_text=name).first.click()
    reader.settle()
    assert set(faults(page)) <= KNOWN
    reader.assert_fits()
    for name in ("", "areas", 'plan?plan={"look":"cards"}', "meeting"):
        page.goto(f"{address}/{name}")
        page.wait_for_selector("h1")
        reader.settle()
        reader.assert_fits()
        found[name] = page.evaluate(SMALL, THUMB)
    assert {name: small for name, small in found.items() if small} == {}
