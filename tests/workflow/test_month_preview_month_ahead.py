"""What of a month cannot be made is known ahead, left out and named; everything else lands."""

import json
from datetime import date
from html import unescape

import pytest
from tests.sentences import says
from tests.stores import act, lettered
from tests.workflow.months import APRIL, JUNE, MAY, ROOT

from csa.areas.analysis import propose_areas
from csa.areas.choices import AreaSettings
from csa.base.errors import MachineError, ParamError
from csa.base.params import Month
from csa.base.text import render
from csa.city.dataset import open_city
from csa.city.loading import load_city
from csa.disclosure.texts import code_of
from csa.program.areas import designate
from csa.program.store.engine import open_store
from csa.program.work import add_task
from csa.program.writing import confirm_texts
from csa.workflow import month
from csa.workflow.month import look, read_new
from csa.workflow.month_preview import left_out_sentence

CAUGHT = "Ask Marcus Reed about the lot"
FOR_RESIDENTS = ["editions/public", "editions/prevention-walks"]
RULE = """
domestic_rule = "no field in the source"
domestic_office = "Police records"
domestic_on = 2020-07-01
"""


@pytest.fixture
def town(month_town):
    """The town whose months are made."""
    return month_town


@pytest.fixture
def served(town):
    """A town with an area in service since the tenth of May, and April's month."""
    town.begin(APRIL)
    city = open_city(town.config, town.place.dataset)
    store = open_store(town.address, make=True, city="sample")
    proposal = propose_areas(city, AreaSettings(until=Month(2020, 5)))
    designate(store, act(on=date(2020, 5, 10)), lettered(proposal, "A"))
    return town


def ahead_of(town, *files, confirmed=()):
    request = town.request(*files)
    return look(request, read_new(request), confirmed)


def told(made):
    """The products that a month's account says are left out, each with its sentence's key."""
    return [(one["products"], one["key"]) for one in made.account["left_out"]]


def settings(town, *changes):
    """Change the text of the city's file."""
    text = (ROOT / "config" / "sample.toml").read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = town.folder / "sample.toml"
    path.write_text(text, encoding="utf-8")
    town.config = load_city(path)


AGREED = """domestic_rule = "agreed"
domestic_office = "Orrinvale Police Department (made up)"
domestic_agency = "Orrinvale Domestic Violence Center (made up)"
domestic_on = 2015-01-05
"""


def without_domestic(town, more=""):
    fields = 'domestic = { yes = [{ domestic = ["Y"] }], no = [{ domestic = ["N"] }] }\n'
    settings(
        town,
        (fields, ""),
        ('domestic = "domestic"\n', ""),
        (AGREED, ""),
        ("[public]\n", f"[public]{more}\n"),
    )


@pytest.mark.long
def test_the_month_of_a_designation_lands_without_what_changed(served):
    path = served.new(MAY)
    (one,) = ahead_of(served, path).left_out
    assert (one.products, one.why.key) == (("displacement",), "month.not_begun")
    assert one.why.values["since"] == "June 2020"
    made = served.make(path)
    assert told(made) == [(["displacement"], "month.not_begun")]
    parts = {name.split("/")[0] for name in made.account["files"]}
    assert parts == {"proposal", "editions"}
    page = unescape((made.folder / "summary.html").read_text(encoding="utf-8"))
    assert left_out_sentence(one.products, render(one.why)) in page
    assert says("report.too_short") in page  # the verdict of all together, or why there is none
    assert not served.make(path).is_new
    june = served.make(served.new(JUNE))
    assert told(june) == []
    assert "displacement/displacement.json" in june.account["files"]


@pytest.mark.long
def test_fewer_months_than_following_needs_leave_it_out_alone(served):
    def short(rows):
        return [row for row in rows if row["date"] >= "2019-08"]

    path = served.new(JUNE, short)
    (one,) = ahead_of(served, path).left_out
    assert (one.products, one.why.key) == (("displacement",), "month.few_before")
    made = served.make(path)
    assert told(made) == [(["displacement"], "month.few_before")]
    assert {"proposal", "editions", "public"} <= {n.split("/")[0] for n in made.account["files"]}


