"""Files that would be read wrongly in silence: each with the truth that was planted."""

import io
import json
import sys
from collections import Counter

import pandas as pd
import pytest
from pyproj import Transformer
from tests.workers import some
from tests.workflow.truth import (
    N_KILLED,
    TRUE_WHENS,
    TRUTH,
    base,
    changed,
    read,
    read_files,
    whens,
    without,
)

from csa import City
from csa.base.errors import SourceError
from csa.workflow.new_city import understand

NO_SHOOTING = 30


def by_offense(killed, hit, *others):
    """Files of offenses, with others in which nobody was shot."""

    def rows():
        for one in TRUTH:
            yield {**without(base(one), "Fatal"), "Offense": killed if one.is_homicide else hit}
        for number in range(NO_SHOOTING * len(others)):
            row = without(base(TRUTH[number % 200]), "Fatal")
            yield {**row, "Case": f"X{number}", "Offense": others[number % len(others)]}

    return rows


TRAPS = {
    "a day called Incident Date is no number": changed(
        lambda _, one: {"Incident Date": f"{one.when:%Y-%m-%d}"}, "Case", "Date"
    ),
    "nor is an address": changed(
        lambda at, _: {"Incident Address": f"{at % 60} OAK ST"}, "Case"
    ),
    "intent, attempts and crashes are no homicides": by_offense(
        "MURDER", "SHOOTING", "ASSAULT WITH INTENT TO MURDER", "ATT MURDER", "TRAFFIC HOMICIDE",
        "CONSPIRACY TO COMMIT MURDER", "HOMICIDE - DUI",
    ),
    "shotguns and alerts are no shootings": by_offense(
        "HOMICIDE", "NON-FATAL SHOOTING", "ROBBERY - SHOTGUN", "SHOTSPOTTER ALERT", "SHOTS HEARD",
        "POSSESSION OF SAWED-OFF SHOTGUN", "OFFICER INVOLVED SHOOTING", "SHOOTING - BB GUN",
        "ANIMAL SHOT", "ACCIDENTAL SHOOTING",
    ),
    "Not Fatal is not fatal": changed(
        lambda at, one: {
            "Outcome": "Fatal" if one.is_homicide else ["Not Fatal", "Graze"][at % 2]
        },
        "Fatal",
    ),
    "deceased and survived": changed(
        lambda _, one: {"Victim Status": "Deceased" if one.is_homicide else "Survived"}, "Fatal"
    ),
    "F and NF": changed(lambda _, one: {"Injury": "F" if one.is_homicide else "NF"}, "Fatal"),
    "F of a woman beside it": changed(
        lambda at, one: {"Sex": "FM"[at % 2], "Injury": "F" if one.is_homicide else "NF"}, "Fatal"
    ),
    "muerto y herido": changed(
        lambda _, one: {"Resultado": "Muerto" if one.is_homicide else "Herido"}, "Fatal"
    ),
    "a blank flag is asked, and most likely no": changed(
        lambda _, one: {"Fatal": "Y" if one.is_homicide else ""}
    ),
    "a homicide's number is no count": changed(
        lambda at, one: {
            "Homicide No": at + 1 if one.is_homicide else "",
            "Status": "Fatal" if one.is_homicide else "Non-Fatal",
        },
        "Fatal",
    ),
    "a firearm of unstated type is a firearm": changed(
        lambda at, one: {
            "Offense": "Homicide" if one.is_homicide else "Aggravated Assault",
            "Weapon": ["Firearm (type not stated)", "Other Firearm", "Handgun"][at % 3],
            "Weapon Recovered": "Y" if at % 4 else "N",
        },
        "Fatal",
    ),
    "numbers that begin anew each year": changed(
        lambda at, _: {"Case": f"{at % 120 + 1:04d}"}
    ),
    "an hour of the day": changed(
        lambda _, one: {"Date": f"{one.when:%Y-%m-%d}", "Hour of Day": one.when.hour}
    ),
    "days of birth and of arrest stand first": changed(
        lambda at, one: {
            "Date": None,
            "Date of Birth": f"19{at % 60 + 30}-05-05",
            "Arrest Date": "2024-05-05",
            "Shooting Date": f"{one.when:%Y-%m-%d}",
        }
    ),
    "a day of digits": changed(lambda _, one: {"OCC_DT": f"{one.when:%Y%m%d}"}, "Date"),
    "a list of all crimes with a flag for each": lambda: [
        *(
            {**without(base(one), "Fatal"), "AssaultOffense": int(not one.is_homicide),
             "Homicide": int(one.is_homicide), "LockedVehicle": 0, "Robbery": 0, "Theft": 0,
             "WeaponUsed": "FIREARM"}
            for one in TRUTH
        ),
        *(
            {**without(base(TRUTH[at % 200]), "Fatal"), "Case": f"X{at}", "AssaultOffense": at % 2,
             "Homicide": 0, "LockedVehicle": 0, "Robbery": at % 2, "Theft": 1 - at % 2,
             "WeaponUsed": "KNIFE"}
            for at in range(400)
        ),
    ],
    "a coarse category beside the offense": lambda: [
        *(
            {**without(base(one), "Fatal"),
             "Category": "murder" if one.is_homicide else "aggravated-assault",
             "Offense Type": "homicide-family" if one.is_homicide else "agg-aslt-shoot"}
            for one in TRUTH
        ),
        *(
            {**without(base(TRUTH[at % 200]), "Fatal"), "Case": f"X{at}",
             "Category": ["murder", "aggravated-assault"][at % 2],
             "Offense Type": ["homicide-conspiracy", "agg-aslt-knife"][at % 2]}
            for at in range(20)
        ),
    ],
    "a gun that the offense names": by_offense(
        "MURDER", "ASSAULT WITH SEMIAUTOMATIC FIREARM ON PERSON", "ADW-FORCE:GBI",
        "ROBBERY-FIREARM", "EXHIBIT FIREARM", "SHOOT AT UNOCCUPIED DWELLING/VEHICLE/ETC",
    ),
    "a weapon that a second text names": lambda: [
        *(
            {**without(base(one), "Fatal"),
             "Primary Type": "HOMICIDE" if one.is_homicide else "BATTERY",
             "Description": "FIRST DEGREE MURDER" if one.is_homicide else "AGGRAVATED: HANDGUN"}
            for one in TRUTH
        ),
        *(
            {**without(base(TRUTH[at % 200]), "Fatal"), "Case": f"X{at}",
             "Primary Type": ["THEFT", "BATTERY", "ROBBERY"][at % 3],
             "Description": ["$500 AND UNDER", "SIMPLE", "ARMED: HANDGUN"][at % 3]}
            for at in range(300)
        ),
    ],
    "a flag that says somebody was shot": lambda: [
        *(
            {**without(base(one), "Fatal"), "SHOOTING": "Y",
             "OFFENSE_DESCRIPTION": "MURDER, NON-NEGLIGENT MANSLAUGHTER" if one.is_homicide
             else "ASSAULT - AGGRAVATED"}
            for one in TRUTH
        ),
        *(
            {**without(base(TRUTH[at % 200]), "Fatal"), "Case": f"X{at}", "SHOOTING": "",
             "OFFENSE_DESCRIPTION": ["ASSAULT - AGGRAVATED", "LARCENY"][at % 2]}
            for at in range(300)
        ),
    ],
    "shootings by how they ended": lambda: [
        *(
            {**without(base(one), "Fatal"),
             "Shooting Type": "Homicide" if one.is_homicide else "Non-Fatal Injury"}
            for one in TRUTH
        ),
        *(
            {**without(base(TRUTH[at % 200]), "Fatal"), "Case": f"X{at}",
             "Shooting Type": "No Known Injury or Property Damage"}
            for at in range(NO_SHOOTING)
        ),
    ],
    "two reports of one case": lambda: [
        {**base(one), "Case": None, "Incident ID": at * 300 + one.number,
         "Incident Number": f"N{one.number}"}
        for at, part in enumerate((TRUTH, TRUTH[:40])) for one in part
    ],
    "marks that TOML forbids": changed(lambda at, _: {'Note\x7f "x"': f"a\x7fb{at}"}),
}  # fmt: skip


