"""Where each setting comes from: flag, environment, deployment file, city file, default."""

import re
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from csa.base.errors import ConfigError, ParamError
from csa.city.deployment import SETTINGS, Resolved, resolve
from csa.city.loading import load_city

CITY_FILE = """
format_version = 1
[city]
id = "testville"
name = "Testville"
time_zone = "America/Chicago"
metric_crs = "EPSG:32615"
[places]
name_column = "name"
[areas]
eps_m = 150
min_samples = 10
at_incidents = 5000
{areas}
[[sources]]
name = "portal"
homicide = [{{ fatal = "1" }}]
date_formats = "%Y-%m-%d"
columns = {{ incident_id = "id", date = "date", fatal = "fatal" }}
"""
AREAS = "months = 24\nresolution = 8\nmax_area_km2 = 1.5"
RUNGS = ("flag", "environment", "deployment file", "city file")


@pytest.fixture(scope="module", name="city")
def _city(tmp_path_factory):
    return _load(tmp_path_factory.mktemp("city"), AREAS)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    """Work where no csa.toml is, with no variable of ours set."""
    monkeypatch.chdir(tmp_path)
    for name in ("DEPLOYMENT", *(setting.name.upper() for setting in SETTINGS)):
        monkeypatch.delenv(f"CSA_{name}", raising=False)


def _load(folder, areas):
    path = folder / "testville.toml"
    path.write_text(CITY_FILE.format(areas=areas), encoding="utf-8")
    return load_city(path)


def _deployment(folder, text):
    path = folder / "deployment.toml"
    path.write_text(text, encoding="utf-8")
    return path


# ---- By hand --------------------------------------------------------------------------------


def test_each_rung_of_the_ladder_wins_over_those_below(tmp_path, city):
    flags = {"months": 12, "resolution": None}
    environment = {"CSA_MONTHS": "18", "CSA_RESOLUTION": "10"}
    deployment = _deployment(tmp_path, "months = 30\nresolution = 11\nmax_area_km2 = 0.5")
    settled = resolve(flags, city, environment, deployment)
    assert settled == {
        "data_dir": Resolved("data/testville", "default"),
        "store": Resolved("var/testville.sqlite3", "default"),
        "access": Resolved("local", "default"),
        "bundle": Resolved("", "default"),
        "months": Resolved(12, "flag"),
        "resolution": Resolved(10, "environment"),
        "max_area_km2": Resolved(0.5, "deployment file"),
        "eps_m": Resolved(None, "default"),
        "min_samples": Resolved(None, "default"),
    }


def test_what_nobody_sets_comes_from_the_city_file_or_is_left_to_the_suggestion(city):
    settled = resolve({}, city, {})
    assert {name: (each.value, each.origin) for name, each in settled.items()} == {
        "data_dir": ("data/testville", "default"),
        "store": ("var/testville.sqlite3", "default"),
        "access": ("local", "default"),
        "bundle": ("", "default"),
        "months": (24, "city file"),
        "resolution": (8, "city file"),
        "max_area_km2": (1.5, "city file"),
        "eps_m": (None, "default"),
        "min_samples": (None, "default"),
    }


def test_the_process_has_variables_of_its_own(city, monkeypatch):
    monkeypatch.setenv("CSA_EPS_M", "175.5")
    monkeypatch.setenv("CSA_DATA_DIR", "/srv/shootings")
    settled = resolve({}, city)
    assert settled["eps_m"] == Resolved(175.5, "environment")
    assert settled["data_dir"] == Resolved("/srv/shootings", "environment")


def test_a_csa_toml_here_is_the_deployment_file_unless_the_variable_names_another(city, tmp_path):
    Path("csa.toml").write_text("months = 6", encoding="utf-8")
    assert resolve({}, city, {})["months"] == Resolved(6, "deployment file")
    other = _deployment(tmp_path, "months = 7")
    named = {"CSA_DEPLOYMENT": str(other)}
    assert resolve({}, city, named)["months"] == Resolved(7, "deployment file")
    given_path = tmp_path / "third.toml"
    given_path.write_text("months = 8", encoding="utf-8")
    assert resolve({}, city, named, given_path)["months"] == Resolved(8, "deployment file")


# ---- At the edge ----------------------------------------------------------------------------


def test_a_flag_of_zero_is_a_choice_and_not_an_absence(city):
    settled = resolve({"max_area_km2": 0}, city, {"CSA_MAX_AREA_KM2": "1"})
    assert settled["max_area_km2"] == Resolved(0.0, "flag")


def test_a_whole_number_will_do_for_a_length_in_meters(tmp_path, city):
    settled = resolve({}, city, {}, _deployment(tmp_path, "eps_m = 200"))
    assert settled["eps_m"] == Resolved(200.0, "deployment file")


