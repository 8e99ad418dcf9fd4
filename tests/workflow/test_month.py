"""A new month in one act: what it previews, makes, refuses, takes back, and survives."""

import hashlib
import json
import shutil
from contextlib import suppress
from datetime import date
from types import SimpleNamespace

import pandas as pd
import pytest
from tests.sentences import refuses
from tests.stores import act
from tests.workflow.months import APRIL, JULY, JUNE, MAY, ROOT, rows_until, save

from csa.analysis.analysis import Analysis
from csa.areas.choices import AreaSettings
from csa.areas.places import load_places
from csa.base import io
from csa.base.errors import OutputError, ParamError, PeriodError, RoleError, SourceError, StoreError
from csa.base.io import Move, carry_out, exclusive_lock, finish, write_file
from csa.base.params import Month
from csa.city.dataset import City, open_city, open_dataset
from csa.city.loading import load_city
from csa.program.handouts import EVERYONE, EditionFile, hand_out
from csa.program.roles import act as sign, local_person
from csa.program.secret import public_secret
from csa.program.store.engine import open_store
from csa.program.store.records import read_records
from csa.workflow import month as month_module, month as products_module
from csa.workflow.month import make_month, read_new
from csa.workflow.month_place import (
    is_recorded,
    list_months,
    read_month_file,
    take_back,
    undo,
    was_published,
    went_to,
)
from csa.workflow.month_preview import preview_sentences
from csa.workflow.publishing import figures_published


@pytest.fixture
def town(month_town):
    """The town whose months are made."""
    return month_town


# ---- By hand --------------------------------------------------------------------------------


@pytest.mark.long
def test_the_preview_counts_what_is_new_late_gone_and_changed(town):
    town.begin(APRIL)

    def later(rows):
        known = rows_until(APRIL)
        gone = known[-1]
        rows = [row for row in rows if row != gone]
        next(row for row in rows if row["fatal"] == "0")["fatal"] = "1"
        return rows

    request = town.request(town.new(MAY, later))
    found = read_new(request).preview
    before = open_dataset(town.place.dataset)
    now = read_new(request).intake.dataset
    old, new = set(before.incidents["incident_id"]), set(now.incidents["incident_id"])
    assert (found.new, found.gone) == (len(new - old), len(old - new))
    assert (found.month, found.data_through, found.was_through) == ("2020-05", MAY, APRIL)
    assert (found.gone, found.now_homicides) == (1, 1)
    assert found.late == 0
    assert found.moved == 0
    assert not found.is_same
    said = " ".join(map(str, preview_sentences(found)))
    assert f"{found.new} shootings are new" in said
    assert "no longer in the files" in said
    # Nothing was changed by looking.
    assert list_months(town.place) == [Month(2020, 4)]


@pytest.mark.long
def test_late_reports_show_in_the_months_they_belong_to(town):
    late = rows_until(APRIL)[-40:-30]
    town.make(town.new(APRIL, lambda rows: [row for row in rows if row not in late]))
    found = read_new(town.request(town.new(MAY))).preview
    assert found.late > 0
    months = {month: now - was for month, was, now in found.counts}
    assert sum(months.values()) == found.late


@pytest.mark.long
def test_a_quarters_last_month_has_a_bundle_that_is_a_draft_until_it_is_published(town):
    made = town.make(town.new(JUNE))
    assert made.is_new
    files = made.account["files"]
    assert {name.split("/")[0] for name in files} >= {"editions", "proposal", "public"}
    assert (made.folder / "summary.html").is_file()
    assert not town.place.bundle.exists()
    assert not was_published(town.place)
    with pytest.raises(RoleError, match="Committee"):
        town.publish(made.month, team="intervention")
    assert not town.place.bundle.exists()
    for _ in range(2):  # twice on a day is one publication
        town.publish(made.month, team="prevention")
    assert was_published(town.place)
    (row,) = read_records(open_store(town.address)).handouts
    page = (town.place.bundle / "index.html").read_bytes()
    assert (row.audience, row.recipient) == ("public", EVERYONE)
    assert (row.month, row.sha256) == ("2020-06", hashlib.sha256(page).hexdigest())
    assert row.snapshot_id == made.account["editions_snapshot"]
    draft = {path.name: path.read_bytes() for path in (made.folder / "public").glob("*.json")}
    public = {path.name: path.read_bytes() for path in town.place.bundle.glob("*.json")}
    assert draft == public
    assert not town.make().is_new  # a publication makes no other month
    july = town.make(town.new(JULY))
    assert not (july.folder / "public").exists()
    with pytest.raises(OutputError, match="no public bundle"):
        town.publish(july.month)