QUICK_TRAPS = (
    "a day called Incident Date is no number",
    "Not Fatal is not fatal",
    "intent, attempts and crashes are no homicides",
    "a flag that says somebody was shot",
    "marks that TOML forbids",
)


@pytest.mark.parametrize("trap", some(TRAPS, *QUICK_TRAPS))
def test_no_file_is_read_wrongly_in_silence(tmp_path, trap):
    _, dataset = read(tmp_path, TRAPS[trap]())
    kinds = Counter(dataset.incidents["kind"])
    assert kinds == {"homicide": N_KILLED, "nonfatal": len(TRUTH) - N_KILLED}


def test_a_blank_flag_may_be_unknown(tmp_path):
    rows = TRAPS["a blank flag is asked, and most likely no"]()
    city, dataset = read(tmp_path, rows, answers={"blank": 1})
    assert [one.about for one in city.doubts] == ["blank"]
    assert Counter(dataset.incidents["kind"]) == {"homicide": N_KILLED}


def test_times_without_leading_zeros_are_read_as_they_are(tmp_path):
    change = changed(
        lambda _, one: {"Date": f"{one.when:%Y-%m-%d}", "Time": f"{one.when:%H%M}".lstrip("0")}
    )
    _, dataset = read(tmp_path, change())
    found = {f"{when:%Y-%m-%d %H:%M}" for when in dataset.incidents["occurred_at"]}
    assert found == {f"{one.when:%Y-%m-%d %H:%M}" for one in TRUTH}


