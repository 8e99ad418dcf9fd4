"""What a city's file says of the public: who publishes, on whose word, and how to take part."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, model_validator

from csa.base.message import say
from csa.config.types import Frozen, Name

Language = Literal["en", "es"]
Sentences = Annotated[tuple[Name, ...], Field(min_length=1)]


class Meeting(Frozen):
    """A meeting that anyone may come to."""

    on: date = Field(description="day of a meeting that anyone may come to")
    what: Name = Field(description="what it is about, as its organizers say it")
    at: str = Field("", description="time of day, as people say it")
    where: str = Field(
        "", description="a public building; a street's number there is confirmed once"
    )
    places: tuple[Name, ...] = Field((), description="neighborhoods; none: for the whole city")


class CensusGroup(Frozen):
    """A group of residents in a census layer."""

    column: Name = Field(description="column with the group's share of the people")
    names: dict[Language, Name] = Field(description="language to name of the group")


class CensusSource(Frozen):
    """A census layer, for the fairness page."""

    people_column: Name = Field(description="column with the number of people")
    is_percent: bool = Field(
        default=True, description="whether shares run from 0 to 100, or from 0 to 1"
    )
    groups: tuple[CensusGroup, ...] = Field(
        min_length=1, description="groups whose shares are compared: areas against the city"
    )


class Public(Frozen):
    """What the public sees: by whom, in which language, on whose authority."""

    language: Language = Field("en", description="of reports, and of the public page first: en, es")
    source: str = Field("", description="who publishes the incidents, as a reader would say it")
    domestic_rule: Literal["", "no field in the source"] = Field(
        "", description="`no field in the source`: confirmed that no row says what is domestic"
    )
    domestic_office: str = Field("", description="office that confirmed it; never a person")
    domestic_on: date | None = Field(None, description="day of that confirmation")
    take_part: dict[Language, Sentences] = Field(
        {}, description="language to sentences: how a resident takes part"
    )
    meetings: tuple[Meeting, ...] = Field((), description="meetings that anyone may come to")
    census: CensusSource | None = Field(None, description="who lives where, for the fairness page")
    decided_by: str = Field(
        "", description="who decides which areas are chosen, as a reader would say it"
    )
    spanish_office: str = Field(
        "", description="office that approved the Spanish; empty: it is marked `unreviewed`"
    )
    spanish_on: date | None = Field(None, description="day of that approval")

    @model_validator(mode="after")
    def _who_and_when_together(self) -> Public:
        signed = bool(self.domestic_rule), bool(self.domestic_office), bool(self.domestic_on)
        if any(signed) and not all(signed):
            raise ValueError(str(say("config.domestic_rule")))
        if bool(self.spanish_office) != bool(self.spanish_on):
            raise ValueError(str(say("config.spanish")))
        return self
