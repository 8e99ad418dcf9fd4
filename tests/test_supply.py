"""What comes from others: its licenses fit, and the bill of materials names each package of the lock."""

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def licenses(root):
    place = importlib.util.spec_from_file_location("licenses", root / "docs" / "licenses.py")
    module = importlib.util.module_from_spec(place)
    place.loader.exec_module(module)
    return module


def test_each_license_is_one_that_fits(licenses):
    shipped = set(licenses.locked("requirements-app.lock"))
    strange = {
        name: found
        for name in licenses.locked("requirements.lock")
        if (found := licenses.license_of(name)) is not None
        and not licenses.parts_of(found)
        <= (licenses.SHIPPED if name in shipped else licenses.DEVELOPED_WITH)
    }
    assert strange == {}
    assert len(shipped) > 50


def test_a_license_that_does_not_fit_is_seen(licenses):
    assert licenses.parts_of("MIT AND GPL-2.0-only") - licenses.DEVELOPED_WITH == {"GPL-2.0-only"}
    assert licenses.parts_of("Apache-2.0 OR BSD-2-Clause") <= licenses.FREE
    assert licenses.parts_of("") - licenses.DEVELOPED_WITH
    assert not licenses.parts_of("GPL-3.0-or-later") <= licenses.SHIPPED


def test_the_page_of_licenses_is_what_the_packages_say(licenses):
    rows = [
        line.strip("| ").split("|")
        for line in licenses.PAGE.read_text(encoding="utf-8").splitlines()[6:]
    ]
    said = {
        name.strip(): row[0].strip()
        for row in rows
        for names in row[1:]
        for name in names.split(",")
    }
    found = {
        name: licenses.license_of(name) or said.get(name)
        for name in licenses.locked("requirements.lock")
    }
    assert {name: said.get(name) for name in found} == found, "run make docs"


@pytest.mark.system
def test_the_bill_of_materials_names_each_package_with_its_version_and_hashes(root, tmp_path):
    pinned = re.search(r"^CYCLONEDX := (.*)$", (root / "Makefile").read_text(), re.MULTILINE)[1]
    words = [BIN / "uv", "tool", "run", "--quiet", "--from", pinned, "cyclonedx-py"]
    if subprocess.run([*words, "--version"], check=False, capture_output=True).returncode:
        pytest.skip("the program that writes it cannot be fetched here")
    out = tmp_path / "sbom.json"
    words += ["requirements", "requirements-app.lock", "--output-file", out]
    subprocess.run(words, cwd=root, check=True, capture_output=True)
    found = {one["name"]: one for one in json.loads(out.read_text())["components"]}
    pins = re.findall(
        r"^([a-z0-9][\w.-]*)==([^\s;]+)", (root / "requirements-app.lock").read_text(), re.MULTILINE
    )
    assert {name: found[name]["version"] for name, _ in pins} == dict(pins)
    assert all(one["externalReferences"][0]["hashes"] for one in found.values())
