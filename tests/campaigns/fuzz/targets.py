"""What reads files: each target takes a folder with files and the name of the one that went wrong.

A target returns quietly or raises the program's own error; anything else is a fault of the program.
"""

import csv
import gzip
import hashlib
import io
import json
import os
import re
import sys
from collections import Counter
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from unittest import mock

import pandas as pd
from tests.campaigns.fuzz.seeds import ROOT

from csa.areas.choices import city_choices
from csa.base.errors import ConfigError, CsaError, SourceError
from csa.base.text import UNSEEN, render
from csa.city.dataset import save_dataset
from csa.city.deployment import load_mail, load_roles, resolve
from csa.city.loading import load_city
from csa.city.selection import read_areas
from csa.cli import main as command
from csa.ingest.basemap import build_basemap
from csa.ingest.basemap_files import save_basemap
from csa.ingest.designation import load_candidate, load_drawn, load_verdict
from csa.ingest.fetch import download, plan_download
from csa.ingest.intake import ingest_city
from csa.ingest.measures import load_measures
from csa.ingest.polygons import read_neighborhoods, read_polygons, read_study_area
from csa.ingest.portals import ArcGIS, Ckan, Socrata
from csa.ingest.sources import Inputs, add_layers, find_inputs
from csa.ingest.web import PortalClock, TransientError, Web
from csa.program.plan.loading import load_plan
from csa.program.plan.measures import make_value
from csa.program.store.audit import Signed, verify
from csa.program.store.backup import load_backup, restore
from csa.program.store.engine import open_store
from csa.program.store.records import read_records as read_store
from csa.workflow.city_file import (
    city_file,
    count_kinds,
    describe,
    describe_companions,
    describe_list,
    describe_location,
)
from csa.workflow.companion_files import classify_companions
from csa.workflow.month import MonthRequest, read_new
from csa.workflow.month_place import MonthPlace
from csa.workflow.month_preview import preview_sentences
from csa.workflow.new_city import covered_area, read_tables, understand_tables


class UncountedError(Exception):
    """Rows that went in and neither came out nor were refused for a reason."""


REACHED = Counter()
"""How many cases had rows of each reason for which a row is not used."""


def counted(n_in, n_out, what):
    if n_in != n_out:
        raise UncountedError(f"{what}: {n_in} in, {n_out} out")


def rows_accounted(report, rejected, file):
    """Compare the report's figures with one another, with the list of the refused, and with the file."""
    refused = sum(report["rows_rejected"].values())
    REACHED.update(f"row {reason}" for reason, n in report["rows_rejected"].items() if n)
    counted(report["rows_read"], report["rows_used"] + refused, "rows of ingest.json")
    counted(refused, len(rejected), "rows of rejected.csv")
    expected = rows_in(file) if file is not None else None
    if expected is not None and not any(n["key"] == "source.note_titles" for n in report["notes"]):
        counted(expected, report["rows_read"], f"records of {file.name}")
    for key in ("services", "risk_terrain"):
        layer = report.get(key)
        if layer:
            counted(layer["rows_read"], layer["n"] + sum(layer["lost"].values()), key)
            REACHED.update(f"place {reason}" for reason, n in layer["lost"].items() if n)


def texts_are_plain(dataset):
    """Look for what turns the direction of letters, or is not seen, in any text of a dataset."""
    for name, table in vars(dataset).items():
        if isinstance(table, pd.DataFrame):
            for column in table.select_dtypes(["object", "string", "category"]):
                texts = table[column].astype(str)
                if texts.str.contains(UNSEEN).any():
                    raise UncountedError(f"a sign that is not seen, in {name}.{column}")


def features_accounted(file, n_out):
    if file.suffix == ".geojson":
        counted(rows_in(file), n_out, f"features of {file.name}")


def rows_in(file):
    """Count a file's records without the program's reader; None where that is not plain."""
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    if "\0" in text:  # of another encoding
        return None
    if text.lstrip()[:1] in ("[", "{"):
        try:
            found = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise UncountedError(f"{file.name} was read, and is not JSON: {error}") from error
        found = found.get("features") if isinstance(found, dict) else found
        return len(found) if isinstance(found, list) else None
    lines = [line for line in re.split(r"\r\n|\r|\n", text) if line]
    if file.suffix != ".csv" or any(line.count('"') % 2 for line in lines):
        return None
    return len(lines) - 1 if len(lines) > 1 and lines[0].strip(",;\t| ") else None


