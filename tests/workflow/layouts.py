"""Files as twenty cities publish them: headers, spellings and quirks real, all rows made up."""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import Transformer
from shapely.geometry import box

NOON = pd.Timestamp("2022-05-05 12:00").to_pydatetime()


@dataclass(frozen=True)
class Shooting:
    """An incident as it truly was."""

    number: int
    when: datetime
    lon: float
    lat: float
    is_homicide: bool
    n_victims: int


@dataclass
class Layout:
    """How a city publishes its file, and what is in it."""

    middle: tuple[float, float]
    write: object  # makes rows of a shooting, a victim a row where it says so
    suffix: str = "csv"
    delimiter: str = ","
    others: object = None  # rows that are no shootings
    crs: str = ""
    answers: dict = field(default_factory=dict)  # readings that are not the likeliest
    zone: str = ""


def shootings(middle, n=240, seed=7):
    """Draw shootings over two years: most by night, a third fatal, some with several victims."""
    random = np.random.default_rng(seed)
    first = pd.Timestamp("2022-01-03").to_pydatetime()
    hours = random.choice([*range(18, 24), *range(5), *range(5), 9, 13, 16], n)
    for number in range(n):
        day = first + timedelta(days=int(random.integers(0, 720)))
        when = day.replace(hour=int(hours[number]), minute=int(random.integers(1, 60)))
        lon, lat = np.array(middle) + random.normal(0, 0.02, 2)
        fatal, many = bool(random.random() < 0.33), int(random.choice([1, 1, 1, 2, 3]))
        yield Shooting(100_000 + number, when, round(lon, 6), round(lat, 6), fatal, many)


def victims(one):
    """The people hit, the first killed where it was a homicide."""
    for person in range(one.n_victims):
        yield person, one.is_homicide and person == 0


def new_york(one):
    for _, killed in victims(one):
        yield {
            "INCIDENT_KEY": one.number,
            "OCCUR_DATE": f"{one.when:%m/%d/%Y}",
            "OCCUR_TIME": f"{one.when:%H:%M:%S}",
            "BORO": "BROOKLYN",
            "LOC_OF_OCCUR_DESC": "",
            "PRECINCT": 75,
            "JURISDICTION_CODE": 0,
            "LOCATION_DESC": "MULTI DWELL - PUBLIC HOUS",
            "STATISTICAL_MURDER_FLAG": "true" if killed else "false",
            "PERP_AGE_GROUP": "",
            "PERP_SEX": "",
            "VIC_AGE_GROUP": "25-44",
            "VIC_SEX": "M",
            "VIC_RACE": "BLACK",
            "X_COORD_CD": "1,012,345",
            "Y_COORD_CD": "182,345",
            "Latitude": one.lat,
            "Longitude": one.lon,
            "Lon_Lat": f"POINT ({one.lon} {one.lat})",
        }


def chicago(one):
    for person, killed in victims(one):
        yield {
            "CASE_NUMBER": f"JE{one.number}",
            "DATE": f"{one.when:%m/%d/%Y %I:%M:%S %p}",
            "BLOCK": "100 N STATE ST",
            "VICTIMIZATION_PRIMARY": "HOMICIDE" if killed else "BATTERY",
            "INCIDENT_PRIMARY": "HOMICIDE" if one.is_homicide else "BATTERY",
            "GUNSHOT_INJURY_I": "YES",
            "UNIQUE_ID": f"HOM-JE{one.number}-#{person}",
            "COMMUNITY_AREA": "AUSTIN",
            "AGE": "20-29",
            "SEX": "M",
            "RACE": "BLK",
            "MONTH": one.when.month,
            "HOUR": one.when.hour,
            "UPDATED": "01/15/2024 03:49:57 PM",
            "LATITUDE": one.lat,
            "LONGITUDE": one.lon,
            "LOCATION": f"POINT ({one.lon} {one.lat})",
        }


