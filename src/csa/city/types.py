"""The kinds of value that a city's file may hold, each refused with a reason."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Annotated, Any, Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
)

from csa.base.errors import CrsError, ParamError
from csa.base.message import msg
from csa.base.params import UTM, require_resolution

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
    "offense_2",
    "offense_code",
    "firearm",
    "domestic",
    "fatal",
    "injured",
    "involvement",
    "officer_involved",
    "accidental",
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
        raise ValueError(str(msg("config.zone", given=name))) from error
    return name


def _metric(text: str) -> str:
    if UTM.fullmatch(text):
        return text
    from csa.base.crs import parse_crs, require_meters  # noqa: PLC0415 - pyproj loads late

    try:
        require_meters(parse_crs(text))
    except CrsError as error:
        raise ValueError(str(error)) from error
    return text


def _known_crs(text: str) -> str:
    from csa.base.crs import parse_crs  # noqa: PLC0415 - pyproj loads late

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


def _time_format(text: str) -> str:
    marks = re.findall(r"%(.?)", text.replace("%%", ""), re.DOTALL)
    if len({*marks}) < len(marks) or not {*marks} <= TIME_MARKS:
        raise ValueError(str(msg("config.time_format", given=text)))
    return text


def _file_name(text: str) -> str:
    if not text.isprintable() or len(text.encode()) > MAX_FILE_NAME:
        raise ValueError(str(msg("config.no_file_name", most=MAX_FILE_NAME)))
    return text


def _file_pattern(text: str) -> str:
    parts = PurePath(_file_name(text)).parts
    if not parts or text.startswith("/") or any("**" in part for part in parts if part != "**"):
        raise ValueError(str(msg("config.no_pattern")))
    return text


TIME_MARKS = frozenset("aAbBdHIjmMpSUwWyYzZf")
"""Letters after % that pandas reads without another beside them."""
MAX_FILE_NAME = 240
"""Bytes: most file systems take 255."""
Name = Annotated[str, Field(min_length=1)]
FileName = Annotated[str, AfterValidator(_file_name)]
FilePattern = Annotated[str, AfterValidator(_file_pattern)]
FilePatterns = Annotated[tuple[FilePattern, ...], BeforeValidator(_one_or_many)]
TimeFormat = Annotated[Name, AfterValidator(_time_format)]
TimeFormats = Annotated[tuple[TimeFormat, ...], BeforeValidator(_one_or_many), Field(min_length=1)]
TimeZone = Annotated[str, AfterValidator(_known_zone)]
MetricCrs = Annotated[str, AfterValidator(_metric)]
AnyCrs = Annotated[str, AfterValidator(_known_crs)]
Resolution = Annotated[int, AfterValidator(_resolution)]
Texts = Annotated[tuple[str, ...], BeforeValidator(_one_or_many)]
Address = Annotated[str, Field(pattern=r"^https?://[!-?A-~]+$")]
"""Of a file or a portal's table, without a name or a password."""
Addresses = Annotated[tuple[Address, ...], BeforeValidator(_one_or_many)]
Host = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]*$")]
Year = Annotated[str, Field(pattern=r"^[0-9]{4}$")]
DatasetId = Annotated[str, Field(pattern=r"^[a-z0-9]{4}-[a-z0-9]{4}$")]
Spellings = Annotated[tuple[Name, ...], BeforeValidator(_one_or_many), Field(min_length=1)]


class Frozen(BaseModel):
    """A frozen model that refuses unknown keys."""

    # A number must be a number: text, booleans and infinity are refused.
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, defer_build=True)

    @field_validator("*", mode="before")
    @classmethod
    def _numbers_are_numbers(cls, value: object, info: ValidationInfo) -> object:
        wanted = cls.model_fields[str(info.field_name)].annotation
        if wanted in (int, float, Resolution) and (
            isinstance(value, bool | str) or (wanted is not float and isinstance(value, float))
        ):
            raise ValueError(str(msg("config.not_a_number")))
        return value

    def beyond_defaults(self) -> dict[str, Any]:
        """Return as JSON what differs from its default: a new setting leaves an older hash alone.

        A default that changes a result asks for a new `csa.areas.proposal.METHOD_VERSION`.
        """
        return self.model_dump(mode="json", exclude_defaults=True)


ComponentName = Literal["expected", "density", "homicides", "lasting", "recent", "people", "risk"]
"""Components of the criterion that areas are ordered by."""
