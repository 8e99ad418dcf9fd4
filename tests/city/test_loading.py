"""A city's file: every fault at once, each with its key and its remedy."""

import ast
import tomllib
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, strategies as st
from tests.sentences import says

from csa.base.errors import ConfigError
from csa.city import config, layouts
from csa.city.loading import load_city, setting_descriptions

CASES = tomllib.loads(Path(__file__).with_name("loading_faults.toml").read_text("utf-8"))["cases"]

CITY_FILES = sorted((Path(__file__).parents[2] / "config").glob("*.toml"))
CITY_FILE = """
format_version = 1
[city]
id = "testville"
name = "Testville"
time_zone = "America/Chicago"
metric_crs = "EPSG:32615"
[places]
name_column = "hood"
[areas]
eps_m = 150
min_samples = 10
at_incidents = 5000
[[sources]]
name = "portal"
homicide = [{ fatal = "1" }]
date_formats = "%Y-%m-%d"
[sources.columns]
incident_id = "dc key"
date = ["Date", "date_"]
fatal = "fatal"
"""
SECOND_SOURCE = """
[[sources]]
name = "collection"
homicide = [{}]
date_formats = "%Y"
columns = { incident_id = "id", date = "date" }
"""
PLACE_OF_A_MODEL = {
    "CityConfig": "",
    "CityBasics": "city.",
    "PlacesSource": "places.",
    "Population": "population.",
    "BasemapSource": "basemap.",
    "Services": "services.",
    "VacantLand": "vacant_land.",
    "ServiceList": "services.lists[].",
    "RiskTerrain": "risk_terrain.",
    "RiskFactors": "risk.",
    "RiskLayerFile": "risk.layers[].",
    "Areas": "areas.",
    "Priorities": "priorities.",
    "Outcome": "outcomes.",
    "Activities": "activities.",
    "FunderGrant": "grants.",
    "MoneyLine": "grants.money[].",
    "Portal": "portal.",
    "Public": "public.",
    "Meeting": "public.meetings[].",
    "CensusSource": "public.census.",
    "CensusGroup": "public.census.groups[].",
    "Point": "points[].",
    "Source": "sources[].",
    "Exclusion": "sources[].exclude[].",
}
FREE_KEYS = (
    ".columns.",
    ".only.",
    ".when.",
    "portal.datasets.",
    "public.take_part.",
    "services.kinds.",
    "vacant_land.kinds.",
    "risk.names.",
    ".details.",
    "city.plan_names.",
    "activities.kinds.",
    ".targets.",
    "grants.",
    ".homicide",
    ".nonfatal",
    ".victim",
)


@pytest.fixture(name="write")
def _write(tmp_path):
    """Give a function that writes a city's file with some of its text exchanged."""

    def write(*changes, text=CITY_FILE, more="", encoding="utf-8"):
        for old, new in changes:
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        path = tmp_path / "testville.toml"
        path.write_text(text + more, encoding=encoding)
        return path

    return write


def faults_of(path):
    """Load a file that has faults, and list them without the head line."""
    with pytest.raises(ConfigError) as refused:
        load_city(path)
    faults = [str(fault) for fault in refused.value.faults]
    many = f"{path} has {len(faults)} errors:" if len(faults) != 1 else f"{path} has one error:"
    assert str(refused.value).split("\n") == [many, *(f"  {fault}" for fault in faults)]
    return faults


def _flat(value, prefix=""):
    """List the dotted keys of a TOML file, list items as []."""
    for key, inner in value.items():
        yield f"{prefix}{key}"
        if isinstance(inner, dict):
            yield from _flat(inner, f"{prefix}{key}.")
        for item in inner if isinstance(inner, list) else []:
            if isinstance(item, dict):
                yield from _flat(item, f"{prefix}{key}[].")


def _declared():
    """Read each model's fields from the syntax of the modules that declare them."""
    files = (config.__file__, layouts.__file__, config.__file__, config.__file__)
    trees = [ast.parse(Path(file).read_text(encoding="utf-8")) for file in files]
    classes = [node for tree in trees for node in tree.body if isinstance(node, ast.ClassDef)]
    fields = {
        node.name: [line.target.id for line in node.body if isinstance(line, ast.AnnAssign)]
        for node in classes
    }
    for node in classes:  # one model may go on from another
        fields[node.name] += [name for base in node.bases for name in fields.get(base.id, [])]
    return fields


