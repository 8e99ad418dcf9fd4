"""What areas chosen in past years did afterwards: computed once, stored beside the dataset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from csa.areas.choices import Choices
from csa.areas.finding import find_areas, settle_params
from csa.areas.proposal import METHOD_VERSION
from csa.areas.study_area import StudyArea
from csa.backtest.recording import past_years, record_params
from csa.base.errors import TableError
from csa.base.logging import Tell, silent
from csa.base.params import Month, Period
from csa.config.city import Areas
from csa.dataset.versioned import City, kept_path, load_newest, load_own, save_kept
from csa.displacement.lineage_windows import Chance
from csa.displacement.past import PastCohort, past_from_plain, past_to_plain
from csa.displacement.zoning import covered_months, past_of

NAME = "after-past-years"
MONTHS_AFTER = 24

CHANCE_NAME, CHANCE_KIND, FORMAT_VERSION = "lineage-by-chance", "lineage by chance", 1


def make_past(
    located: StudyArea, choices: Choices, areas: Areas, tell: Tell = silent
) -> tuple[PastCohort, ...]:
    """Find areas on each past January, and count what they did after it."""
    until = covered_months(located).until if past_years(located.dataset, choices) else None
    made = []
    for origin in past_years(located.dataset, choices):
        tell("after")
        period = Period.before(origin, choices.months)
        found = find_areas(located, period, settle_params(located, period, choices, areas)).areas
        if found and until is not None:
            months = min(MONTHS_AFTER, until.index - origin.index)
            made.append(past_of(located, found, origin, months))
    return tuple(made)


def save_past(past: tuple[PastCohort, ...], city: City, choices: Choices) -> None:
    """Write past years beside their dataset."""
    save_kept(city, NAME, _params(city, choices), past_to_plain(past))


def load_past(city: City, choices: Choices) -> tuple[PastCohort, ...] | None:
    """Read the stored past years: this dataset's, else the latest of older data.

    New data come each month; what areas did years ago hardly changes with them.
    """
    return load_newest(city, NAME, _params(city, choices), past_from_plain, _reach)


def _reach(past: tuple[PastCohort, ...]) -> tuple[int, int]:
    """Return how far past years reach: their last known month, and how many there are."""
    ends = [Month.parse(one.core.origin).index + len(one.core.monthly) for one in past]
    return max(ends, default=0), len(past)


def save_chance(chance: Chance, city: City, choices: Choices) -> None:
    """Write the rates by chance beside their dataset."""
    plain = {"kind": CHANCE_KIND, "format_version": FORMAT_VERSION, **asdict(chance)}
    save_kept(city, CHANCE_NAME, _params(city, choices), plain)


def load_chance(city: City, choices: Choices) -> Chance | None:
    """Read the stored rates by chance."""
    return load_own(city, CHANCE_NAME, _params(city, choices), _chance_from_plain)


def _chance_from_plain(plain: Mapping[str, Any]) -> Chance:
    try:
        if plain["kind"] != CHANCE_KIND or plain["format_version"] != FORMAT_VERSION:
            raise TableError("displacement.bad_past")
        return Chance(float(plain["area_years"]), int(plain["appeared"]), int(plain["gone"]))
    except (KeyError, TypeError, ValueError) as error:
        raise TableError("displacement.bad_past") from error


def past_path(name: str, city: City, choices: Choices) -> Path:
    """Return where results about past years are stored."""
    return kept_path(city, name, _params(city, choices))


def _params(city: City, choices: Choices) -> dict[str, object]:
    own = record_params(choices, city.config.areas)
    return {"method": METHOD_VERSION, "after": MONTHS_AFTER, **own}