def incidents(folder, name):
    config = load_city(folder / "city.toml")
    made = ingest_city(config, Inputs((folder / name,), folder / "places.geojson"))
    rows_accounted(made.dataset.report, made.rejected, folder / name)
    texts_are_plain(made.dataset)
    for note in made.messages:
        render(note)
    save_dataset(made.dataset, made.rejected, folder.parent / "out" / "dataset")


def layers(folder, name):
    made = city(folder, name)
    terrain = made.dataset.report["risk_terrain"]  # None where a link leads nowhere, and it is said
    if name.endswith("terrain.geojson") and (terrain or (folder / name).exists()):
        features_accounted(folder / name, terrain["rows_read"])


def city(folder, _):
    config = load_city(folder / "city.toml")
    resolve({}, config, {})
    inputs = add_layers(find_inputs(config, folder / "data", ()), config, folder / "data")
    made = ingest_city(config, inputs)
    rows_accounted(made.dataset.report, made.rejected, None)
    texts_are_plain(made.dataset)
    return made


def polygons(folder, name):
    config = load_city(folder / "city.toml")
    whole = read_study_area(folder / name, config.places.crs)
    found, notes = read_neighborhoods(folder / name, config.places)
    if found.union_all().symmetric_difference(whole).area > 1e-6 * whole.area:
        raise UncountedError("land that is in no neighborhood")
    for note in notes:
        render(note)
    lost = sum(vars(note)["values"]["n"] for note in notes if note.key == "places.note_no_shape")
    n_read = len(read_polygons(folder / name, config.places.crs))
    REACHED.update(["shape none"] * bool(lost))
    features_accounted(folder / name, n_read + lost)


def basemap(folder, _):
    config = load_city(folder / "city.toml")
    drawn, notes = build_basemap(config, folder / "data")
    for note in notes:
        render(note)
    save_basemap(drawn, folder.parent / "out" / "basemap")


def plan(folder, _):
    load_plan(folder / "plan.toml")


def deployment(folder, name):
    config, failed = load_city(ROOT / "config" / "sample.toml"), None
    for read in (load_roles, load_mail, lambda env, path: resolve({}, config, env, path)):
        try:
            read({}, folder / name)
        except ConfigError as error:
            failed = error
    if failed is not None:
        raise failed


def backup(folder, name):
    from csa.base.clock import Clock  # noqa: PLC0415

    at = Clock("UTC").now()
    store = open_store(str(folder.parent / "out" / "store.sqlite3"), make=True, city="sample")
    try:
        restore(
            store,
            load_backup(folder / name),
            Signed("Team", "Why.", at),
            folder.parent / "out" / "safe.gz",
        )
        read_store(store)
        body, _, end = gzip.decompress((folder / name).read_bytes()).rstrip(b"\n").rpartition(b"\n")
        if json.loads(end)["sha256"] != hashlib.sha256(body + b"\n").hexdigest():
            raise UncountedError("a backup whose seal is broken is taken")
        with store.reading() as session:
            if not verify(session).is_intact:
                raise UncountedError("a trail that is not whole is taken")
    finally:
        store.engine.dispose()


def measures(folder, name):
    known = load_plan(ROOT / "config" / "plans" / "kansas-city-psp.toml")
    load_measures(
        folder / name, {one.id: one.kind for one in known.measures}, ("Oakenshire",), make_value
    )


def areas(folder, name):
    if name.startswith("areas."):
        load_drawn(folder / name)
        read_areas(folder / name)
    if (folder / "proposal.json").exists():
        load_candidate(folder, "c-1", folder, "sample")
        load_verdict(folder, "A", "sample")


def new_city(folder, name):
    """As the page and `csa start` do, up to the city's own file, which must then read the same rows."""
    tables = read_tables([folder / name])
    candidates = [path for path in sorted(folder.iterdir()) if path.name != name]
    beside = classify_companions(candidates, tables)
    found = understand_tables(tables, covered_area(beside.places))
    for one in found.lists:
        describe_list(one, count_kinds(one, found.time_zone))
        describe(one)
    for said in (
        describe_location(found),
        *describe_companions(beside),
        *map(render, (*beside.notes, *found.notes)),
    ):
        str(said)
    land = beside.places or folder.parent / "out" / "land.geojson"
    if found.places is not None:
        land.parent.mkdir(exist_ok=True)
        found.places.to_file(land, driver="GeoJSON")
    path = folder.parent / "out" / "city.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(city_file(found, land.name, "name", beside.layers), encoding="utf-8")
    config = load_city(path)
    made = ingest_city(config, Inputs((folder / name,), land))
    rows_accounted(made.dataset.report, made.rejected, None)