@pytest.mark.long
def test_a_quarter_that_may_not_be_published_lands_without_its_page_until_it_may(town):
    without_domestic(town)
    path = town.new(JUNE)
    (one,) = ahead_of(town, path).left_out
    assert (list(one.products), one.why.key) == (["public", *FOR_RESIDENTS], "publish.domestic")
    made = town.make(path)
    assert told(made) == [(["public", *FOR_RESIDENTS], "publish.domestic")]
    assert not (made.folder / "public").exists()
    assert "editions" in {name.split("/")[0] for name in made.account["files"]}
    assert open_store(town.address, city="sample") is None  # no secret where nothing is drafted
    assert not town.make().is_new
    without_domestic(town, RULE)
    again = town.make()
    assert (again.is_new, told(again)) == (True, [])
    assert (again.folder / "public" / "bundle.json").is_file()


@pytest.mark.long
def test_a_text_that_was_caught_is_named_ahead_and_confirmed_with_the_month(served):
    store = open_store(served.address, city="sample")
    task = {"what": CAUGHT, "agency": "Works", "status": "on-track", "is_public": True}
    add_task(store, act(on=date(2020, 6, 1)), "A", task)
    path = served.new(JUNE)
    ahead = ahead_of(served, path)
    assert ahead.texts == (CAUGHT,)
    (one,) = ahead.left_out
    assert (one.products, one.why.key) == (("public", "editions/public"), "publish.caught")
    assert code_of(CAUGHT) in render(one.why)  # a person has to read it
    assert ahead_of(served, path, confirmed=[code_of(CAUGHT)]).left_out == ()
    made = served.make(path)
    assert told(made) == [(["public", "editions/public"], "publish.caught")]
    for name in ("month.json", "summary.html"):  # papers do not quote it
        assert CAUGHT not in (made.folder / name).read_text(encoding="utf-8")
    confirm_texts(store, act(on=date(2020, 7, 1)), [code_of(CAUGHT)])
    again = served.make()
    assert (again.is_new, told(again)) == (True, [])
    assert (again.folder / "public").is_dir()


@pytest.mark.long
def test_what_fails_unforeseen_is_left_out_and_made_once_it_can_be(town, monkeypatch):
    def fails(*_, **__):
        raise ParamError("displacement.no_areas")

    path = town.new(APRIL)
    with monkeypatch.context() as broken:
        broken.setattr(month, "proposal_folder", fails)
        made = town.make(path)
    assert told(made) == [(["proposal"], "displacement.no_areas")]
    assert {name.split("/")[0] for name in made.account["files"]} == {"editions"}
    again = town.make()
    assert (again.is_new, told(again)) == (True, [])
    assert not town.make().is_new


@pytest.mark.long
def test_without_the_package_for_pdfs_a_month_has_its_pages_and_names_them(town, monkeypatch):
    def lacking():
        raise MachineError("report_file.no_weasyprint")

    monkeypatch.setattr("csa.workflow.month_preview.require_pdf", lacking)
    made = town.make(town.new(APRIL))
    assert told(made) == [(["editions/*.pdf"], "report_file.no_weasyprint")]


@pytest.mark.long
def test_a_damaged_record_of_what_was_published_keeps_back_what_is_public_alone(town):
    town.place.bundle.mkdir(parents=True)
    (town.place.bundle / "bundle.json").write_text("{", encoding="utf-8")
    made = town.make(town.new(JUNE))
    assert told(made) == [(["public", *FOR_RESIDENTS], "bundle.damaged")]


@pytest.mark.long
def test_what_keeps_a_month_from_being_made_is_said_before_anything_is_computed(town, monkeypatch):
    town.begin(APRIL)
    before = town.tree()

    def lacking():
        raise MachineError("report_file.no_pdf")

    monkeypatch.setattr("csa.workflow.month_preview.require_pdf", lacking)
    path = town.new(MAY)
    assert [one.message.key for one in ahead_of(town, path).faults] == ["report_file.no_pdf"]
    monkeypatch.setattr("csa.workflow.month.save_dataset", None)  # it does not come so far
    with pytest.raises(MachineError):
        town.make(path)
    assert town.tree() == before


def test_a_preview_for_machines_names_what_is_left_out(served):
    found = ahead_of(served, served.new(MAY)).to_json()
    assert json.loads(json.dumps(found)) == found
    assert [one["products"] for one in found["left_out"]] == [["displacement"]]
    assert found["blocked_by"] == []
