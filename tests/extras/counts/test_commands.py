"""The commands of counts: added, added again, listed; who chooses other cities."""

import csv
import json

import pytest

ABOUT = ("--city", "sample")
SIGNED = ("--by", "Health Department", "--why", "The hospitals' monthly table.")
KIND = ("--kind", "hospital", "--place", "injury")


@pytest.fixture
def counts(run, story_folder, tmp_path):
    """Call a command of counts on a copy of the story's store."""
    store = tmp_path / "store.sqlite3"
    store.write_bytes((story_folder / "store.sqlite3").read_bytes())

    def call(word, *words, check=True):
        data = ("--dataset", story_folder / "dataset") if word != "peers" else ()
        return run("counts", word, *words, *ABOUT, "--store", store, *data, check=check)

    return call


@pytest.fixture
def rows(root):
    return (root / "data" / "sample" / "hospital_counts.csv").read_text("utf-8").splitlines()


@pytest.mark.long
def test_the_made_up_hospitals_find_what_was_planted(counts, root):
    truth = json.loads((root / "data" / "sample" / "truth.json").read_text("utf-8"))
    (table,) = json.loads(counts("list", "--json").stdout)
    verdicts = {one["area_id"]: one["verdict"] for one in table["single"]}
    assert verdicts == {"A": "same", "B": "fewer"}
    (stopped,) = truth["hospital_counts"]["stopped_after"]
    assert all(stopped not in one["reporters"] for one in table["single"])
    assert all(one["counted"][0] < one["counted"][1] for one in table["single"])  # some are hidden
    said = counts("list").stdout
    assert stopped in said
    assert f"{truth['peer_cities']['cities'] - 1} other cities" in " ".join(said.split())


def test_a_month_again_changes_nothing_and_a_revision_stands_in_the_log(counts, rows, tmp_path):
    path = tmp_path / "again.csv"
    path.write_text("\n".join(rows), "utf-8")
    said = counts("add", "Hospital injuries", path, *KIND, *SIGNED).stdout
    assert "0 new numbers, 0 changed, 468 already" in " ".join(said.split())
    source, _, month, n = rows[1].split(",")
    path.write_text(f"{rows[0]}\n{source},city,{month},{int(n) + 1}\n", "utf-8")
    said = counts("add", "Hospital injuries", path, *KIND, *SIGNED).stdout
    assert "0 new numbers, 1 changed, 0 already" in " ".join(said.split())
    other = ("--kind", "ems", *KIND[2:])
    assert counts("add", "Hospital injuries", path, *other, *SIGNED, check=False).returncode == 2


def test_a_file_with_an_error_changes_nothing(counts, rows, tmp_path):
    path = tmp_path / "bad.csv"
    path.write_text("\n".join((*rows[:3], "St. Aurelia Hospital,Atlantis,2020-05,3")), "utf-8")
    refused = counts("add", "Another table", path, *KIND, *SIGNED, check=False)
    assert refused.returncode == 2
    assert len(json.loads(counts("list", "--json").stdout)) == 1


@pytest.mark.long
def test_the_choice_of_other_cities_keeps_its_day_until_others_are_chosen(counts, root):
    path = root / "data" / "sample" / "peer_cities.csv"
    with path.open(encoding="utf-8") as file:
        names = sorted({row["Agency_State"] for row in csv.DictReader(file)})[:6]
    chosen = [word for name in names if "Full" not in name for word in ("--peer", name)]
    why = ("--why", "Cities of our size.")
    counts("peers", path, "--by", "Executive Committee", *why)  # the same cities
    assert "December 19, 2019" in counts("list").stdout.replace("\n", " ")
    counts("peers", path, *chosen, "--by", "Executive Committee", *why)
    assert "known already" in " ".join(counts("list").stdout.split())