# ---- By hand --------------------------------------------------------------------------------


def test_a_short_city_file_is_read_and_the_rest_is_as_documented(write):
    city = load_city(write())
    assert (city.city.id, city.city.time_zone) == ("testville", "America/Chicago")
    assert (city.city.resolutions, city.city.units) == ((8, 9, 10), "metric")
    assert city.city.earliest_date == date(1990, 1, 1)
    assert (city.areas.months, city.areas.resolution, city.areas.max_area_km2) == (36, 10, 2.0)
    assert (city.population, city.portal, city.points) == (None, None, ())
    source = city.sources[0]
    found = dict(source.columns)
    assert found == {"incident_id": ("dc key",), "date": ("Date", "date_"), "fatal": ("fatal",)}
    assert source.homicide[0]["fatal"].equals == ("1",)
    assert (source.incident_from, source.rows_are) == (("incident_id",), "victims")
    assert (source.date_formats, source.crs) == (("%Y-%m-%d",), "EPSG:4326")


def test_every_fault_of_a_file_is_told_at_once_with_its_key_and_its_remedy(write):
    path = write(
        ('name = "Testville"\n', ""),
        ("America/Chicago", "America/Chicgo"),
        ("EPSG:32615", "EPSG:2272"),
        ("eps_m = 150", "eps = 150\nresolution = 16"),
        ("min_samples = 10", "min_samples = 1"),
        ('fatal = "1"', 'offense = "1"'),
        more=SECOND_SOURCE.replace("collection", "portal"),
    )
    assert sorted(faults_of(path)) == sorted(
        [
            says("config.fault_missing", key="city.name", what="name on screen"),
            (
                "city.time_zone: 'America/Chicgo' is invalid (must be an IANA time"
                " zone such as America/Chicago, not 'America/Chicgo'). Fix the value."
            ),
            (
                "city.metric_crs: 'EPSG:2272' is invalid (NAD83 / Pennsylvania South (ftUS) is"
                " measured in US survey foot. Use a projected system in meters, such as"
                " EPSG:32615). Fix the value."
            ),
            says("config.fault_unknown", key="areas.eps", hint="; did you mean eps_m?"),
            (
                "areas.resolution: 16 is invalid (The H3 resolution must be 6 to 11, not 16."
                " 10 is about a block; 9 is seven times as large). Fix the value."
            ),
            (
                "areas.min_samples: 1 is invalid (Input should be greater than or equal to 2)."
                " Fix the value."
            ),
            (says("config.fault_no_column", key="sources[1].homicide", field="offense")),
            says("config.fault_twice", key="sources[2].name", given="portal"),
        ]
    )


@pytest.mark.parametrize("path", CITY_FILES, ids=lambda path: path.stem)
def test_the_cities_of_this_project_have_no_fault(path):
    assert load_city(path).city.id == path.stem
    keys = set(_flat(tomllib.loads(path.read_text(encoding="utf-8"))))
    own = {key for key in keys if not any(free in f"{key}." for free in FREE_KEYS)}
    own = {key for key in own if not key.startswith(("sources[].gun.", "sources[].domestic."))}
    assert not own - set(setting_descriptions())


# ---- At the edge ----------------------------------------------------------------------------


def test_a_mark_at_the_beginning_of_the_file_does_not_matter(write):
    assert load_city(write(encoding="utf-8-sig")) == load_city(write())


@pytest.mark.parametrize("written", ['"1"', '["1"]', '{ equals = "1" }', '{ equals = ["1"] }'])
def test_a_condition_may_be_written_short_or_long(write, written):
    city = load_city(write(('fatal = "1"', f"fatal = {written}")))
    assert city.sources[0].homicide[0]["fatal"].equals == ("1",)


def test_a_source_that_has_only_the_day_of_the_report_is_a_source(write):
    path = write(('date = ["Date", "date_"]', 'reported_date = "Date"'))
    assert "reported_date" in load_city(path).sources[0].columns


def test_a_source_may_be_in_feet_because_only_its_places_are_read(write):
    path = write(('name = "portal"', 'name = "portal"\ncrs = "EPSG:2272"'))
    assert load_city(path).sources[0].crs == "EPSG:2272"


