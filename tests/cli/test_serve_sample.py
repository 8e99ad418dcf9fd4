"""The command `csa sample`: what it refuses, and that a filled store is left as it is."""

import json
import shutil

import pytest
from tests.sentences import says


def test_with_nothing_to_make_it_says_what_to_give(run):
    done = run("sample", check=False)
    assert done.returncode == 2
    assert says("sample.nothing") in done.stderr


@pytest.mark.long
def test_a_filled_store_is_left_as_it_is_unless_asked_again(run, root, story_folder, tmp_path):
    store = tmp_path / "store.sqlite3"
    shutil.copy(story_folder / "store.sqlite3", store)
    words = ("--dataset", story_folder / "dataset", "--store", store)
    done = run("sample", *words, check=False, cwd=root)
    assert done.returncode == 2
    assert says("sample.filled", store=store) in done.stderr
    of_store = ("--city", "sample", "--store", store)
    head = run("audit", "verify", *of_store, cwd=root).stdout.splitlines()[-1]
    run("plan", "set", "1.2.4", "--by", "Analysis", "--why", "All is in.", "--status", "done",
        *of_store, cwd=root)  # fmt: skip
    made = json.loads(run("sample", *words, "--again", "--json", cwd=root).stdout)
    assert head.endswith(made["head"])
