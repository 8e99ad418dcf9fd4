"""Which column tells of a gun, and which list is one of the dead."""

import pandas as pd
import pytest

from csa.ingest.infer_columns import Questions, TextColumn
from csa.ingest.infer_incidents import GuessedRules, RowClues, guess_incidents
from csa.ingest.infer_rules import guess_gun, is_deaths_list


def column(header, *values):
    return TextColumn(0, header, pd.Series(values))


def test_a_gun_is_told_by_the_weapon_and_not_by_what_was_found_or_another_column():
    weapon, found = column("Weapon", "HANDGUN", "KNIFE", "UNKNOWN"), GuessedRules()
    others = column("Offense", "ASSAULT - HANDGUN", "THEFT"), column("Guns Recovered", "Y", "N")
    guess_gun([*others, weapon], found)
    assert found.columns == {"firearm": weapon}
    assert found.gun == {"yes": [{"firearm": ["HANDGUN"]}], "no": [{"firearm": ["KNIFE"]}]}


@pytest.mark.parametrize(("other", "is_of_the_dead"), [("Suicide", True), ("Assault", False)])
def test_one_cause_that_is_no_crime_makes_a_list_one_of_the_dead(other, is_of_the_dead):
    causes = column("Manner", "Homicide", other), column("Cause", "Gunshot", "Gunshot")
    assert is_deaths_list(causes) == is_of_the_dead


@pytest.mark.parametrize(("n_cases", "taken"), [(98, "Case Number"), (97, "Incident Number")])
def test_the_case_joins_reports_where_nearly_all_rows_have_its_number(n_cases, taken):
    reports = column("Incident Number", *(f"R{row}" for row in range(100)))
    cases = column("Case Number", *(f"C{row // 2}" if row < n_cases else "" for row in range(100)))
    days = pd.Series([f"2024-01-{1 + row // 4:02}" for row in range(100)])
    found = GuessedRules()
    guess_incidents([reports, cases], found, RowClues((), days, days), Questions({}))
    assert found.columns["incident_id"].header == taken
