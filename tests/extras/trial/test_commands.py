"""The command `csa trial`: from a closed list and its draw to what came of it."""

import csv
import json
import shutil

import pytest
from tests.cli.asked import CHOSEN, PLACES, city_lines, csa_command, sentence

from csa.extras.trial.trial import AREA_COLUMNS


def later(n_early):
    """What came in 2020: in each place as before, in the first place fewer."""
    number = 20_000
    for month in range(1, 7):
        for at, (lon, lat, _) in enumerate(PLACES):
            for n in range(n_early if at == 0 else 4):
                number += 1
                yield (
                    f"{number},{number},2020-{month:02d}-{n + 3:02d} 10:00,0,"
                    f"{lon + (n % 3) / 2000:.6f},{lat + n / 3000:.6f},,"
                )
    yield "29999,29999,2020-06-30 10:00,0,-94.55,39.0001,,"


@pytest.fixture(scope="module")
def town(new_town):
    """A town with a draw of March 2020, and its data before and four months after."""
    made = new_town()
    city = ("--city", made.config)
    before = made.write("a.csv", *city_lines())
    after = made.write("b.csv", *city_lines(), *later(1))
    for name, path in (("before", before), ("after", after)):
        csa_command("ingest", *city, "--places", made.places, path, "--out", made.folder / name)
    words = ("draw", *city, "--dataset", made.folder / "before", *CHOSEN, "--tier", "1",
             "--first-start", "2020-03", "--out", made.folder / "dr")  # fmt: skip
    csa_command(*words)
    shutil.copytree(made.folder / "dr", made.folder / "closed")
    csa_command(*words, "--seed", "Pick 3 417")
    return made


@pytest.fixture
def ask(town, run):
    def call(*words, dataset="after", draw=None, check=True):
        about = ("--city", town.config, "--dataset", town.folder / dataset)
        return run("trial", *about, "--draw", draw or town.folder / "dr", *words, check=check)

    return call


def test_a_draw_is_read_with_its_areas_as_they_were_closed(ask, town, tmp_path):
    said = ask("--out", tmp_path / "tr").stdout
    account = json.loads((tmp_path / "tr" / "trial.json").read_text())
    with (tmp_path / "tr" / "trial.csv").open(newline="") as file:
        rows = [*csv.DictReader(file)]
    assert list(rows[0]) == list(AREA_COLUMNS)
    record = json.loads((town.folder / "dr" / "draw.json").read_text())
    assert [(row["area_id"], row["start"]) for row in rows] == [
        (slot["area_id"], slot["start"]) for slot in record["slots"]
    ]
    assert (account["through"], account["months_compared"]) == ("2020-06", 4)
    assert (account["months_planned"], account["verdict"]) == (6, "too small to tell")
    for row in rows:
        assert int(row["months_with_work"]) == (4 if row["wave"] == "1" else 0)
    assert f"Too small to tell: with only {account['n_orders']} possible orders" in said
    assert "The comparison continues through August 2020" in said
    assert json.loads(ask("--json").stdout) == account


def test_before_the_first_start_and_of_a_list_not_drawn_there_is_nothing_to_read(ask, town):
    done = ask(dataset="before", check=False)
    assert "The first areas start in 2020-03, and the data go through 2019-12" in sentence(done)
    done = ask(draw=town.folder / "closed", check=False)
    assert "is a closed list whose lottery has not been run yet" in sentence(done)


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda folder: (folder / "areas.csv").unlink(), "is missing its areas' cells"),
        (lambda folder: (folder / "areas.csv").write_text("area_id,cells\n"), "has changed since"),
        (lambda folder: (folder / "draw.json").unlink(), "is not a record of a lottery"),
        (lambda folder: edit(folder, seed="Pick 3 418"), "can't be repeated from its"),
        (lambda folder: edit(folder, city="elsewhere"), "elsewhere"),
        (
            lambda folder: edit(folder, areas_sha256="0" * 64),
            "has changed since the list was closed",
        ),
    ],
)
def test_a_draw_that_is_not_whole_gets_its_sentence_and_nothing_is_written(
    ask, town, tmp_path, spoil, told
):
    shutil.copytree(town.folder / "dr", tmp_path / "dr")
    spoil(tmp_path / "dr")
    done = ask("--out", tmp_path / "tr", draw=tmp_path / "dr", check=False)
    assert told in sentence(done)
    assert not (tmp_path / "tr").exists()


def edit(folder, **values):
    path = folder / "draw.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))
