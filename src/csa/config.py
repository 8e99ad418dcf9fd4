"""A city's file: TOML in, a frozen `CityConfig` out; an unknown key is an error.

Every fault is found at once, each with its key and its remedy. The descriptions below are
what docs/DATA.md lists and `csa check` says; a test holds the three together.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails

from csa.errors import ConfigError, CrsError, ParamError
from csa.message import Message, say
from csa.params import require_resolution

FORMAT_VERSION = 1

FieldName = Literal[
    "row_id",
    "incident_id",
    "person_no",
    "date",
    "time",
    "hour",
    "reported_date",
    "reported_time",
    "offense",
    "offense_code",
    "firearm",
    "domestic",
    "fatal",
    "involvement",
    "officer_involved",
    "lon",
    "lat",
    "x",
    "y",
    "location",
    "address",
    "address_2",
    "city",
]


FIELDS: tuple[str, ...] = get_args(FieldName)


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(str(say("config.zone", given=name))) from error
    return name


def _metric(text: str) -> str:
    from csa.crs import parse_crs, require_metres  # noqa: PLC0415 - pyproj loads late

    try:
        require_metres(parse_crs(text))
    except CrsError as error:
        raise ValueError(str(error)) from error
    return text


def _known_crs(text: str) -> str:
    from csa.crs import parse_crs  # noqa: PLC0415 - pyproj loads late

    try:
        parse_crs(text)
    except CrsError as error:
        raise ValueError(str(error)) from error
    return text


def _resolution(value: int) -> int:
    try:
        require_resolution(value)
    except ParamError as error:
        raise ValueError(str(error)) from error
    return value


def _one_or_many(value: object) -> object:
    return [value] if isinstance(value, str) else value


Name = Annotated[str, Field(min_length=1)]
TimeZone = Annotated[str, AfterValidator(_known_zone)]
MetricCrs = Annotated[str, AfterValidator(_metric)]
AnyCrs = Annotated[str, AfterValidator(_known_crs)]
Resolution = Annotated[int, AfterValidator(_resolution)]
Texts = Annotated[tuple[str, ...], BeforeValidator(_one_or_many)]
Spellings = Annotated[tuple[Name, ...], BeforeValidator(_one_or_many), Field(min_length=1)]


class _Frozen(BaseModel):
    # A number is a number: no text, no yes and no, no infinity is taken for one.
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _numbers_are_numbers(cls, value: object, info: ValidationInfo) -> object:
        wanted = cls.model_fields[str(info.field_name)].annotation
        if wanted in (int, float, Resolution) and (
            isinstance(value, bool | str) or (wanted is not float and isinstance(value, float))
        ):
            raise ValueError(str(say("config.not_a_number")))
        return value


class Condition(_Frozen):
    """What a column must say; a plain list means `equals`. Case and outer blanks do not count."""

    equals: Texts = Field((), description="one of these values, whole")
    starts_with: Texts = Field((), description="one of these beginnings")
    contains: Texts = Field((), description="one of these parts, anywhere")

    @model_validator(mode="before")
    @classmethod
    def _list_is_equals(cls, value: object) -> object:
        return {"equals": value} if isinstance(value, (list, str)) else value

    @model_validator(mode="after")
    def _says_something(self) -> Condition:
        if not (self.equals or self.starts_with or self.contains):
            raise ValueError(str(say("config.empty_condition")))
        return self


Rule = dict[FieldName, Condition]
"""All conditions must hold; an empty rule holds for every row."""


class YesNo(_Frozen):
    """When a flag is yes and when it is no; any other row is `unknown`."""

    yes: tuple[Rule, ...] = Field((), description="rules, any of which makes it yes")
    no: tuple[Rule, ...] = Field((), description="rules, any of which makes it no")


class Exclusion(_Frozen):
    """Rows left out by a rule, counted under its name."""

    name: str = Field(description="short name, shown with its count")
    why: str = Field(description="the reason, shown beside the count")
    when: Rule = Field(description="which rows are left out")


class Point(_Frozen):
    """A place that the file uses for incidents that did not happen there."""

    name: str = Field(description="what it is: a default geocode, a headquarters, a hospital")
    why: str = Field(description="how it is known")
    lon: float = Field(ge=-180, le=180, description="degrees, WGS 84")
    lat: float = Field(ge=-90, le=90, description="degrees, WGS 84")
    within_m: float = Field(default=30.0, ge=0, le=1000, description="radius in metres")
    exclude: bool = Field(
        default=False, description="true leaves its rows out; false only flags them"
    )


class Source(_Frozen):
    """One layout of file that the city publishes, and how its rows become incidents."""

    name: Name = Field(description="short name, written into the incidents' `source` column")
    about: str = Field("", description="where it comes from and what is wrong with it")
    columns: dict[FieldName, Spellings] = Field(
        description="field to the header's spellings; letters and digits alone are compared"
    )
    incident_from: tuple[FieldName, ...] = Field(
        ("incident_id",), description="rows that agree in these fields are one incident"
    )
    row_id_from: tuple[FieldName, ...] = Field(
        (), description="fields that together name a row; a repeated one is a duplicate"
    )
    rows_are: Literal["victims", "persons", "incidents"] = Field(
        "victims", description="persons: only those that `victim` finds are victims"
    )
    note: str = Field("", description="what a reader of the counts must know about the file")
    nonfatal_note: str = Field("", description="what its nonfatal kind really is")
    homicide: tuple[Rule, ...] = Field(description="rules, any of which makes a homicide")
    nonfatal: tuple[Rule, ...] = Field((), description="rules for the nonfatal kind")
    victim: tuple[Rule, ...] = Field((), description="rules, any of which makes a row a victim")
    gun: YesNo = Field(YesNo(), description="whether a gun was used")
    domestic: YesNo = Field(YesNo(), description="whether it was domestic")
    exclude: tuple[Exclusion, ...] = Field((), description="rows left out, each rule with why")
    date_formats: Spellings = Field(description="strptime formats, tried in order")
    time_formats: Spellings = Field(("%H:%M", "%H:%M:%S"), description="strptime formats of `time`")
    time_zone: TimeZone | None = Field(
        None, description="zone of the file's times, where it is not the city's"
    )
    dates_are: Literal["occurred", "reported"] = Field(
        "occurred", description="what `date` is the date of"
    )
    city_names: Texts = Field((), description="values of `city` that are this city; none: any")
    crs: AnyCrs = Field("EPSG:4326", description="system of lon and lat, or of x and y")


class City(_Frozen):
    """The city itself."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$", description="short name for folders")
    name: str = Field(min_length=1, description="name on screen")
    time_zone: TimeZone = Field(description="IANA name; `occurred_at` is local time there")
    metric_crs: MetricCrs = Field(description="projected system in metres; distances use it")
    units: Literal["us", "metric"] = Field("metric", description="units on screen; files: metric")
    resolutions: tuple[Resolution, ...] = Field(
        (8, 9), min_length=1, description="H3 resolutions that the dataset holds"
    )
    earliest_date: date = Field(
        date(1990, 1, 1), description="an earlier date is a typing error, `bad_date`"
    )
    files: Texts = Field((), description="patterns of shooting files in the data folder")
    nonfatal_name: str = Field("nonfatal shooting", description="what the nonfatal kind is called")
    nonfatal_is_proxy: bool = Field(
        default=False, description="true when it cannot be told from an armed assault"
    )


