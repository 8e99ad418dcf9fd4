"""The command `csa draw`: a list closed first, then drawn, recorded and repeated; its mistakes."""

import json

import pytest
from tests.cli.asked import CHOSEN, bytes_of, code_of, sentence, table_of

from csa.extras.trial.draw_files import POWER_COLUMNS

SEED = ("--seed", "Pick 3 417")


@pytest.fixture
def drawn(ask, tmp_path):
    words = ("draw", *CHOSEN, "--tier", "1", "--first-start", "2020-03", "--out", tmp_path / "dr")
    return lambda *more, **how: ask(*words, *more, **how)


@pytest.fixture
def drawn_now(drawn, tmp_path):
    """Close a list in a folder of its own, and draw it at once."""

    def call(*more, folder="now", **how):
        place = ("--out", tmp_path / folder)
        drawn(*place, **how)
        return drawn(*SEED, *place, *more, **how)

    return call


def test_a_list_is_closed_first_and_then_drawn_by_a_rule_that_anybody_can_repeat(drawn, tmp_path):
    said = drawn().stdout
    folder = tmp_path / "dr"
    assert set(bytes_of(folder)) == {"draw.json", "list.txt", "areas.csv"}
    closed = json.loads((folder / "draw.json").read_text())
    text = (folder / "list.txt").read_text(encoding="utf-8")
    assert (closed["kind"], closed["entrants_sha256"]) == ("closed list", code_of(text))
    assert not {"seed", "slots", "rule"} & set(closed)
    assert f"Its code: {code_of(text)}" in said
    assert "Before anyone knows the seed" in said
    assert text.splitlines()[0] == "1|1|2020-03|2|6"
    said = drawn(*SEED).stdout
    record = json.loads((folder / "draw.json").read_text())
    assert (record["kind"], record["entrants_sha256"]) == ("draw", code_of(text))
    assert (folder / "list.txt").read_text(encoding="utf-8") == text
    assert table_of(folder / "power.csv")[0].keys() == set(POWER_COLUMNS)
    for slot in record["slots"]:
        assert slot["sha256"] == code_of(f"Pick 3 417|{slot['pair']}|{slot['area_id']}")
    starts = said.count("starts in March 2020.") + said.count("starts in September 2020.")
    assert starts == len(record["slots"])


def test_a_list_and_its_draw_are_recorded_in_the_trail_as_in_the_folder(drawn, run, made, tmp_path):
    store = ("--store", tmp_path / "s.sqlite3")
    signed = (*store, "--by", "Committee", "--why", "All four are alike.")
    said = drawn(*signed, "--seed-source", "The lottery of March 6").stdout
    assert "Recorded in the log as draw-1." in said
    drawn(*SEED, *signed)
    words = ("audit", "list", "--city", made.config, *store, "--item", "draw-1")
    closed, last = json.loads(run(*words, "--json").stdout)
    record = json.loads((tmp_path / "dr" / "draw.json").read_text())
    assert json.loads(last["new"])["record"] == record
    assert json.loads(closed["new"])["seed_source"] == "The lottery of March 6"
    assert (last["by_office"], last["why"]) == ("Committee", "All four are alike.")
    assert "draw-1" in run(*words).stdout
    # The same again changes nothing; another folder is no way to draw again.
    drawn(*SEED, *signed)
    other = ("--out", tmp_path / "other")
    drawn(*other)
    said = sentence(drawn("--seed", "Pick 3 418", *other, *signed, check=False))
    assert "draw-1 was already drawn, with the seed Pick 3 417" in said
    assert len(json.loads(run(*words, "--json").stdout)) == 2
    assert json.loads((tmp_path / "other" / "draw.json").read_text())["kind"] == "closed list"


def test_a_draw_is_recorded_whole_or_not_at_all(drawn, tmp_path):
    said = sentence(drawn("--by", "Committee", check=False))
    assert said.startswith("To record the lottery in the log, also give --why, --seed-source.")
    assert not (tmp_path / "dr").exists()
    assert "Not recorded in the log of decisions." in drawn().stdout


def test_areas_of_the_tier_may_be_left_out_which_the_record_says(drawn, run, tmp_path):
    drawn()
    record = json.loads((tmp_path / "dr" / "draw.json").read_text())
    names = [one["area_id"] for one in record["entrants"]]
    assert record["left_out"] == []
    closed = tmp_path / "dr" / "draw.json"
    assert "is a closed list whose lottery has not been run yet" in sentence(
        run("draw", "--verify", closed, check=False)
    )
    some = [word for name in names[1:] for word in ("--area", name)]
    drawn(*some, "--out", tmp_path / "some")
    record = json.loads((tmp_path / "some" / "draw.json").read_text())
    assert [one["area_id"] for one in record["entrants"]] == names[1:]
    assert [one["area_id"] for one in record["left_out"]] == names[:1]
    said = sentence(drawn("--area", "c-99", "--out", tmp_path / "none", check=False))
    assert said.startswith("Not in tier 1: c-99. Areas in this tier: ")


