"""Files that go wrong: refused in a sentence or read with every row counted, never more than that.

`make fuzz` makes ten thousand; here are 300 (100 in CI, other ones each day) of them, what once broke it, and faults that
are planted to see that the fuzzer finds them.
"""

import gc
import gzip
import io
import json
import re
import zipfile
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import pyarrow as pa
import pytest
from pyarrow import parquet
from tests.campaigns.faults.__main__ import report as faults_report
from tests.campaigns.faults.steps import fault_points
from tests.campaigns.fuzz import cases, targets
from tests.campaigns.fuzz.__main__ import WANTED, WHOLE, Choice, report
from tests.campaigns.fuzz.cases import Outcome
from tests.campaigns.fuzz.mutations import DEEP, RING, SHAPES, inflated
from tests.campaigns.fuzz.seeds import SAMPLE, all_seeds, as_excel, head
from tests.workers import some

from csa.base.errors import SourceError
from csa.ingest.intake import ingest_city

pytestmark = pytest.mark.filterwarnings("ignore")  # a library may warn of what it is given here
SEED, N, PART = 20, 300, 50
KEPT = sorted(path for path in cases.CORPUS.glob("*/*/*") if path.is_file())
TABLE = ("incidents", "sample shootings.csv")
MAP = ("polygons", "sample places.geojson")


@pytest.fixture(autouse=True, scope="module")
def nothing_of_earlier_tests():
    """A folder that another test let go is removed by the collector: in a case it would count."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(scope="module")
def seed(pytestconfig):
    """Give each day's share in CI files of its own."""
    return datetime.now(UTC).date().toordinal() if pytestconfig.option.share else SEED


def sealed(change):
    """Change a backup's lines, and seal it again."""
    content = next(one.content for one in all_seeds()[0] if one.target == "backup")
    lines = [json.loads(line) for line in gzip.decompress(content).decode().splitlines()[:-1]]
    change(lines)
    body = "".join(json.dumps(line) + "\n" for line in lines)
    import hashlib  # noqa: PLC0415

    end = json.dumps({"sha256": hashlib.sha256(body.encode()).hexdigest()})
    return gzip.compress((body + end + "\n").encode())


def far_cell(place):
    """Write an Excel file in which one cell says that it stands at a place."""
    content, buffer = as_excel(head((SAMPLE / "shootings.csv").read_bytes(), 5)), io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(buffer, "w") as target:
        for name in source.namelist():
            target.writestr(name, re.sub(rb'r="A2"', f'r="{place}"'.encode(), source.read(name)))
    return buffer.getvalue()


def shape(geometry, **more):
    """Write the sample's neighborhoods with another shape in place of the first."""
    value = json.loads((SAMPLE / "neighborhoods.geojson").read_bytes())
    value["features"][0]["geometry"] = geometry
    return json.dumps({**value, **more}).encode()


def long_field():
    first, _, rest = (SAMPLE / "shootings.csv").read_bytes().partition(b"\n")
    return first + b"\n" + b'"' + b"A" * 100_000_000 + b'"' + rest


# ---- By hand --------------------------------------------------------------------------------


