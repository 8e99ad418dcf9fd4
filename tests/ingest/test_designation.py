"""What a decision on an area rests on: read whole from what the commands wrote, or refused."""

import json

import pytest

from csa.base.errors import ParamError, SourceError
from csa.base.safe_parsing import MAX_TEXT
from csa.ingest.designation import load_candidate, load_verdict

CELLS = ["8926ad9010bffff", "8926ad9020bffff"]
PROPOSAL = {
    "kind": "proposal", "format_version": 1, "city": "here", "data_fingerprint": "f", "data_through": "2020-08-21",
    "params": {"eps_m": 200}, "versions": {"csa": "0"}, "totals": {},
}  # fmt: skip
PRIORITIES = {
    "kind": "priorities", "format_version": 1, "city": "here", "data_fingerprint": "f", "weights": {"expected": 1.0}, "capacity": 5,
}  # fmt: skip
FIGURES = "area_id,place_name,incidents,homicides,area_km2"


@pytest.fixture
def folders(tmp_path):
    """A proposal of two areas, and what weighed them."""
    proposal, priorities = tmp_path / "proposal", tmp_path / "priorities"
    for folder in (proposal, priorities):
        folder.mkdir()
    named = (("A", "North", CELLS[:1]), ("B", "South", CELLS[1:]))
    known = [dict(zip(("area_id", "place_name", "cells"), one, strict=True)) for one in named]
    features = [{"type": "Feature", "geometry": None, "properties": area} for area in known]
    (proposal / "areas.geojson").write_text(json.dumps({"features": features}))
    rows = "A,North,10,1,0.1\nB,South,20,2,0.2\n"
    (proposal / "areas.csv").write_text(
        f"{FIGURES},cells,is_synthetic\n" + rows.replace("\n", ",x,False\n")
    )
    judged = (f"{row},1,{cell}\n" for row, cell in zip(rows.split(), CELLS, strict=True))
    (priorities / "priorities.csv").write_text(f"{FIGURES},tier,cells\n" + "".join(judged))
    write(proposal, "proposal", PROPOSAL)
    write(priorities, "priorities", PRIORITIES)
    return proposal, priorities


def write(folder, kind, account):
    (folder / f"{kind}.json").write_text(json.dumps(account))


def test_an_area_with_all_that_was_known(folders):
    found = load_candidate(folders[0], "B", folders[1], "here")
    assert (found.area_id, found.place_name, found.cells) == ("B", "South", tuple(CELLS[1:]))
    figures = dict(zip(FIGURES.split(","), ("B", "South", "20", "2", "0.2"), strict=True))
    assert found.evidence == {
        "data_fingerprint": "f", "data_through": "2020-08-21", "params": {"eps_m": 200}, "versions": {"csa": "0"},
        "area": figures, "weights": {"expected": 1.0}, "capacity": 5, "judged": figures | {"tier": "1"},
    }  # fmt: skip
    assert "weights" not in load_candidate(folders[0], "A", None, "here").evidence


@pytest.mark.parametrize("change", [{"format_version": 2}, {"params": None}])
def test_another_version_or_half_a_file_is_refused(folders, change):
    account = {name: value for name, value in (PROPOSAL | change).items() if value is not None}
    write(folders[0], "proposal", account)
    with pytest.raises(SourceError, match="Another version of csa proposal"):
        load_candidate(folders[0], "B", None, "here")


@pytest.mark.parametrize(
    ("at", "change", "sentence"),
    [
        (0, {"city": "there"}, "is for the city there, not here"),
        (0, {"kind": "priorities"}, "is not a folder written by csa proposal"),
        (1, {"city": "there"}, "is for the city there"),
        (1, {"data_fingerprint": "g"}, "were made from different data"),
        (1, {"kind": "backtest"}, "is not a folder written by csa priorities"),
    ],
)
def test_other_folders_are_refused(folders, at, change, sentence):
    kind, account = (("proposal", PROPOSAL), ("priorities", PRIORITIES))[at]
    write(folders[at], kind, account | change)
    with pytest.raises(SourceError, match=sentence):
        load_candidate(folders[0], "B", folders[1], "here")


