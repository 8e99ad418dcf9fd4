"""What examples in docstrings begin from: `pytest --doctest-modules src/csa` runs them."""

from __future__ import annotations

from doctest import DocTestParser
from typing import TYPE_CHECKING, Any

import pytest

import csa

if TYPE_CHECKING:
    from pathlib import Path

collect_ignore_glob = ["src/csa/program/store/migrations/*"]
"""Alembic imports these itself, in a context of its own."""


@pytest.fixture(scope="session")
def library(pytestconfig: pytest.Config) -> dict[str, Any]:
    """Return the names that `help(csa)` begins with: the library, the sample and its areas."""
    names: dict[str, Any] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(pytestconfig.rootpath)
        for example in DocTestParser().get_examples(csa.__doc__ or ""):
            exec(example.source, names)  # noqa: S102 - our own docstring
    return names


@pytest.fixture(autouse=True)
def _examples_begin(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hand these names to the examples of docstrings, and to no other test."""
    if isinstance(request.node, pytest.DoctestItem):
        root: Path = request.config.rootpath
        monkeypatch.chdir(root)
        request.getfixturevalue("doctest_namespace").update(request.getfixturevalue("library"))
