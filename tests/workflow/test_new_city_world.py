"""Files as portals and tables of many countries write them, each with the truth that was planted."""

import json
from collections import Counter
from dataclasses import replace

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.cell_range import CellRange
from pyproj import Transformer
from tests.workers import some
from tests.workflow.layouts import shootings
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

from csa.base.errors import ParamError, SourceError
from csa.base.text import render
from csa.city.dataset import open_dataset
from csa.city.loading import load_city
from csa.ingest import excel
from csa.ingest.intake import ingest_city
from csa.ingest.sources import Inputs
from csa.workflow import setting_up
from csa.workflow.companion_files import CityFiles, name_column_of
from csa.workflow.new_city import understand

pytestmark = pytest.mark.long

KINDS = {"homicide": N_KILLED, "nonfatal": len(TRUTH) - N_KILLED}
HOURS = {f"{one.when:%Y-%m-%d %H}:00" for one in TRUTH}
DAYS = {f"{one.when:%Y-%m-%d} 00:00" for one in TRUTH}


# ---- Who was killed -------------------------------------------------------------------------


def flagged(header, killed, *others):
    return changed(
        lambda at, one: {header: killed if one.is_homicide else others[at % len(others)]}, "Fatal"
    )


FLAGS = {
    "Sim and Não": flagged("Vítima fatal", "Sim", "Não"),
    "S and N": flagged("Fatal", "S", "N"),
    "an X or nothing": flagged("Fatal", "X", ""),
    "F and N": flagged("Fatal", "F", "N"),
    "1 for yes and 2 for no": flagged("Fatal", 1, 2),
    "HOM and NFS": flagged("Type", "HOM", "NFS"),
    "expired and stable": flagged("Victim Condition", "Expired", "Stable", "Critical"),
    "dead on arrival": flagged("Victim Condition", "DOA", "Stable", "Treated"),
    "lethal and not": flagged("Outcome", "Lethal", "Non-lethal"),
    "who survived": flagged("Victim Survived", "N", "Y"),
    "a status of survival": flagged("Survival Status", "Deceased", "Survived"),
    "F and S": flagged("Fatal", "F", "S"),
    "a header of both": flagged("Fatal_NonFatal", "F", "NF"),
    "words under a header of both": flagged("Fatal/NonFatal", "Fatal", "Non-Fatal"),
    "a flag of the police": flagged("Police Fatal Flag", "Y", "N"),
    "less-lethal is not lethal": flagged("Injury Severity", "Fatal", "Less-lethal", "Minor"),
    "a case that expired": changed(
        lambda at, _: {"Offense Status": ["Open", "Expired", "Closed"][at % 3]}
    ),
    "Fallecido y lesionado": flagged("Estado víctima", "FALLECIDO", "LESIONADO"),
    "Portuguese offenses": flagged(
        "Natureza", "HOMICÍDIO DOLOSO POR ARMA DE FOGO", "LESÃO CORPORAL POR ARMA DE FOGO"
    ),
    "a killing of women": flagged(
        "delito", "FEMINICIDIO POR DISPARO DE ARMA DE FUEGO", "LESIONES POR ARMA DE FUEGO"
    ),
    "Italian offenses": flagged("Evento", "Omicidio con arma da fuoco", "Ferimento con arma da fuoco"),
    "German offenses": flagged(
        "Delikt", "Tötungsdelikt mit Schusswaffe", "Gefährliche Körperverletzung mit Schusswaffe"
    ),
    "what became of whom, in Swedish": flagged("Utfall", "Avliden", "Skadad"),
    "domestic homicides are a part": changed(
        lambda at, one: {"Domestic Homicide": "Y" if one.is_homicide and at % 9 == 0 else "N",
                         "Homicide": "Y" if one.is_homicide else "N"}, "Fatal"
    ),
    "the shooter's death is another's": changed(
        lambda at, one: {"Shooter Killed": "Y" if at % 10 == 0 else "N",
                         "Victim Killed": "Y" if one.is_homicide else "N"}, "Fatal"
    ),
    "policemen are counted apart": changed(
        lambda at, one: {"Policías muertos": int(at % 9 == 0),
                         "Civiles muertos": int(one.is_homicide),
                         "Civiles heridos": int(not one.is_homicide)}, "Fatal"
    ),
    "a case cleared by a death": changed(
        lambda at, _: {"Disposition": "Offender deceased" if at % 8 == 0 else "Open"}
    ),
}  # fmt: skip


QUICK_FLAGS = (
    "Sim and Não",
    "an X or nothing",
    "1 for yes and 2 for no",
    "who survived",
    "a header of both",
)


@pytest.mark.parametrize("flag", some(FLAGS, *QUICK_FLAGS))
def test_who_was_killed_is_read_as_it_is_written(tmp_path, flag):
    _, dataset = read(tmp_path, FLAGS[flag]())
    assert Counter(dataset.incidents["kind"]) == KINDS


def test_who_died_by_no_murder_did_not_survive(tmp_path):
    rows = [{**base(one), "Fatal": "Yes", "Murder": "YN"[one.number % 3 > 0]} for one in TRUTH]
    city, _ = read(tmp_path, rows)
    assert city.lists[0].rules.nonfatal == []
    assert "start.not_counted" in {note.key for note in city.notes}


def test_hours_of_another_column_are_no_lost_half_of_the_day(tmp_path):
    rows = [
        {**base(one), "Date": f"{one.when:%Y-%m-%d} 05:00", "Hour": one.when.hour} for one in TRUTH
    ]
    city, _ = read(tmp_path, rows)
    assert "start.half_day" not in {note.key for note in city.notes}


def test_a_flag_that_is_always_no_marks_no_homicide(tmp_path):
    _, dataset = read(tmp_path, changed(lambda _, __: {"Fatal": "N"})())
    assert Counter(dataset.incidents["kind"]) == {"nonfatal": len(TRUTH)}


CODED = {
    "NIBRS": ("NIBRS", "09A", "13A", {}),
    "UCR, its zeros lost": ("UCR code", "110", "410", {}),
    "in French": ("infraction", "Meurtre", "Blessé par arme à feu", {}),
    "in Portuguese": ("crime", "Homicídio", "Lesão corporal", {}),
    "two casings a row": ("result", "FATAL SHOOTING", "SHOOTING", {"casing": "9 mm"}),
}


@pytest.mark.parametrize("way", CODED)
def test_codes_and_words_of_other_lands_are_read(tmp_path, way):
    header, killed, hurt, more = CODED[way]

    def write(_, one):
        return {header: killed if one.is_homicide else hurt, "Weapon": "Firearm", **more}

    rows = [*changed(write, "Fatal")()]
    _, dataset = read(tmp_path, [row for row in rows for _ in range(1 + bool(more))])
    assert Counter(dataset.incidents["kind"]) == KINDS
    assert set(dataset.incidents["gun"]) == {"yes"}
    assert not more or dataset.incidents["victims"].isna().all()