class Places(_Frozen):
    """Neighborhoods and the study area."""

    file: str = Field("", description="name in the data folder, unless --places names one")
    name_column: str = Field(description="column with the neighborhood's name")
    id_column: str | None = Field(None, description="column that joins the population table")
    crs: AnyCrs | None = Field(None, description="for a file that names no coordinate system")
    study_area_file: str | None = Field(
        None, description="polygons of the study area; else the neighborhoods' union"
    )


class Population(_Frozen):
    """How many people live in each neighborhood."""

    file: str = Field("", description="name in the data folder, unless --population names one")
    join_column: str = Field(description="column that holds the neighborhood's id or name")
    count_column: str = Field(description="column that holds the number of people")
    year: int = Field(ge=1900, le=2200, description="year that the numbers are of")
    source: str = Field(description="who counted")


class Areas(_Frozen):
    """Documented values for candidate areas, until a backtest chooses them."""

    eps_m: float = Field(gt=0, le=5000, description="DBSCAN's radius in metres")
    min_samples: int = Field(ge=2, description="DBSCAN's minimum, for `at_incidents`")
    at_incidents: int = Field(ge=1, description="incidents in the period that min_samples fits")
    min_samples_floor: int = Field(
        5, ge=2, description="never fewer: with fewer incidents the radius widens instead"
    )
    months: int = Field(36, ge=1, le=1200, description="months of data in a proposal")
    resolution: Resolution = Field(9, description="H3 resolution of the areas' cells")
    max_area_km2: float = Field(2.0, ge=0, description="size limit in km2; 0 for none")


