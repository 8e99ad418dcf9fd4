"""Which city a deployment serves, and from which folders."""

import json

import pytest

from csa.base.errors import ConfigError
from csa_app.shared import settings
from csa_app.shared.settings import ROOT, deployment


@pytest.fixture
def dataset(tmp_path):
    def make(text):
        (tmp_path / "ingest.json").write_text(text, encoding="utf-8")
        return tmp_path

    return make


def var(city):
    return [settings.VAR / city / name for name in ("dataset", "basemap", "choices")]


def test_a_folder_of_ours_is_typed_without_the_path_of_this_machine(tmp_path):
    assert str(settings.as_typed(ROOT / "var" / "fleet")) == "var/fleet"
    assert settings.as_typed(tmp_path) == tmp_path


def test_a_datasets_folder_is_served_with_the_file_of_its_city(dataset):
    folder = dataset(json.dumps({"city": "philadelphia"}))
    served = deployment({"CSA_CITY": str(folder)})
    assert served.dataset == folder
    assert served.config == ROOT / "config" / "philadelphia.toml"
    assert served.basemap == var("philadelphia")[1]


@pytest.mark.parametrize("given", ["atlantis", "sample.json", ".", "config/atlantis.toml"])
def test_an_unknown_city_is_refused_with_those_that_are_known(given):
    with pytest.raises(ConfigError) as caught:
        deployment({"CSA_CITY": given})
    assert caught.value.message.key == "screen.no_city"
    assert given in str(caught.value)
    assert "philadelphia" in str(caught.value)
    assert "sample" in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "{}", "[]", "null", "1", '"city"'])
def test_a_dataset_that_says_no_city_is_refused(dataset, text):
    with pytest.raises(ConfigError) as caught:
        deployment({"CSA_CITY": str(dataset(text))})
    assert caught.value.message.key == "screen.no_dataset_city"


def test_a_dataset_of_an_unknown_city_is_refused(dataset):
    with pytest.raises(ConfigError, match="atlantis"):
        deployment({"CSA_CITY": str(dataset('{"city": "atlantis"}'))})
