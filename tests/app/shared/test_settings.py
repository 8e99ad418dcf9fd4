"""Which city a deployment serves, and from which folders."""

import json

import pytest
from tests.sentences import refuses

from csa.base.errors import ConfigError
from csa_app.shared import settings
from csa_app.shared.settings import ROOT, Deployment, deployment


@pytest.fixture
def dataset(tmp_path):
    def make(text):
        (tmp_path / "ingest.json").write_text(text, encoding="utf-8")
        return tmp_path

    return make


def var(city):
    return [settings.VAR / city / name for name in ("dataset", "basemap", "choices")]


def test_without_a_word_it_is_the_made_up_city():
    sample = Deployment(ROOT / "config" / "sample.toml", *var("sample"))
    assert deployment({}) == deployment({"CSA_CITY": ""}) == sample


def test_a_folder_of_ours_is_typed_without_the_path_of_this_machine(tmp_path):
    assert str(settings.as_typed(ROOT / "var" / "fleet")) == "var/fleet"
    assert settings.as_typed(tmp_path) == tmp_path


def test_a_name_is_a_city_of_the_config_folder():
    assert deployment({"CSA_CITY": "kansas-city"}) == Deployment(
        ROOT / "config" / "kansas-city.toml", *var("kansas-city")
    )


def test_a_file_is_a_city_of_its_own_name(tmp_path):
    path = tmp_path / "testville.toml"
    path.touch()
    served = deployment({"CSA_CITY": str(path)})
    assert served == Deployment(path, *var("testville"))


def test_a_datasets_folder_is_served_with_the_file_of_its_city(dataset):
    folder = dataset(json.dumps({"city": "philadelphia"}))
    served = deployment({"CSA_CITY": str(folder)})
    assert served.dataset == folder
    assert served.config == ROOT / "config" / "philadelphia.toml"
    assert served.basemap == var("philadelphia")[1]


def test_folders_that_are_named_come_first(dataset, tmp_path):
    folder = dataset(json.dumps({"city": "philadelphia"}))
    named = {"CSA_DATASET": str(tmp_path / "d"), "CSA_BASEMAP": str(tmp_path / "b")}
    served = deployment({"CSA_CITY": str(folder), **named})
    assert (served.dataset, served.basemap) == (tmp_path / "d", tmp_path / "b")


def test_the_process_is_asked_when_no_environment_is_given(monkeypatch):
    monkeypatch.setenv("CSA_CITY", "philadelphia")
    monkeypatch.delenv("CSA_DATASET", raising=False)
    assert deployment().config.name == "philadelphia.toml"


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
    with refuses("screen.no_dataset_city", ConfigError):
        deployment({"CSA_CITY": str(dataset(text))})


def test_a_dataset_of_an_unknown_city_is_refused(dataset):
    with pytest.raises(ConfigError, match="atlantis"):
        deployment({"CSA_CITY": str(dataset('{"city": "atlantis"}'))})