class Portal(_Frozen):
    """Where the files can be downloaded."""

    domain: str = Field(description="host of the city's open-data portal")
    datasets: dict[str, str] = Field(description="year to dataset id")
    places_dataset: str | None = Field(None, description="dataset id of the neighborhoods")


class CityConfig(_Frozen):
    """Everything that is particular to one city."""

    format_version: Literal[1] = Field(description="of this file's layout; 1")
    city: City = Field(description="the city itself")
    places: Places = Field(description="neighborhoods and study area")
    population: Population | None = Field(None, description="people, where known")
    areas: Areas = Field(description="documented values for candidate areas")
    sources: tuple[Source, ...] = Field(min_length=1, description="layouts of file, tried in order")
    points: tuple[Point, ...] = Field((), description="places to flag or to leave out")
    portal: Portal | None = Field(None, description="where files can be downloaded")


def load_city(path: Path | str) -> CityConfig:
    """Read a city's file.

    Parameters
    ----------
    path
        A TOML file.

    Returns
    -------
    CityConfig
        The city, frozen.

    Raises
    ------
    ConfigError
        If the file is absent, is not TOML or has faults; `faults` holds all of them.
    """
    path = Path(path)
    raw = read_toml(path)
    faults = list(_cross_faults(raw))
    try:
        config = CityConfig.model_validate(raw)
    except ValidationError as error:
        raise _faulty(path, [*_schema_faults(error), *faults]) from error
    if faults:
        raise _faulty(path, faults)
    return config


def _faulty(path: Path, faults: list[Message]) -> ConfigError:
    listed = "\n".join(f"  {fault}" for fault in faults)
    return ConfigError(
        "config.faults", faults=tuple(faults), path=path, n=len(faults), listed=listed
    )


