"""One seam: only app/cache.py remembers, and what it remembers it by."""

import ast

import pytest

import app
from app import cache
from csa.analysis import Choices

REMEMBERS = {"cache_data", "cache_resource", "experimental_memo", "experimental_singleton"}


def trees(root):
    for path in sorted((root / "app").rglob("*.py")):
        yield path, ast.parse(path.read_text(encoding="utf-8"))


def named(tree):
    return {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)} | {
        name.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for name in node.names
    }


def test_only_the_cache_remembers(root):
    found = {
        path.relative_to(root / "app").as_posix()
        for path, tree in trees(root)
        if named(tree) & REMEMBERS
    }
    assert found == {"cache.py"}


def test_nothing_is_remembered_by_a_table_or_by_a_citys_content(root):
    """Each key is a text, a number, choices or a path; what is large begins with `_`."""
    tree = ast.parse((root / "app" / "cache.py").read_text(encoding="utf-8"))
    kept = [
        node for node in tree.body
        if isinstance(node, ast.FunctionDef) and any("cache_" in ast.unparse(d) for d in node.decorator_list)
    ]  # fmt: skip
    assert len(kept) >= 10
    for function in kept:
        hashed = {
            ast.unparse(argument.annotation)
            for argument in function.args.args
            if not argument.arg.startswith("_")
        }
        assert hashed <= {"str", "int", "Path", "Choices"}, function.name
        decorator = ast.unparse(function.decorator_list[0])
        assert "max_entries=" in decorator, f"{function.name} would grow without end"


def test_the_screens_sit_beside_the_library_and_not_in_it(root):
    assert app.__file__ == str(root / "app" / "__init__.py")


def test_a_download_is_written_when_it_is_asked_for_and_not_before(city, monkeypatch):
    asked = []
    monkeypatch.setattr(
        cache, "proposal", lambda _, choices: asked.append(choices) or city.proposal
    )
    promise = cache.download(cache.Opened(city.config, city.dataset, "k"), Choices(), "areas.csv")
    assert asked == []
    assert promise().startswith(b"area_id,")
    assert asked == [Choices()]


@pytest.mark.parametrize("resolution", [8, 9])
def test_what_is_remembered_is_what_the_library_says(city, resolution):
    opened = cache.Opened(city.config, city.dataset, f"test {city.dataset.fingerprint}")
    choices = Choices(until=None, months=3, min_samples=5, eps_m=200, resolution=resolution)
    first = cache.proposal(opened, choices)
    assert cache.proposal(opened, choices) is first
    assert cache.cells(opened, resolution) is cache.cells(opened, resolution)
    assert first.summary["params"]["resolution"] == resolution
    sheet = cache.sheet(opened, choices, "B")
    assert cache.sheet(opened, choices, "B") is sheet
    assert sheet.area["area_id"] == "B"
    assert cache.services(opened, choices) is None
    assert cache.risk(opened, choices) is None
    assert cache.risk_layer(opened) is None


def test_another_dataset_is_another_key(city):
    one, other = (cache.Opened(city.config, city.dataset, key) for key in ("one", "other"))
    choices = Choices(months=3, min_samples=5, eps_m=200)
    assert cache.proposal(one, choices) is not cache.proposal(other, choices)
