"""docs/ACCESSIBILITY.md has a line for each criterion, and names only tests that exist."""

import re

CRITERIA = {
    "A": "1.1.1 1.2.1 1.2.2 1.2.3 1.3.1 1.3.2 1.3.3 1.4.1 1.4.2 2.1.1 2.1.2 2.1.4 2.2.1 2.2.2 2.3.1 "
    "2.4.1 2.4.2 2.4.3 2.4.4 2.5.1 2.5.2 2.5.3 2.5.4 3.1.1 3.2.1 3.2.2 3.2.6 3.3.1 3.3.2 3.3.7 "
    "4.1.1 4.1.2",
    "AA": "1.2.4 1.2.5 1.3.4 1.3.5 1.4.3 1.4.4 1.4.5 1.4.10 1.4.11 1.4.12 1.4.13 2.4.5 2.4.6 2.4.7 "
    "2.4.11 2.5.7 2.5.8 3.1.2 3.2.3 3.2.4 3.3.3 3.3.4 3.3.8 4.1.3",
}
STANDS = {"met", "does not apply", "in part, see above", "not met, see above"}


def rows(root):
    page = (root / "docs" / "ACCESSIBILITY.md").read_text("utf-8")
    lines = re.findall(
        r"^\| (\d\.\d\.\d+) [^|]+ \| (A+) \| ([^|]+) \| ([^|]+) \|$", page, re.MULTILINE
    )
    return page, lines


def test_each_criterion_of_level_a_and_aa_has_one_line(root):
    _, lines = rows(root)
    wanted = {name: level for level, names in CRITERIA.items() for name in names.split()}
    assert len(wanted) == 56
    assert {name: level for name, level, _, _ in lines} == wanted
    assert len(lines) == len(wanted)
    assert {stands.strip() for *_, stands in lines} <= STANDS


def test_what_is_met_names_a_test_that_exists_or_says_who_read_what_when(root):
    page, lines = rows(root)
    for name, _, how, stands in lines:
        for path in re.findall(r"[\w/]+\.py", how):
            assert (root / path).is_file() or (root / "tests" / path).is_file(), (name, path)
        if "see above" in stands:
            assert f"- **{name}** " in page