@pytest.mark.long
@pytest.mark.parametrize("day", ["%m/%d/%Y", "%Y%m%d"])
def test_longitudes_without_their_minus_are_told(tmp_path, day):
    rows = changed(lambda _, one: {"Longitude": -one.lon, "Date": f"{one.when:{day}}"})
    city, _ = read(tmp_path, rows())
    assert "start.no_minus" in {note.key for note in city.notes}


def test_what_would_be_wrong_is_refused(tmp_path):
    rows = changed(lambda _, __: {"Latitude": 3.0, "Longitude": 500.0})
    with pytest.raises(SourceError) as refused:
        read(tmp_path, rows())
    assert refused.value.message.key == "start.which_system"


ZONE = "America/Kentucky/Louisville"


@pytest.mark.long
@pytest.mark.parametrize("zone", ["UTC", ZONE])
def test_milliseconds_since_1970_are_days_of_the_city_whichever_clock_wrote_them(tmp_path, zone):
    def milliseconds(one):
        return int(pd.Timestamp(one.when).tz_localize(zone, ambiguous=False).timestamp() * 1000)

    rows = changed(lambda _, one: {"Incident Date": milliseconds(one), "Edit Date": "2024-01-01"},
                   "Date")  # fmt: skip
    city, dataset = read(tmp_path, rows())
    assert [one.about for one in city.doubts] == ["zone"]
    found = whens(dataset)
    assert len(found & TRUE_WHENS) >= 0.99 * len(TRUE_WHENS)  # an hour twice in November


def test_a_midnight_that_excel_writes_as_a_day_alone_is_read(tmp_path):
    rows = changed(
        lambda at, one: {"Date": f"{one.when:%Y-%m-%d}" + (at % 30 > 0) * f"{one.when: %H:%M:%S}"}
    )
    _, dataset = read(tmp_path, rows())
    assert len(dataset.incidents) == len(TRUTH)
    assert len(whens(dataset) & TRUE_WHENS) >= 0.95 * len(TRUE_WHENS)


