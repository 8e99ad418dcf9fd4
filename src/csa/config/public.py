"""The settings for a city's public pages, and who answers for them."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, model_validator

from csa.base.message import say
from csa.config.types import Frozen, Name

Language = Literal["en", "es"]
Sentences = Annotated[tuple[Name, ...], Field(min_length=1)]


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
