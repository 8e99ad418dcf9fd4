"""A small plan to change, and Kansas City's where its text is at hand."""

from functools import partial

import pytest
from tests.plans import write_plan


@pytest.fixture
def write(tmp_path):
    """Give a function that writes a plan's file with some of its text exchanged."""
    return partial(write_plan, tmp_path)


@pytest.fixture(scope="session")
def kansas_path(root):
    return root / "config" / "plans" / "kansas-city-psp.toml"


@pytest.fixture(scope="session")
def kansas(kansas_plan):
    return kansas_plan


@pytest.fixture(scope="session")
def printed(root):
    """Read the plan's own text."""
    pages = sorted((root.parent / "shared" / "plan").glob("*.txt"))
    if not pages:
        pytest.skip("the plan's own text is not at hand (shared/plan/*.txt)")
    return "\n".join(page.read_text(encoding="utf-8") for page in pages)
