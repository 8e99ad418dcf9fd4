"""A small city for the screens' parts, and static files in a folder of the test's own."""

from __future__ import annotations

import html
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from csa.areas.analysis import propose_areas
from csa.areas.choices import AreaSettings
from csa.areas.proposal import Proposal
from csa.base.extra import shipped_extras
from csa.base.params import Month
from csa.city.dataset import City
from csa.city.loading import load_city
from csa.ingest.intake import ingest_city
from csa.ingest.sources import Inputs
from csa_app.shared import geometry, settings

WEST, EAST = (-94.575213, 39.020117), (-94.520213, 39.030217)


@dataclass(frozen=True, kw_only=True)
class ProposedCity(City):
    """An open city as the pages have it, without streamlit's cache."""

    proposal: Proposal
    choices: AreaSettings


@pytest.fixture(scope="session", autouse=True)
def scan_once():
    """Look through the installed packages for components once, not at the start of each AppTest.

    That is what most of an AppTest's time went into.
    """
    found = cache(manifest_scanner.scan_component_manifests)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", lambda *_: list(found()))
        yield


@pytest.fixture(scope="session", autouse=True)
def _nothing_of_ours(tmp_path_factory):
    """Give the pages no store or map background that `make run` left in our own folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "VAR", tmp_path_factory.mktemp("nothing") / "var")
        yield


@pytest.fixture(scope="session")
def dataset(sample_folder):
    """The sample's dataset as the pages are given it; not to be changed."""
    return sample_folder


@pytest.fixture(scope="session")
def plan(kansas_plan):
    return kansas_plan


@pytest.fixture
def static(tmp_path, monkeypatch):
    """A static folder of the test's own."""
    folder = tmp_path / "static"
    monkeypatch.setattr(geometry, "PLACE", folder / "geometry")
    return folder


@pytest.fixture(scope="session")
def city(new_town):
    """Testville with two areas, c-1 of 6 incidents and c-2 of 9, up to June 10, 2020.

    By DBSCAN alone, without a size limit: so few make no area that a team would walk.
    """
    town = new_town()
    lines = [
        f"{k},{k},2020-0{4 + k % 3}-0{1 + k % 9},{k % 2},{lon + 0.000231 * (k % 20):.6f},{lat},,"
        for first, n, (lon, lat) in ((0, 6, WEST), (20, 9, EAST))
        for k in range(first, first + n)
    ]
    lines.append("90,90,2020-06-10,0,-94.550211,39.045319,,")
    config = load_city(town.config)
    path = town.write("a.csv", *lines)
    dataset = ingest_city(config, Inputs((path,), town.places)).dataset
    choices = AreaSettings(until=Month(2020, 7), months=3, min_samples=4, eps_m=200, max_area_km2=0)
    proposal = propose_areas(City(config, dataset), choices)
    return ProposedCity(config, dataset, proposal=proposal, choices=choices)


EXTRA_PAGES = {extra.name: extra.page for extra in shipped_extras() if extra.page is not None}
"""Pages of the extras that are there, by folder."""
URL_PATHS = {
    "briefing": "",
    "find_areas": "areas",
    "new_city": "new-city",
    "new_month": "new-month",
    "track_record": "how-well",
    "why_here": "why-here",
    **{name: page.address for name, page in EXTRA_PAGES.items()},
}
"""Of pages whose address is not their folder's name."""


def open_page(made, path):
    """Open a page as its address does: before a first run AppTest knows a page by its file's name."""
    name = Path(path).parent.name
    made._page_hash = calc_hash(URL_PATHS.get(name, name))
    return made


@pytest.fixture
def visit(root, dataset, monkeypatch, tmp_path):
    """Open a page of the sample on this machine, its store in a folder of the test's own."""

    def call(page, asked=None, **environment):
        own = {"CSA_STORE": tmp_path / "store.sqlite3", "CSA_BASEMAP": tmp_path / "no basemap"}
        given = {"CSA_CITY": dataset, **own, **environment}
        for name, value in given.items():
            monkeypatch.setenv(name, str(value))
        made = AppTest.from_file(str(root / "app" / "csa_app" / "main.py"), default_timeout=120)
        open_page(made, f"screens/{page}/page.py")
        for name, value in (asked or {}).items():
            if value is not None:
                made.query_params[name] = value if isinstance(value, str) else json.dumps(value)
        return made.run()

    return call


def sign(page, form, why="The team agreed.", office="Prevention team"):
    """Write who decides and why into a form, by how its key begins."""
    for field in page.text_input:
        if (field.key or "").startswith(form) and field.key.endswith((" office", " why")):
            field.set_value(office if field.key.endswith(" office") else why)


def words(page):
    """Give all that a page says, kind by kind, as it is read: nothing escaped, no hard spaces."""
    kinds = ("title", "markdown", "caption", "info", "warning", "error", "success", "header")
    said = [element.value for kind in kinds for element in getattr(page, kind)]
    said += [element.proto.body for element in page.get("html")]
    return html.unescape(" ".join(map(str, said))).replace("\\", "").replace("\u00a0", " ")