@pytest.mark.parametrize(("header", "done", "tried"), [
    ("DESDOBRAMENTO", "Consumado", "Tentativa"), ("Attempted/Completed", "C", "A"),
])  # fmt: skip
def test_who_was_not_killed_in_an_attempt_is_no_homicide(tmp_path, header, done, tried):
    rows = changed(
        lambda _, one: {"crime": "Murder", header: done if one.is_homicide else tried}, "Fatal"
    )
    city, dataset = read(tmp_path, rows())
    assert Counter(dataset.incidents["kind"]) == {"homicide": N_KILLED}
    assert "start.not_counted" in {note.key for note in city.notes}


def test_two_dead_in_a_list_of_homicides_are_a_number_and_no_code(tmp_path):
    rows = changed(lambda at, _: {"Number Killed": 2 if at % 3 == 0 else 1}, "Fatal")
    _, dataset = read(tmp_path, rows())
    assert Counter(dataset.incidents["kind"]) == {"homicide": len(TRUTH)}


def counted(*more):
    rows = [
        {**without(base(one), "Fatal"), "Killed": int(one.is_homicide),
         "Injured": int(not one.is_homicide)} for one in TRUTH
    ]  # fmt: skip
    return [*rows, *more]


def test_a_sum_below_numbers_of_people_leaves_those_numbers(tmp_path):
    nobody = {**counted()[0], "Case": "Z", "Killed": 0, "Injured": 0}
    total = {"Case": "TOTAL", "Killed": N_KILLED, "Injured": len(TRUTH) - N_KILLED}
    _, dataset = read(tmp_path, counted(nobody, total))
    assert Counter(dataset.incidents["kind"]) == KINDS
    assert dataset.report["victims"] == len(TRUTH)


def test_numbers_that_each_victims_row_repeats_are_counted_once(tmp_path):
    rows = [
        {**base(one), "Killed": 1, "Injured": one.n_victims - 1, "Age": 20 + person}
        for one in TRUTH
        for person in range(one.n_victims)
    ]
    _, dataset = read(tmp_path, [without(row, "Fatal") for row in rows])
    assert len(dataset.incidents) == len(TRUTH)
    assert dataset.report["victims"] == sum(one.n_victims for one in TRUTH)


def test_suspects_are_no_victims_in_spanish_either(tmp_path):
    rows = [
        {
            **base(one),
            "Tipo de persona": role,
            "Fatal": base(one)["Fatal"] if role != "IMPUTADO" else "N",
        }
        for one in TRUTH
        for role in ("VÍCTIMA", "IMPUTADO")
    ]
    _, dataset = read(tmp_path, rows)
    assert dataset.report["victims"] == len(TRUTH)


def test_calibers_and_makes_are_guns(tmp_path):
    guns = ("9mm", "Glock", "AK-47", ".22", "HANDGUN", ".45 caliber")
    _, dataset = read(tmp_path, changed(lambda at, _: {"Weapon": guns[at % len(guns)]})())
    assert {*dataset.incidents["gun"]} == {"yes"}


@pytest.mark.parametrize("first", [0, 1])
def test_kinds_that_files_names_alone_tell_are_two_lists(tmp_path, first):
    names = ("homicides.csv", "nonfatal_shootings.csv")
    for name, is_homicide in zip(names, (True, False), strict=True):
        rows = [without(base(one), "Fatal") for one in TRUTH if one.is_homicide is is_homicide]
        pd.DataFrame(rows).to_csv(tmp_path / name, index=False)
    files = [tmp_path / name for name in (names if first == 0 else names[::-1])]
    city, dataset = read_files(tmp_path, *files)
    assert Counter(dataset.incidents["kind"]) == KINDS
    assert not {"start.homicides_only", "start.nonfatal_only"} & {one.key for one in city.notes}
    config, other = load_city(tmp_path / "c.toml"), tmp_path / "other.csv"
    other.write_bytes(files[0].read_bytes())
    with pytest.raises(SourceError, match=r"Put one of these in the name: .*homicid"):
        ingest_city(config, Inputs((other,), tmp_path / "land.geojson"))


def test_names_do_not_part_files_whose_columns_tell(tmp_path):
    for name in ("homicides.csv", "nonfatal.csv"):
        rows = TRUTH[:120] if name[0] == "h" else TRUTH[120:]
        pd.DataFrame([base(one) for one in rows]).to_csv(tmp_path / name, index=False)
    city, dataset = read_files(tmp_path, tmp_path / "homicides.csv", tmp_path / "nonfatal.csv")
    assert (len(city.lists), Counter(dataset.incidents["kind"])) == (1, KINDS)


def test_rows_that_stand_in_two_files_are_no_second_victims(tmp_path):
    for name, rows in (("a.csv", TRUTH[:150]), ("b.csv", TRUTH[130:])):
        pd.DataFrame([base(one) for one in rows]).to_csv(tmp_path / name, index=False)
    _, dataset = read_files(tmp_path, tmp_path / "a.csv", tmp_path / "b.csv")
    assert dataset.report["rows_rejected"]["duplicate_row"] == 20
    assert len(dataset.incidents) == len(TRUTH)


def test_f_is_false_where_t_is_true(tmp_path):
    rows = changed(lambda at, one: {"Fatal": "T" if one.is_homicide else "FN"[at % 2]})
    _, dataset = read(tmp_path, rows())
    assert Counter(dataset.incidents["kind"]) == KINDS


# ---- When -----------------------------------------------------------------------------------


def timed(**write):
    """Rows with a day, and columns that tell more of the time."""
    return changed(
        lambda _, one: (
            {"Date": f"{one.when:%Y-%m-%d}"}
            | {name.replace("_", " "): tell(one.when) for name, tell in write.items()}
        )
    )