def test_times_that_end_in_their_distance_from_universal_time_leave_no_doubt(tmp_path):
    def written(_, one):
        return {"Date": pd.Timestamp(one.when).tz_localize(ZONE, ambiguous=False).isoformat()}

    city, dataset = read(tmp_path, changed(written)())
    assert [one.about for one in city.doubts] == []
    assert len(whens(dataset) & TRUE_WHENS) >= 0.99 * len(TRUE_WHENS)


def test_days_first_with_a_year_of_two_digits_are_read(tmp_path):
    _, dataset = read(tmp_path, changed(lambda _, one: {"Date": f"{one.when:%d/%m/%y %H:%M}"})())
    assert whens(dataset) == TRUE_WHENS


@pytest.mark.parametrize(
    "form",
    [
        "%b %d, %Y %I:%M %p",
        "%B %d, %Y, %I:%M %p",
        "%d-%b-%Y %H:%M:%S",
        "%d-%b-%y %H:%M",
        "%m/%d/%Y, %I:%M:%S %p",
        "%m/%d/%Y %I:%M%p",
        "%m-%d-%Y %H:%M",
        "%Y/%m/%d %I:%M %p",
        "%Y%m%d %H:%M",
    ],
)
def test_any_day_may_stand_before_any_time_of_day(tmp_path, form):
    city, dataset = read(tmp_path, changed(lambda _, one: {"Date": one.when.strftime(form)})())
    assert whens(dataset) == TRUE_WHENS
    assert [one.about for one in city.doubts if one.about in {"day", "order"}] == []


@pytest.mark.parametrize("form", ["%y-%m-{:02d}", "%m-%y-{:02d}", "{:02d}-%m-%y"])
def test_a_number_of_a_case_that_looks_like_a_day_is_none(tmp_path, form):
    """24-05-17 is the seventeenth case of May 2024 as well; and nobody is asked."""

    def written(at, one):
        return {"incident_number": one.when.strftime(form.format(at % 28 + 1)), "date": one.when}

    city, _ = read(tmp_path, changed(written, "Date", "Case")())
    assert city.lists[0].when.columns["date"].header == "date"
    assert [one.about for one in city.doubts if one.about in {"day", "order"}] == []


@pytest.mark.parametrize("form", ["%m/%d/%Y %I:%M:%S %p", "%m/%d/%y %I:%M %p", "%m-%d-%Y %H:%M"])
def test_which_of_two_numbers_is_the_month_is_asked_where_both_could_be(tmp_path, form):
    def written(_, one):
        return {"Date": one.when.replace(day=one.when.day % 12 + 1).strftime(form)}

    city, _ = read(tmp_path, changed(written)())
    assert "order" in [one.about for one in city.doubts]


@pytest.mark.parametrize(
    ("names", "month", "hour"),
    [
        (("OCC_YEAR", "OCC_MONTH", "OCC_DAY"), "%B", "OCC_HOUR"),
        (("IncidentYear", "IncidentMonth", "IncidentDay"), "%m", "Time"),
        (("año", "mes", "día"), "%m.0", "hora"),
    ],
)
def test_a_day_may_stand_in_three_columns_and_its_hour_in_a_fourth(tmp_path, names, month, hour):
    def written(_, one):
        parts = dict(
            zip(names, (one.when.year, one.when.strftime(month), one.when.day), strict=True)
        )
        return {**parts, "Day of Week": one.when.strftime("%A"), hour: one.when.hour}

    city, dataset = read(tmp_path, changed(written, "Date")())
    assert whens(dataset) == {f"{one.when:%Y-%m-%d %H}:00" for one in TRUTH}
    assert city.lists[0].columns["date"].header == " + ".join(names)


@pytest.mark.parametrize("gone", ["OCC_YEAR", "OCC_DAY"])
def test_two_of_three_parts_are_no_day(tmp_path, gone):
    def written(_, one):
        return {"OCC_YEAR": one.when.year, "OCC_MONTH": one.when.month, "OCC_DAY": one.when.day}

    rows = [without(row, gone) for row in changed(written, "Date")()]
    with pytest.raises(SourceError, match=r"has dates that can be read\."):
        read(tmp_path, rows)


