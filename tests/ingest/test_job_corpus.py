"""What broke a reader once is read as each role, by each way in: a sentence, and nobody else notices."""

import resource
import shutil
from contextlib import nullcontext

import pytest
from streamlit.testing.v1 import AppTest
from tests.app.conftest import open_page, words
from tests.corpus import CORPUS, write_corpus

from csa.base.errors import CsaError
from csa.base.message import load_catalog
from csa.city.loading import load_city
from csa.ingest import job
from csa.ingest.intake import ingest_city
from csa.ingest.sources import Inputs
from csa_app.screens.new_city import parts

pytestmark = pytest.mark.long
MOST_MORE_MB = 250
"""What the program that asks may need more for all of it: Streamlit's pages, no file."""


@pytest.fixture(scope="module", autouse=True)
def _memory():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    more_mb = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert more_mb < MOST_MORE_MB


@pytest.fixture(scope="module", autouse=True)
def _in_a_job():
    """Read in a job, as users do; one child reads it all, and another where a file stopped it."""
    before, job._is_here = job._is_here, False
    with job.shared_process():
        yield
    job._is_here = before


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return write_corpus(tmp_path_factory.mktemp("corpus"))


@pytest.fixture
def good(town):
    rows = (f"{n},{n},2024-01-{1 + n % 28:02d},1,-94.59,39.01,,Testville" for n in range(60))
    return town.write("good.csv", *rows)


COMMANDS = {
    "places": "ingest GOOD --places FILE --out out --city CITY",
    "shootings": "ingest FILE --out out --city CITY",
    "check": "check FILE --city CITY",
    "start": "start FILE --yes",
    "start places": "start GOOD --places FILE --yes",
    "background": "basemap --out out --city CITY --places LAND",
    "backup": "restore FILE --by Office --why Lost --store s.db --city CITY",
}
SMALL = "billionth.geojson"
"""As a layer it can be read: it is a polygon, of no size."""
BETWEEN = "holes-58kB.geojson"
"""Four seconds of GEOS each time, refused as its neighbors are: once as places, once for a new city."""
NAMES = [name for name in CORPUS if name != BETWEEN]
CASES = [
    (name, role)
    for role in COMMANDS
    for name in (CORPUS if role in {"places", "start places"} else NAMES)
]


@pytest.mark.parametrize(("name", "role"), CASES)
def test_a_command_says_what_is_wrong_and_writes_nothing(run, town, good, corpus, name, role):
    file = corpus / name
    section = f'\n[basemap]\nparks_file = "{file}"\n'
    town.config.write_text(town.config.read_text() + section)
    given = {"GOOD": good, "FILE": file, "CITY": town.config, "LAND": town.places}
    before = {path.name for path in town.folder.iterdir()}
    done = run(*(given.get(word, word) for word in COMMANDS[role].split()), check=False)
    after = {path.name for path in town.folder.iterdir()}
    assert "Traceback" not in done.stderr
    if done.returncode == 0:
        assert role == "background"
        return
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stderr.strip().endswith((".", "?", ")"))
    assert after == before


@pytest.mark.parametrize("name", NAMES)
def test_the_library_raises_it(town, good, corpus, name):
    config, file = load_city(town.config), corpus / name
    with pytest.raises(CsaError) as refused:
        ingest_city(config, Inputs((file,), town.places))
    assert refused.value.message.key in load_catalog()
    with pytest.raises(CsaError):
        ingest_city(config, Inputs((good,), file))
    dataset = ingest_city(config, Inputs((good,), town.places)).dataset
    layers = town.folder / "layers"
    layers.mkdir()
    shutil.copy(file, layers)
    risk = pytest.importorskip("csa.extras.risk.layers")
    with pytest.raises(CsaError) if name != SMALL else nullcontext():
        risk.read_risk_layers(config, dataset, town.folder, layers)


BOXES = [
    (box, name)
    for box, none in (("new file", ()), ("new places", (".xlsx", ".parquet")))
    for name in NAMES
    if not name.endswith(none)  # the box takes no such file
]


@pytest.mark.parametrize(("box", "name"), BOXES)
def test_a_page_says_it(root, sample_folder, good, corpus, tmp_path, monkeypatch, name, box):
    monkeypatch.setenv("CSA_CITY", str(sample_folder))
    monkeypatch.setenv("CSA_STORE", str(tmp_path / "store.sqlite3"))
    monkeypatch.setenv("CSA_BASEMAP", str(tmp_path / "none"))
    monkeypatch.setattr(parts, "ROOT", tmp_path)
    made = AppTest.from_file(str(root / "app" / "csa_app" / "main.py"), default_timeout=300)
    page = open_page(made, "screens/new_city/page.py").run()
    for key, file in {"new file": good, box: corpus / name}.items():
        page.file_uploader(key=key).upload(file.name, file.read_bytes(), "text/csv")
    page.run()
    assert not page.exception
    is_understood = "time zone" in words(page)
    is_beside = box == "new places"
    assert is_understood == (is_beside and name != "holes-200kB.geojson")