@pytest.mark.long
def test_what_a_month_told_as_a_draft_is_made_again_once_it_is_published(town):
    """Its pages say that it is one; until then nobody is sent it."""
    june = town.begin(JUNE)
    town.tells_public = True
    july = town.make(town.new(JULY))
    (published,) = figures_published(june.folder / "public", "sample")
    assert july.account["draft_of"] == published
    assert not town.make().is_new
    town.publish(june.month)
    again = town.make()
    assert (again.month, again.is_new, again.account["draft_of"]) == (july.month, True, "")
    assert again.account["snapshot"] == july.account["snapshot"]
    assert not town.make().is_new


@pytest.mark.long
def test_a_month_taken_back_after_it_was_published_was_handed_to_nobody(town):
    town.begin(MAY)
    june = town.make(town.new(JUNE))
    town.publish(june.month)
    store = open_store(town.address)
    assert is_recorded(town.place, store)
    _, names = take_back(town.place, store, act("chair", on=date(2020, 8, 31)))
    assert names == []
    assert town.place.bundle.is_dir()  # what was published stays


@pytest.mark.long
def test_a_publication_that_could_not_be_recorded_is_recorded_when_it_is_published_again(
    town, monkeypatch
):
    def refuse(*_):
        raise StoreError("store.busy", where="here")

    june = town.begin(JUNE)
    with monkeypatch.context() as broken:
        broken.setattr("csa.workflow.publishing.hand_out", refuse)
        with pytest.raises(StoreError):
            town.publish(june.month)
    store = open_store(town.address)
    assert (was_published(town.place), is_recorded(town.place, store)) == (True, False)
    town.publish(june.month)
    assert is_recorded(town.place, store)


@pytest.mark.long
def test_running_it_twice_changes_nothing(town):
    town.begin(MAY)
    before = town.tree()
    again = town.make(town.new(MAY))
    assert not again.is_new
    assert town.tree() == before
    assert not town.make().is_new  # the data folder's own file


def test_undo_gives_back_the_last_month_to_the_byte(town):
    town.begin(APRIL)
    before, places = town.tree("undo.json"), known_places(town)
    may = town.make(town.new(MAY))
    assert known_places(town) != places
    kept = town.place.dataset / "kept"
    for name in before:  # what another command has kept since goes aside, too
        path = town.folder / name
        if path.parent == kept:
            write_file(path, b"{}")
            write_file(kept / f"later-{path.name}", b"{}")
    store = open_store(town.address, make=True, city="sample")
    when = pd.Timestamp("2020-06-05T12:00Z").to_pydatetime()
    code = may.account["files"]["editions/2020-05_executive_en.html"]
    edition = EditionFile(
        may.account["snapshot"][:12], 0, "2020-05", "executive", "en", "html", code
    )
    hand_out(store, sign(local_person("Team"), "handed out", when, "UTC"), edition, ["Health"])
    assert went_to(town.place, store) == ["Health"]
    told = undo(town.place)
    assert told["served"] == "0001"
    assert town.tree("undo.json", "undone/", ".month-before") == before
    assert known_places(town) == places
    with pytest.raises(ParamError, match="No month to take back:"):
        undo(town.place)
    again = town.make(town.new(MAY))
    assert again.account["version"] == "0002"
    assert again.account["snapshot"] == may.account["snapshot"]


@pytest.mark.long
def test_the_secret_that_a_draft_made_goes_with_it_unless_something_was_published_by_it(town):
    store = open_store(town.address, make=True, city="sample")
    everything = rows_of(store)
    town.begin(MAY)
    town.make(town.new(JUNE))
    assert public_secret(store) is not None
    take_back(town.place, store, act("chair", on=date(2020, 8, 31)))
    assert rows_of(store) == everything
    june = town.make(town.new(JUNE))
    secret = public_secret(store)
    town.publish(june.month)
    take_back(town.place, store, act("chair", on=date(2020, 8, 31)))
    assert public_secret(store) == secret


def known_places(town):
    return load_places(open_city(town.config, town.place.dataset))