def test_a_draw_is_checked_from_its_record_alone(drawn_now, run, tmp_path):
    drawn_now()
    path, other = tmp_path / "now" / "draw.json", tmp_path / "other.json"
    assert run("draw", "--verify", path).stdout == "The same list and seed give the same dates.\n"
    said = json.loads(run("draw", "--verify", path, "--json").stdout)
    assert said == {"is_same": True, "differences": []}
    record = json.loads(path.read_text())
    which = record["slots"][0]["area_id"]
    record["slots"][0]["start"] = "2020-04"
    other.write_text(json.dumps(record))
    done = run("draw", "--verify", other, check=False)
    told = run("draw", "--verify", other, "--json", check=False)
    assert (done.returncode, told.returncode) == (1, 1)
    assert f"or none, for: {which}" in done.stdout
    assert not json.loads(told.stdout)["is_same"]
    # What is no record, or one with a wrong value, is the user's mistake.
    for content, part in (
        (json.dumps(json.loads(path.read_text()) | {"slots": 5}), "has an invalid value"),
        (json.dumps({"kind": "draw"}), "The record uses rule None"),
        ("dear", f"{other} is not a record of a lottery. Give the draw.json"),
    ):
        other.write_text(content)
        assert part in sentence(run("draw", "--verify", other, check=False))
    for path in (tmp_path / "none.json", tmp_path):
        said = sentence(run("draw", "--verify", path, check=False))
        assert f"{path} is not a record of a lottery. Give the draw.json" in said


def test_how_much_areas_fall_by_themselves_comes_from_the_record(made, drawn_now):
    record = json.loads((made.folder / "record" / "backtest.json").read_text())["record"]
    usual = json.loads(drawn_now("--json").stdout)["usual_fall_share"]
    assert usual == max(0, record["usual_fall_share"])
    done = drawn_now("--json", folder="bare", dataset="bare")
    assert json.loads(done.stdout)["usual_fall_share"] is None


def test_homicides_that_are_not_counted_are_unknown_on_the_list(drawn, tmp_path):
    drawn("--kind", "nonfatal")
    entrants = json.loads((tmp_path / "dr" / "draw.json").read_text())["entrants"]
    assert {area["homicides_24_months"] for area in entrants} == {None}


def test_every_key_of_a_draw_is_named_in_the_docs(drawn_now, root):
    page = (root / "docs" / "DATA.md").read_text(encoding="utf-8")
    draw = json.loads(drawn_now("--json").stdout)
    accounts = (draw, draw["entrants"][0], draw["slots"][0])
    assert not [key for account in accounts for key in account if f"`{key}`" not in page]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("--tier 9", "No area is in tier 9. The tiers are: tier 1 with "),
        ("--first-start soon", "--first-start must be a month like 2020-08, not 'soon'."),
        ("--seed x", "The seed must be 4 or more"),
        ("--waves 1", "n_waves must be 2 to the number of areas"),
        ("--months-between 0", "months_between must be 1 to 60"),
        ("--min-samples 5000", "no tiers: no area clearly stands out"),
    ],
)
def test_a_draw_that_cannot_be_made(drawn, tmp_path, words, told):
    assert told in sentence(drawn(*words.split(), check=False))
    assert not (tmp_path / "dr").exists()


def test_a_draw_without_what_it_needs_says_what_is_missing(run):
    said = sentence(run("draw", "--tier", "1", check=False))
    assert said.startswith("To run the lottery, also give --city, --first-start, --out.")


def test_a_list_is_closed_once_and_drawn_once_and_the_same_may_be_written_again(drawn, tmp_path):
    folder = tmp_path / "dr"

    def refused(told, *others):
        before = bytes_of(folder)
        for other in others:
            assert told in sentence(drawn(*other, check=False))
            assert bytes_of(folder) == before

    said = sentence(drawn(*SEED, check=False))
    assert "contains no closed list" in said
    assert "Close the list first" in said
    assert not folder.exists()

    drawn()
    first = bytes_of(folder)
    drawn()
    assert bytes_of(folder) == first
    refused("A closed list never changes", ("--months-between", "7"))
    refused(code_of(first["list.txt"].decode()), ("--months-between", "7"))
    refused("but the current list has the code", (*SEED, "--months-between", "7"))

    drawn(*SEED)
    first = bytes_of(folder)
    drawn(*SEED)
    assert bytes_of(folder) == first
    refused(
        "contains a completed lottery, and a lottery runs only once",
        ("--seed", "Pick 3 418"),
        (*SEED, "--first-start", "2020-04"),
        (*SEED, "--months-between", "7"),
        (),
        ("--first-start", "2020-04"),
    )


def test_what_is_no_list_is_not_drawn_and_not_written_over(drawn, tmp_path):
    (tmp_path / "dr").mkdir()
    (tmp_path / "dr" / "letter.txt").write_text("dear")
    assert "contains other files (letter.txt" in sentence(drawn(check=False))
    for content in ("{}", '{"kind": "priorities"}', "dear", "[" * 99999):
        (tmp_path / "dr" / "draw.json").write_text(content)
        for words in ((), SEED):
            assert "is not a record of a lottery" in sentence(drawn(*words, check=False))
        assert (tmp_path / "dr" / "draw.json").read_text() == content


def test_no_area_starts_in_a_month_that_was_counted(drawn, tmp_path):
    for start in ("2015-01", "2019-06", "2019-12"):
        said = sentence(drawn("--first-start", start, check=False))
        assert f"can't start in {start}: the data go through 2019-12-31." in said
        assert "Give a --first-start of 2020-01 or later." in said
        assert not (tmp_path / "dr").exists()
    assert "is closed" in drawn("--first-start", "2020-01").stdout
