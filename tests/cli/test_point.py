"""`csa point`: possible placeholder locations, looked at and marked in the city's file."""

import json

import pytest

from csa.city.loading import load_city

DESK = "-94.52,39.02"


@pytest.fixture
def counted(town, run):
    """A town in which forty incidents lie at one desk, and thirty each at a place of its own."""
    places = [DESK] * 40 + [f"{-94.52 + 0.0004 * at:.4f},39.0205" for at in range(1, 31)]
    town.write("list.csv", *(row(at, place) for at, place in enumerate(places)))
    run("ingest", "--city", town.config, "--places", town.places, "--out", "ds", "list.csv")
    return town


def row(at, place):
    return f"{at},C{at},2019-{at % 12 + 1:02d}-{at % 28 + 1:02d},0,{place},1 Main St,Testville"


def test_a_point_is_shown_with_what_lies_there_marked_and_no_longer_flagged(counted, run):
    about = ("--city", counted.config, "--dataset", "ds")
    (point,) = json.loads(run("point", "list", *about, "--json").stdout)
    assert (point["number"], point["incidents"], point["neighborhood"]) == (1, 40, "East End")
    assert "39.02000, -94.52000" in run("point", "list", *about).stdout
    run("point", "mark", 1, "--right", *about, "--by", "Police", "--why", "a bar")
    assert load_city(counted.config).points[0].is_real
    run("ingest", "--city", counted.config, "--places", counted.places, "--out", "ds", "list.csv")
    assert json.loads(run("point", "list", *about, "--json").stdout) == []


def test_a_number_that_is_not_listed_and_a_city_without_data_are_refused(counted, run):
    asked = ("--wrong", "--city", counted.config, "--by", "Police", "--why", "seen")
    refused = run("point", "mark", 7, *asked, "--dataset", "ds", check=False)
    assert refused.returncode == 2
    assert run("point", "list", "--city", counted.config, check=False).returncode == 2
    assert load_city(counted.config).points == ()
