"""A city without polygons: its land, and the names that its file gives its neighborhoods."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from csa.geo import cells as h3_cells
from csa.ingest.infer_columns import Questions, TextColumn
from csa.ingest.infer_neighborhoods import (
    estimate_land,
    infer_neighborhoods,
    outline_neighborhoods,
    plain_name,
    street_names,
)
from csa.ingest.infer_places import choose_city, name_city

MIDDLE = np.array([-76.6, 39.3])
PLAIN = ["OLIVER", "UPTON", "BERK", "CHERRY HILL"]
HOODS = [*PLAIN, "O'HARE", "ST. MARY'S", "MCKINLEY PARK", "REMY II"]


def places(n=1600, side=0.08, seed=5):
    """Draw places in a square, and which of nine squares of it each is in (the last of two)."""
    xy = np.random.default_rng(seed).random((n, 2))
    number = np.minimum((xy * [4, 2]).astype(int) @ [1, 4], 7)
    return pd.DataFrame(MIDDLE + xy * side, columns=["lon", "lat"]), number


def column(header, values):
    return TextColumn(0, header, pd.Series([str(value) for value in values]))


def named(columns, lonlat):
    found = infer_neighborhoods(columns, lonlat)
    return found.names, found.headers


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("ST. MARY'S PARK (25)", "St. Mary's Park"),
        ("O'HARE", "O'Hare"),
        ("MCKINLEY HILL II", "McKinley Hill II"),
        ("AVENUE OF THE ARTS", "Avenue of the Arts"),
        ("West Humber-Clairville (1)", "West Humber-Clairville"),
        ("MÉIER", "Méier"),
        ("D31", "D31"),
        ("NE 5TH AVE", "NE 5th Ave"),
        ("N 38TH ST", "N 38th St"),
        ("Park Heights Ii", "Park Heights II"),
        ("Mckinley Park", "McKinley Park"),
        ("Vista Iii (North)", "Vista III (North)"),
        ("Xavier Mcd", "Xavier Mcd"),
    ],
)
def test_a_name_is_written_as_people_say_it(written, said):
    assert plain_name(written) == said


def test_names_go_before_numbers_and_tracts_and_get_the_land_around_their_incidents():
    lonlat, number = places()
    columns = [
        column("Census_Tract", [f"Census Tract {2700 + n}.01" for n in number]),
        column("HOOD_ID", number),
        column("PRECINCT", number),
        column("NEIGHBOURHOOD_158", [f"{HOODS[n]} ({n})" for n in number]),
    ]
    names, headers = named(columns, lonlat)
    assert headers == ("NEIGHBOURHOOD_158",)
    assert set(names) == {plain_name(one) for one in HOODS}
    drawn = outline_neighborhoods(estimate_land(lonlat), lonlat, names, "rest").set_index("name")
    inside = [
        drawn.geometry[name].contains(p)
        for name, p in zip(names, shapely.points(lonlat.to_numpy()), strict=True)
    ]
    assert np.mean(inside) > 0.9
    areas = [shape.area for shape in drawn.geometry]
    assert sum(areas) == pytest.approx(drawn.union_all().area)  # each place has one name


def test_numbers_say_what_they_number_and_in_which_borough():
    lonlat, number = places()
    boro = ["BROOKLYN" if n < 4 else "BRONX" for n in number]
    names, headers = named([column("BORO", boro), column("PRECINCT", number + 40)], lonlat)
    assert headers == ("PRECINCT", "BORO")
    assert {"Precinct 40, Brooklyn", "Precinct 47, Bronx"} <= set(names)
    few, headers = named([column("BORO", boro)], lonlat)
    assert (headers, set(few)) == (("BORO",), {"Brooklyn", "Bronx"})
    three = column("Neighborhood", [["Oliver", "Upton", "Berk"][n // 3] for n in number])
    names, headers = named([three, column("BEAT", number + 10)], lonlat)
    assert headers == ("BEAT", "Neighborhood")  # three names are no neighborhoods of a city
    assert "Beat 10, Oliver" in set(names)


def test_what_names_no_place_is_passed_over_and_typing_errors_get_no_land():
    lonlat, number = places()
    shuffled = np.random.default_rng(1).permutation(number)
    streets = [f"{n} BLOCK {n % 900} ST" for n in range(len(lonlat))]
    homes = [HOODS[n] for n in number]
    for header, values in (
        ("NEIGHBORHOOD", [HOODS[n] for n in shuffled]),  # no place: lies anywhere
        ("DISTRICT", streets),  # 1,600 values
        ("SUSPECT NEIGHBORHOOD", homes),
        ("NEIGHBORHOOD TYPE", homes),
    ):
        assert set(named([column(header, values)], lonlat)[0]) == {""}
    typed = [f"{name}{n}" if n < 30 else name.lower() for n, name in enumerate(homes)]
    names, _ = named([column("Neighborhood", typed)], lonlat)
    drawn = outline_neighborhoods(estimate_land(lonlat), lonlat, names, "rest")
    assert len(drawn) == len(HOODS)


# ---- Streets: four of each way, 900 m apart, with a block's number ahead and a house's beside.

ACROSS = ["W Oak St", "W Elm St", "W 5th St", "MLK Blvd"]
ALONG = ["N 1st Ave", "N Main St", "N Grand Ave", "N 42nd St"]
STEP = 900 / 111_195


def corners(n=900, seed=3):
    """Draw places along eight streets: where they lie, their addresses, and whose streets."""
    rng = np.random.default_rng(seed)
    which, far = rng.integers(0, 8, n), rng.random(n) * 4 - 0.5
    on, off = which % 4, rng.normal(0, 0.01, n)
    x, y = np.where(which < 4, far, on + off), np.where(which < 4, on + off, far)
    lonlat = pd.DataFrame({"lon": x / np.cos(np.radians(39.3)), "lat": y}) * STEP + MIDDLE
    streets = np.array([*ACROSS, *ALONG])[which]
    blocks = (far * 900).astype(int) // 100 * 100 + 1000
    written = [f"{b} BLOCK OF {s.upper()}" for b, s in zip(blocks, streets, strict=True)]
    return lonlat, written, x, y


def mapped():
    """The eight streets as lines of a map."""
    ends = [((-1, at), (5, at)) for at in range(4)] + [((at, -1), (at, 5)) for at in range(4)]
    scale = np.array([STEP / np.cos(np.radians(39.3)), STEP])
    shapes = [shapely.LineString(np.array(one) * scale + MIDDLE) for one in ends]
    lines = gpd.GeoDataFrame({"name": [*ACROSS, *ALONG]}, geometry=shapes, crs=4326)
    lines.attrs["file"] = "streets.shp"
    return lines


@pytest.mark.parametrize("way", ["addresses", "a map"])
def test_without_names_of_neighborhoods_places_have_those_of_two_streets_that_cross_there(way):
    lonlat, written, x, y = corners()
    beats = column("Beat", (x > 1.5).astype(int) * 10 + (y > 1.5))
    addresses = [column("Hundred Block", written)] if way == "addresses" else []
    found = infer_neighborhoods([beats, *addresses], lonlat, mapped())
    header = "Hundred Block" if way == "addresses" else "streets.shp"
    assert (found.headers, found.are_streets) == ((header,), True)
    for name, at_x, at_y in zip(found.names, x, y, strict=True):
        parts = name.split(" & ")
        assert set(parts) <= {*ACROSS, *ALONG}  # no block's number stays
        if len(parts) == 2:
            (across,) = set(parts) & set(ACROSS)
            (along,) = set(parts) & set(ALONG)
            assert np.hypot(at_x - ALONG.index(along), at_y - ACROSS.index(across)) < 2.0
    assert found.names.str.contains(" & ").mean() > 0.8


@pytest.mark.parametrize("what", ["a premise", "a house", "a home"])
def test_what_is_no_street_names_no_place(what):
    lonlat, written, x, _ = corners()
    header, values = {
        "a premise": ("Location", np.where(x * 100 % 2 < 1, "STREET", "PARKING LOT")),
        "a house": ("Address", [f"{n} ELM PLAZA {n}" for n in range(len(x))]),
        "a home": ("Home address", written),
    }[what]
    assert set(named([column(header, values)], lonlat)[0]) == {""}
    far = lonlat.add([0.5, 0.0])  # no street of the map is near
    assert infer_neighborhoods([column(header, values)], far, mapped()).names.eq("").all()


@pytest.mark.parametrize(
    ("address", "streets"),
    [
        ("054XX S WELLS ST", ["S Wells St"]),
        ("E 55TH ST & WOODLAND AVE", ["E 55th St", "Woodland Ave"]),
        ("1200 BLK N BROAD ST / W LEHIGH AVE", ["N Broad St", "W Lehigh Ave"]),
        ("100 42 STREET, APT 5", ["42 Street"]),
        ("123-45 MAIN ST\nCleveland, OH\n(41.48, -81.68)", ["Main St"]),
        ("12 1/2 OAK AVE UNIT B", ["Oak Ave"]),
        ("Rua Augusta, 1500", ["Rua Augusta"]),
        ("", []),
    ],
)
def test_a_street_has_no_number_of_a_house(address, streets):
    assert street_names(address) == streets


@pytest.mark.parametrize(
    ("values", "key"),
    [
        (lambda n: ["Oliver", "Upton", "Berk"][n % 3 if n > 7 else n // 3], "start.names_few"),
        (lambda n: HOODS[n], ""),
    ],
)
def test_a_column_of_few_names_is_told(values, key):
    lonlat, number = places()
    found = infer_neighborhoods([column("Neighborhood", map(values, number))], lonlat)
    assert [one.key for one in found.notes] == [key] * bool(key)


def test_columns_of_too_many_names_and_of_typing_errors_are_told():
    lonlat, number = places()
    many = column("Neighborhood", [f"Oak {n} Grove" for n in range(len(number))])
    (note,) = infer_neighborhoods([many], lonlat).notes
    assert str(note).startswith(f"Neighborhood has {len(number)} different names, too many")
    typed = [f"{HOODS[n]}Q{at}" if at < 4 else HOODS[n] for at, n in enumerate(number)]
    (note,) = infer_neighborhoods([column("Neighborhood", typed)], lonlat).notes
    assert str(note).startswith("4 names in Neighborhood are in fewer than 3 rows")


def test_land_is_what_incidents_cover_whatever_stands_alone():
    lonlat, _ = places()
    far = pd.DataFrame({"lon": MIDDLE[0] + [0.3, -0.2, 3.0], "lat": MIDDLE[1] + [0.2, 0.3, 1.0]})
    true_km2 = 0.08**2 * 111.195**2 * np.cos(np.radians(39.34))
    for some in (lonlat, pd.concat([lonlat, far], ignore_index=True)):
        km2 = len(estimate_land(some)) * h3_cells.mean_km2(9)
        assert true_km2 < km2 < 1.5 * true_km2  # 500 m around a square of 7 to 9 km are a third
    road = pd.DataFrame({"lon": MIDDLE[0] + np.arange(200) / 1000, "lat": MIDDLE[1]})
    assert 0 < len(estimate_land(road)) * h3_cells.mean_km2(9) < 50


def test_a_file_of_several_cities_asks_which():
    lonlat, _ = places()
    salvador = lonlat.add([38.2, -52.2])
    both = pd.concat([lonlat, salvador[:900]], ignore_index=True)
    cities = column("cidade", ["RIO"] * len(lonlat) + ["SALVADOR"] * 900)
    for columns, n_doubts in (([cities], 1), ([], 1)):
        for answer, n in ((0, len(lonlat)), (1, 900)):
            questions = Questions({"city": answer})
            chosen, _, names = choose_city(columns, both, None, questions)
            assert len(chosen) == n
            assert names == ((("rio", "salvador")[answer],) if columns else ())
            assert [one.about for one in questions.doubts] == ["city"] * n_doubts
    assert len(choose_city([], lonlat, None, Questions({}))[0]) == len(lonlat)


@pytest.mark.parametrize(
    ("stem", "zone", "where", "said"),
    [
        ("Shooting_and_Firearm_Discharges_Open_Data", "America/Toronto", (-79.4, 43.7), "Toronto"),
        ("NYPD_Shooting_Incident_Data__Historic_", "America/New_York", (-73.9, 40.7), "New York"),
        ("shootings", "America/New_York", (-76.6, 39.3), "Unnamed city"),
        ("baltimore_shootings_2023", "America/New_York", (-76.6, 39.3), "Baltimore"),
        ("NewOrleans-homicides", "America/Chicago", (-90.1, 29.9), "New Orleans"),
        ("kansas_city_2024_final", "America/Chicago", (-94.6, 39.1), "Kansas City"),
        ("city (3)", "America/New_York", (-76.6, 39.3), "Unnamed city"),
        ("answer", "America/Chicago", (-87.7, 41.9), "Chicago"),
    ],
)
def test_a_city_is_not_called_as_its_file(stem, zone, where, said):
    lonlat = pd.DataFrame([where], columns=["lon", "lat"])
    assert name_city([], lonlat, stem, zone)[0] == said
    assert name_city([column("City", ["MEMPHIS"])], lonlat, stem, zone) == ("Memphis", "column")
