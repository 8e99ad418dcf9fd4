"""How a file is laid out, and how its rows become incidents."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import (
    Field,
    model_validator,
)

from csa.base.message import msg
from csa.city.types import AnyCrs, FieldName, Frozen, Name, Spellings, Texts, TimeFormats, TimeZone


class Condition(Frozen):
    """What a column must hold; a plain list means `equals`. Case and outer blanks do not count."""

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
            raise ValueError(str(msg("config.empty_condition")))
        return self


Rule = dict[FieldName, Condition]
"""All conditions must hold; an empty rule holds for every row."""


class YesNo(Frozen):
    """When a flag is yes and when it is no; any other row is `unknown`."""

    yes: tuple[Rule, ...] = Field((), description="rules, any of which makes it yes")
    no: tuple[Rule, ...] = Field((), description="rules, any of which makes it no")


class Exclusion(Frozen):
    """Rows left out by a rule, counted under its name."""

    name: str = Field(description="short name, shown with its count")
    why: str = Field(description="the reason, shown beside the count")
    when: Rule = Field(description="which rows are left out")


class Point(Frozen):
    """A place that the file uses for incidents that did not happen there."""

    name: str = Field(description="what it is: a default geocode, a headquarters, a hospital")
    why: str = Field(description="how it is known")
    lon: float = Field(ge=-180, le=180, description="degrees, WGS 84")
    lat: float = Field(ge=-90, le=90, description="degrees, WGS 84")
    within_m: float = Field(default=30.0, ge=0, le=1000, description="radius in meters")
    exclude: bool = Field(
        default=False, description="true leaves its rows out; false only flags them"
    )
    is_real: bool = Field(
        default=False,
        description="true where people have looked and it did happen there: then it is not flagged",
    )

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Self:
        if self.exclude and self.is_real:
            raise ValueError(str(msg("config.point_both", name=self.name)))
        return self


class Source(Frozen):
    """One layout of file that the city publishes, and how its rows become incidents."""

    name: Name = Field(description="short name, written into the incidents' `source` column")
    about: str = Field("", description="where it comes from and what is wrong with it")
    files_named: Texts = Field(
        (), description="parts of the names of its files, where columns alone do not tell it"
    )
    columns: dict[FieldName, Spellings] = Field(
        description="field to the header's spellings; letters and digits alone are compared"
    )
    incident_from: tuple[FieldName | Literal["day"], ...] = Field(
        ("incident_id",),
        description="rows that agree in these fields are one incident; each is itself alone; `day` "
        "is the day of the row",
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
    victims_from: tuple[FieldName, ...] = Field(
        (), description="fields that number the people hit in a row, such as fatal and injured"
    )
    victim: tuple[Rule, ...] = Field((), description="rules, any of which makes a row a victim")
    gun: YesNo = Field(YesNo(), description="whether a gun was used")
    domestic: YesNo = Field(YesNo(), description="whether it was domestic")
    exclude: tuple[Exclusion, ...] = Field((), description="rows left out, each rule with why")
    date_formats: TimeFormats = Field(description="strptime formats, tried in order")
    time_formats: TimeFormats = Field(
        ("%H:%M", "%H:%M:%S"), description="strptime formats of `time`"
    )
    has_time: bool = Field(
        default=True, description="false where the time of `date` is the same in every row: none"
    )
    time_zone: TimeZone | None = Field(
        None, description="zone of the file's times, where it is not the city's"
    )
    dates_are: Literal["occurred", "reported"] = Field(
        "occurred", description="what `date` is the date of"
    )
    city_names: Texts = Field((), description="values of `city` that are this city; none: any")
    crs: AnyCrs = Field("EPSG:4326", description="system of lon and lat, or of x and y")