def baltimore(one):
    for person, killed in victims(one):
        yield {
            "RowID": one.number * 10 + person,
            "CCNumber": f"22A{one.number}",
            "CrimeDateTime": f"{one.when:%Y/%m/%d %H:%M:%S}+00",
            "CrimeCode": "1A" if killed else "9S",
            "Location": "1500 N CAROLINE ST",
            "Description": "HOMICIDE" if killed else "SHOOTING",
            "Inside_Outside": "O",
            "Weapon": "FIREARM",
            "Post": 333,
            "Gender": "M",
            "Age": 24,
            "Race": "BLACK_OR_AFRICAN_AMERICAN",
            "District": "EASTERN",
            "Neighborhood": "OLIVER",
            "Latitude": one.lat,
            "Longitude": one.lon,
            "GeoLocation": f"({one.lat},{one.lon})",
            "Total_Incidents": 1,
        }


def baltimore_others(number):
    made = next(baltimore(Shooting(number, NOON, -76.6, 39.3, False, 1)))
    yield {**made, "Description": ["LARCENY", "BURGLARY", "ROBBERY - STREET"][number % 3]}


def toronto(one):
    yield {
        "X": -8837252.1,
        "Y": 5413357.2,
        "OBJECTID": one.number - 99_999,
        "EVENT_UNIQUE_ID": f"GO-2022{one.number}",
        "OCC_DATE": f"{one.when:%Y/%m/%d} 05:00:00+00",
        "OCC_YEAR": one.when.year,
        "OCC_HOUR": one.when.hour,
        "DIVISION": "D31",
        "DEATH": int(one.is_homicide),
        "INJURIES": one.n_victims - one.is_homicide or (not one.is_homicide) * 1,
        "HOOD_158": "025",
        "NEIGHBOURHOOD_158": "Glenfield-Jane Heights (25)",
        "LONG_WGS84": one.lon,
        "LAT_WGS84": one.lat,
    }


def toronto_others(number):
    made = next(toronto(Shooting(number, NOON, -79.4, 43.7, False, 1)))
    yield {**made, "DEATH": 0, "INJURIES": 0}  # a firearm discharged, nobody hit


def memphis(one):
    yield {
        "Crime ID": f"22{one.number}ME",
        "Offense Date": f"{one.when:%Y-%m-%dT%H:%M:%S.000}",
        "Report Date": "2024-01-01T00:00:00.000",
        "Category": "Homicide" if one.is_homicide else "Aggravated Assault - Nonfatal Shooting",
        "Agency Crimetype": "x",
        "City": "MEMPHIS",
        "100 Block Address": "3400 BLOCK OF PARK AVE",
        "coord1": "(35.1, -89.9)",
        "Latitude": one.lat,
        "Longitude": one.lon,
    }


def philadelphia(one):
    for person, killed in victims(one):
        yield {
            "objectid": one.number * 10 + person,
            "year": one.when.year,
            "dc_key": f"2022{one.number}.0",
            "code": 300,
            "date_": f"{one.when:%Y-%m-%d} 00:00:00+00",
            "time": f"{one.when:%H:%M:%S}",
            "race": "B",
            "sex": "M",
            "age": 22,
            "wound": "Leg",
            "officer_involved": "N",
            "offender_injured": "N",
            "offender_deceased": "N",
            "location": "6300 BLOCK FRANKFORD AVE",
            "fatal": int(killed),
            "lat": one.lat,
            "lng": one.lon,
        }


def cincinnati(one):
    for _, killed in victims(one):
        yield {
            "CASE_NUMBER": f"2200{one.number}",
            "DateOccurred": f"{one.when:%m/%d/%Y %H:%M}",
            "AGE": 30,
            "RACE": "BLACK",
            "SEX": "MALE",
            "TYPE": "FATAL" if killed else "NON-FATAL",
            "STREET_BLOCK": "XX VINE ST",
            "LATITUDE_X": one.lat,
            "LONGITUDE_X": one.lon,
            "SNA_NEIGHBORHOOD": "WESTWOOD",
        }


def washington(one):
    yield {
        "X": one.lon,
        "Y": one.lat,
        "CCN": f"22{one.number}",
        "REPORT_DAT": f"{one.when + timedelta(days=1):%Y/%m/%d %H:%M:%S}+00",
        "SHIFT": "MIDNIGHT",
        "METHOD": "GUN",
        "OFFENSE": "HOMICIDE" if one.is_homicide else "ASSAULT W/DANGEROUS WEAPON",
        "BLOCK": "1500 BLOCK OF K STREET",
        "WARD": 8,
        "LATITUDE": one.lat,
        "LONGITUDE": one.lon,
        "START_DATE": f"{one.when:%Y/%m/%d %H:%M:%S}+00",
        "OBJECTID": one.number,
    }