def test_an_area_that_was_not_weighed_is_refused(folders):
    (folders[1] / "priorities.csv").write_text(FIGURES + "\n")
    with pytest.raises(SourceError, match="has no row for area A"):
        load_candidate(folders[0], "A", folders[1], "here")


def rewrite(folders, old, new):
    table = folders[1] / "priorities.csv"
    table.write_text(table.read_text().replace(old, new))


def test_the_same_cells_are_the_same_place_whatever_its_name(folders):
    rewrite(folders, "B,South,20,2,0.2", "B,South East,20,2,")
    judged = load_candidate(folders[0], "B", folders[1], "here").evidence["judged"]
    assert "cells" not in judged
    assert judged["tier"] == "1"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (f"0.2,1,{CELLS[1]}", f"0.2,1,{CELLS[0]} {CELLS[1]}"),
        (f"0.2,1,{CELLS[1]}", "0.2,1,"),
        ("B,South,20,2", "B,South,21,2"),
    ],
)
def test_other_cells_or_counts_are_another_place(folders, old, new):
    rewrite(folders, old, new)
    with pytest.raises(SourceError, match="is a different place in"):
        load_candidate(folders[0], "B", folders[1], "here")
    load_candidate(folders[0], "A", folders[1], "here")


@pytest.mark.parametrize("content", ["", "[]", "{", "null", "[" * 100_000])
def test_what_cannot_be_read_is_refused(folders, content):
    (folders[0] / "proposal.json").write_text(content)
    with pytest.raises(SourceError, match="is not a folder written by csa proposal"):
        load_candidate(folders[0], "B", None, "here")


@pytest.mark.parametrize(
    "content",
    [
        b"area_id,place_name\n\xff\xfe,South\n",
        b'area_id,place_name\nB,"So',
        b"area_id,place_name\nB\n",
        b"area_id,place_name\nB,South,20\n",
        FIGURES.encode() + b",tier\nB,South,20,2,0.2,1" + b"\n" * MAX_TEXT,
    ],
    ids=["no UTF-8", "an open quote", "a short row", "a long row", "vast"],
)
def test_a_damaged_table_of_priorities_is_refused(folders, content):
    (folders[1] / "priorities.csv").write_bytes(content)
    with pytest.raises(SourceError, match=r"priorities.csv can't be read as areas"):
        load_candidate(folders[0], "B", folders[1], "here")


def test_an_area_that_is_not_there_is_refused(folders, tmp_path):
    with pytest.raises(ParamError, match=r"C.*A North, B South\."):
        load_candidate(folders[0], "C", None, "here")
    by_name = load_candidate(folders[0], " south ", None, "here")
    assert by_name == load_candidate(folders[0], "B", None, "here")
    with pytest.raises(SourceError, match="is not a folder written by csa proposal"):
        load_candidate(tmp_path / "absent", "A", None, "here")
    (folders[0] / "areas.csv").unlink()
    with pytest.raises(SourceError, match="can't be read as"):
        load_candidate(folders[0], "A", None, "here")


def test_a_verdict_with_its_cells(tmp_path):
    single = {"area_id": "B", "place_name": "South", "verdict": "fewer here and within 750 m", "sentence": "Fewer.", "first_alarm": None,
              "core": {"counted": 1}, "ring": None, "cells": CELLS, "months": []}  # fmt: skip
    account = {
        "kind": "displacement", "format_version": 1, "city": "here", "data_fingerprint": "f", "data_through": "2020-08-21",
        "since": "2020-01", "through": "2020-07", "boundary": {}, "versions": {}, "single": [single],
        "pooled": {"verdict": "fewer here, more nearby"},
    }  # fmt: skip
    write(tmp_path, "displacement", account)
    told = load_verdict(tmp_path, "B", "here")
    same = {name: single[name] for name in ("verdict", "cells", "ring")}
    assert told == {**told, **same, "since": "2020-01"}
    assert "months" not in told
    assert told["together"] == "fewer here, more nearby"
    with pytest.raises(ParamError, match="no area 'C'"):
        load_verdict(tmp_path, "C", "here")
    del account["single"]
    write(tmp_path, "displacement", account)
    with pytest.raises(SourceError, match="Another version of csa displacement"):
        load_verdict(tmp_path, "B", "here")
