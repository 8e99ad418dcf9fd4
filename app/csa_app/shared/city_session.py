"""The open city, and how its dataset is made if there is none."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from csa.areas.analysis import save_place_names
from csa.base.logging import ProgressCallback
from csa.city.config import CityConfig
from csa.city.dataset import City, save_dataset
from csa.city.deployment import resolve
from csa.ingest.basemap import build_basemap
from csa.ingest.basemap_files import MARKER as BASEMAP_MARKER, save_basemap
from csa.ingest.intake import ingest_city
from csa.ingest.job import shared_process
from csa.ingest.sources import add_layers, find_inputs
from csa_app.shared.settings import ROOT, Deployment


@dataclass(frozen=True, kw_only=True)
class CitySession(City):
    """An open city, and the keys that identify its file, its data and its records."""

    incidents_key: str  # changes with the file or the data
    records_key: str = ""  # changes with what is kept beside the data

    @property
    def key(self) -> str:
        """Key that changes with the file, the data or the records."""
        return f"{self.incidents_key}+{self.records_key}"


def make_dataset(served: Deployment, config: CityConfig, progress: ProgressCallback) -> None:
    """Read the city's files into a dataset, and make its background."""
    folder = Path(resolve({}, config)["data_dir"].value)
    inputs_folder = folder if folder.is_absolute() else ROOT / folder
    inputs = add_layers(find_inputs(config, inputs_folder, ()), config, inputs_folder)
    with shared_process():
        intake = ingest_city(config, inputs, progress)
        save_dataset(intake.dataset, intake.rejected, served.dataset)
        save_place_names(City(config, intake.dataset, served.dataset), progress)
        if not (served.basemap / BASEMAP_MARKER).is_file():
            background, _ = build_basemap(config, inputs_folder, progress=progress)
            save_basemap(background, served.basemap)
