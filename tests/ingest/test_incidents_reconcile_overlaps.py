"""Files that overlap count each victim once; pages of a list, split anywhere, lose none."""

import numpy as np
import pytest

from csa.city.loading import load_city
from csa.ingest.intake import ingest_city
from csa.ingest.sources import Inputs

DAYS = [f"2020-{month:02d}-{day:02d}" for month in range(1, 7) for day in range(1, 28, 3)]
VICTIMS = np.random.default_rng(3).choice([1, 2, 3], len(DAYS), p=[0.7, 0.2, 0.1]).tolist()


def rows(days, n_more=0):
    """Return a row without an id for each victim; of the last incident, so many more."""
    return [
        f",{number},{day} 10:00,0,-94.57,39.02,{number} A ST,"
        for number, day in enumerate(DAYS)
        if day in days
        for _ in range(VICTIMS[number] + (n_more if day == days[-1] else 0))
    ]


def told(town, *files):
    paths = [town.write(f"{number}.csv", *lines) for number, lines in enumerate(files)]
    intake = ingest_city(load_city(town.config), Inputs(tuple(paths), town.places))
    notes = [m for m in intake.messages if m.key == "source.note_overlap"]
    report = intake.dataset.report
    assert report["incidents"] == len(DAYS)
    return report["victims"], [note.values["n"] for note in notes]


@pytest.mark.parametrize("is_turned", [False, True])
def test_two_downloads_of_one_list_count_each_victim_once(town, is_turned):
    """They were added up: 17,757 victims were told of for 17,214."""
    files = [rows(DAYS[:40]), rows(DAYS[25:])]
    assert told(town, *(files[::-1] if is_turned else files)) == (sum(VICTIMS), [15])


def test_so_do_three_of_which_the_first_and_the_last_share_nothing(town):
    files = [rows(DAYS[:20]), rows(DAYS[15:40]), rows(DAYS[35:])]
    assert told(town, *files) == (sum(VICTIMS), [10])


def test_of_an_incident_that_a_later_download_tells_more_of_the_most_count(town):
    files = [rows(DAYS[:40]), rows(DAYS[25:], n_more=2), rows(DAYS[30:])]
    victims, (n_shared,) = told(town, *files)
    assert (victims, n_shared) == (sum(VICTIMS) + 2, len(DAYS) - 25)


def test_pages_that_cut_an_incident_lose_none_of_its_victims(town):
    lines = rows(DAYS)
    cut = next(at for at in range(40, 99) if lines[at] == lines[at - 1])
    assert told(town, lines[:cut], lines[cut:]) == (sum(VICTIMS), [])


def test_nor_do_pages_in_any_order(town):
    """Victims of one incident stand in both, but of few incidents."""
    lines = np.random.default_rng(4).permutation(rows(DAYS)).tolist()
    third = len(lines) // 3
    assert told(town, lines[:third], lines[third:]) == (sum(VICTIMS), [])