# ---- Refused --------------------------------------------------------------------------------


@pytest.mark.parametrize(("old", "new", "fault"), CASES)
def test_a_fault_is_told_with_its_key(write, old, new, fault):
    found = faults_of(write((old, new)))
    assert [each for each in found if each.startswith(fault)], found


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ('row_id_from = ["row_id"]', "row_id_from"),
        ('incident_from = ["x"]', "incident_from"),
        ('nonfatal = [{ fatal = "0" }, { firearm = "Y" }]', "nonfatal"),
        ('victim = [{ involvement = "VIC" }]', "victim"),
        ('gun = { yes = [{ firearm = "Y" }] }', "gun.yes"),
        ('domestic = { no = [{ domestic = "N" }] }', "domestic.no"),
        ('exclude = [{ name = "a", why = "b", when = { offense = "c" } }]', "exclude.when"),
    ],
)
def test_a_rule_that_names_a_field_without_a_column_is_told(write, line, key):
    found = faults_of(write(('name = "portal"', f'name = "portal"\n{line}')))
    assert len(found) == 1
    assert found[0].startswith(f"sources[1].{key}: uses the field ")


def test_a_file_without_a_source_is_refused(write):
    text = CITY_FILE[: CITY_FILE.index("[[sources]]")]
    assert faults_of(write(text=text)) == [
        says("config.fault_missing", key="sources", what="layouts of file, tried in order")
    ]


@pytest.mark.parametrize(
    "text",
    ["sources = 5", 'sources = ["a"]', "sources = [{ columns = 1, exclude = [{ when = 1 }] }]"],
)
def test_whatever_stands_for_the_sources_is_a_fault_and_no_crash(write, text):
    found = faults_of(write(text=text))
    assert [each for each in found if each.startswith("sources")]


def test_a_file_that_is_not_there_is_refused_with_the_way_to_one(tmp_path):
    with pytest.raises(
        ConfigError,
        match=r"^City file not found: .*nowhere\.toml \(looked from .*\)\. Give the path",
    ):
        load_city(tmp_path / "nowhere.toml")


def test_a_folder_and_a_file_that_is_no_text_are_refused(tmp_path):
    picture = tmp_path / "picture.toml"
    picture.write_bytes(b"\x89PNG\xff\xfe\x00")
    for path, told in (
        (tmp_path, "is a folder"),
        (picture, "can't be read as a text file. Save it as UTF-8 text."),
    ):
        with pytest.raises(ConfigError, match=told):
            load_city(path)


def test_what_is_not_toml_is_refused_with_its_line(write):
    with pytest.raises(
        ConfigError, match=r"is not valid TOML: .*line 2.*\. Fix that line"
    ) as refused:
        load_city(write(text="format_version = 1\ncity: yes\n"))
    assert refused.value.faults == ()


def test_a_fault_under_a_year_is_told_by_the_year(write):
    portal = '[portal]\ndomain = "data.example.org"\n[portal.datasets]\n2009 = 5\n'
    assert faults_of(write(more=portal))[0].startswith("portal.datasets.2009: 5 is invalid (")


@pytest.mark.parametrize(
    ("key", "setting"),
    [
        ("priorities.capacity", "capacity = 31"),
        ("priorities.weights.density", "weights = { density = 0.25, expected = 1 }"),
        ("priorities.weights.density", "weights = { density = 3.5, expected = 1 }"),
        ("priorities.weights.density", "weights = { density = -0.5, expected = 1 }"),
        ("priorities.weights", "weights = { density = 0 }"),
    ],
)
def test_a_capacity_or_weight_that_the_screen_cannot_show_is_refused(write, key, setting):
    (fault,) = faults_of(write(more=f"\n[priorities]\n{setting}\n"))
    assert fault.startswith(f"{key}: ")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("eps_m = 150", "eps_m = 150\nmax_area_km2 = inf"),
        ("eps_m = 150", "eps_m = 150\nmonths = true"),
        ('date = ["Date", "date_"]', "date = []"),
        ('date = ["Date", "date_"]', 'date = ""'),
        ('"%Y-%m-%d"', "[]"),
        ('name = "portal"', 'name = ""'),
    ],
    ids=["endless area", "months = true", "no header", "empty header", "no format", "no name"],
)
def test_a_value_that_can_never_work_is_refused(write, old, new):
    with pytest.raises(ConfigError):
        load_city(write((old, new)))


