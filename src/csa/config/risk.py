"""Layers of places that may mark where risk is higher, as a city's file declares them."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from csa.config.public import Language
from csa.config.types import AnyCrs, Frozen, Name, Texts


class RiskLayerFile(Frozen):
    """A file of places that may mark where risk is higher."""

    file: Name = Field(description="CSV of points or map file, in the data folder or --layers")
    name: Name = Field(description="the places, in the plural: `bars`")
    what: Name = Field(description="what the file lists, and what it leaves out")
    source: Name = Field(description="who keeps it")
    as_of: date = Field(description="day that it is of")
    only: dict[str, Texts] = Field(
        {}, description="column to values: rows that are used; none: all"
    )
    lon_column: str = Field("lon", description="degrees; of a CSV alone")
    lat_column: str = Field("lat", description="degrees; of a CSV alone")
    crs: AnyCrs | None = Field(None, description="for a file that names no coordinate system")


class RiskFactors(Frozen):
    """What `csa risk` tries, and where people can be at all."""

    streets_file: str = Field(
        "", description="lines of all streets: only blocks by one are compared, by their length"
    )
    streets_crs: AnyCrs | None = Field(None, description="for a file that names no system")
    layers: tuple[RiskLayerFile, ...] = Field((), description="layers that are tried")
    names: dict[Language, dict[str, Name]] = Field(
        {}, description="language to a layer's name to its words there, for walk sheets"
    )