@pytest.mark.long_but_first
@pytest.mark.parametrize(
    ("of", "content", "key"),
    [
        (TABLE, long_field, "source.long_cell"),
        (TABLE, lambda: json.dumps([{f"k{n}": n} for n in range(12_000)]).encode(), "source.many_keys"),
        (TABLE, lambda: b"[" * 50 * DEEP, "source.not_json"),
        (TABLE, lambda: b'[{"a": ' + b"[" * 100 + b"]" * 100 + b"}]", "source.not_json"),
        (TABLE, lambda: inflated("gzip"), "source.not_text"),
        (("incidents", "sample shootings.xlsx"), lambda: far_cell("XFD1048576"), "source.vast_excel"),
        (("incidents", "sample shootings.xlsx"), lambda: far_cell("A9999999999"), "source.vast_excel"),
        (("incidents", "sample shootings.xlsx"), lambda: inflated("zip"), "source.bad_excel"),
        (MAP, lambda: inflated("zip"), "places.unreadable"),
        (("backup", "made"), lambda: inflated("gzip"), "store.bad_backup"),
        (("backup", "made"), lambda: sealed(lambda lines: lines.__setitem__(0, [])), "store.bad_backup"),
        (("backup", "made"), lambda: sealed(lambda lines: lines.append({"x": {}})), "store.bad_backup"),
        (("backup", "made"), lambda: sealed(lambda lines: lines.pop()), "store.untrue_backup"),
        (("backup", "made"), lambda: sealed(lambda lines: lines.append(lines[-1])), "store.untrue_backup"),
        (("city", "sample"), lambda: b"a = " + b"[" * DEEP, "config.not_toml"),
        (("city", "sample"), lambda: b"[" + b".".join([b"a"] * 200) + b"]\nb = 1", "config.not_toml"),
        (("plan", "kansas-city-psp"), lambda: b"goals = " + b"[" * 100 + b"]" * 100, "config.not_toml"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)  # fmt: skip
def test_what_is_too_deep_too_large_or_too_wide_is_refused_in_a_sentence(of, content, key):
    found = cases.run_content(*of, content())
    assert (found.result, found.detail) == ("refused", key), found


@pytest.mark.parametrize(
    "geometry",
    [
        {"type": "Polygon", "coordinates": [RING[:4]]},
        {"type": "Polygon", "coordinates": [RING[:1]]},
        None,
    ],
)
def test_an_unclosed_ring_is_closed_and_a_shape_beyond_repair_is_counted(geometry):
    found = cases.run_content(*MAP, shape(geometry))
    assert found.result == "read", found


def test_holes_that_cross_slivers_heights_and_shapes_that_are_none_are_read_and_counted():
    value = json.loads((SAMPLE / "neighborhoods.geojson").read_bytes())
    value["features"] += [
        {**value["features"][0], "geometry": one} for one in SHAPES[:8] + SHAPES[10:14]
    ]
    found = cases.run_content(*MAP, json.dumps(value).encode())
    assert (found.result, found.reached) == ("read", ("shape none",)), found


@pytest.mark.parametrize("way", ["double", "bytes", "lists", "long name"])
def test_a_parquet_file_with_odd_columns_is_read_with_every_row_or_refused(way):
    table = pa.table({"date": ["2020-01-02"] * 3, "lon": ["-101.4"] * 3, "fatal": ["1"] * 3})
    more = {
        "double": ("date", pa.array(["2020-01-02"] * 3)),
        "bytes": ("raw", pa.array([b"\xff\x00"] * 3)),
        "lists": ("days", pa.array([[1, None]] * 3)),
        "long name": ("n" * 10_000, pa.array(["\u202e"] * 3)),
    }
    buffer = io.BytesIO()
    parquet.write_table(table.append_column(*more[way]), buffer)
    found = cases.run_content("incidents", "sample shootings.parquet", buffer.getvalue())
    assert not found.is_failure, found


def test_a_hundred_thousand_columns_and_a_lone_surrogate_are_refused_in_a_sentence():
    wide = ",".join(f"c{n}" for n in range(100_000))
    assert cases.run_content(*TABLE, f"{wide}\n{wide}\n".encode()).result == "refused"
    lone = json.dumps([{"date": "2020-01-02", "block": "\ud800"}]).encode()
    assert not cases.run_content("incidents", "sample shootings.json", lone).is_failure


@pytest.mark.parametrize("place", cases.PLACES)
def test_what_stands_in_place_of_a_file_is_named(place):
    content = (SAMPLE / "shootings.csv").read_bytes()
    assert not cases.run_content(*TABLE, content, place).is_failure


# ---- True in general ------------------------------------------------------------------------


@pytest.mark.parametrize("path", KEPT, ids=lambda path: "/".join(path.parts[-3:]))
def test_what_broke_an_earlier_version_breaks_this_one_no_more(path):
    found = cases.run_content(path.parts[-3], path.parts[-2], path.read_bytes())
    assert not found.is_failure, found


@pytest.mark.parametrize("start", some(range(0, N, PART), 0, PART))
def test_files_that_go_wrong_are_refused_or_read_with_every_row_counted(start, seed):
    gc.collect()  # what an earlier test left removes its files now, and is no case's doing
    found = {number: cases.run_case(seed, number)[0] for number in range(start, start + PART)}
    assert {number: one for number, one in found.items() if one.is_failure} == {}


# ---- The fuzzer itself ----------------------------------------------------------------------


def planted(monkeypatch, fault):
    monkeypatch.setattr(targets, "plan", lambda folder, _: fault(folder))
    return cases.run_content("plan", "kansas-city-psp", b"x").result


@pytest.mark.long
def test_a_fault_is_found(monkeypatch, tmp_path):
    def forever(_):
        while True:
            pass

    def refused(_):
        raise SourceError("source.empty", path="x")

    filled = bytes(range(256))
    monkeypatch.setattr(cases, "MAX_SECONDS", 0.3)
    assert planted(monkeypatch, refused) == "refused"
    assert planted(monkeypatch, lambda _: {}["x"]) == "KeyError at ?"
    assert planted(monkeypatch, lambda _: (tmp_path / "x").write_text("x")) == "written elsewhere"
    assert (
        planted(monkeypatch, lambda folder: (folder.parent / "out" / "x").write_text("x")) == "read"
    )
    assert planted(monkeypatch, lambda folder: (folder / "x").write_text("x")) == "input changed"
    assert planted(monkeypatch, forever) == "more than 0.3 s"
    monkeypatch.setattr(cases, "MAX_SECONDS", 30)
    assert planted(monkeypatch, lambda _: filled * 5_000_000) == "more than 1000 MB"


def test_a_reason_or_a_fault_point_that_no_case_reaches_is_a_failure(capsys):
    reached = Outcome("incidents", "x", "", "read", reached=WANTED[1:])
    done = dict.fromkeys(range(WHOLE), reached) | {WHOLE: replace(reached, target="layers")}
    assert report(done, 1, 1) == 1
    assert f"no case reaches: {WANTED[0]}" in capsys.readouterr().out
    points = Counter(fault_points() - {"csa.base.io:put_new"})
    assert faults_report([], points, 1, is_whole=True) == 1
    assert "no case reaches: csa.base.io:put_new" in capsys.readouterr().out


def test_an_input_that_reaches_new_lines_is_changed_further():
    choice, new = Choice(SEED, range(40)), frozenset({("io.py", 1)})
    choice.learn(Outcome("plan", "x", "", "read", case=(0,), new=new))
    choice.learn(Outcome("plan", "x", "", "read", case=(1,), new=new))
    assert {case[:-1] for case in iter(choice.next, None)} == {(), (0,)}


@pytest.mark.long_but_first
@pytest.mark.parametrize("number", range(25, 175, 50))
def test_a_case_goes_through_the_command(number):
    found, _ = cases.run_case(SEED, number)
    assert found.label.endswith("by csa")
    assert not found.is_failure, found


def test_a_row_that_is_lost_is_found(monkeypatch):
    def losing(config, inputs):
        made = ingest_city(config, inputs)
        report = {**made.dataset.report, "rows_used": made.dataset.report["rows_used"] - 1}
        return SimpleNamespace(
            dataset=SimpleNamespace(report=report), rejected=made.rejected, messages=()
        )

    monkeypatch.setattr(targets, "ingest_city", losing)
    content = head((SAMPLE / "shootings.csv").read_bytes())
    assert cases.run_content(*TABLE, content).result == "UncountedError at ?"
