"""Values that no rule names are counted apart: a flag spelled anew loses no row unseen."""

import pandas as pd
import pytest
from hypothesis import given, strategies as st
from tests.big_cities import (
    CHICAGO_HEADER,
    NEW_YORK_HEADER,
    chicago,
    chicago_row,
    new_york,
    new_york_row,
)

from csa.city.loading import load_city
from csa.ingest.columns import match_layout
from csa.ingest.intake import ingest_city
from csa.ingest.records import open_records
from csa.ingest.rules import count_unnamed, unnamed_notes
from csa.ingest.sources import Inputs
from csa.ingest.validate import validate_file


def found(town, path):
    """Question and column to the values counted."""
    reading = open_records(path)
    config = load_city(town.config)
    file = validate_file(reading, match_layout(reading.header, config, path), config)
    return {(each.question, each.column): each.counts.to_dict() for each in file.unnamed}


def in_chicago(town, *rows):
    return found(chicago(town), town.write("chicago.csv", *rows, header=CHICAGO_HEADER))


def test_new_yorks_flag_of_its_last_six_months(town):
    new_york(town)
    rows = [new_york_row(n, ("true", "false")[n % 2], 1 + n % 6) for n in range(90)]
    rows += [new_york_row(n, "N" if n % 4 else "Y", 7 + n % 6) for n in range(100, 148)]
    path = town.write("nypd.csv", *rows, header=NEW_YORK_HEADER)
    intake = ingest_city(load_city(town.config), Inputs((path,), town.places))
    report = intake.dataset.report
    assert report["rows_rejected"]["not_a_shooting"] == 48
    assert report["unnamed"] == [
        {
            "asked": "kind",
            "source": "nypd shootings",
            "column": "STATISTICAL_MURDER_FLAG",
            "rows": 48,
            "values_total": 2,
            "values": [{"value": "N", "rows": 36}, {"value": "Y", "rows": 12}],
        }
    ]
    said = "48 rows have N (36), Y (12) in STATISTICAL_MURDER_FLAG, which no rule covers, so they were left out as not shootings."
    assert said in str(intake.messages[0])
    assert report["notes"][0] == {"key": "unnamed.kind", "text": str(intake.messages[0])}


def test_each_of_chicagos_questions_has_its_own_values(town):
    rows = [
        chicago_row(1),
        chicago_row(2, offense="CRIMINAL SEXUAL ASSAULT"),
        chicago_row(3, hit="UNKNOWN"),
        chicago_row(4, domestic="Y"),
        chicago_row(5, role="OFFENDER"),
        chicago_row(6, police="TRUE"),
    ]
    assert in_chicago(town, *rows) == {
        ("kind", "VICTIMIZATION_PRIMARY"): {"CRIMINAL SEXUAL ASSAULT": 1},
        ("kind", "GUNSHOT_INJURY_I"): {"UNKNOWN": 1},
        ("victim", "ROLE"): {"OFFENDER": 1},
        ("domestic", "DOMESTIC_I"): {"Y": 1},
        ("exclude", "POLICE_I"): {"TRUE": 1},
    }


def test_a_row_that_a_named_value_keeps_out_is_no_news(town):
    rows = [
        chicago_row(1, hit="NO"),  # named by gun.no
        chicago_row(2, domestic=""),  # unknown is what a blank means
        chicago_row(3, police=""),
        chicago_row(4, police="N"),  # who names Y names N
        chicago_row(5, offense="battery", hit="yes", role=" victim "),
        chicago_row(6, police="Y", domestic="MAYBE"),  # left out: nothing is asked of it
    ]
    assert in_chicago(town, *rows) == {}


def test_a_row_counts_once_under_what_keeps_it_out_first(town):
    rows = [
        chicago_row(1, offense="ARSON", hit=""),
        chicago_row(2, hit=""),
        chicago_row(3, role=""),
        chicago_row(4, offense="ARSON", hit="NO"),  # would be none, whatever ARSON is
    ]
    assert in_chicago(town, *rows) == {
        ("kind", "VICTIMIZATION_PRIMARY"): {"ARSON": 1},
        ("kind", "GUNSHOT_INJURY_I"): {"": 1},
        ("victim", "ROLE"): {"": 1},
    }


def test_a_rule_on_text_leaves_out_what_it_names_and_no_more(town):
    chicago(town).edit_config('{ officer_involved = ["Y"] }', '{ offense = ["ARSON"] }')
    path = town.write("a.csv", chicago_row(1), header=CHICAGO_HEADER)
    assert found(town, path) == {}


def test_many_values_are_capped_in_the_sentence_and_counted_whole(town):
    rows = [chicago_row(n, offense=f"OFFENSE {n % 70}") for n in range(1000)]
    rows += [chicago_row(n, offense="A " * 60) for n in range(200)]
    reading = open_records(town.write("c.csv", *rows, header=CHICAGO_HEADER))
    config = load_city(chicago(town).config)
    file = validate_file(reading, match_layout(reading.header, config, town.config), config)
    counted = count_unnamed([("chicago crimes", each) for each in file.unnamed])
    assert (counted[0]["rows"], counted[0]["values_total"]) == (1200, 71)
    assert len(counted[0]["values"]) == 50
    said = str(unnamed_notes(counted)[0])
    shown = (
        f"{'A ' * 20}... (200), OFFENSE 0 (15), OFFENSE 1 (15), OFFENSE 10 (15), OFFENSE 11 (15)"
    )
    assert said.startswith(f"1,200 rows have {shown} and 66 other values in VICTIMIZATION_PRIMARY")


def test_what_people_wrote_is_counted_and_not_listed(town):
    rows = [chicago_row(n, offense=f"HE SAID {n}") for n in range(60)]
    reading = open_records(town.write("c.csv", *rows, header=CHICAGO_HEADER))
    config = load_city(chicago(town).config)
    file = validate_file(reading, match_layout(reading.header, config, town.config), config)
    counted = count_unnamed([("chicago crimes", each) for each in file.unnamed])
    assert (counted[0]["rows"], counted[0]["values"]) == (60, [])
    assert str(unnamed_notes(counted)[0]).startswith("60 rows have 60 different values in VICTIM")


@pytest.mark.long
@given(st.lists(st.sampled_from(["true", "false", "Y", "n", "", "U"]), min_size=1))
def test_every_row_that_is_no_shooting_is_counted_under_its_value(new_town, flags):
    town = new_york(new_town())
    rows = [new_york_row(n, flag) for n, flag in enumerate(flags)]
    counted = found(town, town.write("a.csv", *rows, header=NEW_YORK_HEADER))
    lost = pd.Series([flag for flag in flags if flag not in ("true", "false")], dtype="str")
    expected = lost.value_counts().to_dict()
    assert counted.get(("kind", "STATISTICAL_MURDER_FLAG"), {}) == expected