def test_a_hole_in_one_of_three_parts_is_no_day_and_is_counted(tmp_path):
    def written(at, one):
        day = one.when.day if at else ""
        return {"OCC_YEAR": one.when.year, "OCC_MONTH": one.when.month, "OCC_DAY": day}

    _, dataset = read(tmp_path, changed(written, "Date")())
    assert dataset.report["rows_rejected"]["bad_date"] == 1
    assert len(dataset.incidents) == len(TRUTH) - 1


def test_an_hour_alone_behind_a_day_is_no_time_of_day(tmp_path):
    rows = changed(lambda _, one: {"Date": f"{one.when:%m/%d/%Y %H}"})()
    with pytest.raises(SourceError, match=r"has dates that can be read\."):
        read(tmp_path, rows)


def test_an_injury_that_is_fatal_is_no_injury_that_was_survived(tmp_path):
    def written(_, one):
        return {"Injury Type": "Fatal Injury" if one.is_homicide else "Non-Fatal Injury"}

    _, dataset = read(tmp_path, changed(written, "Fatal")())
    assert Counter(dataset.incidents["kind"])["homicide"] == N_KILLED


@pytest.mark.long
def test_a_line_of_totals_below_a_flag_is_no_row(tmp_path):
    rows = [*TRAPS["a day called Incident Date is no number"](), {"Incident Date": "Total"}]
    rows[-1] |= {"Fatal": str(N_KILLED)}
    _, dataset = read(tmp_path, rows)
    assert Counter(dataset.incidents["kind"])["homicide"] == N_KILLED
    assert len(dataset.incidents) == len(TRUTH)


def test_lines_above_the_header_are_titles_and_decimal_commas_are_decimals(tmp_path):
    table = pd.DataFrame(changed(lambda _, one: {"Latitude": f"{one.lat:.6f}".replace(".", ","),
                                                 "Longitude": f"{one.lon:.6f}".replace(".", ",")})())  # fmt: skip
    path = tmp_path / "list.csv"
    path.write_text("Shootings, all\n\nas of May 2024\n" + table.to_csv(index=False, sep=";"))
    city, made = read_files(tmp_path, path)
    assert "source.note_titles" in {note.key for note in city.notes}
    assert city.lists[0].where.lonlat["lat"].median() == pytest.approx(38.23, abs=0.02)
    assert made.report["incidents"] == len(TRUTH)
    assert made.report["unlocated"] == 0


def test_an_answer_of_an_arcgis_server_is_read_as_its_records(tmp_path):
    features = [
        {"attributes": without(row, "Latitude", "Longitude"),
         "geometry": {"x": row["Longitude"], "y": row["Latitude"]}}
        for row in map(base, TRUTH)
    ]  # fmt: skip
    path = tmp_path / "answer.json"
    path.write_text(json.dumps({"features": features}))
    city = understand(path)
    assert len(city.lists[0].where.lonlat) == len(TRUTH)
    assert city.lists[0].where.lonlat["lat"].median() == pytest.approx(38.23, abs=0.02)


@pytest.mark.parametrize(("wkid", "system"), [(102100, "EPSG:3857"), (4326, "EPSG:4326")])
def test_an_arcgis_servers_answer_is_read_in_the_system_that_it_names(tmp_path, wkid, system):
    there = Transformer.from_crs("EPSG:4326", system, always_xy=True).transform
    features = [
        {"attributes": without(row, "Latitude", "Longitude"),
         "geometry": dict(zip("xy", there(row["Longitude"], row["Latitude"]), strict=True))}
        for row in map(base, TRUTH)
    ]  # fmt: skip
    reference = {"wkid": wkid, "latestWkid": int(system[5:])}
    path = tmp_path / "answer.json"
    path.write_text(json.dumps({"spatialReference": reference, "features": features}))
    where = understand(path).lists[0].where
    assert where.crs == system
    assert where.lonlat["lat"].median() == pytest.approx(38.23, abs=0.02)
    path.write_text(json.dumps({"spatialReference": {"wkid": "x"}, "features": features}))
    if wkid != 4326:
        with pytest.raises(SourceError, match="does not name"):
            understand(path)