def washington_others(number):
    made = next(washington(Shooting(number, NOON, -77.0, 38.9, False, 1)))
    yield {**made, "METHOD": "KNIFE"}


def louisville(one):
    for _, killed in victims(one):
        yield {
            "Incident_Number": f"80-22-{one.number}",
            "Date_Time": f"{one.when:%Y-%m-%d %H:%M:%S}",
            "Crime_Type": "HOMICIDE" if killed else "NON-FATAL SHOOTING",
            "Cause": "Shooting",
            "Sex": "M",
            "Race": "B",
            "Age_Group": "18-24",
            "Address": "2600 BLOCK W KENTUCKY ST",
            "Latitude": one.lat,
            "Longitude": one.lon,
        }


def los_angeles(one):
    yield {
        "DR_NO": 220_000_000 + one.number,
        "Date Rptd": f"{one.when + timedelta(days=2):%m/%d/%Y} 12:00:00 AM",
        "DATE OCC": f"{one.when:%m/%d/%Y} 12:00:00 AM",
        "TIME OCC": f"{one.when:%H%M}",
        "AREA NAME": "77th Street",
        "Crm Cd": 110 if one.is_homicide else 230,
        "Crm Cd Desc": "CRIMINAL HOMICIDE"
        if one.is_homicide
        else "ASSAULT WITH DEADLY WEAPON, AGGRAVATED ASSAULT",
        "Vict Age": 30,
        "Weapon Desc": "HAND GUN",
        "LOCATION": "6100 S  VERMONT AV",
        "LAT": one.lat,
        "LON": one.lon,
    }


def los_angeles_others(number):
    made = next(los_angeles(Shooting(number, NOON, -118.3, 34.0, False, 1)))
    weapon = ["KNIFE WITH BLADE", "STRONG-ARM (HANDS, FIST, FEET)", ""][number % 3]
    yield {**made, "Weapon Desc": weapon}


def rochester(one):
    made = one.is_homicide
    x, y = Transformer.from_crs(4326, 2262, always_xy=True).transform(one.lon, one.lat)
    yield {
        "Case_Number": f"22-{one.number}",
        "Occurred_Date": f"{one.when:%Y-%m-%d}",
        "Occurred_Time": f"{one.when:%H%M}",
        "Crime_Type": "Homicide" if made else "Shooting",
        "Xcoord": round(x, 1),
        "Ycoord": round(y, 1),
    }


def archive(one):
    yield {
        "incident_id": one.number,
        "date": f"{one.when:%B} {one.when.day}, {one.when.year}",
        "state": "Ohio",
        "city_or_county": "Toledo",
        "n_killed": int(one.is_homicide),
        "n_injured": one.n_victims - one.is_homicide or (not one.is_homicide) * 1,
        "latitude": one.lat,
        "longitude": one.lon,
    }


def day_first(one):
    yield {
        "Ocorrencia Event ID": f"E{one.number}",
        "Date": f"{one.when:%d/%m/%Y %H:%M}",
        "Killed": int(one.is_homicide),
        "Injured": one.n_victims,
        "Lat": one.lat,
        "Long": one.lon,
    }


def by_utm(one):
    x, y = Transformer.from_crs(4326, 32616, always_xy=True).transform(one.lon, one.lat)
    yield {
        "Incident ID": one.number,
        "Incident Date": f"{one.when:%Y-%m-%d %H:%M}",
        "Fatal": "Y" if one.is_homicide else "N",
        "Easting": round(x, 2),
        "Northing": round(y, 2),
    }


def in_words(one):
    yield {
        "event_number": f"LLV22{one.number}",
        "occurred_on": f"{one.when:%Y-%m-%dT%H:%M:%S}Z",
        "outcome": "Homicide" if one.is_homicide else "Shooting with injury",
        "location_1": f"300 S MAIN ST\nLAS VEGAS, NV\n({one.lat}, {one.lon})",
    }


def unnumbered(one):
    for _, killed in victims(one):
        yield {
            "ObjectId": None,
            "Shooting Date": f"{one.when:%d-%b-%Y}",
            "Shooting Time": f"{one.when:%H:%M}",
            "Victim Age": 19,
            "Victim Sex": "M",
            "Fatality": "Yes" if killed else "No",
            "Latitude": one.lat,
            "Longitude": one.lon,
        }