def read_toml(path: Path) -> dict[str, Any]:
    """Read any TOML file, with a sentence for what can go wrong.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    dict
        What it says.

    Raises
    ------
    ConfigError
        If it is absent, a folder, unreadable, or not TOML.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise ConfigError("config.absent", path=path, folder=Path.cwd()) from error
    except IsADirectoryError as error:
        raise ConfigError("config.folder", path=path) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError("config.unreadable", path=path) from error
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        why = str(error) if isinstance(error, tomllib.TOMLDecodeError) else "a value is too large"
        raise ConfigError("config.not_toml", path=path, why=why) from error


def _schema_faults(error: ValidationError) -> Iterator[Message]:
    faults = error.errors()
    for fault in faults:
        if fault["type"] == "too_short" and _is_within(fault["loc"], faults):
            continue  # nothing is left of a list because each of its items has a fault of its own
        parts = [part for part in fault["loc"] if part != "[key]"]
        where = [str(part) for part in parts if not isinstance(part, int)]
        key = _dotted(parts)
        given = repr(fault.get("input"))
        if fault["type"] == "extra_forbidden":
            hint = _did_you_mean(where[-1], _sibling_keys(where[:-1]))
            yield say("config.fault_unknown", key=key, hint=hint)
        elif fault["type"] == "literal_error" and "[key]" in fault["loc"]:
            yield say("config.fault_field", key=key, hint=_did_you_mean(where[-1], FIELDS))
        elif fault["type"] == "missing":
            yield say("config.fault_missing", key=key, what=_describe(where))
        else:
            why = fault["msg"].removeprefix("Value error, ")
            yield say("config.fault_value", key=key, given=given[:60], why=why.rstrip("."))


def _is_within(loc: tuple[int | str, ...], faults: list[ErrorDetails]) -> bool:
    return any(len(fault["loc"]) > len(loc) and fault["loc"][: len(loc)] == loc for fault in faults)


def _did_you_mean(given: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(given, list(known), n=1)
    return f"; did you mean {close[0]}?" if close else "."


def _dotted(parts: list[int | str]) -> str:
    text = ""
    for part in parts:
        if isinstance(part, int):
            text += f"[{part + 1}]"
        else:
            text += f".{part}" if text else part
    return text


def _walk(where: list[str]) -> tuple[type[BaseModel] | None, str]:
    """Follow a location into the models; return the last model met and its field's text."""
    model: type[BaseModel] | None = CityConfig
    text = ""
    for part in where:
        if model is None:
            break
        info = model.model_fields.get(part)
        if info is None:
            return model, text
        text = info.description or ""
        model = next(_models_in(info.annotation), None)
    return model, text


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in getattr(annotation, "__args__", ()):
        yield from _models_in(inner)


def _sibling_keys(where: list[str]) -> list[str]:
    model, _ = _walk(where)
    return list(model.model_fields) if model else []


def _describe(where: list[str]) -> str:
    return _walk(where)[1]


def _cross_faults(raw: Mapping[str, Any]) -> Iterator[Message]:
    """Find what no single key shows: rules that name a field without a column."""
    names: set[str] = set()
    for number, source in enumerate(_dicts(raw.get("sources")), start=1):
        where = f"sources[{number}]"
        name = source.get("name")
        if isinstance(name, str) and name in names:
            yield say("config.fault_twice", key=f"{where}.name", given=name)
        names.add(str(name))
        columns = source.get("columns")
        known = set(columns) if isinstance(columns, dict) else set()
        for key, field in _fields_named(source):
            if field not in known:
                yield say("config.fault_no_column", key=f"{where}.{key}", field=field)
        if known & {"x", "y"} and "crs" not in source:
            yield say("config.fault_no_crs", key=f"{where}.crs")
        if not known & {"date", "reported_date"}:
            yield say("config.fault_no_column", key=f"{where}.columns", field="date")


def _fields_named(source: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    default = ["incident_id"]
    for key in ("incident_from", "row_id_from"):
        fields = source.get(key, default if key == "incident_from" else [])
        for field in fields if isinstance(fields, list) else []:
            yield key, str(field)
    for key in ("homicide", "nonfatal", "victim"):
        for rule in _dicts(source.get(key)):
            yield from ((key, field) for field in rule)
    for key in ("gun", "domestic"):
        for answer, rules in (source.get(key) or {}).items() if _is_dict(source.get(key)) else ():
            for rule in _dicts(rules):
                yield from ((f"{key}.{answer}", field) for field in rule)
    for rule in _dicts(source.get("exclude")):
        if _is_dict(rule.get("when")):
            yield from (("exclude.when", field) for field in rule["when"])


def _is_dict(value: object) -> bool:
    return isinstance(value, dict)


def _dicts(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def setting_descriptions() -> dict[str, str]:
    """List every setting of a city's file with what it means.

    Returns
    -------
    dict
        Dotted key (`areas.eps_m`, `sources[].name`) to its description.
    """
    return dict(_describe_model(CityConfig, ""))


def _describe_model(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, str]]:
    for name, info in model.model_fields.items():
        key = f"{prefix}{name}"
        yield key, info.description or ""
        for inner in _models_in(info.annotation):
            if inner is Condition:
                continue
            many = "[]." if "tuple" in str(info.annotation) else "."
            yield from _describe_model(inner, f"{key}{many}")