@pytest.mark.long
def test_homicides_and_nonfatal_shootings_in_files_of_their_own_are_two_lists_of_one_city(tmp_path):
    homicides, nonfatal = tmp_path / "homicides_2023.csv", tmp_path / "nonfatal_shootings.csv"
    killed = [without(base(one), "Fatal") for one in TRUTH if one.is_homicide]
    hit = [
        {"Case No": f"N{one.number}", "When": f"{one.when:%m/%d/%Y %H:%M}", "lat": one.lat, "lon": one.lon}
        for one in TRUTH if not one.is_homicide
    ]  # fmt: skip
    pd.DataFrame(killed).to_csv(homicides, index=False)
    pd.DataFrame(hit).rename(columns={"When": "Occurred Date"}).to_csv(nonfatal, index=False)
    city, made = read_files(tmp_path, homicides, nonfatal)
    assert [one.about for one in city.doubts] == ["all", "all 2"]
    kinds = Counter(made.incidents["kind"])
    assert kinds == {"homicide": N_KILLED, "nonfatal": len(TRUTH) - N_KILLED}
    alone = understand(nonfatal)
    assert "start.nonfatal_only" in {note.key for note in alone.notes}


def test_files_of_the_same_columns_are_one_table_whose_values_are_all_looked_at(tmp_path):
    early, late = tmp_path / "2022.csv", tmp_path / "2023.csv"
    rows = [base(one) for one in TRUTH]
    pd.DataFrame(
        row | {"Fatal": {"Y": "Yes", "N": "No"}[row["Fatal"]]} for row in rows[:120]
    ).to_csv(early, index=False)
    pd.DataFrame(rows[120:])[["Longitude", "Latitude", "Fatal", "Date", "Case"]].to_csv(
        late, index=False
    )
    city = understand([early, late])
    assert len(city.lists) == 1
    assert {v.casefold() for v in city.lists[0].rules.homicide[0]["fatal"]} == {"y", "yes"}


def test_a_geojson_of_points_is_read_as_its_records(tmp_path):
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [one.lon, one.lat]},
            "properties": without(base(one), "Latitude", "Longitude"),
        }
        for one in TRUTH
    ]
    path = tmp_path / "shootings.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    city = understand(path)
    assert len(city.lists[0].where.lonlat) == len(TRUTH)
    assert city.lists[0].columns["location"].header == "geometry"
    assert city.lists[0].where.lonlat["lat"].median() == pytest.approx(38.23, abs=0.02)


def test_the_clock_is_told_by_the_shootings_not_by_the_thefts_of_the_day(tmp_path):
    def rows():
        for one in TRUTH:
            yield {**without(base(one), "Fatal", "Date"), "START": f"{one.when:%Y/%m/%d %H:%M:%S}+00",
                   "Offense": "HOMICIDE" if one.is_homicide else "NON-FATAL SHOOTING"}  # fmt: skip
        for at in range(900):
            yield {**without(base(TRUTH[at % 200]), "Fatal", "Date"), "Case": f"X{at}",
                   "START": f"2022/03/{at % 27 + 1:02d} {at % 9 + 9:02d}:15:00+00",
                   "Offense": "THEFT"}  # fmt: skip

    city, dataset = read(tmp_path, rows())
    assert [one.about for one in city.doubts] == ["zone"]
    assert whens(dataset) == TRUE_WHENS


def test_a_time_that_is_the_same_in_every_row_is_none(tmp_path):
    rows = changed(lambda _, one: {"Date": f"{one.when:%m/%d/%Y} 12:00:00 AM"})
    _, dataset = read(tmp_path, rows())
    assert dataset.incidents["flags"].str.contains("no_time").all()