MONTHS = ["jan", "fev", "mar", "abr", "mai", "jun", "jul", "ago", "set", "out", "nov", "dez"]
WHENS = {
    "a server's times": (timed(OccurredTime=lambda t: f"{t:%H:%M:%S}.0000000"), TRUE_WHENS),
    "Access' day before a time": (timed(Time=lambda t: f"12/30/1899 {t:%H:%M:%S}"), TRUE_WHENS),
    "half of the day in a column": (
        timed(Time=lambda t: f"{t:%I:%M}", **{"AM/PM": lambda t: f"{t:%p}"}), TRUE_WHENS
    ),
    "a. m. and p. m.": (
        timed(Hora=lambda t: f"{t:%I:%M} {'a. m.' if t.hour < 12 else 'p. m.'}"), TRUE_WHENS
    ),
    "23h15": (timed(Hora=lambda t: f"{t:%Hh%M}"), TRUE_WHENS),
    "a day and 23h15": (changed(lambda _, one: {"Date": f"{one.when:%d/%m/%Y %Hh%M}"}), TRUE_WHENS),
    "HH": (timed(HH=lambda t: t.hour), HOURS),
    "the time of a call is another's": (
        timed(Time_Received=lambda t: f"{t + pd.Timedelta(hours=3):%H:%M}"), DAYS
    ),
    "seconds since 1970": (
        changed(lambda _, one: {"Incident Date": int(
            pd.Timestamp(one.when).tz_localize("America/Kentucky/Louisville").timestamp())}, "Date"),
        TRUE_WHENS,
    ),
    "Excel's numbers": (
        changed(lambda _, one: {"Incident Date": round(
            (pd.Timestamp(one.when) - pd.Timestamp("1899-12-30")) / pd.Timedelta(days=1), 6)}, "Date"),
        TRUE_WHENS,
    ),
    "months in Portuguese": (
        changed(lambda _, one: {"Data": f"{one.when:%d}/{MONTHS[one.when.month - 1]}/{one.when:%Y}"},
                "Date"), DAYS,
    ),
    "months with a point": (
        changed(lambda _, one: {"Date": f"{one.when:%b. %d, %Y}".replace("Sep.", "Sept.")}), DAYS
    ),
    "ordinals": (changed(lambda _, one: {"Date": f"{one.when.day}th {one.when:%B %Y}"}), DAYS),
    "digits with a T": (changed(lambda _, one: {"Date": f"{one.when:%Y%m%dT%H%M%S}"}), TRUE_WHENS),
    "a birthday is another day": (
        changed(lambda at, one: {"fecha_nacimiento": f"19{at % 40 + 50}-05-05",
                                 "fecha_hecho": f"{one.when:%Y-%m-%d %H:%M}"}, "Date"), TRUE_WHENS,
    ),
    "of two days the case's begin is another": (
        changed(lambda _, one: {
            "fecha_inicio": f"{one.when + pd.Timedelta(days=3):%Y-%m-%d %H:%M}",
            "fecha_hecho": f"{one.when:%Y-%m-%d %H:%M}"}, "Date"), TRUE_WHENS,
    ),
    "two formats in one column": (
        changed(lambda at, one: {
            "Date": f"{one.when:%m/%d/%Y %H:%M}" if at % 3 else f"{one.when:%Y-%m-%d %H:%M:%S}"}),
        TRUE_WHENS,
    ),
    "numbers of a case beside days": (
        changed(lambda at, one: {"DateOccEpochId": 1_600_000_000 + at, "Date Key": 30_000 + at,
                                 "Occurred From Date": f"{one.when:%m/%d/%Y %H:%M}"}, "Date"), TRUE_WHENS
    ),
    "a day of the week is no day of the month": (
        changed(lambda _, one: {"Year": one.when.year, "Month": one.when.month,
                                "Day of Week": one.when.weekday() + 1,
                                "Date Reported": f"{one.when:%Y-%m-%d %H:%M}"}, "Date"), TRUE_WHENS
    ),
    "a few days written otherwise": (
        changed(lambda at, one: {
            "Date": f"{one.when:%m/%d/%Y %H:%M}" if at % 40 else f"{one.when:%d-%b-%Y %H:%M}"}),
        TRUE_WHENS,
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    "way", some(WHENS, "a. m. and p. m.", "seconds since 1970", "Excel's numbers", "ordinals")
)
def test_when_it_was_is_read_as_it_is_written(tmp_path, way):
    rows, true = WHENS[way]
    _, dataset = read(tmp_path, rows())
    found = whens(dataset)
    assert len(found & true) >= 0.99 * len(true)  # an hour comes twice in November
    assert dataset.report["rows_used"] == len(TRUTH)


def test_times_that_end_in_utc_are_shifted(tmp_path):
    def written(_, one):
        local = pd.Timestamp(one.when).tz_localize("America/Kentucky/Louisville", ambiguous=False)
        return {"Date": f"{local.tz_convert('UTC'):%Y-%m-%d %H:%M:%S} UTC"}

    _, dataset = read(tmp_path, changed(written)())
    assert len(whens(dataset) & TRUE_WHENS) >= 0.99 * len(TRUE_WHENS)


def test_day_first_is_likelier_outside_the_united_states(tmp_path):
    there = [*shootings((144.96, -37.81))]
    rows = [
        {**base(one), "Date": f"{one.when.replace(day=1):%d/%m/%Y}", "Longitude": one.lon}
        for one in there
    ]
    city, dataset = read(tmp_path, rows)
    assert [one.about for one in city.doubts if one.about == "order"] == ["order"]
    assert {one.day for one in dataset.incidents["occurred_at"]} == {1}


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (timed(Time_of_Day=lambda t: "Night" if t.hour > 18 else "Day"), "start.no_clock"),
        (changed(lambda _, one: {"Date": f"{one.when:%Y-%m-%d %I:%M}"}), "start.half_day"),
    ],
)
def test_what_is_lost_of_a_time_is_told(tmp_path, write, said):
    city, _ = read(tmp_path, write())
    assert said in {note.key for note in city.notes}


def test_numbers_that_count_days_are_told_and_those_that_number_rows_are_none(tmp_path):
    counted = changed(lambda at, _: {"Incident Date": 43_000 + at}, "Date")
    city, _ = read(tmp_path, counted())
    assert "start.counted_days" in {note.key for note in city.notes}
    with pytest.raises(SourceError, match=r"has dates that can be read\."):
        read(tmp_path, changed(lambda at, _: {"Update ID": 31_000 + at}, "Date")())


def test_the_time_of_a_report_is_told_and_not_taken(tmp_path):
    city, dataset = read(tmp_path, timed(Time_Reported=lambda t: f"{t:%H:%M}")())
    assert "start.reported_clock" in {note.key for note in city.notes}
    assert dataset.report["no_time"] == len(TRUTH)


def test_an_order_that_no_day_tells_is_asked_where_formats_are_mixed(tmp_path):
    def written(at, one):
        when = one.when.replace(day=one.when.day % 12 + 1)
        return {"Date": f"{when:%Y-%m-%d}" if at % 2 else f"{when:%d/%m/%Y}"}

    city, _ = read(tmp_path, changed(written)())
    assert "order" in [one.about for one in city.doubts]


def test_days_that_a_table_turned_around_are_refused(tmp_path):
    """Excel, told that months come first, takes 5/1 for the 1st of May and leaves 13/1 as text."""

    def written(_, one):
        turned = one.when.day <= 12
        return {"Date": f"{one.when:%Y-%d-%m}" if turned else f"{one.when:%d/%m/%Y}"}

    with pytest.raises(SourceError) as refused:
        read(tmp_path, changed(written)())
    assert refused.value.message.key == "start.turned_days"


def test_files_with_days_in_two_orders_are_refused(tmp_path):
    for name, form, rows in (
        ("a.csv", "%m/%d/%Y", TRUTH[:200]),
        ("b.csv", "%d/%m/%Y", TRUTH[200:]),
    ):
        told = [{**base(one), "Date": f"{one.when:{form}}"} for one in rows]
        pd.DataFrame(told).to_csv(tmp_path / name, index=False)
    with pytest.raises(SourceError) as refused:
        understand([tmp_path / "a.csv", tmp_path / "b.csv"])
    assert refused.value.message.key == "start.two_orders"


