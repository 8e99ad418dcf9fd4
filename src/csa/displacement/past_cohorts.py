"""What areas chosen in past years did afterwards: computed once, stored beside the dataset."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from csa.areas.choices import Choices
from csa.areas.finding import find_areas, settle_params
from csa.areas.proposal import METHOD_VERSION
from csa.areas.study_area import StudyArea
from csa.backtest.recording import past_years, record_params
from csa.base.errors import SourceError, TableError
from csa.base.logging import Tell, silent
from csa.base.params import Month, Period
from csa.config.city import Areas, CityConfig
from csa.dataset.versioned import Dataset, kept_path, load_kept, save_kept
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


def save_past(
    past: tuple[PastCohort, ...],
    folder: Path,
    dataset: Dataset,
    config: CityConfig,
    choices: Choices,
) -> None:
    """Write past years beside their dataset."""
    save_kept(past_path(NAME, folder, dataset, config, choices), past_to_plain(past))


def load_past(
    folder: Path, dataset: Dataset, config: CityConfig, choices: Choices
) -> tuple[PastCohort, ...] | None:
    """Read the stored past years: this dataset's, else the latest of older data.

    New data come each month; what areas did years ago hardly changes with them.
    """
    path = past_path(NAME, folder, dataset, config, choices)
    kept = load_kept(path)
    if kept is not None:
        try:
            return past_from_plain(kept)
        except TableError as error:
            raise SourceError("backtest.damaged", path=path) from error
    code = path.stem.rsplit("-", 1)[-1]
    found = []
    for older in sorted(path.parent.glob(f"{NAME}-*-{code}.json")):
        # An older one that cannot be read, or has an older format, is left out.
        with suppress(SourceError, TableError):
            found.append(past_from_plain(load_kept(older) or {}))
    return max(found, key=_reach, default=None)


def _reach(past: tuple[PastCohort, ...]) -> tuple[int, int]:
    """Return how far past years reach: their last known month, and how many there are."""
    ends = [Month.parse(one.core.origin).index + len(one.core.monthly) for one in past]
    return max(ends, default=0), len(past)


def save_chance(
    chance: Chance, folder: Path, dataset: Dataset, config: CityConfig, choices: Choices
) -> None:
    """Write the rates by chance beside their dataset."""
    plain = {"kind": CHANCE_KIND, "format_version": FORMAT_VERSION, **asdict(chance)}
    save_kept(past_path(CHANCE_NAME, folder, dataset, config, choices), plain)


def load_chance(
    folder: Path, dataset: Dataset, config: CityConfig, choices: Choices
) -> Chance | None:
    """Read the stored rates by chance."""
    path = past_path(CHANCE_NAME, folder, dataset, config, choices)
    kept = load_kept(path)
    if kept is None:
        return None
    try:
        if kept["kind"] != CHANCE_KIND or kept["format_version"] != FORMAT_VERSION:
            raise SourceError("backtest.damaged", path=path)
        return Chance(float(kept["area_years"]), int(kept["appeared"]), int(kept["gone"]))
    except (KeyError, TypeError, ValueError) as error:
        raise SourceError("backtest.damaged", path=path) from error


def past_path(
    name: str, folder: Path, dataset: Dataset, config: CityConfig, choices: Choices
) -> Path:
    """Return where results about past years are stored."""
    own = record_params(choices, config.areas)
    params = {"method": METHOD_VERSION, "after": MONTHS_AFTER, **own}
    return kept_path(folder, name, dataset.fingerprint, params)