@pytest.mark.parametrize("value", ["9" * 5000, "[" * 5000], ids=["long number", "deep list"])
def test_monstrous_toml_is_refused_with_a_sentence(write, value):
    with pytest.raises(ConfigError):
        load_city(write(("eps_m = 150", f"eps_m = {value}")))


@pytest.mark.parametrize("name", ["n" * 300, "a\\u0000b"])
def test_what_no_file_is_called_is_refused(write, name):
    for section, setting in (("[places]", f'file = "{name}"'), ("[city]", f'files = ["{name}"]')):
        (fault,) = faults_of(write((section, f"{section}\n{setting}")))
        assert "240 bytes" in fault


@pytest.mark.parametrize("name", ["", "/etc/*", "**x"])
def test_what_is_no_pattern_of_the_data_folder_is_refused(write, name):
    (fault,) = faults_of(write(("[city]", f'[city]\nfiles = ["{name}"]')))
    assert "a pattern names files in the data folder" in fault


def test_web_mercator_is_no_system_for_lengths(write):
    with pytest.raises(ConfigError):
        load_city(write(("EPSG:32615", "EPSG:3857")))


# ---- True in general ------------------------------------------------------------------------


def test_every_field_of_every_model_is_described():
    declared = _declared()
    described = setting_descriptions()
    expected = {
        f"{prefix}{field}"
        for model, prefix in PLACE_OF_A_MODEL.items()
        for field in declared[model]
    }
    expected |= {f"vacant_land.lists[].{field}" for field in declared["ServiceList"]}
    expected |= {
        f"sources[].{flag}.{answer}" for flag in ("gun", "domestic") for answer in declared["YesNo"]
    }
    assert set(described) == expected
    assert not [key for key, text in described.items() if not text.strip()]
    assert set(declared) == {*PLACE_OF_A_MODEL, "PlaceLists", "YesNo", "Condition"}
    assert all(field.description for field in layouts.Condition.model_fields.values())


def test_data_are_late_by_the_city_s_own_clock_and_cadence(write):
    pinned = write(
        (
            'time_zone = "America/Chicago"',
            'time_zone = "America/Chicago"\ntoday = 2020-08-31\ncadence_days = 10',
        )
    )
    city = load_city(pinned)
    assert [city.days_late(date(2020, 8, day)) for day in (31, 21, 20, 1)] == [0, 0, 1, 20]


@given(
    st.text("abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=12),
    st.sampled_from(["city", "places", "areas"]),
)
def test_any_unknown_key_is_one_fault_that_names_it(tmp_path_factory, key, table):
    raw = tomllib.loads(CITY_FILE)[table]
    models = {place: name for name, place in PLACE_OF_A_MODEL.items()}
    known = set(_declared()[models[f"{table}."]])
    if key in known | set(raw):
        return
    path = tmp_path_factory.mktemp("city") / "testville.toml"
    path.write_text(CITY_FILE.replace(f"[{table}]\n", f"[{table}]\n{key} = 1\n"), encoding="utf-8")
    found = faults_of(path)
    assert len(found) == 1
    assert found[0].startswith(f"{table}.{key}: no such setting")
    if "did you mean " in found[0]:
        assert found[0].split("did you mean ")[1].split("?")[0] in known


@given(st.integers(-3, 20))
def test_resolutions_are_taken_from_6_to_11_and_no_others(tmp_path_factory, resolution):
    path = tmp_path_factory.mktemp("city") / "testville.toml"
    text = CITY_FILE.replace("eps_m", f"resolution = {resolution}\neps_m")
    path.write_text(text, encoding="utf-8")
    if 6 <= resolution <= 11:
        assert load_city(path).areas.resolution == resolution
    else:
        assert faults_of(path)[0].startswith(f"areas.resolution: {resolution} is invalid (")


def test_areas_are_no_finer_than_the_cells_that_a_file_allows(town):
    town.edit_config('name = "Testville"', 'name = "Testville"\nresolutions = [8, 9]')
    assert load_city(town.config).areas.resolution == 9
    town.edit_config("resolutions = [8, 9]", "resolutions = [8, 9, 10]")
    assert load_city(town.config).areas.resolution == 10
