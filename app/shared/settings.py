"""What this deployment serves: which city, from which folders."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from csa.base.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]
STATIC = Path(__file__).resolve().parents[1] / "static"
DEFAULT_CITY = "sample"


@dataclass(frozen=True)
class Deployment:
    """Where this deployment's city is."""

    config: Path  # the city's file
    dataset: Path  # the dataset's folder; it is made from the city's files where it is absent
    basemap: Path  # what `csa basemap` wrote; absent is a map without streets
    choices: Path  # where the areas chosen are kept, with their reasons


def deployment(environment: Mapping[str, str] | None = None) -> Deployment:
    """Read `CSA_CITY` (a name in config/, a city's file, or a dataset's folder) and its folders."""
    variables = os.environ if environment is None else environment
    given = variables.get("CSA_CITY") or DEFAULT_CITY
    dataset = Path(given) if (Path(given) / "ingest.json").is_file() else None
    config = _config_of(city_of(dataset) if dataset else given)
    city = config.stem
    return Deployment(
        config,
        Path(variables.get("CSA_DATASET") or dataset or ROOT / "var" / city / "dataset"),
        Path(variables.get("CSA_BASEMAP") or ROOT / "var" / city / "basemap"),
        Path(variables.get("CSA_CHOICES") or ROOT / "var" / city / "choices"),
    )


def city_of(dataset: Path) -> str:
    """Tell whose a dataset is."""
    try:
        return str(json.loads((dataset / "ingest.json").read_text(encoding="utf-8"))["city"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError("screen.no_dataset_city", path=dataset) from error


def _config_of(city: str) -> Path:
    is_file = city.endswith(".toml")
    named = Path(city) if is_file else ROOT / "config" / f"{city}.toml"
    if not named.is_file():
        known = sorted(file.stem for file in (ROOT / "config").glob("*.toml"))
        raise ConfigError("screen.no_city", given=city, known=", ".join(known))
    return named
