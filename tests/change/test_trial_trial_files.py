"""What trials show, stored beside their dataset: what is damaged gets its sentence."""

import json
from dataclasses import replace

import pytest

from csa.base.errors import SourceError
from csa.base.message import msg
from csa.change.trial import KEPT_NAME, KIND, list_trials
from csa.city.dataset import open_city
from csa.city.loading import load_city

WHOLE = {
    "kind": KIND,
    "format_version": 1,
    "city": "sample",
    "entrants_sha256": "0" * 64,
    "first_start": "2020-03",
    "through": "2020-06",
}


@pytest.fixture
def city(root, sample_folder, tmp_path):
    """The sample, its stored results in a folder of the test's own."""
    return replace(
        open_city(load_city(root / "config" / "sample.toml"), sample_folder), folder=tmp_path
    )


@pytest.fixture
def write(city):
    def call(name, account):
        path = city.folder / "kept" / f"{KEPT_NAME}-{name}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(account))
        return path

    return call


def test_of_each_draw_the_newest_is_listed_in_order_of_the_starts(city, write):
    later = WHOLE | {"through": "2020-07"}
    other = WHOLE | {"entrants_sha256": "1" * 64, "first_start": "2020-01"}
    for name, account in (("a", WHOLE), ("b", later), ("c", other)):
        write(name, account)
    assert list_trials(city) == [other, later]


@pytest.mark.parametrize(
    "account",
    [
        *({name: one for name, one in WHOLE.items() if name != lost} for lost in WHOLE),
        WHOLE | {"city": "elsewhere"},
        WHOLE | {"format_version": 2},
        [],
    ],
)
def test_one_that_is_damaged_gets_its_sentence(city, write, account):
    path = write("a", account)
    with pytest.raises(SourceError) as refused:
        list_trials(city)
    assert refused.value.message == msg("backtest.damaged", path=path)