def test_what_the_city_file_leaves_out_is_said_to_be_the_default(tmp_path):
    settled = resolve({}, _load(tmp_path, ""), {})
    assert settled["months"] == Resolved(36, "default")


# ---- Refused --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("months", "three"),
        ("months", "36.5"),
        ("resolution", "9th"),
        ("eps_m", "150 m"),
        ("max_area_km2", "2,0"),
        ("min_samples", ""),
    ],
)
def test_a_variable_that_is_no_number_is_refused_by_name(city, name, text):
    with pytest.raises(
        ParamError, match=f"^{re.escape(name)} must be a number, not '{re.escape(text)}'"
    ):
        resolve({}, city, {f"CSA_{name.upper()}": text})


def test_a_list_where_a_number_belongs_is_refused(tmp_path, city):
    with pytest.raises(ParamError, match="months must be a number"):
        resolve({}, city, {}, _deployment(tmp_path, "months = [36]"))


@pytest.mark.parametrize("value", ["36.7", "true", "inf"])
def test_a_fraction_a_claim_or_infinity_is_no_number_of_months(tmp_path, city, value):
    with pytest.raises(ParamError, match="months must be a number"):
        resolve({}, city, {}, _deployment(tmp_path, f"months = {value}"))


def test_an_unknown_setting_is_refused_with_the_known_ones(tmp_path, city):
    path = _deployment(tmp_path, "months = 12\nmonts = 12")
    with pytest.raises(ConfigError) as refused:
        resolve({}, city, {}, path)
    assert str(refused.value) == (
        f"{path}: no setting is called monts. Choose from data_dir, store, access, bundle, months, "
        f"resolution, "
        "max_area_km2, eps_m, min_samples."
    )


def test_roles_are_the_one_table_of_the_deployment_file_and_no_setting(tmp_path, city):
    path = _deployment(tmp_path, 'access = "signed-in"\n[roles]\nrole_claim = "role"')
    settled = resolve({}, city, {}, path)
    assert settled["access"] == Resolved("signed-in", "deployment file")
    assert "roles" not in settled
    with pytest.raises(ConfigError, match="no setting is called rolls"):
        resolve({}, city, {}, _deployment(tmp_path, "[rolls]"))


def test_an_unknown_access_is_refused_with_those_that_are_known(city):
    for given_ in ("Local", "open", ""):
        with pytest.raises(ParamError, match="local, public, signed-in"):
            resolve({}, city, {"CSA_ACCESS": given_})


def test_a_deployment_file_that_is_named_must_be_there(tmp_path, city):
    absent = tmp_path / "absent.toml"
    with pytest.raises(ConfigError, match=r"absent\.toml"):
        resolve({}, city, {"CSA_DEPLOYMENT": str(absent)})
    with pytest.raises(ConfigError, match=r"absent\.toml"):
        resolve({}, city, {}, absent)


def test_a_deployment_file_that_is_not_toml_is_refused(tmp_path, city):
    with pytest.raises(ConfigError, match="is not valid TOML"):
        resolve({}, city, {}, _deployment(tmp_path, "months: 12"))


# ---- True in general ------------------------------------------------------------------------


@given(rungs=st.sets(st.sampled_from(RUNGS)), values=st.permutations([7, 8, 9, 10]))
def test_the_highest_rung_that_is_set_wins(city, tmp_path_factory, rungs, values):
    at = dict(zip(RUNGS, values, strict=True))
    flags = {"min_samples": at["flag"]} if "flag" in rungs else {}
    flags |= {"resolution": at["flag"]} if "flag" in rungs else {}
    environment = {}
    if "environment" in rungs:
        environment = {f"CSA_{n}": str(at["environment"]) for n in ("RESOLUTION", "MIN_SAMPLES")}
    deployed = at["deployment file"]
    lines = f"resolution = {deployed}\nmin_samples = {deployed}"
    folder = tmp_path_factory.mktemp("ladder")
    path = _deployment(folder, lines if "deployment file" in rungs else "")
    settled = resolve(flags, city, environment, path)
    above = [rung for rung in RUNGS[:3] if rung in rungs]
    origin = above[0] if above else "city file"
    assert settled["resolution"] == Resolved(at[origin] if above else 8, origin)
    origin = above[0] if above else "default"
    assert settled["min_samples"] == Resolved(at[origin] if above else None, origin)


def test_every_setting_says_what_it_means_and_is_in_the_answer(city):
    assert all(setting.about for setting in SETTINGS)
    assert list(resolve({}, city, {})) == [setting.name for setting in SETTINGS]
    assert [setting.variable for setting in SETTINGS] == [
        "CSA_DATA_DIR",
        "CSA_STORE",
        "CSA_ACCESS",
        "CSA_BUNDLE",
        "CSA_MONTHS",
        "CSA_RESOLUTION",
        "CSA_MAX_AREA_KM2",
        "CSA_EPS_M",
        "CSA_MIN_SAMPLES",
    ]