def rows_of(store):
    """List everything that a store holds."""
    with store.engine.connect() as connection:
        return list(connection.connection.iterdump())


def test_the_first_month_cannot_be_taken_back(town):
    town.begin(APRIL)
    with pytest.raises(ParamError, match="first month"):
        undo(town.place)


@pytest.mark.parametrize("text", ["[]", "{}", '{"month": "2020-04", "former": "0001"}', "{"])
def test_a_damaged_account_of_what_was_replaced_gets_its_sentence(town, text):
    path = town.place.home / "undo.json"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    with refuses("month.damaged", SourceError, path=path):
        undo(town.place)


@pytest.mark.long
def test_a_month_that_is_damaged_or_of_another_version_is_said_to_be_and_is_made_again(town):
    made = town.begin(APRIL)
    path = made.folder / "month.json"
    of_another = path.read_text().replace('"format_version": 1', '"format_version": 2')
    for text in ("[]", "{", of_another):
        path.write_text(text)
        with refuses("month.damaged", SourceError, path=path):
            read_month_file(made.folder)
        assert town.make().is_new
        assert read_month_file(made.folder)["snapshot"] == made.account["snapshot"]


def test_a_folder_of_another_name_is_no_month(town):
    for name in ("2020-04", "2020-12", "copy of 2020-12"):
        (town.place.months / name).mkdir(parents=True)
        (town.place.months / name / "month.json").write_text("{}")
    assert list_months(town.place) == [Month(2020, 12), Month(2020, 4)]


def test_the_record_is_made_where_a_year_more_is_over(town, monkeypatch):
    asked = []
    monkeypatch.undo()
    monkeypatch.setattr(products_module, "score_past_years", lambda asking, _: asked.append(asking))
    monkeypatch.setattr(products_module, "save_past_years", lambda *_: None)
    city = City(
        load_city(ROOT / "config" / "sample.toml"),
        read_new(town.request(town.new(MAY))).intake.dataset,
        town.place.dataset,
    )
    assert products_module._record(Analysis(city, AreaSettings()))
    (asking,) = asked
    n = len(asking.question.origins)
    monkeypatch.setattr(products_module, "load_suggestion", lambda *_: SimpleNamespace(n_origins=n))
    assert not products_module._record(Analysis(city, AreaSettings()))
    monkeypatch.setattr(
        products_module, "load_suggestion", lambda *_: SimpleNamespace(n_origins=n - 1)
    )
    assert products_module._record(Analysis(city, AreaSettings()))


# ---- Refused --------------------------------------------------------------------------------


def test_a_file_that_next_month_would_not_find_is_refused(town):
    path = save(town.folder / "new" / "export (3).csv", rows_until(APRIL))
    with pytest.raises(
        ParamError,
        match=r"\), so next month's run would not find it\. Rename the file, or add its name to `files` in the city's file\.",
    ):
        read_new(town.request(path))


def test_a_part_of_the_list_is_told_from_the_whole(town):
    town.begin(APRIL)
    found = read_new(town.request(town.new(MAY, lambda rows: rows[-300:]))).preview
    assert found.loses_much
    assert "Warning" in " ".join(map(str, preview_sentences(found)))


def test_data_without_a_whole_month_make_none(town):
    with pytest.raises(
        PeriodError, match=r"Wait until a month is over, or give --as-of to csa ingest\."
    ):
        read_new(town.request(town.new("2020-05-20", lambda rows: rows[-5:])))


def test_a_second_run_at_the_same_time_is_refused(town):
    request = town.request(town.new(APRIL))
    draft = read_new(request)
    with exclusive_lock(town.place.lock), pytest.raises(OutputError, match="Another run"):
        make_month(request, draft)


def test_a_folder_that_cannot_be_written_gets_its_sentence(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError) as refused, exclusive_lock(tmp_path / "file" / "month.lock"):
        pass
    assert refused.value.message.key == "files.cannot_write"