def kansas_city(one):
    for person, killed in victims(one):
        offense = "Homicide" if killed else "Aggravated Assault"
        row = {
            "Report_No": f"KC22{one.number}",
            "Reported_Date": f"{one.when + timedelta(days=1):%m/%d/%Y}",
            "From_Date": f"{one.when:%m/%d/%Y}",
            "From_Time": f"{one.when:%H:%M}",
            "Description": offense,
            "DVFlag": "N",
            "Involvement": "VIC",
            "Race": "B",
            "Sex": "M",
            "Age": 20 + person,
            "Firearm Used Flag": "Y",
            "Location": f"POINT ({one.lon} {one.lat})",
        }
        yield row
        if person == 0:
            yield {**row, "Involvement": "SUS", "Age": ""}


def kansas_city_others(number):
    made = next(kansas_city(Shooting(number, NOON, -94.6, 39.1, False, 1)))
    yield {**made, "Firearm Used Flag": "N"}


def swapped(one):
    yield {
        "case_no": f"C{one.number}",
        "date": f"{one.when:%Y-%m-%d %H:%M}",
        "fatal": int(one.is_homicide),
        "latitude": one.lon,
        "longitude": one.lat,
    }


LAYOUTS = {
    "New York": Layout((-73.93, 40.70), new_york, zone="America/New_York"),
    "Chicago": Layout((-87.70, 41.85), chicago, zone="America/Chicago"),
    "Baltimore": Layout((-76.61, 39.30), baltimore, others=baltimore_others),
    "Toronto": Layout((-79.40, 43.70), toronto, others=toronto_others, zone="America/Toronto"),
    "Memphis": Layout((-89.97, 35.12), memphis),
    "Philadelphia": Layout((-75.15, 39.99), philadelphia),
    "Cincinnati": Layout((-84.52, 39.13), cincinnati),
    "Washington": Layout((-77.00, 38.89), washington, others=washington_others),
    "Louisville": Layout((-85.78, 38.23), louisville),
    "Los Angeles": Layout(
        (-118.28, 33.98), los_angeles, others=los_angeles_others, zone="America/Los_Angeles"
    ),
    "Rochester, in feet": Layout((-77.61, 43.17), rochester, crs="EPSG:2262"),
    "an archive of news": Layout((-83.55, 41.65), archive),
    "day first, semicolons": Layout(
        (-46.63, -23.55), day_first, delimiter=";", zone="America/Sao_Paulo"
    ),
    "UTM meters": Layout((-86.16, 39.77), by_utm, crs="EPSG:32616"),
    "Excel": Layout((-86.16, 39.77), louisville, suffix="xlsx"),
    "JSON": Layout((-90.20, 38.63), cincinnati, suffix="json"),
    "places in words": Layout((-115.14, 36.17), in_words, zone="America/Los_Angeles"),
    "no number": Layout((-104.99, 39.74), unnumbered, zone="America/Denver"),
    "Kansas City": Layout((-94.55, 39.09), kansas_city, others=kansas_city_others),
    "swapped names": Layout((-81.69, 41.50), swapped),
}


def rows_of(layout):
    """All rows of a city's file, shootings and others, in no order."""
    rows = [row for one in shootings(layout.middle) for row in layout.write(one)]
    if layout.others is not None:
        rows += [row for number in range(200_000, 200_060) for row in layout.others(number)]
    random = np.random.default_rng(3)
    return [rows[at] for at in random.permutation(len(rows))]


def write(layout, folder):
    """Write a city's file."""
    path = folder / f"shootings.{layout.suffix}"
    table = pd.DataFrame(rows_of(layout))
    if layout.suffix == "xlsx":
        table.to_excel(path, index=False, sheet_name="Victims")
    elif layout.suffix == "json":
        path.write_text(json.dumps(table.to_dict("records"), default=str))
    else:
        table.to_csv(path, index=False, sep=layout.delimiter)
    return path


def polygons_around(middle, path):
    """Two neighborhoods, west and east of a city's middle."""
    x, y = middle
    shapes = [box(x - 0.08, y - 0.08, x, y + 0.08), box(x, y - 0.08, x + 0.08, y + 0.08)]
    gpd.GeoDataFrame({"name": ["West", "East"]}, geometry=shapes, crs="EPSG:4326").to_file(path)
    return path
