"""Leaflet is copied from its package, whole or not at all."""

from importlib.metadata import version

import pytest

from csa.base.errors import OutputError
from csa_app.shared import map_component
from csa_app.shared.vendor import PACKAGE, PLACE, copy_leaflet

NAMES = {"leaflet.js", "leaflet.css", "LICENSE"}


def test_leaflet_is_copied_with_its_style_and_licence(tmp_path):
    place = copy_leaflet(tmp_path / "static" / "leaflet")
    assert {path.name for path in place.iterdir()} == NAMES
    script = (place / "leaflet.js").read_text(encoding="utf-8")
    release = ".".join(version(PACKAGE).split(".")[:3])
    assert f"Leaflet {release}" in script[:300]
    assert "Copyright" in (place / "LICENSE").read_text(encoding="utf-8")


def test_it_stands_where_the_map_looks_for_it():
    assert map_component.STATIC / f"{map_component.LEAFLET}.js" == PLACE / "leaflet.js"


def test_copying_again_changes_nothing(tmp_path):
    copy_leaflet(tmp_path / "leaflet")
    before = {path.name: path.read_bytes() for path in (tmp_path / "leaflet").iterdir()}
    copy_leaflet(tmp_path / "leaflet")
    assert {path.name: path.read_bytes() for path in (tmp_path / "leaflet").iterdir()} == before


def test_a_folder_that_holds_something_else_is_refused(tmp_path):
    (tmp_path / "leaflet").mkdir()
    (tmp_path / "leaflet" / "notes.txt").write_text("mine")
    with pytest.raises(OutputError, match=r"notes\.txt"):
        copy_leaflet(tmp_path / "leaflet")
    assert [path.name for path in (tmp_path / "leaflet").iterdir()] == ["notes.txt"]