@pytest.mark.long_but_first
@pytest.mark.parametrize(
    ("module", "name"),
    [
        (month_module, "save_dataset"),
        (products_module, "gather_month"),
        (products_module, "make_all"),
        (month_module, "commit"),
    ],
)
def test_a_step_that_fails_leaves_the_last_good_month(town, monkeypatch, module, name):
    town.begin(APRIL)
    before = town.tree()
    request = town.request(town.new(MAY))
    draft = read_new(request)

    def fails(*_, **__):
        raise OutputError("files.cannot_write", path="x", why="disk full")

    with monkeypatch.context() as broken:
        broken.setattr(module, name, fails)
        with pytest.raises(OutputError) as refused:
            make_month(request, draft)
    if name != "commit":
        assert "The month was not made" in str(refused.value)
    assert town.tree() == before
    assert town.make(town.new(MAY)).is_new


# ---- Killed while it is put in place -----------------------------------------------------------


@pytest.mark.long
def test_a_run_killed_at_any_change_is_finished_by_the_next(town, monkeypatch):
    town.begin(APRIL)
    ready, real, commit = town.folder.parent / "ready", io._move, month_module.commit
    asked, moved, stop = [], [], 1

    def ready_to_commit(*given):
        shutil.copytree(town.folder, ready, symlinks=True)
        asked.extend(given)
        commit(*given)

    def killed(one):
        if len(moved) == stop:
            raise KeyboardInterrupt
        moved.append(one)
        real(one)

    with monkeypatch.context() as broken:
        broken.setattr(month_module, "commit", ready_to_commit)
        broken.setattr(io, "_move", killed)
        with pytest.raises(KeyboardInterrupt):
            town.make(town.new(MAY))
    read_new(town.request())  # whoever comes next
    whole = town.tree()
    for stop in range(40):  # the same at each change, from where all is ready
        shutil.rmtree(town.folder)
        shutil.copytree(ready, town.folder, symlinks=True)
        moved.clear()
        with monkeypatch.context() as broken:
            broken.setattr(io, "_move", killed)
            with suppress(KeyboardInterrupt):
                commit(*asked)
        town.place.clear_work()  # as `make_month` does in the end
        town.place.recover()
        assert town.tree() == whole
        if len(moved) < stop:
            break
    assert stop > 5


def test_changes_that_are_written_down_happen_once(tmp_path):
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.txt").write_text(name)
    moves = [Move(str(tmp_path / "old"), str(tmp_path / "new"), str(tmp_path / "aside"))]
    carry_out(tmp_path / "journal", moves)
    assert (tmp_path / "old" / "a.txt").read_text() == "new"
    assert (tmp_path / "aside" / "a.txt").read_text() == "old"
    assert not finish(tmp_path / "journal")
    (tmp_path / "journal").write_text("{")
    with pytest.raises(OutputError, match="lists the changes"):
        finish(tmp_path / "journal")
    (tmp_path / "journal").write_text(json.dumps([vars(one) for one in moves]))
    assert finish(tmp_path / "journal")  # all of it had happened
    assert (tmp_path / "old" / "a.txt").read_text() == "new"


@pytest.mark.parametrize(
    ("day", "years"),
    [(date(2020, 1, 31), (2019, 2020)), (date(2020, 2, 1), (2020,)), (date(2021, 1, 1), (2020,))],
)
def test_january_fetches_last_years_file_too_of_the_years_that_the_portal_lists(
    day, years, tmp_path, monkeypatch
):
    def fetch(_, year, folder, progress, *, address):
        assert (folder, progress, address) == (tmp_path / ".fetched", None, "there")
        return year

    monkeypatch.setattr(month_module, "fetch_year", fetch)
    city = SimpleNamespace(source=None, clock=SimpleNamespace(today=lambda: day))
    listed = SimpleNamespace(datasets={"2019": "a", "2020": "b"})
    place = SimpleNamespace(home=tmp_path)
    for portal, expected in ((listed, years), (None, ())):
        config = SimpleNamespace(city=city, portal=portal)
        assert month_module.fetch_new(config, place, None, "there") == expected


def test_of_a_city_with_addresses_the_new_files_are_those_fetched_there(tmp_path, monkeypatch):
    def fetch(urls, folder, progress, *, accept, allow_private):
        assert (folder, progress) == (tmp_path / ".fetched", None)
        assert (accept, allow_private) == (True, False)
        return [SimpleNamespace(account=f"account of {url}") for url in urls]

    monkeypatch.setattr(month_module, "fetch_sources", fetch)
    config = SimpleNamespace(city=SimpleNamespace(source=("a", "b")))
    found = month_module.fetch_new(config, SimpleNamespace(home=tmp_path), None, accept=True)
    assert found == ("account of a", "account of b")
