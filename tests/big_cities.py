"""Files as New York and Chicago publish them, made up: their headers, flags and systems."""

import geopandas as gpd
from shapely.geometry import box

NEW_YORK = """
format_version = 1
[city]
id = "new-york"
name = "New York"
time_zone = "America/New_York"
metric_crs = "EPSG:32618"
[places]
file = "neighborhoods.geojson"
name_column = "name"
[areas]
eps_m = 200
min_samples = 5
at_incidents = 100
[[sources]]
name = "nypd shootings"
incident_from = ["incident_id"]
homicide = [{ fatal = ["true"] }]
nonfatal = [{ fatal = ["false"] }]
gun = { yes = [{}] }
date_formats = ["%m/%d/%Y"]
time_formats = ["%H:%M:%S"]
crs = "EPSG:2263"
[sources.columns]
incident_id = "INCIDENT_KEY"
date = "OCCUR_DATE"
time = "OCCUR_TIME"
fatal = "STATISTICAL_MURDER_FLAG"
x = "X_COORD_CD"
y = "Y_COORD_CD"
"""
NEW_YORK_HEADER = (
    "INCIDENT_KEY,OCCUR_DATE,OCCUR_TIME,BORO,STATISTICAL_MURDER_FLAG,X_COORD_CD,Y_COORD_CD"
)

CHICAGO = """
format_version = 1
[city]
id = "chicago"
name = "Chicago"
time_zone = "America/Chicago"
metric_crs = "EPSG:32616"
[places]
file = "neighborhoods.geojson"
name_column = "name"
[areas]
eps_m = 200
min_samples = 5
at_incidents = 100
[[sources]]
name = "chicago crimes"
incident_from = ["incident_id"]
rows_are = "persons"
homicide = [{ offense = ["HOMICIDE"], firearm = ["YES"] }]
nonfatal = [{ offense = ["BATTERY", "ROBBERY"], firearm = ["YES"] }]
victim = [{ involvement = ["VICTIM"] }]
gun = { yes = [{ firearm = ["YES"] }], no = [{ firearm = ["NO"] }] }
domestic = { yes = [{ domestic = ["true"] }], no = [{ domestic = ["false"] }] }
date_formats = ["%m/%d/%Y %I:%M:%S %p"]
[sources.columns]
incident_id = "CASE_NUMBER"
date = "DATE"
offense = "VICTIMIZATION_PRIMARY"
firearm = "GUNSHOT_INJURY_I"
domestic = "DOMESTIC_I"
involvement = "ROLE"
officer_involved = "POLICE_I"
lat = "LATITUDE"
lon = "LONGITUDE"
[[sources.exclude]]
name = "officer_involved"
why = "reviewed elsewhere"
when = { officer_involved = ["Y"] }
"""
CHICAGO_HEADER = (
    "CASE_NUMBER,DATE,VICTIMIZATION_PRIMARY,GUNSHOT_INJURY_I,DOMESTIC_I,ROLE,POLICE_I,"
    "LATITUDE,LONGITUDE"
)


def _settle(town, text, west, south):
    town.config.write_text(text)
    gpd.GeoDataFrame(
        {"name": ["West", "East"]},
        geometry=[box(west + x, south, west + x + 0.1, south + 0.2) for x in (0, 0.1)],
        crs="EPSG:4326",
    ).to_file(town.places)
    return town


def new_york(town):
    return _settle(town, NEW_YORK, -74.0, 40.6)


def chicago(town):
    return _settle(town, CHICAGO, -87.75, 41.75)


def new_york_row(n, flag="true", month=1):
    x, y = 1_000_000 + 400 * (n % 20), 190_000 + 400 * (n % 7)  # feet, in Brooklyn
    return f"{n},{month:02}/{n % 28 + 1:02}/2024,23:{n % 60:02}:00,BROOKLYN,{flag},{x},{y}"


def chicago_row(n, *, offense="BATTERY", hit="YES", domestic="false", role="VICTIM", police="N"):
    hour = f"{n % 12 + 1:02}:15:00 PM"
    when = f"{n % 12 + 1:02}/{n % 28 + 1:02}/2024 {hour}"
    return f"JH{n},{when},{offense},{hit},{domestic},{role},{police},{41.8 + n % 9 / 900},-87.65"