def test_people_are_counted_by_the_columns_that_number_them(tmp_path):
    rows = changed(
        lambda _, one: {
            "n_killed": int(one.is_homicide),
            "n_injured": one.n_victims - int(one.is_homicide),
            "participant_age": "0::20||1::31",
        },
        "Fatal",
    )
    _, dataset = read(tmp_path, rows())
    assert dataset.report["victims"] == sum(one.n_victims for one in TRUTH)


def test_a_weapon_that_is_not_known_is_not_no_gun(tmp_path):
    rows = changed(lambda at, one: {
        "Offense": "Homicide" if one.is_homicide else "Shooting",
        "Weapon": ["Handgun", "Unknown", "Knife"][at % 3] if one.is_homicide else "Handgun",
    }, "Fatal")  # fmt: skip
    _, dataset = read(tmp_path, rows())
    guns = Counter(dataset.incidents["gun"])
    truth = Counter(
        ["yes", "unknown", "no"][at % 3] if one.is_homicide else "yes"
        for at, one in enumerate(TRUTH)
    )
    assert guns == truth


def test_a_list_of_the_dead_is_asked_about_and_one_of_robberies_is_not(tmp_path):
    causes = changed(lambda at, _: {"Cause": ["shooting", "stabbing"][at % 2], "Age": 30}, "Fatal")
    city, dataset = read(tmp_path, causes())
    assert [one.about for one in city.doubts] == ["all"]
    assert Counter(dataset.incidents["kind"]) == {"homicide": len(TRUTH)}
    robberies = changed(
        lambda _, __: {"Offense": "ROBBERY", "Weapon": "HANDGUN", "Age": 30}, "Fatal"
    )
    with pytest.raises(SourceError) as refused:
        read(tmp_path, robberies())
    assert refused.value.message.key == "start.no_homicide"


def test_spanish_words_are_known(tmp_path):
    rows = changed(lambda _, one: {
        "fecha": f"{one.when:%d/%m/%Y}", "hora": f"{one.when:%H:%M}", "latitud": one.lat,
        "longitud": one.lon,
        "delito": "homicidio doloso" if one.is_homicide else "lesiones con arma de fuego",
    }, "Fatal", "Date", "Latitude", "Longitude")  # fmt: skip
    _, dataset = read(tmp_path, rows())
    assert whens(dataset) == TRUE_WHENS
    assert Counter(dataset.incidents["kind"])["homicide"] == N_KILLED


# ---- What is no offense, and rules that count the wrong rows -------------------------------------


def test_the_address_of_an_image_is_no_offense_whatever_word_is_in_it(tmp_path):
    rows = [
        {**without(base(one), "Fatal"),
         "Photo": f"https://homicidesv3.example.org/{at}.jpg" if at % 8 == 0 else ""}
        for at, one in enumerate(TRUTH)
    ]  # fmt: skip
    pd.DataFrame(rows).to_csv(tmp_path / "homicides.csv", index=False)
    _, dataset = read_files(tmp_path, tmp_path / "homicides.csv")
    assert Counter(dataset.incidents["kind"]) == {"homicide": len(TRUTH)}
    with pytest.raises(SourceError) as refused:
        read(tmp_path, rows)
    assert refused.value.message.key == "start.no_shootings"


@pytest.mark.parametrize("beside", [True, False])
def test_no_rule_lists_what_was_written_freely(tmp_path, beside):
    def comment(at, one):
        said = "HOMICIDE, SHOT" if one.is_homicide else "WAS SHOT IN THE LEG"
        offense = "MURDER" if one.is_homicide else "AGGRAVATED ASSAULT - GUN"
        said = {"Description": f"{said} NEAR {at // 3} MAIN ST BY UNKNOWN"}
        return {**said, **({"Offense": offense} if beside else {})}

    rows = list(changed(comment, "Fatal")())
    if not beside:
        with pytest.raises(SourceError) as refused:
            read(tmp_path, rows)
        assert refused.value.message.key == "start.no_shootings"
        return
    (one,) = read(tmp_path, rows)[0].lists
    assert one.rules.homicide == [{"offense": ["MURDER"]}]
    assert one.rules.nonfatal == [{"offense": ["AGGRAVATED ASSAULT - GUN"]}]


