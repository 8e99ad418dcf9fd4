"""Neighborhood measures in a real browser: no barrier, forms that keep, narrow and dark."""

import re
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from tests.browser.conftest import ROOT, serving
from tests.stores import SAMPLE_CLOCK
from tests.workers import slowly

from csa.ingest.designation import Candidate
from csa.program.areas import designate
from csa.program.measures import add_values
from csa.program.plan.loading import load_plan
from csa.program.plan.measures import Quarter, Value, checked
from csa.program.roles import Act, Person
from csa.program.store.audit import Signed
from csa.program.store.engine import open_store
from csa.program.store.records import read_records
from csa.program.work import add_question, add_task

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
NOW = SAMPLE_CLOCK.now() - timedelta(days=2)
LAST = Quarter.of(NOW.date()).plus(-1)
OFFICE = "Prevention team"
CELLS = ("89266ca8d37ffff", "89266ca8d23ffff")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    path = tmp_path_factory.mktemp("measures") / "store.sqlite3"
    made = open_store(str(path), make=True)
    plan = load_plan(ROOT / "config" / "plans" / "kansas-city-psp.toml")
    act = Act(Person(OFFICE, "chair"), Signed(OFFICE, "It was agreed.", NOW), NOW.date())
    designate(made, act, Candidate("B", "Hadderley", CELLS, {}))
    add_task(made, act, "B", {"what": "Fix the lights", "agency": "Works", "status": "blocked"})
    add_question(made, act, "B", "Why is it dark?")
    values = [
        Value("gun-violence", LAST.plus(-n), "B", value=float(v))
        for n, v in enumerate((3, 4, 5, 3, 15, 14, 16, 15))
    ]
    add_values(made, plan, act, [checked(value, "gun-violence") for value in values])
    return path


@pytest.fixture(scope="module")
def address(store, tmp_path_factory):
    with serving(tmp_path_factory.mktemp("measured"), CSA_STORE=str(store)) as found:
        yield found


@pytest.fixture
def opened(read, address):
    def open_it(width=1400, scheme="light"):
        reader = read(f"{address}/measures?place=area:B", width=width, scheme=scheme)
        reader.page.get_by_text("Steps so far").wait_for()
        reader.settle()
        return reader

    return open_it


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), *slowly((1400, "light"))])
@pytest.mark.slow
def test_axe_finds_no_fault_with_every_form_open(opened, width, scheme):
    reader = opened(width, scheme)
    for name in ("Enter or define measures", "Add to the work plan", "Decide the next step"):
        reader.page.get_by_text(re.compile(f"^{name}")).first.click()
    reader.settle()
    found = Axe().run(reader.page, options=RULES).response["violations"]
    assert {f["id"]: [node["target"] for node in f["nodes"]][:3] for f in found} == {}
    reader.assert_fits()


def test_a_task_is_written_and_stands_there_at_once(opened, store):
    reader = opened()
    page = reader.page
    page.locator("summary", has_text="Add to the work plan").click()
    page.get_by_role("radio", name="Add a task").or_(
        page.get_by_role("button", name="Add a task")
    ).click()
    form = page.locator("[data-testid=stForm]").filter(has_text="What needs to be done")
    form.get_by_label("What needs to be done").fill("Paint the crossing")
    form.get_by_label("Agency").fill("Public Works")
    form.get_by_role("button", name="Save").click()
    page.get_by_text("Add the office you are speaking for").wait_for()
    assert form.get_by_label("What needs to be done").input_value() == "Paint the crossing"
    form.get_by_label("On behalf of (office)").fill(OFFICE)
    form.get_by_label("Why").fill("Neighbors asked for it.")
    form.get_by_role("button", name="Save").click()
    page.locator(".csa-work li", has_text="Paint the crossing").wait_for()
    page.get_by_text("Saved.").wait_for()
    rows = read_records(open_store(str(store))).tasks
    assert [row.agency for row in rows if row.what == "Paint the crossing"] == ["Public Works"]