def beside(folder, name):
    tables = read_tables([folder / "shootings.csv"])
    describe_companions(classify_companions([folder / name], tables))


def new_month(folder, name):
    config, home = load_city(folder / "city.toml"), folder.parent / "out"
    place = MonthPlace(home, home / "dataset", folder / "data", home / "basemap", home / "bundle")
    request = MonthRequest(
        config, None, place, None, lambda: None, city_choices(config), (folder / name,)
    )
    draft = read_new(request)
    rows_accounted(draft.intake.dataset.report, draft.intake.rejected, folder / name)
    for message in preview_sentences(replace(draft.preview)):
        render(message)


def _ingest(folder, name):
    """Ask for the files as they lie in a city's data folder; a table of incidents is named."""
    data = folder.parent / "out" / "sample"
    if not (folder / "data").exists():
        data.mkdir()
        (data / "neighborhoods.geojson").symlink_to(folder / "places.geojson")
    else:
        data.symlink_to(folder / "data")
    named = [folder / name] * ("/" not in name and name != "city.toml")
    return "ingest", "--city", folder / "city.toml", "--out", folder.parent / "out" / "made", *named


def _in_store(*words):
    def asked(folder, name):
        where = "--city", ROOT / "config" / "sample.toml", "--store", folder.parent / "out" / "s.db"
        return *words, folder / name, *where, "--by", "Team", "--why", "Why."

    return asked


COMMANDS = {
    **dict.fromkeys(("incidents", "layers", "city", "new_month"), _ingest),
    "backup": _in_store("restore"),
    "measures": _in_store("measure", "import"),
}
"""What reads a target's file where the command does."""


def through_command(target, folder, name):
    """Run the command as it is typed: it ends well, or says in a sentence why not."""
    words = [str(word) for word in COMMANDS[target](folder, name)]
    out, said = folder.parent / "out", io.StringIO()
    here = {"CSA_DATA_DIR": str(out), "CSA_HOME": str(out)}
    with (
        mock.patch.dict(os.environ, here),
        mock.patch.object(sys, "argv", ["csa", *words]),
        redirect_stdout(said),
        redirect_stderr(said),
    ):
        try:
            command.main()
        except SystemExit as stop:
            code = stop.code or 0
    if code not in (0, 2) or (code and not said.getvalue().strip()):
        raise UncountedError(f"exit code {code}: {said.getvalue()[-900:]}")
    made = out / "made" / "current"
    if code:
        raise SourceError("source.empty", path=name)
    if made.exists():
        with (made / "rejected.csv").open(newline="", encoding="utf-8") as lines:
            rejected = [*csv.reader(lines)][1:]
        rows_accounted(json.loads((made / "ingest.json").read_bytes()), rejected, None)


class AnsweringWeb(Web):
    """A portal's answers from files; one that is not there is one that does not come."""

    def __init__(self, folder):
        super().__init__(clock=PortalClock(sleep=lambda _: None))
        self.folder = folder

    def ask(self, url, question, read, *, name, headers=None):  # noqa: ARG002 - as the true one
        def once():
            try:
                return read((self.folder / self._file(url, question)).read_bytes())
            except OSError as error:
                raise TransientError(SourceError("fetch.dropped", host="portal")) from error

        return self.repeat(once)

    @staticmethod
    def _file(url, question):
        if "count" in str(question).lower() or question.get("limit") == "0":
            return "page.json" if "datastore" in url else "count.json"
        if url.endswith("resource_show"):
            return "about.json"
        if "returnIdsOnly" in question:
            return "ids.json"
        if question.get("f") == "json" and "where" not in question:
            return "layer.json"
        return "page.csv" if url.endswith(".csv") else "page.json"


def portal(folder, _):
    web, out = AnsweringWeb(folder), folder.parent / "portal.csv"
    at = "https://portal.example/rest/services/S/FeatureServer/0"
    tables = {
        "arcgis": lambda: ArcGIS(web, at),
        "ckan": lambda: Ckan(web, "https://portal.example/api/3/action/datastore_search/x"),
        "socrata": lambda: Socrata(web, "https://portal.example/resource/abcd-1234"),
    }
    (table,) = (make() for kind, make in tables.items() if (folder / kind).exists())
    try:
        account = download(plan_download(table, out))
    except CsaError:
        if out.exists():
            raise UncountedError("a file of a download that failed") from None
        raise
    with out.open(newline="", encoding="utf-8") as lines:
        counted(account.rows, len([*csv.reader(lines)]) - 1, "rows of the portal")