def with_a_flag(n_assaults):
    """A department's crimes of which 100 were marked as shootings, so many of them as assaults."""
    for at, one in enumerate(TRUTH):
        shot = "ASSAULT - AGGRAVATED" if at < n_assaults else "INVESTIGATE PROPERTY"
        other = "MURDER" if one.is_homicide else ("LARCENY", "SIMPLE ASSAULT")[at % 2]
        row = {"Offense": shot if at < 100 else other, "Shooting": int(at < 100)}
        yield {**without(base(one), "Fatal"), **row}


def of_charges(n_murders):
    """A list by its name of homicides alone, so many of which a column calls murder."""
    for at, one in enumerate(TRUTH):
        yield {**without(base(one), "Fatal"),
               "Charge": "MURDER" if at < n_murders else "NOT CHARGED"}  # fmt: skip


DOUBTFUL = {
    "start.not_assaults": (with_a_flag, 49, 50, "shootings.csv"),
    "start.most_left_out": (of_charges, len(TRUTH) // 2 - 1, len(TRUTH) // 2, "homicides.csv"),
}


@pytest.mark.parametrize("key", DOUBTFUL)
def test_a_rule_that_counts_mostly_the_wrong_rows_is_doubted_and_half_is_not(tmp_path, key):
    make, too_few, enough, name = DOUBTFUL[key]

    def doubts(n):
        pd.DataFrame(make(n)).to_csv(tmp_path / name, index=False)
        return [note for note in understand(tmp_path / name).notes if note.key in DOUBTFUL]

    (doubt,) = doubts(too_few)
    assert doubt.key == key
    said = dict(vars(doubt)["values"])
    if key == "start.not_assaults":
        assert (said["n"], said["others"]) == (100, 51)
        assert said["counted"] == "INVESTIGATE PROPERTY (51), ASSAULT - AGGRAVATED (49)"
        assert "SIMPLE ASSAULT (" in said["left_out"]
    else:
        assert (said["n"], said["rows"]) == (too_few, len(TRUTH))
        assert said["counted"] == f"MURDER ({too_few})"
        assert said["left_out"] == f"NOT CHARGED ({len(TRUTH) - too_few})"
    assert doubts(enough) == []


def test_where_nobody_is_asked_a_doubtful_rule_is_refused_and_leaves_nothing(
    tmp_path, run, monkeypatch
):
    path = tmp_path / "crimes.csv"
    pd.DataFrame(with_a_flag(0)).assign(Key=1).to_csv(path, index=False)
    pd.concat([pd.read_csv(path), pd.DataFrame(with_a_flag(20))]).to_csv(path, index=False)
    for how in ("--yes", "--json"):
        done = run("start", path, how, "--name", "B", cwd=tmp_path, check=False)
        assert done.returncode == 2
        assert "INVESTIGATE PROPERTY (180)" in " ".join(done.stderr.split())
    with pytest.raises(SourceError) as refused:
        City.from_file(path)
    assert refused.value.message.key == "start.unsure"
    assert not any((tmp_path / name).exists() for name in ("config", "data", "var"))
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    run("start", path, "--name", "B", cwd=tmp_path)
    assert (tmp_path / "config" / "b.toml").is_file()


def test_a_list_of_all_deaths_leaves_most_out_and_is_no_doubt(tmp_path):
    said = ("Homicide", "Suicide", "Accident", "Natural")
    rows = changed(lambda at, _: {"Manner": said[at % 4], "Homicide Unit": at % 2}, "Fatal")
    city, _ = read(tmp_path, rows())
    assert not {note.key for note in city.notes} & DOUBTFUL.keys()
