"""The library: what `csa` exports is there, documented, and does what its examples say."""

import ast
import doctest
import inspect
import subprocess
import sys
from dataclasses import fields, is_dataclass
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pkgutil import walk_packages

import pytest
from numpydoc.docscrape import NumpyDocString
from numpydoc.validate import validate

import csa.extras
from csa.areas.proposal import proposal_files
from tests.sentences import refuses

FUNCTIONS = [name for name in csa.__all__ if inspect.isfunction(getattr(csa, name))]
CLASSES = [name for name in csa.__all__ if inspect.isclass(getattr(csa, name))]
OF_EXTRAS = [
    function
    for module in walk_packages(csa.extras.__path__, "csa.extras.")
    for _, function in inspect.getmembers(import_module(module.name), inspect.isfunction)
    if function.__module__ == module.name and ">>> " in (function.__doc__ or "")
]
NOT_ASKED = {
    "ES01",  # a summary may say all
    "GL01",  # it begins on the first line, as everywhere here
    "PR04",  # types stand in the signature
    "SA01",  # docs/API.md lists what belongs together
}
MODULES_WITHOUT_PANDAS = "import sys, csa; print(sorted({'numpy', 'pandas'} & set(sys.modules)))"
"""An import of the library alone loads nothing heavy."""


def test_importing_the_library_loads_no_pandas():
    done = subprocess.run(
        [sys.executable, "-c", MODULES_WITHOUT_PANDAS], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_every_export_is_a_function_or_a_class_and_listed_by_dir():
    assert sorted(FUNCTIONS + CLASSES) == sorted(csa.__all__)
    assert set(csa.__all__) <= set(dir(csa))
    assert len(FUNCTIONS) >= 30


@pytest.mark.parametrize("name", csa.__all__)
def test_a_name_is_defined_where_the_library_says_and_has_no_packages_name(name, root):
    found = getattr(csa, name)
    assert found.__module__.startswith("csa.")
    assert getattr(sys.modules[found.__module__], name) is found
    assert not (root / "src" / "csa" / name).exists()  # it would take the name's place


def test_what_mypy_and_editors_see_is_what_is_exported(root):
    text = (root / "src" / "csa" / "__init__.py").read_text(encoding="utf-8")
    imported = [
        name.name
        for branch in ast.parse(text).body
        if isinstance(branch, ast.If)
        for line in branch.body
        if isinstance(line, ast.ImportFrom)
        for name in line.names
    ]
    assert set(csa.__all__) <= set(imported)


def test_an_unknown_name_is_refused_as_by_any_module():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = csa.nothing


@pytest.mark.parametrize("name", FUNCTIONS)
def test_an_exported_functions_docstring_passes_numpydocs_lint(name):
    found = validate(f"csa.{name}")["errors"]
    assert [fault for fault in found if fault[0] not in NOT_ASKED] == []


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_docstring_names_exactly_the_parameters_returns_and_an_example(name):
    function = getattr(csa, name)
    parts = NumpyDocString(inspect.getdoc(function))
    named = [one for given in parts["Parameters"] for one in given.name.split(", ")]
    assert named == list(inspect.signature(function).parameters)
    assert parts["Returns"]
    assert ">>> " in "\n".join(parts["Examples"])


@pytest.mark.parametrize("name", [name for name in CLASSES if is_dataclass(getattr(csa, name))])
def test_a_result_types_docstring_names_its_fields(name):
    kind = getattr(csa, name)
    names = [field.name for field in fields(kind) if not field.name.startswith("_")]
    assert [name for name in names if f"`{name}`" not in kind.__doc__] == []


@pytest.mark.parametrize("function", [*(getattr(csa, name) for name in FUNCTIONS), *OF_EXTRAS])
def test_an_example_does_what_it_says(function, library, root, monkeypatch):
    monkeypatch.chdir(root)
    finder = doctest.DocTestFinder(recurse=False)
    (example,) = finder.find(function, globs=function.__globals__ | library)
    said = []
    doctest.DocTestRunner().run(example, out=said.append)
    assert not said, "".join(said)


def test_choices_that_nobody_makes_are_the_city_files(library):
    config, params = library["config"], library["proposal"].summary["params"]
    for name in ("months", "resolution", "max_area_km2"):
        assert params[name] == getattr(config.areas, name)


def test_chosen_areas_are_those_of_the_proposals_own_file(library, tmp_path):
    for name, content in proposal_files(library["proposal"]).items():
        (tmp_path / name).write_bytes(content)
    assert csa.choose_areas(library["proposal"]) == csa.read_areas(tmp_path)


def test_an_area_that_a_proposal_lacks_is_refused(library):
    with refuses("chosen.unknown", csa.ParamError, given="Z"):
        csa.choose_areas(library["proposal"], ["c-1", "Z"])


def test_the_page_of_the_library_is_what_the_code_says(root):
    place = spec_from_file_location("docs_api", root / "docs" / "api.py")
    made = module_from_spec(place)
    place.loader.exec_module(made)
    assert made.PAGE.read_text(encoding="utf-8") == made.api_page()  # else: make docs