def test_two_columns_of_one_name_that_agree_are_no_question(tmp_path):
    rows = changed(lambda _, one: {"x": one.lon + 1e-9, "y": one.lat, "X": one.lon, "Y": one.lat},
                   "Latitude", "Longitude")  # fmt: skip
    _, dataset = read(tmp_path, rows())
    assert dataset.report["unlocated"] == 0


def test_two_columns_of_one_name_are_refused_where_they_differ(tmp_path):
    table = pd.DataFrame([base(one) for one in TRUTH])
    table.insert(2, "Date ", "2024-05-05 10:00")
    table.columns = [name.strip() for name in table]
    table.to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(
        SourceError,
        match=r"have names with the same letters \(Date, Date\) but different values\. Rename them, because the city's file must be able to refer to each one\.",
    ):
        understand(tmp_path / "a.csv")


# ---- Where ----------------------------------------------------------------------------------


def placed(write):
    return changed(lambda at, one: write(one, at), "Latitude", "Longitude")


def sexagesimal(degrees, letters):
    whole, rest = divmod(abs(degrees) * 3600, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{whole:.0f}°{minutes:02.0f}'{seconds:08.5f}\"{letters[int(degrees < 0)]}"


WHERES = {
    "a pair without parentheses": placed(lambda one, _: {"Coordinates": f"{one.lat}, {one.lon}"}),
    "a pair with a semicolon": placed(lambda one, _: {"Location": f"{one.lat};{one.lon}"}),
    "a pair of decimal commas": placed(
        lambda one, _: {"Lugar": f"({one.lat}; {one.lon})".replace(".", ",")}
    ),
    "a pair in parentheses with a semicolon": placed(
        lambda one, _: {"Lat/Long": f"({one.lat}; {one.lon})"}
    ),
    "German names and commas": placed(
        lambda one, _: {"Breitengrad": f"{one.lat}".replace(".", ","),
                        "Längengrad": f"{one.lon}".replace(".", ",")}
    ),
    "keys": placed(lambda one, _: {"geo_point_2d": json.dumps({"lon": one.lon, "lat": one.lat})}),
    "longitude first where no city is": placed(
        lambda one, _: {"Coords": f"{one.lon}, {one.lat}"}
    ),
    "centers of blocks": placed(
        lambda one, _: {"Block Centroid Latitude": one.lat, "Block Centroid Longitude": one.lon}
    ),
    "a land that is no home": placed(
        lambda one, _: {"Lat_Homeland": one.lat, "Lon_Homeland": one.lon}
    ),
    "a precinct's, if there is no other": placed(
        lambda one, _: {"Precinct Lat": one.lat, "Precinct Lon": one.lon}
    ),
    "a height": placed(lambda one, _: {"loc": f"POINT Z ({one.lon} {one.lat} 0)"}),
    "letters": placed(
        lambda one, _: {"Latitude": f"{one.lat}° N", "Longitude": f"{-one.lon:.6f}° W"}
    ),
    "minutes and seconds": placed(
        lambda one, _: {"Latitude": sexagesimal(one.lat, "NS"), "Longitude": sexagesimal(one.lon, "EW")}
    ),
    "a printed minus": placed(
        lambda one, _: {"Latitude": one.lat, "Longitude": str(one.lon).replace("-", "\u2212")}
    ),
    "the hospital is elsewhere": placed(
        lambda one, _: {"Hospital Latitude": 38.2, "Hospital Longitude": -85.7, "Latitude": one.lat,
                        "Longitude": one.lon}
    ),
    "a victim's home is elsewhere": placed(
        lambda one, _: {"Victim Home Lat": one.lat + 0.01, "Victim Home Lon": one.lon,
                        "Lat": one.lat, "Lon": one.lon}
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    "way", some(WHERES, "keys", "a height", "minutes and seconds", "a printed minus")
)
def test_where_it_was_is_read_as_it_is_written(tmp_path, way):
    _, dataset = read(tmp_path, WHERES[way]())
    found = dataset.incidents[["lon", "lat"]].to_numpy()
    true = np.array([(one.lon, one.lat) for one in TRUTH])
    order = [np.lexsort(points.round(4).T) for points in (found, true)]
    assert found[order[0]] == pytest.approx(true[order[1]], abs=2e-6)


def test_letters_of_east_and_north_are_taken_where_no_column_is_an_x(tmp_path):
    to_utm = Transformer.from_crs(4326, 32616, always_xy=True)

    def written(one, at):
        east, north = to_utm.transform(one.lon, one.lat)
        return {"N": at, "E (UTM)": round(east, 2), "N (UTM)": round(north, 2)}

    rows = [without(row, "N") for row in placed(written)()]
    _, dataset = read(tmp_path, rows, crs="EPSG:32616")
    true = sorted(round(one.lat, 5) for one in TRUTH)
    assert sorted(dataset.incidents["lat"].round(5)) == pytest.approx(true, abs=2e-5)
    named = placed(lambda one, at: {"N": at, "E": at, "Lon": one.lon, "Lat": one.lat})
    _, dataset = read(tmp_path, named())  # numbers of rows are no places
    assert sorted(dataset.incidents["lat"].round(5)) == pytest.approx(true, abs=2e-5)


@pytest.mark.parametrize("none", [999, -1, "NULL", "#N/A", 6.3e-9, "9999.0"])
def test_what_stands_for_no_place_is_none(tmp_path, none):
    rows = placed(
        lambda one, at: {"Latitude": none, "Longitude": none} if at % 3 == 0
        else {"Latitude": one.lat, "Longitude": one.lon}
    )  # fmt: skip
    city, dataset = read(tmp_path, rows())
    assert dataset.report["unlocated"] == len(TRUTH) / 3
    assert "start.two_zones" not in {note.key for note in city.notes}


def test_a_home_is_no_place_of_a_shooting_and_no_address_of_one(tmp_path):
    homes = placed(lambda one, _: {"Victim Home Lat": one.lat, "Victim Home Lon": one.lon})
    with pytest.raises(SourceError) as refused:
        read(tmp_path, homes())
    assert refused.value.message.key == "start.no_place"
    city, _ = read(tmp_path, changed(lambda at, _: {"Victim Home Address": f"{at} SECRET LN"})())
    assert "address" not in city.lists[0].columns


@pytest.mark.parametrize(
    ("middle", "turn", "hint"),
    [
        (
            (18.52, -33.97),
            lambda x, y: (x, -y),
            "With a minus sign before the latitudes they would be in the time zone",
        ),
        (
            (-0.1, 51.5),
            lambda x, y: (y, x),
            "With the two columns swapped they would be in the time zone",
        ),
    ],
)
def test_a_city_in_the_open_sea_is_refused_and_told_what_may_help(tmp_path, middle, turn, hint):
    rows = []
    for one in shootings(middle):
        lon, lat = turn(one.lon, one.lat)
        rows.append({**base(one), "Longitude": lon, "Latitude": lat})
    with pytest.raises(SourceError) as refused:
        read(tmp_path, rows)
    assert refused.value.message.key == "start.at_sea"
    assert hint in str(refused.value)


def test_of_two_systems_with_one_grid_that_in_use_is_the_likelier(tmp_path):
    """UTM of a datum that Brazil gave up puts places 35 m away, and into the city as well."""
    there = [*shootings((-46.63, -23.55))]
    turn = Transformer.from_crs("EPSG:4326", "EPSG:31983", always_xy=True)
    rows = []
    for one in there:
        x, y = turn.transform(one.lon, one.lat)
        rows.append({**without(base(one), "Latitude", "Longitude"),
                     "COORD_X": f"{x:.2f}".replace(".", ","), "COORD_Y": f"{y:.2f}".replace(".", ",")})  # fmt: skip
    pd.DataFrame(rows).to_csv(tmp_path / "list.csv", index=False)
    land = shapely.box(-46.9, -23.8, -46.3, -23.3)
    gpd.GeoDataFrame({"name": ["a"]}, geometry=[land], crs="EPSG:4326").to_file(
        tmp_path / "land.geojson"
    )
    where = understand(tmp_path / "list.csv", tmp_path / "land.geojson").lists[0].where
    true = np.array([(one.lon, one.lat) for one in there])
    assert where.lonlat.to_numpy() == pytest.approx(true, abs=1e-6)


# ---- Containers -----------------------------------------------------------------------------

ROWS = [base(one) for one in TRUTH]
CELLS = [
    [*[*row.values()][:3], [None, row["Latitude"], row["Longitude"], None, False]] for row in ROWS
]
ANSWERS = {
    "a list under data": {"status": "ok", "data": ROWS},
    "CKAN's": {"success": True, "result": {"fields": [{"id": "Case"}], "records": ROWS}},
    "Socrata's rows": {
        "meta": {
            "view": {"columns": [{"name": name} for name in ("Case", "Date", "Fatal", "Place")]}
        },
        "data": CELLS,
    },
    "columns and rows": {"columns": [*ROWS[0]], "rows": [[*row.values()] for row in ROWS]},
    "a list by its own name, its days wrapped": {
        "homicides": [{**row, "Date": {"$date": row["Date"]}} for row in ROWS],
        "count": len(ROWS),
    },
    "records within records": {
        "payload": {
            "shootings": [
                {
                    "case": {"id": row["Case"], "at": {"date": row["Date"]}},
                    "died": row["Fatal"],
                    "location": {"coordinates": [row["Longitude"], row["Latitude"]]},
                }
                for row in ROWS
            ]
        }
    },
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_a_portals_answer_is_read_as_its_records(tmp_path, answer):
    path = tmp_path / "list.json"
    path.write_text(json.dumps(ANSWERS[answer]))
    _, dataset = read_files(tmp_path, path)
    assert Counter(dataset.incidents["kind"]) == KINDS
    assert dataset.report["unlocated"] == 0


@pytest.mark.parametrize(
    "answer", [{"data": {"data": {"data": {"data": ROWS}}}}, {"data": [1, 2]}, {}]
)
def test_an_answer_without_records_is_refused(tmp_path, answer):
    (tmp_path / "list.json").write_text(json.dumps(answer))
    with pytest.raises(SourceError, match=r"Export the table as CSV or as a list of records\."):
        understand(tmp_path / "list.json")


def test_victims_in_a_list_of_their_own_are_not_taken_for_a_word(tmp_path):
    """Of one killed and one wounded the word for the wounded would be taken."""
    states = [["Dead"], ["Dead", "Wounded"], ["Wounded"]]
    rows = [
        {**without(row, "Fatal"), "victims": [{"situation": one} for one in states[at % 3]]}
        for at, row in enumerate(ROWS)
    ]
    (tmp_path / "list.json").write_text(json.dumps({"data": rows}))
    with pytest.raises(SourceError, match="does not look like a file of shootings:"):
        understand(tmp_path / "list.json")


@pytest.mark.parametrize("where", ["answer", "properties"])
def test_an_answer_that_is_a_part_says_so(tmp_path, where):
    flag = {"exceededTransferLimit": True}
    features = [{"attributes": without(row, "Latitude", "Longitude"),
                 "geometry": {"x": row["Longitude"], "y": row["Latitude"]}} for row in ROWS]  # fmt: skip
    whole = {"features": features} | (flag if where == "answer" else {"properties": flag})
    (tmp_path / "list.json").write_text(json.dumps(whole))
    city = understand(tmp_path / "list.json")
    assert "source.note_limit" in {note.key for note in city.notes}


HEADER = [*ROWS[0]]


def book(tmp_path, **sheets):
    """Write a workbook: sheets of rows, those whose name begins with `hidden` hidden."""
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name.replace("_", " "))
        sheet.sheet_state = "hidden" if name.startswith("hidden") else "visible"
        for row in rows:
            sheet.append(row)
    made.save(tmp_path / "list.xlsx")
    return made, tmp_path / "list.xlsx"


def lines(rows):
    return [HEADER, *([*row.values()] for row in rows)]


def test_a_sheet_a_year_is_one_table(tmp_path):
    _, path = book(tmp_path, y2022=lines(ROWS[:100]), y2023=lines(ROWS[100:]), notes=[["none"]])
    city, dataset = read_files(tmp_path, path)
    assert Counter(dataset.incidents["kind"]) == KINDS
    assert (
        "read 2 sheets with the same columns, one after another: y2022, y2023; not read: notes"
        in (" ".join(map(render, city.notes)))
    )


def test_sheets_whose_names_say_kinds_are_not_joined(tmp_path):
    plain = [without(row, "Fatal") for row in ROWS]
    rows = [[*plain[0]], *([*row.values()] for row in plain)]
    _, path = book(tmp_path, Homicides=rows[:100], Nonfatal=[rows[0], *rows[100:]])
    table = excel.read_excel(path.read_bytes(), path)
    assert (len(table.rows), table.sheets, table.others) == (100, ["Homicides"], ["Nonfatal"])


def test_hidden_sheets_and_sums_before_the_shootings_are_passed_over(tmp_path):
    sums = [["Year", "Homicides"], [2022, 10], [2023, 20]]
    _, path = book(tmp_path, hidden_old=lines(ROWS[:50]), Summary=sums, Data=lines(ROWS))
    city, dataset = read_files(tmp_path, path)
    assert Counter(dataset.incidents["kind"]) == KINDS
    assert ": read the sheet Data; not read: hidden old, Summary" in render(city.notes[0])


def test_what_is_merged_over_several_rows_stands_in_each_of_them(tmp_path):
    """The first victim of each incident lived: a homicide is told by a later row alone."""
    made, path = book(tmp_path, Data=[["Case", "Date", "Age", "Fatal", "Latitude", "Longitude"]])
    sheet, row = made["Data"], 2
    for one in TRUTH:
        fatal = ["N", "Y" if one.is_homicide else "N"]
        for at, said in enumerate(fatal):
            sheet.append([f"C{one.number}", one.when, 20, said, one.lat, one.lon] if at == 0
                         else [None, None, 30, said, None, None])  # fmt: skip
        for column in (1, 2, 5, 6):
            sheet.merge_cells(
                start_row=row, end_row=row + 1, start_column=column, end_column=column
            )
        row += 2
    made.save(path)
    _, dataset = read_files(tmp_path, path)
    assert Counter(dataset.incidents["kind"]) == KINDS
    assert dataset.report["victims"] == 2 * len(TRUTH)


def test_what_is_merged_never_takes_the_place_of_what_stands_there(tmp_path):
    """Nor need it lie within the table: a made-up range spans all rows of a sheet."""
    path = tmp_path / "list.xlsx"
    made, _ = book(tmp_path, Data=lines(ROWS))
    sheet = made["Data"]
    for column in (3, 9):
        ranged = f"{get_column_letter(column)}2:{get_column_letter(column)}"
        sheet.merged_cells.ranges.add(CellRange(f"{ranged}{sheet.max_row}"))
        sheet.merged_cells.ranges.add(CellRange(f"{ranged}1048576"))
    made.save(path)
    _, dataset = read_files(tmp_path, path)
    assert Counter(dataset.incidents["kind"]) == KINDS


def test_a_sheet_of_all_years_is_not_added_to_theirs(tmp_path):
    rows = lines([without(row, "Case") for row in ROWS])
    rows[0] = [name for name in HEADER if name != "Case"]
    years = {"y2022": [rows[0], *rows[1:100]], "y2023": [rows[0], *rows[100:]]}
    for order in ({"All": rows, **years}, {**years, "All": rows}):
        _, path = book(tmp_path, **order)
        assert understand(path).lists[0].table.n_rows == len(TRUTH)


def test_sheets_beyond_what_can_be_held_are_told_and_the_first_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(excel, "MAX_CELLS", len(HEADER) * 160)
    _, path = book(tmp_path, y2022=lines(ROWS[:100]), y2023=lines(ROWS[100:]))
    table = excel.read_excel(path.read_bytes(), path)
    assert (len(table.rows), table.sheets, table.others) == (101, ["y2022"], ["y2023"])


def test_a_small_table_is_not_passed_over_for_a_longer_list_of_words(tmp_path):
    words = [["Field", "Meaning"], *([f"f{n}", "..."] for n in range(60))]
    _, path = book(tmp_path, Shootings=lines(ROWS[:28]), Words=words)
    assert understand(path).lists[0].table.n_rows == 28


@pytest.mark.parametrize(
    "above",
    [
        [["Incident", None, None, "Place", None]],
        [["POLICE DEPARTMENT"], ["Prepared:", "3/1/2025"], []],
    ],
)
def test_lines_above_the_names_may_hold_more_than_one_cell(tmp_path, above):
    _, path = book(tmp_path, Data=[*above, *lines(ROWS), ["Total", None, N_KILLED]])
    _, dataset = read_files(tmp_path, path)
    assert Counter(dataset.incidents["kind"]) == KINDS


def test_a_header_with_unnamed_columns_is_no_title(tmp_path):
    rows = [["Case", "Date", "Fatal", "", "", "", "Latitude", "Longitude"]]
    rows += [
        [r["Case"], r["Date"], r["Fatal"], "a", "b", "c", r["Latitude"], r["Longitude"]]
        for r in ROWS
    ]
    _, path = book(tmp_path, Data=rows)
    assert understand(path).lists[0].table.n_rows == len(TRUTH)


# ---- What is left ---------------------------------------------------------------------------


def listed(folder):
    return {
        str(one.relative_to(folder)): one.read_bytes() for one in folder.rglob("*") if one.is_file()
    }


def test_another_citys_file_of_the_same_name_is_not_overwritten(tmp_path, run):
    for name, rows in (("a", ROWS), ("b", ROWS[:100])):
        (tmp_path / name).mkdir()
        pd.DataFrame(rows).to_csv(tmp_path / name / "shootings.csv", index=False)
    words = ("--yes", "--root", tmp_path / "root", "--out")
    run("start", tmp_path / "a" / "shootings.csv", *words, tmp_path / "a.toml")
    before = listed(tmp_path)
    done = run("start", tmp_path / "b" / "shootings.csv", *words, tmp_path / "b.toml", check=False)
    assert done.returncode == 2
    assert "Give this city another name with --name, or move that folder." in " ".join(
        done.stderr.split()
    )
    assert listed(tmp_path) == before


@pytest.mark.parametrize("obstacle", ["out", "var", "proposal"])
def test_a_city_that_fails_late_leaves_nothing_behind(tmp_path, run, obstacle):
    root, out = tmp_path / "root", tmp_path / "c.toml"
    root.mkdir()
    if obstacle == "out":
        (root / "file").write_text("")
        out = root / "file" / "c.toml"
    elif obstacle == "var":
        (root / "var").write_text("")
    else:
        (root / "var" / "c" / "proposal").mkdir(parents=True)
        (root / "var" / "c" / "proposal" / "mine.txt").write_text("mine")
    pd.DataFrame(ROWS).to_csv(tmp_path / "list.csv", index=False)
    before = listed(tmp_path)
    words = ("start", tmp_path / "list.csv", "--yes", "--root", root, "--out", out)
    assert run(*words, check=False).returncode == 2
    assert listed(tmp_path) == before
    assert not (root / "data").exists()


def test_a_link_to_a_place_that_is_not_there_is_left_as_it_is(tmp_path, run):
    pd.DataFrame(ROWS).to_csv(tmp_path / "list.csv", index=False)
    root, out = tmp_path / "root", tmp_path / "c.toml"
    (root / "data").mkdir(parents=True)
    (root / "data" / "list").symlink_to(tmp_path / "unmounted")
    words = (
        "start",
        tmp_path / "list.csv",
        "--yes",
        "--name",
        "list",
        "--root",
        root,
        "--out",
        out,
    )
    assert run(*words, check=False).returncode == 2
    assert (root / "data" / "list").is_symlink()
    assert not out.exists()
    assert not (root / "var").exists()


def test_a_city_that_was_set_up_meanwhile_is_not_taken_back(tmp_path, monkeypatch):
    """Two browsers at once: the second fails, and the first one's city stays whole."""
    path = tmp_path / "list.csv"
    pd.DataFrame(ROWS).to_csv(path, index=False)
    city, out, root = understand(path), tmp_path / "c.toml", tmp_path / "root"
    read_really, is_second = setting_up.ingest_city, []

    def meanwhile(*given):
        if not is_second:
            is_second.append(True)
            setting_up.set_up(city, CityFiles(), out, root=root)
        return read_really(*given)

    monkeypatch.setattr(setting_up, "ingest_city", meanwhile)
    with pytest.raises(ParamError, match="already"):
        setting_up.set_up(city, CityFiles(), out, root=root)
    assert open_dataset(root / "var" / "c" / "dataset").report["incidents"] == len(TRUTH)
    assert (out.is_file(), len(list((root / "data").glob("*/list.csv")))) == (True, 1)


def test_what_was_made_of_another_city_is_not_written_over(tmp_path):
    path = tmp_path / "list.csv"
    pd.DataFrame(ROWS).to_csv(path, index=False)
    out, root = tmp_path / "c.toml", tmp_path / "root"
    setting_up.set_up(understand(path), CityFiles(), out, root=root)
    before = listed(root)
    out.unlink()
    with pytest.raises(
        ParamError, match=r"Give this city another name with --name, or move that folder\."
    ):
        setting_up.set_up(understand(path, name="Other"), CityFiles(), out, root=root)
    assert listed(root) == before


@pytest.mark.parametrize("name", ["land.geojson", "shots [2023].csv"])
def test_any_name_of_a_file_will_do(tmp_path, run, name):
    table = pd.DataFrame(ROWS)
    if name.endswith("csv"):
        table.to_csv(tmp_path / name, index=False)
    else:
        points = gpd.points_from_xy(table.pop("Longitude"), table.pop("Latitude"))
        gpd.GeoDataFrame(table, geometry=points, crs="EPSG:4326").to_file(tmp_path / name)
    run("start", tmp_path / name, "--yes", "--name", "Here", cwd=tmp_path)
    done = run("ingest", "--city", "here", "--out", "again", cwd=tmp_path)
    assert "240 incidents" in " ".join(done.stdout.split())


# ---- What stands beside shootings -----------------------------------------------------------


def told(killed, hurt, *others, more=None):
    """Write each shooting with what its columns say, and 90 rows of something else among them."""
    for at, one in enumerate(TRUTH):
        said = killed if one.is_homicide else hurt
        row = {**without(base(one), "Fatal"), **said}
        yield {name: value[at % len(value)] if isinstance(value, list) else value
               for name, value in row.items()}  # fmt: skip
        if others and at < 90:
            yield {**row, "Case": f"X{at}", **others[at % len(others)]}


def offense(*texts):
    return [{"Offense": text} for text in texts]


MURDER, SHOT = {"Offense": "MURDER - FIREARM"}, {"Offense": "AGG ASSAULT - FIREARM"}
BESIDE = {
    "shots that hit nobody beside fatal ones": (
        {"Shooting Type": "Fatal"},
        {"Shooting Type": "Non-Fatal"},
        {"Shooting Type": "Shots Fired"},
        {"Shooting Type": "Self-Inflicted"},
        {"Shooting Type": "Property"},
    ),
    "armed robberies and threats": (
        {"Offense": "MURDER", "Weapon": "HANDGUN"},
        {"Offense": "AGGRAVATED ASSAULT", "Weapon": "HANDGUN"},
        {"Offense": "ROBBERY - DEADLY WEAPON", "Weapon": "HANDGUN"},
        {"Offense": "RECKLESS ENDANGERMENT - DEADLY WEAPON", "Weapon": "HANDGUN"},
        {"Offense": "THEFT", "Weapon": ""},
    ),
    "homicides by neglect and in traffic": (
        MURDER, SHOT,
        *offense("CRIM NEG HOMICIDE/NON TRAFFIC", "INTOXICATION MANSLAUGHTER",
                 "INVOLUNTARY MANSLAUGHTER"),
    ),
    "shots at houses and vehicles": (
        {"Offense": "MURDER - FIREARM"}, {"Offense": "SHOOTING - NONFATAL"},
        *offense("SHOOT AT/FROM VEHICLE", "SHOOTING INTO DWELLING"),
    ),
    "guns that are none": (
        {"Offense": "MURDER", "Weapon": "HAND GUN"},
        {"Offense": "AGGRAVATED ASSAULT", "Weapon": "HAND GUN"},
        {"Offense": "AGGRAVATED ASSAULT", "Weapon": "SIMULATED GUN"},
        {"Offense": "AGGRAVATED ASSAULT", "Weapon": "PELLET GUN"},
        {"Offense": "AGGRAVATED ASSAULT", "Weapon": "STARTER PISTOL/REVOLVER"},
    ),
    "the dead and the hurt have roles of their own": (
        {"Delito": "HOMICIDIO POR ARMA DE FUEGO", "CalidadJuridica": "CADAVER"},
        {"Delito": "LESIONES POR ARMA DE FUEGO", "CalidadJuridica": "LESIONADO"},
        {"Delito": "ROBO A TRANSEUNTE", "CalidadJuridica": "VICTIMA"},
    ),
    "what was called in at first": (
        {"InitialTypeText": ["AGGRAVATED BATTERY", "MURDER BY SHOOTING"],
         "TypeText": "HOMICIDE BY SHOOTING"},
        {"InitialTypeText": ["AGGRAVATED BATTERY BY SHOOTING", "SUSPICIOUS PERSON"],
         "TypeText": "AGGRAVATED BATTERY BY SHOOTING"},
        {"InitialTypeText": "AGGRAVATED BATTERY BY SHOOTING", "TypeText": "SIMPLE BATTERY"},
    ),
    "mortos and feridos": (
        {"qtd_morto_civil": 1, "qtd_ferido_civil": 0}, {"qtd_morto_civil": 0, "qtd_ferido_civil": 1},
    ),
}  # fmt: skip


SAID = {
    "NON-NEG is no neglect": (
        {"Offense": ["MURDER & NON-NEG MANSLAUGHTER", "HOMICIDE - FIREARM"]}, SHOT,
    ),
    "not fatal is not fatal": (
        {"Offense": "HOMICIDE - SHOOTING"},
        {"Offense": ["SHOOTING - NOT FATAL", "Shooting (Non\u2013Fatal)", "Shooting/Non- Fatal"]},
    ),
    "a fatal shooting is a homicide": (
        {"Type": ["Shooting - Fatal", "FATAL SHOOTING"]},
        {"Type": [f"Shooting - Nonfatal {part}" for part in
                  ("leg", "arm", "back", "head", "hand", "foot", "chest", "other")]},
    ),
    "a patient's condition is no offense": (
        {"Victim Condition": "Deceased"},
        {"Victim Condition": ["Hospitalized", "Treated and Discharged", "Alert", "Self-Transported"]},
    ),
    "a cause where most live": (
        {"Type": "Homicide", "Death Date": "2024-01-02", "Cause": "Gunshot wound"},
        {"Type": "Nonfatal", "Death Date": "", "Cause": "Gunshot wound"},
    ),
    "somebody hit from a vehicle": (
        {"Offense": "HOMICIDE"},
        {"Offense": ["Drive-by shooting from vehicle, victim hit", "Shooting - injury",
                     "Shooting into vehicle, victim struck"]},
    ),
    "an assault in a robbery": (
        {"Offense": "MURDER", "Weapon": "HANDGUN"},
        {"Offense": ["AGGRAVATED ASSAULT", "AGG ASSAULT DURING ROBBERY"], "Weapon": "HANDGUN"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("said", SAID)
def test_words_of_something_else_within_a_shooting_change_nothing(tmp_path, said):
    _, dataset = read(tmp_path, told(*SAID[said]))
    assert Counter(dataset.incidents["kind"]) == KINDS


def test_whoever_died_by_another_offense_was_killed_but_for_accidents(tmp_path):
    killed = {"Rubrica": ["Latrocínio (roubo seguido de morte)", "Homicídio simples",
                          "Homicídio culposo na direção"], "FLAG_VITIMA_FATAL": "S"}  # fmt: skip
    others = [{"Rubrica": text, "FLAG_VITIMA_FATAL": "N"} for text in ("Furto", "Roubo")]
    city, dataset = read(tmp_path, told(killed, killed, *others))
    assert Counter(dataset.incidents["kind"]) == {"homicide": len(TRUTH) * 2 // 3}
    assert "start.not_counted" in [note.key for note in city.lists[0].rules.notes]


def test_one_victim_among_many_persons_is_a_victim(tmp_path):
    def rows():
        for row in changed(lambda *_: {})():
            for role in ("VICTIM", "SUSPECT", "WITNESS", "COMPLAINANT", "OTHER"):
                yield {**row, "Role": role, "Age": 30}

    city, dataset = read(tmp_path, rows())
    assert city.lists[0].rules.rows_are == "persons"
    assert dataset.report["victims"] == len(TRUTH)


def test_a_dispatchers_time_is_not_the_shootings(tmp_path):
    rows = changed(lambda _, one: {"OCC_DATE": f"{one.when:%Y-%m-%d}", "OCC_HR": one.when.hour,
                                   "DISP_TM": "03:15"}, "Date")  # fmt: skip
    _, dataset = read(tmp_path, rows())
    assert {when[:13] for when in whens(dataset)} == {when[:13] for when in TRUE_WHENS}


@pytest.mark.parametrize("beside", BESIDE)
def test_what_stands_beside_shootings_is_none(tmp_path, beside):
    _, dataset = read(tmp_path, told(*BESIDE[beside]))
    assert Counter(dataset.incidents["kind"]) == KINDS


def test_where_all_have_a_flag_a_theft_is_no_shooting(tmp_path):
    killed = {"RUBRICA": "Homicídio simples (art. 121)", "FLAG_VITIMA_FATAL": "S"}
    others = [
        {"RUBRICA": text, "FLAG_VITIMA_FATAL": "N"}
        for text in ("Roubo (art. 157)", "Furto (art. 155)", "Ameaça (art. 147)")
    ]
    _, dataset = read(tmp_path, told(killed, killed, *others))
    assert Counter(dataset.incidents["kind"]) == {"homicide": len(TRUTH)}


def test_of_the_dead_those_by_their_own_hand_did_not_survive(tmp_path):
    gun = "Gunshot wound of chest"
    dead = {"Death Date": "2024-01-02", "Manner": "HOMICIDE", "Cause": gun}
    rows = told(dead, dead, {"Manner": "SUICIDE"}, {"Manner": "ACCIDENT"})
    _, dataset = read(tmp_path, rows)
    assert Counter(dataset.incidents["kind"]) == {"homicide": len(TRUTH)}


def test_a_row_that_was_written_later_lends_no_day(tmp_path):
    def rows():
        for at, row in enumerate(changed(lambda *_: {"Updated On": "2026-02-10 15:50"})()):
            yield {**row, "Date": "" if at % 40 == 0 else row["Date"]}

    _, dataset = read(tmp_path, rows())
    assert whens(dataset) < TRUE_WHENS


def test_days_as_socrata_exports_them_are_read(tmp_path):
    rows = changed(lambda _, one: {"Date": f"{one.when:%Y %b %d %I:%M:%S %p}"})
    _, dataset = read(tmp_path, rows())
    assert whens(dataset) == TRUE_WHENS


def test_places_that_are_redacted_are_no_numbers(tmp_path):
    rows = changed(lambda at, one: {"Latitude": "REDACTED", "Longitude": "REDACTED"}
                   if at % 7 == 0 else {"Latitude": one.lat, "Longitude": one.lon})  # fmt: skip
    _, dataset = read(tmp_path, rows())
    assert len(dataset.incidents) == len(TRUTH)
    assert dataset.incidents["lon"].isna().sum() == len(range(0, len(TRUTH), 7))


@pytest.mark.parametrize("hours", [0, 5])
def test_times_that_may_be_universal_are_noted(tmp_path, hours):
    def late(_, one):
        when = one.when.replace(hour=23) + pd.Timedelta(hours=one.number % 11 - 5 + hours)
        return {"Date": f"{when:%Y-%m-%d %H:%M}"}

    city, _ = read(tmp_path, changed(late)())
    notes = [note.key for one in city.lists for note in one.rules.notes]
    assert ("start.maybe_universal" in notes) is (hours == 5)


def test_a_neighborhood_has_its_name_and_not_its_number(tmp_path):
    land = tmp_path / "land.geojson"
    shapes = [shapely.box(at, 0, at + 1, 1) for at in range(3)]
    about = {
        "objectid": list("123"),
        "Neighborhood_ID": list("456"),
        "label": ["Oak", "Elm", "Ash"],
    }
    gpd.GeoDataFrame({**about, "Name": ["Oak", "Elm", "Ash"]}, geometry=shapes, crs=4326).to_file(
        land
    )
    assert name_column_of(land) == "Name"
    gpd.GeoDataFrame(about, geometry=shapes, crs=4326).to_file(land)
    assert name_column_of(land) in {"label", "Neighborhood_ID"}


def test_a_city_without_an_incident_is_not_set_up(tmp_path, monkeypatch):
    really = setting_up.ingest_city

    def none_left(*given):
        intake = really(*given)
        lost = {"incidents": 0, "rows_rejected": {"other_role": 250, "bad_date": 0}}
        report = {**intake.dataset.report, **lost}
        return replace(intake, dataset=replace(intake.dataset, report=report))

    monkeypatch.setattr(setting_up, "ingest_city", none_left)
    path = tmp_path / "list.csv"
    pd.DataFrame(changed(lambda *_: {})()).to_csv(path, index=False)
    out = tmp_path / "config" / "c.toml"
    with pytest.raises(
        SourceError, match=r"has no usable incidents: other role 250\. Nothing was set up\."
    ):
        setting_up.set_up(understand([path]), CityFiles(), out, root=tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == ["list.csv"]
