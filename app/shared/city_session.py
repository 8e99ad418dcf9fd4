"""The open city, and how its dataset is made if there is none."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from app.shared.settings import ROOT, Deployment
from csa.base.logging import Tell
from csa.config.city import CityConfig
from csa.config.settings import resolve
from csa.dataset.versioned import City, save_dataset
from csa.ingest.basemap import MARKER as BASEMAP_MARKER
from csa.ingest.basemap_layers import build_basemap, save_basemap
from csa.ingest.intake import ingest_city
from csa.ingest.sources import add_layers, find_inputs
from csa.workflow.naming import keep_place_names


@dataclass(frozen=True, kw_only=True)
class Opened(City):
    """An open city, and the keys that identify its file, its data and its records."""

    incidents_key: str  # changes with the file or the data
    records_key: str = ""  # changes with what is kept beside the data

    @property
    def key(self) -> str:
        """Key that changes with the file, the data or the records."""
        return f"{self.incidents_key}+{self.records_key}"


def make_dataset(served: Deployment, config: CityConfig, tell: Tell) -> None:
    """Read the city's files into a dataset, and make its background."""
    folder = Path(resolve({}, config)["data_dir"].value)
    inputs_folder = folder if folder.is_absolute() else ROOT / folder
    inputs = add_layers(find_inputs(config, inputs_folder, ()), config, inputs_folder)
    intake = ingest_city(config, inputs, tell)
    save_dataset(intake.dataset, intake.rejected, served.dataset)
    keep_place_names(City(config, intake.dataset, served.dataset), tell)
    if not (served.basemap / BASEMAP_MARKER).is_file():
        background, _ = build_basemap(config, inputs_folder, tell=tell)
        save_basemap(background, served.basemap)
